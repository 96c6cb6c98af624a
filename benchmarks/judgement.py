"""How results compare with those that a statement of ITL expects, in the format of interval_jax."""

from __future__ import annotations

from dataclasses import replace
from enum import IntEnum
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

import interval_jax as ij
from benchmarks import itl
from benchmarks.arbiter import leaves_nothing_out
from benchmarks.itl import Literal, Name, Numbers, Statement, Value
from interval_jax.testing import excess_ulps


class Outcome(IntEnum):
    """How the results of a statement compare with those expected; the worst of several counts."""

    TIGHTEST = 0
    """Equal: the tightest interval, the number, the truth value, the decoration, the signal."""
    WITHIN_1_ULP = 1
    """Sound, each bound at most one number of the format off."""
    WIDER = 2
    """Sound, but wider, or with a weaker decoration."""
    WIDENED = 3
    """Sound for an argument that the format cannot hold and that was widened."""
    VIOLATED = 4
    """Wrong: something is missing, or more is claimed than holds."""
    UNSUPPORTED = 5
    """There is no such operation."""


class Verdict(NamedTuple):
    """A statement with what became of it."""

    statement: Statement
    outcome: Outcome
    found: str


Result = Literal | Name | bool | float
"""What interval_jax returns, as ITL writes it; an overlap state and a decoration by a number."""

_LOWER_BOUNDS = {"inf", "mig"}
_UPPER_BOUNDS = {"sup", "rad", "wid", "mag", "midRad"}  # the radius; midpoints are looked at first
_SIGNALS_OF_CONSTRUCTORS = {"UndefinedOperation", "PossiblyUndefinedOperation"}


def judge(
    statement: Statement, found: tuple[Result, ...] | ValueError, signal: str | None = None
) -> Verdict:
    """Compare what a function returned, or raised, with what a statement expects of it."""
    if isinstance(found, ValueError):
        expected = statement.signal in _SIGNALS_OF_CONSTRUCTORS
        outcome = Outcome.TIGHTEST if expected else Outcome.VIOLATED
        return Verdict(statement, outcome, f"ValueError: {found}")
    text = " ".join(map(text_of, found))
    if signal is not None and statement.signal not in _SIGNALS_OF_CONSTRUCTORS:
        return Verdict(statement, Outcome.VIOLATED, f"{text} signal {signal}")
    expected_results = statement.results or statement.widest
    if len(found) != len(expected_results):
        return Verdict(statement, Outcome.VIOLATED, f"{len(found)} results: {text}")
    if statement.results:
        outcomes = [
            _compare(statement, place, *pair)
            for place, pair in enumerate(zip(statement.results, found, strict=True))
        ]
    else:
        # Only a bound on the width is given, nothing that the result has to contain.
        outcomes = [
            Outcome.TIGHTEST if _compare(statement, 0, y, x) <= Outcome.WIDER else Outcome.WIDER
            for x, y in zip(statement.widest, found, strict=True)
            if isinstance(x, Literal) and isinstance(y, Literal)
        ]
    worst = max(outcomes, default=Outcome.VIOLATED)
    if worst in {Outcome.WITHIN_1_ULP, Outcome.WIDER} and _is_widened(statement):
        worst = Outcome.WIDENED
    return Verdict(statement, worst, text)


def _compare(statement: Statement, place: int, expected: Value, found: Result) -> Outcome:
    if isinstance(expected, Literal):
        outcome = _compare_intervals(expected, found)
        if outcome == Outcome.VIOLATED and isinstance(found, Literal):
            found = _with_excluded(statement, expected, found)
            outcome = _compare_intervals(expected, found)
        return outcome
    if isinstance(expected, bool):
        agrees = isinstance(found, bool) and found == expected
    elif isinstance(expected, Name):
        agrees = _state(statement.operation, found) == expected.lower()
    elif isinstance(expected, int | float):
        return _compare_numbers(statement, place, float(expected), found)
    else:
        agrees = False
    if agrees:
        return Outcome.TIGHTEST
    # Of a widened argument something else may be true.
    return Outcome.WIDENED if _is_widened(statement) else Outcome.VIOLATED


