"""Exact reductions against rational arithmetic: rounded once, in any order, at every scale."""

from collections.abc import Callable
from fractions import Fraction
from math import inf, nan

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import interval_jax as ij
from interval_jax import _accumulator
from reference import exact, points
from tests.interval.test_numeric import nearest

DTYPES = [np.float32, np.float64]
SIZE = 40


def terms(x: np.ndarray, y: np.ndarray) -> dict[str, list[Fraction]]:
    p, q = ([Fraction(float(v)) for v in a] for a in (x, y))
    return {
        "sum": p,
        "sum_abs": [abs(v) for v in p],
        "sum_sqr": [v * v for v in p],
        "dot": [v * w for v, w in zip(p, q, strict=True)],
    }


def cases(dtype: type) -> tuple[np.ndarray, np.ndarray]:
    """Rows of terms: every scale, subnormals, few scales, and sums that all but cancel."""
    rng = np.random.default_rng(1)
    shape = (120, SIZE)
    x, y = (points.points(dtype, 120 * SIZE, seed).reshape(shape) for seed in (2, 3))
    kind = rng.integers(0, 6, (120, 1))
    size = rng.integers(1, SIZE, (120, 1))
    where = np.arange(SIZE)[None]
    small = np.finfo(dtype).smallest_subnormal * rng.integers(-9, 9, shape).astype(dtype)
    top = np.finfo(dtype).max * rng.choice([1, -1, 0.5], shape).astype(dtype)
    x = np.select([kind == 0, kind == 1, kind == 2], [small, top, rng.normal(size=shape)], x)
    y = np.select([kind == 0, kind == 1], [np.ones(shape), rng.choice([0, 1, -1], shape)], y)
    x = np.where(where < size, x, 0)
    # Each term again with the other sign, but for one.
    mirrored = np.where(where % 2, -np.roll(x, 1, axis=1), x)
    x = np.where(kind > 3, mirrored, x)
    y = np.where(kind > 3, y - y + y[:, :1], y)
    x[:, 4] = np.where(kind[:, 0] == 5, dtype(0.1), x[:, 4])
    return x.astype(dtype), y.astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["sum", "sum_abs", "sum_sqr", "dot"])
def test_reductions_are_rounded_once(name: str, dtype: type) -> None:
    x, y = cases(dtype)
    args = (x, y) if name == "dot" else (x,)
    near = np.asarray(jax.vmap(getattr(ij, f"{name}_nearest"))(*args))
    tight = jax.vmap(getattr(ij, f"{name}_tightest"))(*args)
    assert near.dtype == np.asarray(tight.lo).dtype == dtype
    for p, q, c, lo, hi in zip(x, y, near, np.asarray(tight.lo), np.asarray(tight.hi), strict=True):
        total = sum(terms(p, q)[name], Fraction(0))
        assert (lo, hi) == (exact.round_down(total, dtype), exact.round_up(total, dtype))
        limit = Fraction(float(np.finfo(dtype).max)) * (1 + Fraction(float(np.finfo(dtype).epsneg)))
        if abs(total) < limit:
            assert c == nearest(total, dtype)
        assert lo <= c <= hi


