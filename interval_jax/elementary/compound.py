"""compoundm1(x, y) = (1 + x)**y - 1, to full relative precision next to 0.

It is ``2**p - 1`` with ``p = y log2(1 + x)``: the sum 1 + x is a double word without error, its
logarithm that of powers, and of small p the difference is a series in p. Both factors of p may be
as small or as large as the format allows: they are multiplied as significands.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from interval_jax._decorated import decorable
from interval_jax._doubleword import (
    DoubleWord,
    bounds,
    constant,
    exponent_of,
    multiply_float,
    power_of_two,
    renormalised,
)
from interval_jax._interval import Interval, _operands
from interval_jax._rounding import differentiable, format_of, rounded, together, two_prod, two_sum
from interval_jax.elementary._exp import minus_one, reduced, tables_of, times_ln
from interval_jax.elementary._extend import _empty_where
from interval_jax.elementary._powers import (
    exact_power,
    exact_where,
    exp2_value,
    exponent_error,
    log2_word,
    scaled,
)
from interval_jax.elementary._value import Value, choose
from interval_jax.elementary.shifted import SERIES_ERROR, series_less_one

__all__ = ["compoundm1"]


def _select(mask: Array, a: DoubleWord, b: DoubleWord) -> DoubleWord:
    return DoubleWord(*(lax.select(mask, p, q) for p, q in zip(a, b)))


def _signed(size: Array, like: Array) -> Array:
    return lax.select(lax.lt(like, constant(like, 0)), -size, size)


def _logarithm(x: Array) -> tuple[DoubleWord, Array, DoubleWord]:
    """log2(1 + x) as a double word and an exponent, and 1 + x, for finite x > -1 other than 0.

    Of the least x it is x / ln 2, within x / 2, and scaled. Elsewhere, with the 2 u**2 for a low
    word, it is within ``log2_error``, of which that is below 2**-9.
    """
    below, shift = (2.0**-50, 64) if x.dtype == np.float32 else (2.0**-200, 512)
    least = lax.lt(lax.abs(x), constant(x, below))
    sum = DoubleWord(*two_sum(constant(x, 1), x))
    twice = DoubleWord(*(constant(x, part) for part in tables_of(x).fine_atanh[0]))
    linear = multiply_float(twice, x * constant(x, 2.0 ** (shift - 1)))
    exponent = lax.full_like(least, 0, format_of(x).bits)
    log2 = _select(least, linear, log2_word(sum.hi, sum.lo))
    return log2, lax.select(least, exponent - shift, exponent), sum


def _value(x: Array, y: Array) -> Value:
    """(1 + x)**y - 1 for finite x > -1 and y, both not 0.

    Beyond 2**12 p is cut there, where the power is as good as 0 or infinite. Below 2**-72 (2**-42)
    p ln 2 is within p / 2 of the result, relatively. Of the series, for which |p| is at most 1/8,
    an error of p is at most 1.1 times that, relatively.
    """
    fmt = format_of(x)
    log2, shift, sum = _logarithm(x)
    significand, exponent = scaled(lax.abs(y))
    p = multiply_float(log2, _signed(significand, y))
    p, exponent = together(p), exponent + shift
    size = exponent_of(p.hi) + exponent
    small = lax.lt(size, lax.full_like(size, -42 if fmt.digits == 24 else -72))
    large = lax.ge(size, lax.full_like(size, 12))
    # Where p is neither, its factor is a normal number.
    scale = power_of_two(x, lax.select(small | large, exponent * 0, exponent))
    moderate = DoubleWord(
        lax.select(large, _signed(constant(x, 4096), p.hi), p.hi * scale),
        lax.select(large | small, constant(x, 0), p.lo * scale),
    )
    moderate = DoubleWord(lax.select(small, constant(x, 0), moderate.hi), moderate.lo)
    relative = exponent_error(fmt.unit)
    power = exp2_value(moderate, relative)
    exact = exact_power(sum.hi, log2.hi, y, moderate, power)
    exact = exact & lax.eq(sum.lo, constant(x, 0)) & ~small
    # The series in p itself, of which the steps are multiples of 1/4 exactly.
    base = tables_of(x).base2
    n, rest, _ = reduced(moderate.hi, base)
    r = _select(small, p, DoubleWord(*two_sum(rest, moderate.lo)))
    word = series_less_one(times_ln(n, *r, base), small)
    error = lax.abs(word.hi) * constant(x, SERIES_ERROR * fmt.unit + 1.1 * relative)
    series = Value(word, error, lax.select(small, exponent, exponent * 0))
    near = (lax.eq(n, lax.full_like(n, 0)) & ~exact) | small
    return choose(near, series, minus_one(exact_where(exact, power)))


def _product(x: Array, y: Array) -> tuple[Array, Value]:
    """Where x and x y are so small that the result is next to x y, and the result there.

    It is x y (1 + d), d = (y - 1) x / 2 but for (|x y| + 2 |x|)**2 / 6, with |d| at most u/16.
    Where x y is a float the sign of d tells all; elsewhere, in units of u**2, the first two terms
    have errors of 4 for the sum of d x y with the rest of the product, and below 1 for d.
    """
    fmt = format_of(x)
    limit = lax.full_like(x, -fmt.digits - 5, fmt.bits)
    (a, j), (b, k) = scaled(lax.abs(x)), scaled(lax.abs(y))
    near = lax.le(j, limit) & lax.le(j + k, limit - 1)
    hi, rest = two_prod(_signed(a, x), _signed(b, y))
    d = (y - 1) * (x * constant(x, 0.5))
    exact = lax.eq(rest, constant(x, 0))
    side = lax.sign(y - 1) * lax.sign(x) * constant(x, fmt.unit / 8)
    lo = lax.select(exact, hi * side, rounded(rest + hi * d))
    error = lax.select(exact, constant(x, 0), lax.abs(hi) * constant(x, 16 * fmt.unit**2))
    return near, Value(renormalised(hi, lo), error, j + k)


def _bounds(x: Array, y: Array) -> tuple[Array, Array]:
    """Bounds of (1 + x)**y - 1 at points of x >= -1 and any y, and of limits: see the end."""
    fmt = format_of(x)
    zero, one, inf = (constant(x, v) for v in (0, 1, np.inf))
    ends = lax.le(x, -one) | lax.eq(x, inf) | lax.eq(lax.abs(y), inf)
    null = lax.eq(x, zero) | lax.eq(y, zero)
    s, t = (lax.select(ends | null, one, v) for v in (x, y))
    near, product = _product(s, t)
    down, up = bounds(*choose(near, product, _value(s, t)))
    same = lax.eq(t, one)
    down, up = lax.select(same, s, lax.max(down, -one)), lax.select(same, s, up)
    # The power is 0 or infinite at the ends, and 1 for (1 + x)**0, 1**y.
    rising = lax.eq(lax.gt(x, zero), lax.gt(y, zero))
    down = lax.select(ends, lax.select(rising, constant(x, fmt.max), -one), down)
    up = lax.select(ends, lax.select(rising, inf, -one), up)
    return lax.select(null, zero, down), lax.select(null, zero, up)


def _smooth_range(a: Array, b: Array, c: Array, d: Array) -> tuple[Array, Array]:
    values = jnp.stack([lax.expm1(y * lax.log1p(x)) for x in (a, b) for y in (c, d)])
    return jnp.min(values, 0), jnp.max(values, 0)


@partial(differentiable, smooth=_smooth_range)
def _range(a: Array, b: Array, c: Array, d: Array) -> tuple[Array, Array]:
    """Bounds over -1 <= a <= x <= b, c <= y <= d: monotone in each, extreme at the corners."""
    down, up = _bounds(jnp.stack([a, a, b, b]), jnp.stack([c, d, c, d]))
    return jnp.min(down, 0), jnp.max(up, 0)


@jax.jit
def _enclosure(x: Interval, y: Interval) -> Interval:
    zero, one = constant(x.lo, 0), constant(x.lo, 1)
    null = lax.eq(x.hi, -one)
    outside = lax.lt(x.hi, -one) | (null & lax.le(y.hi, zero))
    empty = lax.gt(x.lo, x.hi) | lax.gt(y.lo, y.hi) | outside
    plain = ~(empty | null)
    a = lax.select(plain, lax.max(x.lo, -one), zero)
    b, c, d = (lax.select(plain, v, zero) for v in (x.hi, y.lo, y.hi))
    lower, upper = _range(a, b, c, d)
    return _empty_where(empty, lax.select(null, -one, lower), lax.select(null, -one, upper))


def _defined(x: Interval, y: Interval) -> Array:
    one, zero = constant(x.lo, 1), constant(y.lo, 0)
    return lax.gt(x.lo, -one) | (lax.ge(x.lo, -one) & lax.gt(y.lo, zero))


@decorable(defined=_defined)
def compoundm1(x: Any, y: Any) -> Interval:
    """Return an enclosure of (1 + x)**y - 1, sharp next to 0 (IEEE 1788-2015 section 10.6.1).

    Args:
        x: Intervals or floats, float32 or float64; what is below -1 is left out.
        y: Intervals or floats, broadcast against x.

    Returns:
        Intervals of the common shape and type, with the sharp range over both. Each bound is
        tightest unless a float lies within 2**-58 (2**-29 in float32) of the exact value,
        relatively; else one unit off.

    Special cases: 0 for y = 0 and for x = 0; x for y = 1; exact where 1 + x and (1 + x)**y are
    floats; at x = -1 it is -1 for y > 0 and not defined for other y, so that
    compoundm1(-1, 0) is empty.

    Example:
        >>> import interval_jax as ij
        >>> ij.compoundm1(ij.interval(1e-10, 1.0), ij.interval(2.0, 3.0))
        Interval([1.99999988e-10, 7], float32)
    """
    return _enclosure(*_operands(x, y))
