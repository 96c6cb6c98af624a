"""Rule of ``dot_general``: midpoint-radius with an a-priori bound of every rounding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from interval_jax import _sums
from interval_jax._interval import Interval, as_interval
from interval_jax._rules.registry import Rule, Value, _define, is_real, primitive


def _operand(x: Value, dtype: np.dtype) -> Any:
    """Bounds, or the exact array itself if no rounding is needed to take it as a point."""
    if not isinstance(x, Interval) and x.dtype == dtype:
        return x
    x = as_interval(x, dtype)
    return x.lo, x.hi


def _dot(x: Value, y: Value, dimension_numbers: _sums.DimensionNumbers) -> Interval:
    dtype = jnp.promote_types(x.dtype, y.dtype)
    return Interval(*_sums.contract(_operand(x, dtype), _operand(y, dtype), dimension_numbers))


def _dot_general(
    x: Value,
    y: Value,
    *,
    dimension_numbers: _sums.DimensionNumbers,
    preferred_element_type: Any,
    **params: Any,
) -> Value:
    if not (is_real(x) and is_real(y)):
        return primitive("dot_general").bind(
            x,
            y,
            dimension_numbers=dimension_numbers,
            preferred_element_type=preferred_element_type,
            **params,
        )
    result = _dot(x, y, dimension_numbers)
    return result if preferred_element_type is None else result.astype(preferred_element_type)


def _cotangent(
    c: Interval, other: Value, ndim: int, numbers: _sums.DimensionNumbers, swap: bool
) -> Interval:
    """The cotangent of one operand: c contracted with the other over the other's free axes.

    Axes of c are batch, free axes of x, free axes of y; ``swap`` tells that x is the other.
    """
    (contract_x, contract_y), (batch_x, batch_y) = numbers
    mine, others = (contract_y, contract_x) if swap else (contract_x, contract_y)
    batch_mine, batch_other = (batch_y, batch_x) if swap else (batch_x, batch_y)
    count = len(batch_x)
    free_other = [a for a in range(other.ndim) if a not in others and a not in batch_other]
    free_mine = [a for a in range(ndim) if a not in mine and a not in batch_mine]
    start = count if swap else count + len(free_mine)
    of_c = tuple(range(start, start + len(free_other)))
    batch = tuple(range(count))
    result = _dot(c, other, ((of_c, tuple(free_other)), (batch, tuple(batch_other))))
    # The result's axes: batch, my free axes, then the other's contracted axes in its order.
    order = sorted(range(len(others)), key=lambda i: others[i])
    axes = list(batch_mine) + free_mine + [mine[i] for i in order]
    permutation = tuple(int(i) for i in np.argsort(axes))

    def place(b: Array) -> Array:
        return lax.transpose(b, permutation)

    return Interval(place(result.lo), place(result.hi))


def _dot_vjp(
    cotangents: Sequence[Interval],
    wanted: Sequence[bool],
    inputs: Sequence[Value],
    outputs: Sequence[Value],
    *,
    dimension_numbers: _sums.DimensionNumbers,
    **_: Any,
) -> list[Interval | None]:
    x, y = inputs
    (c,) = cotangents
    return [
        _cotangent(c, y, x.ndim, dimension_numbers, False).astype(x.dtype) if wanted[0] else None,
        _cotangent(c, x, y.ndim, dimension_numbers, True).astype(y.dtype) if wanted[1] else None,
    ]


_define("dot_general", Rule(_dot_general, _dot_vjp))
