"""log|Gamma(x)| at points, with proven errors.

For x >= 1/2 it is, with k such that y = x - k is within [3/2, 5/2],

* ``lgamma(y) + log((x - 1) ... (x - k))`` below 8, or ``lgamma(x + 1) - log(x)`` below 3/2, where
  lgamma(y) is y - 2 times a polynomial: so the zeros at 1 and 2 come out to full precision;
* Stirling's series from 8 on, whose error is below the first term left out (DLMF 5.11(ii)).

Elsewhere it is ``-log|sin(pi x) / pi| - lgamma(1 - x)``, with the sine of the exact distance of x
to the nearest integer. Next to zeros on the negative axis the terms cancel: the error is absolute
there. Polynomials and the proofs of their errors come from ``tools/lgamma.py``.
"""

from __future__ import annotations

import numpy as np
from jax import Array, lax

from interval_jax._doubleword import (
    ADD_ERROR,
    MULTIPLY_ERROR,
    DoubleWord,
    add,
    add_float,
    constant,
    exponent_of,
    horner,
    multiply,
    multiply_float,
)
from interval_jax._rounding import format_of, stored, two_prod, two_sum
from interval_jax.elementary import _lgamma_tables as tables
from interval_jax.elementary._erf import horner_words, pair
from interval_jax.elementary._exp_log import log_error, log_word
from interval_jax.elementary._value import Value, bounds_of_any, choose, select_above, zero_at

__all__ = ["lgamma_bounds", "table_of"]

_TABLES = {24: tables.FLOAT32, 53: tables.FLOAT64}
_STIRLING_FROM = 8.0


def table_of(dtype: np.dtype) -> tables.LgammaTable:
    """The constants of a format."""
    return _TABLES[format_of(dtype).digits]


def _select(mask: Array, a: DoubleWord, b: DoubleWord) -> DoubleWord:
    return DoubleWord(*(lax.select(mask, p, q) for p, q in zip(a, b)))


def _stored(x: DoubleWord) -> DoubleWord:
    return DoubleWord(stored(x.hi), stored(x.lo))


def _near_two(d: DoubleWord) -> DoubleWord:
    """lgamma(2 + d) for |d| <= 1/2, within ``table.error + (MULTIPLY_ERROR + 2 ADD_ERROR) u**2``.

    d and d - centre have errors of ADD_ERROR u**2; of the latter, |d - centre| < 1/7, the
    polynomial has a logarithmic derivative below 1.
    """
    table = table_of(d.hi.dtype)
    splits = (-0.25, 0.0, 0.25)

    def of_piece(values: tuple[float, ...]) -> Array:
        return select_above(d.hi, splits, values)

    t = add_float(d, -of_piece(table.centres))
    high, low = ([of_piece(c) for c in zip(*words)] for words in (table.high, table.low))
    return multiply(horner_words(t, high, low), d)


def _shifted(x: DoubleWord) -> tuple[DoubleWord, DoubleWord, Array]:
    """For 1/2 <= x < 8: x - k - 2, the product or, for k = -1, x itself, and k.

    The sums have errors of ADD_ERROR u**2, the product has k (ADD_ERROR + MULTIPLY_ERROR) u**2.
    """
    hi = lax.clamp(constant(x.hi, 0.5), x.hi, constant(x.hi, _STIRLING_FROM))
    x = DoubleWord(hi, x.lo)
    one = constant(hi, 1)
    k = lax.floor(hi - 0.5) - 1
    below = lax.lt(k, constant(k, 0))
    product = _select(below, x, DoubleWord(one, constant(hi, 0)))
    for j in range(1, 7):
        factor = add_float(x, constant(hi, -j))
        taken = lax.ge(k, constant(k, j))
        product = _select(taken, multiply(product, factor), product)
    return add_float(x, -(k + 2)), product, k


def _significand(x: Array, k: Array) -> Array:
    """x / 2**k."""
    fmt = format_of(x)
    bits = lax.bitcast_convert_type(x, fmt.bits) - (k << (fmt.digits - 1))
    return lax.bitcast_convert_type(bits, fmt.dtype)


