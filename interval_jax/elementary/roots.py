"""Roots of intervals, and the length of a vector of two."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from interval_jax._decorated import decorable
from interval_jax._interval import Interval, _operands, as_interval, recip
from interval_jax._rounding import differentiable
from interval_jax.basic import sqrt
from interval_jax.elementary._extend import Enclosure, _empty_where
from interval_jax.elementary._roots import (
    cbrt_bounds,
    hypot_bounds,
    root_bounds,
    rsqrt_bounds,
)
from interval_jax.elementary.powers import signed_power

__all__ = ["cbrt", "hypot", "rootn", "rsqrt"]

_cbrt_enclosure = signed_power(cbrt_bounds, lambda t: jnp.cbrt(t), odd=True, falling=False)
_rsqrt_enclosure = signed_power(rsqrt_bounds, lax.rsqrt, odd=False, falling=True)


@decorable()
def cbrt(x: Any) -> Interval:
    """Return an enclosure of the cube root, also of negative numbers.

    Args:
        x: Intervals or floats of any shape, float32 or float64.

    Returns:
        Intervals of the same shape and type. Each bound is tightest unless a float that is not the
        exact value lies within 2**-73 (2**-31 in float32) of it, relatively; else one unit off.

    Special cases: cubes of floats have exact roots.

    Example:
        >>> import interval_jax as ij
        >>> ij.cbrt(ij.interval(-8.0, 2.0))
        Interval([-2, 1.25992108], float32)
    """
    return _cbrt_enclosure(as_interval(x))


def _nonnegative(x: Interval) -> Interval:
    """What of x is not negative."""
    zero = lax.full_like(x.lo, 0)
    return _empty_where(lax.gt(x.lo, x.hi) | lax.lt(x.hi, zero), lax.max(x.lo, zero), x.hi)


@decorable(defined=lambda x: lax.gt(x.lo, lax.full_like(x.lo, 0)))
def rsqrt(x: Any) -> Interval:
    """Return the tightest enclosure of 1 / sqrt(x) (recommended by IEEE 1788-2015 section 10.6.1).

    Args:
        x: Intervals or floats of any shape, float32 or float64; members <= 0 are left out.

    Returns:
        Intervals of the same shape and type, each bound tightest.

    Special cases: exact for powers of 4; rsqrt([0, b]) is unbounded above; rsqrt([a, b]) with
    b <= 0 is empty.

    Example:
        >>> import interval_jax as ij
        >>> ij.rsqrt(ij.interval(3.0, 4.0))
        Interval([0.5, 0.577350319], float32)
    """
    return _rsqrt_enclosure(_nonnegative(as_interval(x)))


_ROOTS: dict[int, Enclosure] = {}


def _root_of(n: int) -> Enclosure:
    """The interval extension of the n-th root, made once."""
    if n not in _ROOTS:

        def smooth(t: Array) -> Array:
            return t ** (1 / n)

        _ROOTS[n] = signed_power(partial(root_bounds, n=n), smooth, n % 2 == 1, n < 0)
    return _ROOTS[n]


def _defined(x: Interval, n: int) -> Any:
    zero = lax.full_like(x.lo, 0)
    if n % 2:
        return n > 0 or lax.gt(x.lo, zero) | lax.lt(x.hi, zero)
    return lax.ge(x.lo, zero) if n > 0 else lax.gt(x.lo, zero)


@decorable(defined=_defined)
def rootn(x: Any, n: int) -> Interval:
    """Return an enclosure of the n-th root x**(1/n) (IEEE 1788-2015 section 10.5).

    Args:
        x: Intervals or floats of any shape, float32 or float64. For even n what is negative is
            left out, for n < 0 also 0.
        n: A Python integer other than 0.

    Returns:
        Intervals of the same shape and type. Each bound is tightest unless a float that is not the
        exact value lies within 2**-62 (2**-31 in float32) of it, relatively; else one unit off.

    Raises:
        TypeError: If n is not an integer.
        ValueError: If n is 0.

    Special cases: exact roots are exact, also of negative numbers for odd n.

    Example:
        >>> import interval_jax as ij
        >>> ij.rootn(ij.interval(-32.0, 3.0), 5)
        Interval([-2, 1.245731], float32)
    """
    if isinstance(n, bool) or not isinstance(n, int | np.integer):
        raise TypeError(f"rootn(x, n) needs an integer n, got {n!r}")
    if n == 0:
        raise ValueError("rootn(x, 0): there is no root of degree 0")
    x, n = as_interval(x), int(n)
    simple = {1: lambda x: x, 2: sqrt, 3: cbrt, -1: recip, -2: rsqrt}
    if n in simple:
        return simple[n](x)
    if n % 2 == 0:
        x = _nonnegative(x)
    return _root_of(n)(x)


def _smooth_lengths(a: Array, b: Array, c: Array, d: Array) -> tuple[Array, Array]:
    return jnp.hypot(a, c), jnp.hypot(b, d)


@partial(differentiable, smooth=_smooth_lengths)
def _lengths(a: Array, b: Array, c: Array, d: Array) -> tuple[Array, Array]:
    """Bounds of sqrt(x**2 + y**2) for 0 <= a <= x <= b and 0 <= c <= y <= d."""
    return hypot_bounds(a, c)[0], hypot_bounds(b, d)[1]


_lengths_of_boxes = jax.jit(_lengths)


@decorable()
def hypot(x: Any, y: Any) -> Interval:
    """Return the tightest enclosure of sqrt(x**2 + y**2), without overflow on the way.

    Args:
        x: Intervals or floats, float32 or float64.
        y: Intervals or floats, broadcast against x.

    Returns:
        Intervals of the common shape and type, each bound tightest.

    Example:
        >>> import interval_jax as ij
        >>> ij.hypot(ij.interval(-3.0, 5.0), ij.interval(4.0, 12.0))
        Interval([4, 13], float32)
    """
    x, y = _operands(x, y)
    empty = lax.gt(x.lo, x.hi) | lax.gt(y.lo, y.hi)
    u, v = abs(x), abs(y)
    return _empty_where(empty, *_lengths_of_boxes(u.lo, u.hi, v.lo, v.hi))
