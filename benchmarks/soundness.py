"""Mass soundness campaign: exact values of every function against what interval_jax returns.

``python -m benchmarks soundness --points N`` compares N exact values for each of float64 and
float32, spread over all functions by what an exact value costs, without any tolerance. The values
are CORE-MATH's, through crival, or Arb's. The exit status is 1 if a single one is not enclosed.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from tqdm import tqdm

import interval_jax as ij
from benchmarks import hard_points
from benchmarks.catalogue import Case, cases, singletons
from benchmarks.harness import environment, write_text
from benchmarks.processes import results
from interval_jax._enclose import _DEGREES
from interval_jax.testing import assert_round_to_nearest, excess_ulps
from reference.oracle import Tightest

SIZE = 1 << 14
"""Points in one call, at most."""

DTYPES: dict[str, type] = {"float64": np.float64, "float32": np.float32}


@dataclass
class Tally:
    """What the comparisons of one function in one type gave.

    Args:
        function: Its name in the catalogue.
        dtype: Its type.
        points: Exact values compared.
        violations: Those that were not enclosed.
        ends: Bounds compared with the tightest ones, at random points.
        tightest: Those that were equal to them.
        worst: The largest distance from them, in numbers of the format, at any points.
        examples: The first violations, or the first of the worst.
    """

    function: str
    dtype: str
    points: int = 0
    violations: int = 0
    ends: int = 0
    tightest: int = 0
    worst: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Take in the comparisons of another tally of the same function and type."""
        if other.worst > self.worst and not self.violations:
            self.examples = []
        if other.violations and not self.violations:
            self.examples = []
        keep = other.worst >= self.worst or other.violations
        self.examples = (self.examples + (other.examples if keep else []))[:3]
        self.points += other.points
        self.violations += other.violations
        self.ends += other.ends
        self.tightest += other.tightest
        self.worst = max(self.worst, other.worst)

    @property
    def share(self) -> float:
        """The share of bounds that are the tightest; NaN if none was compared."""
        return self.tightest / self.ends if self.ends else math.nan


# --- ways to call a function --------------------------------------------------------------


def _at_points(case: Case, dtype: type, rng: np.random.Generator, size: int) -> Tally:
    """Eager, at single points."""
    points = case.points(rng, dtype, size)
    boxes = singletons(*points) if case.boxes is None else case.boxes(*points)
    return _compare(
        case, case.function(*boxes), case.values(*points), points, tight=case.boxes is None
    )


def _over_intervals(case: Case, dtype: type, rng: np.random.Generator, size: int) -> Tally:
    """Eager, over intervals: their whole range if an oracle knows it, or values at members."""
    points = case.points(rng, dtype, size)
    low, high = case.range(dtype)
    bounds = [hard_points.around(rng, x, low, high) for x in points]
    boxes = [ij.Interval(jnp.asarray(lo), jnp.asarray(hi)) for lo, hi in bounds]
    value = case.function(*boxes)
    if case.ranges is not None:
        exact = case.ranges(*bounds[0])
        return _compare(case, value, exact, bounds[0], tight=True)
    other = [_member(rng, *b) for b in bounds]
    tally = _compare(case, value, case.values(*points), points, tight=False)
    tally.add(_compare(case, value, case.values(*other), other, tight=False))
    return tally


def _fused(case: Case, dtype: type, rng: np.random.Generator, size: int) -> Tally:
    """Under jit, between arithmetic that XLA might contract or fold across the border."""
    factor, term = dtype(0.75), dtype(2.0**-9)
    points = case.points(rng, dtype, size)
    with np.errstate(over="ignore"):
        shifted = [hard_points.points_in_format((x - term) / factor) for x in points]
    boxes = singletons(*(np.where(np.isfinite(x), x, dtype(1)) for x in shifted))

    # The arguments are computed apart: arithmetic is tight, so it is the same in any surroundings.
    arguments = [x * factor + term for x in boxes]
    value = _chain(case, factor, term)(*boxes)[0]
    tally = Tally(case.name, dtype.__name__)
    for end in ("lo", "hi"):
        at = [np.asarray(getattr(x, end)) for x in arguments]
        tally.add(_compare(case, value, case.values(*at), at, tight=False))
    return tally


_chains: dict[tuple[str, type], Callable[..., tuple[ij.Interval, ij.Interval]]] = {}


def _chain(case: Case, factor: Any, term: Any) -> Callable[..., tuple[ij.Interval, ij.Interval]]:
    """The compiled chain of a function, one for each type, whose second result uses the first."""

    def chain(*boxes: ij.Interval) -> tuple[ij.Interval, ij.Interval]:
        value = case.function(*(x * factor + term for x in boxes))
        return value, value * factor + term

    return _chains.setdefault((case.name, type(factor)), jax.jit(chain))


def _alone(case: Case, dtype: type, rng: np.random.Generator, size: int) -> Tally:
    """Operation by operation: whatever the function would compile is dispatched one by one."""
    with jax.disable_jit():
        return _at_points(case, dtype, rng, size)


