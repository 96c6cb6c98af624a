r"""Functions of one form: a polynomial close to the function, and a proven bound of the rest.

Of a form x with span in c + h [-1, 1] let t = (x - c) / h. For any polynomial p,

.. math:: f(x) = p(t) + r(t), \qquad r(t) = f(c + h t) - p(t), \quad t \in [-1, 1],

and r is enclosed over [-1, 1] piece by piece, by the mean value theorem or by Taylor's with
enclosures of f' and f''. So any p is right, and a good one makes r small: polynomials that fit
the values in the middles of the pieces with Chebyshev's weight, and the chord, which is the
best line of a convex function. The best of them is chosen element by element.

With t = q + d + e, the polynomial part, noise and error, there is a point between q and t with

.. math:: p(t) = p(q) + s\, d + (p'(\xi) - s)\, d + p'(\xi)\, e

for any slope s, of which the first two terms are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from interval_jax import _rounding as rd
from interval_jax._forms.arithmetic import poly_product
from interval_jax._forms.form import Form, built, raised, repaid, times_size, underflow
from interval_jax._interval import Interval
from interval_jax._sums import mid_rad

__all__ = ["PIECES", "Smooth", "compose"]

PIECES = 16
"""Into how many pieces the span is cut to bound the rest: its excess falls with their square."""

Enclosure = Callable[[Interval], Interval]


class Smooth(NamedTuple):
    """A function of one variable, and the ranges of its derivatives as far as known."""

    value: Enclosure
    slope: Callable[[Interval, Interval], Interval] | None = None
    """f'(X), given X and f(X); at kinks the hull of the one-sided derivatives."""
    curvature: Callable[[Interval, Interval], Interval] | None = None
    """f''(X), given X and f(X); for functions with a continuous derivative alone."""
    bounded: bool = False
    """Whether the curvature is bounded over bounded intervals."""


class _Pieces(NamedTuple):
    """What is known of f on the pieces of a span, pieces along the first axis."""

    middle: Interval
    """f in the middles."""
    whole: Interval | None
    """f over the pieces."""
    slope: Interval | None
    """h f' in the middles if the curvature is known, else over the pieces."""
    curvature: Interval | None
    """h**2 f'' over the pieces."""


class _Scaled(NamedTuple):
    """t, in terms of the symbols."""

    poly: Array
    """q."""
    reach: Array
    """A size of q and of what is between q and t."""
    noise: Array
    """A size of d."""
    error: Array
    """A size of e."""


class _Candidate(NamedTuple):
    poly: Array
    slope: Array
    """s of the module's formula, by which the noise of t is multiplied."""
    error: Array


_MIDDLES = (2 * np.arange(PIECES) + 1) / PIECES - 1
"""Of the pieces, in t: multiples of a power of two, like all numbers below."""

_HALF = 1 / PIECES


def _column(values: np.ndarray, like: Array) -> Array:
    """Numbers along a new first axis, of as many dimensions as arrays of pieces have."""
    return jnp.asarray(values, like.dtype).reshape(len(values), *(1,) * like.ndim)


def _widened(lo: Array, hi: Array, slack: Array) -> Interval:
    return Interval(lo - slack, hi + slack)


def _scale(span: Interval) -> tuple[Array, Array]:
    """c and h with the span inside c + h [-1, 1], h at least a rounding of c and positive.

    Where 1 / h would be below tiny, h is infinite: the compiler may multiply by it.
    """
    fmt = rd.format_of(span.lo)
    center, radius = mid_rad((span.lo, span.hi))
    least = times_size(lax.abs(center), 4 * fmt.unit) + lax.full_like(center, fmt.tiny / fmt.unit)
    radius = repaid(radius)
    # NaN of the empty set fails the comparison.
    radius = lax.select(lax.gt(radius, least), radius, least)
    large = lax.gt(radius, lax.full_like(radius, 2.0 ** (fmt.bias - 1)))
    return center, lax.select(large, lax.full_like(radius, np.inf), radius)


