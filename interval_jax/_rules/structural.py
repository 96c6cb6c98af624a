"""Rules of primitives that move numbers without computing: exact on either bound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from interval_jax import _sums
from interval_jax._interval import Interval, as_interval
from interval_jax._rules import integers
from interval_jax._rules.combinators import def_structural
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

for _name in (
    "all_gather",
    "all_to_all",
    "concatenate",
    "copy",
    "expand_dims",
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
    dtype = np.dtype(new_dtype)
    if jnp.issubdtype(dtype, jnp.floating):
        return _as_real(x, dtype)
    if is_plain(x):
        return lax.convert_element_type(x, new_dtype)
    if np.issubdtype(dtype, np.bool_):
        return x if isinstance(x, Truth) else _is_not_zero(x)
    if not jnp.issubdtype(dtype, jnp.integer):
        raise UnsupportedPrimitiveError(
            f"convert_element_type from {x.dtype} to {dtype}: an interval has no complex value; "
            "write the real and imaginary parts as two arrays"
        )
    if isinstance(x, Truth):
        return Integers(x.certain.astype(dtype), x.possible.astype(dtype))
    return integers.converted(x, dtype) if isinstance(x, Integers) else integers.rounded(x, dtype)


def _as_real(x: Value, dtype: np.dtype) -> Value:
    if isinstance(x, Truth):
        return Interval(x.certain.astype(dtype), x.possible.astype(dtype))
    if isinstance(x, Integers):
        return integers.real(x, dtype)
    return as_interval(x, dtype) if is_real(x) else integers.real_number(x, dtype)


def _is_not_zero(x: Interval | Integers) -> Truth:
    zero = lax.full_like(x.lo, 0)
    is_zero = lax.eq(x.lo, zero) & lax.eq(x.hi, zero)
    return Truth(lax.gt(x.lo, zero) | lax.lt(x.hi, zero), ~is_zero)


def _convert_vjp(
    cotangents: Sequence[Interval],
    wanted: Sequence[bool],
    inputs: Sequence[Value],
    outputs: Sequence[Value],
    **_: Any,
) -> list[Interval | None]:
    return [cotangents[0].astype(inputs[0].dtype)]


_define("convert_element_type", Rule(_convert, _convert_vjp))
