"""Kernels of logarithms with proven bounds, as those of :mod:`interval_jax.elementary._exp`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jax import Array, lax

from interval_jax._doubleword import (
    DoubleWord,
    bounds,
    constant,
    divide_to_head,
    head_error,
    horner,
    power_of_two,
)
from interval_jax._rounding import fast_two_sum, format_of, rounded, two_sum
from interval_jax.elementary._exp import largest_exponent_of_ten, tables_of
from interval_jax.elementary._exp_log_tables import Base
from interval_jax.elementary._value import Value, beside, choose, select_above, zero_at

__all__ = [
    "atanh_error",
    "leading_error",
    "log1p_bounds",
    "log1p_word",
    "log2_bounds",
    "log10_bounds",
    "log_bounds",
    "log_ends",
    "log_error",
    "log_value",
    "log_word",
]


def log_error(unit: float) -> float:
    """Relative error of ``log_word``, ``log1p_word``: 2**-59.9 in binary64, 2**-30.4 in binary32.

    With s = d / t, |s| <= 0.0456 and z = s**2 <= 0.00208, 2 atanh(s) is 2s + 2s z (1/3 + ...), and
    H is ``head_error``. In 1e-4 u |2s|:

    * the series is 6.95e-4 of 2s, with errors of u for s, 3u for z, u for each product with s and
      with the polynomial, and 1.6u for that (0.5u of 2/3, u of the sum): 52.8; cutting it 1.0;
    * the quotient, 8 H: 19.5 (0 in binary64);
    * three sums contain the series and the low word of s, at most H: 28.2 (20.9).

    In all 101 (74.7). The logarithm is at least |2s| if B = k ln 2 + log(centre) is 0, else at
    least 0.0849 where |2s| is at most 0.0912: 108.5 (80.3). The low word of B is below 2**-16
    (2**-42) of the result and goes through four roundings: 0.6 (0). This function is 111 (82).
    """
    return (82e-4 + 12 * head_error(unit)) * unit


def atanh_error(unit: float) -> float:
    """The part of the error of ``log_word`` that is relative to 2 atanh(s), to any base.

    To base e that is 101 (74.7) as above, times 1e-4 u. To other bases all but the quotient is
    multiplied by 1 / ln b: the low word, at most 6.95 and H, by a rounded constant, and the sum
    with the product of the high word and the rest of the constant, at most H, is rounded: 20.9 and
    4 H, 30.6 (20.9). In all 131.6 (95.6); this function is 133.6 (97).
    """
    return (97e-4 + 15 * head_error(unit)) * unit


def leading_error(unit: float) -> float:
    """The rest of the error of ``log_word``, to any base, relative to the logarithm.

    The low word of B is below 1.44e-4 (2**-38) of the logarithm: the worst is log10, rests of
    5.3e-6 (2**-44) where it is 0.0369. It goes through four roundings, its constants through one:
    7.2e-4 u, and 0.1e-4 u for that of the sum; this function is 9.8e-4 u (2**-24 u).
    """
    return 4 * head_error(unit) * unit


def _two_atanh(d: DoubleWord, t: DoubleWord) -> DoubleWord:
    """2 atanh(d / t) for |d / t| <= 0.0456, as a sum whose low word is up to 7e-4 of the high."""
    s = divide_to_head(d, t)
    both = s.hi + s.lo
    z = both * both
    series = (both * z) * horner(z, tables_of(z).atanh_coefficients)
    return DoubleWord(s.hi * 2, rounded(2 * s.lo + series))


def _log_sum(leading: Array, rest: Array, x: DoubleWord) -> DoubleWord:
    """leading + rest + x, as a ``_Logarithm`` has them."""
    h, e = fast_two_sum(leading, x.hi)
    return DoubleWord(*fast_two_sum(h, rounded(e + (rest + x.lo))))


def _over_ln(x: DoubleWord, base: Base) -> DoubleWord:
    """x / ln b for a head x.hi and a low word as of ``_two_atanh``."""
    lead, rest = base.scale
    low = x.hi * constant(x.hi, rest) + x.lo * constant(x.lo, lead + rest)
    return DoubleWord(x.hi * constant(x.hi, lead), rounded(low))


class _Logarithm(NamedTuple):
    """leading + rest + atanh, for |leading| > |atanh| or leading = rest = 0."""

    leading: Array
    rest: Array
    atanh: DoubleWord


def log_word(x: DoubleWord) -> DoubleWord:
    """Return ``log(x)`` within ``log_error``, for x.hi > 0 normal and x exact.

    Where 0 is the result, it is 0 with no error.
    """
    return _log_sum(*_logarithm(x))


def log_value(x: DoubleWord, base: Base | None = None) -> Value:
    """log_b(x) as a Value, which tells large logarithms better than ``log_error``."""
    unit = format_of(x.hi).unit
    parts = _logarithm(x, base)
    word = _log_sum(*parts)
    error = lax.abs(parts.atanh.hi) * constant(x.hi, atanh_error(unit))
    error = error + lax.abs(word.hi) * constant(x.hi, leading_error(unit))
    k = lax.full_like(lax.bitcast_convert_type(x.hi, format_of(x.hi).bits), 0)
    return Value(word, error, k)


def _logarithm(x: DoubleWord, base: Base | None = None) -> _Logarithm:
    fmt, tables = format_of(x.hi), tables_of(x.hi)
    constants, unit_parts = (tables, tables.ln2) if base is None else (base, base.log2)
    # x = 2**k m with m between the ends of the first and the last piece.
    bits = lax.bitcast_convert_type(x.hi, fmt.bits)
    end = lax.bitcast_convert_type(constant(x.hi, tables.log_splits[0]), fmt.bits)
    k = (bits - end) >> (fmt.digits - 1)
    m = lax.bitcast_convert_type(bits - (k << (fmt.digits - 1)), fmt.dtype)
    # The low word of 1 + x is at most 1, so that a clipped power leaves it as negligible.
    m_low = x.lo * power_of_two(m, lax.max(-k, lax.full_like(k, 4 - fmt.bias)))
    centres, logs, rests = zip(*constants.log_centres, strict=True)
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
    unit, unit_rest = (constant(m, part) for part in unit_parts)
    # All multiples of the grid, below 2**p of its steps: exact.
    leading = rounded(n * unit + select_above(m, splits, logs))
    rest = n * unit_rest + select_above(m, splits, rests)
    atanh = _two_atanh(d, t_sum)
    return _Logarithm(leading, rest, atanh if base is None else _over_ln(atanh, base))


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
    value = log_value(_positive(x))
    return log_ends(x, 0.0, zero_at(x, 1.0, bounds(value.word, value.error)))


def log2_bounds(x: Array) -> tuple[Array, Array]:
    """The bounds of log2, exact for powers of two."""
    fmt = format_of(x)
    positive = _positive(x)
    value = log_value(positive, tables_of(x).base2)
    fraction = lax.bitcast_convert_type(positive.hi, fmt.bits) & fmt.fraction_mask
    power = lax.eq(fraction, lax.full_like(fraction, 0))
    error = lax.select(power, constant(x, 0), value.error)
    return log_ends(x, 0.0, zero_at(x, 1.0, bounds(value.word, error)))


def log10_bounds(x: Array) -> tuple[Array, Array]:
    """The bounds of log10, exact for powers of ten.

    Only they have integers as logarithms, and of the floats next to 10**n, none has one within
    twice the error of n: the difference is at least u / ln 10.
    """
    word, error, _ = log_value(_positive(x), tables_of(x).base10)
    exact = lax.eq(word.hi, lax.floor(word.hi)) & lax.ge(word.hi, constant(x, 0))
    exact = exact & lax.le(word.hi, constant(x, largest_exponent_of_ten(x)))
    exact = exact & lax.le(lax.abs(word.lo), error)
    lo, error = (lax.select(exact, constant(x, 0), v) for v in (word.lo, error))
    return log_ends(x, 0.0, zero_at(x, 1.0, bounds(DoubleWord(word.hi, lo), error)))


def log1p_bounds(x: Array) -> tuple[Array, Array]:
    unit = format_of(x).unit
    # The float next to -1 is u - 1.
    value = log_value(DoubleWord(*two_sum(constant(x, 1), lax.max(x, constant(x, unit - 1)))))
    near = lax.lt(lax.abs(x), constant(x, unit / 2))
    value = choose(near, beside(x, constant(x, -1), value.exponent), value)
    return log_ends(x, -1.0, zero_at(x, 0.0, bounds(*value)))


def _positive(x: Array) -> DoubleWord:
    return DoubleWord(lax.max(x, constant(x, format_of(x).tiny)), constant(x, 0))


def log_ends(x: Array, end: float, values: tuple[Array, Array]) -> tuple[Array, Array]:
    """The bounds, with the limits at the lower end of the domain and at infinity."""
    down, up = values
    inf = constant(x, np.inf)
    down = lax.select(lax.le(x, constant(x, end)), -inf, down)
    return down, lax.select(lax.eq(x, inf), inf, up)
