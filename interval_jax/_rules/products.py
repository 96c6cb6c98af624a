"""Rules of products and of other folds of rounded operations, done two by two as a tree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
from jax import lax

from interval_jax import elementary as el
from interval_jax._interval import Interval, as_interval, mul
from interval_jax._rules.combinators import on_integers
from interval_jax._rules.registry import (
    Rule,
    UnsupportedPrimitiveError,
    Value,
    _define,
    is_real,
    primitive,
)
from interval_jax._rules.sums import checked_plain

Operation = Callable[[Interval, Interval], Interval]


def _folded(x: Interval, operation: Operation) -> Interval:
    """Combine along the first axis, which is not of length 0."""
    while (n := len(x)) > 1:
        half = n // 2
        pairs = operation(x[:half], x[half : 2 * half])
        odd = x[2 * half :]
        x = Interval(*(jnp.concatenate(b) for b in ((pairs.lo, odd.lo), (pairs.hi, odd.hi))))
    return x[0]


def _reduce_prod(x: Value, *, axes: Sequence[int], **params: Any) -> Value:
    if not is_real(x):
        return primitive("reduce_prod").bind(x, axes=axes, **params)
    x = as_interval(x)
    kept = [a for a in range(x.ndim) if a not in axes]
    shape = [x.shape[a] for a in kept]

    def flat(b: Any) -> Any:
        return lax.transpose(b, (*axes, *kept)).reshape(-1, *shape)

    factors = Interval(flat(x.lo), flat(x.hi))
    if not len(factors):
        return as_interval(jnp.ones(shape, x.dtype))
    return _folded(factors, mul)


_define("reduce_prod", Rule(_reduce_prod))


def _logaddexp(x: Interval, y: Interval) -> Interval:
    if not x.size:
        return x
    pair = Interval(jnp.stack([x.lo, y.lo]), jnp.stack([x.hi, y.hi]))
    return el.logsumexp(pair, axis=0)


def _def_running(name: str, operation: Operation) -> None:
    prim = primitive(name)

    def enclosure(x: Value, *, axis: int, reverse: bool) -> Value:
        if not is_real(x):
            return on_integers(prim, x, axis=axis, reverse=reverse)
        return lax.associative_scan(operation, as_interval(x), reverse=reverse, axis=axis)

    _define(name, Rule(enclosure))


_def_running("cumprod", mul)
_def_running("cumlogsumexp", _logaddexp)


def _scatter_mul(
    x: Value, indices: Value, updates: Value, *, unique_indices: bool, **params: Any
) -> Value:
    checked_plain("scatter_mul", indices)
    prim = primitive("scatter_mul")
    if not is_real(x):
        return on_integers(prim, x, indices, updates, unique_indices=unique_indices, **params)
    if not unique_indices:
        raise UnsupportedPrimitiveError(
            "scatter_mul (x.at[i].multiply) at indices that may repeat: say unique_indices=True if "
            "they do not, else multiply in a loop"
        )
    updates = as_interval(updates)
    names = ("dimension_numbers", "indices_are_sorted", "mode")
    where = {k: params[k] for k in names}

    def factors(b: Any) -> Any:
        one = jnp.ones(x.shape, b.dtype)
        return lax.scatter(one, indices, b, unique_indices=True, **where)

    return mul(x, Interval(factors(updates.lo), factors(updates.hi)))


_define("scatter_mul", Rule(_scatter_mul))
