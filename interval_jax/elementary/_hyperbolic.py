"""Kernels of the hyperbolic functions, with proven bounds.

They stand on ``exp_word``, and on a series next to 0, where halves of exponentials cancel. Errors
are relative and counted in units of u, the unit roundoff; H is ``head_error``. Bounds hold in both
formats and however XLA contracts sums (see :mod:`interval_jax._doubleword`).
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
    head,
    head_error,
    horner,
    negligible_exponent,
    positive_bounds,
    power_of_two,
)
from interval_jax._rounding import fast_two_sum, format_of, rounded, two_sum
from interval_jax.elementary._exp import exp_error, exp_word, tables_of
from interval_jax.elementary._hyperbolic_tables import FLOAT32, FLOAT64, Tables
from interval_jax.elementary._inverse_trigonometric import odd_bounds
from interval_jax.elementary._value import Value, choose

__all__ = [
    "beside_power",
    "choose_word",
    "cosh_bounds",
    "coth_bounds",
    "csch_bounds",
    "hyperbolic_tables",
    "relative_value",
    "sech_bounds",
    "signed",
    "sinh_bounds",
]

SERIES_END = 0.5
"""Up to here sinh is its series."""

SINH_SERIES_ERROR = 55e-4
"""Error of ``_sinh_series`` in units of u: x + x**3 / 6 + x**5 p(x**2) for x <= 1/2.

In units of u H x**3 / 6, of which the exact leading part leaves 6 H: the sum and the product in the
low part of the square, 2 H of it, 4; its sum with the rest of a head, 3; its product with 1/6, 3,
the product of z with the rest of 1/6, and these two, 3, their sum, 4; products with x, 6, their
sums, 8. In all 31; x**3 / 6 is at most 417e-4 x, so that this is 3.2e-4 u x.

