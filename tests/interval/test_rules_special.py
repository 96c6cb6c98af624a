"""Remainders, special functions and formats: values and derivatives contain the exact ones."""

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from math import inf

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import arb, ctx
from jax import lax

import interval_jax as ij
from interval_jax._rules.registry import primitive
from reference import points
from tests.interval.test_rules_arrays import DTYPES, exactly
from tests.interval.test_rules_transcendental import assert_contains, boxes

SMOOTH: dict[str, tuple[Callable, Callable, Callable | None, float, float]] = {
    "cbrt": (
        jnp.cbrt,
        lambda x: x.root(3) if x > 0 else -((-x).root(3)),
        lambda x: abs(x).root(3) / (3 * abs(x)),
        -inf,
        inf,
    ),
    "erf_inv": (
        lax.erf_inv,
        arb.erfinv,
        lambda x: (x.erfinv() ** 2).exp() * arb.pi().sqrt() / 2,
        -1,
        1,
    ),
    "lgamma": (lax.lgamma, arb.lgamma, None, 0, inf),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", SMOOTH)
def test_special_functions(name: str, dtype: type) -> None:
    function, exact, slope, low, high = SMOOTH[name]
    X, member = boxes(dtype, low, high, 1)
    assert_contains(jax.jit(ij.enclose(function))(X), exact, member)
    if slope is not None:
        assert_contains(jax.jit(jax.vmap(ij.grad(function)))(X), slope, member)


def quotients(dtype: type) -> tuple:
    rng = np.random.default_rng(3)
    size = 600
    lo, hi = points.intervals(dtype, size, 1, bounded=True)
    left, right = points.intervals(dtype, size, 2, bounded=True)
    # Among them quotients of small integers, where the remainder is 0, and narrow operands.
    whole = rng.integers(-40, 40, (2, size)).astype(dtype)
    some = rng.random(size) < 0.3
    lo, hi = np.where(some, whole[0], lo), np.where(some, whole[0], hi)
    left, right = np.where(some, whole[1], left), np.where(some, whole[1], right)
    X, Y = ij.interval(lo, hi), ij.interval(left, right)
    x, y = (points.members(np.asarray(Z.lo), np.asarray(Z.hi), 5) for Z in (X, Y))
    return X, Y, exactly(x), exactly(y)


def truncated(q: Fraction) -> int:
    return abs(q).__floor__() * (1 if q >= 0 else -1)


@pytest.mark.parametrize("dtype", DTYPES)
def test_remainders(dtype: type) -> None:
    X, Y, x, y = quotients(dtype)
    remainder = jax.jit(ij.enclose(lax.rem))
    found = remainder(X, Y)
    floored = jax.jit(ij.enclose(jnp.mod))(X, Y)
    single = remainder(ij.interval(X.lo), ij.interval(Y.lo))
    for i in range(len(x)):
        if y[i] != 0:
            value = x[i] - y[i] * truncated(x[i] / y[i])
            assert Fraction(float(found.lo[i])) <= value <= Fraction(float(found.hi[i]))
            value = x[i] - y[i] * (x[i] / y[i]).__floor__()
            assert Fraction(float(floored.lo[i])) <= value <= Fraction(float(floored.hi[i]))
    # Never larger than either operand, and of the sign of the first.
    limit = np.minimum(abs(np.asarray(X.lo)), abs(np.asarray(Y.lo)))
    some = ~np.asarray(ij.is_empty(single))
    assert np.all(np.maximum(-single.lo, single.hi)[some] <= limit[some])
    assert np.all((np.sign(X.lo) * np.sign(single.lo) >= 0)[some])


def test_remainders_of_one_period_are_sharp() -> None:
    X, Y = ij.interval([7.0, -8.5, 5.5], [8.0, -6.5, 6.5]), ij.interval(jnp.full(3, 3.0))
    found = jax.jit(ij.enclose(lax.rem))(X, Y)
    assert str(found) == "Interval([[1, 2], [-2.5, -0.5], [0, 3]], float64)"
    by_x, by_y = jax.jit(jax.vmap(ij.grad(lax.rem, argnums=(0, 1))))(X, Y)
    assert str(by_x) == "Interval([[1, 1], [1, 1], [-inf, inf]], float64)"
    assert str(by_y) == "Interval([[-2, -2], [2, 2], [-inf, inf]], float64)"


def test_floored_remainders_are_sharp() -> None:
    X, Y = ij.interval([7.0, -8.5, 5.5, 0.25], [8.0, -6.5, 6.5, 2.0]), ij.interval(jnp.full(4, 3.0))
    both = jax.jit(ij.enclose(lambda x, y: (jnp.mod(x, y), x // y)))
    found, quotient = both(X, Y)
    assert str(found) == "Interval([[1, 2], [0.5, 2.5], [0, 3], [0.25, 2]], float64)"
    assert str(quotient) == "Interval([[2, 2], [-3, -3], [1, 2], [0, 0]], float64)"
    found, quotient = both(X, -Y)
    assert str(found) == "Interval([[-2, -1], [-2.5, -0.5], [-3, 0], [-2.75, -1]], float64)"
    assert str(quotient) == "Interval([[-3, -3], [2, 2], [-3, -2], [-1, -1]], float64)"
    by_x, by_y = jax.jit(jax.vmap(ij.grad(jnp.mod, argnums=(0, 1))))(X, Y)
    assert str(by_x) == "Interval([[1, 1], [1, 1], [-inf, inf], [1, 1]], float64)"
    assert str(by_y) == "Interval([[-2, -2], [3, 3], [-inf, inf], [0, 0]], float64)"
    # Of integers JAX's program is what it is.
    whole = ij.enclose(lambda x: (x.astype(int) % 3 + x.astype(int) // 3).astype(float))
    assert (
        str(whole(ij.interval([7.0, -8.0], [7.0, -7.0]))) == "Interval([[3, 3], [-2, -1]], float64)"
    )


def test_rounding_to_another_format() -> None:
    lo, hi = points.intervals(np.float32, 500, 4)
    X = ij.interval(lo, hi)
    member = points.members(np.asarray(X.lo), np.asarray(X.hi), 6)
    short = jax.jit(lambda x: lax.reduce_precision(x, 8, 7))
    found = jax.jit(ij.enclose(lambda x: lax.reduce_precision(x, 8, 7)))(X)
    value = np.asarray(short(member))
    finite = np.isfinite(value)
    assert np.all((np.asarray(found.lo) <= value)[finite])
    assert np.all((value <= np.asarray(found.hi))[finite])


SELU = ("1.6732632423543772848170429916717", "1.0507009873554804934193349852946")


@pytest.mark.parametrize("dtype", DTYPES)
def test_constants_that_jax_rounds_are_enclosed(dtype: type) -> None:
    X, member = boxes(dtype, -9, 9, 4)
    with ctx.workprec(200):
        alpha, scale = map(arb, SELU)
    functions: list[tuple[Callable, Callable, Callable]] = [
        (jnp.deg2rad, lambda x: x * arb.pi() / 180, lambda x: arb.pi() / 180),
        (jnp.rad2deg, lambda x: x * 180 / arb.pi(), lambda x: 180 / arb.pi()),
        (
            jax.nn.selu,
            lambda x: scale * (x if x > 0 else alpha * x.expm1()),
            lambda x: scale * (1 if x > 0 else alpha * x.exp()),
        ),
    ]

    def all_of_them(x: jax.Array) -> list[jax.Array]:
        return [f(x) for f, _, _ in functions]

    values = jax.jit(ij.enclose(all_of_them))(X)
    slopes = jax.jit(lambda x: [jax.vmap(ij.grad(f))(x) for f, _, _ in functions])(X)
    for (_, exact, slope), value, found in zip(functions, values, slopes, strict=True):
        assert_contains(value, exact, member)
        assert_contains(found, slope, member)


@pytest.mark.skipif(primitive("polynomial") is None, reason="a primitive of jax 0.12")
@pytest.mark.parametrize("dtype", DTYPES)
def test_polynomials(dtype: type) -> None:
    X, member = boxes(dtype, -3, 3, 2)
    coefficients = [dtype(v) for v in (0.1, -2.0, 0.7, 3.0)]
    found = jax.jit(ij.enclose(lambda x: lax.polynomial(x, coefficients)))(X)
    assert_contains(
        found, lambda x: sum(arb(float(a)) * x**k for k, a in enumerate(coefficients)), member
    )


def test_slope_of_the_arcsine_through_jax() -> None:
    """In jax 0.12 it is written by the primitive one_minus_square."""
    X, member = boxes(np.float64, -1, 1, 3)
    found = jax.jit(jax.vmap(ij.enclose(jax.grad(jnp.arcsin))))(X)
    assert_contains(found, lambda x: 1 / (1 - x * x).sqrt(), member)


def test_undecided_booleans_are_compared() -> None:
    x, y = ij.interval([0.0, 1.0, -2.0], [3.0, 2.0, -1.0]), ij.interval([1.0, -1.0, 0.5])

    def choose(x: jax.Array, y: jax.Array, differ: Callable) -> jax.Array:
        return jnp.where(differ(x > 0, y > 0), 1.0, 0.0)

    for differ in (lambda a, b: a != b, lambda a, b: a ^ b):
        found = ij.enclose(partial(choose, differ=differ))(x, y)
        assert np.asarray(found.lo).tolist() == [0, 1, 1]
        assert np.asarray(found.hi).tolist() == [1, 1, 1]
    same = ij.enclose(partial(choose, differ=lambda a, b: a == b))(x, y)
    assert np.asarray(same.lo).tolist() == [0, 0, 0]
    assert np.asarray(same.hi).tolist() == [1, 0, 0]
