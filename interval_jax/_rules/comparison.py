"""Rules of comparisons and logic, which may be undecided, and of selection, which then hulls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from interval_jax._interval import Interval, as_interval
from interval_jax._rules.registry import (
    Integers,
    Rule,
    Truth,
    UnsupportedPrimitiveError,
    Value,
    _define,
    integers,
    is_plain,
    is_real,
    primitive,
    truth,
)
from interval_jax._rules.sets import as_set, hull, nothing, part
from interval_jax.set_ops import convex_hull

_Decide = Callable[[Any, Any], tuple[Array, Array]]
"""Of two intervals, or two integers: where a comparison is certain, and where possible."""


def _def_comparison(name: str, decide: _Decide, reflexive: bool) -> None:
    """Define a comparison by (certain, possible); ``reflexive`` is its value for x and x."""
    prim = primitive(name)

    def enclosure(x: Value, y: Value, **params: Any) -> Value:
        if isinstance(x, Truth) or isinstance(y, Truth):
            return _compared(name, truth(x), truth(y))
        if x is y and not is_plain(x):
            return jnp.full(x.shape, reflexive)
        if isinstance(x, Integers) or isinstance(y, Integers):
            return _compared_integers(name, decide, integers(x), integers(y))
        if not (is_real(x) and is_real(y)):
            return prim.bind(x, y, **params)
        a, b = as_interval(x), as_interval(y)
        shape = jnp.broadcast_shapes(a.shape, b.shape)
        certain, possible = decide(a, b)
        return Truth(jnp.broadcast_to(certain, shape), jnp.broadcast_to(possible, shape))

    _define(name, Rule(enclosure))


def _differ(x: Truth, y: Truth) -> Truth:
    certain = (x.certain & ~y.possible) | (y.certain & ~x.possible)
    return Truth(certain, (x.possible & ~y.certain) | (y.possible & ~x.certain))


def _compared(name: str, x: Truth, y: Truth) -> Truth:
    """Compare undecided booleans."""
    if name not in ("eq", "ne"):
        raise UnsupportedPrimitiveError(
            f"{name} of undecided booleans: combine them with logical_and, or, xor, not"
        )
    differ = _differ(x, y)
    return differ if name == "ne" else Truth(~differ.possible, ~differ.certain)


def _compared_integers(name: str, decide: _Decide, x: Integers, y: Integers) -> Truth:
    """Compare undecided integers; only a number that is in question can be equal."""
    certain, possible = decide(x, y)
    if name == "eq" and x.among is not None:
        low, high = (jnp.broadcast_to(b, x.shape) for b in (y.lo, y.hi))
        numbers = lax.broadcasted_iota(x.dtype, x.among.shape, 0)
        asked = x.among & (numbers >= low) & (numbers <= high)
        possible &= jnp.any(asked, 0) | (high >= x.among.shape[0])
    return Truth(certain, possible)


def _point_pair(x: Any, y: Any) -> Array:
    return (x.lo == x.hi) & (y.lo == y.hi) & (x.lo == y.lo)


_def_comparison("lt", lambda x, y: (x.hi < y.lo, x.lo < y.hi), False)
_def_comparison("le", lambda x, y: (x.hi <= y.lo, x.lo <= y.hi), True)
_def_comparison("gt", lambda x, y: (x.lo > y.hi, x.hi > y.lo), False)
_def_comparison("ge", lambda x, y: (x.lo >= y.hi, x.hi >= y.lo), True)
_def_comparison("eq", lambda x, y: (_point_pair(x, y), (x.lo <= y.hi) & (y.lo <= x.hi)), True)
_def_comparison("ne", lambda x, y: ((x.hi < y.lo) | (y.hi < x.lo), ~_point_pair(x, y)), False)
# In JAX's order of all floats zeros differ and NaN has a place; of numbers it is that of numbers.
_def_comparison("eq_to", lambda x, y: (_point_pair(x, y), (x.lo <= y.hi) & (y.lo <= x.hi)), True)
_def_comparison("lt_to", lambda x, y: (x.hi < y.lo, x.lo < y.hi), False)
_def_comparison("le_to", lambda x, y: (x.hi <= y.lo, x.lo <= y.hi), True)


def _def_logic(name: str, monotone: bool = True) -> None:
    """Define and, or (monotone) and not (antitone) on possibly undecided booleans."""
    prim = primitive(name)

    def enclosure(*args: Value, **params: Any) -> Value:
        if not any(isinstance(a, Truth) for a in args):
            return prim.bind(*args, **params)
        pairs = [truth(a) for a in args]
        certain = prim.bind(*(p.certain for p in pairs), **params)
        possible = prim.bind(*(p.possible for p in pairs), **params)
        return Truth(certain, possible) if monotone else Truth(possible, certain)

    _define(name, Rule(enclosure))


_def_logic("and")
_def_logic("or")
_def_logic("not", monotone=False)
_def_logic("reduce_and")
_def_logic("reduce_or")


def _xor(x: Value, y: Value) -> Value:
    if isinstance(x, Truth) or isinstance(y, Truth):
        return _differ(truth(x), truth(y))
    return lax.bitwise_xor(x, y)


_define("xor", Rule(_xor))


def _is_finite(x: Value, **_: Any) -> Value:
    """Members of an interval are finite numbers: a computed infinity is only a bound."""
    return jnp.ones(x.shape, bool) if isinstance(x, Interval) else lax.is_finite(x)


_define("is_finite", Rule(_is_finite))


def _select(which: Value, *cases: Value, **params: Any) -> Value:
    """The chosen case, or the hull of those that may be."""
    if is_plain(which):
        if all(map(is_plain, cases)):
            return primitive("select_n").bind(which, *cases, **params)
        return _chosen(which, cases, **params)
    sets = [as_set(case, "select_n") for case in cases]
    parts = [
        part(jnp.broadcast_to(_may_be(which, i), s.shape), s, nothing(s))
        for i, s in enumerate(sets)
    ]
    return reduce(hull, parts)


def _chosen(which: Array, cases: Sequence[Value], **params: Any) -> Value:
    """The case that a plain choice takes, element by element."""
    sets = [as_set(case, "select_n") for case in cases]
    leaves, structures = zip(*map(jax.tree.flatten, sets), strict=True)
    chosen = [primitive("select_n").bind(which, *ends, **params) for ends in zip(*leaves)]
    return jax.tree.unflatten(structures[0], chosen)


def _may_be(which: Value, case: int) -> Array:
    """Where a choice may be a case."""
    if isinstance(which, Integers):
        return which.may_be(case)
    if isinstance(which, Truth):
        return which.possible if case else ~which.certain
    chosen: Array = which == bool(case) if which.dtype == bool else which == case
    return chosen


def _must_be(which: Value, case: int) -> Array:
    """Where a choice must be a case."""
    if isinstance(which, Integers):
        return lax.eq(which.lo, which.hi) & which.may_be(case)
    if isinstance(which, Truth):
        return which.certain if case else ~which.possible
    return _may_be(which, case)


def _restrict(x: Interval, mask: Array) -> Interval:
    mask = jnp.broadcast_to(mask, x.shape)
    inf = lax.full_like(x.lo, np.inf)
    return Interval(lax.select(mask, x.lo, inf), lax.select(mask, x.hi, -inf))


def _select_vjp(
    cotangents: Sequence[Interval],
    wanted: Sequence[bool],
    inputs: Sequence[Value],
    outputs: Sequence[Value],
    **_: Any,
) -> list[Interval | None]:
    """The cotangent goes to the chosen case, or, undecided, anywhere from nothing to all."""
    (c,) = cotangents
    which = inputs[0]
    zero = Interval(lax.full_like(c.lo, 0), lax.full_like(c.lo, 0))
    found: list[Interval | None] = [None]
    for case, want in enumerate(wanted[1:]):
        if not want:
            found.append(None)
            continue
        certain, possible = _must_be(which, case), _may_be(which, case)
        found.append(reduce(convex_hull, (_restrict(c, possible), _restrict(zero, ~certain))))
    return found


_define("select_n", Rule(_select, _select_vjp))
