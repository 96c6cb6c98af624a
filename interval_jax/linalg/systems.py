r"""Linear systems with proven error bounds, for matrices of numbers and of intervals.

With an approximate inverse :math:`SR` of A and any approximate solution y, the error
:math:`e = x - y` of a solution of :math:`A x = b` satisfies

.. math:: e = z + G e, \qquad z = S R (b - A y), \qquad G = I - S R A.

If :math:`|G| v < v` holds for a vector :math:`v > 0`, then G is a contraction in the maximum norm
weighted by v, so that :math:`S R A`, hence A, is regular,
:math:`|e| \le \alpha v` with :math:`\alpha = \max_i |z_i| / (v - |G| v)_i`, and every bound E of
:math:`|e|` gives the next one, :math:`|z| + |G| E` (Rump, "Verification methods: rigorous results
using floating-point arithmetic", Acta Numerica 19, 2010, sections 10 and 13; Neumaier, *Interval
Methods for Systems of Equations*, 1990, chapter 4). For a matrix of intervals all of this holds
for every member, with a bound of :math:`|G|` over all of them.

Three things make that sharp for condition numbers up to the reciprocal of the unit roundoff and a
little beyond. Products that cancel, :math:`b - A y` and, for the worst matrices, :math:`R A`, are
computed to more digits by plain products of matrices (:mod:`interval_jax.linalg._cuts`). R is the
inverse that LAPACK computes, useless for the worst matrices, but then :math:`R A` is a matrix of
moderate condition, whose inverse S repairs it (Rump's trick); otherwise S is the identity. And y is
a sum of corrections, each :math:`S R` times the residual of the former, until they no longer
matter. One inverse and one product of matrices are usually all that is not linear in the size
of A: :math:`|G|` times a vector is bounded by products of matrices with vectors.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from interval_jax import _rounding as rd
from interval_jax._doubleword import DoubleWord
from interval_jax._interval import Interval, _float_type, as_interval
from interval_jax._sums import gamma
from interval_jax.linalg._cuts import (
    COARSE,
    LOST,
    Cuts,
    chunked_dot,
    coarse,
    coarse_product,
    cut,
    dot_up,
    exponents,
    largest_exponents,
    plain_dot,
    subtract_product,
)
from interval_jax.linalg._scaling import (
    Scaled,
    equilibrated,
    like_rows,
    smooth_mid_rad,
    times_power_of_two,
)

__all__ = ["inv", "solve"]

MOST_CORRECTIONS = 10
"""Steps of refinement; a contraction by 1/100 each needs 9 in float64, and is a bad one."""

NEGLIGIBLE = 2.0**-8
"""Of the unit roundoff: what does not matter any more."""

SWEEPS = 8
"""Steps from the first bound of the error to the last; they matter for wide intervals only."""


class _Inverse(NamedTuple):
    """An approximate inverse ``second @ first`` and what bounds G: see :meth:`contraction`."""

    first: Array
    second: Array
    rest: Array
    """A bound of |I - second @ product|, up to what product_error includes."""
    product_error: Array
    """A bound of |product - first @ mid A|, and of the factor of |second| in the error of rest."""
    rad: Array

    def applied(self, r: Array) -> Array:
        """Return an approximate solution for the right sides r."""
        return plain_dot(self.second, plain_dot(self.first, r))

    def magnitude(self, r: Array) -> Array:
        """Return a bound above ``|second| |first| r``, r >= 0, and of what underflows in both."""
        return dot_up(jnp.abs(self.second), dot_up(jnp.abs(self.first), r))

    def contraction(self, v: Array) -> Array:
        """Return a bound above ``|G| v``, v >= 0, for every member of A.

        ``|G| <= rest + |second| (product_error + |first| rad)``.
        """
        fmt = rd.format_of(v)
        inner = dot_up(self.product_error, v) + dot_up(jnp.abs(self.first), dot_up(self.rad, v))
        total = dot_up(self.rest, v) + dot_up(jnp.abs(self.second), inner)
        # Two sums; that for inner passes a product, whose own bound is proportional to it.
        return total * (1 + 4 * fmt.unit)


def _approximate_inverse(a: Scaled) -> _Inverse:
    """Invert the midpoint; nothing about the inverse is known, all about the errors of G is.

    What the plain product of first and mid A is wrong by is bounded by g |first| |mid A|, as if
    A had a radius of g |mid A|. That is enough unless the condition number comes near 1/g: then
    the product is computed to more digits, and inverted. For points, whose error is a multiple
    of a negligible residual, a factor of 2 does not matter; for intervals it would be seen.
    """
    fmt = rd.format_of(a.mid)
    one = jnp.broadcast_to(jnp.eye(a.mid.shape[-1], dtype=fmt.dtype), a.mid.shape)
    first = _number(jnp.linalg.inv(a.mid))
    product, g = chunked_dot(first, a.mid)
    rounding = g * jnp.abs(a.mid) * (1 + 4 * fmt.unit) + fmt.tiny
    plain = _Inverse(first, one, _distance(product), jnp.zeros_like(one), rounding)
    points = jnp.all(a.rad <= 4 * LOST * fmt.tiny, (-2, -1), keepdims=True)
    accuracy = plain.contraction(jnp.ones_like(rounding[..., :1]))
    accepted = jnp.all(accuracy < jnp.where(points, 2.0**-1, 2.0**-6))
    plain = plain._replace(rad=(a.rad + rounding) * (1 + 2 * fmt.unit))

    def repaired(state: tuple[Array, _Inverse]) -> tuple[Array, _Inverse]:
        return jnp.ones((), bool), _with_second_factor(state[1], a, state[0])

    # A loop, of one turn: under vmap it is skipped where no system of a batch needs it.
    return lax.while_loop(lambda state: ~state[0], repaired, (accepted, plain))[1]


def _with_second_factor(inverse: _Inverse, a: Scaled, accepted: Array) -> _Inverse:
    """Return the inverse times that of its product with the midpoint, computed to more digits.

    With g = gamma_n, rest is wrong by 2u |rest| and, as the product with second is, by
    g |second| |product| and 3n tiny.
    """
    fmt = rd.format_of(a.mid)
    first = inverse.first
    # What does not depend on a loop's state would be computed before it, hence always.
    rows = jnp.where(accepted, 0, largest_exponents(exponents(first), -1))
    product, error = coarse_product(cut(first, -1, rows, COARSE), a.mid)
    second = _number(jnp.linalg.inv(product))
    g = gamma(a.mid.shape[-1] + 4, fmt)
    error = (error + g * jnp.abs(product)) * (1 + 8 * fmt.unit)
    return _Inverse(first, second, _distance(plain_dot(second, product)), error, a.rad)


def _distance(product: Array) -> Array:
    """Return a bound above ``|1 - product|``, with room for what underflows in the product."""
    fmt = rd.format_of(product)
    n = product.shape[-1]
    return jnp.abs(jnp.eye(n, dtype=fmt.dtype) - product) * (1 + 4 * fmt.unit) + 4 * n * fmt.tiny


def _number(x: Array) -> Array:
    """One matrix wherever it is used, infinite as a whole if it is not finite."""
    finite = jnp.all(lax.is_finite(x), (-2, -1), keepdims=True)
    return lax.optimization_barrier(jnp.where(finite, x, np.inf))


@jax.custom_jvp
@jax.jit
def _solve(a: Interval, b: Interval) -> Interval:
    """Solve a x = b for a (..., n, n) and b (..., n, m) with n, m > 0."""
    left = equilibrated(a)
    right = like_rows(b, left.rows)
    fmt = rd.format_of(left.mid)
    n = left.mid.shape[-1]
    inverse = _approximate_inverse(left)
    cuts = cut(left.mid, -1, jnp.zeros_like(left.rows))
    residual, error, corrections = _corrections(inverse, cuts, right.mid)

    size = jnp.sum(jnp.abs(corrections), 0) * (1 + 2 * MOST_CORRECTIONS * fmt.unit)
    error = (error + right.rad + dot_up(left.rad, size)) + jnp.abs(residual.lo)
    # Two products with magnitudes: 3 gamma_n is more than 2 gamma_n + gamma_n**2.
    error = (error + 3 * gamma(n + 4, fmt) * jnp.abs(residual.hi)) * (1 + 8 * fmt.unit)
    z = inverse.applied(residual.hi)
    z_error = inverse.magnitude(error)
    rest = _bound_of_error(
        inverse, (jnp.abs(z) + z_error) * (1 + 4 * fmt.unit), NEGLIGIBLE * fmt.unit * size
    )
    rest = (rest + z_error) * (1 + 4 * fmt.unit)
    low, high = rd.sub_down(z, rest), rd.add_up(z, rest)

    def added(bounds: tuple[Array, Array], y: Array) -> Any:
        return (rd.add_down(y, bounds[0]), rd.add_up(y, bounds[1])), None

    (low, high), _ = lax.scan(added, (low, high), corrections, reverse=True)
    known = lax.is_finite(low) & lax.is_finite(high) & lax.is_finite(rest)
    x = Interval(jnp.where(known, low, -np.inf), jnp.where(known, high, np.inf))
    x = times_power_of_two(x, right.columns - jnp.swapaxes(left.columns, -1, -2))
    empty = jnp.any(a.lo > a.hi, (-2, -1), keepdims=True) | jnp.any(b.lo > b.hi, -2, keepdims=True)
    return Interval(jnp.where(empty, np.inf, x.lo), jnp.where(empty, -np.inf, x.hi))


@_solve.defjvp
def _(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Interval, Interval]:
    a, b = primals
    x = _solve(a, b)
    moving = lax.is_finite(x.lo) & lax.is_finite(x.hi)
    # Slopes at the identity instead, then left out: others may be no numbers, and times 0, too.
    known = jnp.any(moving, (-2, -1), keepdims=True)
    one = jnp.eye(a.shape[-1], dtype=a.dtype)
    a = Interval(jnp.where(known, a.lo, one), jnp.where(known, a.hi, one))
    slopes = jax.jvp(_first_order, (a, b), tangents)[1]
    return x, jax.tree.map(lambda s: jnp.where(moving, s, 0), slopes)


def _first_order(a: Interval, b: Interval) -> Interval:
    """The solutions to first order in the radii, not rounded outward: for the derivative."""
    (a_mid, a_rad), (b_mid, b_rad) = smooth_mid_rad(a), smooth_mid_rad(b)
    inverse = jnp.linalg.inv(a_mid)
    x = plain_dot(inverse, b_mid)
    spread = plain_dot(jnp.abs(inverse), b_rad + plain_dot(a_rad, jnp.abs(x)))
    return Interval(x - spread, x + spread)


def _corrections(inverse: _Inverse, cuts: Cuts, b: Array) -> tuple[DoubleWord, Array, Array]:
    """Return b - A y with a bound of its error, and the corrections whose exact sum is y.

    What a step uses it finds in the state: the same numbers, wherever they are used.
    """
    fmt = rd.format_of(b)

    def unfinished(state: Any) -> Array:
        k, y, d, previous, *_ = state
        largest = jnp.max(jnp.abs(d), -2)
        open_ = jnp.any(jnp.abs(d) > NEGLIGIBLE * fmt.unit * jnp.abs(y), -2) & (
            2 * largest < previous
        )
        return (k < MOST_CORRECTIONS) & jnp.any(open_)

    def step(state: Any) -> Any:
        k, y, d, _, residual, error, corrections = state
        digits = cut(d, -2, digits=COARSE)._replace(rest=None)
        residual, more = subtract_product(residual, cuts, digits)
        corrections = corrections.at[k].set(d)
        largest = jnp.max(jnp.abs(d), -2)
        d_next = coarse(inverse.applied(residual.hi))
        return k + 1, y + d, d_next, largest, residual, error + more, corrections

    zero = jnp.zeros_like(b)
    start = (
        jnp.zeros((), jnp.int32),
        zero,
        coarse(inverse.applied(b)),
        jnp.full_like(b[..., 0, :], np.inf),
        DoubleWord(b, zero),
        zero,
        jnp.zeros((MOST_CORRECTIONS, *b.shape), b.dtype),
    )
    *_, residual, error, corrections = lax.while_loop(unfinished, step, start)
    return residual, error * (1 + 2 * MOST_CORRECTIONS * fmt.unit), corrections


def _bound_of_error(inverse: _Inverse, z: Array, enough: Array) -> Array:
    """Return a bound above ``|G| |e|`` where ``|e| <= z + |G| |e|``, infinite if none is found.

    Where it is below ``enough`` nothing is gained by a smaller one.
    """
    fmt = rd.format_of(z)
    zero = jnp.zeros_like(z[..., :1])

    # The first terms of (1 - |G|)^-1 1, with which |G| v < v if a power of |G| is small.
    def longer(_: Any, state: tuple[Array, Array]) -> tuple[Array, Array]:
        v = 1 + state[1]
        return v, inverse.contraction(v)

    v, shrunk = lax.fori_loop(0, 3, longer, (zero, zero))
    gap = v - shrunk
    contracts = jnp.all((gap > 2.0**-10 * v) & lax.is_finite(v), (-2, -1), keepdims=True)
    alpha = jnp.max(z / jnp.where(contracts, gap, 1), -2, keepdims=True)
    # |e| <= alpha v, and |G| 1 <= |G| v, since v >= 1.
    bound = alpha * v * (1 + 16 * fmt.unit) + 4 * fmt.tiny * (1 + v)
    shrunk = alpha * shrunk * (1 + 32 * fmt.unit) + 16 * fmt.tiny * (1 + shrunk)

    def gaining(state: tuple[Array, Array, Array, Array]) -> Array:
        k, _, shrunk, gained = state
        return (k < SWEEPS) & jnp.any(gained & (shrunk > enough))

    def sweep(state: tuple[Array, Array, Array, Array]) -> tuple[Array, Array, Array, Array]:
        k, bound, shrunk, _ = state
        least = jnp.minimum(bound, (z + shrunk) * (1 + 4 * fmt.unit))
        gained = jnp.any(least < (1 - 2.0**-6) * bound, (-2, -1), keepdims=True)
        return k + 1, least, inverse.contraction(least), gained

    start = jnp.zeros((), jnp.int32), bound, shrunk, contracts
    return jnp.where(contracts, lax.while_loop(gaining, sweep, start)[2], np.inf)


def solve(a: Any, b: Any) -> Interval:
    """Return an enclosure of the solutions x of ``a x = b`` for all members of a and b.

    Args:
        a: Intervals or floats of shape (..., n, n).
        b: Intervals or floats of shape (n,) or (..., n, m).

    Returns:
        Enclosure of shape (n,), (..., n) or (..., n, m), as ``jnp.linalg.solve``. For point
        operands usually the tightest, neighbours of the format, up to a condition number of
        about 1e14 in float64 (1e6 in float32), and wider beyond that. For intervals the error is
        that of Krawczyk's method after preconditioning. Where a member of a may be singular, or
        the format does not resolve that it is not: the whole line. Empty where an operand is.

    Example:
        >>> import interval_jax as ij
        >>> import jax.numpy as jnp
        >>> A = jnp.array([[2.0, 1.0], [1.0, 3.0]])
        >>> bool(jnp.all(ij.is_member(jnp.array([2.0, -1.0]), ij.solve(A, jnp.array([3.0, -1.0])))))
        True
        >>> ij.solve(ij.interval(-A, A), jnp.array([3.0, -1.0]))
        Interval([[-inf, inf], [-inf, inf]], float32)

    Source: S. M. Rump, "Verification methods", Acta Numerica 19 (2010), sections 10 and 13.
    """
    dtype = _float_type(a, b)
    A, B = as_interval(a, dtype), as_interval(b, dtype)
    if A.ndim < 2 or A.shape[-1] != A.shape[-2]:
        raise ValueError(f"solve: a has shape {A.shape}; square matrices are (..., n, n)")
    vector = B.ndim == 1
    B = B[:, None] if vector else B
    n = A.shape[-1]
    if B.ndim < 2 or B.shape[-2] != n:
        raise ValueError(f"solve: a has shape {A.shape} and b {np.shape(b)}: n differs")
    batch = jnp.broadcast_shapes(A.shape[:-2], B.shape[:-2])
    A, B = _broadcast(A, (*batch, n, n)), _broadcast(B, (*batch, n, B.shape[-1]))
    x = _solve(A, B) if B.size else B
    return x[..., 0] if vector else x


def _broadcast(x: Interval, shape: tuple[int, ...]) -> Interval:
    return Interval(jnp.broadcast_to(x.lo, shape), jnp.broadcast_to(x.hi, shape))


def inv(a: Any) -> Interval:
    """Return an enclosure of the inverses of all members of a.

    Args:
        a: Intervals or floats of shape (..., n, n).

    Returns:
        Enclosure of the same shape, as sharp as that of :func:`solve`; entire where a member of
        a may be singular, empty where an entry of a is.

    Example:
        >>> import interval_jax as ij
        >>> import jax.numpy as jnp
        >>> A = jnp.array([[2.0, 0.0], [1.0, 4.0]])
        >>> bool(jnp.all(ij.is_member(jnp.array([[0.5, 0.0], [-0.125, 0.25]]), ij.inv(A))))
        True
    """
    A = as_interval(a)
    if A.ndim < 2 or A.shape[-1] != A.shape[-2]:
        raise ValueError(f"inv: a has shape {A.shape}; square matrices are (..., n, n)")
    return solve(A, jnp.eye(A.shape[-1], dtype=A.dtype))
