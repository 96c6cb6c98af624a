"""Rules of what is taken or put at places that are not decided: the hull over all places.

A primitive that takes a slice at a place which may be one of several is evaluated at each place
that its operand has, as long as any is possible.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from interval_jax._rules.combinators import def_structural
from interval_jax._rules.integers import clamp
from interval_jax._rules.registry import (
    RULES,
    Integers,
    UnsupportedPrimitiveError,
    Value,
    integers,
    is_plain,
    primitive,
    register,
)
from interval_jax._rules.sets import as_set, hull, nothing, part

__all__: list[str] = []


class _Places(NamedTuple):
    """What is needed to evaluate a primitive at other places."""

    starts: Integers
    """Where slices start: the last axis has one number for each axis of the operand in question."""
    sizes: Sequence[int]
    """How many numbers each of them can be."""
    at: Callable[[Array], Value]
    """The primitive at plain places."""
    axes: Sequence[int]
    """The axes of the result that run over the slices."""


def _hull_over(places: _Places, name: str) -> Value:
    """The hull of what a primitive gives at all places."""
    dtype = places.starts.dtype
    top = jnp.broadcast_to(np.asarray(places.sizes, dtype) - 1, places.starts.shape)
    radix = np.cumprod([1, *places.sizes[:-1]])
    whole = clamp(jnp.zeros_like(top), places.starts, top)

    def there(number: Array) -> tuple[Array, Callable[[], Value]]:
        """Which slices may start so many places behind their first, and what is there."""
        offset = (number // radix % np.asarray(places.sizes)).astype(dtype)
        start = whole.lo + offset
        possible = jnp.all(start <= whole.hi, -1)

        def found() -> Value:
            value = as_set(places.at(jnp.minimum(start, top)), name)
            mask = lax.broadcast_in_dim(possible, value.shape, places.axes)
            return part(mask, value, nothing(value))

        return possible, found

    def step(value: Value, number: Array) -> tuple[Value, None]:
        possible, found = there(number)
        return lax.cond(jnp.any(possible), lambda: hull(value, found()), lambda: value), None

    count = int(np.prod(places.sizes))
    first = there(jnp.int32(0))[1]()
    return lax.scan(step, first, jnp.arange(1, count, dtype=np.int32))[0] if count > 1 else first


def _gather_places(args: Sequence[Value], params: dict[str, Any], move: Any) -> _Places:
    operand, starts = args
    numbers, slices = params["dimension_numbers"], params["slice_sizes"]
    sizes = [operand.shape[d] - slices[d] + 1 for d in numbers.start_index_map]
    ndim = len(starts.shape) - 1 + len(numbers.offset_dims)
    axes = [a for a in range(ndim) if a not in numbers.offset_dims]
    return _Places(starts, sizes, lambda s: move(operand, s, **params), axes)


def _stacked(starts: Sequence[Value]) -> Integers:
    whole = [integers(s) for s in starts]
    return Integers(*(jnp.stack([jnp.asarray(e) for e in ends]) for ends in (
        [w.lo for w in whole], [w.hi for w in whole],
    )))  # fmt: skip


def _slice_places(args: Sequence[Value], params: dict[str, Any], move: Any) -> _Places:
    operand, *starts = args
    sizes = [n - s + 1 for n, s in zip(operand.shape, params["slice_sizes"], strict=True)]
    return _Places(_stacked(starts), sizes, lambda s: move(operand, *s, **params), ())


def _update_places(args: Sequence[Value], params: dict[str, Any], move: Any) -> _Places:
    operand, update, *starts = args
    sizes = [n - s + 1 for n, s in zip(operand.shape, update.shape, strict=True)]
    return _Places(_stacked(starts), sizes, lambda s: move(operand, update, *s, **params), ())


def _def_indexed(name: str, first: int, places: Callable[..., _Places]) -> None:
    """Define a primitive that moves numbers, at places that its last operands tell."""
    def_structural(name)
    prim = primitive(name)
    rule = RULES[prim]
    move: Any = rule.enclose
    pull: Any = rule.vjp

    def enclosure(*args: Value, **params: Any) -> Value:
        if all(map(is_plain, args[first:])):
            return move(*args, **params)
        return _hull_over(places(args, params, move), name)

    def vjp(
        cotangents: Any, wanted: Any, inputs: Sequence[Value], outputs: Any, **params: Any
    ) -> Any:
        if not all(map(is_plain, inputs[first:])):
            raise UnsupportedPrimitiveError(
                f"the derivative of {name} at a place that depends on interval data: differentiate "
                "with respect to what is taken, or choose with jnp.where"
            )
        return pull(cotangents, wanted, inputs, outputs, **params)

    register(prim, replace(rule, enclose=enclosure, vjp=vjp))


_def_indexed("gather", 1, _gather_places)
_def_indexed("dynamic_slice", 1, _slice_places)
_def_indexed("dynamic_update_slice", 2, _update_places)
