"""Kernels of the hyperbolic functions and their inverses, with proven bounds.

They stand on ``exp_word`` and ``log_word``, and on series next to 0, where those cancel. Errors are
relative and counted in units of u, the unit roundoff; H is ``head_error``. Bounds hold in both
formats and however XLA contracts sums (see :mod:`interval_jax._doubleword`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jax import Array, lax

from interval_jax._doubleword import (
    DoubleWord,
    add_float,
    constant,
    divide,
    divide_to_head,
    exponent_of,
    head,
    head_error,
    horner,
    negligible_exponent,
    positive_bounds,
    power_of_two,
)
from interval_jax._rounding import fast_two_sum, format_of, rounded, two_prod, two_sum
from interval_jax.elementary._exp import exp_error, exp_word, tables_of
from interval_jax.elementary._hyperbolic_tables import FLOAT32, FLOAT64, Tables
from interval_jax.elementary._inverse_trigonometric import odd_bounds, sqrt_word
from interval_jax.elementary._log import log_error, log_word
from interval_jax.elementary._value import Value, choose

__all__ = [
    "acosh_bounds",
    "acoth_bounds",
    "asinh_bounds",
    "atanh_bounds",
    "cosh_bounds",
    "coth_bounds",
    "csch_bounds",
    "sech_bounds",
    "sinh_bounds",
]

SERIES_END = 0.5
"""Up to here sinh is its series."""

INVERSE_SERIES_END = 1 / 16
"""Up to here asinh and atanh are their series; acoth is that of reciprocals up to half of it."""

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

INVERSE_SERIES_ERROR = 60e-4
"""Error of ``_inverse_series`` in units of u: x + x z p(z), z = x**2, for x <= 1/16.

