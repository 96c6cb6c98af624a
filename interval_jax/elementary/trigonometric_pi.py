"""Sine, cosine and tangent of multiples of pi.

The reduction of the argument is exact: x = n/2 + f, |f| <= 1/4. So extrema, poles and zeros are
floats, and the functions have exact values there, as the tangent has at multiples of 1/4; nowhere
else are their values rational (Niven).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jax import Array, lax

from interval_jax._decorated import decorable
from interval_jax._doubleword import DoubleWord, constant, divide, multiply_float
from interval_jax._interval import Interval, as_interval
from interval_jax._rounding import format_of, together
from interval_jax.elementary._trigonometric import (
    absolute,
    cosine,
    is_odd,
    neighbours,
    phase_of,
    scale_of,
    series_error,
    sine,
    sine_or_cosine,
    tables_of,
)
from interval_jax.elementary.trigonometric import between_poles, bounded, oscillating, with_slope

__all__ = ["cospi", "sinpi", "tanpi"]


def _reduced(x: Array) -> tuple[Array, Array]:
    """``n, f`` with x = n/2 + f, |f| <= 1/4, n modulo 8; all exact."""
    quarter = x * constant(x, 0.25)
    turn = (quarter - lax.round(quarter, lax.RoundingMethod.TO_NEAREST_EVEN)) * constant(x, 4)
    # Divided by 4, tiny numbers underflow.
    turn = lax.select(lax.le(lax.abs(x), constant(x, 0.25)), x, turn)
    n = lax.round(turn * constant(x, 2), lax.RoundingMethod.TO_NEAREST_EVEN)
    return n.astype(format_of(x).bits) & 7, turn - n * constant(x, 0.5)


def _times_pi(f: Array) -> DoubleWord:
    return multiply_float(DoubleWord(*(constant(f, part) for part in tables_of(f).pi)), f)


def _next_to_zero(x: Array, word: DoubleWord) -> tuple[DoubleWord, Array]:
    """pi |x|, scaled, instead of its sine or tangent for tiny x, and what to take from its bits.

    What is left out is pi**2 / 3 x**2 < 4 u**2, relatively.
    """
    scale, added = scale_of(x)
    small = _times_pi(lax.abs(x) * scale)
    near = lax.ne(added, lax.full_like(added, 0))
    return DoubleWord(*(lax.select(near, p, q) for p, q in zip(small, word))), added


def _to_floats(inner: Array, outer: Array, x: Array) -> tuple[Array, Array]:
    """Bits, which may lie below those of the smallest normal number, as floats of the format."""
    fmt = format_of(x)
    tiny = lax.full_like(inner, 1 << (fmt.digits - 1))
    a, b = (lax.bitcast_convert_type(part, fmt.dtype) for part in (inner, outer))
    a = lax.select(lax.lt(inner, tiny), constant(x, 0), a)
    return a, lax.select(lax.lt(outer, tiny), constant(x, fmt.tiny), b)


def _sine_bounds(x: Array, shift: int) -> tuple[Array, Array, Array]:
    """Bounds of sin(pi (x + shift / 2)), and its phase."""
    fmt = format_of(x)
    n, f = _reduced(x)
    n = n + shift
    odd = is_odd(n)
    size, negative = absolute(sine_or_cosine(_times_pi(f), odd))
    added = lax.full_like(n, 0)
    if shift == 0:
        size, added = _next_to_zero(x, size)
        negative = lax.select(lax.ne(added, lax.full_like(n, 0)), lax.lt(x, 0 * x), negative)
    inner, wide = neighbours(size, series_error(fmt.unit))
    a, b = _to_floats(inner - added, inner + 1 + wide.astype(fmt.bits) - added, x)
    b = lax.min(b, constant(x, 1))
    exact, value = lax.eq(f, constant(x, 0)), odd.astype(x.dtype)
    a, b = lax.select(exact, value, a), lax.select(exact, value, b)
    # Without the sign of a zero.
    negative = lax.ne(negative, is_odd(n >> 1)) & ~(exact & ~odd)
    down, up = lax.select(negative, -b, a), lax.select(negative, -a, b)
    return *together((down, up)), phase_of(n, f)


def _tangent_above(x: Array) -> tuple[Array, Array]:
    """The upper bound of tan(pi x), at a pole its limit from the left, and its phase."""
    fmt = format_of(x)
    n, f = _reduced(x)
    odd, negative = is_odd(n), lax.lt(f, constant(x, 0))
    r = _times_pi(lax.abs(f))
    s, added = _next_to_zero(x, sine(r))
    c = cosine(r)
    top, bottom = (
        DoubleWord(*(lax.select(odd, p, q) for p, q in zip(a, b))) for a, b in ((c, s), (s, c))
    )
    inner, wide = neighbours(divide(top, bottom), 2 * series_error(fmt.unit) + 64 * fmt.unit**2)
    inner, outer = _to_floats(inner - added, inner + 1 + wide.astype(fmt.bits) - added, x)
    up = lax.select(lax.ne(negative, odd), -inner, outer)
    zero, one = constant(x, 0), constant(x, 1)
    quarter = lax.eq(lax.abs(f), constant(x, 0.25))
    up = lax.select(quarter, lax.select(lax.ne(negative, odd), -one, one), up)
    at_zero = lax.select(odd, constant(x, np.inf), zero)
    return lax.select(lax.eq(f, zero), at_zero, up), phase_of(n, f)


def _smooth(function: Any) -> Any:
    def of_multiple(x: Array) -> Array:
        turn = lax.stop_gradient(2 * lax.round(x / 2, lax.RoundingMethod.TO_NEAREST_EVEN))
        return function((x - turn) * np.pi)

    return of_multiple


_sinpi_enclosure = oscillating(with_slope(lambda x: _sine_bounds(x, 0), _smooth(lax.sin)), 2.0)
_cospi_enclosure = oscillating(with_slope(lambda x: _sine_bounds(x, 1), _smooth(lax.cos)), 2.0)
_tanpi_enclosure = between_poles(with_slope(_tangent_above, _smooth(lax.tan)), 0, 2.0)


@decorable()
def sinpi(x: Any) -> Interval:
    """Return an enclosure of sin(pi x) (recommended by IEEE 1788-2015 section 10.5).

    Args:
        x: Intervals or floats of any shape, float32 or float64.

    Returns:
        Intervals of the same shape and type, within [-1, 1]. Each bound is tightest unless a float
        lies within 2**-61.6 (2**-31.7 in float32) of the exact value, relatively; else one unit
        off.

    Special cases: exact at multiples of 1/2.

    Example:
        >>> import interval_jax as ij
        >>> ij.sinpi(ij.interval(-1.0, 0.25))
        Interval([-1, 0.707106829], float32)
    """
    return _sinpi_enclosure(as_interval(x))


@decorable()
def cospi(x: Any) -> Interval:
    """Return an enclosure of cos(pi x) (recommended by IEEE 1788-2015 section 10.5).

    Args:
        x: Intervals or floats of any shape, float32 or float64.

    Returns:
        Intervals of the same shape and type, within [-1, 1]. Each bound is tightest unless a float
        lies within 2**-61.6 (2**-31.7 in float32) of the exact value, relatively; else one unit
        off.

    Special cases: exact at multiples of 1/2.

    Example:
        >>> import interval_jax as ij
        >>> ij.cospi(ij.interval(0.0, 0.5))
        Interval([0, 1], float32)
    """
    return _cospi_enclosure(as_interval(x))


@decorable(defined=bounded(lambda x: _tanpi_enclosure(x)))
def tanpi(x: Any) -> Interval:
    """Return an enclosure of tan(pi x) (recommended by IEEE 1788-2015 section 10.5).

    Args:
        x: Intervals or floats of any shape, float32 or float64; odd multiples of 1/2 are left out.

    Returns:
        Intervals of the same shape and type. Each bound is tightest unless a float lies within
        2**-60.6 (2**-30.7 in float32) of the exact value, relatively; else one unit off.

    Special cases: exact at multiples of 1/4; a pole at an end leaves the limit from within, a pole
    inside the whole line, [1/2, 1/2] nothing.

    Example:
        >>> import interval_jax as ij
        >>> ij.tanpi(ij.interval(-0.25, 0.5))
        Interval([-1, inf], float32)
    """
    return _tanpi_enclosure(as_interval(x))
