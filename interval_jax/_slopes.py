r"""Floor 3: centred values, which know how fast they move away from the middle of a box.

Of a real function f of the arguments x a centred value states that for every x of the box X

.. math:: f(x) = \gamma + \sum_k s_k\, (x_k - c_k), \qquad \gamma \in \Gamma,\; s_k \in S_k, \tag{1}

with numbers :math:`\gamma, s_k` that may depend on x, and the middle c of X: a form of order one
with intervals for coefficients. Usually :math:`\Gamma` is a rounding around f(c), and the S_k are
slopes in the sense of Krawczyk and Neumaier (1985). Where slopes are not bounded (at a pole, a
jump, the end of a domain) the range of f is :math:`\Gamma` and the slopes are 0, so that no proof
of continuity is needed: each operation makes sure of its own.

All numbers are intervals. Those of (1) are computed with plain operations, whose results are moved
outward by more than their roundings; see :func:`_outward`. Beside the statement there is the range,
the narrower of what the statement and what natural evaluation gives at each step.

References: E. Hansen, A generalized interval arithmetic, Interval Mathematics (1975), 7-18;
A. Neumaier, Interval Methods for Systems of Equations (1990), section 2.3; S. M. Rump, Expansion
and estimation of the range of nonlinear functions, Math. Comp. 65 (1996), 1503-1512, for the slopes
of convex functions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from interval_jax import _rounding as rd
from interval_jax import _sums
from interval_jax._interval import (
    Interval,
    _is_empty,
    _like,
    _where,
    as_interval,
    sub,
)
from interval_jax.numeric import mid
from interval_jax.set_ops import convex_hull, intersection

__all__ = [
    "Centred",
    "Function",
    "arguments",
    "as_centred",
    "bilinear",
    "built",
    "compose",
    "hull",
    "larger",
    "linear",
    "minus",
    "of_range",
    "plus",
    "stack",
    "times",
    "where",
]

Enclosure = Callable[[Interval], Interval]
Slope = Callable[[Interval, Interval], Interval]


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["rows", "span", "offsets"],
    meta_fields=["sharp"],
)
@dataclass(frozen=True)
class Centred:
    """An array of centred values; see the module."""

    rows: Interval
    """The centres, then the slopes by each argument: shape (1 + arguments, *shape)."""
    span: Interval
    """The ranges."""
    offsets: Interval
    """X - c, shape (arguments,)."""
    sharp: bool
    """Whether slopes are those of secants, not ranges of derivatives."""

    @property
    def center(self) -> Interval:
        """The centres."""
        return self.rows[0]

    @property
    def slopes(self) -> Interval:
        """The slopes."""
        return self.rows[1:]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array of values."""
        return self.span.shape

    @property
    def dtype(self) -> np.dtype:
        """Type of the bounds."""
        return self.span.dtype

    @property
    def ndim(self) -> int:
        """Number of axes of the array of values."""
        return self.span.ndim


def _once(values: Any) -> Any:
    """The same arrays, which the compiler computes once and not in each of their uses."""
    return lax.optimization_barrier(jax.tree.map(rd.stored, values))


def stack(*parts: Interval) -> Interval:
    """Intervals one after another along the first axis."""
    return Interval(
        lax.concatenate([p.lo for p in parts], 0), lax.concatenate([p.hi for p in parts], 0)
    )


def _zeros(like: Interval, count: int) -> Interval:
    zero = jnp.zeros((count, *like.shape), like.dtype)
    return Interval(zero, zero)


# --- construction ------------------------------------------------------------------------


def arguments(boxes: Sequence[Interval], sharp: bool) -> list[Centred]:
    """Centred values of independent arguments: their middles, with slopes of one."""
    sizes = [math.prod(b.shape) for b in boxes]
    total, first, middles, offsets = sum(sizes), 0, [], []
    for box in boxes:
        middle = jnp.where(_is_empty(box), 0, mid(box))
        middles.append(middle)
        offset = sub(box, middle)
        offsets.append(Interval(offset.lo.reshape(-1), offset.hi.reshape(-1)))
    known = stack(*offsets) if offsets else None
    found = []
    for box, middle, size in zip(boxes, middles, sizes, strict=True):
        ones = jnp.zeros((total, size), box.dtype)
        ones = ones.at[first + np.arange(size), np.arange(size)].set(1)
        ones = ones.reshape(total, *box.shape)
        first += size
        rows = stack(as_interval(middle)[None], Interval(ones, ones))
        assert known is not None
        found.append(Centred(rows, box, known.astype(box.dtype), sharp))
    return found


