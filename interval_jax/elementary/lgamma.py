"""The logarithm of the absolute value of the gamma function, over intervals."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from interval_jax._decorated import decorable
from interval_jax._doubleword import constant
from interval_jax._interval import Interval, as_interval
from interval_jax._rounding import differentiable, format_of
from interval_jax.elementary._extend import _differentiable, _empty_where
from interval_jax.elementary._lgamma import lgamma_bounds, table_of
from interval_jax.elementary._log import log_bounds

__all__ = ["lgamma"]


def _meets_pole(x: Interval) -> Array:
    """Whether one of 0, -1, -2, ... is a member."""
    return lax.ge(lax.floor(lax.min(x.hi, constant(x.hi, 0))), x.lo)


def _smooth(x: Array) -> Array:
    pole = lax.le(x, constant(x, 0)) & lax.eq(lax.floor(x), x)
    return lax.lgamma(lax.select(pole, constant(x, 0.5), x))


_rule = _differentiable(lgamma_bounds, _smooth)


def _least_near(x: Interval) -> Array:
    """The least of the stored minima within x, below, or infinity.

    The minima on the negative axis fall from right to left, so that the leftmost one in x is the
    least of them: it is between the same two poles as x.lo, or between the next two.
    """
    table = table_of(x.dtype)
    inf = constant(x.lo, np.inf)
    left, right, values = (jnp.asarray(c, x.dtype) for c in zip(*table.minima, strict=True))
    gap = lax.clamp(constant(x.lo, -1), lax.floor(-x.lo), constant(x.lo, len(table.minima) - 1))
    gap = gap.astype(np.int32)

    def minimum(n: Array) -> Array:
        i = lax.max(n, lax.full_like(n, 0))
        inside = lax.le(x.lo, left[i]) & lax.ge(x.hi, right[i]) & lax.ge(n, lax.full_like(n, 0))
        return lax.select(inside, values[i], inf)

    first, next_one = minimum(gap), minimum(gap - 1)
    below, above, value = (constant(x.lo, v) for v in table.minimum)
    inside = lax.le(x.lo, below) & lax.ge(x.hi, above)
    return lax.min(lax.min(first, next_one), lax.select(inside, value, inf))


def _far(x: Interval) -> Array:
    """Whether x may have a minimum left of the stored ones.

    There, with X = 1 - x >= 25, the part f of x after the pole on its left is at a minimum where
    pi cot(pi f) = digamma(X). That is within 1 / (24 (X - 1/2)**2) of log(X - 1/2), and f changes
    by less than 0.003 as X changes by 1: 0.005 is more than all of this.
    """
    beyond = lax.lt(x.lo, constant(x.lo, -len(table_of(x.dtype).minima)))
    X = lax.max(1 - x.lo, constant(x.lo, 2))
    at = lax.atan2(constant(X, np.pi), lax.log(X - 0.5)) * (1 / np.pi)
    rising = lax.ge(x.lo - lax.floor(x.lo), at + 0.005)
    falling = lax.le(x.hi - lax.floor(x.hi), at - 0.005)
    alone = lax.eq(x.lo, x.hi) | (~_meets_pole(x) & (rising | falling))
    return beyond & ~alone


def _outer_bound(lo: Array) -> Array:
    """A lower bound of log(pi) - lgamma(X), X = 1 - lo >= 25, below all values left of 0.

    For t < 0, log|Gamma(t)| >= log(pi) - lgamma(1 - t). As lgamma(X) is below
    (X - 1/2) log(X) - X + 0.923 and log(pi) above 1.144, 0.2 leaves room for the absolute error of
    the sums; what is relative to X log(X) are six roundings, X inclusive.
    """
    X = 1 - lax.max(lo, constant(lo, -(format_of(lo).max / 2)))
    X = lax.max(X, constant(X, 25))
    product = X * log_bounds(X)[1]
    value = 0.2 - (product - 0.5 * product / X - X) - product * (8 * format_of(X).unit)
    return lax.select(lax.is_finite(product), value, constant(value, -np.inf))


_outer = differentiable(_outer_bound, _outer_bound)


@jax.jit
def _enclosure(x: Interval) -> Interval:
    inf = constant(x.lo, np.inf)
    meets = _meets_pole(x)
    empty = lax.gt(x.lo, x.hi) | (meets & lax.eq(x.lo, x.hi))
    (down, up), (down_right, up_right) = _rule(x.lo), _rule(x.hi)
    lower = lax.min(lax.min(down, down_right), _least_near(x))
    lower = lax.select(_far(x), lax.min(lower, _outer(x.lo)), lower)
    upper = lax.select(meets, inf, lax.max(up, up_right))
    return _empty_where(empty, lower, upper)


@decorable(defined=lambda x: ~_meets_pole(x))
def lgamma(x: Any) -> Interval:
    """Return an enclosure of log|gamma(x)|, sharp over intervals also.

    Args:
        x: Interval, or numbers, of any shape; float32 or float64; the poles 0, -1, -2, ... are left
            out.

    Returns:
        Intervals of the same shape and dtype, each bound within 1 ulp of the tightest one, next to
        zeros also, and in 97 of 100 cases equal to it. The lower bound is that of the least value,
        except where x contains minima left of -24: there it is below log(pi) - lgamma(1 - x.lo),
        which is less than the minimum by up to 5 + log|x.lo|.

    Special cases: lgamma(1) = lgamma(2) = 0 exactly; unbounded above where x contains or reaches a
    pole, empty where x is a pole.

    Example:
        >>> import interval_jax as ij
        >>> ij.lgamma(ij.interval(1.0, 3.0))
        Interval([-0.121486292, 0.693147183], float32)
    """
    return _enclosure(as_interval(x))
