"""Conformance with IEEE 1788-2015 by the test vectors of ITF1788.

``python -m benchmarks.itf1788 PATH...`` reads ITL files, or all ``*.itl`` below directories, calls
interval_jax in float64, and prints for every operation how its results compare with those expected.
The exit status is 1 if a result is violated, 2 if a file cannot be read.

Expected intervals are the tightest ones in binary64. The number format of interval_jax has no
subnormal numbers, so they are rounded outward to it first: that is its own tightest interval. An
argument with a subnormal bound is rounded outward when it enters, as the constructors do it. Its
results then belong to a larger argument: they have to contain what is expected, and count apart,
as "widened", unless they are the tightest all the same.
"""

from __future__ import annotations

import argparse
import collections
import json
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

import interval_jax as ij
from benchmarks import itl
from benchmarks.harness import environment, write_text
from benchmarks.itl import Literal, Statement, Value
from benchmarks.judgement import Outcome, Result, Verdict, judge, text_of

SIZE = 512
"""Statements in one call: one shape, so that every operation is compiled once."""


# --- operations ---------------------------------------------------------------------------

_OTHER_NAMES = {
    "acosPi": "acospi",
    "asinPi": "asinpi",
    "atan2Pi": "atan2pi",
    "atanPi": "atanpi",
    "cosPi": "cospi",
    "isNaI": "is_nai",
    "logp1": "log1p",
    "mulRevTen": "mul_rev",
    "rSqrt": "rsqrt",
    "sinPi": "sinpi",
    "tanPi": "tanpi",
    "newDec": "decorate",
    "setDec": "decorate",
    "d-numsToInterval": "decorate",
    "d-textToInterval": "decorate",
    "b-numsToInterval": "interval",
    "b-textToInterval": "interval",
}
"""ITL's operations that are not called as in IEEE 1788, and those of the constructors."""


def name_of(operation: str) -> str:
    """The public name in interval_jax of an operation of ITL: camelCase in snake_case."""
    if operation in _OTHER_NAMES:
        return _OTHER_NAMES[operation]
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", operation).lower()
    return words.removesuffix("_bin")  # with the interval that the result lies in


class _Possibly(NamedTuple):
    """A result with the signal PossiblyUndefinedOperation."""

    value: Any


def _one_by_one(call: Callable[..., Any]) -> Callable[..., list[Any]]:
    """Call with the arguments of one statement at a time, and take note of signals.

    Constructors check their arguments in Python: they raise ValueError where the standard signals
    UndefinedOperation, and warn of what is possibly undefined.
    """

    def calls(function: Callable[..., Any], columns: Sequence[Sequence[Value]]) -> list[Any]:
        results: list[Any] = []
        for arguments in zip(*columns, strict=True):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                try:
                    value = call(function, *arguments)
                except ValueError as error:
                    results.append(error)
                    continue
            possibly = [w for w in caught if w.category is ij.PossiblyUndefinedOperation]
            results.append(_Possibly(value) if possibly else value)
        return results

    return calls


_ONE_BY_ONE: dict[str, Callable[..., list[Any]]] = {
    "b-textToInterval": _one_by_one(lambda f, text: f(str(text), dtype=np.float64)),
    "d-textToInterval": _one_by_one(lambda f, text: f(str(text))),
    "b-numsToInterval": _one_by_one(lambda f, lo, hi: f(float(lo), float(hi), dtype=np.float64)),
    "d-numsToInterval": _one_by_one(
        lambda f, lo, hi: f(ij.interval(float(lo), float(hi), dtype=np.float64))
    ),
    "setDec": _one_by_one(lambda f, x, decoration: f(_interval([x])[0], str(decoration))),
} | dict.fromkeys(
    ("sum_nearest", "sum_abs_nearest", "sum_sqr_nearest", "dot_nearest"),
    _one_by_one(lambda f, *lists: f(*(np.array(v, np.float64) for v in lists))),
)


