"""Rules of real functions, element by element: the enclosure and its derivative's range.

The derivative of a smooth function over an interval is enclosed by the range of that
derivative as one function, not by evaluating its formula in interval arithmetic.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from interval_jax import basic
from interval_jax import elementary as el
from interval_jax._interval import (
    Interval,
    _like,
    _operands,
    _where,
    add,
    as_interval,
    div,
    mul,
    neg,
    recip,
    sqr,
    sub,
)
from interval_jax._rules import integers
from interval_jax._rules.combinators import def_elementwise, on_integers, settled
from interval_jax._rules.registry import (
    Integers,
    Rule,
    UnsupportedPrimitiveError,
    Value,
    _define,
    is_plain,
    is_real,
    primitive,
)
from interval_jax.set_ops import convex_hull


def _product(x: Interval, y: Interval) -> Interval:
    # The same variable twice is a square, whose range is narrower than a product's.
    return sqr(x) if x is y else mul(x, y)


def _step(x: Interval, y: Interval) -> Interval:
    """Derivative of max(x, y) with respect to x: 1 above, 0 below, anything between at ties."""
    above, below = lax.gt(x.lo, y.hi), lax.lt(x.hi, y.lo)
    one, zero = lax.full_like(x.lo, 1), lax.full_like(x.lo, 0)
    return Interval(lax.select(above, one, zero), lax.select(below, zero, one))


def max_slope(x: Interval, y: Interval) -> Interval:
    """Derivative of max(x, y) with respect to x."""
    return _step(*_operands(x, y))


def abs_slope(x: Interval) -> Interval:
    """Derivative of abs: the sign, or anything between -1 and 1 at 0."""
    one = lax.full_like(x.lo, 1)
    positive, negative = lax.gt(x.lo, one * 0), lax.lt(x.hi, one * 0)
    return Interval(lax.select(positive, one, -one), lax.select(negative, -one, one))


def_elementwise("add", add, 1, 1)
def_elementwise("add_jaxvals", add, 1, 1)
def_elementwise("sub", sub, 1, -1)
def_elementwise("mul", _product, lambda x, y, _: y, lambda x, y, _: x)
def_elementwise("div", div, lambda x, y, _: recip(y), lambda x, y, _: -div(x, sqr(y)))
def_elementwise("neg", neg, -1)
def_elementwise("abs", abs, lambda x, _: abs_slope(x))
def_elementwise("max", basic.max, lambda x, y, _: max_slope(x, y), lambda x, y, _: max_slope(y, x))
def_elementwise("min", basic.min, lambda x, y, _: max_slope(y, x), lambda x, y, _: max_slope(x, y))
def_elementwise("square", sqr, lambda x, _: mul(x, 2.0))
def_elementwise(
    "sqrt",
    basic.sqrt,
    lambda x, y: div(0.5, y),
    curvature=lambda x, y: neg(recip(mul(mul(_nonnegative(x), y), 4.0))),
)
def_elementwise("rsqrt", settled(el.rsqrt), lambda x, y: mul(-0.5, mul(y, recip(x))))
def_elementwise("exp", settled(el.exp), lambda x, y: y, curvature=lambda x, y: y, bounded=True)
def_elementwise(
    "expm1",
    settled(el.expm1),
    lambda x, _: settled(el.exp)(x),
    curvature=lambda x, _: settled(el.exp)(x),
    bounded=True,
)
def_elementwise(
    "log",
    settled(el.log),
    lambda x, _: recip(_nonnegative(x)),
    curvature=lambda x, _: neg(recip(sqr(_nonnegative(x)))),
)
def_elementwise("log1p", settled(el.log1p), lambda x, _: recip(_nonnegative(add(x, 1.0))))
def_elementwise(
    "tanh",
    settled(el.tanh),
    lambda x, _: settled(el.tanh_derivative)(x),
    curvature=lambda x, y: mul(mul(y, settled(el.tanh_derivative)(x)), -2.0),
    bounded=True,
)
def_elementwise(
    "logistic",
    settled(el.logistic),
    lambda x, _: settled(el.logistic_derivative)(x),
    curvature=lambda x, y: mul(settled(el.logistic_derivative)(x), sub(1.0, mul(y, 2.0))),
    bounded=True,
)
def_elementwise(
    "erf",
    settled(el.erf),
    lambda x, _: settled(el.erf_derivative)(x),
    curvature=lambda x, _: mul(mul(x, settled(el.erf_derivative)(x)), -2.0),
    bounded=True,
)
def_elementwise(
    "erfc",
    settled(el.erfc),
    lambda x, _: -settled(el.erf_derivative)(x),
    curvature=lambda x, _: mul(mul(x, settled(el.erf_derivative)(x)), 2.0),
    bounded=True,
)


def _nonnegative(x: Interval) -> Interval:
    """The part of x in the closure of the logarithm's domain."""
    zero = lax.full_like(x.lo, 0)
    outside = lax.lt(x.hi, zero)
    return _where(outside, _like(x, np.inf, -np.inf), Interval(lax.max(x.lo, zero), x.hi))


