"""Reductions of point arrays, correctly rounded (IEEE 1788-2015 section 12.12.12).

Sums, sums of absolute values, sums of squares and dot products of floats, as if computed
exactly and rounded once: to nearest (``*_nearest``) or to the tightest interval
(``*_tightest``). Of intervals see :func:`interval_jax.sum` and :func:`interval_jax.dot`, which
are much faster and not tightest.

As in IEEE 754 a NaN among the terms makes the sum NaN, and so do infinities of both signs and
0 times an infinity; any other infinity is the sum. As intervals, NaN is the empty set, and an
infinity what lies beyond the largest number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from interval_jax import _rounding as rd
from interval_jax._accumulator import Rounded, exact_dot, exact_sum
from interval_jax._interval import Interval

__all__ = [
    "dot_nearest",
    "dot_tightest",
    "sum_abs_nearest",
    "sum_abs_tightest",
    "sum_nearest",
    "sum_sqr_nearest",
    "sum_sqr_tightest",
    "sum_tightest",
]


def _numbers(*arrays: Any) -> list[Array]:
    numbers = [jnp.asarray(a) for a in arrays]
    dtype = rd.format_of(jnp.result_type(*numbers)).dtype
    return [a.astype(dtype) for a in numbers]


def _with_limits(result: Rounded, term: Array) -> Rounded:
    """Put in what infinite and undefined terms make of the sum of the others."""
    inf = jnp.asarray(np.inf, term.dtype)
    above, below = jnp.any(term == inf), jnp.any(term == -inf)
    undefined = jnp.any(term != term) | (above & below)
    largest = jnp.asarray(rd.format_of(term).max, term.dtype)

    def limit(value: Array, upper: Array, lower: Array, nothing: Array) -> Array:
        value = jnp.where(above, upper, jnp.where(below, lower, value))
        return jnp.where(undefined, nothing, value)

    return Rounded(
        limit(result.nearest, inf, -inf, inf * 0),
        limit(result.down, largest, -inf, inf),
        limit(result.up, inf, -largest, -inf),
    )


def _products(x: Array, y: Array) -> Array:
    """The infinite and undefined ones among the products; 0 for the others, and for subnormals."""
    # Not x * y, which may overflow, and in which a subnormal number may count as 0.
    fmt = rd.format_of(x)
    x, y = (jnp.where(rd.is_subnormal(a), jnp.asarray(fmt.tiny, fmt.dtype), a) for a in (x, y))
    return jnp.where(jnp.isfinite(x) & jnp.isfinite(y), jnp.zeros_like(x), x * y)


def _differentiable(
    reduction: Callable[..., Rounded], smooth: Callable[..., Array]
) -> Callable[..., Rounded]:
    """Give all three roundings the derivative of the plain reduction."""
    rule = jax.custom_jvp(reduction)

    @rule.defjvp
    def _(primals: tuple[Array, ...], tangents: tuple[Array, ...]) -> tuple[Rounded, Rounded]:
        tangent = jax.jvp(smooth, primals, tangents)[1]
        return rule(*primals), Rounded(tangent, tangent, tangent)

    return jax.jit(rule)


_sum = _differentiable(lambda x: _with_limits(exact_sum(x), x), jnp.sum)
_dot = _differentiable(
    lambda x, y: _with_limits(exact_dot(x, y), _products(x, y)), lambda x, y: jnp.sum(x * y)
)


def _interval(result: Rounded) -> Interval:
    return Interval(result.down, result.up)


def _pair(x: Any, y: Any) -> list[Array]:
    numbers = _numbers(x, y)
    if numbers[0].shape != numbers[1].shape:
        shapes = numbers[0].shape, numbers[1].shape
        raise ValueError(f"dot: the arrays have different shapes: {shapes[0]} and {shapes[1]}")
    return numbers


def sum_nearest(x: Any) -> Array:
    """Return the number nearest to the exact sum of all elements of x.

    Args:
        x: Float array of any shape, up to 2**30 elements; map over others with ``jax.vmap``.

    Returns:
        A number of x's type, correctly rounded to nearest.

    Example:
        >>> import interval_jax as ij
        >>> float(ij.sum_nearest([1e30, 1.0, -1e30]))
        1.0
    """
    return _sum(*_numbers(x)).nearest


def sum_tightest(x: Any) -> Interval:
    """Return the tightest interval that contains the exact sum of all elements of x.

    Args:
        x: Float array of any shape, up to 2**30 elements.

    Returns:
        An interval of x's type whose bounds are neighbours or equal.

    Example:
        >>> import interval_jax as ij
        >>> ij.sum_tightest([1e30, 1.0, -1e30])
        Interval([1, 1], float32)
    """
    return _interval(_sum(*_numbers(x)))


def sum_abs_nearest(x: Any) -> Array:
    """Return the number nearest to the exact sum of absolute values of all elements of x.

    Args:
        x: Float array of any shape, up to 2**30 elements.

    Returns:
        A number of x's type, correctly rounded to nearest.

    Example:
        >>> import interval_jax as ij
        >>> float(ij.sum_abs_nearest([1.0, -2.0, 3.0]))
        6.0
    """
    return _sum(*(abs(a) for a in _numbers(x))).nearest


def sum_abs_tightest(x: Any) -> Interval:
    """Return the tightest interval that contains the exact sum of absolute values.

    Args:
        x: Float array of any shape, up to 2**30 elements.

    Returns:
        An interval of x's type whose bounds are neighbours or equal.

    Example:
        >>> import interval_jax as ij
        >>> ij.sum_abs_tightest([1.0, -2.0, 3.0])
        Interval([6, 6], float32)
    """
    return _interval(_sum(*(abs(a) for a in _numbers(x))))


def sum_sqr_nearest(x: Any) -> Array:
    """Return the number nearest to the exact sum of squares of all elements of x.

    Args:
        x: Float array of any shape, up to 2**30 elements.

    Returns:
        A number of x's type, correctly rounded to nearest.

    Example:
        >>> import interval_jax as ij
        >>> float(ij.sum_sqr_nearest([1.0, -2.0, 3.0]))
        14.0
    """
    return _dot(*_pair(x, x)).nearest


def sum_sqr_tightest(x: Any) -> Interval:
    """Return the tightest interval that contains the exact sum of squares.

    Args:
        x: Float array of any shape, up to 2**30 elements.

    Returns:
        An interval of x's type whose bounds are neighbours or equal.

    Example:
        >>> import interval_jax as ij
        >>> ij.sum_sqr_tightest([1.0, -2.0, 3.0])
        Interval([14, 14], float32)
    """
    return _interval(_dot(*_pair(x, x)))


def dot_nearest(x: Any, y: Any) -> Array:
    """Return the number nearest to the exact sum of products of elements of x and y.

    Args:
        x: Float array of any shape, up to 2**30 elements.
        y: Float array of the same shape.

    Returns:
        A number of the common type, correctly rounded to nearest.

    Raises:
        ValueError: If the shapes differ.

    Example:
        >>> import interval_jax as ij
        >>> float(ij.dot_nearest([1e20, 1.0, -1e20], [1e10, 2.0, 1e10]))
        2.0
    """
    return _dot(*_pair(x, y)).nearest


def dot_tightest(x: Any, y: Any) -> Interval:
    """Return the tightest interval that contains the exact sum of products.

    Args:
        x: Float array of any shape, up to 2**30 elements.
        y: Float array of the same shape.

    Returns:
        An interval of the common type whose bounds are neighbours or equal.

    Raises:
        ValueError: If the shapes differ.

    Example:
        >>> import interval_jax as ij
        >>> ij.dot_tightest([1.0, 2.0], [0.5, 0.25])
        Interval([1, 1], float32)
    """
    return _interval(_dot(*_pair(x, y)))
