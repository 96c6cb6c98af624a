"""Kernels of exponential functions with proven bounds.

``exp_word`` and others return a double word and a bound of its error, which adds up every rounding,
the error of the reduced argument and of the series. They are written so that the bound holds in
both formats and however XLA contracts sums (see :mod:`interval_jax._doubleword`). Errors are
counted in units of u, the unit roundoff.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jax import Array, lax

from interval_jax._doubleword import (
    DoubleWord,
    bounds,
    constant,
    head,
    head_error,
    horner,
    negligible_exponent,
    power_of_two,
)
from interval_jax._rounding import fast_two_sum, format_of, rounded, two_prod, two_sum
from interval_jax.elementary._exp_log_tables import FLOAT32, FLOAT64, Base, Tables
from interval_jax.elementary._value import Value, beside, choose, zero_at

__all__ = [
    "base_exp_value",
    "exp_error",
    "exp_value",
    "exp_word",
    "exp_word_from",
    "expm1_bounds",
    "expm1_value",
    "largest_exponent_of_ten",
    "minus_one",
    "reduced",
    "tables_of",
    "times_ln",
]


def exp_error(unit: float) -> float:
    """Relative error of ``exp_word``: 2**-62.5 in binary64, 2**-31.5 in binary32.

    Let |r| <= R = 0.0867, t = r**3/6 + ... <= 1.11e-4, exp(r) >= 0.917, r = a + b, and H be
    ``head_error``, 2.44e-4 in binary32 and nothing in binary64. In 1e-4 u:

    * t, 6.8: u for each of r**2, r p, the sum with rl / 2 and their product, 2.1u for the
      polynomial p (u of its first coefficient, u of the last sum, 0.1u of the rest); 0.04 of
      cutting the series;
    * rl r**3 / 6, left out, 4.6 in binary32, where the third part of ln 2 / 4 times the integer
      reaches 4u, and 0 in binary64;
    * b, at most H, 2.44; b (a + b/2), in two roundings, 0.4; its sum with b, 2.7, and with t, 3.8
      (1.1 in binary64);
    * the sum with h - head(h), at most H, 6.3 (1.1); times the root, 6.3 (1.1); the rest of the
      root, at most 0.83 H of it, rounded, and times h, 6.6 (0); the last sum, 8.5 (1.1);
    * for a double-word argument u |x.lo| <= u**2 |x|, twice, 0.1, but then |rl| < u / 16.

    In all 48.4 (11.3), over 0.917: 52.8 (12.4), and this function is 54.5 (13).
    """
    return (13e-4 + 17 * head_error(unit)) * unit


EXPM1_ERROR = 84e-4
"""Relative error in units of u of exp(x) - 1 for |x| <= R, where it is the series itself.