def _integer_pow(x: Value, *, y: int) -> Value:
    return el.pown(x, y) if is_real(x) else on_integers(primitive("integer_pow"), x, y=y)


def _integer_pow_vjp(
    cotangents: Any, wanted: Any, inputs: Any, outputs: Any, *, y: int
) -> list[Interval | None]:
    if y == 0:
        return [_like(cotangents[0], 0, 0)]
    return [mul(cotangents[0], mul(el.pown(inputs[0], y - 1), float(y)))]


_define("integer_pow", Rule(_integer_pow, _integer_pow_vjp))


def _pow(x: Value, y: Value, **_: Any) -> Value:
    """x**y for constant y = 1/2 or an integer, for any x; else :func:`_power`."""
    if not is_real(x):
        return on_integers(primitive("pow"), x, y)
    exponent = _constant(y)
    if exponent == 0.5:
        return basic.sqrt(x)
    if exponent is not None and exponent == int(exponent):
        return el.pown(x, int(exponent))
    if isinstance(y, Integers):
        y = integers.real(y, x.dtype)
    return _power(*_operands(x, y))


@jax.jit  # a cond by itself would be compiled anew in every call
def _power(x: Interval, y: Interval) -> Interval:
    """x**y for x > 0, with 0**y = 0 for y > 0 and 0**0 = 1, and for x < 0 where y is whole."""
    value = el.pow(x, y)
    zero = lax.full_like(x.lo, 0)
    at_zero = lax.le(x.lo, zero) & lax.ge(x.hi, zero)
    one = at_zero & lax.le(y.lo, zero) & lax.ge(y.hi, zero)
    value = _where(one, convex_hull(value, _like(value, 1, 1)), value)
    whole = lax.lt(x.lo, zero) & lax.le(lax.ceil(y.lo), lax.floor(y.hi))
    return lax.cond(
        jnp.any(whole),
        lambda: _where(whole, convex_hull(value, _power_of_negative(x, y)), value),
        lambda: value,
    )


def _power_of_negative(x: Interval, y: Interval) -> Interval:
    """x**y for x < 0 and whole y."""
    zero = lax.full_like(x.lo, 0)
    size = el.pow(neg(Interval(x.lo, lax.min(x.hi, zero))), y)
    half = y.lo * 0.5
    one = lax.eq(y.lo, y.hi)
    even = one & lax.eq(lax.floor(half), half)
    odd = one & lax.ne(lax.floor(half), half)
    return _where(even, size, _where(odd, neg(size), convex_hull(size, neg(size))))


def _constant(y: Value) -> float | None:
    """The one value of a constant exponent, None if it has several or is unknown."""
    if not is_plain(y) or not hasattr(y, "__array__"):
        return None
    try:
        values = np.unique(np.asarray(y))
    except TypeError:
        return None
    return float(values[0]) if values.size == 1 and np.isfinite(values[0]) else None


def _pow_vjp(
    cotangents: Any, wanted: Any, inputs: Any, outputs: Any, **_: Any
) -> list[Interval | None]:
    x, y = inputs
    (c,) = cotangents
    exponent_share = mul(c, mul(outputs[0], el.log(as_interval(x)))) if wanted[1] else None
    return [mul(c, _pow_slope(x, y)) if wanted[0] else None, exponent_share]


def _pow_slope(x: Value, y: Value) -> Interval:
    """The derivative of x**y with respect to x."""
    exponent = _constant(y)
    if exponent == 0:
        return _like(as_interval(x), 0, 0)
    if exponent == 0.5:
        return div(0.5, basic.sqrt(x))
    if exponent is not None and exponent == int(exponent):
        return mul(el.pown(x, int(exponent) - 1), y)
    # y - 1 as an interval: as a float it may be another exponent.
    return mul(_power(*_operands(x, sub(y, 1.0))), y)


_define("pow", Rule(_pow, _pow_vjp))


def _clamp(low: Value, x: Value, high: Value, **_: Any) -> Value:
    if not is_real(x):
        return integers.clamp(low, x, high)
    return basic.min(basic.max(x, low), high)


def _clamp_vjp(
    cotangents: Any, wanted: Any, inputs: Any, outputs: Any, **_: Any
) -> list[Interval | None]:
    low, x, high = inputs
    if wanted[0] or wanted[2]:
        raise UnsupportedPrimitiveError(
            "the derivative of clamp with respect to its limits: use minimum and maximum"
        )
    slope = mul(max_slope(x, as_interval(low)), max_slope(as_interval(high), x))
    return [None, mul(cotangents[0], slope), None]


_define("clamp", Rule(_clamp, _clamp_vjp))
