"""Roots, absolute values, extrema, fused and cancellative sums: correctly rounded or exact."""

from __future__ import annotations

from typing import Any

import numpy as np
from jax import Array, lax

from interval_jax import _rounding as rd
from interval_jax._decorated import decorable
from interval_jax._interval import (
    Interval,
    _is_empty,
    _like,
    _operands,
    _where,
    _where_empty,
    as_interval,
)

__all__ = ["abs", "cancel_minus", "cancel_plus", "fma", "max", "min", "sqrt"]


@decorable()
def abs(x: Any) -> Interval:
    """Return the range of absolute values of members of x, exact.

    Example:
        >>> import interval_jax as ij
        >>> ij.abs(ij.interval(-3.0, 2.0))
        Interval([0, 3], float32)
    """
    return as_interval(x).__abs__()


@decorable(defined=lambda x: lax.ge(x.lo, lax.full_like(x.lo, 0)))
def sqrt(x: Any) -> Interval:
    """Return the tightest enclosure of the square roots of the non-negative members of x.

    Special cases: the empty set if x is negative (IEEE 1788-2015 section 9.1).

    Example:
        >>> import interval_jax as ij
        >>> ij.sqrt(ij.interval(-1.0, 4.0))
        Interval([0, 2], float32)
    """
    x = as_interval(x)
    return Interval(*rd.sqrt_bounds(x.lo, x.hi))


@decorable()
def max(x: Any, y: Any) -> Interval:
    """Return the range of the larger of a member of x and one of y, exact.

    Example:
        >>> import interval_jax as ij
        >>> ij.max(ij.interval(0.0, 3.0), ij.interval(1.0, 2.0))
        Interval([1, 3], float32)
    """
    x, y = _operands(x, y)
    return _where_empty(x, Interval(lax.max(x.lo, y.lo), lax.max(x.hi, y.hi)), y)


@decorable()
def min(x: Any, y: Any) -> Interval:
    """Return the range of the smaller of a member of x and one of y, exact.

    Example:
        >>> import interval_jax as ij
        >>> ij.min(ij.interval(0.0, 3.0), ij.interval(1.0, 2.0))
        Interval([0, 2], float32)
    """
    x, y = _operands(x, y)
    return _where_empty(x, Interval(lax.min(x.lo, y.lo), lax.min(x.hi, y.hi)), y)


@decorable()
def fma(x: Any, y: Any, z: Any) -> Interval:
    """Return the tightest enclosure of ``x * y + z``, rounded once (IEEE 1788-2015 section 9.1).

    Args:
        x: Intervals, float array or number; a factor.
        y: Intervals, float array or number; the other factor.
        z: Intervals, float array or number; the summand, independent of the factors.

    Returns:
        The smallest intervals of the format that contain every ``x * y + z``.

    Example:
        >>> import interval_jax as ij
        >>> ij.fma(ij.interval(-1.0, 2.0), 3.0, ij.interval(0.0, 0.5))
        Interval([-3, 6.5], float32)
    """
    x, y, z = _operands(x, y, z)
    value = Interval(*rd.fma_bounds(x.lo, x.hi, y.lo, y.hi, z.lo, z.hi))
    return _where_empty(x, value, y, z)


def _greatest_origin(lo: Array, hi: Array) -> Array:
    """The greatest number that may have been rounded down to ``lo`` for being subnormal."""
    zero, tiny = lax.full_like(lo, 0), lax.full_like(lo, rd.format_of(lo).tiny)
    small = lax.eq(lo, zero) & lax.eq(hi, tiny)
    return lax.select(lax.eq(lo, -tiny), zero, lax.select(small, tiny, lo))


@decorable(defined=False)
def cancel_minus(x: Any, y: Any) -> Interval:
    """Return the tightest z with ``x`` inside ``y + z``: what was added to y to make x.

    Recovers b from a and the exact ``a + b``; :func:`sub` would return much more.

    Args:
        x: Intervals, float array or number.
        y: Intervals, float array or number, no wider than x.

    Returns:
        ``[x.lo - y.lo, x.hi - y.hi]``, rounded outward; the empty set where x is empty and y is
        bounded or empty; the whole line where there is no such z: where y is wider than x, empty
        and x is not, or either is unbounded. Widths are compared as if computed exactly. The
        decoration is ``trv`` (IEEE 1788-2015 sections 10.5.6 and 12.12.5).

        A wider y makes z narrower. So an end of y that is the smallest number of the format in
        magnitude, or 0 beside such an end, counts as any subnormal number that it may have been
        before it was rounded outward; z then is wider, and contains what is right for that.

    Example:
        >>> import interval_jax as ij
        >>> ij.cancel_minus(ij.interval(2.0, 5.0), ij.interval(1.0, 2.0))
        Interval([1, 3], float32)
        >>> ij.cancel_minus(ij.interval(1.0, 2.0), ij.interval(2.0, 5.0))
        Interval([-inf, inf], float32)
    """
    x, y = _operands(x, y)
    x_empty, y_empty = _is_empty(x), _is_empty(y)
    infinite = lax.full_like(x.lo, np.inf)
    bounded_y = y_empty | (lax.gt(y.lo, -infinite) & lax.lt(y.hi, infinite))
    common_x = lax.gt(x.lo, -infinite) & lax.lt(x.hi, infinite)
    proper = common_x & bounded_y & ~x_empty & ~y_empty
    proper = proper & rd.difference_at_most(x.lo, y.lo, x.hi, y.hi)
    greatest, least = _greatest_origin(y.lo, y.hi), -_greatest_origin(-y.hi, -y.lo)
    value = Interval(rd.sub_down(x.lo, greatest), rd.sub_up(x.hi, least))
    value = _where(proper, value, _like(x, -np.inf, np.inf))
    return _where(x_empty & bounded_y, _like(x, np.inf, -np.inf), value)


@decorable(defined=False)
def cancel_plus(x: Any, y: Any) -> Interval:
    """Return ``cancel_minus(x, -y)``, the tightest z with ``x`` inside ``z - y``.

    Args:
        x: Intervals, float array or number.
        y: Intervals, float array or number, no wider than x.

    Returns:
        As for :func:`cancel_minus` (IEEE 1788-2015 section 10.5.6).

    Example:
        >>> import interval_jax as ij
        >>> ij.cancel_plus(ij.interval(2.0, 5.0), ij.interval(-2.0, -1.0))
        Interval([1, 3], float32)
    """
    return cancel_minus(x, -as_interval(y))
