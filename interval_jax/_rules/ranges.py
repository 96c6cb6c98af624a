"""Ranges of JAX's composite functions.

``jax.nn``, ``jax.scipy.special`` and ``jax.scipy.stats.norm`` build their functions of primitives
such that an argument enters several times, or in branches on which an interval does not decide.
Here each gets its own range: from a kernel where there is one, by monotone pieces, or by its
values at the ends of the argument and at the points between where it turns.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.scipy import special

from interval_jax import basic
from interval_jax import elementary as el
from interval_jax._constructors import interval
from interval_jax._interval import (
    Interval,
    add,
    as_interval,
    div,
    mul,
    neg,
    recip,
    sqr,
    sub,
)
from interval_jax._rules import kernels
from interval_jax._rules.combinators import settled
from interval_jax.elementary._extend import Extremum, increasing, turning
from interval_jax.set_ops import convex_hull, intersection

Enclosure = Callable[[Interval], Interval]


# Real numbers, to more digits than any format has; a test compares them with mpmath's.
PI = "3.1415926535897932384626433832795028841971693993751"
HALF_LOG_2PI = "0.91893853320467274178032973640561763986139747363778"
PI_SQUARED = "9.8696044010893586188344909998761511353136994072408"
INVERSE_LN2 = "1.4426950408889634073599246810018921374266459541530"
RADIANS = "0.01745329251994329576923690768488612713442871888541725456"
DEGREES = "57.29577951308232087679815481410517033240547246656432154916"
SELU_ALPHA = "1.6732632423543772848170429916717"
SELU_SCALE = "1.0507009873554804934193349852946"
INVERSE_LN10 = "0.43429448190325182765112891891660508229439700580367"
INVERSE_LN10_OF_JAX = 0.4342944819032518
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


def part(x: Interval, low: float, high: float) -> Interval:
    return intersection(x, Interval(lax.full_like(x.lo, low), lax.full_like(x.hi, high)))


def _constant(x: Interval, value: float) -> Interval:
    """A number where x is not empty."""
    return add(mul(x, 0.0), value)


def _hull(*pieces: Interval) -> Interval:
    result = pieces[0]
    for piece in pieces[1:]:
        result = convex_hull(result, piece)
    return result


def _broadcast(*args: Interval) -> list[Interval]:
    shape = jnp.broadcast_shapes(*(a.shape for a in args))
    return [Interval(*(jnp.broadcast_to(b, shape) for b in (a.lo, a.hi))) for a in args]


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
    kernel: Callable[[Array], tuple[Array, Array]],
    smooth: Callable[[Array], Array],
    at: str,
    value: str,
) -> Enclosure:
    """The range of a function whose one extremum is its minimum."""
    minimum = _extremum(at, value)
    whole = turning(kernel, smooth, lambda dtype: (minimum(dtype),))
    return lambda x: part(whole(x), minimum(x.dtype).value[0], np.inf)


# --- pieces -------------------------------------------------------------------------------


def elu(x: Interval, alpha: Interval | float = 1.0) -> Interval:
    return _hull(part(x, 0, np.inf), mul(alpha, el.expm1(part(x, -np.inf, 0))))


def elu_slope(x: Interval, alpha: Interval | float = 1.0) -> Interval:
    above = _constant(part(x, 0, np.inf), 1)
    return _hull(above, mul(alpha, el.exp(part(x, -np.inf, 0))))


def leaky_relu(x: Interval, slope: Interval | None = None) -> Interval:
    slope = as_interval(np.asarray(0.01, x.dtype)) if slope is None else slope
    return _hull(part(x, 0, np.inf), mul(slope, part(x, -np.inf, 0)))


def leaky_relu_slope(x: Interval, slope: Interval | None = None) -> Interval:
    slope = as_interval(np.asarray(0.01, x.dtype)) if slope is None else slope
    below = add(mul(part(x, -np.inf, 0), 0.0), slope)
    return _hull(_constant(part(x, 0, np.inf), 1), below)


def hard_tanh(x: Interval) -> Interval:
    return basic.min(basic.max(x, -1.0), 1.0)


def flat_outside(x: Interval, low: float, high: float, inside: float = 1) -> Interval:
    """The derivative of what is constant outside of an interval."""
    outside = _hull(part(x, -np.inf, low), part(x, high, np.inf))
    return _hull(_constant(outside, 0), _constant(part(x, low, high), inside))


def hard_silu(x: Interval) -> Interval:
    below, between, above = part(x, -np.inf, -3), part(x, -3, 3), part(x, 3, np.inf)
    # With one x where it turns, at -3/2; as a product it is accurate next to 0.
    square = div(sub(sqr(add(between, 1.5)), 2.25), 6.0)
    product = div(mul(between, add(between, 3.0)), 6.0)
    return _hull(_constant(below, 0), intersection(square, product), above)


def hard_silu_slope(x: Interval) -> Interval:
    below, between, above = part(x, -np.inf, -3), part(x, -3, 3), part(x, 3, np.inf)
    return _hull(_constant(below, 0), div(add(mul(between, 2.0), 3.0), 6.0), _constant(above, 1))


def sparse_plus(x: Interval) -> Interval:
    between = div(sqr(add(part(x, -1, 1), 1.0)), 4.0)
    return _hull(_constant(part(x, -np.inf, -1), 0), between, part(x, 1, np.inf))


def sparse_plus_slope(x: Interval) -> Interval:
    return div(add(hard_tanh(x), 1.0), 2.0)


soft_sign = increasing(kernels.soft_sign_bounds, jax.nn.soft_sign)


def soft_sign_slope(x: Interval) -> Interval:
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


squareplus = increasing(_at_points(_squareplus_at, 0.0, np.inf), jax.nn.squareplus)
squareplus_slope = increasing(
    _at_points(partial(_squareplus_at, slope=True), 0.0, 1.0),
    lambda x: 0.5 + 0.5 * x * lax.rsqrt(x * x + 4),
)


# --- turning points -----------------------------------------------------------------------


mish = _turning(kernels.mish_bounds, jax.nn.mish, *MISH_MINIMUM)


def mish_slope(x: Interval) -> Interval:
    value = el.softplus(x)
    bend = mul(el.tanh_derivative(value), el.logistic(x))
    return add(el.tanh(value), mul(x, bend))


_xlogx_range = _turning(kernels.xlogx_bounds, lambda x: special.xlogy(x, x), *XLOGX_MINIMUM)


def _xlogx(x: Interval) -> Interval:
    return _xlogx_range(part(x, 0, np.inf))


def xlogy(x: Interval, y: Interval) -> Interval:
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


def gelu_tanh_slope(x: Interval) -> Interval:
    """logistic(v) + x v' logistic'(v), where v = 2 sqrt(2/pi) (x + 0.044715 x**3)."""
    bounded = part(x, -40, 40)
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
    left = add(mul(part(x, -np.inf, -40), 0.0), Interval(zero - tiny, zero + tiny))
    right = add(mul(part(x, 40, np.inf), 0.0), Interval(one - eps, one + eps))
    return _hull(inner, left, right)


def sinc(x: Interval) -> Interval:
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


def sinc_slope(x: Interval) -> Interval:
    """(cos(pi x) - sinc(x)) / x, or -pi t g(t) with t = pi x and g = (sin t - t cos t) / t**3.

    The series g = 1/3 - t**2 / 30 + t**4 / 840 - ... alternates, with falling terms for t**2 < 10:
    g lies between its first sum and its second.
    """
    natural = div(sub(el.cospi(x), sinc(x)), x)
    near = part(x, -0.25, 0.25)
    square = mul(sqr(near), _real(PI_SQUARED, x))
    third = recip(as_interval(np.asarray(3, x.dtype)))
    g = _hull(third, sub(third, div(square, 30.0)))
    product = neg(mul(near, mul(g, _real(PI_SQUARED, x))))
    small = lax.ge(x.lo, lax.full_like(x.lo, -0.25)) & lax.le(x.hi, lax.full_like(x.hi, 0.25))
    return jax.tree.map(partial(lax.select, small), product, natural)


def hypot_slope(x: Interval, y: Interval, r: Interval) -> Interval:
    return part(div(x, r), -1, 1)


def inverse_ln10(like: Interval) -> Interval:
    """1 / log(10), and the float by which JAX multiplies."""
    of_jax = as_interval(np.asarray(INVERSE_LN10_OF_JAX, like.dtype))
    return convex_hull(_real(INVERSE_LN10, like), of_jax)


def log10(x: Interval) -> Interval:
    return convex_hull(el.log10(x), mul(el.log(x), inverse_ln10(x)))


def log10_slope(x: Interval, _: Interval) -> Interval:
    return div(inverse_ln10(x), part(x, 0, np.inf))