METHODS: dict[str, dict[str, Any]] = {
    **{name: {"method": name} for name in _DEGREES},
    "taylor 1": {"method": "taylor", "order": 1},
    "taylor 3": {"method": "taylor", "order": 3},
}
"""Every method of ``enclose``, and more orders."""

_programs: dict[tuple[str, str], Callable[..., ij.Interval]] = {}


def _by_method(method: str, case: Case, dtype: type, rng: np.random.Generator, size: int) -> Tally:
    """The program of JAX under ``enclose``, over intervals; eager at points if there is none."""
    if case.program is None:
        return _at_points(case, dtype, rng, size)
    compiled = jax.jit(jax.vmap(ij.enclose(case.program, **METHODS[method])))
    function = _programs.setdefault((case.name, method), compiled)
    points = case.points(rng, dtype, size)
    low, high = case.range(dtype)
    bounds = [hard_points.around(rng, x, low, high) for x in points]
    value = function(*(ij.Interval(jnp.asarray(lo), jnp.asarray(hi)) for lo, hi in bounds))
    tally = _compare(case, value, case.values(*points), points, tight=False)
    other = [_member(rng, *b) for b in bounds]
    tally.add(_compare(case, value, case.values(*other), other, tight=False))
    return tally


WAYS: dict[str, Callable[[Case, type, np.random.Generator, int], Tally]] = {
    "points": _at_points,
    "intervals": _over_intervals,
    "fused": _fused,
    "alone": _alone,
    **{name: partial(_by_method, name) for name in METHODS},
}
DEFAULT_WAYS = ("points", "intervals", "points", "fused", *METHODS)


def _member(rng: np.random.Generator, lo: np.ndarray, hi: np.ndarray) -> np.ndarray:
    """A number of the format in each interval: an end or one between."""
    largest = np.finfo(lo.dtype).max
    lo, hi = np.maximum(lo, -largest), np.minimum(hi, largest)
    share = rng.random(lo.shape).astype(lo.dtype)
    with np.errstate(under="ignore"):
        inner = hard_points.points_in_format(np.clip(lo * (1 - share) + hi * share, lo, hi))
    return np.select([share < 0.2, share > 0.8], [lo, hi], np.clip(inner, lo, hi))


def _compare(
    case: Case, value: ij.Interval, exact: Tightest, points: Sequence[np.ndarray], tight: bool
) -> Tally:
    """Count where the intervals miss exact values, and how far their bounds are from tightest."""
    lo, hi = np.asarray(value.lo), np.asarray(value.hi)
    tally = Tally(case.name, lo.dtype.name)
    # Outside of the domain there is no value, or the range is empty: nothing to contain.
    defined = ~np.isnan(exact.down) & (exact.down <= exact.up)
    tally.points = int(defined.sum())
    missed = defined & ~((lo <= exact.down) & (exact.up <= hi))  # also where a bound is NaN
    tally.violations = int(missed.sum())
    shown = np.flatnonzero(missed)
    nonempty = defined & ~missed
    if tight and nonempty.any():
        kept = ij.Interval(value.lo[nonempty], value.hi[nonempty])
        off = np.array(excess_ulps(kept, exact.down[nonempty], exact.up[nonempty]))
        random = off[:, case.random(lo.size)[nonempty]]
        tally.ends, tally.tightest = random.size, int((random == 0).sum())
        tally.worst = int(off.max())
        if not shown.size and tally.worst > 1:
            shown = np.flatnonzero(nonempty)[off.max(axis=0) == tally.worst]
    for i in shown[:3]:
        at = ", ".join(float(x[i]).hex() for x in points)
        bounds = f"[{float(lo[i]).hex()}, {float(hi[i]).hex()}]"
        between = f"[{float(exact.down[i]).hex()}, {float(exact.up[i]).hex()}]"
        tally.examples.append(f"at {at}: {bounds} against {between}")
    return tally


# --- the campaign -------------------------------------------------------------------------


class Task(NamedTuple):
    """Chunks of one function in one type."""

    function: str
    dtype: str
    chunks: range
    ways: tuple[str, ...]
    seed: int
    size: int = SIZE


def plan(
    points: int,
    functions: Iterable[str],
    dtypes: Iterable[str],
    ways: tuple[str, ...] = DEFAULT_WAYS,
    seed: int = 0,
) -> list[Task]:
    """Spread so many points in each type over functions: equal time, but within a factor of 8."""
    chosen = [case for case in cases() if case.name in set(functions)]
    weights = {case.name: min(max(0.5 / case.cost, 0.5), 4.0) for case in chosen}
    total = sum(weights.values())
    # A small campaign takes smaller steps, and yet every function is called in every way.
    size = SIZE
    while size > SIZE // 16 and points < size * len(ways) * total:
        size //= 2
    tasks = []
    for dtype in dtypes:
        for case in chosen:
            chunks = math.ceil(points * weights[case.name] / total / size / len(ways)) * len(ways)
            step = 16 * len(ways)
            tasks += [
                Task(case.name, dtype, range(at, min(at + step, chunks)), ways, seed, size)
                for at in range(0, chunks, step)
            ]
    # The longest first, so that none is left over at the end.
    cost = {case.name: case.cost + 0.1 for case in chosen}
    return sorted(tasks, key=lambda t: -len(t.chunks) * cost[t.function])


