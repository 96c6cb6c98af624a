"""Rules of what only compares numbers: order statistics, running and windowed extremes, arguments.

Such functions increase in every number, so the bounds of their ranges are their values at the
bounds, exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from interval_jax._interval import Interval, _is_empty, as_interval
from interval_jax._rules.combinators import on_integers
from interval_jax._rules.registry import (
    Integers,
    Rule,
    Truth,
    UnsupportedPrimitiveError,
    Value,
    _define,
    is_plain,
    is_real,
    primitive,
)
from interval_jax._rules.sums import checked_plain

# --- extremes ---------------------------------------------------------------------------


def normalised(low: Array, high: Array) -> Interval:
    """Bounds that were taken by maxima or minima, empty where an operand was.

    Only the empty set has the lower bound inf, which a maximum keeps, and the upper bound -inf,
    which a minimum keeps. An extreme over nothing is its identity, and no number either.
    """
    empty = lax.eq(low, lax.full_like(low, np.inf)) | lax.eq(high, lax.full_like(high, -np.inf))
    return Interval(
        lax.select(empty, lax.full_like(low, np.inf), low),
        lax.select(empty, lax.full_like(high, -np.inf), high),
    )


def _def_extreme(name: str, indices: Sequence[int] = ()) -> None:
    """Define a primitive that takes maxima, or minima, of numbers of its operands."""
    prim = primitive(name)

    def enclosure(*inputs: Value, **params: Any) -> Any:
        checked_plain(name, *(inputs[i] for i in indices))
        if not any(is_real(a) for a in inputs):
            return on_integers(prim, *inputs, **params)
        values = [a if i in indices else as_interval(a) for i, a in enumerate(inputs)]
        low = prim.bind(*(a.lo if isinstance(a, Interval) else a for a in values), **params)
        high = prim.bind(*(a.hi if isinstance(a, Interval) else a for a in values), **params)
        if prim.multiple_results:
            return [normalised(a, b) for a, b in zip(low, high, strict=True)]
        return normalised(low, high)

    _define(name, Rule(enclosure))


for _name in ("cummax", "cummin", "pmax", "pmin"):
    _def_extreme(_name)
_def_extreme("scatter_max", indices=(1,))
_def_extreme("scatter_min", indices=(1,))


# --- order statistics -------------------------------------------------------------------


def _in_order(x: Interval, axis: int) -> Interval:
    """Order statistics, the smallest first; with an empty member there are none."""
    empty = jnp.any(_is_empty(x), axis, keepdims=True)
    return Interval(
        jnp.where(empty, np.inf, lax.sort(x.lo, axis)),
        jnp.where(empty, -np.inf, lax.sort(x.hi, axis)),
    )


def _sort(*values: Value, dimension: int, num_keys: int, **params: Any) -> list[Value]:
    prim = primitive("sort")
    keys = values[:num_keys]
    if not all(map(is_plain, keys)):
        if len(values) == 1 and is_real(values[0]):
            return [_in_order(values[0], dimension)]
        raise UnsupportedPrimitiveError(
            "sort by keys that are interval data: their order, and with it the permutation, is "
            "not decided (this is also what argsort asks for); sort one array alone, or sort by "
            "a plain array"
        )
    # By plain keys the rest is moved, bounds like other numbers.
    leaves: list[Array] = []
    sizes = []
    for v in values[num_keys:]:
        parts = (
            [v.lo, v.hi] if isinstance(v, Interval | Integers)
            else [v.certain, v.possible] if isinstance(v, Truth) else [v]
        )  # fmt: skip
        leaves += parts
        sizes.append((type(v), len(parts)))
    moved = prim.bind(*keys, *leaves, dimension=dimension, num_keys=num_keys, **params)
    results, rest = list(moved[:num_keys]), list(moved[num_keys:])
    for kind, size in sizes:
        parts, rest = rest[:size], rest[size:]
        results.append(kind(*parts) if size == 2 else parts[0])
    return results


def _possible_shares(x: Interval, c: Interval, largest: bool) -> Interval:
    """The cotangents of numbers, given those of their order statistics, along the last axis.

    A number that is surely above i others and surely below j others has a place between them;
    its cotangent is that of any such place.
    """
    below = jnp.sum(x.hi[..., :, None] < x.lo[..., None, :], -2)
    above = jnp.sum(x.lo[..., :, None] > x.hi[..., None, :], -2)
    first, behind = (above, below) if largest else (below, above)
    places = jnp.arange(c.shape[-1])
    last = x.shape[-1] - 1 - behind
    may = (places >= first[..., None]) & (places <= last[..., None])
    low = jnp.min(jnp.where(may, c.lo[..., None, :], np.inf), -1)
    high = jnp.max(jnp.where(may, c.hi[..., None, :], -np.inf), -1)
    # Places behind the last one that is asked for have the cotangent 0.
    out = last >= c.shape[-1]
    return Interval(
        jnp.where(out, jnp.minimum(low, 0), low), jnp.where(out, jnp.maximum(high, 0), high)
    )


def _moved(x: Interval, source: int, target: int) -> Interval:
    return Interval(jnp.moveaxis(x.lo, source, target), jnp.moveaxis(x.hi, source, target))


def _sort_vjp(
    cotangents: Sequence[Interval],
    wanted: Sequence[bool],
    inputs: Sequence[Value],
    outputs: Sequence[Value],
    *,
    dimension: int,
    **_: Any,
) -> list[Interval | None]:
    if len(inputs) > 1:
        raise UnsupportedPrimitiveError(
            "the derivative of sort with several operands: take the permutation of the plain "
            "keys with argsort, and index with it"
        )
    x, c = (_moved(v, dimension, -1) for v in (as_interval(inputs[0]), cotangents[0]))
    return [_moved(_possible_shares(x, c, largest=False), -1, dimension)]


_define("sort", Rule(_sort, _sort_vjp))


def _top_k(
    x: Value, *, k: int, axis: int, needed: Sequence[bool] = (True, True), **params: Any
) -> list[Value]:
    if not isinstance(x, Interval):
        return primitive("top_k").bind(x, k=k, axis=axis, **params)
    if needed[1]:
        raise UnsupportedPrimitiveError(
            "the indices of top_k of interval data are not decided; use its values alone, or "
            "rank a plain array"
        )
    ordered = _in_order(x, axis)

    def largest(b: Array) -> Array:
        return lax.slice_in_dim(lax.rev(b, (axis,)), 0, k, axis=axis)

    values = Interval(largest(ordered.lo), largest(ordered.hi))
    return [values, jnp.zeros(values.shape, np.int32)]  # indices that nothing reads


def _top_k_vjp(
    cotangents: Sequence[Interval],
    wanted: Sequence[bool],
    inputs: Sequence[Value],
    outputs: Sequence[Value],
    *,
    axis: int,
    **_: Any,
) -> list[Interval | None]:
    x, c = (_moved(v, axis, -1) for v in (as_interval(inputs[0]), cotangents[0]))
    return [_moved(_possible_shares(x, c, largest=True), -1, axis)]


def _top_k_demand(wanted: Sequence[bool], **params: Any) -> tuple[Sequence[bool], dict[str, Any]]:
    return [True], {**params, "needed": tuple(wanted)}


_define("top_k", Rule(_top_k, _top_k_vjp, demand=_top_k_demand))


# --- places -----------------------------------------------------------------------------


def _def_argument(name: str, smallest: bool) -> None:
    prim = primitive(name)

    def enclosure(x: Value, *, axes: Sequence[int], index_dtype: Any, **params: Any) -> Value:
        if is_plain(x):
            return prim.bind(x, axes=axes, index_dtype=index_dtype, **params)
        if isinstance(x, Truth):
            x = Integers(x.certain.astype(np.int32), x.possible.astype(np.int32))
        # Of equal members the first is taken: one that is surely as large excludes those behind.
        low, high = x.lo, x.hi
        if smallest:
            reverse = lax.neg if isinstance(x, Interval) else lax.bitwise_not
            low, high = reverse(high), reverse(low)
        low, high = (jnp.moveaxis(b, axes[0], 0) for b in (low, high))
        best = lax.cummax(low, 0)
        possible = high >= best[-1]
        possible = possible.at[1:].set(possible[1:] & (high[1:] > best[:-1]))
        places = lax.broadcasted_iota(index_dtype, possible.shape, 0)
        last = places.shape[0] - 1
        return Integers(
            jnp.min(jnp.where(possible, places, last), 0),
            jnp.max(jnp.where(possible, places, 0), 0),
            possible,
        )

    _define(name, Rule(enclosure))


_def_argument("argmax", smallest=False)
_def_argument("argmin", smallest=True)
