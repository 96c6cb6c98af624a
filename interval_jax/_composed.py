"""Floor 6: functions of intervals that are JAX's own, enclosed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import jax.numpy as jnp

from interval_jax._enclose import enclose
from interval_jax._interval import Interval, as_interval

__all__ = ["einsum", "prod"]


def prod(x: Any, axis: int | Sequence[int] | None = None) -> Interval:
    """Return an enclosure of the products along some axes.

    Args:
        x: Intervals.
        axis: Axis or axes to multiply over; all of them by default.

    Returns:
        Enclosure of the products of all members, n factors within about n units of it; 1 where
        there is nothing to multiply.

    Example:
        >>> import interval_jax as ij
        >>> ij.prod(ij.interval([1.0, -2.0, 3.0], [2.0, -1.0, 3.0]))
        Interval([-12, -3], float32)
    """
    return enclose(partial(jnp.prod, axis=axis))(as_interval(x))


def einsum(subscripts: str, *operands: Any) -> Interval:
    """Return an enclosure of ``jnp.einsum`` of all members.

    Args:
        subscripts: As for ``jnp.einsum``, such as "ij,jk->ik".
        operands: Intervals, or float arrays of exact points.

    Returns:
        Midpoint-radius enclosure as of :func:`matmul`, of each contraction in turn.

    Raises:
        ValueError: If the subscripts do not fit the operands, or there are none of the latter.

    Example:
        >>> import interval_jax as ij
        >>> import jax.numpy as jnp
        >>> traces = ij.einsum("bii->b", ij.interval(jnp.ones((2, 3, 3))))
        >>> traces.shape, bool(jnp.all(ij.is_member(3.0, traces)))
        ((2,), True)
    """
    if not operands:
        raise ValueError(f"einsum of {subscripts!r} needs operands")
    return enclose(partial(jnp.einsum, subscripts))(*operands)
