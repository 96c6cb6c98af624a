"""Floor 4: programs over intervals.

A function is traced by JAX, its calls are inlined into one straight list of steps, steps that
do not contribute are dropped, and the rest is evaluated by the rules of the registry. Bodies of
loops and branches are programs of their own, which the rule of the loop or branch evaluates.
"""

from __future__ import annotations

import typing
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import source_info_util
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal

from interval_jax._array import is_concrete
from interval_jax._forms import Form, moved, named, of_interval
from interval_jax._interval import Interval
from interval_jax._rules import (
    REVISION,
    Rule,
    UnsupportedPrimitiveError,
    Value,
    folded,
    is_plain,
    recognise,
    rule_of,
    same_equation,
    slopes,
)
from interval_jax._sharpen import tracing
from interval_jax._slopes import Centred, of_range

__all__ = ["UNUSED", "Accuracy", "Program", "Step", "evaluate", "shape_text", "trace"]


SYMBOLS = 2048
"""How many errors a form may share with others; beyond that the oldest are forgotten."""

UNUSED = -1
"""The slot of what nobody needs; its value is None."""


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
    equation: Any
    """That of JAX, from which the step is made."""
    wanted: tuple[bool, ...] = ()
    """Which outputs are needed, where that changes the parameters."""
    is_fast: bool = False

    def needing(self, wanted: Sequence[bool]) -> Step:
        """The step without what only unwanted outputs need."""
        if self.rule.demand is None:
            return self
        used, params = self.rule.demand(wanted, **self.params)
        inputs = tuple(i if u else UNUSED for i, u in zip(self.inputs, used, strict=True))
        return replace(self, inputs=inputs, params=params, wanted=tuple(wanted))

    def bodies(self) -> Iterator[Program]:
        """The programs among the parameters."""
        for name in self.rule.bodies:
            value = self.params[name]
            bodies = value if isinstance(value, tuple) else (value,)
            yield from (body for body in bodies if body is not None)

    def fast(self) -> Step:
        """The step with the faster of two rules, inside bodies too."""
        params = _with_bodies(self.params, self.rule.bodies, Program.fast)
        return replace(self, rule=self.rule.fast or self.rule, params=params, is_fast=True)


@dataclass(frozen=True, eq=False)
class Program:
    """A straight program: constants and arguments in slots, steps, and the slots of results."""

    constants: dict[int, Any]
    inputs: tuple[int, ...]
    steps: tuple[Step, ...]
    outputs: tuple[int, ...]
    _abstract: dict[Any, list[Value]] = field(default_factory=dict)

    def __call__(self, *values: Value) -> list[Value]:
        """Evaluate the program; results that nobody needs are None."""
        found = evaluate(self, values)
        return [found[slot] for slot in self.outputs]

    def abstract(self, *values: Value) -> list[Value]:
        """The results with shapes and types in place of arrays, for such inputs."""
        structure = jax.tree.structure(values)
        # Their kinds decide; without the memory, nested loops would be traced exponentially often.
        if structure not in self._abstract:
            self._abstract[structure] = jax.eval_shape(lambda *args: self(*args), *values)
        return self._abstract[structure]

    def needing(self, wanted: Sequence[bool], keep_names: bool = False) -> Program:
        """The program without what only unwanted results need, named values kept if asked."""
        outputs = tuple(s if w else UNUSED for s, w in zip(self.outputs, wanted, strict=True))
        needed, steps = set(outputs), []
        for step in reversed(self.steps):
            live = [o in needed for o in step.outputs]
            if any(live) or (keep_names and step.name == "name"):
                reduced = step.needing(live)
                needed.update(reduced.inputs)
                steps.append(reduced)
        constants = {slot: value for slot, value in self.constants.items() if slot in needed}
        return Program(constants, self.inputs, tuple(reversed(steps)), outputs)

    @cached_property
    def used(self) -> tuple[bool, ...]:
        """Which inputs are read."""
        read = set(self.outputs).union(*(step.inputs for step in self.steps))
        return tuple(slot in read for slot in self.inputs)

    @cached_property
    def shared(self) -> frozenset[int]:
        """Slots that two steps read, or one that mixes elements."""
        seen: set[int] = set()
        found: set[int] = set()
        for step in self.steps:
            read = set(step.inputs)
            found |= read if not step.rule.elementwise else read & seen
            seen |= read
        return frozenset(found)

    def passed(self, output: int) -> int | None:
        """Which input an output is, unchanged."""
        slot = self.outputs[output]
        return self.inputs.index(slot) if slot in self.inputs else None

    def multiplies_matrices(self) -> bool:
        """Whether there are matrix products, inside bodies too."""
        return any(
            step.name == "dot_general" or any(b.multiplies_matrices() for b in step.bodies())
            for step in self.steps
        )

    def fast(self) -> Program:
        """The program with the faster of two rules everywhere."""
        return Program(
            self.constants, self.inputs, tuple(step.fast() for step in self.steps), self.outputs
        )


