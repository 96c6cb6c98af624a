"""The Interval type: construction, checks, conversion, display, pytree behaviour."""

from decimal import Decimal
from fractions import Fraction
from math import inf, nan

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import interval_jax as ij


def test_bounds_of_numbers_enclose_them() -> None:
    X = ij.interval([0.1, 2**60 + 1, -(2**60) - 1], dtype=np.float32)
    for value, lo, hi in zip([0.1, 2**60 + 1, -(2**60) - 1], X.lo, X.hi, strict=True):
        assert Fraction(float(lo)) < Fraction(value) < Fraction(float(hi))
    assert X.dtype == np.float32
    wide = ij.interval(np.array([0.1, 1e300, -1e-300]), dtype=np.float32)
    np.testing.assert_array_equal(np.asarray(wide.hi)[1:], [inf, 0])
    assert float(wide.lo[1]) == np.finfo(np.float32).max
    exact = ij.interval(np.array([0.1, 0.25]))
    np.testing.assert_array_equal(exact.lo, exact.hi)


def test_subnormal_bounds_are_rounded_outward() -> None:
    tiny = np.finfo(np.float64).tiny
    subnormal = np.array([5e-324, -1e-310])
    for X in (
        ij.interval(subnormal),
        ij.interval(jnp.asarray(subnormal)),
        ij.interval(list(subnormal)),
    ):
        np.testing.assert_array_equal(X.lo, [0, -tiny])
        np.testing.assert_array_equal(X.hi, [tiny, 0])
    X = jax.jit(ij.interval)(subnormal)
    np.testing.assert_array_equal(X.hi, [tiny, 0])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((2.0, 1.0), ValueError, "lo > hi"),
        ((nan,), ValueError, "NaN"),
        ((np.array([1.0, nan]),), ValueError, r"index \(1,\)"),
        ((inf,), ValueError, "lo is \\+inf"),
        ((-inf, -inf), ValueError, "hi is -inf"),
        ((np.array([1, 2]),), TypeError, "astype"),
        ((jnp.arange(3), jnp.arange(3)), TypeError, "astype"),
        ((np.array([1j]),), TypeError, "float bounds"),
        ((np.ones(2, np.float16),), TypeError, "float32 or float64"),
    ],
)
def test_bad_bounds_are_refused(arguments: tuple, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        ij.interval(*arguments)


def test_traced_bounds_that_are_no_interval_become_empty() -> None:
    X = jax.jit(ij.interval)(jnp.array([2.0, nan, 1.0, inf]), jnp.array([1.0, 2.0, 2.0, inf]))
    np.testing.assert_array_equal(ij.is_empty(X), [True, True, False, True])


def test_bounds_broadcast_and_keep_their_type() -> None:
    X = ij.interval(jnp.zeros((2, 1), jnp.float32), jnp.ones(3, jnp.float32))
    assert (X.shape, X.dtype, X.ndim, X.size, len(X)) == ((2, 3), np.float32, 2, 6, 2)
    assert X.T.shape == (3, 2)
    assert X[0].shape == (3,)
    assert X.reshape(6).shape == X.reshape((6,)).shape == (6,)
    assert [row.shape for row in X] == [(3,), (3,)]
    assert ij.interval(X) is X
    assert (X + np.ones(3, np.float64)).dtype == np.float64
    assert (X + 1).dtype == np.float32
    with pytest.raises(TypeError, match="without axes"):
        len(ij.interval(1.0))


def test_conversion_between_types_encloses() -> None:
    X = ij.interval(0.1, 0.3)
    narrow = X.astype(np.float32)
    assert float(narrow.lo) < 0.1
    assert float(narrow.hi) > 0.3
    back = narrow.astype(np.float64)
    assert bool(ij.subset(X, back))
    assert bool(ij.equal(ij.empty().astype(np.float32), ij.empty((), np.float32)))


def test_comparisons_and_truth_are_refused() -> None:
    X = ij.interval(0.0, 1.0)
    for undecided in (
        lambda: bool(X),
        lambda: X == X,
        lambda: X < 1,
        lambda: X >= X,
        lambda: X != 1,
    ):
        with pytest.raises(TypeError, match="predicates"):
            undecided()


def test_numpy_operands_give_way() -> None:
    X = np.ones(2) + ij.interval(np.zeros(2), np.ones(2))
    assert isinstance(X, ij.Interval)
    Y = np.float64(2.0) * ij.interval(1.0)
    assert isinstance(Y, ij.Interval)
    assert isinstance(np.ones((2, 2)) @ X, ij.Interval)


def test_display_encloses() -> None:
    for value in (0.1, 1 / 3, 2 / 3, 1e-300, 123456.789):
        X = ij.interval(value)
        low, high = str(X).removeprefix("Interval([").split("]")[0].split(", ")
        assert Decimal(low) <= Decimal(value) <= Decimal(high)
    assert repr(ij.empty()) == "Interval([empty], float64)"
    assert repr(ij.entire((2,))) == "Interval([[-inf, inf], [-inf, inf]], float64)"
    assert "hull=[0, 1]" in repr(ij.interval(np.zeros(2000), np.ones(2000)))


def test_intervals_are_pytrees() -> None:
    X = ij.interval(np.zeros(3), np.ones(3))
    leaves, structure = jax.tree.flatten(X)
    assert len(leaves) == 2
    assert bool(jnp.all(ij.equal(jax.tree.unflatten(structure, leaves), X)))
    doubled = jax.vmap(lambda x: x + x)(X)
    assert doubled.shape == (3,)
    carried, _ = jax.lax.scan(lambda total, x: (total + x, None), ij.interval(0.0), X)
    assert str(carried) == "Interval([0, 3], float64)"


def test_midrad_contains_every_point() -> None:
    rng = np.random.default_rng(0)
    for dtype in (np.float32, np.float64):
        m, r = rng.standard_normal(500).astype(dtype), rng.random(500).astype(dtype)
        X = ij.midrad(m, r)
        for a, b, lo, hi in zip(m, r, np.asarray(X.lo), np.asarray(X.hi), strict=True):
            assert Fraction(float(lo)) <= Fraction(float(a)) - Fraction(float(b))
            assert Fraction(float(a)) + Fraction(float(b)) <= Fraction(float(hi))
    with pytest.raises(ValueError, match="negative"):
        ij.midrad(0.0, -1.0)


def test_bounds_can_be_trained_through() -> None:
    def width(lo: jax.Array, hi: jax.Array) -> jax.Array:
        return ij.wid(ij.Interval(lo, hi) * ij.interval(2.0, 3.0) + 1.0)

    lower, upper = jax.grad(width, argnums=(0, 1))(1.0, 2.0)
    assert (float(lower), float(upper)) == (-2.0, 3.0)


def test_numbers_next_to_the_largest_float() -> None:
    """Without a warning that numpy gives where a neighbour is infinite."""
    for dtype in (np.float32, np.float64):
        largest = np.finfo(dtype).max
        beyond = Fraction(float(largest)) * Fraction(1000001, 1000000)
        for number in (largest.item(), beyond, f"{largest.item():.8e}", "1e999"):
            x = ij.interval(number, dtype=dtype)
            assert float(x.lo) <= largest
            exact = Fraction(number)
            assert (float(x.hi) == np.inf) == (exact > Fraction(float(largest)))
            assert float(x.hi) >= exact
            assert bool(ij.interval(-exact, dtype=dtype).hi == -x.lo)
