"""Kernels of angles with proven bounds: arc functions as the angle of a point of the plane.

``angle_word`` takes the point as double words, so that asin, acos and atan differ only in the
point: (sqrt(1 - x**2), x), (x, sqrt(1 - x**2)), (1, x). Errors are counted in units of u, the unit
roundoff; bounds hold in both formats and however XLA contracts sums (see
:mod:`interval_jax._doubleword`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jax import Array, lax

from interval_jax._doubleword import (
    DoubleWord,
    constant,
    divide_to_head,
    exponent_of,
    head_error,
    horner,
    negligible_exponent,
    positive_bounds,
    power_of_two,
)
from interval_jax._rounding import fast_two_sum, format_of, rounded, two_prod
from interval_jax.elementary._inverse_trigonometric_tables import FLOAT32, FLOAT64, Tables
from interval_jax.elementary._value import Value, beside, choose

__all__ = [
    "SQRT_ERROR",
    "Direction",
    "acos_bounds",
    "acos_word",
    "acot_bounds",
    "angle_bounds",
    "angle_error",
    "angle_tables",
    "angle_value",
    "angle_word",
    "asin_bounds",
    "asin_word",
    "atan_bounds",
    "atan_word",
    "direction",
    "odd_bounds",
    "sqrt_word",
]


def angle_error(unit: float) -> float:
    """Relative error of ``angle_word``: 2**-60.4 in binary64, 2**-30.7 in binary32.

    With c the centre's tangent, d = y - c x, t = x + c y and s = d / t the tangent of what is left,
    the angle is A = atan c + s - s**3 (1/3 - ...). Let H be ``head_error``, in units of 1:

    * d is exact but for its low part, at most 64u c x with errors of u of it; t has one of 5u**2;
      the quotient, 8 H |s| as stated there, and 7u * 64 c for the low part of d; together
      (9 H |s| + 450u c) u;
    * the series is s**3 / 3 with errors of u for s, 3u for z = s**2, u for each product with s and
      with the polynomial, and 1.55u for that (0.5u of 1/3, u of the sum): 2.54 s**3 u; cutting it
      1e-4 u A;
    * r, the low part of s, is at most H |s| + 70u c and enters in two roundings; three sums contain
      it and the series: (4 H |s| + s**3 + 280u c) u; the rest of a centre, 2**-51 (2**-22), in two
      sums, and the last sum, u**2 A.

    In all (13 H |s| + 3.54 |s|**3) u, and 740 u**2 c, where c <= 2A. By the ends of the pieces the
    second term is at most 57.2e-4 A, the first 13 H A, both together 89e-4 A in binary32. This
    function is 60e-4 + 13 H.
    """
    return (60e-4 + 13 * head_error(unit)) * unit


SQRT_ERROR = 64
"""Relative error of ``sqrt_word``, in units of u**2.

