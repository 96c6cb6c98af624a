"""The error function and the normal distribution, with their derivatives.

Everything here is a few operations on three positive quantities, kept as double words:

* ``erf(w)`` for w below 3/4, as w times a polynomial in w**2;
* ``erfc(w)`` above, as ``exp(-w**2)`` times a polynomial in ``1 / (w + 2)``;
* ``exp(-z)`` itself, for the densities,

with ``w = |x|`` and ``z = x**2`` for erf and erfc, ``w = |x| / sqrt(2)`` and ``z = x**2 / 2``
for the normal distribution: z is exact either way. The polynomials and the proof of their
errors come from ``tools/normal.py``. No value is formed by a subtraction that cancels: the tails
are accurate to the last place until they leave the range of the format.

The functions are those of Abramowitz and Stegun, chapters 7 and 26; like all functions on
intervals they are set-based in the sense of IEEE 1788-2015, clause 10.5: empty in, empty out,
and an unbounded argument gives the hull of the limits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from jax import Array, lax

from interval_jax._doubleword import (
    MULTIPLY_ERROR,
    DoubleWord,
    add_float,
    bounds,
    constant,
    divide,
    multiply,
    multiply_float,
    power_of_two,
    renormalised,
)
from interval_jax._interval import Interval, as_interval
from interval_jax._rounding import fast_two_sum, format_of, rounded, two_prod, two_sum
from interval_jax.elementary import _erf_tables
from interval_jax.elementary._extend import Extremum, increasing, turning
from interval_jax.elementary.exp_log import EXP_ERROR, _exp

__all__ = [
    "erf",
    "erf_derivative",
    "erfc",
    "ndtr",
    "ndtr_derivative",
    "norm_pdf",
    "norm_pdf_derivative",
]

Bounds = tuple[Array, Array]

_TABLES = {24: _erf_tables.FLOAT32, 53: _erf_tables.FLOAT64}

# All double-word operations on the way to erf or erfc, beyond the polynomial and exp, in units of
# u**2: 1 / (w + 2) has an error of 4 + 48 and inherits 9 from w, and exp(w**2) erfc(w) amplifies
# it by -(w + 2) g'(w) / g(w) < 2.1; centring adds 4 |t P'(t) / P(t)| < 8, the last product 8.
_ARGUMENT_ERROR = 160


class _Scaled(NamedTuple):
    """A number >= 0, ``(hi + lo) * 2**exponent``, with the relative error of its double word."""

    word: DoubleWord
    exponent: Array
    error: Array


class _Argument(NamedTuple):
    """``w * 2**exponent`` and its square z, where the exponent is zero but for minute w."""

    w: DoubleWord
    z: DoubleWord
    exponent: Array


def _table(dtype: np.dtype) -> _erf_tables.ErfTable:
    return _TABLES[format_of(dtype).digits]


def _pair(like: Array, value: tuple[float, float]) -> DoubleWord:
    return DoubleWord(constant(like, value[0]), constant(like, value[1]))


def _argument(x: Array, halved: bool) -> _Argument:
    """``|x|``, or ``|x| / sqrt(2)`` if halved, cut off where erfc and exp are below the format.

    w has a relative error of at most 9 u**2. z is exact, or where a product of the parts of x
    underflows, x is below 2**-38, has an absolute error below 2**-120.
    """
    fmt = format_of(x)
    table = _table(x.dtype)
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
        w = multiply_float(_pair(x, table.sqrt_half), x)
        half = constant(x, 0.5)
        square, square_error = square * half, square_error * half
    exponent = lax.select(minute, lax.full_like(x, -up, fmt.bits), lax.full_like(x, 0, fmt.bits))
    return _Argument(w, DoubleWord(square, square_error), exponent)


# --- kernels ----------------------------------------------------------------------------


def _exp_of_minus(z: DoubleWord) -> _Scaled:
    word, exponent = _exp(DoubleWord(-z.hi, -z.lo))
    return _Scaled(word, exponent, constant(z.hi, EXP_ERROR * format_of(z.hi).unit))


def _polynomial(t: DoubleWord, high: list[Array], low: list[Array]) -> DoubleWord:
    """Horner's rule, in double words for the coefficients that have a low word.

    ``evaluation_error`` in tools/normal.py bounds its rounding errors, step by step.
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


