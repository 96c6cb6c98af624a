"""Set operations on intervals (IEEE 1788-2015 section 10.5.7).

They are no functions of points, so their results prove nothing: the decoration is ``trv``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jax import lax

from interval_jax._decorated import decorable
from interval_jax._interval import Interval, _operands, as_interval
from interval_jax.numeric import mid

__all__ = ["bisect", "convex_hull", "intersection"]


@decorable(defined=False)
def intersection(x: Any, y: Any) -> Interval:
    """Return the common members, exact; the empty set where there are none.

    Example:
        >>> import interval_jax as ij
        >>> ij.intersection(ij.interval(1.0, 3.0), ij.interval(2.0, 4.0))
        Interval([2, 3], float32)
    """
    x, y = _operands(x, y)
    lo, hi = lax.max(x.lo, y.lo), lax.min(x.hi, y.hi)
    none = lax.gt(lo, hi)
    inf = lax.full_like(lo, np.inf)
    return Interval(lax.select(none, inf, lo), lax.select(none, -inf, hi))


@decorable(defined=False)
def convex_hull(x: Any, y: Any) -> Interval:
    """Return the smallest intervals that contain both arguments, exact.

    Example:
        >>> import interval_jax as ij
        >>> ij.convex_hull(ij.interval(1.0), ij.interval(2.0, 4.0))
        Interval([1, 4], float32)
    """
    x, y = _operands(x, y)
    return Interval(lax.min(x.lo, y.lo), lax.max(x.hi, y.hi))


@decorable(defined=False)
def bisect(x: Any) -> tuple[Interval, Interval]:
    """Return two halves that meet in the midpoint and together are ``x``.

    Example:
        >>> import interval_jax as ij
        >>> ij.bisect(ij.interval(1.0, 3.0))
        (Interval([1, 2], float32), Interval([2, 3], float32))
    """
    x = as_interval(x)
    empty = lax.gt(x.lo, x.hi)
    middle = mid(x)
    return (
        Interval(x.lo, lax.select(empty, x.hi, middle)),
        Interval(lax.select(empty, x.lo, middle), x.hi),
    )
