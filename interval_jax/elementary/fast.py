"""Activations of networks in plain floating point: wider by some units, several times faster.

Each kernel evaluates its function once, in the working precision, and opens the result by a
proven bound. Inside a network that bound is lost among the roundings of the matrix products,
which are bounded for any order of summation. Everywhere else the tight functions are meant.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

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


# --- higher derivatives -------------------------------------------------------------------
#
# With l = logistic(x), m = l (1 - l) and d = 1 - 2 l,
#     silu''   = m (2 + x d)                        in [-0.0369144, 0.5],
#     silu'''  = m (3 d + x (1 - 6 m))              in [-0.3083, 0.3083],
#     silu'''' = m (4 (1 - 6 m) + x d (1 - 12 m))   in [-0.5, 0.204],
# and the next is in [-0.67, 0.67].


class _Terms(NamedTuple):
    """What these are made of: m, d, d3 = 1 - 6 m and d4 = 1 - 12 m."""

    m: Array
    d: Array
    d3: Array
    d4: Array


def _logistic_terms(x: Array) -> _Terms:
    """The terms for x clipped on both sides.

    With e within 4u and q = 1 / (1 + e) within 5u, m = (e q) q is within 16u of itself; |d| =
    (1 - e) q is off by at most 4u q + 7u |d|, less than 11u; d3 by 6 * 17u / 4 + u, less than 27u,
    d4 by less than 53u. Their sizes are at most 1, 1 and 2.
    """
    e = _decay(x)
    q = 1 / (1 + e)
    d = (1 - e) * q
    m = (e * q) * q
    return _Terms(m, lax.select(lax.lt(x, constant(x, 0)), d, -d), 1 - 6 * m, 1 - 12 * m)


# Each is m times a sum of at most n + 2 |x|. The sum is off by at most 12u |x| and u (2 + |x|) for
# the second derivative, 34u + 28u |x| and u (3 + |x|) for the third, 108u + (53 + 2 * 13)u |x| and
# u (4 + 2 |x|) for the fourth; the product with m, and rounding it, adds 17u (n + 2 |x|): less than
# 58u (4 + 2 |x|) m in all.


def _second(x: Array, t: _Terms) -> Array:
    return t.m * (2 + x * t.d)


def _third(x: Array, t: _Terms) -> Array:
    return t.m * (3 * t.d + x * t.d3)


def _fourth(x: Array, t: _Terms) -> Array:
    return t.m * (4 * t.d3 + (x * t.d) * t.d4)


def _error(x: Array, t: _Terms) -> Array:
    return t.m * (4 + 2 * lax.abs(x)) * constant(x, 64 * format_of(x).unit)


def _smooth_terms(x: Array) -> _Terms:
    m = jax.nn.sigmoid(x) * jax.nn.sigmoid(-x)
    return _Terms(m, -jax.numpy.tanh(x / 2), 1 - 6 * m, 1 - 12 * m)


def _clipped(x: Interval) -> tuple[Array, Array]:
    """Both ends within the limit, beyond which all of these tend to 0 monotonically."""
    limit = _limit(x.lo)
    lo, hi = (lax.clamp(constant(b, -limit), b, constant(b, limit)) for b in (x.lo, x.hi))
    return lo, hi


def _beyond(x: Array) -> Array:
    """More than the size of any of them at the limit, 4 |x| exp(-|x|)."""
    return constant(x, 8 * _limit(x) * math.exp(-_limit(x)))


def _unless_empty(x: Interval, lower: Array, upper: Array) -> Interval:
    empty, inf = lax.gt(x.lo, x.hi), constant(lower, np.inf)
    return Interval(lax.select(empty, inf, lower), lax.select(empty, -inf, upper))


def _curvature(x: Array) -> tuple[Array, Array]:
    t = _logistic_terms(x)
    return _second(x, t), _error(x, t)


_curvature_ends = _at_ends(_curvature, lambda x: (_second(x, _smooth_terms(x)), x * 0))


def silu_curvature(x: Interval) -> Interval:
    """Return an enclosure of silu's second derivative, wider by some hundred units of its terms.

    It is even, falls from 1/2 at 0 to its minimum -0.036914373... at 3.435840..., and rises to 0.
    """
    unit = format_of(x.lo).unit
    lo, hi = _clipped(x)

    def opened(value: Array, error: Array) -> tuple[Array, Array]:
        # Two roundings on the way, of numbers below 1.
        margin = error * constant(error, 1 + 8 * unit) + _beyond(error)
        margin = margin + lax.abs(value) * constant(value, 4 * unit)
        return value - margin, value + margin

    left, right = (opened(*end) for end in _curvature_ends(Interval(lo, hi)))
    lower, upper = lax.min(left[0], right[0]), lax.max(left[1], right[1])

    def reaches(first: float, last: float) -> Array:
        return lax.le(x.lo, constant(x.lo, last)) & lax.ge(x.hi, constant(x.hi, first))

    lowest = reaches(3.4358, 3.4359) | reaches(-3.4359, -3.4358)
    lower = lax.select(lowest, constant(lower, -0.0369144), lower)
    upper = lax.select(reaches(0, 0), constant(upper, 0.5), upper)
    return _unless_empty(x, lower, upper)


def _third_in_middle(x: Array) -> tuple[Array, Array, Array]:
    t = _logistic_terms(x)
    return _third(x, t), lax.abs(_fourth(x, t)), _error(x, t)


_third_and_slope = differentiable(
    _third_in_middle, lambda x: (_third(x, _smooth_terms(x)), 0 * x, 0 * x)
)


def silu_third(x: Interval) -> Interval:
    """Return an enclosure of silu's third derivative, for narrow intervals nearly sharp.

    It is made of the value and the slope in the middle, and of the bound of the next derivative.
    """
    unit = format_of(x.lo).unit
    lo, hi = _clipped(x)
    middle = lo * 0.5 + hi * 0.5
    # A middle is off by a rounding of the larger end, wherever it is evaluated.
    radius = lax.max(hi - middle, middle - lo)
    radius = radius + (lax.abs(lo) + lax.abs(hi)) * constant(lo, 4 * unit)
    value, slope, error = _third_and_slope(middle)
    slope = slope + error + radius * constant(radius, 0.67 / 2)
    change = lax.min(slope, constant(slope, 0.501)) * radius
    # The margin is of positive terms, through at most eight roundings; those of the sum follow.
    margin = (error + change) * constant(lo, 1 + 32 * unit) + constant(lo, 4 * unit) + _beyond(lo)
    largest = constant(value, 0.3083)
    return _unless_empty(x, lax.max(value - margin, -largest), lax.min(value + margin, largest))
