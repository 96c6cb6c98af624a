"""Derivatives of bounds: those of the functions that they round, wherever these have one.

The derivative of a bound is a matter of training, not of rigour. It has to be right almost
everywhere, and it must never be infinite or NaN: bounds at infinity, at the end of a domain or of
the empty set move with nothing, so that they do not spoil the derivatives of all others.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
from jax import Array, lax

from interval_jax._rounding.format import constant

_Kernel = TypeVar("_Kernel", bound=Callable[..., Any])


def differentiable(kernel: _Kernel, smooth: Callable[..., Any]) -> _Kernel:
    """Give a function of floats, element by element, the derivatives of another.

    Args:
        kernel: Maps float arrays of one shape to arrays of that shape.
        smooth: A differentiable function of the same arguments with results of the same structure.

    Returns:
        The kernel. Its derivatives, of every order, are those of ``smooth`` where they are finite,
        and 0 elsewhere.
    """
    rule: Any = jax.custom_jvp(kernel)

    @rule.defjvp
    def _(primals: tuple[Array, ...], tangents: tuple[Array, ...]) -> tuple[Any, Any]:
        terms = [
            jax.tree.map(lambda slope, t=t: slope * t, _slope(smooth, place)(*primals))
            for place, t in enumerate(tangents)
        ]
        return rule(*primals), jax.tree.map(lambda *shares: sum(shares[1:], shares[0]), *terms)

    return rule  # type: ignore[no-any-return]


def _slope(smooth: Callable[..., Any], place: int) -> Callable[..., Any]:
    """The partial derivative by one argument, 0 where it is not finite."""

    def partial(*args: Array) -> Any:
        def along(x: Array) -> Any:
            return smooth(*args[:place], x, *args[place + 1 :])

        return jax.jvp(along, (args[place],), (jnp.ones_like(args[place]),))[1]

    # The derivative of the selection below would be that of what is not finite, times 0.
    return differentiable(lambda *args: jax.tree.map(_finite, partial(*args)), partial)


def _finite(x: Array) -> Array:
    return lax.select(lax.is_finite(x), x, constant(x, 0))


def fixed(x: Array) -> Array:
    """A number that moves with nothing; 0 if it is none."""
    return lax.stop_gradient(lax.select(lax.ne(x, x), constant(x, 0), x))


def smooth_product(x: Array, y: Array) -> Array:
    """x y, which does not move where a factor is infinite."""
    finite = lax.is_finite(x) & lax.is_finite(y)
    return lax.select(finite, _finite(x) * _finite(y), fixed(x * y))


def extremes(*values: Array) -> tuple[Array, Array]:
    """The least and the greatest of some numbers."""
    least = greatest = values[0]
    for value in values[1:]:
        least, greatest = lax.min(least, value), lax.max(greatest, value)
    return least, greatest
