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


def _decided(value: Array, error: Array) -> _Sided:
    zero = _const(error, 0)
    return _Sided(value, lax.lt(error, zero), lax.gt(error, zero))


def _finite(x: Array) -> Array:
    return lax.is_finite(x)


def _add(a: Array, b: Array) -> _Sided:
    fmt = format_of(a)
    # |a + b| with both operands below the threshold is computed 2**128 (2**64) times larger:
    # errors are multiples of 2**(emin - p + 1), which the scaling makes normal. Above the
    # threshold a nonzero error is itself at least tiny: it is a multiple of the last bit of
    # the smaller operand, which either is above 2**(threshold - 2p) or is the whole error.
    small_exponent, scale = (-64, 2.0**64) if fmt.digits == 24 else (-900, 2.0**128)
    swap = lax.lt(lax.abs(a), lax.abs(b))
    big, small = lax.select(swap, b, a), lax.select(swap, a, b)
    factor = lax.select(
        lax.lt(lax.abs(big), _const(a, 2.0**small_exponent)), _const(a, scale), _const(a, 1)
    )
    scaled, error = fast_two_sum(big * factor, small * factor)
    value = a + b
    finite = lax.bitwise_and(_finite(a), _finite(b))
    overflow = lax.bitwise_and(finite, lax.bitwise_not(_finite(value)))
    error = lax.select(overflow, -lax.sign(value), error)
    error = lax.select(finite, error, _const(a, 0))
    underflow = lax.lt(lax.abs(value), _const(a, fmt.tiny))
    error = lax.select(underflow, scaled, error)
    value = lax.select(underflow, _const(a, 0), value)
    return _decided(value, error)


def _significand(x: Array) -> Array:
    """|x| scaled by a power of two into [1, 2); arbitrary for 0, inf and NaN."""
    fmt = format_of(x)
    one = fmt.bias << (fmt.digits - 1)
    return _from_bits((_bits(x) & fmt.fraction_mask) | one, fmt)


def _exponent(x: Array) -> Array:
    """floor(log2|x|) of a normal number, as an integer."""
    fmt = format_of(x)
    return ((_bits(x) >> (fmt.digits - 1)) & fmt.exponent_mask) - fmt.bias


def _mul(a: Array, b: Array) -> _Sided:
    fmt = format_of(a)
    zero = _const(a, 0)
    product, error = two_prod(_significand(a), _significand(b))
    exponent = _exponent(a) + _exponent(b)
    emin = 1 - fmt.bias
    # The exact product is m * 2**exponent with 1 <= m < 4, product = fl(m), error = m - product.
    below_two = (product < 2) | ((product == 2) & (error < 0))
    underflow = (exponent < emin - 1) | ((exponent == emin - 1) & below_two)
    negative = lax.ne(lax.lt(a, zero), lax.lt(b, zero))
    sign = lax.select(negative, _const(a, -1), _const(a, 1))
    value = a * b
    finite = lax.bitwise_and(_finite(a), _finite(b))
    error = lax.select(negative, -error, error)
    error = lax.select(underflow, sign, error)
    value = lax.select(lax.bitwise_and(underflow, finite), zero, value)
    overflow = lax.bitwise_and(finite, lax.bitwise_not(_finite(value)))
    error = lax.select(overflow, -sign, error)
    # Zero times anything is zero, infinity included: bounds are limits of finite numbers.
    null = lax.bitwise_or(lax.eq(a, zero), lax.eq(b, zero))
    value = lax.select(null, zero, value)
    exact = lax.bitwise_or(null, lax.bitwise_not(finite))
    return _decided(value, lax.select(exact, zero, error))


def _quotient(a: Array, b: Array) -> Array:
    # XLA turns a / (broadcast scalar) into a * (1 / scalar), which is off by more than one
    # unit; a divisor that depends on the dividend element by element is left alone.
    return lax.div(a, lax.select(lax.ne(a, a), a, b))


def _scale_by_power(x: Array, exponent: Array) -> Array:
    """x * 2**exponent for normal x and result."""
    fmt = format_of(x)
    return _from_bits(_bits(x) + (exponent << (fmt.digits - 1)), fmt)


def _div(a: Array, b: Array) -> _Sided:
    """a / b for b != 0; 0 / b = 0 and a / +-inf = 0."""
    fmt = format_of(a)
    zero = _const(a, 0)
    ma, mb = _significand(a), _significand(b)
    quotient = rounded(_quotient(ma, mb))
    product, product_error = two_prod(quotient, mb)
    # ma - product is exact (Sterbenz: they differ by a factor below 2), and rounding the
    # second difference keeps its sign: it is the sign of exact minus computed quotient.
    # That holds also where the hardware's quotient is not the nearest one, as on some GPUs.
    error = (ma - product) - product_error
    exponent = _exponent(a) - _exponent(b)
    emin = 1 - fmt.bias
    underflow = (exponent < emin) | ((exponent == emin) & (ma < mb))
    overflow = exponent + _exponent(quotient) > fmt.bias
    negative = lax.ne(lax.lt(a, zero), lax.lt(b, zero))
    sign = lax.select(negative, _const(a, -1), _const(a, 1))
    value = _scale_by_power(quotient, exponent)
    # A quotient just below tiny may round up to it; then its error is below, and so is exact.
    value = lax.select(overflow, _const(a, np.inf), value)
    error = lax.select(overflow, _const(a, -1), error)
    value = lax.select(underflow, zero, value)
    error = lax.select(underflow, _const(a, 1), error)
    null = lax.bitwise_or(lax.eq(a, zero), lax.bitwise_not(_finite(b)))
    infinite = lax.bitwise_not(_finite(a))
    value = lax.select(infinite, _const(a, np.inf), value)
    value = lax.select(null, zero, value)
    error = lax.select(lax.bitwise_or(null, infinite), zero, error)
    return _decided(value * sign, error * sign)


def _sqrt(a: Array) -> _Sided:
    """sqrt(a) for a >= 0."""
    exponent = _exponent(a)
    odd = exponent & 1
    m = _scale_by_power(_significand(a), odd)
    root = rounded(lax.sqrt(m))
    square, square_error = two_prod(root, root)
    error = (m - square) - square_error
    value = _scale_by_power(root, (exponent - odd) >> 1)
    special = lax.bitwise_or(lax.eq(a, _const(a, 0)), lax.bitwise_not(_finite(a)))
    return _decided(lax.select(special, a, value), lax.select(special, _const(a, 0), error))


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
