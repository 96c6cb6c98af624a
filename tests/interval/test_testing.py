"""The public checks: they notice one unit in the last place, and count it."""

import math
from decimal import Decimal
from fractions import Fraction

import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

import interval_jax as ij
from interval_jax.testing import assert_encloses, excess_ulps, mpmath_bounds

_DTYPES = [np.float32, np.float64]


def _raw(lo: float, hi: float, dtype: type) -> ij.Interval:
    return ij.Interval(jnp.asarray(lo, dtype), jnp.asarray(hi, dtype))


@pytest.mark.parametrize("dtype", _DTYPES)
def test_one_ulp_beside_the_value_is_a_miss(dtype: type) -> None:
    one = dtype(1)
    above, below = np.nextafter(one, dtype(2)), np.nextafter(one, dtype(0))
    assert_encloses(_raw(one, one, dtype), one)
    for lo, hi in [(above, above), (below, below), (above, below)]:
        with pytest.raises(AssertionError, match="1 of 1 intervals miss"):
            assert_encloses(_raw(lo, hi, dtype), one)


@pytest.mark.parametrize("value", [Fraction(1, 3), Decimal("0.1"), mpmath.mpf(2) ** -200, 10**400])
def test_exact_values_of_every_kind(value: object) -> None:
    exact = Fraction(int(value)) if isinstance(value, int) else value
    assert_encloses(ij.interval(-1.0, math.inf), exact)
    with pytest.raises(AssertionError):
        assert_encloses(ij.interval(-1.0, 0.0), exact)


def test_nan_bounds_never_enclose_and_nan_values_are_refused() -> None:
    with pytest.raises(AssertionError):
        assert_encloses(_raw(math.nan, math.inf, np.float64), 0.0)
    for value in (math.nan, np.array([math.nan]), Decimal("nan"), mpmath.nan):
        with pytest.raises(ValueError, match="NaN"):
            assert_encloses(ij.entire(), value)


def test_the_message_names_the_place() -> None:
    x = ij.interval([0.0, 1.0], [1.0, 2.0])
    with pytest.raises(AssertionError, match=r"1 of 2 .* first at \(1,\)"):
        assert_encloses(x, [Fraction(1, 2), Fraction(5, 2)])


def test_bounds_of_the_value_must_both_be_inside() -> None:
    assert_encloses(ij.interval(0.0, 1.0), 0.0, 1.0)
    with pytest.raises(AssertionError):
        assert_encloses(ij.interval(0.0, 1.0), 0.5, np.nextafter(1.0, 2))


@pytest.mark.parametrize("dtype", _DTYPES)
def test_excess_counts_steps_of_the_format(dtype: type) -> None:
    tiny, eps = np.finfo(dtype).tiny, np.finfo(dtype).eps
    third = Fraction(1, 3)
    near = dtype(1) / dtype(3)
    lo, hi = np.nextafter(near, dtype(0)), np.nextafter(near, dtype(1))
    assert sum(map(int, excess_ulps(_raw(lo, hi, dtype), third))) == 1
    # From the subnormals' place straight to the smallest normal number: one step, not 2^52.
    assert tuple(map(int, excess_ulps(_raw(-tiny, tiny, dtype), 0))) == (1, 1)
    assert tuple(map(int, excess_ulps(_raw(0, tiny, dtype), Fraction(float(tiny)) / 2))) == (0, 0)
    assert tuple(map(int, excess_ulps(_raw(1 - eps, 1 + eps, dtype), 1))) == (2, 1)
    assert int(excess_ulps(_raw(1, math.inf, dtype), 1)[1]) > 0
    assert int(excess_ulps(_raw(1, math.inf, dtype), Fraction(10) ** 400)[1]) == 0
    assert int(excess_ulps(_raw(1 + eps, 2, dtype), 1)[0]) == -1


def test_mpmath_bounds_hold_the_value_closely() -> None:
    lower, upper = mpmath_bounds(mpmath.exp, [1.0, -3.5])
    with mpmath.workprec(1000):
        for low, high, x in zip(lower, upper, [1.0, -3.5], strict=True):
            assert low <= mpmath.exp(x) <= high
            assert high - low <= abs(high) * mpmath.mpf(2) ** -180


def test_mpmath_bounds_notice_cancellation() -> None:
    with pytest.raises(ArithmeticError, match="larger bits"):
        mpmath_bounds(lambda x: (1 + x) - 1, [2.0**-120], bits=100)
