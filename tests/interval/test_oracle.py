"""The oracle itself: its two sources against each other and against rational arithmetic."""

import math
from fractions import Fraction

import numpy as np
import pytest

from reference import balls, exact, facts, oracle, points

# Where Arb cannot tell f(x) from the float that f levels off at, and where its exponents run out.
_RANGES = {
    "expm1": (-60, 700), "exp": (-700, 700), "exp2": (-1000, 1000), "tanh": (-60, 60),
    "erf": (-8, 8), "erfc": (-8, 30), "sinh": (-700, 700), "cosh": (-700, 700), "sin": (-1e9, 1e9),
    "cos": (-1e9, 1e9), "tan": (-1e9, 1e9),
}  # fmt: skip
_BOTH = sorted(set(balls.ARB) & set(oracle.CORE_MATH))
_UNARY = [name for name in _BOTH if name not in {"add", "sub", "mul", "div"}]


@pytest.mark.parametrize("name", _UNARY)
def test_core_math_and_arb_agree(name: str) -> None:
    x = points.points(np.float64, 12_000, seed=1)
    low, high = _RANGES.get(name, (-np.inf, np.inf))
    # Tiny arguments need thousands of bits in Arb where f(x) - x is far below x.
    x = x[(x >= low) & (x <= high) & ((np.abs(x) > 1e-100) | (x == 0))]
    assert x.size > 1000
    fast, slow = oracle.tightest(name, x), oracle.tightest_arb(name, x)
    assert np.isfinite(fast.down).sum() > 1000
    np.testing.assert_array_equal(fast.down, slow.down)
    np.testing.assert_array_equal(fast.up, slow.up)


@pytest.mark.parametrize("name", ["add", "sub", "mul", "div"])
def test_arithmetic_is_exactly_rounded(name: str) -> None:
    x, y = points.pairs(np.float64, 5_000, seed=2)
    if name == "div":
        x, y = x[y != 0], y[y != 0]
    got = oracle.tightest(name, x, y)
    operation = {
        "add": Fraction.__add__, "sub": Fraction.__sub__,
        "mul": Fraction.__mul__, "div": Fraction.__truediv__,
    }[name]  # fmt: skip
    for a, b, down, up in zip(x, y, got.down, got.up, strict=True):
        value = operation(exact.exact(a), exact.exact(b))
        assert down <= value <= up
        assert down == up or math.nextafter(down, math.inf) == up


def test_square_root_is_exactly_rounded() -> None:
    x = np.abs(points.points(np.float64, 3_000, seed=3))
    got = oracle.tightest("sqrt", x)
    for a, down, up in zip(x, got.down, got.up, strict=True):
        assert exact.exact(down) ** 2 <= exact.exact(a) <= exact.exact(up) ** 2
        assert down == up or math.nextafter(down, math.inf) == up


@pytest.mark.parametrize("name", sorted(facts.LIMITS))
def test_values_written_down_are_those_of_arb(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    x = points.points(np.float64, 6_000, seed=4)
    x = x[(x > -3000) & (x < 80) & ((np.abs(x) > 1e-60) | (x == 0))]
    written = oracle.tightest_arb(name, x)
    monkeypatch.delitem(facts.LIMITS, name)
    decided = oracle.tightest_arb(name, x, partial=True)
    known = ~np.isnan(decided.down)
    assert known.sum() > 0.9 * x.size
    np.testing.assert_array_equal(written.down[known], decided.down[known])
    np.testing.assert_array_equal(written.up[known], decided.up[known])


@pytest.mark.parametrize(
    "name",
    sorted(set(balls.ARB) - set(oracle.CORE_MATH) - facts.PIECEWISE - {"atan2pi", "compoundm1"}),
)
def test_range_holds_every_value(name: str) -> None:
    lo, hi = points.intervals(np.float64, 2_000, seed=5)
    ranges = oracle.tightest_range(name, lo, hi)
    for seed in range(3):
        value = oracle.tightest(name, points.members(lo, hi, seed))
        # The domain of the function, and intervals that do not leave it.
        inside = ~np.isnan(value.down) & ~np.isnan(ranges.down)
        assert inside.sum() > 100
        assert (ranges.down <= value.down)[inside].all()
        assert (value.up <= ranges.up)[inside].all()


def test_turning_points_are_inside_the_range() -> None:
    silu = oracle.tightest_range("silu", -10.0, 10.0)
    assert silu.down == pytest.approx(-0.27846454276107374, abs=1e-16)
    slope = oracle.tightest_range("silu_derivative", -10.0, 10.0)
    assert slope.up == pytest.approx(1.099839320128867, abs=1e-15)
    assert slope.down == pytest.approx(1 - slope.up, abs=1e-15)


def test_inner_products_are_exact() -> None:
    a, b = [1e300, 1.0, -1e300, 5e-324], [1e300, 2.0**-60, 1e300, 5e-324]
    assert exact.dot(a, b) == Fraction(2) ** -60 + Fraction(5e-324) ** 2
    lower, upper = exact.interval_dot([-1.0, 2.0], [1.0, 3.0], [-2.0, 0.1], [0.5, 0.1])
    assert lower == -2 + 2 * Fraction(0.1)
    assert upper == 2 + 3 * Fraction(0.1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_points_cover_the_format(dtype: type) -> None:
    x = points.points(dtype, 50_000, seed=6, finite=False)
    info = np.finfo(dtype)
    exponents = np.unique(np.frexp(x[np.isfinite(x) & (x != 0)])[1])
    assert x.dtype == dtype
    assert x.size == 50_000
    assert exponents.size > 0.99 * (info.maxexp - info.minexp)
    for value in points.special(dtype):
        assert value in x
    lo, hi = points.intervals(dtype, 10_000, seed=7)
    assert (lo <= hi).all()
    assert np.isinf(lo).any()
    assert np.isinf(hi).any()
    assert (lo == hi).any()
    inside = points.members(lo, hi)
    assert ((lo <= inside) & (inside <= hi) & np.isfinite(inside)).all()
