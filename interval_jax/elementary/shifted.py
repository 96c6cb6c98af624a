"""The forms next to 0 of exponential functions and logarithms to bases 2 and 10.

As their arguments are rational, values b**x - 1 and log_b(1 + x) of floats are rational only for
integers x, or for powers 1 + x of b: those are found out, and nothing else is exact but 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jax import Array, lax

from interval_jax._decorated import decorable
from interval_jax._doubleword import DoubleWord, bounds, constant, head, multiply_float
from interval_jax._interval import Interval, as_interval
from interval_jax._rounding import fast_two_sum, format_of, rounded, two_sum
from interval_jax.elementary._exp import (
    _Series,
    base_exp_value,
    largest_exponent_of_ten,
    minus_one,
    reduced,
    tables_of,
    times_ln,
)
from interval_jax.elementary._exp_log_tables import Base
from interval_jax.elementary._extend import increasing
from interval_jax.elementary._log import atanh_error, log_ends, log_value
from interval_jax.elementary._value import Value, choose, zero_at

__all__ = ["SERIES_ERROR", "exp2m1", "exp10m1", "log2p1", "log10p1", "series_less_one"]

SERIES_ERROR = 88e-4
"""Relative error in units of u of b**x - 1 for r = x ln b, |r| <= R = 0.0867, a + b = r = rh + rl.

