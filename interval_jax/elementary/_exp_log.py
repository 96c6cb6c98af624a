"""Exponential and logarithmic functions with proven bounds.

The kernels of points, ``exp_word``, ``log_word`` and others, return a double word and a bound of
its error, which adds up every rounding, the error of the reduced argument and of the series. They
are written so that the bound holds in both formats and however XLA contracts sums (see
:mod:`interval_jax._doubleword`). Errors are counted in units of u, the unit roundoff.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jax import Array, lax

from interval_jax._doubleword import (
    DoubleWord,
    bounds,
    constant,
    divide_to_head,
    head,
    head_error,
    horner,
    power_of_two,
)
from interval_jax._rounding import fast_two_sum, format_of, rounded, two_sum
from interval_jax.elementary._exp_log_tables import FLOAT32, FLOAT64, Tables
from interval_jax.elementary._value import Value, beside, choose, select_above, zero_at

__all__ = [
    "exp_error",
    "exp_value",
    "exp_word",
    "expm1_bounds",
    "expm1_value",
    "log1p_bounds",
    "log1p_word",
    "log_bounds",
    "log_error",
    "log_word",
    "negligible_exponent",
    "tables_of",
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


def log_error(unit: float) -> float:
    """Relative error of ``log_word``, ``log1p_word``: 2**-59.9 in binary64, 2**-30.4 in binary32.

    With s = d / t, |s| <= 0.0456 and z = s**2 <= 0.00208, 2 atanh(s) is 2s + 2s z (1/3 + ...), and
    H as above. In 1e-4 u |2s|:

    * the series is 6.95e-4 of 2s, with errors of u for s, 3u for z, u for each product with s and
      with the polynomial, and 1.6u for that (0.5u of 2/3, u of the sum): 52.8; cutting it 1.0;
    * the quotient, 8 H: 19.5 (0 in binary64);
    * three sums contain the series and the low word of s, at most H: 28.2 (20.9).

    In all 101 (74.7). The logarithm is at least |2s| if B = k ln 2 + log(centre) is 0, else at
    least 0.0849 where |2s| is at most 0.0912: 108.5 (80.3). The low word of B is below 2**-16
    (2**-42) of the result and goes through four roundings: 0.6 (0). This function is 111 (82).
    """
    return (82e-4 + 12 * head_error(unit)) * unit


def tables_of(x: Array) -> Tables:
    """The constants of the format of x."""
    return FLOAT32 if x.dtype == np.float32 else FLOAT64


def negligible_exponent(x: Array) -> int:
    """An exponent k such that 1 + 2**k is 1 even in double words, while 2**k is far from tiny."""
    return -50 if x.dtype == np.float32 else -100


# --- exp --------------------------------------------------------------------------------


class _Series(NamedTuple):
    """exp(x) = 2**(n/4) exp(r) with r = rh + rl, and exp(r) = 1 + r + r**2/2 + tail."""

    n: Array
    rh: Array
    rl: Array
    tail: Array


def _series(x: DoubleWord | Array) -> _Series:
    hi = x.hi if isinstance(x, DoubleWord) else x
    tables = tables_of(hi)
    low, high = tables.exp_range
    hi = lax.clamp(constant(hi, low), hi, constant(hi, high))
    shift = constant(hi, tables.exp_shift)
    # Rounded after the product also: all uses must see the same integer.
    shifted = rounded(rounded(hi * constant(hi, tables.exp_steps)) + shift)
    bits = format_of(hi).bits
    n = shifted - shift
    first, second, third = (n * constant(hi, part) for part in tables.exp_step)
    # n * first and n * second are exact. So is the difference: both terms are multiples of the
    # last place of R / 2**p, and it is at most R. It is also a multiple of the last place of
    # n * second, which is all that the proof of fast_two_sum needs of the larger operand.
    rh, rl = fast_two_sum(hi - first, -second)
    rl = rl - third
    if isinstance(x, DoubleWord):
        rh, rl = two_sum(rh, rounded(rl + x.lo))
    tail = (rh * rh) * (rh * horner(rh, tables.exp_coefficients) + rl * 0.5)
    integer = lax.bitcast_convert_type(shifted, bits) - lax.bitcast_convert_type(shift, bits)
    return _Series(integer, rh, rl, tail)


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
    # With it: exp(x) - 1, times 2**-k if that is large. Beyond the limits 1, or exp(x) next
    # to 1, is negligible.
    power, k = exp_word_from(s)
    limit = lax.full_like(k, negligible_exponent(x))
    scale = power_of_two(x, lax.max(lax.min(k, zero), limit))
    one = power_of_two(x, lax.max(lax.min(-k, zero), limit))
    power = DoubleWord(power.hi * scale, power.lo * scale)
    rising = lax.gt(s.n, zero)
    h, e = fast_two_sum(lax.select(rising, power.hi, -one), lax.select(rising, -one, power.hi))
    word = DoubleWord(*fast_two_sum(h, rounded(e + power.lo)))
    # Of the sums, e + power.lo has an error of u**2 (|h| + |power|).
    error = power.hi * constant(x, exp_error(unit) + 4 * unit**2)
    error = error + lax.abs(word.hi) * constant(x, 2 * unit**2)
    reduced = Value(word, error * constant(x, 1 + 4 * unit), lax.max(k, zero))
    value = choose(lax.eq(s.n, zero), direct, reduced)
    near = lax.lt(lax.abs(x), constant(x, unit / 2))
    return choose(near, beside(x, constant(x, 1), zero), value)


def expm1_bounds(x: Array) -> tuple[Array, Array]:
    down, up = zero_at(x, 0.0, bounds(*expm1_value(x)))
    return lax.max(down, constant(x, -1)), up


# --- log --------------------------------------------------------------------------------


def _two_atanh(d: DoubleWord, t: DoubleWord) -> DoubleWord:
    """2 atanh(d / t) for |d / t| <= 0.0456, as a sum whose low word is up to 7e-4 of the high."""
    s = divide_to_head(d, t)
    both = s.hi + s.lo
    z = both * both
    series = (both * z) * horner(z, tables_of(z).atanh_coefficients)
    return DoubleWord(s.hi * 2, rounded(2 * s.lo + series))


def _log_sum(leading: Array, rest: Array, x: DoubleWord) -> DoubleWord:
    """leading + rest + x, for |leading| > |x| or leading = rest = 0."""
    h, e = fast_two_sum(leading, x.hi)
    return DoubleWord(*fast_two_sum(h, rounded(e + (rest + x.lo))))


def log_word(x: DoubleWord) -> DoubleWord:
    """Return ``log(x)`` within ``log_error``, for x.hi > 0 normal and x exact.

    Where 0 is the result, it is 0 with no error.
    """
    fmt, tables = format_of(x.hi), tables_of(x.hi)
    # x = 2**k m with m between the ends of the first and the last piece.
    bits = lax.bitcast_convert_type(x.hi, fmt.bits)
    end = lax.bitcast_convert_type(constant(x.hi, tables.log_splits[0]), fmt.bits)
    k = (bits - end) >> (fmt.digits - 1)
    m = lax.bitcast_convert_type(bits - (k << (fmt.digits - 1)), fmt.dtype)
    # The low word of 1 + x is at most 1, so that a clipped power leaves it as negligible.
    m_low = x.lo * power_of_two(m, lax.max(-k, lax.full_like(k, 4 - fmt.bias)))
    centres, logs, rests = zip(*tables.log_centres, strict=True)
    splits = tables.log_splits[1:]
    centre = select_above(m, splits, centres)
    # Exact, and 0 or more than m_low.
    d = DoubleWord(*fast_two_sum(rounded(m - centre), m_low))
    t, t_error = fast_two_sum(centre, m)
    t_sum = DoubleWord(*fast_two_sum(t, rounded(t_error + m_low)))
    # k as a float: the integer in the last places of the shift.
    shift = constant(m, tables.exp_shift)
    integer = lax.bitcast_convert_type(shift, fmt.bits) + k
    n = lax.bitcast_convert_type(integer, fmt.dtype) - shift
    ln2, ln2_rest = (constant(m, part) for part in tables.ln2)
    # All multiples of the grid, below 2**p of its steps: exact.
    leading = rounded(n * ln2 + select_above(m, splits, logs))
    rest = n * ln2_rest + select_above(m, splits, rests)
    return _log_sum(leading, rest, _two_atanh(d, t_sum))


def log1p_word(y: DoubleWord) -> DoubleWord:
    """Return ``log(1 + y)`` within ``log_error``, for 0 < y <= 1 to full relative precision."""
    tables = tables_of(y.hi)
    centres, logs, rests = zip(*tables.log_upper_centres, strict=True)
    splits = tuple(s - 1 for s in tables.log_upper_splits)
    centre = select_above(y.hi, splits, centres)
    # 1 - centre and 1 + centre are exact: the centres have six digits. So is 1 - centre + y.hi, a
    # multiple of the last place of y.hi that is smaller than y.hi; its error comes out as 0.
    one = constant(y.hi, 1)
    d, d_error = fast_two_sum(rounded(one - centre), y.hi)
    t, t_error = fast_two_sum(rounded(one + centre), y.hi)
    quotient = _two_atanh(
        DoubleWord(*fast_two_sum(d, rounded(d_error + y.lo))),
        DoubleWord(t, rounded(t_error + y.lo)),
    )
    leading, rest = (select_above(y.hi, splits, v) for v in (logs, rests))
    return _log_sum(leading, rest, quotient)


def log_bounds(x: Array) -> tuple[Array, Array]:
    positive = lax.max(x, constant(x, format_of(x).tiny))
    word = log_word(DoubleWord(positive, constant(x, 0)))
    return _log_ends(x, 0.0, zero_at(x, 1.0, bounds(word, _log_error(word))))


def log1p_bounds(x: Array) -> tuple[Array, Array]:
    unit = format_of(x).unit
    # The float next to -1 is u - 1.
    h, low = two_sum(constant(x, 1), lax.max(x, constant(x, unit - 1)))
    word = log_word(DoubleWord(h, low))
    k = lax.full_like(lax.bitcast_convert_type(x, format_of(x).bits), 0)
    value = Value(word, _log_error(word), k)
    near = lax.lt(lax.abs(x), constant(x, unit / 2))
    value = choose(near, beside(x, constant(x, -1), k), value)
    return _log_ends(x, -1.0, zero_at(x, 0.0, bounds(*value)))


def _log_error(word: DoubleWord) -> Array:
    return lax.abs(word.hi) * constant(word.hi, log_error(format_of(word.hi).unit))


def _log_ends(x: Array, end: float, values: tuple[Array, Array]) -> tuple[Array, Array]:
    """The bounds, with the limits at the lower end of the domain and at infinity."""
    down, up = values
    inf = constant(x, np.inf)
    down = lax.select(lax.le(x, constant(x, end)), -inf, down)
    return down, lax.select(lax.eq(x, inf), inf, up)