def three(row: list[float], dtype: type) -> np.ndarray:
    """The terms in an array of one length, so that every reduction is compiled once."""
    return np.array([*row, *[0] * (3 - len(row))], dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_ties_and_the_ends_of_the_range(dtype: type) -> None:
    info = np.finfo(dtype)
    tiny, largest, eps = info.tiny, info.max, info.eps
    half_step = largest * info.epsneg / 2  # of the largest number
    for row, expected in (
        ([1, eps / 2], 1),
        ([1, eps, eps / 2], 1 + 2 * eps),
        ([1, eps / 2, info.smallest_subnormal], 1 + eps),
        ([1, -eps / 4], 1),
        ([1, -eps / 4, -info.smallest_subnormal], 1 - eps / 2),
        ([tiny, -tiny / 2], 0),
        ([tiny, -tiny / 2, info.smallest_subnormal], tiny),
        ([tiny / 4], 0),
        ([2 - eps, eps / 2], 2),
        ([largest, half_step * dtype(0.75)], largest),
        ([largest, half_step, half_step], inf),
        ([largest, largest, -largest], largest),
        ([largest, largest], inf),
    ):
        x = three(row, dtype)
        assert float(ij.sum_nearest(x)) == expected
        assert float(ij.sum_nearest(-x)) == -expected
        assert float(ij.dot_nearest(x, np.ones_like(x))) == expected


@pytest.mark.parametrize("dtype", DTYPES)
def test_many_terms_in_blocks(dtype: type) -> None:
    rng = np.random.default_rng(5)
    count = _accumulator.BLOCK + 17
    # All of one sign and full digits, so that every limb carries.
    x = (2 - rng.integers(1, 4, count) * np.finfo(dtype).eps).astype(dtype)
    x[::2] *= dtype(2.0**-20)
    for sign in (1, -1):
        total = sum((Fraction(float(v)) for v in sign * x), Fraction(0))
        assert float(ij.sum_nearest(dtype(sign) * x)) == nearest(total, dtype)
        squares = sum((sign * Fraction(float(v)) ** 2 for v in x), Fraction(0))
        assert float(ij.dot_nearest(x, dtype(sign) * x)) == nearest(squares, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_infinite_and_undefined_terms(dtype: type) -> None:
    largest = float(np.finfo(dtype).max)
    subnormal = float(np.finfo(dtype).smallest_subnormal)
    undefined: list[tuple[Callable, list]] = [
        (ij.sum_nearest, [[1, nan]]),
        (ij.sum_nearest, [[1, -inf, inf]]),
        (ij.sum_abs_nearest, [[nan, inf]]),
        (ij.sum_sqr_nearest, [[nan, inf]]),
        (ij.dot_nearest, [[0, 1], [inf, 1]]),
        (ij.dot_nearest, [[-inf, 1], [0, 1]]),
        (ij.dot_nearest, [[-inf, inf], [1, 1]]),
    ]
    for function, rows in undefined:
        assert np.isnan(float(function(*(three(r, dtype) for r in rows))))
    infinite: list[tuple[Callable, list, float]] = [
        (ij.sum_nearest, [[1, -inf]], -inf),
        (ij.sum_abs_nearest, [[1, -inf, inf]], inf),
        (ij.sum_sqr_nearest, [[1, -inf, inf]], inf),
        (ij.dot_nearest, [[subnormal, 1], [-inf, 1]], -inf),
        (ij.dot_nearest, [[largest, 1], [inf, 1]], inf),
    ]
    for function, rows, expected in infinite:
        assert float(function(*(three(r, dtype) for r in rows))) == expected
    above = ij.sum_tightest(three([1, inf], dtype))
    assert (float(above.lo), float(above.hi)) == (largest, inf)
    assert bool(ij.is_empty(ij.sum_tightest(three([1, nan], dtype))))


def test_shapes_and_derivatives() -> None:
    x = jnp.arange(3.0).reshape(3, 1)
    assert float(ij.sum_nearest(x)) == 3
    assert float(ij.sum_nearest(x[:0])) == 0
    np.testing.assert_array_equal(jax.grad(ij.sum_sqr_nearest)(x), 2 * x)
    np.testing.assert_array_equal(jax.grad(lambda v: ij.dot_tightest(v, x).hi)(x), x)
    with pytest.raises(ValueError, match="different shapes"):
        ij.dot_nearest(x, x[0])
    with pytest.raises(TypeError, match="float32 or float64"):
        ij.sum_nearest(np.arange(3))


def test_without_64_bits_in_float32() -> None:
    x, y = (a[:20] for a in cases(np.float32))
    expected = [np.asarray(f(x, y)) for f in (jax.vmap(ij.dot_nearest),)]
    with jax.enable_x64(False):
        assert jnp.asarray(1.0).dtype == np.float32
        found = [np.asarray(f(x, y)) for f in (jax.vmap(ij.dot_nearest),)]
        sums = np.asarray(jax.vmap(ij.sum_nearest)(x))
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(sums, jax.vmap(ij.sum_nearest)(x))
