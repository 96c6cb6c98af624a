"""Numeric functions of intervals (IEEE 1788-2015 section 10.5.9): bounds, width, magnitude.

Of the empty set the standard leaves all of these but ``inf`` and ``sup`` undefined: NaN.
"""

from __future__ import annotations

import functools
from typing import Any

import jax
import numpy as np
from jax import Array, lax

from interval_jax import _rounding as rd
from interval_jax._decorated import decorable
from interval_jax._interval import Interval, as_interval

__all__ = ["inf", "mag", "mid", "mid_rad", "mig", "rad", "sup", "wid"]


def _defined(x: Interval, value: Array) -> Array:
    return lax.select(lax.gt(x.lo, x.hi), lax.full_like(value, np.nan), value)


@functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
def _signed_zero(x: Array, zero: float) -> Array:
    """``x``, where a zero has the sign of ``zero``."""
    return lax.select(lax.eq(x, lax.full_like(x, 0)), lax.full_like(x, zero), x)


@_signed_zero.defjvp
def _(zero: float, primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    return _signed_zero(*primals, zero), tangents[0]


@decorable()
def inf(x: Any) -> Array:
    """Return the lower bounds; +inf for the empty set.

    Args:
        x: Intervals of any shape, or what :func:`interval` takes.

    Returns:
        The bounds, exact; a zero is -0.0 (IEEE 1788-2015 section 12.12.8).

    Example:
        >>> import interval_jax as ij
        >>> float(ij.inf(ij.interval(1.0, 2.0)))
        1.0
    """
    return _signed_zero(as_interval(x).lo, -0.0)


@decorable()
def sup(x: Any) -> Array:
    """Return the upper bounds; -inf for the empty set.

    Args:
        x: Intervals of any shape, or what :func:`interval` takes.

    Returns:
        The bounds, exact; a zero is +0.0 (IEEE 1788-2015 section 12.12.8).

    Example:
        >>> import interval_jax as ij
        >>> float(ij.sup(ij.interval(1.0, 2.0)))
        2.0
    """
    return _signed_zero(as_interval(x).hi, 0.0)


@decorable()
def mid(x: Any) -> Array:
    """Return finite numbers inside the intervals, the midpoint to nearest where bounded.

    Args:
        x: Intervals of any shape, or what :func:`interval` takes.

    Returns:
        The number of the format nearest to the midpoint, of two the even one, or 0; it neither
        overflows nor leaves the interval. 0 for the whole line, the largest finite number (or
        its negative) for a half line, NaN for the empty set (IEEE 1788-2015 section 12.12.8).

    Example:
        >>> import interval_jax as ij
        >>> float(ij.mid(ij.interval(1.0, 2.0)))
        1.5
    """
    x = as_interval(x)
    fmt = rd.format_of(x.lo)
    half, one = lax.full_like(x.lo, 0.5), lax.full_like(x.lo, 1)
    # Of ends so large that their sum may overflow, the halves are added: none loses a bit that
    # counts. Elsewhere the sum is halved, exactly unless the result is below tiny.
    big = lax.max(lax.abs(x.lo), lax.abs(x.hi))
    big = lax.ge(big, lax.full_like(big, 2.0 ** (fmt.bias - 1)))
    before, after = lax.select(big, half, one), lax.select(big, one, half)
    total = rd.rounded(rd.rounded(x.lo * before) + rd.rounded(x.hi * before))
    size, tiny = lax.abs(total), lax.full_like(total, fmt.tiny)
    nearest = lax.select(lax.gt(size, tiny), lax.sign(total) * tiny, lax.full_like(total, 0))
    middle = lax.select(lax.lt(size, lax.full_like(size, 2 * fmt.tiny)), nearest, total * after)
    largest = lax.full_like(x.lo, fmt.max)
    low, high = (
        lax.eq(x.lo, -lax.full_like(x.lo, np.inf)),
        lax.eq(x.hi, lax.full_like(x.hi, np.inf)),
    )
    middle = lax.select(low, -largest, lax.select(high, largest, middle))
    middle = lax.select(low & high, lax.full_like(middle, 0), middle)
    return _defined(x, middle)


@decorable()
def rad(x: Any) -> Array:
    """Return the smallest r of the format with ``X`` inside ``mid(X) +- r``; NaN if empty.

    Example:
        >>> import interval_jax as ij
        >>> float(ij.rad(ij.interval(1.0, 2.0)))
        0.5
    """
    x = as_interval(x)
    middle = lax.select(lax.gt(x.lo, x.hi), lax.full_like(x.lo, 0), mid(x))
    return _defined(x, lax.max(rd.sub_up(x.hi, middle), rd.sub_up(middle, x.lo)))


@decorable()
def mid_rad(x: Any) -> tuple[Array, Array]:
    """Return midpoint and radius, which enclose: ``X`` is inside ``mid +- rad``.

    Example:
        >>> import interval_jax as ij
        >>> [float(v) for v in ij.mid_rad(ij.interval(1.0, 2.0))]
        [1.5, 0.5]
    """
    return mid(x), rad(x)


@decorable()
def wid(x: Any) -> Array:
    """Return the widths ``sup - inf``, rounded up; NaN for the empty set.

    Example:
        >>> import interval_jax as ij
        >>> float(ij.wid(ij.interval(1.0, 2.0)))
        1.0
    """
    x = as_interval(x)
    return _defined(x, rd.sub_up(x.hi, x.lo))


@decorable()
def mag(x: Any) -> Array:
    """Return the largest absolute values of members, exact; NaN for the empty set.

    Example:
        >>> import interval_jax as ij
        >>> float(ij.mag(ij.interval(-3.0, 2.0)))
        3.0
    """
    x = as_interval(x)
    return _defined(x, abs(x).hi)


@decorable()
def mig(x: Any) -> Array:
    """Return the smallest absolute values of members, exact; NaN for the empty set.

    Example:
        >>> import interval_jax as ij
        >>> float(ij.mig(ij.interval(-3.0, 2.0)))
        0.0
    """
    x = as_interval(x)
    return _defined(x, abs(x).lo)
