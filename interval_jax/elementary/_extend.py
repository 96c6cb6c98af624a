"""From bounds at points to enclosures over intervals.

A point kernel maps floats to the two numbers of the format around the function's value. What
a function does between the ends of an interval is a mathematical fact: that it increases, or
where it turns. The two builders here turn the kernel and that fact into the function of
intervals, sharp up to the kernel's rounding.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import numpy as np
from jax import Array, lax

from interval_jax._interval import Interval
from interval_jax._rounding import differentiable

__all__ = ["Extremum", "bell", "increasing", "turning", "valley"]

Kernel = Callable[[Array], tuple[Array, Array]]
"""Maps floats x of the format, +-inf included (for the limit), to bounds of f(x)."""

Enclosure = Callable[[Interval], Interval]


class Extremum(NamedTuple):
    """A local minimum or maximum of a function, in one format."""

    at: tuple[float, float]
    """The floats below and above the point, or the point twice if it is a float."""
    value: tuple[float, float]
    """Bounds of the function there."""


def _differentiable(kernel: Kernel, smooth: Callable[[Array], Array]) -> Kernel:
    """Give both bounds the derivative of ``smooth``, so that bounds can be trained through."""

    def both(*args: Array) -> tuple[Array, Array]:
        value = smooth(*args)
        return value, value

    return differentiable(kernel, both)


def _empty_where(empty: Array, lower: Array, upper: Array) -> Interval:
    inf = lax.full_like(lower, np.inf)
    return Interval(lax.select(empty, inf, lower), lax.select(empty, -inf, upper))


def increasing(
    kernel: Kernel, smooth: Callable[[Array], Array], above: float = -np.inf
) -> Enclosure:
    """Return the interval extension of a nondecreasing function.

    Args:
        kernel: Bounds of the function at floats, and of its limit at ``above``.
        smooth: The same function of floats in plain JAX, for the derivative of the bounds.
        above: The function's domain is what lies above this number.
    """
    rule = _differentiable(kernel, smooth)

    @jax.jit
    def enclosure(x: Interval) -> Interval:
        lo, hi = x.lo, x.hi
        empty = lax.gt(lo, hi)
        if above != -np.inf:
            end = lax.full_like(lo, above)
            empty = lax.bitwise_or(empty, lax.le(hi, end))
            lo, hi = lax.max(lo, end), lax.max(hi, end)
        return _empty_where(empty, rule(lo)[0], rule(hi)[1])

    return enclosure


def bell(kernel: Kernel, smooth: Callable[[Array], Array]) -> Enclosure:
    """Return the interval extension of an even function that is largest at 0 and falls from there.

    Args:
        kernel: Bounds of the function at floats.
        smooth: The same function of floats in plain JAX, for the derivative of the bounds.
    """
    rule = _differentiable(kernel, smooth)

    @jax.jit
    def enclosure(x: Interval) -> Interval:
        zero = lax.full_like(x.lo, 0)
        farthest = lax.select(lax.gt(-x.lo, x.hi), x.lo, x.hi)
        # Not clamp: where lo = hi it has no derivative.
        nearest = lax.select(lax.gt(x.lo, zero), x.lo, lax.min(x.hi, zero))
        return _empty_where(lax.gt(x.lo, x.hi), rule(farthest)[0], rule(nearest)[1])

    return enclosure


def valley(
    kernel: Kernel,
    smooth: Callable[[Array], Array],
    minimum: Callable[[np.dtype], Extremum],
) -> Enclosure:
    """Return the interval extension of a function that falls to its minimum and rises from there.

    Args:
        kernel: Bounds of the function at floats.
        smooth: The same function of floats in plain JAX, for the derivative of the bounds.
        minimum: The minimum, for each format.
    """
    rule = _differentiable(kernel, smooth)

    @jax.jit
    def enclosure(x: Interval) -> Interval:
        (below, above), (least, _) = minimum(x.dtype)
        falling = lax.le(x.hi, lax.full_like(x.hi, below))
        rising = lax.ge(x.lo, lax.full_like(x.lo, above))
        # At an end chosen beforehand: both bounds at both ends would make XLA repeat the work.
        lower = rule(lax.select(falling, x.hi, x.lo))[0]
        lower = lax.select(lax.bitwise_or(falling, rising), lower, lax.full_like(lower, least))
        upper = lax.max(rule(x.lo)[1], rule(x.hi)[1])
        return _empty_where(lax.gt(x.lo, x.hi), lower, upper)

    return enclosure


def turning(
    kernel: Kernel,
    smooth: Callable[[Array], Array],
    extrema: Callable[[np.dtype], tuple[Extremum, ...]],
) -> Enclosure:
    """Return the interval extension of a function that is monotone between its extrema.

    Args:
        kernel: Bounds of the function at floats.
        smooth: The same function of floats in plain JAX, for the derivative of the bounds.
        extrema: All local extrema, for each format.
    """
    rule = _differentiable(kernel, smooth)

    @jax.jit
    def enclosure(x: Interval) -> Interval:
        (lower, upper), (lower_right, upper_right) = rule(x.lo), rule(x.hi)
        lower, upper = lax.min(lower, lower_right), lax.max(upper, upper_right)
        for (left, right), (least, greatest) in extrema(x.dtype):
            # The point lies inside if and only if the float on either side of it does.
            inside = lax.bitwise_and(
                lax.le(x.lo, lax.full_like(lower, left)), lax.ge(x.hi, lax.full_like(lower, right))
            )
            candidate = lax.full_like(lower, least), lax.full_like(upper, greatest)
            lower = lax.select(inside, lax.min(lower, candidate[0]), lower)
            upper = lax.select(inside, lax.max(upper, candidate[1]), upper)
        return _empty_where(lax.gt(x.lo, x.hi), lower, upper)

    return enclosure
