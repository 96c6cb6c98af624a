r"""Determinants with proven error bounds, for matrices of numbers and of intervals.

With approximate inverses of the triangular factors of :math:`P A = L U`, the product
:math:`Q = L^{-1} P A U^{-1}` is near the identity, and since the approximate inverses are
triangular themselves and the first has a diagonal of ones,

.. math:: \det A = \pm \det Q \Big/ \prod_i (U^{-1})_{ii} .

For the worst matrices Q is not near the identity, only of moderate condition: so the step is done
twice. With :math:`E = I - Q` and its Frobenius norm :math:`f < 1`

.. math:: \log \det Q = -\operatorname{tr} E - \sum_{k \ge 2} \operatorname{tr}(E^k) / k,
          \qquad \Bigl| \sum_{k \ge 2} \Bigr| \le \sum_{k \ge 2} \frac{f^k}{k}
          \le \frac{f^2}{2 (1 - f)},

because :math:`|\operatorname{tr}(E^k)| \le f^k`. For matrices of intervals of radius R, E has
the radius :math:`|L^{-1}| P R |U^{-1}|`. Where f is not below 1, Hadamard's inequality bounds the
magnitude.
(The principle is that of Ogita, Oishi and Rump; see Rump, "Verification methods", Acta Numerica
19, 2010, section 10.)
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from interval_jax import _doubleword as dw
from interval_jax import _rounding as rd
from interval_jax import _sums
from interval_jax._doubleword import DoubleWord
from interval_jax._interval import Interval, add, as_interval, mul
from interval_jax.elementary import expm1
from interval_jax.linalg._cuts import cut, dot_up, plain_dot, subtract_product
from interval_jax.linalg._scaling import (
    Scaled,
    equilibrated,
    smooth_mid_rad,
    times_power_of_two,
)

__all__ = ["det"]


def _reduced(m: DoubleWord, rad: Array) -> tuple[DoubleWord, Array, Array, Array]:
    """Return Q of ``m +- rad`` and its radius, the diagonal of U**-1, and the sign of P.

    Products with a low word are plain, wrong by g = gamma_n times those of magnitudes.
    """
    fmt = rd.format_of(rad)
    n = rad.shape[-1]
    g = _sums.gamma(n + 4, fmt)
    factors, pivots, permutation = lax.linalg.lu(m.hi)
    one = jnp.broadcast_to(jnp.eye(n, dtype=fmt.dtype), rad.shape)

    def inverse(lower: bool) -> Array:
        x = lax.linalg.triangular_solve(
            factors, one, left_side=True, lower=lower, unit_diagonal=lower
        )
        x = jnp.where(jnp.tri(n, k=-1, dtype=bool), x, one) if lower else jnp.triu(x)
        return lax.optimization_barrier(x)

    left, right = inverse(True), inverse(False)
    row = permutation[..., :, None]
    hi, lo, rad = (jnp.take_along_axis(a, row, -2) for a in (*m, rad))

    def low_product(x: Array, y: Array) -> DoubleWord:
        return DoubleWord(-plain_dot(x, y), jnp.zeros_like(rad))

    # - P A U**-1, then L**-1 P A U**-1.
    product, error = subtract_product(low_product(lo, right), cut(hi, -1), cut(right, -2))
    error = error + dot_up(rad + g * jnp.abs(lo), jnp.abs(right))
    start = low_product(left, product.lo)
    q, more = subtract_product(start, cut(left, -1), cut(product.hi, -2))
    more = more + dot_up(jnp.abs(left), error + g * jnp.abs(product.lo))
    odd = jnp.sum(pivots != jnp.arange(n), -1) % 2
    sign = jnp.where(odd == 1, -1, 1).astype(fmt.dtype)
    diagonal = jnp.diagonal(right, axis1=-2, axis2=-1)
    return q, more * (1 + 16 * fmt.unit) + 8 * fmt.tiny, diagonal, sign


def _product(x: Array) -> tuple[DoubleWord, Array]:
    """Return m in [1/2, 4) and e with ``m 2**e`` the product of |x| along the last axis.

    For normal numbers. The relative error of m is at most 9 u**2 per factor: scaling is exact.
    """
    exponent = dw.exponent_of(x)
    x = lax.abs(x) * dw.power_of_two(x, -(exponent >> 1))
    x = x * dw.power_of_two(x, -(exponent - (exponent >> 1)))

    def times(state: Any, factor: Array) -> tuple[Any, None]:
        m, e = state
        m = dw.multiply_float(m, factor)
        shift = dw.exponent_of(m.hi)
        scale = dw.power_of_two(m.hi, -shift)
        return (DoubleWord(m.hi * scale, m.lo * scale), e + shift), None

    first = x[..., 0]
    start = (
        DoubleWord(jnp.ones_like(first), jnp.zeros_like(first)),
        jnp.sum(exponent, -1, dtype=exponent.dtype),
    )
    return lax.scan(times, start, jnp.moveaxis(x, -1, 0))[0]


def _log_det(q: DoubleWord, rad: Array) -> Interval:
    """Return an enclosure of ``log det(q +- rad)``, NaN or unbounded where there is none."""
    fmt = rd.format_of(rad)
    n = rad.shape[-1]
    e = (jnp.eye(n, dtype=fmt.dtype) - q.hi) - q.lo
    # Two roundings: the first of at most |e| + |lo|.
    rad = (rad + 4 * fmt.unit * (jnp.abs(e) + jnp.abs(q.lo))) * (1 + 8 * fmt.unit) + fmt.tiny
    squares = (jnp.abs(e) + rad) ** 2 * (1 + 8 * fmt.unit) + 2 * fmt.tiny
    total = _sums.sum_bounds((squares, squares), (squares.ndim - 2, squares.ndim - 1))[1]
    gap = rd.sub_down(jnp.ones_like(total), rd.sqrt_up(total))
    rest = total / jnp.where(gap > 0, 2 * gap, 0) * (1 + 16 * fmt.unit) + fmt.tiny
    center, radius = (jnp.diagonal(a, axis1=-2, axis2=-1) for a in (e, rad))
    trace = (rd.sub_down(center, radius), rd.add_up(center, radius))
    low, high = _sums.sum_bounds(trace, (trace[0].ndim - 1,))
    return Interval(rd.sub_down(-high, rest), rd.add_up(-low, rest))


def _largest(a: Scaled) -> Array:
    """Return a bound above the determinants of ``mid +- rad``: the product of norms of rows."""
    fmt = rd.format_of(a.mid)
    n = a.mid.shape[-1]
    squares = (jnp.abs(a.mid) + a.rad) ** 2 * (1 + 8 * fmt.unit) + 2 * fmt.tiny
    norms = rd.sqrt_up(_sums.sum_bounds((squares, squares), (squares.ndim - 1,))[1])
    m, e = _product(norms)
    bound = Interval(m.hi, m.hi * (1 + 4 * fmt.unit + 16 * n * fmt.unit**2))
    finite = jnp.all(lax.is_finite(norms), -1)
    return jnp.where(finite, times_power_of_two(bound, e).hi, np.inf)


@jax.custom_jvp
@jax.jit
def _det(a: Interval) -> Interval:
    """The determinants of a (..., n, n), n > 0."""
    scaled = equilibrated(a)
    fmt = rd.format_of(a.lo)
    n = a.shape[-1]
    q, rad, first, sign = _reduced(DoubleWord(scaled.mid, jnp.zeros_like(scaled.mid)), scaled.rad)
    q, rad, second, other = _reduced(q, rad)
    diagonal = jnp.concatenate([first, second], -1)
    log = _log_det(q, rad)
    known = lax.is_finite(log.lo) & lax.is_finite(log.hi)
    known = known & jnp.all(lax.is_finite(diagonal) & (diagonal != 0), -1)
    m, e = _product(jnp.where(known[..., None], diagonal, 1))
    quotient = dw.divide(DoubleWord(jnp.ones_like(m.hi), jnp.zeros_like(m.hi)), m)

    # quotient * det Q = hi + (lo + (hi + lo) (det Q - 1)) up to the error of the quotient.
    hi, lo = quotient
    error = (20 * n + 64) * fmt.unit**2 * hi
    near = Interval(hi * (1 - 4 * fmt.unit), hi * (1 + 4 * fmt.unit))
    low = add(Interval(lo, lo), add(mul(near, expm1(log)), Interval(-error, error)))
    # Sums of many exponents, in their own type.
    by_rows, by_columns = (
        jnp.sum(s, (-2, -1), dtype=e.dtype) for s in (scaled.rows, scaled.columns)
    )
    shift = by_rows + by_columns
    value = times_power_of_two(add(Interval(hi, hi), low), shift - e)
    negative = sign * other * jnp.prod(jnp.sign(diagonal), -1) < 0
    value = Interval(
        jnp.where(negative, -value.hi, value.lo), jnp.where(negative, -value.lo, value.hi)
    )
    most = _largest(scaled)
    bound = times_power_of_two(Interval(-most, most), shift)
    empty = jnp.any(a.lo > a.hi, (-2, -1))
    return Interval(
        jnp.where(empty, np.inf, jnp.where(known, value.lo, bound.lo)),
        jnp.where(empty, -np.inf, jnp.where(known, value.hi, bound.hi)),
    )


@_det.defjvp
def _(primals: tuple[Any], tangents: tuple[Any]) -> tuple[Interval, Interval]:
    (a,) = primals
    value = _det(a)
    # Hadamard's bound moves with nothing, and neither does what is unbounded.
    moving = ((value.lo > 0) | (value.hi < 0)) & lax.is_finite(value.lo) & lax.is_finite(value.hi)
    one = jnp.eye(a.shape[-1], dtype=a.dtype)
    a = Interval(*(jnp.where(moving[..., None, None], end, one) for end in (a.lo, a.hi)))
    slopes = jax.jvp(_first_order, (a,), tangents)[1]
    return value, jax.tree.map(lambda s: jnp.where(moving, s, 0), slopes)


def _first_order(a: Interval) -> Interval:
    """The determinants to first order in the radii, not rounded outward: for the derivative."""
    mid, rad = smooth_mid_rad(a)
    value = jnp.linalg.det(mid)
    inverse = jnp.matrix_transpose(jnp.linalg.inv(mid))
    spread = jnp.abs(value) * jnp.sum(jnp.abs(inverse) * rad, (-2, -1))
    return Interval(value - spread, value + spread)


def det(a: Any) -> Interval:
    """Return an enclosure of the determinants of all members of a.

    Args:
        a: Intervals or floats of shape (..., n, n).

    Returns:
        Enclosure of shape (...). For points usually the tightest up to a condition number near
        the reciprocal of the unit roundoff; for intervals two or three times as wide as the range.
        Where a member of a may be singular: between plus and minus Hadamard's bound. Empty where
        an entry is, and the whole line where one is unbounded.

    Example:
        >>> import interval_jax as ij
        >>> import jax.numpy as jnp
        >>> bool(ij.is_member(5.0, ij.det(jnp.array([[2.0, 1.0], [1.0, 3.0]]))))
        True

    Source: S. M. Rump, "Verification methods", Acta Numerica 19 (2010), section 10.
    """
    A = as_interval(a)
    if A.ndim < 2 or A.shape[-1] != A.shape[-2]:
        raise ValueError(f"det: a has shape {A.shape}; square matrices are (..., n, n)")
    if A.size == 0:
        one = jnp.ones(A.shape[:-2], A.dtype)
        return Interval(one, one)
    return _det(A)
