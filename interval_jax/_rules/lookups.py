"""Functions that look numbers up: the sign bit, places in a sorted array, interpolation.

JAX writes them by bit patterns and by searches, whose enclosures would know next to nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from interval_jax._constructors import entire
from interval_jax._interval import (
    Interval,
    _where,
    _where_empty,
    add,
    as_interval,
    div,
    mul,
    sub,
)
from interval_jax._rules.composite import def_composite
from interval_jax._rules.registry import (
    Integers,
    Rule,
    Truth,
    UnsupportedPrimitiveError,
    Value,
    is_plain,
)
from interval_jax.set_ops import convex_hull, intersection

__all__: list[str] = []

# --- the sign bit -----------------------------------------------------------------------


def _signbit(x: Value) -> Value:
    """Whether a number is negative; of zero, which as a number has no sign, either."""
    if not isinstance(x, Interval):
        return jnp.signbit(x)
    zero = lax.full_like(x.lo, 0)
    return Truth(lax.lt(x.hi, zero), lax.le(x.lo, zero))


def_composite("signbit", jnp.signbit, Rule(lambda x, **_: _signbit(x)))


# --- places in a sorted array -----------------------------------------------------------


def _search(equations: Sequence[Any], avals: Sequence[Any]) -> dict[str, Any]:
    """The side that a search takes, before or behind what is equal, and the method."""

    def described(eqn: Any) -> str:
        bodies = [p for p in eqn.params.values() if hasattr(p, "jaxpr")]
        inner = [described(e) for body in bodies for e in body.jaxpr.eqns]
        # In jax 0.10 a comparison, in jax 0.12 one primitive that prints its options.
        return " ".join([eqn.primitive.name, str(eqn.params.get("_prim", "")), *inner])

    program = " ".join(map(described, equations))
    side = "right" if "lt_to" in program or "side=right" in program else "left"
    methods = [m for m in ("scan_unrolled", "sort", "compare_all") if f"method={m}" in program]
    return {"side": side, "method": methods[0] if methods else "scan"}


def _searchsorted(sorted_: Value, x: Value, side: str) -> Value:
    """The number of members before x: it rises with x, and falls as they rise."""
    a, b = as_interval(sorted_), as_interval(x)
    # The bounds of sorted numbers are not sorted as they stand, but the numbers are.
    low = jnp.searchsorted(lax.sort(a.hi), b.lo, side)
    return Integers(low, jnp.searchsorted(lax.sort(a.lo), b.hi, side))


def_composite(
    "searchsorted",
    lambda a, v, side, method: jnp.searchsorted(a, v, side, method=method),
    lambda side, method: Rule(lambda a, x, **_: _searchsorted(a, x, side)),
    _search,
)


# --- interpolation ----------------------------------------------------------------------


def _interpolated(x: Array, grid: Array, values: Interval) -> Interval:
    """The interpolated values at points within a plain grid."""
    behind = jnp.clip(jnp.searchsorted(grid, x, "right"), 1, grid.shape[0] - 1)
    left, right = grid[behind - 1], grid[behind]
    first, second = values[behind - 1], values[behind]
    share = div(sub(as_interval(x), as_interval(left)), sub(as_interval(right), as_interval(left)))
    unit = Interval(lax.full_like(x, 0), lax.full_like(x, 1))
    # Between places as near as this JAX sees a step, others a steep line.
    step = lax.le(right - left, lax.full_like(x, np.spacing(np.finfo(x.dtype).eps)))
    share = _where(step, unit, intersection(share, unit))
    between = add(first, mul(share, sub(second, first)))
    return intersection(between, convex_hull(first, second))


def _among(values: Interval, mask: Array) -> Interval:
    """The hull of the values that a mask, along the last axis, tells."""
    low = jnp.min(jnp.where(mask, values.lo, np.inf), -1)
    return Interval(low, jnp.max(jnp.where(mask, values.hi, -np.inf), -1))


def _interp(x: Value, grid: Value, values: Value, **_: Any) -> Interval:
    """Linear between the places of a grid, constant outside: extreme at places, or at the ends."""
    x, values = as_interval(x), as_interval(values)
    if not is_plain(grid):
        # Between the values at the nearest places that may be on either side.
        near = _searchsorted(grid, x, "right")
        places = jnp.arange(values.shape[0])
        last = values.shape[0] - 1
        first, behind = jnp.clip(near.lo - 1, 0, last), jnp.clip(near.hi, 0, last)
        mask = (places >= first[..., None]) & (places <= behind[..., None])
        return _where_empty(x, _among(values, mask))
    low, high = (jnp.clip(b, grid[0], grid[-1]) for b in (x.lo, x.hi))
    inside = _among(values, (grid >= low[..., None]) & (grid <= high[..., None]))
    ends = [_interpolated(b, grid, values) for b in (low, high)]
    return _where_empty(x, convex_hull(inside, convex_hull(*ends)))


def _interp_vjp(
    cotangents: Sequence[Interval],
    wanted: Sequence[bool],
    inputs: Sequence[Value],
    outputs: Sequence[Value],
    **_: Any,
) -> list[Interval | None]:
    """The slopes of all pieces that x meets; 0 outside."""
    if any(wanted[1:]):
        raise UnsupportedPrimitiveError(
            "the derivative of interp by its grid or values: write it by jnp.where and products"
        )
    x, grid, values = map(as_interval, inputs)
    left, right = grid[:-1], grid[1:]
    slopes = div(sub(values[1:], values[:-1]), sub(right, left))
    step = lax.le(right.lo, left.hi + np.spacing(np.finfo(x.dtype).eps))
    slopes = _where(step, entire(slopes.shape, slopes.dtype), slopes)
    meets = (left.lo <= x.hi[..., None]) & (right.hi >= x.lo[..., None])
    outside = (x.lo <= grid.hi[0]) | (x.hi >= grid.lo[-1])
    zero = lax.full_like(x.lo, 0)
    inf = lax.full_like(x.lo, np.inf)
    flat = Interval(lax.select(outside, zero, inf), lax.select(outside, zero, -inf))
    return [mul(cotangents[0], convex_hull(_among(slopes, meets), flat)), None, None]


def_composite("_interp", lambda x, xp, fp: jnp.interp(x, xp, fp), Rule(_interp, _interp_vjp))
