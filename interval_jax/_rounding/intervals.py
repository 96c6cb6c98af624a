"""Products, quotients and roots of intervals, tight, from as few ends as their signs allow.

Each bound costs a loop over memory on CPUs, and hardly more operations than fit into its time.
"""

from __future__ import annotations

from functools import partial

import jax
import numpy as np
from jax import Array, lax

from interval_jax._rounding.directed import (
    product_error,
    quotient,
    quotient_error,
    sqrt_error,
    square_root,
)
from interval_jax._rounding.format import (
    bits_of,
    constant,
    format_of,
    from_bits,
    rounded,
)
from interval_jax._rounding.loops import together
from interval_jax._rounding.slopes import differentiable, extremes, fixed, smooth_product

Pair = tuple[Array, Array]


def smooth_products(a: Array, b: Array, c: Array, d: Array) -> Pair:
    """The range of ``x y`` in plain JAX, for the derivatives of its bounds."""
    return extremes(*(smooth_product(x, y) for x in (a, b) for y in (c, d)))


@partial(jax.jit, inline=True)
@partial(differentiable, smooth=smooth_products)
def product_bounds(a: Array, b: Array, c: Array, d: Array) -> tuple[Array, Array]:
    """Return the tightest bounds of ``x * y`` for ``a <= x <= b`` and ``c <= y <= d``.

    Empty operands give the bounds of the empty set, (inf, -inf).
    The exact range is spanned by the four products of ends, and signs tell which two of them
    compete for each bound. Rounding is monotone, so the lowest rounded product m rounds the
    lowest exact one; the bound is m, or its lower neighbour if a product that rounds to m is
    really below it.
    """
    fmt = format_of(a)
    word = 8 * fmt.bits.itemsize - 1
    zero, tiny, inf, none = (constant(a, x) for x in (0, fmt.tiny, np.inf, -np.inf))
    # Not by minima and maxima of floats: XLA's take care of NaN, at five times the price.
    a_neg, b_pos = lax.lt(a, zero), lax.gt(b, zero)
    c_neg, d_pos = lax.lt(c, zero), lax.gt(d, zero)
    empty = lax.gt(a, b) | lax.gt(c, d)

    def extreme(first: Pair, second: Pair, beyond: Array, upward: bool) -> Array:
        # 0 times infinity is NaN and should be 0. Where p is NaN it loses the comparison, rightly:
        # for a lower bound q is at most 0 then. First is (b, c), (b, d) or (a, c) only where
        # these are finite, and (a, d) where b > 0 or d > 0, and a < 0 or c < 0: a = -inf and
        # d = 0 mean b > 0 >= c, and a = 0 and d = inf mean b >= 0 > c.
        # The upper bound is the lower one of x (-y), negated.
        p, q = first[0] * first[1], rounded(second[0] * second[1])
        p_error, q_error = product_error(*first, p), product_error(*second, q)
        m = lax.select(lax.gt(p, q) if upward else lax.lt(p, q), p, q)
        # Both count where both round to m.
        zero_error = lax.full_like(p_error, 0)
        p_error = lax.select(lax.eq(p, m), p_error, zero_error)
        q_error = lax.select(lax.eq(q, m), q_error, zero_error)
        outward = lax.gt(m, zero) if upward else lax.lt(m, zero)
        grown = lax.gt(lax.max(p_error, q_error), zero_error).astype(zero_error.dtype)
        shrunk = lax.min(p_error, q_error) >> word
        value = from_bits(bits_of(m) + lax.select(outward, grown, shrunk), fmt)
        finite = lax.lt(lax.abs(m), inf)
        last = constant(a, -fmt.max if upward else fmt.max)
        value = lax.select(finite, value, lax.select(outward, m, last))
        # Products below tiny have lost their value, but their signs are those of the ends.
        # Stepped, they are subnormal or NaN, as tiny is if it steps inward.
        least = lax.select(beyond, tiny if upward else -tiny, zero)
        value = lax.select(lax.ge(lax.abs(value), tiny), value, least)
        return lax.select(empty, none if upward else inf, value)

    lower = extreme(
        (lax.select(b_pos | d_pos, a, b), lax.select(a_neg | c_neg, d, c)),
        (b, c),
        (a_neg & d_pos) | (b_pos & c_neg),
        upward=False,
    )
    upper = extreme(
        (lax.select(b_pos | c_neg, a, b), lax.select(a_neg | d_pos, c, d)),
        (b, d),
        (a_neg & c_neg) | (b_pos & d_pos),
        upward=True,
    )
    return together((lower, upper))


def _smooth_square(a: Array, b: Array) -> Pair:
    return lax.square(_nearest_to_zero(a, b)), lax.square(_farthest_from_zero(a, b))


