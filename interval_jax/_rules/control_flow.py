"""Rules of loops and branches: they stay the loops and branches that they are.

A body is a function of values (:class:`Body`) that the interpreter makes of a jaxpr. Its inputs
and outputs are values of all kinds, or ``None`` where nobody needs them. What a loop carries starts
as one kind and may come back as another, so its kinds are found first, by abstract evaluation.

A branch on an undecided condition gives the hull of both branches. In a loop on an undecided
condition all members of the box take their steps together: after each, the states of those that
may have stopped there join the result. It ends when the condition can no longer hold, or the
states repeat (what follows would be a subset), or, after many undecided steps, with the whole
line, which contains any result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial, reduce
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from interval_jax._forms import Form, Group, in_groups
from interval_jax._interval import Interval
from interval_jax._rules.integers import clamp
from interval_jax._rules.registry import Rule, Truth, Value, _define, is_plain
from interval_jax._rules.sets import anything, as_set, hull, kind, like, nothing, part, within
from interval_jax._slopes import Centred

__all__ = ["JOINED_AFTER", "WIDENED_AFTER", "Body", "scan_counts"]

JOINED_AFTER = 100
"""Undecided steps after which a loop's state includes those before, so that it settles."""

WIDENED_AFTER = 1000
"""Undecided steps after which the result of a loop is the whole line."""


class Body(Protocol):
    """A program inside a primitive, as a function of values."""

    used: tuple[bool, ...]
    """Which inputs it reads."""

    def __call__(self, *values: Value) -> list[Value]:
        """Evaluate it."""

    def abstract(self, *values: Value) -> list[Value]:
        """Return its results with shapes and types in place of arrays."""

    def needing(self, wanted: Sequence[bool]) -> Body:
        """Return it without what only unwanted results need; these are None."""

    def passed(self, output: int) -> int | None:
        """Return which input an output is, unchanged."""


def _like(values: Sequence[Value], models: Sequence[Value]) -> list[Value]:
    """Values as the kinds and types of others."""
    return [like(v, m) for v, m in zip(values, models, strict=True)]


def _joined(models: Sequence[Value], others: Sequence[Value]) -> list[Value]:
    """Of two models each, the one that can hold several values, and knows more of them."""
    return [
        m if kind(o) is None or isinstance(m, Form | Centred) else o
        for m, o in zip(models, others, strict=True)
    ]


def _of_same_box(models: Sequence[Value], values: Sequence[Value]) -> list[Value]:
    """Abstract centred values with the offsets that there are in the program."""
    one = next((v for v in values if isinstance(v, Centred)), None)
    return [
        replace(m, offsets=one.offsets) if one is not None and isinstance(m, Centred) else m
        for m in models
    ]


def _settled_kinds(
    state: list[Value],
    advance: Callable[[list[Value]], list[Value]],
    operands: Sequence[Value],
) -> list[Value]:
    """The state of a loop with these operands, as the kinds that its body keeps."""
    while True:
        promoted = _like(state, _of_same_box(_joined(state, advance(state)), operands))
        if [kind(v) for v in promoted] == [kind(v) for v in state]:
            return state
        state = promoted


def _groups(values: Sequence[Value]) -> tuple[Group, ...]:
    """The errors that forms among the values share."""
    found: dict[Group, None] = {}
    for value in values:
        if isinstance(value, Form):
            found.update(dict.fromkeys(value.groups))
    return tuple(found)


def _outside(values: Sequence[Value], groups: tuple[Group, ...]) -> list[Value]:
    """The values without the errors that were named inside a body: they are others each time."""
    return [in_groups(v, groups) if isinstance(v, Form) else v for v in values]


def _in_domain(results: Sequence[Value], operands: Sequence[Value]) -> list[Value]:
    """Intervals as the kind that the operands are of, if it is one that knows more."""
    one = next((v for v in operands if isinstance(v, Form | Centred)), None)
    if one is None:
        return list(results)
    return [like(v, one) if isinstance(v, Interval) else v for v in results]