def of_range(span: Interval, like: Centred) -> Centred:
    """A centred value of which the range alone is known."""
    rows = stack(span[None], _zeros(span, like.offsets.shape[-1]))
    return Centred(rows, span, like.offsets.astype(span.dtype), like.sharp)


def as_centred(x: Any, like: Centred, dtype: Any = None) -> Centred:
    """A centred value, interval or array as a centred value."""
    if not isinstance(x, Centred):
        return of_range(as_interval(x, dtype), like)
    if dtype is None or x.dtype == np.dtype(dtype):
        return x
    return Centred(x.rows.astype(dtype), x.span.astype(dtype), x.offsets.astype(dtype), x.sharp)


def built(center: Interval, slopes: Interval, span: Interval, like: Centred) -> Centred:
    """A centred value, the range narrowed by what (1) says."""
    center, slopes, span = _once((center, slopes, span))
    n = slopes.shape[0]
    reach = _largest(like.offsets).astype(span.dtype).reshape(n, *(1,) * span.ndim)
    # An argument that has no bounds does not matter to what does not depend on it.
    size = _largest(slopes)
    moved = lax.select(lax.eq(size, 0 * size), size, size * reach)
    total = jnp.sum(moved, axis=0)
    # Of n products, n - 1 sums and two operations here, as in `_sums.bounds_of_sums`.
    fmt = rd.format_of(total)
    total = total * lax.full_like(total, 1 + 2 * _sums.gamma(n + 3, fmt))
    total = total + lax.full_like(total, 4 * n * fmt.tiny)
    span = _once(intersection(span, _outward(center.lo - total, center.hi + total)))
    return Centred(stack(center[None], slopes), span, like.offsets.astype(span.dtype), like.sharp)


# --- coefficients -----------------------------------------------------------------------


def _largest(x: Interval) -> Array:
    return lax.max(lax.abs(x.lo), lax.abs(x.hi))


def _outward(lo: Array, hi: Array, operations: int = 1) -> Interval:
    """Bounds of what so many machine operations, products and quotients but the last, give.

    Each is within u / (1 - u) <= 2u times its result, or tiny, and two more move the bounds. What
    is no number bounds nothing.
    """
    fmt = rd.format_of(lo)

    def width(x: Array) -> Array:
        size = lax.abs(x) * lax.full_like(x, (4 * operations + 4) * fmt.unit)
        return size + lax.full_like(x, (2 * operations + 2) * fmt.tiny)

    low, high = lo - width(lo), hi + width(hi)
    # Between -tiny and tiny 0 bounds what these bound: they have been moved by more than tiny.
    small = lax.full_like(low, fmt.tiny)
    low, high = (lax.select(lax.lt(lax.abs(b), small), 0 * b, b) for b in (low, high))
    infinite = lax.full_like(low, np.inf)
    return Interval(
        lax.select(lax.is_finite(low), low, -infinite),
        lax.select(lax.is_finite(high), high, infinite),
    )


def plus(x: Interval, y: Interval) -> Interval:
    """x + y, up to some roundings."""
    return _outward(x.lo + y.lo, x.hi + y.hi)


def minus(x: Interval, y: Interval) -> Interval:
    """x - y, up to some roundings."""
    return plus(x, -y)


def times(x: Interval, y: Interval) -> Interval:
    """x y, up to some roundings; the whole line where a factor is unbounded."""
    products = [a * b for a in (x.lo, x.hi) for b in (y.lo, y.hi)]
    return _outward(_reduced(lax.min, products), _reduced(lax.max, products))


def _reduced(pick: Callable[[Array, Array], Array], values: Sequence[Array]) -> Array:
    first, second, third, fourth = values
    return pick(pick(first, second), pick(third, fourth))


# --- operations -------------------------------------------------------------------------


def _any(values: Sequence[Any]) -> Centred:
    return next(v for v in values if isinstance(v, Centred))