In 1e-4 u x: x**5 p is at most 5.24e-4 x, with errors of 4u for z**2 and its product with x, u for
that with p and 2.05u for p (u of its first coefficient, u of the last sum): 37; cutting it, 1; two
sums contain it and the 6 H of the second term, 5.9e-4 x: 11.8. With the 3.2 above 53 at
x = 1/2, where sinh(x) is 1.042 x; and less where x is smaller.
"""


def hyperbolic_tables(x: Array) -> Tables:
    return FLOAT32 if x.dtype == np.float32 else FLOAT64


def choose_word(mask: Array, x: DoubleWord, y: DoubleWord) -> DoubleWord:
    return DoubleWord(*(lax.select(mask, a, b) for a, b in zip(x, y)))


def relative_value(word: DoubleWord, error: float) -> Value:
    """The Value of a positive word with this relative error in units of u."""
    fmt = format_of(word.hi)
    zero = lax.full_like(lax.bitcast_convert_type(word.hi, fmt.bits), 0)
    return Value(word, word.hi * constant(word.hi, error * fmt.unit), zero)


def _normalised(x: DoubleWord) -> DoubleWord:
    """A head and a rest as a double word."""
    return DoubleWord(*fast_two_sum(x.hi, rounded(x.lo)))


class _Halves(NamedTuple):
    """exp(x) / 2 = rising * 2**exponent and exp(-x) / 2 = falling * 2**exponent, x >= 0."""

    rising: DoubleWord
    falling: DoubleWord
    exponent: Array


def _halves(x: Array) -> _Halves:
    """The first within ``exp_error``; the second 1/4 of its reciprocal within 8 H u.

    Where it is negligible against the first, the second is larger than it should be.
    """
    ln2, rest = (constant(x, part) for part in hyperbolic_tables(x).ln2)
    # Beyond, all overflows, or vanishes.
    x = lax.min(x, constant(x, tables_of(x).exp_range[1] + 1))
    # The argument is that of exp(x) / 2, which does not overflow before sinh(x).
    h, low = two_sum(x, -ln2)
    rising, k = exp_word(DoubleWord(h, rounded(low - rest)))
    falling = divide_to_head(DoubleWord(constant(x, 1), constant(x, 0)), rising)
    scale = power_of_two(x, lax.max(-2 * k - 2, lax.full_like(k, negligible_exponent(x))))
    return _Halves(rising, DoubleWord(falling.hi * scale, falling.lo * scale), k)


def _cosh_error(unit: float) -> float:
    """Relative error of ``_cosh``, that of exp: to its error e, cosh is sensitive by tanh.

    With q = exp(-x) / (2 cosh(x)), that is (1 - 2q) e; the reciprocal adds 8 H u q, the sum of low
    words 3 H u q, together less than 2q e; and sums 16u**2.
    """
    return exp_error(unit) + 16 * unit**2


def _cosh(s: _Halves) -> DoubleWord:
    h, error = two_sum(s.rising.hi, s.falling.hi)
    return DoubleWord(*fast_two_sum(h, rounded(error + (s.rising.lo + s.falling.lo))))


def _sinh_series(x: Array) -> DoubleWord:
    tables = hyperbolic_tables(x)
    sixth, rest = (constant(x, part) for part in tables.sixth)
    a = head(x)
    b = x - a
    square = a * a
    square_head = head(square)
    square_low = (square - square_head) + b * (x + a)
    cube = square_head * sixth
    cube_head = head(cube)
    z = x * x
    cube_low = x * (square_low * sixth + z * rest) + (x * (cube - cube_head) + b * cube_head)
    tail = (x * (z * z)) * horner(z, tables.sinh_coefficients)
    h, error = fast_two_sum(x, a * cube_head)
    return DoubleWord(*fast_two_sum(h, rounded(error + (cube_low + tail))))


def _sinh(x: Array, s: _Halves) -> Value:
    """sinh(x) for x >= 0: its series, or the difference of the halves.

    To the error of exp(x) the difference is sensitive by coth(x), which makes that error one of
    cosh(x); the reciprocal and the sum of low words add 11 H u of the smaller half, and sums at
    most 4u**2 of both.
    """
    unit = format_of(x).unit
    h, error = two_sum(s.rising.hi, -s.falling.hi)
    difference = DoubleWord(*fast_two_sum(h, rounded(error + (s.rising.lo - s.falling.lo))))
    error = (s.rising.hi + s.falling.hi) * constant(x, exp_error(unit) + 8 * unit**2)
    error = error + s.falling.hi * constant(x, 12 * unit * head_error(unit))
    series = relative_value(_sinh_series(lax.min(x, constant(x, SERIES_END))), SINH_SERIES_ERROR)
    small = lax.lt(x, constant(x, SERIES_END))
    return choose(small, series, Value(difference, error * constant(x, 1 + 8 * unit), s.exponent))


def sinh_bounds(x: Array) -> tuple[Array, Array]:
    size = lax.abs(x)
    # x < sinh(x) < x + x**3 / 5 for 0 < x < 1, and 2**2 / 5 < 1.
    return odd_bounds(x, _sinh(size, _halves(size)), 1.0, 2.0)


def _next_to_one(x: Array, word: DoubleWord, error: float, side: float) -> tuple[DoubleWord, Array]:
    """A word and its error, but 1 or beside it for |x| < sqrt(u), where x**2 / 2 < u."""
    unit, zero = format_of(x).unit, constant(x, 0)
    near = lax.lt(lax.abs(x), constant(x, unit**0.5))
    beside = lax.select(lax.eq(x, zero), zero, constant(x, side * unit / 8))
    one = DoubleWord(constant(x, 1), beside)
    return choose_word(near, one, word), lax.select(near, zero, word.hi * constant(x, error))


def cosh_bounds(x: Array) -> tuple[Array, Array]:
    s = _halves(lax.abs(x))
    word, error = _next_to_one(x, _cosh(s), _cosh_error(format_of(x).unit), 1.0)
    near = lax.lt(lax.abs(x), constant(x, format_of(x).unit ** 0.5))
    return positive_bounds(word, error, lax.select(near, lax.full_like(s.exponent, 0), s.exponent))


def sech_bounds(x: Array) -> tuple[Array, Array]:
    unit = format_of(x).unit
    s = _halves(lax.abs(x))
    word = _normalised(divide_to_head(DoubleWord(constant(x, 1), constant(x, 0)), _cosh(s)))
    relative = _cosh_error(unit) + 8 * unit * head_error(unit) + 4 * unit**2
    word, error = _next_to_one(x, word, relative, -1.0)
    near = lax.lt(lax.abs(x), constant(x, unit**0.5))
    down, up = positive_bounds(
        word, error, lax.select(near, lax.full_like(s.exponent, 0), -s.exponent)
    )
    return down, lax.min(up, constant(x, 1))


def _raised(x: Array) -> tuple[Array, Array]:
    """``y, k`` with x = y * 2**k for x >= 0: y is x, or x raised to where x**2 is negligible."""
    exponent = exponent_of(x)
    k = lax.min(exponent - negligible_exponent(x), lax.full_like(exponent, 0))
    return x * power_of_two(x, -k), k


def signed(x: Array, values: tuple[Array, Array]) -> tuple[Array, Array]:
    """Bounds of an odd function from those for |x|."""
    down, up = values
    negative = lax.lt(x, constant(x, 0))
    return lax.select(negative, -up, down), lax.select(negative, -down, up)


def beside_power(
    x: Array, far: Array, word: DoubleWord, error: Array, side: float
) -> tuple[DoubleWord, Array]:
    """The word, but one beside its high word on a known side where x is a power of two.

    Where the mask is set, the function is between 1 / x, there a float, and a neighbour.
    """
    fmt = format_of(x)
    fraction = lax.bitcast_convert_type(x, fmt.bits) & fmt.fraction_mask
    power = far & lax.eq(fraction, lax.full_like(fraction, 0))
    low = lax.select(power, word.hi * constant(x, side * fmt.unit / 4), word.lo)
    return DoubleWord(word.hi, low), lax.select(power, constant(x, 0), error)


def csch_bounds(x: Array) -> tuple[Array, Array]:
    unit = format_of(x).unit
    size, k = _raised(lax.abs(x))
    sinh = _sinh(size, _halves(size))
    one = DoubleWord(constant(x, 1), constant(x, 0))
    word = _normalised(divide_to_head(one, sinh.word))
    error = word.hi * sinh.error + constant(x, 8 * unit * head_error(unit) + 8 * unit**2)
    error = word.hi * error * constant(x, 1 + 16 * unit)
    # 1 / x - x / 6 < csch(x) < 1 / x for 0 < x < 1.
    near = lax.lt(lax.abs(x), constant(x, unit**0.5))
    word, error = beside_power(x, near, word, error, -1.0)
    return signed(x, positive_bounds(word, error, -(sinh.exponent + k)))


def _coth_series_error(unit: float) -> float:
    """Relative error of the quotient of cosh and the series of sinh, for x <= 1/2.

    There tanh(x) < 1/2, so that cosh has half the error of exp and 6 H u; the quotient adds 8 H u.
    """
    parts = SINH_SERIES_ERROR * unit + exp_error(unit) / 2
    return parts + 14 * unit * head_error(unit) + 32 * unit**2


def coth_bounds(x: Array) -> tuple[Array, Array]:
    """Bounds of the quotient q = (h + g) / (h - g) of the halves' sum and difference.

    To the error of h it is sensitive by 2 h g / (h**2 - g**2) = (q - 1 / q) / 2, twice, as g is
    made from h; to those of g, 8 H u, and of its low words, by once that. The quotient of words
    adds 8 H u.
    """
    unit = format_of(x).unit
    size, k = _raised(lax.abs(x))
    s = _halves(size)
    sinh = _sinh(size, s)
    small = lax.lt(size, constant(x, SERIES_END))
    # Below, the cosine's exponent k is -1 or 0; the series has none.
    scale = power_of_two(x, lax.select(small, s.exponent, lax.full_like(s.exponent, 0)))
    cosh = _cosh(s)
    cosh = DoubleWord(cosh.hi * scale, cosh.lo * scale)
    word = _normalised(divide_to_head(cosh, sinh.word))
    square = word.hi * word.hi - constant(x, 1)
    relative = exp_error(unit) + 6 * unit * head_error(unit)
    constant_part = 8 * unit * head_error(unit) + 64 * unit**2
    error = square * constant(x, relative) + word.hi * constant(x, constant_part)
    error = lax.select(small, word.hi * constant(x, _coth_series_error(unit)), error)
    # 1 / x < coth(x) < 1 / x + x / 3 for x > 0.
    near = lax.lt(lax.abs(x), constant(x, unit**0.5))
    word, error = beside_power(x, near, word, error, 1.0)
    nothing = lax.full_like(k, 0)
    down, up = positive_bounds(word, error, lax.select(small, -k, nothing))
    return signed(x, (lax.max(down, constant(x, 1)), up))
