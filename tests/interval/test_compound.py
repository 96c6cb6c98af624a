"""compoundm1: containment without tolerance, from the least arguments to the largest powers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import arb, ctx

import interval_jax as ij
from benchmarks import hard_points
from interval_jax.elementary import compound
from reference import oracle
from reference.balls import ARB
from tests.interval import kernel_checks

DTYPES = [np.float64, np.float32]
INF = np.inf
SIZE = 8_000  # one shape, so that the function is compiled once
X_BREAKS = (
    *(s * 2.0**k for s in (-1, 1) for k in (-1, -20, -28, -29, -50, -57, -58, -90, -199, -200)),
    0.0, 0.1, 1.0, 3.0, 1e10, -0.9, -0.999, 2.0**-24 - 1, 2.0**-53 - 1,
)  # fmt: skip
Y_BREAKS = (
    *range(-9, 10), 0.5, -0.5, 0.25, 1 - 2.0**-24, 1 + 2.0**-23, 1e-30, -1e30, 127.0, 1023.0,
    *(s * 2.0**k for s in (-1, 1) for k in (-100, -59, -58, -30, -29, -3, 20, 30, 57, 58, 100)),
)  # fmt: skip


def _points(dtype: type, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """All pairs of breakpoints, and points of all kinds, in the domain."""
    x, y = (b.ravel() for b in np.meshgrid(X_BREAKS, Y_BREAKS))
    drawn = hard_points.compounds(np.random.default_rng(seed), dtype, SIZE)
    with np.errstate(under="ignore"):
        x, y = (np.concatenate(p)[:SIZE].astype(dtype) for p in zip((x, y), drawn, strict=True))
    x, y = (kernel_checks.in_format(v) for v in (x, y))
    return np.where((x == -1) & (y <= 0), dtype(-0.5), x), y


def _check(value: ij.Interval, x: np.ndarray, y: np.ndarray, tightest: float) -> None:
    exact = oracle.tightest("compoundm1", x, y, partial=True)
    known = np.flatnonzero(~np.isnan(exact.down))
    assert known.size > 0.9 * x.size
    for off in kernel_checks.excess(value[known], oracle.Tightest(*(b[known] for b in exact))):
        assert off.min() >= 0
        assert off.max() <= 1
        assert np.mean(off == 0) > tightest


@pytest.mark.parametrize("dtype", DTYPES)
def test_points_are_enclosed_within_one_ulp(dtype: type) -> None:
    x, y = _points(dtype)
    value = ij.compoundm1(*map(kernel_checks.singletons, (x, y)))
    _check(value, x, y, tightest=0.98)
    drawn = slice(len(X_BREAKS) * len(Y_BREAKS), None)
    _check(value[drawn], x[drawn], y[drawn], tightest=0.99)


@pytest.mark.parametrize("dtype", DTYPES)
def test_errors_are_below_the_proven_ones_and_not_far_below(dtype: type) -> None:
    x, y = _points(dtype, seed=1)
    plain = (x != 0) & (x != -1) & (y != 0)
    x, y = (np.resize(v[plain], SIZE) for v in (x, y))
    near, product = jax.jit(compound._product)(x, y)
    # Smaller powers are replaced by this one, next to 1.
    least = 2.0 ** (-50 if dtype is np.float32 else -100)
    for value, used in ((product, near), (jax.jit(compound._value)(x, y), ~near)):
        (hi, lo), error, exponent = jax.tree.map(lambda v: np.asarray(v).tolist(), value)
        shares = []
        with ctx.workprec(400):
            for i in np.flatnonzero(used)[::-1][:3_000]:
                exact = ARB["compoundm1"](arb(float(x[i])), arb(float(y[i])))
                scaled = exact * arb(2) ** -exponent[i]
                inside = least < 1 + exact < float(np.finfo(dtype).max)
                if error[i] > 0 and inside:
                    shares.append(float((abs(arb(hi[i]) + lo[i] - scaled) / error[i]).upper()))
        assert len(shares) > 100
        assert 0.01 < max(shares) < 1


@pytest.mark.parametrize("dtype", DTYPES)
def test_ranges_over_boxes(dtype: type) -> None:
    rng = np.random.default_rng(2)
    a, c = _points(dtype, seed=2)
    a = np.where(a == -1, dtype(-0.75), a)
    b = np.maximum(a, (a + np.exp2(rng.uniform(-60, 3, SIZE))).astype(dtype))
    d = np.maximum(c, (c + np.abs(c) * np.exp2(rng.uniform(-60, 1, SIZE))).astype(dtype))
    c, d = (np.clip(v, -1e30, 1e30).astype(dtype) for v in (c, d))
    value = ij.compoundm1(*(ij.Interval(*map(jnp.asarray, e)) for e in ((a, b), (c, d))))
    corners = [oracle.tightest("compoundm1", x, y, partial=True) for x in (a, b) for y in (c, d)]
    down, up = (np.stack(e) for e in zip(*corners, strict=True))
    known = np.flatnonzero(~np.isnan(down).any(0))
    assert known.size > 0.8 * SIZE  # powers below 2**-5000 are not told from 0
    exact = oracle.Tightest(down.min(0)[known], up.max(0)[known])
    for off in kernel_checks.excess(value[known], exact):
        assert off.min() >= 0
        assert off.max() <= 1


@pytest.mark.parametrize("dtype", DTYPES)
def test_exact_values_and_limits(dtype: type) -> None:
    largest, empty = float(np.finfo(dtype).max), (INF, -INF)
    rows = [  # x, y and the range
        ((1, 1), (3, 3), (7, 7)), ((0, 0), (-INF, INF), (0, 0)), ((-0.5, 3), (0, 0), (0, 0)),
        ((3, 3), (0.5, 0.5), (1, 1)), ((-0.75, 0), (-0.5, 0.5), (-0.5, 1)),
        ((1e-30, 1e30), (1, 1), (1e-30, 1e30)), ((-1, -1), (1, 2), (-1, -1)),
        ((-1, -1), (-1, 0), empty), ((-1, -1), (-1, 1), (-1, -1)), ((-3, -2), (1, 2), empty),
        ((-5, 0), (1, 2), (-1, 0)), ((-1, 0), (-2, -1), (0, INF)), ((-1, 3), (-1, 1), (-1, INF)),
        ((1, INF), (1, 2), (1, INF)), ((1, INF), (-2, -1), (-1, -0.5)),
        ((1, 3), (1, INF), (1, INF)), ((-0.5, -0.5), (-INF, -1), (1, INF)),
        ((-0.5, -0.5), (1, INF), (-1, -0.5)), ((-INF, INF), (-INF, INF), (-1, INF)),
        ((1, 2), empty, empty), (empty, (1, 2), empty), ((-1, 0), (0, 0), (0, 0)),
        ((largest, largest), (2, 2), (largest, INF)),
    ]  # fmt: skip
    x, y, expected = (np.resize(np.array(v, dtype), (SIZE, 2)).T for v in zip(*rows, strict=True))
    value = ij.compoundm1(*(ij.Interval(*map(jnp.asarray, e)) for e in (x, y)))
    np.testing.assert_array_equal(value.lo, expected[0])
    np.testing.assert_array_equal(value.hi, expected[1])


def test_every_way_of_calling_encloses() -> None:
    x, y = (v[-2_000:] for v in _points(np.float32, seed=3))
    X, Y = map(kernel_checks.singletons, (x, y))
    for value in (
        jax.vmap(ij.compoundm1)(X, Y),
        jax.jit(lambda X, Y: ij.compoundm1(X * np.float32(1), Y + np.float32(0)))(X, Y),
        jax.jit(lambda: ij.compoundm1(*map(kernel_checks.singletons, (x, y))))(),
    ):
        _check(value, x, y, tightest=0.98)


def test_bounds_have_the_derivatives_of_the_function() -> None:
    x, y = jnp.array([0.5, -0.25, 1e-9]), jnp.array([2.5, -3.0, 0.5])

    def upper(x: jax.Array, y: jax.Array) -> jax.Array:
        return jnp.sum(ij.compoundm1(ij.Interval(x, x), ij.Interval(y, y)).hi)

    by_x, by_y = jax.grad(upper, argnums=(0, 1))(x, y)
    np.testing.assert_allclose(by_x, y * (1 + x) ** (y - 1), rtol=1e-13)
    np.testing.assert_allclose(by_y, (1 + x) ** y * np.log1p(x), rtol=1e-13)


def test_decorations() -> None:
    for x, y, expected in (
        ((-0.5, 1), (-1, 1), "com"), ((-1, 1), (1, 2), "com"), ((-1, 1), (0, 2), "trv"),
        ((-2, 1), (1, 2), "trv"),
    ):  # fmt: skip
        value = ij.compoundm1(*(ij.decorate(ij.interval(*map(float, e))) for e in (x, y)))
        assert str(value).split("_")[1].startswith(expected), (x, y)


def check_float32() -> None:
    x, y = _points(np.float32, seed=4)
    X, Y = map(kernel_checks.singletons, (x, y))
    kernel_checks.check_formats(ij.compoundm1, x, y)
    _check(ij.compoundm1(X, Y), x, y, tightest=0.98)


def test_float32_does_not_need_x64() -> None:
    kernel_checks.without_x64(check_float32)
