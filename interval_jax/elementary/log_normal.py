"""The logarithm of the normal distribution function, accurate in both tails.

With ``w = |x| / sqrt(2)``, ``z = x**2 / 2`` and ``g = exp(w**2) erfc(w)`` it is

* ``log(g / 2) - z`` for negative x: both terms have the same sign, and far out, where the
  polynomial for g ends, ``g / 2`` comes from the asymptotic series of Mills' ratio;
* ``log(1 - q)``, ``q = erfc(w) / 2``, for positive x, by its series where q is small;
* ``log((1 +- erf(w)) / 2)`` next to 0.
"""

from __future__ import annotations

from typing import Any

import jax
from jax import Array, lax

from interval_jax._decorated import decorable
from interval_jax._doubleword import (
    ADD_ERROR,
    DIVIDE_ERROR,
    MULTIPLY_ERROR,
    DoubleWord,
    add,
    bounds,
    constant,
    divide,
    exponent_of,
    multiply,
    power_of_two,
    renormalised,
)
from interval_jax._interval import Interval, as_interval
from interval_jax._rounding import fast_two_sum, format_of, rounded, stored, two_prod
from interval_jax.elementary._erf import Scaled, argument, assembled, pair, parts, table_of
from interval_jax.elementary._extend import increasing
from interval_jax.elementary._log import log_error, log_word
from interval_jax.elementary._value import Value, choose
from interval_jax.elementary.normal import sum_value

__all__ = ["log_ndtr"]

_SMALL = 2.0**-16
"""Where the series of log(1 - q) begins."""


def _far(x: Array) -> tuple[DoubleWord, float]:
    """Mills' ratio times 1 / sqrt(2 pi) and its relative error, for x beyond the last cut.

    The ratio is m / x, and m lies within the first omitted term of 1 - s + 3 s**2 - 15 s**3 ...,
    s = 1 / x**2. All but the 1 is below s, with roundings of 5u.
    """
    unit = format_of(x).unit
    table = table_of(x.dtype)
    s = constant(x, 1) / (x * x)
    tail = constant(x, 1)
    for k in (11, 9, 7, 5, 3):
        tail = 1 - k * s * tail
    m = DoubleWord(*fast_two_sum(constant(x, 1), -s * tail))
    ratio = divide(multiply(m, pair(x, table.inverse_sqrt_2pi)), DoubleWord(x, constant(x, 0)))
    most = 1 / (1.4 * table.cuts[-1]) ** 2
    operations = (2 + MULTIPLY_ERROR + DIVIDE_ERROR) * unit**2
    return ratio, 135135 * most**7 + 5 * unit * most + operations


def _tail(q: Scaled) -> Value:
    """log(1 - q) = -q (1 + c), c = q/2 + q**2/3 + ..., for q < 2**-16.

    Of c, at most 2**-16.9, the term cut off is q**4/5, and 5u c are roundings, as are u c and
    2 u**2 of the low word.
    """
    hi, unit = q.word.hi, format_of(q.word.hi).unit
    least = lax.full_like(q.exponent, 2 - format_of(hi).bias)
    plain = hi * power_of_two(hi, lax.max(q.exponent, least))
    c = plain * (0.5 + plain * (1 / 3 + plain * 0.25))
    word = renormalised(-hi, -rounded(q.word.lo + hi * c))
    error = hi * (q.error * 1.001 + (2.0**-66 + 2.0**-14 * unit))
    return Value(word, error, q.exponent)


