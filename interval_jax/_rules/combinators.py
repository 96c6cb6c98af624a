"""Combinators that build rules: of functions element by element, of structure, of plain values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from interval_jax import _sums
from interval_jax._forms import Form, Smooth, as_form, compose, moved
from interval_jax._interval import Interval, as_interval, mul
from interval_jax._rounding import stored, together
from interval_jax._rules.registry import (
    INTEGER_RULES,
    Enclose,
    Integers,
    Rule,
    Slope,
    Truth,
    UnsupportedPrimitiveError,
    Value,
    _define,
    is_plain,
    is_real,
    primitive,
    register,
)

__all__ = [
    "def_elementwise",
    "def_inlined",
    "def_plain",
    "def_refused",
    "def_structural",
    "elementwise_rule",
    "on_integers",
    "settled",
]


def settled(function: Enclose) -> Enclose:
    """Have XLA compute the operands and both bounds of a costly function once each.

    Each bound of what follows depends on both bounds of what comes before, so fusion across
    the function would compute its operands twice, and it again in all that uses its result.
    """

    def evaluated(*args: Interval) -> Interval:
        result: Interval = function(*map(together, args))
        return jax.tree.map(stored, result)

    return evaluated


def elementwise_rule(
    enclose: Enclose,
    *slopes: Slope | int | None,
    curvature: Slope | None = None,
    bounded: bool = False,
) -> Rule:
    """Return the rule of a real function of real arguments, applied element by element.

    Each slope, ``slope(*inputs, output)``, encloses the range of the derivative with respect
    to one argument: where the function is not differentiable, the hull of its limits. The
    slopes 1 and -1 are given as such. ``curvature(input, output)`` encloses the range of the
    second derivative of a function of one argument whose first is continuous; ``bounded`` says
    that it is finite over all bounded intervals.
    """

    def vjp(
        cotangents: Sequence[Interval],
        wanted: Sequence[bool],
        inputs: Sequence[Value],
        outputs: Sequence[Value],
        **_: Any,
    ) -> list[Interval | None]:
        args = [as_interval(a) for a in inputs]
        (c,) = cotangents

        def share(slope: Slope | int | None, shape: tuple[int, ...]) -> Interval | None:
            if slope is None:
                return None
            if isinstance(slope, int):
                return unbroadcast(c if slope == 1 else -c, shape)
            return unbroadcast(mul(c, slope(*args, as_interval(outputs[0]))), shape)

        return [
            share(slope, a.shape) if want else None
            for want, slope, a in zip(wanted, slopes, args, strict=True)
        ]

    def enclosure(*args: Value, **_: Any) -> Interval:
        points = {id(a): as_interval(a) for a in args}
        return enclose(*(points[id(a)] for a in args))

    def on_forms(*args: Value, **_: Any) -> Form | None:
        return _of_one_form(enclose, slopes, curvature, bounded, args)

    return Rule(
        enclosure,
        vjp if slopes else None,
        forms=on_forms,
        elementwise=True,
        slopes=slopes,
        curvature=curvature,
    )


def _of_one_form(
    enclose: Enclose,
    slopes: Sequence[Slope | int | None],
    curvature: Slope | None,
    bounded: bool,
    args: Sequence[Value],
) -> Form | None:
    """The form of a function of one form, other arguments being exact numbers."""
    places = [i for i, a in enumerate(args) if isinstance(a, Form)]
    if len(places) != 1 or not all(isinstance(a, Form) or is_plain(a) for a in args):
        return None
    (place,) = places
    if jnp.broadcast_shapes(*(a.shape for a in args)) != args[place].shape:
        return None
    slope = slopes[place] if slopes else None

    def filled(x: Interval) -> list[Interval]:
        """All arguments, in the shape of that one."""
        return [
            x if i == place else as_interval(jnp.broadcast_to(a, x.shape))
            for i, a in enumerate(args)
        ]

    def slope_over(x: Interval, y: Interval) -> Interval:
        if isinstance(slope, int):
            return _constant_like(x, slope)
        assert slope is not None
        return slope(*filled(x), y)

    return compose(
        args[place],
        Smooth(
            lambda x: enclose(*filled(x)), None if slope is None else slope_over, curvature, bounded
        ),
    )


def _constant_like(x: Interval, value: float) -> Interval:
    return Interval(lax.full_like(x.lo, value), lax.full_like(x.hi, value))


def def_elementwise(
    name: str,
    enclose: Enclose,
    *slopes: Slope | int | None,
    curvature: Slope | None = None,
    bounded: bool = False,
) -> None:
    """Define a primitive by its :func:`elementwise_rule`; integers are left to the primitive."""
    prim = primitive(name)
    rule = elementwise_rule(enclose, *slopes, curvature=curvature, bounded=bounded)

    def enclosure(*args: Value, **params: Any) -> Value:
        if not any(is_real(a) for a in args):
            return on_integers(prim, *args, **params)
        assert rule.enclose is not None
        return rule.enclose(*args)

    _define(name, replace(rule, enclose=enclosure))


def unbroadcast(cotangent: Interval, shape: tuple[int, ...]) -> Interval:
    """Sum a cotangent over the axes along which an operand was repeated."""
    if cotangent.shape == shape:
        return cotangent
    added = tuple(range(cotangent.ndim - len(shape)))
    stretched = tuple(
        len(added) + i for i, n in enumerate(shape) if n == 1 != cotangent.shape[len(added) + i]
    )
    low, high = _sums.sum_bounds((cotangent.lo, cotangent.hi), added + stretched)
    return Interval(low.reshape(shape), high.reshape(shape))


def _filled(low: Array, high: Array) -> Interval:
    """Bounds that were moved; NaN, with which a gather fills, is the empty set."""
    number = lax.eq(low, low)
    return Interval(
        lax.select(number, low, lax.full_like(low, np.inf)),
        lax.select(number, high, lax.full_like(high, -np.inf)),
    )


def def_structural(
    name: str, transpose: Callable[..., Sequence[Interval | None]] | None = None
) -> None:
    """Define a primitive that moves numbers and computes none: exact on either bound.

    ``transpose(cotangent, inputs, **params)`` returns the cotangents of the inputs; by default
    the linear transposition of the primitive, which is exact if it moves each number once.
    """
    prim = primitive(name)
    if prim is None:
        return

    def enclosure(*args: Value, **params: Any) -> Any:
        if all(map(is_plain, args)):
            return prim.bind(*args, **params)
        if any(isinstance(a, Truth) for a in args):
            pairs = [(a.certain, a.possible) if isinstance(a, Truth) else (a, a) for a in args]
            build: Any = Truth
        else:
            # Plain floats among intervals become points; indices and masks stay what they are.
            values = [as_interval(a) if is_real(a) else a for a in args]
            pairs = [(a, a) if is_plain(a) else (a.lo, a.hi) for a in values]
            build = Integers if any(isinstance(a, Integers) for a in values) else _filled
        low = prim.bind(*(p[0] for p in pairs), **params)
        high = prim.bind(*(p[1] for p in pairs), **params)
        if prim.multiple_results:
            return [build(a, b) for a, b in zip(low, high, strict=True)]
        return build(low, high)

    def vjp(
        cotangents: Sequence[Interval],
        wanted: Sequence[bool],
        inputs: Sequence[Value],
        outputs: Sequence[Value],
        **params: Any,
    ) -> list[Interval | None]:
        if transpose is not None:
            given = transpose(cotangents, inputs, **params)
            return [g if want else None for g, want in zip(given, wanted, strict=True)]
        moved = [i for i, want in enumerate(wanted) if want and is_real(inputs[i])]

        def forward(*reals: Array) -> Any:
            args = list(inputs)
            for i, value in zip(moved, reals, strict=True):
                args[i] = value
            plain = [jnp.zeros(a.shape, a.dtype) if isinstance(a, Interval) else a for a in args]
            out = prim.bind(*plain, **params)
            return out if prim.multiple_results else [out]

        shapes = [jax.ShapeDtypeStruct(inputs[i].shape, inputs[i].dtype) for i in moved]
        backward = jax.linear_transpose(forward, *shapes)
        low = backward([c.lo for c in cotangents])
        high = backward([c.hi for c in cotangents])
        found = dict(
            zip(moved, (Interval(a, b) for a, b in zip(low, high, strict=True)), strict=True)
        )
        return [found.get(i) for i in range(len(wanted))]

    def on_forms(*args: Value, **params: Any) -> Any:
        form = next(a for a in args if isinstance(a, Form))
        if any(isinstance(a, Truth | Integers) for a in args):
            return None
        operands = [
            as_form(a, form.monomials) if isinstance(a, Form) or is_real(a) else a for a in args
        ]
        spans = enclosure(*(a.span if isinstance(a, Form) else a for a in operands), **params)
        results = moved(
            lambda *rows: prim.bind(*rows, **params),
            operands,
            spans if prim.multiple_results else [spans],
        )
        return results if prim.multiple_results else results[0]

    register(prim, Rule(enclosure, vjp, forms=on_forms, linear=True))


def _plain(prim: Any, *args: Value, **params: Any) -> Any:
    """Evaluate a primitive on integers, booleans or keys, which are exact."""
    if not all(map(is_plain, args)):
        raise UnsupportedPrimitiveError(
            f"{prim.name} of interval data, or of a boolean or an integer that depends on it: "
            "what this gives must come from plain arrays"
        )
    return prim.bind(*args, **params)


def on_integers(prim: Any, *args: Value, **params: Any) -> Any:
    """Evaluate a primitive on no real numbers: as it is, if they are plain, or by its rule."""
    rule = _plain if all(map(is_plain, args)) else INTEGER_RULES.get(prim.name, _plain)
    return rule(prim, *args, **params)


def def_plain(name: str) -> None:
    """Define a primitive of integers, booleans or keys: evaluated on plain arrays alone."""
    prim = primitive(name)
    _define(name, Rule(partial(_plain, prim), plain=True))


def def_inlined(name: str, jaxpr: Callable[[dict[str, Any]], Any]) -> None:
    """Define a primitive that stands for a closed jaxpr among its parameters."""
    _define(name, Rule(inline=jaxpr))


def def_refused(name: str, reason: str) -> None:
    """Define that a primitive has no enclosure; the reason says what to do instead."""
    _define(name, Rule(refused=reason))
