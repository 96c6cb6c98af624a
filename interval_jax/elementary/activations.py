"""Activation functions and the ranges of their derivatives, with proven bounds."""

from __future__ import annotations

from typing import Any

import numpy as np
from jax import Array, lax

from interval_jax._decorated import decorable
from interval_jax._doubleword import constant
from interval_jax._interval import Interval, as_interval
from interval_jax.elementary._activations import (
    logistic_bounds,
    logistic_derivative_bounds,
    silu_bounds,
    silu_derivative_bounds,
    softplus_bounds,
    tanh_bounds,
    tanh_derivative_bounds,
)
from interval_jax.elementary._exp_log_tables import FLOAT32, FLOAT64, Tables
from interval_jax.elementary._extend import Extremum, bell, increasing, turning, valley

__all__ = [
    "logistic",
    "logistic_derivative",
    "relu",
    "relu_derivative",
    "silu",
    "silu_derivative",
    "softplus",
    "softplus_derivative",
    "tanh",
    "tanh_derivative",
]


def _tables(dtype: np.dtype) -> Tables:
    return FLOAT32 if dtype == np.float32 else FLOAT64


def _silu_minimum(dtype: np.dtype) -> Extremum:
    tables = _tables(dtype)
    return Extremum(tables.silu_minimum_at, tables.silu_minimum)


def _silu_derivative_extrema(dtype: np.dtype) -> tuple[Extremum, ...]:
    tables = _tables(dtype)
    below, above = tables.silu_derivative_maximum_at
    return (
        Extremum((-above, -below), tables.silu_derivative_minimum),
        Extremum((below, above), tables.silu_derivative_maximum),
    )


def _bounded(x: Array) -> Array:
    # Beyond, all is constant or linear; infinity times 0 must not come into derivatives.
    return lax.clamp(constant(x, -1000), x, constant(x, 1000))


def _smooth_silu(x: Array) -> Array:
    y = _bounded(x)
    return lax.select(lax.gt(x, y), x, y * lax.logistic(y))


def _smooth_softplus(x: Array) -> Array:
    y = _bounded(x)
    return lax.select(lax.gt(x, y), x, lax.max(y, constant(y, 0)) + lax.log1p(lax.exp(-lax.abs(y))))


def _smooth_silu_derivative(x: Array) -> Array:
    y = _bounded(x)
    return lax.logistic(y) * (1 + y * lax.logistic(-y))


def _smooth_logistic_derivative(x: Array) -> Array:
    return lax.logistic(x) * lax.logistic(-x)


def _smooth_tanh_derivative(x: Array) -> Array:
    return 4 * _smooth_logistic_derivative(2 * x)


_logistic_enclosure = increasing(logistic_bounds, lax.logistic)
_tanh_enclosure = increasing(tanh_bounds, lax.tanh)
_softplus_enclosure = increasing(softplus_bounds, _smooth_softplus)
_silu_enclosure = valley(silu_bounds, _smooth_silu, _silu_minimum)
_silu_derivative_enclosure = turning(
    silu_derivative_bounds, _smooth_silu_derivative, _silu_derivative_extrema
)
_logistic_derivative_enclosure = bell(logistic_derivative_bounds, _smooth_logistic_derivative)
_tanh_derivative_enclosure = bell(tanh_derivative_bounds, _smooth_tanh_derivative)


@decorable()
def tanh(x: Any) -> Interval:
    """Return an enclosure of the hyperbolic tangent (IEEE 1788-2015 section 9.1).

    Args:
        x: Intervals or floats of any shape, float32 or float64.

    Returns:
        Intervals of the same shape and type. Each bound is tightest, or one unit off where a
        float lies within 2**-58 (2**-29 in float32) of the exact value, relatively.

    Special cases: tanh(0) = 0 exactly; bounds stay in [-1, 1].

    Example:
        >>> import interval_jax as ij
        >>> ij.tanh(ij.interval(0.0, 1.0))
        Interval([0, 0.761594177], float32)
    """
    return _tanh_enclosure(as_interval(x))


@decorable()
def logistic(x: Any) -> Interval:
    """Return an enclosure of 1 / (1 + exp(-x)).

    Args:
        x: Intervals or floats of any shape, float32 or float64.

    Returns:
        Intervals of the same shape and type. Each bound is tightest unless a float lies within
        2**-62.5 (2**-31 in float32) of the exact value, relatively; else one unit off.

    Special cases: logistic(0) = 1/2 exactly; bounds stay in [0, 1].

    Example:
        >>> import interval_jax as ij
        >>> ij.logistic(ij.interval(0.0, 1.0))
        Interval([0.5, 0.731058598], float32)
    """
    return _logistic_enclosure(as_interval(x))


