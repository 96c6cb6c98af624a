"""Fast activations: bounds proven, checked against the oracle without tolerance."""

import math
from collections.abc import Callable

import flint
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


_DERIVATIVES: dict[str, tuple[Callable, Callable]] = {
    "silu_curvature": (fast.silu_curvature, lambda x, m, d: m * (2 + x * d)),
    "silu_third": (fast.silu_third, lambda x, m, d: m * (3 * d + x * (1 - 6 * m))),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", _DERIVATIVES)
def test_higher_derivatives(name: str, dtype: type) -> None:
    function, exact = _DERIVATIVES[name]
    lo, hi = points.intervals(dtype, 1000, 6)
    # Many where the functions bend, wide and narrow.
    rng = np.random.default_rng(7)
    middle, radius = rng.normal(0, 3, 2000), 2 * rng.random(2000) ** 8
    lo = np.concatenate([lo, (middle - radius).astype(dtype), [0, -np.inf, 1, -90]])
    hi = np.concatenate([hi, (middle + radius).astype(dtype), [0, np.inf, np.inf, 900]])
    X = ij.interval(lo, hi)
    member = in_format(points.members(np.asarray(X.lo), np.asarray(X.hi), 4))
    member = np.clip(member, np.asarray(X.lo), np.asarray(X.hi))
    found = jax.jit(function)(X)
    low, high = np.asarray(found.lo).tolist(), np.asarray(found.hi).tolist()
    with flint.ctx.workprec(200):
        for i, row in enumerate(member.reshape(-1, len(low)).T.tolist()):
            for x in row:
                if not np.isfinite(x):
                    continue
                e = (-abs(flint.arb(x))).exp()
                d = (1 - e) / (1 + e) * (-1 if x > 0 else 1)
                value = exact(flint.arb(x), e / (1 + e) ** 2, d)
                # At 0 the bound is attained, and next to 0 by less than these bits tell.
                assert not value < low[i]
                assert not value > high[i]
    narrow = (np.asarray(X.hi) - np.asarray(X.lo) < 1e-6) & (np.abs(member[0]) < 10)
    assert np.all((np.asarray(found.hi) - np.asarray(found.lo))[narrow] < 1e-4)
    assert bool(ij.is_empty(function(ij.empty((), dtype))))


def test_how_far_the_derivatives_go() -> None:
    """The constants of their enclosures, by Taylor's theorem around points 1/64 apart."""

    def derivatives(place: flint.arb) -> list[flint.arb]:
        x = flint.arb_series([place, 1], prec=8)
        terms = (x / (1 + (-x).exp())).coeffs()
        return [terms[n] * math.factorial(n) for n in range(8)]

    limits = {3: 0.3083, 4: 0.501, 5: 0.67}
    half = flint.arb(1) / 128
    with flint.ctx.workprec(100):
        for k in range(-12 * 64, 12 * 64 + 1):
            middle = flint.arb(k) / 64
            here = derivatives(middle)
            around = derivatives(flint.arb(middle, half * 1.0001))
            for n, limit in limits.items():
                rest = abs(here[n + 1]) * half + abs(around[n + 2]) * half**2 / 2
                assert abs(here[n]) + rest < limit
            # The second falls from 0 to 3.4358 and rises from 3.4359, where the third has its only
            # zeros on this side: it increases or decreases in the two cells that have them.
            if k >= 0:
                turns = k in (0, 220)
                bend = here[4 if turns else 3]
                rest = (
                    abs(here[5 if turns else 4]) * half + abs(around[6 if turns else 5]) * half**2
                )
                assert abs(bend) > rest
                assert (bend > 0) == (k >= 220)
        # Beyond 12 they are less than 60 |x| exp(-|x|), and the third is about x exp(-x) > 0.
        assert 60 * 12 * math.exp(-12) < 0.01
        first, last = (derivatives(flint.arb(x)) for x in ("3.4358", "3.4359"))
        assert first[3] < 0 < last[3]
        # The fourth is less than 1.
        assert first[2] - abs(first[3]) * 1e-4 - 1e-8 > -0.0369144
