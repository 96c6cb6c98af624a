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
from interval_jax._doubleword import constant
from interval_jax._interval import Interval, as_interval
from interval_jax.elementary._extend import _empty_where
from interval_jax.elementary._trigonometric import (
    Reduced,
    cosecant_bounds,
    packed_sine,
    phase_of,
    reduced,
    tangent_above,
    unpacked_sine,
)

__all__ = ["cos", "cot", "csc", "sec", "sin", "tan"]

_PERIOD = 6.3
"""An interval that is as wide contains a whole period, a narrower one at most three extrema."""

Smooth = Callable[[Array], Array]
Enclosure = Callable[[Interval], Interval]


def with_slope(function: Callable[[Array], tuple[Array, ...]], smooth: Smooth) -> Any:
    """Give the bounds that a function returns the derivative of ``smooth``; integers have none."""
    rule = jax.custom_jvp(function)

    @rule.defjvp
    def _(primals: tuple[Array], tangents: tuple[Array]) -> tuple:
        values = rule(*primals)
        slope = jax.jvp(smooth, primals, tangents)[1]
        none = np.zeros(slope.shape, jax.dtypes.float0)
        return values, tuple(slope if v.dtype == slope.dtype else none for v in values)

    return rule


def _finite(x: Array) -> Array:
    return lax.select(lax.is_finite(x), x, constant(x, 0))


def _is(x: Array, value: int) -> Array:
    return lax.eq(x & 3, lax.full_like(x, value))


def _sine(shift: int, smooth: Smooth) -> Enclosure:
    """Return the interval extension of sin(x + shift pi/2)."""

    @reduced
    def kernel(x: Array, reduction: Reduced) -> tuple[Array, Array]:
        phase = phase_of(reduction.quarter + shift, reduction.r.hi)
        return packed_sine(x, reduction, shift), phase

    def bounds(x: Array) -> tuple[Array, Array, Array]:
        packed, phase = kernel(x)
        return *unpacked_sine(packed, x, shift), phase

    return oscillating(with_slope(bounds, smooth), _PERIOD)


def oscillating(rule: Callable[[Array], tuple[Array, ...]], period: float) -> Enclosure:
    """Return the interval extension of a sine of amplitude 1.

    Args:
        rule: Bounds of the function, and the number modulo 4 of extrema below the argument, of
            which the odd ones are maxima.
        period: At most three extrema lie in an interval narrower than this, a whole period in
            any other.
    """

    @jax.jit
    def enclosure(x: Interval) -> Interval:
        down, up, phase = rule(_finite(jnp.stack([x.lo, x.hi])))
        # Two extrema next to each other are one of each kind.
        first, last = phase
        wide, single = lax.ge(x.hi - x.lo, constant(x.lo, period)), _is(last - first, 1)
        many, top = wide | ~(single | _is(last - first, 0)), _is(last, 1) | _is(last, 3)
        one = constant(x.lo, 1)
        lower = lax.select(many | (single & ~top), -one, lax.min(down[0], down[1]))
        upper = lax.select(many | (single & top), one, lax.max(up[0], up[1]))
        return _empty_where(lax.gt(x.lo, x.hi), lower, upper)

    return enclosure


def _tangent(shift: int, smooth: Smooth) -> Enclosure:
    """Return the interval extension of tan(x + shift pi/2)."""

    @reduced
    def kernel(x: Array, reduction: Reduced) -> tuple[Array, Array]:
        phase = phase_of(reduction.quarter + shift, reduction.r.hi)
        return tangent_above(x, reduction, shift), phase

    rule = with_slope(kernel, smooth)

    return between_poles(rule, shift, _PERIOD)


def between_poles(
    rule: Callable[[Array], tuple[Array, ...]], shift: int, period: float
) -> Enclosure:
    """Return the interval extension of an odd function that increases from pole to pole.

    Args:
        rule: The upper bound of the function, at a pole its limit from the left, and the number
            modulo 4 of poles below the argument; one pole is 0 if the shift is 1.
        shift: The sum of these numbers for an argument and its negative.
        period: At most three poles lie in an interval narrower than this, one in any other.
    """

    @jax.jit
    def enclosure(x: Interval) -> Interval:
        # The upper bound at -lo is the negative of the lower bound at lo.
        up, phase = rule(_finite(jnp.stack([-x.lo, x.hi])))
        wide = lax.ge(x.hi - x.lo, constant(x.lo, period))
        pole = wide | ~_is(phase[0] + phase[1], shift)
        inf = constant(x.lo, np.inf)
        lower, upper = lax.select(pole, -inf, -up[0]), lax.select(pole, inf, up[1])
        only_pole = lax.eq(x.lo, x.hi) & lax.eq(up[1], inf)
        return _empty_where(lax.gt(x.lo, x.hi) | only_pole, lower, upper)

    return enclosure


