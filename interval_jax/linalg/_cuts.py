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
from functools import reduce
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import Array, lax

from interval_jax import _doubleword as dw
from interval_jax import _rounding as rd
from interval_jax._doubleword import DoubleWord
from interval_jax._sums import gamma

LOST = 2.0**8
"""In units of tiny: more than :func:`scaled` loses of numbers that end up below 1."""

CHUNK = 128
"""Terms of a product of matrices that are added at once where that pays."""

COARSE = 20
"""Bits of the leading parts of a matrix that is not needed, or not known, to its last digit."""


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
    rest: Array | None
    """None where the parts are all there is."""
    exponent: Array
    whole: Array
    """The sum of all parts and the rest, of magnitude at most 1."""


def _bits(fmt: rd.Format, n: int) -> int:
    """Return the bits of a part of which n products add up without rounding."""
    return (fmt.digits - max(1, math.ceil(math.log2(max(1, n))))) // 2


def cut(x: Array, axis: int, exponent: Array | None = None, digits: int | None = None) -> Cuts:
    """Cut a matrix for products in which ``axis``, -1 or -2, is contracted.

    Args:
        x: Matrices of finite numbers.
        axis: The axis along which they are scaled.
        exponent: Scale by ``2**-exponent`` instead, to at most 1.
        digits: Bits that the parts have at least; 8 more than the format has by default.

    x is rounded to a multiple of 2**-b by adding and subtracting 3/2 times a power of two with
    that last place; the difference, of less than p bits, is exact. It is at most 2**(-b-1), so
    that the next part is at most 2**-b. By default numbers of at
    least 2**-8 times the largest leave no rest.
    """
    fmt = rd.format_of(x)
    if exponent is None:
        exponent = largest_exponents(exponents(x), axis)
    whole = rest = rd.rounded(scaled(x, -exponent))
    bits = _bits(fmt, x.shape[axis])
    parts = []
    for k in range(1, math.ceil((digits or fmt.digits + 8) / bits) + 1):
        grid = 1.5 * 2.0 ** (fmt.digits - 1 - k * bits)
        part = rd.rounded(rd.rounded(rest + grid) - grid)
        parts.append(part)
        rest = rest - part
    return Cuts(parts, rest, exponent, whole)


def coarse(x: Array) -> Array:
    """Round columns to so few bits that ``cut(x, -2, digits=COARSE)`` leaves no rest.

    One bit less than the parts have is kept: the largest entry may become a power of two. Columns
    with numbers beyond the range of that sum become 0.
    """
    fmt = rd.format_of(x)
    bits = _bits(fmt, x.shape[-2])
    digits = bits * math.ceil(COARSE / bits) - 1
    exponent = largest_exponents(exponents(x), -2)
    fits = exponent < fmt.bias - fmt.digits
    grid = 1.5 * dw.power_of_two(x, jnp.where(fits, exponent, 0) + (fmt.digits - 1 - digits))
    return rd.rounded(rd.rounded(jnp.where(fits, x, 0) + grid) - grid)


