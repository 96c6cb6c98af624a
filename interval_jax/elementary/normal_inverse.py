"""The inverses of the error functions and of the normal distribution function.

All are ``y = erfinv(u) = erfcinv(c)``, u + c = 1, for y >= 0, up to sign and scale. A guess y0 by a
polynomial in plain arithmetic is corrected by what the double words erf(y0) or erfc(y0) leave of
u or c. With r = u - erf(y0) = erfc(y0) - c and t = r / erf'(y0), y(t) solves

    y' = exp(y**2 - y0**2),  y(0) = y0,

and has the Taylor series, for a = y0,

    y = a + t + a t**2 + (1 + 4 a**2) t**3 / 3 + (7 a + 12 a**3) t**4 / 6 + R.

The next derivative is exp(5 (y**2 - a**2)) (28 + 368 y**2 + 384 y**4). Let tau = (a + 1) |t| be at
most 2**-8. As long as |y - a| <= 2 |t|, |y**2 - a**2| <= 4 tau, so that |y'| < 1.02 and indeed
|y - a| <= 1.02 |t|; then y**2 - a**2 is below 2.1 tau and |R| <= 3.7 tau**4 |t|. Where tau is
larger, nothing is claimed: the error is infinite. So the bounds do not depend on the guess.
"""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
from jax import Array, lax

from interval_jax._decorated import decorable
from interval_jax._doubleword import (
    MULTIPLY_ERROR,
    DoubleWord,
    constant,
    horner,
    multiply,
    multiply_float,
    power_of_two,
    renormalised,
)
from interval_jax._interval import Interval, as_interval
from interval_jax._rounding import fast_two_sum, format_of, rounded, stored, two_sum
from interval_jax.elementary import _normal_inverse_tables as tables
from interval_jax.elementary._erf import argument, assembled, pair, parts, table_of
from interval_jax.elementary._extend import _empty_where, increasing
from interval_jax.elementary._value import Value, bounds_of_any, choose, zero_at

__all__ = ["erfcinv", "erfinv", "ndtri"]

_TABLES = {24: tables.FLOAT32, 53: tables.FLOAT64}
_MINUTE = 2.0**-16


def _table_of(x: Array) -> tables.InverseTable:
    return _TABLES[format_of(x).digits]


# --- bounds at points -------------------------------------------------------------------


def _guess(u: Array, c: Array) -> Array:
    """erfinv(u) for u = 1 - c, to about 2e-7."""
    table = _table_of(u)
    s = lax.sqrt(-lax.log(lax.min(c, constant(c, 0.5))))
    v = 1 / s
    near = lax.lt(s, constant(s, tables.SPLIT))
    outer = s * lax.select(near, horner(v, table.middle), horner(v, table.tail))
    inner = u * horner(u * u, table.central)
    return lax.select(lax.lt(u, constant(u, tables.CENTRAL_END)), inner, outer)


def _minute(u: Array) -> tuple[DoubleWord, Array]:
    """erfinv(u) 2**64 and its error, for u below 2**-16.

    It is k u (1 + pi u**2 / 12 + 7 pi**2 u**4 / 480 ...), k = sqrt(pi) / 2, and of the second
    term, at most 2**-33.9, 6u are roundings; all other terms are below 0.15 u**4.
    """
    unit = format_of(u).unit
    word = multiply_float(pair(u, _table_of(u).half_sqrt_pi), u * constant(u, 2.0**64))
    word = renormalised(word.hi, rounded(word.lo + word.hi * (u * u * (np.pi / 12))))
    relative = 2.0**-66.7 + 2.0**-31 * unit + (MULTIPLY_ERROR + 4) * unit**2
    return word, word.hi * constant(u, relative)


