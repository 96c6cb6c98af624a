"""The logarithmic derivative of the gamma function, over intervals of positive numbers.

With y = x for x >= 12 and y = x + 12 below it is ``log(y) - c(y) - s(x)``:

* ``c(y) = 1 / (2 y) + sum of B_2k / (2k y**2k)``, whose error is below the first term left out,
  for y > 0 (DLMF 5.11(ii));
* ``s(x) = sum of 1 / (x + k)`` for k = 0 ... 11, or 0. Terms k and 11 - k together are
  (2x + 11) / (p + k (11 - k)) with p = x (x + 11): six divisions, all of positive numbers.

Next to 0 it is -1/x - gamma + zeta(2) x - ...
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from jax import Array, lax

from interval_jax._constructors import entire
from interval_jax._doubleword import (
    ADD_ERROR,
    DIVIDE_ERROR,
    DoubleWord,
    add,
    add_float,
    constant,
    divide,
    exponent_of,
    horner,
    multiply,
    multiply_float,
    power_of_two,
)
from interval_jax._interval import Interval, _where, as_interval
from interval_jax._rounding import format_of, stored, two_sum
from interval_jax.elementary._extend import increasing
from interval_jax.elementary._log import log_value
from interval_jax.elementary._value import Value, bounds_of_any, choose

__all__ = ["digamma"]

_SHIFT = 12
_EULER_GAMMA = 0.5772156649015329
_TAIL = (
    1 / 120, -1 / 252, 1 / 240, -1 / 132, 691 / 32760, -1 / 12, 3617 / 8160, -43867 / 14364,
    174611 / 6600, -854513 / 3036, 236364091 / 65520,
)  # fmt: skip
"""-B_2k / (2k) for k = 2 ... 12; for k = 13 it is below 5.5e4."""

_LEFT_OUT = 5e-24
"""5.5e4 / 12**26 is 4.8e-24."""


def _small_from(x: Array) -> float:
    """Below this the first terms of the series at 0 are enough."""
    return 2.0**-50 if format_of(x).unit == 2.0**-53 else 2.0**-30


def _far(x: Array) -> float:
    """Beyond this only the logarithm counts."""
    return 2.0**100 if format_of(x).unit == 2.0**-53 else 2.0**48


def _stored(x: DoubleWord) -> DoubleWord:
    return DoubleWord(stored(x.hi), stored(x.lo))


def _negative(x: DoubleWord) -> DoubleWord:
    return DoubleWord(-x.hi, -x.lo)


def _reciprocals(x: Array) -> DoubleWord:
    """s(x) for ``_small_from(x)`` <= x <= 12, a relative error of 110 u**2.

    2x + 11 and x + 11 are exact. In units of u**2, p has MULTIPLY_ERROR, and for all terms being
    positive the rest adds up: ADD_ERROR for p + k (11 - k), DIVIDE_ERROR, 5 ADD_ERROR for the sum
    and MULTIPLY_ERROR for the product, 88 in all, and a factor of 1 + 100 u.
    """
    one = DoubleWord(constant(x, 1), constant(x, 0))
    p = _stored(multiply_float(DoubleWord(*two_sum(x, constant(x, _SHIFT - 1))), x))
    total = divide(one, p)
    for k in range(1, _SHIFT // 2):
        total = add(total, divide(one, add_float(p, constant(x, k * (_SHIFT - 1 - k)))))
    return multiply(total, DoubleWord(*two_sum(2 * x, constant(x, _SHIFT - 1))))


def _correction(y: DoubleWord) -> tuple[DoubleWord, Array]:
    """c(y) for 12 <= y <= ``_far(y)``, and its error.

    In units of u**2: 1 / y has DIVIDE_ERROR, its square twice that and MULTIPLY_ERROR, a twelfth
    of it MULTIPLY_ERROR and 1 more, together 2 DIVIDE_ERROR + 2 MULTIPLY_ERROR + 1 relative to
    y**-2 / 12, which is at most 1/72 of 1 / (2 y): with ADD_ERROR for the sums of positive terms
    that is below 70 of c. The tail, all but the first two terms, is below y**-4 / 120 and has an
    error of 12u of that: u for each product and coefficient, the rest of the polynomial being at
    most 1/300 of its first term.
    """
    unit, zero = format_of(y.hi).unit, constant(y.hi, 0)
    inverse = _stored(divide(DoubleWord(constant(zero, 1), zero), y))
    square = multiply(inverse, inverse)
    high = float(np.asarray(1 / 12, y.hi.dtype))
    low = float(Fraction(1, 12) - Fraction(high))
    twelfth = multiply(square, DoubleWord(constant(zero, high), constant(zero, low)))
    total = add(DoubleWord(inverse.hi * 0.5, inverse.lo * 0.5), twelfth)
    fourth = square.hi * square.hi
    total = add_float(total, -(horner(square.hi, _TAIL) * fourth))
    error = total.hi * (80 * unit**2) + fourth * (12 * unit / 120) + constant(zero, _LEFT_OUT)
    return total, error


def _of_larger(x: Array) -> Value:
    """digamma(x) for x >= ``_small_from(x)``.

    Beyond ``_far`` c(y) is taken there: its inverse is above the difference.
    The sums have errors of ADD_ERROR u**2 of their terms, of which s is the largest.
    """
    unit, zero = format_of(x).unit, constant(x, 0)
    shifted = lax.lt(x, constant(x, _SHIFT))
    y = DoubleWord(*two_sum(x, lax.select(shifted, constant(x, _SHIFT), zero)))
    logarithm = log_value(_stored(y))
    end = constant(x, _far(x))
    far = lax.gt(y.hi, end)
    near = DoubleWord(lax.select(far, end, y.hi), lax.select(far, zero, y.lo))
    c, c_error = _correction(_stored(near))
    s = _reciprocals(lax.select(shifted, x, constant(x, 1)))
    s = DoubleWord(*(lax.select(shifted, part, zero) for part in s))
    value = add(add(logarithm.word, _negative(c)), _negative(s))
    size = lax.abs(logarithm.word.hi) + c.hi + s.hi
    error = logarithm.error + c_error + s.hi * (110 * unit**2)
    error = error + size * (3 * ADD_ERROR * unit**2)
    error = error + lax.select(far, 1 / end, zero)
    return Value(value, error * 1.01, logarithm.exponent)


def _of_small(x: Array) -> Value:
    """digamma(x) for 0 < x <= ``_small_from(x)``: -(1 / m + gamma 2**k) 2**-k for x = m 2**k.

    Relative to 1 / x: the next term is below 1.65 x**2, gamma 2**k with its roundings is wrong
    by 2u gamma 2**k, or by gamma 2**-60 (2**-100) where the power is clipped; the division
    and the sum of positive terms by (DIVIDE_ERROR + ADD_ERROR) u**2.
    """
    fmt, edge = format_of(x), _small_from(x)
    x = lax.clamp(constant(x, fmt.tiny), x, constant(x, edge))
    k = exponent_of(x)
    m = lax.bitcast_convert_type(
        lax.bitcast_convert_type(x, fmt.bits) - (k << (fmt.digits - 1)), fmt.dtype
    )
    one, zero = constant(x, 1), constant(x, 0)
    clipped = -60 if fmt.digits == 24 else -100
    power = power_of_two(x, lax.max(k, lax.full_like(k, clipped)))
    word = add_float(divide(DoubleWord(one, zero), DoubleWord(m, zero)), power * _EULER_GAMMA)
    relative = 1.65 * edge**2 + 2 * fmt.unit * edge + 2.0**clipped
    relative += (DIVIDE_ERROR + ADD_ERROR) * fmt.unit**2
    return Value(_negative(word), word.hi * (1.01 * relative), -k)


def digamma_bounds(x: Array) -> tuple[Array, Array]:
    """Bounds of digamma(x) for x >= 0: -inf at 0, inf at inf."""
    edge = constant(x, _small_from(x))
    finite = lax.clamp(edge, x, constant(x, format_of(x).max))
    value = _of_larger(finite)
    value = value._replace(word=_stored(value.word), error=stored(value.error))
    small = lax.lt(x, edge)
    down, up = bounds_of_any(choose(small, _of_small(x), value))
    up = lax.select(lax.eq(x, constant(x, np.inf)), x, up)
    pole = lax.le(x, constant(x, 0))
    minus_inf = constant(x, -np.inf)
    return lax.select(pole, minus_inf, down), lax.select(pole, minus_inf, up)


def _smooth(x: Array) -> Array:
    return lax.digamma(lax.max(x, constant(x, format_of(x).tiny)))


_of_positive = increasing(digamma_bounds, _smooth, above=0.0)


def digamma(x: Any) -> Interval:
    """Return an enclosure of the derivative of log|gamma(x)|; the whole line where x < 0 may be.

    Args:
        x: Interval, or numbers, of any shape; float32 or float64.

    Returns:
        Intervals of the same shape and dtype, each bound within 1 ulp of the tightest one, except
        around the zero at 1.4616, where it is within 3e-18 (4e-9 in float32) of it.

    Special cases: 0 is left out; empty where x is 0 alone.

    Example:
        >>> from interval_jax.elementary.digamma import digamma
        >>> import interval_jax as ij
        >>> digamma(ij.interval(1.0, 2.0))
        Interval([-0.577215672, 0.422784359], float32)
    """
    x = as_interval(x)
    negative = lax.lt(x.lo, constant(x.lo, 0))
    return _where(negative, entire(x.shape, x.dtype), _of_positive(x))
