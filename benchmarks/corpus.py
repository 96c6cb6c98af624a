"""The corpus under ``enclose``: exact values at sampled points, in every way of calling.

``python -m benchmarks corpus --points N`` encloses every case of :mod:`benchmarks.programs` over N
boxes, in float32 and float64, operation by operation, under ``jit``, ``vmap`` and both, by every
method, and compares with the exact value at a point of each box, and with the natural enclosure of
a smaller box that has it too (inclusion isotonicity). Derivatives are compared where the reference
has one. There is no tolerance. With ``--json FILE`` what is finished is
in the file at any time, and ``--resume`` goes on from there. The exit status is 1 if an exact value
is not enclosed, or an enclosure of a smaller box not within that of the larger where the case says
that it is.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
from tqdm import tqdm

import interval_jax as ij
from benchmarks.harness import environment, write_text
from benchmarks.processes import results
from benchmarks.programs import CASES, Case
from interval_jax._enclose import _DEGREES

__all__ = ["DTYPES", "WAYS", "Outcome", "Task", "check", "main"]

DTYPES: dict[str, type] = {"float64": np.float64, "float32": np.float32}
PRECISION = 400
"""Bits of mpmath's numbers; exact values are taken to be known to half of them."""


METHODS: dict[str, dict[str, Any]] = {
    **{name: {"method": name} for name in _DEGREES},
    "taylor 1": {"method": "taylor", "order": 1},
    "taylor 3": {"method": "taylor", "order": 3},
}
"""Every method of the library, and more orders."""


class Way(NamedTuple):
    """A way to enclose a case.

    Args:
        transform: What the enclosure, or the function if it is ``inside``, is transformed by.
        method: Keywords of ``enclose``.
        derivative: Whether it is the derivative of the case, in a direction, that is enclosed.
        inside: Whether ``vmap`` maps the function before it is enclosed.
    """

    transform: Callable[[Callable[..., Any]], Callable[..., Any]]
    method: dict[str, Any]
    derivative: bool = False
    inside: bool = False

    def enclosed(self, case: Case) -> Callable[..., Any]:
        """The enclosure of a case, over an array of boxes."""
        function = _derivative(case) if self.derivative else case.function
        if self.inside:
            whole = jax.vmap(function) if case.vector else function
            return self.transform(ij.enclose(whole, **self.method))
        return self.transform(jax.vmap(ij.enclose(function, **self.method)))


def _same(f: Callable[..., Any]) -> Callable[..., Any]:
    return f


WAYS: dict[str, Way] = {
    "eager": Way(_same, METHODS["natural"], inside=True),
    "jit": Way(jax.jit, METHODS["natural"], inside=True),
    "vmap": Way(_same, METHODS["natural"]),
    "jit of vmap": Way(jax.jit, METHODS["natural"]),
    "derivative": Way(jax.jit, METHODS["natural"], derivative=True),
}
for _name, _method in METHODS.items():
    if _name != "natural":
        WAYS[_name] = Way(jax.jit, _method)
        WAYS[f"{_name}, derivative"] = Way(jax.jit, _method, derivative=True)
"""Forms are mapped outside: inside each box of an array would be a direction of its own."""

NO_DERIVATIVE = frozenset(
    {
        # Programs with rounded constants: the exact derivative is not what they compute.
        *("jnp.log10", "jnp.sinc", "nn.gelu", "special.erfinv", "special.ndtr", "lax.erf_inv"),
        "special.ndtri",
        *(case.name for case in CASES if case.name.startswith("norm.")),
        # They move data by an order that a box leaves open, which is refused.
        *("jnp.sort", "jnp.partition", "jnp.median", "jnp.nanmedian", "jnp.quantile"),
        *("jnp.percentile", "lax.sort", "lax.top_k", "lax.cond of a vector"),
        # Its derivative is not that of what it computes, by intent.
        "lax.stop_gradient",
        # JAX differentiates it through a decomposition, whose pivots an enclosure does not decide.
        "jnp.linalg.det",
    }
)
"""Cases whose derivatives, as JAX writes them, are not compared."""

DIRECTION = (1.0, -0.5, 2.0, 0.75)
"""Of derivatives: how fast the arguments, or the entries of a vector, move."""


