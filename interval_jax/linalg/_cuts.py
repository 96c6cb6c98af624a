r"""Products of matrices to twice the precision, at the speed of plain ones.

Scaled to at most 1, a matrix is cut into parts: multiples of :math:`2^{-b}, 2^{-2b}, \dots`, each
of at most b + 1 bits, and a rest that is 0 or nearly so. Where :math:`n 2^{2b} \le 2^p` a plain
product of two parts with inner dimension n is *exact*: whatever the order of summation, every
partial sum is a multiple of the same power of two and needs at most p bits. The exact products
are then added in double words (Ozaki, Ogita, Oishi and Rump, "Error-free transformations of
matrix multiplication by using fast routines of matrix multiplication", Numerical Algorithms 59,
2012). No other precision and no other rounding mode is needed than what BLAS and GPUs have.

Exponents are kept apart, so that nothing overflows, and what underflows is paid for.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import Array, lax

from interval_jax import _doubleword as dw
from interval_jax import _rounding as rd
from interval_jax._doubleword import DoubleWord
from interval_jax._sums import gamma

LOST = 2.0**8
"""In units of tiny: more than :func:`scaled` loses of numbers that end up below 1."""


def plain_dot(x: Array, y: Array) -> Array:
    """Return the product of matrices in their own precision, on every backend."""
    return jnp.matmul(x, y, precision=lax.Precision.HIGHEST)


def dot_up(x: Array, y: Array) -> Array:
    """Return a bound above the product of matrices without negative entries.

    With n the inner dimension and g = gamma_n, (1) of :mod:`interval_jax._sums` says that the
    exact product is at most (computed + 3n tiny) / (1 - g), and 1 / (1 - g) <= 1 + 2g. The two
    roundings here are paid for by gamma_(n+4) >= g + 4u. There are 4n tiny more than needed: what a
    product with factors of these magnitudes and any signs may lose to underflow.
    """
    fmt = rd.format_of(x)
    n = x.shape[-1]
    return plain_dot(x, y) * (1 + 2 * gamma(n + 4, fmt)) + 8 * (n + 1) * fmt.tiny


def exponents(x: Array) -> Array:
    """Return e with |x| < 2**e <= 2 |x|; far below all others for 0."""
    fmt = rd.format_of(x)
    return jnp.where(x == 0, -4 * fmt.bias, dw.exponent_of(x) + 1)


def largest_exponents(e: Array, axis: int | tuple[int, ...]) -> Array:
    """Return the maximum along axes, which are kept; 0 where all numbers are 0."""
    fmt = rd.format_of(jnp.float64 if e.dtype == jnp.int64 else jnp.float32)
    largest = jnp.max(e, axis, keepdims=True, initial=-4 * fmt.bias)
    return jnp.where(largest <= -2 * fmt.bias, 0, largest)


def scaled(x: Array, exponent: Array) -> Array:
    """Return ``x * 2**exponent`` for results of magnitude at most 1, within LOST tiny; else exact.

    Two factors of at most 2**(bias - 3) reach every result of at least 2**6 tiny; exponents
    beyond that are clipped, which leaves both the result and what is computed below 2**8 tiny.
    """
    fmt = rd.format_of(x)
    limit = 2 * (fmt.bias - 3)
    exponent = jnp.clip(exponent, -limit, limit)
    half = exponent >> 1
    return x * dw.power_of_two(x, half) * dw.power_of_two(x, exponent - half)


class Cuts(NamedTuple):
    """A matrix ``(sum(parts) + rest) * 2**exponent``, the exponent per row or per column."""

    parts: list[Array]
    rest: Array
    exponent: Array
    whole: Array
    """The sum of all parts and the rest, of magnitude at most 1."""


def cut(x: Array, axis: int, exponent: Array | None = None) -> Cuts:
    """Cut a matrix for products in which ``axis``, -1 or -2, is contracted.

    Args:
        x: Matrices of finite numbers.
        axis: The axis along which they are scaled.
        exponent: Scale by ``2**-exponent`` instead, to at most 1.

    x 2**b is rounded to an integer; the difference from x, of less than p bits, is exact. It is at
    most 2**(-b-1), so that the next part is at most 2**-b. Numbers of at
    least 2**-8 times the largest leave no rest.
    """
    fmt = rd.format_of(x)
    if exponent is None:
        exponent = largest_exponents(exponents(x), axis)
    whole = rest = rd.rounded(scaled(x, -exponent))
    bits = (fmt.digits - max(1, math.ceil(math.log2(max(1, x.shape[axis]))))) // 2
    parts = []
    for k in range(1, math.ceil((fmt.digits + 8) / bits) + 1):
        part = rd.rounded(lax.round(rest * 2.0 ** (k * bits), lax.RoundingMethod.TO_NEAREST_EVEN))
        part = part * 2.0 ** (-k * bits)
        parts.append(part)
        rest = rest - part
    return Cuts(parts, rest, exponent, whole)


def subtract_product(r: DoubleWord, x: Cuts, y: Cuts) -> tuple[DoubleWord, Array]:
    r"""Return ``r - x y`` for matrices and a bound of the error, entry by entry.

    The products of parts are exact. Those with a rest are plain, wrong by gamma_n times the
    products of magnitudes, which :math:`\max_j |y_j| \sum_j |x_j|` bounds, and by 3n tiny before
    scaling. Adding one term to a double word s loses ``ADD_ERROR`` u**2 |s| <= 5 u**2 |s.hi|, and
    less than 8 tiny by underflow; scaling the term may lose LOST tiny. The sum of n magnitudes
    is computed low by a factor of at least 1 - g, and (1 - g) (1 + 2g) >= 1; less than 2**7 other
    roundings of numbers that are not negative are paid for by 1 + 2**-8.
    """
    fmt = rd.format_of(r.hi)
    n = x.rest.shape[-1]
    g = gamma(n + 4, fmt)
    shift = x.exponent + y.exponent
    columns = jnp.concatenate(y.parts, -1)
    products = [
        p for part in x.parts for p in jnp.split(plain_dot(part, columns), len(y.parts), -1)
    ]
    products += [plain_dot(x.rest, y.whole), plain_dot(x.whole - x.rest, y.rest)]

    def add(sums: Any, product: Array) -> tuple[Any, None]:
        total, partial = sums
        total = dw.add_float(total, rd.rounded(scaled(-product, shift)))
        return (total, partial + jnp.abs(total.hi)), None

    # A loop reads the products, instead of evaluating them, perhaps otherwise, in each use.
    sums, _ = lax.scan(add, (r, jnp.zeros_like(r.hi)), jnp.stack(products))
    total, partial = sums
    x_whole, x_rest = (jnp.sum(jnp.abs(a), -1, keepdims=True) for a in (x.whole, x.rest))
    y_whole, y_rest = (jnp.max(jnp.abs(a), -2, keepdims=True) for a in (y.whole, y.rest))
    plain = g * (1 + 2 * g) * (x_rest * y_whole + (x_whole + x_rest) * y_rest) + 8 * n * fmt.tiny
    error = 5 * fmt.unit**2 * partial + scaled(plain, shift)
    return total, error * (1 + 2.0**-8) + 2 * LOST * len(products) * fmt.tiny
