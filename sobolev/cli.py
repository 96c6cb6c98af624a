"""The command `sobolev`: results on standard output, progress and errors on standard error.

Exit codes: 0 success, 1 failure (a bug or a training that diverged), 2 bad usage or bad input,
130 interrupted.
"""

from __future__ import annotations

import argparse
import decimal
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jax
import numpy as np

from sobolev import network, pipeline, pruning, runs, significance
from sobolev._arguments import parser
from sobolev.experiment import Experiment, open_experiment, reopen_experiment
from sobolev.metrics import max_error
from sobolev.presets import PRESETS
from sobolev.runs import DamagedFileError, RunDirectoryError
from sobolev.training import DivergenceError

_N_POINTS = 8192  # on which a pruned file is fitted and compared
_N_BOXES = 4096  # the small boxes that decide what is pruned from a file

_ANNOUNCED = {
    "labels": "simulating labels",
    "train": "training the dense network",
    "significance": "analysing the neurons on intervals",
    "prune": "removing neurons",
    "finetune": "fine-tuning",
    "scratch": "training the baselines from scratch",
    "evaluate": "measuring against the closed form",
    "export": "writing ONNX files",
    "report": "writing the report",
}


class InputError(Exception):
    """What the user gave cannot be used; the message says what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command.

    Args:
        arguments: The command line without the program's name; that of the process when None.

    Returns:
        The exit code.
    """
    options = parser().parse_args(arguments)
    # Closed forms and most network files are float64, whatever is trained.
    jax.config.update("jax_enable_x64", True)
    try:
        _COMMANDS[options.command](options)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough; the interpreter's own flush must not fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (InputError, RunDirectoryError, DamagedFileError) as error:
        print(f"sobolev: error: {error}", file=sys.stderr)
        return 2
    except DivergenceError as error:
        print(f"sobolev: failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "sobolev: interrupted; what was complete is kept, go on with --resume", file=sys.stderr
        )
        return 130
    return 0


@contextmanager
def _user_input() -> Iterator[None]:
    """Turns what is wrong with the user's files and options into an `InputError`."""
    try:
        yield
    except FileNotFoundError as error:
        missing = f"there is no file {error.filename}" if error.filename else str(error)
        raise InputError(missing) from error
    except (ValueError, OSError) as error:
        raise InputError(str(error)) from error


def _run(options: argparse.Namespace) -> None:
    experiment = _new_experiment(options)
    files = _execute(experiment, tuple(pipeline.STEPS))
    _print_summary(experiment, files, options.json)


def _train(options: argparse.Namespace) -> None:
    experiment = _new_experiment(options)
    _execute(experiment, ("labels", "train"))
    net = experiment.network("train")
    _print(
        {"network": "dense", "sizes": net.sizes, "parameters": net.n_parameters},
        f"Trained the dense network {_shape(net)}, {net.n_parameters:,} parameters, in "
        f"{options.out}. Next: sobolev significance {options.out}",
        options.json,
    )


def _significance(options: argparse.Namespace) -> None:
    if options.source.is_dir() and options.box is None and options.around is None:
        experiment = _old_experiment(options)
        _execute(experiment, ("significance",))
        analyses = experiment.json("significance", "significance")
        text = (
            f"{_enclosure_text(analyses['whole box'])}\n\n"
            f"{_ranking_text(analyses['sub-boxes'], options.top)}\n\n"
            f"Scores: union over sub-boxes of the box. Next: sobolev prune {options.source}"
        )
        _print(analyses, text, options.json)
        return
    with _user_input():
        content = _analysed(options).as_dict()
    text = f"{_enclosure_text(content)}\n\n{_ranking_text(content, options.top)}"
    _print(content, text, options.json)


def _analysed(options: argparse.Namespace) -> significance.Significance:
    score = {"definition": options.definition, "aggregation": options.aggregation}
    form = {"method": options.method, "order": options.order}
    if options.order is not None and options.method != "taylor":
        raise InputError(f"--order is for --method taylor; the method is {options.method}")
    if options.around is not None:
        given = {"box": options.box, "cells": options.cells, "samples": options.samples}
        given["parts"] = None if options.parts == 1 else options.parts
        for name, value in given.items():
            if value is not None:
                raise InputError(f"--around takes the place of --{name}; give one of them")
        net, points = _load(options), _points(options.around)
        return significance.neighbourhood_significance(
            net, points, relative_width=options.width, **score, **form
        )
    if options.width is not None:
        raise InputError("--width is for --around")
    net, lower, upper = _network_and_box(options)
    if options.samples is not None:
        if options.aggregation != "union":
            raise InputError("--samples has the aggregation union alone")
        samples = _uniform(lower, upper, net, options.samples)
        return significance.sampled_significance(net, samples, definition=options.definition)
    return significance.interval_significance(
        net, lower, upper, parts=options.parts, cells=options.cells, **score, **form
    )


