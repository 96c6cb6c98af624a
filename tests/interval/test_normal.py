"""erf, erfc, the normal distribution and their derivatives: containment without tolerance."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import arb, ctx

import interval_jax as ij
from interval_jax.elementary import _erf, normal
from reference import points
from tests.interval import kernel_checks as checks

FUNCTIONS: dict[str, Callable[..., ij.Interval]] = {
    name: getattr(normal, name) for name in normal.__all__
}
DISTINCT = sorted(set(FUNCTIONS) - {"ndtr_derivative"})  # which is norm_pdf
DTYPES = [np.float64, np.float32]
FEW = 5_000
# Where a table, the scaling of minute arguments or the argument reduction changes, and where the
# results cross the smallest normal number or reach 1 and 2.
_BREAKS_OF_ERF = (
    0.75, 1.5, 2.0, 3.75, 6.0, 9.5, 27.0, 1.41 * 27.0, 1.41 * 9.5, 2.0**-64, 2.0**-512,
    26.543, 9.1941, 37.519, 12.9847, 37.6766, 13.1916, 26.6151, 9.3237, 5.9216, 3.9192, 5.8636,
    8.2924, 8.3733, 5.4199, 5.5418, 1.0, 2.0**-27, 2.0**-54,
)  # fmt: skip
BREAKS = (
    *_BREAKS_OF_ERF,
    *(2**0.5 * b for b in _BREAKS_OF_ERF),
    *(0.5**0.5 * b for b in _BREAKS_OF_ERF),
)


def _grid(dtype: type, size: int, seed: int = 0) -> np.ndarray:
    return checks.around(BREAKS, dtype, size, seed)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", DISTINCT)
def test_points_are_enclosed_within_one_ulp(name: str, dtype: type) -> None:
    checks.check_points(FUNCTIONS[name], name, _grid(dtype, 100_000))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_ranges_over_intervals(name: str, dtype: type) -> None:
    lo, hi = (checks.in_format(b) for b in points.intervals(dtype, 10_000, seed=7))
    checks.check_ranges(FUNCTIONS[name], name, lo, hi)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", DISTINCT)
def test_every_way_of_calling_encloses(name: str, dtype: type) -> None:
    checks.check_every_way(FUNCTIONS[name], name, _grid(dtype, FEW, seed=3))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", DISTINCT)
def test_fused_with_neighbours(name: str, dtype: type) -> None:
    checks.check_fused(FUNCTIONS[name], name, _grid(dtype, FEW, seed=3), 1.1, -0.3)


@pytest.mark.parametrize("halved", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
def test_double_words_err_less_than_proven_and_not_far_less(dtype: type, halved: bool) -> None:
    rng = np.random.default_rng(11)
    cuts = _erf.table_of(np.dtype(dtype)).cuts
    x = np.concatenate([rng.uniform(0, end, 1500) for end in (1.0, *cuts)]).astype(dtype)
    x = x * dtype(1.41 if halved else 1)
    first, scaled = jax.jit(lambda x: _erf.erf_or_erfc(_erf.argument(x, halved)))(x)
    hi, lo, exponent, bound = (
        np.asarray(a).tolist() for a in (*scaled.word, scaled.exponent, scaled.error)
    )
    observed = []
    with ctx.workprec(150):
        for i, number in enumerate(x.tolist()):
            w = arb(number) / arb(2).sqrt() if halved else arb(number)
            value = w.erf() if first[i] else w.erfc()
            error = (arb(hi[i]) + lo[i]) * arb(2) ** exponent[i] / value - 1
            observed.append(float(abs(error).upper()) / bound[i])
    assert max(observed) < 1
    assert max(observed) > 0.05


@pytest.mark.parametrize("dtype", DTYPES)
def test_special_values(dtype: type) -> None:
    inf = np.inf
    tiny = float(np.finfo(dtype).tiny)
    below_one = float(np.nextafter(dtype(1), dtype(0)))
    cases = {
        "erf": [(0, 0, 0, 0), (-inf, inf, -1, 1), (100, inf, below_one, 1)],
        "erfc": [(0, 0, 1, 1), (-inf, inf, 0, 2), (100, inf, 0, tiny)],
        "ndtr": [(0, 0, 0.5, 0.5), (-inf, inf, 0, 1), (-inf, -100, 0, tiny)],
        "norm_pdf": [(100, inf, 0, tiny), (-inf, -100, 0, tiny), (-1e30, -100, 0, tiny)],
        "erf_derivative": [(100, inf, 0, tiny), (-inf, -100, 0, tiny), (-1e30, -100, 0, tiny)],
        "norm_pdf_derivative": [(0, 0, 0, 0), (100, inf, -tiny, 0), (-inf, -100, 0, tiny)],
    }
    for name, rows in cases.items():
        lo, hi, low, high = np.array([*rows, (inf, -inf, inf, -inf)], dtype).T
        value = FUNCTIONS[name](ij.Interval(jnp.asarray(lo), jnp.asarray(hi)))
        np.testing.assert_array_equal(value.lo, low, name)
        np.testing.assert_array_equal(value.hi, high, name)


@pytest.mark.parametrize("name", ["norm_pdf", "erf_derivative", "norm_pdf_derivative"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_extrema_belong_to_exactly_the_intervals_around_them(name: str, dtype: type) -> None:
    at = 1.0 if name == "norm_pdf_derivative" else 0.0
    turn = dtype(at)
    inside, after = (np.nextafter(turn, dtype(s)) if at else dtype(s) for s in (-2, 2))
    ends = [(inside, turn), (turn, after), (inside, after), (after, dtype(3)), (inside, inside)]
    lo, hi = (np.array(b, dtype) for b in zip(*ends, strict=True))
    for sign in (1, -1):
        checks.check_ranges(FUNCTIONS[name], name, *((lo, hi) if sign > 0 else (-hi, -lo)))


@pytest.mark.parametrize("name", DISTINCT)
def test_bounds_have_the_derivative_of_the_function(name: str) -> None:
    x = jnp.array([-30.0, -3.0, -1.2, -0.5, 0.3, 0.7, 1.7, 5.0, 30.0, np.inf])
    secant, derivative, second = checks.slopes(FUNCTIONS[name], x, order=2)
    assert derivative[-1] == 0
    np.testing.assert_allclose(derivative[:-1], secant[:-1], rtol=1e-4, atol=1e-9)
    assert np.isfinite(second).all()


def test_numbers_and_shapes_are_accepted() -> None:
    value = normal.ndtr(np.zeros((2, 3), np.float32))
    assert value.shape == (2, 3)
    assert value.dtype == np.float32
    assert normal.erf(ij.entire((2, 0, 3))).shape == (2, 0, 3)


def check_float32() -> None:
    x = _grid(np.float32, FEW, seed=9)
    for name, function in FUNCTIONS.items():
        checks.check_formats(function, x)
        checks.check_points(function, name, x)


def test_float32_does_not_need_x64() -> None:
    checks.without_x64(check_float32)
