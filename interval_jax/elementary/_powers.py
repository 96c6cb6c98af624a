"""Powers of positive floats, with proven bounds: x**y = 2**(y log2 x), and which are exact.

An exponent of 1000 makes an error of the logarithm 1000 times larger, so that is known to 2**-74
(2**-41 in binary32): see :func:`log2_error`. Integer powers by repeated multiplication serve where
that is faster.

Exact results have to be found out, because no approximation tells whether a number next to a
float is that float. x**y, with x = M 2**e and M odd, is a float exactly if it is a power of two
(M = 1 and e y an integer), or if y = n / 2**j > 0, x is a 2**j-th power and M**y has at most p
digits, :func:`exact_power`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jax import Array, lax

from interval_jax._doubleword import (
    MULTIPLY_ERROR,
    DoubleWord,
    add,
    constant,
    divide,
    exponent_of,
    horner,
    multiply,
    positive_bounds,
    power_of_two,
    renormalised,
)
from interval_jax._rounding import fast_two_sum, format_of, rounded, together, two_prod, two_sum
from interval_jax.elementary._exp import exp_error, exp_word_from, reduced, tables_of, times_ln
from interval_jax.elementary._value import Value, select_above

__all__ = [
    "LARGEST_MULTIPLIED",
    "Scaled",
    "clamped_exponent",
    "exact_power",
    "exact_root",
    "exact_where",
    "exp2_value",
    "exponent_error",
    "integer_power_bounds",
    "log2_error",
    "log2_limits",
    "log2_word",
    "scaled",
    "significand_as_integer",
]

LARGEST_MULTIPLIED = 32
"""The largest integer exponent for which powers are repeated products."""


def log2_error(unit: float) -> float:
    """Relative error of ``log2_word``: 2**-74.6 in binary64, 2**-41 in binary32.

    Relative to C s, the first term of 2 atanh(s) / ln 2 = s (C + z (C' + z q(z))), C' = C / 3, with
    |s| <= 0.0225 and z = s**2 <= 5.07e-4:

    * z q(z) is at most 3.05e-4 C', with errors of u for z.hi instead of z, 2.7u for q and u for
      the product: 1.44e-3 u of C', which is 2.5e-7 u of C; cutting the series is 2**-82 (2**-47);
    * C' + z q has u**2 of a rounded sum, and all that is multiplied by z C' / C = 1.7e-4;
    * C + z (...) has 4 u**2, s 48 u**2, the product 8 u**2, the rest below u**2: 61 u**2, and
      2 u**2 more for a double word x, whose low word is rounded once in c + x.

    The logarithm is k + log2(c) + 2 atanh(s) / ln 2, all but the last 0 for c = 1 and k = 0; else
    |k| + |log2 c| + 0.07 is at most 3.6 times it, as m is between 0.733 and 1.467. In units of
    u**2 of that sum: 1 for the rest of log2 c, and 1 for each of the three sums of low words, all
    of them below 3u. In all below 50 u**2. This function is more than 2.5e-7 u + 111 u**2.
    """
    return (3e-7 + 120 * unit) * unit


def exponent_error(unit: float) -> float:
    """Relative error of y log2 x as a double word, for y as another with one of 2 u**2."""
    return log2_error(unit) + (MULTIPLY_ERROR + 3) * unit**2


class Scaled(NamedTuple):
    """The positive normal number ``significand * 2**exponent``, with 1 <= significand < 2."""

    significand: Array
    exponent: Array


def scaled(x: Array) -> Scaled:
    """Return the parts of positive normal numbers; of 0, the significand 1, below the normals."""
    fmt = format_of(x)
    bits = lax.bitcast_convert_type(x, fmt.bits)
    one = fmt.bias << (fmt.digits - 1)
    significand = lax.bitcast_convert_type((bits & fmt.fraction_mask) | one, fmt.dtype)
    return Scaled(significand, exponent_of(x))


def log2_limits(x: Array) -> tuple[float, float, float]:
    """A number to stand for log2(inf), and limits of exponents that keep all products in range.

    Of numbers other than 1 the logarithm is at least 2**-53 (2**-24): the powers with exponents
    beyond the second limit overflow or vanish, with ones below the first they are next to 1, and
    those of 0 and inf are recognised with any exponent in between.
    """
    if x.dtype == np.float32:
        return 2.0**60, 2.0**-40, 2.0**35
    return 2.0**90, 2.0**-70, 2.0**65


def clamped_exponent(y: Array) -> Array:
    """y between the limits of ``log2_limits``, 0 and signs kept."""
    _, least, most = (constant(y, v) for v in log2_limits(y))
    size = lax.clamp(least, lax.abs(y), most)
    size = lax.select(lax.lt(y, constant(y, 0)), -size, size)
    return lax.select(lax.eq(y, constant(y, 0)), y, size)


def log2_word(x: Array, low: Array | None = None) -> DoubleWord:
    """Return log2(x) within ``log2_error``, x >= 0 or inf; 0 for 1, k for 2**k, without error.

    Or that of the double word (x, low).
    """
    fmt, tables = format_of(x), tables_of(x)
    bits = lax.bitcast_convert_type(x, fmt.bits)
    end = lax.bitcast_convert_type(constant(x, tables.fine_splits[0]), fmt.bits)
    k = (bits - end) >> (fmt.digits - 1)
    m = lax.bitcast_convert_type(bits - (k << (fmt.digits - 1)), fmt.dtype)
    centres, logs, rests = zip(*tables.fine_centres, strict=True)
    splits = tables.fine_splits[1:]
    centre = select_above(m, splits, centres)
    zero = constant(m, 0)
    # m - centre is exact.
    d, t = DoubleWord(m - centre, zero), DoubleWord(*fast_two_sum(centre, m))
    if low is not None:
        low = low * power_of_two(m, lax.max(-k, lax.full_like(k, 4 - fmt.bias)))
        d = DoubleWord(*fast_two_sum(rounded(d.hi), low))
        t = DoubleWord(t.hi, rounded(t.lo + low))
    s = divide(d, t)
    z = multiply(s, s)
    (first, first_rest), (second, second_rest) = (
        [constant(m, part) for part in pair] for pair in tables.fine_atanh
    )
    h, e = fast_two_sum(second, rounded(z.hi * horner(z.hi, tables.fine_coefficients)))
    inner = multiply(DoubleWord(*fast_two_sum(h, rounded(e + second_rest))), z)
    atanh = multiply(add(DoubleWord(first, first_rest), inner), s)
    # k as a float: the integer in the last places of the shift.
    shift = constant(m, tables.exp_shift)
    integer = lax.bitcast_convert_type(shift, fmt.bits) + k
    n = lax.bitcast_convert_type(integer, fmt.dtype) - shift
    h, e = fast_two_sum(n, select_above(m, splits, logs))
    h, e2 = two_sum(h, atanh.hi)
    low = (e + e2) + (select_above(m, splits, rests) + atanh.lo)
    word = renormalised(h, rounded(low))
    infinite = constant(x, log2_limits(x)[0])
    null, boundless = lax.eq(x, zero), lax.eq(x, constant(x, np.inf))
    hi = lax.select(null, -infinite, lax.select(boundless, infinite, word.hi))
    return together(DoubleWord(hi, lax.select(null | boundless, zero, word.lo)))


def exp2_value(p: DoubleWord, relative: float) -> Value:
    """2**p as a Value, for a p with this relative error."""
    base = tables_of(p.hi).base2
    zero = constant(p.hi, 0)
    n, rh, _ = reduced(p.hi, base)
    # What is clipped has no low word.
    low, high = base.exp_range
    inside = lax.gt(p.hi, constant(p.hi, low)) & lax.lt(p.hi, constant(p.hi, high))
    h, k = exp_word_from(times_ln(n, *two_sum(rh, lax.select(inside, p.lo, zero)), base))
    unit = format_of(p.hi).unit
    size = lax.min(lax.abs(p.hi), constant(p.hi, -low))
    # ln 2 = 0.694, rounded up; the rest is for the sum and product here.
    error = h.hi * (exp_error(unit) + size * constant(size, 0.694 * relative))
    # Next to 0, 2**p lies between 1 and the float on that side, and 2**0 is 1.
    near = lax.lt(lax.abs(p.hi), constant(p.hi, unit / 2))
    lo = lax.select(near, p.hi, h.lo)
    return Value(DoubleWord(h.hi, lo), lax.select(near, zero, error), k)


def exact_where(exact: Array, value: Value) -> Value:
    """The value, but its high word without any error where that is exact."""
    zero = lax.full_like(value.error, 0)
    word = DoubleWord(value.word.hi, lax.select(exact, zero, value.word.lo))
    return Value(word, lax.select(exact, zero, value.error), value.exponent)


# --- exact results ----------------------------------------------------------------------


def significand_as_integer(x: Array) -> Array:
    """The significand as an integer of p digits."""
    fmt = format_of(x)
    bits = lax.bitcast_convert_type(x, fmt.bits)
    return (bits & fmt.fraction_mask) | (fmt.fraction_mask + 1)


def _is_integer(y: Array) -> Array:
    return lax.eq(lax.floor(y), y)


def exact_power(x: Array, log2: Array, y: Array, p: DoubleWord, value: Value) -> Array:
    """Tell where x**y, or 2**p, is exactly the float nearest to ``value``.

    Powers of two are where p is exact. For y = n / 2**j > 0 x must have an exact square root j
    times, at most five times as 3**32 is the last 2**j-th power with 53 digits (three times with
    24). Then M**y is an odd integer. If it is below 2**(p+3), a float within the error, at most
    2**-(p+6) of it, is an integer too, so that they are equal. If not, no float equals it.

    Args:
        x: Positive normal floats.
        log2: The logarithm of x, rounded.
        y: The exponent.
        p: y times the logarithm; its high word is y log2 x.
        value: 2**p.
    """
    fmt = format_of(x)
    zero, one = constant(x, 0), constant(x, 1)
    near = lax.le(lax.abs(value.word.lo), value.error)
    part = scaled(x)
    power_of_two = lax.eq(part.significand, one) & _is_integer(p.hi) & lax.eq(p.lo, zero)
    # The number of zeros that the significand ends with, and the logarithm of M.
    integer = significand_as_integer(x)
    trailing = lax.population_count((integer & -integer) - constant(integer, 1))
    shift = constant(x, tables_of(x).exp_shift)
    least = part.exponent + (trailing - constant(trailing, fmt.digits - 1))
    least = lax.bitcast_convert_type(lax.bitcast_convert_type(shift, fmt.bits) + least, fmt.dtype)
    exact = lax.lt(y * (log2 - (least - shift)), constant(y, fmt.digits + 2.5))
    exact = exact & lax.gt(y, zero)
    significand, exponent = part
    for _ in range(5 if fmt.digits == 53 else 3):
        done = _is_integer(y)
        odd = exponent & constant(exponent, 1)
        square = lax.select(lax.eq(odd, constant(odd, 0)), significand, significand + significand)
        root = lax.abs(lax.sqrt(square))
        r = significand_as_integer(root)
        # Modulo the word length, which the remainder of a root to nearest is far below.
        radicand = lax.shift_left(significand_as_integer(significand), odd + (fmt.digits - 1))
        remainder = radicand - r * r
        exact = exact & (done | lax.eq(remainder, constant(remainder, 0)))
        significand = lax.select(done, significand, root)
        exponent = lax.select(done, exponent, (exponent - odd) >> 1)
        y = lax.select(done, y, y + y)
    return near & (power_of_two | (exact & _is_integer(y)))


def exact_root(x: Array, n: int, value: Value) -> Array:
    """Tell where the n-th root of x, or its reciprocal for n < 0, is the float nearest to value.

    For n > 0 the n-th power of that float is exactly x; its significand, if it is not 1, is at
    least 3 without the power of two, so that n is at most 33 (15). The reciprocal is no float
    unless it is a power of two.
    """
    one, zero = constant(x, 1), constant(x, 0)
    # Beyond the exponents of floats all multiples but 0 are too large.
    n = max(-(2**12), min(n, 2**12))
    root, exponent = scaled(value.word.hi)
    exponent = (exponent + value.exponent) * constant(exponent, n)
    target = scaled(x)
    if not 0 < n <= (33 if x.dtype == np.float64 else 15):
        same = lax.eq(target.significand, one) & lax.eq(root, one)
        return same & lax.eq(target.exponent, exponent)
    power, error = _power(root, n)
    found = scaled(power.hi)
    same = lax.eq(power.lo, zero) & lax.eq(error, zero)
    same = same & lax.eq(found.significand, target.significand)
    return same & lax.eq(found.exponent + exponent, target.exponent)


# --- integer powers ---------------------------------------------------------------------


def _squared(a: DoubleWord, error: Array) -> tuple[DoubleWord, Array]:
    """a**2 and its error: of the cross product, of the sum, and a.lo**2 < u |a.lo|."""
    unit = constant(error, format_of(error).unit)
    p, e = two_prod(a.hi, a.hi)
    cross = rounded(2 * a.hi * a.lo)
    low = rounded(e + cross)
    error = 2 * a.hi * error + unit * (1.5 * lax.abs(cross) + lax.abs(low))
    return renormalised(p, low), error


def _times(a: DoubleWord, error: Array, x: Array) -> tuple[DoubleWord, Array]:
    """a * x and its error: of the cross product and of the sum."""
    unit = constant(error, format_of(error).unit)
    p, e = two_prod(a.hi, x)
    cross = rounded(a.lo * x)
    low = rounded(e + cross)
    return renormalised(p, low), error * x + unit * (lax.abs(cross) + lax.abs(low))


def _power(x: Array, n: int) -> tuple[DoubleWord, Array]:
    """x**n for 1 <= x < 2 and 1 <= n < 100, and an error of which 0.99 would do.

    The error is of what was rounded here, not of what might have been: 0 where x**n is a float,
    as then all powers on the way are floats, and tiny next to them, as for x next to 1. Low words
    are 0 or at least 2**-2p, and products with them do not underflow; the error in binary32 does
    if a cross product is below 2**-102, but then e is 0, low is the cross product, its error is far
    below low, and later sums have an e of at least 2**-2p that outweighs it, or none.
    """
    a, error = DoubleWord(x, constant(x, 0)), constant(x, 0)
    # From the leading digit of n to the last: square, and once more x where the digit is 1.
    for digit in f"{n:b}"[1:]:
        a, error = _squared(a, error)
        if digit == "1":
            a, error = _times(a, error, x)
    return a, error


def _reciprocal(a: DoubleWord, error: Array) -> tuple[DoubleWord, Array]:
    """1 / a and its error, 0 if a is a power of two without one.

    With q = 1 / a.hi within 2u, as the inverse r is, and p + e = q a.hi, 1 - p is exact. The
    remainder 1 - q a has the errors of its three operations; times r instead of 1 / a it is
    wrong by 4u of it, one for the product included.
    """
    one, unit = constant(a.hi, 1), constant(a.hi, format_of(a.hi).unit)
    # XLA ends a fused loop before a division with several users; abs is its only one.
    q = rounded(lax.abs(one / a.hi))
    p, e = two_prod(q, a.hi)
    first, second = rounded((one - p) - e), rounded(q * a.lo)
    remainder = rounded(first - second)
    inner = lax.abs(first) + lax.abs(second) + 5 * lax.abs(remainder)
    return renormalised(q, rounded(remainder * q)), (unit * inner + error * q) * q


def integer_power_bounds(x: Array, n: int) -> tuple[Array, Array]:
    """Return the bounds of x**n for x >= 0 or inf and 2 <= |n| <= LARGEST_MULTIPLIED."""
    fmt = format_of(x)
    zero, inf = constant(x, 0), constant(x, np.inf)
    part = scaled(x)
    word, error = _power(part.significand, abs(n))
    if n < 0:
        word, error = _reciprocal(word, error)
    multiple = part.exponent * constant(part.exponent, n)
    down, up = positive_bounds(word, error * 1.01, multiple)
    # The exponent is added to bits, where far beyond the range it would come back into it.
    exponent = exponent_of(word.hi) + multiple
    over = lax.gt(exponent, constant(exponent, fmt.bias))
    under = lax.lt(exponent, constant(exponent, 1 - fmt.bias))
    down = lax.select(over, constant(x, fmt.max), lax.select(under, zero, down))
    up = lax.select(over, inf, lax.select(under, constant(x, fmt.tiny), up))
    return down, up if n < 0 else lax.select(lax.eq(x, zero), zero, up)
