"""Linear algebra over boxes of matrices, against exact rational solutions for members."""

from collections.abc import Callable
from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.ad_checkpoint import checkpoint_name

import interval_jax as ij
from tests.interval.test_rules_arrays import DTYPES, contains, exactly

BOXES = 8
N = 4


def boxes(dtype: type, shape: tuple[int, ...], seed: int, shift: float = 0) -> tuple:
    """Boxes of narrow to moderate width around random arrays, and a member of each."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((BOXES, *shape)) + shift * np.eye(*shape[-2:])
    r = np.exp2(rng.uniform(-30, -5, (BOXES, *shape))) * (rng.random((BOXES, *shape)) > 0.2)
    X = ij.interval((x - r).astype(dtype), (x + r).astype(dtype))
    lo, hi = np.asarray(X.lo), np.asarray(X.hi)
    inner = (lo + (hi - lo) * rng.random(lo.shape).astype(dtype)).astype(dtype)
    return X, np.clip(inner, lo, hi)


def solution(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Solve a x = b for matrices of fractions."""
    a, b = a.copy(), b.copy()
    n = len(a)
    for i in range(n):
        pivot = next(k for k in range(i, n) if a[k, i] != 0)
        a[[i, pivot]], b[[i, pivot]] = a[[pivot, i]], b[[pivot, i]]
        for k in range(n):
            if k != i:
                factor = a[k, i] / a[i, i]
                a[k] = a[k] - factor * a[i]
                b[k] = b[k] - factor * b[i]
    return b / np.diagonal(a)[:, None]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("left_side", "lower", "transpose_a", "unit_diagonal"),
    [(True, True, False, False), (False, True, True, True), (True, False, True, False),
     (False, False, False, False)],
)  # fmt: skip
def test_triangular_solve(
    left_side: bool, lower: bool, transpose_a: bool, unit_diagonal: bool, dtype: type
) -> None:
    A, a = boxes(dtype, (N, N), 1, shift=4)
    B, b = boxes(dtype, (N, 2) if left_side else (2, N), 2)

    def solve(a: jax.Array, b: jax.Array) -> jax.Array:
        return lax.linalg.triangular_solve(
            a, b, left_side=left_side, lower=lower, transpose_a=transpose_a,
            unit_diagonal=unit_diagonal,
        )  # fmt: skip

    found = jax.jit(ij.enclose(solve))(A, B)
    for i in range(BOXES):
        matrix = exactly(np.tril(a[i]) if lower else np.triu(a[i]))
        if unit_diagonal:
            np.fill_diagonal(matrix, Fraction(1))
        matrix = matrix.T if transpose_a else matrix
        right = exactly(b[i])
        expected = solution(matrix, right) if left_side else solution(matrix.T, right.T).T
        assert contains(found[i], expected)
    assert float(jnp.max(found.hi - found.lo)) < 10


@pytest.mark.parametrize("dtype", DTYPES)
def test_cholesky(dtype: type) -> None:
    A, a = boxes(dtype, (N, N), 3, shift=9)
    found = jax.jit(ij.enclose(jnp.linalg.cholesky))(A)
    low, high = exactly(found.lo), exactly(found.hi)
    for i in range(BOXES):
        member = exactly(a[i])
        member = (member + member.T) / 2
        # Elimination without roots: a = l d l^T, and the factor is l sqrt(d).
        rest = member.copy()
        for j in range(N):
            pivot = rest[j, j]
            assert pivot > 0
            for k in range(j, N):
                # |entry|**2 = rest[k, j]**2 / pivot, with the sign of rest[k, j].
                square = rest[k, j] ** 2 / pivot * (1 if rest[k, j] >= 0 else -1)
                assert (
                    low[i, k, j] * abs(low[i, k, j]) <= square <= high[i, k, j] * abs(high[i, k, j])
                )
            column = rest[:, j].copy()
            rest = rest - np.outer(column, column) / pivot
    upper = np.triu_indices(N, 1)
    assert not np.any(np.asarray(found.lo)[:, upper[0], upper[1]])
    assert not np.any(np.asarray(found.hi)[:, upper[0], upper[1]])
    assert float(jnp.max(found.hi - found.lo)) < 1


def test_a_matrix_that_is_not_positive_has_no_factor() -> None:
    found = jax.jit(ij.enclose(jnp.linalg.cholesky))(ij.interval(-jnp.eye(3)))
    assert bool(ij.is_empty(found[0, 0]))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(N,), (N, 2)])
