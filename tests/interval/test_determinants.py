"""Determinants and norms contain the exact ones, and are as sharp as they claim."""

from fractions import Fraction
from math import inf

import jax
import numpy as np
import pytest
from flint import fmpq_mat

import interval_jax as ij
from tests.interval.test_linear_systems import (
    SHAPE,
    N,
    conditioned,
    rational,
    solution,
    systems,
    ulps,
)
from tests.interval.test_rules_arrays import DTYPES, contains, exactly


def determinant(a: np.ndarray) -> Fraction:
    d = rational(a).det()
    return Fraction(int(d.p), int(d.q))


def determinants(a: np.ndarray) -> np.ndarray:
    return np.array([determinant(m) for m in a], dtype=object)


@pytest.mark.parametrize(("dtype", "hardest"), [(np.float64, 1e15), (np.float32, 1e6)])
def test_points(dtype: type, hardest: float) -> None:
    a, _ = systems(dtype, hardest)
    a[5] = a[5][:, ::-1]
    found = ij.det(a)
    assert contains(found, determinants(a))
    assert np.median(ulps(found)) == 1
    assert ulps(found).max() <= 2


@pytest.mark.parametrize("dtype", DTYPES)
def test_determinants_that_are_nearly_or_exactly_zero(dtype: type) -> None:
    rng = np.random.default_rng(5)
    limit = 1 / float(np.finfo(dtype).eps)
    a = np.array([conditioned(N, c, rng) for c in limit * np.geomspace(0.1, 1e6, SHAPE[0])])
    a = a.astype(dtype)
    a[-1] = np.arange(N * N).reshape(N, N)
    a[-2] = 0
    a[-3, :, 2] = 2 * a[-3, :, 1]
    found = ij.det(a)
    assert contains(found, determinants(a))
    # Hadamard's bound where nothing else is known.
    rows = np.prod(np.linalg.norm(a.astype(np.float64), axis=-1), -1)
    assert np.all(np.maximum(np.abs(found.lo), np.abs(found.hi)) <= 1.001 * rows + 1e-30)


@pytest.mark.parametrize("dtype", DTYPES)
def test_determinants_beyond_the_range(dtype: type) -> None:
    rng = np.random.default_rng(6)
    a = rng.standard_normal(SHAPE).astype(dtype)
    shifts = np.linspace(-0.6, 0.9, SHAPE[0]) * (np.finfo(dtype).maxexp - 4)
    a = np.ldexp(a, shifts.astype(int)[:, None, None])
    a[::3, :, 0] *= dtype(2.0**-20)
    a = np.where(np.abs(a) < np.finfo(dtype).tiny, 0, a).astype(dtype)
    found = ij.det(a)
    assert contains(found, determinants(a))
    assert not np.isnan(found.lo).any()
    assert np.all((np.asarray(found.lo) >= 0) | (np.asarray(found.hi) <= 0))


@pytest.mark.parametrize("dtype", DTYPES)
def test_determinants_of_intervals(dtype: type) -> None:
    rng = np.random.default_rng(7)
    a = rng.standard_normal(SHAPE)
    width = np.geomspace(1e-9, 3e-2, SHAPE[0])[:, None, None]
    A = ij.interval((a - width).astype(dtype), (a + width).astype(dtype))
    found = ij.det(A)
    lo, hi = np.asarray(A.lo), np.asarray(A.hi)
    for trial in range(12):
        t = rng.integers(0, 2, SHAPE) if trial % 3 else rng.random(SHAPE)
        assert contains(found, determinants(np.clip((lo + (hi - lo) * t).astype(dtype), lo, hi)))
    # To first order the range is the sum of |cofactor| times the radius; the product of the
    # magnitudes of the factors of the inverse is somewhat more.
    cofactors = np.linalg.det(a)[:, None, None] * np.linalg.inv(a)
    first = 2 * np.abs(cofactors).sum((-2, -1)) * width[:, 0, 0]
    narrow = slice(8, 14)
    assert np.median((found.hi - found.lo)[narrow] / first[narrow]) < 3


