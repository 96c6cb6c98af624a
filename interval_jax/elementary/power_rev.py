"""Reverse powers: which bases, and which exponents, lead into an interval.

x**y is defined for x > 0, and as 0 for x = 0 and y > 0 (IEEE 1788-2015 section 9.1). With
logarithms, y log x = log z; what is not covered by a quotient of them is x = 0, x = 1 and y = 0.
Ends that are limits only, such as 1 for the roots of numbers above it, do not belong to a part:
where the place to look begins there, the part is empty.
"""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
from jax import Array, lax

from interval_jax._decorated import decorable
from interval_jax._doubleword import (
    DIVIDE_ERROR,
    DoubleWord,
    bounds,
    constant,
    divide,
    multiply,
    positive_bounds,
)
from interval_jax._interval import Interval, _like, _operands, as_interval
from interval_jax._rounding import format_of, together
from interval_jax.elementary._extend import _empty_where
from interval_jax.elementary._powers import (
    clamped_exponent,
    exact_power,
    exact_where,
    exp2_value,
    log2_error,
    log2_word,
    scaled,
)
from interval_jax.set_ops import convex_hull, intersection

__all__ = ["pow_rev1", "pow_rev2"]


def _any_root(z: Array, y: Array, negative: bool) -> tuple[Array, Array]:
    """Bounds of z**(1/y), or its reciprocal, for z >= 0 and y >= 0, 0 standing for its limit.

    Exact where the result is a power of two, or y is one.
    """
    zero, one = constant(z, 0), constant(z, 1)
    # Below the least exponent but 0, all powers and roots but those of 1 leave the range.
    least = clamped_exponent(constant(y, format_of(y).tiny))
    y = lax.select(lax.eq(y, zero), least, clamped_exponent(y))
    inverse = divide(DoubleWord(one, zero), DoubleWord(y, zero))
    log2 = log2_word(z)
    if negative:
        inverse = DoubleWord(-inverse.hi, -inverse.lo)
    p = multiply(log2, inverse)
    unit = format_of(z).unit
    value = exp2_value(p, log2_error(unit) + 2 * DIVIDE_ERROR * unit**2)
    exact = exact_power(z, log2.hi, inverse.hi, p, value)
    # A quotient of a logarithm of a power of two next to an integer is that integer.
    of_two = lax.eq(scaled(z).significand, one)
    exact = exact & (of_two | lax.eq(inverse.lo, zero))
    # A loop of their own: the vectoriser of jax 0.12 takes time exponential in shared values.
    return together(positive_bounds(*exact_where(exact, value)))


def _without(x: Interval, empty: Array) -> Interval:
    return _empty_where(empty, x.lo, x.hi)


def _bases(y: Interval, z: Interval, x: Interval, negative: bool) -> Interval:
    """The t > 0 in x with t**y in z for some y > 0 in ``y``, or with t**-y."""
    zero, one = lax.full_like(y.lo, 0), lax.full_like(y.lo, 1)
    least, most = lax.max(y.lo, zero), y.hi
    lo, hi = lax.max(z.lo, zero), z.hi
    below, above = lax.lt(hi, one), lax.gt(lo, one)
    if negative:
        lower = _any_root(hi, lax.select(lax.gt(hi, one), least, most), True)[0]
        upper = _any_root(lo, lax.select(above, most, least), True)[1]
        below, above = above, below
    else:
        lower = _any_root(lo, lax.select(lax.lt(lo, one), least, most), False)[0]
        upper = _any_root(hi, lax.select(below, most, least), False)[1]
    outside = (below & lax.ge(x.lo, one)) | (above & lax.le(x.hi, one)) | lax.le(x.hi, zero)
    nothing = lax.le(y.hi, zero) | lax.le(z.hi, zero)
    return _without(intersection(Interval(lower, upper), x), outside | nothing)


@jax.jit
def _base(y: Interval, z: Interval, x: Interval) -> Interval:
    zero, one = lax.full_like(y.lo, 0), lax.full_like(y.lo, 1)
    empty = lax.gt(y.lo, y.hi) | lax.gt(z.lo, z.hi) | lax.gt(x.lo, x.hi)
    positive = _bases(y, z, x, False)
    negative = _bases(-y, z, x, True)
    # t**0 = 1 for t > 0, and 0**y = 0 for y > 0.
    constant_one = lax.le(y.lo, zero) & lax.ge(y.hi, zero) & lax.le(z.lo, one) & lax.ge(z.hi, one)
    any_base = _without(intersection(x, _like(x, 0, np.inf)), ~constant_one | lax.le(x.hi, zero))
    null = lax.gt(y.hi, zero) & lax.le(z.lo, zero) & lax.ge(z.hi, zero)
    null = null & lax.le(x.lo, zero) & lax.ge(x.hi, zero)
    at_zero = _without(_like(x, 0, 0), ~null)
    parts = convex_hull(convex_hull(positive, negative), convex_hull(any_base, at_zero))
    return _without(parts, empty)


