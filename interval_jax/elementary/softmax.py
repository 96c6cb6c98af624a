"""Sums of exponentials: logsumexp, which rises in every argument, and softmax.

``softmax(x)[i] = 1 / (1 + sum over j != i of exp(x[j] - x[i]))`` rises in ``x[i]`` and falls in
all other arguments, so that its range over a box is spanned by two corners of it per element.
Either way every argument is taken at one end: no dependency is lost.

The differences of floats are double words without error, and so is nothing lost by a shift. Sums
are formed in a binary tree: each of its levels adds an error of ``ADD_ERROR`` u**2.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from interval_jax._decorated import decorable
from interval_jax._doubleword import (
    ADD_ERROR,
    DIVIDE_ERROR,
    MULTIPLY_ERROR,
    DoubleWord,
    add,
    add_float,
    constant,
    divide,
    multiply,
    negligible_exponent,
    positive_bounds,
    power_of_two,
    renormalised,
)
from interval_jax._interval import Interval, as_interval
from interval_jax._rounding import format_of, rounded, stored, two_sum
from interval_jax.elementary._exp import exp_error, exp_word
from interval_jax.elementary._log import log_error, log_word
from interval_jax.elementary._value import Value, bounds_of_any

__all__ = ["logsumexp", "softmax"]

Bounds = tuple[Array, Array]


def _difference(x: Array, y: Array) -> DoubleWord:
    """x - y, where beyond 1000 only the sign counts."""
    hi, lo = two_sum(x, -y)
    near = lax.lt(lax.abs(hi), constant(hi, 1000))
    low = lax.select(near, lo, constant(lo, 0))
    return DoubleWord(lax.clamp(constant(hi, -1000), hi, constant(hi, 1000)), low)


def _select(mask: Array, a: DoubleWord, b: DoubleWord) -> DoubleWord:
    return DoubleWord(*(lax.select(mask, p, q) for p, q in zip(a, b)))


def _scaled(word: DoubleWord, exponent: Array, least: int) -> DoubleWord:
    power = power_of_two(word.hi, lax.max(exponent, lax.full_like(exponent, least)))
    return DoubleWord(stored(word.hi * power), stored(word.lo * power))


def _sum(x: DoubleWord) -> tuple[DoubleWord, int]:
    """The sum over the last axis, which stays with length 1, and the number of levels."""
    levels = 0
    while (n := x.hi.shape[-1]) > 1:
        half = n // 2
        pairs = add(*(DoubleWord(*(w[..., i : i + half] for w in x)) for i in (0, half)))
        rest = DoubleWord(*(w[..., 2 * half :] for w in x))
        x = DoubleWord(*(jnp.concatenate(w, -1) for w in zip(pairs, rest)))
        levels += 1
    return x, levels


def _largest(x: Array) -> tuple[Array, Array]:
    """The maximum over the last axis, and the place of the first one as a mask."""
    place = jnp.argmax(x, axis=-1, keepdims=True)
    return jnp.max(x, axis=-1, keepdims=True), place == lax.broadcasted_iota(
        place.dtype, x.shape, x.ndim - 1
    )


def _finite(x: Array) -> Array:
    largest = format_of(x).max
    return lax.clamp(constant(x, -largest), x, constant(x, largest))


def _everywhere(x: Array, like: Array) -> Array:
    return jnp.broadcast_to(x, like.shape)


# --- logsumexp --------------------------------------------------------------------------


def _logsumexp(x: Array) -> Bounds:
    """Bounds of m + log(1 + t) over the last axis, m a largest element, t the sum of the others.

    t has the relative error of exp and of the tree, and log(1 + t) is at most as sensitive;
    1 + t, at least 1, has one of 2 u**2. Terms of t below 2**least are replaced by larger ones.

    With exp_error and log_error, 166e-4 u at most together, the result v has an error below 0.017u
    times the logarithm, v - m. Let w be the larger one of |v| and |m| / 8, so that this is at most
    0.153u w. Next to 0 ``bounds_of_any`` adds as much again and rounds outwards, by 2u of v and the
    error: in all below 4u w, as long as w is above 2**63 (2**34) times the floor.
    """
    fmt, n = format_of(x), x.shape[-1]
    unit, least = fmt.unit, 8 - fmt.bias
    top, is_top = _largest(x)
    m = _finite(top)
    h, k = exp_word(_difference(x, _everywhere(m, x)))
    absent = is_top | lax.eq(x, constant(x, -np.inf))
    nothing = constant(x, 0)
    terms = _scaled(h, k, least)
    t, levels = _sum(_select(absent, DoubleWord(nothing, nothing), terms))
    t = DoubleWord(stored(t.hi[..., 0]), stored(t.lo[..., 0]))
    top, m = top[..., 0], m[..., 0]
    zero = constant(m, 0)
    hi, lo = two_sum(t.hi, constant(m, 1))
    logarithm = log_word(renormalised(hi, rounded(lo + t.lo)))
    # A small t is next to its logarithm: t (1 - c), c = t/2 - t**2/3 + t**3/4, cut at t**4/5.
    small = lax.lt(t.hi, constant(m, 2.0**-16))
    c = t.hi * (0.5 - t.hi * (1 / 3 - t.hi * 0.25))
    series = renormalised(t.hi, rounded(t.lo - t.hi * c))
    logarithm = _select(small, series, logarithm)
    relative = exp_error(unit) + (levels * ADD_ERROR + 4) * unit**2
    of_log = lax.select(
        small,
        logarithm.hi * (relative + 2.0**-66 + 2.0**-14 * unit),
        logarithm.hi * (relative + log_error(unit)) + constant(m, 2 * unit**2),
    )
    word = add_float(logarithm, m)
    error = (of_log + lax.abs(word.hi) * (ADD_ERROR * unit**2)) * 1.01
    floor = constant(m, n * 2.0 ** (least + 2))
    down, up = bounds_of_any(Value(word, error + floor, lax.full_like(k[..., 0], 0)))
    # What is not far above the floor is not resolved.
    margin = floor * 1024
    lost = lax.lt(lax.abs(word.hi), margin)
    down, up = lax.select(lost, -2 * margin, down), lax.select(lost, 2 * margin, up)
    exact = lax.eq(t.hi, zero) | ~lax.is_finite(top)
    return lax.select(exact, top, lax.max(down, top)), lax.select(exact, top, up)


@jax.custom_jvp
def _logsumexp_rule(x: Array) -> Bounds:
    return _logsumexp(x)


@_logsumexp_rule.defjvp
def _(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Bounds, Bounds]:
    tangent = jax.jvp(lambda x: jax.scipy.special.logsumexp(_finite(x), axis=-1), primals, tangents)
    return _logsumexp_rule(*primals), (tangent[1], tangent[1])


@functools.partial(jax.jit, static_argnums=1)
def _logsumexp_enclosure(x: Interval, axes: tuple[int, ...]) -> Interval:
    kept = [a for a in range(x.ndim) if a not in axes]
    shape = tuple(x.shape[a] for a in kept)
    terms = math.prod(x.shape[a] for a in axes)
    lo, hi = (b.transpose(*kept, *axes).reshape(*shape, terms) for b in (x.lo, x.hi))
    empty = jnp.any(lax.gt(lo, hi), axis=-1)
    lower, upper = _logsumexp_rule(lo)[0], _logsumexp_rule(hi)[1]
    inf = constant(lower, np.inf)
    return Interval(lax.select(empty, inf, lower), lax.select(empty, -inf, upper))


@decorable(combine=lambda d, axis, keepdims: jnp.min(d, axis, keepdims=keepdims))
def logsumexp(x: Any, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Interval:
    """Return an enclosure of log(sum(exp(x))) along some axes, sharp up to rounding.

    Args:
        x: Intervals or floats, float32 or float64.
        axis: Axis or axes to sum over; all of them by default.
        keepdims: Whether those axes stay, with length 1.

    Returns:
        Intervals, each bound within 1 ulp of the tightest one and in 99 of 100 cases equal to it,
        but for results v next to 0, where the largest argument m cancels the logarithm of the sum
        of exp(x - m): there it is within 2**-51 (2**-22 in float32) of the largest one of abs(v),
        abs(m) / 8 and n 2**-950 (n 2**-83), n being the number of arguments.

    Raises:
        ValueError: If there is nothing to sum.

    Special cases: empty if one of the arguments is; one argument is returned as it is.

    Example:
        >>> import interval_jax as ij
        >>> import jax.numpy as jnp
        >>> ij.logsumexp(ij.interval(jnp.array([0.0, 0.0]), jnp.array([0.0, 9.0])))
        Interval([0.693147122, 9.00012398], float32)
    """
    x = as_interval(x)
    axes = _axes(axis, x.ndim)
    if math.prod(x.shape[a] for a in axes) == 0:
        raise ValueError(f"logsumexp of nothing: shape {x.shape}, axis {axis}")
    value = _logsumexp_enclosure(x, axes)
    if keepdims:
        value = value.reshape(tuple(1 if a in axes else n for a, n in enumerate(x.shape)))
    return value


def _axes(axis: int | Sequence[int] | None, ndim: int) -> tuple[int, ...]:
    given = range(ndim) if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
    if any(not -ndim <= a < ndim for a in given):
        raise ValueError(f"axis {axis} is out of bounds for {ndim} axes")
    return tuple(sorted({a % ndim for a in given}))


# --- softmax ----------------------------------------------------------------------------


def _softmax(own: Array, other: Array) -> Bounds:
    """Bounds of exp(own[i]) / (exp(own[i]) + sum over j != i of exp(other[j])) on the last axis.

    Let M be the largest of the others and M2 the largest but for that one. With g[j] =
    exp(other[j] - M2) and s its sum without the largest, the sum over j != i is exp(M2) s for
    the largest, else exp(M) r with r = 1 + exp(M2 - M) (s - g[i]): no difference of like
    numbers is left without a 1 next to it. Of s - g[i], the error of the sum is relative to s,
    the others to itself; s <= 1 + (s - g[i]). Both are 2 exp_error and u**2 times the
    operations; the quotient, at most as sensitive, brings in one more.
    """
    fmt, n = format_of(own), own.shape[-1]
    unit, limit = fmt.unit, negligible_exponent(own)
    inf, zero, one = (constant(own, v) for v in (np.inf, 0, 1))
    top, is_top = _largest(other)
    second = jnp.max(lax.select(is_top, -inf, other), axis=-1, keepdims=True)
    h, k = exp_word(_difference(other, _everywhere(_finite(second), own)))
    g = _select(is_top, DoubleWord(zero, zero), _scaled(h, k, limit))
    s, levels = _sum(g)
    c = _scaled(*exp_word(_difference(_finite(second), _finite(top))), limit)
    s, c = (DoubleWord(*(_everywhere(w, own) for w in v)) for v in (s, c))
    product = multiply(add(s, DoubleWord(-g.hi, -g.lo)), c)
    r = _select(is_top, s, add_float(product, one))
    r = DoubleWord(stored(r.hi), stored(r.lo))
    base = lax.select(is_top, _everywhere(second, own), _everywhere(top, own))
    d = _difference(_finite(own), _finite(base))
    rising = lax.gt(d.hi, zero)
    e, k = exp_word(DoubleWord(*(lax.select(rising, -w, w) for w in d)))
    clipped = _scaled(e, k, limit)
    # 1 / (1 + r e) or e / (e + r)
    numerator = _select(rising, DoubleWord(one, zero), e)
    denominator = _select(rising, add_float(multiply(r, clipped), one), add(r, clipped))
    word = divide(numerator, denominator)
    exponent = lax.select(rising, lax.full_like(k, 0), k)
    operations = (2 * levels + 4) * ADD_ERROR + 3 * MULTIPLY_ERROR + DIVIDE_ERROR
    relative = 3 * exp_error(unit) + operations * unit**2 + n * 2.0 ** (limit + 2)
    down, up = positive_bounds(word, word.hi * constant(own, 1.01 * relative), exponent)
    none, all = lax.eq(own, -inf) | lax.eq(base, inf), lax.eq(own, inf) | lax.eq(base, -inf)
    down = lax.select(none, zero, down)
    return down, lax.select(all, one, lax.min(up, one))


def _smooth_softmax(own: Array, other: Array) -> Array:
    own, other = _finite(own), _finite(other)
    top = jnp.max(other, axis=-1, keepdims=True)
    powers = lax.exp(other - top)
    rest = jnp.sum(powers, axis=-1, keepdims=True) - powers
    return lax.logistic(own - top - lax.log(lax.max(rest, constant(rest, 1e-30))))


@jax.custom_jvp
def _softmax_rule(own: Array, other: Array) -> Bounds:
    return _softmax(own, other)


@_softmax_rule.defjvp
def _(primals: tuple[Array, ...], tangents: tuple[Array, ...]) -> tuple[Bounds, Bounds]:
    tangent = jax.jvp(_smooth_softmax, primals, tangents)[1]
    return _softmax_rule(*primals), (tangent, tangent)


@jax.jit
def _softmax_enclosure(x: Interval) -> Interval:
    lo, hi = x.lo, x.hi
    inf, one = constant(lo, np.inf), constant(lo, 1)
    if x.shape[-1] == 1:
        lower, upper = one, one
    else:
        lower, upper = _softmax_rule(lo, hi)[0], _softmax_rule(hi, lo)[1]
    empty = _everywhere(jnp.any(lax.gt(lo, hi), axis=-1, keepdims=True), lo)
    return Interval(lax.select(empty, inf, lower), lax.select(empty, -inf, upper))


@decorable(combine=lambda d, axis: jnp.broadcast_to(jnp.min(d, axis, keepdims=True), d.shape))
def softmax(x: Any, axis: int = -1) -> Interval:
    """Return an enclosure of exp(x) / sum(exp(x)) along an axis, sharp over boxes also.

    Args:
        x: Intervals or floats with at least one axis, float32 or float64.
        axis: The axis of the sum.

    Returns:
        Intervals of the same shape and type: the range of each element over the box of all
        arguments, each bound within 1 ulp of the tightest one and in 99 of 100 cases equal to it.

    Special cases: a single argument gives 1 exactly; if one argument is empty, so are all results
    along that axis.

    Example:
        >>> import interval_jax as ij
        >>> import jax.numpy as jnp
        >>> ij.softmax(ij.interval(jnp.array([0.0, 0.0]), jnp.array([0.0, 1.0])))
        Interval([[0.268941402, 0.50000006], [0.49999997, 0.731058598]], float32)
    """
    x = as_interval(x)
    (place,) = _axes(axis, x.ndim)
    lo, hi = (jnp.moveaxis(b, place, -1) for b in (x.lo, x.hi))
    value = _softmax_enclosure(Interval(lo, hi))
    return Interval(*(jnp.moveaxis(b, -1, place) for b in (value.lo, value.hi)))