def linear(
    function: Callable[..., Any],
    operands: Sequence[Any],
    jointly: bool = True,
    coarse: Callable[..., Any] | None = None,
) -> Any:
    """A linear function of intervals, with one result or a list of them.

    Args:
        function: The function of intervals and arrays.
        operands: Centred values; intervals and arrays that are no numbers of the function's
            domain (indices, or its coefficients) stay what they are.
        jointly: Whether real arrays among the operands are arguments, of slope 0, not coefficients.
        coarse: A cheaper function of the rows, with some roundings more.
    """
    like = _any(operands)
    count = 1 + like.offsets.shape[-1]
    spans = function(*(x.span if isinstance(x, Centred) else x for x in operands))
    rows: dict[int, Interval] = {}
    for i, x in enumerate(operands):
        if isinstance(x, Centred):
            rows[i] = x.rows
        elif jointly and (isinstance(x, Interval) or jnp.issubdtype(x.dtype, jnp.floating)):
            value = as_interval(x)
            rows[i] = stack(value[None], _zeros(value, count - 1))

    def on_rows(*given: Interval) -> Any:
        args = list(operands)
        for i, row in zip(rows, given, strict=True):
            args[i] = row
        return (coarse or function)(*args)

    found = jax.vmap(on_rows)(*rows.values())
    if isinstance(spans, list | tuple):
        return [built(r[0], r[1:], span, like) for r, span in zip(found, spans, strict=True)]
    return built(found[0], found[1:], spans, like)


def bilinear(
    function: Callable[[Interval, Interval], Interval],
    x: Centred,
    y: Centred,
    coarse: Callable[[Interval, Interval], Interval] | None = None,
) -> Centred:
    r"""A bilinear function B of two centred values.

    With x = a + s and y = b + t, the centres and the rest,

    .. math:: B(x, y) = B(a, b) + B(x, t) + B(s, b)
              = B(a, b) + B(\tfrac{x + a}{2}, t) + B(s, \tfrac{y + b}{2}),

    of which the last is sharp for squares.

    Args:
        function: B.
        x: Its first argument.
        y: Its second argument.
        coarse: B up to some roundings, for the rows.
    """
    rough = coarse or function
    of_x, of_y = x.span, y.center
    if x.sharp:
        of_x, of_y = _mean(x), _mean(y)
    first = jax.vmap(lambda row: rough(of_x, row))(y.slopes)
    second = jax.vmap(lambda row: rough(row, of_y))(x.slopes)
    return built(rough(x.center, y.center), plus(first, second), function(x.span, y.span), x)


def _mean(x: Centred) -> Interval:
    """Of a value and its centre; a half of a number next to tiny is moved outward, too."""
    half = Interval(*(0.5 * b for b in (x.span.lo, x.span.hi)))
    other = Interval(*(0.5 * b for b in (x.center.lo, x.center.hi)))
    return _outward(half.lo + other.lo, half.hi + other.hi, 2)


def hull(x: Centred, y: Centred) -> Centred:
    """What holds of either; an empty range says that there is no value of that kind."""
    span, center = convex_hull(x.span, y.span), convex_hull(x.center, y.center)
    joined = built(center, convex_hull(x.slopes, y.slopes), span, x)
    only = where(_is_empty(x.span), y, joined)
    return where(_is_empty(y.span), x, only)


def where(mask: Array, x: Centred, y: Centred) -> Centred:
    """x where the mask is true, else y."""
    rows = _where(jnp.broadcast_to(mask, x.rows.shape), x.rows, y.rows)
    return Centred(rows, _where(mask, x.span, y.span), x.offsets, x.sharp)


def larger(x: Centred, y: Centred, span: Interval) -> Centred:
    """max(x, y), within a convex combination of both where neither is surely the larger one.

    For numbers a, b and centres u, v the difference max(a, b) - max(u, v) is between a - u and
    b - v, since max is monotone and moves by c if both arguments do.
    """
    center = Interval(lax.max(x.center.lo, y.center.lo), lax.max(x.center.hi, y.center.hi))
    # Empty centres are those of empty ranges.
    center = _where(
        _is_empty(x.center) | _is_empty(y.center), _like(center, np.inf, -np.inf), center
    )
    either = built(center, convex_hull(x.slopes, y.slopes), span, x)
    found = where(lax.gt(x.span.lo, y.span.hi), x, either)
    return where(lax.gt(y.span.lo, x.span.hi), y, found)