@decorable()
def silu(x: Any) -> Interval:
    """Return an enclosure of x * logistic(x), sharp over wide intervals also.

    Args:
        x: Intervals or floats of any shape, float32 or float64.

    Returns:
        Intervals of the same shape and type. Each bound is tightest unless a float lies within
        2**-62.5 (2**-30.8 in float32) of the exact value, relatively; else one unit off.

    Special cases: silu(0) = 0 exactly; the lower bound is that of the minimum, -0.27846..., where
    x contains its place, -1.27846...

    Example:
        >>> import interval_jax as ij
        >>> ij.silu(ij.interval(-2.0, 0.0))
        Interval([-0.278464556, 0], float32)
    """
    return _silu_enclosure(as_interval(x))


@decorable()
def softplus(x: Any) -> Interval:
    """Return an enclosure of log(1 + exp(x)).

    Args:
        x: Intervals or floats of any shape, float32 or float64.

    Returns:
        Intervals of the same shape and type. Each bound is tightest unless a float lies within
        2**-59.7 (2**-29.9 in float32) of the exact value, relatively; else one unit off.

    Example:
        >>> import interval_jax as ij
        >>> ij.softplus(ij.interval(0.0, 1.0))
        Interval([0.693147122, 1.31326175], float32)
    """
    return _softplus_enclosure(as_interval(x))


@decorable()
def relu(x: Any) -> Interval:
    """Return the range of max(x, 0), exact.

    Example:
        >>> import interval_jax as ij
        >>> ij.relu(ij.interval(-2.0, 1.0))
        Interval([0, 1], float32)
    """
    x = as_interval(x)
    zero = constant(x.lo, 0)
    empty = lax.gt(x.lo, x.hi)
    # Empty bounds are infinite, and the upper one must not become 0.
    return Interval(lax.max(x.lo, zero), lax.select(empty, x.hi, lax.max(x.hi, zero)))


def tanh_derivative(x: Any) -> Interval:
    """Return an enclosure of 1 - tanh(x)**2, sharp over wide intervals also.

    Accurate as :func:`logistic`, relatively, also where the derivative is tiny.

    Example:
        >>> import interval_jax as ij
        >>> from interval_jax.elementary import tanh_derivative
        >>> tanh_derivative(ij.interval(-1.0, 2.0))
        Interval([0.0706508234, 1], float32)
    """
    return _tanh_derivative_enclosure(as_interval(x))


def logistic_derivative(x: Any) -> Interval:
    """Return an enclosure of logistic(x) * logistic(-x), sharp over wide intervals also.

    Accurate as :func:`logistic`, relatively, also where the derivative is tiny.

    Example:
        >>> import interval_jax as ij
        >>> from interval_jax.elementary import logistic_derivative
        >>> logistic_derivative(ij.interval(-1.0, 2.0))
        Interval([0.104993581, 0.25], float32)
    """
    return _logistic_derivative_enclosure(as_interval(x))


def silu_derivative(x: Any) -> Interval:
    """Return an enclosure of the derivative of silu, sharp over wide intervals also.

    Its maximum 1.09983... and minimum -0.09983... at x = +-2.39935... are known. Each bound is
    within 1 ulp of the tightest one, next to the root -1.27846... also.

    Example:
        >>> import interval_jax as ij
        >>> from interval_jax.elementary import silu_derivative
        >>> silu_derivative(ij.interval(-3.0, 0.0))
        Interval([-0.0998393223, 0.5], float32)
    """
    return _silu_derivative_enclosure(as_interval(x))


def softplus_derivative(x: Any) -> Interval:
    """Return an enclosure of the derivative of softplus, which is logistic.

    Example:
        >>> import interval_jax as ij
        >>> from interval_jax.elementary import softplus_derivative
        >>> softplus_derivative(ij.interval(0.0, 0.0))
        Interval([0.5, 0.5], float32)
    """
    return logistic(x)


def relu_derivative(x: Any) -> Interval:
    """Return the range of the derivative of max(x, 0): 0, 1, or [0, 1] where x contains 0.

    Example:
        >>> import interval_jax as ij
        >>> from interval_jax.elementary import relu_derivative
        >>> relu_derivative(ij.interval(-1.0, 2.0))
        Interval([0, 1], float32)
    """
    x = as_interval(x)
    zero, one, inf = (constant(x.lo, v) for v in (0, 1, np.inf))
    empty = lax.gt(x.lo, x.hi)
    lower = lax.select(lax.gt(x.lo, zero), one, zero)
    upper = lax.select(lax.lt(x.hi, zero), zero, one)
    return Interval(lax.select(empty, inf, lower), lax.select(empty, -inf, upper))