def _derivative(case: Case) -> Callable[..., Any]:
    def derivative(*x: Any) -> Any:
        speeds = (jnp.array(DIRECTION, v.dtype) for v in x) if case.vector else DIRECTION
        tangents = [jnp.asarray(t, v.dtype) for t, v in zip(speeds, x, strict=False)]
        return jax.jvp(case.function, x, tuple(tangents))[1]

    return derivative


class Task(NamedTuple):
    """A case to check in one type."""

    case: str
    dtype: str
    points: int
    ways: tuple[str, ...] = tuple(WAYS)
    seed: int = 0


@dataclass
class Outcome:
    """What a task gave; counts and errors are those of each way.

    Args:
        case: The case.
        dtype: The type.
        values: Exact values compared, in each way of enclosing values.
        slopes: Exact derivatives compared, in each way of enclosing derivatives.
        violations: Enclosures, of larger and smaller boxes, that have not the value.
        larger: Natural enclosures of smaller boxes that are not within those of the larger.
        excess: How far they reach out of them at most, in units of the last place of the larger.
        errors: Why it could not be enclosed.
        examples: Some violations.
    """

    case: str
    dtype: str
    values: int = 0
    slopes: int = 0
    violations: dict[str, int] = field(default_factory=dict)
    larger: dict[str, int] = field(default_factory=dict)
    excess: float = 0.0
    errors: dict[str, str] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """Whether an enclosure is missing or wrong."""
        isotone = next(case.isotone for case in CASES if case.name == self.case)
        wrong = any(self.violations.values()) or (isotone and any(self.larger.values()))
        return bool(self.errors) or wrong


def _boxes(
    case: Case, dtype: type, rng: np.random.Generator, points: int
) -> tuple[list[ij.Interval], list[np.ndarray]]:
    """Boxes, then smaller ones inside, for each argument, and a point of the latter."""
    arguments, members = [], []
    for low, high in case.boxes:
        shape = (points, 4) if case.vector else (points,)
        # From half of all there is to what rounding makes of a few floats.
        width = (high - low) * np.exp2(-rng.uniform(0.5, np.finfo(dtype).nmant + 3, shape))
        width = np.where(rng.random(shape) < 0.2, 0, width)
        start = rng.uniform(low, high - width)
        lo: np.ndarray = start.astype(dtype)
        hi: np.ndarray = (start + width).astype(dtype)
        inner = np.sort([lo + (hi - lo) * rng.random(shape).astype(dtype) for _ in range(3)], 0)
        first, member, last = np.clip(inner, lo, hi)
        # Points at the ends of boxes too.
        member = np.where(rng.random(shape) < 0.1, last, member)
        ends = [np.concatenate(pair) for pair in ((lo, first), (hi, last))]
        arguments.append(ij.interval(*ends))
        members.append(member)
    return arguments, members


def _exact(case: Case, members: Sequence[np.ndarray]) -> np.ndarray:
    """The float64 numbers below and above the exact values of all results, at each point."""
    with mp.workprec(PRECISION):
        numbers = [[_number(v) for v in m] for m in members]
        values = [_neighbours(case, given) for given in zip(*numbers, strict=True)]
    return np.moveaxis(np.array(values), 2, 0)


def _number(value: Any) -> Any:
    """A float as mpmath's number, or a list of them."""
    return [mp.mpf(v) for v in value.tolist()] if value.ndim else mp.mpf(value.item())


def _neighbours(case: Case, given: Sequence[Any]) -> list[tuple[float, float]]:
    return [_around(v) for v in _values(case, given)]


def _values(case: Case, given: Sequence[Any]) -> Sequence[Any]:
    value = case.reference(*given)
    return value if isinstance(value, list | tuple) else [value]


def _slopes(case: Case, members: Sequence[np.ndarray]) -> np.ndarray:
    """The same of derivatives, NaN where there is none or too few of its digits are known."""
    with mp.workprec(PRECISION):
        numbers = [[_number(v) for v in m] for m in members]
        slopes = [_slope(case, given) for given in zip(*numbers, strict=True)]
    return np.moveaxis(np.array(slopes), 2, 0)


