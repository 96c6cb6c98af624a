"""erfinv, erfcinv and ndtri: containment without tolerance, whatever the guess they start from."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import interval_jax as ij
from interval_jax.elementary import normal_inverse
from reference import oracle, points
from tests.interval import kernel_checks

FUNCTIONS: dict[str, Callable[..., ij.Interval]] = {
    name: getattr(normal_inverse, name) for name in normal_inverse.__all__
}
DOMAINS = {"erfinv": (-1.0, 1.0), "erfcinv": (0.0, 2.0), "ndtri": (0.0, 1.0)}
DTYPES = [np.float64, np.float32]
SIZE = 12_000  # one shape, so that every function is compiled once
INF = np.inf


def _grid(name: str, dtype: type, size: int, seed: int = 0) -> np.ndarray:
    """Points of the domain: of every scale from both ends and the middle, and at the breaks."""
    rng = np.random.default_rng(seed)
    low, high = DOMAINS[name]
    middle, info = (low + high) / 2, np.finfo(dtype)
    half = high - middle
    # Where the guess or the formula changes, as erf(y), and where y crosses a cut of erfc.
    breaks = np.array([0.7111556336535151, 0.72, 0.5, 2.0**-16, 0.99532226501895, 0.9999995])
    breaks = points.neighbours(np.concatenate([breaks, -breaks]).astype(dtype), 4)
    with np.errstate(under="ignore"):
        tails = half * np.exp2(-rng.uniform(1, -info.minexp, size // 4))
        x = np.concatenate(
            [
                middle + half * breaks.astype(np.float64),
                middle + rng.choice([-1, 1], size // 4) * tails,
                low + half * np.exp2(-rng.uniform(1, info.nmant if low else -info.minexp, size)),
                high - half * np.exp2(-rng.uniform(1, info.nmant, size // 4)),
                rng.uniform(low, high, size),
            ]
        ).astype(dtype)
    x = kernel_checks.in_format(np.append(x, points.points(dtype, size // 4, seed)))
    return x[(x > low) & (x < high)]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_points_are_enclosed_within_one_ulp(name: str, dtype: type) -> None:
    x = np.resize(_grid(name, dtype, 5_000), SIZE)
    kernel_checks.check_points(FUNCTIONS[name], name, x)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_ranges_over_intervals(name: str, dtype: type) -> None:
    x = np.resize(_grid(name, dtype, 5_000, seed=4), SIZE)
    lo, hi = np.minimum(x, x[::-1]), np.maximum(x, x[::-1])
    kernel_checks.check_ranges(FUNCTIONS[name], name, lo, hi)


def test_every_way_of_calling_encloses() -> None:
    kernel_checks.check_every_way(ij.ndtri, "ndtri", _grid("ndtri", np.float32, 1_000, seed=3))


@pytest.mark.parametrize("worse", [2.0**-20, 2.0**-6, 0.5, 10.0, 1e30, np.nan])
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_bad_guess_widens_and_never_lies(
    dtype: type, worse: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = _grid("erfinv", dtype, 300, seed=6)
    x = x[np.abs(x) > 0.25]  # next to 0 relative errors matter less
    guess = normal_inverse._guess
    monkeypatch.setattr(normal_inverse, "_guess", lambda u, c: guess(u, c) * (1 + worse))
    down, up = jax.jit(lambda x: normal_inverse._erfinv(x))(x)
    assert np.isfinite(down).any() == (worse < 2.0**-8)
    exact = oracle.tightest("erfinv", x)
    assert np.all(np.asarray(down, np.float64) <= exact.down)
    assert np.all(np.asarray(up, np.float64) >= exact.up)


@pytest.mark.parametrize("dtype", DTYPES)
def test_special_values(dtype: type) -> None:
    nothing = (INF, -INF)
    cases = {
        "erfinv": [
            ((0, 0), (0, 0)), ((-1, 1), (-INF, INF)), ((-5, 0), (-INF, 0)), ((0, INF), (0, INF)),
            ((1, 1), nothing), ((1, 2), nothing), ((-INF, -1), nothing), (nothing, nothing),
        ],
        "erfcinv": [
            ((1, 1), (0, 0)), ((0, 2), (-INF, INF)), ((1, 5), (-INF, 0)), ((-INF, 1), (0, INF)),
            ((0, 0), nothing), ((2, 3), nothing), ((-1, 0), nothing), (nothing, nothing),
        ],
        "ndtri": [
            ((0.5, 0.5), (0, 0)), ((0, 1), (-INF, INF)), ((-1, 0.5), (-INF, 0)),
            ((0.5, 3), (0, INF)), ((0, 0), nothing), ((1, 3), nothing), (nothing, nothing),
        ],
    }  # fmt: skip
    for name, rows in cases.items():
        arguments, values = (np.resize(np.array(v, dtype), (SIZE, 2)).T for v in zip(*rows))
        value = FUNCTIONS[name](ij.Interval(*map(jnp.asarray, arguments)))
        np.testing.assert_array_equal(value.lo, values[0], name)
        np.testing.assert_array_equal(value.hi, values[1], name)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_bounds_have_the_derivative_of_the_function(name: str) -> None:
    low, high = DOMAINS[name]
    x = low + (high - low) * jnp.array([1e-3, 0.2, 0.4, 0.6, 0.97, 0.99999])
    secant, derivative = kernel_checks.slopes(FUNCTIONS[name], x, order=1, step=1e-7)
    np.testing.assert_allclose(derivative, secant, rtol=1e-4)


def check_float32() -> None:
    x = _grid("ndtri", np.float32, 2_000, seed=9)
    kernel_checks.check_formats(ij.ndtri, x)
    kernel_checks.check_points(ij.ndtri, "ndtri", x)


def test_float32_does_not_need_x64() -> None:
    kernel_checks.without_x64(check_float32)
