"""JAX's composite functions, each with the enclosure of the function that it is.

``jax.nn``, ``jax.scipy.special`` and ``jax.scipy.stats.norm`` build their functions of primitives
such that an argument enters several times, or in branches on which an interval does not decide.
Here each gets its own range: by a kernel where there is one, by monotone pieces, or by its values
at the ends of the argument and at the points between where it turns.

What a recognised program stands for is the function of that name: ``norm.cdf`` is the normal
distribution function, not the product with a float next to sqrt(1/2) by which JAX computes it.
Where the program may be the user's own (log10 is but one product) both are enclosed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.scipy import special
from jax.scipy.stats import norm

from interval_jax import basic
from interval_jax import elementary as el
from interval_jax._interval import (
    Interval,
    add,
    as_interval,
    div,
    interval,
    mul,
    neg,
    recip,
    sqr,
    sub,
)
from interval_jax._rules.composite import def_composite, def_folded
from interval_jax._rules.registry import Rule, elementwise_rule, settled
from interval_jax._rules.sharp import SHARP_COMPOSITES, _named, def_sharp, logistic
from interval_jax._sums import sum_bounds
from interval_jax.elementary import fast
from interval_jax.elementary._extend import Extremum, increasing, turning
from interval_jax.set_ops import convex_hull, intersection

Enclosure = Callable[[Interval], Interval]


# Real numbers, to more digits than any format has; a test compares them with mpmath's.
PI = "3.1415926535897932384626433832795028841971693993751"
HALF_LOG_2PI = "0.91893853320467274178032973640561763986139747363778"
INVERSE_LN2 = "1.4426950408889634073599246810018921374266459541530"
INVERSE_LN10 = "0.43429448190325182765112891891660508229439700580367"
TWO_SQRT_TWO_BY_PI = "1.5957691216057307117597842397375274739034345246597"
MISH_MINIMUM = (
    "-1.1924312145154952121375883404207394056006864093225",
    "-0.30884341301725040662876022904195372845956412325418",
)
XLOGX_MINIMUM = (
    "0.36787944117144232159552377016146086744581113103177",
    "-0.36787944117144232159552377016146086744581113103177",
)
LEAST_SINC = "-0.21723362821122165740827932556247073422304491543559"


# --- ways to a range ----------------------------------------------------------------------


def _real(digits: str, like: Interval) -> Interval:
    """The tightest interval around a real number."""
    return interval(digits, dtype=like.dtype)


def _part(x: Interval, low: float, high: float) -> Interval:
    return intersection(x, Interval(lax.full_like(x.lo, low), lax.full_like(x.hi, high)))


def _constant(x: Interval, value: float) -> Interval:
    """A number where x is not empty."""
    return add(mul(x, 0.0), value)


def _hull(*pieces: Interval) -> Interval:
    result = pieces[0]
    for piece in pieces[1:]:
        result = convex_hull(result, piece)
    return result


def _at_points(
    function: Enclosure, bottom: float, top: float
) -> Callable[[Array], tuple[Array, Array]]:
    """Bounds at floats of what is enclosed tightly at finite points, given its limits."""

    def kernel(x: Array) -> tuple[Array, Array]:
        value = function(Interval(x, x))
        inf, low, high = (lax.full_like(x, v) for v in (np.inf, bottom, top))

        def limited(bound: Array) -> Array:
            return lax.select(lax.eq(x, inf), high, lax.select(lax.eq(x, -inf), low, bound))

        return limited(value.lo), limited(value.hi)

    return kernel


def _extremum(at: str, value: str) -> Callable[[np.dtype], Extremum]:
    """A local extremum, of which place and value are given to more digits than any format has."""

    @lru_cache
    def of_type(dtype: np.dtype) -> Extremum:
        with jax.ensure_compile_time_eval():
            ends = [interval(digits, dtype=dtype) for digits in (at, value)]
            place, height = ((float(i.lo), float(i.hi)) for i in ends)
        return Extremum(place, height)

    return of_type


def _turning(
    function: Enclosure,
    smooth: Callable[[Array], Array],
    at: str,
    value: str,
    limits: tuple[float, float],
) -> Enclosure:
    """The range of a function with one extremum."""
    extremum = _extremum(at, value)
    return turning(_at_points(function, *limits), smooth, lambda dtype: (extremum(dtype),))


# --- pieces -------------------------------------------------------------------------------


def _elu(x: Interval, alpha: Interval | float = 1.0) -> Interval:
    return _hull(_part(x, 0, np.inf), mul(alpha, el.expm1(_part(x, -np.inf, 0))))


def _elu_slope(x: Interval, alpha: Interval | float = 1.0) -> Interval:
    above = _constant(_part(x, 0, np.inf), 1)
    return _hull(above, mul(alpha, el.exp(_part(x, -np.inf, 0))))


def _leaky_relu(x: Interval, slope: Interval | None = None) -> Interval:
    slope = as_interval(np.asarray(0.01, x.dtype)) if slope is None else slope
    return _hull(_part(x, 0, np.inf), mul(slope, _part(x, -np.inf, 0)))


def _leaky_relu_slope(x: Interval, slope: Interval | None = None) -> Interval:
    slope = as_interval(np.asarray(0.01, x.dtype)) if slope is None else slope
    below = add(mul(_part(x, -np.inf, 0), 0.0), slope)
    return _hull(_constant(_part(x, 0, np.inf), 1), below)


def _hard_tanh(x: Interval) -> Interval:
    return basic.min(basic.max(x, -1.0), 1.0)


def _flat_outside(x: Interval, low: float, high: float, inside: float = 1) -> Interval:
    """The derivative of what is constant outside of an interval."""
    outside = _hull(_part(x, -np.inf, low), _part(x, high, np.inf))
    return _hull(_constant(outside, 0), _constant(_part(x, low, high), inside))


def _hard_silu(x: Interval) -> Interval:
    below, between, above = _part(x, -np.inf, -3), _part(x, -3, 3), _part(x, 3, np.inf)
    # With one x where it turns, at -3/2; as a product it is accurate next to 0.
    square = div(sub(sqr(add(between, 1.5)), 2.25), 6.0)
    product = div(mul(between, add(between, 3.0)), 6.0)
    return _hull(_constant(below, 0), intersection(square, product), above)


def _hard_silu_slope(x: Interval) -> Interval:
    below, between, above = _part(x, -np.inf, -3), _part(x, -3, 3), _part(x, 3, np.inf)
    return _hull(_constant(below, 0), div(add(mul(between, 2.0), 3.0), 6.0), _constant(above, 1))


def _sparse_plus(x: Interval) -> Interval:
    between = div(sqr(add(_part(x, -1, 1), 1.0)), 4.0)
    return _hull(_constant(_part(x, -np.inf, -1), 0), between, _part(x, 1, np.inf))


def _sparse_plus_slope(x: Interval) -> Interval:
    return div(add(_hard_tanh(x), 1.0), 2.0)


def _soft_sign(x: Interval) -> Interval:
    # One x on either side of 0.
    right, left = _part(x, 0, np.inf), neg(_part(x, -np.inf, 0))
    return _hull(_rising_part(right), neg(_rising_part(left)))


def _rising_part(x: Interval) -> Interval:
    """x / (1 + x) of positive numbers, by its ends."""
    low, high = Interval(x.lo, x.lo), Interval(x.hi, x.hi)
    one = lax.full_like(x.lo, 1)
    upper = lax.select(lax.eq(x.hi, one * np.inf), one, div(high, add(high, 1.0)).hi)
    lower = lax.select(lax.eq(x.lo, one * np.inf), one, div(low, add(low, 1.0)).lo)
    empty = lax.gt(x.lo, x.hi)
    return Interval(lax.select(empty, x.lo, lower), lax.select(empty, x.hi, lax.min(upper, one)))


def _soft_sign_slope(x: Interval) -> Interval:
    return recip(sqr(add(abs(x), 1.0)))


def _squareplus_at(x: Interval, slope: bool = False) -> Interval:
    """(x + sqrt(x**2 + 4)) / 2 or its derivative, without cancellation."""
    root = basic.sqrt(add(sqr(x), 4.0))
    total = add(root, abs(x))
    above, below = div(total, 2.0), div(2.0, total)
    if slope:
        above, below = div(above, root), div(below, root)
    negative = lax.lt(x.lo, lax.full_like(x.lo, 0))
    return jax.tree.map(partial(lax.select, negative), below, above)


_squareplus = increasing(_at_points(_squareplus_at, 0.0, np.inf), jax.nn.squareplus)
_squareplus_slope = increasing(
    _at_points(partial(_squareplus_at, slope=True), 0.0, 1.0),
    lambda x: 0.5 + 0.5 * x * lax.rsqrt(x * x + 4),
)


# --- turning points -----------------------------------------------------------------------


def _mish_at(x: Interval) -> Interval:
    return mul(x, el.tanh(el.softplus(x)))


_mish = _turning(
    _mish_at,
    jax.nn.mish,
    *MISH_MINIMUM,
    (0.0, np.inf),
)


def _mish_slope(x: Interval) -> Interval:
    value = el.softplus(x)
    bend = mul(el.tanh_derivative(value), el.logistic(x))
    return add(el.tanh(value), mul(x, bend))


def _xlogx_at(x: Interval) -> Interval:
    value = mul(x, el.log(x))
    zero = lax.full_like(x.lo, 0)
    return jax.tree.map(lambda b: lax.select(lax.eq(x.lo, zero), zero, b), value)


_xlogx_range = _turning(
    _xlogx_at,
    lambda x: special.xlogy(x, x),
    *XLOGX_MINIMUM,
    (np.inf, np.inf),
)


def _xlogx(x: Interval) -> Interval:
    return _xlogx_range(_part(x, 0, np.inf))


def _xlogy(x: Interval, y: Interval) -> Interval:
    # The same variable twice.
    return settled(_xlogx)(x) if x is y else settled(_xlogy_of_two)(x, y)


def _xlogy_of_two(x: Interval, y: Interval) -> Interval:
    x, y = _broadcast(x, y)
    value = mul(x, el.log(y))
    zero = lax.full_like(x.lo, 0)
    # 0 where x is 0, whatever y is.
    only = lax.eq(x.lo, zero) & lax.eq(x.hi, zero)
    may = lax.le(x.lo, zero) & lax.ge(x.hi, zero)
    with_zero = convex_hull(value, Interval(zero, zero))
    value = jax.tree.map(partial(lax.select, may), with_zero, value)
    return jax.tree.map(lambda b: lax.select(only, zero, b), value)


def _gelu_tanh_slope(x: Interval) -> Interval:
    """logistic(v) + x v' logistic'(v), where v = 2 sqrt(2/pi) (x + 0.044715 x**3)."""
    bounded = _part(x, -40, 40)
    twice = _real(TWO_SQRT_TWO_BY_PI, x)
    cubic = _real("0.044715", x)
    square = mul(sqr(bounded), cubic)
    v = mul(twice, mul(bounded, add(square, 1.0)))
    slope = mul(twice, add(mul(square, 3.0), 1.0))
    inner = add(el.logistic(v), mul(bounded, mul(slope, el.logistic_derivative(v))))
    # Beyond 40, logistic' is below exp(-4000): a derivative is next to 0 or 1.
    tiny = np.finfo(x.dtype).tiny
    zero, one = lax.full_like(x.lo, 0), lax.full_like(x.lo, 1)
    eps = np.finfo(x.dtype).eps
    left = add(mul(_part(x, -np.inf, -40), 0.0), Interval(zero - tiny, zero + tiny))
    right = add(mul(_part(x, 40, np.inf), 0.0), Interval(one - eps, one + eps))
    return _hull(inner, left, right)


def _sinc(x: Interval) -> Interval:
    """sin(pi x) / (pi x), which falls from 0 to its least value at 1.4302..."""
    size = abs(x)
    whole = _sinc_at(size)
    at_least = Interval(lax.full_like(x.lo, _real(LEAST_SINC, x).lo), lax.full_like(x.lo, 1))
    # Nearer than a number below the place of the minimum the ends have the range.
    ends = Interval(
        _sinc_at(Interval(size.hi, size.hi)).lo, _sinc_at(Interval(size.lo, size.lo)).hi
    )
    falls = lax.le(size.hi, lax.full_like(size.hi, 1.43))
    empty = lax.gt(x.lo, x.hi)
    value = jax.tree.map(partial(lax.select, falls), ends, whole)
    inf = lax.full_like(x.lo, np.inf)
    value = Interval(lax.select(empty, inf, value.lo), lax.select(empty, -inf, value.hi))
    return intersection(value, at_least)


def _sinc_at(x: Interval) -> Interval:
    value = div(el.sinpi(x), mul(x, _real(PI, x)))
    zero = lax.full_like(x.lo, 0)
    one = Interval(zero + 1, zero + 1)
    return jax.tree.map(partial(lax.select, lax.eq(x.hi, zero)), one, value)


# --- several arguments --------------------------------------------------------------------


def _broadcast(*args: Interval) -> list[Interval]:
    shape = jnp.broadcast_shapes(*(a.shape for a in args))
    return [Interval(*(jnp.broadcast_to(b, shape) for b in (a.lo, a.hi))) for a in args]


def _logaddexp(x: Interval, y: Interval) -> Interval:
    x, y = _broadcast(x, y)
    both = Interval(jnp.stack([x.lo, y.lo]), jnp.stack([x.hi, y.hi]))
    return el.logsumexp(both, axis=0)


def _logaddexp2(x: Interval, y: Interval) -> Interval:
    x, y = _broadcast(x, y)

    def at(a: Array, b: Array) -> Interval:
        larger = lax.max(a, b)
        difference = abs(sub(Interval(a, a), Interval(b, b)))
        log = mul(el.log1p(el.exp2(neg(difference))), _real(INVERSE_LN2, x))
        return add(Interval(larger, larger), log)

    low, high = at(x.lo, y.lo), at(x.hi, y.hi)
    natural = add(basic.max(x, y), Interval(lax.full_like(x.lo, 0), lax.full_like(x.lo, 1)))
    ends = Interval(low.lo, high.hi)
    finite = lax.is_finite(x.lo) & lax.is_finite(y.lo) & lax.is_finite(x.hi) & lax.is_finite(y.hi)
    return jax.tree.map(partial(lax.select, finite), ends, natural)


def _hypot_slope(x: Interval, y: Interval, r: Interval) -> Interval:
    return _part(div(x, r), -1, 1)


def _logit_at(x: Interval) -> Interval:
    """log(x / (1 - x)); next to 1/2 by the logarithm of a number that is known exactly."""
    rest = sub(1.0, x)
    outer = el.log(div(x, rest))
    inner = el.log1p(div(sub(mul(x, 2.0), 1.0), rest))
    middle = lax.gt(x.lo, lax.full_like(x.lo, 0.25)) & lax.lt(x.lo, lax.full_like(x.lo, 0.75))
    return jax.tree.map(partial(lax.select, middle), inner, outer)


def _logit_kernel(x: Array) -> tuple[Array, Array]:
    value = _logit_at(Interval(x, x))
    inf = lax.full_like(x, np.inf)
    none, all = lax.le(x, lax.full_like(x, 0)), lax.ge(x, lax.full_like(x, 1))

    def limited(bound: Array) -> Array:
        return lax.select(none, -inf, lax.select(all, inf, bound))

    return limited(value.lo), limited(value.hi)


_logit_range = increasing(_logit_kernel, special.logit, above=0.0)


def _logit(x: Interval) -> Interval:
    beyond = lax.ge(x.lo, lax.full_like(x.lo, 1))
    value = _logit_range(_part(x, 0, 1))
    inf = lax.full_like(x.lo, np.inf)
    return Interval(lax.select(beyond, inf, value.lo), lax.select(beyond, -inf, value.hi))


def _log1mexp(x: Interval) -> Interval:
    """log(1 - exp(-x)): both forms hold everywhere, one is accurate near 0, the other far away."""
    x = _part(x, 0, np.inf)
    near, far = el.log(neg(el.expm1(neg(x)))), el.log1p(neg(el.exp(neg(x))))
    return intersection(near, far)


def _log10(x: Interval) -> Interval:
    factor = np.asarray(0.4342944819032518, x.dtype)
    return convex_hull(el.log10(x), mul(el.log(x), factor))


def _log10_slope(x: Interval, _: Interval) -> Interval:
    factor = np.asarray(0.4342944819032518, x.dtype)
    return div(convex_hull(_real(INVERSE_LN10, x), as_interval(factor)), _part(x, 0, np.inf))


# --- the normal distribution --------------------------------------------------------------


def _standardised(x: Interval, loc: Interval, scale: Interval) -> Interval:
    return div(sub(x, loc), scale)


def _pdf(x: Interval, loc: Interval, scale: Interval) -> Interval:
    return div(el.norm_pdf(_standardised(x, loc, scale)), _part(scale, 0, np.inf))


def _pdf_slope(x: Interval, loc: Interval, scale: Interval) -> Interval:
    return div(el.norm_pdf_derivative(_standardised(x, loc, scale)), sqr(scale))


def _pdf_scale_slope(x: Interval, loc: Interval, scale: Interval, value: Interval) -> Interval:
    z = _standardised(x, loc, scale)
    return div(mul(value, sub(sqr(z), 1.0)), scale)


def _logpdf(x: Interval, loc: Interval, scale: Interval) -> Interval:
    # JAX's log(2 pi) is that of a float: both are enclosed.
    of_float = mul(el.log(as_interval(np.asarray(2 * np.pi, x.dtype))), 0.5)
    constant = convex_hull(_real(HALF_LOG_2PI, x), of_float)
    half_square = div(sqr(_standardised(x, loc, scale)), 2.0)
    return neg(add(add(half_square, el.log(scale)), constant))


def _logpdf_slope(x: Interval, loc: Interval, scale: Interval) -> Interval:
    return neg(div(sub(x, loc), sqr(scale)))


def _logpdf_scale_slope(x: Interval, loc: Interval, scale: Interval) -> Interval:
    return div(sub(sqr(_standardised(x, loc, scale)), 1.0), scale)


def _log_ndtr_slope(x: Interval, value: Interval) -> Interval:
    """norm_pdf / ndtr, which falls: the exponential of a difference of logarithms at the ends."""

    def at(b: Array) -> Interval:
        point = Interval(b, b)
        quotient = div(el.norm_pdf(point), el.ndtr(point))
        # Far to the left, -x - 1/x > f(x) > -x (Abramowitz and Stegun, 7.1.13).
        far = lax.lt(b, lax.full_like(b, -8))
        size = neg(point)
        bounds = Interval(size.lo, add(size, recip(size)).hi)
        return jax.tree.map(partial(lax.select, far), intersection(bounds, quotient), quotient)

    low, high = at(x.lo), at(x.hi)
    zero, inf = lax.full_like(x.lo, 0), lax.full_like(x.lo, np.inf)
    upper = lax.select(lax.eq(x.lo, -inf), inf, low.hi)
    lower = lax.select(lax.eq(x.hi, -inf), zero, lax.max(high.lo, zero))
    empty = lax.gt(x.lo, x.hi)
    return Interval(lax.select(empty, inf, lower), lax.select(empty, -inf, upper))


def _ndtri_slope(_: Interval, value: Interval) -> Interval:
    return recip(el.norm_pdf(value))


# --- along an axis ------------------------------------------------------------------------


def _total(x: Interval, axes: Sequence[int], keepdims: bool = True) -> Interval:
    low, high = sum_bounds((x.lo, x.hi), tuple(axes))
    if keepdims:
        low, high = (jnp.expand_dims(b, tuple(axes)) for b in (low, high))
    return Interval(low, high)


def _axes(equations: Sequence[Any], avals: Sequence[Any]) -> dict[str, Any]:
    """The axes of the largest element, with which these functions begin."""
    found = [e.params["axes"] for e in equations if e.primitive.name == "reduce_max"]
    return {"axis": tuple(found[0]) if found else (0,)}


def _logsumexp_rule(axis: tuple[int, ...], keepdims: bool = False) -> Rule:
    def vjp(cotangents: Any, wanted: Any, inputs: Any, outputs: Any, **_: Any) -> Any:
        (c,), x = cotangents, as_interval(inputs[0])
        if not keepdims:
            c = Interval(*(jnp.expand_dims(b, axis) for b in (c.lo, c.hi)))
        return [mul(_softmax_over(x, axis), c)]

    return Rule(lambda x, **_: el.logsumexp(as_interval(x), axis=axis, keepdims=keepdims), vjp)


def _softmax_over(x: Interval, axis: tuple[int, ...]) -> Interval:
    """softmax along several axes."""
    if len(axis) == 1:
        return el.softmax(x, axis=axis[0])
    first = tuple(range(-len(axis), 0))
    moved = [jnp.moveaxis(b, axis, first) for b in (x.lo, x.hi)]
    flat = [b.reshape(*b.shape[: -len(axis)], -1) for b in moved]
    value = el.softmax(Interval(*flat))
    back = [b.reshape(moved[0].shape) for b in (value.lo, value.hi)]
    return Interval(*(jnp.moveaxis(b, first, axis) for b in back))


def _softmax_rule(axis: tuple[int, ...]) -> Rule:
    def vjp(cotangents: Any, wanted: Any, inputs: Any, outputs: Any, **_: Any) -> Any:
        (c,), (s,) = cotangents, outputs
        return [mul(s, sub(c, _total(mul(c, s), axis)))]

    return Rule(lambda x, **_: _softmax_over(as_interval(x), axis), vjp)


def _log_softmax_rule(axis: tuple[int, ...]) -> Rule:
    def enclosure(x: Any, **_: Any) -> Interval:
        x = as_interval(x)
        total = el.logsumexp(x, axis=axis, keepdims=True)
        # The first is sharp, the second finite where softmax underflows.
        return intersection(el.log(_softmax_over(x, axis)), _part(sub(x, total), -np.inf, 0))

    def vjp(cotangents: Any, wanted: Any, inputs: Any, outputs: Any, **_: Any) -> Any:
        (c,) = cotangents
        return [sub(c, mul(_softmax_over(as_interval(inputs[0]), axis), _total(c, axis)))]

    return Rule(enclosure, vjp)


# --- the table ----------------------------------------------------------------------------

Slope = Callable[..., Any]


def _of_one_or_two(one: Rule, two: Rule) -> Rule:
    """The rule of a function with a parameter that JAX passes only if it is given."""
    enclosures: list[Any] = [one.enclose, two.enclose]
    pullbacks: list[Any] = [one.vjp, two.vjp]
    return Rule(
        lambda *args, **params: enclosures[len(args) - 1](*args, **params),
        lambda cotangents, wanted, inputs, outputs, **params: pullbacks[len(inputs) - 1](
            cotangents, wanted, inputs, outputs, **params
        ),
    )


def _of_one(enclosure: Enclosure, slope: Enclosure) -> Rule:
    return elementwise_rule(settled(enclosure), lambda x, _: settled(slope)(x))


def_composite(
    "silu",
    jax.nn.silu,
    replace(_of_one(el.silu, el.silu_derivative), fast=_of_one(fast.silu, fast.silu_derivative)),
)
def_composite("softplus", jax.nn.softplus, _of_one(el.softplus, el.softplus_derivative))
def_composite("relu", jax.nn.relu, _of_one(el.relu, el.relu_derivative))
def_composite("mish", jax.nn.mish, _of_one(_mish, _mish_slope))
def_composite("soft_sign", jax.nn.soft_sign, _of_one(_soft_sign, _soft_sign_slope))
def_composite("squareplus", lambda x: jax.nn.squareplus(x), _of_one(_squareplus, _squareplus_slope))
def_composite("hard_silu", jax.nn.hard_silu, _of_one(_hard_silu, _hard_silu_slope))
def_composite("hard_tanh", jax.nn.hard_tanh, _of_one(_hard_tanh, lambda x: _flat_outside(x, -1, 1)))
def_composite("sparse_plus", jax.nn.sparse_plus, _of_one(_sparse_plus, _sparse_plus_slope))
def_composite(
    "elu",
    jax.nn.elu,
    _of_one_or_two(
        elementwise_rule(_elu, lambda x, _: _elu_slope(x)),
        elementwise_rule(
            _elu,
            lambda x, alpha, _: _elu_slope(x, alpha),
            lambda x, alpha, _: el.expm1(basic.min(x, 0.0)),
        ),
    ),
)
def_composite(
    "leaky_relu",
    jax.nn.leaky_relu,
    _of_one_or_two(
        elementwise_rule(_leaky_relu, lambda x, _: _leaky_relu_slope(x)),
        elementwise_rule(
            _leaky_relu,
            lambda x, slope, _: _leaky_relu_slope(x, slope),
            lambda x, slope, _: basic.min(x, 0.0),
        ),
    ),
)
def_composite("sinc", jnp.sinc, elementwise_rule(settled(_sinc)))
def_composite(
    "hypot",
    jnp.hypot,
    elementwise_rule(
        settled(el.hypot),
        lambda x, y, r: _hypot_slope(x, y, r),
        lambda x, y, r: _hypot_slope(y, x, r),
    ),
)
def_composite("log_softmax", jax.nn.log_softmax, _log_softmax_rule, _axes)

def_folded("softmax", jax.nn.softmax, _softmax_rule, options=_axes)
def_folded(
    "logsumexp",
    jax.nn.logsumexp,
    _logsumexp_rule,
    options=_axes,
    samples=({}, {"axis": 0}),
)
def_folded(
    "logsumexp_keepdims",
    partial(jax.nn.logsumexp, keepdims=True),
    partial(_logsumexp_rule, keepdims=True),
    options=_axes,
    samples=({}, {"axis": 0}),
)
def_folded("gelu", partial(jax.nn.gelu, approximate=False), _of_one(el.gelu, el.gelu_derivative))
def_folded(
    "gelu_tanh",
    partial(jax.nn.gelu, approximate=True),
    _of_one(lambda x: el.gelu(x, approximate=True), _gelu_tanh_slope),
)
def_folded("ndtr", special.ndtr, _of_one(el.ndtr, el.norm_pdf))
def_folded("log_ndtr", special.log_ndtr, elementwise_rule(settled(el.log_ndtr), _log_ndtr_slope))
def_folded(
    "ndtri",
    special.ndtri,
    elementwise_rule(settled(el.ndtri), _ndtri_slope),
    stand_in=lambda p: lax.erf_inv(2 * p - 1) * float(np.sqrt(2)),
)
def_folded(
    "norm_pdf",
    norm.pdf,
    elementwise_rule(
        _pdf,
        lambda x, m, s, _: _pdf_slope(x, m, s),
        lambda x, m, s, _: neg(_pdf_slope(x, m, s)),
        _pdf_scale_slope,
    ),
    arguments=3,
)
def_folded(
    "norm_logpdf",
    norm.logpdf,
    elementwise_rule(
        _logpdf,
        lambda x, m, s, _: _logpdf_slope(x, m, s),
        lambda x, m, s, _: neg(_logpdf_slope(x, m, s)),
        lambda x, m, s, _: _logpdf_scale_slope(x, m, s),
    ),
    arguments=3,
)
def_folded(
    "logaddexp",
    jnp.logaddexp,
    elementwise_rule(
        settled(_logaddexp),
        lambda x, y, _: el.logistic(sub(x, y)),
        lambda x, y, _: el.logistic(sub(y, x)),
    ),
    arguments=2,
)
def_folded("logaddexp2", jnp.logaddexp2, elementwise_rule(settled(_logaddexp2)), arguments=2)
def_folded(
    "xlogy",
    special.xlogy,
    elementwise_rule(_xlogy, lambda x, y, _: el.log(y), lambda x, y, _: div(x, y)),
    arguments=2,
)
def_folded(
    "logit",
    special.logit,
    elementwise_rule(
        settled(_logit), lambda x, _: recip(mul(_part(x, 0, 1), sub(1.0, _part(x, 0, 1))))
    ),
)
def_folded(
    "log1mexp",
    jax.nn.log1mexp,
    elementwise_rule(settled(_log1mexp), lambda x, _: recip(el.expm1(_part(x, 0, np.inf)))),
)
def_folded("log10", jnp.log10, elementwise_rule(settled(_log10), _log10_slope))


# --- derivatives to any order -------------------------------------------------------------


normal_density: Callable[..., Any] = def_sharp(
    _named(
        "normal_density",
        lambda x: lax.exp(-0.5 * x**2) * float(1 / np.sqrt(2 * np.pi)),
        settled(el.norm_pdf),
    ),
    lambda x: -x * normal_density(x),
)
gelu_derivative: Callable[..., Any] = def_sharp(
    _named(
        "gelu_derivative",
        lambda x: special.ndtr(x) + x * lax.exp(-0.5 * x**2) * float(1 / np.sqrt(2 * np.pi)),
        settled(el.gelu_derivative),
    ),
    lambda x: (2 - x**2) * normal_density(x),
)
log_ndtr_derivative: Callable[..., Any] = def_sharp(
    _named(
        "log_ndtr_derivative",
        lambda x: lax.exp(-0.5 * x**2 - special.log_ndtr(x)) * float(1 / np.sqrt(2 * np.pi)),
        settled(lambda x: _log_ndtr_slope(x, x)),
    ),
    lambda x: -log_ndtr_derivative(x) * (x + log_ndtr_derivative(x)),
)
ndtri: Callable[..., Any] = def_sharp(special.ndtri, lambda p: 1 / normal_density(ndtri(p)))


@jax.custom_jvp
def _sharp_logaddexp(x: Array, y: Array) -> Array:
    return jnp.logaddexp(x, y)


@_sharp_logaddexp.defjvp
def _(primals: tuple[Array, Array], tangents: tuple[Array, Array]) -> tuple[Array, Array]:
    (x, y), (dx, dy) = primals, tangents
    return _sharp_logaddexp(x, y), dx * logistic(x - y) + dy * logistic(y - x)


@jax.custom_jvp
def _sharp_xlogy(x: Array, y: Array) -> Array:
    return special.xlogy(x, y)


@_sharp_xlogy.defjvp
def _(primals: tuple[Array, Array], tangents: tuple[Array, Array]) -> tuple[Array, Array]:
    (x, y), (dx, dy) = primals, tangents
    return _sharp_xlogy(x, y), dx * lax.log(y) + dy * (x / y)


SHARP_COMPOSITES["gelu"] = def_sharp(partial(jax.nn.gelu, approximate=False), gelu_derivative)
SHARP_COMPOSITES["ndtr"] = def_sharp(special.ndtr, normal_density)
SHARP_COMPOSITES["log_ndtr"] = def_sharp(special.log_ndtr, log_ndtr_derivative)
SHARP_COMPOSITES["ndtri"] = ndtri
SHARP_COMPOSITES["logaddexp"] = _sharp_logaddexp
SHARP_COMPOSITES["xlogy"] = _sharp_xlogy
