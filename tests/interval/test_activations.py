"""Activations and the ranges of their derivatives: containment without tolerance."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import interval_jax as ij
from interval_jax.elementary import activations
from reference import points
from tests.interval import kernel_checks

FUNCTIONS = {name: getattr(activations, name) for name in activations.__all__}
EXACT = {"relu", "relu_derivative"}
SMOOTH = sorted(set(FUNCTIONS) - EXACT - {"softplus_derivative"})  # which is logistic
DTYPES = [np.float64, np.float32]
SILU_MINIMUM_AT, SILU_DERIVATIVE_EXTREMA_AT = 1.278464542761074, 2.3993572805154675
# Extrema, ends of the reduced argument, where the results reach the smallest normal number or a
# limit, where no series is needed, and where powers are clipped.
BREAKS = (
    SILU_MINIMUM_AT, SILU_DERIVATIVE_EXTREMA_AT, *(np.log(2) / 8 * k for k in (1, 3, 5, 0.5, 1.5)),
    *(np.log(s) for s in (1.0897247, 1.2922634, 1.5405622, 1.8371173)),
    708.3964, 714.9, 745.0, 354.2, 87.33655, 91.8, 104.0, 43.7, 36.7368, 18.37, 16.6355, 8.32,
    69.3147, 34.6573, 30.0, 1.0, 2.0**-12, 2.0**-25, 2.0**-27, 2.0**-54, 2.0**-55, 2.0**100,
)  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", SMOOTH)
def test_points_are_enclosed_within_one_ulp(name: str, dtype: type) -> None:
    x = kernel_checks.around(BREAKS, dtype, 100_000)
    share = 0.98 if name in {"silu_derivative", "softplus"} else 0.99
    kernel_checks.check_points(FUNCTIONS[name], name, x, tightest=share)


@pytest.mark.parametrize("dtype", DTYPES)
def test_silu_derivative_next_to_its_root(dtype: type) -> None:
    rng = np.random.default_rng(1)
    offset = rng.choice([-1, 1], 10_000) * np.exp2(rng.uniform(-52, -2, 10_000))
    x = (-SILU_MINIMUM_AT + offset).astype(dtype)
    x[:1_000] = dtype(-SILU_MINIMUM_AT) + np.arange(-500, 500) * np.spacing(dtype(1))
    kernel_checks.check_points(FUNCTIONS["silu_derivative"], "silu_derivative", x, tightest=0.95)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", SMOOTH)
def test_ranges_over_intervals(name: str, dtype: type) -> None:
    lo, hi = (kernel_checks.in_format(b) for b in points.intervals(dtype, 8_000, seed=7))
    rng = np.random.default_rng(8)
    centre, radius = rng.uniform(-4, 4, 8_000), np.exp2(rng.uniform(-20, 2, 8_000))
    lo = np.append(lo, (centre - radius).astype(dtype))
    hi = np.append(hi, (centre + radius).astype(dtype))
    keep = lo < np.inf
    kernel_checks.check_ranges(FUNCTIONS[name], name, lo[keep], hi[keep])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["silu", "silu_derivative"])
def test_extrema_belong_to_exactly_the_intervals_around_them(name: str, dtype: type) -> None:
    at = dtype(SILU_MINIMUM_AT if name == "silu" else SILU_DERIVATIVE_EXTREMA_AT)
    ends = np.unique(points.neighbours(np.array([at], dtype), 4))
    ends = ends[ends > 0]
    lo, hi = (b.ravel() for b in np.meshgrid(ends, np.append(ends, dtype(3))))
    lo, hi = lo[lo <= hi], hi[lo <= hi]
    for a, b in ((lo, hi), (-hi, -lo)):
        kernel_checks.check_ranges(FUNCTIONS[name], name, a, b)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", SMOOTH)
def test_every_way_of_calling_encloses(name: str, dtype: type) -> None:
    x = kernel_checks.around(BREAKS, dtype, 3_000, seed=3)
    kernel_checks.check_every_way(FUNCTIONS[name], name, x)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", SMOOTH)
def test_fused_with_neighbours(name: str, dtype: type) -> None:
    x = kernel_checks.around(BREAKS, dtype, 3_000, seed=3)
    x = x[np.abs(x) < 700]
    kernel_checks.check_fused(FUNCTIONS[name], name, x, 1.1, -0.3)


@pytest.mark.parametrize("dtype", DTYPES)
def test_relu_and_its_derivative(dtype: type) -> None:
    lo, hi = (kernel_checks.in_format(b) for b in points.intervals(dtype, 20_000, seed=4))
    X = ij.Interval(jnp.asarray(lo), jnp.asarray(hi))
    value = activations.relu(X)
    np.testing.assert_array_equal(value.lo, np.where(lo > 0, lo, 0))
    np.testing.assert_array_equal(value.hi, np.where(hi > 0, hi, 0))
    slope = activations.relu_derivative(X)
    np.testing.assert_array_equal(slope.lo, lo > 0)
    np.testing.assert_array_equal(slope.hi, hi >= 0)


@pytest.mark.parametrize("dtype", DTYPES)
def test_special_values(dtype: type) -> None:
    inf = np.inf
    info = np.finfo(dtype)
    tiny, largest = float(info.tiny), float(info.max)
    above, below = (float(np.nextafter(dtype(1), dtype(s))) for s in (2, 0))
    cases = {
        "tanh": [(0, 0, 0, 0), (-inf, inf, -1, 1), (50, inf, below, 1), (-inf, -50, -1, -below)],
        "logistic": [
            (0, 0, 0.5, 0.5), (-inf, inf, 0, 1), (50, inf, below, 1), (-inf, -1e4, 0, tiny),
        ],
        "softplus_derivative": [(0, 0, 0.5, 0.5), (-inf, inf, 0, 1)],
        "silu": [
            (0, 0, 0, 0), (1024, inf, 1024 * below, inf), (-inf, -1e4, -tiny, 0),
            (largest, largest, float(np.nextafter(info.max, dtype(0))), largest),
        ],
        "softplus": [
            (-inf, -1e4, 0, tiny), (largest, largest, largest, inf), (1e4, inf, 1e4, inf),
        ],
        "tanh_derivative": [(0, 0, 1, 1), (-inf, inf, 0, 1), (1e4, inf, 0, tiny)],
        "logistic_derivative": [(0, 0, 0.25, 0.25), (-inf, inf, 0, 0.25), (1e4, inf, 0, tiny)],
        "silu_derivative": [(0, 0, 0.5, 0.5), (1e4, inf, 1, above), (-inf, -1e4, -tiny, 0)],
        "relu": [(-1, -1, 0, 0), (-inf, inf, 0, inf), (2, inf, 2, inf)],
        "relu_derivative": [
            (0, 0, 0, 1), (-inf, inf, 0, 1), (tiny, inf, 1, 1), (-inf, -tiny, 0, 0),
        ],
    }  # fmt: skip
    assert cases.keys() == FUNCTIONS.keys()
    for name, rows in cases.items():
        lo, hi, low, high = np.array([*rows, (inf, -inf, inf, -inf)], dtype).T
        value = FUNCTIONS[name](ij.Interval(jnp.asarray(lo), jnp.asarray(hi)))
        np.testing.assert_array_equal(value.lo, low, name)
        np.testing.assert_array_equal(value.hi, high, name)


@pytest.mark.parametrize("name", SMOOTH)
def test_bounds_have_the_derivative_of_the_function(name: str) -> None:
    x = jnp.array([-800.0, -30.0, -3.0, -0.9, -0.5, 0.3, 0.7, 1.7, 5.0, 30.0, 800.0, np.inf])
    secant, derivative, second = kernel_checks.slopes(FUNCTIONS[name], x, order=2)
    assert derivative[-1] == (1 if name in {"silu", "softplus"} else 0)
    np.testing.assert_allclose(derivative[:-1], secant[:-1], rtol=1e-4, atol=1e-8)
    assert np.isfinite(second).all()


def test_the_minimum_of_silu_does_not_move_with_the_bounds() -> None:
    gradient = jax.grad(lambda t: activations.silu(ij.Interval(t - 1, t + 1)).lo)(-1.2)
    assert gradient == 0


def check_float32() -> None:
    x = kernel_checks.around(BREAKS, np.float32, 3_000, seed=9)
    x = x[np.abs(x + SILU_MINIMUM_AT) > 0.1]
    for name in SMOOTH:
        kernel_checks.check_formats(FUNCTIONS[name], x)
        kernel_checks.check_points(FUNCTIONS[name], name, x, tightest=0.98)


def test_float32_does_not_need_x64() -> None:
    kernel_checks.without_x64(check_float32)
