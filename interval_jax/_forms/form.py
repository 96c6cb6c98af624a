r"""Floor 3: forms, which remember on what a value depends.

A form stands for a real number

.. math:: x = \sum_k p_k\, m_k(\epsilon) + \sum_i c_i\, \eta_i + e\, \theta, \qquad
          \epsilon_j, \eta_i, \theta \in [-1, 1], \tag{1}

where the symbols :math:`\epsilon_j` are the arguments of the program, scaled, the m_k their
monomials up to a degree (1 alone and the symbols themselves in affine arithmetic), the
:math:`\eta_i` errors that several values share, and :math:`\theta` an error of this one. Values
that depend on the same symbols cancel, which plain intervals cannot see (Comba and Stolfi 1993;
Makino and Berz 2003 for degrees above 1).

Every rounding error is moved into e: an operation's result is its exact value within e, for the
symbols that the operands have. All sums over coefficients are bounded as in
:mod:`interval_jax._sums`, in any order, contracted or not, with underflow.

Beside (1) a form has its span, the range that plain interval arithmetic or (1) gives, whichever
is narrower at each step. Where (1) is of no use (an unbounded value, an overflow), the form is
the span alone.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from interval_jax import _rounding as rd
from interval_jax._forms.monomials import Monomials
from interval_jax._interval import Interval, as_interval
from interval_jax._sums import gamma, mid_rad
from interval_jax.set_ops import intersection

__all__ = [
    "Form",
    "Group",
    "aligned",
    "arguments",
    "built",
    "constant",
    "in_groups",
    "moved",
    "named",
    "of_interval",
    "raised",
    "repaid",
    "times_size",
    "underflow",
    "without",
]

Group = tuple[int, int]
"""An identity and the number of its symbols."""

_identities = itertools.count()


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["poly", "noise", "error", "spread", "span"],
    meta_fields=["monomials", "groups", "loose"],
)
@dataclass(frozen=True)
class Form:
    """An array of values (1); see the module."""

    poly: Array
    """The p_k, shape (monomials, *shape)."""
    noise: Array
    """The c_i, shape (symbols of all groups, *shape)."""
    error: Array
    """The e >= 0."""
    spread: Array
    """A bound of the sum of the absolute values of the c_i."""
    span: Interval
    """An enclosure, at most as wide as that of (1)."""
    monomials: Monomials
    groups: tuple[Group, ...]
    """Which errors the rows of noise belong to, in their order."""
    loose: bool
    """Whether the error is more than roundings, so that it is worth a name."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array of values."""
        return self.span.shape

    @property
    def dtype(self) -> np.dtype:
        """Type of the coefficients."""
        return self.span.dtype

    @property
    def ndim(self) -> int:
        """Number of axes of the array of values."""
        return self.span.ndim


# --- sizes --------------------------------------------------------------------------------
#
# Sizes are non-negative numbers that bound something. They are computed with the plain sums and
# products below, which lose a factor 1 - u each and nothing by underflow, and at most SLACK of
# them one after the other; `repaid` then makes a bound of the result.

SLACK = 400


def raised(rows: Array) -> Array:
    """An upper bound of the sum of absolute values along the first axis, 0 if there are none.

    Of n rows the computed sum is at least 1 - gamma_(n-1) times the exact one, but for numbers
    below tiny, which may be read as 0; with g = gamma_(n+3) the factor 1 + 2g repays that loss and
    the two roundings of the last line.
    """
    n = rows.shape[0]
    if n == 0:
        return jnp.zeros(rows.shape[1:], rows.dtype)
    fmt = rd.format_of(rows)
    g = gamma(n + 3, fmt)
    total = jnp.sum(lax.abs(rows), axis=0)
    return total * lax.full_like(total, 1 + 2 * g) + lax.full_like(total, 2 * n * fmt.tiny)


def times_size(a: Array, b: Array | float) -> Array:
    """The product of two sizes; what underflows is repaid at once."""
    b = b if isinstance(b, Array) else lax.full_like(a, b)
    return a * b + lax.full_like(a, rd.format_of(a).tiny)


def repaid(size: Array) -> Array:
    """A bound made of a size: (1 - u)**SLACK (1 + 2 SLACK u) >= 1, with a rounding to spare."""
    return size * lax.full_like(size, 1 + 2 * (SLACK + 2) * rd.format_of(size).unit)


def underflow(like: Array, operations: int) -> Array:
    """What that many machine operations may lose by underflow, with the roundings after it."""
    return lax.full_like(like, 4 * operations * rd.format_of(like).tiny)


