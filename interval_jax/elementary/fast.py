"""Activations of networks in plain floating point: wider by some units, several times faster.

Each kernel evaluates its function once, in the working precision, and opens the result by a
proven bound. Inside a network that bound is lost among the roundings of the matrix products,
which are bounded for any order of summation. Everywhere else the tight functions are meant.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import jax
import numpy as np
from jax import Array, lax

from interval_jax._doubleword import constant
from interval_jax._interval import Interval
from interval_jax._rounding import differentiable, format_of, rounded, stored
from interval_jax.elementary.activations import (
    _silu_derivative_extrema,
    _silu_minimum,
    _smooth_silu,
    _smooth_silu_derivative,
)

__all__ = ["silu", "silu_derivative"]


_LN2 = Fraction("0.693147180559945309417232121458176568075500134360255254120680009493")


def _limit(x: Array) -> float:
    """Where exp(-|x|) is clipped: next to 1 it is nothing, and it is far from tiny."""
    return 80.0 if format_of(x).digits == 24 else 700.0


def _decay(x: Array) -> Array:
    """exp(-|x|), |x| clipped to the limit, within 4u.

    With n the integer next to y / ln 2 and ln 2 = c1 + c2, c1 so short that n c1 is exact,
    y - n c1 is exact: a multiple of the last place of y, below 0.35. n c2 is at most 4.4e-4, so r
    is within 0.36u, and so is exp(r) of it. The Taylor polynomial 1 + r q leaves out less than
    0.05u. q, about 1 + r/2, is within 1.3u of itself and r q within 3u, at most 0.415 against
    exp(r) > 0.707: 1.8u. The sum with 1 rounds once; scaling is exact. In all 3.2u.
    """
    fmt = format_of(x)
    y = -lax.min(lax.abs(x), constant(x, _limit(x)))
    # Adding the shift leaves the integer in the last places of the sum.
    shift = constant(x, 1.5 * 2.0 ** (fmt.digits - 1))
    shifted = rounded(y * constant(x, 1 / math.log(2)) + shift)
    n = shifted - shift
    short = 2 ** (17 if fmt.digits == 24 else 42)
    c1 = Fraction(round(_LN2 * short), short)
    r = (y - n * constant(x, float(c1))) - n * constant(x, float(_LN2 - c1))
    degree = 8 if fmt.digits == 24 else 13
    q = constant(x, 1 / math.factorial(degree))
    for k in range(degree - 1, 0, -1):
        q = q * r + constant(x, 1 / math.factorial(k))
    integer = lax.bitcast_convert_type(shifted, fmt.bits) << (fmt.digits - 1)
    one = fmt.bias << (fmt.digits - 1)
    # The shift's own bits move out on the left, all but its last, which is even.
    return (1 + r * q) * lax.bitcast_convert_type(integer + one, fmt.dtype)


def _opened(value: Array, margin: Array) -> tuple[Array, Array]:
    """``value -+ (margin + 8 tiny)``, in the format: 4 tiny are for underflow, here and before."""
    tiny = constant(value, format_of(value).tiny)
    margin = margin + 8 * tiny
    down, up = value - margin, value + margin

    def flushed(b: Array) -> Array:
        return lax.select(lax.lt(lax.abs(b), tiny), constant(b, 0), b)

    return flushed(down), flushed(up)


def _value(x: Array) -> Array:
    """x logistic(x) within 11u of it, for x clipped to the limit on the left.

    With e within 4u, 1 + e is within 2u + u and its reciprocal q within 5u (one more unit if
    the compiler divides by multiplying). logistic is q, or e q for x < 0, within 10u.
    """
    x = lax.clamp(constant(x, -_limit(x)), x, constant(x, format_of(x).max))
    e = _decay(x)
    q = 1 / (1 + e)
    return x * lax.select(lax.lt(x, constant(x, 0)), e * q, q)


def _slope(x: Array) -> tuple[Array, Array]:
    """The derivative s + t, s = logistic(x) and t = x e q**2, and 32u (s + |t|).

    As above s is within 10u; t is within 4u + 2 * 5u and three roundings, 18u with the next
    one; their sum rounds once, the margin thrice, opening twice.
    """
    clipped = lax.clamp(constant(x, -_limit(x)), x, constant(x, _limit(x)))
    e = _decay(clipped)
    q = 1 / (1 + e)
    s = lax.select(lax.lt(x, constant(x, 0)), e * q, q)
    t = clipped * e * (q * q)
    return s + t, (s + lax.abs(t)) * constant(x, 32 * format_of(x).unit)


def _at_ends(kernel: Callable[[Array], Any], smooth: Callable[[Array], Any]) -> Callable:
    """Evaluate a kernel once at either end, with the derivative of the smooth function."""
    rule = differentiable(kernel, smooth)
    # Each bound needs both ends: otherwise both would be computed for each.
    return lambda x: jax.tree.map(stored, (rule(x.lo), rule(x.hi)))


_silu_ends = _at_ends(_value, _smooth_silu)
_slope_ends = _at_ends(_slope, lambda x: (_smooth_silu_derivative(x), x * 0))


def _nonpositive_left(x: Array, up: Array) -> Array:
    """Left of the limit both functions are negative, and rise to 0 with -x."""
    return lax.select(lax.lt(x, constant(x, -_limit(x))), constant(x, 0), up)


def _hull(
    x: Interval, left: tuple[Array, Array], right: tuple[Array, Array], extrema: Any
) -> Interval:
    """The hull of bounds at both ends and at the extrema inside; the empty set of the empty."""
    lower = lax.min(left[0], right[0])
    upper = lax.max(_nonpositive_left(x.lo, left[1]), _nonpositive_left(x.hi, right[1]))
    for (below, above), (least, greatest) in extrema:
        inside = lax.le(x.lo, constant(lower, below)) & lax.ge(x.hi, constant(lower, above))
        lower = lax.select(inside, lax.min(lower, constant(lower, least)), lower)
        upper = lax.select(inside, lax.max(upper, constant(upper, greatest)), upper)
    empty, inf = lax.gt(x.lo, x.hi), constant(lower, np.inf)
    return Interval(lax.select(empty, inf, lower), lax.select(empty, -inf, upper))


def silu(x: Interval) -> Interval:
    """Return an enclosure of ``x logistic(x)``, wider than the tightest by about 16 units.

    A value within 11u is opened by 16u of it, twice rounded.
    """
    unit = format_of(x.lo).unit
    left, right = (_opened(v, lax.abs(v) * constant(v, 16 * unit)) for v in _silu_ends(x))
    return _hull(x, left, right, [_silu_minimum(x.dtype)])


def silu_derivative(x: Interval) -> Interval:
    """Return an enclosure of silu's derivative, wider than the tightest by about 32 units."""
    left, right = (_opened(*end) for end in _slope_ends(x))
    return _hull(x, left, right, _silu_derivative_extrema(x.dtype))
