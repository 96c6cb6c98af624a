r"""Floor 0: sums and contractions of bounds, at the speed of plain sums and BLAS products.

No order of summation is assumed and none is enforced: the bounds hold for every order, with
products contracted into the sums or not, with subnormals kept or flushed. All that is assumed
of one machine operation on numbers of the format is

.. math:: fl(z) = z (1 + \delta) + \eta, \qquad |\delta| \le u, \quad |\eta| < \mathrm{tiny},

with :math:`\eta = 0` in a sum of non-negative numbers, and that a product of matrices is a
sum of products made of such operations: ``Precision.HIGHEST`` asks every backend for the
operands' own type, where GPUs would otherwise multiply shorter numbers.

With :math:`\gamma_n = n u / (1 - n u)` a computed inner product of n terms then satisfies
(Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd ed., sections 2.8 and 3.1)

.. math:: |fl(a \cdot b) - a \cdot b| \le \gamma_n |a| \cdot |b|
          + 2 n (1 + \gamma_n)\, \mathrm{tiny} : \tag{1}

each term passes through at most n roundings, its product and at most n - 1 sums, and each of
the 2n - 1 operations loses less than tiny, enlarged by the roundings after it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from interval_jax import _rounding as rd

__all__ = [
    "Bounds",
    "DimensionNumbers",
    "bounds_of_sums",
    "contract",
    "gamma",
    "mid_rad",
    "sum_bounds",
]

Bounds = tuple[Array, Array]
DimensionNumbers = tuple[
    tuple[tuple[int, ...], tuple[int, ...]], tuple[tuple[int, ...], tuple[int, ...]]
]


def gamma(n: int, fmt: rd.Format) -> float:
    """Return an upper bound of gamma_n, a number of the format; inf when gamma_n may exceed 1/2."""
    nu = n * fmt.unit
    if nu >= 0.25:
        return math.inf
    # 1 / (1 - nu) <= 1 + 4 nu / 3 for nu <= 1/4, below 1 + 2 nu by more than any rounding here.
    return float(np.nextafter(fmt.dtype.type(nu * (1 + 2 * nu)), fmt.dtype.type(np.inf)))


def _if_finite(value: Array, otherwise: float) -> Array:
    return lax.select(lax.is_finite(value), value, lax.full_like(value, otherwise))


def sum_bounds(x: Bounds, axes: tuple[int, ...]) -> Bounds:
    """Bound the sum of intervals over some axes, whatever the order of summation."""
    lo, hi = x
    n = math.prod(lo.shape[a] for a in axes)
    if n <= 1:
        return jnp.sum(lo, axes), jnp.sum(hi, axes)
    return bounds_of_sums([x], n, lambda a: jnp.sum(a, axes))


def bounds_of_sums(terms: Sequence[Bounds], n: int, total: Callable[..., Array]) -> Bounds:
    """Bound sums of intervals, whatever the order of summation.

    Args:
        terms: Arrays of bounds.
        n: An upper bound of the number of terms of any sum.
        total: ``total(*arrays)`` adds numbers of the arrays, and does nothing else with them.

    By (1) without products the error is at most ``gamma_(n-1) sum|a| + 2n tiny``. The sum of
    absolute values is itself computed, low by a factor of at most 1 - gamma_(n-1), and the
    bound passes three more roundings: with g = gamma_(n+3) <= 1/2 the factor
    ``(1 - g) (1 + 2g) >= 1`` pays for all of them, and ``4n tiny`` for every underflow.
    """
    fmt = rd.format_of(terms[0][0])
    g = gamma(n + 3, fmt)

    def bounded(sides: Sequence[Array]) -> tuple[Array, Array]:
        error = total(*(lax.abs(a) for a in sides))
        error = error * lax.full_like(error, g * (1 + 2 * g))
        return total(*sides), _if_finite(error + lax.full_like(error, 4 * n * fmt.tiny), np.inf)

    # An infinite term or an overflow makes the computed sum infinite or NaN.
    low, low_error = bounded([lo for lo, _ in terms])
    high, high_error = bounded([hi for _, hi in terms])
    low = _if_finite(rd.sub_down(low, low_error), -np.inf)
    high = _if_finite(rd.add_up(high, high_error), np.inf)
    nothing = total(*(lax.gt(lo, hi).astype(fmt.dtype) for lo, hi in terms))
    empty = lax.gt(nothing, lax.full_like(nothing, 0))
    return (
        lax.select(empty, lax.full_like(low, np.inf), low),
        lax.select(empty, lax.full_like(high, -np.inf), high),
    )


def mid_rad(x: Bounds) -> Bounds:
    """Return a number m of the format and r with ``r >= (1 - u)**2 max|x - m|``.

    The difference loses at most a factor 1 - u and tiny, which is added again unless the
    interval is the point m. Unbounded intervals get m = 0 and r = inf, empty ones r = NaN.
    The halves are rounded before they are added, so m is the same number wherever the
    compiler chooses to evaluate it again.
    """
    # Computed once, not again in each of the products that use it.
    lo, hi = lax.optimization_barrier(x)
    fmt = rd.format_of(lo)
    half, zero = lax.full_like(lo, 0.5), lax.full_like(lo, 0)
    mid = rd.rounded(lo * half) + rd.rounded(hi * half)
    mid = lax.select(lax.lt(lax.abs(mid), lax.full_like(mid, fmt.tiny)), zero, mid)
    mid = _if_finite(mid, 0)
    rad = lax.max(hi - mid, mid - lo) + lax.full_like(lo, fmt.tiny)
    rad = lax.select(lax.eq(lo, mid) & lax.eq(hi, mid), zero, rad)
    return mid, lax.select(lax.gt(lo, hi), lax.full_like(lo, np.nan), rad)


def contract(x: Array | Bounds, y: Array | Bounds, dimension_numbers: DimensionNumbers) -> Bounds:
    """Bound ``lax.dot_general`` of intervals; a lone array is an exact point operand.

    See :func:`_contracted`. Bounds that are not finite have the derivative 0.
    """
    smooth = partial(_smooth_contraction, dimension_numbers=dimension_numbers)
    rule = jax.custom_jvp(partial(_contracted, dimension_numbers=dimension_numbers))

    @rule.defjvp
    def _(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Bounds, Bounds]:
        low, high = rule(*primals)
        bounded = lax.is_finite(low) & lax.is_finite(high)
        slopes = jax.jvp(smooth, primals, tangents)[1]
        down, up = (lax.select(bounded, s, lax.full_like(s, 0)) for s in slopes)
        return (low, high), (down, up)

    value: Bounds = rule(x, y)
    return value


def _dot(a: Array, b: Array, dimension_numbers: DimensionNumbers) -> Array:
    return lax.dot_general(a, b, dimension_numbers, precision=lax.Precision.HIGHEST)


def _smooth_contraction(
    x: Array | Bounds, y: Array | Bounds, dimension_numbers: DimensionNumbers
) -> Bounds:
    """The same without rounding, for the derivative: without what is not finite, too."""

    def parts(a: Array | Bounds) -> tuple[Array, Array | None]:
        if not isinstance(a, tuple):
            return lax.select(lax.is_finite(a), a, lax.full_like(a, 0)), None
        bounded = lax.is_finite(a[0]) & lax.is_finite(a[1])
        lo, hi = (lax.select(bounded, b, lax.full_like(b, 0)) for b in a)
        return lo / 2 + hi / 2, hi / 2 - lo / 2

    (mx, rx), (my, ry) = parts(x), parts(y)
    center = _dot(mx, my, dimension_numbers)
    radius = lax.full_like(center, 0)
    if rx is not None:
        size = lax.abs(my) if ry is None else lax.abs(my) + ry
        radius = radius + _dot(rx, size, dimension_numbers)
    if ry is not None:
        radius = radius + _dot(lax.abs(mx), ry, dimension_numbers)
    return center - radius, center + radius


def _contracted(
    x: Array | Bounds, y: Array | Bounds, dimension_numbers: DimensionNumbers
) -> Bounds:
    r"""Bound a contraction.

    Write x = m_x +- r_x and y = m_y +- r_y and let n be the number of terms. By (1) and the
    triangle inequality every product of members differs from ``c = fl(m_x m_y)`` by at most

    .. math:: |m_x| (r_y + \gamma_n |m_y|) + r_x (|m_y| + r_y) + 2 n (1 + \gamma_n)\,\mathrm{tiny},

    one product of matrices beside c when one operand is a point, and two otherwise. Computed:

    * ``t = (r + g |m|) + 2 tiny``, or 0 where m and r are 0, is at least (1 - u)**5 times its
      exact value: 2 tiny repays the underflow of the product;
    * ``s = |m| + r`` is at least (1 - u)**3 times its exact value, r_x (1 - u)**2;
    * a product of matrices with them loses at most 1 - gamma_n and 3n tiny, by (1).

    A point operand may hold subnormals, read as zero by c: as the right factor t has 2 tiny
    for it, as the other factor it counts as 2 tiny / g, so that its share of the radius,
    ``(2 tiny / g) (r + g |m|)``, exceeds the product that c may have lost.

    No factor of a radius is less than tiny or infinite: so an infinite radius times 0 is
    infinite, 0 times an infinite point is 0, and a NaN says that a term is empty.

    The sum of the shares, its inflation and the next sum round three times: with
    g = gamma_(n+12) at most 1/2 the factor ``(1 - g) (1 + 2g) >= 1`` repays all relative losses,
    and 32 n tiny the absolute ones, (3n + 3n) (1 + 2g) + 3n <= 15n here and 4 below. That is R.
    Rounding c +- R' to nearest errs by u (|c| + R') and one underflow; R' = (R + 4u |c|) (1 + 8u),
    thrice rounded itself, exceeds R by that.
    """
    fmt = rd.format_of(x[0] if isinstance(x, tuple) else x)
    mx, rx = mid_rad(x) if isinstance(x, tuple) else (x, None)
    my, ry = mid_rad(y) if isinstance(y, tuple) else (y, None)
    n = math.prod(mx.shape[a] for a in dimension_numbers[0][0])
    g = gamma(n + 12, fmt)
    if math.isinf(g):
        raise ValueError(f"a contraction of {n} terms in {fmt.dtype}: use float64, or split it")

    dot = partial(_dot, dimension_numbers=dimension_numbers)

    def spread(m: Array, r: Array | None) -> Array:
        t = lax.abs(m) * lax.full_like(m, g)
        zero = lax.eq(m, lax.full_like(m, 0)) & ~rd.is_subnormal(m)
        if r is not None:
            t = r + t
            zero = zero & lax.eq(r, lax.full_like(r, 0))
        return lax.select(zero, lax.full_like(t, 0), t + lax.full_like(t, 2 * fmt.tiny))

    def positive(a: Array) -> Array:
        return lax.clamp(lax.full_like(a, fmt.tiny), a, lax.full_like(a, fmt.max))

    def factor(point: Array) -> Array:
        least = lax.full_like(point, 2 * fmt.tiny / g)
        return lax.select(rd.is_subnormal(point), least, positive(lax.abs(point)))

    if rx is not None and ry is not None:
        radius = dot(positive(lax.abs(mx)), spread(my, ry))
        radius = radius + dot(positive(rx), lax.abs(my) + ry)
    elif rx is not None:
        radius = dot(spread(mx, rx), factor(my))
    else:
        radius = dot(factor(mx), spread(my, ry))
    empty = lax.ne(radius, radius)
    radius = radius * lax.full_like(radius, 1 + 2 * g) + lax.full_like(radius, 32 * n * fmt.tiny)
    center = dot(mx, my)
    radius = radius + lax.abs(center) * lax.full_like(center, 4 * fmt.unit)
    radius = radius * lax.full_like(radius, 1 + 8 * fmt.unit)
    # Unbounded operands and overflow leave NaN or infinities: the whole line.
    bounded = lax.is_finite(center) & lax.is_finite(radius)
    low = lax.select(bounded, center - radius, lax.full_like(center, -np.inf))
    high = lax.select(bounded, center + radius, lax.full_like(center, np.inf))
    return (
        lax.select(empty, lax.full_like(low, np.inf), low),
        lax.select(empty, lax.full_like(high, -np.inf), high),
    )