def _axes(values: Any) -> frozenset[Any]:
    """The axes of a ``shard_map`` along which any of the arrays varies."""
    return frozenset().union(*map(_varying, jax.tree.leaves(values)))


def _varying(array: Array) -> frozenset[Any]:
    axes: frozenset[Any] = jax.typeof(array).manual_axis_type.varying
    return axes


def _spread(values: Any, axes: frozenset[Any]) -> Any:
    """The same values, as varying along these axes: JAX wants a loop's to vary alike."""

    def spread(array: Array) -> Array:
        missing = axes - _varying(array)
        return lax.pcast(array, tuple(missing), to="varying") if missing else array

    return jax.tree.map(spread, values) if axes else values


# --- branches ---------------------------------------------------------------------------


def _cond(index: Value, *operands: Value, branches: Sequence[Body], **_: Any) -> list[Value]:
    results = [branch.abstract(*operands) for branch in branches]
    if not is_plain(index):
        found = _undecided_cond(index, operands, branches, results)
        return _in_domain(found, operands)
    models = _of_same_box(reduce(_joined, results), operands)
    axes, groups = _axes((index, operands)), _groups(operands)
    operands = _spread(operands, axes)

    def taken(branch: Body) -> list[Value]:
        return _spread(_outside(_like(branch(*operands), models), groups), axes)

    return lax.switch(
        lax.convert_element_type(index, np.int32),
        # Closed over, operands keep their identity: x * x is known for a square.
        [partial(taken, branch) for branch in branches],
    )


def _possible(index: Value, count: int) -> list[Array]:
    """Which of so many branches may be taken; an index that is out of range takes the nearest."""
    if isinstance(index, Truth):
        return [~index.certain, index.possible]
    nearest = clamp(jnp.zeros_like(index.lo), index, jnp.full_like(index.lo, count - 1))
    return [nearest.may_be(i) for i in range(count)]


def _undecided_cond(
    index: Value,
    operands: Sequence[Value],
    branches: Sequence[Body],
    results: Sequence[Sequence[Value]],
) -> list[Value]:
    """The hull of the branches that may be taken; what cannot be taken is not evaluated."""
    count, axes = len(results[0]), _axes((index, operands))
    operands = _spread(operands, axes)
    same: dict[int, Value] = {}
    for i in range(count):
        sources = {branch.passed(i) for branch in branches}
        if len(sources) == 1 and (source := sources.pop()) is not None:
            same[i] = operands[source]

    def sets(values: Sequence[Value]) -> list[Value]:
        return [None if i in same else as_set(v, "cond") for i, v in enumerate(values)]

    def taken(branch: Body, possible: Array, abstract: Sequence[Value]) -> list[Value]:
        none = _spread([nothing(m) for m in jax.eval_shape(sets, abstract)], axes)
        return lax.cond(possible, lambda: _spread(sets(branch(*operands)), axes), lambda: none)

    found = map(taken, branches, _possible(index, len(branches)), results)
    hulls = reduce(lambda xs, ys: list(map(hull, xs, ys)), found)
    return [same.get(i, h) for i, h in enumerate(hulls)]


def _cond_demand(
    wanted: Sequence[bool], *, branches: Sequence[Body], **params: Any
) -> tuple[list[bool], dict[str, Any]]:
    needed = tuple(branch.needing(wanted) for branch in branches)
    used = [any(u) for u in zip(*(branch.used for branch in needed), strict=True)]
    return [True, *used], {**params, "branches": needed}


_define("cond", Rule(_cond, bodies=("branches",), demand=_cond_demand, forms=_cond))


# --- loops of known length --------------------------------------------------------------


def scan_counts(params: dict[str, Any]) -> tuple[int, int]:
    """The numbers of constants and of carried values among the operands of a scan."""
    if "num_carry" in params:
        return params["num_consts"], params["num_carry"]
    consts, carry, _ = params["ft_in"].unpack()  # jax 0.12
    return len(consts), len(carry)


