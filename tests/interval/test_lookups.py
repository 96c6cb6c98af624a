"""Searches and interpolation by interval data, against exact fractions."""

from fractions import Fraction
from math import inf
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import interval_jax as ij
from tests.interval.test_rules_arrays import DTYPES, contains, exactly

GRID = np.array([-2.0, -0.5, 0.0, 0.75, 3.0])
VALUES = np.array([1.0, -1.5, 4.0, 0.1, 0.3])
BOXES = 400


def interpolated(x: Fraction, grid: list, values: list) -> Fraction:
    """What is linear between the places of a grid, and constant outside."""
    if x <= grid[0]:
        return values[0]
    for left, right, first, second in zip(grid, grid[1:], values, values[1:], strict=False):
        if x <= right:
            return first + (x - left) / (right - left) * (second - first)
    return values[-1]


def boxes(dtype: type) -> tuple[ij.Interval, np.ndarray]:
    """Boxes on and between the places of the grid, points among them, and a member of each."""
    rng = np.random.default_rng(8)
    lo = np.where(rng.random(BOXES) < 0.2, rng.choice(GRID, BOXES), rng.uniform(-3, 4, BOXES))
    width = np.exp2(-rng.uniform(-2, 20, BOXES)) * (rng.random(BOXES) > 0.3)
    X = ij.interval(lo.astype(dtype), (lo + width).astype(dtype))
    low, high = np.asarray(X.lo), np.asarray(X.hi)
    member = np.where(rng.random(BOXES) < 0.3, high, low + (high - low) * dtype(rng.random()))
    return X, np.clip(member.astype(dtype), low, high)


@pytest.mark.parametrize("dtype", DTYPES)
def test_interpolation(dtype: type) -> None:
    X, member = boxes(dtype)
    grid: np.ndarray = GRID.astype(dtype)
    values: np.ndarray = VALUES.astype(dtype)
    places, heights = list(exactly(grid)), list(exactly(values))
    V = ij.interval(values, values + dtype(0.25))
    G = ij.interval(grid - dtype(0.125), grid + dtype(0.125))

    def f(x: jax.Array, v: jax.Array, g: jax.Array) -> tuple[jax.Array, ...]:
        return jnp.interp(x, grid, values), jnp.interp(x, grid, v), jnp.interp(x, g, values)

    plain, moved, shifted = jax.jit(ij.enclose(f))(X, V, G)
    exact = np.array([interpolated(x, places, heights) for x in exactly(member)], object)
    for found in (plain, moved, shifted):
        assert contains(found, exact)
    higher = list(exactly(np.asarray(V.hi)))
    assert contains(
        moved, np.array([interpolated(x, places, higher) for x in exactly(member)], object)
    )
    apart = [p + Fraction((-1) ** i, 8) for i, p in enumerate(places)]
    assert contains(
        shifted, np.array([interpolated(x, apart, heights) for x in exactly(member)], object)
    )
    # Sharp: the ends are those of the range, up to rounding.
    lows, highs = exactly(np.asarray(X.lo)), exactly(np.asarray(X.hi))
    ends = [[interpolated(e, places, heights) for e in b] for b in (lows, highs)]
    inner = [
        [h for p, h in zip(places, heights, strict=True) if low <= p <= high]
        for low, high in zip(lows, highs, strict=True)
    ]
    for low, high, a, b, inside in zip(plain.lo, plain.hi, *ends, inner, strict=True):
        slack = 16 * np.finfo(dtype).eps
        assert float(low) >= float(min([a, b, *inside])) - slack
        assert float(high) <= float(max([a, b, *inside])) + slack


def test_interpolation_outside_and_at_steps() -> None:
    f = ij.enclose(lambda x: jnp.interp(x, jnp.array([0.0, 1.0, 1.0, 2.0]), jnp.arange(4.0) ** 2))
    low, high = [-inf, 2.0, 1.0, 0.5, inf], [inf, inf, 1.0, 0.5, -inf]
    x = ij.Interval(jnp.array(low), jnp.array(high))
    found = f(x)
    assert np.asarray(found.lo).tolist() == [0, 9, 1, 0.5, inf]
    assert np.asarray(found.hi).tolist() == [9, 9, 4, 0.5, -inf]


@pytest.mark.parametrize("side", ["left", "right"])
def test_places_in_a_sorted_array(side: Any) -> None:
    X, member = boxes(np.float64)
    A = ij.interval(GRID - 0.25, GRID)
    a = GRID - 0.125

    def f(x: jax.Array, a: jax.Array) -> tuple[jax.Array, ...]:
        places = [jnp.searchsorted(g, x, side) for g in (GRID, a)]
        places.append(jnp.searchsorted(GRID, x, side, method="compare_all"))
        return tuple(p.astype(float) for p in places)

    known, moved, counted = jax.jit(ij.enclose(f))(X, A)
    exact = np.searchsorted(GRID, member, side)
    for found in (known, counted, moved):
        assert contains(found, exactly(exact))
    assert contains(moved, exactly(np.searchsorted(a, member, side)))
    np.testing.assert_array_equal(known.lo, np.searchsorted(GRID, X.lo, side))
    np.testing.assert_array_equal(known.hi, np.searchsorted(GRID, X.hi, side))


def test_derivative_of_an_interpolation() -> None:
    f = jax.vmap(ij.grad(lambda x: jnp.interp(x, jnp.asarray(GRID), jnp.asarray(VALUES))))
    found = f(ij.interval([-1.5, 0.1, -0.25, 4.0], [-1.0, 0.5, 0.5, 5.0]))
    slopes = np.diff(exactly(VALUES)) / np.diff(exactly(GRID))
    assert contains(found, np.array([slopes[0], slopes[2], slopes[1], Fraction(0)], object))
    assert contains(found, np.array([slopes[0], slopes[2], slopes[2], Fraction(0)], object))
    assert float(found.hi[0] - found.lo[0]) < 1e-14
