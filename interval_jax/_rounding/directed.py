"""Directed operations: each decides with the sign of an exact error, and is tight."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from interval_jax._rounding.format import (
    bits_of,
    constant,
    format_of,
    from_bits,
    rounded,
    step_down,
    step_up,
)


class _Sided(NamedTuple):
    """A number of the format and whether the exact result lies below or above it."""

    value: Array
    below: Array
    above: Array


def _flushed(x: Array) -> Array:
    """``x`` with subnormals, kept by some backends, made zero; also a barrier."""
    return lax.select(lax.lt(lax.abs(x), constant(x, format_of(x).tiny)), constant(x, 0), x)


def _add(a: Array, b: Array) -> _Sided:
    swap = lax.lt(lax.abs(a), lax.abs(b))
    big, small = lax.select(swap, b, a), lax.select(swap, a, b)
    value = _flushed(a + b)
    # The error of the sum is small - part, part = value - big being exact (Dekker). Comparing
    # instead of subtracting keeps the sign of a subnormal error, also if part is flushed: then
    # |part| < tiny <= |small|. A flushed sum was exact, and small against -big is its sign.
    # Overflow makes part infinite, on the right side; infinite operands make it NaN: exact.
    part = value - big
    return _Sided(value, lax.lt(small, part), lax.gt(small, part))


# The error of a rounded product, quotient or root is decided on integers. With significands
# read as integers A, B, P of p bits, the error of P 2**k = fl(A B) is A B - P 2**k, a number
# of at most p bits: modular arithmetic on words of more than p + 1 bits returns it exactly,
# although the products themselves overflow. No habit of floating-point hardware or of its
# compiler can reach it.


def _field(x: Array) -> Array:
    """The biased exponent of a number, an integer."""
    fmt = format_of(x)
    return (bits_of(x) >> (fmt.digits - 1)) & fmt.exponent_mask


def _integer(x: Array) -> Array:
    """The significand of a normal number as an integer of exactly p bits."""
    fmt = format_of(x)
    return (bits_of(x) & fmt.fraction_mask) | (fmt.fraction_mask + 1)


def _significand(x: Array) -> Array:
    """|x| scaled by a power of two into [1, 2); arbitrary for 0, inf and NaN."""
    fmt = format_of(x)
    one = fmt.bias << (fmt.digits - 1)
    return from_bits((bits_of(x) & fmt.fraction_mask) | one, fmt)


def product_error(a: Array, b: Array, p: Array) -> Array:
    """An integer with the sign of ``|a b| - |p|``, for normal numbers with p = fl(a b)."""
    fmt = format_of(a)
    fraction = fmt.digits - 1
    # p = P 2**ep has the unit of A B shifted left by k = ep - ea - eb + const, which is p - 1
    # or p. So k is known modulo the word length, sign bits and all: no need to mask them.
    k = (bits_of(p) >> fraction) - (bits_of(a) >> fraction) - (bits_of(b) >> fraction)
    k = (k + (fmt.bias + fraction)) & (8 * fmt.bits.itemsize - 1)
    return _integer(a) * _integer(b) - lax.shift_left(_integer(p), k)


def _mul(a: Array, b: Array) -> _Sided:
    zero = constant(a, 0)
    p = rounded(a * b)
    error = product_error(a, b, p)
    negative = lax.ne(lax.lt(a, zero), lax.lt(b, zero))
    error = lax.select(negative, -error, error)
    below, above = error < 0, error > 0
    # Where a product of nonzero factors is smaller than tiny, its sign is the side.
    null = lax.eq(a, zero) | lax.eq(b, zero)
    small = lax.lt(lax.abs(p), constant(a, format_of(a).tiny))
    below = lax.select(small, negative & ~null, below)
    above = lax.select(small, ~negative & ~null, above)
    # An overflow lies on the finite side; infinite operands are limits, and exact.
    infinite = ~lax.is_finite(p)
    finite = lax.is_finite(a) & lax.is_finite(b)
    below = lax.select(infinite, finite & ~negative, below)
    above = lax.select(infinite, finite & negative, above)
    return _Sided(lax.select(small, zero, p), below, above)


def _quotient(a: Array, b: Array) -> Array:
    # XLA turns a / (broadcast scalar) into a * (1 / scalar), which is off by more than one
    # unit; a divisor that depends on the dividend element by element is left alone.
    return lax.div(a, lax.select(lax.ne(a, a), a, b))


def divided(a: Array, b: Array) -> tuple[Array, Array, Array]:
    """The bits of the quotient of significands, the sign of its error, the exponent to add."""
    fmt = format_of(a)
    q = rounded(_quotient(_significand(a), _significand(b)))
    divisor = _integer(b)
    # q = Q 2**(1 - p) in [1, 2) or Q 2**-p in [1/2, 1): the remainder is A 2**k - Q B.
    k = (fmt.bias + fmt.digits - 1) - (bits_of(q) >> (fmt.digits - 1))
    remainder = lax.shift_left(_integer(a), k) - _integer(q) * divisor
    # Hardware that does not round quotients correctly (float32 on some GPUs) is up to two
    # units off: one unit towards the exact quotient leaves less than one.
    far = lax.gt(lax.abs(remainder), divisor)
    zero = constant(remainder, 0)
    over = lax.gt(remainder, zero)
    nudge = lax.select(far, lax.select(over, zero + 1, zero - 1), zero)
    nudged = lax.select(over, remainder - divisor, remainder + divisor)
    return bits_of(q) + nudge, lax.select(far, nudged, remainder), _field(a) - _field(b)


def _div(a: Array, b: Array) -> _Sided:
    """a / b for b != 0; 0 / b = 0 and a / +-inf = 0."""
    fmt = format_of(a)
    zero, inf = constant(a, 0), constant(a, np.inf)
    bits, error, shift = divided(a, b)
    # The exponent is set in the bits, where it cannot underflow or overflow unnoticed.
    exponent = (bits >> (fmt.digits - 1)) + shift
    underflow, overflow = exponent < 1, exponent > 2 * fmt.bias
    magnitude = from_bits(bits + (shift << (fmt.digits - 1)), fmt)
    infinite, null = ~lax.is_finite(a), lax.eq(a, zero) | ~lax.is_finite(b)
    magnitude = lax.select(overflow | infinite, inf, magnitude)
    magnitude = lax.select(underflow | null, zero, magnitude)
    beyond = (((error > 0) & ~overflow) | underflow) & ~(infinite | null)
    within = (((error < 0) & ~underflow) | overflow) & ~(infinite | null)
    negative = lax.ne(lax.lt(a, zero), lax.lt(b, zero))
    return _Sided(
        lax.select(negative, -magnitude, magnitude),
        lax.select(negative, beyond, within),
        lax.select(negative, within, beyond),
    )


def _sqrt(a: Array) -> _Sided:
    """sqrt(a) for a >= 0."""
    fmt = format_of(a)
    field = _field(a)
    odd = (field + fmt.bias) & 1
    root = rounded(lax.sqrt(_significand(a) * (odd + 1).astype(fmt.dtype)))
    square = lax.shift_left(_integer(a), odd + (fmt.digits - 1))

    def remainder(bits: Array) -> Array:
        r = _integer(from_bits(bits, fmt))
        return square - r * r

    bits = bits_of(root)
    # As for quotients; one unit of the root is more than two roots in the remainder.
    first = remainder(bits)
    far = lax.gt(lax.abs(first), 2 * _integer(root))
    bits = bits + lax.select(far, lax.sign(first), first * 0)
    error = remainder(bits)
    exponent = (field - fmt.bias - odd) >> 1
    value = from_bits(bits + (exponent << (fmt.digits - 1)), fmt)
    special = lax.eq(a, constant(a, 0)) | ~lax.is_finite(a)
    return _Sided(lax.select(special, a, value), (error < 0) & ~special, (error > 0) & ~special)


def _down(result: _Sided) -> Array:
    value = step_down(result.value, result.below)
    # NaN arises only from inf - inf, that is from empty operands, whose lower bound is +inf.
    return lax.select(lax.ne(value, value), constant(value, np.inf), value)


def _up(result: _Sided) -> Array:
    value = step_up(result.value, result.above)
    return lax.select(lax.ne(value, value), constant(value, -np.inf), value)


def _directed(
    kernel: Callable[..., _Sided],
    close: Callable[[_Sided], Array],
    smooth: Callable[..., Array],
    name: str,
    doc: str,
) -> Any:
    """Build a rounded operation whose derivative is that of ``smooth``."""

    def operation(*args: Any) -> Array:
        dtype = jnp.result_type(*args)
        format_of(dtype)
        shape = jnp.broadcast_shapes(*(jnp.shape(a) for a in args))
        return rule(*(jnp.broadcast_to(jnp.asarray(a, dtype), shape) for a in args))

    @jax.custom_jvp
    def rule(*args: Array) -> Array:
        return close(kernel(*args))

    @rule.defjvp
    def _(primals: tuple[Array, ...], tangents: tuple[Array, ...]) -> tuple[Array, Array]:
        return rule(*primals), jax.jvp(smooth, primals, tangents)[1]

    operation.__name__ = operation.__qualname__ = name
    operation.__doc__ = doc
    return operation


def _pair(kernel: Callable[..., _Sided], smooth: Callable[..., Array], what: str) -> tuple:
    name = kernel.__name__.removeprefix("_")
    return tuple(
        _directed(
            kernel,
            close,
            smooth,
            f"{name}_{side}",
            f"Return the {extreme} number of the format {relation} {what}.",
        )
        for close, side, extreme, relation in (
            (_down, "down", "largest", "<="),
            (_up, "up", "smallest", ">="),
        )
    )


add_down, add_up = _pair(_add, lax.add, "``a + b``")
mul_down, mul_up = _pair(_mul, lax.mul, "``a * b``, where 0 times +-inf is 0")
div_down, div_up = _pair(_div, lax.div, "``a / b`` for ``b != 0``")
sqrt_down, sqrt_up = _pair(_sqrt, lax.sqrt, "``sqrt(a)`` for ``a >= 0``")


def sub_down(a: Any, b: Any) -> Array:
    """Return the largest number of the format <= ``a - b``."""
    return add_down(a, -jnp.asarray(b))


def sub_up(a: Any, b: Any) -> Array:
    """Return the smallest number of the format >= ``a - b``."""
    return add_up(a, -jnp.asarray(b))