def _erf_or_erfc(x: _Argument) -> tuple[Array, _Scaled]:
    """Return whether w is below the first cut, and erf(w) there, erfc(w) elsewhere."""
    w, fmt = x.w, format_of(x.w.hi)
    table = _table(w.hi.dtype)
    below = [lax.lt(w.hi, constant(w.hi, cut)) for cut in table.cuts[:-1]]
    first = below[0]

    def of_piece(values: tuple[float, ...]) -> Array:
        chosen = constant(w.hi, values[-1])
        for mask, value in zip(reversed(below), reversed(values[:-1])):
            chosen = lax.select(mask, constant(w.hi, value), chosen)
        return chosen

    def either(a: DoubleWord, b: DoubleWord) -> DoubleWord:
        return DoubleWord(lax.select(first, a.hi, b.hi), lax.select(first, a.lo, b.lo))

    y = divide(_pair(w.hi, (1.0, 0.0)), add_float(w, constant(w.hi, 2)))
    t = add_float(either(x.z, y), -of_piece(table.centres))
    high, low = ([of_piece(c) for c in zip(*words)] for words in (table.high, table.low))
    exponential = _exp_of_minus(x.z)
    word = multiply(_polynomial(t, high, low), either(w, exponential.word))
    exponent = lax.select(first, x.exponent, exponential.exponent)
    of_erf, of_erfc = (e + _ARGUMENT_ERROR * fmt.unit**2 for e in table.relative_error)
    error = lax.select(first, constant(w.hi, of_erf), constant(w.hi, of_erfc) + exponential.error)
    return first, _Scaled(word, exponent, error)


def _bounds_of_sum(a: Array, sign: Array, r: _Scaled, factor: int = 0) -> Bounds:
    """Bounds of ``(a + sign * r) * 2**factor`` for a = 0 or 1 <= |a| <= 2, with r < |a|."""
    fmt = format_of(a)
    alone = lax.eq(a, constant(a, 0))
    # An r below 2**k is negligible next to a, and may be replaced by any other: the float on
    # that side is the bound.
    negligible = lax.full_like(r.exponent, -fmt.digits - 8)
    scale = power_of_two(a, lax.max(r.exponent, negligible))
    scale = sign * lax.select(alone, constant(a, 1), scale)
    hi, lo = r.word.hi * scale, r.word.lo * scale
    s, e = two_sum(a, hi)
    # v has the only rounding error, at most u |v|. Nothing is added to the error of a small r,
    # so that a is recognised as a bound.
    v = rounded(e + lo)
    error = lax.abs(hi) * (r.error * 1.001) + lax.abs(v) * (2 * fmt.unit)
    exponent = lax.select(alone, r.exponent, lax.full_like(r.exponent, 0))
    return bounds(renormalised(s, v), error, exponent + factor)


def _bounds_of(r: _Scaled) -> Bounds:
    return bounds(r.word, r.word.hi * (r.error * 1.001), r.exponent)


def _exactly(where: Array, value: float, others: Bounds) -> Bounds:
    exact = constant(others[0], value)
    return lax.select(where, exact, others[0]), lax.select(where, exact, others[1])


def _is_zero(x: Array) -> Array:
    return lax.eq(x, constant(x, 0))


def _erf(x: Array) -> Bounds:
    first, r = _erf_or_erfc(_argument(x, halved=False))
    sign = lax.sign(x)
    a = lax.select(first, constant(x, 0), sign)
    result = _bounds_of_sum(a, lax.select(first, sign, -sign), r)
    return _exactly(_is_zero(x), 0.0, result)


def _reflected_erfc(x: Array, halved: bool) -> Bounds:
    """Bounds of ``erfc(-x)``, or of ``erfc(-x / sqrt(2)) / 2`` if halved."""
    first, r = _erf_or_erfc(_argument(x, halved))
    positive = lax.gt(x, constant(x, 0))
    zero, one, two = (constant(x, c) for c in (0, 1, 2))
    # 1 +- erf(|x|) near zero, 2 - erfc(|x|) or erfc(|x|) elsewhere.
    a = lax.select(first, one, lax.select(positive, two, zero))
    sign = lax.select(lax.eq(first, positive), one, -one)
    result = _bounds_of_sum(a, sign, r, factor=-1 if halved else 0)
    return _exactly(_is_zero(x), 0.5 if halved else 1.0, result)