def _positive(x: DoubleWord) -> Value:
    """lgamma(x) for x >= 1/2.

    In Stirling's formula (x - 1/2) log(x) - x + log(2 pi) / 2 + s, s <= 1 / (12 x) has 8u of
    roundings and the term left out: below 2.7e-19 (6.5e-12 in binary32) for x >= 8. The three
    larger terms have the error of the logarithm and, in units of u**2 and of the first of them,
    MULTIPLY_ERROR + 2 ADD_ERROR + 4 ADD_ERROR for the sums.

    A huge x is scaled into [1, 2), its result being (log(x) - 1) x but for 2**-64 (2**-34) of it;
    from 2**1015 (2**122) on it overflows.
    """
    fmt, table = format_of(x.hi), table_of(x.hi.dtype)
    unit, one, zero = fmt.unit, constant(x.hi, 1), constant(x.hi, 0)
    x = DoubleWord(lax.min(x.hi, constant(x.hi, 2.0 ** (1015 if fmt.bias == 1023 else 122))), x.lo)
    large = lax.ge(x.hi, constant(x.hi, _STIRLING_FROM))
    huge = lax.ge(x.hi, constant(x.hi, 2.0 ** (70 if fmt.bias == 1023 else 40)))
    d, product, shift = _shifted(x)
    logarithm = _stored(log_word(_stored(_select(large, x, product))))
    # Below 8.
    near = _stored(_near_two(_stored(d)))
    sign = lax.select(lax.lt(shift, zero), -one, one)
    below = add(near, DoubleWord(logarithm.hi * sign, logarithm.lo * sign))
    below_error = lax.abs(near.hi) * (table.error + (MULTIPLY_ERROR + 4 * ADD_ERROR) * unit**2)
    below_error = below_error + lax.abs(logarithm.hi) * (log_error(unit) + ADD_ERROR * unit**2)
    below_error = below_error + lax.max(shift, zero) * ((ADD_ERROR + MULTIPLY_ERROR) * unit**2)
    # Above.
    k = exponent_of(x.hi)
    k = lax.select(huge, k, lax.full_like(k, 0))
    scaled = DoubleWord(_significand(x.hi, k), lax.select(huge, zero, x.lo))
    inverse = one / lax.max(scaled.hi, constant(one, 1))
    s = horner(inverse * inverse, table.stirling) * inverse
    s = lax.select(huge, zero, s)
    factor = add_float(scaled, lax.select(huge, zero, constant(zero, -0.5)))
    first = multiply(factor, logarithm)
    rest = add(DoubleWord(-scaled.hi, -scaled.lo), pair(zero, table.half_log_2pi))
    rest = _select(huge, DoubleWord(-scaled.hi, zero), rest)
    above = add_float(add(first, rest), s)
    operations = (MULTIPLY_ERROR + 8 * ADD_ERROR) * unit**2
    relative = constant(zero, log_error(unit) + operations)
    relative = relative + lax.select(huge, constant(zero, unit * 2.0**-10), zero)
    left_out = 2.7e-19 if fmt.bias == 1023 else 6.5e-12
    above_error = first.hi * relative + s * (8 * unit) + left_out
    return Value(
        _select(large, above, below), lax.select(large, above_error, below_error) * 1.01, k
    )


def _log_sine(x: Array) -> tuple[DoubleWord, Array]:
    """log|sin(pi x) / pi| and its error, for x that is no integer.

    The distance f to the nearest integer is exact. sin(pi f) / (pi f) has, in units of u**2, the
    error of its polynomial, ADD_ERROR for the argument and MULTIPLY_ERROR for the product with f;
    it is 1 within 1.7 f**2.
    """
    unit, table = format_of(x).unit, table_of(x.dtype)
    nearest = lax.round(x, lax.RoundingMethod.TO_NEAREST_EVEN)
    f = lax.max(lax.abs(x - nearest), constant(x, format_of(x).tiny))
    t = add_float(DoubleWord(*two_prod(f, f)), constant(x, -table.sine_centre))
    high, low = ([constant(x, c) for c in words] for words in (table.sine_high, table.sine_low))
    sine = multiply_float(horner_words(t, high, low), f)
    edge = 2.0**-34 if unit == 2.0**-53 else 2.0**-18
    sine = _select(lax.lt(f, constant(x, edge)), DoubleWord(f, constant(x, 0)), sine)
    logarithm = log_word(_stored(sine))
    relative = table.sine_error + (2 * ADD_ERROR + MULTIPLY_ERROR) * unit**2 + 1.7 * edge**2
    return logarithm, lax.abs(logarithm.hi) * log_error(unit) + relative


def lgamma_bounds(x: Array) -> tuple[Array, Array]:
    """Bounds of log|Gamma(x)|, and infinity at the poles."""
    unit, zero, half, inf = format_of(x).unit, *(constant(x, v) for v in (0, 0.5, np.inf))
    reflected = lax.lt(x, half)
    complement = DoubleWord(*two_sum(constant(x, 1), -x))
    value = _positive(_stored(_select(reflected, complement, DoubleWord(x, zero))))
    word, value = _stored(value.word), value._replace(error=stored(value.error))
    sine, sine_error = _log_sine(lax.select(reflected, x, half))
    total = add(DoubleWord(-sine.hi, -sine.lo), DoubleWord(-word.hi, -word.lo))
    error = (
        sine_error
        + value.error
        + (lax.abs(sine.hi) + lax.abs(word.hi)) * (1.01 * ADD_ERROR * unit**2)
    )
    mirrored = Value(total, error * 1.01, lax.full_like(value.exponent, 0))
    down, up = bounds_of_any(choose(reflected, mirrored, value._replace(word=word)))
    for root in (1.0, 2.0):
        down, up = zero_at(x, root, (down, up))
    pole = lax.le(x, zero) & lax.eq(lax.floor(x), x)
    return lax.select(pole, inf, down), lax.select(pole, inf, up)
