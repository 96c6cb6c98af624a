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
from interval_jax._rounding.slopes import differentiable


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
# compiler can reach it. Shifted by p - 1 or more, a number needs no mask for its exponent.


def _field(x: Array) -> Array:
    """The biased exponent of a number, an integer."""
    fmt = format_of(x)
    return (bits_of(x) >> (fmt.digits - 1)) & fmt.exponent_mask


def _fraction(x: Array) -> Array:
    """The fraction field of a number, an integer."""
    return bits_of(x) & format_of(x).fraction_mask


def _integer(x: Array) -> Array:
    """The significand of a normal number as an integer of exactly p bits."""
    return _fraction(x) | (format_of(x).fraction_mask + 1)


def _significand(x: Array) -> Array:
    """|x| scaled by a power of two into [1, 2); arbitrary for 0, inf and NaN."""
    fmt = format_of(x)
    one = fmt.bias << (fmt.digits - 1)
    return from_bits((bits_of(x) & fmt.fraction_mask) | one, fmt)


def product_error(a: Array, b: Array, p: Array) -> Array:
    """An integer with the sign of ``|a b| - |p|``, for normal numbers with p = fl(a b)."""
    fraction = format_of(a).digits - 1
    # A B has p - 1 more digits than P, or p if it carries. With significands in [1, 2), a carry
    # leaves a b / 2 < a, which does not round to a: a (1 - b / 2) is at least a times half a
    # unit, and for a = 1 there is none. Without it a b >= a.
    carried = lax.lt(_fraction(p), _fraction(a))
    shifted = lax.select(carried, bits_of(p) << (fraction + 1), bits_of(p) << fraction)
    return _integer(a) * _integer(b) - shifted


def quotient_error(a: Array, b: Array, q: Array) -> Array:
    """An integer with the sign of ``|a / b| - |q|``, for normal numbers with q = fl(a / b)."""
    fraction = format_of(a).digits - 1
    # With significands in [1, 2), a / b is in [1, 2) or, for a < b, in (1/2, 1), and so is q:
    # 2 a / b <= 2 - 2 units / b, which does not round to 2.
    borrowed = lax.lt(_fraction(a), _fraction(b))
    shifted = lax.select(borrowed, bits_of(a) << (fraction + 1), bits_of(a) << fraction)
    return shifted - _integer(q) * _integer(b)


def sqrt_error(a: Array, r: Array) -> Array:
    """An integer with the sign of ``sqrt(a) - r``, for normal a > 0 and r = fl(sqrt(a))."""
    fmt = format_of(a)
    fraction = fmt.digits - 1
    # The bias is odd: an odd biased exponent is an even one, and a itself is in [1, 2) then.
    even = lax.ne(bits_of(a) & (fmt.fraction_mask + 1), constant(bits_of(a), 0))
    shifted = lax.select(even, bits_of(a) << fraction, bits_of(a) << (fraction + 1))
    return shifted - _integer(r) * _integer(r)


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


def _divided(a: Array, b: Array) -> Array:
    # XLA turns a / (broadcast scalar) into a * (1 / scalar), which is off by more than one
    # unit; a divisor that depends on the dividend element by element is left alone. It also
    # ends a fused loop after a division with several users: abs is its only one.
    return lax.abs(lax.div(a, lax.select(lax.ne(a, a), a, b)))


def _towards(bits: Array, error: Array, below: Array, above: Array) -> Array:
    """A step towards the exact result, where the error lies beyond these two."""
    one, zero = lax.full_like(bits, 1), lax.full_like(bits, 0)
    return bits + lax.select(error > above, one, lax.select(error < below, -one, zero))


