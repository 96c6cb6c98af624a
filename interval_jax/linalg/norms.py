"""Norms of vectors and matrices of intervals, with the arguments of ``jnp.linalg.norm``."""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from interval_jax import _rounding as rd
from interval_jax import _sums
from interval_jax._interval import Interval, add, as_interval, div, matmul, sqr
from interval_jax.basic import sqrt
from interval_jax.linalg._scaling import common_exponent, times_power_of_two

__all__ = ["norm"]

_ORDERS = (None, "fro", 1, -1, 2, -2, np.inf, -np.inf)


def _sum(x: Interval, axes: tuple[int, ...]) -> Interval:
    return Interval(*_sums.sum_bounds((x.lo, x.hi), axes))


def _extreme(x: Interval, axes: tuple[int, ...], largest: bool) -> Interval:
    """The largest or the smallest member, the empty set where one of them is."""
    extreme = jnp.max if largest else jnp.min
    empty = jnp.any(x.lo > x.hi, axes)
    return Interval(
        jnp.where(empty, np.inf, extreme(x.lo, axes)),
        jnp.where(empty, -np.inf, extreme(x.hi, axes)),
    )


def _euclidean(x: Interval, axes: tuple[int, ...]) -> Interval:
    exponent = common_exponent(x, axes)
    squares = sqr(times_power_of_two(x, -exponent))
    return times_power_of_two(sqrt(_sum(squares, axes)), jnp.squeeze(exponent, axes))


def _spectral(x: Interval, largest: bool) -> Interval:
    r"""The largest or smallest singular value of matrices in the last two axes.

    With nearly orthogonal V of approximate singular vectors, ``delta = |V^T V - I|`` and B = A V,
    the singular values of A are those of B divided by numbers between sqrt(1 - delta) and
    sqrt(1 + delta), those of V; the squares of those of B are the eigenvalues of B^T B, nearly
    diagonal: Gershgorin's circles bound them on one side, entries of the diagonal, which are
    Rayleigh quotients, on the other (Rump, "Verified bounds for singular values", BIT 51, 2011).
    Members of A differ from the midpoint by a matrix of norm at most sqrt(|R|_1 |R|_inf), R
    being the radius, and its singular values differ by no more.
    """
    x = x if x.shape[-2] >= x.shape[-1] else _transposed(x)
    exponent = common_exponent(x, (-2, -1))
    scaled = times_power_of_two(x, -exponent)
    mid, rad = _sums.mid_rad((scaled.lo, scaled.hi))
    rad = rad * (1 + 8 * rd.format_of(rad).unit)
    v = jnp.matrix_transpose(jnp.linalg.svd(mid, full_matrices=False)[2])
    # Singular values move with A alone, to first order, not with their vectors.
    v = lax.stop_gradient(lax.optimization_barrier(jnp.where(lax.is_finite(v), v, 0)))
    image = matmul(mid, Interval(v, v))
    one = jnp.eye(v.shape[-1], dtype=v.dtype)
    gram, defect = matmul(_transposed(image), image), matmul(_transposed(Interval(v, v)), v) - one
    diagonal = Interval(*(jnp.diagonal(b, axis1=-2, axis2=-1) for b in (gram.lo, gram.hi)))
    others = abs(Interval(*(jnp.where(one == 1, 0, b) for b in (gram.lo, gram.hi))))
    circles = add(diagonal, _symmetric(lax.stop_gradient(_sum(others, (gram.ndim - 1,)).hi)))
    delta = jnp.max(_sum(abs(defect), (defect.ndim - 1,)).hi, -1)
    known = delta < 0.5
    delta = jnp.where(known, delta, 0.5)
    low = rd.sub_down(jnp.ones_like(delta), delta)
    lengths = Interval(low, rd.add_up(jnp.ones_like(delta), delta))
    if largest:
        squares = Interval(jnp.max(diagonal.lo, -1), jnp.max(circles.hi, -1))
    else:
        squares = Interval(jnp.min(circles.lo, -1), jnp.min(diagonal.hi, -1))
    squares = Interval(jnp.maximum(squares.lo, 0), squares.hi)
    values = sqrt(div(squares, lengths))
    by_rows, by_columns = (
        jnp.max(_sum(Interval(rad, rad), (rad.ndim + a,)).hi, -1) for a in (-1, -2)
    )
    spread = rd.sqrt_up(rd.mul_up(by_rows, by_columns))
    values = add(values, _symmetric(spread))
    most = _euclidean(scaled, (scaled.ndim - 2, scaled.ndim - 1))
    low = jnp.where(known & (values.lo > 0), values.lo, 0)
    high = jnp.where(known & (values.hi < most.hi), values.hi, most.hi)
    value = times_power_of_two(Interval(low, high), jnp.squeeze(exponent, (-2, -1)))
    empty = jnp.any(x.lo > x.hi, (-2, -1))
    return Interval(jnp.where(empty, np.inf, value.lo), jnp.where(empty, -np.inf, value.hi))


