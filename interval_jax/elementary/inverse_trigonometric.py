"""The inverse trigonometric functions, and the angle of a point."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import numpy as np
from jax import Array, lax

from interval_jax._decorated import decorable
from interval_jax._doubleword import constant
from interval_jax._interval import Interval, _operands, as_interval
from interval_jax.elementary._extend import _differentiable, _empty_where, increasing
from interval_jax.elementary._inverse_trigonometric import (
    acos_bounds,
    acot_bounds,
    angle_bounds,
    asin_bounds,
    atan_bounds,
)

__all__ = ["acos", "acot", "asin", "atan", "atan2"]


def _smooth_angle(y: Array, x: Array) -> Array:
    # Constant far away: infinity must not come into derivatives.
    far = constant(x, 2.0**62 if x.dtype == np.float32 else 2.0**510)
    return lax.atan2(lax.min(y, far), lax.clamp(-far, x, far))


_asin_enclosure = increasing(asin_bounds, lax.asin)
_atan_enclosure = increasing(atan_bounds, lax.atan)
# Of the argument with the other sign, these increase too.
_acos_enclosure = increasing(lambda x: acos_bounds(-x), lambda x: lax.acos(-x))
_acot_enclosure = increasing(lambda x: acot_bounds(-x), lambda x: _smooth_angle(constant(x, 1), -x))
_angle_rule: Any = _differentiable(angle_bounds, _smooth_angle)  # type: ignore[arg-type]


def _within(x: Interval, end: float) -> Interval:
    """The intersection with [-end, end]."""
    limit = constant(x.lo, end)
    return Interval(lax.max(x.lo, -limit), lax.min(x.hi, limit))


def _in_domain(x: Interval) -> Array:
    one = constant(x.lo, 1)
    return lax.ge(x.lo, -one) & lax.le(x.hi, one)


@decorable(defined=_in_domain)
def asin(x: Any) -> Interval:
    """Return an enclosure of the inverse sine (IEEE 1788-2015 section 9.1).

    Args:
        x: Intervals or floats of any shape, float32 or float64; members beyond [-1, 1] are left
            out.

    Returns:
        Intervals of the same shape and type. Each bound is tightest unless a float lies within
        2**-60.4 (2**-30.7 in float32) of the exact value, relatively; else one unit off.

    Special cases: asin(0) = 0 exactly; empty where x has no member in [-1, 1].

    Example:
        >>> import interval_jax as ij
        >>> ij.asin(ij.interval(0.0, 1.0))
        Interval([0, 1.57079638], float32)
    """
    return _asin_enclosure(_within(as_interval(x), 1))


@decorable(defined=_in_domain)
def acos(x: Any) -> Interval:
    """Return an enclosure of the inverse cosine, sharp next to 1 (IEEE 1788-2015 section 9.1).

    Args:
        x: Intervals or floats of any shape, float32 or float64; members beyond [-1, 1] are left
            out.

    Returns:
        Intervals of the same shape and type. Each bound is tightest unless a float lies within
        2**-60.4 (2**-30.7 in float32) of the exact value, relatively; else one unit off.

    Special cases: acos(1) = 0 exactly; empty where x has no member in [-1, 1].

    Example:
        >>> import interval_jax as ij
        >>> ij.acos(ij.interval(0.0, 1.0))
        Interval([0, 1.57079638], float32)
    """
    return _acos_enclosure(-_within(as_interval(x), 1))


@decorable()
def atan(x: Any) -> Interval:
    """Return an enclosure of the inverse tangent (IEEE 1788-2015 section 9.1).

    Args:
        x: Intervals or floats of any shape, float32 or float64.

    Returns:
        Intervals of the same shape and type. Each bound is tightest unless a float lies within
        2**-60.4 (2**-30.7 in float32) of the exact value, relatively; else one unit off.

    Special cases: atan(0) = 0 exactly; unbounded intervals have bounds of the limits +-pi/2.

    Example:
        >>> import interval_jax as ij
        >>> ij.atan(ij.interval(0.0, 1.0))
        Interval([0, 0.785398186], float32)
    """
    return _atan_enclosure(as_interval(x))


@decorable()
def acot(x: Any) -> Interval:
    """Return an enclosure of the inverse cotangent pi/2 - atan(x), with values between 0 and pi.

    It is continuous everywhere, unlike atan(1/x), and sharp where x is large.

    Args:
        x: Intervals or floats of any shape, float32 or float64.

    Returns:
        Intervals of the same shape and type. Each bound is tightest unless a float lies within
        2**-60.4 (2**-30.7 in float32) of the exact value, relatively; else one unit off.

    Example:
        >>> import interval_jax as ij
        >>> ij.acot(ij.interval(0.0, 1.0))
        Interval([0.785398125, 1.57079638], float32)
    """
    return _acot_enclosure(-as_interval(x))


def _off_origin(y: Interval, x: Interval) -> Array:
    zero = constant(x.lo, 0)
    return ~(lax.le(x.lo, zero) & lax.ge(x.hi, zero) & lax.le(y.lo, zero) & lax.ge(y.hi, zero))


def _one_side(y: Interval, x: Interval) -> Array:
    zero = constant(x.lo, 0)
    return lax.ge(x.lo, zero) | lax.ge(y.lo, zero) | lax.lt(y.hi, zero)


def _off_cut(y: Interval, x: Interval) -> Array:
    zero = constant(x.lo, 0)
    return lax.ge(x.lo, zero) | lax.gt(y.lo, zero) | lax.lt(y.hi, zero)


def enclosure_of_angles(rule: Any, y: Interval, x: Interval) -> Interval:
    """The hull of the angles of a box, from bounds of an angle in the upper half plane."""
    zero = constant(x.lo, 0)
    # Each bound is the angle of a corner, in the upper half plane after a reflection.
    # Lower bound: the least angle above the axis, or minus the greatest below it.
    above = lax.ge(y.lo, zero)
    ahead = lax.gt(x.hi, zero)
    left = lax.lt(x.lo, zero)
    flat = lax.eq(y.hi, zero)
    # Above the axis, at the right; y = 0 with x = 0 is no point, but with x < 0 it may be.
    right_x = lax.select(lax.eq(x.hi, zero) & flat, x.lo, x.hi)
    right_y = lax.select(ahead, y.lo, y.hi)
    # Below it, at the left: on the cut if it is touched, where -pi is the limit.
    below_y = lax.select(left, lax.max(-y.hi, zero), -y.lo)
    down, up = rule(lax.select(above, right_y, below_y), lax.select(above, right_x, x.lo))
    lower = lax.select(above, down, -up)
    # Upper bound: minus the least angle below the axis, or the greatest above it.
    below = lax.lt(y.hi, zero) | (flat & lax.lt(y.lo, zero) & lax.eq(x.hi, zero) & ~left)
    right_y = lax.select(ahead, -y.hi, -y.lo)
    above_y = lax.select(left, lax.max(y.lo, zero), y.hi)
    left_x = lax.select(flat & ~left, x.hi, x.lo)
    down, up = rule(lax.select(below, right_y, above_y), lax.select(below, x.hi, left_x))
    upper = lax.select(below, -down, up)
    origin = lax.eq(x.lo, zero) & lax.eq(x.hi, zero) & lax.eq(y.lo, zero) & flat
    return _empty_where(lax.gt(x.lo, x.hi) | lax.gt(y.lo, y.hi) | origin, lower, upper)


_atan2_enclosure = jax.jit(partial(enclosure_of_angles, _angle_rule))


@decorable(defined=_off_origin, continuous=_one_side, common=_off_cut)
def atan2(y: Any, x: Any) -> Interval:
    """Return an enclosure of the angle of the points (x, y) (IEEE 1788-2015 section 9.1).

    Args:
        y: Second coordinates: intervals or floats of any shape, float32 or float64.
        x: First coordinates, broadcast against y.

    Returns:
        Intervals of the common shape and type, between -pi and pi. Each bound is tightest unless a
        float lies within 2**-60.4 (2**-30.7 in float32) of the exact value, relatively; else one
        unit off.

    Special cases: the origin, where there is no angle, is left out; boxes with points on the
    negative x axis, where the angle is pi, and below it give the whole range.

    Example:
        >>> import interval_jax as ij
        >>> ij.atan2(ij.interval(0.0, 1.0), ij.interval(-1.0, 1.0))
        Interval([0, 3.14159275], float32)
    """
    return _atan2_enclosure(*_operands(y, x))
