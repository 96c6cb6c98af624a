"""Rules of reductions: sums with an a-priori rounding bound, exact minima and maxima."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jax import Array, lax

from interval_jax import _sums
from interval_jax._interval import Interval, as_interval, mul
from interval_jax._rules.combinators import on_integers
from interval_jax._rules.registry import Rule, Value, _define, is_real, primitive


def _restored(x: Array, shape: tuple[int, ...], axes: Sequence[int]) -> Array:
    """A reduced array repeated along the axes that were reduced."""
    kept = [a for a in range(len(shape)) if a not in axes]
    return lax.broadcast_in_dim(x, shape, kept)


def _spread(x: Interval, shape: tuple[int, ...], axes: Sequence[int]) -> Interval:
    return Interval(_restored(x.lo, shape, axes), _restored(x.hi, shape, axes))


def _sum(x: Value, *, axes: Sequence[int], **params: Any) -> Value:
    if not is_real(x):
        return on_integers(primitive("reduce_sum"), x, axes=axes, **params)
    x = as_interval(x)
    return Interval(*_sums.sum_bounds((x.lo, x.hi), tuple(axes)))


def _sum_vjp(
    cotangents: Any, wanted: Any, inputs: Any, outputs: Any, *, axes: Sequence[int], **_: Any
) -> list[Interval | None]:
    return [_spread(cotangents[0], inputs[0].shape, axes)]


_define("reduce_sum", Rule(_sum, _sum_vjp))


def _def_extreme(name: str, largest: bool) -> None:
    def enclosure(x: Value, *, axes: Sequence[int], **params: Any) -> Value:
        if not is_real(x):
            return on_integers(primitive(name), x, axes=axes, **params)
        x = as_interval(x)
        empty = jnp.any(x.lo > x.hi, axes)
        pick = jnp.max if largest else jnp.min
        low, high = pick(x.lo, axes), pick(x.hi, axes)
        return Interval(jnp.where(empty, jnp.inf, low), jnp.where(empty, -jnp.inf, high))

    def vjp(
        cotangents: Any, wanted: Any, inputs: Any, outputs: Any, *, axes: Sequence[int], **_: Any
    ) -> list[Interval | None]:
        """An element that surely wins gets all, one that surely loses nothing, others either."""
        x = as_interval(inputs[0])
        axes = tuple(axes)
        low, high = (x.lo, x.hi) if largest else (-x.hi, -x.lo)
        # An element may win unless it is below the best lower bound; it surely wins if its
        # lower bound is above the upper bounds of all others, that is, if no other may.
        may = high >= jnp.max(low, axes, keepdims=True)
        alone = jnp.sum(may, axes, keepdims=True) == 1
        zero, one = jnp.zeros(x.shape, x.dtype), jnp.ones(x.shape, x.dtype)
        slope = Interval(jnp.where(may & alone, one, zero), jnp.where(may, one, zero))
        return [mul(_spread(cotangents[0], x.shape, axes), slope)]

    _define(name, Rule(enclosure, vjp))


_def_extreme("reduce_max", largest=True)
_def_extreme("reduce_min", largest=False)
