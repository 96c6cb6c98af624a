"""Kernels of the inverse hyperbolic functions, with proven bounds.

They stand on ``log_word``, and on series next to 0. Errors are relative and counted in units of u,
the unit roundoff.
"""

from __future__ import annotations

import numpy as np
from jax import Array, lax

from interval_jax._doubleword import (
    DoubleWord,
    add_float,
    constant,
    divide,
    exponent_of,
    horner,
    negligible_exponent,
    positive_bounds,
    power_of_two,
)
from interval_jax._rounding import fast_two_sum, format_of, rounded, two_prod, two_sum
from interval_jax.elementary._hyperbolic import (
    beside_power,
    choose_word,
    hyperbolic_tables,
    relative_value,
    signed,
)
from interval_jax.elementary._inverse_trigonometric import odd_bounds, sqrt_word
from interval_jax.elementary._log import log_error, log_word
from interval_jax.elementary._value import choose

__all__ = ["acosh_bounds", "acoth_bounds", "asinh_bounds", "atanh_bounds"]

INVERSE_SERIES_END = 1 / 16
"""Up to here asinh and atanh are their series; acoth is that of reciprocals up to half of it."""

INVERSE_SERIES_ERROR = 60e-4
"""Error of ``_inverse_series`` in units of u: x + x z p(z), z = x**2, for x <= 1/16.

The second term is at most 13.1e-4 x, with errors of u for z, u for each of two products and 1.55u
for p (0.5u of 1/3 or 1/6, u of the sum): 59.6e-4; cutting it 1e-4 u x at most 0.3e-4.
"""


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
    log = log_word(choose_word(big, DoubleWord(finite, constant(x, 0)), total))
    # Beyond, log(x) is more than ln 2; the sums of low words have errors of 4u**2.
    ln2, rest = (
        lax.select(big, constant(x, part), constant(x, 0)) for part in hyperbolic_tables(x).ln2
    )
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
    series = _inverse_series(lax.min(size, end), hyperbolic_tables(x).asinh_coefficients)
    log = relative_value(_log_of_sum(size, 1.0), log_error(unit) / unit + 1e-4)
    value = choose(small, relative_value(series, INVERSE_SERIES_ERROR), log)
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
    value = relative_value(log, (log_error(unit) + 2.1 * unit**1.5 + 80 * unit**2) / unit)
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
    series = _inverse_series(lax.min(size, end), hyperbolic_tables(x).atanh_coefficients)
    inside = lax.min(size, constant(x, 1 - unit))
    log = _half_log(DoubleWord(*fast_two_sum(one, inside)), DoubleWord(*fast_two_sum(one, -inside)))
    value = choose(
        lax.lt(size, end),
        relative_value(series, INVERSE_SERIES_ERROR),
        relative_value(log, _half_log_error(unit) / unit),
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
        choose_word(far, DoubleWord(one, zero), above),
        choose_word(far, DoubleWord(lowered, zero), below),
    )
    # Without the low word: 3u for the cube, 3u for products and 1.55u for the polynomial, of at
    # most 3.3e-4 of the quotient, and u for the sum with its low word.
    z = lax.min(quotient.hi, end)
    cube = rounded((z * (z * z)) * horner(z * z, hyperbolic_tables(x).atanh_coefficients))
    series = DoubleWord(*fast_two_sum(quotient.hi, rounded(quotient.lo + cube)))
    log = log_word(quotient)
    log = DoubleWord(log.hi * 0.5, log.lo * 0.5)
    value = choose(
        far,
        relative_value(series, 30e-4),
        relative_value(log, _half_log_error(unit) / unit),
    )
    # 1 / x < acoth(x) < 1 / x + 1 / (2 x**3) for x > 2.
    distant = lax.gt(lax.abs(x), constant(x, unit**-0.5))
    word, error = beside_power(x, distant, value.word, value.error, 1.0)
    nothing = lax.full_like(k, 0)
    down, up = signed(x, positive_bounds(word, error, lax.select(far, -k, nothing)))
    at_infinity = lax.eq(lax.abs(x), constant(x, np.inf))
    down, up = (lax.select(at_infinity, zero, v) for v in (down, up))
    inf = constant(x, np.inf)
    return lax.select(lax.eq(x, -one), -inf, down), lax.select(lax.eq(x, one), inf, up)
