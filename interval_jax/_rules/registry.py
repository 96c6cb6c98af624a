"""Floor 3: the registry, one :class:`Rule` per primitive, and the combinators that build rules.

Values in an enclosed program are of four kinds: an :class:`Interval`; a plain array, which
is exactly what it is; a :class:`Truth`, booleans that may be undecided; and :class:`Integers`,
integers that may be undecided: places of largest members, counts, rounded numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.extend.core import Primitive, primitives

from interval_jax import _sums
from interval_jax._forms import Form, Smooth, as_form, compose, moved
from interval_jax._interval import Interval, as_interval, mul
from interval_jax._rounding import stored, together

__all__ = [
    "REVISION",
    "RULES",
    "UNEXPORTED",
    "Integers",
    "Rule",
    "Truth",
    "UnsupportedPrimitiveError",
    "Value",
    "def_elementwise",
    "def_inlined",
    "def_plain",
    "def_refused",
    "def_structural",
    "elementwise_rule",
    "integers",
    "is_plain",
    "is_real",
    "on_integers",
    "primitive",
    "register",
    "rule_of",
    "settled",
    "truth",
]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Truth:
    """A boolean array that may be undecided: ``certain`` implies ``possible``."""

    certain: Array
    possible: Array

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array."""
        return self.certain.shape

    @property
    def dtype(self) -> np.dtype:
        """The type of the array."""
        return np.dtype(bool)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Integers:
    """An integer array that may be undecided: each number is from ``lo`` to ``hi``.

    ``among``, if there is one, has one row for each of the numbers 0, 1, ... in question, which
    tells whether that is possible: of conditions, the first that holds is none between.
    """

    lo: Array
    hi: Array
    among: Array | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array."""
        return self.lo.shape

    @property
    def dtype(self) -> np.dtype:
        """The type of the array."""
        return self.lo.dtype

    def may_be(self, number: int) -> Array:
        """Tell where a number is possible."""
        within = (self.lo <= number) & (number <= self.hi)
        if self.among is None or not 0 <= number < self.among.shape[0]:
            return within
        return within & self.among[number]


Value = Any
"""An Interval, a Truth, Integers or an array: which of them a rule gets is checked when it runs."""

Enclose = Callable[..., Any]
Vjp = Callable[..., Sequence[Interval | None]]
Slope = Callable[..., Any]


@dataclass(frozen=True)
class Rule:
    """What the library knows of a primitive.

    Attributes:
        enclose: ``enclose(*values, **params)`` returns the value of each output (the value
            itself for one output): a superset of what the primitive gives on every member.
        vjp: ``vjp(cotangents, wanted, inputs, outputs, **params)`` returns an enclosure of the
            cotangent of each input, or ``None`` where it is not wanted. ``None`` in place of
            the function means that the derivative is refused.
        inline: ``inline(params)`` returns the closed jaxpr that the primitive stands for; the
            interpreter then evaluates that and the other fields are unused.
        refused: Why the primitive cannot be enclosed, and what to do instead.
        plain: Whether ``enclose`` works on plain arrays alone and refuses interval data.
        fast: A rule that is several times faster and some units wider, for networks.
        bodies: Names of the parameters that hold closed jaxprs, or tuples of them; ``enclose``
            gets the functions of values that they stand for in their place.
        demand: ``demand(wanted, **params)`` tells, for a primitive with bodies, which inputs
            the wanted outputs depend on, and returns the parameters without the rest.
        forms: ``forms(*values, **params)`` is ``enclose`` where some of the values are a
            :class:`Form`; None in place of the function, or as its result, means that the ranges
            of the forms have to do.
        elementwise: Whether each element of the result depends on one of each operand alone.
        slopes: Of an :func:`elementwise_rule`, what it was given.
        curvature: Likewise.
        linear: Whether ``enclose`` is linear in all real operands together, or moves them.
    """

    enclose: Enclose | None = None
    vjp: Vjp | None = None
    inline: Callable[[dict[str, Any]], Any] | None = None
    refused: str | None = None
    plain: bool = False
    fast: Rule | None = None
    bodies: tuple[str, ...] = ()
    demand: Callable[..., tuple[Sequence[bool], dict[str, Any]]] | None = None
    forms: Callable[..., Any] | None = None
    elementwise: bool = False
    slopes: tuple[Slope | int | None, ...] = ()
    curvature: Slope | None = None
    linear: bool = False


RULES: dict[Primitive, Rule] = {}


@dataclass
class Revision:
    """How often rules have changed: what was compiled with others is out of date."""

    number: int = 0


REVISION = Revision()

UNEXPORTED: dict[str, Rule] = {}
"""Rules of primitives that JAX does not export, by name."""

INTEGER_RULES: dict[str, Enclose] = {}
"""``rule(prim, *args, **params)`` of primitives on integers some of which are undecided."""


class UnsupportedPrimitiveError(NotImplementedError):
    """A traced function uses a primitive that has no rule, or none for such operands."""


def primitive(name: str) -> Any:
    """The primitive of that name, or None in a JAX release that lacks it."""
    return getattr(primitives, f"{name}_p", getattr(jax.lax, f"{name}_p", None))


def register(prim: Primitive, rule: Rule | Enclose) -> None:
    """Add or replace the rule of a primitive.

    Args:
        prim: The primitive, from ``jax.extend.core.primitives`` or the user's own.
        rule: A :class:`Rule`, or just its ``enclose`` function: ``enclose(*values, **params)``
            gets an :class:`Interval` for every float operand that depends on the arguments
            and returns a superset of the exact results on all members.

    Example:
        >>> import interval_jax as ij
        >>> from jax.extend.core import Primitive
        >>> ij.register(Primitive("twice"), lambda x: x + x)
    """
    REVISION.number += 1
    RULES[prim] = rule if isinstance(rule, Rule) else Rule(enclose=rule)


def rule_of(prim: Primitive) -> Rule | None:
    """The rule of a primitive, None if there is none."""
    return RULES.get(prim) or UNEXPORTED.get(prim.name)


def _define(name: str, rule: Rule) -> None:
    prim = primitive(name)
    if prim is not None:
        register(prim, rule)


def is_real(value: Any) -> bool:
    """Tell whether a value is a float: an interval or a plain float array."""
    return isinstance(value, Interval) or jnp.issubdtype(value.dtype, jnp.floating)


def is_plain(value: Value) -> bool:
    """Tell whether a value is an array, which is exactly what it is."""
    return not isinstance(value, Interval | Truth | Integers)


def truth(value: Truth | Array) -> Truth:
    """A boolean as a possibly undecided one."""
    return value if isinstance(value, Truth) else Truth(value, value)


def integers(value: Integers | Array) -> Integers:
    """An integer as a possibly undecided one."""
    return value if isinstance(value, Integers) else Integers(value, value)


# --- combinators ------------------------------------------------------------------------


def settled(function: Enclose) -> Enclose:
    """Have XLA compute the operands and both bounds of a costly function once each.

    Each bound of what follows depends on both bounds of what comes before, so fusion across
    the function would compute its operands twice, and it again in all that uses its result.
    """

    def evaluated(*args: Interval) -> Interval:
        result: Interval = function(*(Interval(*together(a.lo, a.hi)) for a in args))
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
