"""Rules of comparisons and logic, which may be undecided, and of selection, which then hulls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from interval_jax._interval import Interval, as_interval
from interval_jax._rules.registry import (
    Rule,
    Truth,
    UnsupportedPrimitiveError,
    Value,
    _define,
    is_real,
    primitive,
    truth,
)
from interval_jax.set_ops import convex_hull

_Decide = Callable[[Interval, Interval], tuple[Array, Array]]


def _def_comparison(name: str, decide: _Decide, reflexive: bool) -> None:
    """Define a comparison by (certain, possible); ``reflexive`` is its value for x and x."""
    prim = primitive(name)

    def enclosure(x: Value, y: Value, **params: Any) -> Value:
        if isinstance(x, Truth) or isinstance(y, Truth):
            return _compared(name, truth(x), truth(y))
        if not (is_real(x) and is_real(y)):
            return prim.bind(x, y, **params)
        if x is y and isinstance(x, Interval):
            decided = jnp.full(x.shape, reflexive)
            return Truth(decided, decided)
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


def _point_pair(x: Interval, y: Interval) -> Array:
    return (x.lo == x.hi) & (y.lo == y.hi) & (x.lo == y.lo)


_def_comparison("lt", lambda x, y: (x.hi < y.lo, x.lo < y.hi), False)
_def_comparison("le", lambda x, y: (x.hi <= y.lo, x.lo <= y.hi), True)
_def_comparison("gt", lambda x, y: (x.lo > y.hi, x.hi > y.lo), False)
_def_comparison("ge", lambda x, y: (x.lo >= y.hi, x.hi >= y.lo), True)
_def_comparison("eq", lambda x, y: (_point_pair(x, y), (x.lo <= y.hi) & (y.lo <= x.hi)), True)
_def_comparison("ne", lambda x, y: ((x.hi < y.lo) | (y.hi < x.lo), ~_point_pair(x, y)), False)


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
    if isinstance(x, Interval):
        yes = jnp.ones(x.shape, bool)
        return Truth(yes, yes)
    return lax.is_finite(x)


_define("is_finite", Rule(_is_finite))


def _select(which: Value, *cases: Value, **params: Any) -> Value:
    prim = primitive("select_n")
    if not isinstance(which, Truth):
        if not any(isinstance(c, Interval | Truth) for c in cases):
            return prim.bind(which, *cases, **params)
        if any(isinstance(c, Truth) for c in cases):
            pairs = [truth(c) for c in cases]
            return Truth(
                prim.bind(which, *(p.certain for p in pairs), **params),
                prim.bind(which, *(p.possible for p in pairs), **params),
            )
        reals = [as_interval(c) for c in cases]
        return Interval(
            prim.bind(which, *(c.lo for c in reals), **params),
            prim.bind(which, *(c.hi for c in reals), **params),
        )
    otherwise, then = cases
    may, may_not = which.possible, ~which.certain
    if is_real(then) and is_real(otherwise):
        x, y = as_interval(otherwise), as_interval(then)
        return convex_hull(_restrict(x, may_not), _restrict(y, may))
    if not isinstance(then, Truth) and then.dtype != bool:
        raise UnsupportedPrimitiveError(
            "select_n between integers on an undecided condition: an index or count that "
            "depends on interval data has no single value; make the condition plain"
        )
    no, yes = truth(otherwise), truth(then)
    certain = (no.certain | ~may_not) & (yes.certain | ~may)
    return Truth(certain, (no.possible & may_not) | (yes.possible & may))


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
        if isinstance(which, Truth):
            certain = which.certain if case else ~which.possible
            possible = which.possible if case else ~which.certain
        else:
            certain = possible = which if which.dtype == bool and case else which == case
        certain, possible = (jnp.broadcast_to(m, c.shape) for m in (certain, possible))
        found.append(reduce(convex_hull, (_restrict(c, possible), _restrict(zero, ~certain))))
    return found


_define("select_n", Rule(_select, _select_vjp))
