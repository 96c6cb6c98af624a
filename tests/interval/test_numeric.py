"""Numeric functions against exact arithmetic: to nearest, rounded outward, without overflow."""

from fractions import Fraction
from math import inf

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import interval_jax as ij
from reference import exact
from tests.interval.test_arithmetic import bounds

DTYPES = [np.float32, np.float64]


def nearest(q: Fraction, dtype: type) -> float:
    """The number of {0, normals, +-inf} nearest to q; of two the even one, or 0."""
    down, up = exact.round_down(q, dtype), exact.round_up(q, dtype)
    below, above = q - Fraction(down), Fraction(up) - q
    if below == above and 0 in (down, up):
        return 0.0
    if below == above:
        integer = np.int32 if dtype == np.float32 else np.int64
        return down if dtype(down).view(integer) % 2 == 0 else up
    return down if below < above else up


def boxes(dtype: type, size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Intervals, among them ends next to tiny and to the largest number, of either sign."""
    rng = np.random.default_rng(seed)
    lo, hi = bounds(dtype, size, seed)
    tiny = rng.choice([-1, 0, 1], (2, size)) * np.ldexp(
        1 + rng.integers(0, 8, (2, size)) / 4, np.finfo(dtype).minexp
    )
    top = np.finfo(dtype).max * np.choose(rng.integers(0, 4, (2, size)), [1, -1, 0.5, -0.25])
    kind = rng.integers(0, 4, size)
    ends = [np.select([kind == 0, kind == 1], pair, x) for *pair, x in zip(tiny, top, (lo, hi))]
    return tuple(f(*ends).astype(dtype) for f in (np.minimum, np.maximum))


@pytest.mark.parametrize("dtype", DTYPES)
def test_midpoints_radii_and_widths(dtype: type) -> None:
    lo, hi = boxes(dtype, 2000, 1)
    X = ij.Interval(jnp.asarray(lo), jnp.asarray(hi))
    found = [np.asarray(v) for v in (*jax.jit(ij.mid_rad)(X), ij.wid(X))]
    for a, b, mid, rad, wid in zip(lo, hi, *found, strict=True):
        if np.isinf([a, b]).any():
            limit = float(np.finfo(dtype).max)
            assert mid == (0 if a == -inf and b == inf else limit if b == inf else -limit)
            assert rad == wid == inf
            continue
        p, q = Fraction(float(a)), Fraction(float(b))
        assert mid == nearest((p + q) / 2, dtype)
        m = Fraction(float(mid))
        assert rad == exact.round_up(max(q - m, m - p), dtype)
        assert wid == exact.round_up(q - p, dtype)
    for function in (ij.mid, ij.rad, ij.wid):
        np.testing.assert_array_equal(jax.vmap(function)(X), function(X))


def test_zero_ends_have_the_sign_that_the_standard_gives_them() -> None:
    X = ij.Interval(*(jnp.array(v) for v in ([0.0, -0.0, -1.0, 0.0], [0.0, -0.0, -0.0, 2.0])))
    np.testing.assert_array_equal(np.signbit(ij.inf(X)), True)
    np.testing.assert_array_equal(np.signbit(ij.sup(X)), False)
    np.testing.assert_array_equal(ij.inf(X), X.lo)
    np.testing.assert_array_equal(jax.grad(lambda X: ij.inf(X).sum() + ij.sup(X).sum())(X).lo, 1)


def test_midpoints_are_differentiable() -> None:
    def middle(a: jax.Array) -> jax.Array:
        return ij.mid(ij.Interval(a, 3 * a))

    assert float(jax.grad(middle)(jnp.asarray(2.0))) == 2.0


@pytest.mark.parametrize("dtype", DTYPES)
def test_numbers_of_nothing_are_nan(dtype: type) -> None:
    none, nai = ij.empty((), dtype), ij.decorate(ij.interval(1.0, dtype=dtype), "ill")
    for function in (ij.mid, ij.rad, ij.wid, ij.mag, ij.mig, lambda x: ij.mid_rad(x)[0]):
        for x in (none, nai):
            assert np.isnan(float(function(x)))
    assert (float(ij.inf(none)), float(ij.sup(none))) == (inf, -inf)
    assert np.isnan([float(ij.inf(nai)), float(ij.sup(nai))]).all()


def test_set_operations_prove_nothing() -> None:
    x, y = ij.decorate(ij.interval(1.0, 3.0)), ij.interval(2.0, 4.0)
    assert str(ij.intersection(x, y)) == "DecoratedInterval([2, 3]_trv, float64)"
    assert str(ij.convex_hull(y, x)) == "DecoratedInterval([1, 4]_trv, float64)"
    left, right = ij.bisect(x)
    assert (str(left), str(right)) == (
        "DecoratedInterval([1, 2]_trv, float64)",
        "DecoratedInterval([2, 3]_trv, float64)",
    )


def test_predicates_are_false_of_nai() -> None:
    x, nai = ij.decorate(ij.interval(1.0)), ij.decorate(ij.interval(1.0), "ill")
    for name in "disjoint equal interior less precedes strict_less strict_precedes subset".split():
        assert not bool(getattr(ij, name)(x, nai))
        assert not bool(getattr(ij, name)(nai, nai))
    assert bool(ij.equal(x, ij.interval(1.0)))
    assert not bool(ij.is_empty(nai))
    assert not bool(ij.is_member(1.0, nai))