Let r be within 4u of the root of w.hi. Then p + e = r**2 is exact, w.hi - p too (Sterbenz), and in
units of u**2 |w| the difference with e has an error of 10, the sum with w.lo one of 11. This
remainder is at most 10u |w|; its product with 1 / (2 r) is wrong by 3u (a reciprocal that is off
by 2u on some hardware, and rounding): 30. What is left out is the square of half the remainder,
25 / 2. The error of the root is (10 + 11 + 30) / 2 + 12.5 = 38.
"""


def angle_tables(x: Array) -> Tables:
    """The constants of the format of x."""
    return FLOAT32 if x.dtype == np.float32 else FLOAT64


def _short(x: Array) -> Array:
    """x with 6 digits less: its products with tangents of centres are exact."""
    bits = lax.bitcast_convert_type(x, format_of(x).bits)
    return lax.bitcast_convert_type((bits + 32) & -64, x.dtype)


def _significand(x: Array) -> Array:
    """|x| divided by a power of two, in [1, 2); 1 for 0 and inf."""
    fmt = format_of(x)
    bits = lax.bitcast_convert_type(x, fmt.bits) & fmt.fraction_mask
    return lax.bitcast_convert_type(bits | (fmt.bias << (fmt.digits - 1)), fmt.dtype)


def _choose(mask: Array, x: DoubleWord, y: DoubleWord) -> DoubleWord:
    return DoubleWord(*(lax.select(mask, a, b) for a, b in zip(x, y)))


def angle_word(y: DoubleWord, x: DoubleWord) -> DoubleWord:
    """Return the angle in [0, pi] of the point (x, y), y >= 0, within ``angle_error``.

    The larger coordinate is between 2**-50 and 2**200 (2**-25 and 2**100 in binary32). Where the
    smaller one is 0, the result is that of exact sums; where it is below 2**-900 (2**-90), there is
    an absolute error besides, that of the smallest normal number. Relative errors of the
    coordinates add up in the result at most.
    """
    zero, tables = constant(y.hi, 0), angle_tables(y.hi)
    left = lax.lt(x.hi, zero)
    x = DoubleWord(lax.abs(x.hi), lax.select(left, -x.lo, x.lo))
    steep = lax.gt(y.hi, x.hi)
    small, large = _choose(steep, x, y), _choose(steep, y, x)
    # The centre of the piece: c, and its angle in two parts.
    c, centre, rest = (constant(y.hi, v) for v in tables.centres[0])
    for split, values in zip(tables.splits, tables.centres[1:], strict=True):
        above = lax.ge(small.hi, large.hi * constant(y.hi, split))
        c = lax.select(above, constant(c, values[0]), c)
        centre = lax.select(above, constant(c, values[1]), centre)
        rest = lax.select(above, constant(c, values[2]), rest)
    small_short, large_short = _short(small.hi), _short(large.hi)
    # Exact: the terms are within a factor of 2 of each other, or the second is 0.
    d = rounded(small.hi - c * large_short)
    d_low = (small.lo - c * large.lo) - c * (large.hi - large_short)
    t, error = fast_two_sum(large.hi, c * small_short)
    t_low = error + (c * (small.hi - small_short) + (large.lo + c * small.lo))
    s = divide_to_head(DoubleWord(d, rounded(d_low)), DoubleWord(*fast_two_sum(t, rounded(t_low))))
    both = s.hi + s.lo
    z = both * both
    low = s.lo - (both * z) * horner(z, tables.coefficients)
    # The angle is that of the axis plus or minus the one found; its leading parts are exact.
    negative = lax.ne(left, steep)
    half_pi, half_pi_rest = (constant(c, part) for part in tables.half_pi)
    axis = lax.select(steep, half_pi, lax.select(left, 2 * half_pi, zero))
    axis_rest = lax.select(steep, half_pi_rest, lax.select(left, 2 * half_pi_rest, zero))
    h, low, centre, rest = (lax.select(negative, -v, v) for v in (s.hi, low, centre, rest))
    h, error = fast_two_sum(rounded(axis + centre), h)
    return DoubleWord(*fast_two_sum(h, rounded(error + ((axis_rest + rest) + low))))


def sqrt_word(w: DoubleWord) -> DoubleWord:
    """Return the square root of w >= 0 within ``SQRT_ERROR`` u**2; 0 of 0."""
    # XLA ends a fused loop at a root or quotient with several users; abs is the only one of these.
    root = lax.abs(lax.sqrt(w.hi))
    p, e = two_prod(root, root)
    remainder = ((w.hi - p) - e) + w.lo
    divisor = lax.max(root, constant(root, format_of(root).tiny))
    reciprocal = lax.abs(constant(root, 0.5) / divisor)
    return DoubleWord(*fast_two_sum(root, rounded(remainder * reciprocal)))


def _cosine_of_asin(x: Array) -> DoubleWord:
    """sqrt(1 - x**2) for |x| <= 1, within (SQRT_ERROR + 2) u**2.

    1 - p, p = fl(x**2), is exact if p >= 1/2; else the sum of its error and that of p, at most 2u,
    has an error of 2u**2, and the square is at least 1/2.
    """
    p, e = two_prod(x, x)
    h, low = fast_two_sum(constant(x, 1), -p)
    return sqrt_word(DoubleWord(*fast_two_sum(h, rounded(low - e))))


def atan_word(x: Array) -> DoubleWord:
    """Return atan(x) within ``angle_error``, x = +-inf included; see ``angle_word`` for tiny x."""
    large = constant(x, 2.0**50 if x.dtype == np.float32 else 2.0**100)
    zero = constant(x, 0)
    # Beyond, what is missing is far below the error.
    size = DoubleWord(lax.min(lax.abs(x), large), zero)
    return _odd(x, angle_word(size, DoubleWord(constant(x, 1), zero)))


def asin_word(x: Array) -> DoubleWord:
    """Return asin(x), |x| <= 1, within ``angle_error``; see ``angle_word`` for tiny x."""
    size = DoubleWord(lax.abs(x), constant(x, 0))
    return _odd(x, angle_word(size, _cosine_of_asin(x)))


def acos_word(x: Array) -> DoubleWord:
    """Return acos(x), |x| <= 1, within ``angle_error``, relatively also next to acos(1) = 0."""
    return angle_word(_cosine_of_asin(x), DoubleWord(x, constant(x, 0)))


def _odd(x: Array, word: DoubleWord) -> DoubleWord:
    negative = lax.lt(x, constant(x, 0))
    return DoubleWord(*(lax.select(negative, -part, part) for part in word))


def angle_value(word: DoubleWord) -> Value:
    """The angle with its error, and 2e-5 u for that of the coordinates and of the product."""
    unit = format_of(word.hi).unit
    zero = lax.full_like(lax.bitcast_convert_type(word.hi, format_of(word.hi).bits), 0)
    return Value(word, word.hi * constant(word.hi, angle_error(unit) + 2e-5 * unit), zero)


def odd_bounds(x: Array, size: Value, side: float, limit: float) -> tuple[Array, Array]:
    """Bounds of f(x), f odd, from its value at |x|: next to 0, f(x) lies beside x.

    Args:
        x: Arguments.
        size: Values of f(|x|), taken where ``limit * sqrt(u) <= |x|``.
        side: 1 if f(x) lies between x and the float beyond it next to 0, -1 for the one before.
        limit: What makes |f(x) - x| < u |x| there.
    """
    absolute, zero = lax.abs(x), constant(x, 0)
    near = lax.lt(absolute, constant(x, limit * format_of(x).unit ** 0.5))
    small = beside(lax.min(absolute, constant(x, 1)), constant(x, side), size.exponent)
    down, up = positive_bounds(*choose(near, small, size))
    negative, root = lax.lt(x, zero), lax.eq(x, zero)
    down, up = lax.select(negative, -up, down), lax.select(negative, -down, up)
    return lax.select(root, zero, down), lax.select(root, zero, up)


def atan_bounds(x: Array) -> tuple[Array, Array]:
    # x - x**3 / 3 < atan(x) < x for x > 0, and 1.5**2 / 3 < 1.
    return odd_bounds(x, angle_value(atan_word(lax.abs(x))), -1.0, 1.5)


def asin_bounds(x: Array) -> tuple[Array, Array]:
    # x < asin(x) < x + x**3 / 5 for x < 1/2, and 2**2 / 5 < 1.
    return odd_bounds(x, angle_value(asin_word(lax.abs(x))), 1.0, 2.0)


def acos_bounds(x: Array) -> tuple[Array, Array]:
    down, up = positive_bounds(*angle_value(acos_word(x)))
    end, zero = lax.eq(x, constant(x, 1)), constant(x, 0)
    return lax.select(end, zero, down), lax.select(end, zero, up)


def acot_bounds(x: Array) -> tuple[Array, Array]:
    """Bounds of the angle of the point (x, 1), +-inf included; see ``direction``."""
    return angle_bounds(constant(x, 1), x)


def angle_bounds(y: Array, x: Array) -> tuple[Array, Array]:
    """Bounds of the angle in [0, pi] of a point: see ``direction``."""
    found, zero = direction(y, x), constant(x, 0)
    value = angle_value(found.word)
    exponent = lax.select(found.ahead, found.exponent, value.exponent)
    down, up = positive_bounds(found.word, value.error, exponent)
    null = found.ahead & found.on_axis
    return lax.select(null, zero, down), lax.select(null, zero, up)


class Direction(NamedTuple):
    """The angle of a point."""

    word: DoubleWord
    """The angle, next to x > 0 divided by ``2**exponent``."""
    exponent: Array
    gap: Array
    """How many binary exponents the smaller coordinate is below the larger."""
    steep: Array
    """Whether the point is closer to the y axis than to the other."""
    left: Array
    """Whether x < 0."""
    on_axis: Array

    @property
    def ahead(self) -> Array:
        """Whether the point is closer to x > 0 than to the other axes."""
        return ~(self.steep | self.left)


def direction(y: Array, x: Array) -> Direction:
    """Return the angle in [0, pi] of the point (x, y), y >= 0, not both 0 or both infinite.

    Both are divided by the power of two of the larger. Next to x > 0 the angle is y / x in all
    digits of a double word, and scaled; next to the other axes it is enough to know the side.
    """
    zero = constant(x, 0)
    width = lax.abs(x)
    steep, left = lax.gt(y, width), lax.lt(x, zero)
    small, large = lax.select(steep, width, y), lax.select(steep, y, width)
    # A point with an infinite coordinate is on that axis.
    on_axis = lax.eq(small, zero) | lax.eq(large, constant(x, np.inf))
    gap = exponent_of(large) - exponent_of(small)
    kept = lax.min(gap, lax.full_like(gap, -negligible_exponent(x)))
    small = _significand(small) * power_of_two(x, -kept)
    small, large = lax.select(on_axis, zero, small), _significand(large)
    height, width = lax.select(steep, large, small), lax.select(steep, small, large)
    word = angle_word(DoubleWord(height, zero), DoubleWord(lax.select(left, -width, width), zero))
    return Direction(word, kept - gap, gap, steep, left, on_axis)
