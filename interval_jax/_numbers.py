"""Numbers and literals outside JAX: their bounds in the format."""

from __future__ import annotations

import math
import warnings
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from interval_jax._literals import read_interval, read_number

__all__ = [
    "PossiblyUndefinedOperation",
    "array_bounds",
    "is_text",
    "literal_bounds",
    "number_bounds",
]


def number_bounds(x: Any, dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """The tightest bounds of Python numbers and of numbers as text, by exact comparison."""

    def neighbour(near: Any, side: float) -> Any:
        with np.errstate(over="ignore"):
            return np.nextafter(near, dtype.type(side))

    def nearest(value: Any) -> tuple[float, float]:
        value = read_number(value) if isinstance(value, str) else value
        if isinstance(value, float | np.floating) and not math.isfinite(value):
            return float(value), float(value)
        try:
            exact = Fraction(value)
        except TypeError:
            raise TypeError(
                f"{type(value).__name__} is no number: pass intervals, float arrays or Python "
                "numbers; of a decorated interval take interval_part"
            ) from None
        with np.errstate(over="ignore", under="ignore"):
            try:
                near = dtype.type(float(exact))
            except OverflowError:
                near = dtype.type(math.inf if exact > 0 else -math.inf)
        tiny = np.finfo(dtype).tiny
        below = above = near
        if abs(near) < tiny:
            below = dtype.type(0 if exact >= 0 else -tiny)
            above = dtype.type(0 if exact <= 0 else tiny)
        else:
            if near == math.inf or near > exact:
                below = neighbour(near, -math.inf)
            if near == -math.inf or (near != math.inf and near < exact):
                above = neighbour(near, math.inf)
            # A number just above the largest subnormal rounds to it, a bound may not.
            below = dtype.type(0) if 0 < below < tiny else below
            above = dtype.type(0) if -tiny < above < 0 else above
        return below, above

    values = np.asarray(x, dtype=object)
    low, high = np.empty(values.shape, dtype), np.empty(values.shape, dtype)
    for i, value in np.ndenumerate(values):
        low[i], high[i] = nearest(value)
    return low, high


class PossiblyUndefinedOperation(UserWarning):
    """The bounds of a literal are out of order, by less than the format resolves."""


class LiteralBounds(NamedTuple):
    """Bounds in a format, and the decorations as written: ``""`` for none."""

    lo: np.ndarray
    hi: np.ndarray
    decorations: np.ndarray


def is_text(x: Any) -> bool:
    """Tell whether x is text or a nested list of texts."""
    if isinstance(x, list | tuple):
        return bool(x) and is_text(x[0])
    return isinstance(x, str) or (isinstance(x, np.ndarray) and x.dtype.kind == "U")


def literal_bounds(x: Any, dtype: np.dtype) -> LiteralBounds:
    """The tightest bounds of interval literals."""
    values = np.asarray(x, dtype=object)
    low, high = np.empty(values.shape, dtype), np.empty(values.shape, dtype)
    decorations = np.empty(values.shape, "U3")
    for i, value in np.ndenumerate(values):
        if not isinstance(value, str):
            raise TypeError(f"{value!r} among interval literals: write all of them as text")
        lo, hi, decorations[i] = read_interval(value)
        (low[i], lo_up), (hi_down, high[i]) = number_bounds(lo, dtype), number_bounds(hi, dtype)
        if lo > hi and not (lo == math.inf and hi == -math.inf):
            if low[i] > high[i]:
                raise ValueError(f"not an interval literal: {value!r}: its bounds are out of order")
            low[i], high[i] = min(low[i], hi_down), max(lo_up, high[i])
            warnings.warn(
                f"the bounds of {value!r} are out of order, but too close for {dtype} to tell: "
                "the result encloses both",
                PossiblyUndefinedOperation,
                stacklevel=3,
            )
    return LiteralBounds(low, high, decorations)


def array_bounds(x: np.ndarray, dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """The tightest bounds of a float array in a type that is as wide or narrower."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        near = x.astype(dtype)
        tiny = np.finfo(dtype).tiny
        low = np.where(near > x, np.nextafter(near, dtype.type(-np.inf)), near)
        high = np.where(near < x, np.nextafter(near, dtype.type(np.inf)), near)
        small = (np.abs(x) < tiny) & (x != 0)
        low = np.where(small, np.where(x < 0, -tiny, 0), low).astype(dtype)
        high = np.where(small, np.where(x > 0, tiny, 0), high).astype(dtype)
    return low, high