def _with_bodies(
    params: dict[str, Any], names: Sequence[str], change: Callable[[Any], Any]
) -> dict[str, Any]:
    """Parameters with each body, one or a tuple of them, changed."""

    def each(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(each, value))
        return None if value is None else change(value)

    return {**params, **{name: each(params[name]) for name in names}}


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
        closed = folded(closed)
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
            rule = recognise(eqn) or rule_of(eqn.primitive)
            where = source_info_util.summarize(eqn.source_info) or caller
            if rule is not None and rule.inline is not None:
                results = self.inline(rule.inline(eqn.params), inputs, where)
                slots.update(zip(eqn.outvars, results, strict=True))
                continue
            outputs = tuple(self.slot() for _ in eqn.outvars)
            slots.update(zip(eqn.outvars, outputs, strict=True))
            if rule is None or rule.refused is not None:
                rule = _refusal(eqn, where, rule.refused if rule else None)
            params = _with_bodies(eqn.params, rule.bodies, partial(_program, caller=where))
            self.steps.append(Step(eqn.primitive.name, rule, inputs, outputs, params, where, eqn))
        return [read(v) for v in jaxpr.outvars]


def _program(program: ClosedJaxpr | Jaxpr, caller: str = "an unknown line") -> Program:
    closed = program if isinstance(program, ClosedJaxpr) else ClosedJaxpr(program, ())
    builder = _Builder()
    inputs = tuple(builder.slot() for _ in closed.jaxpr.invars)
    outputs = tuple(builder.inline(closed, inputs, caller))
    return Program(builder.constants, inputs, tuple(builder.steps), outputs)


def _refusal(eqn: Any, where: str, reason: str | None) -> Rule:
    """A rule that raises when it is used, and not for integers of plain arrays, which are exact."""
    shapes = ", ".join(v.aval.str_short() for v in eqn.invars)
    hint = reason or (
        "interval_jax.register(primitive, enclose) adds a rule: enclose(*values, **params) "
        "returns an Interval that contains every exact result"
    )
    message = f"no rule for the primitive {eqn.primitive.name}({shapes}) at {where}: {hint}"

    exact = not any(jnp.issubdtype(v.aval.dtype, jnp.inexact) for v in eqn.outvars)

    def refuse(*values: Value, **params: Any) -> Any:
        if reason is None and exact and all(map(is_plain, values)):
            return eqn.primitive.bind(*values, **eqn.primitive.get_bind_params(params))
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
    with tracing():
        closed, shape = jax.make_jaxpr(function, return_shape=True)(*stand_ins)
    whole = _program(closed)
    program = whole.needing([True] * len(whole.outputs), keep_names=True)
    if accuracy == "fast" or (accuracy is None and program.multiplies_matrices()):
        program = program.fast()
    return program, jax.tree.structure(shape)


def evaluate(program: Program, arguments: Sequence[Value]) -> dict[int, Value]:
    """Return the value of every slot of a program, given those of its inputs."""
    values: dict[int, Value] = {
        slot: value if isinstance(value, jax.Array) else jnp.asarray(value)
        for slot, value in program.constants.items()
    }
    for slot, value in zip(program.inputs, arguments, strict=True):
        values[slot] = _kept(value, slot, program)
    values[UNUSED] = None
    for step in program.steps:
        try:
            result = _evaluated(step, values, program.constants)
        except UnsupportedPrimitiveError as error:
            if step.where in str(error):
                raise
            operands = ", ".join(shape_text(values[i]) for i in step.inputs if i != UNUSED)
            raise UnsupportedPrimitiveError(
                f"{error} (in {step.name}({operands}) at {step.where})"
            ) from None
        results = result if isinstance(result, list | tuple) else [result]
        for slot, value in zip(step.outputs, results, strict=True):
            values[slot] = _kept(value, slot, program)
    return values


