"""Point kernels of composite functions against mpmath, where they change their formula too."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest

import interval_jax as ij
from interval_jax._rules import kernels
from interval_jax.testing import excess_ulps
from reference import points


def _mish(x: Any) -> Any:
    e = mp.exp(x)
    return x * (e * (e + 2)) / (e * (e + 2) + 2)


KERNELS: dict[str, tuple[Callable, Callable[[Any], Any], tuple[float, ...]]] = {
    "soft_sign": (
        kernels.soft_sign_bounds,
        lambda x: x / (1 + abs(x)),
        (2.0**-54, 2.0**-25, 2.0**30, 2.0**59, 1.0, 3.0, 7.0, -1.0, -3.0),
    ),
    "xlogx": (
        kernels.xlogx_bounds,
        lambda x: x * mp.log(x) if x else mp.mpf(0),
        (1.0, 2.0**122, 2.0**126, 1 / np.e),
    ),
    "mish": (kernels.mish_bounds, _mish, (-1.1924312145154952, 10.0, 20.0, -104.0, -745.0)),
}


def _arguments(name: str, dtype: type) -> np.ndarray:
    rng = np.random.default_rng(5)
    fmt = np.finfo(dtype)
    sizes = [
        np.exp2(rng.uniform(fmt.minexp, fmt.maxexp - 1, 300)),
        np.exp2(rng.uniform(-12, 8, 300)),
        1 + rng.normal(0, 1e-4, 100),
    ]
    x = np.concatenate(sizes)
    if name != "xlogx":
        x = np.where(rng.random(x.size) < 0.5, -x, x)
    hard: np.ndarray = np.array(KERNELS[name][2], dtype)
    x = np.concatenate([x.astype(dtype), points.neighbours(hard, steps=2), [0, fmt.tiny, fmt.max]])
    # Beyond, exponents of exact values of mish are larger than memory, or the digits too few.
    low, high = (-2000, 600) if name == "mish" else (-np.inf, np.inf)
    return x[(x >= low) & (x <= high) & (np.abs(x) <= fmt.max)].astype(dtype)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", KERNELS)
def test_bounds_are_next_to_exact_values(name: str, dtype: type) -> None:
    kernel, exact, _ = KERNELS[name]
    x = _arguments(name, dtype)
    with mp.workprec(2_300):  # a result may be as near to x as x is to 0
        values = np.array([exact(mp.mpf(float(v))) for v in x], object)
        below, above = excess_ulps(ij.Interval(*jax.jit(kernel)(x)), values)
    off = np.concatenate([below, above])
    assert off.min() >= 0
    assert off.max() <= 1
    # Those that are off lie next to a float, as x / 2 and 3 x / 5 do for many of the smallest x.
    assert (off[np.abs(np.tile(x, 2)) > 1e-6] == 0).mean() > 0.98


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_exact_results_are_exact(dtype: type) -> None:
    x = jnp.array([-3, -1, 0, 1, 3, 7, 2.0**20 - 1], dtype)
    for bound in jax.jit(kernels.soft_sign_bounds)(x):
        assert bound.tolist() == (x / (1 + abs(x))).tolist()
    for function in (kernels.xlogx_bounds, kernels.mish_bounds):
        assert [b.tolist() for b in jax.jit(function)(jnp.zeros(1, dtype))] == [[0], [0]]
    assert [b.tolist() for b in kernels.xlogx_bounds(jnp.ones(1, dtype))] == [[0], [0]]


def test_limits() -> None:
    inf = jnp.array([np.inf])
    assert [float(b[0]) for b in kernels.mish_bounds(inf)] == [np.inf] * 2
    assert [float(b[0]) for b in kernels.mish_bounds(-inf)] == [0, 0]
    for x in (601.0, 1e100, np.finfo(float).max):
        down, up = kernels.mish_bounds(jnp.array([x]))
        assert (float(down[0]), float(up[0])) == (np.nextafter(x, 0), x)
    assert [float(b[0]) for b in kernels.xlogx_bounds(inf)] == [np.inf] * 2
    assert float(kernels.soft_sign_bounds(inf)[1][0]) == 1
    assert float(kernels.soft_sign_bounds(-inf)[0][0]) == -1
