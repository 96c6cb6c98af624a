"""Floor 1: the :class:`Interval` pytree and its arithmetic.

An interval is a pair of bounds in the format {0, normal floats, +-inf}. The empty set is
``lo = +inf, hi = -inf``, so that hulls and intersections are plain minima and maxima.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from interval_jax import _rounding as rd
from interval_jax import _sums
from interval_jax._array import ArrayOfIntervals, Operand, is_concrete
from interval_jax._numbers import array_bounds, number_bounds
from interval_jax._text import intervals_text

__all__ = [
    "Interval",
    "add",
    "as_interval",
    "div",
    "matmul",
    "mul",
    "neg",
    "pos",
    "recip",
    "sqr",
    "sub",
]


@jax.tree_util.register_dataclass
@dataclass(frozen=True, eq=False, repr=False)
class Interval(ArrayOfIntervals):
    """An array of closed real intervals ``[lo, hi]``: a pytree with two leaves.

    Build one with :func:`interval`, which checks; this constructor takes bounds as they are.

    Args:
        lo: Lower bounds, float32 or float64, numbers of {0, normals, +-inf}.
        hi: Upper bounds, same shape and dtype. ``lo = inf, hi = -inf`` is the empty set.

    Example:
        >>> import interval_jax as ij
        >>> x = ij.interval(1.0, 2.0)
        >>> x - x
        Interval([-1, 1], float32)
    """

    lo: Array
    hi: Array

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array of intervals."""
        return tuple(self.lo.shape)

    @property
    def dtype(self) -> np.dtype:
        """Type of the bounds."""
        return np.dtype(self.lo.dtype)

    def astype(self, dtype: Any) -> Interval:
        """Return the smallest enclosure with bounds of another type (exact if it is wider)."""
        return Interval(rd.convert_down(self.lo, dtype), rd.convert_up(self.hi, dtype))

    def __neg__(self) -> Interval:
        return Interval(-self.hi, -self.lo)

    def __abs__(self) -> Interval:
        zero = lax.full_like(self.lo, 0)
        mig = lax.max(lax.max(self.lo, -self.hi), zero)
        return _where_empty(self, Interval(mig, lax.max(-self.lo, self.hi)), self)

    def __matmul__(self, other: Any) -> Interval:
        return matmul(self, other) if isinstance(other, Operand) else NotImplemented

    def __rmatmul__(self, other: Any) -> Interval:
        return matmul(other, self) if isinstance(other, Operand) else NotImplemented

    def __repr__(self) -> str:
        if not all(
            isinstance(b, Array | np.ndarray) and is_concrete(b) for b in (self.lo, self.hi)
        ):
            return f"Interval(lo={self.lo}, hi={self.hi})"
        body = intervals_text(np.asarray(self.lo), np.asarray(self.hi))
        return f"Interval({body}, {self.dtype})"


# --- operands ---------------------------------------------------------------------------


def _default_dtype() -> np.dtype:
    return np.dtype(jnp.result_type(float))


def _float_type(*args: Any) -> np.dtype:
    """The common float type of the arrays among the operands, by JAX's promotion rules."""
    typed = [a.dtype for a in args if isinstance(a, Interval | Array | np.ndarray | np.generic)]
    floats = [jax.dtypes.canonicalize_dtype(d) for d in typed if jnp.issubdtype(d, jnp.floating)]
    return rd.format_of(jnp.result_type(*floats) if floats else _default_dtype()).dtype


def _bounds_of(x: Any, dtype: np.dtype, what: str) -> tuple[Any, Any]:
    """The tightest bounds, in the format, of every number in ``x``."""
    if not isinstance(x, Array | np.ndarray | np.generic):
        return number_bounds(x, dtype)
    if not jnp.issubdtype(x.dtype, jnp.floating):
        raise TypeError(
            f"{what} has dtype {x.dtype}; intervals have float bounds: convert it with "
            "astype(float32 or float64) where that is exact, or pass Python numbers"
        )
    if isinstance(x, Array):
        return rd.convert_down(x, dtype), rd.convert_up(x, dtype)
    return array_bounds(np.asarray(x), dtype)