def _points(path: Path) -> np.ndarray:
    content = np.load(path)
    if isinstance(content, np.ndarray):
        return content
    with content:
        if "x" not in content:
            raise InputError(f"{path} holds no array x, only {', '.join(content) or 'nothing'}")
        return np.asarray(content["x"])


def _prune(options: argparse.Namespace) -> None:
    if options.source.is_dir():
        experiment = _old_experiment(options)
        _execute(experiment, ("prune",))
        names = [target.name for target in experiment.config.targets]
        small = {name: experiment.network("prune", name) for name in names}
        lines = [
            f"Pruned to {_shape(net)}, {net.n_parameters:,} parameters." for net in small.values()
        ]
        content = [
            {"network": name, "sizes": net.sizes, "parameters": net.n_parameters}
            for name, net in small.items()
        ]
        _print(
            content, "\n".join([*lines, f"Next: sobolev finetune {options.source}"]), options.json
        )
        return
    if options.keep is None or options.out is None:
        raise InputError("pruning a file needs --keep K and --out FILE.onnx")
    from sobolev.onnx_io import export_onnx

    net, lower, upper = _network_and_box(options)
    points = _uniform(lower, upper, net, _N_POINTS)
    with _user_input():
        scores = significance.neighbourhood_significance(
            net, points[:_N_BOXES], definition=options.definition
        )
        small_net = pruning.prune(
            net, scores.hidden, _keep(options.keep), compensation="least_squares", data=points
        )
        path = export_onnx(small_net, options.out)
    difference = max_error(network.apply(small_net, points), network.apply(net, points))
    _print(
        {
            "sizes": small_net.sizes,
            "parameters": small_net.n_parameters,
            "max_difference": difference,
            "file": str(path),
        },
        f"Pruned {_shape(net)} ({net.n_parameters:,} parameters) to {_shape(small_net)} "
        f"({small_net.n_parameters:,}).\nGreatest difference on {_N_POINTS} points of the box: "
        f"{difference:.2e}\nWrote {path}",
        options.json,
    )


def _finetune(options: argparse.Namespace) -> None:
    experiment = _old_experiment(options)
    _execute(experiment, ("finetune", "scratch"))
    stages = [
        f"{kind}-{target.name}"
        for target in experiment.config.targets
        for kind in ("finetune", "scratch")
    ]
    losses = {stage: float(experiment.losses(stage)[-1]) for stage in stages}
    lines = [f"{stage}: Sobolev loss {loss:.4e}" for stage, loss in losses.items()]
    _print(losses, "\n".join([*lines, f"Next: sobolev report {options.source}"]), options.json)


def _export(options: argparse.Namespace) -> None:
    if options.source.is_dir():
        files = _execute(_old_experiment(options), ("export",))
    else:
        if options.out is None:
            raise InputError("exporting a file needs --out FILE.onnx")
        from sobolev.onnx_io import export_onnx

        net = _load(options)
        with _user_input():
            files = [export_onnx(net, options.out)]
    _print([str(file) for file in files], _files_text(files), options.json)


def _report(options: argparse.Namespace) -> None:
    experiment = _old_experiment(options)
    _print_summary(experiment, _execute(experiment, ("evaluate", "export", "report")), options.json)


def _new_experiment(options: argparse.Namespace) -> Experiment:
    config = PRESETS[options.preset](seed=options.seed, dtype=options.dtype)
    with _user_input():
        return open_experiment(
            config, options.out, resume=options.resume, label_file=options.labels
        )


def _old_experiment(options: argparse.Namespace) -> Experiment:
    with _user_input():
        return reopen_experiment(options.source)


def _execute(experiment: Experiment, steps: tuple[str, ...]) -> list[Path]:
    def announce(step: str) -> None:
        number = steps.index(step) + 1
        print(f"[{number}/{len(steps)}] {_ANNOUNCED[step]}", file=sys.stderr, flush=True)

    return pipeline.execute(experiment, steps, announce)


