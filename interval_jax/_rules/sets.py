"""The kinds of values as sets: hulls, parts, and the least and the largest one of a kind."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from interval_jax._forms import Form, as_form, in_groups
from interval_jax._interval import Interval, as_interval
from interval_jax._rules.registry import (
    Integers,
    Truth,
    UnsupportedPrimitiveError,
    Value,
    integers,
    is_real,
    truth,
)
from interval_jax._slopes import Centred, as_centred

__all__ = ["anything", "as_set", "full_range", "hull", "kind", "like", "nothing", "part", "within"]


def kind(value: Value) -> type | None:
    """The class of values that can hold several, None of those that cannot."""
    kinds = (Form, Centred, Interval, Truth, Integers)
    return next((k for k in kinds if isinstance(value, k)), None)


def like(value: Value, model: Value) -> Value:
    """A value as the kind and type of another."""
    if isinstance(model, Form):
        return in_groups(as_form(value, model.monomials, model.dtype), model.groups)
    if isinstance(model, Centred):
        return as_centred(value, model, model.dtype)
    if isinstance(model, Interval):
        return as_interval(value, model.dtype)
    if isinstance(model, Integers):
        whole = integers(value)
        return Integers(whole.lo, whole.hi)
    return truth(value) if isinstance(model, Truth) else value


def as_set(value: Value, name: str) -> Value:
    """A value as one of the kinds that can hold several, for a primitive of that name."""
    if isinstance(value, Form | Centred):
        return value.span
    if value is None or (kind(value) is not None and not isinstance(value, Integers)):
        return value
    if is_real(value):
        return as_interval(value)
    if value.dtype == bool:
        return truth(value)
    if jnp.issubdtype(value.dtype, jnp.integer):
        whole = integers(value)
        return Integers(whole.lo, whole.hi)
    raise UnsupportedPrimitiveError(
        f"{name} on what is not decided, of which a result of type {value.dtype} is used: it has "
        "no single value; make the condition plain"
    )


def nothing(model: Value) -> Value:
    """The set without members."""
    if isinstance(model, Interval):
        shape, dtype = model.shape, model.dtype
        return Interval(jnp.full(shape, np.inf, dtype), jnp.full(shape, -np.inf, dtype))
    if isinstance(model, Truth):
        return Truth(jnp.ones(model.shape, bool), jnp.zeros(model.shape, bool))
    if isinstance(model, Integers):
        every = full_range(model)
        return Integers(every.hi, every.lo)
    return None


def anything(model: Value) -> Value:
    """The set of all values."""
    if isinstance(model, Interval):
        shape, dtype = model.shape, model.dtype
        return Interval(jnp.full(shape, -np.inf, dtype), jnp.full(shape, np.inf, dtype))
    if isinstance(model, Truth):
        return Truth(jnp.zeros(model.shape, bool), jnp.ones(model.shape, bool))
    return full_range(model) if isinstance(model, Integers) else None


def full_range(model: Value) -> Integers:
    """All integers of a shape and type."""
    info = np.iinfo(model.dtype)
    return Integers(*(jnp.full(model.shape, end, model.dtype) for end in (info.min, info.max)))


def hull(x: Value, y: Value) -> Value:
    """The least set of the kind with all members of both."""
    if isinstance(x, Interval):
        return Interval(lax.min(x.lo, y.lo), lax.max(x.hi, y.hi))
    if isinstance(x, Truth):
        return Truth(x.certain & y.certain, x.possible | y.possible)
    if isinstance(x, Integers):
        return Integers(lax.min(x.lo, y.lo), lax.max(x.hi, y.hi))
    return x


def part(mask: Array, x: Value, y: Value) -> Value:
    """x where a mask over the first axes is true, y elsewhere."""

    def select(a: Array, b: Array) -> Array:
        return lax.select(lax.broadcast_in_dim(mask, a.shape, range(mask.ndim)), a, b)

    return jax.tree.map(select, x, y)


def within(x: Value, y: Value, ndim: int) -> Array:
    """Whether all members of x are members of y, along the first axes; arrays are one member."""
    if isinstance(x, Interval | Integers):
        inside = (x.lo >= y.lo) & (x.hi <= y.hi)
    elif isinstance(x, Truth):
        inside = (x.certain | ~y.certain) & (y.possible | ~x.possible)
    elif jnp.issubdtype(x.dtype, jax.dtypes.extended):
        inside = jnp.zeros(x.shape, bool)
    else:
        inside = lax.eq(x, y)
    found: Any = jnp.all(inside, axis=tuple(range(ndim, inside.ndim)))
    return found
