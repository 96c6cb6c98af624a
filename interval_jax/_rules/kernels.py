"""Point kernels of JAX's composite functions: next to the tightest bounds at floats.

Bounds made of bounds are off by a unit or not, as the roundings fall, and the enclosure of a
smaller box may reach out of that of a larger. Double words leave next to nothing to chance.
"""

from __future__ import annotations

import numpy as np
from jax import Array, lax

from interval_jax._doubleword import (
    ADD_ERROR,
    DIVIDE_ERROR,
    MULTIPLY_ERROR,
    DoubleWord,
    add_float,
    bounds,
    constant,
    divide,
    exponent_of,
    multiply,
    multiply_float,
    negligible_exponent,
    power_of_two,
)
from interval_jax._rounding import format_of, two_sum
from interval_jax.elementary._exp import exp_error, exp_word, tables_of
from interval_jax.elementary._log import log_value
from interval_jax.elementary._value import Value, beside, choose, zero_at

__all__ = ["mish_bounds", "soft_sign_bounds", "xlogx_bounds"]


def _significand(x: Array) -> tuple[Array, Array]:
    """m and k with ``x = m 2**k`` and 1 <= |m| < 2, for normal numbers."""
    fmt = format_of(x)
    k = exponent_of(x)
    bits = lax.bitcast_convert_type(x, fmt.bits)
    return lax.bitcast_convert_type(bits - (k << (fmt.digits - 1)), fmt.dtype), k


def _relative(word: DoubleWord, error: float) -> Array:
    return lax.abs(word.hi) * constant(word.hi, error)


def soft_sign_bounds(x: Array) -> tuple[Array, Array]:
    """The bounds of x / (1 + |x|), of which 1 + |x| is exact.

    Next to 0 it lies between x and the float on its side of 0, and from 64 / u on between 1 and
    the float below.
    """
    unit = format_of(x).unit
    near = lax.lt(lax.abs(x), constant(x, unit / 2))
    far = constant(x, 64 / unit)
    clipped = lax.max(lax.min(x, far), -far)
    moderate = lax.select(near, constant(x, 1), clipped)
    sum_ = DoubleWord(*two_sum(constant(x, 1), lax.abs(moderate)))
    word = divide(DoubleWord(moderate, constant(x, 0)), sum_)
    k = lax.full_like(exponent_of(x), 0)
    # The quotient is a float if and only if 1 + |x| is a power of two, for x / (1 + x) = q says
    # 1 + x = 1 / (1 - q); it is computed exactly then.
    exact = lax.eq(sum_.lo, constant(x, 0)) & lax.eq(_significand(sum_.hi)[0], constant(x, 1))
    error = _relative(word, DIVIDE_ERROR * unit**2)
    value = Value(word, lax.select(exact, constant(x, 0), error), k)
    value = choose(near, beside(x, -lax.sign(x), k), value)
    return zero_at(x, 0.0, bounds(*value))


def xlogx_bounds(x: Array) -> tuple[Array, Array]:
    """The bounds of x log(x) for x >= 0, 0 at 0: the logarithm times a significand.

    It overflows from 2**1015 (2**122) on, where the logarithm is between 2**9 and 2**10 (2**6 and
    2**7): one step beyond overflow, as :func:`bounds` wants it.
    """
    fmt = format_of(x)
    inf = constant(x, np.inf)
    largest = 2.0**122 if fmt.dtype == np.float32 else 2.0**1015
    clipped = lax.max(lax.min(x, constant(x, largest)), constant(x, fmt.tiny))
    m, k = _significand(clipped)
    log = log_value(DoubleWord(clipped, constant(x, 0)))
    word = multiply_float(log.word, m)
    # In three roundings itself.
    error = (log.error * m + _relative(word, MULTIPLY_ERROR * fmt.unit**2)) * 1.001
    down, up = zero_at(x, 1.0, zero_at(x, 0.0, bounds(word, error, k)))
    infinite = lax.eq(x, inf)
    return lax.select(infinite, inf, down), lax.select(infinite, inf, up)


def _mish_error(unit: float) -> float:
    """Relative error of x E (E + 2) / (E (E + 2) + 2), where E = exp(x).

    It is at most as sensitive to E as E itself: the slope of its logarithm along that of E is
    (4 E + 4) / ((E + 2) (E**2 + 2 E + 2)) <= 1. The denominator has the errors of two sums and a
    product, the numerator of a sum and a product; the others are of the quotient and the product
    with x. In the factor (E + 2) / (E (E + 2) + 2), which is 1 - E / 2 + ... for small E, a clipped
    E is up to 1.9 * 2**-100 (2**-50) too large: 64 u**2 at most.
    """
    steps = 3 * ADD_ERROR + 3 * MULTIPLY_ERROR + DIVIDE_ERROR + 64
    return exp_error(unit) + steps * unit**2


def mish_bounds(x: Array) -> tuple[Array, Array]:
    """The bounds of x tanh(softplus(x)) = x E (E + 2) / (E (E + 2) + 2).

    Above 20 (10) it lies between x and the float below: the rest is below 2 x exp(-2 x).
    """
    fmt = format_of(x)
    large = constant(x, 10 if fmt.dtype == np.float32 else 20)
    above = lax.gt(x, large)
    # exp clips what is so negative that the product underflows, and so must this.
    clipped = lax.min(lax.max(x, constant(x, tables_of(x).exp_range[0])), large)
    power, k = exp_word(clipped)
    scale = power_of_two(x, lax.max(k, lax.full_like(k, negligible_exponent(x))))
    e = DoubleWord(power.hi * scale, power.lo * scale)
    plus_two = add_float(e, constant(x, 2))
    denominator = add_float(multiply(e, plus_two), constant(x, 2))
    quotient = divide(multiply(power, plus_two), denominator)
    m, exponent = _significand(clipped)
    word = multiply_float(quotient, m)
    value = Value(word, _relative(word, _mish_error(fmt.unit)), k + exponent)
    finite = lax.min(x, constant(x, fmt.max))
    below = DoubleWord(finite, finite * constant(x, -fmt.unit / 4))
    value = choose(above, Value(below, constant(x, 0), lax.full_like(k, 0)), value)
    down, up = zero_at(x, 0.0, bounds(*value))
    ends = lax.eq(x, constant(x, np.inf)), lax.eq(x, constant(x, -np.inf))
    inf, zero = constant(x, np.inf), constant(x, 0)
    down = lax.select(ends[0], inf, lax.select(ends[1], zero, down))
    return down, lax.select(ends[0], inf, lax.select(ends[1], zero, up))