def chunked_dot(x: Array, y: Array) -> tuple[Array, float]:
    """Return the product of matrices and g: it is wrong by g |x| |y| and 3n tiny at most.

    At most CHUNK terms, or a 16th of all, are added at once. What each of these sums is wrong by,
    (1) of :mod:`interval_jax._sums` says; with b terms in each of k sums, whose results are added,
    a term passes through b + k roundings. A loop keeps the compiler from one sum of all terms.
    """
    n = x.shape[-1]
    count = max(1, min(16, -(-n // CHUNK)))
    terms = -(-n // count)
    pad = [(0, 0)] * (x.ndim - 1) + [(0, count * terms - n)]
    x, y = jnp.pad(x, pad), jnp.pad(y, [*pad[:-2], pad[-1], pad[-2]])

    def add(k: Array, total: Array) -> Array:
        left = lax.dynamic_slice_in_dim(x, k * terms, terms, -1)
        return total + plain_dot(left, lax.dynamic_slice_in_dim(y, k * terms, terms, -2))

    shape = (*x.shape[:-1], y.shape[-1])
    total = lax.fori_loop(0, count, add, jnp.zeros(shape, x.dtype))
    return total, gamma(terms + count + 4, rd.format_of(x))


def _products(x: Cuts, y: Cuts) -> tuple[list[Array], Array]:
    r"""Return products that add up to ``x y`` before scaling, and what they are wrong by.

    The products of parts are exact. Those with a rest are plain, wrong by gamma_n times the
    products of magnitudes, which :math:`\max_j |y_j| \sum_j |x_j|` bounds, and by 3n tiny. The
    sum of n magnitudes is computed low by a factor of at least 1 - g, and (1 - g) (1 + 2g) >= 1.
    """
    fmt = rd.format_of(x.whole)
    n = x.whole.shape[-1]
    g = gamma(n + 4, fmt)

    def size(a: Array, b: Array) -> Array:
        return jnp.sum(jnp.abs(a), -1, keepdims=True) * jnp.max(jnp.abs(b), -2, keepdims=True)

    columns = jnp.concatenate(y.parts, -1)
    products = [
        p for part in x.parts for p in jnp.split(plain_dot(part, columns), len(y.parts), -1)
    ]
    wrong = jnp.zeros_like(products[0])
    without_rest = x.parts[0] if len(x.parts) == 1 or x.rest is None else x.whole - x.rest
    for a, b in ((x.rest, y.whole), (without_rest, y.rest)):
        if a is not None and b is not None:
            products.append(plain_dot(a, b))
            wrong = wrong + size(a, b)
    return products, g * (1 + 2 * g) * wrong + 16 * n * fmt.tiny


def coarse_product(x: Cuts, y: Array) -> tuple[Array, Array]:
    """Return x y, for y of at most 1 cut as coarsely as x, and a bound of the error.

    k products are added in their own precision, the smallest first, and lose k u of their
    magnitudes together with scaling, which may also lose LOST tiny; the sum of magnitudes, and all
    else that is rounded here, are paid for by 1 + 2**-8. CHUNK columns at a time take little
    memory; in the last turn some are done again.
    """
    fmt = rd.format_of(y)
    unscaled = jnp.zeros_like(x.exponent[..., :1, :])
    width = min(CHUNK, y.shape[-1])

    def block(k: Array, results: tuple[Array, Array]) -> tuple[Array, Array]:
        columns = lax.dynamic_slice_in_dim(y, k * width, width, -1)
        products, plain = _products(x, cut(columns, -2, unscaled, COARSE))
        total = reduce(jnp.add, reversed(products))
        size = reduce(jnp.add, map(jnp.abs, products))
        error = scaled(len(products) * fmt.unit * size + plain, x.exponent) * (1 + 2.0**-8)
        found = scaled(total, x.exponent), error + 2 * LOST * len(products) * fmt.tiny
        product, bound = (
            lax.dynamic_update_slice_in_dim(result, new, k * width, -1)
            for result, new in zip(results, found, strict=True)
        )
        return product, bound

    zero = jnp.zeros((*x.whole.shape[:-1], y.shape[-1]), y.dtype)
    product, bound = lax.fori_loop(0, -(-y.shape[-1] // width), block, (zero, zero))
    return product, bound


def subtract_product(r: DoubleWord, x: Cuts, y: Cuts) -> tuple[DoubleWord, Array]:
    """Return ``r - x y`` for matrices and a bound of the error, entry by entry.

    Adding one term to a double word s loses ``ADD_ERROR`` u**2 |s| <= 5 u**2 |s.hi|, and
    less than 8 tiny by underflow; scaling the term may lose LOST tiny. Less than 2**7 other
    roundings of numbers that are not negative are paid for by 1 + 2**-8.
    """
    fmt = rd.format_of(r.hi)
    products, plain = _products(x, y)
    shift = x.exponent + y.exponent

    def add(sums: Any, product: Array) -> tuple[Any, None]:
        total, partial = sums
        total = dw.add_float(total, rd.rounded(scaled(-product, shift)))
        return (total, partial + jnp.abs(total.hi)), None

    # A loop reads the products, instead of evaluating them, perhaps otherwise, in each use.
    sums, _ = lax.scan(add, (r, jnp.zeros_like(r.hi)), jnp.stack(products))
    total, partial = sums
    error = 5 * fmt.unit**2 * partial + scaled(plain, shift)
    return total, error * (1 + 2.0**-8) + 2 * LOST * len(products) * fmt.tiny
