"""Numbers outside JAX: their bounds in the format, and bounds as decimal text, outward."""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from typing import Any

import numpy as np

__all__ = ["array_bounds", "decimal_text", "intervals_text", "number_bounds"]


def number_bounds(x: Any, dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """The tightest bounds of Python numbers, by exact comparison."""

    def nearest(value: Any) -> tuple[float, float]:
        if isinstance(value, float | np.floating) and not math.isfinite(value):
            return float(value), float(value)
        exact = Fraction(value)
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
                below = np.nextafter(near, dtype.type(-math.inf))
            if near == -math.inf or (near != math.inf and near < exact):
                above = np.nextafter(near, dtype.type(math.inf))
            # A number just above the largest subnormal rounds to it, a bound may not.
            below = dtype.type(0) if 0 < below < tiny else below
            above = dtype.type(0) if -tiny < above < 0 else above
        return below, above

    values = np.asarray(x, dtype=object)
    low, high = np.empty(values.shape, dtype), np.empty(values.shape, dtype)
    for i, value in np.ndenumerate(values):
        low[i], high[i] = nearest(value)
    return low, high


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


def decimal_text(lo: Any, hi: Any, digits: int) -> str:
    """Bounds as decimal numbers of so many digits, rounded outward."""
    if lo > hi:
        return "[empty]"

    def decimal(bound: Any, rounding: str) -> str:
        context = Context(prec=digits, rounding=rounding)
        text = f"{context.create_decimal(Decimal(float(bound))).normalize(context):g}"
        return text.replace("Infinity", "inf")

    down, up = decimal(lo, ROUND_FLOOR), decimal(hi, ROUND_CEILING)
    return f"[{down}, {up}]"


def intervals_text(lo: np.ndarray, hi: np.ndarray, decorations: np.ndarray | None = None) -> str:
    """An array of intervals for ``repr``: nested brackets, or shape and hull of a large one.

    Args:
        lo: Lower bounds.
        hi: Upper bounds.
        decorations: The names of their decorations, if they have any.
    """
    digits = 17 if lo.dtype == np.float64 else 9
    if lo.size > 1000:
        return f"shape={lo.shape}, hull={decimal_text(lo.min(), hi.max(), digits)}"
    text = np.empty(lo.shape, object)
    for i, low in np.ndenumerate(lo):
        text[i] = decimal_text(low, hi[i], digits)
        if decorations is not None:
            text[i] = "[nai]" if decorations[i] == "ill" else f"{text[i]}_{decorations[i]}"
    if lo.ndim:
        return np.array2string(text, separator=", ", formatter={"all": str})
    return str(text[()])
