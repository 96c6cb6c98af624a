"""Arithmetic and conversions of integers that depend on interval data.

Such integers are bounded (:class:`~interval_jax._rules.registry.Integers`). What indexes or
branches with them gives the hull of all possibilities.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import reduce
from itertools import product
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from interval_jax import _rounding as rd
from interval_jax._interval import Interval, as_interval
from interval_jax._rules.registry import (
    INTEGER_RULES,
    Integers,
    UnsupportedPrimitiveError,
    Value,
    integers,
    is_plain,
)
from interval_jax._rules.sets import full_range, nothing, part

__all__ = ["clamp", "converted", "real", "real_number", "rounded"]

# --- arithmetic -------------------------------------------------------------------------


def _ends(value: Value) -> tuple[Array, ...]:
    return (value.lo, value.hi) if isinstance(value, Integers) else (value,)


def _corners(function: Callable[..., Array], args: Sequence[Value]) -> list[Array]:
    return [function(*corner) for corner in product(*map(_ends, args))]


def _unless_too_large(found: Integers, sizes: Sequence[Array]) -> Integers:
    """The bounds, or all integers where one of these sizes may be out of range, and wraps."""
    # Sizes are floats, rounded. Unsigned integers wrap at 0, which rounding would hide.
    limit = float(-np.iinfo(found.dtype).min) * 0.99
    fits = reduce(lax.bitwise_and, (lax.abs(s) < limit for s in sizes))
    return part(fits, found, full_range(found))


def _def_monotone(name: str, wraps: bool = True) -> None:
    """Define a function that is monotone in each argument alone: its extremes are at corners."""

    def bounded(prim: Any, *args: Value, **params: Any) -> Value:
        values = _corners(lambda *corner: prim.bind(*corner, **params), args)
        found = Integers(reduce(lax.min, values), reduce(lax.max, values))
        if not wraps:
            return found
        sizes = _corners(lambda *corner: prim.bind(*map(jnp.float32, corner), **params), args)
        return _unless_too_large(found, sizes)

    INTEGER_RULES[name] = bounded


for _name in ("add", "sub", "mul", "neg"):
    _def_monotone(_name)
for _name in ("max", "min", "sign", "reduce_max", "reduce_min", "cummax", "cummin"):
    _def_monotone(_name, wraps=False)


def _abs(prim: Any, x: Value, **_: Any) -> Value:
    zero = lax.full_like(x.lo, 0)
    low = lax.max(zero, lax.max(x.lo, -x.hi))
    found = Integers(low, lax.max(lax.abs(x.lo), lax.abs(x.hi)))
    return _unless_too_large(found, [jnp.float32(x.lo)])


INTEGER_RULES["abs"] = _abs


def _whole_power(prim: Any, x: Integers, **params: Any) -> Value:
    """x**y for a whole y >= 0: it rises with x, or, if y is even, with its size."""
    base = _abs(prim, x) if params.get("y", 2) % 2 == 0 else x
    found = Integers(*(prim.bind(b, **params) for b in _ends(base)))
    return _unless_too_large(found, [prim.bind(jnp.float32(b), **params) for b in _ends(base)])


INTEGER_RULES["integer_pow"] = INTEGER_RULES["square"] = _whole_power


def _quotient(prim: Any, x: Value, y: Value) -> Value:
    """Division by a plain number, towards 0: monotone in x. By 0, JAX's result is any."""
    if not is_plain(y):
        raise UnsupportedPrimitiveError(
            "div of integers by one that depends on interval data: convert them to floats"
        )
    ends = lax.div(x.lo, y), lax.div(x.hi, y)
    found = Integers(lax.min(*ends), lax.max(*ends))
    return _unless_too_large(found, [jnp.float32(v) / jnp.float32(y) for v in (x.lo, x.hi)])


