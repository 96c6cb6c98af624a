"""Kernels of activation functions and of their derivatives, with proven bounds.

All are quotients of ``e = exp(-|x|)``, which never overflows, written without cancellation.
``e`` is a double word times a power of two; next to 1 a power below 2**-100 (2**-50 in binary32)
is clipped to that, so that nothing underflows on the way.
"""

from __future__ import annotations

from typing import NamedTuple

from jax import Array, lax

from interval_jax._doubleword import (
    ADD_ERROR,
    DIVIDE_ERROR,
    MULTIPLY_ERROR,
    DoubleWord,
    add,
    add_float,
    bounds,
    constant,
    divide,
    divide_to_head,
    exponent_of,
    head,
    head_error,
    multiply,
    negligible_exponent,
    one_plus,
    positive_bounds,
    power_of_two,
)
from interval_jax._rounding import fast_two_sum, format_of, rounded, two_sum
from interval_jax.elementary._exp import exp_error, exp_word, expm1_value, tables_of
from interval_jax.elementary._log import log1p_word, log_error
from interval_jax.elementary._value import Value, beside, bounds_of_any, choose
from interval_jax.elementary._zeros import choose_next_to_zero
from interval_jax.elementary._zeros import table_of as zeros_of

__all__ = [
    "logistic_bounds",
    "logistic_derivative_bounds",
    "silu_bounds",
    "silu_derivative_bounds",
    "softplus_bounds",
    "tanh_bounds",
    "tanh_derivative_bounds",
]


class _Decay(NamedTuple):
    """``e = exp(-|x|)`` as ``word * 2**exponent``, and with exponents clipped as ``clipped``."""

    word: DoubleWord
    exponent: Array
    clipped: DoubleWord


def _decay(x: Array) -> _Decay:
    word, k = exp_word(-lax.abs(x))
    scale = power_of_two(x, lax.max(k, lax.full_like(k, negligible_exponent(x))))
    return _Decay(word, k, DoubleWord(word.hi * scale, word.lo * scale))


def _select(mask: Array, a: DoubleWord, b: DoubleWord) -> DoubleWord:
    return DoubleWord(*(lax.select(mask, p, q) for p, q in zip(a, b)))


def _relative(word: DoubleWord, error: float) -> Array:
    return lax.abs(word.hi) * constant(word.hi, error)


def _one(x: Array) -> DoubleWord:
    return DoubleWord(constant(x, 1), constant(x, 0))


# --- logistic and silu ------------------------------------------------------------------


def _logistic_error(unit: float) -> float:
    """Relative error of ``_logistic``.

    1 / (1 + e) and e / (1 + e) are at most as sensitive as e itself. The sum adds 3 u**2, the
    quotient as stated there.
    """
    return exp_error(unit) + 8 * unit * head_error(unit) + 4 * unit**2


def _logistic(x: Array) -> tuple[DoubleWord, Array]:
    """Return ``h, k`` with ``h * 2**k = logistic(x)``: 1 / (1 + e), or e / (1 + e) for x < 0.

    The high word is a head.
    """
    e = _decay(x)
    negative = lax.lt(x, constant(x, 0))
    numerator = _select(negative, e.word, _one(x))
    exponent = lax.select(negative, e.exponent, lax.full_like(e.exponent, 0))
    return divide_to_head(numerator, one_plus(e.clipped)), exponent


def logistic_bounds(x: Array) -> tuple[Array, Array]:
    unit = format_of(x).unit
    word, k = _logistic(x)
    hi, lo = fast_two_sum(word.hi, rounded(word.lo))
    # Next to 0, logistic(x) lies between 1/2 and the float on that side.
    near = lax.lt(lax.abs(x), constant(x, unit / 2))
    lo = lax.select(near, x, lo)
    error = lax.select(near, constant(x, 0), hi * constant(x, _logistic_error(unit)))
    down, up = positive_bounds(DoubleWord(hi, lo), error, k)
    return down, lax.min(up, constant(x, 1))


