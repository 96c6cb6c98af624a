"""Krawczyk's operator: existence, uniqueness and exclusion of zeros in a box.

R. Krawczyk, Newton-Algorithmen zur Bestimmung von Nullstellen mit Fehlerschranken, Computing 4
(1969), 187-201; A. Neumaier, Interval Methods for Systems of Equations (1990), chapter 5.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

from interval_jax._interval import Interval, as_interval, matmul
from interval_jax.numeric import mid

__all__ = ["krawczyk"]


@jax.jit
@jax.vmap
def krawczyk(
    X: Interval, W: Interval, point: Array, value: Interval, jacobian: Interval, free: Array
) -> tuple[Interval, Interval]:
    r"""Return Krawczyk's operator on two boxes around a point, for rows of those.

    With the zeros z of a function g in a box X, any matrix C, and an enclosure J of the
    derivative over a box that holds z and the point m, z lies in
    :math:`K(X) = m - C g(m) + (I - C J) (X - m)`. If K(X) lies in the interior of X, and J holds
    over X, there is exactly one zero in X.

    Args:
        X: Boxes of shape (rows, n), contained in those of W.
        W: Wider boxes.
        point: A member m of each X.
        value: Enclosure of g(m), shape (rows, n).
        jacobian: Enclosure J of the derivative over W, shape (rows, n, n).
        free: The unknowns, shape (rows, n); in other coordinates the boxes are points and g is
            not looked at.

    Returns:
        K(X) and K(W): the whole space where the matrices leave nothing to conclude.
    """
    eye = jnp.eye(point.shape[0], dtype=point.dtype)
    finite = jnp.all(jnp.isfinite(jacobian.hi - jacobian.lo))
    unknown = free[:, None] & free[None, :] & finite
    J = Interval(jnp.where(unknown, jacobian.lo, eye), jnp.where(unknown, jacobian.hi, eye))
    inverse = jnp.linalg.inv(mid(J))
    usable = finite & jnp.all(jnp.isfinite(inverse))
    C, m = as_interval(jnp.where(usable, inverse, eye)), as_interval(point)
    g = Interval(jnp.where(free, value.lo, 0), jnp.where(free, value.hi, 0))
    moved, rest = m - matmul(C, g), eye - matmul(C, J)

    def operator(box: Interval) -> Interval:
        K = moved + matmul(rest, box - m)
        # Where bounds overflow or are no numbers nothing is known.
        known = usable & (K.lo <= K.hi)
        return Interval(jnp.where(known, K.lo, -jnp.inf), jnp.where(known, K.hi, jnp.inf))

    return operator(X), operator(W)
