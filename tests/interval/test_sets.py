"""Numeric and set functions and predicates against their definitions."""

from fractions import Fraction
from math import inf

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import interval_jax as ij
from reference import points

DTYPES = [np.float32, np.float64]


def pair(dtype: type, seed: int) -> ij.Interval:
    return ij.interval(*points.intervals(dtype, 1500, seed))


@pytest.mark.parametrize("dtype", DTYPES)
def test_midpoint_and_radius_enclose(dtype: type) -> None:
    X = pair(dtype, 1)
    m, r, w = (np.asarray(v) for v in (*jax.jit(ij.mid_rad)(X), jax.jit(ij.wid)(X)))
    assert np.isfinite(m).all()
    for lo, hi, c, radius, width in zip(np.asarray(X.lo), np.asarray(X.hi), m, r, w, strict=True):
        assert lo <= c <= hi
        if np.isinf(lo) or np.isinf(hi):
            assert radius == width == inf
            continue
        a, b, center = (Fraction(float(v)) for v in (lo, hi, c))
        if np.isfinite(radius):
            assert max(b - center, center - a) <= Fraction(float(radius))
        if np.isfinite(width):
            assert b - a <= Fraction(float(width))
            if width > np.finfo(dtype).tiny:
                assert Fraction(float(np.nextafter(width, dtype(0)))) <= b - a


@pytest.mark.parametrize("dtype", DTYPES)
def test_magnitudes_and_ends(dtype: type) -> None:
    X = pair(dtype, 2)
    lo, hi = np.asarray(X.lo), np.asarray(X.hi)
    np.testing.assert_array_equal(ij.inf(X), lo)
    np.testing.assert_array_equal(ij.sup(X), hi)
    np.testing.assert_array_equal(ij.mag(X), np.maximum(abs(lo), abs(hi)))
    inside = (lo <= 0) & (hi >= 0)
    np.testing.assert_array_equal(ij.mig(X), np.where(inside, 0, np.minimum(abs(lo), abs(hi))))
    none = ij.empty((2,), dtype)
    for function in (ij.mid, ij.rad, ij.wid, ij.mag, ij.mig):
        assert np.isnan(np.asarray(function(none))).all()
    assert (float(ij.mid(ij.entire())), float(ij.mid(ij.interval(0.0, inf)))) == (
        0.0,
        float(np.finfo(np.float64).max),
    )


@pytest.mark.parametrize("dtype", DTYPES)
def test_set_operations(dtype: type) -> None:
    X, Y = pair(dtype, 3), pair(dtype, 4)
    a, b, c, d = (np.asarray(v) for v in (X.lo, X.hi, Y.lo, Y.hi))
    meet, hull = jax.jit(ij.intersection)(X, Y), jax.jit(ij.convex_hull)(X, Y)
    lo, hi = np.maximum(a, c), np.minimum(b, d)
    np.testing.assert_array_equal(meet.lo, np.where(lo > hi, inf, lo))
    np.testing.assert_array_equal(meet.hi, np.where(lo > hi, -inf, hi))
    np.testing.assert_array_equal(hull.lo, np.minimum(a, c))
    np.testing.assert_array_equal(hull.hi, np.maximum(b, d))
    left, right = ij.bisect(X)
    np.testing.assert_array_equal(left.lo, a)
    np.testing.assert_array_equal(right.hi, b)
    np.testing.assert_array_equal(left.hi, right.lo)
    none = ij.empty((1500,), dtype)
    assert bool(jnp.all(ij.equal(ij.convex_hull(X, none), X)))
    assert bool(jnp.all(ij.is_empty(ij.intersection(X, none))))
    assert all(bool(jnp.all(ij.is_empty(half))) for half in ij.bisect(none))


CASES = {
    # name: (true pairs, false pairs); None is the empty set
    "equal": ([((1, 2), (1, 2)), (None, None)], [((1, 2), (1, 3)), ((1, 2), None)]),
    "subset": (
        [((1, 2), (1, 3)), (None, (1, 2)), (None, None)],
        [((1, 3), (1, 2)), ((1, 2), None)],
    ),
    "interior": (
        [((1, 2), (0, 3)), ((-inf, inf), (-inf, inf)), (None, None), (None, (1, 2))],
        [((1, 2), (1, 3)), ((1, 2), None)],
    ),
    "disjoint": ([((1, 2), (3, 4)), (None, (1, 2))], [((1, 2), (2, 4))]),
    "less": ([((1, 3), (2, 3)), (None, None)], [((1, 4), (2, 3)), (None, (1, 2))]),
    "strict_less": ([((1, 2), (2, 3)), ((-inf, 2), (-inf, 3)), (None, None)], [((1, 3), (2, 3))]),
    "precedes": ([((1, 2), (2, 3)), (None, (1, 2))], [((1, 2.5), (2, 3))]),
    "strict_precedes": ([((1, 2), (2.5, 3)), ((1, 2), None)], [((1, 2), (2, 3))]),
}


@pytest.mark.parametrize("name", CASES)
def test_predicates(name: str) -> None:
    def build(bounds: tuple[float, float] | None) -> ij.Interval:
        return ij.empty() if bounds is None else ij.interval(*map(float, bounds))

    predicate = getattr(ij, name)
    for expected, pairs in zip((True, False), CASES[name], strict=True):
        for x, y in pairs:
            assert bool(predicate(build(x), build(y))) is expected
            assert bool(jax.jit(predicate)(build(x), build(y))) is expected


def test_kinds_of_intervals() -> None:
    X = [ij.empty(), ij.entire(), ij.interval(1.0), ij.interval(0.0, inf)]
    assert [bool(ij.is_empty(x)) for x in X] == [True, False, False, False]
    assert [bool(ij.is_entire(x)) for x in X] == [False, True, False, False]
    assert [bool(ij.is_singleton(x)) for x in X] == [False, False, True, False]
    assert [bool(ij.is_common_interval(x)) for x in X] == [False, False, True, False]


def test_membership_is_exact() -> None:
    X = ij.interval(0.0, 0.1, dtype=np.float32)
    assert bool(ij.is_member(0.1, X))
    Y = ij.Interval(jnp.float32(0), jnp.float32(0.1))  # the float32 next to 0.1, which is above it
    assert bool(ij.is_member(np.float64(0.1), Y))
    assert not bool(ij.is_member(np.nextafter(np.float64(np.float32(0.1)), 1), Y))
    assert not bool(ij.is_member(inf, ij.entire()))
    assert not bool(ij.is_member(np.nan, ij.entire()))
    assert not bool(ij.is_member(0.0, ij.empty()))
    assert not bool(ij.is_member(5e-324, ij.interval(0.0)))