def as_interval(x: Any, dtype: Any = None) -> Interval:
    """Return ``x`` as intervals: an Interval unchanged, numbers as points.

    Unlike :func:`interval` this never looks at values, so it is the way constants enter a
    traced computation: +-inf, a limit, becomes the interval between it and the largest
    finite number; NaN, no number at all, becomes the empty set.
    """
    if isinstance(x, Interval):
        if not (isinstance(x.lo, Array) and isinstance(x.hi, Array)):
            x = Interval(jnp.asarray(x.lo), jnp.asarray(x.hi))
        return x if dtype is None or x.dtype == dtype else x.astype(dtype)
    dtype = _float_type(x) if dtype is None else np.dtype(dtype)
    low, high = _bounds_of(x, dtype, "an operand")
    low, high = jnp.asarray(low), jnp.asarray(high)
    largest = lax.full_like(low, rd.format_of(low).max)
    number = lax.eq(low, low)
    return Interval(
        lax.select(number, lax.min(low, largest), lax.full_like(low, np.inf)),
        lax.select(number, lax.max(high, -largest), lax.full_like(high, -np.inf)),
    )


def _operands(*args: Any) -> tuple[Interval, ...]:
    """Operands as intervals of one type and shape, by JAX's promotion rules."""
    dtype = _float_type(*args)
    intervals = [as_interval(a, dtype) for a in args]
    shape = jnp.broadcast_shapes(*(x.shape for x in intervals))
    return tuple(
        x
        if x.shape == shape
        else Interval(jnp.broadcast_to(x.lo, shape), jnp.broadcast_to(x.hi, shape))
        for x in intervals
    )


def _is_empty(x: Interval) -> Array:
    return lax.gt(x.lo, x.hi)


def _where(mask: Array, x: Interval, y: Interval) -> Interval:
    return Interval(lax.select(mask, x.lo, y.lo), lax.select(mask, x.hi, y.hi))


def _like(x: Interval, lo: float, hi: float) -> Interval:
    return Interval(lax.full_like(x.lo, lo), lax.full_like(x.hi, hi))


def _where_empty(x: Interval, value: Interval, *others: Interval) -> Interval:
    """Return ``value``, but the empty set where ``x`` or one of the others is empty."""
    mask = _is_empty(x)
    for y in others:
        mask = mask | _is_empty(y)
    return _where(mask, _like(value, np.inf, -np.inf), value)


# --- arithmetic -------------------------------------------------------------------------


def pos(x: Any) -> Interval:
    """Return ``x`` itself, exact (IEEE 1788-2015 section 9.1).

    Example:
        >>> import interval_jax as ij
        >>> ij.pos(ij.interval(1.0, 2.0))
        Interval([1, 2], float32)
    """
    return as_interval(x)


def neg(x: Any) -> Interval:
    """Return ``-x``, exact (IEEE 1788-2015 section 9.1).

    Example:
        >>> import interval_jax as ij
        >>> ij.neg(ij.interval(1.0, 2.0))
        Interval([-2, -1], float32)
    """
    return -as_interval(x)


def add(x: Any, y: Any) -> Interval:
    """Return the tightest enclosure of ``x + y`` (IEEE 1788-2015 section 9.1).

    Example:
        >>> import interval_jax as ij
        >>> ij.add(ij.interval(1.0, 2.0), 0.5)
        Interval([1.5, 2.5], float32)
    """
    x, y = _operands(x, y)
    # Infinities of an empty operand against those of the other leave NaN, which the directed
    # operations turn into the bounds of the empty set; finite ones keep its infinities.
    return Interval(rd.add_down(x.lo, y.lo), rd.add_up(x.hi, y.hi))


def sub(x: Any, y: Any) -> Interval:
    """Return the tightest enclosure of ``x - y`` (IEEE 1788-2015 section 9.1).

    Example:
        >>> import interval_jax as ij
        >>> ij.sub(ij.interval(1.0, 2.0), ij.interval(0.0, 0.5))
        Interval([0.5, 2], float32)
    """
    x, y = _operands(x, y)
    return Interval(rd.sub_down(x.lo, y.hi), rd.sub_up(x.hi, y.lo))


