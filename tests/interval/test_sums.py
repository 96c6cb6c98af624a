"""Sums and contractions contain every exact result, whatever XLA makes of the order."""

from fractions import Fraction
from math import inf

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import interval_jax as ij
from interval_jax import _sums
from reference import exact, points

DTYPES = [np.float32, np.float64]


def matrix(dtype: type, shape: tuple[int, ...], seed: int, spread: float = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.standard_normal(shape) * np.exp(spread * rng.standard_normal(shape))).astype(dtype)


def check_entries(
    value: ij.Interval, a: list[np.ndarray], b: list[np.ndarray], seed: int = 0, entries: int = 40
) -> None:
    """Exact rational ranges of sampled entries of a product of interval matrices."""
    rng = np.random.default_rng(seed)
    lo, hi = np.asarray(value.lo), np.asarray(value.hi)
    assert not np.isnan(lo).any()
    assert not np.isnan(hi).any()
    for _ in range(entries):
        i, j = rng.integers(lo.shape[0]), rng.integers(lo.shape[1])
        low, high = exact.interval_dot(a[0][i], a[1][i], b[0][:, j], b[1][:, j])
        assert exact.real(lo[i, j]) <= low
        assert high <= exact.real(hi[i, j])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [1, 2, 7, 64, 300])
def test_matrix_products(dtype: type, n: int) -> None:
    a, b = matrix(dtype, (n, n), 1), matrix(dtype, (n, n), 2)
    ra, rb = np.abs(a) * dtype(1e-3), np.abs(matrix(dtype, (n, n), 3)) * dtype(1e-5)
    A, B = [a - ra, a + ra], [b - rb, b + rb]
    product = jax.jit(ij.matmul)
    check_entries(product(a, ij.Interval(*B)), [a, a], B)
    check_entries(product(ij.Interval(*A), b), A, [b, b])
    check_entries(product(ij.Interval(*A), ij.Interval(*B)), A, B)
    check_entries(ij.matmul(ij.interval(a), jnp.asarray(b)), [a, a], [b, b])
    both_points = _sums.contract(jnp.asarray(a), jnp.asarray(b), (((1,), (0,)), ((), ())))
    check_entries(ij.Interval(*both_points), [a, a], [b, b])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("exponent", [-1.0, -0.75, -0.5, 0.45, 0.9])
def test_products_near_underflow_and_overflow(dtype: type, exponent: float) -> None:
    """Entries around max**exponent times entries around 1 and around max**-exponent."""
    largest = float(np.finfo(dtype).max)
    scale = dtype(max(largest**exponent, float(np.finfo(dtype).tiny)))
    for other in (dtype(1), dtype(min(1 / float(scale), largest / 1e6))):
        a = np.clip(matrix(dtype, (6, 20), 4, 1), -1e3, 1e3).astype(dtype) * scale
        b = np.clip(matrix(dtype, (20, 6), 5, 1), -1e3, 1e3).astype(dtype) * other
        a[0, :3] = [0, np.finfo(dtype).smallest_subnormal, np.finfo(dtype).tiny]
        rb = np.abs(b) * dtype(1e-6)
        with np.errstate(all="ignore"):
            B = [b - rb, b + rb]
        value = jax.jit(ij.matmul)(a, ij.Interval(*map(jnp.asarray, B)))
        check_entries(value, [a, a], B, entries=36)
        # Interval times interval; the subnormal is rounded outward by the constructor.
        A = ij.interval(a)
        check_entries(jax.jit(ij.matmul)(A, ij.Interval(*B)), [a, a], B, entries=36)


def test_subnormal_points_count() -> None:
    """XLA reads them as zero; times 1e300 they are not."""
    a = np.array([[5e-324, 1e-310]])
    b = np.array([[1e300], [-1e305]])
    for value in (ij.matmul(a, ij.interval(b)), jax.jit(ij.matmul)(a, ij.interval(b, b * 1.0))):
        check_entries(value, [a, a], [b, b], entries=2)
    value = ij.matmul(ij.interval(b.T), jnp.asarray(a.T))
    check_entries(value, [b.T, b.T], [a.T, a.T], entries=2)
    both = _sums.contract(jnp.asarray(a), jnp.asarray(b), (((1,), (0,)), ((), ())))
    check_entries(ij.Interval(*both), [a, a], [b, b], entries=2)