def _inverse(u: DoubleWord, c: Array) -> Value:
    """erfinv(u) = erfcinv(c) for u = 1 - c >= 0.

    u is exact, and so is c for u >= 1/2: it does not count below, where erfc(y0) can only come in
    by a guess so bad that tau is large. The residual has the error of erf or erfc and, as it
    need not be a difference of close numbers, of three roundings; t has 6 more, the series 4.
    """
    unit = format_of(c).unit
    last = table_of(c.dtype).cuts[-1]
    y = lax.clamp(constant(c, _MINUTE / 2), rounded(_guess(u.hi, c)), constant(c, last))
    y = stored(y)
    w = argument(y, halved=False)
    of_y = parts(w)
    value, derivative = assembled(w, of_y), of_y.exponential
    # The residual, on the scale of exp(-y**2) beyond the first cut.
    k = lax.select(of_y.first, lax.full_like(value.exponent, 0), value.exponent)
    bias = lax.full_like(k, format_of(c).bias)
    scaled = c * power_of_two(c, lax.clamp(-bias + 1, -k, bias))
    outer = rounded(value.word.hi - scaled) + value.word.lo
    inner = rounded(u.hi - value.word.hi) + (u.lo - value.word.lo)
    r = lax.select(of_y.first, inner, outer)
    r_error = value.word.hi * (value.error + 4 * unit**2) + lax.abs(r) * (4 * unit)
    power = lax.select(of_y.first, power_of_two(c, -derivative.exponent), constant(c, 1))
    scale = _table_of(c).half_sqrt_pi[0] / derivative.word.hi * power
    t = rounded(r * scale)
    size = lax.abs(t)
    tau = (y + 1) * size
    series = (1 + 4 * y * y) * (1 / 3) + t * (y * (7 + 12 * y * y) * (1 / 6))
    correction = t + t * (t * (y + t * series))
    proven = lax.lt(tau, constant(c, 2.0**-8))
    correction = lax.select(proven, rounded(correction), constant(c, 0))
    word = DoubleWord(*fast_two_sum(y, correction))
    error = r_error * scale + size * (12 * unit + 4 * (tau * tau) * (tau * tau))
    error = error * constant(c, 1.02)
    error = lax.select(proven, error, constant(c, np.inf))
    result = Value(word, error, lax.full_like(k, 0))
    small = lax.lt(u.hi, constant(c, _MINUTE))
    word, error = _minute(u.hi)
    return choose(small, Value(word, error, lax.full_like(k, -64)), result)


def _signed(negative: Array, value: Value, limit: Array) -> tuple[Array, Array]:
    """Bounds of the value or its opposite; infinite where it is a limit."""
    sign = lax.select(negative, constant(value.error, -1), constant(value.error, 1))
    word = DoubleWord(value.word.hi * sign, value.word.lo * sign)
    down, up = bounds_of_any(value._replace(word=word))
    infinity = sign * np.inf
    return lax.select(limit, infinity, down), lax.select(limit, infinity, up)


def _erfinv(x: Array) -> tuple[Array, Array]:
    size, one, zero = lax.abs(x), constant(x, 1), constant(x, 0)
    limit = lax.ge(size, one)
    size = lax.min(size, constant(x, 1 - format_of(x).unit))
    # The complement is exact from 1/2 on.
    value = _inverse(DoubleWord(size, zero), rounded(one - size))
    return zero_at(x, 0.0, _signed(lax.lt(x, zero), value, limit))


def _of_complement(c: Array) -> Value:
    """erfcinv(c) for 0 <= c <= 1."""
    c = lax.max(c, constant(c, format_of(c).tiny))
    return _inverse(DoubleWord(*two_sum(constant(c, 1), -c)), c)


def _reflected_erfcinv(x: Array) -> tuple[Array, Array]:
    """Bounds of -erfcinv(x), which rises; at 1 it is 0, and 2 - x is exact above."""
    zero, one, two = (constant(x, v) for v in (0, 1, 2))
    c = lax.min(x, two - x)
    value = _of_complement(c)
    return zero_at(x, 1.0, _signed(lax.lt(x, one), value, lax.le(c, zero)))


def _ndtri(x: Array) -> tuple[Array, Array]:
    """Bounds of -sqrt(2) erfcinv(2 x), for x >= 1/2 of sqrt(2) erfcinv(2 (1 - x)), exact there."""
    zero, half, one = (constant(x, v) for v in (0, 0.5, 1))
    unit = format_of(x).unit
    c = lax.min(x, one - x) * 2
    value = _of_complement(c)
    root_half = pair(x, table_of(x.dtype).sqrt_half)
    word = multiply(value.word, DoubleWord(root_half.hi * 2, root_half.lo * 2))
    error = value.error * 1.4143 + word.hi * constant(x, (MULTIPLY_ERROR + 2) * unit**2)
    value = Value(word, error, value.exponent)
    return zero_at(x, 0.5, _signed(lax.lt(x, half), value, lax.le(c, zero)))


