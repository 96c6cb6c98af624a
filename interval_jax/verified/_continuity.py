"""Proof that a program is continuous on a box.

Mean-value forms, tests of monotonicity and Newton's method conclude from derivatives, and a
derivative says nothing about jumps: ``where(x < 0, 0.0, 1.0)`` has the derivative 0, ``tan`` one of
at least 1 on both sides of its pole. A program of primitives that are defined and continuous on
the ranges of their operands is continuous; for all others only its natural enclosure is used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
from jax import Array

from interval_jax._interpreter import Program, evaluate, trace
from interval_jax._interval import Interval, as_interval
from interval_jax._rules import Integers, Truth, Value, is_plain, is_real

__all__ = ["continuous", "defined"]

_EVERYWHERE = frozenset(
    """abs add add_any asinh atan broadcast_in_dim cbrt clamp concatenate copy cos cosh cumlogsumexp
    cummax cummin cumprod cumsum dot_general erf erfc exp exp2 expm1 logistic max min mul name neg
    pad reduce_max reduce_min reduce_prod reduce_sum reshape rev sin sinh slice split square squeeze
    stack sub tanh tile transpose unstack""".split()
)
"""Primitives that are continuous on the whole space and have the derivative of their value."""

_COMPOSITES = frozenset(
    """elu erf_derivative gelu gelu_derivative gelu_tanh hard_silu hard_tanh hypot leaky_relu
    log_ndtr log_ndtr_derivative log_softmax logaddexp logaddexp2 logistic_derivative logsumexp
    logsumexp_keepdims mish ndtr normal_density over_ln10 relu silu silu_derivative
    sinc sinc_derivative soft_sign softmax softplus sparse_plus squareplus tanh_derivative
    times_cubic_of_gelu times_half_sqrt_pi times_ln2 times_outer_of_gelu times_pi_squared""".split()
)
"""Calls of known functions of that kind."""

_CHOSEN = frozenset({"convert_element_type", "dynamic_slice", "gather", "select_n"})
"""Continuous where the integers and booleans among the operands are the same on the whole box."""

_CONSTANT = frozenset({"sign", "floor", "ceil", "round", "abs_slope", "max_slope"})
"""Piecewise constant: continuous where the range is a point."""


def _excludes_zero(x: Interval) -> Array:
    return (x.lo > 0) | (x.hi < 0)


def _between(low: float, high: float) -> Callable[..., Array]:
    return lambda x: (x.lo > low) & (x.hi < high)


def _power(x: Interval, y: Interval) -> Array:
    return (x.lo > 0) | ((x.lo >= 0) & (y.lo > 0))


def _positive(x: Interval) -> Array:
    return x.lo > 0


_CONDITIONS: dict[str, Callable[..., Array]] = {
    "div": lambda x, y: _excludes_zero(y),
    "sqrt": lambda x: x.lo >= 0,
    "rsqrt": _positive,
    "log": _positive,
    "log10": _positive,
    "log1mexp": _positive,
    "log1p": lambda x: x.lo > -1,
    "pow": _power,
    "asin": lambda x: (x.lo >= -1) & (x.hi <= 1),
    "acos": lambda x: (x.lo >= -1) & (x.hi <= 1),
    "acosh": lambda x: x.lo >= 1,
    "atanh": _between(-1, 1),
    "erf_inv": _between(-1, 1),
    "logit": _between(0, 1),
    "ndtri": _between(0, 1),
    "lgamma": _positive,
    "xlogy": lambda x, y: y.lo > 0,
    "norm_pdf": lambda x, m, s: s.lo > 0,
    "norm_logpdf": lambda x, m, s: s.lo > 0,
    "atan2": lambda y, x: (x.lo > 0) | _excludes_zero(y),
}
"""Where the others are defined and continuous, of the ranges of their arguments."""


def _decided(value: Value) -> Array | bool:
    """Whether a boolean or an integer is the same one on the whole box; no real is asked."""
    if isinstance(value, Truth):
        return jnp.all(value.certain == value.possible)
    return jnp.all(value.lo == value.hi) if isinstance(value, Integers) else True


def _step_continuous(
    name: str,
    params: dict[str, Any],
    inputs: Sequence[Value],
    outputs: Sequence[Value],
    jumps: bool,
) -> Array | bool:
    """Whether a step is, its operands that are no reals being decided; or defined, if it jumps."""
    if name in _EVERYWHERE or name in _COMPOSITES or name in _CHOSEN:
        return True
    if name in _CONSTANT:
        return jumps or jnp.all(outputs[0].lo == outputs[0].hi)
    if name == "tan":
        return jnp.all((outputs[0].lo > -jnp.inf) & (outputs[0].hi < jnp.inf))
    if name == "integer_pow":
        return True if params["y"] >= 0 else jnp.all(_excludes_zero(as_interval(inputs[0])))
    if name == "custom_enclosure":
        # The function is what its operations are, whatever encloses it.
        program, _ = trace(params["call"].value, *inputs)
        return _proven(program, evaluate(program, inputs), jumps)
    if name in _CONDITIONS and all(is_real(v) or is_plain(v) for v in inputs):
        return jnp.all(_CONDITIONS[name](*map(as_interval, inputs)))
    return False


def continuous(program: Program, values: dict[int, Value]) -> Array:
    """Return whether a program is proven to be defined and continuous on a box.

    Args:
        program: The program of a function.
        values: What evaluating it over the box has given, by slot.

    Returns:
        A boolean, ``False`` if it is not known. Loops, branches, solvers, user-defined primitives
        and those that stop gradients are not looked into.
    """
    return _proven(program, values, jumps=False)


def defined(program: Program, values: dict[int, Value]) -> Array:
    """Return whether a program is proven to be defined on a box, as :func:`continuous` does."""
    return _proven(program, values, jumps=True)


def _proven(program: Program, values: dict[int, Value], jumps: bool) -> Array:
    proven: Array | bool = True
    for step in program.steps:
        inputs = [values[i] for i in step.inputs]
        outputs = [values[o] for o in step.outputs]
        depends = not all(map(is_plain, inputs))
        # Jumps of integers and booleans come to matter where something real is chosen by them.
        if depends and any(map(is_real, (o for o in outputs if o is not None))):
            name = step.params["name"] if step.name in _CALLS else step.name
            for value in () if jumps else inputs:
                proven &= _decided(value)
            proven &= _step_continuous(name, step.params, inputs, outputs, jumps)
    return jnp.asarray(proven)


_CALLS = frozenset({"jit", "pjit", "closed_call", "core_call", "custom_jvp_call"})
"""The steps that are calls of known functions; those of others have been inlined."""