def test_solve(shape: tuple[int, ...], dtype: type) -> None:
    A, a = boxes(dtype, (N, N), 4, shift=3)
    B, b = boxes(dtype, (N, 2), 5)
    B, b = (B[:, :, 0], b[:, :, 0]) if shape == (N,) else (B, b)
    found = jax.jit(jax.vmap(ij.enclose(jnp.linalg.solve)))(A, B)
    for i in range(BOXES):
        expected = solution(exactly(a[i]), exactly(b[i]).reshape(N, -1)).reshape(shape)
        assert contains(found[i], expected)
    assert np.isfinite(np.asarray(found.lo)).sum() > 0.7 * found.size


def test_derivatives_of_a_solution() -> None:
    """d(a^-1 b)/db is a^-1, and with respect to a it is - a^-1 (da) x."""
    A, a = boxes(np.float64, (N, N), 6, shift=4)
    B, b = boxes(np.float64, (N, 1), 7)

    def first(a: jax.Array, b: jax.Array) -> jax.Array:
        return jnp.linalg.solve(a, b[:, 0])[0]

    by_a, by_b = jax.jit(jax.vmap(ij.jacrev(first, argnums=(0, 1))))(A, B)
    for i in range(BOXES):
        matrix, right = exactly(a[i]), exactly(b[i])
        x = solution(matrix, right)
        row = solution(matrix, exactly(np.eye(N)))[:1]
        assert contains(by_b[i], row.T)
        assert contains(by_a[i], -(row.T @ x.T))


def test_reverse_sweeps_leave_to_jax_what_has_no_rule() -> None:
    X, x = boxes(np.float64, (N, 1), 12)

    def f(x: jax.Array) -> jax.Array:
        return jnp.prod(checkpoint_name(2 * x, "doubled"))

    gradient = jax.jit(jax.vmap(ij.grad(f)))(X)
    doubled = jax.jit(jax.vmap(lambda x: ij.adjoints(f)(x).adjoints["doubled"]))(X)
    for i in range(BOXES):
        member = 2 * exactly(x[i])
        others = np.array([[np.delete(member, k).prod()] for k in range(N)])
        assert contains(gradient[i], 2 * others)
        assert contains(doubled[i], others)
    with pytest.raises(
        ij.UnsupportedPrimitiveError, match="no derivative for the primitive digamma"
    ):
        ij.grad(lax.digamma)(ij.interval(1.0, 2.0))


def test_singular_matrices_leave_no_bound() -> None:
    X = ij.interval(-np.ones((2, 2)), np.ones((2, 2)))
    found = jax.jit(ij.enclose(lambda a: jnp.linalg.solve(a, jnp.ones(2))))(X)
    assert str(found) == "Interval([[-inf, inf], [-inf, inf]], float64)"


@pytest.mark.parametrize("dtype", DTYPES)
def test_tridiagonal_solve(dtype: type) -> None:
    (L, low), (D, diagonal), (U, up) = (
        boxes(dtype, (N, 1), seed, shift=shift) for seed, shift in ((8, 0), (9, 0), (10, 0))
    )
    B, b = boxes(dtype, (N, 2), 11)

    def solve(low: jax.Array, diagonal: jax.Array, up: jax.Array, b: jax.Array) -> jax.Array:
        low, up = low[:, 0].at[0].set(0), up[:, 0].at[-1].set(0)
        return lax.linalg.tridiagonal_solve(low, 5 + diagonal[:, 0], up, b)

    found = jax.jit(jax.vmap(ij.enclose(solve)))(L, D, U, B)
    for i in range(BOXES):
        matrix = np.diag(5 + exactly(diagonal[i, :, 0]))
        matrix = matrix + np.diag(exactly(low[i, 1:, 0]), -1) + np.diag(exactly(up[i, :-1, 0]), 1)
        assert contains(found[i], solution(matrix * Fraction(1), exactly(b[i])))
    assert float(jnp.max(found.hi - found.lo)) < 1


def test_refusals_name_the_way_out() -> None:
    X = ij.interval(np.eye(5))
    function: Callable = jnp.linalg.det
    with pytest.raises(ij.UnsupportedPrimitiveError, match=r"jnp\.linalg\.solve"):
        ij.enclose(function)(X)