@dataclass(frozen=True)
class Function:
    """A function of one variable, and what is known of its derivatives over intervals."""

    value: Enclosure
    slope: Slope
    """f'(X), given X and f(X): unbounded at jumps, the hull of one-sided derivatives at kinks."""
    curvature: Slope | None = None
    """f''(X), given X and f(X); for functions with a continuous derivative alone."""
    bends: int = 0
    """1 of a function that is continuous and convex on its domain, an interval, -1 of a concave
    one; 0 of others."""


def compose(x: Centred, f: Function) -> Centred:
    r"""f(x): a mean of f' between the centre and x is the slope of a secant.

    It lies in f' over the hull of both and, with m = f'(centre), in m + (x - centre) f'' / 2; of a
    convex function it grows with both ends of the secant.
    """
    reach = convex_hull(x.center, x.span)
    if not x.sharp:
        values = f.value(stack(reach[None], x.center[None], x.span[None]))
        slope = f.slope(reach, values[0])
        return _composed(x, slope, _is_finite(slope), values[1], values[2])
    ends = [_point(b) for b in (x.span.lo, x.span.hi, x.center.lo, x.center.hi)]
    points = [reach, x.center, x.span, *ends]
    values = _once(f.value(stack(*(p[None] for p in points))))
    at = stack(reach[None], x.center[None])
    slopes = _once(f.slope(at, values[:2]))
    slope = slopes[0]
    known = _is_finite(slope)
    low, high = (
        _secant(ends[i].lo, ends[2 + i].lo, values[3 + i], values[5 + i]) for i in range(2)
    )
    if f.curvature is not None:
        bend = _once(f.curvature(reach, values[0]))
        rest = times(bend, minus(x.span, x.center))
        rest = _outward(0.5 * rest.lo, 0.5 * rest.hi)
        slope = _narrower(slope, plus(slopes[1], rest))
        zero = lax.full_like(bend.lo, 0)
        convex, concave = lax.ge(bend.lo, zero), lax.le(bend.hi, zero)
    else:
        convex = lax.full_like(reach.lo, f.bends > 0, dtype=bool)
        concave = lax.full_like(reach.lo, f.bends < 0, dtype=bool)
    slope = _where(convex, _narrower(slope, Interval(low.lo, high.hi)), slope)
    slope = _where(concave, _narrower(slope, Interval(high.lo, low.hi)), slope)
    return _composed(x, slope, known | (f.bends != 0), values[1], values[2])


def _point(x: Array) -> Interval:
    return Interval(x, x)


def _secant(x: Array, y: Array, of_x: Interval, of_y: Interval) -> Interval:
    """The slope between two points, anything where they are one, or no numbers of the domain."""
    rise, run = minus(of_x, of_y), x - y
    quotients = [b / run for b in (rise.lo, rise.hi)]
    slope = _outward(lax.min(*quotients), lax.max(*quotients), 4)
    # The quotient may be a product with 1 / run, which must not underflow, nor run.
    fmt, size = rd.format_of(run), lax.abs(run)
    known = lax.gt(size, lax.full_like(run, fmt.tiny / fmt.unit))
    known = known & lax.lt(size, lax.full_like(run, 2.0 ** (fmt.bias - 2)))
    known = known & ~_is_empty(of_x) & ~_is_empty(of_y)
    return _where(known, slope, _like(slope, -np.inf, np.inf))


def _narrower(x: Interval, y: Interval) -> Interval:
    """The common part, or x where bounds of y are no numbers."""
    lo, hi = jnp.where(y.lo > x.lo, y.lo, x.lo), jnp.where(y.hi < x.hi, y.hi, x.hi)
    return Interval(lo, hi)


def _is_finite(x: Interval) -> Array:
    return lax.is_finite(x.lo) & lax.is_finite(x.hi) & lax.le(x.lo, x.hi)


def _composed(
    x: Centred, slope: Interval, continuous: Array, center: Interval, span: Interval
) -> Centred:
    """f(x), or what its range says alone where there is no bounded slope."""
    usable = _is_finite(slope) & continuous & ~_is_empty(center)
    slope = _where(usable, slope, _like(slope, 0, 0))
    slopes = times(Interval(slope.lo[None], slope.hi[None]), x.slopes)
    still = jnp.broadcast_to(usable, slopes.shape)
    slopes = _where(still, slopes, _like(slopes, 0, 0))
    return built(_where(usable, center, span), slopes, span, x)
