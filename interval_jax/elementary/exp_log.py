"""Exponential and logarithmic functions with proven bounds.

Point kernels (``_exp``, ``_log``, ...) return a double word and a bound of its error, which
adds up every rounding, the error of the reduced argument and of the series. They are written
so that the bound holds in both formats and however XLA contracts sums (see
:mod:`interval_jax._doubleword`). Errors are counted in units of u, the unit roundoff.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from jax import Array, lax

from interval_jax._doubleword import (
    ADD_ERROR,
    DoubleWord,
    add_float,
    bounds,
    constant,
    divide,
    horner,
    power_of_two,
)
from interval_jax._interval import Interval, as_interval
from interval_jax._rounding import fast_two_sum, format_of, rounded, two_prod, two_sum
from interval_jax.elementary._exp_log_tables import FLOAT32, FLOAT64, Tables
from interval_jax.elementary._extend import increasing

__all__ = ["exp", "expm1", "log", "log1p"]

EXP_ERROR = 2.0**-9
"""Relative error of ``_exp`` in units of u: 2**-62 in binary64, 2**-33 in binary32.

With |r| <= R = 0.0867, t = r**3/6 + ... <= 1.11e-4 and exp(r) >= 0.917, in 1e-4 u:

* the series, 6.0: u for each of r**2, its product with r and with the polynomial p, whose
  error is 2.1u (u of its first coefficient, u of the last sum, a term of ratio R/4 with at
  most 4u), and 0.25 of cutting it: below R**8/8! = 0.8e-13 (binary32), 1e-6 u (binary64);
* the sums that contain t, each at most 1.2e-4 in size: + t, times the root, + the other
  cross term, + the product's error: 4 * 1.2 = 4.8;
* r = rh + rl with |rl| <= 4.2u enters the first terms only: 4.2 * 1.11 = 4.7 (binary32, where
  the third part of ln 2 / 4 times the integer reaches 4u; 0.1 in binary64);
* terms of u**2, as rl**2/2, the rounding of the third part, the root to twice the precision,
  and for a double-word argument u |x.lo| <= u**2 |x|, in binary32 2**-17.3 u = 0.06.

That is 15.6 / 0.917 = 17.0, and EXP_ERROR is 19.5.
"""

EXPM1_ERROR = 2.0**-6.5
"""Relative error in units of u of ``_expm1`` for |x| <= R, where it is the series itself.

In 1e-4 u |x|, with t at most 12.8e-4 |x|: the series as above 12.8 * 6.0 / 1.11 = 69, the two
sums that contain it 2 * 13, terms of u**2 less than 1; |expm1(x)| >= 0.958 |x| makes that 100,
and EXPM1_ERROR is 110.
"""

LOG_ERROR = 2.0**-7
"""Relative error of ``_log`` and ``_log1p`` in units of u: 2**-60 and 2**-31.

With s = d / t, |s| <= 0.0456 and z = s**2 <= 0.00208, 2 atanh(s) is 2s + 2s z (1/3 + ...). In
1e-4 u |2s|:

* the series is 6.95e-4 of 2s, with an error of u for each of z, its products with s and with
  the polynomial, and 2.1u for the polynomial: 35.5; cutting it 1.0 (z**7/15; binary32 0.4);
* three sums contain it, each at most 7.2e-4 in size: 21.6;
* 48 u**2 of the quotient, z**2 times its low word, are less than 0.1.