def _density(argument: _Argument, factor: tuple[float, float]) -> _Scaled:
    """``exp(-z)`` times a constant."""
    exponential = _exp_of_minus(argument.z)
    word = multiply(exponential.word, _pair(argument.w.hi, factor))
    # The constant has an error of u**2, the product one of MULTIPLY_ERROR u**2.
    unit = format_of(word.hi).unit
    error = exponential.error + (1 + MULTIPLY_ERROR) * unit**2
    return exponential._replace(word=word, error=error)


def _erf_derivative(x: Array) -> Bounds:
    half = _density(_argument(x, halved=False), _table(x.dtype).inverse_sqrt_pi)
    return _bounds_of(half._replace(exponent=half.exponent + 1))


def _norm_pdf(x: Array) -> Bounds:
    return _bounds_of(_density(_argument(x, halved=True), _table(x.dtype).inverse_sqrt_2pi))


def _norm_pdf_derivative(x: Array) -> Bounds:
    """Bounds of ``-x norm_pdf(x)``, which is ``-w exp(-z) / sqrt(pi)`` for positive x."""
    argument = _argument(x, halved=True)
    density = _density(argument, _table(x.dtype).inverse_sqrt_pi)
    # The product has an error of MULTIPLY_ERROR u**2 and inherits 9 from w.
    error = density.error + (9 + MULTIPLY_ERROR) * format_of(x).unit ** 2
    exponent = density.exponent + argument.exponent
    down, up = _bounds_of(_Scaled(multiply(density.word, argument.w), exponent, error))
    negative = lax.lt(x, constant(x, 0))
    result = lax.select(negative, down, -up), lax.select(negative, up, -down)
    return _exactly(_is_zero(x), 0.0, result)


# --- functions of intervals -------------------------------------------------------------


