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


def _exponent_bits(x: Array) -> Array:
    """The exponent field of a number, in place: adding two of them multiplies powers of two."""
    fmt = format_of(x)
    return _bits(x) & (fmt.exponent_mask << (fmt.digits - 1))


def _significand(x: Array) -> Array:
    """``x`` scaled by a power of two into +-[1, 2); arbitrary for 0, inf and NaN."""
    fmt = format_of(x)
    field = fmt.exponent_mask << (fmt.digits - 1)
    return _from_bits((_bits(x) & ~field) | _one_bits(fmt), fmt)


def _one_bits(fmt: Format) -> int:
    return fmt.bias << (fmt.digits - 1)


class _Factor(NamedTuple):
    """An operand of a product, with what the exact error of products with it needs."""

    value: Array
    exponent: Array
    high: Array
    low: Array


def _factor(x: Array) -> _Factor:
    return _Factor(x, _exponent_bits(x) - _one_bits(format_of(x)), *_split(_significand(x)))


def _product(a: _Factor, b: _Factor) -> tuple[Array, Array]:
    """Return fl(a b), 0 for 0 times inf, and a number with the sign of its error.

    The product is scaled, in its bits, by the powers of two that scale the operands into
    +-[1, 2): Dekker's error terms neither underflow nor overflow there. The error has no
    meaning where the product is zero, subnormal or infinite.
    """
    p = rounded(a.value * b.value)
    scaled = _from_bits(_bits(p) - (a.exponent + b.exponent), format_of(p))
    error = ((a.high * b.high - scaled) + a.low * b.high) + a.high * b.low
    return p, error + a.low * b.low


def _mul(a: Array, b: Array) -> _Sided:
    zero = _const(a, 0)
    p, error = _product(_factor(a), _factor(b))
    below, above = lax.lt(error, zero), lax.gt(error, zero)
    # Where a product of nonzero factors is smaller than tiny, its sign is the side.
    null = lax.eq(a, zero) | lax.eq(b, zero)
    negative = lax.ne(lax.lt(a, zero), lax.lt(b, zero))
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


def _nudged(x: Array, residual: Array, scale: Array) -> Array:
    """``x`` moved by one unit towards the exact result where it is more than one unit off.

    Correctly rounded quotients and roots never are. Some GPUs (float32) round wrongly by up to
    two units; ``|residual| > u scale`` tells, the residual being (exact - x) times scale.
    """
    fmt = format_of(x)
    off = lax.gt(lax.abs(residual), scale * _const(x, fmt.unit))
    bits = _bits(x)
    away = lax.eq(lax.gt(residual, _const(x, 0)), lax.gt(x, _const(x, 0)))
    one = _const(bits, 1)
    moved = lax.select(away, bits + one, bits - one)
    return _from_bits(lax.select(off, moved, bits), fmt)


def _div(a: Array, b: Array) -> _Sided:
    """a / b for b != 0; 0 / b = 0 and a / +-inf = 0."""
    fmt = format_of(a)
    zero, inf = _const(a, 0), _const(a, np.inf)
    ma, mb = _significand(a), _significand(b)
    first = rounded(_quotient(ma, mb))
    (qh, ql), (bh, bl) = _split(first), _split(mb)
    # ma - first * mb, exactly: first is within a few units of ma / mb, so that each difference
    # is a multiple of its last product's unit and short enough to be representable.
    residual = (((ma - qh * bh) - ql * bh) - qh * bl) - ql * bl
    q = _nudged(first, residual * lax.sign(mb), lax.abs(mb))
    # The nudge is a power of two, its product exact, and one rounding keeps the sign.
    side = (residual - (q - first) * mb) * lax.sign(mb)
    # The exponent is set in the bits, where it cannot underflow or overflow unnoticed: it is
    # the field of the result less the bias, and its range is less than that of the integers.
    shift = _exponent_bits(a) - _exponent_bits(b)
    one = _one_bits(fmt)
    exponent = (_exponent_bits(q) - one) + shift
    underflow = lax.lt(exponent, _const(exponent, (1 << (fmt.digits - 1)) - one))
    overflow = lax.gt(exponent, _const(exponent, one))
    sign = lax.sign(q)
    value = lax.select(overflow, sign * inf, _from_bits(_bits(q) + shift, fmt))
    value = lax.select(underflow, zero, value)
    side = lax.select(overflow, -sign, lax.select(underflow, sign, side))
    null = lax.eq(a, zero) | ~lax.is_finite(b)
    infinite = ~lax.is_finite(a)
    value = lax.select(null, zero, lax.select(infinite, sign * inf, value))
    side = lax.select(null | infinite, zero, side)
    return _Sided(value, lax.lt(side, zero), lax.gt(side, zero))