The second term is at most 13.1e-4 x, with errors of u for z, u for each of two products and 1.55u
for p (0.5u of 1/3 or 1/6, u of the sum): 59.6e-4; cutting it 1e-4 u x at most 0.3e-4.
"""


def _tables(x: Array) -> Tables:
    return FLOAT32 if x.dtype == np.float32 else FLOAT64


def _choose(mask: Array, x: DoubleWord, y: DoubleWord) -> DoubleWord:
    return DoubleWord(*(lax.select(mask, a, b) for a, b in zip(x, y)))


def _relative(word: DoubleWord, error: float) -> Value:
    """The Value of a positive word with this relative error in units of u."""
    fmt = format_of(word.hi)
    zero = lax.full_like(lax.bitcast_convert_type(word.hi, fmt.bits), 0)
    return Value(word, word.hi * constant(word.hi, error * fmt.unit), zero)


def _normalised(x: DoubleWord) -> DoubleWord:
    """A head and a rest as a double word."""
    return DoubleWord(*fast_two_sum(x.hi, rounded(x.lo)))


# --- sinh, cosh and their reciprocals -----------------------------------------------------


class _Halves(NamedTuple):
    """exp(x) / 2 = rising * 2**exponent and exp(-x) / 2 = falling * 2**exponent, x >= 0."""

    rising: DoubleWord
    falling: DoubleWord
    exponent: Array


def _halves(x: Array) -> _Halves:
    """The first within ``exp_error``; the second 1/4 of its reciprocal within 8 H u.

    Where it is negligible against the first, the second is larger than it should be.
    """
    ln2, rest = (constant(x, part) for part in _tables(x).ln2)
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
    tables = _tables(x)
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
    series = _relative(_sinh_series(lax.min(x, constant(x, SERIES_END))), SINH_SERIES_ERROR)
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
    return _choose(near, one, word), lax.select(near, zero, word.hi * constant(x, error))


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


def _signed(x: Array, values: tuple[Array, Array]) -> tuple[Array, Array]:
    """Bounds of an odd function from those for |x|."""
    down, up = values
    negative = lax.lt(x, constant(x, 0))
    return lax.select(negative, -up, down), lax.select(negative, -down, up)


def _beside_power(
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
    word, error = _beside_power(x, near, word, error, -1.0)
    return _signed(x, positive_bounds(word, error, -(sinh.exponent + k)))


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
    word, error = _beside_power(x, near, word, error, 1.0)
    nothing = lax.full_like(k, 0)
    down, up = positive_bounds(word, error, lax.select(small, -k, nothing))
    return _signed(x, (lax.max(down, constant(x, 1)), up))


# --- inverse functions --------------------------------------------------------------------


def _inverse_series(x: Array, coefficients: tuple[float, ...]) -> DoubleWord:
    z = x * x
    return DoubleWord(*fast_two_sum(x, rounded((x * z) * horner(z, coefficients))))


def _log_of_sum(x: Array, shift: float) -> DoubleWord:
    """log(x + sqrt(x**2 + shift)) for x >= 0; twice x alone where the shift is negligible.

    The root has an error of SQRT_ERROR + 2 units of u**2, the sum one of 4u**2.
    """
    fmt = format_of(x)
    large = constant(x, 2.0 ** (20 if x.dtype == np.float32 else 40))
    big = lax.gt(x, large)
    kept = lax.min(x, large)
    p, e = two_prod(kept, kept)
    h, low = two_sum(p, constant(x, shift))
    root = sqrt_word(DoubleWord(*fast_two_sum(h, rounded(low + e))))
    total = add_float(root, kept)
    finite = lax.min(x, constant(x, fmt.max))
    log = log_word(_choose(big, DoubleWord(finite, constant(x, 0)), total))
    # Beyond, log(x) is more than ln 2; the sums of low words have errors of 4u**2.
    ln2, rest = (lax.select(big, constant(x, part), constant(x, 0)) for part in _tables(x).ln2)
    h, error = fast_two_sum(log.hi, ln2)
    return DoubleWord(*fast_two_sum(h, rounded(error + (log.lo + rest))))


def asinh_bounds(x: Array) -> tuple[Array, Array]:
    """Bounds of asinh: its series, or the logarithm of a sum at least 1 + 1/16.

    The sum's error, below 75u**2, is one of 1200u**2 in the result at most, below 1e-4 u. Beyond
    2**40 (2**20), log(2x) misses less than 2**-82 (2**-42).
    """
    size, unit = lax.abs(x), format_of(x).unit
    end = constant(x, INVERSE_SERIES_END)
    small = lax.lt(size, end)
    series = _inverse_series(lax.min(size, end), _tables(x).asinh_coefficients)
    log = _relative(_log_of_sum(size, 1.0), log_error(unit) / unit + 1e-4)
    value = choose(small, _relative(series, INVERSE_SERIES_ERROR), log)
    # x - x**3 / 6 < asinh(x) < x for x > 0, and 2**2 / 6 < 1.
    down, up = odd_bounds(x, value, -1.0, 2.0)
    inf = constant(x, np.inf)
    return lax.select(lax.eq(x, -inf), -inf, down), lax.select(lax.eq(x, inf), inf, up)


def acosh_bounds(x: Array) -> tuple[Array, Array]:
    """Bounds of acosh for x >= 1.

    Next to 1 the result is at least 2 sqrt(u) (1 - u), and the sum is 1 and a root whose relative
    error it inherits; the sum's own error of 4u**2 becomes 2 u**1.5.
    """
    unit = format_of(x).unit
    log = _log_of_sum(lax.max(x, constant(x, 1)), -1.0)
    value = _relative(log, (log_error(unit) + 2.1 * unit**1.5 + 80 * unit**2) / unit)
    down, up = positive_bounds(*value)
    one, inf = lax.eq(x, constant(x, 1)), constant(x, np.inf)
    zero = constant(x, 0)
    up = lax.select(lax.eq(x, inf), inf, lax.select(one, zero, up))
    return lax.select(one, zero, down), up


def _half_log(y: DoubleWord, x: DoubleWord) -> DoubleWord:
    """log(y / x) / 2 for y > x > 0."""
    log = log_word(divide(y, x))
    return DoubleWord(log.hi * 0.5, log.lo * 0.5)


def _half_log_error(unit: float) -> float:
    """Its relative error for y / x >= 1 + 1/16, next to that of log: 48u**2 over log(17/16)."""
    return log_error(unit) + 800 * unit**2


def atanh_bounds(x: Array) -> tuple[Array, Array]:
    """Bounds of atanh for |x| <= 1: its series, or log((1 + x) / (1 - x)) / 2."""
    size, unit = lax.abs(x), format_of(x).unit
    end, one = constant(x, INVERSE_SERIES_END), constant(x, 1)
    series = _inverse_series(lax.min(size, end), _tables(x).atanh_coefficients)
    inside = lax.min(size, constant(x, 1 - unit))
    log = _half_log(DoubleWord(*fast_two_sum(one, inside)), DoubleWord(*fast_two_sum(one, -inside)))
    value = choose(
        lax.lt(size, end),
        _relative(series, INVERSE_SERIES_ERROR),
        _relative(log, _half_log_error(unit) / unit),
    )
    # x < atanh(x) < x + x**3 / 2 for 0 < x < 1/2, and 1.4**2 / 2 < 1.
    down, up = odd_bounds(x, value, 1.0, 1.4)
    inf = constant(x, np.inf)
    return lax.select(lax.eq(x, -one), -inf, down), lax.select(lax.eq(x, one), inf, up)


def acoth_bounds(x: Array) -> tuple[Array, Array]:
    """Bounds of acoth for |x| >= 1: the series of 1 / x, or log((x + 1) / (x - 1)) / 2."""
    fmt, zero, one = format_of(x), constant(x, 0), constant(x, 1)
    unit = fmt.unit
    size = lax.clamp(constant(x, 1 + 2 * unit), lax.abs(x), constant(x, fmt.max))
    # Where 1 / x**2 is negligible, the power of two is set aside.
    exponent = exponent_of(size)
    k = lax.max(exponent + negligible_exponent(x), lax.full_like(exponent, 0))
    lowered = size * power_of_two(x, -k)
    end = constant(x, INVERSE_SERIES_END / 2)
    far = lax.ge(size, constant(x, 2 / INVERSE_SERIES_END))
    above, below = DoubleWord(*two_sum(lowered, one)), DoubleWord(*two_sum(lowered, -one))
    quotient = divide(
        _choose(far, DoubleWord(one, zero), above), _choose(far, DoubleWord(lowered, zero), below)
    )
    # Without the low word: 3u for the cube, 3u for products and 1.55u for the polynomial, of at
    # most 3.3e-4 of the quotient, and u for the sum with its low word.
    z = lax.min(quotient.hi, end)
    cube = rounded((z * (z * z)) * horner(z * z, _tables(x).atanh_coefficients))
    series = DoubleWord(*fast_two_sum(quotient.hi, rounded(quotient.lo + cube)))
    log = log_word(quotient)
    log = DoubleWord(log.hi * 0.5, log.lo * 0.5)
    value = choose(
        far,
        _relative(series, 30e-4),
        _relative(log, _half_log_error(unit) / unit),
    )
    # 1 / x < acoth(x) < 1 / x + 1 / (2 x**3) for x > 2.
    distant = lax.gt(lax.abs(x), constant(x, unit**-0.5))
    word, error = _beside_power(x, distant, value.word, value.error, 1.0)
    nothing = lax.full_like(k, 0)
    down, up = _signed(x, positive_bounds(word, error, lax.select(far, -k, nothing)))
    at_infinity = lax.eq(lax.abs(x), constant(x, np.inf))
    down, up = (lax.select(at_infinity, zero, v) for v in (down, up))
    inf = constant(x, np.inf)
    return lax.select(lax.eq(x, -one), -inf, down), lax.select(lax.eq(x, one), inf, up)
