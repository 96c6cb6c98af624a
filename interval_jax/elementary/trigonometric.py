"""Sine, cosine, tangent and their reciprocals over intervals.

The phase of an argument, the number of extrema (or poles) below it, comes with the reduction of
the argument. So what lies between the two ends of an interval is known exactly, and modulo 4 is
enough: a wider interval contains a whole period.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from interval_jax._decorated import decorable
from interval_jax._doubleword import DoubleWord, constant, divide
from interval_jax._interval import Interval, as_interval
from interval_jax._rounding import format_of
from interval_jax.elementary._extend import _empty_where
from interval_jax.elementary._trigonometric import (
    Reduced,
    cosine,
    reduced,
    series_error,
    sine,
    sine_or_cosine,
)

__all__ = ["cos", "sin", "tan"]

_TURN = 6.3
"""An interval that is wider contains a whole period, one that is not at most three extrema."""


def _magnitude(word: DoubleWord, relative: float) -> tuple[Array, Array, Array]:
    """The bits of the largest float below |word|, and whether that and the next two are needed."""
    fmt = format_of(word.hi)
    negative = lax.lt(word.hi, constant(word.hi, 0))
    low = lax.select(negative, -word.lo, word.lo)
    size = lax.abs(word.hi)
    bits = lax.bitcast_convert_type(size, fmt.bits)
    error = size * constant(size, relative)
    inner = bits - lax.lt(low, error).astype(fmt.bits)
    return inner, lax.lt(lax.abs(low), error), negative


def _phase(quarter: Array, r: Array) -> Array:
    """The number modulo 4 of odd quarters at or below the argument."""
    return ((quarter + lax.ge(r, constant(r, 0)).astype(quarter.dtype)) >> 1) & 3


def _sine_kernel(shift: int) -> Callable[[Array], tuple[Array, Array]]:
    """sin(x + shift pi/2) in one word, so that XLA computes it in one loop, and its phase.

    The word is the float next to the sine towards 0. It is in [-1, 1], so that the first bit of
    its exponent is free: set if the sine may lie beyond the neighbour of this float.
    """

    def kernel(x: Array, reduction: Reduced) -> tuple[Array, Array]:
        fmt = format_of(x)
        quarter, r = reduction.quarter + shift, reduction.r
        odd = lax.ne(quarter & 1, lax.full_like(quarter, 0))
        inner, wide, negative = _magnitude(sine_or_cosine(r, odd), series_error(fmt.unit))
        if shift == 0:
            # x - x**3 / 6 lies between x and the float below it if x**2 <= u.
            near = lax.lt(lax.abs(x), constant(x, fmt.unit**0.5))
            below = lax.bitcast_convert_type(lax.abs(x), fmt.bits) - 1
            inner, wide = lax.select(near, below, inner), wide & ~near
        negative = lax.ne(negative, lax.ne(quarter & 2, lax.full_like(quarter, 0)))
        word_size = 8 * fmt.bits.itemsize
        packed = inner | (wide.astype(fmt.bits) << (word_size - 2))
        return packed | (negative.astype(fmt.bits) << (word_size - 1)), _phase(quarter, r.hi)

    return reduced(kernel)


def _sine(shift: int, smooth: Callable[[Array], Array]) -> Callable[[Interval], Interval]:
    """Return the interval extension of sin(x + shift pi/2)."""
    kernel = _sine_kernel(shift)

    @jax.custom_jvp
    def rule(x: Array) -> tuple[Array, Array, Array]:
        fmt = format_of(x)
        packed, phase = kernel(x)
        word_size = 8 * fmt.bits.itemsize
        inner = packed & (2 ** (word_size - 2) - 1)
        outer = inner + 1 + ((packed >> (word_size - 2)) & 1)
        tiny = lax.full_like(inner, 1 << (fmt.digits - 1))
        a, b = (lax.bitcast_convert_type(part, fmt.dtype) for part in (inner, outer))
        a = lax.select(lax.lt(inner, tiny), constant(x, 0), a)
        b = lax.min(b, constant(x, 1))
        negative = lax.lt(packed, lax.full_like(packed, 0))
        down, up = lax.select(negative, -b, a), lax.select(negative, -a, b)
        zero = lax.eq(x, constant(x, 0))
        exact = constant(x, shift)
        return lax.select(zero, exact, down), lax.select(zero, exact, up), phase

    @rule.defjvp
    def _(primals: tuple[Array], tangents: tuple[Array]) -> tuple:
        down, up, phase = rule(*primals)
        slope = jax.jvp(smooth, primals, tangents)[1]
        return (down, up, phase), (slope, slope, np.zeros(phase.shape, jax.dtypes.float0))

    @jax.jit
    def enclosure(x: Interval) -> Interval:
        down, up, phase = rule(_finite(jnp.stack([x.lo, x.hi])))
        # Extrema are numbered: the odd ones are maxima. Three are a whole period.
        last = phase[1]
        count = (last - phase[0]) & 3
        many = lax.ge(x.hi - x.lo, constant(x.lo, _TURN)) | (count >= 2)
        some, top = count == 1, (last & 1) == 1
        one = constant(x.lo, 1)
        lower = lax.select(many | (some & ~top), -one, lax.min(down[0], down[1]))
        upper = lax.select(many | (some & top), one, lax.max(up[0], up[1]))
        return _empty_where(lax.gt(x.lo, x.hi), lower, upper)

    return enclosure


def _finite(x: Array) -> Array:
    return lax.select(lax.is_finite(x), x, constant(x, 0))


def _tangent_kernel(shift: int) -> Callable[[Array], tuple[Array, Array]]:
    """The upper bound of tan(x + shift pi/2), and its phase."""

    def kernel(x: Array, reduction: Reduced) -> tuple[Array, Array]:
        fmt = format_of(x)
        quarter, r = reduction.quarter + shift, reduction.r
        odd = lax.ne(quarter & 1, lax.full_like(quarter, 0))
        negative = lax.lt(r.hi, constant(r.hi, 0))
        size = DoubleWord(lax.abs(r.hi), lax.select(negative, -r.lo, r.lo))
        s, c = sine(size), cosine(size)
        top, bottom = (
            DoubleWord(*(lax.select(odd, p, q) for p, q in zip(a, b))) for a, b in ((c, s), (s, c))
        )
        error = 2 * series_error(fmt.unit) + 64 * fmt.unit**2
        inner, wide, _ = _magnitude(divide(top, bottom), error)
        negative = lax.ne(negative, odd)
        outer = inner + 1 + wide.astype(fmt.bits)
        if shift == 0:
            # x + x**3 / 3 lies between x and the float above it if x**2 <= u.
            near = lax.lt(lax.abs(x), constant(x, fmt.unit**0.5))
            bits = lax.bitcast_convert_type(lax.abs(x), fmt.bits)
            inner, outer = lax.select(near, bits, inner), lax.select(near, bits + 1, outer)
        inner, outer = (lax.bitcast_convert_type(part, fmt.dtype) for part in (inner, outer))
        return lax.select(negative, -inner, outer), _phase(quarter, r.hi)

    return reduced(kernel)


def _tangent() -> Callable[[Interval], Interval]:
    kernel = _tangent_kernel(0)

    @jax.custom_jvp
    def rule(x: Array) -> tuple[Array, Array]:
        up, phase = kernel(x)
        return lax.select(lax.eq(x, constant(x, 0)), constant(x, 0), up), phase

    @rule.defjvp
    def _(primals: tuple[Array], tangents: tuple[Array]) -> tuple:
        up, phase = rule(*primals)
        slope = jax.jvp(lax.tan, primals, tangents)[1]
        return (up, phase), (slope, np.zeros(phase.shape, jax.dtypes.float0))

    @jax.jit
    def enclosure(x: Interval) -> Interval:
        up, phase = rule(_finite(jnp.stack([-x.lo, x.hi])))
        pole = lax.ge(x.hi - x.lo, constant(x.lo, _TURN))
        pole = pole | lax.ne((phase[0] + phase[1]) & 3, lax.full_like(phase[0], 0))
        inf = constant(x.lo, np.inf)
        lower, upper = lax.select(pole, -inf, -up[0]), lax.select(pole, inf, up[1])
        return _empty_where(lax.gt(x.lo, x.hi), lower, upper)

    return enclosure


_sin_enclosure = _sine(0, lax.sin)
_cos_enclosure = _sine(1, lax.cos)
_tan_enclosure = _tangent()


@decorable()
def sin(x: Any) -> Interval:
    """Return an enclosure of the sine, for arguments of any size (IEEE 1788-2015 section 9.1).

    Args:
        x: Intervals or floats of any shape, float32 or float64.

    Returns:
        Intervals of the same shape and type, within [-1, 1]. Each bound is tightest unless a float
        lies within 2**-61.6 (2**-31.7 in float32) of the exact value, relatively; else one unit
        off. Extrema inside the interval are found exactly, also among huge arguments.

    Special cases: sin(0) = 0 exactly; an interval as wide as a period gives [-1, 1].

    Example:
        >>> import interval_jax as ij
        >>> ij.sin(ij.interval(1.0, 2.0))
        Interval([0.841470956, 1], float32)
    """
    return _sin_enclosure(as_interval(x))


@decorable()
def cos(x: Any) -> Interval:
    """Return an enclosure of the cosine, for arguments of any size (IEEE 1788-2015 section 9.1).

    Args:
        x: Intervals or floats of any shape, float32 or float64.

    Returns:
        Intervals of the same shape and type, within [-1, 1]. Each bound is tightest unless a float
        lies within 2**-61.6 (2**-31.7 in float32) of the exact value, relatively; else one unit
        off. Extrema inside the interval are found exactly, also among huge arguments.

    Special cases: cos(0) = 1 exactly; an interval as wide as a period gives [-1, 1].

    Example:
        >>> import interval_jax as ij
        >>> ij.cos(ij.interval(-0.5, 1.0))
        Interval([0.540302277, 1], float32)
    """
    return _cos_enclosure(as_interval(x))


def _bounded(function: Callable[[Any], Interval]) -> Callable[[Interval], Array]:
    """Whether there is no pole in the interval: no bound of these functions overflows."""

    def statement(x: Interval) -> Array:
        value = function(x)
        return lax.is_finite(value.lo) & lax.is_finite(value.hi)

    return statement


@decorable(defined=_bounded(lambda x: _tan_enclosure(x)))
def tan(x: Any) -> Interval:
    """Return an enclosure of the tangent, for arguments of any size (IEEE 1788-2015 section 9.1).

    Args:
        x: Intervals or floats of any shape, float32 or float64.

    Returns:
        Intervals of the same shape and type. Each bound is tightest unless a float lies within
        2**-60.6 (2**-30.7 in float32) of the exact value, relatively; else one unit off.

    Special cases: tan(0) = 0 exactly; an interval with a pole gives the whole line.

    Example:
        >>> import interval_jax as ij
        >>> ij.tan(ij.interval(0.0, 1.0))
        Interval([0, 1.5574078], float32)
        >>> ij.tan(ij.interval(1.0, 2.0))
        Interval([-inf, inf], float32)
    """
    return _tan_enclosure(as_interval(x))
