"""Rules of primitives that move numbers without computing: exact on either bound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from interval_jax import _rounding as rd
from interval_jax import _sums
from interval_jax._interval import Interval, as_interval
from interval_jax._rules.registry import (
    Rule,
    Truth,
    UnsupportedPrimitiveError,
    Value,
    _define,
    def_structural,
    is_real,
    primitive,
)

for _name in (
    "all_gather",
    "all_to_all",
    "concatenate",
    "copy",
    "dynamic_slice",
    "dynamic_update_slice",
    "expand_dims",
    "gather",
    "pad",
    "ppermute",
    "reshape",
    "rev",
    "scatter",
    "slice",
    "split",
    "squeeze",
    "stack",
    "transpose",
    "unstack",
    "device_put",
    "sharding_constraint",
):
    def_structural(_name)

def _summed(
    cotangents: Sequence[Interval], inputs: Sequence[Value], **params: Any
) -> list[Interval | None]:
    """Transpose a broadcast: sum over the axes that it added or stretched."""
    (c,) = cotangents
    shape, kept = inputs[0].shape, params["broadcast_dimensions"]
    added = tuple(a for a in range(c.ndim) if a not in kept)
    stretched = tuple(k for k, n in zip(kept, shape, strict=True) if n == 1 and c.shape[k] != 1)
    low, high = _sums.sum_bounds((c.lo, c.hi), added + stretched)
    return [Interval(low.reshape(shape), high.reshape(shape))] + [None] * (len(inputs) - 1)


def_structural("broadcast_in_dim", _summed)


def _name_value(x: Value, **_: Any) -> Value:
    return x


def _name_vjp(
    cotangents: Sequence[Interval],
    wanted: Sequence[bool],
    inputs: Sequence[Value],
    outputs: Sequence[Value],
    **_: Any,
) -> list[Interval | None]:
    return [cotangents[0]]


_define("name", Rule(_name_value, _name_vjp))


def _barrier(*values: Value, **params: Any) -> Any:
    leaves, structure = jax.tree.flatten(values)
    return jax.tree.unflatten(structure, primitive("optimization_barrier").bind(*leaves, **params))


def _barrier_vjp(
    cotangents: Sequence[Interval],
    wanted: Sequence[bool],
    inputs: Sequence[Value],
    outputs: Sequence[Value],
    **_: Any,
) -> list[Interval | None]:
    return [c if want else None for c, want in zip(cotangents, wanted, strict=True)]


_define("optimization_barrier", Rule(_barrier, _barrier_vjp))


def _no_gradient(
    cotangents: Sequence[Interval],
    wanted: Sequence[bool],
    inputs: Sequence[Value],
    outputs: Sequence[Value],
    **_: Any,
) -> list[Interval | None]:
    zero = jnp.zeros(inputs[0].shape, cotangents[0].dtype)
    return [Interval(zero, zero)]


_define("stop_gradient", Rule(_name_value, _no_gradient))


def _convert(x: Value, *, new_dtype: Any, **_: Any) -> Value:
    real = jnp.issubdtype(new_dtype, jnp.floating)
    if isinstance(x, Interval):
        if not real:
            raise UnsupportedPrimitiveError(
                f"convert_element_type from {x.dtype} to {np.dtype(new_dtype)}: an interval has no "
                "complex, integer or boolean value; take indices and masks from plain arrays"
            )
        return x.astype(new_dtype)
    if isinstance(x, Truth):
        if not real:
            raise UnsupportedPrimitiveError(
                f"convert_element_type of an undecided boolean to {np.dtype(new_dtype)}: "
                "convert it to a float, or use jnp.where"
            )
        return Interval(x.certain.astype(new_dtype), x.possible.astype(new_dtype))
    if is_real(x) or not real:
        return as_interval(x, new_dtype) if real else lax.convert_element_type(x, new_dtype)
    return _from_integers(x, rd.format_of(np.dtype(new_dtype)))


def _from_integers(x: Array, fmt: rd.Format) -> Value:
    near = x.astype(fmt.dtype)
    if x.dtype == bool or np.iinfo(x.dtype).bits < fmt.digits:
        return near
    # Integers of more than p bits are rounded to nearest: the truth is within one step.
    inexact = lax.ge(lax.abs(near), lax.full_like(near, 2.0**fmt.digits))
    return Interval(rd.step_down(near, inexact), rd.step_up(near, inexact))


def _convert_vjp(
    cotangents: Sequence[Interval],
    wanted: Sequence[bool],
    inputs: Sequence[Value],
    outputs: Sequence[Value],
    **_: Any,
) -> list[Interval | None]:
    return [cotangents[0].astype(inputs[0].dtype)]


_define("convert_element_type", Rule(_convert, _convert_vjp))
