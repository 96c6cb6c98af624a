"""Rules of special functions, of remainders, and of steps between formats."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from interval_jax import basic, integer
from interval_jax import elementary as el
from interval_jax._constructors import entire
from interval_jax._interval import (
    Interval,
    _operands,
    _where,
    _where_empty,
    add,
    as_interval,
    div,
    mul,
    neg,
    recip,
    sqr,
    sub,
)
from interval_jax._rules.combinators import def_elementwise, def_refused, elementwise_rule, settled
from interval_jax._rules.composite import def_composite
from interval_jax._rules.registry import Rule, Value, _define, primitive
from interval_jax._rules.transcendental import _real
from interval_jax.elementary.digamma import digamma
from interval_jax.set_ops import intersection

HALF_SQRT_PI = "0.886226925452758013649083741670572591398774728061193564106903894926"
"""sqrt(pi) / 2, to more digits than any format has."""

def_elementwise("cbrt", settled(el.cbrt), lambda _, y: recip(mul(sqr(y), 3.0)))
def_elementwise(
    "erf_inv",
    settled(el.erfinv),
    lambda x, y: mul(settled(el.exp)(sqr(y)), _real(HALF_SQRT_PI, x)),
)
def_elementwise("lgamma", settled(el.lgamma), lambda x, _: settled(digamma)(x))
def_elementwise("digamma", settled(digamma))


# --- remainders -------------------------------------------------------------------------


def _remainder(x: Interval, y: Interval) -> Interval:
    """The range of x - y trunc(x / y): smaller than y in magnitude, no larger than x, its sign."""
    x, y = _operands(x, y)
    quotient = integer.trunc(div(x, y))
    limit = lax.min(lax.max(lax.abs(x.lo), lax.abs(x.hi)), lax.max(lax.abs(y.lo), lax.abs(y.hi)))
    zero = lax.full_like(limit, 0)
    range_ = Interval(
        lax.select(lax.ge(x.lo, zero), zero, -limit), lax.select(lax.le(x.hi, zero), zero, limit)
    )
    found = intersection(basic.fma(neg(quotient), y, x), range_)
    return _where_empty(x, found, quotient)


def _modulo(x: Interval, y: Interval) -> Interval:
    """The range of x - y floor(x / y): between 0 and y, and no farther than an x of its sign."""
    x, y = _operands(x, y)
    quotient = integer.floor(div(x, y))
    zero = lax.full_like(x.lo, 0)
    positive = lax.ge(x.lo, zero) & lax.ge(y.lo, zero)
    negative = lax.le(x.hi, zero) & lax.le(y.hi, zero)
    low = lax.select(negative, lax.max(y.lo, x.lo), lax.min(y.lo, zero))
    high = lax.select(positive, lax.min(y.hi, x.hi), lax.max(y.hi, zero))
    found = intersection(basic.fma(neg(quotient), y, x), Interval(low, high))
    return _where_empty(x, found, quotient)


def _remainder_slope(
    x: Interval, y: Interval, by_divisor: bool, whole: Callable[[Any], Interval] = integer.trunc
) -> Interval:
    """1 and minus the quotient, and anything across a jump."""
    x, y = _operands(x, y)
    quotient = whole(div(x, y))
    one = lax.full_like(quotient.lo, 1)
    slope = neg(quotient) if by_divisor else Interval(one, one)
    return _where(lax.eq(quotient.lo, quotient.hi), slope, entire(slope.shape, slope.dtype))


def_elementwise(
    "rem",
    _remainder,
    lambda x, y, _: _remainder_slope(x, y, by_divisor=False),
    lambda x, y, _: _remainder_slope(x, y, by_divisor=True),
)


def _of_reals(equations: Sequence[Any], avals: Sequence[Any]) -> dict[str, Any] | None:
    return {} if all(jnp.issubdtype(a.dtype, jnp.floating) for a in avals) else None


def_composite(
    "remainder",
    lambda x, y: jnp.remainder(x, y),
    elementwise_rule(
        _modulo,
        lambda x, y, _: _remainder_slope(x, y, by_divisor=False, whole=integer.floor),
        lambda x, y, _: _remainder_slope(x, y, by_divisor=True, whole=integer.floor),
    ),
    _of_reals,
)
def_composite(
    "floor_divide",
    lambda x, y: jnp.floor_divide(x, y),
    elementwise_rule(lambda x, y: integer.floor(div(x, y))),
    _of_reals,
)


# --- polynomials (jax 0.12) -------------------------------------------------------------


def _one_minus_square(x: Interval) -> Interval:
    # The product is sharp next to 1 and -1, the difference where x contains 0.
    return intersection(sub(1.0, sqr(x)), mul(sub(1.0, x), add(x, 1.0)))


def _polynomial(x: Value, *coefficients: Value, **_: Any) -> Interval:
    """Horner's rule; the coefficient of the highest power comes last."""
    return reduce(
        lambda total, a: add(mul(total, x), a), reversed(coefficients[:-1]),
        as_interval(coefficients[-1]),
    )  # fmt: skip


if primitive("one_minus_square") is not None:
    def_elementwise("one_minus_square", _one_minus_square, lambda x, _: mul(x, -2.0))
_define("polynomial", Rule(_polynomial))


# --- formats ----------------------------------------------------------------------------


def _reduce_precision(x: Value, *, exponent_bits: int, mantissa_bits: int) -> Value:
    """Rounding to another format: a step function that never falls."""
    if not isinstance(x, Interval):
        x = as_interval(x)
    low, high = (lax.reduce_precision(b, exponent_bits, mantissa_bits) for b in (x.lo, x.hi))
    # A number that is rounded to infinity is none; what is below it is all there is.
    largest = lax.full_like(low, np.finfo(x.dtype).max)
    return _where_empty(x, Interval(lax.min(low, largest), lax.max(high, -largest)))


_define("reduce_precision", Rule(_reduce_precision))

_NO_KERNEL = (
    "there is no enclosure of this special function yet; write it by functions that have one, or "
    "give interval_jax.register a rule with bounds of your own"
)
for _name in (
    "bessel_i0e",
    "bessel_i1e",
    "igamma",
    "igamma_grad_a",
    "igammac",
    "polygamma",
    "regularized_incomplete_beta",
    "zeta",
):
    def_refused(_name, _NO_KERNEL)
