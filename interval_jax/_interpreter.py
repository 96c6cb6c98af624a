"""Floor 4: programs over intervals.

A function is traced by JAX, its calls are inlined into one straight list of steps, steps that
do not contribute are dropped, and the rest is evaluated by the rules of the registry.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import source_info_util
from jax.extend.core import ClosedJaxpr, Literal

from interval_jax._interval import Interval
from interval_jax._rules import RULES, Rule, UnsupportedPrimitiveError, Value, recognise

__all__ = ["Accuracy", "Program", "Step", "evaluate", "trace"]


@dataclass(frozen=True, eq=False)
class Step:
    """One primitive of a program: it reads and writes numbered slots."""

    name: str
    rule: Rule
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    params: dict[str, Any]
    where: str
    """The user's source line."""


@dataclass(frozen=True, eq=False)
class Program:
    """A straight program: constants and arguments in slots, steps, and the slots of results."""

    constants: dict[int, Any]
    inputs: tuple[int, ...]
    steps: tuple[Step, ...]
    outputs: tuple[int, ...]


class _Builder:
    """Inlines nested jaxprs into one list of steps."""

    def __init__(self) -> None:
        self.constants: dict[int, Any] = {}
        self.steps: list[Step] = []
        self.slots = 0

    def slot(self) -> int:
        self.slots += 1
        return self.slots - 1

    def constant(self, value: Any) -> int:
        slot = self.slot()
        self.constants[slot] = value
        return slot

    def inline(
        self, closed: ClosedJaxpr, arguments: Sequence[int], caller: str = "an unknown line"
    ) -> list[int]:
        jaxpr = closed.jaxpr
        slots = dict(zip(jaxpr.invars, arguments, strict=True))
        slots.update(
            (v, self.constant(c)) for v, c in zip(jaxpr.constvars, closed.consts, strict=True)
        )

        def read(atom: Any) -> int:
            if isinstance(atom, Literal):
                aval: Any = atom.aval
                return self.constant(np.asarray(atom.val, aval.dtype))
            return slots[atom]

        for eqn in jaxpr.eqns:
            inputs = tuple(read(v) for v in eqn.invars)
            rule = recognise(eqn) or RULES.get(eqn.primitive)
            where = source_info_util.summarize(eqn.source_info) or caller
            if rule is not None and rule.inline is not None:
                results = self.inline(rule.inline(eqn.params), inputs, where)
                slots.update(zip(eqn.outvars, results, strict=True))
                continue
            outputs = tuple(self.slot() for _ in eqn.outvars)
            slots.update(zip(eqn.outvars, outputs, strict=True))
            if rule is None or rule.refused is not None:
                rule = _refusal(eqn, where, rule.refused if rule else None)
            name = eqn.primitive.name
            self.steps.append(Step(name, rule, inputs, outputs, dict(eqn.params), where))
        return [read(v) for v in jaxpr.outvars]


def _refusal(eqn: Any, where: str, reason: str | None) -> Rule:
    """A rule that raises: a primitive whose result is not used, or is plain, does no harm."""
    shapes = ", ".join(v.aval.str_short() for v in eqn.invars)
    hint = reason or (
        "interval_jax.register(primitive, enclose) adds a rule: enclose(*values, **params) "
        "returns an Interval that contains every exact result"
    )
    message = f"no rule for the primitive {eqn.primitive.name}({shapes}) at {where}: {hint}"

    def refuse(*values: Value, **params: Any) -> NoReturn:
        raise UnsupportedPrimitiveError(message)

    return Rule(refuse)


Accuracy = typing.Literal["tight", "fast"] | None
"""Which rules to take where there are two; None is fast in programs with matrix products."""


def trace(
    function: Callable[..., Any], *args: Any, accuracy: Accuracy = None
) -> tuple[Program, Any]:
    """Return the program of a function of flat array arguments, and its output's structure.

    Args:
        function: A function of pytrees of arrays.
        args: Pytrees; an :class:`Interval` stands for an array of its shape and dtype.
        accuracy: Which rules to take where there are two.

    Raises:
        ValueError: If there is no such accuracy.
    """
    if accuracy not in ("tight", "fast", None):
        raise ValueError(f"unknown accuracy {accuracy!r}; choose 'tight', 'fast' or None")
    stand_ins = jax.tree.map(
        lambda a: jax.ShapeDtypeStruct(a.shape, a.dtype) if isinstance(a, Interval) else a,
        args,
        is_leaf=lambda a: isinstance(a, Interval),
    )
    closed, shape = jax.make_jaxpr(function, return_shape=True)(*stand_ins)
    builder = _Builder()
    inputs = tuple(builder.slot() for _ in closed.jaxpr.invars)
    outputs = tuple(builder.inline(closed, inputs))
    needed, steps = set(outputs), []
    for step in reversed(builder.steps):
        if needed.intersection(step.outputs) or step.name == "name":
            needed.update(step.inputs)
            steps.append(step)
    if accuracy == "fast" or (accuracy is None and any(s.name == "dot_general" for s in steps)):
        steps = [replace(s, rule=s.rule.fast) if s.rule.fast else s for s in steps]
    constants = {slot: value for slot, value in builder.constants.items() if slot in needed}
    return Program(constants, inputs, tuple(reversed(steps)), outputs), jax.tree.structure(shape)


def evaluate(program: Program, arguments: Sequence[Value]) -> dict[int, Value]:
    """Return the value of every slot of a program, given those of its inputs."""
    values: dict[int, Value] = {
        slot: value if isinstance(value, jax.Array) else jnp.asarray(value)
        for slot, value in program.constants.items()
    }
    values.update(zip(program.inputs, arguments, strict=True))
    for step in program.steps:
        assert step.rule.enclose is not None
        try:
            result = step.rule.enclose(*(values[i] for i in step.inputs), **step.params)
        except UnsupportedPrimitiveError as error:
            if step.where in str(error):
                raise
            raise UnsupportedPrimitiveError(f"{error} (at {step.where})") from None
        results = result if isinstance(result, list | tuple) else [result]
        values.update(zip(step.outputs, results, strict=True))
    return values
