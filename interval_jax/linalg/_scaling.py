"""Matrices and right sides scaled by powers of two, beyond the range of the format if need be."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array, lax

from interval_jax import _doubleword as dw
from interval_jax import _rounding as rd
from interval_jax._interval import Interval
from interval_jax._sums import Bounds, mid_rad
from interval_jax.linalg._cuts import LOST, exponents, largest_exponents, scaled


class Scaled(NamedTuple):
    """``2**rows (mid +- rad) 2**columns`` encloses an array, entry by entry."""

    mid: Array
    """At most 1 in magnitude."""
    rad: Array
    """At least 2**9 tiny, infinite for unbounded entries and NaN for empty ones."""
    rows: Array
    """Integers of shape (..., n, 1)."""
    columns: Array
    """Integers of shape (..., 1, m)."""


def _scale(mid: Array, rad: Array, rows: Array, columns: Array) -> Scaled:
    # mid_rad's radius may be low by (1 - u)**2; what scaling loses, of both, is added.
    fmt = rd.format_of(mid)
    shift = -(rows + columns)
    rad = scaled(rad, shift) * (1 + 8 * fmt.unit) + 2 * LOST * fmt.tiny
    return Scaled(rd.rounded(scaled(mid, shift)), rad, rows, columns)


def equilibrated(a: Interval) -> Scaled:
    """Scale rows, then columns, so that the largest entry of each is in [1/2, 1)."""
    mid, rad = mid_rad((a.lo, a.hi))
    e = exponents(mid)
    rows = largest_exponents(e, -1)
    return _scale(mid, rad, rows, largest_exponents(e - rows, -2))


def like_rows(b: Interval, rows: Array) -> Scaled:
    """Scale rows as given, then each column so that its largest member is in [1/2, 1)."""
    mid, rad = mid_rad((b.lo, b.hi))
    e = jnp.maximum(exponents(mid), exponents(rad)) - rows
    return _scale(mid, rad, rows, largest_exponents(e, -2))


def common_exponent(x: Interval, axes: tuple[int, ...]) -> Array:
    """Return e, along axes which are kept, with every finite bound at most 2**e in magnitude."""
    bounds = (jnp.where(lax.is_finite(b), b, 0) for b in (x.lo, x.hi))
    return largest_exponents(jnp.maximum(*(exponents(b) for b in bounds)), axes)


def smooth_mid_rad(x: Interval) -> tuple[Array, Array]:
    """Return midpoints and radii as differentiable functions, not rounded; 0 if unbounded."""
    bounded = lax.is_finite(x.lo) & lax.is_finite(x.hi)
    low, high = (jnp.where(bounded, end, 0) for end in (x.lo, x.hi))
    return low / 2 + high / 2, high / 2 - low / 2


def times_power_of_two(x: Interval, exponent: Array) -> Interval:
    """Return an enclosure of ``x * 2**exponent`` for any exponents, exact within the range.

    Three factors, clipped to 2**(bias - 3), take every normal number out of the range.
    """
    limit = 3 * (rd.format_of(x).bias - 3)
    exponent = jnp.clip(jnp.broadcast_to(exponent, x.shape), -limit, limit)
    first = exponent // 3
    second = (exponent - first) // 2
    factors = dw.power_of_two(x.lo, jnp.stack([first, second, exponent - first - second]))

    def times(bounds: Bounds, factor: Array) -> tuple[Bounds, None]:
        return (rd.mul_down(bounds[0], factor), rd.mul_up(bounds[1], factor)), None

    return Interval(*lax.scan(times, (x.lo, x.hi), factors)[0])
