"""Rules of sums of other shapes than ``reduce_sum``: one a-priori rounding bound for all.

Prefix sums, sums over windows, at scattered places and across devices add numbers and do
nothing else, in an order that the backend chooses. So do their transposes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
from jax import Array, lax

from interval_jax import _sums
from interval_jax._interval import Interval, as_interval
from interval_jax._rules.combinators import on_integers
from interval_jax._rules.registry import (
    Rule,
    UnsupportedPrimitiveError,
    Value,
    _define,
    is_plain,
    is_real,
    primitive,
)

Count = Callable[..., int]
"""``count(inputs, **params)`` bounds the number of terms of one sum."""


def checked_plain(name: str, *values: Value) -> None:
    """Raise if one of these operands is interval data."""
    if not all(is_plain(v) and not is_real(v) for v in values):
        raise UnsupportedPrimitiveError(
            f"{name} at places that depend on interval data: indices must come from plain arrays "
            "of integers"
        )


def _bounded_sums(count: int, total: Callable[..., Array], *terms: Interval) -> Interval:
    if count <= 1:
        # Each number is moved, none is added.
        return Interval(total(*(x.lo for x in terms)), total(*(x.hi for x in terms)))
    return Interval(*_sums.bounds_of_sums([(x.lo, x.hi) for x in terms], count, total))


def def_sum(name: str, count: Count, transposed_count: Count, indices: Sequence[int] = ()) -> None:
    """Define a primitive that adds numbers of its operands.

    Args:
        name: Its name.
        count: How many terms one sum has, at most.
        transposed_count: How many cotangents are added in the transposed primitive, at most.
        indices: Which operands are plain indices.
    """
    prim = primitive(name)

    def split(inputs: Sequence[Value]) -> tuple[list[int], Callable[..., list[Any]]]:
        reals = [i for i in range(len(inputs)) if i not in indices]

        def arguments(*values: Any) -> list[Any]:
            given = dict(zip(reals, values, strict=True))
            return [given.get(i, a) for i, a in enumerate(inputs)]

        return reals, arguments

    def enclosure(*inputs: Value, **params: Any) -> Value:
        reals, arguments = split(inputs)
        checked_plain(name, *(inputs[i] for i in indices))
        if not any(is_real(inputs[i]) for i in reals):
            return on_integers(prim, *inputs, **params)
        terms = [as_interval(inputs[i]) for i in reals]

        def total(*values: Array) -> Any:
            return prim.bind(*arguments(*values), **params)

        return _bounded_sums(count(inputs, **params), total, *terms)

    def vjp(
        cotangents: Sequence[Interval],
        wanted: Sequence[bool],
        inputs: Sequence[Value],
        outputs: Sequence[Value],
        **params: Any,
    ) -> list[Interval | None]:
        reals, arguments = split(inputs)
        shapes = [jax.ShapeDtypeStruct(inputs[i].shape, inputs[i].dtype) for i in reals]
        n = transposed_count(inputs, **params)

        def forward(*values: Array) -> Any:
            return prim.bind(*arguments(*values), **params)

        def share(k: int) -> Interval:
            def total(c: Array) -> Any:
                return jax.linear_transpose(forward, *shapes)(c)[k]

            return _bounded_sums(n, total, cotangents[0])

        found: list[Interval | None] = [None] * len(inputs)
        for k, i in enumerate(reals):
            found[i] = share(k) if wanted[i] else None
        return found

    _define(name, Rule(enclosure, vjp))


def _length(inputs: Sequence[Value], *, axis: int, **_: Any) -> int:
    return int(inputs[0].shape[axis])


def _window(inputs: Sequence[Value], *, window_dimensions: Sequence[int], **_: Any) -> int:
    return math.prod(window_dimensions)


def _one(*_: Any, **__: Any) -> int:
    return 1


def _scattered(inputs: Sequence[Value], *, unique_indices: bool, **_: Any) -> int:
    """One number of the operand, and one update for each index unless they are unique."""
    return 2 if unique_indices else 1 + math.prod(inputs[1].shape[:-1])


def_sum("cumsum", _length, _length)
def_sum("reduce_window_sum", _window, _window)
# A cotangent is moved to the operand and to the update.
def_sum("scatter_add", _scattered, _one, indices=(1,))
def_sum("tile", _one, lambda inputs, reps: math.prod(reps))


def _scatter_sub(x: Value, indices: Value, updates: Value, **params: Any) -> Value:
    """``x`` plus the opposite updates."""
    checked_plain("scatter_sub", indices)
    if not is_real(x):
        return on_integers(primitive("scatter_sub"), x, indices, updates, **params)

    def total(a: Array, b: Array) -> Any:
        names = ("dimension_numbers", "indices_are_sorted", "unique_indices", "mode")
        return lax.scatter_add(a, indices, b, **{k: params[k] for k in names})

    count = _scattered((x, indices), **params)
    return _bounded_sums(count, total, as_interval(x), -as_interval(updates))


_define("scatter_sub", Rule(_scatter_sub))


def _psum(x: Value, *, axes: Sequence[Any], **params: Any) -> Value:
    groups = params.get("axis_index_groups")
    devices = math.prod(lax.axis_size(a) for a in axes if not isinstance(a, int))
    members = len(groups[0]) if groups else devices

    def total(a: Array) -> Any:
        return primitive("psum").bind(a, axes=axes, **params)

    if not is_real(x):
        return total(x)
    own = math.prod(x.shape[a] for a in axes if isinstance(a, int))
    return _bounded_sums(members * own, total, as_interval(x))


_define("psum", Rule(_psum))
