"""Cases in which interval packages for JAX return sets that miss values: here they hold."""

from fractions import Fraction
from math import inf

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest
from jax import lax, nn
from jax.scipy import special
from jax.scipy.stats import norm

import interval_jax as ij
from interval_jax.testing import assert_encloses

DTYPES = [np.float32, np.float64]


def ends(x: ij.Interval) -> tuple[float, float]:
    return float(x.lo), float(x.hi)


@pytest.mark.parametrize("dtype", DTYPES)
def test_branches_are_not_guessed(dtype: type) -> None:
    X = ij.interval(-1.0, 2.0, dtype=dtype)
    shifted = ij.enclose(lambda x: jnp.where(x < 0.5, x + 10, x))
    assert ends(shifted(X)) == ends(jax.jit(shifted)(X)) == (-1, 12)
    branch = ij.enclose(lambda x: lax.cond(x < 0.5, lambda v: v + 10, lambda v: v, x))
    assert ends(branch(X)) == ends(jax.jit(branch)(X)) == (-1, 12)
    assert ends(branch(X * 0.125)) == (9.875, 10.25)


@pytest.mark.parametrize("dtype", DTYPES)
def test_squares(dtype: type) -> None:
    X = ij.interval(-1.0, 1.0, dtype=dtype)
    product = jax.jit(ij.enclose(lambda x: x * x))(X)
    assert bool(ij.subset(product, ij.interval(-1.0, 1.0, dtype=dtype)))
    assert bool(ij.subset(ij.interval(0.0, 1.0, dtype=dtype), product))
    assert ends(jax.jit(ij.enclose(lambda x: x**2))(X)) == (0, 1)
    assert ends(ij.enclose(lambda x: x**4 - x**3)(X)) == (-1, 2)


@pytest.mark.parametrize("dtype", DTYPES)
def test_functions_on_parts_of_their_domain(dtype: type) -> None:
    X = ij.interval(-1.0, 4.0, dtype=dtype)
    assert ends(ij.enclose(jnp.sqrt)(X)) == (0, 2)
    found = ij.enclose(jnp.log)(X)
    assert float(found.lo) == -inf
    with mp.workprec(200):
        assert mp.mpf(float(found.hi)) >= mp.log(4)
    for f in (jnp.sqrt, jnp.log):
        assert bool(ij.is_empty(ij.enclose(f)(ij.interval(-3.0, -1.0, dtype=dtype))))
    for f in (lambda x: 1 / x, jnp.reciprocal, lambda x: x**-1):
        assert ends(ij.enclose(f)(X)) == (-inf, inf)
    assert ends(ij.enclose(lambda x: 1 / x)(ij.interval(0.0, 4.0, dtype=dtype))) == (0.25, inf)
    assert ends(ij.enclose(lambda x: x**-2)(ij.interval(-1.0, 2.0, dtype=dtype))) == (0.25, inf)


@pytest.mark.parametrize("dtype", DTYPES)
def test_constants_inside_derivatives_are_enclosed(dtype: type) -> None:
    """ln 2 and 2 / sqrt(pi) are no floats: a point box must have derivatives of positive width."""
    with mp.workprec(200):
        cases = (
            (lambda x: 2**x, lambda x: mp.log(2) * 2**x, lambda x: mp.log(2) ** 2 * 2**x),
            (jnp.exp2, lambda x: mp.log(2) * 2**x, lambda x: mp.log(2) ** 2 * 2**x),
            (
                special.erf,
                lambda x: 2 / mp.sqrt(mp.pi) * mp.exp(-x * x),
                lambda x: -4 * x / mp.sqrt(mp.pi) * mp.exp(-x * x),
            ),
            (jnp.log2, lambda x: 1 / (x * mp.log(2)), lambda x: -1 / (x * x * mp.log(2))),
            (norm.cdf, mp.npdf, lambda x: -x * mp.npdf(x)),
        )
        for f, first, second in cases:
            for x in (0.5, 1.0, 3.0):
                X = ij.interval(x, dtype=dtype)
                for found in (ij.grad(f)(X), ij.jvp(f, (X,), (dtype(1),))[1]):
                    assert_encloses(found, first(mp.mpf(x)))
                assert_encloses(ij.grad(ij.grad(f))(X), second(mp.mpf(x)))