The logarithm is at least |2s| if B = k ln 2 + log(centre) is 0, else at least 0.0849 where |2s|
is at most 0.0912, which makes 62.5; B's low word is below 2**-16 of the result (binary32;
2**-42 in binary64) and goes through four roundings: 0.6. LOG_ERROR is 78.
"""


def tables_of(x: Array) -> Tables:
    """The constants of the format of x."""
    return FLOAT32 if x.dtype == np.float32 else FLOAT64


def negligible_exponent(x: Array) -> int:
    """An exponent k such that 2**k next to 1 is lost even in a double word, but not to underflow."""
    return -50 if x.dtype == np.float32 else -100


class Value(NamedTuple):
    """A number known to be within ``error`` of ``word``, times ``2**exponent``."""

    word: DoubleWord
    error: Array
    exponent: Array

    def bounds(self) -> tuple[Array, Array]:
        """The numbers of the format on either side."""
        return bounds(*self)


def beside(x: Array, side: Array, exponent: Array) -> Value:
    """The Value of a number next to x, on the side where ``side * |x|`` is; 0 beside 0.

    Arguments so small that f(x) = x + o(x) falls between x and a neighbour need no series. They
    are scaled away from underflow.
    """
    unit = format_of(x).unit
    hi = x * constant(x, 2.0**64)
    word = DoubleWord(hi, lax.abs(hi) * side * constant(x, unit / 4))
    return Value(word, constant(x, 0), lax.full_like(exponent, -64))


def choose(mask: Array, a: Value, b: Value) -> Value:
    """Select between values."""
    word = DoubleWord(*(lax.select(mask, p, q) for p, q in zip(a.word, b.word)))
    return Value(word, lax.select(mask, a.error, b.error), lax.select(mask, a.exponent, b.exponent))


def _select_above(x: Array, splits: tuple[float, ...], values: tuple[float, ...]) -> Array:
    """The value of the piece between splits that x lies in: a gather would end vectorisation."""
    result = constant(x, values[0])
    for split, value in zip(splits, values[1:], strict=True):
        result = lax.select(lax.ge(x, constant(x, split)), constant(x, value), result)
    return result


# --- exp --------------------------------------------------------------------------------


class _Series(NamedTuple):
    """exp(x) = 2**(n/4) exp(r) with r = rh + rl, and exp(r) = 1 + r + r**2/2 + tail."""

    n: Array
    rh: Array
    rl: Array
    square: Array
    square_error: Array
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
    rh, rl = fast_two_sum(rounded(hi - first), -second)
    rl = rl - third
    if isinstance(x, DoubleWord):
        rh, rl = two_sum(rh, rounded(rl + x.lo))
    square, square_error = two_prod(rh, rh)
    tail = rounded((square * rh) * horner(rh, tables.exp_coefficients))
    integer = lax.bitcast_convert_type(shifted, bits) - lax.bitcast_convert_type(shift, bits)
    return _Series(integer, rh, rl, square, square_error, tail)


def _exp(x: DoubleWord | Array) -> tuple[DoubleWord, Array]:
    """Return ``h, k`` with ``h * 2**k = exp(x)`` within ``EXP_ERROR`` u, and 0.9 < h < 1.9.

    Args:
        x: Floats, or double words with |lo| <= u |hi|. Arguments beyond ``exp_range`` (-745 and
            709.8 in binary64, -104 and 89 in binary32) are clipped to it; their results are
            wrong but still overflow or, even times max(1, |x|), underflow.

    Returns:
        The significand, with ``hi`` the float nearest to it, and the integer exponent k.
    """
    return _exp_from(_series(x))


def _exp_from(s: _Series) -> tuple[DoubleWord, Array]:
    h, e1 = fast_two_sum(constant(s.rh, 1), s.rh)
    h, e2 = fast_two_sum(h, s.square * 0.5)
    low = rounded(((e1 + e2) + (s.square_error * 0.5 + s.rl * h)) + s.tail)
    # Times 2**(j/4), whose leading part is exact and whose rest is small.
    roots = tables_of(s.rh).exp_roots
    piece = s.n & 3
    root, rest = constant(h, roots[0][0]), constant(h, roots[0][1])
    for j in (1, 2, 3):
        here = lax.eq(piece, constant(piece, j))
        root = lax.select(here, constant(h, roots[j][0]), root)
        rest = lax.select(here, constant(h, roots[j][1]), rest)
    product, error = two_prod(h, root)
    h, low = fast_two_sum(product, rounded(error + ((h + low) * rest + low * root)))
    return DoubleWord(h, low), s.n >> 2


def exp_value(x: Array) -> Value:
    """exp(x) as a Value."""
    unit = format_of(x).unit
    h, k = _exp(x)
    # Next to 0, exp(x) lies between 1 and the float on that side, and exp(0) is 1.
    near = lax.lt(lax.abs(x), constant(x, unit / 2))
    lo = lax.select(near, lax.sign(x) * constant(x, unit / 4), h.lo)
    error = lax.select(near, constant(x, 0), h.hi * constant(x, EXP_ERROR * unit))
    return Value(DoubleWord(h.hi, lo), error, k)


def expm1_value(x: Array) -> Value:
    """exp(x) - 1 as a Value."""
    unit = format_of(x).unit
    s = _series(x)
    # Without reduction: r + r**2/2 + t.
    h, e = fast_two_sum(s.rh, s.square * 0.5)
    h, e = fast_two_sum(h, rounded((e + s.square_error * 0.5) + s.tail))
    zero = lax.full_like(s.n, 0)
    direct = Value(DoubleWord(h, e), lax.abs(h) * constant(x, EXPM1_ERROR * unit), zero)
    # With it: exp(x) - 1, times 2**-k if that is large. Beyond the limits 1, or exp(x) next
    # to 1, is negligible.
    power, k = _exp_from(s)
    limit = lax.full_like(k, negligible_exponent(x))
    scale = power_of_two(x, lax.max(lax.min(k, zero), limit))
    one = power_of_two(x, lax.max(lax.min(-k, zero), limit))
    power = DoubleWord(power.hi * scale, power.lo * scale)
    word = add_float(power, -one)
    error = power.hi * constant(x, EXP_ERROR * unit)
    error = error + lax.abs(word.hi) * constant(x, ADD_ERROR * unit**2)
    reduced = Value(word, error * constant(x, 1 + 4 * unit), lax.max(k, zero))
    value = choose(lax.eq(s.n, zero), direct, reduced)
    near = lax.lt(lax.abs(x), constant(x, unit / 2))
    return choose(near, beside(x, constant(x, 1), zero), value)


def _expm1_bounds(x: Array) -> tuple[Array, Array]:
    down, up = _zero_at(x, 0.0, expm1_value(x).bounds())
    return lax.max(down, constant(x, -1)), up


def _zero_at(x: Array, point: float, values: tuple[Array, Array]) -> tuple[Array, Array]:
    """The bounds, but (0, 0) where x is the root."""
    root = lax.eq(x, constant(x, point))
    return tuple(lax.select(root, constant(x, 0), v) for v in values)  # type: ignore[return-value]


# --- log --------------------------------------------------------------------------------


def _two_atanh(d: DoubleWord, t: DoubleWord) -> DoubleWord:
    """2 atanh(d / t) for |d / t| <= 0.0456, as a sum whose low word is up to 7e-4 of the high."""
    s = divide(d, t)
    z = rounded(s.hi * s.hi)
    series = (s.hi * z) * horner(z, tables_of(z).atanh_coefficients)
    # The derivative of atanh at s is 1 / (1 - z).
    return DoubleWord(s.hi * 2, rounded(2 * (s.lo + s.lo * z) + series))


def _log_sum(leading: Array, rest: Array, x: DoubleWord) -> DoubleWord:
    """leading + rest + x, for |leading| > |x| or leading = rest = 0."""
    h, e = fast_two_sum(leading, x.hi)
    return DoubleWord(*fast_two_sum(h, rounded(e + (rest + x.lo))))


def _log(x: DoubleWord) -> DoubleWord:
    """Return ``log(x)`` within ``LOG_ERROR`` u, for x.hi > 0 normal and x exact.

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
    centre = _select_above(m, splits, centres)
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
    leading = rounded(n * ln2 + _select_above(m, splits, logs))
    rest = n * ln2_rest + _select_above(m, splits, rests)
    return _log_sum(leading, rest, _two_atanh(d, t_sum))