@decorable(defined=False)
def pow_rev1(b: Any, c: Any, x: Any = None) -> Interval:
    """Return an enclosure of the t in x with ``t**y`` in ``c`` for some y in ``b``.

    Args:
        b: Intervals or floats, the exponent.
        c: Intervals or floats, the power.
        x: Intervals or floats, where to look; by default everywhere.

    Returns:
        Intervals of the common shape and type (IEEE 1788-2015 section 10.5.4). Each bound is
        tightest unless a float lies within 2**-61 (2**-31 in float32) of the exact value,
        relatively; else one unit off.

    Example:
        >>> import interval_jax as ij
        >>> ij.pow_rev1(ij.interval(2.0, 4.0), ij.interval(0.25, 16.0))
        Interval([0.5, 4], float32)
    """
    x = _like(as_interval(c), -np.inf, np.inf) if x is None else x
    return _base(*_operands(b, c, x))


def _log_quotient(z: Array, t: Array) -> tuple[Array, Array]:
    """Bounds of log z / |log t| for z >= 0, t >= 0, and of its limits at 0, 1 and inf."""
    unit = format_of(z).unit
    zero, one, inf = (constant(z, v) for v in (0, 1, np.inf))
    top, bottom = log2_word(z), log2_word(t)
    negative = lax.lt(bottom.hi, zero)
    bottom = DoubleWord(lax.abs(bottom.hi), lax.select(negative, -bottom.lo, bottom.lo))
    quotient = divide(top, DoubleWord(lax.select(lax.eq(t, one), one, bottom.hi), bottom.lo))
    relative = 2.01 * log2_error(unit) + DIVIDE_ERROR * unit**2
    error = lax.abs(quotient.hi) * constant(z, relative)
    # Logarithms of powers of two are integers: a quotient that ends with the float is exact.
    whole = lax.eq(scaled(z).significand, one) & lax.eq(scaled(t).significand, one)
    error = lax.select(whole & lax.eq(quotient.lo, zero), zero, error)
    down, up = bounds(quotient, error)
    boundless = lax.select(lax.lt(z, one), -inf, inf)
    special = lax.eq(t, one) | lax.eq(z, zero) | lax.eq(z, inf)
    none = lax.eq(z, one) | lax.eq(t, zero) | lax.eq(t, inf)
    return tuple(
        lax.select(lax.eq(z, one), zero, lax.select(special, boundless, lax.select(none, zero, v)))
        for v in (down, up)
    )  # type: ignore[return-value]


def _exponents(near: Array, far: Array, z: Interval, x: Interval, falling: bool) -> Interval:
    """The y in x with t**y in z, for some t other than 1 between ``near`` and ``far`` from 1."""
    zero, one = lax.full_like(near, 0), lax.full_like(near, 1)
    lo = lax.max(z.lo, zero)
    lower = _log_quotient(lo, lax.select(lax.lt(lo, one), near, far))[0]
    upper = _log_quotient(z.hi, lax.select(lax.lt(z.hi, one), far, near))[1]
    positive, negative = lax.gt(z.lo, one), lax.lt(z.hi, one)
    if falling:
        lower, upper, positive, negative = -upper, -lower, negative, positive
    outside = (positive & lax.le(x.hi, zero)) | (negative & lax.ge(x.lo, zero))
    return _without(intersection(Interval(lower, upper), x), outside | lax.le(z.hi, zero))


@jax.jit
def _exponent(t: Interval, z: Interval, x: Interval) -> Interval:
    zero, one = lax.full_like(t.lo, 0), lax.full_like(t.lo, 1)
    empty = lax.gt(t.lo, t.hi) | lax.gt(z.lo, z.hi) | lax.gt(x.lo, x.hi)
    rising = _exponents(lax.max(t.lo, one), lax.max(t.hi, one), z, x, False)
    rising = _without(rising, lax.le(t.hi, one))
    lo = lax.max(t.lo, zero)
    falling = _exponents(lax.min(lax.max(t.hi, zero), one), lax.min(lo, one), z, x, True)
    falling = _without(falling, lax.ge(t.lo, one) | lax.le(t.hi, zero))
    # 1**y = 1 for every y, and 0**y = 0 for y > 0.
    at_one = lax.le(t.lo, one) & lax.ge(t.hi, one) & lax.le(z.lo, one) & lax.ge(z.hi, one)
    at_zero = lax.le(t.lo, zero) & lax.ge(t.hi, zero) & lax.le(z.lo, zero) & lax.ge(z.hi, zero)
    any_exponent = _without(x, ~at_one)
    any_positive = _without(intersection(x, _like(x, 0, np.inf)), ~at_zero | lax.le(x.hi, zero))
    parts = convex_hull(convex_hull(rising, falling), convex_hull(any_exponent, any_positive))
    return _without(parts, empty)


@decorable(defined=False)
def pow_rev2(a: Any, c: Any, x: Any = None) -> Interval:
    """Return an enclosure of the y in x with ``t**y`` in ``c`` for some t in ``a``.

    Args:
        a: Intervals or floats, the base.
        c: Intervals or floats, the power.
        x: Intervals or floats, where to look; by default everywhere.

    Returns:
        Intervals of the common shape and type (IEEE 1788-2015 section 10.5.4). Each bound is
        tightest unless a float lies within 2**-73 (2**-39 in float32) of the exact value,
        relatively; else one unit off.

    Example:
        >>> import interval_jax as ij
        >>> ij.pow_rev2(ij.interval(2.0, 4.0), ij.interval(0.25, 16.0))
        Interval([-2, 4], float32)
    """
    x = _like(as_interval(c), -np.inf, np.inf) if x is None else x
    return _exponent(*_operands(a, c, x))
