"""The number format {0, normal floats, +-inf}: its constants, its steps, ways into it."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import numpy as np
from jax import Array, lax


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


def constant(x: Array, value: float | int) -> Array:
    return lax.full_like(x, value)


def rounded(x: Array) -> Array:
    """Return ``x``, as a value that XLA must have rounded before it is used again.

    A select on ``x != x`` is opaque to contraction and to algebraic simplification,
    where an optimisation barrier or a bitcast round trip is not. NaN becomes 0.
    """
    return lax.select(lax.ne(x, x), constant(x, 0), x)


def bits_of(x: Array) -> Array:
    return lax.bitcast_convert_type(x, format_of(x).bits)


def from_bits(bits: Array, fmt: Format) -> Array:
    return lax.bitcast_convert_type(bits, fmt.dtype)


def _step(x: Array, where: Array, upward: bool) -> Array:
    """The neighbour of ``x`` in the format, above or below, where the mask is set."""
    fmt = format_of(x)
    zero = lax.eq(x, constant(x, 0))
    bits = bits_of(x)
    # Adding one to the bit pattern moves away from zero: up for x > 0, down for x < 0.
    away = lax.gt(x, constant(x, 0)) if upward else lax.lt(x, constant(x, 0))
    one = constant(bits, 1)
    moved = from_bits(lax.select(away, bits + one, bits - one), fmt)
    tiny = fmt.tiny if upward else -fmt.tiny
    # From zero the next number is the smallest normal, and from there back it is zero.
    moved = lax.select(lax.eq(x, constant(x, -tiny)), constant(x, 0), moved)
    moved = lax.select(zero, constant(x, tiny), moved)
    last = constant(x, np.inf if upward else -np.inf)
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
    return step_up(x, constant(x, 0) <= 0)


def next_down(x: Array) -> Array:
    """Return the largest number of {0, normals, +-inf} below ``x``; -inf stays."""
    return step_down(x, constant(x, 0) <= 0)


def is_subnormal(x: Array) -> Array:
    """Tell where ``x`` is subnormal: on its bits, because comparisons may read it as zero."""
    bits = bits_of(x)
    fmt = format_of(x)
    exponent = (bits >> (fmt.digits - 1)) & fmt.exponent_mask
    return (exponent == 0) & ((bits & fmt.fraction_mask) != 0)


@jax.custom_jvp
def flush_down(x: Array) -> Array:
    """Return the largest number of the format that is <= ``x``, which may be subnormal."""
    down = lax.select(bits_of(x) < 0, constant(x, -format_of(x).tiny), constant(x, 0))
    return lax.select(is_subnormal(x), down, x)


@jax.custom_jvp
def flush_up(x: Array) -> Array:
    """Return the smallest number of the format that is >= ``x``, which may be subnormal."""
    up = lax.select(bits_of(x) < 0, constant(x, 0), constant(x, format_of(x).tiny))
    return lax.select(is_subnormal(x), up, x)


flush_down.defjvp(lambda primals, tangents: _identity_tangent(primals, tangents, flush_down))
flush_up.defjvp(lambda primals, tangents: _identity_tangent(primals, tangents, flush_up))


def _convert(x: Array, dtype: Any, upward: bool) -> Array:
    source, target = format_of(x), format_of(np.dtype(dtype))
    x = flush_up(x) if upward else flush_down(x)
    if source.digits <= target.digits:
        return lax.convert_element_type(x, target.dtype)
    near = lax.convert_element_type(x, target.dtype)
    near = lax.select(is_subnormal(near), constant(near, 0), rounded(near))
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