def _log1p(y: DoubleWord) -> DoubleWord:
    """Return ``log(1 + y)`` within ``LOG_ERROR`` u, for 0 < y <= 1 to full relative precision."""
    tables = tables_of(y.hi)
    centres, logs, rests = zip(*tables.log_upper_centres, strict=True)
    splits = tuple(s - 1 for s in tables.log_upper_splits)
    centre = _select_above(y.hi, splits, centres)
    # 1 - centre and 1 + centre are exact: the centres have five digits.
    one = constant(y.hi, 1)
    quotient = _two_atanh(
        add_float(y, rounded(one - centre)), add_float(y, rounded(one + centre))
    )
    leading, rest = (_select_above(y.hi, splits, v) for v in (logs, rests))
    return _log_sum(leading, rest, quotient)


def _log_bounds(x: Array) -> tuple[Array, Array]:
    positive = lax.max(x, constant(x, format_of(x).tiny))
    word = _log(DoubleWord(positive, constant(x, 0)))
    return _log_ends(x, 0.0, _zero_at(x, 1.0, bounds(word, _log_error(word))))


def _log1p_bounds(x: Array) -> tuple[Array, Array]:
    unit = format_of(x).unit
    # The float next to -1 is u - 1.
    h, low = two_sum(constant(x, 1), lax.max(x, constant(x, unit - 1)))
    word = _log(DoubleWord(h, low))
    k = lax.full_like(lax.bitcast_convert_type(x, format_of(x).bits), 0)
    value = Value(word, _log_error(word), k)
    near = lax.lt(lax.abs(x), constant(x, unit / 2))
    value = choose(near, beside(x, constant(x, -1), k), value)
    return _log_ends(x, -1.0, _zero_at(x, 0.0, value.bounds()))