def _symmetric(radius: Array) -> Interval:
    return Interval(-radius, radius)


def _transposed(x: Interval) -> Interval:
    return Interval(jnp.matrix_transpose(x.lo), jnp.matrix_transpose(x.hi))


@functools.partial(jax.jit, static_argnums=(1, 2))
def _norm(x: Interval, ord: Any, dimensions: int) -> Interval:
    """The norm of the last axes, one or two."""
    axes = tuple(range(x.ndim - dimensions, x.ndim))
    if ord in (None, "fro") or (ord == 2 and dimensions == 1):
        return _euclidean(x, axes)
    if dimensions == 2 and ord in (2, -2):
        return _spectral(x, ord > 0)
    sizes = abs(x)
    if dimensions == 1 and ord == 1:
        return _sum(sizes, axes)
    if dimensions == 2:
        sizes = _sum(sizes, (axes[0] if ord in (1, -1) else axes[1],))
    return _extreme(sizes, (sizes.ndim - 1,), ord > 0)


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Interval:
    """Return an enclosure of the norms of all members of x.

    Args:
        x: Intervals or floats.
        ord: As for ``jnp.linalg.norm``: of vectors 1, 2 (the default), inf or -inf; of matrices
            "fro" (the default), 1, -1, inf, -inf, and 2 or -2, the largest and the smallest
            singular value.
        axis: The axis of the vectors or the two axes of the matrices; by default all of x, which
            is a vector where ``ord`` is None.
        keepdims: Whether these axes are kept, with length 1.

    Returns:
        Enclosure, for points about n units wide, singular values some n + 100; neither overflow
        nor underflow on the way. Maxima and minima (inf and -inf of vectors) are exact. Empty
        where a member of x is.

    Raises:
        ValueError: For other norms.

    Example:
        >>> import interval_jax as ij
        >>> import jax.numpy as jnp
        >>> bool(ij.is_member(5.0, ij.norm(jnp.array([3.0, 4.0]))))
        True
        >>> ij.norm(ij.interval([-1.0, 2.0], [3.0, 2.5]), ord=jnp.inf)
        Interval([2, 3], float32)
    """
    X = as_interval(x)
    if axis is None:
        if ord is None:
            axes: tuple[int, ...] = tuple(range(X.ndim))
        elif X.ndim in (1, 2):
            axes = tuple(range(X.ndim))
        else:
            raise ValueError(f"norm of shape {X.shape}: say which axis, or which two")
    else:
        axes = tuple(a % X.ndim for a in ((axis,) if isinstance(axis, int) else axis))
    dimensions = 1 if axis is None and ord is None else len(axes)
    allowed = {1: (None, 1, 2, np.inf, -np.inf), 2: _ORDERS}.get(dimensions, ())
    if ord not in allowed:
        raise ValueError(
            f"norm with ord={ord!r} over {len(axes)} axes; there are {allowed}. Others can be "
            "written with abs, pow, sum, max and min of interval_jax"
        )
    shape = tuple(1 if a in axes else s for a, s in enumerate(X.shape))
    kept = [a for a in range(X.ndim) if a not in axes]
    X = Interval(*(jnp.transpose(b, (*kept, *axes)) for b in (X.lo, X.hi)))
    if dimensions == 1:
        X = X.reshape(*(X.shape[: len(kept)]), -1)
    value = _norm(X, ord, dimensions)
    return value.reshape(shape) if keepdims else value
