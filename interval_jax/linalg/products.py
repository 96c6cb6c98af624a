"""Linear algebra of intervals at the speed of plain products, and rigorous sums."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jax import Array

from interval_jax import _sums
from interval_jax._interval import Interval, _float_type, as_interval, matmul

__all__ = ["dot", "dot_general", "matmul", "sum"]


def sum(x: Any, axis: int | Sequence[int] | None = None) -> Interval:
    """Return an enclosure of the sums along some axes, for any order of summation.

    Args:
        x: Intervals.
        axis: Axis or axes to sum over; all of them by default.

    Returns:
        Enclosure within about n units of ``sum|x|``, n terms being summed.

    Example:
        >>> import interval_jax as ij
        >>> import jax.numpy as jnp
        >>> total = ij.sum(ij.interval(jnp.ones(4), 2 * jnp.ones(4)))
        >>> bool(ij.is_member(4.0, total) & ij.is_member(8.0, total))
        True
    """
    x = as_interval(x)
    if axis is None:
        axes = tuple(range(x.ndim))
    else:
        axes = tuple(a % x.ndim for a in ((axis,) if isinstance(axis, int) else axis))
    return Interval(*_sums.sum_bounds((x.lo, x.hi), axes))


def dot_general(x: Any, y: Any, dimension_numbers: _sums.DimensionNumbers) -> Interval:
    """Return an enclosure of ``jax.lax.dot_general`` of all members.

    Args:
        x: Intervals, or a float array of exact points, which costs one product less.
        y: Likewise.
        dimension_numbers: As for ``jax.lax.dot_general``.

    Returns:
        Midpoint-radius enclosure as of :func:`matmul`.

    Example:
        >>> import interval_jax as ij
        >>> import jax.numpy as jnp
        >>> x = ij.interval(jnp.ones((2, 3)))
        >>> ij.dot_general(x, jnp.ones((3, 2)), (((1,), (0,)), ((), ()))).shape
        (2, 2)
    """
    dtype = _float_type(x, y)

    def operand(a: Any) -> Array | _sums.Bounds:
        if isinstance(a, Array) and a.dtype == dtype:
            return a
        a = as_interval(a, dtype)
        return a.lo, a.hi

    (cx, cy), (bx, by) = dimension_numbers
    numbers = ((tuple(cx), tuple(cy)), (tuple(bx), tuple(by)))
    return Interval(*_sums.contract(operand(x), operand(y), numbers))


def dot(x: Any, y: Any) -> Interval:
    """Return an enclosure of ``jnp.dot``: the last axis of x with the second to last of y.

    Example:
        >>> import interval_jax as ij
        >>> import jax.numpy as jnp
        >>> bool(ij.is_member(3.0, ij.dot(ij.interval(jnp.ones(3)), jnp.ones(3))))
        True
    """
    a, b = (v if isinstance(v, Interval | Array) else as_interval(v) for v in (x, y))
    if a.ndim == 0 or b.ndim == 0:
        return as_interval(a) * as_interval(b)
    axis = max(b.ndim - 2, 0)
    return dot_general(a, b, (((a.ndim - 1,), (axis,)), ((), ())))
