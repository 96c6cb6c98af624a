"""Inverse trigonometric functions whose angles are multiples of pi.

Quarters of the half turn are exact: besides them no angle that is a rational multiple of pi has a
rational tangent, and besides them, 1/6, 1/3 and so on none a rational sine (Niven).
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import numpy as np
from jax import Array, lax

from interval_jax._decorated import decorable
from interval_jax._doubleword import DoubleWord, constant, multiply, positive_bounds
from interval_jax._interval import Interval, _operands, as_interval
from interval_jax._rounding import format_of
from interval_jax.elementary._extend import _differentiable, increasing
from interval_jax.elementary._inverse_trigonometric import (
    acos_word,
    angle_tables,
    angle_value,
    asin_word,
    atan_word,
    direction,
)
from interval_jax.elementary._value import Value
from interval_jax.elementary.inverse_trigonometric import (
    _in_domain,
    _off_cut,
    _off_origin,
    _one_side,
    _smooth_angle,
    _within,
    enclosure_of_angles,
)

__all__ = ["acospi", "asinpi", "atan2pi", "atanpi"]


def _over_pi(angle: DoubleWord) -> Value:
    """angle / pi, with the error of an angle, where 2e-5 u is also for this product, 9 u**2."""
    inverse = (constant(angle.hi, part) for part in angle_tables(angle.hi).inverse_pi)
    return angle_value(multiply(angle, DoubleWord(*inverse)))


def _where(mask: Array, hi: Array, lo: Array, value: Value) -> Value:
    """The value, but hi + lo without an error where the mask holds."""
    word = DoubleWord(lax.select(mask, hi, value.word.hi), lax.select(mask, lo, value.word.lo))
    return Value(word, lax.select(mask, constant(hi, 0), value.error), value.exponent)


def _odd_bounds(x: Array, angle: DoubleWord, quarters: dict[float, float]) -> tuple[Array, Array]:
    """Bounds of f(x) / pi, f odd, from the angle f(|x|) and where that is a part of pi.

    Next to 0 f(x) = x + O(x**3 / 3) is x, below 2**-40, for all that the error has to spare.
    """
    size, zero = lax.abs(x), constant(x, 0)
    shift = 64 if x.dtype == np.float32 else 128
    near = lax.lt(size, constant(x, 2.0**-40))
    hi = lax.select(near, size * constant(x, 2.0**shift), angle.hi)
    word, error, none = _over_pi(DoubleWord(hi, lax.select(near, zero, angle.lo)))
    value = Value(word, error, lax.select(near, lax.full_like(none, -shift), none))
    for at, part in quarters.items():
        value = _where(lax.eq(size, constant(x, at)), constant(x, part), zero, value)
    down, up = positive_bounds(*value)
    # Where it is closest to the limit the side is certain.
    up = lax.min(up, constant(x, 0.5))
    negative, root = lax.lt(x, zero), lax.eq(x, zero)
    down, up = lax.select(negative, -up, down), lax.select(negative, -down, up)
    return lax.select(root, zero, down), lax.select(root, zero, up)


def _asinpi_bounds(x: Array) -> tuple[Array, Array]:
    return _odd_bounds(x, asin_word(lax.abs(x)), {1.0: 0.5})


def _atanpi_bounds(x: Array) -> tuple[Array, Array]:
    return _odd_bounds(x, atan_word(lax.abs(x)), {1.0: 0.25, np.inf: 0.5})


def _acospi_bounds(x: Array) -> tuple[Array, Array]:
    value = _over_pi(acos_word(x))
    zero, one = constant(x, 0), constant(x, 1)
    # Next to 0 the angle is on the other side of pi/2, and before the next float.
    middle = lax.lt(lax.abs(x), constant(x, format_of(x).unit / 4))
    value = _where(middle, constant(x, 0.5), -x, value)
    value = _where(lax.eq(x, -one), one, zero, value)
    down, up = positive_bounds(*value)
    null = lax.eq(x, one)
    return lax.select(null, zero, down), lax.select(null, zero, up)


def _angle_bounds(y: Array, x: Array) -> tuple[Array, Array]:
    """Bounds of the angle in [0, pi] of the point (x, y), over pi: see ``direction``.

    Between axes and diagonals the angle is a float only on them, and the float next to one is off
    by at least u / (2 pi). Next to an axis other than x > 0, closer than a float to it, it is
    enough to know the side.
    """
    fmt, zero = format_of(x), constant(x, 0)
    found = direction(y, x)
    value = _over_pi(found.word)
    # Two digits smaller than an angle next to x > 0: where that vanishes, bits do not overflow.
    exponent = lax.select(found.ahead, found.exponent, value.exponent)
    value = Value(value.word, value.error, exponent)
    gap = constant(found.gap, fmt.digits + 3)
    axis = lax.select(found.steep, constant(x, 0.5), constant(x, 1))
    side = constant(x, fmt.unit / 8)
    side = lax.select(found.steep & found.left, side, -side)
    side = lax.select(found.on_axis, zero, side)
    beside = (found.on_axis | lax.ge(found.gap, gap)) & ~found.ahead
    value = _where(beside, axis, side, value)
    diagonal = lax.eq(lax.abs(x), y) & ~found.on_axis
    part = lax.select(found.left, constant(x, 0.75), constant(x, 0.25))
    value = _where(diagonal, part, zero, value)
    down, up = positive_bounds(*value)
    null = found.ahead & found.on_axis
    return lax.select(null, zero, down), lax.select(null, zero, up)


_INVERSE_PI = float(1 / np.pi)


def _smooth(function: Any) -> Any:
    return lambda *args: function(*args) * _INVERSE_PI


_asinpi_enclosure = increasing(_asinpi_bounds, _smooth(lax.asin))
_atanpi_enclosure = increasing(_atanpi_bounds, _smooth(lax.atan))
# Of the argument with the other sign, this increases too.
_acospi_enclosure = increasing(lambda x: _acospi_bounds(-x), _smooth(lambda x: lax.acos(-x)))
_angle_rule: Any = _differentiable(_angle_bounds, _smooth(_smooth_angle))  # type: ignore[arg-type]
_atan2pi_enclosure = jax.jit(partial(enclosure_of_angles, _angle_rule))


@decorable(defined=_in_domain)
def asinpi(x: Any) -> Interval:
    """Return an enclosure of asin(x) / pi (recommended by IEEE 1788-2015 section 10.6.1).

    Args:
        x: Intervals or floats of any shape, float32 or float64; members beyond [-1, 1] are left
            out.

    Returns:
        Intervals of the same shape and type, within [-1/2, 1/2]. Each bound is tightest unless a
        float lies within 2**-60.4 (2**-30.7 in float32) of the exact value, relatively; else one
        unit off.

    Special cases: exact at -1, 0 and 1; empty where x has no member in [-1, 1].

    Example:
        >>> import interval_jax as ij
        >>> ij.asinpi(ij.interval(0.5, 1.0))
        Interval([0.166666656, 0.5], float32)
    """
    return _asinpi_enclosure(_within(as_interval(x), 1))


@decorable(defined=_in_domain)
def acospi(x: Any) -> Interval:
    """Return an enclosure of acos(x) / pi (recommended by IEEE 1788-2015 section 10.6.1).

    Args:
        x: Intervals or floats of any shape, float32 or float64; members beyond [-1, 1] are left
            out.

    Returns:
        Intervals of the same shape and type, within [0, 1]. Each bound is tightest unless a float
        lies within 2**-60.4 (2**-30.7 in float32) of the exact value, relatively; else one unit
        off.

    Special cases: exact at -1, 0 and 1; empty where x has no member in [-1, 1].

    Example:
        >>> import interval_jax as ij
        >>> ij.acospi(ij.interval(-1.0, 0.5))
        Interval([0.333333313, 1], float32)
    """
    return _acospi_enclosure(-_within(as_interval(x), 1))


@decorable()
def atanpi(x: Any) -> Interval:
    """Return an enclosure of atan(x) / pi (recommended by IEEE 1788-2015 section 10.6.1).

    Args:
        x: Intervals or floats of any shape, float32 or float64.

    Returns:
        Intervals of the same shape and type, within [-1/2, 1/2]. Each bound is tightest unless a
        float lies within 2**-60.4 (2**-30.7 in float32) of the exact value, relatively; else one
        unit off.

    Special cases: exact at -1, 0 and 1; unbounded intervals have the bounds +-1/2.

    Example:
        >>> import interval_jax as ij
        >>> ij.atanpi(ij.interval(1.0, 2.0))
        Interval([0.25, 0.352416397], float32)
    """
    return _atanpi_enclosure(as_interval(x))


@decorable(defined=_off_origin, continuous=_one_side, common=_off_cut)
def atan2pi(y: Any, x: Any) -> Interval:
    """Return an enclosure of atan2(y, x) / pi (recommended by IEEE 1788-2015 section 10.6.1).

    Args:
        y: Second coordinates: intervals or floats of any shape, float32 or float64.
        x: First coordinates, broadcast against y.

    Returns:
        Intervals of the common shape and type, within [-1, 1]. Each bound is tightest unless a
        float lies within 2**-60.4 (2**-30.7 in float32) of the exact value, relatively; else one
        unit off.

    Special cases: exact on the axes and diagonals; the origin, where there is no angle, is left
    out; boxes with points on the negative x axis, where the angle is pi, and below it give the
    whole range.

    Example:
        >>> import interval_jax as ij
        >>> ij.atan2pi(ij.interval(1.0, 1.0), ij.interval(-1.0, 1.0))
        Interval([0.25, 0.75], float32)
    """
    return _atan2pi_enclosure(*_operands(y, x))