def test_determinants_of_no_numbers_and_of_small_matrices() -> None:
    a = np.array([[[2.0, 1.0], [1.0, 3.0]]] * 3)
    a[1, 0, 1], a[2, 0, 1] = np.nan, inf
    found = jax.jit(jax.vmap(ij.det))(a)
    assert bool(ij.is_member(5.0, found[0]))
    assert bool(ij.is_empty(found[1]))
    assert bool(ij.is_entire(found[2]))
    assert bool(ij.is_member(-3.0, ij.det(np.array([[-3.0]]))))
    assert bool(ij.equal(ij.det(np.zeros((0, 0))), ij.interval(1.0, dtype=np.float64)))
    with pytest.raises(ValueError, match="square"):
        ij.det(np.zeros((2, 3)))


def squares(x: ij.Interval) -> list[tuple[Fraction, Fraction | float]]:
    ends = zip(np.asarray(x.lo).ravel(), np.asarray(x.hi).ravel(), strict=True)
    return [
        (Fraction(float(lo)) ** 2, inf if hi == inf else Fraction(float(hi)) ** 2)
        for lo, hi in ends
    ]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("scale", [0.0, -0.8, 0.8])
def test_norms_of_vectors(scale: float, dtype: type) -> None:
    rng = np.random.default_rng(8)
    x = rng.standard_normal((20, 7)) * np.exp2(rng.integers(-9, 9, (20, 7)))
    x = np.ldexp(x, int(scale * np.finfo(dtype).maxexp)).astype(dtype)
    x[0] = 0
    x[1] = np.finfo(dtype).max / 2
    r = (np.abs(x) * dtype(0.1)).astype(dtype)
    X = ij.interval(np.concatenate([x, x - r]), np.concatenate([x, x + r]))
    members = [x, x, x - r, x + r]
    found = {p: ij.norm(X, p, axis=1) for p in (None, 1, inf, -inf)}
    for k, member in enumerate(members):
        part = slice(0, 20) if k < 2 else slice(20, 40)
        sizes = np.abs(exactly(member))
        assert contains(found[1][part], sizes.sum(1))
        assert contains(found[inf][part], sizes.max(1))
        for (low, high), total in zip(squares(found[None][part]), (sizes**2).sum(1), strict=True):
            assert low <= total <= high
    assert contains(found[-inf][:20], np.abs(exactly(x)).min(1))
    assert np.all(np.asarray(found[inf].hi - found[inf].lo)[:20] == 0)
    assert ulps(found[None][2:20]).max() <= 30
    assert float(found[None].hi[1]) == inf


def positive_definite(matrix: fmpq_mat) -> bool:
    n = matrix.nrows()
    leading = (fmpq_mat(k, k, [matrix[i, j] for i in range(k) for j in range(k)])
               for k in range(1, n + 1))  # fmt: skip
    return all(m.det() > 0 for m in leading)


