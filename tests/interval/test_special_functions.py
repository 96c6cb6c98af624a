"""log_ndtr, gelu and their like at points and over intervals: containment, no tolerance."""

import jax.numpy as jnp
import numpy as np
import pytest

import interval_jax as ij
from interval_jax.elementary import gelu_derivative
from reference import points
from tests.interval import kernel_checks

FUNCTIONS = {
    "log_ndtr": ij.log_ndtr,
    "gelu": ij.gelu,
    "gelu_tanh": lambda x: ij.gelu(x, approximate=True),
    "gelu_derivative": gelu_derivative,
}
DTYPES = [np.float64, np.float32]
SIZE = 12_000  # one shape, so that every function is compiled once
GELU_MINIMUM_AT = 0.7517915246935645
# Minima, where a table or a formula changes, and where the results reach 0, 1 or the format's end.
_BREAKS = (0.75, 1.5, 2.0, 3.75, 6.0, 9.5, 27.0, 26.543, 9.1941, 8.2924, 5.8636, 4.1)
BREAKS = (
    GELU_MINIMUM_AT, 0.7524614220710163, 1.4142135623730951, *(2**0.5 * b for b in _BREAKS),
    *(1.41 * b for b in (9.5, 27.0)), *(1.4 * b for b in (9.5, 27.0)), 9.2, 6.3, 12.9847, 32.0,
    2.0**-27, 2.0**-56, 2.0**-512, 2.0**29, 2.0**58, 2.0**64, 2.0**512.5,
)  # fmt: skip


def _grid(name: str, dtype: type, size: int, seed: int = 0) -> np.ndarray:
    breaks = tuple(b for b in BREAKS if b < float(np.finfo(dtype).max))
    return kernel_checks.around(breaks, dtype, size, seed)


def _box(lo: np.ndarray, hi: np.ndarray) -> ij.Interval:
    return ij.Interval(jnp.asarray(lo), jnp.asarray(hi))


def _check_ranges(name: str, lo: np.ndarray, hi: np.ndarray) -> None:
    kernel_checks.check_ranges(FUNCTIONS[name], name, np.resize(lo, SIZE), np.resize(hi, SIZE))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_points_are_enclosed_within_one_ulp(name: str, dtype: type) -> None:
    x = np.resize(_grid(name, dtype, 10_000), SIZE)
    kernel_checks.check_points(FUNCTIONS[name], name, x)


@pytest.mark.parametrize("dtype", DTYPES)
def test_gelu_derivative_next_to_its_root(dtype: type) -> None:
    rng = np.random.default_rng(1)
    offset = rng.choice([-1, 1], 3_000) * np.exp2(rng.uniform(-52, -3, 3_000))
    x = (-GELU_MINIMUM_AT + offset).astype(dtype)
    x[:1_000] = dtype(-GELU_MINIMUM_AT) + np.arange(-500, 500) * np.spacing(dtype(0.75))
    kernel_checks.check_points(
        FUNCTIONS["gelu_derivative"], "gelu_derivative", np.resize(x, SIZE), tightest=0.98
    )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_ranges_over_intervals(name: str, dtype: type) -> None:
    lo, hi = (kernel_checks.in_format(b) for b in points.intervals(dtype, 3_000, seed=7))
    rng = np.random.default_rng(8)
    centre, radius = rng.uniform(-4, 4, 3_000), np.exp2(rng.uniform(-20, 2, 3_000))
    lo = np.append(lo, (centre - radius).astype(dtype))
    hi = np.append(hi, (centre + radius).astype(dtype))
    keep = lo < np.inf
    _check_ranges(name, lo[keep], hi[keep])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["gelu", "gelu_tanh", "gelu_derivative"])
def test_extrema_belong_to_exactly_the_intervals_around_them(name: str, dtype: type) -> None:
    at = {"gelu": -GELU_MINIMUM_AT, "gelu_tanh": -0.7524614220710163, "gelu_derivative": 2**0.5}
    ends = np.unique(points.neighbours(np.array([at[name]], dtype), 4))
    ends = ends[ends != 0]
    lo, hi = (b.ravel() for b in np.meshgrid(np.append(ends, dtype(-3)), np.append(ends, dtype(3))))
    lo, hi = lo[lo <= hi], hi[lo <= hi]
    for a, b in ((lo, hi), (-hi, -lo)):
        _check_ranges(name, a, b)


@pytest.mark.parametrize("name", ["log_ndtr", "gelu_derivative"])
def test_every_way_of_calling_encloses(name: str) -> None:
    dtype = np.float64 if name == "log_ndtr" else np.float32
    kernel_checks.check_every_way(FUNCTIONS[name], name, _grid(name, dtype, 1_500, seed=3))


@pytest.mark.parametrize("dtype", DTYPES)
def test_special_values(dtype: type) -> None:
    inf = np.inf
    info = np.finfo(dtype)
    tiny, largest = float(info.tiny), float(info.max)
    above, below = (float(np.nextafter(dtype(1), dtype(s))) for s in (2, 0))
    below_largest = float(np.nextafter(info.max, dtype(0)))
    gelu = [
        (0, 0, 0, 0), (1024, inf, 1024 * below, inf), (-inf, -1e4, -tiny, 0),
        (largest, largest, below_largest, largest),
    ]  # fmt: skip
    cases = {
        "log_ndtr": [(100, inf, -tiny, 0), (-inf, -largest, -inf, -largest)],
        "gelu": gelu,
        "gelu_tanh": gelu,
        "gelu_derivative": [(0, 0, 0.5, 0.5), (1e4, inf, 1, above), (-inf, -1e4, -tiny, 0)],
    }
    for name, rows in cases.items():
        lo, hi, low, high = np.array([*rows, (inf, -inf, inf, -inf)], dtype).T
        value = FUNCTIONS[name](_box(np.resize(lo, SIZE), np.resize(hi, SIZE)))
        np.testing.assert_array_equal(value.lo, np.resize(low, SIZE), name)
        np.testing.assert_array_equal(value.hi, np.resize(high, SIZE), name)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_bounds_have_the_derivative_of_the_function(name: str) -> None:
    x = jnp.array([-30.0, -3.0, -0.9, -0.5, 0.3, 0.8, 1.7, 5.0, 30.0, np.inf])
    secant, derivative = kernel_checks.slopes(FUNCTIONS[name], x, order=1)
    assert derivative[-1] == (1 if name in {"gelu", "gelu_tanh"} else 0)
    np.testing.assert_allclose(derivative[:-1], secant[:-1], rtol=1e-4, atol=1e-8)


def check_float32() -> None:
    x = _grid("gelu_derivative", np.float32, 2_000, seed=9)
    for name in ("log_ndtr", "gelu_tanh", "gelu_derivative"):
        kernel_checks.check_formats(FUNCTIONS[name], x)
        kernel_checks.check_points(FUNCTIONS[name], name, x)


def test_float32_does_not_need_x64() -> None:
    kernel_checks.without_x64(check_float32)
