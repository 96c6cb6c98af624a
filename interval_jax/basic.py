"""Roots, absolute values, minima and maxima: correctly rounded or exact."""

from __future__ import annotations

from typing import Any

import numpy as np
from jax import lax

from interval_jax import _rounding as rd
from interval_jax._interval import Interval, _like, _operands, _where, _where_empty, as_interval

__all__ = ["abs", "max", "min", "sqrt"]


def abs(x: Any) -> Interval:
    """Return the range of absolute values of members of x, exact.

    Example:
        >>> import interval_jax as ij
        >>> ij.abs(ij.interval(-3.0, 2.0))
        Interval([0, 3], float32)
    """
    return as_interval(x).__abs__()


def sqrt(x: Any) -> Interval:
    """Return the tightest enclosure of the square roots of the non-negative members of x.

    Special cases: the empty set if x is negative (IEEE 1788-2015 section 9.1).

    Example:
        >>> import interval_jax as ij
        >>> ij.sqrt(ij.interval(-1.0, 4.0))
        Interval([0, 2], float32)
    """
    x = as_interval(x)
    zero = lax.full_like(x.lo, 0)
    outside = lax.lt(x.hi, zero)
    root = Interval(rd.sqrt_down(lax.max(x.lo, zero)), rd.sqrt_up(lax.max(x.hi, zero)))
    return _where_empty(x, _where(outside, _like(x, np.inf, -np.inf), root))


def max(x: Any, y: Any) -> Interval:
    """Return the range of the larger of a member of x and one of y, exact.

    Example:
        >>> import interval_jax as ij
        >>> ij.max(ij.interval(0.0, 3.0), ij.interval(1.0, 2.0))
        Interval([1, 3], float32)
    """
    x, y = _operands(x, y)
    return _where_empty(x, Interval(lax.max(x.lo, y.lo), lax.max(x.hi, y.hi)), y)


def min(x: Any, y: Any) -> Interval:
    """Return the range of the smaller of a member of x and one of y, exact.

    Example:
        >>> import interval_jax as ij
        >>> ij.min(ij.interval(0.0, 3.0), ij.interval(1.0, 2.0))
        Interval([0, 2], float32)
    """
    x, y = _operands(x, y)
    return _where_empty(x, Interval(lax.min(x.lo, y.lo), lax.min(x.hi, y.hi)), y)
