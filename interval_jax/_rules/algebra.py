"""Rules of linear algebra: triangular and tridiagonal systems, Cholesky factors, linear solves.

The first three are the textbook eliminations in interval arithmetic: sound, and as sharp as the
matrix is dominated by its diagonal. A linear solve is verified with an approximate inverse.
Factorisations with pivots, and decompositions, are refused: which pivot is taken is not decided.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from interval_jax import _sums, basic
from interval_jax._interval import (
    Interval,
    _where,
    as_interval,
    div,
    mul,
    sqr,
    sub,
)
from interval_jax._rules.registry import (
    Rule,
    UnsupportedPrimitiveError,
    Value,
    _define,
    is_real,
)
from interval_jax.linalg import solve

SOLVED = 2048
"""The largest number of unknowns of a linear solve, whose matrix is written out."""


def _reals(name: str, *values: Value) -> tuple[Interval, ...]:
    if not all(is_real(v) for v in values):
        raise UnsupportedPrimitiveError(f"{name} of numbers that are not real")
    return tuple(as_interval(v) for v in values)


def _batched(function: Callable[..., Interval], count: int) -> Callable[..., Interval]:
    for _ in range(count):
        function = jax.vmap(function)
    return function


def _points(x: Array) -> Interval:
    return Interval(x, x)


def _at(x: Interval, index: Any, row: Interval) -> Interval:
    return Interval(x.lo.at[index].set(row.lo), x.hi.at[index].set(row.hi))


def _product(x: Interval | Array, y: Interval | Array) -> Interval:
    """The last axis of x with the first of y."""

    def operand(a: Interval | Array) -> Any:
        return (a.lo, a.hi) if isinstance(a, Interval) else a

    return Interval(*_sums.contract(operand(x), operand(y), (((x.ndim - 1,), (0,)), ((), ()))))


# --- triangular systems and Cholesky factors --------------------------------------------


def _forward_substitution(a: Interval, b: Interval) -> Interval:
    """Solve a x = b for lower triangular a (n, n) and b (n, m)."""

    def step(i: Array, x: Interval) -> Interval:
        # Later rows of x still are zero.
        return _at(x, i, div(sub(b[i], _product(a[i], x)), a[i, i]))

    return lax.fori_loop(0, len(b), step, _points(jnp.zeros(b.shape, b.dtype)))


def _triangular_solve(
    a: Value,
    b: Value,
    *,
    left_side: bool,
    lower: bool,
    transpose_a: bool,
    conjugate_a: bool,
    unit_diagonal: bool,
) -> Interval:
    a, b = _reals("triangular_solve", a, b)

    def solve(a: Interval, b: Interval) -> Interval:
        n = len(a)
        inside = np.tri(n, dtype=bool) if lower else np.tri(n, dtype=bool).T
        a = _where(jnp.asarray(inside), a, _points(jnp.zeros((n, n), a.dtype)))
        if unit_diagonal:
            a = _where(jnp.eye(n, dtype=bool), _points(jnp.ones((n, n), a.dtype)), a)
        # x a = b is a^T x^T = b^T; upper triangles are lower ones counted from the end.
        turned = transpose_a == left_side
        a = a.T if turned else a
        b = b if left_side else b.T
        flipped = lower == turned
        if flipped:
            a, b = a[::-1, ::-1], b[::-1]
        x = _forward_substitution(a, b)
        x = x[::-1] if flipped else x
        return x if left_side else x.T

    return _batched(solve, a.ndim - 2)(a, b)


_define("triangular_solve", Rule(_triangular_solve))


def _cholesky(a: Value, **_: Any) -> Interval:
    (a,) = _reals("cholesky", a)

    def factor(a: Interval) -> Interval:
        n = len(a)
        rows = jnp.arange(n)

        def step(j: Array, factors: Interval) -> Interval:
            row = factors[j]
            squares = sqr(row)
            total = Interval(*_sums.sum_bounds((squares.lo, squares.hi), (0,)))
            diagonal = basic.sqrt(sub(a[j, j], total))
            column = div(sub(a[:, j], _product(factors, row)), diagonal)
            column = _where(rows > j, column, _points(jnp.zeros(n, a.dtype)))
            return _at(factors, (slice(None), j), _at(column, j, diagonal))

        return lax.fori_loop(0, n, step, _points(jnp.zeros((n, n), a.dtype)))

    return _batched(factor, a.ndim - 2)(a)


_define("cholesky", Rule(_cholesky))


# --- tridiagonal systems ----------------------------------------------------------------


def _tridiagonal_solve(
    low: Value, diagonal: Value, up: Value, b: Value, *, perturb_singular: bool = False
) -> Interval:
    """Elimination without pivots: where one may be zero the result is unbounded."""
    if perturb_singular:
        raise UnsupportedPrimitiveError(
            "tridiagonal_solve with perturb_singular=True solves another system than is given"
        )
    values = _reals("tridiagonal_solve", low, diagonal, up, b)

    def solve(low: Interval, diagonal: Interval, up: Interval, b: Interval) -> Interval:
        zero = _points(jnp.zeros((), b.dtype))
        zeros = _points(jnp.zeros(b.shape[1:], b.dtype))

        def eliminate(carry: Any, row: Any) -> Any:
            (ratio, y), (left, pivot, right, given) = carry, row
            pivot = sub(pivot, mul(left, ratio))
            carry = div(right, pivot), div(sub(given, mul(left, y)), pivot)
            return carry, carry

        def substitute(x: Interval, row: tuple[Interval, Interval]) -> Any:
            ratio, y = row
            x = sub(y, mul(ratio, x))
            return x, x

        _, rows = lax.scan(eliminate, (zero, zeros), (low, diagonal, up, b))
        x: Interval = lax.scan(substitute, zeros, rows, reverse=True)[1]
        return x

    return _batched(solve, values[1].ndim - 1)(*values)


_define("tridiagonal_solve", Rule(_tridiagonal_solve))


# --- linear solves ----------------------------------------------------------------------


def _linear_solve(
    *values: Value, const_lengths: Sequence[int], jaxprs: Sequence[Any], **_: Any
) -> list[Interval]:
    """Solve matvec(x) = b; how JAX would do it does not matter."""
    matvec = jaxprs[0]
    consts, given = values[: const_lengths[0]], values[sum(const_lengths) :]
    bs = _reals("custom_linear_solve", *given)
    sizes = [b.size for b in bs]
    n = sum(sizes)
    if n > SOLVED:
        raise UnsupportedPrimitiveError(
            f"a linear solve for {n} unknowns at once, more than {SOLVED}: solve for one right "
            "side after another with jax.lax.map"
        )
    ends = np.cumsum(sizes)[:-1]

    def column(unit: Array) -> tuple[Array, Array]:
        parts = [p.reshape(b.shape).astype(b.dtype) for p, b in zip(jnp.split(unit, ends), bs)]
        results = [as_interval(r, unit.dtype) for r in matvec(*consts, *parts)]
        return (
            jnp.concatenate([r.lo.ravel() for r in results]),
            jnp.concatenate([r.hi.ravel() for r in results]),
        )

    dtype = jnp.result_type(*(b.dtype for b in bs))
    low, high = jax.vmap(column, out_axes=1)(jnp.eye(n, dtype=dtype))
    flat = [as_interval(b, dtype).reshape(-1) for b in bs]
    b = Interval(jnp.concatenate([f.lo for f in flat]), jnp.concatenate([f.hi for f in flat]))
    x = solve(Interval(low, high), b)
    parts = zip(jnp.split(x.lo, ends), jnp.split(x.hi, ends), bs, strict=True)
    return [Interval(lo, hi).reshape(b.shape).astype(b.dtype) for lo, hi, b in parts]


def _linear_solve_demand(
    wanted: Sequence[bool], *, const_lengths: Sequence[int], **params: Any
) -> tuple[list[bool], dict[str, Any]]:
    of_matvec, of_others = const_lengths[0], sum(const_lengths[1:])
    used = [True] * of_matvec + [False] * of_others + [True] * len(wanted)
    return used, {**params, "const_lengths": const_lengths}


_define("linear_solve", Rule(_linear_solve, bodies=("jaxprs",), demand=_linear_solve_demand))