def work(task: Task) -> Tally:
    """Do a task. Its numbers depend on the task alone, not on who does it when."""
    dtype = DTYPES[task.dtype]
    case = next(case for case in cases() if case.name == task.function)
    tally = Tally(task.function, task.dtype)
    for chunk in task.chunks:
        key = zlib.crc32(f"{task.function} {task.dtype}".encode())
        rng = np.random.default_rng([task.seed, key, chunk])
        way = task.ways[chunk % len(task.ways)]
        if case.boxes is not None and way not in {"points", "alone"}:
            way = "points"
        tally.add(WAYS[way](case, dtype, rng, task.size))
    return tally


def run(tasks: Sequence[Task], jobs: int = 1, progress: bool = True) -> list[Tally]:
    """Do all tasks, in so many processes, and return a tally for each function and type.

    Raises:
        AssertionError: If the process does not round to nearest before or after.
    """
    assert_round_to_nearest()
    tallies: dict[tuple[str, str], Tally] = {}
    bar = tqdm(
        total=sum(len(t.chunks) * t.size for t in tasks), unit=" points", disable=not progress
    )
    with bar:
        for task, tally in results(_work, tasks, jobs):
            key = tally.function, tally.dtype
            tallies.setdefault(key, Tally(*key)).add(tally)
            bar.update(len(task.chunks) * task.size)
            bar.set_postfix_str(f"violations {sum(t.violations for t in tallies.values())}")
    assert_round_to_nearest()
    return [tallies[key] for key in sorted(tallies)]


def _work(task: Task) -> tuple[Task, Tally]:
    tally = work(task)
    assert_round_to_nearest()
    return task, tally


def table(tallies: Sequence[Tally]) -> str:
    """The tallies as text, a line for each function and type."""
    lines = [
        f"{'function':22}{'type':>9}{'points':>13}{'violations':>12}{'tightest %':>12}{'worst':>9}"
    ]
    for t in tallies:
        share = "" if math.isnan(t.share) else f"{100 * t.share:.3f}"
        worst = "" if math.isnan(t.share) else str(t.worst)
        lines.append(
            f"{t.function:22}{t.dtype:>9}{t.points:>13,}{t.violations:>12}{share:>12}{worst:>9}"
        )
        lines += [f"    {example}" for example in t.examples if t.violations or t.worst > 2]
    for dtype in DTYPES:
        of_type = [t for t in tallies if t.dtype == dtype]
        if of_type:
            points = sum(t.points for t in of_type)
            violations = sum(t.violations for t in of_type)
            lines.append(f"{'total':22}{dtype:>9}{points:>13,}{violations:>12}")
    return "\n".join(lines)


def updated(before: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """A report with the tallies of another in place of its own, and where those are from."""
    tallies = {(t["function"], t["dtype"]): t for t in (*before["tallies"], *now["tallies"])}
    update = {
        "environment": now["environment"],
        "seed": now["seed"],
        "functions": sorted({t["function"] for t in now["tallies"]}),
    }
    return {
        **before,
        "tallies": [tallies[key] for key in sorted(tallies)],
        "updates": [*before.get("updates", []), update],
    }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks soundness", description=__doc__)
    parser.add_argument("--points", type=float, default=1e6, help="exact values in each type")
    parser.add_argument("--functions", help="names, separated by commas; all by default")
    parser.add_argument("--dtype", choices=DTYPES, action="append", help="both by default")
    parser.add_argument("--ways", default=",".join(DEFAULT_WAYS), help=f"any of {', '.join(WAYS)}")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the tallies there as well")
    parser.add_argument(
        "--update", action="store_true", help="keep that file's tallies of other functions"
    )
    options = parser.parse_args(arguments)
    if options.update and not (options.json and options.json.exists()):
        parser.error("--update needs --json FILE, of an earlier run")
    jax.config.update("jax_enable_x64", True)
    known = [case.name for case in cases()]
    functions = options.functions.split(",") if options.functions else known
    ways = tuple(options.ways.split(","))
    for kind, given, allowed in (("function", functions, known), ("way", ways, WAYS)):
        for name in set(given) - set(allowed):
            parser.error(f"unknown {kind} {name!r}; choose from {', '.join(allowed)}")
    start = time.perf_counter()
    tasks = plan(int(options.points), functions, options.dtype or list(DTYPES), ways, options.seed)
    tallies = run(tasks, options.jobs)
    print(table(tallies))
    seconds = time.perf_counter() - start
    print(f"{seconds:.0f} s in {options.jobs} processes, seed {options.seed}")
    if options.json:
        report = {
            "environment": environment(),
            "seed": options.seed,
            "tallies": [asdict(tally) for tally in tallies],
        }
        if options.update:
            report = updated(json.loads(options.json.read_text()), report)
        write_text(options.json, json.dumps(report, indent=1) + "\n")
    return int(any(tally.violations for tally in tallies))


if __name__ == "__main__":
    sys.exit(main())
