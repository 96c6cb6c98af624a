"""The Gaussian error linear unit, exact and in its tanh form, and its derivative.

Both forms are x times a distribution function: ``ndtr(x)``, or ``logistic(2 a(x))`` with
``2 a(x) = x (c + d x**2)``. The constants and extrema come from ``tools/gelu.py``, which proves
that there are no others.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jax import Array, lax

from interval_jax._decorated import decorable
from interval_jax._doubleword import (
    MULTIPLY_ERROR,
    DoubleWord,
    add,
    add_float,
    bounds,
    constant,
    divide_to_head,
    exponent_of,
    head_error,
    multiply,
    multiply_float,
    negligible_exponent,
    one_plus,
    power_of_two,
)
from interval_jax._interval import Interval, as_interval
from interval_jax._rounding import fast_two_sum, format_of, rounded, stored, two_prod
from interval_jax.elementary import _gelu_tables
from interval_jax.elementary._erf import argument, assembled, pair, parts, table_of
from interval_jax.elementary._exp import exp_error, exp_word
from interval_jax.elementary._extend import Extremum, turning, valley
from interval_jax.elementary._value import Value, bounds_of_any, choose, zero_at
from interval_jax.elementary._zeros import choose_next_to_zero
from interval_jax.elementary._zeros import table_of as zeros_of
from interval_jax.elementary.normal import ndtr_value

__all__ = ["gelu", "gelu_derivative"]

_TABLES = {24: _gelu_tables.FLOAT32, 53: _gelu_tables.FLOAT64}


def _table(dtype: np.dtype) -> _gelu_tables.GeluTable:
    return _TABLES[format_of(dtype).digits]


# --- bounds at points -------------------------------------------------------------------


def _times(x: Array, factor: Value) -> tuple[Array, Array]:
    """Bounds of x times a factor between 0 and 1, which for small x is 1/2 + c x, 0 < c < 1/2."""
    fmt = format_of(x)
    # Next to 0 the factor lies between 1/2 and the float on that side: only the side counts.
    near = lax.lt(lax.abs(x), constant(x, fmt.unit / 8))
    side = lax.sign(x) * constant(x, fmt.unit / 8)
    middle = Value(DoubleWord(constant(x, 0.5), side), constant(x, 0), factor.exponent * 0)
    factor = choose(near, middle, factor)
    # A significand in [1, 2), that of 0 also, and an exponent.
    k = exponent_of(x)
    bits = lax.bitcast_convert_type(x, fmt.bits) - (k << (fmt.digits - 1))
    significand = lax.bitcast_convert_type(bits, fmt.dtype)
    word = multiply_float(factor.word, significand)
    error = factor.error * 2 + lax.abs(word.hi) * constant(x, 1.01 * MULTIPLY_ERROR * fmt.unit**2)
    down, up = zero_at(x, 0.0, bounds(word, error, factor.exponent + k))
    return down, lax.select(lax.gt(x, constant(x, 0)), lax.min(up, x), up)


def _gelu(x: Array) -> tuple[Array, Array]:
    # ndtr cuts its argument where the product is below the format.
    x = lax.max(x, constant(x, -1.41 * table_of(x.dtype).cuts[-1]))
    value = ndtr_value(x)
    word = DoubleWord(stored(value.word.hi), stored(value.word.lo))
    return _times(x, value._replace(word=word))


def _tanh_factor(x: Array) -> Value:
    """1 / (1 + e) or, for negative x, e / (1 + e), with e = exp(-|2 a|), for x >= -32.

    The sum of 2 a, all of one sign, has a relative error of (2 + 8 + 4 + 1) u**2 = 15 u**2, its
    product with x one of 8 more. It is absolute in exp, which clips arguments beyond 745; what
    remains is as for logistic. A square that underflows is negligible next to c.
    """
    unit, table = format_of(x).unit, _table(x.dtype)
    size = lax.min(lax.abs(x), constant(x, 32))
    square = DoubleWord(*two_prod(size, size))
    slope = add(multiply(square, pair(x, table.cubic)), pair(x, table.slope))
    twice = multiply_float(slope, size)
    e, k = exp_word(DoubleWord(-twice.hi, -twice.lo))
    e = DoubleWord(stored(e.hi), stored(e.lo))
    scale = power_of_two(x, lax.max(k, lax.full_like(k, negligible_exponent(x))))
    clipped = DoubleWord(e.hi * scale, e.lo * scale)
    negative, one, zero = lax.lt(x, constant(x, 0)), constant(x, 1), constant(x, 0)
    numerator = DoubleWord(lax.select(negative, e.hi, one), lax.select(negative, e.lo, zero))
    quotient = divide_to_head(numerator, one_plus(clipped))
    word = DoubleWord(*fast_two_sum(quotient.hi, rounded(quotient.lo)))
    logistic_error = exp_error(unit) + 8 * unit * head_error(unit) + 4 * unit**2
    relative = lax.min(twice.hi, constant(x, 750)) * (25 * unit**2) + logistic_error
    exponent = lax.select(negative, k, lax.full_like(k, 0))
    return Value(word, word.hi * relative, exponent)


def _tanh_gelu(x: Array) -> tuple[Array, Array]:
    # Beyond, x e is below the format; so is what exp clips.
    x = lax.max(x, constant(x, -32))
    return _times(x, _tanh_factor(x))


def _gelu_derivative_value(x: Array) -> Value:
    """ndtr(x) + x pdf(x).

    With E = exp(-x**2 / 2), g as in log_ndtr and c = 1 / sqrt(2 pi) it is, for negative x from
    the first cut on, E (g / 2 - c |x|); else 1 - E g / 2 + c x E, or 1/2 +- erf / 2 + c x E.
    c x has an error of 2 + 8, in units of u**2, the products with E of 8, each sum of 4. Next to
    the root it is an expansion.
    """
    unit, table, zero, one = format_of(x).unit, table_of(x.dtype), constant(x, 0), constant(x, 1)
    end = constant(x, 1.41 * table.cuts[-1])
    w = argument(x, halved=True)
    of_x = parts(w)
    negative, first, exponential = lax.lt(x, zero), of_x.first, of_x.exponential
    density = multiply_float(pair(x, table.inverse_sqrt_2pi), lax.clamp(-end, stored(x), end))
    limit, nothing = negligible_exponent(x), lax.full_like(exponential.exponent, 0)

    def scaled(word: DoubleWord, exponent: Array, factor: Array) -> DoubleWord:
        power = power_of_two(x, lax.max(exponent, nothing + limit)) * factor
        return DoubleWord(word.hi * power, word.lo * power)

    # Two terms for the left tail, three for the others.
    half = constant(x, 0.5)
    g = DoubleWord(of_x.polynomial.word.hi * half, of_x.polynomial.word.lo * half)
    tail = add(density, g)
    tail_error = g.hi * of_x.polynomial.error - density.hi * (14 * unit**2)
    left = Value(
        multiply(exponential.word, tail),
        exponential.word.hi * (tail_error * 1.01)
        - exponential.word.hi * tail.hi * (exponential.error + 8 * unit**2),
        exponential.exponent,
    )
    r = assembled(w, of_x)
    side = lax.select(lax.eq(negative, first), -half, half)
    distribution = scaled(r.word, r.exponent, side)
    product = multiply(density, scaled(exponential.word, exponential.exponent, one))
    sum = add(add_float(distribution, lax.select(first, half, one)), product)
    error = lax.abs(distribution.hi) * r.error + lax.abs(product.hi) * (
        exponential.error + 22 * unit**2
    )
    near = Value(sum, (error + 9 * unit**2) * 1.01, nothing)
    value = choose(negative & ~first, left, near)
    # Next to 0 it lies between 1/2 and the float on that side.
    tiny = lax.lt(lax.abs(x), constant(x, unit / 8))
    side = lax.sign(x) * constant(x, unit / 8)
    value = choose(tiny, Value(DoubleWord(half, side), zero, nothing), value)
    # Far out it lies between 1 and the float above: x pdf(x) < u/4 from 9.2 (6.3) on.
    far = lax.gt(x, constant(x, 9.2 if unit == 2.0**-53 else 6.3))
    value = choose(far, Value(DoubleWord(one, constant(x, unit / 8)), zero, nothing), value)
    zeros = zeros_of(x.dtype)
    return choose_next_to_zero(x, zeros.gelu_derivative, zeros.gelu_derivative_error, value)


def _gelu_derivative(x: Array) -> tuple[Array, Array]:
    down, up = bounds_of_any(_gelu_derivative_value(x))
    zero = constant(x, 0)
    return down, lax.select(lax.lt(x, constant(x, -2)), lax.min(up, zero), up)


# --- functions of intervals -------------------------------------------------------------


def _minimum(dtype: np.dtype) -> Extremum:
    table = _table(dtype)
    return Extremum(table.minimum_at, table.minimum)


def _tanh_minimum(dtype: np.dtype) -> Extremum:
    table = _table(dtype)
    return Extremum(table.tanh_minimum_at, table.tanh_minimum)


def _derivative_extrema(dtype: np.dtype) -> tuple[Extremum, ...]:
    table = _table(dtype)
    below, above = table.derivative_maximum_at
    return (
        Extremum((-above, -below), table.derivative_minimum),
        Extremum((below, above), table.derivative_maximum),
    )


def _bounded(x: Array) -> Array:
    # Beyond, all is constant or linear; infinity times 0 must not come into derivatives.
    return lax.clamp(constant(x, -40), x, constant(x, 40))


def _smooth_ndtr(x: Array) -> Array:
    return 0.5 * lax.erfc(-0.7071067811865476 * x)


def _smooth(x: Array) -> Array:
    y = _bounded(x)
    return lax.select(lax.gt(x, y), x, y * _smooth_ndtr(y))


def _smooth_tanh(x: Array) -> Array:
    y = _bounded(x)
    value = y * lax.logistic(1.5957691216057308 * (y + 0.044715 * y * y * y))
    return lax.select(lax.gt(x, y), x, value)


def _smooth_derivative(x: Array) -> Array:
    y = _bounded(x)
    return _smooth_ndtr(y) + 0.3989422804014327 * y * lax.exp(-0.5 * y * y)


_gelu_enclosure = valley(_gelu, _smooth, _minimum)
_tanh_gelu_enclosure = valley(_tanh_gelu, _smooth_tanh, _tanh_minimum)
_derivative_enclosure = turning(_gelu_derivative, _smooth_derivative, _derivative_extrema)


@decorable()
def gelu(x: Any, approximate: bool = False) -> Interval:
    """Return an enclosure of x * ndtr(x), or of its tanh form, sharp over wide intervals also.

    Args:
        x: Interval, or numbers, of any shape; float32 or float64.
        approximate: Whether to enclose ``jax.nn.gelu``'s default instead, which is
            ``x (1 + tanh(sqrt(2/pi) (x + 0.044715 x**3))) / 2`` with these decimal numbers.

    Returns:
        Intervals of the same shape and dtype, each bound within 1 ulp of the tightest one and in
        99 of 100 cases equal to it.

    Special cases: gelu(0) = 0 exactly; the lower bound is that of the minimum, -0.16997..., where
    x contains its place, -0.75179... (-0.17004... and -0.75246... in the tanh form).

    Example:
        >>> import interval_jax as ij
        >>> ij.gelu(ij.interval(-2.0, 0.0))
        Interval([-0.169971213, 0], float32)
        >>> ij.gelu(ij.interval(-2.0, 0.0), approximate=True)
        Interval([-0.170040757, 0], float32)
    """
    return (_tanh_gelu_enclosure if approximate else _gelu_enclosure)(as_interval(x))


@decorable()
def gelu_derivative(x: Any) -> Interval:
    """Return an enclosure of ndtr(x) + x norm_pdf(x), sharp over wide intervals also.

    Its maximum 1.1289... and minimum -0.1289... at x = +-sqrt(2) are known. Each bound is within
    1 ulp of the tightest one, next to the root -0.75179... also.

    Example:
        >>> import interval_jax as ij
        >>> from interval_jax.elementary import gelu_derivative
        >>> gelu_derivative(ij.interval(-3.0, 0.0))
        Interval([-0.128904149, 0.5], float32)
    """
    return _derivative_enclosure(as_interval(x))
