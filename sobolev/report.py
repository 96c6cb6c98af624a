"""The report of an experiment: metrics.json, pictures, and one HTML file with all of it inside."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sobolev import figures
from sobolev._files import write_atomically
from sobolev.experiment import Experiment
from sobolev.runs import environment, write_json

_TITLES = {
    "sub-boxes": "interval adjoints, union over sub-boxes",
    "whole box": "interval adjoints, whole box",
    "sampled": "ranges and gradients seen on samples",
}

COLUMNS = ("network", "parameters", "price RMSE", "delta RMSE", "gamma RMSE", "max price error")


class Picture(NamedTuple):
    """A picture of the report: file name, heading, caption and the bytes of the PNG file."""

    file: str
    heading: str
    caption: str
    png: bytes


def table(networks: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """Returns the rows of the result table as text, without the heading `COLUMNS`.

    Args:
        networks: Records with "name", "parameters" and "metrics" (see `sobolev.metrics.Metrics`).

    Returns:
        One row per network; errors in price units with three digits.

    >>> errors = dict.fromkeys(["price_rmse", "delta_rmse", "gamma_rmse", "price_max"], 0.25)
    >>> table([{"name": "dense", "parameters": 83713, "metrics": errors}])
    [('dense', '83,713', '2.50e-01', '2.50e-01', '2.50e-01', '2.50e-01')]
    """
    errors = ("price_rmse", "delta_rmse", "gamma_rmse", "price_max")
    return [
        (
            network["name"],
            f"{network['parameters']:,}",
            *(f"{network['metrics'][error]:.2e}" for error in errors),
        )
        for network in networks
    ]


def text_table(networks: Sequence[Mapping[str, Any]]) -> str:
    """Returns the result table for a terminal, numbers aligned on the right."""
    rows = [COLUMNS, *table(networks)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]

    def line(row: Sequence[str]) -> str:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        return "  ".join(cells)

    rule = "  ".join("-" * width for width in widths)
    return "\n".join([line(COLUMNS), rule, *map(line, rows[1:])])


def write_report(experiment: Experiment) -> list[Path]:
    """Writes metrics.json, significance.json, the pictures, and `report.html` that holds them all.

    Args:
        experiment: An experiment of which all stages are complete.

    Returns:
        The files, in the run directory; `report.html` is the first.

    Raises:
        RunDirectoryError: If a stage is missing.
    """
    folder = experiment.directory.path
    results, drawn = summary(experiment), pictures(experiment)
    analyses = experiment.directory.folder("significance") / "significance.json"
    return [
        write_atomically(folder / "report.html", html(results, drawn)),
        write_json(folder / "metrics.json", results),
        write_atomically(folder / "significance.json", analyses.read_bytes()),
        *(write_atomically(folder / picture.file, picture.png) for picture in drawn),
    ]


def summary(experiment: Experiment) -> dict[str, Any]:
    """Returns the content of metrics.json: results, configuration, seed, versions and times."""
    names = [target.name for target in experiment.config.targets]
    stages = ["labels", "train", "significance", "prune"]
    stages += [f"{kind}-{name}" for name in names for kind in ("finetune", "scratch")]
    stages += ["evaluate", "export"]
    analyses = experiment.json("significance", "significance")
    return {
        **experiment.json("evaluate", "evaluation"),
        "n_evaluation_points": experiment.config.n_evaluation_points,
        "n_paths": experiment.labels().n_paths,
        "onnxruntime_max_difference": experiment.json("export", "agreement"),
        "box": analyses["whole box"]["box"],
        "output_enclosure": analyses["whole box"]["output"],
        "ranking": analyses["sub-boxes"]["ranking"],
        "seed": experiment.config.seed,
        "seconds": {stage: experiment.directory.seconds(stage) for stage in stages},
        "configuration": experiment.directory.config,
        "environment": environment(),
    }


def pictures(experiment: Experiment) -> list[Picture]:
    """Draws all pictures of the report."""
    targets = [target.name for target in experiment.config.targets]
    curves = {"dense": experiment.losses("train")}
    for name in targets:
        curves[f"fine-tuned {name}"] = experiment.losses(f"finetune-{name}")
        curves[f"from scratch {name}"] = experiment.losses(f"scratch-{name}")
    drawn = [
        Picture(
            "learning_curves.png",
            "Learning curves",
            "Mean Sobolev loss of every epoch on the labels it was trained on. The labels are "
            "noisy, so the loss ends at their variance and not at zero.",
            figures.to_png(figures.learning_curves(curves)),
        )
    ]
    points, _ = experiment.evaluation()
    networks = list(experiment.networks())
    for name in targets:
        shown = {entry.name: entry.net for entry in networks if entry.target in (None, name)}
        figure = figures.against_closed_form(shown, experiment.market, np.asarray(points))
        drawn.append(
            Picture(
                f"closed_form_{name}.png",
                f"Price, delta and gamma against the closed form, target {name}",
                "Above: all spot prices move together, so each equals the basket. Below: root "
                "mean square error over the test points with about the same basket.",
                figures.to_png(figure),
            )
        )
    analyses = experiment.json("significance", "significance")
    panels = {
        _TITLES[name]: {k: np.array(v, float) for k, v in analysis["layers"].items()}
        for name, analysis in analyses.items()
    }
    evaluation = experiment.json("evaluate", "evaluation")
    sweep = figures.error_by_kept_neurons(evaluation["sweep"], evaluation["networks"][0]["metrics"])
    return [
        *drawn,
        Picture(
            "significance.png",
            "Significance per layer and neuron of the dense network",
            "The scores on sub-boxes decide which neurons stay. On the whole box the enclosures "
            "are proven for every input at once, and so wide that neurons look more alike.",
            figures.to_png(figures.significance(panels)),
        ),
        Picture(
            "error_by_kept_neurons.png",
            "Error against kept neurons",
            "The dense network cut to the same number of neurons in every hidden layer and not "
            "fine-tuned, by three rankings and two ways to make up for what was removed.",
            figures.to_png(sweep),
        ),
    ]


def html(results: Mapping[str, Any], pictures: Sequence[Picture]) -> str:
    """Returns the report as one HTML document without references to other files."""
    title = f"Sobolev pruning, preset {results['configuration']['preset']}"
    body = [
        f"<h1>{escape(title)}</h1>",
        f"<p>{escape(_summary(results))}</p>",
        "<h2>Networks</h2>",
        _html_table(COLUMNS, table(results["networks"])),
        "<p class='note'>Errors against the closed form at "
        f"{results['n_evaluation_points']:,} points uniform on the test box, in the units of the "
        "quantity. Delta is over all assets; gamma is 1'H1, the second derivative when all spot "
        "prices move together. No row was trained on the closed form.</p>",
        *(f"<p>{escape(sentence)}</p>" for sentence in _comparisons(results["networks"])),
    ]
    for picture in pictures:
        data = base64.b64encode(picture.png).decode("ascii")
        body += [
            f"<h2>{escape(picture.heading)}</h2>",
            f"<figure><img alt='{escape(picture.heading, quote=True)}' "
            f"src='data:image/png;base64,{data}'>"
            f"<figcaption>{escape(picture.caption)}</figcaption></figure>",
        ]
    body += [
        "<h2>Proven range of the output</h2>",
        f"<p>{escape(_range(results))}</p>",
        "<h2>Most significant nodes</h2>",
        _html_table(
            ("rank", "layer", "neuron", "significance"),
            [
                (str(rank), node["layer"], str(node["neuron"]), _number(node["score"]))
                for rank, node in enumerate(results["ranking"][:20], start=1)
            ],
        ),
        "<h2>Time</h2>",
        _html_table(
            ("stage", "seconds"),
            [(stage, f"{seconds:.1f}") for stage, seconds in results["seconds"].items()],
        ),
        "<h2>Configuration</h2>",
        _html_table(("setting", "value"), list(_flattened(results["configuration"]))),
        "<h2>Versions and platform</h2>",
        _html_table(
            ("component", "version"),
            [(name, str(version)) for name, version in results["environment"].items()],
        ),
    ]
    return _PAGE.format(title=escape(title), body="\n".join(body))


def _summary(results: Mapping[str, Any]) -> str:
    networks = results["networks"]
    dense = networks[0]
    small = [network for network in networks if network["role"] == "fine-tuned"]
    shares = ", ".join(
        f"{network['parameters']:,} ({network['parameters'] / dense['parameters']:.2%})"
        for network in small
    )
    return (
        f"A network of {dense['parameters']:,} parameters was trained on values and pathwise "
        f"derivatives of {results['n_paths']:,} simulated paths, its neurons were ranked by "
        f"interval adjoint significance, and it was cut down and fine-tuned to networks of "
        f"{shares} parameters. Rows named 'from scratch' are networks of the same shape trained "
        f"from random weights on the same labels for as many epochs as the cut network's "
        f"fine-tuning."
    )


def _comparisons(networks: Sequence[Mapping[str, Any]]) -> list[str]:
    """For every target, whether the network from scratch does as well as the fine-tuned one."""
    found = {(network["role"], network["target"]): network["metrics"] for network in networks}
    sentences = []
    for role, target in found:
        if role != "fine-tuned":
            continue
        tuned, scratch = found[role, target], found["from scratch", target]
        parts = [
            f"{quantity} {scratch[f'{quantity}_rmse'] / tuned[f'{quantity}_rmse']:.2f}"
            for quantity in ("price", "delta", "gamma")
        ]
        sentences.append(
            f"Target {target}: RMSE from scratch over RMSE fine-tuned: {', '.join(parts)} (above "
            f"1, starting from the pruned network was better; one seed)."
        )
    return sentences


def _range(results: Mapping[str, Any]) -> str:
    box, output = results["box"], results["output_enclosure"]
    return (
        f"For every input with all spot prices between {min(box['lower']):.7g} and "
        f"{max(box['upper']):.7g} the output of the dense network lies in "
        f"[{_number(output['lower'])}, {_number(output['upper'])}]. This is proven by interval "
        f"arithmetic in one pass over the whole box, and is wide for that reason."
    )


def _number(value: float | None) -> str:
    return "unbounded" if value is None else f"{value:.6g}"


def _flattened(settings: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    rows = []
    for name, value in settings.items():
        entries = value if isinstance(value, list) else []
        if isinstance(value, Mapping):
            rows += _flattened(value, f"{prefix}{name}.")
        elif entries and isinstance(entries[0], Mapping):
            for k, entry in enumerate(entries):
                rows += _flattened(entry, f"{prefix}{name}[{k}].")
        else:
            rows.append((f"{prefix}{name}", str(value)))
    return rows


def _html_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>\n" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table>"


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff;
       max-width: 64rem; margin: 2rem auto; padding: 0 1rem; }}
h1 {{ font-size: 1.8rem; }}
h2 {{ font-size: 1.25rem; margin-top: 2.2rem; }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; }}
th, td {{ padding: 0.3rem 0.9rem; text-align: right; border-bottom: 1px solid #ddd; }}
th {{ border-bottom: 2px solid #888; }}
th:first-child, td:first-child {{ text-align: left; }}
figure {{ margin: 0; }}
img {{ max-width: 100%; height: auto; }}
figcaption, .note {{ color: #555; font-size: 0.92rem; }}
</style>
</head>
<body>
{body}
</body>
</html>
"""
