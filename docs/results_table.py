"""Sphinx directive that shows committed results of a run: ``.. results:: soundness``."""

import csv
import io
import json
import math
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

RESULTS = Path(__file__).resolve().parent.parent / "benchmarks" / "results"


def soundness(report: dict[str, Any]) -> list[list[str]]:
    """A line for each function: points, shares of tightest bounds, worst distances."""
    header = ["function"]
    for dtype in ("float64", "float32"):
        header += [f"{dtype}: points", "violations", "tightest", "worst, ulp"]
    rows: dict[str, list[str]] = {}
    for t in report["tallies"]:
        row = rows.setdefault(t["function"], [t["function"], *[""] * 8])
        at = 1 if t["dtype"] == "float64" else 5
        row[at : at + 2] = [f"{t['points']:,}", str(t["violations"])]
        if t["ends"]:
            # Rounded down: 100 % is said only of all.
            share = math.floor(10_000 * t["tightest"] / t["ends"]) / 100
            row[at + 2 : at + 4] = [f"{share:.2f} %", str(t["worst"])]
    total = ["**total**", *[""] * 8]
    for at, dtype in ((1, "float64"), (5, "float32")):
        of_type = [t for t in report["tallies"] if t["dtype"] == dtype]
        total[at] = f"{sum(t['points'] for t in of_type):,}"
        total[at + 1] = str(sum(t["violations"] for t in of_type))
    return [header, *(rows[name] for name in sorted(rows)), total]


def conformance(report: dict[str, Any]) -> list[list[str]]:
    """A line for each operation: how many statements came out in which way."""
    operations = report["operations"]
    header = list(next(iter(operations.values())))
    rows = [[name, *(str(row[h]) for h in header)] for name, row in operations.items()]
    total = [str(sum(row[h] for row in operations.values())) for h in header]
    return [["operation", *header], *rows, ["**total**", *total]]


THEMES = {
    "jnp": "``jax.numpy``",
    "nn": "``jax.nn``",
    "special": "``jax.scipy.special``",
    "norm": "``jax.scipy.stats.norm``",
    "lax": "``jax.lax``",
}


def _compared(outcome: dict[str, Any]) -> int:
    """The exact values and derivatives of a case that were compared, in all ways."""
    derivatives = sum(way.endswith("derivative") for way in outcome["violations"])
    values = len(outcome["violations"]) - derivatives
    return values * outcome["values"] + derivatives * outcome.get("slopes", 0)


def corpus(report: dict[str, Any]) -> list[list[str]]:
    """A line for each theme: functions, exact values in all ways of calling, what was wrong."""
    rows: dict[str, list[Any]] = {theme: [] for theme in (*THEMES.values(), "programs")}
    for outcome in report["outcomes"]:
        theme = outcome["case"].partition(".")[0]
        rows[THEMES.get(theme, "programs")].append(outcome)
    header = ["theme", "functions", "exact values", "violations", "not isotone"]

    def row(name: str, outcomes: list[Any]) -> list[str]:
        return [
            name,
            str(len({o["case"] for o in outcomes})),
            f"{sum(map(_compared, outcomes)):,}",
            str(sum(sum(o["violations"].values()) for o in outcomes)),
            f"{sum(sum(o['larger'].values()) for o in outcomes):,}",
        ]

    lines = [row(name, outcomes) for name, outcomes in rows.items()]
    return [header, *lines, row("**total**", report["outcomes"])]


def isotonicity(report: dict[str, Any]) -> list[list[str]]:
    """A line for each function of which an enclosure of a smaller box reached out of another."""
    rows: dict[str, list[str]] = {}
    for outcome in report["outcomes"]:
        if count := sum(outcome["larger"].values()):
            share = count / outcome["values"] / len(outcome["larger"])
            row = rows.setdefault(outcome["case"], [f"``{outcome['case']}``", "0", "", "0", ""])
            at = 1 if outcome["dtype"] == "float64" else 3
            row[at : at + 2] = [f"{1e6 * share:.0f}", f"{outcome['excess']:.0f}"]
    header = ["function"]
    for dtype in ("float64", "float32"):
        header += [f"{dtype}: of a million", "at most, ulp"]
    return [header, *rows.values()]


def forms(report: dict[str, Any]) -> list[list[str]]:
    """Two lines for each method and box: widths of the output and by layer over samples'."""
    layers = range(1, 1 + len(report["widths"][0]["activations"]))
    first = [f"box, {report['samples']:,} samples", "method", "of"]
    header = [*first, *(f"layer {k}" for k in layers), "output", "outside"]
    rows = []
    for w in report["widths"]:
        values = [f"{r:.4g}" for r in w["activations"]]
        rows.append(
            [w["box"], w["method"], "values", *values, f"{w['value']:.4g}", str(w["outside"])]
        )
        slopes = [f"{r:.4g}" for r in w["adjoints"][1:]]
        rows.append(["", "", "adjoints", *slopes, "1", "", ""])
    return [header, *rows]


TABLES = {
    "soundness": soundness,
    "conformance": conformance,
    "corpus": corpus,
    "methods": corpus,
    "isotonicity": isotonicity,
    "forms": forms,
}
FILES = {"isotonicity": "corpus"}
"""The files of tables that have not their own."""


def conditions(environment: dict[str, Any]) -> str:
    """What a run was made with, in a sentence."""
    e = environment
    versions = ", ".join(f"{k} {v}" for k, v in e["versions"].items())
    return f"{e['processor']}, {e['cores']} cores, Python {e['python']}, {versions}."


class Results(SphinxDirective):
    """The table of a file in ``benchmarks/results``, and the conditions of its run."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        file = RESULTS / f"{FILES.get(name, name)}.json"
        self.env.note_dependency(str(file))
        report = json.loads(file.read_text())
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(TABLES[name](report))
        runs = [conditions(report["environment"])]
        for update in report.get("updates", []):
            functions = ", ".join(f"``{name}``" for name in update["functions"])
            runs.append(f"Run again later, {functions}: {conditions(update['environment'])}")
        source = [
            ".. csv-table::",
            "   :header-rows: 1",
            "",
            *(f"   {line}" for line in text.getvalue().splitlines()),
            "",
            *(line for run in runs for line in (run, "")),
        ]
        container = nodes.container()
        self.state.nested_parse(StringList(source, source=str(file)), 0, container)
        return container.children


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("results", Results)
    return {"parallel_read_safe": True}
