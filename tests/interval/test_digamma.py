"""digamma on the positive axis, and as the derivative of lgamma: containment, no tolerance."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import interval_jax as ij
from interval_jax.elementary.digamma import digamma
from reference import oracle
from tests.interval import kernel_checks

DTYPES = [np.float32, np.float64]
ZERO = 1.4616321449683622


def numbers(dtype: type, size: int = 6_000) -> np.ndarray:
    """Positive numbers of all sizes, most between 0 and 14 or where formulas take over."""
    rng, info = np.random.default_rng(5), np.finfo(dtype)
    top = np.log2(info.max)
    ends = np.array([2.0**-50, 2.0**-30, 12.0, 2.0**48, 2.0**100])[rng.integers(0, 5, size // 6)]
    parts: Any = (
        np.exp2(rng.uniform(-top, top, size // 3)),
        rng.uniform(0, 14, size // 3),
        ends * (1 + rng.integers(-9, 9, size // 6) * float(info.eps)),
        ZERO + np.exp2(rng.uniform(-53, -3, size // 6)) * rng.choice([-1, 1], size // 6),
        [info.tiny, info.max, 1.0, 2.0, 12.0, ZERO],
    )
    with np.errstate(over="ignore", under="ignore"):
        return np.clip(np.resize(np.concatenate(parts), size).astype(dtype), info.tiny, info.max)


@pytest.mark.parametrize("dtype", DTYPES)
def test_points(dtype: type) -> None:
    x = numbers(dtype)
    value = digamma(kernel_checks.singletons(x))
    exact = oracle.tightest("digamma", x)
    away = abs(x - ZERO) > 0.01
    for off in kernel_checks.excess(value, exact):
        assert off.min() >= 0
        assert off[away].max() <= 1
        assert np.mean(off[away] == 0) > 0.97  # a sixth is beside powers of two
    width = np.asarray(value.hi, np.float64) - np.asarray(value.lo, np.float64)
    assert width[~away].max() < (3e-18 if dtype == np.float64 else 4e-9)


@pytest.mark.parametrize("dtype", DTYPES)
def test_ranges_and_special_cases(dtype: type) -> None:
    x = numbers(dtype)
    lo, hi = np.minimum(x, x[::-1]), np.maximum(x, x[::-1])
    value = digamma(ij.Interval(jnp.asarray(lo), jnp.asarray(hi)))
    assert np.all(np.asarray(value.lo) <= oracle.tightest("digamma", lo).down)
    assert np.all(np.asarray(value.hi) >= oracle.tightest("digamma", hi).up)
    ends = ([0, -1, 1, 0, -3, np.inf], [0, 2, np.inf, 1, -2, -np.inf])
    special = digamma(ij.Interval(*(jnp.asarray(np.resize(e, x.size), dtype) for e in ends)))
    low, high = (np.asarray(b)[:6] for b in (special.lo, special.hi))
    assert low[[1, 3, 4]].tolist() == [-np.inf] * 3
    assert high[[1, 2, 4]].tolist() == [np.inf] * 3
    assert np.asarray(ij.is_empty(special))[:6].tolist() == [True, False, False, False, False, True]
    assert -0.57722 < low[2] <= high[3] < -0.57721
    assert np.nextafter(low[2], 0) == high[3]


@pytest.mark.parametrize("dtype", DTYPES)
def test_derivative_of_lgamma(dtype: type) -> None:
    x: np.ndarray = np.sort(np.random.default_rng(2).uniform(0.01, 30, (400, 3)).astype(dtype))
    X = ij.interval(x[:, 0], x[:, 2])
    exact = oracle.tightest("digamma", x[:, 1])
    through_jax = ij.enclose(jax.grad(lax.lgamma))
    for slope in (jax.vmap(ij.grad(lax.lgamma))(X), jax.jit(jax.vmap(through_jax))(X)):
        assert np.all(np.asarray(slope.lo) <= exact.down)
        assert np.all(np.asarray(slope.hi) >= exact.up)
    assert bool(ij.is_entire(ij.grad(lax.lgamma)(ij.interval(-0.5, 0.5))))
