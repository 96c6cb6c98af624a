"""Arithmetic of intervals against exact rational ranges: tight, everywhere."""

from collections.abc import Callable
from fractions import Fraction
from math import inf

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import interval_jax as ij
from reference import exact, points

DTYPES = [np.float32, np.float64]
SIZE = 4000


def bounds(dtype: type, size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Bounds in the format: thin, wide, unbounded, across zero, next to tiny and to the largest."""
    lo, hi = points.intervals(dtype, size, seed)
    X = ij.interval(lo, hi)
    return np.asarray(X.lo), np.asarray(X.hi)


def sum_range(a: exact.Bounds, b: exact.Bounds) -> tuple[exact.Real, exact.Real]:
    def end(x: float, y: float) -> exact.Real:
        p, q = exact.real(x), exact.real(y)
        return p if isinstance(p, float) else q if isinstance(q, float) else p + q

    return end(a[0], b[0]), end(a[1], b[1])


def difference(a: exact.Bounds, b: exact.Bounds) -> tuple[exact.Real, exact.Real]:
    return sum_range(a, (-b[1], -b[0]))


BINARY: dict[str, Callable] = {
    "add": sum_range,
    "sub": difference,
    "mul": exact.interval_product,
    "div": exact.interval_quotient,
}


def every_way(function: Callable, *args: ij.Interval) -> list[ij.Interval]:
    """Operation by operation, jitted, mapped, scanned, and with its first operand constant."""

    def scan(*xs: ij.Interval) -> ij.Interval:
        return lax.scan(lambda carry, row: (carry, function(*row)), None, xs)[1]

    results = [
        function(*args),
        jax.jit(function)(*args),
        jax.jit(jax.vmap(function))(*args),
        jax.jit(scan)(*args),
    ]
    if len(args) > 1:
        results.append(jax.jit(lambda *rest: function(args[0], *rest))(*args[1:]))
    return results


def check_tight(
    value: ij.Interval, ranges: list[tuple[exact.Real, exact.Real]], dtype: type
) -> None:
    lo, hi = np.asarray(value.lo), np.asarray(value.hi)
    assert lo.dtype == dtype
    down = np.array([exact.round_down(r[0], dtype) for r in ranges], dtype)
    up = np.array([exact.round_up(r[1], dtype) for r in ranges], dtype)
    np.testing.assert_array_equal(lo, down)
    np.testing.assert_array_equal(hi, up)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", BINARY)
def test_binary_operations_are_tight(name: str, dtype: type) -> None:
    a, b = bounds(dtype, SIZE, 1), bounds(dtype, SIZE, 2)
    pairs = zip(zip(*a, strict=True), zip(*b, strict=True), strict=True)
    ranges = [BINARY[name](x, y) for x, y in pairs]
    for value in every_way(getattr(ij, name), ij.Interval(*a), ij.Interval(*b)):
        check_tight(value, ranges, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_points_scalars_and_numbers_are_operands(dtype: type) -> None:
    lo, hi = bounds(dtype, 1000, 3)
    X = ij.Interval(lo, hi)
    c = dtype(0.1)
    thin = (float(c), float(c))
    for name, exact_range in BINARY.items():
        function = getattr(ij, name)
        ranges = [exact_range(x, thin) for x in zip(lo, hi, strict=True)]
        check_tight(function(X, c), ranges, dtype)
        check_tight(jax.jit(lambda v, f=function: f(v, c))(X), ranges, dtype)
        ranges = [exact_range(thin, x) for x in zip(lo, hi, strict=True)]
        check_tight(jax.jit(lambda v, f=function: f(jnp.full(1000, c), v))(X), ranges, dtype)
    # A Python number is the real number that it is, also for float32.
    tenth = (0.1, 0.1)
    ranges = [exact.interval_product(x, tenth) for x in zip(lo, hi, strict=True)]
    found = X * 0.1
    for l, h, (low, high) in zip(np.asarray(found.lo), np.asarray(found.hi), ranges, strict=True):
        assert exact.real(l) <= low
        assert high <= exact.real(h)


@pytest.mark.parametrize("dtype", DTYPES)
def test_squares_powers_roots_and_reciprocals(dtype: type) -> None:
    lo, hi = bounds(dtype, 2000, 4)
    X = ij.Interval(lo, hi)

    def square(x: exact.Bounds) -> tuple[exact.Real, exact.Real]:
        mag = max(abs(x[0]), abs(x[1]))
        mig = 0.0 if x[0] <= 0 <= x[1] else min(abs(x[0]), abs(x[1]))
        return tuple(exact.product(exact.real(m), exact.real(m)) for m in (mig, mag))

    both = list(zip(lo, hi, strict=True))
    for value in every_way(ij.sqr, X):
        check_tight(value, [square(x) for x in both], dtype)
    for value in every_way(ij.recip, X):
        check_tight(value, [exact.interval_quotient((1.0, 1.0), x) for x in both], dtype)
    for value in every_way(ij.abs, X):
        mags = [(0.0 if l <= 0 <= h else min(abs(l), abs(h)), max(abs(l), abs(h))) for l, h in both]
        check_tight(value, [(exact.real(a), exact.real(b)) for a, b in mags], dtype)
    for n in (0, 1, 2, 3, 5, 8, -1, -2, -3):
        for value in (ij.pown(X, n), jax.jit(lambda x, n=n: x**n)(X)):
            for (l, h), a, b in zip(both, np.asarray(value.lo), np.asarray(value.hi), strict=True):
                for end in (l, h):
                    if abs(end) < inf and (end != 0 or n >= 0):
                        power = exact.exact(end) ** n
                        assert exact.real(a) <= power <= exact.real(b)
    for value in every_way(ij.sqrt, X):
        for (l, h), a, b in zip(both, np.asarray(value.lo), np.asarray(value.hi), strict=True):
            if h < 0:
                assert (a, b) == (inf, -inf)
                continue
            low, high = max(l, 0), h
            assert a == (exact.sqrt_down(exact.exact(low), dtype) if low else 0)
            expected = (
                inf if high == inf else exact.sqrt_up(exact.exact(high), dtype) if high else 0
            )
            assert b == expected


@pytest.mark.parametrize("dtype", DTYPES)
def test_minimum_and_maximum(dtype: type) -> None:
    a, b = bounds(dtype, 500, 5), bounds(dtype, 500, 6)
    for value in every_way(ij.max, ij.Interval(*a), ij.Interval(*b)):
        np.testing.assert_array_equal(value.lo, np.maximum(a[0], b[0]))
        np.testing.assert_array_equal(value.hi, np.maximum(a[1], b[1]))
    for value in every_way(ij.min, ij.Interval(*a), ij.Interval(*b)):
        np.testing.assert_array_equal(value.lo, np.minimum(a[0], b[0]))
        np.testing.assert_array_equal(value.hi, np.minimum(a[1], b[1]))


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_empty_set_stays_empty(dtype: type) -> None:
    lo, hi = bounds(dtype, 300, 7)
    X, none = ij.Interval(lo, hi), ij.empty((300,), dtype)
    for name in ("add", "sub", "mul", "div", "max", "min"):
        function = getattr(ij, name)
        for value in (function(X, none), function(none, X), jax.jit(function)(none, none)):
            assert bool(jnp.all(ij.is_empty(value)))
            np.testing.assert_array_equal(value.lo, np.full(300, inf))
            np.testing.assert_array_equal(value.hi, np.full(300, -inf))
    unary: list[Callable] = [ij.sqr, ij.sqrt, ij.recip, ij.abs, ij.neg, lambda x: ij.pown(x, 3)]
    for function in unary:
        assert bool(jnp.all(ij.is_empty(function(none))))


@pytest.mark.parametrize("dtype", DTYPES)
def test_expressions_contain_their_exact_ranges_fused_or_not(dtype: type) -> None:
    rng = np.random.default_rng(8)
    x, y = (rng.standard_normal(1500).astype(dtype) for _ in range(2))
    c = dtype(0.3)

    def expression(X: ij.Interval, Y: ij.Interval) -> ij.Interval:
        return (X * c + Y) * (X - Y * c) / (ij.sqr(Y) + 1.0) - (X * Y) * (X * c)

    def value(p: Fraction, q: Fraction) -> Fraction:
        r = exact.exact(c)
        return (p * r + q) * (p - q * r) / (q * q + 1) - (p * q) * (p * r)

    X, Y = ij.interval(x), ij.interval(y)
    for found in every_way(expression, X, Y):
        rows = zip(x, y, np.asarray(found.lo), np.asarray(found.hi), strict=True)
        for p, q, l, h in rows:
            z = value(exact.exact(p), exact.exact(q))
            assert exact.real(l) <= z <= exact.real(h)


def test_known_cases() -> None:
    one = ij.interval(-1.0, 2.0)
    assert str(ij.div(one, ij.interval(0.0, 2.0))) == "Interval([-inf, inf], float64)"
    assert str(ij.div(ij.interval(1.0), ij.interval(-1.0, 1.0))) == "Interval([-inf, inf], float64)"
    assert str(ij.div(ij.interval(0.0), ij.interval(-1.0, 1.0))) == "Interval([0, 0], float64)"
    assert bool(ij.is_empty(ij.div(one, ij.interval(0.0))))
    assert str(ij.sqrt(ij.interval(-1.0, 4.0))) == "Interval([0, 2], float64)"
    assert str(ij.entire() * ij.interval(0.0)) == "Interval([0, 0], float64)"
    assert str(one * one) == "Interval([-2, 4], float64)"
    assert str(one**2) == "Interval([0, 4], float64)"
    assert str(one**2.0) == "Interval([0, 4], float64)"
    assert str(one**0.5 * 0.0) == "Interval([0, 0], float64)"
    assert str(2.0 ** ij.interval(-1.0, 3.0)) == "Interval([0.5, 8], float64)"
    with pytest.raises(TypeError, match="integer n"):
        ij.pown(one, 0.5)