def silu_bounds(x: Array) -> tuple[Array, Array]:
    fmt = format_of(x)
    unit, zero = fmt.unit, constant(x, 0)
    # exp clips what is so negative that the product underflows, and so must this.
    clipped = lax.max(x, constant(x, tables_of(x).exp_range[0]))
    word, k = _logistic(clipped)
    # Times the significand of x, exact for its head; the exponent is exact anyway.
    exponent = exponent_of(clipped)
    significand = lax.bitcast_convert_type(
        lax.bitcast_convert_type(clipped, fmt.bits) - (exponent << (fmt.digits - 1)), fmt.dtype
    )
    leading = head(significand)
    rest = (significand - leading) * word.hi + significand * word.lo
    hi, lo = fast_two_sum(leading * word.hi, rounded(rest))
    # The rest is at most 2.1 head_error of the product, in three roundings.
    relative = _logistic_error(unit) + 6 * unit * head_error(unit)
    # Next to 0, silu(x) lies between x / 2 and the float above.
    near = lax.lt(lax.abs(x), constant(x, unit / 2))
    lo = lax.select(near, constant(x, unit / 8), lo)
    error = lax.select(near, zero, lax.abs(hi) * constant(x, relative))
    down, up = bounds(DoubleWord(hi, lo), error, k + exponent)
    # silu(x) < x for x > 0, and the significand of 0 is not 0.
    up = lax.select(lax.gt(x, zero), lax.min(up, x), up)
    root = lax.eq(x, zero)
    return lax.select(root, zero, down), lax.select(root, zero, up)


# --- tanh -------------------------------------------------------------------------------


def tanh_bounds(x: Array) -> tuple[Array, Array]:
    """tanh(|x|) = -y / (2 + y) with y = expm1(-2 |x|)."""
    unit = format_of(x).unit
    size = lax.min(lax.abs(x), constant(x, 30))
    y = expm1_value(size * -2)
    two, e = fast_two_sum(constant(x, 2), y.word.hi)
    quotient = divide_to_head(
        DoubleWord(-y.word.hi, -y.word.lo), DoubleWord(two, rounded(e + y.word.lo))
    )
    word = DoubleWord(*fast_two_sum(quotient.hi, rounded(quotient.lo)))
    # The derivative 2 / (2 + y)**2 is convex in y, 1/2 at 0 and 2 at -1.
    slope = constant(x, 0.5) - constant(x, 1.5) * y.word.hi
    error = y.error * slope * constant(x, 1 + 8 * unit)
    error = error + word.hi * constant(x, 8 * unit * head_error(unit) + 4 * unit**2)
    value = Value(word, error, lax.full_like(y.exponent, 0))
    # x - x**3 / 3 lies between x and the float below if x**2 <= u.
    near = lax.lt(size, constant(x, unit**0.5 / 2))
    value = choose(near, beside(size, constant(x, -1), y.exponent), value)
    down, up = positive_bounds(*value)
    up = lax.min(up, constant(x, 1))
    zero = constant(x, 0)
    negative, root = lax.lt(x, zero), lax.eq(x, zero)
    down, up = lax.select(negative, -up, down), lax.select(negative, -down, up)
    return lax.select(root, zero, down), lax.select(root, zero, up)


# --- softplus ---------------------------------------------------------------------------


def softplus_bounds(x: Array) -> tuple[Array, Array]:
    """log(1 + exp(x)) = max(x, 0) + log1p(e)."""
    unit, zero = format_of(x).unit, constant(x, 0)
    # Loops of their own: the vectoriser of jax 0.12 takes time exponential in shared values.
    e = lax.optimization_barrier(_decay(x))
    log = lax.optimization_barrier(log1p_word(e.clipped))
    positive = lax.ge(x, zero)
    word = _select(positive, add_float(log, lax.max(x, zero)), log)
    # log1p is at most as sensitive as e itself; a clipped e stands for itself, next to which
    # its square is negligible.
    error = _relative(word, log_error(unit) + exp_error(unit) + 2 * ADD_ERROR * unit**2)
    limit = lax.full_like(e.exponent, negligible_exponent(x))
    nothing = lax.full_like(e.exponent, 0)
    exponent = lax.select(positive, nothing, e.exponent - lax.max(e.exponent, limit))
    down, up = positive_bounds(word, error, exponent)
    return lax.max(down, x), up


# --- derivatives ------------------------------------------------------------------------


def _logistic_slope(x: Array) -> tuple[DoubleWord, Array]:
    """``h, k`` with ``h * 2**k = e / (1 + e)**2``, the derivative of logistic."""
    e = _decay(x)
    root = one_plus(e.clipped)
    square = multiply(root, root)
    quotient = divide_to_head(e.word, square)
    return DoubleWord(*fast_two_sum(quotient.hi, rounded(quotient.lo))), e.exponent


