"""Fast activations: bounds proven, checked against the oracle without tolerance."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import interval_jax as ij
from interval_jax.elementary import fast
from reference import oracle, points
from tests.interval.kernel_checks import around, in_format, singletons

FUNCTIONS: dict[str, Callable] = {"silu": fast.silu, "silu_derivative": fast.silu_derivative}
EDGES = (0.0, 80.0, 87.3, 88.7, 700.0, 708.4, 709.8, 745.2, 1.2784645, 2.3993573)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_points(name: str, dtype: type) -> None:
    function, x = FUNCTIONS[name], around(EDGES, dtype, 60_000)
    x = x[np.isfinite(x)]
    exact = oracle.tightest(name, x)
    for found in (function(singletons(x)), jax.jit(jax.vmap(function))(singletons(x))):
        low, high = (np.asarray(b, np.float64) for b in (found.lo, found.hi))
        assert np.all(low <= exact.down)
        assert np.all(exact.up <= high)
        usual = np.abs(x) < 1e30
        width = (high - low)[usual]
        assert np.all(width <= 100 * np.finfo(dtype).eps * np.maximum(np.abs(x[usual]), 1))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_ranges(name: str, dtype: type) -> None:
    X = ij.interval(*points.intervals(dtype, 20_000, 3))
    member = in_format(points.members(np.asarray(X.lo), np.asarray(X.hi), 4))
    member = np.clip(member, np.asarray(X.lo), np.asarray(X.hi))
    exact = oracle.tightest(name, member)
    found = jax.jit(FUNCTIONS[name])(X)
    low, high = (np.asarray(b, np.float64) for b in (found.lo, found.hi))
    assert np.all(low <= exact.down)
    assert np.all(exact.up <= high)
    assert bool(jnp.all(ij.is_empty(FUNCTIONS[name](ij.empty((3,), dtype)))))


def test_networks_take_them_and_functions_alone_do_not() -> None:
    X = ij.interval(np.linspace(-3, 3, 7))
    alone = ij.enclose(jax.nn.silu)(X)
    assert bool(jnp.all(ij.equal(alone, ij.silu(X))))
    w = jnp.eye(7)
    for accuracy, expected in ((None, fast.silu), ("fast", fast.silu), ("tight", ij.silu)):
        found = ij.enclose(lambda x: (jax.nn.silu(x), w @ x)[0:2], accuracy=accuracy)(X)[0]
        assert bool(jnp.all(ij.equal(found, expected(X))))
    with pytest.raises(ValueError, match="unknown accuracy"):
        ij.enclose(jax.nn.silu, accuracy="sloppy")(X)


def test_bounds_have_the_derivative_of_silu() -> None:
    slope_of = jax.grad(jax.nn.silu)
    for function, smooth in ((fast.silu, jax.nn.silu), (fast.silu_derivative, slope_of)):
        slope = jax.grad(lambda v, f=function: f(ij.Interval(v, v)).hi)(0.7)
        assert abs(float(slope) - float(jax.grad(smooth)(0.7))) < 1e-12