# --- construction ------------------------------------------------------------------------


def built(
    poly: Array,
    noise: Array,
    error: Array,
    span: Interval,
    monomials: Monomials,
    groups: tuple[Group, ...],
    loose: bool,
    spread: Array | None = None,
) -> Form:
    """A form of what is computed: the span narrowed by (1), or alone where (1) is not finite.

    The error is a size, see above, and so is a bound of the noise, however often and in whatever
    way the compiler computes that; without one the noise is computed once.
    """
    if spread is None:
        noise = lax.optimization_barrier(rd.stored(noise))
        spread = raised(noise)
    # The form and the span are of the same numbers: what is computed once.
    poly, error, spread = lax.optimization_barrier(
        tuple(rd.stored(a) for a in (poly, repaid(error), repaid(spread)))
    )
    rest = spread + error
    finite = lax.is_finite(raised(poly) + rest)
    span = _narrowed(span, poly, rest, monomials, finite)
    middle, radius = _ball(span)
    center = jnp.zeros(poly.shape, poly.dtype).at[0].set(middle)
    return Form(
        jnp.where(finite, poly, center),
        jnp.where(finite, noise, 0),
        lax.select(finite, error, radius),
        lax.select(finite, spread, lax.full_like(spread, 0)),
        span,
        monomials,
        groups,
        loose,
    )


def _narrowed(
    span: Interval, poly: Array, rest: Array, monomials: Monomials, finite: Array
) -> Interval:
    """The part of a span that (1) allows: symbols are within +-1, squares of them within [0, 1]."""
    square = monomials.even
    below = raised(lax.min(poly[square], 0 * poly[square])) + rest
    above = raised(lax.max(poly[square], 0 * poly[square])) + rest
    linear = raised(poly[~square & (monomials.degrees > 0)])
    center = poly[0]

    def beyond(size: Array) -> Array:
        # The last sum or difference rounds by u (|center| + size).
        slack = 8 * rd.format_of(size).unit
        return repaid(size + (lax.abs(center) + size) * lax.full_like(size, slack))

    lo, hi = center - beyond(below + linear), center + beyond(above + linear)
    infinite = lax.full_like(lo, np.inf)
    lo, hi = lax.select(finite, lo, -infinite), lax.select(finite, hi, infinite)
    return intersection(span, Interval(lo, hi))


def _ball(span: Interval) -> tuple[Array, Array]:
    """A finite number and a bound of the distance from it, 0 and 0 of the empty set."""
    middle, radius = mid_rad((span.lo, span.hi))
    empty = lax.gt(span.lo, span.hi)
    zero = lax.full_like(radius, 0)
    return lax.select(empty, zero, middle), lax.select(empty, zero, repaid(radius))


def of_interval(span: Interval, monomials: Monomials) -> Form:
    """A form that knows a range alone."""
    middle, radius = _ball(span)
    poly = jnp.zeros((monomials.count, *span.shape), span.dtype).at[0].set(middle)
    noise = jnp.zeros((0, *span.shape), span.dtype)
    return Form(poly, noise, radius, lax.full_like(radius, 0), span, monomials, (), True)


def constant(x: Array, monomials: Monomials) -> Form:
    """A form of exact numbers."""
    poly = jnp.zeros((monomials.count, *x.shape), x.dtype).at[0].set(x)
    noise, zero = jnp.zeros((0, *x.shape), x.dtype), jnp.zeros(x.shape, x.dtype)
    exact = of_interval(as_interval(x), monomials)
    # Infinite, undefined or subnormal numbers are left to the span.
    normal = lax.is_finite(x) & ~rd.is_subnormal(x)
    return Form(
        jnp.where(normal, poly, exact.poly),
        noise,
        lax.select(normal, zero, exact.error),
        zero,
        exact.span,
        monomials,
        (),
        False,
    )


def arguments(boxes: Sequence[Interval], degree: int) -> list[Form]:
    """Forms of independent arguments, each of whose elements is a symbol of its own."""
    monomials = Monomials(sum(math.prod(b.shape) for b in boxes), degree)
    forms, first = [], 1
    for box in boxes:
        n = math.prod(box.shape)
        middle, radius = _ball(box)
        bounded = lax.is_finite(radius)
        poly = jnp.zeros((monomials.count, n), box.dtype).at[0].set(middle.reshape(n))
        own = jnp.where(bounded, radius, 0).reshape(n)
        poly = poly.at[first + np.arange(n), np.arange(n)].set(own)
        first += n
        forms.append(
            Form(
                poly.reshape(-1, *box.shape),
                jnp.zeros((0, *box.shape), box.dtype),
                lax.select(bounded, lax.full_like(radius, 0), radius),
                lax.full_like(radius, 0),
                box,
                monomials,
                (),
                False,
            )
        )
    return forms


