"""The main job as a chain of steps, each a library call that leaves a stage in a run directory.

Every step reads what it needs from the stages before it, does nothing when its own stage is
complete, and can be interrupted at any time. `execute` takes them all.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np

from sobolev import metrics, network, pruning, runs, significance, training
from sobolev._files import write_atomically
from sobolev.experiment import Experiment, hidden_sizes
from sobolev.labels import Labels, save
from sobolev.market import ClosedForm

_N_SAMPLES = 4096  # for the sampled significance
_SWEEP_COMPENSATIONS: tuple[pruning.Compensation, ...] = ("least_squares", "mean")
_SWEEP_FRACTIONS = (0.75, 0.5, 0.25, 0.125, 0.0625)


def simulate_labels(experiment: Experiment) -> None:
    """Simulates the labels, or takes those of the label file."""
    if not experiment.directory.is_complete("labels"):
        with experiment.directory.stage("labels") as folder:
            save(folder / "labels.npz", experiment.draw_labels())


def train_dense(experiment: Experiment) -> None:
    """Trains the dense network on the labels."""
    if not experiment.directory.is_complete("train"):
        sample, config = experiment.labels(), experiment.config
        net = experiment.draw_network(experiment.key("dense"), config.hidden, sample)
        _train(experiment, "train", net, sample, config.training, "dense")


def analyse(experiment: Experiment) -> None:
    """Scores the neurons of the dense network on sub-boxes, on the whole box, and on samples.

    The scores on sub-boxes decide what is pruned: cells that cover the box, or boxes around random
    points of it. Those on the whole box are proven there by one pass, as is its enclosure of the
    output; the sampled ones are for comparison.
    """
    if experiment.directory.is_complete("significance"):
        return
    net, settings = experiment.network("train"), experiment.config.significance
    with experiment.directory.stage("significance") as folder:
        analyses = {
            "sub-boxes": _on_subboxes(experiment, net),
            "whole box": significance.interval_significance(
                net,
                settings.lower,
                settings.upper,
                definition=settings.definition,
                quiet=experiment.quiet,
            ),
            "sampled": significance.sampled_significance(
                net,
                experiment.box_points(_N_SAMPLES, "sampling"),
                definition=settings.definition,
            ),
        }
        content = {name: analysis.as_dict() for name, analysis in analyses.items()}
        runs.write_json(folder / "significance.json", content)


def prune(experiment: Experiment) -> None:
    """Removes the least significant neurons of the dense network, for every target."""
    if experiment.directory.is_complete("prune"):
        return
    net, config = experiment.network("train"), experiment.config
    scores = experiment.scores("sub-boxes")
    points = experiment.box_points(config.n_compensation_points, "compensation")
    with experiment.directory.stage("prune") as folder:
        for target in config.targets:
            small = pruning.prune(
                net,
                scores,
                target.keep,
                compensation=cast(pruning.Compensation, config.compensation),
                data=points,
            )
            runs.save_network(folder / f"{target.name}.npz", small)


def finetune(experiment: Experiment) -> None:
    """Trains every pruned network further."""
    for target in experiment.config.targets:
        stage = f"finetune-{target.name}"
        if not experiment.directory.is_complete(stage):
            net, sample = experiment.network("prune", target.name), experiment.labels()
            _train(experiment, stage, net, sample, target.finetuning, f"fine-tuned {target.name}")


def train_from_scratch(experiment: Experiment) -> None:
    """Trains networks of the targets' shapes from random weights, just as fine-tuning does.

    This is the baseline: where it does as well as the fine-tuned network, the dense network was
    not needed.
    """
    for k, target in enumerate(experiment.config.targets):
        stage = f"scratch-{target.name}"
        if not experiment.directory.is_complete(stage):
            sample, key = experiment.labels(), experiment.key("scratch", k)
            net = experiment.draw_network(key, hidden_sizes(target), sample)
            _train(experiment, stage, net, sample, target.finetuning, f"from scratch {target.name}")


def evaluate(experiment: Experiment) -> None:
    """Measures every network against the closed form, and one-shot pruning at several sizes."""
    if experiment.directory.is_complete("evaluate"):
        return
    points, exact = experiment.evaluation()
    with experiment.directory.stage("evaluate") as folder:
        results = [
            {
                "name": entry.name,
                "role": entry.role,
                "target": entry.target,
                "sizes": list(entry.net.sizes),
                "parameters": entry.net.n_parameters,
                "metrics": metrics.evaluate(entry.net, points, exact).as_dict(),
            }
            for entry in experiment.networks()
        ]
        sweep = list(_sweep(experiment, points, exact))
        runs.write_json(folder / "evaluation.json", {"networks": results, "sweep": sweep})


def export(experiment: Experiment) -> list[Path]:
    """Writes every network as an ONNX file and measures its agreement with onnxruntime.

    Returns:
        The files, in the run directory.
    """
    # Imported here: the steps before this one do without the ONNX packages.
    import onnxruntime

    from sobolev.onnx_io import export_onnx

    entries = list(experiment.networks())
    if not experiment.directory.is_complete("export"):
        points, _ = experiment.evaluation()
        with experiment.directory.stage("export") as folder:
            differences = {}
            for entry in entries:
                path = export_onnx(entry.net, folder / entry.file)
                session = onnxruntime.InferenceSession(
                    str(path), providers=["CPUExecutionProvider"]
                )
                (price,) = session.run(["price"], {"spots": np.asarray(points)})
                differences[entry.name] = metrics.max_error(price, network.apply(entry.net, points))
            runs.write_json(folder / "agreement.json", differences)
    stage, root = experiment.directory.folder("export"), experiment.directory.path
    return [
        write_atomically(root / entry.file, (stage / entry.file).read_bytes()) for entry in entries
    ]


def report(experiment: Experiment) -> list[Path]:
    """Writes metrics.json, significance.json, the pictures and report.html.

    Returns:
        The files, in the run directory.
    """
    # Imported here: the steps before this one do without matplotlib.
    from sobolev.report import write_report

    return write_report(experiment)


STEPS: dict[str, Callable[[Experiment], list[Path] | None]] = {
    "labels": simulate_labels,
    "train": train_dense,
    "significance": analyse,
    "prune": prune,
    "finetune": finetune,
    "scratch": train_from_scratch,
    "evaluate": evaluate,
    "export": export,
    "report": report,
}
"""All steps by name, in order."""


def execute(
    experiment: Experiment,
    steps: Sequence[str] = tuple(STEPS),
    announce: Callable[[str], None] | None = None,
) -> list[Path]:
    """Takes the steps named, in the order given.

    Args:
        experiment: The experiment.
        steps: Keys of `STEPS`.
        announce: Called with the name of each step before it is taken.

    Returns:
        The files that the steps wrote for the user.

    Raises:
        RunDirectoryError: If a step lacks what an earlier one should have left.
    """
    written: list[Path] = []
    for step in steps:
        if announce is not None:
            announce(step)
        written += STEPS[step](experiment) or []
    return written


def _on_subboxes(experiment: Experiment, net: network.MLP) -> significance.Significance:
    settings = experiment.config.significance
    score: dict[str, Any] = {
        "definition": settings.definition,
        "aggregation": settings.aggregation,
        "method": settings.method,
        "order": settings.order,
        "quiet": experiment.quiet,
    }
    if settings.cells is not None:
        return significance.interval_significance(
            net, settings.lower, settings.upper, cells=settings.cells, **score
        )
    points = experiment.box_points(settings.n_boxes, "subboxes")
    return significance.neighbourhood_significance(
        net, points, relative_width=settings.relative_width, **score
    )


def _train(
    experiment: Experiment,
    stage: str,
    net: network.MLP,
    sample: Labels,
    config: training.TrainingConfig,
    description: str,
) -> None:
    """Runs a training phase as a stage; goes on from its checkpoint if there is one."""
    checkpoint = experiment.directory.checkpoint(stage)
    state = None
    if checkpoint.exists():
        state = runs.load_checkpoint(checkpoint, training.initial_state(net, sample, config))
    saved = time.monotonic()

    def save_sometimes(state: training.TrainingState) -> None:
        nonlocal saved
        if time.monotonic() - saved >= experiment.checkpoint_seconds:
            runs.save_checkpoint(checkpoint, state)
            saved = time.monotonic()

    with experiment.directory.stage(stage) as folder:
        state = training.train(
            net,
            sample,
            config,
            state=state,
            callback=save_sometimes,
            description=description,
            quiet=experiment.quiet,
        )
        runs.save_network(folder / "network.npz", state.net)
        runs.write_json(folder / "losses.json", np.asarray(state.losses, np.float64).tolist())


def _sweep(
    experiment: Experiment, points: jax.Array, exact: ClosedForm
) -> Iterator[dict[str, Any]]:
    """Errors of the dense network cut to fewer and fewer neurons per layer, not fine-tuned."""
    net, config = experiment.network("train"), experiment.config
    sample = experiment.box_points(config.n_compensation_points, "compensation")
    rng = np.random.default_rng(config.seed)
    criteria = {
        "interval": experiment.scores("sub-boxes"),
        "sampled": experiment.scores("sampled"),
        "random": [jnp.asarray(rng.uniform(size=width)) for width in config.hidden],
    }
    kept = sorted({max(1, round(share * max(config.hidden))) for share in _SWEEP_FRACTIONS})
    for criterion, scores in criteria.items():
        for compensation in _SWEEP_COMPENSATIONS:
            for count in kept:
                counts = [min(count, width) for width in config.hidden]
                small = pruning.prune(net, scores, counts, compensation=compensation, data=sample)
                yield {
                    "criterion": criterion,
                    "compensation": compensation,
                    "kept": count,
                    **metrics.evaluate(small, points, exact).as_dict(),
                }