def _cosecant(shift: int, smooth: Smooth) -> Enclosure:
    """Return the interval extension of 1 / sin(x + shift pi/2)."""

    @reduced
    def kernel(x: Array, reduction: Reduced) -> tuple[Array, Array, Array, Array]:
        quarter, r = reduction.quarter + shift, reduction.r.hi
        # The pole at or below the argument: even ones have the positive branch above them.
        pole = (quarter - lax.lt(r, constant(r, 0)).astype(quarter.dtype)) >> 1
        return *cosecant_bounds(x, reduction, shift), phase_of(quarter, r), pole

    rule = with_slope(kernel, smooth)

    @jax.jit
    def enclosure(x: Interval) -> Interval:
        down, up, phase, pole = rule(_finite(jnp.stack([x.lo, x.hi])))
        lower, upper = lax.min(down[0], down[1]), lax.max(up[0], up[1])
        inf, one, zero = (constant(x.lo, v) for v in (np.inf, 1, 0))
        first, last = pole
        empty = lax.gt(x.lo, x.hi)
        if shift == 0:
            # At the pole 0 an end has the limit from within.
            left, right = lax.eq(x.hi, zero), lax.eq(x.lo, zero)
            last = last - left.astype(last.dtype)
            lower = lax.select(left, -inf, lax.select(right, down[1], lower))
            upper = lax.select(right, inf, lax.select(left, up[0], upper))
            empty = empty | (left & right)
        turns, positive = ~_is(phase[1] - phase[0], 0), _is(first, 0) | _is(first, 2)
        lower = lax.select(turns & positive, one, lower)
        upper = lax.select(turns & ~positive, -one, upper)
        broken = lax.ge(x.hi - x.lo, constant(zero, _PERIOD)) | ~_is(last - first, 0)
        lower, upper = lax.select(broken, -inf, lower), lax.select(broken, inf, upper)
        return _empty_where(empty, lower, upper)

    return enclosure


_sin_enclosure = _sine(0, lax.sin)
_cos_enclosure = _sine(1, lax.cos)
_tan_enclosure = _tangent(0, lax.tan)
_minus_cot_enclosure = _tangent(1, lambda x: -1 / lax.tan(x))
_csc_enclosure = _cosecant(0, lambda x: 1 / lax.sin(x))
_sec_enclosure = _cosecant(1, lambda x: 1 / lax.cos(x))


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
        Interval([0.540302276, 1], float32)
    """
    return _cos_enclosure(as_interval(x))


def bounded(function: Callable[[Any], Interval]) -> Callable[[Interval], Array]:
    """Whether there is no pole in the interval: no bound of these functions overflows."""

    def statement(x: Interval) -> Array:
        value = function(x)
        return lax.is_finite(value.lo) & lax.is_finite(value.hi)

    return statement


@decorable(defined=bounded(lambda x: _tan_enclosure(x)))
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
        Interval([0, 1.55740774], float32)
        >>> ij.tan(ij.interval(1.0, 2.0))
        Interval([-inf, inf], float32)
    """
    return _tan_enclosure(as_interval(x))


@decorable(defined=bounded(lambda x: -_minus_cot_enclosure(x)))
def cot(x: Any) -> Interval:
    """Return an enclosure of the cotangent (recommended by IEEE 1788-2015 section 10.5).

    Args:
        x: Intervals or floats of any shape, float32 or float64.

    Returns:
        Intervals of the same shape and type. Each bound is tightest unless a float lies within
        2**-60.6 (2**-30.7 in float32) of the exact value, relatively; else one unit off.

    Special cases: cot([0, b]) is unbounded above, cot([a, 0]) below, cot([0, 0]) is empty; an
    interval with a pole inside gives the whole line.

    Example:
        >>> import interval_jax as ij
        >>> ij.cot(ij.interval(0.0, 1.0))
        Interval([0.642092585, inf], float32)
    """
    return -_minus_cot_enclosure(as_interval(x))


@decorable(defined=bounded(lambda x: _sec_enclosure(x)))
def sec(x: Any) -> Interval:
    """Return an enclosure of the secant, 1 / cos x (recommended by IEEE 1788-2015 section 10.5).

    Args:
        x: Intervals or floats of any shape, float32 or float64.

    Returns:
        Intervals of the same shape and type. Each bound is tightest unless a float lies within
        2**-61.6 (2**-31.7 in float32) of the exact value, relatively; else one unit off.

    Special cases: sec(0) = 1 exactly; an interval with a pole gives the whole line.

    Example:
        >>> import interval_jax as ij
        >>> ij.sec(ij.interval(-1.0, 1.0))
        Interval([1, 1.85081578], float32)
    """
    return _sec_enclosure(as_interval(x))


@decorable(defined=bounded(lambda x: _csc_enclosure(x)))
def csc(x: Any) -> Interval:
    """Return an enclosure of the cosecant, 1 / sin x (recommended by IEEE 1788-2015 section 10.5).

    Args:
        x: Intervals or floats of any shape, float32 or float64.

    Returns:
        Intervals of the same shape and type. Each bound is tightest unless a float lies within
        2**-61.6 (2**-31.7 in float32) of the exact value, relatively; else one unit off.

    Special cases: csc([0, b]), b < pi, is unbounded above, csc([a, 0]) below, csc([0, 0]) is
    empty; an interval with a pole inside gives the whole line.

    Example:
        >>> import interval_jax as ij
        >>> ij.csc(ij.interval(1.0, 2.0))
        Interval([1, 1.18839515], float32)
    """
    return _csc_enclosure(as_interval(x))