def _pieces(f: Smooth, center: Array, radius: Array) -> _Pieces:
    """Enclosures of f and its derivatives; places in x are off by 4 roundings of |c| + h."""
    unit = rd.format_of(center).unit
    slack = repaid((lax.abs(center) + radius) * lax.full_like(center, 8 * unit))
    place = center + radius * _column(_MIDDLES, center)
    half = radius * lax.full_like(radius, _HALF)
    middle = _widened(place, place, jnp.broadcast_to(slack, place.shape))
    piece = _widened(place - half, place + half, jnp.broadcast_to(slack, place.shape))
    at_middle = f.value(middle)
    if f.slope is None:
        return _Pieces(at_middle, f.value(piece), None, None)
    over = f.value(piece)
    if f.curvature is None:
        return _Pieces(at_middle, over, _multiple(f.slope(piece, over), radius), None)
    # h (h f'') of small h, (h h) f'' of large: what underflows is at most 2 tiny.
    one = lax.full_like(radius, 1)
    small = lax.lt(radius, one)
    curvature = _multiple(f.curvature(piece, over), lax.select(small, radius, one))
    curvature = _multiple(curvature, lax.select(small, radius, radius * radius))
    slope = _multiple(f.slope(middle, at_middle), radius)
    return _Pieces(at_middle, None if f.bounded else over, slope, curvature)


def _multiple(x: Interval, factor: Array) -> Interval:
    """About the multiple by a positive number: see `_rest` for what rounding may cost."""
    return Interval(x.lo * factor, x.hi * factor)


def _values(coefficients: Sequence[Array], derivative: int) -> Array:
    """A derivative of the polynomial in the middles, about."""
    powers = np.vander(_MIDDLES, len(coefficients), increasing=True)
    total = lax.full_like(coefficients[0], 0) * _column(_MIDDLES, coefficients[0])
    for j in range(derivative, len(coefficients)):
        factor = np.prod([j - i for i in range(derivative)]) * powers[:, j - derivative]
        total = total + coefficients[j] * _column(factor, coefficients[j])
    return total


