"""Functions that IEEE 1788-2015 recommends in 10.6.1, beside those with modules of their own.

Containment without tolerance, and exact values.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import arb, ctx

import interval_jax as ij
from interval_jax.elementary import shifted
from interval_jax.elementary._exp import largest_exponent_of_ten, tables_of
from reference import balls, oracle, points
from tests.interval import kernel_checks

NAMES = ("rsqrt", "exp2m1", "exp10m1", "log2p1", "log10p1", "asinpi", "acospi", "atanpi")
DTYPES = [np.float64, np.float32]
SIZE = 12_000
FUNCTIONS = {name: kernel_checks.one_shape(getattr(ij, name), SIZE) for name in NAMES}
BREAKS: dict[str, tuple[float, ...]] = {
    "rsqrt": tuple(2.0**k for k in range(-12, 12)),
    "exp2m1": (*range(1, 60), 1024.0, 128.0, 0.125, 2.0**-42, 2.0**-72),
    "exp10m1": (*range(1, 23), 308.2547, 38.53184, 15.95, 0.0376, 2.0**-42, 2.0**-72),
    "log2p1": (*(2.0**k - 1 for k in range(-52, 53)), 2.0**60, 2.0**80, 2.0**-42, 2.0**-72),
    "log10p1": (*(10.0**k - 1 for k in range(1, 16)), *(10.0**k for k in range(15, 23)), 2.0**-42),
    "asinpi": (1.0, 0.5, 2.0**-40),
    "acospi": (1.0, 0.5, 2.0**-26, 2.0**-55),
    "atanpi": (1.0, 2.0**-40, *(2.0**k for k in range(20, 64, 3)), 2.0**100),
}


def _domain(name: str, x: np.ndarray) -> np.ndarray:
    if name == "rsqrt":
        return np.abs(x[x != 0])
    if name in ("asinpi", "acospi"):
        return x[np.abs(x) <= 1]
    return x[x > -1] if name.startswith("log") else x


def _arguments(name: str, dtype: type) -> np.ndarray:
    rng = np.random.default_rng(2)
    breaks = np.array([*BREAKS[name], *(-v for v in BREAKS[name])], dtype)
    x = np.exp2(rng.uniform(-60, 6.5, 3_000)) * rng.choice([-1.0, 1.0], 3_000)
    x = np.concatenate([points.neighbours(breaks), x, points.points(dtype, 6_000)])
    return _domain(name, kernel_checks.in_format(x.astype(dtype)))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_points_are_enclosed_within_one_ulp(name: str, dtype: type) -> None:
    x = _arguments(name, dtype)
    assert 3_000 < x.size <= SIZE
    worst, share = (0, 0.999) if name == "rsqrt" else (1, 0.99)
    kernel_checks.check_points(FUNCTIONS[name], name, x, worst, share)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_ranges_over_intervals(name: str, dtype: type) -> None:
    lo, hi = (kernel_checks.in_format(b) for b in points.intervals(dtype, 3_000, seed=7))
    start, end = {"rsqrt": (0, np.inf), "asinpi": (-1, 1), "acospi": (-1, 1)}.get(
        name, (-1 if name.startswith("log") else -np.inf, np.inf)
    )
    open_end = name == "rsqrt" or name.startswith("log")
    left_out = (hi < start) | (lo > end) | (open_end & (hi == start))
    value = FUNCTIONS[name](ij.Interval(jnp.asarray(lo), jnp.asarray(hi)))
    assert np.all(np.asarray(ij.is_empty(value)) == left_out)
    inside = np.flatnonzero(~left_out)
    left, right = (np.clip(b[inside].astype(np.float64), start, end) for b in (lo, hi))
    largest = np.finfo(np.float64).max
    at_left, at_right = (
        oracle.tightest(name, np.clip(b, -largest, largest)) for b in (left, right)
    )
    down, up = at_left.down, at_right.up
    if name in ("rsqrt", "acospi"):
        down, up = at_right.down, at_left.up
    if name == "rsqrt":
        down, up = np.where(right == np.inf, 0, down), np.where(left == 0, np.inf, up)
    if name.startswith("log"):
        down = np.where(left == -1, -np.inf, down)
    if name == "atanpi":
        down, up = np.where(left == -np.inf, -0.5, down), np.where(right == np.inf, 0.5, up)
    elif name.startswith(("exp", "log")):
        up = np.where(right == np.inf, np.inf, up)
    for off in kernel_checks.excess(value[inside], oracle.Tightest(down, up)):
        assert off.min() >= 0
        assert off.max() <= 1


_EXACT: dict[str, list[tuple[float, float, float, float]]] = {
    "rsqrt": [(4, 4, 0.5, 0.5), (0, 16, 0.25, np.inf), (-2, 0, np.inf, -np.inf),
              (0.25, np.inf, 0, 2), (-3, 1, 1, np.inf)],
    "exp2m1": [(0, 0, 0, 0), (-1, 3, -0.5, 7), (-np.inf, np.inf, -1, np.inf),
               (24, 24, 2.0**24 - 1, 2.0**24 - 1), (-24, 0, 2.0**-24 - 1, 0)],
    "exp10m1": [(0, 0, 0, 0), (1, 3, 9, 999), (-np.inf, np.inf, -1, np.inf), (0, 7, 0, 9999999)],
    "log2p1": [(0, 0, 0, 0), (-0.5, 7, -1, 3), (-1, 0, -np.inf, 0), (-3, -1, np.inf, -np.inf),
               (2.0**24 - 1, np.inf, 24, np.inf), (2.0**-24 - 1, -0.75, -24, -2)],
    "log10p1": [(0, 0, 0, 0), (9, 999, 1, 3), (-1, 0, -np.inf, 0), (-3, -1, np.inf, -np.inf),
                (9999999, np.inf, 7, np.inf)],
    "asinpi": [(1, 1, 0.5, 0.5), (-1, 0, -0.5, 0), (-9, 9, -0.5, 0.5), (2, 3, np.inf, -np.inf)],
    "acospi": [(1, 1, 0, 0), (-1, 1, 0, 1), (0, 0, 0.5, 0.5), (0, 9, 0, 0.5),
               (2, 3, np.inf, -np.inf)],
    "atanpi": [(1, 1, 0.25, 0.25), (-1, 0, -0.25, 0), (-np.inf, np.inf, -0.5, 0.5),
               (1, np.inf, 0.25, 0.5)],
}  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_exact_values_and_limits(name: str, dtype: type) -> None:
    lo, hi, low, high = np.array([*_EXACT[name], (np.inf, -np.inf, np.inf, -np.inf)], dtype).T
    value = FUNCTIONS[name](ij.Interval(lo, hi))
    np.testing.assert_array_equal(value.lo, low)
    np.testing.assert_array_equal(value.hi, high)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["exp2m1", "exp10m1", "log2p1", "log10p1"])
def test_errors_stay_below_the_proven_bounds_and_not_far_below(name: str, dtype: type) -> None:
    rng = np.random.default_rng(5)
    x = np.exp2(rng.uniform(-80, 3, 4_000)) * rng.choice([-1.0, 1.0], 4_000)
    x = np.concatenate([x, rng.uniform(-0.3, 0.3, 4_000)]).astype(dtype)
    x = np.where(x > -1, x, -x).astype(dtype)
    ten = "10" in name
    tables = tables_of(x)
    base, largest = (tables.base10, largest_exponent_of_ten(x)) if ten else (tables.base2, np.inf)
    kernel = shifted.exp_less_one if name.startswith("exp") else shifted.log_of_one_plus
    value = jax.jit(lambda x: kernel(x, base, largest))(jnp.asarray(x))
    hi, lo, error, k = (np.asarray(v, np.float64) for v in (*value.word, *value[1:]))
    with ctx.workprec(250):
        shares = []
        for point, h, low, e, exponent in zip(x, hi, lo, error, k, strict=True):
            exact = balls.ARB[name](arb(float(point))) * arb(2) ** -int(exponent)
            miss = float(abs(arb(h) + arb(low) - exact))
            if e > 0:
                shares.append(miss / e)
    assert 0.05 < max(shares) < 1, max(shares)


@pytest.mark.parametrize("dtype", DTYPES)
def test_angles_of_points(dtype: type) -> None:
    y, x = points.pairs(dtype, 4_000, seed=5)
    rng = np.random.default_rng(6)
    kind = rng.integers(0, 6, x.size)
    x = np.select([kind == 0, kind == 1], [y, -y], x)
    with np.errstate(over="ignore", under="ignore"):
        apart = (y * np.exp2(rng.integers(-70, 70, x.size))).astype(dtype)
    x = np.where((kind == 2) & np.isfinite(apart), apart, x)
    x, y = (kernel_checks.in_format(np.where(kind == k, 0, v)) for k, v in ((3, x), (4, y)))
    value = ij.atan2pi(kernel_checks.singletons(y), kernel_checks.singletons(x))
    exact = oracle.tightest("atan2pi", y, x)
    origin = (x == 0) & (y == 0)
    assert np.all(np.asarray(ij.is_empty(value)) == origin)
    inside = np.flatnonzero(~origin)
    for off in kernel_checks.excess(value[inside], oracle.Tightest(*(b[inside] for b in exact))):
        assert off.min() >= 0
        assert off.max() <= 1
        assert np.mean(off == 0) > 0.99


@pytest.mark.parametrize("dtype", DTYPES)
def test_angles_of_boxes(dtype: type) -> None:
    inf = np.inf
    rows = [  # y, x and the angle
        (1, 1, 1, 1, 0.25, 0.25), (1, 1, -1, -1, 0.75, 0.75), (-1, -1, -1, 1, -0.75, -0.25),
        (0, 1, -1, 1, 0, 1), (-1, 0, -1, -1, -1, 1), (0, 0, 0, 0, inf, -inf),
        (-1, 1, -1, 1, -1, 1), (0, 0, 2, 3, 0, 0), (1, inf, 0, 0, 0.5, 0.5),
        (-inf, inf, 1, 1, -0.5, 0.5), (0, 0, -2, -1, 1, 1), (1, 1, -inf, inf, 0, 1),
    ]  # fmt: skip
    a, b, c, d, low, high = np.array(rows, dtype).T
    y, x = (ij.Interval(*(jnp.asarray(np.resize(v, 4_000)) for v in ends)) for ends in
            ((a, b), (c, d)))  # fmt: skip
    value = ij.atan2pi(y, x)[: len(rows)]
    np.testing.assert_array_equal(value.lo, low)
    np.testing.assert_array_equal(value.hi, high)


@pytest.mark.parametrize("name", NAMES)
def test_bounds_have_the_derivative_of_the_function(name: str) -> None:
    x = jnp.array([0.25, 0.75])
    slopes: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "rsqrt": lambda t: -0.5 * t**-1.5,
        "exp2m1": lambda t: np.log(2) * 2**t,
        "exp10m1": lambda t: np.log(10) * 10**t,
        "log2p1": lambda t: 1 / ((1 + t) * np.log(2)),
        "log10p1": lambda t: 1 / ((1 + t) * np.log(10)),
        "asinpi": lambda t: 1 / (np.pi * np.sqrt(1 - t**2)),
        "acospi": lambda t: -1 / (np.pi * np.sqrt(1 - t**2)),
        "atanpi": lambda t: 1 / (np.pi * (1 + t**2)),
    }
    slope = jax.grad(lambda t: jnp.sum(getattr(ij, name)(ij.Interval(t, t)).hi))(x)
    np.testing.assert_allclose(slope, slopes[name](np.asarray(x)), rtol=1e-13)


def test_decorations() -> None:
    cases = {"rsqrt": (0, 1), "log2p1": (-1, 1), "asinpi": (0, 2), "acospi": (-2, 0)}
    for name, ends in cases.items():
        for end, expected in ((ends, "trv"), ((0.5, 0.75), "com")):
            value = getattr(ij, name)(ij.decorate(ij.interval(*end)))
            assert f"]_{expected}," in str(value), name


def check_float32() -> None:
    for name, function in FUNCTIONS.items():
        x = _arguments(name, np.float32)
        kernel_checks.check_formats(getattr(ij, name), x)
        kernel_checks.check_points(function, name, x)


def test_float32_does_not_need_x64() -> None:
    kernel_checks.without_x64(check_float32)
