"""Traced transcendental functions and steps: values and derivatives contain the exact ones."""

from collections.abc import Callable
from math import inf

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import arb, ctx

import interval_jax as ij
from reference import points

DTYPES = [np.float32, np.float64]
SIZE = 400

# name: the traced function, itself and its derivative over balls, the ends of its domain
SMOOTH: dict[str, tuple[Callable, Callable, Callable, float, float]] = {
    "sin": (jnp.sin, arb.sin, arb.cos, -inf, inf),
    "cos": (jnp.cos, arb.cos, lambda x: -x.sin(), -inf, inf),
    "tan": (jnp.tan, arb.tan, lambda x: 1 + x.tan() ** 2, -inf, inf),
    "asin": (jnp.arcsin, arb.asin, lambda x: 1 / (1 - x * x).sqrt(), -1, 1),
    "acos": (jnp.arccos, arb.acos, lambda x: -1 / (1 - x * x).sqrt(), -1, 1),
    "atan": (jnp.arctan, arb.atan, lambda x: 1 / (1 + x * x), -inf, inf),
    "sinh": (jnp.sinh, arb.sinh, arb.cosh, -inf, inf),
    "cosh": (jnp.cosh, arb.cosh, arb.sinh, -inf, inf),
    "asinh": (jnp.arcsinh, arb.asinh, lambda x: 1 / (1 + x * x).sqrt(), -inf, inf),
    "acosh": (jnp.arccosh, arb.acosh, lambda x: 1 / (x * x - 1).sqrt(), 1, inf),
    "atanh": (jnp.arctanh, arb.atanh, lambda x: 1 / (1 - x * x), -1, 1),
    "exp2": (jnp.exp2, lambda x: arb(2) ** x, lambda x: arb(2) ** x * arb(2).log(), -inf, inf),
    "log2": (jnp.log2, lambda x: x.log() / arb(2).log(), lambda x: 1 / (x * arb(2).log()), 0, inf),
}


def round_away(x: np.ndarray) -> np.ndarray:
    whole = np.trunc(x)
    return np.where(np.abs(x - whole) >= 0.5, whole + np.sign(x), whole)


def boxes(dtype: type, low: float, high: float, seed: int) -> tuple[ij.Interval, np.ndarray]:
    """Intervals that reach into the open domain, many of them thin, and a member in it of each."""
    rng = np.random.default_rng(seed)
    left, right = max(low, -30), min(high, 30)
    inner = rng.uniform(left, right, SIZE).astype(dtype)
    near = (right - np.exp2(rng.uniform(-20, 0, SIZE))).astype(dtype)
    member = np.where(rng.random(SIZE) < 0.3, near, inner)
    member = np.clip(
        member, np.nextafter(dtype(left), dtype(inf)), np.nextafter(right, dtype(-inf))
    )
    width = np.exp2(rng.uniform(-30, 2, (2, SIZE))) * (rng.random(SIZE) < 0.8)
    lo, hi = (member - width[0]).astype(dtype), (member + width[1]).astype(dtype)
    return ij.interval(np.minimum(lo, member), np.maximum(hi, member)), member


def assert_contains(found: ij.Interval, exact: Callable, *members: np.ndarray) -> None:
    ctx.prec = 200
    bounds = zip(np.asarray(found.lo), np.asarray(found.hi), strict=True)
    for i, (lo, hi) in enumerate(bounds):
        ball = exact(*(arb(float(m[i])) for m in members))
        assert lo == -inf or arb(float(lo)) <= ball, [m[i] for m in members]
        assert hi == inf or ball <= arb(float(hi)), [m[i] for m in members]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", SMOOTH)
def test_values_and_derivatives(name: str, dtype: type) -> None:
    function, exact, slope, low, high = SMOOTH[name]
    X, member = boxes(dtype, low, high, 1)
    derivative = jax.vmap(ij.grad(function))
    assert_contains(ij.enclose(function)(X), exact, member)
    value, slopes = jax.jit(lambda X: (ij.enclose(function)(X), derivative(X)))(X)
    assert_contains(value, exact, member)
    assert_contains(slopes, slope, member)


@pytest.mark.parametrize("dtype", DTYPES)
def test_angles_and_their_derivatives(dtype: type) -> None:
    (Y, y), (X, x) = (boxes(dtype, -inf, inf, seed) for seed in (2, 3))
    assert_contains(ij.enclose(jnp.arctan2)(Y, X), arb.atan2, y, x)
    by_y, by_x = jax.jit(jax.vmap(ij.grad(jnp.arctan2, argnums=(0, 1))))(Y, X)
    assert_contains(by_y, lambda y, x: x / (x * x + y * y), y, x)
    assert_contains(by_x, lambda y, x: -y / (x * x + y * y), y, x)


def test_derivatives_are_sharp() -> None:
    def slope(function: Callable, lo: float, hi: float) -> tuple[float, float]:
        found = ij.grad(function)(ij.interval(lo, hi))
        return float(found.lo), float(found.hi)

    assert slope(jnp.sin, -0.5, 4.0) == (-1, 1)
    assert slope(jnp.tan, -0.5, 0.5)[0] == 1
    lo, hi = slope(jnp.arctanh, -0.5, 0.5)
    assert lo == 1
    assert 4 / 3 <= hi < 4 / 3 * (1 + 1e-15)
    lo, hi = slope(lambda x: jnp.arctan2(x, x * 0 + 1), 0.0, 1.0)
    assert lo <= 0.5
    assert 1 <= hi < 1 + 1e-15


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("function", "reference"),
    [
        (jnp.sign, np.sign),
        (jnp.floor, np.floor),
        (jnp.ceil, np.ceil),
        (jnp.round, np.round),
        (jax.lax.round, round_away),
    ],
)
def test_steps(function: Callable, reference: Callable, dtype: type) -> None:
    lo, hi = points.intervals(dtype, 3000, 4)
    X = ij.interval(lo, hi)
    member = points.members(np.asarray(X.lo), np.asarray(X.hi), 5)
    value = reference(member)
    found = jax.jit(ij.enclose(function))(X)
    assert np.all(np.asarray(found.lo) <= value)
    assert np.all(value <= np.asarray(found.hi))
    slope = jax.vmap(ij.grad(function))(ij.interval(np.array([0.6, 0.4], dtype), 0.9))
    np.testing.assert_array_equal(slope.lo, 0)
    jumps = function(jnp.asarray(dtype(0.4))) != function(jnp.asarray(dtype(0.9)))
    np.testing.assert_array_equal(slope.hi, [0, inf if jumps else 0])
