"""erf(w), erfc(w) and exp(-w**2) for w >= 0, as double words with proven relative errors.

* ``erf(w)`` for w below 3/4 is w times a polynomial in w**2;
* ``erfc(w)`` above is ``exp(-w**2)`` times a polynomial in ``1 / (w + 2)``.

The polynomials and the proof of their errors come from ``tools/normal.py``; the rest of the
error is counted here, in units of u**2, the square of the unit roundoff.
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
    multiply,
    multiply_float,
    renormalised,
)
from interval_jax._rounding import fast_two_sum, format_of, rounded, two_prod
from interval_jax.elementary import _erf_tables
from interval_jax.elementary._exp import exp_error, exp_word

__all__ = [
    "Argument",
    "Parts",
    "Scaled",
    "argument",
    "assembled",
    "erf_or_erfc",
    "exp_of_minus",
    "horner_words",
    "pair",
    "parts",
    "table_of",
]

_TABLES = {24: _erf_tables.FLOAT32, 53: _erf_tables.FLOAT64}

# All double-word operations on the way to erf or erfc, beyond the polynomial and exp, in units of
# u**2: 1 / (w + 2) has an error of 4 + 48 and inherits 9 from w, and exp(w**2) erfc(w) amplifies
# it by -(w + 2) g'(w) / g(w) < 2.1; centring adds 4 |t P'(t) / P(t)| < 8, the last product 8.
_ARGUMENT_ERROR = 160


class Scaled(NamedTuple):
    """A number >= 0, ``(hi + lo) * 2**exponent``, with the relative error of its double word."""

    word: DoubleWord
    exponent: Array
    error: Array


class Argument(NamedTuple):
    """``w * 2**exponent`` and its square z, where the exponent is zero but for minute w."""

    w: DoubleWord
    z: DoubleWord
    exponent: Array


def table_of(dtype: np.dtype) -> _erf_tables.ErfTable:
    return _TABLES[format_of(dtype).digits]


def pair(like: Array, value: tuple[float, float]) -> DoubleWord:
    return DoubleWord(constant(like, value[0]), constant(like, value[1]))


def argument(x: Array, halved: bool) -> Argument:
    """``|x|``, or ``|x| / sqrt(2)`` if halved, cut off where erfc and exp are below the format.

    w has a relative error of at most 9 u**2. z is exact, or where a product of the parts of x
    underflows, x is below 2**-38, has an absolute error below 2**-120.
    """
    fmt = format_of(x)
    table = table_of(x.dtype)
    # Beyond the last cut erfc and both exponentials are below tiny, like their values there.
    last = table.cuts[-1] * (1.41 if halved else 1.0)
    x = lax.min(lax.abs(x), constant(x, last))
    square, square_error = two_prod(x, x)
    # Minute arguments are scaled so that no error of a product with them underflows, but stay
    # below the first cut.
    up = (fmt.bias - 1) // 2
    minute = lax.lt(x, constant(x, 2.0**-up / 2))
    x = lax.select(minute, x * constant(x, 2.0**up), x)
    w = DoubleWord(x, constant(x, 0))
    if halved:
        w = multiply_float(pair(x, table.sqrt_half), x)
        half = constant(x, 0.5)
        square, square_error = square * half, square_error * half
    exponent = lax.select(minute, lax.full_like(x, -up, fmt.bits), lax.full_like(x, 0, fmt.bits))
    return Argument(w, DoubleWord(square, square_error), exponent)


def exp_of_minus(z: DoubleWord) -> Scaled:
    word, exponent = exp_word(DoubleWord(-z.hi, -z.lo))
    return Scaled(word, exponent, constant(z.hi, exp_error(format_of(z.hi).unit)))


def horner_words(t: DoubleWord, high: list[Array], low: list[Array]) -> DoubleWord:
    """Horner's rule, in double words for the coefficients that have a low word.

    ``rounding_error`` in tools/horner.py bounds its rounding errors, step by step.
    """
    value = high[-1]
    for c in high[-2 : len(low) - 1 : -1]:
        value = value * t.hi + c
    hi, lo = value, constant(value, 0)
    for c_hi, c_lo in zip(high[len(low) - 1 :: -1], low[::-1]):
        p, e = two_prod(t.hi, hi)
        q = e + (rounded(t.hi * lo) + t.lo * hi)
        hi, f = fast_two_sum(c_hi, p)
        lo = f + (q + c_lo)
    return renormalised(hi, lo)


class Parts(NamedTuple):
    """What erf(w) and erfc(w) are made of."""

    first: Array
    """Whether w is below the first cut."""
    polynomial: Scaled
    """erf(w) / w there, exp(w**2) erfc(w) elsewhere; its exponent is 0."""
    exponential: Scaled
    """exp(-w**2)."""


def parts(x: Argument) -> Parts:
    """Return erf(w) or erfc(w) without the factor w or exp(-w**2)."""
    w, fmt = x.w, format_of(x.w.hi)
    table = table_of(w.hi.dtype)
    below = [lax.lt(w.hi, constant(w.hi, cut)) for cut in table.cuts[:-1]]
    first = below[0]

    def of_piece(values: tuple[float, ...]) -> Array:
        chosen = constant(w.hi, values[-1])
        for mask, value in zip(reversed(below), reversed(values[:-1])):
            chosen = lax.select(mask, constant(w.hi, value), chosen)
        return chosen

    y = divide(pair(w.hi, (1.0, 0.0)), add_float(w, constant(w.hi, 2)))
    t = add_float(_either(first, x.z, y), -of_piece(table.centres))
    high, low = ([of_piece(c) for c in zip(*words)] for words in (table.high, table.low))
    of_erf, of_erfc = (e + _ARGUMENT_ERROR * fmt.unit**2 for e in table.relative_error)
    error = lax.select(first, constant(w.hi, of_erf), constant(w.hi, of_erfc))
    polynomial = Scaled(horner_words(t, high, low), lax.full_like(x.exponent, 0), error)
    return Parts(first, polynomial, exp_of_minus(x.z))


def _either(mask: Array, a: DoubleWord, b: DoubleWord) -> DoubleWord:
    return DoubleWord(lax.select(mask, a.hi, b.hi), lax.select(mask, a.lo, b.lo))


def erf_or_erfc(x: Argument) -> tuple[Array, Scaled]:
    """Return whether w is below the first cut, and erf(w) there, erfc(w) elsewhere."""
    of_x = parts(x)
    return of_x.first, assembled(x, of_x)


def assembled(x: Argument, of_x: Parts) -> Scaled:
    """Return erf(w) below the first cut, erfc(w) elsewhere."""
    first, polynomial, exponential = of_x
    word = multiply(polynomial.word, _either(first, x.w, exponential.word))
    exponent = lax.select(first, x.exponent, exponential.exponent)
    rest = lax.select(first, constant(word.hi, 0), exponential.error)
    return Scaled(word, exponent, polynomial.error + rest)
