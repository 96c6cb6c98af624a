"""Floor 3: the registry, one :class:`Rule` per primitive.

Values in an enclosed program are of four kinds: an :class:`Interval`; a plain array, which
is exactly what it is; a :class:`Truth`, booleans that may be undecided; and :class:`Integers`,
integers that may be undecided: places of largest members, counts, rounded numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.extend.core import Primitive, primitives

from interval_jax._interval import Interval

__all__ = [
    "REVISION",
    "RULES",
    "UNEXPORTED",
    "Integers",
    "Rule",
    "Truth",
    "UnsupportedPrimitiveError",
    "Value",
    "integers",
    "is_plain",
    "is_real",
    "primitive",
    "register",
    "rule_of",
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