In 1e-4 u |x|, with t at most 12.8e-4 |x| and H as above: t, 5.1 * 12.8 = 65.3, as there is no
rl, and 0.2 of cutting it; the sum with it 13.0; b (x + a) / 2 <= R H |x| in two roundings, and
its sum with e, 0.7. In all 79.2; |expm1(x)| >= 0.958 |x| makes that 82.7.
"""


def tables_of(x: Array) -> Tables:
    """The constants of the format of x."""
    return FLOAT32 if x.dtype == np.float32 else FLOAT64


def largest_exponent_of_ten(x: Array) -> float:
    """The last n for which 10**n is a float."""
    return 10.0 if x.dtype == np.float32 else 22.0


class _Series(NamedTuple):
    """exp(x) = 2**(n/4) exp(r) with r = rh + rl, and exp(r) = 1 + r + r**2/2 + tail."""

    n: Array
    rh: Array
    rl: Array
    tail: Array


def reduced(x: Array, constants: Tables | Base) -> tuple[Array, Array, Array]:
    """The integer n, and x - n log_b(2) / 4 as a float and the rest."""
    low, high = constants.exp_range
    x = lax.clamp(constant(x, low), x, constant(x, high))
    shift = constant(x, tables_of(x).exp_shift)
    # Rounded after the product also: all uses must see the same integer.
    shifted = rounded(rounded(x * constant(x, constants.exp_steps)) + shift)
    bits = format_of(x).bits
    n = shifted - shift
    first, second, third = (n * constant(x, part) for part in constants.exp_step)
    # n * first and n * second are exact. So is the difference: both terms are multiples of the
    # last place of R / 2**p, and it is at most R. It is also a multiple of the last place of
    # n * second, which is all that the proof of fast_two_sum needs of the larger operand.
    rh, rl = fast_two_sum(x - first, -second)
    integer = lax.bitcast_convert_type(shifted, bits) - lax.bitcast_convert_type(shift, bits)
    return integer, rh, rl - third


def _with_tail(n: Array, rh: Array, rl: Array) -> _Series:
    coefficients = tables_of(rh).exp_coefficients
    return _Series(n, rh, rl, (rh * rh) * (rh * horner(rh, coefficients) + rl * 0.5))


def _series(x: DoubleWord | Array) -> _Series:
    hi = x.hi if isinstance(x, DoubleWord) else x
    n, rh, rl = reduced(hi, tables_of(hi))
    if isinstance(x, DoubleWord):
        rh, rl = two_sum(rh, rounded(rl + x.lo))
    return _with_tail(n, rh, rl)


def times_ln(n: Array, rh: Array, rl: Array, base: Base) -> _Series:
    """The series of b**(n log_b(2) / 4 + rh + rl), for |rl| below u."""
    ln, rest = (constant(rh, part) for part in base.ln)
    product, error = two_prod(rh, ln)
    # In u**2: 1 and 1 for the products, 1 for their sum, 4 for that with the error.
    return _with_tail(n, product, error + (rh * rest + rl * ln))


def base_exp_value(x: Array, base: Base, largest: float) -> Value:
    """b**x as a Value, exact for integers x from 0 to ``largest``, the last whose power is a float.

    For b = 2 also for all negative ones.
    """
    unit = format_of(x).unit
    h, k = exp_word_from(times_ln(*reduced(x, base), base))
    error = h.hi * constant(x, exp_error(unit))
    # Next to 0, b**x lies between 1 and the float on that side, as ln b < 4.
    near = lax.lt(lax.abs(x), constant(x, unit / 8))
    lo = lax.select(near, x, h.lo)
    # The float within the error of an exact result is that result.
    exact = lax.eq(lax.floor(x), x) & lax.le(x, constant(x, largest))
    if base.exp_step[0] != 0.25:
        exact = exact & lax.ge(x, constant(x, 0))
    zero = constant(x, 0)
    error = lax.select(near | exact, zero, error)
    return Value(DoubleWord(h.hi, lax.select(exact, zero, lo)), error, k)


def exp_word(x: DoubleWord | Array) -> tuple[DoubleWord, Array]:
    """Return ``h, k`` with ``h * 2**k = exp(x)`` within ``exp_error``, and 0.9 < h < 1.9.

    Args:
        x: Floats, or double words with |lo| <= u |hi|. Arguments beyond ``exp_range`` (-745 and
            709.8 in binary64, -104 and 89 in binary32) are clipped to it; their results are
            wrong but still overflow or, even times max(1, |x|), underflow.

    Returns:
        The significand, with ``hi`` the float nearest to it, and the integer exponent k.
    """
    return exp_word_from(_series(x))


def exp_word_from(s: _Series) -> tuple[DoubleWord, Array]:
    tables = tables_of(s.rh)
    # r = a + b with a on a grid so coarse that 1 + a + a**2/2 is exact.
    shift = constant(s.rh, tables.exp_head_shift)
    a = rounded(s.rh + shift) - shift
    b = (s.rh - a) + s.rl
    h = 1 + (a + a * a * 0.5)
    low = (b + b * (a + b * 0.5)) + s.tail
    # Times 2**(j/4), of which the leading part is a head: exact for the head of h.
    piece = s.n & 3
    root, rest = (constant(h, part) for part in tables.exp_roots[0])
    for j in (1, 2, 3):
        here = lax.eq(piece, constant(piece, j))
        root = lax.select(here, constant(h, tables.exp_roots[j][0]), root)
        rest = lax.select(here, constant(h, tables.exp_roots[j][1]), rest)
    h_head = head(h)
    low = ((h - h_head) + low) * root + (h + low) * rest
    return DoubleWord(*fast_two_sum(h_head * root, rounded(low))), s.n >> 2


def exp_value(x: Array) -> Value:
    """exp(x) as a Value."""
    unit = format_of(x).unit
    h, k = exp_word(x)
    # Next to 0, exp(x) lies between 1 and the float on that side, and exp(0) is 1.
    near = lax.lt(lax.abs(x), constant(x, unit / 2))
    lo = lax.select(near, x, h.lo)
    error = lax.select(near, constant(x, 0), h.hi * constant(x, exp_error(unit)))
    return Value(DoubleWord(h.hi, lo), error, k)


def minus_one(power: Value) -> Value:
    """The value less 1, for a significand between 0.9 and 1.9; exact where that has no low word."""
    (hi, lo), relative, k = power
    unit = format_of(hi).unit
    # Times 2**-k if that is large. Beyond the limits 1, or what is next to 1, is negligible.
    zero, limit = lax.full_like(k, 0), lax.full_like(k, negligible_exponent(hi))
    scale = power_of_two(hi, lax.max(lax.min(k, zero), limit))
    one = power_of_two(hi, lax.max(lax.min(-k, zero), limit))
    hi, lo = hi * scale, lo * scale
    larger = lax.gt(hi, one)
    h, e = fast_two_sum(lax.select(larger, hi, -one), lax.select(larger, -one, hi))
    word = DoubleWord(*fast_two_sum(h, rounded(e + lo)))
    # Of the sums, e + lo has an error of u**2 (|h| + |hi|), and none for lo = 0.
    sums = hi * constant(hi, 4 * unit**2) + lax.abs(word.hi) * constant(hi, 2 * unit**2)
    none = constant(hi, 0)
    error = relative * scale + lax.select(lax.eq(lo, none), none, sums)
    return Value(word, error * constant(hi, 1 + 4 * unit), lax.max(k, zero))


def expm1_value(x: Array) -> Value:
    """exp(x) - 1 as a Value."""
    unit = format_of(x).unit
    s = _series(x)
    # Without reduction: r + r**2/2 + t, where r = a + b, and a**2 is exact.
    a = head(x)
    b = x - a
    h, e = fast_two_sum(x, a * a * 0.5)
    h, e = fast_two_sum(h, rounded((e + b * ((x + a) * 0.5)) + s.tail))
    zero = lax.full_like(s.n, 0)
    direct = Value(DoubleWord(h, e), lax.abs(h) * constant(x, EXPM1_ERROR * unit), zero)
    power, k = exp_word_from(s)
    reduced = minus_one(Value(power, power.hi * constant(x, exp_error(unit)), k))
    value = choose(lax.eq(s.n, zero), direct, reduced)
    near = lax.lt(lax.abs(x), constant(x, unit / 2))
    return choose(near, beside(x, constant(x, 1), zero), value)


def expm1_bounds(x: Array) -> tuple[Array, Array]:
    down, up = zero_at(x, 0.0, bounds(*expm1_value(x)))
    return lax.max(down, constant(x, -1)), up
