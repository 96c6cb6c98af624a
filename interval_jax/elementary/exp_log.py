"""The exponential function, the natural logarithm, and their forms next to 0."""

from __future__ import annotations

from typing import Any

from jax import lax

from interval_jax._doubleword import positive_bounds
from interval_jax._interval import Interval, as_interval
from interval_jax.elementary._exp_log import exp_value, expm1_bounds, log1p_bounds, log_bounds
from interval_jax.elementary._extend import increasing

__all__ = ["exp", "expm1", "log", "log1p"]

_exp_enclosure = increasing(lambda x: positive_bounds(*exp_value(x)), lax.exp)
_expm1_enclosure = increasing(expm1_bounds, lax.expm1)
_log_enclosure = increasing(log_bounds, lax.log, above=0.0)
_log1p_enclosure = increasing(log1p_bounds, lax.log1p, above=-1.0)


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


def log(x: Any) -> Interval:
    """Return an enclosure of the natural logarithm (IEEE 1788-2015 section 9.1).

    Args:
        x: Intervals or floats of any shape, float32 or float64; members <= 0 are left out.

    Returns:
        Intervals of the same shape and type. Each bound is tightest unless a float lies within
        2**-59.9 (2**-30.4 in float32) of the exact value, relatively; else one unit off.

    Special cases: log(1) = 0 exactly; log([0, b]) is unbounded below; log([a, b]) with b <= 0 is
    empty.

    Example:
        >>> import interval_jax as ij
        >>> ij.log(ij.interval(-1.0, 2.0))
        Interval([-inf, 0.693147183], float32)
    """
    return _log_enclosure(as_interval(x))


def log1p(x: Any) -> Interval:
    """Return an enclosure of log(1 + x), sharp next to 0 (IEEE 1788-2015 section 10.5).

    Args:
        x: Intervals or floats of any shape, float32 or float64; members <= -1 are left out.

    Returns:
        Intervals of the same shape and type. Each bound is tightest unless a float lies within
        2**-59.9 (2**-30.4 in float32) of the exact value, relatively; else one unit off.

    Special cases: log1p(0) = 0 exactly; log1p([-1, b]) is unbounded below.

    Example:
        >>> import interval_jax as ij
        >>> ij.log1p(ij.interval(0.0, 1e-10))
        Interval([0, 1.00000002e-10], float32)
    """
    return _log1p_enclosure(as_interval(x))