# --- functions of intervals -------------------------------------------------------------


@jax.custom_jvp
def _smooth_ndtri(x: Array) -> Array:
    return jax.scipy.special.ndtri(x)


@_smooth_ndtri.defjvp
def _(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    y = _smooth_ndtri(*primals)
    return y, tangents[0] * (2.5066282746310002 * lax.exp(0.5 * y * y))


_erfinv_enclosure = increasing(_erfinv, lax.erf_inv)
_reflected_erfcinv_enclosure = increasing(
    _reflected_erfcinv, lambda x: 0.7071067811865476 * _smooth_ndtri(0.5 * x)
)
_ndtri_enclosure = increasing(_ndtri, _smooth_ndtri)


def _within(x: Interval, low: float, high: float) -> Interval:
    """The part of x in an open interval, with the ends that it approaches."""
    below, above = constant(x.lo, low), constant(x.lo, high)
    outside = lax.ge(x.lo, above) | lax.le(x.hi, below)
    return _empty_where(outside, lax.max(x.lo, below), lax.min(x.hi, above))


def _inside(x: Interval, low: float, high: float) -> Array:
    return lax.gt(x.lo, constant(x.lo, low)) & lax.lt(x.hi, constant(x.hi, high))


@decorable(defined=lambda x: _inside(x, -1, 1))
def erfinv(x: Any) -> Interval:
    """Return an enclosure of the inverse of the error function.

    Args:
        x: Interval, or numbers, of any shape; float32 or float64; members outside (-1, 1) are
            left out.

    Returns:
        Intervals of the same shape and dtype, each bound within 1 ulp of the tightest one and in
        99 of 100 cases equal to it.

    Special cases: erfinv(0) = 0 exactly; unbounded where x reaches -1 or 1, empty where it has no
    member between them.

    Example:
        >>> import interval_jax as ij
        >>> ij.erfinv(ij.interval(0.0, 0.5))
        Interval([0, 0.476936281], float32)
    """
    return _erfinv_enclosure(_within(as_interval(x), -1, 1))


@decorable(defined=lambda x: _inside(x, 0, 2))
def erfcinv(x: Any) -> Interval:
    """Return an enclosure of the inverse of erfc, to full relative accuracy for the least x.

    Args:
        x: Interval, or numbers, of any shape; float32 or float64; members outside (0, 2) are
            left out.

    Returns:
        Intervals of the same shape and dtype, each bound within 1 ulp of the tightest one and in
        99 of 100 cases equal to it.

    Special cases: erfcinv(1) = 0 exactly; unbounded where x reaches 0 or 2, empty where it has no
    member between them.

    Example:
        >>> import interval_jax as ij
        >>> ij.erfcinv(ij.interval(1e-30, 1.0))
        Interval([0, 8.1486168], float32)
    """
    return -_reflected_erfcinv_enclosure(_within(as_interval(x), 0, 2))


@decorable(defined=lambda x: _inside(x, 0, 1))
def ndtri(x: Any) -> Interval:
    """Return an enclosure of the quantile of the normal distribution, the inverse of ndtr.

    Args:
        x: Interval, or numbers, of any shape; float32 or float64; members outside (0, 1) are
            left out.

    Returns:
        Intervals of the same shape and dtype, each bound within 1 ulp of the tightest one and in
        99 of 100 cases equal to it.

    Special cases: ndtri(1/2) = 0 exactly; unbounded where x reaches 0 or 1, empty where it has no
    member between them.

    Example:
        >>> import interval_jax as ij
        >>> ij.ndtri(ij.interval(1e-30, 0.5))
        Interval([-11.4640255, 0], float32)
    """
    return _ndtri_enclosure(_within(as_interval(x), 0, 1))
