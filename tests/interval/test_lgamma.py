"""lgamma: containment without tolerance, from pole to pole."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import arb, ctx
from jax import lax

import interval_jax as ij
from interval_jax._doubleword import DoubleWord
from interval_jax._rounding import two_sum
from interval_jax.elementary import _lgamma
from interval_jax.elementary._value import Value
from interval_jax.elementary._zeros import table_of
from reference import facts, oracle, points
from reference.balls import ARB
from tests.interval import kernel_checks

DTYPES = [np.float64, np.float32]
INF = np.inf
SIZE = 12_000  # one shape, so that the function is compiled once


def _positive(dtype: type, size: int, seed: int = 0) -> np.ndarray:
    """Points of every scale, next to the zeros, the minimum, and where the formula changes."""
    rng = np.random.default_rng(seed)
    info = np.finfo(dtype)
    breaks = np.array([0.5, 1, 1.25, 1.4616321449683622, 1.5, 1.75, 2, 2.25, 8, 2.0**40, 2.0**70])
    breaks = np.concatenate([breaks, np.arange(2.5, 8), 2.0 ** np.arange(-40, 0)])
    near = np.repeat([1.0, 2.0], size // 8)
    near = near + rng.choice([-1, 1], near.size) * np.exp2(-rng.uniform(1, info.nmant, near.size))
    x = np.concatenate(
        [
            points.neighbours(breaks.astype(dtype), 3),
            near.astype(dtype),
            rng.uniform(0, 12, size // 3).astype(dtype),
            np.exp2(rng.uniform(info.minexp, info.maxexp - 1, size // 3)).astype(dtype),
            np.abs(points.points(dtype, size // 8, seed)),
        ]
    )
    x = kernel_checks.in_format(x)
    return x[x > 0]


def _negative(dtype: type, size: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    info = np.finfo(dtype)
    gap = np.floor(np.exp2(rng.uniform(0, info.nmant - 4, size))) * rng.integers(0, 2, size)
    near = rng.integers(0, 30, size) + np.exp2(-rng.uniform(1, info.nmant - 5, size))
    x = np.concatenate(
        [
            -gap - rng.uniform(0, 1, size),
            -near,
            near - 31,
            -np.exp2(rng.uniform(info.minexp, 0, size // 4)),
            -rng.uniform(0, 30, size),
        ]
    ).astype(dtype)
    return x[x != np.floor(x)]


@pytest.mark.parametrize("dtype", DTYPES)
def test_positive_points_are_enclosed_within_one_ulp(dtype: type) -> None:
    kernel_checks.check_points(
        ij.lgamma, "lgamma", np.resize(_positive(dtype, 12_000), SIZE), tightest=0.97
    )


def _next_to_zeros(dtype: type, seed: int = 0) -> np.ndarray:
    """The floats next to each zero, and points at every distance from it, beyond its expansion."""
    rng = np.random.default_rng(seed)
    digits = np.finfo(dtype).nmant
    parts = []
    for zero in table_of(np.dtype(dtype)).lgamma:
        at = dtype(zero.at[0])
        distance = abs(at - np.round(at)) or dtype(1e-7)
        offsets = np.exp2(-rng.uniform(0, digits, (2, 60))) * rng.choice([-1, 1], (2, 60))
        far = at + offsets * np.array([[1], [50 * distance]])
        parts += [at + np.arange(-30, 31) * np.spacing(at), far.ravel()]
    x = np.concatenate(parts).astype(dtype)
    return x[(x < -2) & (x != np.floor(x))]


@pytest.mark.parametrize("dtype", DTYPES)
def test_negative_points_are_enclosed_within_one_ulp(dtype: type) -> None:
    x = np.concatenate([_next_to_zeros(dtype), _negative(dtype, 1_500)])
    assert x.size <= SIZE
    kernel_checks.check_points(ij.lgamma, "lgamma", np.resize(x, SIZE), tightest=0.95)


@pytest.mark.parametrize("dtype", DTYPES)
def test_errors_next_to_zeros_are_below_the_proven_ones(dtype: type) -> None:
    x = np.resize(_next_to_zeros(dtype, seed=1), SIZE)

    @jax.jit
    def of_negative(x: jax.Array) -> Value:
        complement = DoubleWord(*two_sum(lax.full_like(x, 1), -x))
        return _lgamma._reflected(x, _lgamma._positive(complement))

    (hi, lo), error, _ = of_negative(jnp.asarray(x))
    hi, lo, error = (np.asarray(v).tolist() for v in (hi, lo, error))
    shares = []
    with ctx.workprec(300):
        for i, number in enumerate(x[:4_000].tolist()):
            exact = ARB["lgamma"](arb(number))
            shares.append(float((abs(arb(hi[i]) + lo[i] - exact) / error[i]).upper()))
            # Relative to the value, so that next to a zero its sign is certain.
            assert error[i] < abs(hi[i]) / 2
    assert 0.01 < max(shares) < 1


def _ranges(lo: np.ndarray, hi: np.ndarray) -> oracle.Tightest:
    exact = oracle.tightest_range("lgamma", lo.astype(np.float64), hi.astype(np.float64))
    return exact._replace(up=np.where(np.floor(np.minimum(hi, 0)) >= lo, INF, exact.up))


@pytest.mark.parametrize("dtype", DTYPES)
def test_ranges_over_intervals(dtype: type) -> None:
    rng = np.random.default_rng(3)
    a = np.concatenate([_positive(dtype, 1_000, 5), rng.uniform(-24, 4, 3_000).astype(dtype)])
    width = np.exp2(rng.uniform(-20, 4, a.size))
    lo, hi = a, (a + width).astype(dtype)
    hi[::50] = INF
    inner = hi != np.floor(hi)
    lo, hi = np.resize(lo[inner], SIZE), np.resize(hi[inner], SIZE)
    value, exact = ij.lgamma(ij.Interval(jnp.asarray(lo), jnp.asarray(hi))), _ranges(lo, hi)
    for off in kernel_checks.excess(value, exact):
        assert off.min() >= 0
        assert off.max() <= 1
    np.testing.assert_array_equal(np.isinf(value.hi), np.isinf(exact.up))


@pytest.mark.parametrize("dtype", DTYPES)
def test_far_left_every_minimum_is_enclosed(dtype: type) -> None:
    rng = np.random.default_rng(4)
    last = np.finfo(dtype).nmant - 6
    pole = -np.floor(np.exp2(rng.uniform(np.log2(24), last, 1_000)))
    ends = np.sort(pole[:, None] - rng.choice([1, 3], (1_000, 1)) * rng.uniform(0, 1, (1_000, 2)))
    lo, hi = np.resize(ends.astype(dtype), (SIZE, 2)).T
    inner = lo + (hi - lo) * rng.uniform(0, 1, (2, SIZE)).astype(dtype)
    inner = np.clip(inner, lo, hi).astype(dtype)
    value = ij.lgamma(ij.Interval(jnp.asarray(lo), jnp.asarray(hi)))
    fine = inner != np.floor(inner)
    inner = np.where(fine, inner, dtype(-24.5))
    exact = oracle.tightest("lgamma", inner)
    assert np.all((np.asarray(value.lo, np.float64) <= exact.down) | ~fine)
    assert np.all((exact.up <= np.asarray(value.hi, np.float64)) | ~fine)
    assert np.isfinite(value.lo).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_minima_belong_to_exactly_the_intervals_around_them(dtype: type) -> None:
    lo, hi = [], []
    for name, left, right in facts.TURNING["lgamma"]:
        below, above = (dtype(v) for v in oracle.critical_point(name, left, right))
        ends = np.unique(points.neighbours(np.array([below, above], dtype), 3))
        ends = ends[ends != 0]
        for a in ends:
            lo += [a] * int(np.sum(ends >= a))
            hi += [b for b in ends if b >= a]
    lo, hi = np.resize(np.array(lo, dtype), SIZE), np.resize(np.array(hi, dtype), SIZE)
    value, exact = ij.lgamma(ij.Interval(jnp.asarray(lo), jnp.asarray(hi))), _ranges(lo, hi)
    for off in kernel_checks.excess(value, exact):
        assert off.min() >= 0
        assert off.max() <= 1


@pytest.mark.parametrize("dtype", DTYPES)
def test_special_values(dtype: type) -> None:
    largest = float(np.finfo(dtype).max)
    rows = [
        ((1, 1), (0, 0)), ((2, 2), (0, 0)), ((0, 0), (INF, -INF)), ((-3, -3), (INF, -INF)),
        ((largest, INF), (largest, INF)), ((-INF, INF), (-INF, INF)), ((-INF, -1), (-INF, INF)),
        ((-largest, -largest), (INF, -INF)), ((INF, -INF), (INF, -INF)),
        ((1e37 if dtype == np.float32 else 1e306,) * 2, (largest, INF)),
    ]  # fmt: skip
    arguments, values = (np.resize(np.array(v, dtype), (SIZE, 2)).T for v in zip(*rows))
    value = ij.lgamma(ij.Interval(*map(jnp.asarray, arguments)))
    np.testing.assert_array_equal(value.lo, values[0])
    np.testing.assert_array_equal(value.hi, values[1])
    reached = ij.lgamma(ij.Interval(*(jnp.array(v, dtype) for v in (-2.0, -1.5))))
    assert reached.hi == INF
    assert 0.8339 < reached.lo < 0.8340  # log(2.3024...), the minimum


def test_every_way_of_calling_encloses() -> None:
    kernel_checks.check_every_way(ij.lgamma, "lgamma", _positive(np.float32, 2_000, seed=3))


def test_bounds_have_the_derivative_of_the_function() -> None:
    x = jnp.array([-3.7, -0.5, 0.1, 0.9, 1.3, 3.0, 9.0, 1e5])
    gradient = jax.vmap(jax.grad(lambda t: ij.lgamma(ij.Interval(t, t)).hi))(x)
    np.testing.assert_allclose(gradient, jax.scipy.special.digamma(x), rtol=1e-12)


def check_float32() -> None:
    x = _positive(np.float32, 2_000, seed=9)
    kernel_checks.check_formats(ij.lgamma, x)
    kernel_checks.check_points(ij.lgamma, "lgamma", x, tightest=0.97)


def test_float32_does_not_need_x64() -> None:
    kernel_checks.without_x64(check_float32)
