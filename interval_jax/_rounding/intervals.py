"""Products and quotients of intervals, tight, from as few ends as their signs allow."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from interval_jax._rounding.directed import divided, product_error
from interval_jax._rounding.format import bits_of, constant, format_of, from_bits, rounded


def _smooth_product(a: Array, b: Array, c: Array, d: Array) -> tuple[Array, Array]:
    corners = jnp.stack([a * c, a * d, b * c, b * d])
    return jnp.min(corners, 0), jnp.max(corners, 0)


@jax.custom_jvp
def product_bounds(a: Array, b: Array, c: Array, d: Array) -> tuple[Array, Array]:
    """Return the tightest bounds of ``x * y`` for ``a <= x <= b`` and ``c <= y <= d``.

    The exact range is spanned by the four products of ends, and signs tell which two of them
    compete for each bound. Rounding is monotone, so the lowest rounded product m rounds the
    lowest exact one; the bound is m, or its lower neighbour if a product that rounds to m is
    really below it.
    """
    fmt = format_of(a)
    zero, tiny, largest, inf = (constant(a, x) for x in (0, fmt.tiny, fmt.max, np.inf))
    xp, xn, yp, yn = lax.ge(a, zero), lax.le(b, zero), lax.ge(c, zero), lax.le(d, zero)
    null = (xp & xn) | (yp & yn)

    def extreme(pairs: list[tuple[Array, Array]], one_sided: Array, upward: bool) -> Array:
        def bound(x: Array, y: Array) -> Array:
            p = rounded(x * y)
            bits = bits_of(p)
            # All ones where p is negative: (n ^ sign) - sign is n or -n, as p is > 0 or < 0.
            sign = bits >> (8 * fmt.bits.itemsize - 1)
            error = (product_error(x, y, p) ^ sign) - sign
            outward = ((-error if upward else error) >> (8 * fmt.bits.itemsize - 1)) ^ sign
            step = sign - outward if upward else outward - sign
            normal = lax.lt(lax.abs(p), inf) & lax.ge(lax.abs(p), tiny)
            return from_bits(bits + lax.select(normal, step, lax.full_like(step, 0)), fmt)

        first, second = (bound(x, y) for x, y in pairs)
        if upward:
            m = lax.max(lax.select(lax.gt(first, second), first, second), -largest)
        else:
            m = lax.min(lax.select(lax.lt(first, second), first, second), largest)
        # Products below tiny have lost their value, but their signs are those of the ends.
        least = lax.select(null | one_sided, zero, tiny if upward else -tiny)
        return lax.select(lax.ge(lax.abs(m), tiny), m, least)

    never_negative, never_positive = (xp & yp) | (xn & yn), (xp & yn) | (xn & yp)
    low_pairs = [(lax.select(xn & yn, b, a), lax.select(xp & yp, c, d)), (b, c)]
    high_pairs = [(lax.select(xn & yp, b, a), lax.select(xp & yn, d, c)), (b, d)]
    return extreme(low_pairs, never_negative, False), extreme(high_pairs, never_positive, True)


@product_bounds.defjvp
def _(primals: tuple[Array, ...], tangents: tuple[Array, ...]) -> Any:
    return product_bounds(*primals), jax.jvp(_smooth_product, primals, tangents)[1]


def _smooth_quotient(a: Array, b: Array, c: Array, d: Array) -> tuple[Array, Array]:
    corners = jnp.stack([a / c, a / d, b / c, b / d])
    return jnp.min(corners, 0), jnp.max(corners, 0)


@jax.custom_jvp
def quotient_bounds(a: Array, b: Array, c: Array, d: Array) -> tuple[Array, Array]:
    """Return the tightest bounds of ``x / y``, ``a <= x <= b``, ``c <= y <= d``, ``y != 0``.

    The bounds are those of the empty set, (inf, -inf), where y can only be zero.
    """
    fmt = format_of(a)
    fraction, word = fmt.digits - 1, 8 * fmt.bits.itemsize - 1
    zero, tiny, largest, inf = (constant(a, x) for x in (0, fmt.tiny, fmt.max, np.inf))
    only_zero = lax.eq(c, zero) & lax.eq(d, zero)
    whole = lax.lt(c, zero) & lax.gt(d, zero) & ~(lax.eq(a, zero) & lax.eq(b, zero))
    # x / y = (-x) / (-y): below, y >= 0.
    flip = lax.le(d, zero)
    a, b = lax.select(flip, -b, a), lax.select(flip, -a, b)
    c, d = lax.select(flip, -d, c), lax.select(flip, -c, d)

    def bound(x: Array, outer: Array, upward: bool) -> Array:
        # The end that goes outward (x < 0 for a lower bound) is over the least divisor.
        y = lax.select(outer, c, d)
        bits, error, shift = divided(x, y)
        exponent = (bits >> fraction) + shift
        sign = bits_of(x) >> word
        error = (error ^ sign) - sign
        outward = ((-error if upward else error) >> word) ^ sign
        step = sign - outward if upward else outward - sign
        magnitude = bits + (shift << fraction) + step
        value = from_bits(magnitude | (sign << word), fmt)
        # Stepping inward from tiny ends below it.
        under = lax.lt(exponent, constant(exponent, 1)) | lax.eq(x, zero) | lax.eq(y, inf)
        over = lax.gt(exponent, constant(exponent, 2 * fmt.bias))
        over = over | lax.eq(y, zero) | lax.eq(lax.abs(x), inf)
        side = -1.0 if not upward else 1.0
        least = lax.select(outer, side * tiny, zero)
        most = lax.select(outer, side * inf, -side * largest)
        value = lax.select(over, most, value)
        value = lax.select(under | lax.lt(lax.abs(value), tiny), least, value)
        value = lax.select(whole, side * inf, value)
        return lax.select(only_zero, -side * inf, value)

    return bound(a, lax.lt(a, zero), False), bound(b, lax.gt(b, zero), True)


@quotient_bounds.defjvp
def _(primals: tuple[Array, ...], tangents: tuple[Array, ...]) -> Any:
    return quotient_bounds(*primals), jax.jvp(_smooth_quotient, primals, tangents)[1]
