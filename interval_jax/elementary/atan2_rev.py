"""Reverse functions of atan2: the coordinates of points in given directions.

The plane is cut into open parts on which one coordinate is the other one times a monotone
function of the angle, and the axes between them. Each part is cut with the interval to look in
before the hull is taken.
"""

from __future__ import annotations

import functools
from typing import Any

import jax
import numpy as np
from jax import Array, lax

from interval_jax._decorated import decorable
from interval_jax._doubleword import constant
from interval_jax._interval import Interval, _like, _operands, _where, mul
from interval_jax.elementary.trigonometric import cot, tan
from interval_jax.set_ops import convex_hull, intersection

__all__ = ["atan2_rev1", "atan2_rev2"]


def _point(x: Array) -> Interval:
    return Interval(x, x)


def _has_zero(x: Interval) -> Array:
    zero = constant(x.lo, 0)
    return lax.le(x.lo, zero) & lax.ge(x.hi, zero)


class _Angles:
    """Where intervals of angles lie relative to multiples of pi / 2, decided exactly."""

    def __init__(self, c: Interval) -> None:
        self.c = c

    def _inner(self, quarters: int) -> Array:
        """The float next to a multiple of pi / 2 on the side of 0."""
        dtype = self.c.lo.dtype.type
        exact = quarters * np.pi / 2  # a float64, nearer to 0 than the number itself
        near = dtype(exact)
        # Compared as float64: a float32 would make one of the other number.
        inside = abs(float(near)) <= abs(exact)
        return constant(self.c.lo, near if inside else np.nextafter(near, dtype(0)))

    def begin_before(self, quarters: int) -> Array:
        """Whether c has members below that multiple."""
        inner = self._inner(quarters)
        return lax.le(self.c.lo, inner) if quarters > 0 else lax.lt(self.c.lo, inner)

    def end_after(self, quarters: int) -> Array:
        """Whether c has members above it."""
        inner = self._inner(quarters)
        return lax.gt(self.c.hi, inner) if quarters > 0 else lax.ge(self.c.hi, inner)

    def contain(self, quarters: int) -> Array:
        """Whether it is a member of c."""
        return self.begin_before(quarters) & self.end_after(quarters)


def _hull(parts: list[tuple[Array, Interval]], x: Interval) -> Interval:
    """The hull of what the parts that are there have in common with x."""
    nothing = _like(x, np.inf, -np.inf)
    kept = (intersection(_where(there, part, nothing), x) for there, part in parts)
    return functools.reduce(convex_hull, kept)


@jax.jit
def _second_coordinate(b: Interval, c: Interval, x: Interval) -> Interval:
    zero, inf = constant(x.lo, 0), constant(x.lo, np.inf)
    up, down = _like(x, 0, np.inf), _like(x, -np.inf, 0)
    first, last = tan(_point(c.lo)).lo, tan(_point(c.hi)).hi
    angles = _Angles(c)
    before, after = angles.begin_before, angles.end_after
    # Tangents on the right, where the first coordinate is positive, and on the left above and
    # below the axis.
    slopes = Interval(lax.select(before(-1), -inf, first), lax.select(after(1), inf, last))
    above = Interval(lax.select(before(1), -inf, first), lax.select(after(2), zero, last))
    below = Interval(lax.select(before(-2), zero, first), lax.select(after(-1), inf, last))
    right, left = lax.gt(b.hi, zero), lax.lt(b.lo, zero)
    on_axis = _has_zero(b)
    parts = [
        (right & before(1) & after(-1), mul(intersection(b, up), slopes)),
        (left & before(2) & after(1), mul(intersection(b, down), above)),
        (left & before(-1) & after(-2), mul(intersection(b, down), below)),
        (on_axis & angles.contain(1), up),
        (on_axis & angles.contain(-1), down),
    ]
    return _hull(parts, x)


@jax.jit
def _first_coordinate(a: Interval, c: Interval, x: Interval) -> Interval:
    zero, inf = constant(x.lo, 0), constant(x.lo, np.inf)
    right, left = _like(x, 0, np.inf), _like(x, -np.inf, 0)

    def half_plane(a: Interval, c: Interval) -> tuple[Array, Interval]:
        """The part above the axis: there the cotangent falls from inf to -inf."""
        angles = _Angles(c)
        first, last = cot(_point(c.lo)).hi, cot(_point(c.hi)).lo
        slopes = Interval(
            lax.select(angles.end_after(2), -inf, last),
            lax.select(lax.le(c.lo, zero), inf, first),
        )
        there = lax.gt(a.hi, zero) & angles.begin_before(2) & lax.gt(c.hi, zero)
        return there, mul(intersection(a, right), slopes)

    on_axis = _has_zero(a)
    parts = [
        half_plane(a, c),
        half_plane(-a, -c),
        (on_axis & _has_zero(c), right),
        (on_axis & _Angles(c).contain(2), left),
    ]
    return _hull(parts, x)


@decorable(defined=False)
def atan2_rev1(b: Any, c: Any, x: Any = None) -> Interval:
    """Return an enclosure of the t in x with ``atan2(t, s)`` in ``c`` for an s in ``b``.

    Args:
        b: Intervals, float array or number; the first coordinate of the point, second argument
            of atan2.
        c: Intervals, float array or number; the angle.
        x: Intervals, float array or number, where to look; by default everywhere.

    Returns:
        Intervals, the hull within 2 units per bound; the empty set where there is no such t (IEEE
        1788-2015 section 10.5.4).

    Example:
        >>> import interval_jax as ij
        >>> ij.atan2_rev1(ij.interval(1.0, 2.0), ij.interval(0.0, 0.5))
        Interval([0, 1.092605], float32)
    """
    b, c, *rest = _operands(b, c) if x is None else _operands(b, c, x)
    return _second_coordinate(b, c, *(rest or [_like(b, -np.inf, np.inf)]))


@decorable(defined=False)
def atan2_rev2(a: Any, c: Any, x: Any = None) -> Interval:
    """Return an enclosure of the t in x with ``atan2(s, t)`` in ``c`` for an s in ``a``.

    Args:
        a: Intervals, float array or number; the second coordinate of the point, first argument
            of atan2.
        c: Intervals, float array or number; the angle.
        x: Intervals, float array or number, where to look; by default everywhere.

    Returns:
        Intervals, the hull within 2 units per bound; the empty set where there is no such t (IEEE
        1788-2015 section 10.5.4).

    Example:
        >>> import interval_jax as ij
        >>> ij.atan2_rev2(ij.interval(1.0, 2.0), ij.interval(1.0, 2.0))
        Interval([-0.915315152, 1.2841853], float32)
    """
    a, c, *rest = _operands(a, c) if x is None else _operands(a, c, x)
    return _first_coordinate(a, c, *(rest or [_like(a, -np.inf, np.inf)]))