def run(statements: Iterable[Statement]) -> list[Verdict]:
    """Evaluate statements, all that call one operation alike at once, and judge the results."""
    groups: dict[tuple, list[Statement]] = collections.defaultdict(list)
    for statement in statements:
        groups[_group(statement)].append(statement)
    batches = [
        group[start : start + SIZE]
        for group in groups.values()
        for start in range(0, len(group), SIZE)
    ]
    alone = [batch for batch in batches if batch[0].operation in _ONE_BY_ONE]
    others = [batch for batch in batches if batch[0].operation not in _ONE_BY_ONE]
    with ThreadPoolExecutor(2) as pool:  # what takes time is compiling, outside Python's lock
        verdicts = [*map(_evaluate, alone), *pool.map(_evaluate, others)]
    return [verdict for batch in verdicts for verdict in batch]


def _group(statement: Statement) -> tuple:
    """What statements must have in common to be evaluated in one call."""
    kinds = tuple(
        a if isinstance(a, int) and not isinstance(a, bool) and statement.operation not in _NUMBERS
        else (type(a).__name__, isinstance(a, Literal) and a.decoration is not None)
        for a in statement.arguments
    )  # fmt: skip
    return statement.operation, kinds, len(statement.results or statement.widest)


_NUMBERS = {"isMember", "b-numsToInterval", "d-numsToInterval"}
"""Operations on numbers, among which an integer is one like any other, and not static."""


def _evaluate(statements: list[Statement]) -> list[Verdict]:
    operation = statements[0].operation
    function = getattr(ij, name_of(operation), None)
    if function is None:
        return [Verdict(s, Outcome.UNSUPPORTED, "no such function") for s in statements]
    columns = list(zip(*(s.arguments for s in statements), strict=True))
    if operation == "midRad":
        columns = columns[:1]  # the framework gives one statement its argument twice
    if operation == "pownRevBin":
        columns = [columns[0], columns[2], columns[1]]  # the interval of the result comes last
    try:
        if operation in _ONE_BY_ONE:
            values = _ONE_BY_ONE[operation](function, columns)
        else:
            values = _rows(function(*map(_argument, columns)), len(statements))
    except (TypeError, NotImplementedError) as error:
        return [Verdict(s, Outcome.UNSUPPORTED, str(error)) for s in statements]
    except Exception as error:  # the others are still of interest
        found = f"raised {type(error).__name__}: {error}"
        return [Verdict(s, Outcome.VIOLATED, found) for s in statements]
    return [
        judge(s, _plain(value.value), "PossiblyUndefinedOperation")
        if isinstance(value, _Possibly)
        else judge(s, _plain(value))
        for s, value in zip(statements, values, strict=True)
    ]


def _argument(column: Sequence[Value]) -> Any:
    """The arguments in one place of all statements, padded to one shape."""
    if isinstance(column[0], Literal):
        return _interval(column)
    if isinstance(column[0], int) and len(set(column)) == 1:
        return column[0]
    return jnp.asarray(_padded(np.array(column, np.float64)))


def _padded(x: np.ndarray) -> np.ndarray:
    return np.concatenate([x, np.full(SIZE - x.size, x[0], x.dtype)])


def _interval(column: Sequence[Any]) -> Any:
    """Literals as an array of intervals, bare or decorated, rounded outward to the format."""
    lo, hi = (_padded(np.array([getattr(x, end) for x in column])) for end in ("lo", "hi"))
    empty = lo > hi
    x = ij.interval(np.where(empty, 0, lo), np.where(empty, 0, hi))
    x = ij.Interval(jnp.where(empty, jnp.inf, x.lo), jnp.where(empty, -jnp.inf, x.hi))
    if column[0].decoration is None:
        return x
    decorations = [ij.Decoration[y.decoration.upper()] for y in column]
    return ij.decorate(x, jnp.asarray(_padded(np.array(decorations, np.uint8))))


def _rows(value: Any, count: int) -> list[Any]:
    """The results of the single statements, as numpy's: one tree of numbers for each."""
    leaves, tree = jax.tree.flatten(value)
    arrays = [np.broadcast_to(np.asarray(leaf), (SIZE,)) for leaf in leaves]
    return [jax.tree.unflatten(tree, [a[i] for a in arrays]) for i in range(count)]


def _plain(value: Any) -> tuple[Result, ...] | ValueError:
    """What a function returned in the terms of ITL."""
    if isinstance(value, ValueError):
        return value
    return tuple(_plain_one(v) for v in (value if isinstance(value, tuple | list) else (value,)))