In 1e-4 u |r|: of ``EXPM1_ERROR``, which is the same sum for rl = 0, 79.2. Here b has a rounding of
u H |r| and is multiplied by (rh + a) / 2 instead of (r + a) / 2: 0.3; rl, at most u |r|, enters a
sum of low words, 0.1; times_ln has 7u, 0.1. In all 79.7, over 0.958: 83.2. Where |x| is below
``_linear``, what is left out is r / 2, below 2**-42 (2**-71): 0.1 (0) at most.
"""


def _linear(x: Array) -> tuple[Array, Array, int]:
    """Where the functions are multiples of x, x there times a power of two, and its exponent.

    There x is below 2**-42 (2**-72 in binary64).
    """
    below, shift = (2.0**-42, 64) if x.dtype == np.float32 else (2.0**-72, 128)
    near = lax.lt(lax.abs(x), constant(x, below))
    return near, lax.select(near, x * constant(x, 2.0**shift), x), shift


def series_less_one(s: _Series, linear: Array) -> DoubleWord:
    """exp(r) - 1 within ``SERIES_ERROR`` for r = s.rh + s.rl, |r| <= R; r itself where linear."""
    zero = constant(s.rh, 0)
    a = head(s.rh)
    b = (s.rh - a) + s.rl
    # The square of a head is exact.
    h, e = fast_two_sum(s.rh, lax.select(linear, zero, a * a * 0.5))
    tail = lax.select(linear, zero, b * ((s.rh + a) * 0.5) + s.tail)
    return DoubleWord(*fast_two_sum(h, rounded(e + (s.rl + tail))))


def exp_less_one(x: Array, base: Base, largest: float) -> Value:
    """b**x - 1 as a Value, for a base with exact powers at integers up to ``largest``."""
    n, rh, rl = reduced(x, base)
    near, large, shift = _linear(x)
    none = lax.full_like(n, 0)
    # Next to 0 the integer is 0, and r is x.
    word = series_less_one(times_ln(n, lax.select(near, large, rh), rl, base), near)
    error = lax.abs(word.hi) * constant(x, SERIES_ERROR * format_of(x).unit)
    exponent = lax.select(near, lax.full_like(n, -shift), none)
    series = Value(word, error, exponent)
    return choose(lax.eq(n, none), series, minus_one(base_exp_value(x, base, largest)))


def log_of_one_plus(x: Array, base: Base, largest: float) -> Value:
    """log_b(1 + x) as a Value, for a base whose powers up to b**largest are floats.

    The double word 1 + x is exact. If its logarithm is within twice the error of an integer n, it
    is within 0.2u of the float b**n, relatively: that is its high word, and its low word tells on
    which side of n the logarithm lies.
    """
    fmt = format_of(x)
    argument = DoubleWord(*two_sum(constant(x, 1), lax.max(x, constant(x, fmt.unit - 1))))
    value = log_value(argument, base)
    hi, lo = value.word
    zero = constant(x, 0)
    integer = lax.eq(hi, lax.floor(hi)) & lax.le(lax.abs(hi), constant(x, largest))
    if base.exp_step[0] != 0.25:
        integer = integer & lax.gt(hi, zero)
    integer = integer & lax.ne(hi, zero) & lax.le(lax.abs(lo), value.error)
    side = lax.sign(argument.lo) * constant(x, fmt.unit / 8)
    word = DoubleWord(hi, lax.select(integer, side, lo))
    value = Value(word, lax.select(integer, zero, value.error), value.exponent)
    near, large, shift = _linear(x)
    small = multiply_float(_inverse_logarithm(x, base), large)
    # In binary32 1 / ln b is known to 2**-36: that, x / 2 and the product are far below.
    error = lax.abs(small.hi) * constant(x, atanh_error(fmt.unit))
    small_value = Value(small, error, lax.full_like(value.exponent, -shift))
    return choose(near, small_value, value)


def _inverse_logarithm(x: Array, base: Base) -> DoubleWord:
    """1 / ln b, whose leading part in the tables is a head, as a double word."""
    lead, rest = base.scale
    hi = float(format_of(x).dtype.type(lead + rest))
    return DoubleWord(constant(x, hi), constant(x, (lead - hi) + rest))


def _exp_bounds(x: Array, base: Base, largest: float) -> tuple[Array, Array]:
    down, up = zero_at(x, 0.0, bounds(*exp_less_one(x, base, largest)))
    return lax.max(down, constant(x, -1)), up


def _log_bounds(x: Array, base: Base, largest: float) -> tuple[Array, Array]:
    return log_ends(x, -1.0, zero_at(x, 0.0, bounds(*log_of_one_plus(x, base, largest))))


_LN2, _LN10 = float(np.log(2)), float(np.log(10))

_exp2m1_enclosure = increasing(
    lambda x: _exp_bounds(x, tables_of(x).base2, np.inf), lambda x: lax.expm1(x * _LN2)
)
_exp10m1_enclosure = increasing(
    lambda x: _exp_bounds(x, tables_of(x).base10, largest_exponent_of_ten(x)),
    lambda x: lax.expm1(x * _LN10),
)
_log2p1_enclosure = increasing(
    lambda x: _log_bounds(x, tables_of(x).base2, np.inf),
    lambda x: lax.log1p(x) * (1 / _LN2),
    above=-1.0,
)
_log10p1_enclosure = increasing(
    lambda x: _log_bounds(x, tables_of(x).base10, largest_exponent_of_ten(x)),
    lambda x: lax.log1p(x) * (1 / _LN10),
    above=-1.0,
)


def _above_minus_one(x: Interval) -> Array:
    return lax.gt(x.lo, lax.full_like(x.lo, -1))


@decorable()
def exp2m1(x: Any) -> Interval:
    """Return an enclosure of 2**x - 1, sharp next to 0 (IEEE 1788-2015 section 10.6.1).

    Args:
        x: Intervals or floats of any shape, float32 or float64.

    Returns:
        Intervals of the same shape and type. Each bound is tightest, or one unit off where a
        float lies within 2**-58 (2**-29 in float32) of the exact value, relatively.

    Special cases: exact for integers whose value is a float, else tightest; the lower bound never
    is below -1.

    Example:
        >>> import interval_jax as ij
        >>> ij.exp2m1(ij.interval(1e-10, 3.0))
        Interval([6.93147136e-11, 7], float32)
    """
    return _exp2m1_enclosure(as_interval(x))


@decorable()
def exp10m1(x: Any) -> Interval:
    """Return an enclosure of 10**x - 1, sharp next to 0 (IEEE 1788-2015 section 10.6.1).

    Args:
        x: Intervals or floats of any shape, float32 or float64.

    Returns:
        Intervals of the same shape and type. Each bound is tightest, or one unit off where a
        float lies within 2**-58 (2**-29 in float32) of the exact value, relatively.

    Special cases: tightest for integers from 0 to 22 (10 in float32), exact if the value is a
    float; the lower bound never is below -1.

    Example:
        >>> import interval_jax as ij
        >>> ij.exp10m1(ij.interval(1e-10, 3.0))
        Interval([2.30258492e-10, 999], float32)
    """
    return _exp10m1_enclosure(as_interval(x))


@decorable(defined=_above_minus_one)
def log2p1(x: Any) -> Interval:
    """Return an enclosure of log2(1 + x), sharp next to 0 (IEEE 1788-2015 section 10.6.1).

    Args:
        x: Intervals or floats of any shape, float32 or float64; members <= -1 are left out.

    Returns:
        Intervals of the same shape and type. Each bound is tightest unless a float lies within
        2**-59 (2**-29.8 in float32) of the exact value, relatively; else one unit off.

    Special cases: exact where 1 + x is a power of two; log2p1([-1, b]) is unbounded below;
    log2p1([a, b]) with b <= -1 is empty.

    Example:
        >>> import interval_jax as ij
        >>> ij.log2p1(ij.interval(1e-10, 7.0))
        Interval([1.44269485e-10, 3], float32)
    """
    return _log2p1_enclosure(as_interval(x))


@decorable(defined=_above_minus_one)
def log10p1(x: Any) -> Interval:
    """Return an enclosure of log10(1 + x), sharp next to 0 (IEEE 1788-2015 section 10.6.1).

    Args:
        x: Intervals or floats of any shape, float32 or float64; members <= -1 are left out.

    Returns:
        Intervals of the same shape and type. Each bound is tightest unless a float lies within
        2**-59 (2**-29.8 in float32) of the exact value, relatively; else one unit off.

    Special cases: exact where 1 + x is a power of ten; log10p1([-1, b]) is unbounded below;
    log10p1([a, b]) with b <= -1 is empty.

    Example:
        >>> import interval_jax as ij
        >>> ij.log10p1(ij.interval(1e-10, 999.0))
        Interval([4.3429444e-11, 3], float32)
    """
    return _log10p1_enclosure(as_interval(x))
