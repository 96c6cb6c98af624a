"""Exact values of functions at floats, for containment tests without tolerance.

`tightest(name, x)` returns the largest float64 at or below f(x) and the smallest at or above it. An
endpoint L of any float format lies below f(x) exactly when L <= down, and U above it exactly when
up <= U, so comparing with them is comparing with the real number itself.

Two independent sources stand behind it. CORE-MATH's correctly rounded functions (through crival)
are fast enough for millions of points; balls of Arb (python-flint), with the precision raised
until the two floats are decided, serve the functions that CORE-MATH lacks and check the others.
Where f(x) is closer to a float than any reasonable precision could tell (logistic(1000) and 1), the
answer is written down in `facts.LIMITS` with its proof.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import ival
import numpy as np
from flint import arb, ctx

from reference import balls, facts

PRECISIONS = (100, 250, 1000, 5000)
"""Bits at which Arb is asked, one after the other, until the float on either side is certain."""

_CORE_MATH_NAMES = """
    sqrt sqr recip cbrt exp exp2 exp10 expm1 log log2 log10 log1p sin cos tan asin acos atan
    sinh cosh tanh asinh acosh atanh erf erfc atan2 hypot pow rsqrt asinpi acospi atanpi
""".split()

CORE_MATH = {name: getattr(ival, name) for name in _CORE_MATH_NAMES} | {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
}
"""The functions that come from CORE-MATH, over crival's intervals: tightest on intervals too."""


class Tightest(NamedTuple):
    """The float64 neighbours of exact values: equal at a float64, NaN outside the domain."""

    down: np.ndarray
    up: np.ndarray


def tightest(name: str, *points: np.ndarray, partial: bool = False) -> Tightest:
    """The values of a function at float points, each rounded down and up to float64.

    Values that stay undecided are an error, or NaN if `partial`.
    """
    points = np.broadcast_arrays(*(np.asarray(p, np.float64) for p in points))
    if name in CORE_MATH:
        return _core_math(name, *points)
    return tightest_arb(name, *points, partial=partial)


def tightest_range(name: str, lo: np.ndarray, hi: np.ndarray) -> Tightest:
    """The tightest float64 enclosure of the range of a function of one argument over [lo, hi].

    The bounds may be infinite. For functions outside CORE-MATH the range is the hull of the values
    at the ends and at the turning points inside; NaN where an end is outside the domain. For those
    in `facts.PIECEWISE` there must be neither a pole nor a turning point inside.
    """
    lo, hi = np.broadcast_arrays(np.asarray(lo, np.float64), np.asarray(hi, np.float64))
    if name in CORE_MATH:
        result = CORE_MATH[name](ival.Interval(lo, hi))
        return Tightest(np.asarray(result.lo), np.asarray(result.hi))
    largest = np.finfo(np.float64).max
    at_lo = tightest(name, np.clip(lo, -largest, largest))
    at_hi = tightest(name, np.clip(hi, -largest, largest))
    down, up = np.minimum(at_lo.down, at_hi.down), np.maximum(at_lo.up, at_hi.up)
    for derivative, left, right in facts.TURNING.get(name, ()):
        below, above = critical_point(derivative, left, right)
        value = _value_at_turning_point(name, derivative, left, right)
        inside = (lo <= below) & (above <= hi)
        down = np.where(inside, np.minimum(down, value.down), down)
        up = np.where(inside, np.maximum(up, value.up), up)
    if name in facts.EDGES:
        edge = facts.EDGES[name]
        beyond_left, beyond_right = lo < -edge, hi > edge
        down = np.where(beyond_left & (hi >= -edge), -np.inf, at_hi.down)
        up = np.where(beyond_right & (lo <= edge), np.inf, at_lo.up)
    if name in facts.UNBOUNDED:
        up = np.where(np.isinf(hi), np.inf, up)
    return Tightest(down, up)


def tightest_arb(name: str, *points: np.ndarray, partial: bool = False) -> Tightest:
    """`tightest` by Arb, whatever CORE-MATH offers."""
    return tightest_of(balls.ARB[name], *points, limits=facts.LIMITS.get(name, ()), partial=partial)


