"""Ranges of functions of probabilities: logarithms, logits, and the normal distribution."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.scipy import special

from interval_jax import basic
from interval_jax import elementary as el
from interval_jax._interval import Interval, add, as_interval, div, mul, neg, recip, sqr, sub
from interval_jax._rules.ranges import HALF_LOG_2PI, INVERSE_LN2, _broadcast, _real, part
from interval_jax.elementary._extend import increasing
from interval_jax.set_ops import convex_hull, intersection

# --- logarithms and logits ----------------------------------------------------------------


def logaddexp(x: Interval, y: Interval) -> Interval:
    x, y = _broadcast(x, y)
    both = Interval(jnp.stack([x.lo, y.lo]), jnp.stack([x.hi, y.hi]))
    return el.logsumexp(both, axis=0)


def logaddexp2(x: Interval, y: Interval) -> Interval:
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


def _logit_at(x: Interval) -> Interval:
    """log(x / (1 - x)); next to 1/2 by the logarithm of a number that is known exactly."""
    rest = sub(1.0, x)
    outer = el.log(div(x, rest))
    inner = el.log1p(div(sub(mul(x, 2.0), 1.0), rest))
    # Both, so that the better one is taken over from the other without a step back.
    return intersection(inner, outer)


def _logit_kernel(x: Array) -> tuple[Array, Array]:
    value = _logit_at(Interval(x, x))
    inf = lax.full_like(x, np.inf)
    none, all = lax.le(x, lax.full_like(x, 0)), lax.ge(x, lax.full_like(x, 1))

    def limited(bound: Array) -> Array:
        return lax.select(none, -inf, lax.select(all, inf, bound))

    return limited(value.lo), limited(value.hi)


_logit_range = increasing(_logit_kernel, special.logit, above=0.0)


def logit(x: Interval) -> Interval:
    beyond = lax.ge(x.lo, lax.full_like(x.lo, 1))
    value = _logit_range(part(x, 0, 1))
    inf = lax.full_like(x.lo, np.inf)
    return Interval(lax.select(beyond, inf, value.lo), lax.select(beyond, -inf, value.hi))


def logit_slope(x: Interval, _: Interval) -> Interval:
    inside = part(x, 0, 1)
    return recip(mul(inside, sub(1.0, inside)))


def log1mexp(x: Interval) -> Interval:
    """log(1 - exp(-x)): both forms hold everywhere, one is accurate near 0, the other far away."""
    x = part(x, 0, np.inf)
    near, far = el.log(neg(el.expm1(neg(x)))), el.log1p(neg(el.exp(neg(x))))
    return intersection(near, far)


def log1mexp_slope(x: Interval, _: Interval) -> Interval:
    return recip(el.expm1(part(x, 0, np.inf)))


# --- the normal distribution --------------------------------------------------------------


def _standardised(x: Interval, loc: Interval, scale: Interval) -> Interval:
    return div(sub(x, loc), scale)


def pdf(x: Interval, loc: Interval, scale: Interval) -> Interval:
    return div(el.norm_pdf(_standardised(x, loc, scale)), part(scale, 0, np.inf))


def pdf_slope(x: Interval, loc: Interval, scale: Interval) -> Interval:
    return div(el.norm_pdf_derivative(_standardised(x, loc, scale)), sqr(scale))


def pdf_scale_slope(x: Interval, loc: Interval, scale: Interval, value: Interval) -> Interval:
    z = _standardised(x, loc, scale)
    return div(mul(value, sub(sqr(z), 1.0)), scale)


def logpdf(x: Interval, loc: Interval, scale: Interval) -> Interval:
    # JAX's log(2 pi) is that of a float: both are enclosed.
    of_float = mul(el.log(as_interval(np.asarray(2 * np.pi, x.dtype))), 0.5)
    constant = convex_hull(_real(HALF_LOG_2PI, x), of_float)
    half_square = div(sqr(_standardised(x, loc, scale)), 2.0)
    return neg(add(add(half_square, el.log(scale)), constant))


def logpdf_slope(x: Interval, loc: Interval, scale: Interval) -> Interval:
    return neg(div(sub(x, loc), sqr(scale)))


def logpdf_scale_slope(x: Interval, loc: Interval, scale: Interval) -> Interval:
    return div(sub(sqr(_standardised(x, loc, scale)), 1.0), scale)


def log_ndtr_slope(x: Interval, value: Interval) -> Interval:
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


def ndtri_slope(_: Interval, value: Interval) -> Interval:
    return recip(el.norm_pdf(value))