def _logistic_slope_error(unit: float) -> float:
    """Relative error of ``_logistic_slope``: its sensitivity to e is (1 - e) / (1 + e)."""
    return exp_error(unit) + 8 * unit * head_error(unit) + (8 + MULTIPLY_ERROR) * unit**2


def logistic_derivative_bounds(x: Array) -> tuple[Array, Array]:
    word, k = _logistic_slope(x)
    down, up = positive_bounds(word, _relative(word, _logistic_slope_error(format_of(x).unit)), k)
    return _at_most(x, 0.25, down, up)


def tanh_derivative_bounds(x: Array) -> tuple[Array, Array]:
    """1 - tanh(x)**2 is four times the derivative of logistic at 2x."""
    fmt = format_of(x)
    half_range = constant(x, fmt.max / 2)
    word, k = _logistic_slope(2 * lax.clamp(-half_range, x, half_range))
    down, up = positive_bounds(word, _relative(word, _logistic_slope_error(fmt.unit)), k + 2)
    return _at_most(x, 1.0, down, up)


def _at_most(x: Array, peak: float, down: Array, up: Array) -> tuple[Array, Array]:
    """The bounds of a function with this value at 0, its maximum."""
    top = constant(x, peak)
    at_top = lax.eq(x, constant(x, 0))
    return lax.select(at_top, top, down), lax.min(up, top)


def silu_derivative_bounds(x: Array) -> tuple[Array, Array]:
    """(1 + e (1 + x)) / (1 + e)**2, or e (1 + x + e) / (1 + e)**2 for x < 0.

    Where 1 + x + e cancels, around x = -1.278, its error is that of e: exp_error e, and
    ADD_ERROR u**2 of |1 + x| + e <= |1 + x + e| + 2e. It comes times e, which is above the
    other factor e / (1 + e)**2. The other factors have relative errors, together
    3 exp_error and the operations'. Next to the root an expansion takes the place of all this.
    """
    fmt = format_of(x)
    unit, zero, one = fmt.unit, constant(x, 0), constant(x, 1)
    low = constant(x, tables_of(x).exp_range[0])
    clipped = lax.clamp(low, x, -low)
    e = _decay(clipped)
    negative = lax.lt(x, zero)
    shifted = DoubleWord(*two_sum(one, clipped))
    product = multiply(shifted, _select(negative, _one(x), e.clipped))
    numerator = add(product, _select(negative, e.clipped, _one(x)))
    root = one_plus(e.clipped)
    quotient = divide(numerator, multiply(root, root))
    word = multiply(quotient, _select(negative, e.word, _one(x)))
    operations = (3 * ADD_ERROR + 4 * MULTIPLY_ERROR + DIVIDE_ERROR) * unit**2
    error = _relative(word, 3 * exp_error(unit) + operations)
    cancelling = e.word.hi * constant(x, exp_error(unit) + 3 * ADD_ERROR * unit**2)
    error = error + lax.select(negative, cancelling, zero)
    exponent = lax.select(negative, e.exponent, lax.full_like(e.exponent, 0))
    # Next to 0, where the derivative is 1/2 + x/2, it lies between 1/2 and the float on that side.
    near = lax.lt(lax.abs(x), constant(x, unit / 4))
    lo = lax.select(near, x, word.lo)
    error = lax.select(near, zero, error * constant(x, 1 + 8 * unit))
    # Around the root the exponent is taken into the value.
    scale = power_of_two(x, lax.select(lax.lt(lax.abs(x), constant(x, 3)), exponent, exponent * 0))
    moderate = Value(DoubleWord(word.hi * scale, lo * scale), error * scale, exponent * 0)
    value = Value(DoubleWord(word.hi, lo), error, exponent)
    value = choose(lax.lt(lax.abs(x), constant(x, 3)), moderate, value)
    zeros = zeros_of(fmt.dtype)
    value = choose_next_to_zero(x, zeros.silu_derivative, zeros.silu_derivative_error, value)
    down, up = bounds_of_any(value)
    # Beyond its extrema it tends to 1 from above, and to 0 from below.
    down = lax.select(lax.gt(x, constant(x, 2)), lax.max(down, one), down)
    return down, lax.select(lax.lt(x, constant(x, -2)), lax.min(up, zero), up)
