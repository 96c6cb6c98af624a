"""Values of point kernels: a double word, the bound of its error, and a power of two."""

from __future__ import annotations

from typing import NamedTuple

from jax import Array, lax

from interval_jax._doubleword import DoubleWord, bounds, constant
from interval_jax._rounding import add_down, add_up, format_of

__all__ = ["Value", "beside", "bounds_of_any", "choose", "select_above", "zero_at"]


class Value(NamedTuple):
    """A number known to be within ``error`` of ``word``, times ``2**exponent``."""

    word: DoubleWord
    error: Array
    exponent: Array


def beside(x: Array, side: Array, exponent: Array) -> Value:
    """The Value of a number next to x, on the side where ``side * |x|`` is; 0 beside 0.

    Arguments so small that f(x) = x + o(x) falls between x and a neighbour need no series. They
    are scaled away from underflow.
    """
    unit = format_of(x).unit
    hi = x * constant(x, 2.0**64)
    word = DoubleWord(hi, lax.abs(hi) * side * constant(x, unit / 4))
    return Value(word, constant(x, 0), lax.full_like(exponent, -64))


def choose(mask: Array, a: Value, b: Value) -> Value:
    """Select between values."""
    word = DoubleWord(*(lax.select(mask, p, q) for p, q in zip(a.word, b.word)))
    return Value(word, lax.select(mask, a.error, b.error), lax.select(mask, a.exponent, b.exponent))


def select_above(x: Array, splits: tuple[float, ...], values: tuple[float, ...]) -> Array:
    """The value of the piece between splits that x lies in: a gather would end vectorisation."""
    result = constant(x, values[0])
    for split, value in zip(splits, values[1:], strict=True):
        result = lax.select(lax.ge(x, constant(x, split)), constant(x, value), result)
    return result


def zero_at(x: Array, point: float, values: tuple[Array, Array]) -> tuple[Array, Array]:
    """The bounds, but (0, 0) where x is the root."""
    root = lax.eq(x, constant(x, point))
    return tuple(lax.select(root, constant(x, 0), v) for v in values)  # type: ignore[return-value]


def bounds_of_any(value: Value) -> tuple[Array, Array]:
    """The bounds of a value, also of one whose error reaches its last place, next to a root.

    Such a value has the exponent 0 and an error above 2**-120 (2**-60), so that no bound is
    subnormal: sums of hi with that are multiples of 2**-180 (2**-90). lo and the error are
    summed within u of their sizes, of which the margin holds more; the sum with hi is rounded
    outwards. An infinite error gives the whole line.
    """
    hi, lo, error = *value.word, value.error
    down, up = bounds(*value)
    # Up to a quarter of the last place ``bounds`` decides.
    wide = lax.gt(error, lax.abs(hi) * constant(hi, format_of(hi).unit / 4))
    margin = error * 1.01 + lax.abs(lo) * 2.0**-20
    lower, upper = add_down(hi, lo - margin), add_up(hi, lo + margin)
    return lax.select(wide, lower, down), lax.select(wide, upper, up)