# --- symbols -----------------------------------------------------------------------------


def named(x: Form, limit: int) -> Form:
    """The same values, each error a symbol of its own that further values share.

    Where there would be more symbols than the limit, the oldest are forgotten; an array with more
    elements than that keeps its errors.
    """
    n = math.prod(x.shape)
    if n > limit or n == 0:
        return x
    while sum(count for _, count in x.groups) + n > limit:
        x = without(x, {x.groups[0][0]})
    rows = jnp.diag(x.error.reshape(n)).reshape(n, *x.shape)
    # An infinite error stays: as a coefficient it would spoil what it is multiplied with.
    bounded = lax.is_finite(x.error)
    zero = lax.full_like(x.error, 0)
    return Form(
        x.poly,
        jnp.concatenate([x.noise, jnp.where(bounded, rows, 0)]),
        lax.select(bounded, zero, x.error),
        repaid(x.spread + lax.select(bounded, x.error, zero)),
        x.span,
        x.monomials,
        (*x.groups, (next(_identities), n)),
        False,
    )


def without(x: Form, identities: set[int]) -> Form:
    """The same values, some symbols moved into the errors."""
    kept: list[np.ndarray] = []
    gone: list[np.ndarray] = []
    first = 0
    for identity, count in x.groups:
        (gone if identity in identities else kept).append(np.arange(first, first + count))
        first += count
    if not gone:
        return x
    lost = raised(x.noise[np.concatenate(gone)])
    rows = np.concatenate([*kept, np.zeros(0, int)]).astype(int)
    return Form(
        x.poly,
        x.noise[rows],
        repaid(x.error + lost),
        x.spread,
        x.span,
        x.monomials,
        tuple(g for g in x.groups if g[0] not in identities),
        True,
    )


def _with_groups(x: Form, groups: tuple[Group, ...]) -> Form:
    """The same values with rows of zeros for groups that they do not depend on."""
    if groups == x.groups:
        return x
    rows, first = {}, 0
    for identity, count in x.groups:
        rows[identity] = x.noise[first : first + count]
        first += count
    zero = [rows.get(identity, jnp.zeros((count, *x.shape), x.dtype)) for identity, count in groups]
    noise = jnp.concatenate([*zero, jnp.zeros((0, *x.shape), x.dtype)])
    return Form(x.poly, noise, x.error, x.spread, x.span, x.monomials, groups, x.loose)


def in_groups(x: Form, groups: tuple[Group, ...]) -> Form:
    """The same values in terms of these groups alone, as forms that loops carry."""
    kept = {identity for identity, _ in groups}
    x = without(x, {identity for identity, _ in x.groups} - kept)
    return replace(_with_groups(x, groups), loose=True)


def aligned(*forms: Form) -> list[Form]:
    """The same forms with rows for the same groups."""
    groups: dict[Group, None] = {}
    for form in forms:
        groups.update(dict.fromkeys(form.groups))
    return [_with_groups(form, tuple(groups)) for form in forms]


def moved(function: Callable[..., Any], operands: Sequence[Any], spans: Sequence[Interval]) -> Any:
    """Forms of an operation that moves numbers and computes none.

    Args:
        function: The operation on arrays, with one result or a list of them.
        operands: Forms, and plain arrays of indices, which stay what they are.
        spans: Enclosures of the results.
    """
    places = [i for i, x in enumerate(operands) if isinstance(x, Form)]
    forms = aligned(*(operands[i] for i in places))

    def on_rows(*rows: Array) -> list[Array]:
        args = list(operands)
        for i, row in zip(places, rows, strict=True):
            args[i] = row
        results = function(*args)
        return list(results) if isinstance(results, list | tuple) else [results]

    stacked = [jnp.concatenate([f.poly, f.noise, f.spread[None], f.error[None]]) for f in forms]
    results = jax.vmap(on_rows)(*stacked)
    count, groups = forms[0].monomials.count, forms[0].groups
    return [
        built(
            rows[:count],
            rows[count:-2],
            rows[-1],
            span,
            forms[0].monomials,
            groups,
            any(f.loose for f in forms),
            rows[-2],
        )
        for rows, span in zip(results, spans, strict=True)
    ]
