"""Floor 0: exact sums of floats and of products of floats, in integers as long as the format.

A float is M 2**s times the smallest subnormal number, with an integer M of p bits. Every term
is shifted into place among the limbs of one long integer (Kulisch's accumulator) and added to
them, where nothing is rounded and no order matters. Limbs hold less than half the bits of their
words, as wide as the format, so that whole blocks of terms do not overflow; carries are moved
only between blocks and at the end. The sum is then rounded once. No habit of floating-point
hardware or of its compiler can reach integer arithmetic, which takes subnormals as they are.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import jax.numpy as jnp
from jax import Array, lax

from interval_jax._rounding import Format, format_of

__all__ = ["MOST_TERMS", "Rounded", "exact_dot", "exact_sum"]

BLOCK = 2**16
"""Terms in a block. A limb gets less than 2**14 (binary32) from each, 2**30 in all."""

MOST_TERMS = 2**30
"""Carried limbs of blocks, less than 2**13 each, are added without overflow."""


def _width(fmt: Format) -> int:
    """Bits of a limb: two hold the p + 1 bits that rounding looks at, and fit into a word."""
    return (fmt.digits + 2) // 2


class Rounded(NamedTuple):
    """An exact sum of finite terms, rounded to {0, normals, +-inf} in three directions."""

    nearest: Array
    """To nearest, of two the even one, or 0."""
    down: Array
    up: Array


def _integer(x: Array) -> tuple[Array, Array, Array]:
    """The integer M, its shift s, and the sign, 1 or -1; of infinities and NaN 0."""
    fmt = format_of(x)
    bits = lax.bitcast_convert_type(x, fmt.bits)
    zero, one = lax.full_like(bits, 0), lax.full_like(bits, 1)
    field = (bits >> (fmt.digits - 1)) & fmt.exponent_mask
    normal = lax.gt(field, zero)
    fraction = bits & fmt.fraction_mask
    m = lax.select(normal, fraction + (fmt.fraction_mask + 1), fraction)
    m = lax.select(lax.eq(field, lax.full_like(field, fmt.exponent_mask)), zero, m)
    shift = lax.select(normal, field - one, zero)
    return m, shift, lax.select(lax.lt(bits, zero), -one, one)


def _accumulate(digits: list[Array], shift: Array, sign: Array, limbs: int, width: int) -> Array:
    """Add terms, ``sign * 2**shift`` times digits of one limb each, lowest first, in each row."""
    index = shift // width
    rest = shift - index * width
    shifted = [lax.shift_left(d, rest) for d in digits]
    low = [*(d & (2**width - 1) for d in shifted), jnp.zeros_like(sign)]
    high = [jnp.zeros_like(sign), *(d >> width for d in shifted)]
    values = jnp.stack([(a + b) * sign for a, b in zip(low, high, strict=True)], -1)
    indices = index[..., None] + jnp.arange(len(low), dtype=index.dtype)
    row = jnp.arange(sign.shape[0])[:, None, None]
    start = jnp.zeros((sign.shape[0], limbs), sign.dtype)
    return start.at[row, indices].add(values, mode="promise_in_bounds")


def _carried(limbs: Array, width: int) -> tuple[Array, Array]:
    """The same integer with limbs in [0, 2**width), beside what is carried out: 0 or -1."""

    def step(carry: Array, limb: Array) -> tuple[Array, Array]:
        total = limb + carry
        return total >> width, total & (2**width - 1)

    carry, limbs = lax.scan(step, jnp.zeros_like(limbs[0]), limbs)
    return limbs, carry


def _total(digits: list[Array], shift: Array, sign: Array, fmt: Format, bits: int) -> Array:
    """The limbs, lowest first, of the exact sum of terms of so many bits, signed as a whole."""
    width = _width(fmt)
    # Beyond the bits of a term: the count of terms, a sign, and the limb that shifting adds.
    limbs = -(-(bits + MOST_TERMS.bit_length() + 1) // width) + 1
    blocks = _accumulate(digits, shift, sign, limbs, width)
    carried, carry = _carried(blocks.T, width)
    # A negative block is its limbs minus 2**(width * limbs), which the last limb can bear.
    carried = carried.at[-1].add(carry << width)
    return jnp.sum(carried, axis=1, dtype=fmt.bits)


def _rounded(limbs: Array, fmt: Format, unit: int) -> Rounded:
    """Round the integer with these limbs, in units of ``2**unit``, to the format."""
    width, p = _width(fmt), fmt.digits
    one = jnp.ones((), fmt.bits)
    _, carry = _carried(limbs, width)
    negative = carry < 0
    limbs = _carried(jnp.where(negative, -limbs, limbs), width)[0]
    # The limbs below the leading one that is not 0, and those that only stick.
    nonzero = limbs != 0
    top = jnp.max(jnp.where(nonzero, jnp.arange(limbs.size), 0))
    padded = jnp.concatenate([jnp.zeros(2, fmt.bits), limbs])
    low, middle, high = (padded[top + i] for i in range(3))
    sticky = jnp.any(nonzero & (jnp.arange(limbs.size) < top - 2))
    lead = width - 1 - _log2(high, width)
    word = lax.shift_left((high << width) | middle, lead) | (low >> (width - lead))
    rest = low & (lax.shift_left(one, width - lead) - 1)
    # Two limbs with the leading bit first: p bits to keep, the rest to round.
    spare = 2 * width - p
    kept, cut = word >> spare, word & (2**spare - 1)
    sticky = sticky | (rest != 0)
    exact = (cut == 0) & ~sticky
    half = 2 ** (spare - 1)
    upward = (cut > half) | ((cut == half) & (sticky | ((kept & 1) == 1)))
    # The exponent of the leading bit; a carry out of the fraction raises it in the bits.
    position = (top + 1).astype(fmt.bits) * width - 1 - lead
    field = position + (unit + fmt.bias)
    bits = (kept & fmt.fraction_mask) + (field << (p - 1))
    zero = jnp.zeros((), fmt.dtype)
    tiny, largest = jnp.asarray(fmt.tiny, fmt.dtype), jnp.asarray(fmt.max, fmt.dtype)
    inf = jnp.asarray(jnp.inf, fmt.dtype)
    empty = ~jnp.any(nonzero)

    def number(step: Array) -> Array:
        return lax.bitcast_convert_type(bits + step.astype(fmt.bits), fmt.dtype)

    def in_range(value: Array, below: Array, above: Array) -> Array:
        value = jnp.where(field > 2 * fmt.bias, above, jnp.where(field < 1, below, value))
        return jnp.where(empty, zero, value)

    # Half of tiny is rounded to 0, what is between that and tiny to tiny.
    over_half = (field == 0) & ((kept != 2 ** (p - 1)) | ~exact)
    near = in_range(number(upward), jnp.where(over_half, tiny, zero), inf)
    inner = in_range(number(jnp.zeros((), bool)), zero, largest)
    outer = in_range(number(~exact), tiny, inf)
    return Rounded(
        jnp.where(negative, -near, near),
        jnp.where(negative, -outer, inner),
        jnp.where(negative, -inner, outer),
    )


def _log2(n: Array, width: int) -> Array:
    """floor(log2 n) for 0 < n < 2**width."""
    return sum(((n >> i) != 0).astype(n.dtype) for i in range(1, width))  # type: ignore[return-value]


def _blocks(x: Array) -> Array:
    """All elements in rows of one block, filled with zeros."""
    if x.size > MOST_TERMS:
        raise ValueError(f"an exact sum has at most {MOST_TERMS} terms, got {x.size}; split it")
    x = jnp.ravel(x)
    count = max(1, math.ceil(x.size / BLOCK))
    length = BLOCK if count > 1 else max(1, x.size)
    return jnp.pad(x, (0, count * length - x.size)).reshape(count, length)


def exact_sum(x: Array) -> Rounded:
    """Return the exact sum of the finite elements of x, rounded once."""
    fmt = format_of(x)
    width = _width(fmt)
    m, shift, sign = _integer(_blocks(x))
    digits = [m & (2**width - 1), m >> width]
    total = _total(digits, shift, sign, fmt, 2 * fmt.bias + fmt.digits)
    return _rounded(total, fmt, 2 - fmt.bias - fmt.digits)


def exact_dot(x: Array, y: Array) -> Rounded:
    """Return the exact sum of products of finite elements of x and y, rounded once."""
    fmt = format_of(x)
    width = _width(fmt)
    mask = 2**width - 1
    (m, shift, sign), (n, other, turn) = _integer(_blocks(x)), _integer(_blocks(y))
    m0, m1, n0, n1 = m & mask, m >> width, n & mask, n >> width
    digits: list[Array] = []
    carry = jnp.zeros_like(m)
    for column in (m0 * n0, m0 * n1 + m1 * n0, m1 * n1):
        column = column + carry
        digits, carry = [*digits, column & mask], column >> width
    bits = 4 * fmt.bias + 2 * fmt.digits
    total = _total([*digits, carry], shift + other, sign * turn, fmt, bits)
    return _rounded(total, fmt, 2 * (2 - fmt.bias - fmt.digits))
