"""log|Gamma(x)| at points, with proven errors.

For x >= 1/2 it is, with k such that y = x - k is within [3/2, 5/2],

* ``lgamma(y) + log((x - 1) ... (x - k))`` below 8, or ``lgamma(x + 1) - log(x)`` below 3/2, where
  lgamma(y) is y - 2 times a polynomial: so the zeros at 1 and 2 come out to full precision;
* Stirling's series from 8 on, whose error is below the first term left out (DLMF 5.11(ii)).

Elsewhere it is ``-log|sin(pi x) / pi| - lgamma(1 - x)``, with the sine of the exact distance of x
to the nearest integer. Next to zeros on the negative axis, where the terms cancel, an expansion
from ``tools/zeros.py`` takes its place. Polynomials and the proofs of their errors come from
``tools/lgamma.py``.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
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
    renormalised,
)
from interval_jax._rounding import format_of, rounded, together, two_prod, two_sum
from interval_jax.elementary import _lgamma_tables as tables
from interval_jax.elementary._erf import horner_words, pair
from interval_jax.elementary._log import log_error, log_word
from interval_jax.elementary._value import Value, bounds_of_any, choose, select_above, zero_at
from interval_jax.elementary._zeros import distance, times_slope
from interval_jax.elementary._zeros import table_of as zeros_of

__all__ = ["lgamma_bounds", "table_of"]

_TABLES = {24: tables.FLOAT32, 53: tables.FLOAT64}
_STIRLING_FROM = 8.0


def table_of(dtype: np.dtype) -> tables.LgammaTable:
    """The constants of a format."""
    return _TABLES[format_of(dtype).digits]


def _select(mask: Array, a: DoubleWord, b: DoubleWord) -> DoubleWord:
    return DoubleWord(*(lax.select(mask, p, q) for p, q in zip(a, b)))


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
    logarithm = together(log_word(together(_select(large, x, product))))
    # Below 8.
    near = together(_near_two(together(d)))
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


def _sine(x: Array) -> tuple[DoubleWord, float]:
    """|sin(pi x) / pi| and its relative error, for x that is no integer.

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
    return sine, table.sine_error + (2 * ADD_ERROR + MULTIPLY_ERROR) * unit**2 + 1.7 * edge**2


class _NextToZero(NamedTuple):
    """lgamma(x) next to a zero z < 0, as ``rest - log(1 + s)`` with s = (x - z) / d."""

    inside: Array
    """Whether x is so near that this holds."""
    s: DoubleWord
    rest: DoubleWord
    error: Array
    """That of the rest."""


def _next_to_zero(x: Array) -> _NextToZero:
    """The formula of ``tools/zeros.py``, with d the distance of the zero from the pole next to it.

    The error of s is that of x - z, 1 for 1 / d and MULTIPLY_ERROR, below 14 in units of u**2.
    """
    table = zeros_of(x.dtype)
    # One zero lies between any two multiples of 1/2 from -2 on; beyond the last none is near.
    place = lax.clamp(constant(x, 0), -2 * x - 4, constant(x, len(table.lgamma) - 1))
    place = lax.floor(place).astype(np.int32)

    def of_place(values: tuple[float, ...]) -> Array:
        return jnp.asarray(values, x.dtype).at[place].get(mode="promise_in_bounds")

    at, slope, rest = (
        [of_place(column) for column in zip(*rows, strict=True)]
        for rows in zip(*table.lgamma, strict=True)
    )
    t = distance(x, (at[0], at[1], at[2]))
    t = together(t)
    s = multiply(t, DoubleWord(*(of_place(c) for c in zip(*table.lgamma_inverse, strict=True))))
    size, (first, second) = lax.abs(t.hi), table.lgamma_error
    inside = lax.le(size, constant(x, table.lgamma_radius))
    inside = inside & lax.ge(s.hi, constant(x, -63 / 64)) & lax.le(s.hi, constant(x, 63))
    error = size * (first + size * second)
    return _NextToZero(inside, s, times_slope(t, DoubleWord(*slope), rest), error)


def _reflected(x: Array, mirrored: Value) -> Value:
    """lgamma(x) for x < 0 that is no integer, given lgamma(1 - x).

    log(1 + s) is that of a double word within u**2 (1 + s) for its rounding and 15 u**2 |s|,
    where 1 + s >= 1/64; or, where s is small, s (1 - c) with c = s/2 - s**2/3 + s**3/4, cut at
    s**4/5.
    """
    unit = format_of(x).unit
    sine, sine_error = _sine(x)
    near = _next_to_zero(x)
    s = near.s
    h, e = two_sum(s.hi, constant(x, 1))
    argument = _select(near.inside, renormalised(h, rounded(e + s.lo)), sine)
    logarithm = log_word(together(argument))
    error = lax.abs(logarithm.hi) * log_error(unit)
    of_sum = (2 + lax.abs(s.hi) * 1024) * unit**2
    error = error + lax.select(near.inside, of_sum, constant(x, sine_error))
    small = near.inside & lax.lt(lax.abs(s.hi), constant(x, 2.0**-16))
    c = s.hi * (0.5 - s.hi * (1 / 3 - s.hi * 0.25))
    series = renormalised(s.hi, rounded(s.lo - s.hi * c))
    logarithm = _select(small, series, logarithm)
    relative = 2.0**-66 + 2.0**-14 * unit + 14 * unit**2
    error = lax.select(small, lax.abs(s.hi) * constant(x, relative), error)
    other = _select(near.inside, near.rest, DoubleWord(-mirrored.word.hi, -mirrored.word.lo))
    word = add(DoubleWord(-logarithm.hi, -logarithm.lo), other)
    error = error + lax.select(near.inside, near.error, mirrored.error)
    error = error + (lax.abs(logarithm.hi) + lax.abs(other.hi)) * (1.01 * ADD_ERROR * unit**2)
    return Value(word, error * 1.01, lax.full_like(mirrored.exponent, 0))


def _of_any(x: Array) -> Value:
    """lgamma(x) for x that is no pole."""
    left = lax.lt(x, constant(x, 0.5))
    complement = DoubleWord(*two_sum(constant(x, 1), -x))
    value = _positive(together(_select(left, complement, DoubleWord(x, constant(x, 0)))))
    word, error = together((value.word, value.error))
    value = value._replace(word=word, error=error)
    return choose(left, _reflected(lax.select(left, x, constant(x, 0.5)), value), value)


def _of_positive(x: Array) -> Value:
    return _positive(DoubleWord(x, constant(x, 0)))


def lgamma_bounds(x: Array) -> tuple[Array, Array]:
    """Bounds of log|Gamma(x)|, and infinity at the poles."""
    zero, inf = constant(x, 0), constant(x, np.inf)
    # Arrays without negative numbers, the most frequent ones, are spared more than half the work.
    value = lax.cond(jnp.any(lax.lt(x, constant(x, 0.5))), _of_any, _of_positive, x)
    down, up = bounds_of_any(value)
    for root in (1.0, 2.0):
        down, up = zero_at(x, root, (down, up))
    pole = lax.le(x, zero) & lax.eq(lax.floor(x), x)
    return lax.select(pole, inf, down), lax.select(pole, inf, up)
