"""The error function and the normal distribution, with their derivatives.

All come from erf, erfc and exp(-z) of positive arguments in :mod:`._erf`, with ``w = |x|`` and
``z = x**2`` for erf and erfc, ``w = |x| / sqrt(2)`` and ``z = x**2 / 2`` for the normal
distribution: z is exact either way. No value is formed by a subtraction that cancels: the tails
are accurate to the last place until they leave the range of the format.

The functions are those of Abramowitz and Stegun, chapters 7 and 26; like all functions on
intervals they are set-based in the sense of IEEE 1788-2015, clause 10.5: empty in, empty out,
and an unbounded argument gives the hull of the limits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from jax import Array, lax

from interval_jax._decorated import decorable
from interval_jax._doubleword import (
    MULTIPLY_ERROR,
    DoubleWord,
    constant,
    multiply,
    positive_bounds,
    power_of_two,
    renormalised,
)
from interval_jax._interval import Interval, as_interval
from interval_jax._rounding import format_of, rounded, two_sum
from interval_jax.elementary._erf import (
    Scaled,
    argument,
    erf_or_erfc,
    exp_of_minus,
    pair,
    table_of,
)
from interval_jax.elementary._extend import Extremum, bell, increasing, turning
from interval_jax.elementary._value import Value

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


# --- bounds at points -------------------------------------------------------------------


def sum_value(a: Array, sign: Array, r: Scaled, factor: int = 0) -> Value:
    """``(a + sign * r) * 2**factor`` for a = 0 (then sign = 1), 1 or 2, where r < 1."""
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
    return Value(renormalised(s, v), error, exponent + factor)


def _bounds_of(r: Scaled) -> Bounds:
    return positive_bounds(r.word, r.word.hi * (r.error * 1.001), r.exponent)


def _mirrored(where: Array, others: Bounds) -> Bounds:
    down, up = others
    return lax.select(where, -up, down), lax.select(where, -down, up)


def _exactly(where: Array, value: float, others: Bounds) -> Bounds:
    exact = constant(others[0], value)
    return lax.select(where, exact, others[0]), lax.select(where, exact, others[1])


def _is_zero(x: Array) -> Array:
    return lax.eq(x, constant(x, 0))


def _erf(x: Array) -> Bounds:
    first, r = erf_or_erfc(argument(x, halved=False))
    zero, one = constant(x, 0), constant(x, 1)
    # erf(|x|) near zero, 1 - erfc(|x|) elsewhere.
    result = positive_bounds(
        *sum_value(lax.select(first, zero, one), lax.select(first, one, -one), r)
    )
    return _exactly(_is_zero(x), 0.0, _mirrored(lax.lt(x, zero), result))


def _reflected_erfc_value(x: Array, halved: bool) -> Value:
    """``erfc(-x)``, or ``erfc(-x / sqrt(2)) / 2`` if halved."""
    first, r = erf_or_erfc(argument(x, halved))
    positive = lax.gt(x, constant(x, 0))
    zero, one, two = (constant(x, c) for c in (0, 1, 2))
    # 1 +- erf(|x|) near zero, 2 - erfc(|x|) or erfc(|x|) elsewhere.
    a = lax.select(first, one, lax.select(positive, two, zero))
    sign = lax.select(lax.eq(first, positive), one, -one)
    return sum_value(a, sign, r, factor=-1 if halved else 0)


def _reflected_erfc(x: Array, halved: bool) -> Bounds:
    result = positive_bounds(*_reflected_erfc_value(x, halved))
    return _exactly(_is_zero(x), 0.5 if halved else 1.0, result)


def ndtr_value(x: Array) -> Value:
    """ndtr(x), which for x = 0 has an error, and below the format the value at some point there."""
    return _reflected_erfc_value(x, halved=True)


def _density(z: DoubleWord, factor: tuple[float, float]) -> Scaled:
    """``exp(-z)`` times a constant."""
    exponential = exp_of_minus(z)
    word = multiply(exponential.word, pair(z.hi, factor))
    # The constant has an error of u**2, the product one of MULTIPLY_ERROR u**2.
    unit = format_of(word.hi).unit
    error = exponential.error + (1 + MULTIPLY_ERROR) * unit**2
    return exponential._replace(word=word, error=error)


def _erf_derivative(x: Array) -> Bounds:
    half = _density(argument(x, halved=False).z, table_of(x.dtype).inverse_sqrt_pi)
    return _bounds_of(half._replace(exponent=half.exponent + 1))


def _norm_pdf(x: Array) -> Bounds:
    return _bounds_of(_density(argument(x, halved=True).z, table_of(x.dtype).inverse_sqrt_2pi))


def _norm_pdf_derivative(x: Array) -> Bounds:
    """Bounds of ``-x norm_pdf(x)``, which is ``-w exp(-z) / sqrt(pi)`` for positive x."""
    w, z, scale = argument(x, halved=True)
    density = _density(z, table_of(x.dtype).inverse_sqrt_pi)
    # The product has an error of MULTIPLY_ERROR u**2 and inherits 9 from w.
    error = density.error + (9 + MULTIPLY_ERROR) * format_of(x).unit ** 2
    result = _bounds_of(Scaled(multiply(density.word, w), density.exponent + scale, error))
    return _exactly(_is_zero(x), 0.0, _mirrored(lax.gt(x, constant(x, 0)), result))


# --- functions of intervals -------------------------------------------------------------


def _smooth(function: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """The function with a derivative of 0 beyond 40, where 0 times infinity would be NaN."""
    return lambda x: function(lax.clamp(constant(x, -40), x, constant(x, 40)))


def _at_one(dtype: np.dtype) -> tuple[Extremum, ...]:
    down, up = table_of(dtype).norm_pdf_of_one
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
_erf_derivative_enclosure = bell(
    _erf_derivative, _smooth(lambda x: _TWO_BY_SQRT_PI * lax.exp(-x * x))
)
_norm_pdf_enclosure = bell(_norm_pdf, _smooth(lambda x: _INVERSE_SQRT_2PI * lax.exp(-0.5 * x * x)))
_norm_pdf_derivative_enclosure = turning(
    _norm_pdf_derivative,
    _smooth(lambda x: -_INVERSE_SQRT_2PI * x * lax.exp(-0.5 * x * x)),
    _at_one,
)


@decorable()
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


@decorable()
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


@decorable()
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


@decorable()
def norm_pdf(x: Any) -> Interval:
    """Return an enclosure of the standard normal density ``exp(-x**2 / 2) / sqrt(2 pi)``.

    Args:
        x: Interval, or numbers, of any shape; float32 or float64.

    Returns:
        Intervals of the same shape and dtype around the range over each x (the maximum is at 0),
        each bound within 1 ulp of the tightest one and in 99 of 100 cases equal to it.

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
        >>> from interval_jax.elementary import erf_derivative
        >>> erf_derivative(ij.interval(-1.0, 100.0))
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
        >>> from interval_jax.elementary import norm_pdf_derivative
        >>> norm_pdf_derivative(ij.interval(-100.0, 0.0))
        Interval([0, 0.241970733], float32)
    """
    return _norm_pdf_derivative_enclosure(as_interval(x))
