"""Exponential functions and logarithms: containment without tolerance."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import arb, ctx

import interval_jax as ij
from interval_jax._doubleword import DoubleWord
from interval_jax._rounding import format_of
from interval_jax.elementary import _exp, _log, exp, exp2, exp10, expm1, log, log1p, log2, log10
from reference import points
from tests.interval import kernel_checks

FUNCTIONS = {
    "exp": exp, "exp2": exp2, "exp10": exp10, "expm1": expm1,
    "log": log, "log2": log2, "log10": log10, "log1p": log1p,
}  # fmt: skip
DTYPES = [np.float64, np.float32]
# Ends of the reduced argument and of the pieces of log, where results cross the smallest and the
# largest number, where exp next to 0 and expm1 next to -1 need no series, and the clipped range.
BREAKS = (
    *(np.log(2) / 8 * k for k in (1, 3, 5, 7, 1001)),
    *(s * 2.0**k for s in (0.7702811, 0.9185587, 1.0897247, 1.2922634) for k in (-1, 0, 1, 9)),
    *(abs(s - 1) for s in (0.7702811, 0.9185587, 1.0897247, 1.2922634, 1.5405622)),
    708.3964, 709.7827, 709.8, 745.0, 87.33655, 88.72284, 89.0, 104.0, 36.7368, 37.4299, 16.6355,
    1.0, 2.0**-24, 2.0**-25, 2.0**-53, 2.0**-54, 2.0**53, 2.0**24,
)  # fmt: skip


def _domain(name: str, x: np.ndarray) -> np.ndarray:
    if name in ("log", "log2", "log10"):
        return np.abs(x[x != 0])
    return x[x > -1] if name == "log1p" else x


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_points_are_enclosed_within_one_ulp(name: str, dtype: type) -> None:
    x = _domain(name, kernel_checks.around(BREAKS, dtype, 100_000))
    assert x.size > 50_000
    kernel_checks.check_points(FUNCTIONS[name], name, x)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_ranges_over_intervals(name: str, dtype: type) -> None:
    lo, hi = (kernel_checks.in_format(b) for b in points.intervals(dtype, 20_000, seed=7))
    end = {"log1p": -1}.get(name, 0 if name.startswith("log") else -np.inf)
    inside = (hi > end) & (hi > -np.inf) & (lo < np.inf)
    kernel_checks.check_ranges(FUNCTIONS[name], name, lo[inside], hi[inside])
    # What is left of the domain is nothing.
    outside = FUNCTIONS[name](ij.Interval(jnp.asarray(lo[hi <= end]), jnp.asarray(hi[hi <= end])))
    assert np.all(np.asarray(outside.lo) == np.inf)
    assert np.all(np.asarray(outside.hi) == -np.inf)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_way_of_calling_encloses(name: str, dtype: type) -> None:
    x = _domain(name, kernel_checks.around(BREAKS, dtype, 5_000, seed=3))
    kernel_checks.check_every_way(FUNCTIONS[name], name, x)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_fused_with_neighbours(name: str, dtype: type) -> None:
    x = kernel_checks.around(BREAKS, dtype, 5_000, seed=3)
    x = x[(x > 0.5) & (x < 80)] if name.startswith("log") else x[np.abs(x) < 3]
    # The constants keep the second application inside the domain.
    kernel_checks.check_fused(FUNCTIONS[name], name, x, 1.1, 1.6)


@pytest.mark.parametrize("dtype", DTYPES)
def test_special_values(dtype: type) -> None:
    inf = np.inf
    info = np.finfo(dtype)
    tiny, largest = float(info.tiny), float(info.max)
    next_tiny = float(np.nextafter(info.tiny, dtype(1)))
    above, below = (float(np.nextafter(dtype(1), dtype(s))) for s in (2, 0))
    cases = {
        "exp": [
            (0, 0, 1, 1), (tiny, tiny, 1, above), (-tiny, -tiny, below, 1), (-inf, inf, 0, inf),
            (1e4, 1e5, largest, inf), (1e4, inf, largest, inf), (-inf, -1e4, 0, tiny),
        ],
        "expm1": [
            (0, 0, 0, 0), (tiny, tiny, tiny, next_tiny), (-tiny, -tiny, -tiny, 0),
            (-inf, inf, -1, inf), (1e4, inf, largest, inf), (-inf, -1e4, -1, -below),
        ],
        "log": [
            (1, 1, 0, 0), (0, 1, -inf, 0), (-2, 1, -inf, 0), (0, inf, -inf, inf),
                (-2, 0, inf, -inf), (0, 0, inf, -inf), (1, inf, 0, inf)],
        "exp2": [
            (0, 0, 1, 1), (-3, 5, 0.125, 32), (tiny, tiny, 1, above), (-tiny, -tiny, below, 1),
            (-inf, inf, 0, inf), (1e4, inf, largest, inf), (-inf, -1e4, 0, tiny),
            (float(info.maxexp), inf, largest, inf),
            (float(info.maxexp) - 1, 1e5, 2.0 ** (info.maxexp - 1), inf),
            (float(info.minexp), 0, tiny, 1), (float(info.minexp) - 1, 0, 0, 1),
        ],
        "exp10": [
            (0, 0, 1, 1), (-tiny, 2, below, 100), (3, 10, 1e3, 1e10), (-inf, inf, 0, inf),
            (1e4, inf, largest, inf), (-inf, -1e4, 0, tiny),
        ],
        "log2": [
            (1, 1, 0, 0), (0.125, 1024, -3, 10), (0, inf, -inf, inf), (-2, 0, inf, -inf),
            (tiny, 2.0 ** (info.maxexp - 1), info.minexp, info.maxexp - 1),
        ],
        "log10": [
            (1, 1, 0, 0), (1, 1000, 0, 3), (1e10, inf, 10, inf), (-2, 0, inf, -inf),
            (-2, 1, -inf, 0),
        ],
        "log1p": [(0, 0, 0, 0), (tiny, tiny, 0, tiny), (-1, 0, -inf, 0), (-3, inf, -inf, inf),
                  (-2, -1, inf, -inf), (-tiny, -tiny, -next_tiny, -tiny), (0, inf, 0, inf)],
    }  # fmt: skip
    for name, rows in cases.items():
        lo, hi, low, high = np.array([*rows, (inf, -inf, inf, -inf)], dtype).T
        value = FUNCTIONS[name](ij.Interval(jnp.asarray(lo), jnp.asarray(hi)))
        np.testing.assert_array_equal(value.lo, low, name)
        np.testing.assert_array_equal(value.hi, high, name)


def _worst(word: DoubleWord, scale: np.ndarray, exact: Callable[..., arb], *x: np.ndarray) -> float:
    """The largest relative error of double words, measured by Arb."""
    with ctx.workprec(200):
        hi, lo = (np.asarray(b, np.float64) for b in word)
        errors = []
        for h, low, k, *point in zip(hi, lo, scale, *x, strict=True):
            value = exact(*(arb(float(p)) for p in point))
            errors.append(float(abs(((arb(h) + arb(low)) * arb(2) ** int(k) - value) / value)))
        return max(errors)


@pytest.mark.parametrize("dtype", DTYPES)
def test_errors_stay_below_the_proven_bounds_and_not_far_below(dtype: type) -> None:
    rng = np.random.default_rng(5)
    unit = format_of(np.dtype(dtype)).unit
    x = np.concatenate([rng.uniform(-0.4, 0.4, 5_000), rng.uniform(-80, 80, 10_000)]).astype(dtype)
    word, k = jax.jit(_exp.exp_word)(jnp.asarray(x))
    worst = _worst(word, np.asarray(k), arb.exp, x)
    assert _exp.exp_error(unit) / 20 < worst < _exp.exp_error(unit)

    x = np.concatenate([rng.uniform(0.77, 1.55, 10_000), np.exp2(rng.uniform(-9, 9, 5_000))])
    x = x.astype(dtype)
    argument = DoubleWord(jnp.asarray(x), jnp.zeros_like(x))
    word = jax.jit(_log.log_word)(argument)
    worst = _worst(word, np.zeros(x.shape), arb.log, x)
    assert _log.log_error(unit) / 20 < worst < _log.log_error(unit)

    x = np.exp2(rng.uniform(-9, 0, 15_000)).astype(dtype)
    word = jax.jit(_log.log1p_word)(DoubleWord(jnp.asarray(x), jnp.zeros_like(x)))
    worst = _worst(word, np.zeros(x.shape), arb.log1p, x)
    assert _log.log_error(unit) / 20 < worst < _log.log_error(unit)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("base", [None, 2, 10])
def test_errors_of_logarithms_stay_below_their_two_parts(dtype: type, base: int | None) -> None:
    rng = np.random.default_rng(5)
    x = np.concatenate([rng.uniform(0.77, 1.55, 5_000), np.exp2(rng.uniform(-30, 30, 5_000))])
    x = x.astype(dtype)
    tables = _exp.tables_of(x)
    constants = {None: None, 2: tables.base2, 10: tables.base10}[base]
    argument = DoubleWord(jnp.asarray(x), jnp.zeros_like(x))
    value = jax.jit(lambda x: _log.log_value(x, constants))(argument)
    hi, lo, error = (np.asarray(v, np.float64) for v in (*value.word, value.error))
    with ctx.workprec(200):
        scale = arb(1) if base is None else arb(base).log()
        exact = [arb(float(p)).log() / scale for p in x]
        shares = [
            float(abs(arb(h) + arb(low) - v)) / e for h, low, v, e in zip(hi, lo, exact, error)
        ]
    assert 0.05 < max(shares) < 1


@pytest.mark.parametrize("dtype", DTYPES)
def test_powers_of_ten_and_two_are_the_only_logarithms_taken_for_exact(dtype: type) -> None:
    info = np.finfo(dtype)
    powers = np.array([10.0**n for n in range(23 if dtype == np.float64 else 11)], dtype)
    near = np.unique(points.neighbours(powers, steps=2))
    kernel_checks.check_points(log10, "log10", near[near > 0.5], worst=0)
    powers = np.ldexp(dtype(1), np.arange(info.minexp, info.maxexp)).astype(dtype)
    near = kernel_checks.in_format(np.unique(points.neighbours(powers, steps=2)))
    kernel_checks.check_points(log2, "log2", near[near > 0], worst=0)


@pytest.mark.parametrize("dtype", DTYPES)
def test_exp_of_double_words(dtype: type) -> None:
    rng = np.random.default_rng(6)
    unit = format_of(np.dtype(dtype)).unit
    hi = rng.uniform(-80, 80, 8_000).astype(dtype)
    lo = (hi * unit * rng.uniform(-1, 1, hi.size)).astype(dtype)
    word, k = jax.jit(_exp.exp_word)(DoubleWord(jnp.asarray(hi), jnp.asarray(lo)))
    worst = _worst(word, np.asarray(k), lambda p, q: (p + q).exp(), hi, lo)
    assert worst < _exp.exp_error(unit)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_bounds_have_the_derivative_of_the_function(name: str) -> None:
    x = jnp.array([0.3, 0.7, 1.7, 5.0])
    smooth = (lambda t: jnp.exp(t * np.log(10))) if name == "exp10" else getattr(jnp, name)
    plain = jax.vmap(jax.grad(smooth))(x)
    for end in ("lo", "hi"):
        slope = jax.grad(lambda t, end=end: getattr(FUNCTIONS[name](ij.Interval(t, t)), end))
        np.testing.assert_allclose(jax.vmap(slope)(x), plain, rtol=1e-14)


def check_float32() -> None:
    for name, function in FUNCTIONS.items():
        x = _domain(name, kernel_checks.around(BREAKS, np.float32, 4_000, seed=9))
        kernel_checks.check_formats(function, x)
        kernel_checks.check_points(function, name, x, tightest=0.985)


def test_float32_does_not_need_x64() -> None:
    kernel_checks.without_x64(check_float32)


@pytest.mark.parametrize("bits", [np.int32, np.float16])
def test_other_types_are_refused(bits: type) -> None:
    with pytest.raises(TypeError, match="float"):
        exp(np.ones(3, bits))
