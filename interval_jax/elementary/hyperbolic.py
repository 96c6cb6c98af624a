"""The hyperbolic functions except tanh, which is an activation, and their inverses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax import Array, lax

from interval_jax._decorated import decorable
from interval_jax._doubleword import constant
from interval_jax._interval import Interval, _operands, as_interval
from interval_jax.elementary._extend import (
    Kernel,
    _differentiable,
    _empty_where,
    bell,
    increasing,
)
from interval_jax.elementary._hyperbolic import (
    cosh_bounds,
    coth_bounds,
    csch_bounds,
    sech_bounds,
    sinh_bounds,
)
from interval_jax.elementary._inverse_hyperbolic import (
    acosh_bounds,
    acoth_bounds,
    asinh_bounds,
    atanh_bounds,
)
from interval_jax.set_ops import convex_hull, intersection

__all__ = [
    "acosh",
    "acoth",
    "asinh",
    "atanh",
    "cosh",
    "cosh_rev",
    "coth",
    "csch",
    "sech",
    "sinh",
]


def _with_pole(
    kernel: Kernel, smooth: Callable[[Array], Array], edge: float = 0.0
) -> Callable[[Interval], Interval]:
    """Return the interval extension of an odd function that falls from +inf at its edge.

    It is defined beyond the edge, on either side of 0, and falls on each.

    Args:
        kernel: Bounds of the function at floats beyond the edge, and of its limit at infinity.
        smooth: The same function of floats in plain JAX, for the derivative of the bounds.
        edge: Where the function tends to infinity.
    """
    rule = _differentiable(kernel, smooth)

    @jax.jit
    def enclosure(x: Interval) -> Interval:
        end, inf = constant(x.lo, edge), constant(x.lo, np.inf)
        left, right = lax.lt(x.lo, -end), lax.gt(x.hi, end)
        # The poles are at the upper end of the left half and at the lower one of the right.
        lower = lax.select(left & lax.ge(x.hi, -end), -inf, rule(x.hi)[0])
        upper = lax.select(right & lax.le(x.lo, end), inf, rule(x.lo)[1])
        return _empty_where(lax.gt(x.lo, x.hi) | ~(left | right), lower, upper)

    return enclosure


def _smooth_sech(x: Array) -> Array:
    decay = lax.exp(-lax.abs(x))
    return 2 * decay / (1 + decay * decay)


def _smooth_csch(x: Array) -> Array:
    size = lax.abs(x)
    return -2 * lax.sign(x) * lax.exp(-size) / lax.expm1(-2 * size)


def _negative_cosh_bounds(x: Array) -> tuple[Array, Array]:
    down, up = cosh_bounds(x)
    return -up, -down


_sinh_enclosure = increasing(sinh_bounds, lax.sinh)
_negative_cosh_enclosure = bell(_negative_cosh_bounds, lambda x: -lax.cosh(x))
_sech_enclosure = bell(sech_bounds, _smooth_sech)
_csch_enclosure = _with_pole(csch_bounds, _smooth_csch)
_coth_enclosure = _with_pole(coth_bounds, lambda x: 1 / lax.tanh(x))
_asinh_enclosure = increasing(asinh_bounds, lax.asinh)
_acosh_enclosure = increasing(acosh_bounds, lax.acosh)
_atanh_enclosure = increasing(atanh_bounds, lax.atanh)
_acoth_enclosure = _with_pole(acoth_bounds, lambda x: lax.atanh(1 / x), edge=1.0)


def _outside(x: Interval, end: float) -> Array:
    limit = constant(x.lo, end)
    return lax.gt(x.lo, limit) | lax.lt(x.hi, -limit)


def _from_one(x: Interval) -> Array:
    return lax.ge(x.lo, constant(x.lo, 1))


def _between_ones(x: Interval) -> Array:
    one = constant(x.lo, 1)
    return lax.gt(x.lo, -one) & lax.lt(x.hi, one)


@decorable()
def sinh(x: Any) -> Interval:
    """Return an enclosure of the hyperbolic sine (IEEE 1788-2015 section 9.1).

    Args:
        x: Intervals or floats of any shape, float32 or float64.

    Returns:
        Intervals of the same shape and type. Each bound is tightest unless a float lies within
        2**-60.5 (2**-30.2 in float32) of the exact value, relatively; else one unit off.

    Special cases: sinh(0) = 0 exactly; above the range the lower bound is the largest float.

    Example:
        >>> import interval_jax as ij
        >>> ij.sinh(ij.interval(0.0, 1.0))
        Interval([0, 1.1752013], float32)
    """
    return _sinh_enclosure(as_interval(x))


@decorable()
def cosh(x: Any) -> Interval:
    """Return an enclosure of the hyperbolic cosine (IEEE 1788-2015 section 9.1).

    Args:
        x: Intervals or floats of any shape, float32 or float64.

    Returns:
        Intervals of the same shape and type. Each bound is tightest unless a float lies within
        2**-62.5 (2**-31.5 in float32) of the exact value, relatively; else one unit off.

    Special cases: cosh(0) = 1 exactly, the lower bound where x contains 0.

    Example:
        >>> import interval_jax as ij
        >>> ij.cosh(ij.interval(-1.0, 0.5))
        Interval([1, 1.54308069], float32)
    """
    return -_negative_cosh_enclosure(as_interval(x))


@decorable()
def sech(x: Any) -> Interval:
    """Return an enclosure of 1 / cosh(x), sharp over wide intervals also.

    Args:
        x: Intervals or floats of any shape, float32 or float64.

    Returns:
        Intervals of the same shape and type. Each bound is tightest unless a float lies within
        2**-62.5 (2**-31 in float32) of the exact value, relatively; else one unit off.

    Special cases: sech(0) = 1 exactly; bounds stay in [0, 1].

    Example:
        >>> import interval_jax as ij
        >>> ij.sech(ij.interval(-1.0, 0.5))
        Interval([0.648054242, 1], float32)
    """
    return _sech_enclosure(as_interval(x))


@decorable(defined=lambda x: _outside(x, 0))
def csch(x: Any) -> Interval:
    """Return an enclosure of 1 / sinh(x).

    Args:
        x: Intervals or floats of any shape, float32 or float64; the member 0 is left out.

    Returns:
        Intervals of the same shape and type. Each bound is tightest unless a float lies within
        2**-60.5 (2**-30 in float32) of the exact value, relatively; else one unit off.

    Special cases: unbounded where 0 is a member; csch([0, 0]) is empty.

    Example:
        >>> import interval_jax as ij
        >>> ij.csch(ij.interval(0.0, 1.0))
        Interval([0.850918114, inf], float32)
    """
    return _csch_enclosure(as_interval(x))


@decorable(defined=lambda x: _outside(x, 0))
def coth(x: Any) -> Interval:
    """Return an enclosure of 1 / tanh(x).

    Args:
        x: Intervals or floats of any shape, float32 or float64; the member 0 is left out.

    Returns:
        Intervals of the same shape and type. Each bound is tightest unless a float lies within
        2**-60.3 (2**-30 in float32) of the exact value, relatively; else one unit off.

    Special cases: unbounded where 0 is a member; coth([0, 0]) is empty.

    Example:
        >>> import interval_jax as ij
        >>> ij.coth(ij.interval(0.5, 1.0))
        Interval([1.31303524, 2.16395355], float32)
    """
    return _coth_enclosure(as_interval(x))


@decorable()
def asinh(x: Any) -> Interval:
    """Return an enclosure of the inverse hyperbolic sine (IEEE 1788-2015 section 9.1).

    Args:
        x: Intervals or floats of any shape, float32 or float64.

    Returns:
        Intervals of the same shape and type. Each bound is tightest unless a float lies within
        2**-59.9 (2**-30.4 in float32) of the exact value, relatively; else one unit off.

    Special cases: asinh(0) = 0 exactly.

    Example:
        >>> import interval_jax as ij
        >>> ij.asinh(ij.interval(0.0, 1.0))
        Interval([0, 0.881373644], float32)
    """
    return _asinh_enclosure(as_interval(x))


@decorable(defined=_from_one)
def acosh(x: Any) -> Interval:
    """Return an enclosure of the inverse hyperbolic cosine (IEEE 1788-2015 section 9.1).

    Args:
        x: Intervals or floats of any shape, float32 or float64; members < 1 are left out.

    Returns:
        Intervals of the same shape and type. Each bound is tightest unless a float lies within
        2**-59.9 (2**-30.4 in float32) of the exact value, relatively; else one unit off.

    Special cases: acosh(1) = 0 exactly; empty where x has no member >= 1.

    Example:
        >>> import interval_jax as ij
        >>> ij.acosh(ij.interval(0.0, 2.0))
        Interval([0, 1.31695796], float32)
    """
    x = as_interval(x)
    one = constant(x.lo, 1)
    return _acosh_enclosure(Interval(lax.max(x.lo, one), x.hi))


@decorable(defined=_between_ones)
def atanh(x: Any) -> Interval:
    """Return an enclosure of the inverse hyperbolic tangent (IEEE 1788-2015 section 9.1).

    Args:
        x: Intervals or floats of any shape, float32 or float64; members beyond (-1, 1) are left
            out.

    Returns:
        Intervals of the same shape and type. Each bound is tightest unless a float lies within
        2**-59.9 (2**-30.4 in float32) of the exact value, relatively; else one unit off.

    Special cases: atanh(0) = 0 exactly; unbounded where x reaches -1 or 1, empty where it has no
    member between them.

    Example:
        >>> import interval_jax as ij
        >>> ij.atanh(ij.interval(0.0, 0.5))
        Interval([0, 0.549306155], float32)
    """
    x = as_interval(x)
    one = constant(x.lo, 1)
    inside = lax.lt(x.lo, one) & lax.gt(x.hi, -one)
    lo, hi = lax.max(x.lo, -one), lax.min(x.hi, one)
    return _atanh_enclosure(_empty_where(~inside, lo, hi))


@decorable(defined=lambda x: _outside(x, 1))
def acoth(x: Any) -> Interval:
    """Return an enclosure of the inverse hyperbolic cotangent, atanh(1 / x).

    Args:
        x: Intervals or floats of any shape, float32 or float64; members of [-1, 1] are left out.

    Returns:
        Intervals of the same shape and type. Each bound is tightest unless a float lies within
        2**-59.9 (2**-30.4 in float32) of the exact value, relatively; else one unit off.

    Special cases: unbounded where x reaches -1 or 1 from outside, empty where it has no other
    members.

    Example:
        >>> import interval_jax as ij
        >>> ij.acoth(ij.interval(0.0, 2.0))
        Interval([0.549306094, inf], float32)
    """
    return _acoth_enclosure(as_interval(x))


@decorable(defined=False)
def cosh_rev(c: Any, x: Any = None) -> Interval:
    """Return an enclosure of the t in x with ``cosh(t)`` in ``c``.

    Args:
        c: Intervals, float array or number; the hyperbolic cosine.
        x: Intervals, float array or number, where to look; by default everywhere.

    Returns:
        Intervals with bounds as those of :func:`acosh`, or of x; the empty set where there is no
        such t (IEEE 1788-2015 section 10.5.4).

    Example:
        >>> import interval_jax as ij
        >>> ij.cosh_rev(ij.interval(1.0, 2.0))
        Interval([-1.31695796, 1.31695796], float32)
    """
    c, *rest = _operands(c) if x is None else _operands(c, x)
    size = acosh(c)
    if not rest:
        return convex_hull(-size, size)
    return convex_hull(intersection(-size, rest[0]), intersection(size, rest[0]))
