"""sinh, cosh, their reciprocals, coth, and the inverses: containment without tolerance."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import arb, ctx

import interval_jax as ij
from interval_jax._doubleword import DoubleWord
from interval_jax._rounding import format_of
from interval_jax.elementary import _hyperbolic as kernels
from interval_jax.elementary import _inverse_hyperbolic as inverse_kernels
from interval_jax.elementary import hyperbolic
from interval_jax.elementary._exp import exp_error
from interval_jax.elementary._log import log_error
from reference import oracle, points
from tests.interval import kernel_checks

NAMES = ("acosh", "acoth", "asinh", "atanh", "cosh", "coth", "csch", "sech", "sinh")
FUNCTIONS = {name: getattr(hyperbolic, name) for name in NAMES}
IN_ONE_SHAPE = {name: kernel_checks.one_shape(f) for name, f in FUNCTIONS.items()}
RECIPROCALS = ("acoth", "coth", "csch")
DTYPES = [np.float64, np.float32]
# Ends of series and of reduced arguments, where results cross the smallest and the largest number,
# where they are next to 0 or 1, and where x**2 is negligible.
BREAKS = (
    *(np.log(2) / 8 * k for k in (1, 3, 5, 7, 9, 1001)), 0.5, 1 / 16, 1 / 32, 16.0, 32.0, 1.0,
    708.3964, 709.0896, 709.7827, 710.4758, 711.0, 87.33655, 88.029, 88.72284, 89.41599, 90.0,
    *(s * 2.0**k for s in (1.0, 1.4, 2.0) for k in (-26.5, -12, 26.5, 12)),
    2.0**20, 2.0**40, 2.0**50, 2.0**100, 2.0**-50, 2.0**-100,
)  # fmt: skip
SHARE = {name: 0.96 if name in RECIPROCALS else 0.99 for name in FUNCTIONS} | {"sech": 0.985}
"""Tightest bounds. Reciprocals of powers of 2 are floats, those of their neighbours almost."""


def _domain(name: str, x: np.ndarray) -> np.ndarray:
    rng = np.random.default_rng(1)
    distance = np.exp2(rng.uniform(np.log2(np.finfo(x.dtype).eps), -2, x.size // 4))
    if name in ("csch", "coth"):
        return x[x != 0]
    if name == "acosh":
        return np.concatenate([np.abs(x)[np.abs(x) >= 1], (1 + distance).astype(x.dtype)])
    sign = rng.choice([-1.0, 1.0], distance.size)
    if name == "acoth":
        return np.concatenate([x[np.abs(x) > 1], (sign * (1 + distance)).astype(x.dtype)])
    if name == "atanh":
        return np.concatenate([x[np.abs(x) < 1], (sign * (1 - distance)).astype(x.dtype)])
    return x


def _size(name: str, size: int) -> int:
    """Arb takes its time."""
    return size if name in oracle.CORE_MATH else size // 8


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_points_are_enclosed_within_one_ulp(name: str, dtype: type) -> None:
    x = _domain(name, kernel_checks.around(BREAKS, dtype, _size(name, 60_000)))
    assert x.size > _size(name, 20_000)
    kernel_checks.check_points(IN_ONE_SHAPE[name], name, x, tightest=SHARE[name])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_ranges_over_intervals(name: str, dtype: type) -> None:
    lo, hi = (
        kernel_checks.in_format(b) for b in points.intervals(dtype, _size(name, 20_000), seed=7)
    )
    within = (hi > -np.inf) & (lo < np.inf)
    inside = {
        "acosh": hi >= 1, "atanh": (hi > -1) & (lo < 1), "acoth": (lo < -1) | (hi > 1),
        "coth": (lo < 0) | (hi > 0), "csch": (lo < 0) | (hi > 0),
    }.get(name, within) & within  # fmt: skip
    kernel_checks.check_ranges(IN_ONE_SHAPE[name], name, lo[inside], hi[inside])
    # What is left of the domain is nothing.
    outside = ij.Interval(jnp.asarray(lo[within & ~inside]), jnp.asarray(hi[within & ~inside]))
    nothing = IN_ONE_SHAPE[name](outside)
    assert np.all(np.asarray(nothing.lo) == np.inf)
    assert np.all(np.asarray(nothing.hi) == -np.inf)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["sinh", "acosh"])
def test_every_way_of_calling_encloses(name: str, dtype: type) -> None:
    x = _domain(name, kernel_checks.around(BREAKS, dtype, 1_500, seed=3))
    kernel_checks.check_every_way(FUNCTIONS[name], name, x)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["coth", "atanh"])
def test_fused_with_neighbours(name: str, dtype: type) -> None:
    x = kernel_checks.around(BREAKS, dtype, 1_500, seed=3)
    x = np.abs(x[np.abs(x) < 1])
    # The constants keep the second application inside the domain.
    scale, shift = (0.5, 0.1) if name == "atanh" else (1.1, 0.3)
    kernel_checks.check_fused(FUNCTIONS[name], name, x, scale, shift)


def _worst(word: DoubleWord, exponent: jax.Array, exact: Callable, x: np.ndarray) -> float:
    """The largest relative error of double words, measured by Arb."""
    with ctx.workprec(200):
        hi, lo, k = (np.asarray(b, np.float64).tolist() for b in (*word, exponent))
        values = [exact(arb(p)) for p in x.astype(np.float64).tolist()]
        words = [(arb(h) + arb(e)) * arb(2) ** int(n) for h, e, n in zip(hi, lo, k, strict=True)]
        return max(float(abs((w - v) / v)) for w, v in zip(words, values, strict=True))


@pytest.mark.parametrize("dtype", DTYPES)
def test_errors_of_sinh_and_cosh_stay_below_the_proven_bounds(dtype: type) -> None:
    unit = format_of(np.dtype(dtype)).unit
    rng = np.random.default_rng(5)
    x = np.concatenate([rng.uniform(0.45, 3, 3_000), np.exp2(rng.uniform(-6, 6, 3_000))])
    x = x.astype(dtype)

    def both(x: jax.Array) -> tuple:
        halves = kernels._halves(x)
        return kernels._cosh(halves), halves.exponent, kernels._sinh(x, halves)

    cosh, exponent, sinh = jax.jit(both)(jnp.asarray(x))
    worst = _worst(cosh, exponent, arb.cosh, x)
    assert exp_error(unit) / 20 < worst < kernels._cosh_error(unit)
    series = x <= kernels.SERIES_END
    relative = np.asarray(sinh.error, np.float64) / np.asarray(sinh.word.hi, np.float64)
    for part, least in ((series, 55e-4 * unit / 10), (~series, exp_error(unit) / 20)):
        word = DoubleWord(sinh.word.hi[part], sinh.word.lo[part])
        worst = _worst(word, sinh.exponent[part], arb.sinh, x[part])
        assert least < worst < relative[part].max()


@pytest.mark.parametrize("dtype", DTYPES)
def test_errors_of_the_inverses_stay_below_the_proven_bounds(dtype: type) -> None:
    unit = format_of(np.dtype(dtype)).unit
    rng = np.random.default_rng(6)
    tables = kernels.hyperbolic_tables(np.zeros(0, dtype))
    x = rng.uniform(0.5, 1, 4_000).astype(dtype) * dtype(inverse_kernels.INVERSE_SERIES_END)
    zero = np.zeros(x.shape)
    for coefficients, exact in (
        (tables.asinh_coefficients, arb.asinh),
        (tables.atanh_coefficients, arb.atanh),
    ):
        word = jax.jit(inverse_kernels._inverse_series, static_argnums=1)(
            jnp.asarray(x), coefficients
        )
        worst = _worst(word, zero, exact, x)
        bound = inverse_kernels.INVERSE_SERIES_ERROR * unit
        assert bound / 10 < worst < bound
    x = np.concatenate(
        [1 + np.exp2(rng.uniform(-20, 2, 3_000)), np.exp2(rng.uniform(2, 45, 1_000))]
    )
    x = x.astype(dtype)[:4_000]
    x = x[x > 1]
    word = jax.jit(inverse_kernels._log_of_sum, static_argnums=1)(jnp.asarray(x), -1.0)
    worst = _worst(word, np.zeros(x.shape), arb.acosh, x)
    assert log_error(unit) / 20 < worst < log_error(unit) + 2.1 * unit**1.5 + 80 * unit**2


@pytest.mark.parametrize("dtype", DTYPES)
def test_special_values(dtype: type) -> None:
    inf, info = np.inf, np.finfo(dtype)
    tiny, largest = float(info.tiny), float(info.max)
    next_tiny = float(np.nextafter(info.tiny, dtype(1)))
    above, below = (float(np.nextafter(dtype(1), dtype(s))) for s in (2, 0))
    nothing = (inf, -inf)
    cases = {
        "sinh": [
            (0, 0, 0, 0), (tiny, tiny, tiny, next_tiny), (-tiny, -tiny, -next_tiny, -tiny),
            (-inf, inf, -inf, inf), (1e4, 1e5, largest, inf),
        ],
        "cosh": [
            (0, 0, 1, 1), (tiny, tiny, 1, above), (-inf, inf, 1, inf), (1e4, 1e5, largest, inf),
            (-1e5, tiny, 1, inf),
        ],
        "sech": [(0, 0, 1, 1), (tiny, tiny, below, 1), (-inf, inf, 0, 1), (1e4, inf, 0, tiny)],
        "csch": [
            (0, 0, *nothing), (-inf, inf, -inf, inf), (0, inf, 0, inf), (-inf, 0, -inf, 0),
            (1e4, 1e5, 0, tiny), (-1e5, -1e4, -tiny, 0), (0, 1e4, 0, inf),
        ],
        "coth": [
            (0, 0, *nothing), (-inf, inf, -inf, inf), (0, inf, 1, inf), (-inf, 0, -inf, -1),
            (1e4, 1e5, 1, above), (-1e5, -1e4, -above, -1),
        ],
        "asinh": [
            (0, 0, 0, 0), (tiny, tiny, 0, tiny), (-tiny, -tiny, -tiny, 0), (-inf, inf, -inf, inf),
        ],
        "acosh": [(1, 1, 0, 0), (-inf, inf, 0, inf), (-1, 0.5, *nothing), (0, 1, 0, 0)],
        "atanh": [
            (0, 0, 0, 0), (tiny, tiny, tiny, next_tiny), (-1, 1, -inf, inf), (-inf, inf, -inf, inf),
            (1, 1, *nothing), (-1, -1, *nothing), (1, 2, *nothing), (0, 1, 0, inf),
            (-3, 0, -inf, 0),
        ],
        "acoth": [
            (-1, 1, *nothing), (1, 1, *nothing), (1, inf, 0, inf), (-inf, inf, -inf, inf),
            (-inf, -1, -inf, 0), (0, inf, 0, inf), (largest, inf, 0, tiny), (-2, 2, -inf, inf),
        ],
    }  # fmt: skip
    for name, rows in cases.items():
        lo, hi, low, high = np.array([*rows, (*nothing, *nothing)], dtype).T
        value = IN_ONE_SHAPE[name](ij.Interval(jnp.asarray(lo), jnp.asarray(hi)))
        np.testing.assert_array_equal(value.lo, low, name)
        np.testing.assert_array_equal(value.hi, high, name)


@pytest.mark.parametrize("dtype", DTYPES)
def test_powers_of_two_next_to_a_pole_are_tightest(dtype: type) -> None:
    x = np.exp2(np.arange(20.0, 120.0)).astype(dtype)
    for name, points_ in (("csch", 1 / x), ("coth", 1 / x), ("acoth", x)):
        kernel_checks.check_points(IN_ONE_SHAPE[name], name, points_.astype(dtype), worst=0)


def test_decorations() -> None:
    cases = {
        "acosh": {(1, 2): "com", (0.5, 2): "trv"},
        "atanh": {(0, 0.5): "com", (0, 1): "trv"},
        "acoth": {(1.5, 2): "com", (1, 2): "trv"},
        "coth": {(1, np.inf): "dac", (-1, 1): "trv"},
    }
    for name, expected in cases.items():
        lo, hi = np.array(list(expected), np.float64).T
        value = FUNCTIONS[name](ij.decorate(ij.interval(lo, hi)))
        names = [ij.Decoration(int(d)).name.lower() for d in value.decoration]
        assert names == list(expected.values())


@pytest.mark.parametrize("name", ["cosh", "csch", "acoth", "asinh"])
def test_bounds_have_the_derivative_of_the_function(name: str) -> None:
    plain = {
        "csch": lambda x: 1 / jnp.sinh(x), "acoth": lambda x: jnp.arctanh(1 / x),
        "cosh": jnp.cosh, "asinh": jnp.arcsinh,
    }[name]  # fmt: skip
    x = jnp.array([1.2, 1.7, 5.0])

    @jax.jit
    def slopes(x: jax.Array) -> tuple[jax.Array, ...]:
        def bound(t: jax.Array, end: str) -> jax.Array:
            return getattr(FUNCTIONS[name](ij.Interval(t, t)), end)

        return tuple(jax.vmap(jax.grad(bound), (0, None))(x, end) for end in ("lo", "hi"))

    for slope in slopes(x):
        np.testing.assert_allclose(slope, jax.vmap(jax.grad(plain))(x), rtol=1e-13)


def check_float32() -> None:
    for name, function in FUNCTIONS.items():
        x = _domain(name, kernel_checks.around(BREAKS, np.float32, 1_000, seed=9))
        kernel_checks.check_formats(function, x)
        if name in ("sinh", "asinh"):
            kernel_checks.check_points(function, name, x, tightest=0.94)


def test_float32_does_not_need_x64() -> None:
    kernel_checks.without_x64(check_float32)
