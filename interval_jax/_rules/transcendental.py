"""Rules of trigonometric and hyperbolic functions, their inverses, and steps.

Slopes are written so that each argument enters once, or in monotone parts: then interval
arithmetic gives the range of the derivative up to rounding.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jax import lax

from interval_jax import basic, integer
from interval_jax import elementary as el
from interval_jax._constructors import interval
from interval_jax._interval import (
    Interval,
    _where,
    add,
    div,
    mul,
    neg,
    recip,
    sqr,
    sub,
)
from interval_jax._rules.combinators import def_elementwise, def_refused, elementwise_rule, settled
from interval_jax._rules.registry import Rule, Value, _define, is_real, primitive
from interval_jax.set_ops import intersection

LN2 = "0.693147180559945309417232121458176568075500134360255254120680009493"
"""The natural logarithm of 2, to more digits than any format has."""


def _real(digits: str, like: Interval) -> Interval:
    """The tightest interval around a real number."""
    return interval(digits, dtype=like.dtype)


def _above(x: Interval, end: float) -> Interval:
    """The part of x in the half-line from the end of a function's domain."""
    return intersection(x, Interval(lax.full_like(x.lo, end), lax.full_like(x.hi, np.inf)))


def _one_minus_square(x: Interval) -> Interval:
    """1 - x**2 for |x| <= 1: factors are sharp next to 1, the square is around 0."""
    return _above(intersection(sub(1.0, sqr(x)), mul(sub(1.0, x), add(x, 1.0))), 0.0)


def _acosh_slope(x: Interval, _: Interval) -> Interval:
    x = _above(x, 1.0)
    return recip(basic.sqrt(mul(sub(x, 1.0), add(x, 1.0))))


def _fraction_of_norm(x: Interval, y: Interval) -> Interval:
    """The range of x / (x**2 + y**2)."""
    natural = div(x, add(sqr(x), sqr(y)))
    once = recip(add(x, div(sqr(y), x)))
    zero = lax.full_like(x.lo, 0)
    inside = lax.le(x.lo, zero) & lax.ge(x.hi, zero)
    return _where(inside, natural, intersection(natural, once))


def _step_slope(_: Interval, y: Interval) -> Interval:
    """Slopes of the secants of a step function: 0, and any positive one across a jump."""
    zero = lax.full_like(y.lo, 0)
    return Interval(zero, lax.select(lax.lt(y.lo, y.hi), lax.full_like(zero, np.inf), zero))


def_elementwise(
    "sin",
    settled(el.sin),
    lambda x, _: settled(el.cos)(x),
    curvature=lambda x, y: neg(y),
    bounded=True,
)
def_elementwise(
    "cos",
    settled(el.cos),
    lambda x, _: neg(settled(el.sin)(x)),
    curvature=lambda x, y: neg(y),
    bounded=True,
)
def_elementwise("tan", settled(el.tan), lambda _, y: add(sqr(y), 1.0))
def_elementwise("asin", settled(el.asin), lambda x, _: recip(basic.sqrt(_one_minus_square(x))))
def_elementwise("acos", settled(el.acos), lambda x, _: neg(recip(basic.sqrt(_one_minus_square(x)))))
def_elementwise(
    "atan",
    settled(el.atan),
    lambda x, _: recip(add(sqr(x), 1.0)),
    curvature=lambda x, _: mul(mul(x, sqr(recip(add(sqr(x), 1.0)))), -2.0),
    bounded=True,
)
def_elementwise(
    "atan2",
    settled(el.atan2),
    lambda y, x, _: _fraction_of_norm(x, y),
    lambda y, x, _: neg(_fraction_of_norm(y, x)),
)
def_elementwise(
    "sinh",
    settled(el.sinh),
    lambda x, _: settled(el.cosh)(x),
    curvature=lambda x, y: y,
    bounded=True,
)
def_elementwise(
    "cosh",
    settled(el.cosh),
    lambda x, _: settled(el.sinh)(x),
    curvature=lambda x, y: y,
    bounded=True,
)
def_elementwise("asinh", settled(el.asinh), lambda x, _: recip(basic.sqrt(add(sqr(x), 1.0))))
def_elementwise("acosh", settled(el.acosh), _acosh_slope)
def_elementwise("atanh", settled(el.atanh), lambda x, _: recip(_one_minus_square(x)))
def_elementwise("exp2", settled(el.exp2), lambda x, y: mul(y, _real(LN2, x)))
if primitive("log2") is not None:  # jax 0.12
    def_elementwise(
        "log2", settled(el.log2), lambda x, _: recip(mul(_above(x, 0.0), _real(LN2, x)))
    )

def_elementwise("sign", integer.sign, _step_slope)
def_elementwise("floor", integer.floor, _step_slope)
def_elementwise("ceil", integer.ceil, _step_slope)


def _round(x: Value, *, rounding_method: Any) -> Value:
    if not is_real(x):
        return lax.round(x, rounding_method)
    even = rounding_method == lax.RoundingMethod.TO_NEAREST_EVEN
    return integer.round_ties_to_even(x) if even else integer.round_ties_to_away(x)


_define("round", Rule(_round, elementwise_rule(integer.floor, _step_slope).vjp))

def_refused(
    "nextafter",
    "steps between floats are no function of real numbers; widen an interval with its bounds",
)
