"""Functions next to a simple zero: their expansion in the distance from it.

Where terms cancel, next to a zero, their errors are as large as the result. The distance t of a
float x from a zero, which is known to three words, is a double word with a small relative error
however near they are, and so is the function, t (c1 + c2 t + ...). Zeros, coefficients and
the proof of the errors come from ``tools/zeros.py``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jax import Array, lax

from interval_jax._doubleword import DoubleWord, constant, multiply, renormalised
from interval_jax._rounding import fast_two_sum, format_of, rounded, together, two_sum
from interval_jax.elementary import _zeros_tables
from interval_jax.elementary._value import Value, choose

__all__ = ["choose_next_to_zero", "distance", "table_of", "times_slope"]

_TABLES = {24: _zeros_tables.FLOAT32, 53: _zeros_tables.FLOAT64}


def table_of(dtype: np.dtype) -> _zeros_tables.ZerosTable:
    """The expansions for a format."""
    return _TABLES[format_of(dtype).digits]


def distance(x: Array, at: tuple[Array, Array, Array]) -> DoubleWord:
    """x - z for a zero z that is the sum of three words, within 4 u**2 of it, relatively.

    For x within z/2 of z: then the difference d with the first word is exact, and 0 or at least
    twice the second word w, so that |w| is at most the result. The third word and what is missing
    of z are at most u and u**2 of that; e, up to u of the result, less the third word is rounded.
    """
    # Rounded although it is exact: XLA would add the two words, which are constants.
    s, e = two_sum(rounded(x - at[0]), -at[1])
    return renormalised(s, rounded(e - at[2]))


def times_slope(t: DoubleWord, slope: DoubleWord, rest: Sequence[Array]) -> DoubleWord:
    """t (slope + rest[0] t + rest[1] t**2 + ...), the terms in t in plain arithmetic.

    With |rest[0] t| + ... below half of the slope, the sum of it and the low words, each at most
    1.5 u of the slope, is rounded, 2 u**2, and the product has ``MULTIPLY_ERROR``; the tables'
    errors include that of t, and 3k roundings of the term in t**k.
    """
    value = rest[-1]
    for c in reversed(rest[:-1]):
        value = value * t.hi + c
    h, e = fast_two_sum(slope.hi, rounded(value * t.hi))
    return multiply(t, renormalised(h, rounded(e + slope.lo)))


def choose_next_to_zero(
    x: Array, zero: _zeros_tables.Expansion, error: tuple[float, float], value: Value
) -> Value:
    """The value of silu' or gelu', but next to its zero that of the expansion."""
    at = tuple(constant(x, part) for part in zero.at)
    t = distance(x, at)  # type: ignore[arg-type]
    slope = DoubleWord(*(constant(x, part) for part in zero.slope))
    word = times_slope(t, slope, [constant(x, c) for c in zero.rest])
    size = lax.abs(t.hi)
    inside = lax.le(size, constant(x, table_of(x.dtype).slopes_radius))
    near = Value(
        together(word),
        size * (error[0] + size * error[1]) * 1.01,
        lax.full_like(value.exponent, 0),
    )
    return choose(inside, near, value)