def _rest(pieces: _Pieces, coefficients: Sequence[Array]) -> tuple[Array, Array]:
    """Middle of an enclosure of r over [-1, 1], and a size of the distance from it.

    On a piece with middle m and half width w, with Taylor's polynomial P of p at m,

    - r = f - P within the range of f - p(m) +- w |p'| (the coefficients of p bound p'),
    - r = (f - p)(m) + (f' - p')(xi) (t - m), p'(xi) within p'(m) +- w |p''|,
    - r = (f - p)(m) + (f' - p')(m) (t - m) + (f'' - p'')(xi) (t - m)**2 / 2.

    Each is evaluated to nearest. Every number in it is at most B, the sum of the sizes of f, f',
    f'' and of the coefficients of p, p', p'' (powers of |t| <= 1), and goes through at most
    4 n + 24 roundings, n being the number of coefficients, tables of powers being rounded as well:
    (4 n + 24) 2 u B is more than they can do.
    """
    n = len(coefficients)
    sizes = [
        sum(
            (
                lax.abs(a) * float(np.prod([j - i for i in range(k)]))
                for j, a in enumerate(coefficients)
            )
        )
        for k in range(4)
    ]
    spread = [_HALF * s for s in sizes[1:]]
    value = _minus(pieces.middle, _values(coefficients, 0))
    found: list[Interval] = []
    if pieces.whole is not None:
        rough = _minus(pieces.whole, _values(coefficients, 0))
        found.append(Interval(rough.lo - spread[0], rough.hi + spread[0]))
    if pieces.slope is not None:
        slope = _minus(pieces.slope, _values(coefficients, 1))
        if pieces.curvature is None:
            reach = (_largest(slope) + spread[1]) * _HALF
            found.append(Interval(value.lo - reach, value.hi + reach))
        else:
            bend = _minus(pieces.curvature, _values(coefficients, 2))
            zero = lax.full_like(bend.lo, 0)
            half = _HALF * _HALF / 2
            low = (lax.min(bend.lo, zero) - spread[2]) * half
            high = (lax.max(bend.hi, zero) + spread[2]) * half
            reach = _largest(slope) * _HALF
            found.append(Interval(value.lo - reach + low, value.hi + reach + high))
    # NaN (an undefined middle, infinities) is no bound: the other one counts.
    lo, hi = lax.full_like(value.lo, -np.inf), lax.full_like(value.lo, np.inf)
    empty = lax.gt(pieces.middle.lo, pieces.middle.hi)
    for i, r in enumerate(found):
        usable = ~empty if i or pieces.whole is None else lax.full_like(empty, True)
        lo = jnp.where(usable & (r.lo > lo), r.lo, lo)
        hi = jnp.where(usable & (r.hi < hi), r.hi, hi)
    if pieces.whole is not None:
        outside = lax.gt(pieces.whole.lo, pieces.whole.hi)
        lo, hi = jnp.where(outside, np.inf, lo), jnp.where(outside, -np.inf, hi)
    low, high = jnp.min(lo, axis=0), jnp.max(hi, axis=0)
    size: Any = sum(sizes)
    for x in (pieces.middle, pieces.whole, pieces.slope, pieces.curvature):
        if x is not None:
            bound = _largest(x)
            # Infinite bounds have not been used.
            size = size + jnp.max(jnp.where(jnp.isfinite(bound), bound, 0), axis=0)
    unit = rd.format_of(low).unit
    slack = times_size(size, (8 * n + 64) * unit) + underflow(size, 8 * n + 64)
    none = lax.gt(low, high)
    zero = lax.full_like(low, 0)
    middle, radius = mid_rad((lax.select(none, zero, low), lax.select(none, zero, high)))
    return middle, radius + slack


def _minus(x: Interval, y: Array) -> Interval:
    return Interval(x.lo - y, x.hi - y)


def _largest(x: Interval) -> Array:
    return lax.max(lax.abs(x.lo), lax.abs(x.hi))


def _fits(values: Array, degree: int) -> list[list[Array]]:
    """Coefficients of the chord, and of polynomials up to the degree that fit values in middles."""
    # Least squares with the weight whose orthogonal polynomials are Chebyshev's.
    root = (1 - _MIDDLES**2) ** -0.25
    found = [[(values[0] + values[-1]) / 2, (values[-1] - values[0]) / float(2 * _MIDDLES[-1])]]
    for d in range(1, degree + 1):
        table = np.linalg.pinv(np.vander(_MIDDLES, d + 1, increasing=True) * root[:, None]) * root
        found.append([jnp.sum(values * _column(row, values[0]), axis=0) for row in table])
    return found


def compose(x: Form, f: Smooth) -> Form:
    """Return the form of f(x), a polynomial of at most the degree of the forms."""
    center, radius = _once(_scale(x.span))
    pieces = _once(_pieces(f, center, radius))
    t = _once(_of_t(x, center, radius))
    values, _ = mid_rad((pieces.middle.lo, pieces.middle.hi))
    fits = _once(_fits(values, x.monomials.degree))
    tries = [_applied(coefficients, pieces, t, x) for coefficients in fits]
    best = tries[0]
    for other in tries[1:]:
        better = lax.lt(other.error, best.error)
        best = _Candidate(*(jnp.where(better, a, b) for a, b in zip(other, best, strict=True)))
    best = _once(best)
    # The factor s / h and the product are within three roundings of |s| |d|; what underflows in
    # the factor is multiplied by the coefficients.
    unit, tiny = rd.format_of(center).unit, rd.format_of(center).tiny
    rows = x.noise * (best.slope / radius)
    error = best.error + times_size(times_size(lax.abs(best.slope), t.noise), 8 * unit)
    error = error + times_size(raised(x.noise), 2 * tiny) + underflow(error, 2 * rows.shape[0] + 2)
    return built(best.poly, rows, error, f.value(x.span), x.monomials, x.groups, True)


