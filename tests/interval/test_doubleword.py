"""Double-word arithmetic against rational numbers, and the bounds that end every kernel."""

from collections.abc import Callable
from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from interval_jax import _doubleword as dw
from interval_jax._doubleword import DoubleWord

DTYPES = [np.float64, np.float32]
SIZE = 2_000


def _unit(dtype: type) -> float:
    return float(np.finfo(dtype).epsneg)


def _words(dtype: type, seed: int, positive: bool = False) -> DoubleWord:
    """Random double words, among them the extremes that bounds in the literature are sharp for."""
    rng = np.random.default_rng(seed)
    unit = _unit(dtype)
    hi = np.exp2(rng.uniform(-4, 4, SIZE))
    hi[: SIZE // 4] = 1 + rng.integers(0, 9, SIZE // 4) * 2 * unit
    if not positive:
        hi *= rng.choice([-1.0, 1.0], SIZE)
    hi = hi.astype(dtype)
    lo = (hi * unit * rng.choice([-1, 1, 0, 0.999, rng.uniform(-1, 1)], SIZE)).astype(dtype)
    return DoubleWord(jnp.asarray(hi), jnp.asarray(lo))


def _exact(x: DoubleWord) -> list[Fraction]:
    hi, lo = (np.asarray(b, np.float64) for b in x)
    return [Fraction(h) + Fraction(low) for h, low in zip(hi.tolist(), lo.tolist(), strict=True)]


def _floats(x: jax.Array) -> list[Fraction]:
    return [Fraction(v) for v in np.asarray(x, np.float64).tolist()]


def _both_ways(function: Callable[..., DoubleWord], *args: object) -> list[DoubleWord]:
    with jax.disable_jit():
        alone = function(*args)
    return [alone, jax.jit(function)(*args)]


def _worst(results: list[DoubleWord], exact: list[Fraction], sizes: list[Fraction]) -> float:
    return max(
        float(abs(value - want) / size)
        for result in results
        for value, want, size in zip(_exact(result), exact, sizes, strict=True)
    )


@pytest.mark.parametrize("dtype", DTYPES)
def test_relative_errors_are_below_the_stated_ones(dtype: type) -> None:
    square = _unit(dtype) ** 2
    x, y, positive = _words(dtype, 1), _words(dtype, 2), _words(dtype, 3, positive=True)
    ex, ey, ep, yh = _exact(x), _exact(y), _exact(positive), _floats(y.hi)
    cases = [
        (dw.add_float, (x, y.hi), [a + b for a, b in zip(ex, yh, strict=True)], dw.ADD_ERROR),
        (dw.multiply_float, (x, y.hi), [a * b for a, b in zip(ex, yh, strict=True)],
         dw.MULTIPLY_ERROR),
        (dw.multiply, (x, y), [a * b for a, b in zip(ex, ey, strict=True)], dw.MULTIPLY_ERROR),
        (dw.divide, (x, positive), [a / b for a, b in zip(ex, ep, strict=True)], dw.DIVIDE_ERROR),
    ]  # fmt: skip
    for function, args, exact, bound in cases:
        worst = _worst(_both_ways(function, *args), exact, [abs(e) or Fraction(1) for e in exact])
        assert bound / 50 < worst / square <= bound, function.__name__
    exact = [a + b for a, b in zip(ex, ey, strict=True)]
    sizes = [abs(a) + abs(b) for a, b in zip(ex, ey, strict=True)]
    assert _worst(_both_ways(dw.add, x, y), exact, sizes) <= dw.ADD_ERROR * square


@pytest.mark.parametrize("dtype", DTYPES)
def test_cancellation_in_add_float(dtype: type) -> None:
    x = _words(dtype, 4)
    y = jnp.asarray(np.nextafter(-np.asarray(x.hi), dtype(np.inf)))
    exact = [a + b for a, b in zip(_exact(x), _floats(y), strict=True)]
    sizes = [abs(e) or Fraction(1) for e in exact]
    worst = _worst(_both_ways(dw.add_float, x, y), exact, sizes)
    assert worst <= dw.ADD_ERROR * _unit(dtype) ** 2


@pytest.mark.parametrize("dtype", DTYPES)
def test_division_to_a_head(dtype: type) -> None:
    unit = _unit(dtype)
    x, y = _words(dtype, 5), _words(dtype, 6, positive=True)
    exact = [a / b for a, b in zip(_exact(x), _exact(y), strict=True)]
    results = _both_ways(dw.divide_to_head, x, y)
    worst = _worst(results, exact, [abs(e) for e in exact])
    bound = 8 * unit * dw.head_error(unit)
    assert bound / 20 < worst <= bound
    for quotient in results:
        np.testing.assert_array_equal(dw.head(quotient.hi), quotient.hi)


@pytest.mark.parametrize("dtype", DTYPES)
def test_products_of_heads_are_exact(dtype: type) -> None:
    x, y = (jnp.asarray(np.asarray(_words(dtype, s).hi)) for s in (7, 8))
    a, b = dw.head(x), dw.head(y)
    for left, right in ((a, b), (x - a, b), (x - a, y - b)):
        exact = [p * q for p, q in zip(_floats(left), _floats(right), strict=True)]
        assert _floats(left * right) == exact
    missing = np.abs(np.asarray(x - a, np.float64) / np.asarray(x, np.float64))
    assert missing.max() <= dw.head_error(_unit(dtype))


@pytest.mark.parametrize("dtype", DTYPES)
def test_one_plus(dtype: type) -> None:
    x = _words(dtype, 9)
    x = DoubleWord(x.hi / 16, x.lo / 16)
    exact = [1 + e for e in _exact(x)]
    worst = _worst(_both_ways(dw.one_plus, x), exact, [Fraction(1)] * SIZE)
    assert worst <= 2 * _unit(dtype) ** 2


@pytest.mark.parametrize("dtype", DTYPES)
def test_bounds_enclose_and_are_tight(dtype: type) -> None:
    """Every combination of sign, exponent and position of the exact value."""
    info = np.finfo(dtype)
    tiny, largest, unit = float(info.tiny), float(info.max), _unit(dtype)
    bias = info.maxexp - 1
    rng = np.random.default_rng(10)
    exponents = np.concatenate(
        [rng.integers(-bias, bias + 1, SIZE), [-bias - 1, -bias, -bias + 1, bias, bias + 1] * 40]
    )
    significand = 1 + np.floor(rng.random(exponents.size) / (2 * unit)) * 2 * unit
    significand[::3] = 1.0
    significand[1::5] = 2 - 2 * unit
    hi = (significand * rng.choice([-1.0, 1.0], exponents.size)).astype(dtype)
    lo = (hi * unit * rng.choice([-0.4, -1e-3, 0, 1e-3, 0.4], exponents.size)).astype(dtype)
    error = np.full(exponents.shape, unit / 100, dtype)
    integer = np.int32 if dtype == np.float32 else np.int64
    down, up = jax.jit(dw.bounds)(
        DoubleWord(jnp.asarray(hi), jnp.asarray(lo)), jnp.asarray(error),
        jnp.asarray(exponents.astype(integer)),
    )  # fmt: skip
    for h, low, k, d, u in zip(hi, lo, exponents, np.asarray(down), np.asarray(up), strict=True):
        scale = Fraction(2) ** int(k)
        exact = Fraction(float(h)) + Fraction(float(low))
        for side in (-1, 1):
            value = (exact + side * Fraction(unit) / 100) * scale
            assert d == -np.inf or Fraction(float(d)) <= value
            assert u == np.inf or value <= Fraction(float(u))
        for bound in (d, u):
            assert bound == 0 or abs(bound) >= tiny
        middle = exact * scale
        if 2 * tiny < abs(middle) < largest:
            apart = [d]
            for _ in range(2 if abs(low) < unit / 100 else 1):
                with np.errstate(over="ignore"):
                    apart.append(np.nextafter(apart[-1], dtype(np.inf)))
            assert u in apart
        elif abs(middle) >= 2 * Fraction(largest):
            assert {abs(d), abs(u)} == {dtype(largest), dtype(np.inf)}
        elif abs(middle) < Fraction(tiny) * Fraction(9, 10):
            assert sorted((abs(d), abs(u))) == [0, tiny]


@pytest.mark.parametrize("dtype", DTYPES)
def test_powers_of_two_and_exponents(dtype: type) -> None:
    info = np.finfo(dtype)
    exponents = np.arange(info.minexp, info.maxexp)
    integer = np.int32 if dtype == np.float32 else np.int64
    powers = dw.power_of_two(jnp.ones(exponents.shape, dtype), jnp.asarray(exponents, integer))
    np.testing.assert_array_equal(powers, np.ldexp(dtype(1), exponents))
    np.testing.assert_array_equal(dw.exponent_of(powers * dtype(-1.5)), exponents)