@pytest.mark.parametrize("dtype", DTYPES)
def test_order_statistics_and_clamps(dtype: type) -> None:
    X = ij.interval(np.array([0.0, 1.0, -1.0], dtype), np.array([2.0, 1.5, 3.0], dtype))
    found = ij.enclose(jnp.sort)(X)
    np.testing.assert_array_equal(found.lo, [-1, 0, 1])
    np.testing.assert_array_equal(found.hi, [1.5, 2, 3])
    clamped = ij.enclose(lambda x: lax.clamp(dtype(0.5), x, dtype(1.25)))(X)
    np.testing.assert_array_equal(clamped.lo, [0.5, 1, 0.5])
    np.testing.assert_array_equal(clamped.hi, [1.25, 1.25, 1.25])
    np.testing.assert_array_equal(ij.enclose(jnp.abs)(X).lo, [0, 1, 0])
    largest = ij.enclose(jnp.max)(X)
    assert ends(largest) == (1, 3)


@pytest.mark.parametrize("dtype", DTYPES)
def test_softplus_far_out(dtype: type) -> None:
    X = ij.interval(np.array([-1e4, 1e4, -1e4], dtype), np.array([-1e4, 1e4, 1e4], dtype))
    found = ij.enclose(nn.softplus)(X)
    tiny = float(np.finfo(dtype).tiny)
    np.testing.assert_array_equal(found.lo, np.array([0, 1e4, 0], dtype))
    np.testing.assert_array_equal(
        found.hi[1:], np.nextafter(np.array([1e4, 1e4], dtype), dtype(np.inf))
    )
    assert 0 < float(found.hi[0]) <= tiny
    slope = jax.vmap(ij.grad(nn.softplus))(X)
    np.testing.assert_array_equal(np.asarray(slope.hi) <= 1, True)
    assert ends(slope[2]) == (0, 1)


@pytest.mark.parametrize("dtype", DTYPES)
def test_tails_of_the_normal_distribution(dtype: type) -> None:
    """JAX's own values: ndtr is accurate to some digits, log_ndtr an asymptotic series there."""
    places = [-35.0, -20.5, -12.0, -5.0, 6.0] if dtype == np.float64 else [-12.0, -5.0, 4.0]
    with mp.workprec(400):
        for x in places:
            X = ij.interval(x, dtype=dtype)
            below = mp.erfc(-mp.mpf(x) / mp.sqrt(2)) / 2
            log = mp.log(below)
            unit = float(np.finfo(dtype).eps)
            for f, exact in ((norm.cdf, below), (norm.logcdf, log), (special.log_ndtr, log)):
                found = ij.enclose(f)(X)
                assert_encloses(found, exact)
                assert float(found.hi) - float(found.lo) <= 3 * unit * abs(float(exact))
            mills = mp.npdf(mp.mpf(x)) / below
            slope = ij.grad(norm.logcdf)(X)
            assert_encloses(slope, mills)
            assert float(slope.hi) - float(slope.lo) <= 0.02 * abs(float(mills))
    far = ij.enclose(norm.cdf)(ij.interval(-1e4, dtype=dtype))
    assert float(far.lo) == 0 < float(far.hi) <= float(np.finfo(dtype).tiny)
    assert ends(ij.enclose(norm.cdf)(ij.interval(-inf, inf, dtype=dtype))) == (0, 1)


def test_constants_are_no_decimals() -> None:
    """0.1 is the float next to it, of the type in which the program computes."""
    for dtype in DTYPES:
        found = ij.enclose(lambda x: x + 0.1)(ij.interval(0.0, dtype=dtype))
        assert_encloses(found, Fraction(float(dtype(0.1))))
        assert ends(found) == (float(dtype(0.1)),) * 2