def _scan(
    *values: Value, jaxpr: Body, length: int, reverse: bool, unroll: int, **params: Any
) -> list[Value]:
    consts_end, count = scan_counts(params)
    carry_end = consts_end + count
    consts, xs = values[:consts_end], list(map(_with_steps_first, values[carry_end:]))
    slices = jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape[1:], a.dtype), xs)
    groups = _groups(values)

    def abstract(carry: list[Value]) -> list[Value]:
        return jaxpr.abstract(*consts, *carry, *slices)[:count]

    axes = _axes(values)
    init = _outside(_settled_kinds(list(values[consts_end:carry_end]), abstract, values), groups)
    init = _spread(init, axes)

    def advance(carry: list[Value], x: list[Value]) -> tuple[list[Value], list[Value]]:
        results = jaxpr(*consts, *carry, *x)
        return _spread(_like(results[:count], carry), axes), _outside(results[count:], groups)

    carry, ys = lax.scan(advance, init, xs, length, reverse=reverse, unroll=unroll)
    return [*carry, *map(_with_rows_first, ys)]


def _with_steps_first(x: Value) -> Value:
    """A value with the axis of the steps in front of that of its coefficients."""
    if isinstance(x, Form):
        return replace(x, poly=jnp.moveaxis(x.poly, 1, 0), noise=jnp.moveaxis(x.noise, 1, 0))
    if isinstance(x, Centred):
        rows = jax.tree.map(lambda b: jnp.moveaxis(b, 1, 0), x.rows)
        steps = (x.shape[0], *x.offsets.shape)
        offsets = jax.tree.map(lambda b: jnp.broadcast_to(b, steps), x.offsets)
        return replace(x, rows=rows, offsets=offsets)
    return x


def _with_rows_first(x: Value) -> Value:
    """The inverse of :func:`_with_steps_first`."""
    if isinstance(x, Form):
        return replace(x, poly=jnp.moveaxis(x.poly, 0, 1), noise=jnp.moveaxis(x.noise, 0, 1))
    if isinstance(x, Centred):
        rows = jax.tree.map(lambda b: jnp.moveaxis(b, 0, 1), x.rows)
        return replace(x, rows=rows, offsets=x.offsets[0])
    return x


def _carried(body: Body, first: int, wanted: Sequence[bool], rest: Sequence[bool] = ()) -> Any:
    """Which carried values matter, inputs from ``first`` on, and the body without the others."""
    carry = list(wanted)
    while True:
        needed = body.needing([*carry, *rest])
        read = needed.used[first : first + len(carry)]
        reached = [a or b for a, b in zip(carry, read, strict=True)]
        if reached == carry:
            return carry, needed
        carry = reached


def _scan_demand(
    wanted: Sequence[bool], *, jaxpr: Body, **params: Any
) -> tuple[list[bool], dict[str, Any]]:
    consts, count = scan_counts(params)
    carry, body = _carried(jaxpr, consts, wanted[:count], wanted[count:])
    used = [*body.used[:consts], *carry, *body.used[consts + count :]]
    return used, {**params, "jaxpr": body}


_define("scan", Rule(_scan, bodies=("jaxpr",), demand=_scan_demand, forms=_scan))


# --- loops on a condition ---------------------------------------------------------------


def _while(*values: Value, **params: Any) -> list[Value]:
    found = _any_while(*values, **params)
    assert found is not None
    return found


def _while_on_forms(*values: Value, **params: Any) -> list[Value] | None:
    """A loop whose condition is one on plain arrays; of others the ranges have to do."""
    return _any_while(*values, decided=True, **params)


