"""Predicates on intervals (IEEE 1788-2015 sections 10.5.10 and 10.6): boolean arrays.

All are exact statements about the sets. Overlapping intervals are neither ``less`` nor
``precedes`` one way or the other: an undecided comparison never guesses.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import Array

from interval_jax._interval import _operands, as_interval

__all__ = [
    "disjoint",
    "equal",
    "interior",
    "is_common_interval",
    "is_empty",
    "is_entire",
    "is_member",
    "is_singleton",
    "less",
    "precedes",
    "strict_less",
    "strict_precedes",
    "subset",
]


def is_empty(x: Any) -> Array:
    """Tell where x is the empty set.

    Example:
        >>> import interval_jax as ij
        >>> bool(ij.is_empty(ij.empty()))
        True
    """
    x = as_interval(x)
    return x.lo > x.hi


def is_entire(x: Any) -> Array:
    """Tell where x is the whole real line.

    Example:
        >>> import interval_jax as ij
        >>> bool(ij.is_entire(ij.entire()))
        True
    """
    x = as_interval(x)
    return (x.lo == -jnp.inf) & (x.hi == jnp.inf)


def is_singleton(x: Any) -> Array:
    """Tell where x has exactly one member.

    Example:
        >>> import interval_jax as ij
        >>> bool(ij.is_singleton(ij.interval(1.0)))
        True
    """
    x = as_interval(x)
    return x.lo == x.hi


def is_common_interval(x: Any) -> Array:
    """Tell where x is nonempty and bounded.

    Example:
        >>> import interval_jax as ij
        >>> bool(ij.is_common_interval(ij.entire()))
        False
    """
    x = as_interval(x)
    return (x.lo <= x.hi) & (x.lo > -jnp.inf) & (x.hi < jnp.inf)


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


def equal(x: Any, y: Any) -> Array:
    """Tell where x and y are the same set.

    Example:
        >>> import interval_jax as ij
        >>> bool(ij.equal(ij.interval(1.0, 2.0), ij.interval(1.0, 2.0)))
        True
    """
    x, y = _operands(x, y)
    return (x.lo == y.lo) & (x.hi == y.hi)


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


def interior(x: Any, y: Any) -> Array:
    """Tell where x is inside the interior of y.

    Example:
        >>> import interval_jax as ij
        >>> bool(ij.interior(ij.interval(1.0), ij.interval(1.0, 2.0)))
        False
    """
    x, y = _operands(x, y)
    return (_strictly_below(y.lo, x.lo) & _strictly_below(x.hi, y.hi)) | is_empty(x)


def disjoint(x: Any, y: Any) -> Array:
    """Tell where x and y have no common member.

    Example:
        >>> import interval_jax as ij
        >>> bool(ij.disjoint(ij.interval(1.0), ij.interval(2.0)))
        True
    """
    x, y = _operands(x, y)
    return (x.hi < y.lo) | (y.hi < x.lo) | is_empty(x) | is_empty(y)


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


def precedes(x: Any, y: Any) -> Array:
    """Tell where no member of x is above any member of y.

    Example:
        >>> import interval_jax as ij
        >>> bool(ij.precedes(ij.interval(1.0, 2.0), ij.interval(2.0, 4.0)))
        True
    """
    x, y = _operands(x, y)
    return (x.hi <= y.lo) | is_empty(x) | is_empty(y)


def strict_precedes(x: Any, y: Any) -> Array:
    """Tell where every member of x is below every member of y.

    Example:
        >>> import interval_jax as ij
        >>> bool(ij.strict_precedes(ij.interval(1.0, 2.0), ij.interval(2.0, 4.0)))
        False
    """
    x, y = _operands(x, y)
    return (x.hi < y.lo) | is_empty(x) | is_empty(y)