def _compare_intervals(expected: Literal, found: Result) -> Outcome:
    if not isinstance(found, Literal) or found.lo != found.lo or found.hi != found.hi:
        return Outcome.VIOLATED
    if (expected.decoration is None) != (found.decoration is None):
        return Outcome.VIOLATED
    if expected.decoration is not None and found.decoration is not None:
        wanted, got = map(itl.DECORATIONS.index, (expected.decoration, found.decoration))
        if got > wanted:
            return Outcome.VIOLATED
        decoration = Outcome.WIDER if got < wanted else Outcome.TIGHTEST
    else:
        decoration = Outcome.TIGHTEST
    if found.lo > found.hi:
        return decoration if expected.lo > expected.hi else Outcome.VIOLATED
    if expected.lo > expected.hi:
        return Outcome.WIDER
    off = excess_ulps(
        ij.Interval(jnp.asarray(found.lo), jnp.asarray(found.hi)),
        np.float64(expected.lo),
        np.float64(expected.hi),
    )
    if min(off) < 0:
        return Outcome.VIOLATED
    width = (Outcome.TIGHTEST, Outcome.WITHIN_1_ULP, Outcome.WIDER)[min(int(max(off)), 2)]
    return max(width, decoration)


def _with_excluded(statement: Statement, expected: Literal, found: Literal) -> Literal:
    """The result, with what it rightly left out of the expected one put back."""
    image = statement.arguments[0]
    if not isinstance(image, Literal) or found.lo > found.hi:
        return found
    exponents = [a for a in statement.arguments if isinstance(a, int)]

    def rightly(low: float, high: float) -> bool:
        bounds = (image.lo, image.hi)
        return leaves_nothing_out(statement.operation, bounds, (low, high), *exponents)

    lo, hi = found.lo, found.hi
    if expected.lo < lo and rightly(expected.lo, lo):
        lo = expected.lo
    if hi < expected.hi and rightly(hi, expected.hi):
        hi = expected.hi
    return replace(found, lo=lo, hi=hi)


def _compare_numbers(statement: Statement, place: int, expected: float, found: Result) -> Outcome:
    if isinstance(found, bool) or not isinstance(found, int | float):
        return Outcome.VIOLATED
    if np.isnan(expected) or np.isnan(found):
        return Outcome.TIGHTEST if np.isnan(expected) and np.isnan(found) else Outcome.VIOLATED
    # The numbers of the format next to the expected one, which is the nearest or a bound.
    below, above = _neighbours(expected)
    operation = statement.operation
    is_radius = operation == "midRad" and place == 1
    if operation in _LOWER_BOUNDS:
        wanted, sound = {below}, found <= below
    elif operation in _UPPER_BOUNDS and (is_radius or operation != "midRad"):
        wanted, sound = {above}, found >= above
    else:
        wanted, sound = {below, above}, _is_widened(statement)
    if found in wanted:
        return Outcome.TIGHTEST
    return Outcome.WIDER if sound else Outcome.VIOLATED


def _neighbours(number: float) -> tuple[float, float]:
    """The numbers of the format at or below, and at or above a float64."""
    if np.isinf(number):
        return number, number
    x = ij.interval(np.float64(number))
    return float(x.lo), float(x.hi)


def _state(operation: str, found: Result) -> str:
    """The name in lower case of a decoration or a state of overlap, which are integers."""
    kind = ij.Decoration if operation == "decorationPart" else getattr(ij, "Overlap", None)
    return "" if kind is None else kind(int(found)).name.lower().replace("_", "")  # type: ignore[arg-type]


def _is_widened(statement: Statement) -> bool:
    """Whether an argument has a bound that is no number of the format."""
    tiny = np.finfo(np.float64).tiny
    numbers: list[float] = []
    for argument in statement.arguments:
        if isinstance(argument, Literal):
            numbers += [argument.lo, argument.hi]
        elif isinstance(argument, float):
            numbers.append(argument)
        elif isinstance(argument, Numbers):
            numbers += argument
    return any(0 < abs(x) < tiny for x in numbers)


def text_of(result: Result) -> str:
    """A result as ITL would write it, in hexadecimal."""
    if not isinstance(result, Literal):
        return result.hex() if isinstance(result, float) else str(result)
    suffix = f"_{result.decoration}" if result.decoration else ""
    if result.lo > result.hi:
        return f"[empty]{suffix}"
    return f"[{result.lo.hex()}, {result.hi.hex()}]{suffix}"
