"""The report of a run: a table for the terminal and one HTML file with everything inside."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from sobolev._files import write_atomically

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


def write_report(folder: Path, results: Mapping[str, Any], pictures: Sequence[Picture]) -> Path:
    """Writes the pictures and `report.html`, which has them inside and needs no other file.

    Args:
        folder: Where the files go.
        results: The content of metrics.json.
        pictures: The pictures, in the order of the report.

    Returns:
        The path of report.html.
    """
    for picture in pictures:
        write_atomically(folder / picture.file, picture.png)
    return write_atomically(folder / "report.html", html(results, pictures))


def html(results: Mapping[str, Any], pictures: Sequence[Picture]) -> str:
    """Returns the report as one HTML document without references to other files."""
    title = f"Sobolev pruning, preset {results['configuration']['preset']}"
    body = [
        f"<h1>{escape(title)}</h1>",
        f"<p>{escape(_summary(results))}</p>",
        "<h2>Networks</h2>",
        _html_table(COLUMNS, table(results["networks"])),
        "<p class='note'>Errors against the closed form at "
        f"{results['n_test_points']:,} points uniform on the test box, in the units of the "
        "quantity. Delta is over all assets; gamma is 1'H1, the second derivative when all spot "
        "prices move together. No row was trained on the closed form.</p>",
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
        "<h2>Certified output range</h2>",
        f"<p>{escape(_range(results))}</p>",
        "<h2>Most significant nodes</h2>",
        _html_table(
            ("rank", "layer", "neuron", "significance"),
            [
                (str(rank), node["layer"], str(node["neuron"]), _number(node["score"]))
                for rank, node in enumerate(results["significance"]["ranking"][:20], start=1)
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


def _range(results: Mapping[str, Any]) -> str:
    found = results["significance"]
    lower, upper = found["output"]["lower"], found["output"]["upper"]
    box = found["box"]
    proof = "proven by" if found["rigorous"] else "the union, over sub-boxes, of"
    return (
        f"On the box from {min(box['lower']):.7g} to {max(box['upper']):.7g} in every spot price "
        f"the dense network's output lies in [{_number(lower)}, {_number(upper)}], {proof} "
        f"interval arithmetic."
    )


def _number(value: float | None) -> str:
    return "unbounded" if value is None else f"{value:.6g}"


def _flattened(settings: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    rows = []
    for name, value in settings.items():
        if isinstance(value, Mapping):
            rows += _flattened(value, f"{prefix}{name}.")
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
