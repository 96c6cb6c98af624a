"""Exponential and logarithmic functions with proven bounds.

Point kernels (``_exp``, ``_log``, ...) return a double word and a bound of its error, which
adds up every rounding, the error of the reduced argument and of the series. They are written
so that the bound holds in both formats and however XLA contracts sums (see
:mod:`interval_jax._doubleword`). Errors are counted in units of u, the unit roundoff.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jax import Array, lax

from interval_jax import _doubleword as dw
from interval_jax._doubleword import DoubleWord, constant
from interval_jax._interval import Interval, as_interval
from interval_jax._rounding import fast_two_sum, format_of, rounded, two_prod, two_sum
from interval_jax.elementary._exp_log_tables import FLOAT32, FLOAT64, Tables
from interval_jax.elementary._extend import increasing

__all__ = ["exp"]

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


def _tables(x: Array) -> Tables:
    return FLOAT32 if x.dtype == np.float32 else FLOAT64


def _select_piece(piece: Array, values: tuple[float, ...], like: Array) -> Array:
    """values[piece], by selects: a gather would end vectorisation."""
    result = constant(like, values[0])
    for i, value in enumerate(values[1:], 1):
        result = lax.select(lax.eq(piece, constant(piece, i)), constant(like, value), result)
    return result


class _Series:
    """exp(r) - 1 = r + r**2/2 + t in pieces, for the reduced argument r = rh + rl."""

    def __init__(self, x: DoubleWord | Array) -> None:
        hi = x.hi if isinstance(x, DoubleWord) else x
        tables = _tables(hi)
        low, high = tables.exp_range
        hi = lax.clamp(constant(hi, low), hi, constant(hi, high))
        shift = constant(hi, tables.exp_shift)
        # Rounded after the product also: all uses must see the same integer.
        shifted = rounded(rounded(hi * constant(hi, tables.exp_steps)) + shift)
        bits = format_of(hi).bits
        n = shifted - shift
        first, second, third = (n * constant(hi, part) for part in tables.exp_step)
        # Exact: both are multiples of the last place of the smaller, and the difference, at
        # most R, is short. n * second is exact, too. The difference is a multiple of its last
        # place, which is all that the proof of fast_two_sum needs of the larger operand.
        rh, rl = fast_two_sum(rounded(hi - first), -second)
        rl = rl - third
        if isinstance(x, DoubleWord):
            rh, rl = two_sum(rh, rounded(rl + x.lo))
        self.n = lax.bitcast_convert_type(shifted, bits) - lax.bitcast_convert_type(shift, bits)
        self.rh, self.rl = rh, rl
        self.square, self.square_error = two_prod(rh, rh)
        series = dw.horner(rh, tables.exp_coefficients)
        self.tail = rounded((self.square * rh) * series)


def _exp(x: DoubleWord | Array) -> tuple[DoubleWord, Array]:
    """Return ``h, k`` with ``h * 2**k = exp(x)`` within ``EXP_ERROR`` u, and 0.9 < h < 1.9.

    Args:
        x: Floats, or double words with |lo| <= u |hi|. Arguments beyond ``exp_range`` (-745 and
            709.8 in binary64, -104 and 89 in binary32) are clipped to it; their results are
            wrong but still overflow or, even times max(1, |x|), underflow.

    Returns:
        The significand, with ``hi`` the float nearest to it, and the integer exponent k.
    """
    s = _Series(x)
    one = constant(s.rh, 1)
    h, e1 = fast_two_sum(one, s.rh)
    h, e2 = fast_two_sum(h, s.square * 0.5)
    low = rounded(((e1 + e2) + (s.square_error * 0.5 + s.rl * h)) + s.tail)
    # Times 2**(j/4): the root's leading part has half the digits, so that this is exact but
    # for the cross terms with its rest.
    roots = _tables(s.rh).exp_roots
    j = s.n & 3
    root = _select_piece(j, tuple(r for r, _ in roots), h)
    root_rest = _select_piece(j, tuple(r for _, r in roots), h)
    product, error = two_prod(h, root)
    h, low = fast_two_sum(product, rounded(error + ((h + low) * root_rest + low * root)))
    return DoubleWord(h, low), s.n >> 2


def _exp_bounds(x: Array) -> tuple[Array, Array]:
    fmt = format_of(x)
    h, k = _exp(x)
    # Next to 0, exp(x) lies between 1 and the float on that side, and exp(0) is 1.
    near = lax.lt(lax.abs(x), constant(x, fmt.unit / 2))
    lo = lax.select(near, lax.sign(x) * fmt.unit / 2, h.lo)
    error = lax.select(near, constant(x, 0), h.hi * (EXP_ERROR * fmt.unit))
    return dw.bounds(DoubleWord(h.hi, lo), error, k)


_exp_enclosure = increasing(_exp_bounds, lax.exp)


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
