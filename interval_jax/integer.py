"""Integer functions (IEEE 1788-2015 section 9.1): steps that never fall, so ends map to ends.

On a box where such a function is constant it is continuous; it is so at every point of the box
(which the decoration ``com`` asks for) if no end of the box is where it jumps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jax import Array, lax

from interval_jax._decorated import decorable
from interval_jax._interval import Interval, _where_empty, as_interval

__all__ = ["ceil", "floor", "round_ties_to_away", "round_ties_to_even", "sign", "trunc"]

Step = Callable[[Array], Array]


def _ends(step: Step, x: Any) -> Interval:
    x = as_interval(x)
    return _where_empty(x, Interval(step(x.lo), step(x.hi)))


def _stepwise(step: Step, jumps: Callable[[Array], Array]) -> Callable[[Any], Any]:
    """Make a function accept decorated intervals, given where it jumps."""

    def constant(x: Interval) -> Array:
        return lax.eq(step(x.lo), step(x.hi))

    def smooth(x: Interval) -> Array:
        return constant(x) & ~jumps(x.lo) & ~jumps(x.hi)

    return decorable(continuous=constant, common=smooth)


def _truncated(x: Array) -> Array:
    return lax.select(lax.lt(x, lax.full_like(x, 0)), lax.ceil(x), lax.floor(x))


def _to_even(x: Array) -> Array:
    return lax.round(x, lax.RoundingMethod.TO_NEAREST_EVEN)


def _to_away(x: Array) -> Array:
    return lax.round(x, lax.RoundingMethod.AWAY_FROM_ZERO)


def _is_zero(x: Array) -> Array:
    return lax.eq(x, lax.full_like(x, 0))


def _is_integer(x: Array) -> Array:
    return lax.eq(x, lax.floor(x))


def _is_nonzero_integer(x: Array) -> Array:
    return _is_integer(x) & ~_is_zero(x)


def _is_half(x: Array) -> Array:
    return lax.eq(x - lax.floor(x), lax.full_like(x, 0.5))


@_stepwise(lax.sign, _is_zero)
def sign(x: Any) -> Interval:
    """Return the range of signs -1, 0 or 1 of members of x, exact.

    Args:
        x: Intervals of any shape, or what :func:`interval` takes.

    Returns:
        Intervals of the same shape and type; empty where x is.

    Example:
        >>> import interval_jax as ij
        >>> ij.sign(ij.interval(0.0, 3.0))
        Interval([0, 1], float32)
    """
    return _ends(lax.sign, x)


@_stepwise(lax.ceil, _is_integer)
def ceil(x: Any) -> Interval:
    """Return the range of the smallest integers not below members of x, exact.

    Args:
        x: Intervals of any shape, or what :func:`interval` takes.

    Returns:
        Intervals of the same shape and type; empty where x is, unbounded where x is.

    Example:
        >>> import interval_jax as ij
        >>> ij.ceil(ij.interval(1.1, 2.0))
        Interval([2, 2], float32)
    """
    return _ends(lax.ceil, x)


@_stepwise(lax.floor, _is_integer)
def floor(x: Any) -> Interval:
    """Return the range of the largest integers not above members of x, exact.

    Args:
        x: Intervals of any shape, or what :func:`interval` takes.

    Returns:
        Intervals of the same shape and type; empty where x is, unbounded where x is.

    Example:
        >>> import interval_jax as ij
        >>> ij.floor(ij.interval(1.1, 2.0))
        Interval([1, 2], float32)
    """
    return _ends(lax.floor, x)


@_stepwise(_truncated, _is_nonzero_integer)
def trunc(x: Any) -> Interval:
    """Return the range of the integer parts (towards zero) of members of x, exact.

    Args:
        x: Intervals of any shape, or what :func:`interval` takes.

    Returns:
        Intervals of the same shape and type; empty where x is, unbounded where x is.

    Example:
        >>> import interval_jax as ij
        >>> ij.trunc(ij.interval(-1.9, 2.9))
        Interval([-1, 2], float32)
    """
    return _ends(_truncated, x)


@_stepwise(_to_even, _is_half)
def round_ties_to_even(x: Any) -> Interval:
    """Return the range of the integers nearest to members of x, the even one of two, exact.

    Args:
        x: Intervals of any shape, or what :func:`interval` takes.

    Returns:
        Intervals of the same shape and type; empty where x is, unbounded where x is.

    Example:
        >>> import interval_jax as ij
        >>> ij.round_ties_to_even(ij.interval(1.5, 2.5))
        Interval([2, 2], float32)
    """
    return _ends(_to_even, x)


@_stepwise(_to_away, _is_half)
def round_ties_to_away(x: Any) -> Interval:
    """Return the range of the integers nearest to members of x, the larger of two, exact.

    Args:
        x: Intervals of any shape, or what :func:`interval` takes.

    Returns:
        Intervals of the same shape and type; empty where x is, unbounded where x is. The larger
        of two equally near integers is the one of larger magnitude.

    Example:
        >>> import interval_jax as ij
        >>> ij.round_ties_to_away(ij.interval(1.5, 2.5))
        Interval([2, 3], float32)
    """
    return _ends(_to_away, x)
