"""Powers of intervals, with integer exponents and with any."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from interval_jax._decorated import decorable
from interval_jax._doubleword import DoubleWord, constant, multiply, multiply_float, positive_bounds
from interval_jax._interval import Interval, _operands, as_interval, recip, sqr
from interval_jax._rounding import differentiable, format_of
from interval_jax.elementary._extend import Kernel, _differentiable, _empty_where
from interval_jax.elementary._powers import (
    LARGEST_MULTIPLIED,
    clamped_exponent,
    exact_power,
    exact_where,
    exp2_value,
    exponent_error,
    integer_power_bounds,
    log2_limits,
    log2_word,
)

__all__ = ["pow", "pown", "signed_power"]


# --- of floats ----------------------------------------------------------------------------


def _large_power_bounds(x: Array, n: int) -> tuple[Array, Array]:
    """Bounds of x**n for x >= 0 and any n."""
    fmt, most = format_of(x), int(log2_limits(x)[2])
    n = max(-most, min(n, most))
    leading = fmt.dtype.type(n)
    y = DoubleWord(constant(x, float(leading)), constant(x, n - int(leading)))
    log2 = log2_word(x)
    p = multiply(log2, y)
    value = exp2_value(p, exponent_error(fmt.unit))
    down, up = positive_bounds(*exact_where(exact_power(x, log2.hi, y.hi, p, value), value))
    zero = constant(x, 0)
    return down, up if n < 0 else lax.select(lax.eq(x, zero), zero, up)


Corner = tuple[Array, DoubleWord, Array]
"""A base, its logarithm, and an exponent."""


def _corner(mask: Array, first: Corner, second: Corner) -> Corner:
    chosen = jax.tree.map(partial(lax.select, mask), first, second)
    return chosen  # type: ignore[no-any-return]


def _smooth_range(a: Array, b: Array, c: Array, d: Array) -> tuple[Array, Array]:
    fmt = format_of(a)
    a, b = (lax.clamp(constant(a, fmt.tiny), v, constant(a, fmt.max)) for v in (a, b))
    c, d = (lax.clamp(constant(c, -fmt.max), v, constant(c, fmt.max)) for v in (c, d))
    corners = jnp.stack([lax.pow(x, y) for x in (a, b) for y in (c, d)])
    return jnp.min(corners, 0), jnp.max(corners, 0)


@partial(differentiable, smooth=_smooth_range)
def _power_range(a: Array, b: Array, c: Array, d: Array) -> tuple[Array, Array]:
    """Return bounds of x**y for 0 <= a <= x <= b, b > 0, c <= y <= d.

    As y log2 x its extremes are among the four products of ends, and signs tell which two compete
    for each bound. The larger of two double words is within the error of the larger of what they
    stand for, as the errors are relative.
    """
    c, d = clamped_exponent(c), clamped_exponent(d)
    of_a, of_b = log2_word(a), log2_word(b)
    zero, relative = constant(a, 0), exponent_error(format_of(a).unit)
    xp, xn, yp, yn = (
        lax.ge(of_a.hi, zero),
        lax.le(of_b.hi, zero),
        lax.ge(c, zero),
        lax.le(d, zero),
    )

    def bounds_at(first: Corner, second: Corner, upward: bool) -> tuple[Array, Array]:
        p, q = multiply_float(*first[1:]), multiply_float(*second[1:])
        larger = lax.gt(p.hi, q.hi) | (lax.eq(p.hi, q.hi) & lax.gt(p.lo, q.lo))
        which = larger if upward else ~larger
        x, log2, y = _corner(which, first, second)
        p = DoubleWord(*(lax.select(which, u, v) for u, v in zip(p, q, strict=True)))
        value = exp2_value(p, relative)
        return positive_bounds(*exact_where(exact_power(x, log2.hi, y, p, value), value))

    def corner(at_b: Array, at_d: Array) -> Corner:
        x, log2, y = _corner(at_b, (b, of_b, c), (a, of_a, c))
        return x, log2, lax.select(at_d, d, y)

    lower = bounds_at(corner(xn & yn, ~(xp & yp)), (b, of_b, c), False)[0]
    upper = bounds_at(corner(xn & yp, xp & yn), (b, of_b, d), True)[1]
    return lower, upper


# --- of intervals -------------------------------------------------------------------------


def signed_power(
    kernel: Kernel, smooth: Callable[[Array], Array], odd: bool, falling: bool
) -> Callable[[Interval], Interval]:
    """Return the interval extension of t**q from bounds of |t|**q.

    Args:
        kernel: Bounds of |t|**q at floats |t|, infinity included.
        smooth: The same in plain JAX, for the derivative of the bounds.
        odd: Whether the power of -t is minus that of t; else t is taken to be nonnegative.
        falling: Whether q is negative. Then 0 is left out, and the kernel's bound there is inf.
    """
    rule = _differentiable(kernel, smooth)

    def signed(t: Array, negative: Array) -> tuple[Array, Array]:
        down, up = rule(lax.abs(t))
        return lax.select(negative, -up, down), lax.select(negative, -down, up)

    @jax.jit
    def enclosure(x: Interval) -> Interval:
        zero, inf = lax.full_like(x.lo, 0), lax.full_like(x.lo, np.inf)
        empty = lax.gt(x.lo, x.hi)
        if falling:
            empty = empty | (lax.eq(x.lo, zero) & lax.eq(x.hi, zero))
            nothing = lax.le(x.hi, zero) if odd else zero > zero
            lower = signed(x.hi, nothing)[0]
            upper = signed(x.lo, lax.lt(x.lo, zero))[1]
            pole = lax.lt(x.lo, zero) & lax.gt(x.hi, zero)
            lower, upper = lax.select(pole, -inf, lower), lax.select(pole, inf, upper)
        else:
            lower = signed(x.lo, lax.lt(x.lo, zero))[0]
            upper = signed(x.hi, lax.lt(x.hi, zero))[1]
        return _empty_where(empty, lower, upper)

    return enclosure


_POWERS: dict[int, Callable[[Interval], Interval]] = {}


def _power_of(n: int) -> Callable[[Interval], Interval]:
    """The interval extension of t**n, made once."""
    if n not in _POWERS:
        kernel = integer_power_bounds if abs(n) <= LARGEST_MULTIPLIED else _large_power_bounds

        def smooth(t: Array) -> Array:
            return t**n

        _POWERS[n] = signed_power(partial(kernel, n=n), smooth, n % 2 == 1, n < 0)
    return _POWERS[n]


@decorable(defined=lambda x, n: n >= 0 or lax.gt(x.lo, x.lo * 0) | lax.lt(x.hi, x.hi * 0))
def pown(x: Any, n: int) -> Interval:
    """Return an enclosure of x**n for an integer n (IEEE 1788-2015 section 9.1).

    Args:
        x: Intervals or floats of any shape, float32 or float64; for n < 0, 0 is left out.
        n: The exponent, a Python integer of any size.

    Returns:
        Intervals of the same shape and type. Each bound is tightest for n from -32 to 32, but
        for a few next to a float that is not the exact value; beyond unless such a float lies
        within 2**-61 (2**-31 in float32) of it, relatively; else one unit off.

    Raises:
        TypeError: If n is not an integer.

    Special cases: x**0 is 1 everywhere, exact results are exact, and so are n = 1, 2, -1.

    Example:
        >>> import interval_jax as ij
        >>> ij.pown(ij.interval(-2.0, 1.0), 3)
        Interval([-8, 1], float32)
    """
    if isinstance(n, bool) or not isinstance(n, int | np.integer):
        raise TypeError(f"pown(x, n) needs an integer n, got {n!r}; pow(x, y) takes any y, x >= 0")
    x, n = as_interval(x), int(n)
    if n == 0:
        return _empty_where(lax.gt(x.lo, x.hi), lax.full_like(x.lo, 1), lax.full_like(x.hi, 1))
    simple = {1: lambda x: x, 2: sqr, -1: recip}
    if n in simple:
        return simple[n](x)
    return _power_of(n)(x if n % 2 else abs(x))


def _defined(x: Interval, y: Interval) -> Array:
    zero = lax.full_like(x.lo, 0)
    return lax.gt(x.lo, zero) | (lax.ge(x.lo, zero) & lax.gt(y.lo, zero))


@decorable(defined=_defined)
def pow(x: Any, y: Any) -> Interval:
    """Return an enclosure of x**y = exp(y log x) over x > 0, and 0 for x = 0 and y > 0.

    Args:
        x: Intervals or floats, float32 or float64; what is negative is left out.
        y: Intervals or floats, broadcast against x.

    Returns:
        Intervals of the common shape and type, with the sharp range over both. Each bound is
        tightest unless a float that is not the exact value lies within 2**-61 (2**-31 in float32)
        of it, relatively; else one unit off.

    Special cases: exact results are exact: pow(4, 0.5) = 2, pow(3, 4) = 81. 0**y is 0 for y > 0
    and undefined for y <= 0 (IEEE 1788-2015 section 9.1), so pow(0, 0) is empty; :func:`pown`
    takes negative x and 0**0 = 1 for its integers.

    Example:
        >>> import interval_jax as ij
        >>> ij.pow(ij.interval(4.0, 9.0), ij.interval(-0.5, 1.5))
        Interval([0.333333313, 27], float32)
    """
    x, y = _operands(x, y)
    zero, one = lax.full_like(x.lo, 0), lax.full_like(x.lo, 1)
    null = lax.le(x.hi, zero)
    outside = lax.lt(x.hi, zero) | (null & lax.le(y.hi, zero))
    empty = lax.gt(x.lo, x.hi) | lax.gt(y.lo, y.hi) | outside
    a = lax.select(empty, one, lax.max(x.lo, zero))
    b = lax.select(empty | null, one, x.hi)
    lower, upper = _power_enclosure(a, b, y.lo, y.hi)
    return _empty_where(empty, lax.select(null, zero, lower), lax.select(null, zero, upper))


_power_enclosure = jax.jit(_power_range)
