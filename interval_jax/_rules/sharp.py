"""Functions whose derivatives can be enclosed sharply, to any order.

JAX's own derivative rules are made for speed: ``tanh`` gives ``(1 + y) * (1 - y)``, in which y
enters twice, and ``erf`` a rounded ``2 / sqrt(pi)``. The functions here have the same values and
name their derivatives, ``tanh_derivative(x)`` and so on, as calls that :func:`recognise` knows;
their enclosures are the ranges of those functions, with every constant enclosed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.custom_derivatives import SymbolicZero
from jax.extend.core import Primitive

from interval_jax import elementary as el
from interval_jax._constructors import interval
from interval_jax._interval import Interval, add, mul, sqr, sub
from interval_jax._rules.combinators import elementwise_rule, settled
from interval_jax._rules.composite import def_composite
from interval_jax._rules.elementwise import abs_slope, max_slope
from interval_jax._rules.registry import Rule, primitive
from interval_jax._rules.transcendental import LN2
from interval_jax.elementary import fast

__all__ = ["SHARP_COMPOSITES", "SHARP_PRIMITIVES", "def_sharp"]

Function = Callable[..., Any]

SHARP_PRIMITIVES: dict[Primitive, Function] = {}
"""What to call instead of a primitive before JAX differentiates."""

SHARP_COMPOSITES: dict[str, Function] = {}
"""What to call instead of a recognised call of that name."""


def def_sharp(value: Function, *slopes: Function) -> Function:
    """Return ``value``, a function of arrays of one shape, with the derivatives ``slopes``.

    Args:
        value: The function, element by element.
        slopes: Its derivative by each argument, as a function of them all; itself from this
            function if it is to be differentiated sharply.
    """

    @jax.custom_jvp
    def function(*args: Array) -> Array:
        return value(*args)

    @function.defjvp
    def _(primals: tuple[Array, ...], tangents: tuple[Array, ...]) -> tuple[Array, Array]:
        shares = [t * slope(*primals) for t, slope in zip(tangents, slopes, strict=True)]
        return function(*primals), sum(shares[1:], shares[0])

    return function


def _named(
    name: str,
    program: Function,
    enclosure: Callable[..., Interval],
    slope: Callable[[Interval, Interval], Interval] | None = None,
    curvature: Callable[[Interval, Interval], Interval] | None = None,
    faster: Rule | None = None,
) -> Function:
    """A call that is recognised by this name and program, and enclosed by the given function."""
    program.__name__ = program.__qualname__ = name
    call = jax.jit(program)
    slopes = () if slope is None else (slope,)
    rule = elementwise_rule(enclosure, *slopes, curvature=curvature, bounded=True)
    def_composite(name, call, replace(rule, fast=faster))
    return call


# Higher derivatives of the logistic function l and of x l(x), by l' = l (1 - l).


def _logistic_2(x: Interval) -> Interval:
    return mul(el.logistic_derivative(x), sub(1.0, mul(el.logistic(x), 2.0)))


def _logistic_3(x: Interval) -> Interval:
    slope = el.logistic_derivative(x)
    return mul(slope, sub(1.0, mul(slope, 6.0)))


def silu_curvature(x: Interval) -> Interval:
    """The second derivative of silu, l' (2 + x (1 - 2 l))."""
    odd = mul(x, sub(1.0, mul(el.logistic(x), 2.0)))
    return mul(el.logistic_derivative(x), add(odd, 2.0))


def _silu_3(x: Interval) -> Interval:
    return add(mul(x, _logistic_3(x)), mul(_logistic_2(x), 3.0))