def _any_while(  # A loop mapped by vmap has a condition for each element, on the first axes.
    *values: Value,
    cond_jaxpr: Body,
    body_jaxpr: Body,
    cond_nconsts: int,
    body_nconsts: int,
    wanted: Sequence[bool] = (),
    decided: bool = False,
    **_: Any,
) -> list[Value] | None:
    first = cond_nconsts + body_nconsts
    cond_consts, body_consts = values[:cond_nconsts], values[cond_nconsts:first]
    init = _settled_kinds(
        list(values[first:]), lambda s: body_jaxpr.abstract(*body_consts, *s), values
    )
    axes = _axes(values)
    init = _spread(_outside(init, _groups(values)), axes)

    def condition(state: list[Value]) -> Value:
        return cond_jaxpr(*cond_consts, *state)[0]

    def advance(state: list[Value]) -> list[Value]:
        return _spread(_like(body_jaxpr(*body_consts, *state), state), axes)

    holds = cond_jaxpr.abstract(*cond_consts, *init)[0]
    if decided and (isinstance(holds, Truth) or holds.shape):
        return None
    if not isinstance(holds, Truth):
        if not holds.shape:
            return lax.while_loop(condition, advance, init)
        return lax.while_loop(
            lambda s: jnp.any(condition(s)), lambda s: part(condition(s), advance(s), s), init
        )
    constant = [body_jaxpr.passed(i) == body_nconsts + i for i in range(len(init))]
    collected = [w and not c for w, c in zip(wanted, constant, strict=True)]
    found = _undecided_while(init, condition, advance, collected)
    return [f if c else v for f, c, v in zip(found, collected, init, strict=True)]


class _Loop(NamedTuple):
    """What a loop on an undecided condition carries; the last two have the condition's shape."""

    state: list[Value]
    """Of all members that may still be in the loop."""
    found: list[Value]
    """The hull of the states with which members may have left it."""
    undecided: Array
    """The number of steps at which some may have left it."""
    possible: Array
    """Whether any may be in it still."""


def _undecided_while(
    init: list[Value],
    condition: Callable[[list[Value]], Truth],
    advance: Callable[[list[Value]], list[Value]],
    collected: Sequence[bool],
) -> list[Value]:
    """The hull of the states in which a member may leave the loop."""

    def stopped(state: list[Value], holds: Truth) -> list[Value]:
        sets = [as_set(v, "while") if c else None for v, c in zip(state, collected, strict=True)]
        return [part(holds.certain, _spread(nothing(v), _axes(v)), v) for v in sets]

    def goes_on(loop: _Loop) -> Array:
        return loop.possible & (loop.undecided <= WIDENED_AFTER)

    def step(loop: _Loop) -> _Loop:
        state, goes = loop.state, goes_on(loop)
        new = advance(state)
        joined = [hull(n, s) if kind(n) else n for n, s in zip(new, state, strict=True)]
        new = part(loop.undecided > JOINED_AFTER, joined, new)
        holds = condition(new)
        found = [hull(f, s) for f, s in zip(loop.found, stopped(new, holds), strict=True)]
        # What follows states that are all among those before are such states again.
        live = [(n, s) for n, s in zip(new, state, strict=True) if n is not None]
        settled = [within(n, s, goes.ndim) for n, s in live]
        possible = holds.possible & ~reduce(lax.bitwise_and, settled)
        after = _Loop(new, found, loop.undecided + ~holds.certain, possible)
        return part(goes, after, loop)

    holds = condition(init)
    undecided = lax.convert_element_type(~holds.certain, np.int32)
    start = _Loop(init, stopped(init, holds), undecided, holds.possible)
    end = lax.while_loop(lambda loop: jnp.any(goes_on(loop)), step, start)
    # The loop was left before it could not go on any more.
    return [part(end.possible, anything(f), f) for f in end.found]


def _while_demand(
    wanted: Sequence[bool],
    *,
    cond_jaxpr: Body,
    body_jaxpr: Body,
    cond_nconsts: int,
    body_nconsts: int,
    **params: Any,
) -> tuple[list[bool], dict[str, Any]]:
    read = cond_jaxpr.used
    needed = [a or b for a, b in zip(wanted, read[cond_nconsts:], strict=True)]
    carry, body = _carried(body_jaxpr, body_nconsts, needed)
    used = [*read[:cond_nconsts], *body.used[:body_nconsts], *carry]
    return used, {
        **params,
        "cond_jaxpr": cond_jaxpr,
        "body_jaxpr": body,
        "cond_nconsts": cond_nconsts,
        "body_nconsts": body_nconsts,
        "wanted": tuple(wanted),
    }


_define(
    "while",
    Rule(
        _while,
        bodies=("cond_jaxpr", "body_jaxpr"),
        demand=_while_demand,
        forms=_while_on_forms,
    ),
)