def tightest_of(
    function: Callable[..., arb],
    *points: np.ndarray,
    limits: Sequence[facts.Limit] = (),
    partial: bool = False,
) -> Tightest:
    """The values of any function of balls at float points, each rounded down and up to float64.

    Values that stay undecided are an error, or NaN if `partial`.
    """
    points = np.broadcast_arrays(*(np.asarray(p, np.float64) for p in points))
    shape = points[0].shape
    flat = [p.ravel() for p in points]
    down, up = np.full(flat[0].shape, np.nan), np.full(flat[0].shape, np.nan)
    pending = np.isfinite(flat).all(axis=0)
    for limit in limits:
        with np.errstate(over="ignore"):
            inside, below, above = limit(flat[0])
        inside = inside & pending
        down[inside] = np.broadcast_to(below, inside.shape)[inside]
        up[inside] = np.broadcast_to(above, inside.shape)[inside]
        pending &= ~inside
    left = _decide(function, [p.tolist() for p in flat], np.flatnonzero(pending).tolist(), down, up)
    if left and not partial:
        at = [p[left[0]] for p in flat]
        raise ArithmeticError(f"{len(left)} values undecided at {PRECISIONS[-1]} bits, at {at}")
    return Tightest(down.reshape(shape), up.reshape(shape))


@ctx.workprec(300)
def critical_point(derivative: str, left: float, right: float) -> tuple[float, float]:
    """Two neighbouring floats with the only zero of a derivative in [left, right] between them."""
    function = balls.DERIVATIVES[derivative]
    rising = function(arb(right)) > 0
    while (middle := left + (right - left) / 2) not in (left, right):
        if (function(arb(middle)) > 0) == rising:
            right = middle
        else:
            left = middle
    return left, right


def _core_math(name: str, *points: np.ndarray) -> Tightest:
    # As bounds, so that an infinite point is the empty interval and not an error.
    result = CORE_MATH[name](*(ival.Interval(p, p) for p in points))
    return Tightest(np.asarray(result.lo), np.asarray(result.hi))


def _decide(
    function: Callable[..., arb],
    points: list[list[float]],
    pending: list[int],
    down: np.ndarray,
    up: np.ndarray,
) -> list[int]:
    """Write the float neighbours of function(points) into down and up; return what is undecided."""
    for bits in PRECISIONS:
        undecided = []
        with ctx.workprec(bits):
            for i in pending:
                ball = function(*(arb(p[i]) for p in points))
                if ball.is_nan() or (ball.is_exact() and not ball.is_finite()):
                    continue  # outside the domain, or at a pole
                around = neighbours(ball)
                if around is None:
                    undecided.append(i)
                else:
                    down[i], up[i] = around
        pending = undecided
        if not pending:
            break
    return pending


def neighbours(ball: arb) -> tuple[float, float] | None:
    """The two floats around every number of a ball, or None if the ball is too wide to tell."""
    near = float(ball)  # to nearest, of the centre: a candidate, checked below
    if math.isinf(near):
        near = math.copysign(np.finfo(np.float64).max, near)
    point = arb(near)
    if ball.is_exact() and ball == point:
        return near, near
    if point < ball:
        down, up = near, math.nextafter(near, math.inf)
    elif ball < point:
        down, up = math.nextafter(near, -math.inf), near
    else:
        return None
    holds = (math.isinf(down) or arb(down) <= ball) and (math.isinf(up) or ball <= arb(up))
    return (down, up) if holds else None


@ctx.workprec(400)
def _value_at_turning_point(name: str, derivative: str, left: float, right: float) -> Tightest:
    below, above = critical_point(derivative, left, right)
    # Refine the root far beyond float64: at a turning point the value is flat in its argument.
    function = balls.DERIVATIVES[derivative]
    a, b = arb(below), arb(above)
    rising = function(b) > 0
    for _ in range(300):
        middle = ((a + b) / 2).mid()
        if (function(middle) > 0) == rising:
            b = middle
        else:
            a = middle
    around = neighbours(balls.ARB[name](a.union(b)))
    if around is None:
        raise ArithmeticError(f"{name} at its turning point between {below} and {above}")
    return Tightest(*map(np.asarray, around))