def _kept(value: Value, slot: int, program: Program) -> Value:
    """A value, its error with a name if several steps are to share it."""
    shared = isinstance(value, Form) and value.loose and slot in program.shared
    return named(value, SYMBOLS) if shared else value


def _in_domain(step: Step, values: Sequence[Value], one: Form | Centred) -> Any:
    """The results of a step on forms or centred values: by its rule, or from their ranges."""
    assert step.rule.enclose is not None
    if step.rule.elementwise:
        values = _in_one_shape(values)
    if isinstance(one, Centred):
        result = slopes.on_centred(step.name, step.rule, values, step.params)
    else:
        result = step.rule.forms(*values, **step.params) if step.rule.forms else None
    if result is not None:
        return result
    spans = (v.span if isinstance(v, Form | Centred) else v for v in values)
    result = step.rule.enclose(*spans, **step.params)

    def known(v: Value) -> Value:
        if not isinstance(v, Interval):
            return v
        return of_range(v, one) if isinstance(one, Centred) else of_interval(v, one.monomials)

    return jax.tree.map(known, result, is_leaf=lambda v: not isinstance(v, list | tuple))


def _in_one_shape(values: Sequence[Value]) -> list[Value]:
    """The operands of an elementwise step, in which numbers stand for arrays of them."""
    shape = jnp.broadcast_shapes(*(v.shape for v in values))

    def spread(array: Any) -> Any:
        return jnp.broadcast_to(array, shape)

    def full(value: Value) -> Value:
        if value.shape == shape:
            return value
        if not isinstance(value, Form | Centred):
            # A number stays one: rules may ask which.
            return jax.tree.map(spread, value) if value.ndim else value
        span = jax.tree.map(spread, value.span)
        if isinstance(value, Form):
            return moved(spread, [value], [span])[0]
        return replace(value, rows=jax.tree.map(jax.vmap(spread), value.rows), span=span)

    # What is one operand twice stays one.
    found = {id(v): full(v) for v in values}
    return [found[id(v)] for v in values]


class _Compiled(NamedTuple):
    """A loop or branch that was compiled."""

    equation: Any
    key: tuple[Any, ...]
    """All else that it depends on."""
    call: Callable[..., Any]


_COMPILED: deque[_Compiled] = deque(maxlen=128)
"""JAX keeps what it compiled for a program, but each tracing makes a new one that is equal."""


def _evaluated(step: Step, values: dict[int, Value], constants: dict[int, Any]) -> Any:
    """The results of a step; a loop or branch on arrays, not traced ones, is compiled once."""
    enclose = step.rule.enclose
    assert enclose is not None
    arguments = [values[i] for i in step.inputs]
    one = next((a for a in arguments if isinstance(a, Form | Centred)), None)
    if one is not None:
        return _in_domain(step, arguments, one)
    if not step.rule.bodies or not all(map(is_concrete, jax.tree.leaves(arguments))):
        return enclose(*arguments, **step.params)
    # Single constants, such as exponents, stay known; what is one operand twice stays one.
    slots = list(dict.fromkeys(step.inputs))
    single = [i for i in slots if i in constants and np.size(constants[i]) == 1]
    known = {i: values[i] for i in single if jnp.issubdtype(values[i].dtype, jnp.number)}
    given = [i for i in slots if i not in known]
    key = (
        tuple(map(slots.index, step.inputs)),
        tuple((slots.index(i), v.dtype, np.asarray(v).tobytes()) for i, v in known.items()),
        tuple(v.aval.str_short() for v in step.equation.invars),
        (step.wanted, step.is_fast, REVISION.number),
    )
    for kept in _COMPILED:
        if kept.key == key and same_equation(kept.equation, step.equation):
            return kept.call(*(values[i] for i in given))

    @jax.jit
    def call(*operands: Value) -> Any:
        found = {**known, **dict(zip(given, operands, strict=True))}
        return enclose(*(found[i] for i in step.inputs), **step.params)

    results = call(*(values[i] for i in given))
    _COMPILED.append(_Compiled(step.equation, key, call))
    return results


def shape_text(value: Value) -> str:
    """Return the type and shape of a value as messages give them."""
    return f"{value.dtype}[{','.join(map(str, value.shape))}]"