def _scaled(name: str, digits: str) -> Function:
    """Multiplication by a real number that is no float."""
    factor = float(digits)
    call = _named(name, lambda x: x * factor, lambda x: mul(x, interval(digits, dtype=x.dtype)))

    @jax.custom_jvp
    def scaled(x: Array) -> Array:
        return call(x)

    @scaled.defjvp
    def _(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
        return scaled(primals[0]), call(tangents[0])

    return scaled


times_ln2 = _scaled("times_ln2", LN2)
times_half_sqrt_pi = _scaled(
    "times_half_sqrt_pi", "0.886226925452758013649083741670572591398774728061193564106903894926"
)

logistic_derivative: Function
tanh_derivative: Function
silu_derivative: Function

logistic = def_sharp(lax.logistic, lambda x: logistic_derivative(x))
logistic_derivative = def_sharp(
    _named(
        "logistic_derivative",
        lambda x: lax.logistic(x) * lax.logistic(-x),
        settled(el.logistic_derivative),
        lambda x, _: _logistic_2(x),
        lambda x, _: _logistic_3(x),
    ),
    lambda x: logistic_derivative(x) * (1 - 2 * logistic(x)),
)
tanh = def_sharp(lax.tanh, lambda x: tanh_derivative(x))
tanh_derivative = def_sharp(
    _named(
        "tanh_derivative",
        lambda x: 1 - lax.tanh(x) ** 2,
        settled(el.tanh_derivative),
        lambda x, y: mul(mul(el.tanh(x), y), -2.0),
        lambda x, y: mul(mul(y, sub(1.0, mul(sqr(el.tanh(x)), 3.0))), -2.0),
    ),
    lambda x: -2 * tanh(x) * tanh_derivative(x),
)
silu = def_sharp(jax.nn.silu, lambda x: silu_derivative(x))
silu_derivative = def_sharp(
    _named(
        "silu_derivative",
        lambda x: lax.logistic(x) * (1 + x * lax.logistic(-x)),
        settled(el.silu_derivative),
        lambda x, _: silu_curvature(x),
        lambda x, _: _silu_3(x),
        faster=elementwise_rule(
            settled(fast.silu_derivative),
            lambda x, _: fast.silu_curvature(x),
            curvature=lambda x, _: fast.silu_third(x),
            bounded=True,
        ),
    ),
    lambda x: logistic_derivative(x) * (2 + x * (1 - 2 * logistic(x))),
)
softplus = def_sharp(jax.nn.softplus, logistic)
erf_derivative: Function = def_sharp(
    _named(
        "erf_derivative",
        lambda x: lax.exp(-(x**2)) * float(2 / np.sqrt(np.pi)),
        settled(el.erf_derivative),
        lambda x, y: mul(mul(x, y), -2.0),
        lambda x, y: mul(sub(mul(sqr(x), 4.0), 2.0), y),
    ),
    lambda x: -2 * x * erf_derivative(x),
)


@jax.jit
def _power_slope(x: Array, y: Array) -> Array:
    # In a call of its own, so that y - 1 is not evaluated and rounded when it is traced.
    return y * lax.pow(x, y - 1)


def _is_zero(tangent: Any) -> bool:
    return isinstance(tangent, SymbolicZero)


@jax.custom_jvp
def _general_pow(x: Array, y: Array) -> Array:
    return lax.pow(x, y)


@partial(_general_pow.defjvp, symbolic_zeros=True)
def _(primals: tuple[Array, Array], tangents: tuple[Any, Any]) -> tuple[Array, Array]:
    x, y = primals
    z = _general_pow(x, y)
    total = lax.full_like(z, 0)
    if not _is_zero(tangents[0]):
        total = total + tangents[0] * _general_pow_slope(x, y)
    if not _is_zero(tangents[1]):
        total = total + tangents[1] * (z * lax.log(x))
    return z, total


@jax.custom_jvp
def _general_pow_slope(x: Array, y: Array) -> Array:
    return _power_slope(x, y)


@partial(_general_pow_slope.defjvp, symbolic_zeros=True)
def _(primals: tuple[Array, Array], tangents: tuple[Any, Any]) -> tuple[Array, Array]:
    x, y = primals
    z = _general_pow_slope(x, y)
    total = lax.full_like(z, 0)
    if not _is_zero(tangents[0]):
        total = total + tangents[0] * (z * (y - 1) / x)
    if not _is_zero(tangents[1]):
        total = total + tangents[1] * (lax.pow(x, y) / x + z * lax.log(x))
    return z, total


def _integer_pow(x: Array, y: int) -> Array:
    if abs(y) <= 2**24:
        return lax.integer_pow(x, y)

    def slope(x: Array) -> Array:
        # y as a sum of floats: JAX's rule rounds it to one.
        total, rest = lax.full_like(x, 0), y
        while rest:
            part = x.dtype.type(rest)
            total, rest = total + part * _integer_pow(x, y - 1), rest - int(part)
        return total

    return def_sharp(lambda x: lax.integer_pow(x, y), slope)(x)


def _pow(x: Array, y: Array) -> Array:
    exponent = constant_value(y)
    if exponent == 0.5:
        return lax.sqrt(x)
    if exponent is not None and exponent == int(exponent):
        return _integer_pow(x, int(exponent))
    return _general_pow(x, y)


def constant_value(x: Any) -> float | None:
    """The one value of an array that is known when it is traced, else None."""
    if isinstance(x, jax.core.Tracer):
        return None
    values = np.unique(np.asarray(x))
    return float(values[0]) if values.size == 1 and np.isfinite(values[0]) else None


# At a kink every convex combination of the one-sided derivatives counts, at points too, where
# JAX would choose one.

_sign = def_sharp(
    _named("abs_slope", lambda x: lax.sign(x) + lax.full_like(x, 0), abs_slope), jnp.zeros_like
)


def _above(x: Array, y: Array) -> Array:
    one = lax.full_like(x, 1)
    return lax.select(x > y, one, lax.select(x < y, 0 * one, 0.5 * one))


@jax.custom_jvp
def _max_slope(x: Array, y: Array) -> Array:
    return _max_slope_call(x, y)


_max_slope_call = _named("max_slope", _above, max_slope)


@_max_slope.defjvp
def _(primals: tuple[Array, Array], _: Any) -> tuple[Array, Array]:
    slope = _max_slope(*primals)
    return slope, lax.full_like(slope, 0)


maximum = def_sharp(lax.max, _max_slope, lambda x, y: _max_slope(y, x))
minimum = def_sharp(lax.min, lambda x, y: _max_slope(y, x), _max_slope)


def _clamp(low: Array, x: Array, high: Array) -> Array:
    return minimum(maximum(x, jnp.broadcast_to(low, x.shape)), jnp.broadcast_to(high, x.shape))


def _joined(join: Function) -> Function:
    """The extreme of many numbers by a tree of those of two, with their slopes."""

    def extreme(x: Array, *, axes: tuple[int, ...], **_: Any) -> Array:
        kept = [a for a in range(x.ndim) if a not in axes]
        x = x.transpose(*kept, *axes).reshape(*(x.shape[a] for a in kept), -1)
        while x.shape[-1] > 1:
            half = x.shape[-1] // 2
            pairs = join(x[..., :half], x[..., half : 2 * half])
            x = lax.concatenate([pairs, x[..., 2 * half :]], x.ndim - 1)
        return x[..., 0]

    return extreme


def _accumulated(join: Function) -> Function:
    def extremes(x: Array, *, axis: int, reverse: bool, **_: Any) -> Array:
        return lax.associative_scan(join, x, reverse, axis)

    return extremes


def _def_order(name: str, function: Function) -> None:
    prim = primitive(name)

    def call(x: Array, **params: Any) -> Array:
        real = jnp.issubdtype(x.dtype, jnp.floating)
        return function(x, **params) if real else prim.bind(x, **params)

    SHARP_PRIMITIVES[prim] = call


def _def_primitive(name: str, function: Function) -> None:
    prim = primitive(name)
    if prim is None:
        return

    def call(*args: Array, **params: Any) -> Array:
        if not jnp.issubdtype(jnp.result_type(args[0]), jnp.floating):
            return prim.bind(*args, **params)
        return function(*args)

    SHARP_PRIMITIVES[prim] = call


exp2: Function = def_sharp(lax.exp2, lambda x: times_ln2(exp2(x)))
cbrt: Function = def_sharp(lax.cbrt, lambda x: 1 / (3 * lax.square(cbrt(x))))
erf_inv: Function = def_sharp(
    lax.erf_inv, lambda x: times_half_sqrt_pi(lax.exp(lax.square(erf_inv(x))))
)

_def_primitive("abs", def_sharp(lax.abs, _sign))
_def_primitive("max", maximum)
_def_primitive("min", minimum)
_def_primitive("clamp", _clamp)
_def_order("reduce_max", _joined(maximum))
_def_order("reduce_min", _joined(minimum))
_def_order("cummax", _accumulated(maximum))
_def_order("cummin", _accumulated(minimum))
_def_primitive("tanh", tanh)
_def_primitive("logistic", logistic)
_def_primitive("exp2", exp2)
_def_primitive("erf", def_sharp(lax.erf, erf_derivative))
_def_primitive("erfc", def_sharp(lax.erfc, lambda x: -erf_derivative(x)))
_def_primitive("erf_inv", erf_inv)
_def_primitive("cbrt", cbrt)
_def_primitive("pow", _pow)
SHARP_PRIMITIVES[primitive("integer_pow")] = lambda x, *, y, **_: _integer_pow(x, y)
if primitive("log2") is not None:  # jax 0.12
    _def_primitive("log2", def_sharp(jnp.log2, lambda x: 1 / times_ln2(x)))

SHARP_COMPOSITES["silu"] = silu
SHARP_COMPOSITES["softplus"] = softplus
# Where derivatives are nested, the calls of named functions are differentiated in turn.
SHARP_COMPOSITES.update(
    logistic_derivative=logistic_derivative,
    tanh_derivative=tanh_derivative,
    silu_derivative=silu_derivative,
    erf_derivative=erf_derivative,
    times_ln2=times_ln2,
    times_half_sqrt_pi=times_half_sqrt_pi,
)