def _sqrt(a: Array) -> _Sided:
    """sqrt(a) for a >= 0."""
    fmt = format_of(a)
    zero = _const(a, 0)
    biased = _exponent_bits(a) >> (fmt.digits - 1)
    odd = (biased + fmt.bias) & 1
    m = lax.abs(_significand(a)) * (odd + 1).astype(fmt.dtype)

    def residual(root: Array) -> Array:
        """m - root**2, exactly, as in the division."""
        h, l = _split(root)
        return (((m - h * h) - l * h) - h * l) - l * l

    first = rounded(lax.sqrt(m))
    root = _nudged(first, residual(first), 2 * first)
    side = residual(root)
    value = _from_bits(_bits(root) + (((biased - fmt.bias - odd) >> 1) << (fmt.digits - 1)), fmt)
    special = lax.eq(a, zero) | ~lax.is_finite(a)
    side = lax.select(special, zero, side)
    return _Sided(lax.select(special, a, value), lax.lt(side, zero), lax.gt(side, zero))


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


def _corners(a: Array, b: Array, c: Array, d: Array) -> list[Array]:
    return [a * c, a * d, b * c, b * d]


def _smooth_product(a: Array, b: Array, c: Array, d: Array) -> tuple[Array, Array]:
    corners = _corners(a, b, c, d)
    return jnp.min(jnp.stack(corners), 0), jnp.max(jnp.stack(corners), 0)


@jax.custom_jvp
def product_bounds(a: Array, b: Array, c: Array, d: Array) -> tuple[Array, Array]:
    """Return the tightest bounds of ``x * y`` for ``a <= x <= b`` and ``c <= y <= d``.

    The exact range is spanned by the four products of ends. Rounding is monotone, so the
    lowest rounded product m rounds the lowest exact one; the bound is m, or its lower
    neighbour if any of the products that rounds to m is really below it.
    """
    fmt = format_of(a)
    zero, tiny = _const(a, 0), _const(a, fmt.tiny)
    fa, fb, fc, fd = (_factor(x) for x in (a, b, c, d))
    corners = [_product(x, y) for x in (fa, fb) for y in (fc, fd)]

    # Products below tiny have lost their value, but their signs are those of the ends.
    null = (lax.eq(a, zero) & lax.eq(b, zero)) | (lax.eq(c, zero) & lax.eq(d, zero))
    never_negative = (
        null | (lax.ge(a, zero) & lax.ge(c, zero)) | (lax.le(b, zero) & lax.le(d, zero))
    )
    never_positive = (
        null | (lax.ge(a, zero) & lax.le(d, zero)) | (lax.le(b, zero) & lax.ge(c, zero))
    )

    def extreme(pick: Callable[[Array, Array], Array], upward: bool) -> Array:
        (p0, _), (p1, _), (p2, _), (p3, _) = corners
        m = pick(pick(p0, p1), pick(p2, p3))
        # The finite end of the range cannot be the infinity of this sign: it overflowed.
        step = lax.eq(m, _const(m, -np.inf if upward else np.inf))
        for p, error in corners:
            beyond = lax.gt(error, zero) if upward else lax.lt(error, zero)
            step = step | (lax.eq(p, m) & beyond)
        small = (
            lax.select(never_positive, zero, tiny)
            if upward
            else lax.select(never_negative, zero, -tiny)
        )
        return lax.select(lax.lt(lax.abs(m), tiny), small, _step(m, step, upward))

    return extreme(lax.min, False), extreme(lax.max, True)


@product_bounds.defjvp
def _(primals: tuple[Array, ...], tangents: tuple[Array, ...]) -> Any:
    return product_bounds(*primals), jax.jvp(_smooth_product, primals, tangents)[1]