def _slope(case: Case, given: Sequence[Any]) -> list[tuple[float, float]]:
    """Differences over 2**-130, right to 2**-200 where second and third derivatives are moderate.

    They are not where the quotients to the left and to the right differ.
    """
    step = mp.ldexp(1, -PRECISION // 3)

    def moved(t: Any) -> Sequence[Any]:
        if case.vector:
            return _values(case, [[v + t * d for v, d in zip(given[0], DIRECTION, strict=True)]])
        return _values(case, [v + t * d for v, d in zip(given, DIRECTION, strict=False)])

    unknown = (np.nan, np.nan)
    here = _values(case, given)
    try:
        before, after = moved(-step), moved(step)
    except (ValueError, ZeroDivisionError, TypeError):
        return [unknown] * len(here)
    found = []
    for left, value, right in zip(before, here, after, strict=True):
        try:
            slope = (right - left) / (2 * step)
            bend = abs((right - value) - (value - left)) / step
            smooth = bend <= mp.ldexp(abs(slope), -PRECISION // 5)
            known = abs(slope) > mp.ldexp(abs(left) + abs(right), -PRECISION // 10)
            constant = left == value == right == 0
            found.append(_around(slope) if (smooth and known) or constant else unknown)
        except (ValueError, ZeroDivisionError, TypeError):
            found.append(unknown)
    return found


def _around(value: Any) -> tuple[float, float]:
    """The floats below and above a number, or the one that it is as far as can be told."""
    near = float(value)
    if np.isinf(near):
        largest = np.copysign(np.finfo(float).max, near)
        return (near, near) if mp.isinf(value) else (min(near, largest), max(near, largest))
    difference = value - near
    if abs(difference) <= mp.ldexp(abs(value), -PRECISION // 2):
        return near, near
    other = float(np.nextafter(near, np.inf if difference > 0 else -np.inf))
    return min(near, other), max(near, other)


def _enclosed(
    function: Callable[..., Any], arguments: Sequence[ij.Interval], together: int
) -> list[np.ndarray]:
    """Lower and upper bounds of a function over so many boxes in each call."""
    starts = range(0, len(arguments[0]), together)
    values = [function(*(x[at : at + together] for x in arguments)) for at in starts]
    return [np.concatenate([np.asarray(getattr(v, end)) for v in values]) for end in ("lo", "hi")]


def check(task: Task) -> Outcome:
    """Enclose a case over random boxes and compare with exact values."""
    case = next(case for case in CASES if case.name == task.case)
    outcome = Outcome(task.case, task.dtype)
    rng = np.random.default_rng([task.seed, zlib.crc32(f"{task.case} {task.dtype}".encode())])
    arguments, members = _boxes(case, DTYPES[task.dtype], rng, task.points)
    exact = {False: _exact(case, members)}
    outcome.values = exact[False][0].size
    if any(WAYS[way].derivative for way in task.ways) and case.name not in NO_DERIVATIVE:
        exact[True] = _slopes(case, members)
        outcome.slopes = int(np.sum(~np.isnan(exact[True][0])))
    for way in task.ways:
        if WAYS[way].derivative not in exact:
            continue
        below, above = exact[WAYS[way].derivative]
        known = ~np.isnan(below)
        if not known.any():
            continue
        try:
            bounds = _enclosed(WAYS[way].enclosed(case), arguments, case.together)
        except (NotImplementedError, TypeError, ValueError) as error:
            outcome.errors[way] = f"{type(error).__name__}: {error}"
            continue
        lo, hi = (b.reshape(2, *below.shape) for b in bounds)
        missed = known & ~((lo <= below) & (above <= hi))  # also where a bound is NaN
        outcome.violations[way] = int(missed.sum())
        for box, at, place in np.argwhere(missed)[:2]:
            point = ", ".join(str(m[at].tolist()) for m in members)
            outcome.examples.append(
                f"{way} at {point}: [{lo[box, at, place]!r}, {hi[box, at, place]!r}] against"
                f" [{below[at, place]!r}, {above[at, place]!r}]"
            )
        if WAYS[way].method != METHODS["natural"] or WAYS[way].derivative:
            continue
        outside = _outside((lo[0], hi[0]), (lo[1], hi[1]))
        outcome.larger[way] = int((outside > 0).sum())
        outcome.excess = max(outcome.excess, float(outside.max(initial=0)))
    return outcome


def _outside(larger: Sequence[np.ndarray], smaller: Sequence[np.ndarray]) -> np.ndarray:
    """How far intervals reach out of others, in units in the last place of these."""
    (lo, hi), (low, high) = larger, smaller
    with np.errstate(invalid="ignore", over="ignore"):
        unit = np.spacing(np.maximum(abs(lo), abs(hi)))
        below = np.where(low < lo, (lo - low) / unit, 0)
        above = np.where(high > hi, (high - hi) / unit, 0)
    return np.where(low <= high, np.maximum(below, above), 0)


# --- the run ------------------------------------------------------------------------------


def _finished(file: Path, conditions: dict[str, Any]) -> list[Outcome]:
    """What a file has of a run under the same conditions."""
    report = json.loads(file.read_text())
    outcomes = report.pop("outcomes")
    if report != json.loads(json.dumps(conditions)):
        raise ValueError(f"{file} is of a run under other conditions: {report}")
    return [Outcome(**outcome) for outcome in outcomes]


def _write(file: Path, conditions: dict[str, Any], outcomes: Iterable[Outcome]) -> None:
    """The report, with a line for each outcome."""
    order = {case.name: place for place, case in enumerate(CASES)}
    lines = [
        json.dumps(asdict(outcome))
        for outcome in sorted(outcomes, key=lambda o: (order[o.case], o.dtype))
    ]
    head = json.dumps(conditions, indent=1).removesuffix("\n}")
    write_text(file, head + ',\n "outcomes": [\n  ' + ",\n  ".join(lines) + "\n ]\n}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks corpus", description=__doc__)
    parser.add_argument("--points", type=float, default=1e4, help="points of each case")
    parser.add_argument("--cases", help="names, separated by commas; all by default")
    parser.add_argument("--dtype", choices=DTYPES, action="append", help="both by default")
    parser.add_argument("--way", choices=WAYS, action="append", help="all by default")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the outcomes there")
    parser.add_argument("--resume", action="store_true", help="keep what the file has")
    options = parser.parse_args(arguments)
    jax.config.update("jax_enable_x64", True)
    known = [case.name for case in CASES]
    names = options.cases.split(",") if options.cases else known
    for name in set(names) - set(known):
        parser.error(f"unknown case {name!r}")
    if options.resume and not options.json:
        parser.error("--resume needs --json FILE")
    start = time.perf_counter()
    points, ways = int(options.points), tuple(options.way or WAYS)
    conditions = {
        "environment": environment(),
        "points": points,
        "seed": options.seed,
        "ways": ways,
    }
    outcomes: list[Outcome] = []
    if options.resume and options.json.exists():
        outcomes = _finished(options.json, conditions)
    done = {(outcome.case, outcome.dtype) for outcome in outcomes}
    tasks = [
        Task(name, dtype, points, ways, options.seed)
        for name in names
        for dtype in options.dtype or DTYPES
        if (name, dtype) not in done
    ]
    with tqdm(results(check, tasks, options.jobs), total=len(tasks), unit=" tasks") as bar:
        for outcome in bar:
            outcomes.append(outcome)
            if options.json:
                _write(options.json, conditions, outcomes)
            if outcome.failed:
                tqdm.write(str(outcome))
    print(f"{summary(outcomes)}; {time.perf_counter() - start:.0f} s")
    return int(any(outcome.failed for outcome in outcomes))


def summary(outcomes: Sequence[Outcome]) -> str:
    """Totals, in a line."""
    values = sum(
        o.slopes if WAYS[w].derivative else o.values for o in outcomes for w in o.violations
    )
    violations = sum(sum(o.violations.values()) for o in outcomes)
    errors = sum(len(o.errors) for o in outcomes)
    larger = sum(sum(o.larger.values()) for o in outcomes)
    exempt = larger - sum(sum(o.larger.values()) for o in outcomes if o.failed)
    return (
        f"{len({o.case for o in outcomes})} cases, {values:,} exact values: {violations}"
        f" violations, {errors} not enclosed, {larger} not isotone, {exempt} of them by rounding"
    )


if __name__ == "__main__":
    sys.exit(main())
