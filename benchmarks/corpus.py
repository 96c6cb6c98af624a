"""The corpus under ``enclose``: exact values at sampled points, in every way of calling.

``python -m benchmarks corpus --points N`` encloses every case of :mod:`benchmarks.programs` over N
boxes, in float32 and float64, operation by operation, under ``jit``, ``vmap`` and both, and
compares with the exact value at a point of each box, and with the enclosure of a smaller box that
has it too (inclusion isotonicity). There is no tolerance. The exit status is 1 if an exact value
is not enclosed or an enclosure of a smaller box not within that of the larger.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import jax
import mpmath as mp
import numpy as np
from tqdm import tqdm

import interval_jax as ij
from benchmarks.programs import CASES, Case

__all__ = ["DTYPES", "WAYS", "Outcome", "Task", "check", "main"]

DTYPES: dict[str, type] = {"float64": np.float64, "float32": np.float32}
PRECISION = 400
"""Bits of mpmath's numbers; exact values are taken to be known to half of them."""


def _whole(case: Case) -> Callable[..., Any]:
    return ij.enclose(jax.vmap(case.function) if case.vector else case.function)


def _mapped(case: Case) -> Callable[..., Any]:
    return jax.vmap(ij.enclose(case.function))


WAYS: dict[str, Callable[[Case], Callable[..., Any]]] = {
    "eager": _whole,
    "jit": lambda case: jax.jit(_whole(case)),
    "vmap": _mapped,
    "jit of vmap": lambda case: jax.jit(_mapped(case)),
}


class Task(NamedTuple):
    """A case to check in one type and one way."""

    case: str
    dtype: str
    way: str
    points: int
    seed: int = 0


@dataclass
class Outcome:
    """What a task gave.

    Args:
        task: The task.
        values: Exact values compared.
        violations: Those that were not enclosed.
        larger: Bounds of smaller boxes outside of those of larger ones.
        error: Why it could not be enclosed.
        examples: The first violations.
    """

    task: Task
    values: int = 0
    violations: int = 0
    larger: int = 0
    error: str = ""
    examples: list[str] = field(default_factory=list)


def _boxes(
    case: Case, dtype: type, rng: np.random.Generator, points: int
) -> tuple[list[ij.Interval], list[np.ndarray]]:
    """Boxes, then smaller ones inside, for each argument, and a point of the latter."""
    arguments, members = [], []
    for low, high in case.boxes:
        shape = (points, 4) if case.vector else (points,)
        width = (high - low) * np.exp2(-rng.uniform(0.5, 40, shape))
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


def _exact(case: Case, members: Sequence[np.ndarray]) -> list[list[Any]]:
    """The exact values of all results, at each point."""
    result = []
    for at in range(members[0].shape[0]):
        given = [m[at] for m in members]
        if case.vector:
            value = case.reference([mp.mpf(float(v)) for v in given[0]])
        else:
            value = case.reference(*(mp.mpf(float(v)) for v in given))
        result.append(list(value) if isinstance(value, list | tuple) else [value])
    return result


def _is_outside(bound: float, value: Any, rounded: float, sign: int) -> bool:
    """Whether a lower bound (sign 1) is above a value, or an upper (sign -1) below it."""
    if sign * bound < sign * rounded:
        return False
    # The float nearest to the value does not tell: bounds may be equal to it.
    doubt = abs(value) * mp.ldexp(1, -PRECISION // 2) + mp.ldexp(1, -PRECISION // 2)
    return (
        bool(sign * (mp.mpf(bound) - value) > doubt)
        if np.isfinite(bound)
        else bound == sign * np.inf
    )


def check(task: Task) -> Outcome:
    """Enclose a case over random boxes and compare with exact values."""
    case = next(case for case in CASES if case.name == task.case)
    outcome = Outcome(task)
    rng = np.random.default_rng([task.seed, zlib.crc32(f"{task.case} {task.dtype}".encode())])
    arguments, members = _boxes(case, DTYPES[task.dtype], rng, task.points)
    try:
        value = WAYS[task.way](case)(*arguments)
    except (NotImplementedError, TypeError, ValueError) as error:
        outcome.error = f"{type(error).__name__}: {error}"
        return outcome
    lo = np.asarray(value.lo).reshape(2, task.points, -1)
    hi = np.asarray(value.hi).reshape(2, task.points, -1)
    if case.isotone:
        within = (lo[0] <= lo[1]) & (hi[1] <= hi[0])
        outcome.larger = int((~within & (lo[1] <= hi[1])).sum())
    with mp.workprec(PRECISION):
        for at, values in enumerate(_exact(case, members)):
            for place, exact in enumerate(values):
                rounded = float(exact)
                outcome.values += 1
                for box in (0, 1):
                    low, high = float(lo[box, at, place]), float(hi[box, at, place])
                    if _is_outside(low, exact, rounded, 1) or _is_outside(high, exact, rounded, -1):
                        outcome.violations += 1
                        point = ", ".join(str(m[at]) for m in members)
                        outcome.examples.append(
                            f"at {point}: [{low!r}, {high!r}] against {mp.nstr(exact, 20)}"
                        )
    return outcome


def _tasks(
    points: int, names: Iterable[str], dtypes: Iterable[str], ways: Iterable[str], seed: int
) -> list[Task]:
    return [Task(n, d, w, points, seed) for n in names for d in dtypes for w in ways]


def _start_process(counter: Any) -> None:
    """One core for each process."""
    with counter.get_lock():
        index, counter.value = counter.value, counter.value + 1
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[index % len(cores)]})
    jax.config.update("jax_enable_x64", True)


def _run(tasks: Sequence[Task], jobs: int) -> Iterable[Outcome]:
    if jobs == 1:
        yield from map(check, tasks)
        return
    context = multiprocessing.get_context("spawn")
    with context.Pool(jobs, _start_process, (context.Value("i", 0),)) as pool:
        yield from pool.imap_unordered(check, tasks)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks corpus", description=__doc__)
    parser.add_argument("--points", type=float, default=1e4, help="points of each case")
    parser.add_argument("--cases", help="names, separated by commas; all by default")
    parser.add_argument("--dtype", choices=DTYPES, action="append", help="both by default")
    parser.add_argument("--way", choices=WAYS, action="append", help="all by default")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    jax.config.update("jax_enable_x64", True)
    known = [case.name for case in CASES]
    names = options.cases.split(",") if options.cases else known
    for name in set(names) - set(known):
        parser.error(f"unknown case {name!r}")
    start = time.perf_counter()
    dtypes, ways = options.dtype or list(DTYPES), options.way or list(WAYS)
    tasks = _tasks(int(options.points), names, dtypes, ways, options.seed)
    outcomes = []
    with tqdm(_run(tasks, options.jobs), total=len(tasks), unit=" tasks") as bar:
        for outcome in bar:
            outcomes.append(outcome)
            if outcome.violations or outcome.larger or outcome.error:
                task = outcome.task
                tqdm.write(
                    f"{task.case:22}{task.dtype:>9} {task.way:12} violations {outcome.violations},"
                    f" not isotone {outcome.larger} {outcome.error} {outcome.examples[:2]}"
                )
    values, violations = sum(o.values for o in outcomes), sum(o.violations for o in outcomes)
    larger, errors = sum(o.larger for o in outcomes), sum(bool(o.error) for o in outcomes)
    print(
        f"{len(names)} cases, {len(tasks)} tasks, {values:,} exact values: {violations} violations,"
        f" {larger} not isotone, {errors} not enclosed; {time.perf_counter() - start:.0f} s"
    )
    return int(violations + larger + errors > 0)


if __name__ == "__main__":
    sys.exit(main())