def quotient(a: Array, b: Array) -> Array:
    """Return fl(|a / b|) for ``b != 0``, correctly rounded; below tiny it may be any such number.

    Finite over infinite is 0, and 0 over anything.
    """

    def corrected(a: Array, b: Array) -> Array:
        # Significands neither underflow nor overflow, and their quotient is in [1, 2) as in
        # quotient_error. Ties do not exist: a quotient of numbers of p digits has no p + 1.
        fmt = format_of(a)
        one, last = constant(a, 1), constant(a, 2 - 2 * fmt.unit)
        borrowed = lax.lt(_fraction(a), _fraction(b))
        numerator = lax.select(borrowed, 2 * _significand(a), _significand(a))
        q = lax.clamp(one, _divided(numerator, _significand(b)), last)
        # Some GPUs are two units off in float32. A step where it is more than one leaves one, and
        # a step where it is more than half a unit leaves that; a unit is B in the error.
        bits, divisor = bits_of(q), _integer(b)
        for limit in (divisor, divisor >> 1):
            bits = _towards(bits, quotient_error(a, b, from_bits(bits, fmt)), -limit, limit)
        shift = _field(a) - _field(b) - borrowed.astype(bits.dtype)
        exponent = (bits >> (fmt.digits - 1)) + shift
        magnitude = from_bits(bits + (shift << (fmt.digits - 1)), fmt)
        null = lax.eq(a, constant(a, 0)) | ~lax.is_finite(b)
        large = ~lax.is_finite(a) | lax.eq(b, constant(b, 0)) | (exponent > 2 * fmt.bias)
        magnitude = lax.select(large, constant(a, np.inf), magnitude)
        return lax.select(null | (exponent < 1) & ~large, constant(a, 0), magnitude)

    return lax.platform_dependent(a, b, cpu=_divided, default=corrected)


def square_root(a: Array) -> Array:
    """Return fl(sqrt(a)), correctly rounded, and 0 for a < 0."""

    def direct(a: Array) -> Array:
        return lax.abs(lax.sqrt(a))  # abs as for quotients

    def corrected(a: Array) -> Array:
        # As for quotients: with a in [1, 4), the root is in [1, 2) and does not round to 2. The
        # middles around R have errors of R + 1/4 and 1/4 - R.
        fmt = format_of(a)
        one, last = constant(a, 1), constant(a, 2 - 2 * fmt.unit)
        field = _field(a)
        odd = (field + fmt.bias) & 1
        root = lax.sqrt(_significand(a) * (odd + 1).astype(fmt.dtype))
        bits = bits_of(lax.clamp(one, root, last))
        for units in (2, 1):
            r = from_bits(bits, fmt)
            limit = units * _integer(r)
            bits = _towards(bits, sqrt_error(a, r), 1 - limit, limit)
        value = from_bits(bits + (((field - fmt.bias - odd) >> 1) << (fmt.digits - 1)), fmt)
        special = lax.eq(a, constant(a, 0)) | ~lax.is_finite(a)
        return lax.select(special, a, value)

    # A maximum is opaque to the simplifier, which makes sqrt(x * x) an |x|.
    return lax.platform_dependent(lax.max(a, constant(a, 0)), cpu=direct, default=corrected)


def _div(a: Array, b: Array) -> _Sided:
    """a / b for b != 0; 0 / b = 0 and a / +-inf = 0."""
    fmt = format_of(a)
    zero, inf = constant(a, 0), constant(a, np.inf)
    q = quotient(a, b)
    error = quotient_error(a, b, q)
    exact = lax.eq(a, zero) | ~lax.is_finite(a) | ~lax.is_finite(b)
    small, large = lax.lt(q, constant(q, fmt.tiny)), lax.eq(q, inf)
    beyond = (lax.select(small, ~large, error > 0) & ~large) & ~exact
    within = lax.select(large, ~small, (error < 0) & ~small) & ~exact
    negative = lax.ne(lax.lt(a, zero), lax.lt(b, zero))
    magnitude = lax.select(small, zero, q)
    return _Sided(
        lax.select(negative, -magnitude, magnitude),
        lax.select(negative, beyond, within),
        lax.select(negative, within, beyond),
    )


def _sqrt(a: Array) -> _Sided:
    """sqrt(a) for a >= 0."""
    root = square_root(a)
    error = sqrt_error(a, root)
    inexact = lax.gt(root, constant(a, 0)) & lax.is_finite(root)
    return _Sided(root, (error < 0) & inexact, (error > 0) & inexact)


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

    # Compiled as one also where the caller compiles nothing.
    rule = jax.jit(differentiable(lambda *args: close(kernel(*args)), smooth), inline=True)
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
