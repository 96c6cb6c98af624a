"""Composite functions: primitives that stand for programs, and the ones with a kernel.

``jax.nn.silu`` and its like reach a jaxpr as calls. Evaluated step by step their enclosures
suffer from dependency (``x * logistic(x)`` uses x twice), so calls that are exactly what JAX
traces for such a function, by name and by program, get the function's own kernel instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

import jax
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal

from interval_jax import elementary as el
from interval_jax._rules.registry import Rule, def_inlined, elementwise_rule, settled
from interval_jax.elementary import fast

__all__ = ["def_composite", "recognise"]

for _name in ("jit", "closed_call", "core_call"):
    def_inlined(
        _name, lambda params: params["jaxpr"] if "jaxpr" in params else params["call_jaxpr"]
    )
for _name in ("custom_jvp_call", "custom_vjp_call"):
    def_inlined(_name, lambda params: params["call_jaxpr"])
def_inlined("remat", lambda params: ClosedJaxpr(params["jaxpr"], ()))

_FUNCTIONS: dict[str, tuple[Callable[..., Any], Rule]] = {
    "silu": (
        jax.nn.silu,
        replace(
            elementwise_rule(settled(el.silu), lambda x, _: settled(el.silu_derivative)(x)),
            fast=elementwise_rule(
                settled(fast.silu), lambda x, _: settled(fast.silu_derivative)(x)
            ),
        ),
    ),
    "softplus": (
        jax.nn.softplus,
        elementwise_rule(settled(el.softplus), lambda x, _: settled(el.softplus_derivative)(x)),
    ),
    "relu": (
        jax.nn.relu,
        elementwise_rule(settled(el.relu), lambda x, _: settled(el.relu_derivative)(x)),
    ),
}


def def_composite(name: str, function: Callable[..., Any], rule: Rule) -> None:
    """Define the rule of calls that have this name and the program of this function."""
    _FUNCTIONS[name] = function, rule


def recognise(eqn: Any) -> Rule | None:
    """Return the rule of a known function if the equation is exactly JAX's call of it."""
    name = eqn.params.get("name")
    if name not in _FUNCTIONS or len(eqn.invars) != 1:
        return None
    function, rule = _FUNCTIONS[name]
    aval = eqn.invars[0].aval
    canonical = _canonical(name, function, aval.shape, np.dtype(aval.dtype), aval.weak_type)
    return rule if _same_equation(eqn, canonical) else None


@lru_cache(maxsize=256)
def _canonical(
    name: str, function: Callable[..., Any], shape: tuple[int, ...], dtype: np.dtype, weak: bool
) -> Any:
    argument = jax.ShapeDtypeStruct(shape, dtype, weak_type=weak)
    return jax.make_jaxpr(function)(argument).jaxpr.eqns[0]


def _same_equation(a: Any, b: Any) -> bool:
    if a.primitive is not b.primitive or a.params.keys() != b.params.keys():
        return False
    return all(_same_parameter(a.params[k], b.params[k]) for k in a.params)


def _same_parameter(a: Any, b: Any) -> bool:
    if isinstance(a, ClosedJaxpr) and isinstance(b, ClosedJaxpr):
        return not a.consts and not b.consts and _same_program(a.jaxpr, b.jaxpr)
    # Derivative rules and other callables do not enter the value.
    return callable(a) or a == b


def _same_program(a: Jaxpr, b: Jaxpr) -> bool:
    """Compare programs up to the names of their variables."""
    names: dict[Any, Any] = {}

    def bound(x: Any, y: Any) -> bool:
        names[x] = y
        return (x.aval.shape, x.aval.dtype) == (y.aval.shape, y.aval.dtype)

    def used(x: Any, y: Any) -> bool:
        literals = [v.val for v in (x, y) if isinstance(v, Literal)]
        if literals:
            same_type = x.aval.dtype == y.aval.dtype
            return len(literals) == 2 and same_type and np.array_equal(*literals)
        return names.get(x) is y

    if len(a.eqns) != len(b.eqns) or len(a.invars) != len(b.invars):
        return False
    if not all(bound(x, y) for x, y in zip(a.invars, b.invars, strict=True)):
        return False
    for e, f in zip(a.eqns, b.eqns, strict=True):
        if len(e.invars) != len(f.invars) or not all(
            used(x, y) for x, y in zip(e.invars, f.invars, strict=True)
        ):
            return False
        if not _same_equation(e, f):
            return False
        if not all(bound(x, y) for x, y in zip(e.outvars, f.outvars, strict=True)):
            return False
    return len(a.outvars) == len(b.outvars) and all(
        used(x, y) for x, y in zip(a.outvars, b.outvars, strict=True)
    )