def _remainder(prim: Any, x: Value, y: Value) -> Value:
    """The remainder of that division: between 0 and y, with the sign of x."""
    quotient = _quotient(prim, x, y)
    ends = lax.rem(x.lo, y), lax.rem(x.hi, y)
    zero = lax.full_like(x.lo, 0)
    limit = lax.sub(lax.abs(y), lax.full_like(y, 1))
    any_ = Integers(
        lax.select(x.lo >= zero, zero, lax.max(x.lo, -limit)),
        lax.select(x.hi <= zero, zero, lax.min(x.hi, limit)),
    )
    one = Integers(lax.min(*ends), lax.max(*ends))
    found = part(lax.eq(quotient.lo, quotient.hi), one, any_)
    return part(lax.eq(y, zero), full_range(x), found)


INTEGER_RULES["div"] = _quotient
INTEGER_RULES["rem"] = _remainder


def clamp(low: Value, x: Value, high: Value) -> Value:
    """Clamp integers; plain limits around all that are possible change nothing."""
    if all(map(is_plain, (low, x, high))):
        return lax.clamp(low, x, high)
    limits, whole = [integers(low), integers(high)], integers(x)
    ends: Any = [
        lax.clamp(a, b, c)
        for a, b, c in zip(*map(_ends, (limits[0], whole, limits[1])), strict=True)
    ]
    if whole.among is None or not (is_plain(low) and is_plain(high)):
        return Integers(ends[0], ends[1])
    cut = lax.ne(whole.lo, ends[0]) | lax.ne(whole.hi, ends[1])
    return Integers(ends[0], ends[1], whole.among | cut)


def _def_sum(name: str, terms: Callable[..., int]) -> None:
    """Define a primitive that adds numbers, of some shape so many of them."""

    def total(prim: Any, x: Value, **params: Any) -> Value:
        found = Integers(prim.bind(x.lo, **params), prim.bind(x.hi, **params))
        largest = jnp.max(jnp.maximum(jnp.abs(x.lo), jnp.abs(x.hi)), initial=0)
        size = jnp.float32(largest) * float(terms(x.shape, **params))
        return _unless_too_large(found, [jnp.full(found.shape, size)])

    INTEGER_RULES[name] = total


_def_sum("reduce_sum", lambda shape, axes, **_: math.prod(shape[a] for a in axes))
_def_sum("cumsum", lambda shape, axis, **_: shape[axis])


# --- conversion -------------------------------------------------------------------------


def real_number(x: Array, dtype: np.dtype) -> Value:
    """Plain integers as real numbers, intervals if that rounds them."""
    fmt = rd.format_of(dtype)
    near = x.astype(dtype)
    if x.dtype == bool or np.iinfo(x.dtype).bits < fmt.digits:
        return near
    # Integers of more than p bits are rounded to nearest: the truth is within one step.
    inexact = lax.ge(lax.abs(near), lax.full_like(near, 2.0**fmt.digits))
    return Interval(rd.step_down(near, inexact), rd.step_up(near, inexact))


def real(x: Integers, dtype: np.dtype) -> Interval:
    """Integers as real numbers."""
    low, high = (as_interval(real_number(b, dtype)) for b in (x.lo, x.hi))
    none = lax.gt(x.lo, x.hi)
    return part(none, nothing(low), Interval(low.lo, high.hi))


def rounded(x: Interval, dtype: np.dtype) -> Integers:
    """Real numbers without their fractions; what an integer type cannot hold may become any."""
    info = np.iinfo(dtype)
    fits = (x.lo >= float(info.min)) & (x.hi < 2.0 ** int(info.max).bit_length())
    zero = lax.full_like(x.lo, 0)
    found = Integers(*(lax.select(fits, b, zero).astype(dtype) for b in (x.lo, x.hi)))
    return part(fits, found, full_range(found))


def converted(x: Integers, dtype: np.dtype) -> Integers:
    """Integers of another type; what it cannot hold may become any."""
    found = Integers(x.lo.astype(dtype), x.hi.astype(dtype))
    same = [
        lax.eq(b.astype(x.dtype), a) & lax.eq(b < 0, a < 0)
        for a, b in ((x.lo, found.lo), (x.hi, found.hi))
    ]
    fits = same[0] & same[1]
    found = part(fits, found, full_range(found))
    return found if x.among is None else Integers(found.lo, found.hi, x.among | ~fits)
