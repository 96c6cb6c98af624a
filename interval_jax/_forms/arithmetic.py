r"""Sums, multiples and products of forms, each with a bound of its roundings.

In what follows ``|x|`` is the size of a form without its error, the sum of the absolute values of
its coefficients, and u, tiny and gamma are those of :mod:`interval_jax._sums`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from interval_jax import _interval as iv
from interval_jax import _rounding as rd
from interval_jax import _sums
from interval_jax._forms.form import (
    Form,
    aligned,
    built,
    constant,
    of_interval,
    raised,
    repaid,
    times_size,
    underflow,
)
from interval_jax._forms.monomials import Monomials
from interval_jax._interval import Interval

__all__ = [
    "add",
    "as_form",
    "contracted",
    "mul",
    "neg",
    "poly_product",
    "shifted",
    "summed",
    "times",
]


def as_form(x: Any, monomials: Monomials, dtype: Any = None) -> Form:
    """A form, interval or array as a form."""
    if isinstance(x, Form):
        return x
    if isinstance(x, Interval):
        return of_interval(x, monomials)
    dtype = dtype or x.dtype
    if x.dtype != dtype:
        return of_interval(iv.as_interval(x, dtype), monomials)
    return constant(x, monomials)


def _known(x: Form) -> Array:
    """An upper bound of |x|."""
    return raised(x.poly) + x.spread


def neg(x: Form) -> Form:
    """-x, exactly."""
    return Form(-x.poly, -x.noise, x.error, x.spread, -x.span, x.monomials, x.groups, x.loose)


def shifted(x: Form, by: Array) -> Form:
    """x + by, exact numbers: the first coefficient is rounded, as in :func:`add`."""
    first = x.poly[0] + by
    rounding = times_size(lax.abs(first), 2 * rd.format_of(first).unit)
    error = x.error + rounding + underflow(first, 2)
    span = iv.add(x.span, iv.as_interval(by))
    poly = x.poly.at[0].set(first)
    return built(poly, x.noise, error, span, x.monomials, x.groups, x.loose, x.spread)


def add(x: Form, y: Form) -> Form:
    """x + y: each coefficient is rounded once, by u times itself or tiny.

    The computed coefficient differs from the exact one by at most 2u times itself (u/(1-u)).
    """
    x, y = aligned(x, y)
    poly, noise = x.poly + y.poly, x.noise + y.noise
    noise = lax.optimization_barrier(rd.stored(noise))
    spread = raised(noise)
    known = raised(poly) + spread
    rows = poly.shape[0] + noise.shape[0]
    roundings = times_size(known, 2 * rd.format_of(known).unit) + underflow(known, rows)
    error = x.error + y.error + roundings
    span = iv.add(x.span, y.span)
    return built(poly, noise, error, span, x.monomials, x.groups, x.loose or y.loose, spread)


def times(x: Form, factor: Array) -> Form:
    """The multiple of x by an array of exact numbers: each coefficient is rounded once."""
    poly, noise = x.poly * factor, x.noise * factor
    fmt = rd.format_of(factor)
    # A subnormal factor may be read as zero, but is less than tiny.
    largest = lax.abs(factor) + lax.full_like(factor, fmt.tiny)
    known = times_size(_known(x), largest)
    lost = times_size(_known(x), fmt.tiny)
    lost = lax.select(rd.is_subnormal(factor), lost, lax.full_like(lost, 0))
    rows = poly.shape[0] + noise.shape[0]
    error = times_size(x.error, largest) + times_size(known, 2 * fmt.unit) + lost
    span = iv.mul(x.span, iv.as_interval(factor))
    error = error + underflow(known, rows)
    spread = times_size(times_size(x.spread, largest), 1 + 4 * fmt.unit) + underflow(known, rows)
    return built(poly, noise, error, span, x.monomials, x.groups, x.loose, spread)


def poly_product(p: Array, q: Array, monomials: Monomials) -> tuple[Array, Array]:
    """The product of two polynomials up to the degree, and a bound of all that it lacks.

    What is cut off is at most the sum of products of the sizes of parts whose degrees add up to
    more than the degree. A kept coefficient is a sum of at most n products, n being the number of
    rounds: (1) of :mod:`interval_jax._sums`, summed over all coefficients.
    """
    total = jnp.zeros(jnp.broadcast_shapes(p.shape, q.shape), p.dtype)
    for i, j, used in monomials.pairs:
        mask = used.reshape(-1, *(1,) * (p.ndim - 1)).astype(p.dtype)
        total = total + (_rows(p, i) * mask) * _rows(q, j)
    # The sum is the same number in all that uses it, and computed once.
    total = lax.optimization_barrier(rd.stored(total))
    by_degree = [np.flatnonzero(monomials.degrees == k) for k in range(monomials.degree + 1)]
    sizes_p = [raised(p[rows]) for rows in by_degree]
    sizes_q = [raised(q[rows]) for rows in by_degree]
    lost = jnp.zeros(total.shape[1:], p.dtype)
    for k, a in enumerate(sizes_p):
        for b in sizes_q[monomials.degree + 1 - k :]:
            lost = lost + times_size(a, b)
    n = len(monomials.pairs)
    known = times_size(sum(sizes_p[1:], sizes_p[0]), sum(sizes_q[1:], sizes_q[0]))
    g = _sums.gamma(n + 1, rd.format_of(p))
    return total, lost + times_size(known, g) + underflow(known, 2 * n * monomials.count)


def _rows(p: Array, places: np.ndarray) -> Array:
    return p.at[places].get(mode="promise_in_bounds")


def mul(x: Form, y: Form) -> Form:
    r"""x y, quadratic terms in the errors bounded.

    With x = p + c + e, the polynomial, the noise and the error, and y = q + d + f,

    .. math:: x y = p q + c q_0 + p_0 d + c (q - q_0) + (p - p_0) d + c d + e y + (x - e) f.

    The first three terms are kept, the rest is bounded; a coefficient of the noise is a sum of two
    products.
    """
    x, y = aligned(x, y)
    poly, error = poly_product(x.poly, y.poly, x.monomials)
    noise = x.noise * y.poly[:1] + x.poly[:1] * y.noise
    noise_x, noise_y = x.spread, y.spread
    rest_x, rest_y = raised(x.poly[1:]), raised(y.poly[1:])
    known_x, known_y = _known(x), _known(y)
    products = (
        (noise_x, rest_y + noise_y),
        (rest_x, noise_y),
        (x.error, _largest(y)),
        (known_x, y.error),
    )
    error = sum((times_size(a, b) for a, b in products), error)
    g = _sums.gamma(4, rd.format_of(error))
    error = error + times_size(times_size(known_x, known_y), g)
    error = error + underflow(error, 3 * noise.shape[0])
    return built(poly, noise, error, iv.mul(x.span, y.span), x.monomials, x.groups, True)


def _largest(x: Form) -> Array:
    """An upper bound of the absolute value, 0 of the empty set."""
    bound = lax.max(lax.abs(x.span.lo), lax.abs(x.span.hi))
    return lax.select(lax.gt(x.span.lo, x.span.hi), lax.full_like(bound, 0), bound)


def summed(x: Form, operation: Callable[[Array], Array], terms: int, span: Interval) -> Form:
    """An operation that adds up elements, at most so many for each result.

    Each coefficient of a result is a sum of coefficients: by (1) of :mod:`interval_jax._sums`
    without products, its error is at most gamma times the sum of their absolute values.
    """

    def on_rows(rows: Array) -> Array:
        return jax.vmap(operation)(rows)

    poly, noise = on_rows(x.poly), on_rows(x.noise)
    g = _sums.gamma(terms + 3, rd.format_of(x.error))
    own = x.error + times_size(_known(x), g)
    # The sum of the errors is computed low by the factor 1 - gamma at most.
    error = times_size(operation(own), 1 + 4 * g)
    rows = poly.shape[0] + noise.shape[0]
    error = error + underflow(error, 2 * terms * rows)
    return built(poly, noise, error, span, x.monomials, x.groups, x.loose)


def contracted(
    x: Form, y: Array, numbers: _sums.DimensionNumbers, x_first: bool, span: Interval
) -> Form:
    r"""``lax.dot_general`` of a form with an array of exact numbers, x being the first or not.

    By (1) of :mod:`interval_jax._sums` the coefficients of a result have errors of at most
    gamma times the product of |x| and |y| in all, beside underflows; the error is the product of
    e + gamma |x| and |y|, whose terms are not negative: computed low by a factor 1 - gamma and
    what underflows.

    No factor of it is 0, so that an infinite e leaves no NaN. A subnormal of y may be read as
    zero: as 2 tiny / gamma it counts for 2 tiny |x|.
    """
    (cx, cy), _ = numbers
    terms = math.prod(y.shape[a] for a in (cy if x_first else cx))
    fmt = rd.format_of(y)
    g = _sums.gamma(terms + 12, fmt)

    def product(a: Array, b: Array) -> Array:
        operands = (a, b) if x_first else (b, a)
        return lax.dot_general(*operands, numbers, precision=lax.Precision.HIGHEST)

    def on_rows(rows: Array) -> Array:
        if rows.shape[0] == 0:
            return jnp.zeros((0, *span.shape), rows.dtype)
        return jax.vmap(product, (0, None))(rows, y)

    poly, noise = on_rows(x.poly), on_rows(x.noise)
    size = lax.clamp(lax.full_like(y, fmt.tiny), lax.abs(y), lax.full_like(y, fmt.max))
    size = lax.select(rd.is_subnormal(y), lax.full_like(y, 2 * fmt.tiny / g), size)
    own = repaid(x.error + times_size(_known(x), g))
    error = times_size(product(own + lax.full_like(own, fmt.tiny), size), 1 + 2 * g)
    error = error + underflow(error, 2 * terms * (x.poly.shape[0] + x.noise.shape[0] + 1))
    spread = raised(lax.optimization_barrier(noise))
    return built(poly, noise, error, span, x.monomials, x.groups, x.loose, spread)