@pytest.mark.parametrize(("shape", "dtype"), [((8, 5, 5), np.float64), ((8, 3, 6), np.float32)])
def test_norms_of_matrices(shape: tuple[int, ...], dtype: type) -> None:
    """Singular values by the exact signs of minors of t**2 - A^T A."""
    rng = np.random.default_rng(9)
    a = (rng.standard_normal(shape) * np.exp2(rng.integers(-6, 6, shape))).astype(dtype)
    a[1] *= dtype(2.0**60)
    orders = ("fro", 1, inf, -1, -inf, 2, -2)
    found = {p: ij.norm(a, p, (1, 2)) for p in orders}
    sizes = np.abs(exactly(a))
    for order, exact in {1: sizes.sum(1).max(1), -1: sizes.sum(1).min(1),
                         inf: sizes.sum(2).max(1), -inf: sizes.sum(2).min(1)}.items():  # fmt: skip
        assert contains(found[order], exact)
    for (low, high), total in zip(squares(found["fro"]), (sizes**2).sum((1, 2)), strict=True):
        assert low <= total <= high
    ends = {p: squares(found[p]) for p in (2, -2)}
    for k, matrix in enumerate(a):
        gram = matrix.T if shape[1] < shape[2] else matrix
        product = rational(gram.T.copy()) * rational(gram)
        one = rational(np.eye(min(shape[1:])))
        (low, high), (least, most) = ends[2][k], ends[-2][k]

        def times(q: Fraction, one: fmpq_mat = one) -> fmpq_mat:
            return rational_number(q) * one

        assert positive_definite(times(high) - product)
        assert not positive_definite(times(low) - product)
        assert least == 0 or positive_definite(product - times(least))
        assert not positive_definite(product - times(most))
    assert ulps(found[2]).max() <= 200
    X = ij.interval(a - np.abs(a) * dtype(1e-3), a + np.abs(a) * dtype(1e-3))
    wide = ij.norm(X, 2, (1, 2))
    for sign in (-1, 1):
        signs = rng.choice([-1, 1], shape) * sign
        inner = np.clip(a * (1 + dtype(1e-3) * signs).astype(dtype), X.lo, X.hi)
        values = np.linalg.norm(inner.astype(np.float64), 2, (1, 2))
        assert np.all((wide.lo <= values) & (values <= wide.hi))


def rational_number(q: Fraction) -> object:
    return rational(np.ones((1, 1)))[0, 0] * q.numerator / q.denominator


def test_norms_of_other_shapes() -> None:
    x = ij.interval(np.arange(24.0).reshape(2, 3, 4))
    assert ij.norm(x).shape == ()
    assert ij.norm(x, keepdims=True).shape == (1, 1, 1)
    assert ij.norm(x, axis=0).shape == (3, 4)
    assert ij.norm(x, 1, axis=(2, 0), keepdims=True).shape == (1, 3, 1)
    assert bool(ij.is_member(np.sqrt(np.sum(np.arange(24.0) ** 2)), ij.norm(x)))
    assert bool(ij.is_empty(ij.norm(ij.empty(3), inf)))
    assert bool(ij.is_empty(ij.norm(ij.empty((2, 2)), 2)))
    line = ij.norm(ij.entire((2, 2)), 2)
    assert float(line.lo) == 0
    assert float(line.hi) == inf
    with pytest.raises(ValueError, match="ord='nuc'"):
        ij.norm(x, "nuc", axis=(0, 1))
    with pytest.raises(ValueError, match="say which axis"):
        ij.norm(x, 1)


def test_without_64_bit_types() -> None:
    rng = np.random.default_rng(12)
    a, b = (rng.standard_normal(s).astype(np.float32) for s in ((4, 4), (4, 1)))
    with jax.enable_x64(False):
        x, value = ij.solve(a, b), ij.det(a)
    assert x.dtype == value.dtype == np.float32
    assert contains(x, solution(a, b))
    assert contains(value.reshape(1), determinants(a[None]))
    assert max(ulps(x).max(), float(ulps(value))) <= 2


def test_bounds_move_with_the_operands() -> None:
    """Derivatives of bounds against the known ones of points, and 0 where nothing is known."""
    rng = np.random.default_rng(10)
    a = rng.standard_normal((3, 3)) + 2 * np.eye(3)
    u, _, vt = np.linalg.svd(a)
    exact = {
        ij.det: np.linalg.det(a) * np.linalg.inv(a).T,
        ij.norm: a / np.linalg.norm(a),
        lambda x: ij.norm(x, 2): np.outer(u[:, 0], vt[0]),
        lambda x: ij.norm(x, -2): np.outer(u[:, -1], vt[-1]),
    }
    functions = list(exact)

    @jax.jit
    def slopes(a: jax.Array) -> list:
        return [jax.grad(lambda x, f=f: f(ij.Interval(x, x)).hi)(a) for f in functions]

    for found, expected in zip(slopes(a), exact.values(), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9)
    assert not np.any(jax.grad(lambda x: ij.det(ij.Interval(-x, x)).hi)(np.abs(a)))
