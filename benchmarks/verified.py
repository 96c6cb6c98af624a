"""Verified minima, roots, ranges and integrals: ``python -m benchmarks verified``.

For each problem the table shows the seconds (compilation included), the boxes that were evaluated,
the width of the answer beyond what is known to be attained, how many boxes with minimisers or roots
were found, and of how many of them uniqueness is proven.
"""

import argparse
import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import interval_jax as ij
from benchmarks.harness import conditions
from benchmarks.verified_problems import INTEGRALS, MINIMA, RANGES, ROOTS, Function, Problem


@dataclass(frozen=True)
class Outcome:
    """What a tool found."""

    tool: str
    problem: str
    dimension: int
    seconds: float
    boxes: int
    low: float
    high: float
    gap: float
    found: int
    unique: int
    as_known: bool
    """Whether the search ended by itself and agrees with what is known."""


def minimum(name: str, problem: Problem, seconds: float) -> Outcome:
    began = time.perf_counter()
    m = ij.minimize(problem.function, problem.box(), 1e-8, max_seconds=seconds)
    low, high = float(m.value.lo), float(m.value.hi)
    near = low - 1e-6 <= problem.known <= high + 1e-6
    right = m.converged and near and len(m.unique) == problem.answers
    return Outcome(
        "minimize", name, problem.dimension, time.perf_counter() - began, m.evaluated, low, high,
        high - low, len(m.unique), int(m.unique.sum()), right,
    )  # fmt: skip


def roots(name: str, problem: Problem, seconds: float) -> Outcome:
    began = time.perf_counter()
    r = ij.find_roots(problem.function, problem.box(), max_seconds=seconds)
    widest = float(jnp.max(r.boxes.hi - r.boxes.lo, initial=0.0))
    right = r.converged and bool(r.unique.all()) and len(r.unique) == problem.known
    return Outcome(
        "find_roots", name, problem.dimension, time.perf_counter() - began, r.evaluated, math.nan,
        math.nan, widest, len(r.unique), int(r.unique.sum()), right,
    )  # fmt: skip


def value_range(name: str, problem: tuple[Function, Any], seconds: float) -> Outcome:
    function, (low, high) = problem
    began = time.perf_counter()
    r = ij.bound_range(
        function, ij.interval(np.array(low), np.array(high)), 1e-6, max_seconds=seconds
    )
    gap = max(float(r.inner.lo - r.outer.lo), float(r.outer.hi - r.inner.hi))
    return Outcome(
        "bound_range", name, len(low), time.perf_counter() - began, r.evaluated,
        float(r.outer.lo), float(r.outer.hi), gap, 0, 0, r.converged,
    )  # fmt: skip


def integral(name: str, case: tuple[Problem, float], seconds: float) -> Outcome:
    problem, tolerance = case
    began = time.perf_counter()
    box = problem.box() if problem.dimension > 1 else problem.box()[0]
    r = ij.integrate(problem.function, box, tolerance, max_seconds=seconds)
    low, high = float(r.value.lo), float(r.value.hi)
    near = low - 1e-8 <= problem.known <= high + 1e-8
    return Outcome(
        "integrate", name, problem.dimension, time.perf_counter() - began, r.evaluated, low, high,
        high - low, 0, 0, r.converged and near,
    )  # fmt: skip


# --- the command --------------------------------------------------------------------------

TOOLS: dict[str, tuple[dict[str, Any], Callable[..., Outcome]]] = {
    "minimize": (MINIMA, minimum),
    "find_roots": (ROOTS, roots),
    "bound_range": (RANGES, value_range),
    "integrate": (INTEGRALS, integral),
}


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks verified", description=__doc__)
    parser.add_argument("name", nargs="*", help="tools or problems; all by default")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the outcomes there")
    parser.add_argument("--seconds", type=float, default=300.0, help="limit for each problem")
    options = parser.parse_args(arguments)
    jax.config.update("jax_enable_x64", True)
    print(conditions(), flush=True)
    print(f"{'':12}{'':26}{'dim':>4}{'s':>8}{'boxes':>9}{'gap':>10}{'found':>7}{'unique':>7}")
    outcomes = []
    for tool, (problems, solve) in TOOLS.items():
        for name, problem in problems.items():
            if options.name and not {tool, name} & set(options.name):
                continue
            o = solve(name, problem, options.seconds)
            outcomes.append(o)
            verdict = "" if o.as_known else "  not as known"
            print(
                f"{tool:12}{name:26}{o.dimension:4}{o.seconds:8.1f}{o.boxes:9,}{o.gap:10.1e}"
                f"{o.found:7}{o.unique:7}{verdict}",
                flush=True,
            )
            if options.json:
                text = json.dumps([asdict(o) for o in outcomes], indent=1)
                options.json.write_text(text + "\n")
    return int(not all(o.as_known for o in outcomes))
