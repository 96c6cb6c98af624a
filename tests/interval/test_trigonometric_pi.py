"""Functions of multiples of pi: containment without tolerance, and exact values."""

import math
from collections.abc import Callable
from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import interval_jax as ij
from interval_jax.elementary.trigonometric_pi import cospi, sinpi, tanpi
from reference import oracle, points
from tests.interval import kernel_checks

FUNCTIONS = {"sinpi": sinpi, "cospi": cospi, "tanpi": tanpi}
DTYPES = [np.float64, np.float32]
SIZE = 6_000
BREAKS = (
    *(k / 4 for k in range(1, 9)), 1000.25, 2.0**22, 2.0**23, 2.0**24, 2.0**51, 2.0**52, 2.0**53,
    2.0**-24, 2.0**-53, 2.0**-60,
)  # fmt: skip


def _extend(function: Callable[..., ij.Interval], lo: np.ndarray, hi: np.ndarray) -> ij.Interval:
    """In one shape, compiled once."""
    count = lo.size
    lo, hi = (jnp.asarray(np.resize(b, SIZE)) for b in (lo, hi))
    return function(ij.Interval(lo, hi))[:count]


def _is_quarter(x: np.ndarray) -> np.ndarray:
    return np.fmod(x, 0.25) == 0


def _arguments(dtype: type, seed: int = 0) -> np.ndarray:
    x = kernel_checks.around(BREAKS, dtype, SIZE, seed)
    return np.resize(x[np.isfinite(x)], SIZE)


_BELOW, _ABOVE = np.nextafter(np.sqrt(0.5), 0), np.sqrt(0.5)  # the square root rounds up
_SINES = [(0, 0), (_BELOW, _ABOVE), (1, 1), (_BELOW, _ABOVE)]
_SINES += [(-up, -down) for down, up in _SINES]


def _values(name: str, x: np.ndarray) -> oracle.Tightest:
    """The exact values; at quarters Arb has none, as its balls end at floats."""
    quarter = _is_quarter(x)
    value = oracle.tightest(name, np.where(quarter, 0.1, x))
    eighth = (np.mod(x, 2.0) * 4).astype(int) % 8
    if name == "tanpi":
        at_quarter = np.array([0, 1, np.nan, -1])[eighth % 4]
        return oracle.Tightest(*(np.where(quarter, at_quarter, b) for b in value))
    eighth = (eighth + 2) % 8 if name == "cospi" else eighth
    return oracle.Tightest(
        *(np.where(quarter, at[eighth], b) for at, b in zip(np.array(_SINES).T, value, strict=True))
    )


def _contains(lo: np.ndarray, hi: np.ndarray, point: Fraction, period: int) -> np.ndarray:
    """Whether [lo, hi] contains the point or one that is whole periods from it."""
    rows = ((Fraction(a), Fraction(b)) for a, b in zip(lo.tolist(), hi.tolist(), strict=True))
    return np.array([point + math.ceil((a - point) / period) * period <= b for a, b in rows])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_points_are_enclosed_within_one_ulp(name: str, dtype: type) -> None:
    x = _arguments(dtype)
    value = _extend(FUNCTIONS[name], x, x)
    exact = _values(name, x.astype(np.float64))
    defined = ~np.isnan(exact.down)
    assert np.all(np.asarray(ij.is_empty(value)) == ~defined)
    exact = oracle.Tightest(*(b[defined] for b in exact))
    for off in kernel_checks.excess(value[np.flatnonzero(defined)], exact):
        assert off.min() >= 0
        assert off.max() <= 1
        assert np.mean(off == 0) > 0.99


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_ranges_over_intervals(name: str, dtype: type) -> None:
    rng = np.random.default_rng(3)
    lo, hi = (kernel_checks.in_format(b) for b in points.intervals(dtype, SIZE // 2, 7, True))
    start = rng.choice(_arguments(dtype, 5), SIZE // 4)
    start = np.concatenate([start, rng.integers(-8, 8, SIZE // 4) / 4]).astype(dtype)
    width = rng.uniform(0, 2.5, start.size) * rng.choice([1, 0.1], start.size)
    width = np.where(rng.random(start.size) < 0.3, rng.integers(0, 9, start.size) / 4, width)
    lo, hi = np.concatenate([lo, start]), np.concatenate([hi, (start + width).astype(dtype)])
    left, right = lo.astype(np.float64), hi.astype(np.float64)
    ends = _values(name, left), _values(name, right)
    down, up = np.fmin(ends[0].down, ends[1].down), np.fmax(ends[0].up, ends[1].up)

    nothing = np.zeros(lo.shape, bool)
    if name == "tanpi":
        # A pole at an end is none inside, where all between the neighbours of the ends lies.
        at_left, at_right = np.isnan(ends[0].down), np.isnan(ends[1].down)
        nothing = at_left & (lo == hi)
        with np.errstate(over="ignore"):
            after, before = np.nextafter(left, np.inf), np.nextafter(right, -np.inf)
        first, last = np.where(at_left, after, left), np.where(at_right, before, right)
        pole = _contains(first, last, Fraction(1, 2), 1)
        down = np.where(pole | at_left, -np.inf, ends[0].down)
        up = np.where(pole | at_right, np.inf, ends[1].up)
    else:
        top = Fraction(1, 2) if name == "sinpi" else Fraction(0)
        down = np.where(_contains(left, right, top + 1, 2), -1, down)
        up = np.where(_contains(left, right, top, 2), 1, up)
    value = _extend(FUNCTIONS[name], lo, hi)
    assert np.all(np.asarray(ij.is_empty(value)) == nothing)
    exact = oracle.Tightest(down[~nothing], up[~nothing])
    for off in kernel_checks.excess(value[np.flatnonzero(~nothing)], exact):
        assert off.min() >= 0
        assert off.max() <= 1


@pytest.mark.parametrize("dtype", DTYPES)
def test_special_values(dtype: type) -> None:
    inf, largest = np.inf, float(np.finfo(dtype).max)
    cases = {
        "sinpi": [(-inf, inf, -1, 1), (largest, largest, 0, 0), (0.5, 1.5, -1, 1), (0, 1, 0, 1)],
        "cospi": [(-inf, 0, -1, 1), (largest, largest, 1, 1), (0.5, 0.5, 0, 0), (1, 2, -1, 1)],
        "tanpi": [(-inf, 0, -inf, inf), (-0.5, 0.5, -inf, inf), (0.5, 0.5, inf, -inf),
                  (0.5, 0.75, -inf, -1), (-0.25, 0.5, -1, inf), (0.5, 2.5, -inf, inf)],
    }  # fmt: skip
    for name, rows in cases.items():
        lo, hi, low, high = np.array([*rows, (inf, -inf, inf, -inf)], dtype).T
        value = _extend(FUNCTIONS[name], lo, hi)
        np.testing.assert_array_equal(value.lo, low, name)
        np.testing.assert_array_equal(value.hi, high, name)


def test_derivatives_do_not_suffer_from_large_arguments() -> None:
    x = jnp.array([0.125, -3.875, 2.0**40 + 0.125])
    for function, slope in ((sinpi, np.cos), (cospi, lambda t: -np.sin(t))):
        grad = jax.grad(lambda t, f=function: f(ij.Interval(t, t)).hi)
        np.testing.assert_allclose(jax.vmap(grad)(x), np.pi * slope(np.pi / 8), rtol=1e-14)
