"""Floor 0: correctly rounded arithmetic in a world that is not IEEE.

XLA flushes subnormals, contracts ``a * b + c`` to one rounding, turns division by a
scalar into a product, and folds constants through sums and products. This module is
the only one that knows. Everything above it relies on three facts it establishes:

* **Format.** Bounds live in {0, normal floats, +-inf}. :func:`next_up` and
  :func:`next_down` walk that set, so a bound never is a subnormal that the next
  operation would read as zero.
* **Exact errors.** :func:`two_sum`, :func:`fast_two_sum` and :func:`two_prod` return the
  rounded result and its exact error, alone or fused. Two habits of XLA threaten them,
  and both are stopped by :func:`rounded`, a select on the rounded value that no compiler
  pass may look through: contraction of the rounded product into the following sum, and
  cancellation of ``(a + c) - c``. A *product of two short factors* is exact, so
  contracting it changes nothing and needs no barrier.
* **Directed operations.** ``*_down`` and ``*_up`` return the largest (smallest) number of
  the format below (above) the exact result: they are tight. Each decides with the sign of
  an exact error, taken on operands scaled into the middle of the exponent range, where
  nothing underflows or overflows.

Directed operations have the derivative of the operation they round, so bounds can be
differentiated and trained through.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

__all__ = [
    "Format",
    "add_down",
    "add_up",
    "convert_down",
    "convert_up",
    "div_down",
    "div_up",
    "fast_two_sum",
    "flush_down",
    "flush_up",
    "format_of",
    "is_subnormal",
    "mul_down",
    "mul_up",
    "next_down",
    "next_up",
    "product_bounds",
    "quotient_bounds",
    "rounded",
    "sqrt_down",
    "sqrt_up",
    "step_down",
    "step_up",
    "sub_down",
    "sub_up",
    "two_prod",
    "two_sum",
]


class Format(NamedTuple):
    """The constants of a binary floating-point format."""

    dtype: np.dtype
    bits: np.dtype
    """Signed integer type of the same width."""
    digits: int
    """Precision p: 24 or 53 binary digits, the leading one included."""
    bias: int

    @property
    def tiny(self) -> float:
        """Smallest positive normal number."""
        return float(np.finfo(self.dtype).tiny)

    @property
    def max(self) -> float:
        """Largest finite number."""
        return float(np.finfo(self.dtype).max)

    @property
    def unit(self) -> float:
        """Unit roundoff u = 2**-p: every normal result is (1 + d) times exact, |d| <= u."""
        return 2.0**-self.digits

    @property
    def fraction_mask(self) -> int:
        """Bits of the fraction field."""
        return 2 ** (self.digits - 1) - 1

    @property
    def exponent_mask(self) -> int:
        """Width of the exponent field, as a mask at bit 0."""
        return 2 * self.bias + 1


_FORMATS = {
    np.dtype(np.float32): Format(np.dtype(np.float32), np.dtype(np.int32), 24, 127),
    np.dtype(np.float64): Format(np.dtype(np.float64), np.dtype(np.int64), 53, 1023),
}


def format_of(x: Any) -> Format:
    """Return the format of an array or dtype; raise ``TypeError`` if it is not a binary32/64."""
    dtype = np.dtype(getattr(x, "dtype", x))
    try:
        return _FORMATS[dtype]
    except KeyError:
        raise TypeError(
            f"interval bounds must be float32 or float64, got {dtype}; convert with "
            "x.astype(jnp.float32) or x.astype(jnp.float64) (needs jax_enable_x64)"
        ) from None


def _const(x: Array, value: float | int) -> Array:
    return lax.full_like(x, value)


def rounded(x: Array) -> Array:
    """Return ``x``, as a value that XLA must have rounded before it is used again.

    A select on ``x != x`` is opaque to contraction and to algebraic simplification,
    where an optimisation barrier or a bitcast round trip is not. NaN becomes 0.
    """
    return lax.select(lax.ne(x, x), _const(x, 0), x)


# --- the format -----------------------------------------------------------------------


def _bits(x: Array) -> Array:
    return lax.bitcast_convert_type(x, format_of(x).bits)


def _from_bits(bits: Array, fmt: Format) -> Array:
    return lax.bitcast_convert_type(bits, fmt.dtype)


def _step(x: Array, where: Array, upward: bool) -> Array:
    """The neighbour of ``x`` in the format, above or below, where the mask is set."""
    fmt = format_of(x)
    zero = lax.eq(x, _const(x, 0))
    bits = _bits(x)
    # Adding one to the bit pattern moves away from zero: up for x > 0, down for x < 0.
    away = lax.gt(x, _const(x, 0)) if upward else lax.lt(x, _const(x, 0))
    one = _const(bits, 1)
    moved = _from_bits(lax.select(away, bits + one, bits - one), fmt)
    tiny = fmt.tiny if upward else -fmt.tiny
    # From zero the next number is the smallest normal, and from there back it is zero.
    moved = lax.select(lax.eq(x, _const(x, -tiny)), _const(x, 0), moved)
    moved = lax.select(zero, _const(x, tiny), moved)
    last = _const(x, np.inf if upward else -np.inf)
    return lax.select(lax.bitwise_and(where, lax.ne(x, last)), moved, x)


def _identity_tangent(primals: tuple[Array, ...], tangents: tuple[Any, ...], fun: Any) -> Any:
    return fun(*primals), tangents[0]


@jax.custom_jvp
def step_up(x: Array, where: Array) -> Array:
    """Return :func:`next_up` of ``x`` where the mask is set, else ``x``; derivative 1."""
    return _step(x, where, upward=True)


@jax.custom_jvp
def step_down(x: Array, where: Array) -> Array:
    """Return :func:`next_down` of ``x`` where the mask is set, else ``x``; derivative 1."""
    return _step(x, where, upward=False)


step_up.defjvp(lambda primals, tangents: _identity_tangent(primals, tangents, step_up))
step_down.defjvp(lambda primals, tangents: _identity_tangent(primals, tangents, step_down))


def next_up(x: Array) -> Array:
    """Return the smallest number of {0, normals, +-inf} above ``x``; +inf stays."""
    return step_up(x, _const(x, 0) <= 0)


def next_down(x: Array) -> Array:
    """Return the largest number of {0, normals, +-inf} below ``x``; -inf stays."""
    return step_down(x, _const(x, 0) <= 0)


def is_subnormal(x: Array) -> Array:
    """Tell where ``x`` is subnormal: on its bits, because comparisons may read it as zero."""
    bits = _bits(x)
    fmt = format_of(x)
    exponent = (bits >> (fmt.digits - 1)) & fmt.exponent_mask
    return (exponent == 0) & ((bits & fmt.fraction_mask) != 0)


@jax.custom_jvp
def flush_down(x: Array) -> Array:
    """Return the largest number of the format that is <= ``x``, which may be subnormal."""
    down = lax.select(_bits(x) < 0, _const(x, -format_of(x).tiny), _const(x, 0))
    return lax.select(is_subnormal(x), down, x)


@jax.custom_jvp
def flush_up(x: Array) -> Array:
    """Return the smallest number of the format that is >= ``x``, which may be subnormal."""
    up = lax.select(_bits(x) < 0, _const(x, 0), _const(x, format_of(x).tiny))
    return lax.select(is_subnormal(x), up, x)


flush_down.defjvp(lambda primals, tangents: _identity_tangent(primals, tangents, flush_down))
flush_up.defjvp(lambda primals, tangents: _identity_tangent(primals, tangents, flush_up))


def _convert(x: Array, dtype: Any, upward: bool) -> Array:
    source, target = format_of(x), format_of(np.dtype(dtype))
    x = flush_up(x) if upward else flush_down(x)
    if source.digits <= target.digits:
        return lax.convert_element_type(x, target.dtype)
    near = lax.convert_element_type(x, target.dtype)
    near = lax.select(is_subnormal(near), _const(near, 0), rounded(near))
    # Infinities and overflow: the comparison is with the wide number, which decides both.
    back = lax.convert_element_type(near, source.dtype)
    if upward:
        return step_up(near, lax.lt(back, x))
    return step_down(near, lax.gt(back, x))


def convert_down(x: Array, dtype: Any) -> Array:
    """Return the largest number of the other format that is <= ``x``, which may be subnormal."""
    return _convert(x, dtype, upward=False)


def convert_up(x: Array, dtype: Any) -> Array:
    """Return the smallest number of the other format that is >= ``x``, which may be subnormal."""
    return _convert(x, dtype, upward=True)


# --- error-free transformations -------------------------------------------------------


def two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """Return ``s = fl(a + b)`` and ``e`` with ``s + e = a + b`` exactly (Knuth).

    Exact unless the sum overflows or a nonzero error is subnormal; the latter needs
    ``|a| + |b| < 2**(2p) * tiny``.
    """
    s = rounded(a + b)
    bb = rounded(s - a)
    return s, rounded(a - rounded(s - bb)) + rounded(b - bb)


def fast_two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """Return ``s = fl(a + b)`` and its exact error, given ``|a| >= |b|`` or ``a == 0`` (Dekker)."""
    s = rounded(a + b)
    return s, b - rounded(s - a)


def _split(x: Array) -> tuple[Array, Array]:
    """Return ``h + l = x`` with factors so short that products of two of them are exact.

    ``h`` is x rounded to p - k bits and ``|l| <= 2**(k-1)`` units of x, so both have at most
    ceil(p/2) significant bits, with k = ceil(p/2): 26 and 26 (27 - sign) for binary64, 12 and
    11 for binary32. Rounding is done on the integer, which also is a barrier.
    """
    fmt = format_of(x)
    low = (fmt.digits + 1) // 2
    bits = _bits(x)
    high = _from_bits((bits + 2 ** (low - 1)) & -(2**low), fmt)
    return high, x - high


def two_prod(a: Array, b: Array) -> tuple[Array, Array]:
    """Return ``p = fl(a * b)`` and ``e`` with ``p + e = a * b`` exactly (Dekker).

    Exact while ``2**(2p) * tiny <= |a * b|`` and ``|a|, |b|, |a * b| < max / 4``. The four
    partial products are exact, so contracting any of them into the sums is harmless; ``p``
    itself is not, and is protected.
    """
    p = rounded(a * b)
    ah, al = _split(a)
    bh, bl = _split(b)
    return p, al * bl - (((p - ah * bh) - al * bh) - ah * bl)


# --- nearest results with the side on which the exact one lies --------------------------


class _Sided(NamedTuple):
    """A number of the format and whether the exact result lies below or above it."""

    value: Array
    below: Array
    above: Array


def _flushed(x: Array) -> Array:
    """``x`` with subnormals, kept by some backends, made zero; also a barrier."""
    return lax.select(lax.lt(lax.abs(x), _const(x, format_of(x).tiny)), _const(x, 0), x)


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
    return (_bits(x) >> (fmt.digits - 1)) & fmt.exponent_mask


def _integer(x: Array) -> Array:
    """The significand of a normal number as an integer of exactly p bits."""
    fmt = format_of(x)
    return (_bits(x) & fmt.fraction_mask) | (fmt.fraction_mask + 1)


def _significand(x: Array) -> Array:
    """|x| scaled by a power of two into [1, 2); arbitrary for 0, inf and NaN."""
    fmt = format_of(x)
    one = fmt.bias << (fmt.digits - 1)
    return _from_bits((_bits(x) & fmt.fraction_mask) | one, fmt)


def _product_error(a: Array, b: Array, p: Array) -> Array:
    """An integer with the sign of ``|a b| - |p|``, for normal numbers with p = fl(a b)."""
    fmt = format_of(a)
    fraction = fmt.digits - 1
    # p = P 2**ep has the unit of A B shifted left by k = ep - ea - eb + const, which is p - 1
    # or p. So k is known modulo the word length, sign bits and all: no need to mask them.
    k = (_bits(p) >> fraction) - (_bits(a) >> fraction) - (_bits(b) >> fraction)
    k = (k + (fmt.bias + fraction)) & (8 * fmt.bits.itemsize - 1)
    return _integer(a) * _integer(b) - lax.shift_left(_integer(p), k)


def _mul(a: Array, b: Array) -> _Sided:
    zero = _const(a, 0)
    p = rounded(a * b)
    error = _product_error(a, b, p)
    negative = lax.ne(lax.lt(a, zero), lax.lt(b, zero))
    error = lax.select(negative, -error, error)
    below, above = error < 0, error > 0
    # Where a product of nonzero factors is smaller than tiny, its sign is the side.
    null = lax.eq(a, zero) | lax.eq(b, zero)
    small = lax.lt(lax.abs(p), _const(a, format_of(a).tiny))
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


def _divided(a: Array, b: Array) -> tuple[Array, Array, Array]:
    """The bits of the quotient of significands, the sign of its error, the exponent to add."""
    fmt = format_of(a)
    q = rounded(_quotient(_significand(a), _significand(b)))
    divisor = _integer(b)
    # q = Q 2**(1 - p) in [1, 2) or Q 2**-p in [1/2, 1): the remainder is A 2**k - Q B.
    k = (fmt.bias + fmt.digits - 1) - (_bits(q) >> (fmt.digits - 1))
    remainder = lax.shift_left(_integer(a), k) - _integer(q) * divisor
    # Hardware that does not round quotients correctly (float32 on some GPUs) is up to two
    # units off: one unit towards the exact quotient leaves less than one.
    far = lax.gt(lax.abs(remainder), divisor)
    zero = _const(remainder, 0)
    over = lax.gt(remainder, zero)
    nudge = lax.select(far, lax.select(over, zero + 1, zero - 1), zero)
    nudged = lax.select(over, remainder - divisor, remainder + divisor)
    return _bits(q) + nudge, lax.select(far, nudged, remainder), _field(a) - _field(b)


def _div(a: Array, b: Array) -> _Sided:
    """a / b for b != 0; 0 / b = 0 and a / +-inf = 0."""
    fmt = format_of(a)
    zero, inf = _const(a, 0), _const(a, np.inf)
    bits, error, shift = _divided(a, b)
    # The exponent is set in the bits, where it cannot underflow or overflow unnoticed.
    exponent = (bits >> (fmt.digits - 1)) + shift
    underflow, overflow = exponent < 1, exponent > 2 * fmt.bias
    magnitude = _from_bits(bits + (shift << (fmt.digits - 1)), fmt)
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
        r = _integer(_from_bits(bits, fmt))
        return square - r * r

    bits = _bits(root)
    # As for quotients; one unit of the root is more than two roots in the remainder.
    first = remainder(bits)
    far = lax.gt(lax.abs(first), 2 * _integer(root))
    bits = bits + lax.select(far, lax.sign(first), first * 0)
    error = remainder(bits)
    exponent = (field - fmt.bias - odd) >> 1
    value = _from_bits(bits + (exponent << (fmt.digits - 1)), fmt)
    special = lax.eq(a, _const(a, 0)) | ~lax.is_finite(a)
    return _Sided(lax.select(special, a, value), (error < 0) & ~special, (error > 0) & ~special)


# --- directed operations ----------------------------------------------------------------


def _down(result: _Sided) -> Array:
    value = step_down(result.value, result.below)
    # NaN arises only from inf - inf, that is from empty operands, whose lower bound is +inf.
    return lax.select(lax.ne(value, value), _const(value, np.inf), value)


def _up(result: _Sided) -> Array:
    value = step_up(result.value, result.above)
    return lax.select(lax.ne(value, value), _const(value, -np.inf), value)


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


# --- products of intervals --------------------------------------------------------------


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
    zero, tiny, largest, inf = (_const(a, x) for x in (0, fmt.tiny, fmt.max, np.inf))
    xp, xn, yp, yn = lax.ge(a, zero), lax.le(b, zero), lax.ge(c, zero), lax.le(d, zero)
    null = (xp & xn) | (yp & yn)

    def extreme(pairs: list[tuple[Array, Array]], one_sided: Array, upward: bool) -> Array:
        def bound(x: Array, y: Array) -> Array:
            p = rounded(x * y)
            bits = _bits(p)
            # All ones where p is negative: (n ^ sign) - sign is n or -n, as p is > 0 or < 0.
            sign = bits >> (8 * fmt.bits.itemsize - 1)
            error = (_product_error(x, y, p) ^ sign) - sign
            outward = ((-error if upward else error) >> (8 * fmt.bits.itemsize - 1)) ^ sign
            step = sign - outward if upward else outward - sign
            normal = lax.lt(lax.abs(p), inf) & lax.ge(lax.abs(p), tiny)
            return _from_bits(bits + lax.select(normal, step, lax.full_like(step, 0)), fmt)

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
    zero, tiny, largest, inf = (_const(a, x) for x in (0, fmt.tiny, fmt.max, np.inf))
    only_zero = lax.eq(c, zero) & lax.eq(d, zero)
    whole = lax.lt(c, zero) & lax.gt(d, zero) & ~(lax.eq(a, zero) & lax.eq(b, zero))
    # x / y = (-x) / (-y): below, y >= 0.
    flip = lax.le(d, zero)
    a, b = lax.select(flip, -b, a), lax.select(flip, -a, b)
    c, d = lax.select(flip, -d, c), lax.select(flip, -c, d)

    def bound(x: Array, outer: Array, upward: bool) -> Array:
        # The end that goes outward (x < 0 for a lower bound) is over the least divisor.
        y = lax.select(outer, c, d)
        bits, error, shift = _divided(x, y)
        exponent = (bits >> fraction) + shift
        sign = _bits(x) >> word
        error = (error ^ sign) - sign
        outward = ((-error if upward else error) >> word) ^ sign
        step = sign - outward if upward else outward - sign
        magnitude = bits + (shift << fraction) + step
        value = _from_bits(magnitude | (sign << word), fmt)
        # Stepping inward from tiny ends below it.
        under = lax.lt(exponent, _const(exponent, 1)) | lax.eq(x, zero) | lax.eq(y, inf)
        over = lax.gt(exponent, _const(exponent, 2 * fmt.bias))
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
