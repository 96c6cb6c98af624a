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
    """A polynomial p and what it leaves; of several, each array has one row for each of them."""

    coefficients: list[Array]
    middle: Array
    """Of the enclosure of r."""
    radius: Array
    """A size of the distance of r from its middle."""
    slope: Array
    """s of the module's formula, by which the noise of t is multiplied."""
    off: Array
    """A size of p' - s."""


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


def _pieces(f: Smooth, span: Interval, center: Array, radius: Array) -> tuple[_Pieces, Interval]:
    """Enclosures of f and its derivatives, and f over the span.

    Places in x are off by 4 roundings of |c| + h.
    """
    unit = rd.format_of(center).unit
    slack = repaid((lax.abs(center) + radius) * lax.full_like(center, 8 * unit))
    place = center + radius * _column(_MIDDLES, center)
    half = radius * lax.full_like(radius, _HALF)
    middle = _widened(place, place, slack)
    piece = _widened(place - half, place + half, slack)
    # One evaluation for both: a function may be hundreds of operations.
    both = f.value(
        Interval(
            jnp.concatenate([middle.lo, span.lo[None]]), jnp.concatenate([middle.hi, span.hi[None]])
        )
    )
    at_middle, result = (Interval(both.lo[rows], both.hi[rows]) for rows in (slice(-1), -1))
    over = f.value(piece)
    if f.slope is None:
        return _Pieces(at_middle, over, None, None), result
    if f.curvature is None:
        return _Pieces(at_middle, over, _multiple(f.slope(piece, over), radius), None), result
    # h (h f'') of small h, (h h) f'' of large: what underflows is at most 2 tiny.
    one = lax.full_like(radius, 1)
    small = lax.lt(radius, one)
    curvature = _multiple(f.curvature(piece, over), lax.select(small, radius, one))
    curvature = _multiple(curvature, lax.select(small, radius, radius * radius))
    slope = _multiple(f.slope(middle, at_middle), radius)
    return _Pieces(at_middle, None if f.bounded else over, slope, curvature), result


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
    """Middles of enclosures of the r over [-1, 1], and sizes of the distance from them.

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
    # Rows of candidates behind those of pieces.
    pieces = jax.tree.map(lambda a: a[:, None], pieces)
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


def _fits(values: Array, degree: int) -> list[Array]:
    """Coefficients of the chord, and of polynomials up to the degree that fit values in middles."""
    # Least squares with the weight whose orthogonal polynomials are Chebyshev's.
    root = (1 - _MIDDLES**2) ** -0.25
    table = np.zeros((degree + 1, degree + 1, PIECES))
    table[0, :2, [0, -1]] = [[0.5, -0.5 / _MIDDLES[-1]], [0.5, 0.5 / _MIDDLES[-1]]]
    for d in range(1, degree + 1):
        powers = np.vander(_MIDDLES, d + 1, increasing=True)
        table[d, : d + 1] = np.linalg.pinv(powers * root[:, None]) * root
    rows = jnp.asarray(table.reshape(-1, PIECES), values.dtype)
    found = lax.dot_general(rows, values, (((1,), (0,)), ((), ())), lax.Precision.HIGHEST)
    return list(found.reshape(degree + 1, degree + 1, *values.shape[1:]).swapaxes(0, 1))


def compose(x: Form, f: Smooth) -> Form:
    """Return the form of f(x), a polynomial of at most the degree of the forms."""
    center, radius = _once(_scale(x.span))
    pieces, span = _once(_pieces(f, x.span, center, radius))
    t = _once(_of_t(x, center, radius))
    values, _ = mid_rad((pieces.middle.lo, pieces.middle.hi))
    p = _once(_best(_once(_fits(values, x.monomials.degree)), pieces, t, x))
    poly, lost = _applied(p, t, x)
    # The factor s / h and the product are within three roundings of |s| |d|; what underflows in
    # the factor is multiplied by the coefficients.
    unit, tiny = rd.format_of(center).unit, rd.format_of(center).tiny
    factor = _once(p.slope / radius)
    error = p.radius + lost + times_size(p.off, t.noise)
    error = error + times_size(lax.abs(p.slope) + p.off, t.error)
    error = error + times_size(times_size(lax.abs(p.slope), t.noise), 8 * unit)
    error = error + times_size(x.spread, 2 * tiny) + underflow(error, 2 * x.noise.shape[0] + 2)
    spread = times_size(times_size(lax.abs(factor), x.spread), 1 + 4 * unit)
    spread = spread + underflow(spread, x.noise.shape[0])
    # Over an infinite h the pieces are no intervals, and what is known of f on them means nothing.
    sane = lax.is_finite(error + raised(poly) + spread + radius)
    return built(
        jnp.where(sane, poly, 0),
        x.noise * jnp.where(sane, factor, 0),
        lax.select(sane, error, lax.full_like(error, np.inf)),
        span,
        x.monomials,
        x.groups,
        True,
        jnp.where(sane, spread, 0),
    )


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


def _best(fits: list[Array], pieces: _Pieces, t: _Scaled, x: Form) -> _Candidate:
    """The polynomial that leaves least, by the sizes of all that is lost with it."""
    middle, radius = _rest(pieces, fits)
    fmt = rd.format_of(radius)
    # The middle of p' over [-1, 1], and how far p' is from it on +-reach: of the power t**k of even
    # k the middle of [0, 1] is taken, from which reach**k - 1/2 >= 1/2 is the farthest. The middle
    # is computed to nearest; what it lacks is within 2 n roundings of its terms.
    slope, off, known = fits[1], lax.full_like(radius, 0), lax.abs(fits[1])
    power, reach = lax.full_like(radius, 1), jnp.broadcast_to(t.reach, radius.shape)
    for k, a in enumerate(fits[2:], 1):
        term, power = (k + 1.0) * a, times_size(power, reach)
        known = known + lax.abs(term)
        if k % 2 == 0:
            slope = slope + 0.5 * term
            off = off + times_size(lax.abs(term), power - 0.5)
        else:
            off = off + times_size(lax.abs(term), power)
    off = off + times_size(known, 8 * len(fits) * fmt.unit)
    given = _once(_Candidate(fits, middle, radius, slope, off))
    total = given.radius + given.off * t.noise + (lax.abs(given.slope) + given.off) * t.error
    for a, cut in zip(fits[2:], _cut(t.poly, x), strict=True):
        total = total + lax.abs(a) * cut
    total = jnp.where(total < np.inf, total, np.inf)
    best, least = jax.tree.map(lambda a: a[0], given), total[0]
    for k in range(1, total.shape[0]):
        better = total[k] < least
        best = jax.tree.map(lambda a, b, k=k: lax.select(better, a[k], b), given, best)  # noqa: B023
        least = lax.select(better, total[k], least)
    return best


def _cut(t: Array, x: Form) -> list[Array]:
    """About how much of the powers t**2, t**3, ... is above the degree, by sizes of their parts."""
    degree = x.monomials.degree
    sizes = [jnp.sum(lax.abs(t[x.monomials.degrees == k]), axis=0) for k in range(degree + 1)]
    whole: Any = sum(sizes)
    power, lost, found = sizes, lax.full_like(whole, 0), []
    for _ in range(2, degree + 1):
        pairs: list[list[Array]] = [[] for _ in range(2 * degree + 1)]
        for i, a in enumerate(power):
            for j, b in enumerate(sizes):
                pairs[i + j].append(a * b)
        lost = lost * whole + sum(sum(terms) for terms in pairs[degree + 1 :])
        power = [sum(terms[1:], terms[0]) for terms in pairs[: degree + 1]]
        found.append(lost)
    return found


def _applied(p: _Candidate, t: _Scaled, x: Form) -> tuple[Array, Array]:
    """p(t) and the middle of the rest in terms of the form t, and a size of what that lacks."""
    fmt = rd.format_of(p.radius)

    def increased(total: Array, by: Array) -> tuple[Array, Array]:
        first = total[0] + by
        rounding = times_size(lax.abs(first), 2 * fmt.unit)
        return total.at[0].set(first), rounding + lax.full_like(first, fmt.tiny)

    *rest, last = p.coefficients
    total = t.poly * last
    lost = times_size(times_size(raised(t.poly), lax.abs(last)), 2 * fmt.unit)
    lost = lost + underflow(lost, t.poly.shape[0])
    total, rounding = increased(total, rest[-1])
    lost = lost + rounding
    for a in reversed(rest[:-1]):
        total, more = poly_product(total, t.poly, x.monomials)
        total, rounding = increased(total, a)
        lost = times_size(lost, t.reach) + more + rounding
    total, rounding = increased(total, p.middle)
    return total, lost + rounding
