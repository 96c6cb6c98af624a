"""The exponential functions and logarithms to bases e, 2 and 10, and their forms next to 0."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from interval_jax._decorated import decorable
from interval_jax._doubleword import positive_bounds
from interval_jax._interval import Interval, as_interval
from interval_jax.elementary._exp import (
    base_exp_value,
    exp_value,
    expm1_bounds,
    largest_exponent_of_ten,
    tables_of,
)
from interval_jax.elementary._extend import increasing
from interval_jax.elementary._log import log1p_bounds, log2_bounds, log10_bounds, log_bounds

__all__ = ["exp", "exp2", "exp10", "expm1", "log", "log1p", "log2", "log10"]


def _exp2_bounds(x: Array) -> tuple[Array, Array]:
    return positive_bounds(*base_exp_value(x, tables_of(x).base2, np.inf))


def _exp10_bounds(x: Array) -> tuple[Array, Array]:
    return positive_bounds(*base_exp_value(x, tables_of(x).base10, largest_exponent_of_ten(x)))


_exp_enclosure = increasing(lambda x: positive_bounds(*exp_value(x)), lax.exp)
_expm1_enclosure = increasing(expm1_bounds, lax.expm1)
_exp2_enclosure = increasing(_exp2_bounds, jnp.exp2)
_exp10_enclosure = increasing(_exp10_bounds, lambda x: lax.exp(x * np.log(10)))
_log2_enclosure = increasing(log2_bounds, lambda x: lax.log(x) * (1 / np.log(2)), above=0.0)
_log10_enclosure = increasing(log10_bounds, lambda x: lax.log(x) * (1 / np.log(10)), above=0.0)
_log_enclosure = increasing(log_bounds, lax.log, above=0.0)
_log1p_enclosure = increasing(log1p_bounds, lax.log1p, above=-1.0)


def _positive(x: Interval) -> Array:
    return lax.gt(x.lo, lax.full_like(x.lo, 0))


@decorable()
def exp(x: Any) -> Interval:
    """Return an enclosure of e**x (IEEE 1788-2015 section 9.1).

    Args:
        x: Intervals or floats of any shape, float32 or float64.

    Returns:
        Intervals of the same shape and type. Each bound is tightest unless a float lies within
        2**-62.5 (2**-31.5 in float32) of the exact value, relatively; else one unit off.

    Special cases: exp(0) = 1 exactly; above the range the lower bound is the largest float, below
    it the upper one the smallest normal; the empty set stays empty.

    Example:
        >>> import interval_jax as ij
        >>> ij.exp(ij.interval(0.0, 1.0))
        Interval([1, 2.71828199], float32)
    """
    return _exp_enclosure(as_interval(x))


@decorable()
def exp2(x: Any) -> Interval:
    """Return an enclosure of 2**x (IEEE 1788-2015 section 9.1).

    Args:
        x: Intervals or floats of any shape, float32 or float64.

    Returns:
        Intervals of the same shape and type. Each bound is tightest unless a float lies within
        2**-62.5 (2**-31.5 in float32) of the exact value, relatively; else one unit off.

    Special cases: exact for integers; above the range the lower bound is the largest float, below
    it the upper one the smallest normal; the empty set stays empty.

    Example:
        >>> import interval_jax as ij
        >>> ij.exp2(ij.interval(0.5, 3.0))
        Interval([1.41421353, 8], float32)
    """
    return _exp2_enclosure(as_interval(x))


@decorable()
def exp10(x: Any) -> Interval:
    """Return an enclosure of 10**x (IEEE 1788-2015 section 9.1).

    Args:
        x: Intervals or floats of any shape, float32 or float64.

    Returns:
        Intervals of the same shape and type. Each bound is tightest unless a float lies within
        2**-62.5 (2**-31.5 in float32) of the exact value, relatively; else one unit off.

    Special cases: exact for integers from 0 to 22 (10 in float32); beyond the range as
    :func:`exp2`; the empty set stays empty.

    Example:
        >>> import interval_jax as ij
        >>> ij.exp10(ij.interval(0.5, 2.0))
        Interval([3.16227746, 100], float32)
    """
    return _exp10_enclosure(as_interval(x))


@decorable()
def expm1(x: Any) -> Interval:
    """Return an enclosure of e**x - 1, sharp next to 0 (IEEE 1788-2015 section 10.5).

    Args:
        x: Intervals or floats of any shape, float32 or float64.

    Returns:
        Intervals of the same shape and type. Each bound is tightest, or one unit off where a
        float lies within 2**-58 (2**-29 in float32) of the exact value, relatively.

    Special cases: expm1(0) = 0 exactly; the lower bound never is below -1.

    Example:
        >>> import interval_jax as ij
        >>> ij.expm1(ij.interval(0.0, 1e-10))
        Interval([0, 1.00000009e-10], float32)
    """
    return _expm1_enclosure(as_interval(x))


@decorable(defined=_positive)
def log(x: Any) -> Interval:
    """Return an enclosure of the natural logarithm (IEEE 1788-2015 section 9.1).

    Args:
        x: Intervals or floats of any shape, float32 or float64; members <= 0 are left out.

    Returns:
        Intervals of the same shape and type. Each bound is tightest unless a float lies within
        2**-59.3 (2**-29.9 in float32) of the exact value, relatively; else one unit off.

    Special cases: log(1) = 0 exactly; log([0, b]) is unbounded below; log([a, b]) with b <= 0 is
    empty.

    Example:
        >>> import interval_jax as ij
        >>> ij.log(ij.interval(-1.0, 2.0))
        Interval([-inf, 0.693147183], float32)
    """
    return _log_enclosure(as_interval(x))


@decorable(defined=_positive)
def log2(x: Any) -> Interval:
    """Return an enclosure of the binary logarithm (IEEE 1788-2015 section 9.1).

    Args:
        x: Intervals or floats of any shape, float32 or float64; members <= 0 are left out.

    Returns:
        Intervals of the same shape and type. Each bound is tightest unless a float lies within
        2**-59 (2**-29.8 in float32) of the exact value, relatively; else one unit off.

    Special cases: exact for powers of two; log2([0, b]) is unbounded below; log2([a, b]) with
    b <= 0 is empty.

    Example:
        >>> import interval_jax as ij
        >>> ij.log2(ij.interval(3.0, 8.0))
        Interval([1.58496248, 3], float32)
    """
    return _log2_enclosure(as_interval(x))


@decorable(defined=_positive)
def log10(x: Any) -> Interval:
    """Return an enclosure of the decimal logarithm (IEEE 1788-2015 section 9.1).

    Args:
        x: Intervals or floats of any shape, float32 or float64; members <= 0 are left out.

    Returns:
        Intervals of the same shape and type. Each bound is tightest unless a float lies within
        2**-59 (2**-29.8 in float32) of the exact value, relatively; else one unit off.

    Special cases: exact for powers of ten; log10([0, b]) is unbounded below; log10([a, b]) with
    b <= 0 is empty.

    Example:
        >>> import interval_jax as ij
        >>> ij.log10(ij.interval(2.0, 1000.0))
        Interval([0.30102998, 3], float32)
    """
    return _log10_enclosure(as_interval(x))


@decorable(defined=lambda x: lax.gt(x.lo, lax.full_like(x.lo, -1)))
def log1p(x: Any) -> Interval:
    """Return an enclosure of log(1 + x), sharp next to 0 (IEEE 1788-2015 section 10.5).

    Args:
        x: Intervals or floats of any shape, float32 or float64; members <= -1 are left out.

    Returns:
        Intervals of the same shape and type. Each bound is tightest unless a float lies within
        2**-59.3 (2**-29.9 in float32) of the exact value, relatively; else one unit off.

    Special cases: log1p(0) = 0 exactly; log1p([-1, b]) is unbounded below.

    Example:
        >>> import interval_jax as ij
        >>> ij.log1p(ij.interval(0.0, 1e-10))
        Interval([0, 1.00000002e-10], float32)
    """
    return _log1p_enclosure(as_interval(x))