def test_unbounded_and_empty_operands() -> None:
    X = ij.interval(np.array([[1.0, -inf], [1.0, 2.0]]), np.array([[1.0, 1.0], [1.0, 2.0]]))
    value = np.ones((1, 2)) @ X
    assert bool(ij.is_entire(value[0, 1]))
    assert bool(ij.is_common_interval(value[0, 0]))
    mixed = ij.Interval(jnp.array([[inf, 1.0], [1.0, 1.0]]), jnp.array([[-inf, 1.0], [1.0, 1.0]]))
    for product in (jnp.ones((1, 2)) @ mixed, ij.interval(jnp.ones((1, 2))) @ mixed):
        np.testing.assert_array_equal(ij.is_empty(product), [[True, False]])
    overflow = ij.matmul(np.full((1, 4), 1e300), ij.interval(np.full((4, 1), 1e300)))
    assert bool(ij.is_entire(overflow[0, 0]))


def test_shapes_follow_matmul_and_dot_general() -> None:
    shapes = [
        ((3,), (3,)),
        ((2, 3), (3,)),
        ((3,), (3, 4)),
        ((5, 2, 3), (3, 4)),
        ((5, 1, 2, 3), (6, 3, 4)),
    ]
    for left, right in shapes:
        rng = np.random.default_rng(1)
        a, b = (rng.integers(-9, 10, shape).astype(np.float64) for shape in (left, right))
        value, exact_product = ij.interval(a) @ ij.interval(b), a @ b  # of small integers
        assert value.shape == exact_product.shape
        assert bool(jnp.all((value.lo <= exact_product) & (exact_product <= value.hi)))
    batched = (((2,), (1,)), ((0,), (0,)))
    value = ij.dot_general(ij.interval(np.ones((5, 2, 3))), np.ones((5, 3, 4)), batched)
    assert value.shape == (5, 2, 4)
    assert bool(jnp.all(ij.is_member(3.0, value)))
    assert ij.dot(ij.interval(np.ones((2, 3))), np.ones((4, 3, 5))).shape == (2, 4, 5)
    with pytest.raises(TypeError, match="do not match"):
        ij.matmul(np.ones((2, 3)), ij.interval(np.ones((2, 3))))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [1, 2, 3, 100, 5000])
def test_sums(dtype: type, n: int) -> None:
    for seed in range(4):
        lo, hi = points.intervals(dtype, 3 * n, seed, bounded=True)
        if seed < 3:  # one run over the whole exponent range, others without overflow
            limit = dtype(np.finfo(dtype).max) / dtype(2 * n)
            lo, hi = np.clip(lo, -limit, limit), np.clip(hi, -limit, limit)
        X = ij.interval(lo.reshape(3, n), hi.reshape(3, n))
        for value in (ij.sum(X, 1), jax.jit(lambda x: ij.sum(x, axis=-1))(X)):
            for row in range(3):
                low = sum((exact.exact(v) for v in lo.reshape(3, n)[row]), Fraction(0))
                high = sum((exact.exact(v) for v in hi.reshape(3, n)[row]), Fraction(0))
                assert exact.real(np.asarray(value.lo)[row]) <= low
                assert high <= exact.real(np.asarray(value.hi)[row])


def test_sums_of_unbounded_and_empty_intervals() -> None:
    X = ij.interval(np.array([1.0, -inf]), np.array([inf, 2.0]))
    assert bool(ij.is_entire(ij.sum(X)))
    half = ij.sum(ij.interval(np.array([1.0, 2.0]), np.array([inf, 2.0])))
    assert float(half.hi) == inf
    assert 2.9 < float(half.lo) <= 3
    with_empty = ij.Interval(jnp.array([1.0, inf]), jnp.array([1.0, -inf]))
    assert bool(ij.is_empty(ij.sum(with_empty)))


def test_mapped_and_scanned_products() -> None:
    a = matrix(np.float64, (8, 5, 6), 6)
    b = matrix(np.float64, (6, 5), 7)
    rb = np.abs(b) * 1e-9
    B = ij.interval(b - rb, b + rb)
    mapped = jax.jit(jax.vmap(lambda x: ij.matmul(x, B)))(a)
    scanned = jax.jit(lambda xs: jax.lax.scan(lambda c, x: (c, ij.matmul(x, B)), 0, xs)[1])(a)
    for value in (mapped, scanned):
        for k in range(8):
            check_entries(value[k], [a[k], a[k]], [b - rb, b + rb], entries=10)