def _log_ndtr(x: Array) -> Value:
    fmt = format_of(x)
    unit, table, size = fmt.unit, table_of(x.dtype), lax.abs(x)
    zero, one = constant(x, 0), constant(x, 1)
    # A huge x, whose logarithm is beyond the last place of x**2, even in double words.
    huge = 2.0 ** (fmt.digits + 5)
    clipped = lax.min(size, constant(x, huge))
    w = argument(x, halved=True)
    of_x = parts(w)
    r = assembled(w, of_x)
    negative, first = lax.lt(x, zero), of_x.first
    # 1 + ndtr's distance from 1/2, or 2 - erfc: twice the value.
    near = sum_value(
        lax.select(first, one, constant(x, 2)), lax.select(first & ~negative, one, -one), r
    )
    far, far_error = _far(lax.max(clipped, constant(x, 1.4 * table.cuts[-1])))
    beyond = lax.gt(size, constant(x, 1.4 * table.cuts[-1]))
    left = negative & ~first
    half = constant(x, 0.5)

    def chosen(twice: Array, g: Array, tail: Array) -> Array:
        value = lax.select(left, g, twice) * half
        return stored(lax.select(left & beyond, tail, value))

    argument_of_log = DoubleWord(
        *(chosen(t, g, f) for t, g, f in zip(near.word, of_x.polynomial.word, far))
    )
    relative = lax.select(beyond, constant(x, far_error), of_x.polynomial.error)
    relative = lax.select(left, relative, near.error / near.word.hi)
    logarithm = log_word(argument_of_log)
    square, square_error = two_prod(clipped, clipped)
    z = DoubleWord(square * -half, square_error * -half)
    z = DoubleWord(lax.select(left, z.hi, zero), lax.select(left, z.lo, zero))
    word = add(logarithm, z)
    error = lax.abs(logarithm.hi) * constant(x, log_error(unit)) + relative * 1.001
    error = error + lax.abs(word.hi) * constant(x, ADD_ERROR * unit**2 * 1.01)
    value = Value(word, error, lax.full_like(r.exponent, 0))
    q = r._replace(exponent=r.exponent - 1)
    value = choose(~negative & ~first & lax.lt(_plain(q), constant(x, _SMALL)), _tail(q), value)
    value = choose(negative & lax.ge(size, constant(x, huge)), _huge(x), value)
    return value


def _plain(q: Scaled) -> Array:
    return q.word.hi * power_of_two(q.word.hi, lax.max(q.exponent, lax.full_like(q.exponent, -60)))


def _huge(x: Array) -> Value:
    """-x**2 / 2 - c, for a c so small that only its sign counts: 0 < c < 2**(-2p - 2) x**2.

    x**2 / 2 is a multiple of 2**(1 - 2p) of its leading digit. Beyond 1.5 * 2**512 (2**64) it
    overflows.
    """
    fmt = format_of(x)
    size = lax.min(lax.abs(x), constant(x, 1.5 * 2.0 ** ((fmt.bias + 1) // 2)))
    k = exponent_of(size)
    m = size * power_of_two(x, -k)
    square, error = two_prod(m, m)
    low = rounded(error + square * constant(x, fmt.unit**2 / 4))
    return Value(DoubleWord(-square, -low), constant(x, 0), 2 * k - 1)


def _smooth(x: Array) -> Array:
    # Infinity times 0 must not come into derivatives.
    end = constant(x, -1000)
    outside, inside = lax.min(x, end), lax.clamp(end, x, constant(x, 40))
    return lax.select(lax.lt(x, end), -0.5 * outside * outside, jax.scipy.special.log_ndtr(inside))


_log_ndtr_enclosure = increasing(lambda x: bounds(*_log_ndtr(x)), _smooth)


@decorable()
def log_ndtr(x: Any) -> Interval:
    """Return an enclosure of the logarithm of the standard normal distribution function.

    Args:
        x: Interval, or numbers, of any shape; float32 or float64.

    Returns:
        Intervals of the same shape and dtype, each bound within 1 ulp of the tightest one and in
        99 of 100 cases equal to it: in the lower tail, where it is about -x**2/2, and in the upper
        one, where it is about -ndtr(-x).

    Special cases: the bounds -inf and 0 are the limits.

    Example:
        >>> import interval_jax as ij
        >>> ij.log_ndtr(ij.interval(-10.0, 0.0))
        Interval([-53.231289, -0.693147122], float32)
    """
    return _log_ndtr_enclosure(as_interval(x))