def _plain_one(value: Any) -> Result:
    if isinstance(value, ij.DecoratedInterval):
        x = value.interval
        name = ij.Decoration(int(value.decoration)).name.lower()
        return Literal(float(x.lo), float(x.hi), name)
    if isinstance(value, ij.Interval):
        return Literal(float(value.lo), float(value.hi))
    scalar = np.asarray(value)
    return bool(scalar) if scalar.dtype == bool else scalar.item()


# --- report -------------------------------------------------------------------------------

_HEADINGS = ("cases", "tightest", "1 ulp", "wider", "widened", "violated", "unsupported")


def table(verdicts: Sequence[Verdict]) -> str:
    """The number of statements with each outcome, a line for each operation and the total."""
    counts = summary(verdicts)
    width = max([9, *map(len, counts)])
    lines = [f"{'operation':{width}}" + "".join(f"{h:>12}" for h in _HEADINGS)]
    for operation, row in counts.items():
        lines.append(f"{operation:{width}}" + "".join(f"{n:>12}" for n in row))
    total = [sum(column) for column in zip(*counts.values(), strict=True)]
    return "\n".join([*lines, f"{'total':{width}}" + "".join(f"{n:>12}" for n in total)])


def summary(verdicts: Sequence[Verdict]) -> dict[str, list[int]]:
    """For each operation the number of statements, and of those with each outcome."""
    counts: dict[str, list[int]] = {}
    for verdict in sorted(verdicts, key=lambda v: v.statement.operation.lower()):
        row = counts.setdefault(verdict.statement.operation, [0] * (1 + len(Outcome)))
        row[0] += 1
        row[1 + verdict.outcome] += 1
    return counts


def files(paths: Sequence[Path]) -> list[Path]:
    """The files given, and all ITL files below the directories given."""
    found: list[Path] = []
    for path in paths:
        found += sorted(path.rglob("*.itl")) if path.is_dir() else [path]
    return found


def _details(verdicts: Sequence[Verdict], from_outcome: Outcome) -> Iterable[str]:
    for v in verdicts:
        if v.outcome >= from_outcome and v.outcome != Outcome.UNSUPPORTED:
            s = v.statement
            arguments = " ".join(_shown(a) for a in s.arguments)
            expected = " ".join(_shown(r) for r in s.results or s.widest)
            yield (
                f"{s.place}: {v.outcome.name.lower().replace('_', ' ')}\n"
                f"  {s.operation} {arguments}\n  expected {expected}\n  found    {v.found}"
            )


def _shown(value: Value) -> str:
    return text_of(value) if isinstance(value, Literal | float) else repr(value)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.itf1788", description=__doc__)
    parser.add_argument("path", nargs="+", type=Path, help="ITL files, or directories of them")
    parser.add_argument("--all", action="store_true", help="show every result that is not tightest")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the counts there as well")
    options = parser.parse_args(arguments)
    jax.config.update("jax_enable_x64", True)
    try:
        sources = files(options.path)
        statements = [statement for path in sources for statement in itl.read(path)]
    except (OSError, UnicodeDecodeError, itl.ItlError) as error:
        print(error, file=sys.stderr)
        return 2
    if not statements:
        print(f"no statements in {', '.join(map(str, options.path))}", file=sys.stderr)
        return 2
    verdicts = run(statements)
    for line in _details(verdicts, Outcome.WITHIN_1_ULP if options.all else Outcome.VIOLATED):
        print(line)
    print(table(verdicts))
    missing = {v.statement.operation: v.found for v in verdicts if v.outcome == Outcome.UNSUPPORTED}
    for operation, reason in sorted(missing.items()):
        print(f"unsupported: {operation} ({reason.splitlines()[0]})")
    if options.json:
        operations = {
            name: dict(zip(_HEADINGS, row, strict=True)) for name, row in summary(verdicts).items()
        }
        names = [path.name for path in sources]
        report = {"environment": environment(), "files": names, "operations": operations}
        write_text(options.json, json.dumps(report, indent=1) + "\n")
    return int(any(v.outcome == Outcome.VIOLATED for v in verdicts))


if __name__ == "__main__":
    sys.exit(main())
