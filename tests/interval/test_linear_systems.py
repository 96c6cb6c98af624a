"""Solutions and inverses contain the exact rational ones, and are as sharp as they claim."""

from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import fmpq, fmpq_mat

import interval_jax as ij
from interval_jax._doubleword import DoubleWord
from interval_jax.linalg._cuts import (
    CHUNK,
    COARSE,
    chunked_dot,
    coarse,
    coarse_product,
    cut,
    subtract_product,
)
from tests.interval.test_rules_arrays import DTYPES, contains, exactly

N = 6
SHAPE = (24, N, N)


def rational(matrix: np.ndarray) -> fmpq_mat:
    numbers = [Fraction(float(v)) for v in matrix.ravel()]
    return fmpq_mat(*matrix.shape, [fmpq(v.numerator, v.denominator) for v in numbers])


def fractions(matrix: fmpq_mat) -> np.ndarray:
    numbers = [Fraction(int(v.p), int(v.q)) for v in matrix.entries()]
    return np.array(numbers, dtype=object).reshape(matrix.nrows(), matrix.ncols())


def solution(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return fractions(rational(a).solve(rational(b)))


def ulps(x: ij.Interval) -> np.ndarray:
    lo, hi = np.asarray(x.lo), np.asarray(x.hi)
    return (hi - lo) / np.spacing(np.maximum(np.abs(lo), np.abs(hi)))


def conditioned(n: int, condition: float, rng: np.random.Generator) -> np.ndarray:
    u, v = (np.linalg.qr(rng.standard_normal((n, n)))[0] for _ in range(2))
    return (u * np.geomspace(1, 1 / condition, n)) @ v


def systems(dtype: type, hardest: float) -> tuple[np.ndarray, np.ndarray]:
    """Matrices up to a condition number, some sparse or badly scaled, with right sides."""
    rng = np.random.default_rng(11)
    conditions = np.geomspace(1, hardest, SHAPE[0])
    a = np.array([conditioned(N, c, rng) for c in conditions]).astype(dtype)
    a[1] = np.eye(N)[rng.permutation(N)]
    a[2] = np.tril(rng.integers(-3, 4, (N, N))) + 7 * np.eye(N)
    a[3] = [[dtype(5040) / (i + j + 1) for j in range(N)] for i in range(N)]
    a[4:8] *= np.exp2(rng.integers(-20, 20, (4, N, 1)))
    a[6:10] *= np.exp2(rng.integers(-20, 20, (4, 1, N)))
    b = rng.standard_normal((SHAPE[0], N, 2)).astype(dtype)
    b[2:5, :, 0] = rng.integers(-9, 10, (3, N))
    # An exactly known solution, and one that comes out of cancellation alone.
    b[1, :, 0] = 1
    b[12, 1:, 0] = 0
    return a, b


@pytest.mark.parametrize(("dtype", "hardest"), [(np.float64, 1e15), (np.float32, 1e6)])
def test_points(dtype: type, hardest: float) -> None:
    a, b = systems(dtype, hardest)
    found = ij.solve(a, b)
    for k in range(SHAPE[0]):
        assert contains(found[k], solution(a[k], b[k]))
    widths = ulps(found)
    assert np.median(widths) == 1
    assert widths.max() <= 2


@pytest.mark.parametrize("dtype", DTYPES)
def test_beyond_the_last_digit(dtype: type) -> None:
    """Condition numbers around the reciprocal of the unit roundoff, and singular matrices."""
    rng = np.random.default_rng(5)
    limit = 1 / float(np.finfo(dtype).eps)
    a = np.array([conditioned(N, c, rng) for c in limit * np.geomspace(0.01, 1e3, SHAPE[0])])
    a = a.astype(dtype)
    a[-1] = np.arange(N * N).reshape(N, N)
    a[-2] = 0
    a[-3, :, 2] = 2 * a[-3, :, 1]
    b = rng.standard_normal((SHAPE[0], N, 2)).astype(dtype)
    found = ij.solve(a, b)
    for k in range(SHAPE[0] - 3):
        assert contains(found[k], solution(a[k], b[k]))
    assert bool(jnp.all(ij.is_entire(found[-3:])))
    assert np.median(ulps(found[: SHAPE[0] // 3])) <= 2


@pytest.mark.parametrize("dtype", DTYPES)
def test_far_from_one(dtype: type) -> None:
    """Rows, columns and right sides scaled through the whole range, with results beyond it."""
    rng = np.random.default_rng(6)
    most = np.finfo(dtype).maxexp - 4
    a = rng.standard_normal(SHAPE).astype(dtype)
    b = rng.standard_normal((SHAPE[0], N, 2)).astype(dtype)
    rows = rng.integers(-most // 2, most // 2, (SHAPE[0], N, 1))
    columns = rng.integers(-most // 2, most // 2, (SHAPE[0], 1, N))
    a[:16] = np.ldexp(a[:16], rows[:16])
    a[8:] = np.ldexp(a[8:], columns[8:])
    b = np.ldexp(b, rng.integers(-most, most, (SHAPE[0], 1, 2)))
    a, b = (np.where(np.abs(x) < np.finfo(dtype).tiny, 0, x).astype(dtype) for x in (a, b))
    found = ij.solve(a, b)
    for k in range(SHAPE[0]):
        if rational(a[k]).rank() == N:
            assert contains(found[k], solution(a[k], b[k]))
    lo, hi = np.asarray(found.lo), np.asarray(found.hi)
    inside = np.isfinite(lo) & np.isfinite(hi) & ((lo > 0) | (hi < 0))
    assert inside.mean() > 0.25
    assert np.mean(ulps(found[inside]) <= 2) > 0.95
    # What is lost to underflow or overflow is bounded by tiny and by the largest number.
    assert not np.isnan(lo).any()
    assert not bool(jnp.any(ij.is_entire(found[16:])))


@pytest.mark.parametrize("dtype", DTYPES)
def test_intervals(dtype: type) -> None:
    """Every member, vertices among them; the bounds are not far beyond those that were tried."""
    rng = np.random.default_rng(7)
    a = rng.standard_normal(SHAPE) + 3 * np.eye(N)
    b = rng.standard_normal((SHAPE[0], N, 2))
    width = np.geomspace(1e-6, 3e-2, SHAPE[0])[:, None, None]
    A, B = (
        ij.interval((x - r).astype(dtype), (x + r).astype(dtype))
        for x, r in ((a, width * rng.random(SHAPE)), (b, width))
    )
    found = ij.solve(A, B)
    lo, hi = np.asarray(found.lo), np.asarray(found.hi)
    assert np.isfinite(lo).all()
    least, most = np.full(lo.shape, np.inf), np.full(lo.shape, -np.inf)
    for trial in range(40):
        members = []
        for X in (A, B):
            low, high = np.asarray(X.lo), np.asarray(X.hi)
            t = rng.integers(0, 2, low.shape).astype(dtype) if trial % 4 else rng.random(low.shape)
            members.append(np.clip((low + (high - low) * t).astype(dtype), low, high))
        y = np.linalg.solve(*(m.astype(np.float64) for m in members))
        least, most = np.minimum(least, y), np.maximum(most, y)
        if trial < 6:
            for k in range(SHAPE[0]):
                assert contains(found[k], solution(members[0][k], members[1][k]))
    # 40 vertices out of 2**38 are some way from the hull.
    assert np.median((hi - lo) / (most - least)) < 4


def test_matrices_of_intervals_that_may_be_singular() -> None:
    center = np.array([[1.0, 2.0], [2.0, 4.0 + 1e-3]])
    for radius, singular in ((1e-2, True), (1e-4, False)):
        X = ij.solve(ij.interval(center - radius, center + radius), np.ones(2))
        assert bool(jnp.all(ij.is_entire(X))) == singular


def test_what_is_no_number_stays_in_its_column() -> None:
    a = np.array([[2.0, 1.0], [1.0, 3.0]])
    b = np.array([[1.0, np.nan, np.inf, 0.0], [1.0, 1.0, 1.0, 0.0]])
    found = ij.solve(a, b)
    assert contains(found[:, :1], solution(a, b[:, :1]))
    assert bool(jnp.all(ij.is_empty(found[:, 1])))
    assert bool(jnp.all(ij.is_entire(found[:, 2])))
    assert contains(found[:, 3], exactly(np.zeros(2)))
    assert float(jnp.max(jnp.abs(found[:, 3].hi))) < 1e-300
    for bad, is_so in ((np.nan, ij.is_empty), (np.inf, ij.is_entire)):
        a[0, 1] = bad
        assert bool(jnp.all(is_so(ij.solve(a, b)[:, 2:])))


def test_many_unknowns() -> None:
    """60 unknowns, condition 1e14; the exact solution has thousands of digits."""
    rng = np.random.default_rng(8)
    a, b = conditioned(60, 1e14, rng), rng.standard_normal((60, 1))
    found = ij.solve(a, b)
    assert contains(found, solution(a, b))
    assert ulps(found).max() <= 2


@pytest.mark.parametrize(("dtype", "hardest"), [(np.float64, 1e15), (np.float32, 1e6)])
def test_inverses(dtype: type, hardest: float) -> None:
    a, _ = systems(dtype, hardest)
    found = ij.inv(a)
    for k in range(SHAPE[0]):
        assert contains(found[k], fractions(rational(a[k]).inv()))
    nonzero = np.asarray(found.lo * found.hi) > 0
    assert np.median(ulps(found)[nonzero]) == 1
    assert np.quantile(ulps(found)[nonzero], 0.99) <= 2


def test_shapes() -> None:
    a = np.array([[2.0, 1.0], [1.0, 3.0]])
    b = np.array([[1.0, 2.0, 3.0, 7.0], [4.0, 5.0, 6.0, 8.0]])
    vector = ij.solve(a, b[:, 0])
    assert vector.shape == (2,)
    assert contains(vector.reshape(2, 1), solution(a, b[:, :1]))
    mapped = jax.jit(jax.vmap(ij.solve, (0, None)))(np.stack([a, 2 * a]), b)
    for k, factor in ((0, 1), (1, 2)):
        assert contains(mapped[k], solution(factor * a, b))
    assert contains(ij.inv(np.array([[3.0]])), exactly([[0]]) + Fraction(1, 3))
    assert ij.solve(np.zeros((0, 0)), np.zeros(0)).shape == (0,)
    assert ij.solve(a, np.zeros((2, 0))).shape == (2, 0)
    with pytest.raises(ValueError, match="square"):
        ij.inv(b)
    with pytest.raises(ValueError, match="n differs"):
        ij.solve(a, np.zeros(3))


@pytest.mark.parametrize("dtype", DTYPES)
def test_products_of_cuts(dtype: type) -> None:
    """The error of r - x y is within its bound, which is that of twice the precision."""
    rng = np.random.default_rng(9)
    n = 40
    x, y = (
        (rng.standard_normal((n, n)) * np.exp2(-rng.integers(0, s, (n, n)))).astype(dtype)
        for s in (1, 40)
    )
    y *= np.exp2(rng.integers(-40, 40, (1, n))).astype(dtype)
    r = rng.standard_normal((n, n)).astype(dtype)

    @jax.jit
    def difference(r: jax.Array, x: jax.Array, y: jax.Array) -> tuple[DoubleWord, jax.Array]:
        return subtract_product(DoubleWord(r, jnp.zeros_like(r)), cut(x, -1), cut(y, -2))

    (hi, lo), error = difference(r, x, y)
    exact = exactly(r) - fractions(rational(x) * rational(y))
    wrong = np.abs(exactly(hi) + exactly(lo) - exact)
    bound = exactly(error)
    assert np.all(wrong <= bound)
    unit = Fraction(float(np.finfo(dtype).eps)) / 2
    scale = exactly(np.abs(x).astype(np.float64) @ np.abs(y).astype(np.float64) + np.abs(r))
    assert np.all(bound <= 300 * unit**2 * scale)
    assert np.any(wrong > 0)


@pytest.mark.parametrize("dtype", DTYPES)
def test_products_in_pieces(dtype: type) -> None:
    """Of more columns and terms than are done at once: errors within their bounds."""
    rng = np.random.default_rng(12)
    n = CHUNK + 22
    x, y = (rng.standard_normal(s) * np.exp2(-rng.integers(0, 30, s)) for s in ((3, n), (n, n)))
    x, y = (v.astype(dtype) for v in (x * np.exp2([[60], [0], [-60]]), y / np.abs(y).max()))

    @jax.jit
    def products(x: jax.Array, y: jax.Array) -> tuple[jax.Array, ...]:
        product, g = chunked_dot(x, y)
        return product, g * (jnp.abs(x) @ jnp.abs(y)), *coarse_product(cut(x, -1, None, COARSE), y)

    exact = fractions(rational(x) * rational(y))
    size = exactly(np.abs(x).astype(np.float64).sum(1, keepdims=True) * np.abs(y).max(0))
    unit = Fraction(float(np.finfo(dtype).eps)) / 2
    product, bound, sharper, error = products(x, y)
    for found, most, least in ((product, bound, 1), (sharper, error, 2.0**-5)):
        wrong = np.abs(exactly(found) - exact)
        assert np.all(wrong <= exactly(most))
        assert np.any(wrong > 0)
        assert np.all(exactly(most) <= Fraction(least) * 2 * CHUNK * unit * size)


@pytest.mark.parametrize("dtype", DTYPES)
def test_coarse_columns_are_cut_without_rest(dtype: type) -> None:
    rng = np.random.default_rng(13)
    x = (rng.standard_normal((40, 9)) * np.exp2(-rng.integers(0, 30, (40, 9)))).astype(dtype)
    x *= np.exp2(np.linspace(-100, 100, 9)).astype(dtype)
    x[:, 3] = np.where(np.arange(40) == 7, 1 - np.finfo(dtype).epsneg, x[:, 3] / 4)
    x[:, 4] = 0
    x[0, 5] = np.finfo(dtype).max
    x[0, 6] = np.nan
    x[0, 7] = np.inf
    rounded = jax.jit(coarse)(x)
    cuts = jax.jit(lambda x: cut(x, -2, digits=COARSE))(rounded)
    assert not np.any(cuts.rest)
    assert not np.any(rounded[:, 4:8])
    largest = np.abs(x).max(0)
    assert np.all((np.abs(rounded - x) <= 2.0**-18 * largest)[:, [0, 1, 2, 3, 8]])


def test_bounds_move_with_the_operands() -> None:
    """Derivatives of bounds against differences, and 0 where there is no bound."""
    rng = np.random.default_rng(10)
    a, b = rng.standard_normal((3, 3)) + 3 * np.eye(3), rng.standard_normal((3, 1))

    @jax.jit
    def widest(radius: jax.Array, a: jax.Array) -> jax.Array:
        x = ij.solve(ij.Interval(a - radius, a + radius), b)
        return jnp.sum(x.hi**2 - x.lo)

    slopes = jax.jit(jax.grad(widest, (0, 1)))(1e-3, a)
    assert np.isclose(slopes[0], (widest(1.1e-3, a) - widest(0.9e-3, a)) / 2e-4, rtol=0.05)
    step = np.zeros((3, 3))
    step[1, 2] = 1e-4
    difference = (widest(1e-3, a + step) - widest(1e-3, a - step)) / 2e-4
    assert np.isclose(slopes[1][1, 2], difference, rtol=0.05, atol=1e-2)
    radius, matrix = jax.jit(jax.grad(widest, (0, 1)))(1e3, a)
    assert float(radius) == 0
    assert not np.any(matrix)