def mul(x: Any, y: Any) -> Interval:
    """Return the tightest enclosure of ``x * y`` (IEEE 1788-2015 section 9.1).

    ``x * x`` multiplies two independent members of x; :func:`sqr` squares one.

    Example:
        >>> import interval_jax as ij
        >>> ij.mul(ij.interval(-1.0, 2.0), ij.interval(3.0, 4.0))
        Interval([-4, 8], float32)
    """
    x, y = _operands(x, y)
    return Interval(*rd.product_bounds(x.lo, x.hi, y.lo, y.hi))


def div(x: Any, y: Any) -> Interval:
    """Return the tightest enclosure of ``x / y`` over the nonzero members of y.

    Special cases: ``y = [0, 0]`` gives the empty set; y with zero inside gives the whole
    line, unless x is zero (IEEE 1788-2015 section 9.1).

    Example:
        >>> import interval_jax as ij
        >>> ij.div(1.0, ij.interval(0.0, 4.0))
        Interval([0.25, inf], float32)
    """
    x, y = _operands(x, y)
    return Interval(*rd.quotient_bounds(x.lo, x.hi, y.lo, y.hi))


def recip(x: Any) -> Interval:
    """Return the tightest enclosure of ``1 / x`` over the nonzero members of x.

    Example:
        >>> import interval_jax as ij
        >>> ij.recip(ij.interval(2.0, 4.0))
        Interval([0.25, 0.5], float32)
    """
    return div(1.0, as_interval(x))


def sqr(x: Any) -> Interval:
    """Return the tightest enclosure of the squares of the members of x.

    Example:
        >>> import interval_jax as ij
        >>> ij.sqr(ij.interval(-1.0, 2.0))
        Interval([0, 4], float32)
    """
    x = as_interval(x)
    return Interval(*rd.square_bounds(x.lo, x.hi))


def matmul(x: Any, y: Any) -> Interval:
    """Return an enclosure of the matrix product, at the cost of two or three plain ones.

    Args:
        x: Intervals or float array of shape (..., n, k) or (k,).
        y: Intervals or float array of shape (..., k, m) or (k,).

    Returns:
        Enclosure of ``jnp.matmul`` of all members: midpoint-radius, with an a-priori bound of
        the rounding errors for any order of summation. Its width exceeds the exact range's by
        at most a factor of 1.5 (interval times interval) and rounding, about k units.

    Example:
        >>> import interval_jax as ij
        >>> import jax.numpy as jnp
        >>> X = ij.interval(jnp.ones((2, 2)), 2 * jnp.ones((2, 2)))
        >>> (jnp.eye(2) @ X).shape
        (2, 2)
    """
    dtype = _float_type(x, y)
    # A float array of the right type is an exact point; anything else is enclosed first.
    operands = [
        a.astype(dtype)
        if isinstance(a, Interval) or (isinstance(a, Array) and a.dtype == dtype)
        else as_interval(a, dtype)
        for a in (x, y)
    ]
    shapes = [a.shape for a in operands]
    if min(len(s) for s in shapes) == 0 or shapes[0][-1] != shapes[1][-2:][0]:
        raise TypeError(f"matmul: shapes {shapes[0]} and {shapes[1]} do not match")
    vectors = [len(s) == 1 for s in shapes]
    batch = jnp.broadcast_shapes(*(s[:-2] for s in shapes))

    def prepare(a: Interval | Array, vector: bool, left: bool) -> Any:
        def shape(b: Array) -> Array:
            b = b[None, :] if vector and left else b[:, None] if vector else b
            return jnp.broadcast_to(b, batch + b.shape[-2:])

        return (shape(a.lo), shape(a.hi)) if isinstance(a, Interval) else shape(a)

    left, right = (
        prepare(a, v, side) for a, v, side in zip(operands, vectors, (True, False), strict=True)
    )
    axes = tuple(range(len(batch)))
    k = len(batch)
    numbers = (((k + 1,), (k,)), (axes, axes))
    value = Interval(*_sums.contract(left, right, numbers))
    if vectors[0]:
        value = value[..., 0, :]
    return value[..., 0] if vectors[1] else value