def _smooth(function: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """The function with a derivative of 0 beyond 40, where 0 times infinity would be NaN."""
    return lambda x: function(lax.clamp(constant(x, -40), x, constant(x, 40)))


def _at_zero(value: str) -> Callable[[np.dtype], tuple[Extremum, ...]]:
    return lambda dtype: (Extremum((0.0, 0.0), getattr(_table(dtype), value)),)


def _at_one(dtype: np.dtype) -> tuple[Extremum, ...]:
    down, up = _table(dtype).norm_pdf_of_one
    return Extremum((-1.0, -1.0), (down, up)), Extremum((1.0, 1.0), (-up, -down))


_SQRT_HALF = 0.7071067811865476
_INVERSE_SQRT_2PI = 0.3989422804014327
_TWO_BY_SQRT_PI = 1.1283791670955126

_erf_enclosure = increasing(_erf, _smooth(lax.erf))
_reflected_erfc_enclosure = increasing(
    lambda x: _reflected_erfc(x, halved=False), _smooth(lambda x: lax.erfc(-x))
)
_ndtr_enclosure = increasing(
    lambda x: _reflected_erfc(x, halved=True), _smooth(lambda x: 0.5 * lax.erfc(-_SQRT_HALF * x))
)
_erf_derivative_enclosure = turning(
    _erf_derivative,
    _smooth(lambda x: _TWO_BY_SQRT_PI * lax.exp(-x * x)),
    _at_zero("erf_derivative_of_zero"),
)
_norm_pdf_enclosure = turning(
    _norm_pdf,
    _smooth(lambda x: _INVERSE_SQRT_2PI * lax.exp(-0.5 * x * x)),
    _at_zero("norm_pdf_of_zero"),
)
_norm_pdf_derivative_enclosure = turning(
    _norm_pdf_derivative,
    _smooth(lambda x: -_INVERSE_SQRT_2PI * x * lax.exp(-0.5 * x * x)),
    _at_one,
)


def erf(x: Any) -> Interval:
    """Return an enclosure of the error function, ``2/sqrt(pi)`` times the integral of exp(-t**2).

    Args:
        x: Interval, or numbers, of any shape; float32 or float64.

    Returns:
        Intervals of the same shape and dtype, each bound within 1 ulp of the tightest one and in
        99 of 100 cases equal to it; erf(0) = 0 and the bounds -1 and 1 are exact.

    Example:
        >>> import interval_jax as ij
        >>> ij.erf(ij.interval(0.0, 10.0))
        Interval([0, 1], float32)
    """
    return _erf_enclosure(as_interval(x))


def erfc(x: Any) -> Interval:
    """Return an enclosure of ``1 - erf(x)``, to full relative accuracy in the tail.

    Args:
        x: Interval, or numbers, of any shape; float32 or float64.

    Returns:
        Intervals of the same shape and dtype, each bound within 1 ulp of the tightest one and in
        99 of 100 cases equal to it; erfc(0) = 1 and the bounds 0 and 2 are exact.

    Example:
        >>> import interval_jax as ij
        >>> ij.erfc(ij.interval(-10.0, 0.0))
        Interval([1, 2], float32)
    """
    return _reflected_erfc_enclosure(-as_interval(x))


def ndtr(x: Any) -> Interval:
    """Return an enclosure of the standard normal distribution function.

    Args:
        x: Interval, or numbers, of any shape; float32 or float64.

    Returns:
        Intervals of the same shape and dtype, each bound within 1 ulp of the tightest one and in
        99 of 100 cases equal to it, in the lower tail also; ndtr(0) = 1/2 and the bounds 0 and 1
        are exact.

    Example:
        >>> import interval_jax as ij
        >>> ij.ndtr(ij.interval(0.0, 10.0))
        Interval([0.5, 1], float32)
    """
    return _ndtr_enclosure(as_interval(x))


def norm_pdf(x: Any) -> Interval:
    """Return an enclosure of the standard normal density ``exp(-x**2 / 2) / sqrt(2 pi)``.

    Args:
        x: Interval, or numbers, of any shape; float32 or float64.

    Returns:
        Intervals of the same shape and dtype around the range over each x (the maximum is at 0),
        each bound within 1 ulp of the tightest one and in 98 of 100 cases equal to it.

    Example:
        >>> import interval_jax as ij
        >>> ij.norm_pdf(ij.interval(-1.0, 100.0))
        Interval([0, 0.398942292], float32)
    """
    return _norm_pdf_enclosure(as_interval(x))


def erf_derivative(x: Any) -> Interval:
    """Return an enclosure of ``2 / sqrt(pi) exp(-x**2)``, the derivative of erf.

    Args:
        x: Interval, or numbers, of any shape; float32 or float64.

    Returns:
        Intervals of the same shape and dtype around the range over each x (the maximum is at 0),
        each bound within 1 ulp of the tightest one.

    Example:
        >>> import interval_jax as ij
        >>> ij.erf_derivative(ij.interval(-1.0, 100.0))
        Interval([0, 1.12837923], float32)
    """
    return _erf_derivative_enclosure(as_interval(x))


def ndtr_derivative(x: Any) -> Interval:
    """Return an enclosure of the derivative of ndtr, which is :func:`norm_pdf`.

    Args:
        x: Interval, or numbers, of any shape; float32 or float64.

    Returns:
        Intervals of the same shape and dtype, as :func:`norm_pdf`.
    """
    return norm_pdf(x)


def norm_pdf_derivative(x: Any) -> Interval:
    """Return an enclosure of ``-x norm_pdf(x)``, the derivative of norm_pdf.

    Args:
        x: Interval, or numbers, of any shape; float32 or float64.

    Returns:
        Intervals of the same shape and dtype around the range over each x (the maximum is at -1,
        the minimum at 1), each bound within 1 ulp of the tightest one.

    Example:
        >>> import interval_jax as ij
        >>> ij.norm_pdf_derivative(ij.interval(-100.0, 0.0))
        Interval([0, 0.241970733], float32)
    """
    return _norm_pdf_derivative_enclosure(as_interval(x))