def _once(values: Any) -> Any:
    """The same arrays, which the compiler computes once and not in each of their uses.

    What is proven of a polynomial holds for the coefficients that it was proven with: evaluated
    again in another loop, with other contractions, they might be others.
    """
    return lax.optimization_barrier(jax.tree.map(rd.stored, values))


def _of_t(x: Form, center: Array, radius: Array) -> _Scaled:
    """t = (x - c) / h; each coefficient of q passes through a difference and a quotient.

    The quotient may be a product with 1 / h: three roundings, each of p_k / h or c / h at most.
    """
    fmt = rd.format_of(center)
    rows = x.poly.shape[0]
    poly = x.poly.at[0].add(-center) / radius
    known = _ratio(raised(x.poly) + lax.abs(center), radius)
    noise = _ratio(raised(x.noise), radius)
    lost = _ratio(underflow(center, 1), radius) + underflow(center, rows)
    error = _ratio(x.error, radius) + times_size(known, 8 * fmt.unit) + lost
    one = lax.full_like(center, 1)
    # t is in [-1, 1], and q no farther from it than noise and error say.
    return _Scaled(poly, lax.max(lax.min(one + noise + error, raised(poly)), one), noise, error)


def _ratio(a: Array, b: Array) -> Array:
    """The quotient of sizes; it may be a product with 1 / b, and what underflows is repaid."""
    return a / b + lax.full_like(a, rd.format_of(a).tiny)


def _applied(coefficients: Sequence[Array], pieces: _Pieces, t: _Scaled, x: Form) -> _Candidate:
    """p(t) in terms of the form t, and a size of all else."""
    middle, radius = _once(_rest(pieces, coefficients))
    fmt = rd.format_of(radius)
    total = jnp.zeros(t.poly.shape, t.poly.dtype).at[0].set(coefficients[-1])
    lost = lax.full_like(radius, 0)

    def shifted(total: Array, by: Array) -> tuple[Array, Array]:
        first = total[0] + by
        rounding = times_size(lax.abs(first), 2 * fmt.unit)
        return total.at[0].set(first), rounding + lax.full_like(first, fmt.tiny)

    for a in reversed(coefficients[:-1]):
        total, more = poly_product(total, t.poly, x.monomials)
        total, rounding = shifted(total, a)
        lost = times_size(lost, t.reach) + more + rounding
    total, rounding = shifted(total, middle)
    # The middle of p' over [-1, 1], and how far p' is from it on +-reach: of the power t**k of even
    # k the middle of [0, 1] is taken, from which reach**k - 1/2 >= 1/2 is the farthest. The middle
    # is computed to nearest; what it lacks is within 2 n roundings of its terms.
    slope, off, known = coefficients[1], lax.full_like(radius, 0), lax.abs(coefficients[1])
    power = lax.full_like(radius, 1)
    for k, a in enumerate(coefficients[2:], 1):
        term, power = (k + 1.0) * a, times_size(power, t.reach)
        known = known + lax.abs(term)
        if k % 2 == 0:
            slope = slope + 0.5 * term
            off = off + times_size(lax.abs(term), power - 0.5)
        else:
            off = off + times_size(lax.abs(term), power)
    off = off + times_size(known, 8 * len(coefficients) * fmt.unit)
    bound = radius + lost + rounding + times_size(off, t.noise)
    bound = bound + times_size(lax.abs(slope) + off, t.error)
    sane = lax.is_finite(bound + raised(total) + lax.abs(slope))
    return _Candidate(
        jnp.where(sane, total, 0),
        lax.select(sane, slope, lax.full_like(slope, 0)),
        lax.select(sane, bound, lax.full_like(bound, np.inf)),
    )