@partial(jax.jit, inline=True)
@partial(differentiable, smooth=_smooth_square)
def square_bounds(a: Array, b: Array) -> tuple[Array, Array]:
    """Return the tightest bounds of ``x**2`` for ``a <= x <= b``; (inf, -inf) for the empty set."""
    fmt = format_of(a)
    word = 8 * fmt.bits.itemsize - 1
    zero, tiny, inf = (constant(a, x) for x in (0, fmt.tiny, np.inf))
    empty = lax.gt(a, b)

    def bound(x: Array, upward: bool) -> Array:
        p = rounded(x * x)
        error = product_error(x, x, p)
        step = -(-error >> word) if upward else error >> word
        value = from_bits(bits_of(p) + step, fmt)
        # Stepped from 0, or inward from tiny, it is subnormal or NaN.
        least = lax.select(lax.ne(x, zero), tiny, zero) if upward else zero
        value = lax.select(lax.ge(value, tiny), value, least)
        value = lax.select(lax.eq(p, inf), inf if upward else _largest_finite(x), value)
        return lax.select(empty, -inf if upward else inf, value)

    return bound(_nearest_to_zero(a, b), False), bound(_farthest_from_zero(a, b), True)


def _largest_finite(x: Array) -> Array:
    """The square of a number beyond the root of the largest, rounded down."""
    largest = constant(x, format_of(x).max)
    return lax.select(lax.is_finite(x), largest, lax.abs(x))


def _nearest_to_zero(a: Array, b: Array) -> Array:
    zero = constant(a, 0)
    return lax.select(lax.gt(a, zero), a, lax.select(lax.lt(b, zero), b, zero))


def _farthest_from_zero(a: Array, b: Array) -> Array:
    return lax.select(lax.gt(-a, b), a, b)


def _smooth_quotient(a: Array, b: Array, c: Array, d: Array) -> Pair:
    zero, one, inf = constant(a, 0), constant(a, 1), constant(a, np.inf)

    def corner(x: Array, y: Array, pole: Array) -> Array:
        null = lax.eq(y, zero)
        y = lax.select(null, one, y)
        finite = ~null & lax.is_finite(x) & lax.is_finite(y)
        return lax.select(finite, x / y, fixed(lax.select(null, x * pole, x / y)))

    # Divisors at their lower end 0 are positive, at their upper one negative.
    least, greatest = extremes(
        *(corner(x, y, pole) for x in (a, b) for y, pole in ((c, inf), (d, -inf)))
    )
    whole = lax.lt(c, zero) & lax.gt(d, zero)
    return lax.select(whole, -inf, least), lax.select(whole, inf, greatest)


@partial(jax.jit, inline=True)
@partial(differentiable, smooth=_smooth_quotient)
def quotient_bounds(a: Array, b: Array, c: Array, d: Array) -> tuple[Array, Array]:
    """Return the tightest bounds of ``x / y``, ``a <= x <= b``, ``c <= y <= d``, ``y != 0``.

    The bounds are those of the empty set, (inf, -inf), where y can only be zero or x or y is empty.
    """
    fmt = format_of(a)
    word = 8 * fmt.bits.itemsize - 1
    zero, tiny, inf = (constant(a, x) for x in (0, fmt.tiny, np.inf))
    nothing = (lax.eq(c, zero) & lax.eq(d, zero)) | lax.gt(a, b) | lax.gt(c, d)
    whole = lax.lt(c, zero) & lax.gt(d, zero) & ~(lax.eq(a, zero) & lax.eq(b, zero))
    # x / y = (-x) / (-y): below, y >= 0.
    flip = lax.le(d, zero)

    def bound(x: Array, outward: Array, upward: bool) -> Array:
        # The end that goes outward (x < 0 for a lower bound) is over the least divisor.
        y = lax.abs(lax.select(lax.ne(outward, flip), c, d))
        q = quotient(x, y)
        error = quotient_error(x, y, q)
        value = from_bits(bits_of(q) + lax.select(outward, -(-error >> word), error >> word), fmt)
        # Stepped from 0, or inward from tiny, it is subnormal or NaN.
        value = lax.select(lax.ge(value, tiny), value, lax.select(outward, tiny, zero))
        last = lax.select(outward, inf, constant(a, fmt.max))
        value = lax.select(lax.eq(q, inf), last, value)
        value = lax.select(outward if upward else ~outward, value, -value)
        side = inf if upward else -inf
        return lax.select(nothing, -side, lax.select(whole, side, value))

    low, high = lax.select(flip, -b, a), lax.select(flip, -a, b)
    lower = bound(low, lax.lt(low, zero), False)
    return together((lower, bound(high, lax.gt(high, zero), True)))


def _smooth_roots(a: Array, b: Array) -> Pair:
    return lax.sqrt(a), lax.sqrt(b)


@partial(jax.jit, inline=True)
@partial(differentiable, smooth=_smooth_roots)
def sqrt_bounds(a: Array, b: Array) -> tuple[Array, Array]:
    """Return the tightest bounds of ``sqrt(x)`` for ``a <= x <= b`` and ``x >= 0``.

    The bounds are those of the empty set, (inf, -inf), where there is no such x.
    """
    fmt = format_of(a)
    word = 8 * fmt.bits.itemsize - 1
    zero, inf = constant(a, 0), constant(a, np.inf)
    nothing = lax.lt(b, zero) | lax.gt(a, b)

    def bound(x: Array, upward: bool) -> Array:
        root = square_root(x)
        error = sqrt_error(x, root)
        step = -(-error >> word) if upward else error >> word
        value = from_bits(bits_of(root) + step, fmt)
        inexact = lax.gt(root, zero) & lax.lt(root, inf)
        return lax.select(nothing, -inf if upward else inf, lax.select(inexact, value, root))

    return bound(a, False), bound(b, True)
