"""Predicates on intervals (IEEE 1788-2015 sections 10.5.10 and 10.6): boolean arrays.

All are exact statements about the sets. Overlapping intervals are neither ``less`` nor
``precedes`` one way or the other: an undecided comparison never guesses. :func:`overlap` tells
in which of 16 states two intervals are.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import jax.numpy as jnp
from jax import Array

from interval_jax._decorated import decorable
from interval_jax._interval import _operands, as_interval

__all__ = [
    "Overlap",
    "disjoint",
    "equal",
    "interior",
    "is_common_interval",
    "is_empty",
    "is_entire",
    "is_member",
    "is_singleton",
    "less",
    "overlap",
    "precedes",
    "strict_less",
    "strict_precedes",
    "subset",
]


@decorable()
def is_empty(x: Any) -> Array:
    """Tell where x is the empty set.

    Example:
        >>> import interval_jax as ij
        >>> bool(ij.is_empty(ij.empty()))
        True
    """
    x = as_interval(x)
    return x.lo > x.hi


@decorable()
def is_entire(x: Any) -> Array:
    """Tell where x is the whole real line.

    Example:
        >>> import interval_jax as ij
        >>> bool(ij.is_entire(ij.entire()))
        True
    """
    x = as_interval(x)
    return (x.lo == -jnp.inf) & (x.hi == jnp.inf)


@decorable()
def is_singleton(x: Any) -> Array:
    """Tell where x has exactly one member.

    Example:
        >>> import interval_jax as ij
        >>> bool(ij.is_singleton(ij.interval(1.0)))
        True
    """
    x = as_interval(x)
    return x.lo == x.hi


@decorable()
def is_common_interval(x: Any) -> Array:
    """Tell where x is nonempty and bounded.

    Example:
        >>> import interval_jax as ij
        >>> bool(ij.is_common_interval(ij.entire()))
        False
    """
    x = as_interval(x)
    return (x.lo <= x.hi) & (x.lo > -jnp.inf) & (x.hi < jnp.inf)


@decorable()
def is_member(m: Any, x: Any) -> Array:
    """Tell where the number m, finite, is a member of x.

    Args:
        m: Numbers, compared exactly: a float64 or Python number is not rounded to float32.
        x: Intervals.

    Example:
        >>> import interval_jax as ij
        >>> bool(ij.is_member(1.5, ij.interval(1.0, 2.0)))
        True
    """
    finite = True if isinstance(m, int) else jnp.isfinite(jnp.asarray(m))
    # The enclosure of m is between the bounds of x exactly if m is: they are in the format.
    m, x = as_interval(m), as_interval(x)
    m, x = _operands(m, x) if m.dtype == x.dtype else _operands(m.astype(x.dtype), x)
    return (x.lo <= m.lo) & (m.hi <= x.hi) & finite


@decorable()
def equal(x: Any, y: Any) -> Array:
    """Tell where x and y are the same set.

    Example:
        >>> import interval_jax as ij
        >>> bool(ij.equal(ij.interval(1.0, 2.0), ij.interval(1.0, 2.0)))
        True
    """
    x, y = _operands(x, y)
    return (x.lo == y.lo) & (x.hi == y.hi)


@decorable()
def subset(x: Any, y: Any) -> Array:
    """Tell where every member of x is one of y.

    Example:
        >>> import interval_jax as ij
        >>> bool(ij.subset(ij.interval(1.0), ij.interval(1.0, 2.0)))
        True
    """
    x, y = _operands(x, y)
    return (y.lo <= x.lo) & (x.hi <= y.hi)


def _strictly_below(a: Array, b: Array) -> Array:
    """``a < b``, or both the same infinity."""
    return (a < b) | ((a == b) & jnp.isinf(a))


@decorable()
def interior(x: Any, y: Any) -> Array:
    """Tell where x is inside the interior of y.

    Example:
        >>> import interval_jax as ij
        >>> bool(ij.interior(ij.interval(1.0), ij.interval(1.0, 2.0)))
        False
    """
    x, y = _operands(x, y)
    return (_strictly_below(y.lo, x.lo) & _strictly_below(x.hi, y.hi)) | is_empty(x)


@decorable()
def disjoint(x: Any, y: Any) -> Array:
    """Tell where x and y have no common member.

    Example:
        >>> import interval_jax as ij
        >>> bool(ij.disjoint(ij.interval(1.0), ij.interval(2.0)))
        True
    """
    x, y = _operands(x, y)
    return (x.hi < y.lo) | (y.hi < x.lo) | is_empty(x) | is_empty(y)


@decorable()
def less(x: Any, y: Any) -> Array:
    """Tell where each bound of x is at most the same bound of y (weakly less).

    Example:
        >>> import interval_jax as ij
        >>> bool(ij.less(ij.interval(1.0, 3.0), ij.interval(2.0, 3.0)))
        True
    """
    x, y = _operands(x, y)
    same = is_empty(x) & is_empty(y)
    return same | ((x.lo <= y.lo) & (x.hi <= y.hi) & ~is_empty(x) & ~is_empty(y))


@decorable()
def strict_less(x: Any, y: Any) -> Array:
    """Tell where each bound of x is strictly below the same bound of y.

    Example:
        >>> import interval_jax as ij
        >>> bool(ij.strict_less(ij.interval(1.0, 3.0), ij.interval(2.0, 4.0)))
        True
    """
    x, y = _operands(x, y)
    same = is_empty(x) & is_empty(y)
    below = _strictly_below(x.lo, y.lo) & _strictly_below(x.hi, y.hi)
    return same | (below & ~is_empty(x) & ~is_empty(y))


@decorable()
def precedes(x: Any, y: Any) -> Array:
    """Tell where no member of x is above any member of y.

    Example:
        >>> import interval_jax as ij
        >>> bool(ij.precedes(ij.interval(1.0, 2.0), ij.interval(2.0, 4.0)))
        True
    """
    x, y = _operands(x, y)
    return (x.hi <= y.lo) | is_empty(x) | is_empty(y)


@decorable()
def strict_precedes(x: Any, y: Any) -> Array:
    """Tell where every member of x is below every member of y.

    Example:
        >>> import interval_jax as ij
        >>> bool(ij.strict_precedes(ij.interval(1.0, 2.0), ij.interval(2.0, 4.0)))
        False
    """
    x, y = _operands(x, y)
    return (x.hi < y.lo) | is_empty(x) | is_empty(y)


class Overlap(IntEnum):
    """How two intervals lie to each other: the states of IEEE 1788-2015 section 10.6.4.

    The order is that of the standard's table 10.7; each of the nonempty states but ``EQUALS`` is
    the mirror image of another.

    Example:
        >>> import interval_jax as ij
        >>> state = ij.overlap(ij.interval(1.0, 2.0), ij.interval(2.0, 3.0))
        >>> ij.Overlap(int(state)).name
        'MEETS'
    """

    BOTH_EMPTY = 0
    FIRST_EMPTY = 1
    SECOND_EMPTY = 2
    BEFORE = 3
    MEETS = 4
    OVERLAPS = 5
    STARTS = 6
    CONTAINED_BY = 7
    FINISHES = 8
    EQUALS = 9
    FINISHED_BY = 10
    CONTAINS = 11
    STARTED_BY = 12
    OVERLAPPED_BY = 13
    MET_BY = 14
    AFTER = 15


@decorable()
def overlap(x: Any, y: Any) -> Array:
    """Return in which of the 16 states of :class:`Overlap` x and y are.

    Args:
        x: Intervals, float array or number.
        y: Intervals, float array or number, broadcast against x.

    Returns:
        An int32 array of values of :class:`Overlap`, exact (IEEE 1788-2015 section 10.6.4).

    Example:
        >>> import interval_jax as ij
        >>> bool(ij.overlap(ij.interval(1.0), ij.interval(0.0, 2.0)) == ij.Overlap.CONTAINED_BY)
        True
    """
    x, y = _operands(x, y)
    below, above = x.lo < y.lo, x.lo > y.lo
    shorter, longer = x.hi < y.hi, x.hi > y.hi
    # Points that touch an end start or finish; they do not meet.
    states = {
        Overlap.BOTH_EMPTY: is_empty(x) & is_empty(y),
        Overlap.FIRST_EMPTY: is_empty(x),
        Overlap.SECOND_EMPTY: is_empty(y),
        Overlap.BEFORE: x.hi < y.lo,
        Overlap.AFTER: y.hi < x.lo,
        Overlap.MEETS: below & shorter & (x.hi == y.lo),
        Overlap.MET_BY: above & longer & (y.hi == x.lo),
        Overlap.OVERLAPS: below & shorter,
        Overlap.OVERLAPPED_BY: above & longer,
        Overlap.CONTAINED_BY: above & shorter,
        Overlap.CONTAINS: below & longer,
        Overlap.STARTS: shorter,
        Overlap.STARTED_BY: longer,
        Overlap.FINISHES: above,
        Overlap.FINISHED_BY: below,
    }
    codes = [jnp.full(x.shape, state, jnp.int32) for state in states]
    return jnp.select(list(states.values()), codes, jnp.int32(Overlap.EQUALS))