def _load(options: argparse.Namespace) -> network.MLP:
    source = options.source
    with _user_input():
        if source.is_dir():
            return reopen_experiment(source).network("train")
        if source.suffix == ".npz":
            return runs.load_network(source)
        if source.suffix != ".onnx" and source.exists():
            raise InputError(f"{source} is neither a run directory nor an .onnx or .npz file")
        from sobolev.onnx_io import import_onnx

        names = ("x_mean", "x_scale", "y_mean", "y_scale")
        return import_onnx(source, **dict(zip(names, options.normalisation or (), strict=False)))


def _network_and_box(options: argparse.Namespace) -> tuple[network.MLP, np.ndarray, np.ndarray]:
    net = _load(options)
    if options.box is None:
        raise InputError("give the box of inputs to analyse: --box LO HI")
    with _user_input():
        return net, *significance.checked_box(net, *options.box)


def _keep(entries: Sequence[str]) -> pruning.Keep:
    try:
        numbers = [int(entry) if entry.isdigit() else float(entry) for entry in entries]
    except ValueError:
        raise InputError(f"--keep takes counts or fractions; got {' '.join(entries)}") from None
    return numbers[0] if len(numbers) == 1 else numbers


def _uniform(lower: np.ndarray, upper: np.ndarray, net: network.MLP, n: int) -> jax.Array:
    if n < 1:
        raise InputError(f"the number of samples must be at least 1; got {n}")
    shape = (n, net.sizes[0])
    return jax.random.uniform(jax.random.key(0), shape, net.dtype, minval=lower, maxval=upper)


def _print_summary(experiment: Experiment, files: list[Path], as_json: bool) -> None:
    from sobolev.report import summary, text_table

    results = summary(experiment)
    text = f"{text_table(results['networks'])}\n\n{_files_text(files)}"
    _print(results | {"files": [str(file) for file in files]}, text, as_json)


def _print(content: Any, text: str, as_json: bool) -> None:
    print(json.dumps(content, indent=2, allow_nan=False) if as_json else text)


def _files_text(files: Sequence[Path]) -> str:
    return "\n".join(["Files written:", *(f"  {file}" for file in files)])


def _shape(net: network.MLP) -> str:
    return "-".join(str(size) for size in net.sizes)


def _enclosure_text(analysis: Mapping[str, Any]) -> str:
    box, output = analysis["box"], analysis["output"]
    proven = analysis["method"] != "sampled"
    kind = "proven enclosure of the output" if proven else "range of the output seen"
    where = "on"
    if analysis["relative_width"] is not None:
        where = (
            f"on {analysis['n_cells']} boxes, {analysis['relative_width']:.1e} of the range of "
            "the points wide, in"
        )
    return (
        f"{kind.capitalize()} {where} the box with lower corner {_corner(box['lower'])} and upper "
        f"corner {_corner(box['upper'])}:\n"
        f"[{_decimal(output['lower'], decimal.ROUND_FLOOR)}, "
        f"{_decimal(output['upper'], decimal.ROUND_CEILING)}]"
    )


def _corner(corner: Sequence[float]) -> str:
    return f"{corner[0]} (all inputs)" if len(set(corner)) == 1 else str(corner)


def _decimal(bound: float | None, rounding: str) -> str:
    if bound is None:
        return "unbounded"
    context = decimal.Context(prec=8, rounding=rounding)
    return str(context.create_decimal_from_float(bound))


def _ranking_text(analysis: Mapping[str, Any], top: int) -> str:
    ranking = analysis["ranking"]
    shown = ranking[: top or None]
    lines = [f"{'rank':>5}  {'layer':<10}  {'neuron':>6}  significance ({analysis['definition']})"]
    for rank, node in enumerate(shown, start=1):
        score = "unbounded" if node["score"] is None else f"{node['score']:.6e}"
        lines.append(f"{rank:>5}  {node['layer']:<10}  {node['neuron']:>6}  {score}")
    if len(shown) < len(ranking):
        lines.append(f"{len(shown)} of {len(ranking)} nodes; --top 0 shows all")
    return "\n".join(lines)


_COMMANDS: dict[str, Callable[[argparse.Namespace], None]] = {
    "run": _run,
    "train": _train,
    "significance": _significance,
    "prune": _prune,
    "finetune": _finetune,
    "export": _export,
    "report": _report,
}
