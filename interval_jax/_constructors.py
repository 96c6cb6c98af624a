"""Floor 1: how intervals are made from numbers, arrays and text."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from interval_jax import _rounding as rd
from interval_jax._array import is_concrete
from interval_jax._interval import Interval, _bounds_of, _default_dtype, _float_type, _operands
from interval_jax._numbers import is_text, literal_bounds

__all__ = ["empty", "entire", "interval", "midrad", "requested_dtype"]


def requested_dtype(dtype: Any) -> np.dtype:
    """The type of bounds that a caller asks for; JAX has no float64 where x64 is disabled."""
    return rd.format_of(jax.dtypes.canonicalize_dtype(np.dtype(dtype))).dtype


def interval(lo: Any, hi: Any = None, dtype: Any = None) -> Interval:
    """Return the intervals ``[lo, hi]``, checked, with bounds rounded outward to the format.

    Args:
        lo: Lower bounds: a float array, a Python number or a nested list of them. An
            :class:`Interval` is passed on, converted to ``dtype``. Text is read exactly: without
            ``hi`` an interval literal of IEEE 1788-2015 section 9.7 (``"[1/3, 0.4]"``,
            ``"1.5?2u"``, ``"[entire]"``, ``"[0x1.8p+3,]"``) or a number, with ``hi`` a number.
        hi: Upper bounds, broadcast against ``lo``; ``None`` means the points ``lo``.
        dtype: float32 or float64; by default that of the arrays, or JAX's default float for
            Python numbers. Numbers that the type cannot hold are enclosed. Where x64 is disabled,
            float64 means float32, as everywhere in JAX.

    Returns:
        The smallest intervals with bounds of that type (exact unless a bound is rounded).

    Raises:
        TypeError: For integer, complex or half-precision arrays.
        ValueError: If a concrete bound is NaN, ``lo > hi``, ``lo = inf`` or ``hi = -inf``.
            Bounds traced by ``jit`` cannot be checked: there such intervals become empty.
            Also for text that is no literal, or a decorated one: see :func:`decorate`.

    Example:
        >>> import interval_jax as ij
        >>> ij.interval(0.1, 0.3)
        Interval([0.099999994, 0.300000012], float32)
        >>> ij.interval(["[1/3, 0.5]", "10?3"])
        Interval([[0.333333313, 0.5], [7, 13]], float32)
    """
    if isinstance(lo, Interval):
        if hi is not None:
            raise TypeError("interval(X, hi): X already is an Interval")
        return lo if dtype is None else lo.astype(dtype)
    dtype = _float_type(lo, hi) if dtype is None else requested_dtype(dtype)
    if hi is None and is_text(lo):
        read = literal_bounds(lo, dtype)
        if np.any(read.decorations != ""):
            raise ValueError(f"{lo!r} is decorated: read it with interval_jax.decorate")
        return Interval(jnp.asarray(read.lo), jnp.asarray(read.hi))
    low, high = _bounds_of(lo, dtype, "the lower bound")
    if hi is not None:
        high = _bounds_of(hi, dtype, "the upper bound")[1]
    if all(is_concrete(b) for b in (low, high)):
        _check(np.asarray(low), np.asarray(high))
    shape = jnp.broadcast_shapes(low.shape, high.shape)
    low, high = (jnp.broadcast_to(jnp.asarray(b), shape) for b in (low, high))
    return _where_valid(low, high)


def _check(low: np.ndarray, high: np.ndarray) -> None:
    problems = {
        "a bound is NaN": np.isnan(low) | np.isnan(high),
        "lo > hi": low > high,
        "lo is +inf": low == np.inf,
        "hi is -inf": high == -np.inf,
    }
    for problem, where in problems.items():
        if np.any(where):
            at = tuple(int(i) for i in np.argwhere(where)[0]) if where.ndim else ()
            a, b = np.broadcast_arrays(low, high)
            raise ValueError(
                f"not an interval: {problem} at index {at}: [{a[at]}, {b[at]}]; order the "
                "bounds, remove NaN, or use interval_jax.empty(shape) for the empty set"
            )


def _where_valid(low: Array, high: Array) -> Interval:
    inf = lax.full_like(low, np.inf)
    valid = lax.le(low, high) & lax.lt(low, inf) & lax.gt(high, -inf)
    return Interval(lax.select(valid, low, inf), lax.select(valid, high, -inf))


def midrad(m: Any, r: Any, dtype: Any = None) -> Interval:
    """Return the smallest intervals that contain every ``m +- r``, for radii ``r >= 0``.

    Raises:
        ValueError: If a concrete radius is negative or NaN.

    Example:
        >>> import interval_jax as ij
        >>> ij.midrad(1.0, 0.5)
        Interval([0.5, 1.5], float32)
    """
    center, radius = interval(m, dtype=dtype), interval(r, dtype=dtype)
    if is_concrete(radius.lo) and np.any(np.asarray(radius.lo) < 0):
        raise ValueError("midrad(m, r): a radius is negative; pass r >= 0")
    center, radius = _operands(center, radius)
    return Interval(rd.sub_down(center.lo, radius.hi), rd.add_up(center.hi, radius.hi))


def empty(shape: Any = (), dtype: Any = None) -> Interval:
    """Return an array of empty sets.

    Example:
        >>> import interval_jax as ij
        >>> ij.empty()
        Interval([empty], float32)
    """
    dtype = _default_dtype() if dtype is None else dtype
    return Interval(jnp.full(shape, np.inf, dtype), jnp.full(shape, -np.inf, dtype))


def entire(shape: Any = (), dtype: Any = None) -> Interval:
    """Return an array of whole real lines.

    Example:
        >>> import interval_jax as ij
        >>> ij.entire()
        Interval([-inf, inf], float32)
    """
    dtype = _default_dtype() if dtype is None else dtype
    return Interval(jnp.full(shape, -np.inf, dtype), jnp.full(shape, np.inf, dtype))
