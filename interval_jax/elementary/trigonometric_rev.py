"""Reverse functions of sine, cosine and tangent (IEEE 1788-2015 section 10.5.4).

``f_rev(c, x)`` is the hull of all t in x with f(t) in c. Its lower bound is x.lo itself, or the
first solution behind it, in the same monotone piece of f or in the next; its upper bound is the
lower one of the problem with the sign of t turned. So one question is answered for both.

Pieces are counted by k: f(t) = f(rho) or -f(rho) with t = k pi + rho, |rho| <= pi/2, f increasing
in rho. A solution is found from the distance to the given end: also at huge arguments, where the
multiples of pi are known to no more than a fraction of the spacing of floats, it is as exact as
its piece. Next to 0 it is the inverse function itself, exact relatively.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from interval_jax._constructors import entire
from interval_jax._decorated import decorable
from interval_jax._doubleword import (
    DoubleWord,
    add,
    bounds,
    constant,
    multiply_float,
    renormalised,
)
from interval_jax._interval import Interval, _operands, as_interval
from interval_jax._rounding import format_of, rounded, stored, together, two_sum
from interval_jax.elementary._extend import _empty_where
from interval_jax.elementary._inverse_trigonometric import (
    acos_bounds,
    angle_error,
    asin_bounds,
    asin_word,
    atan_bounds,
    atan_word,
)
from interval_jax.elementary._trigonometric import (
    Reduced,
    packed_sine,
    phase_of,
    reduced,
    reduction_error,
    tables_of,
    tangent_above,
    unpacked_sine,
)

__all__ = ["cos_rev", "sin_rev", "tan_rev"]


class _Place(NamedTuple):
    """Where the search starts, and how it relates to the pieces."""

    start: Array
    quarter: Array
    """Of start, and of the shift that makes a sine of a cosine."""
    r: DoubleWord
    behind: Array
    """Whether the solutions of the piece of ``start`` lie behind it: take those of the next."""


def _place(start: Array, shift: int) -> _Place:
    quarter, r = reduced(lambda x, reduction: reduction)(start)
    return _Place(start, quarter + shift, r, lax.full_like(start, False, np.bool_))


def _piece(place: _Place) -> Array:
    """The number, modulo 4, of the piece to look for the solution in."""
    return phase_of(place.quarter, place.r.hi) + place.behind.astype(place.quarter.dtype)


def _near_zero(place: _Place, piece: int) -> Array:
    """Whether this is the number of that piece, for starts from which it is one of the next two."""
    # -4 to 3 are the quarters of these starts.
    whole = ((place.quarter + 4) & 7) - 4
    ahead = lax.gt(place.r.hi, constant(place.r.hi, 0)).astype(whole.dtype)
    number = ((whole + ahead) >> 1) + place.behind.astype(whole.dtype)
    near = lax.gt(place.start, constant(place.start, -6.4))
    near = near & lax.lt(place.start, constant(place.start, 3.2))
    return near & lax.eq(number, lax.full_like(number, piece))


def _position(angle: DoubleWord, place: _Place) -> tuple[Array, Array]:
    """Bounds of k pi + angle, |angle| <= pi/2, less the shift; not next to 0.

    That is start + (angle - r) + j pi/2, -1 <= j <= 3. The angle has an error of ``angle_error``
    times pi/2, r one of ``reduction_error`` times 0.79; the sums of double words have less than
    100 u**2 (see ``ADD_ERROR``), and the last one is of what start + distance.hi leaves, e.
    """
    start, r = place.start, place.r
    unit = format_of(start).unit
    j = (((2 * _piece(place) - place.quarter) + 1) & 7) - 1
    quarters = DoubleWord(*(constant(start, part / 2) for part in tables_of(start).pi))
    distance = add(angle, DoubleWord(-r.hi, -r.lo))
    distance = add(distance, multiply_float(quarters, j.astype(start.dtype)))
    s, e = two_sum(start, distance.hi)
    word = renormalised(s, rounded(e + distance.lo))
    fixed = 1.58 * angle_error(unit) + 0.79 * reduction_error(unit) + 200 * unit**2
    return bounds(word, constant(start, fixed) + lax.abs(e) * constant(start, 2 * unit))


Bounds = tuple[Array, Array]


def _where(mask: Array, a: Bounds, b: Bounds) -> Bounds:
    return lax.select(mask, a[0], b[0]), lax.select(mask, a[1], b[1])


def _minus(x: Bounds) -> Bounds:
    return -x[1], -x[0]


def _sine_solution(value: Array, place: _Place) -> Bounds:
    near = _near_zero(place, 0)
    return _where(near, together(asin_bounds(value)), _position(together(asin_word(value)), place))


def _cosine_solution(value: Array, place: _Place) -> Bounds:
    """Of cos t = sin(t + pi/2): the pieces 0 and 1 end and begin at 0."""
    before, after = _near_zero(place, 0), _near_zero(place, 1)
    angle = together(acos_bounds(lax.select(before, value, -value)))
    result = _where(before | after, angle, _position(together(asin_word(value)), place))
    return _where(before, _minus(angle), result)


def _tangent_solution(value: Array, place: _Place) -> Bounds:
    near = _near_zero(place, 0)
    return _where(near, together(atan_bounds(value)), _position(together(atan_word(value)), place))


def _with_slope(
    solution: Callable[[Array, _Place], Bounds], slope: Callable[[Array], Array]
) -> Callable[[Array, _Place], Bounds]:
    """Give a solution the derivative of the inverse function; it does not depend on the start."""
    rule = jax.custom_jvp(solution)

    @rule.defjvp
    def _(primals: tuple[Array, _Place], tangents: tuple[Array, Any]) -> tuple:
        tangent = slope(primals[0]) * tangents[0]
        return rule(*primals), (tangent, tangent)

    return rule


def _sine_first(
    a: Array, b: Array, start: Array, shift: int, solution: Callable[[Array, _Place], Bounds]
) -> tuple[Array, Bounds]:
    """Whether sin(start + shift pi/2) is in [a, b], and bounds of the next t where it is."""
    fixed = lax.stop_gradient(start)
    place = _place(fixed, shift)
    reduction = Reduced(place.quarter - shift, place.r)
    value = together(unpacked_sine(packed_sine(fixed, reduction, shift), fixed, shift))
    # In every second piece the sine falls.
    odd = lax.ne(_piece(place) & 1, lax.full_like(place.quarter, 0))
    low, high = _where(odd, (-b, -a), (a, b))
    down, up = _where(odd, _minus(value), value)
    # No value but that at 0 is a float: at most one of its bounds belongs to it.
    ahead = lax.le(up, low) & lax.lt(down, low)
    behind = lax.ge(down, high) & lax.gt(up, high)
    place = place._replace(behind=behind)
    return ~(ahead | behind), solution(stored(lax.select(behind, -high, low)), place)


def _tangent_first(
    a: Array, b: Array, start: Array, solution: Callable[[Array, _Place], Bounds]
) -> tuple[Array, Bounds]:
    fixed = lax.stop_gradient(start)
    place = _place(fixed, 0)
    up = tangent_above(fixed, Reduced(place.quarter, place.r), 0)
    minus = DoubleWord(-place.r.hi, -place.r.lo)
    down = -tangent_above(-fixed, Reduced(-place.quarter, minus), 0)
    down, up = together((down, up))
    ahead = lax.le(up, a) & lax.lt(down, a)
    behind = lax.ge(down, b) & lax.gt(up, b)
    return ~(ahead | behind), solution(a, place._replace(behind=behind))


First = Callable[[Array, Array, Array], tuple[Array, Bounds]]


def _reverse(first: First, even: bool, limit: float) -> Callable[[Interval, Interval], Interval]:
    """Return the reverse function from what tells the first solution at or behind a float."""

    @jax.jit
    def enclosure(c: Interval, x: Interval) -> Interval:
        end = constant(c.lo, limit)
        empty = lax.gt(c.lo, c.hi) | lax.gt(c.lo, end) | lax.lt(c.hi, -end) | lax.gt(x.lo, x.hi)
        a, b = lax.max(c.lo, -end), lax.min(c.hi, end)
        a, b = (lax.select(empty, lax.full_like(v, 0), v) for v in (a, b))
        starts, ends = jnp.stack([x.lo, -x.hi]), jnp.stack([x.hi, -x.lo])
        low, high = (jnp.stack([a, a if even else -b]), jnp.stack([b, b if even else -a]))
        finite = lax.is_finite(starts)
        here, solution = first(low, high, lax.select(finite, starts, lax.full_like(starts, 0)))
        here, (down, up) = here | ~finite, together(solution)
        # A solution that is no float lies strictly between its bounds.
        nothing = ~here & lax.ge(down, ends) & lax.gt(up, ends)
        least = lax.select(here, starts, lax.max(starts, down))
        lower, upper = least[0], -least[1]
        return _empty_where(empty | nothing[0] | nothing[1] | lax.gt(lower, upper), lower, upper)

    return enclosure


def _asin_slope(x: Array) -> Array:
    return lax.rsqrt(1 - x * x)


_sin_solution = _with_slope(_sine_solution, _asin_slope)
_cos_solution = _with_slope(_cosine_solution, _asin_slope)
_tan_solution = _with_slope(_tangent_solution, lambda x: 1 / (1 + x * x))
_sin_rev = _reverse(lambda a, b, x: _sine_first(a, b, x, 0, _sin_solution), False, 1.0)
_cos_rev = _reverse(lambda a, b, x: _sine_first(a, b, x, 1, _cos_solution), True, 1.0)
_tan_rev = _reverse(lambda a, b, x: _tangent_first(a, b, x, _tan_solution), False, np.inf)


def _given(c: Any, x: Any) -> tuple[Interval, ...]:
    c = as_interval(c)
    return _operands(c, entire(c.shape, c.dtype) if x is None else x)


@decorable(defined=False)
def sin_rev(c: Any, x: Any = None) -> Interval:
    """Return an enclosure of the t in x with sin t in c (IEEE 1788-2015 section 10.5.4).

    Args:
        c: Intervals, float array or number: values of the sine, float32 or float64.
        x: Intervals, float array or number, where to look; by default everywhere.

    Returns:
        Intervals: the hull of the solutions, each bound tightest or one unit off. A bound stays
        that of x where it is a solution, or nearer to one than 2**-61 (2**-31) in its value.

    Special cases: empty where c is disjoint from [-1, 1]; an unbounded x keeps its infinite end.

    Example:
        >>> import interval_jax as ij
        >>> ij.sin_rev(ij.interval(0.0), ij.interval(3.0, 3.5))
        Interval([3.1415925, 3.14159275], float32)
    """
    return _sin_rev(*_given(c, x))


@decorable(defined=False)
def cos_rev(c: Any, x: Any = None) -> Interval:
    """Return an enclosure of the t in x with cos t in c (IEEE 1788-2015 section 10.5.4).

    Args:
        c: Intervals, float array or number: values of the cosine, float32 or float64.
        x: Intervals, float array or number, where to look; by default everywhere.

    Returns:
        Intervals: the hull of the solutions, each bound tightest or one unit off. A bound stays
        that of x where it is a solution, or nearer to one than 2**-61 (2**-31) in its value.

    Special cases: empty where c is disjoint from [-1, 1]; an unbounded x keeps its infinite end.

    Example:
        >>> import interval_jax as ij
        >>> ij.cos_rev(ij.interval(1.0), ij.interval(-1.0, 1.0))
        Interval([0, 0], float32)
    """
    return _cos_rev(*_given(c, x))


@decorable(defined=False)
def tan_rev(c: Any, x: Any = None) -> Interval:
    """Return an enclosure of the t in x with tan t in c (IEEE 1788-2015 section 10.5.4).

    Args:
        c: Intervals, float array or number: values of the tangent, float32 or float64.
        x: Intervals, float array or number, where to look; by default everywhere.

    Returns:
        Intervals: the hull of the solutions, each bound tightest or one unit off. A bound stays
        that of x where it is a solution, or nearer to one than 2**-60 (2**-30) in its value.

    Special cases: an unbounded x keeps its infinite end.

    Example:
        >>> import interval_jax as ij
        >>> ij.tan_rev(ij.interval(0.0, 1.0), ij.interval(0.5, 3.5))
        Interval([0.5, 3.5], float32)
    """
    return _tan_rev(*_given(c, x))
