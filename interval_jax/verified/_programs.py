"""Values, slopes and continuity of functions of vectors over a box, in one compiled program."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from interval_jax._adjoint import _has_control_flow, _sweep
from interval_jax._interpreter import Program, Step, evaluate, trace
from interval_jax._interval import Interval, as_interval
from interval_jax._rounding import stored
from interval_jax._rules import UnsupportedPrimitiveError
from interval_jax._sharpen import sharpened
from interval_jax.verified._continuity import continuous

__all__ = ["entire_unless", "program_of", "value_and_continuity", "value_and_slopes"]

_PRODUCTS = frozenset({"mul", "square", "integer_pow", "div"})
"""Both bounds of these need both bounds of the operands: chains of them, fused into one loop, would
be computed again in each, and take minutes to compile."""


def _stored(values: Any) -> Any:
    """Values whose bounds XLA computes once."""
    return jax.tree.map(
        lambda v: jax.tree.map(stored, v) if isinstance(v, Interval) else v,
        values,
        is_leaf=lambda v: isinstance(v, Interval),
    )


def _settled(step: Step) -> Step:
    if step.name not in _PRODUCTS:
        return step
    rule = step.rule
    assert rule.enclose is not None
    enclose, vjp = rule.enclose, rule.vjp

    def enclosure(*args: Any, **params: Any) -> Any:
        return _stored(enclose(*args, **params))

    def pullback(*args: Any, **params: Any) -> Any:
        assert vjp is not None
        return _stored(vjp(*args, **params))

    return replace(step, rule=replace(rule, enclose=enclosure, vjp=vjp and pullback))


def program_of(f: Callable[[Any], Any], X: Interval) -> Program:
    """The program of a function, to be evaluated inside ``jit``."""
    program, _ = trace(f, X)
    return replace(program, steps=tuple(map(_settled, program.steps)))


def entire_unless(known: Array, x: Interval) -> Interval:
    """The intervals where something is known, else the whole line."""
    return Interval(jnp.where(known, x.lo, -jnp.inf), jnp.where(known, x.hi, jnp.inf))


def value_and_continuity(f: Callable[[Any], Any], X: Interval) -> tuple[Interval, Array]:
    """Enclose f over X, and tell whether f is proven to be continuous there."""
    program = program_of(f, X)
    values = evaluate(program, [X])
    return as_interval(values[program.outputs[0]]), continuous(program, values)


def value_and_slopes(f: Callable[[Any], Any], X: Interval) -> tuple[Interval, Interval, Array]:
    """Enclose a scalar function and its gradient, and tell whether it is proven to be continuous.

    If it is not, the gradient is the whole space.
    """
    program = program_of(f, X)
    values = evaluate(program, [X])
    value = as_interval(values[program.outputs[0]])
    zero, one = jnp.zeros_like(X.lo), jnp.ones_like(value.lo)
    known = continuous(program, values)
    (slot,) = program.inputs
    try:
        found = _sweep(program, values, {program.outputs[0]: Interval(one, one)}, [slot])
        slopes = found.get(slot, Interval(zero, zero))
    except UnsupportedPrimitiveError:
        if _has_control_flow(program):
            # The proof of continuity does not look into it either.
            known = jnp.zeros((), bool)
            return value, entire_unless(known, X), known
        slopes, _ = value_and_continuity(jax.grad(sharpened(f)), X)
    return value, entire_unless(known, slopes), known
