"""Reverse functions: what arguments can have led to a result (IEEE 1788-2015 section 10.5.4).

For a function f, ``f_rev(c, x)`` encloses every t in x with f(t) in c. The preimage of c may
consist of a few intervals; each is cut with x before the hull is taken, so that a gap between
them can be used. Reverse functions contract boxes in constraint solvers; they are no functions
of points, so their results prove nothing: the decoration is ``trv``.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from jax import Array, lax

from interval_jax._decorated import decorable
from interval_jax._interval import Interval, _like, _operands, _where, as_interval, div
from interval_jax.basic import sqrt
from interval_jax.elementary.roots import rootn
from interval_jax.set_ops import convex_hull, intersection

__all__ = ["abs_rev", "mul_rev", "mul_rev_to_pair", "pown_rev", "sqr_rev"]


def _has_zero(x: Interval) -> Array:
    zero = lax.full_like(x.lo, 0)
    return lax.le(x.lo, zero) & lax.ge(x.hi, zero)


def _not_below_zero(x: Interval) -> Interval:
    return intersection(x, _like(x, 0, np.inf))


def _not_above_zero(x: Interval) -> Interval:
    return intersection(x, _like(x, -np.inf, 0))


def _quotients(b: Interval, c: Interval) -> tuple[Interval, Interval]:
    zero = lax.full_like(b.lo, 0)
    everything, nothing = _like(b, -np.inf, np.inf), _like(b, np.inf, -np.inf)
    anything = _has_zero(b) & _has_zero(c)
    split = lax.lt(b.lo, zero) & lax.gt(b.hi, zero)
    below, above = _not_above_zero(b), _not_below_zero(b)
    # Positive results come last: they are over the divisors with the sign of c.
    positive = lax.gt(c.lo, zero)
    first, second = _where(positive, below, above), _where(positive, above, below)
    quotient = div(c, _where(split, first, b))
    other = _where(split & ~anything, div(c, second), nothing)
    return _where(anything, everything, quotient), other


@decorable(defined=lambda b, c: ~_has_zero(b))
def mul_rev_to_pair(b: Any, c: Any) -> tuple[Interval, Interval]:
    """Return the two parts of the tightest enclosure of all t with ``b * t`` in ``c``.

    Division that keeps the gap around 0 which a divisor with zero inside leaves.

    Args:
        b: Intervals, float array or number; the factor.
        c: Intervals, float array or number; the product.

    Returns:
        Two arrays of intervals: where 0 is inside b but not in c, the part below and the part
        above zero; elsewhere the whole set and the empty set. The whole set is the whole line
        where 0 is in both. Decorated, the first part is ``c / b`` where 0 is not in b, and else
        both are ``trv`` (IEEE 1788-2015 section 10.5.5).

    Example:
        >>> import interval_jax as ij
        >>> ij.mul_rev_to_pair(ij.interval(-1.0, 2.0), 4.0)
        (Interval([-inf, -4], float32), Interval([2, inf], float32))
    """
    return _quotients(*_operands(b, c))


@decorable(defined=False)
def mul_rev(b: Any, c: Any, x: Any = None) -> Interval:
    """Return the tightest enclosure of the t in x with ``b * t`` in ``c``.

    Args:
        b: Intervals, float array or number; the factor.
        c: Intervals, float array or number; the product.
        x: Intervals, float array or number, where to look; by default everywhere.

    Returns:
        The hull of the parts of :func:`mul_rev_to_pair` that are in x
        (IEEE 1788-2015 section 10.5.4).

    Example:
        >>> import interval_jax as ij
        >>> ij.mul_rev(ij.interval(-1.0, 2.0), 4.0, ij.interval(0.0, 9.0))
        Interval([2, 9], float32)
    """
    if x is None:
        return convex_hull(*_quotients(*_operands(b, c)))
    b, c, x = _operands(b, c, x)
    first, second = _quotients(b, c)
    return convex_hull(intersection(first, x), intersection(second, x))


def _either_sign(size: Interval, x: Any) -> Interval:
    """The t in x with the absolute value in ``size``."""
    if x is None:
        return convex_hull(-size, size)
    size, x = _operands(size, x)
    return convex_hull(intersection(-size, x), intersection(size, x))


@decorable(defined=False)
def sqr_rev(c: Any, x: Any = None) -> Interval:
    """Return the tightest enclosure of the t in x with ``t**2`` in ``c``.

    Args:
        c: Intervals, float array or number; the square.
        x: Intervals, float array or number, where to look; by default everywhere.

    Returns:
        Intervals; the empty set where c is negative (IEEE 1788-2015 section 10.5.4).

    Example:
        >>> import interval_jax as ij
        >>> ij.sqr_rev(ij.interval(1.0, 9.0), ij.interval(0.0, 9.0))
        Interval([1, 3], float32)
    """
    return _either_sign(sqrt(as_interval(c)), x)


@decorable(defined=False)
def abs_rev(c: Any, x: Any = None) -> Interval:
    """Return the enclosure of the t in x with ``abs(t)`` in ``c``, exact.

    Args:
        c: Intervals, float array or number; the absolute value.
        x: Intervals, float array or number, where to look; by default everywhere.

    Returns:
        Intervals; the empty set where c is negative (IEEE 1788-2015 section 10.5.4).

    Example:
        >>> import interval_jax as ij
        >>> ij.abs_rev(ij.interval(1.0, 3.0), ij.interval(-2.0, 0.0))
        Interval([-2, -1], float32)
    """
    return _either_sign(_not_below_zero(as_interval(c)), x)


@decorable(defined=False)
def pown_rev(c: Any, n: int, x: Any = None) -> Interval:
    """Return an enclosure of the t in x with ``t**n`` in ``c``, for an integer n.

    Args:
        c: Intervals, float array or number; the power.
        n: The exponent, a Python integer.
        x: Intervals, float array or number, where to look; by default everywhere.

    Returns:
        Intervals whose ends are those of x or of :func:`rootn`. All of x where ``n = 0`` and 1
        is in c (IEEE 1788-2015 section 10.5.4).

    Raises:
        TypeError: If n is not an integer.

    Example:
        >>> import interval_jax as ij
        >>> ij.pown_rev(ij.interval(1.0, 16.0), 4, ij.interval(0.0, 9.0))
        Interval([1, 2], float32)
    """
    if isinstance(n, bool) or not isinstance(n, int | np.integer):
        raise TypeError(f"pown_rev(c, n, x) needs an integer n, got {n!r}")
    c = as_interval(c)
    if n == 0:
        one = lax.full_like(c.lo, 1)
        everything, nothing = _like(c, -np.inf, np.inf), _like(c, np.inf, -np.inf)
        roots = [_where(lax.le(c.lo, one) & lax.ge(c.hi, one), everything, nothing)]
    elif n % 2 == 0:
        return _either_sign(rootn(c, n), x)
    elif n > 0:
        roots = [rootn(c, n)]
    else:
        roots = [rootn(_not_above_zero(c), n), rootn(_not_below_zero(c), n)]
    if x is not None:
        roots = [intersection(root, x) for root in roots]
    return functools.reduce(convex_hull, roots)