def _log_error(word: DoubleWord) -> Array:
    return lax.abs(word.hi) * constant(word.hi, LOG_ERROR * format_of(word.hi).unit)


def _log_ends(x: Array, end: float, values: tuple[Array, Array]) -> tuple[Array, Array]:
    """The bounds, with the limits at the lower end of the domain and at infinity."""
    down, up = values
    inf = constant(x, np.inf)
    down = lax.select(lax.le(x, constant(x, end)), -inf, down)
    return down, lax.select(lax.eq(x, inf), inf, up)


# --- functions of intervals -------------------------------------------------------------

_exp_enclosure = increasing(lambda x: exp_value(x).bounds(), lax.exp)
_expm1_enclosure = increasing(_expm1_bounds, lax.expm1)
_log_enclosure = increasing(_log_bounds, lax.log, above=0.0)
_log1p_enclosure = increasing(_log1p_bounds, lax.log1p, above=-1.0)


def exp(x: Any) -> Interval:
    """Return an enclosure of e**x (IEEE 1788-2015 section 9.1).

    Args:
        x: Intervals or floats of any shape, float32 or float64.

    Returns:
        Intervals of the same shape and type. Each bound is tightest unless a float lies within
        2**-62 (2**-33 in float32) of the exact value, relatively: 99.8 % of all; else one unit off.

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
        Interval([0, 1.00000016e-10], float32)
    """
    return _expm1_enclosure(as_interval(x))


def log(x: Any) -> Interval:
    """Return an enclosure of the natural logarithm (IEEE 1788-2015 section 9.1).

    Args:
        x: Intervals or floats of any shape, float32 or float64; members <= 0 are left out.

    Returns:
        Intervals of the same shape and type. Each bound is tightest unless a float lies within
        2**-60 (2**-31 in float32) of the exact value, relatively; else one unit off.

    Special cases: log(1) = 0 exactly; log([0, b]) is unbounded below; log([a, b]) with b <= 0 is
    empty.

    Example:
        >>> import interval_jax as ij
        >>> ij.log(ij.interval(-1.0, 2.0))
        Interval([-inf, 0.693147242], float32)
    """
    return _log_enclosure(as_interval(x))


def log1p(x: Any) -> Interval:
    """Return an enclosure of log(1 + x), sharp next to 0 (IEEE 1788-2015 section 10.5).

    Args:
        x: Intervals or floats of any shape, float32 or float64; members <= -1 are left out.

    Returns:
        Intervals of the same shape and type. Each bound is tightest unless a float lies within
        2**-60 (2**-31 in float32) of the exact value, relatively; else one unit off.

    Special cases: log1p(0) = 0 exactly; log1p([-1, b]) is unbounded below.

    Example:
        >>> import interval_jax as ij
        >>> ij.log1p(ij.interval(0.0, 1e-10))
        Interval([0, 1.00000016e-10], float32)
    """
    return _log1p_enclosure(as_interval(x))
