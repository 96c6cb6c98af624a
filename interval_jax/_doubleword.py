"""Floor 0: double-word arithmetic, numbers to twice the precision as unevaluated sums.

A :class:`DoubleWord` is ``hi + lo`` with ``|lo| <= u |hi|`` up to a factor 1 + 2u, where u
is the unit roundoff (a few functions take looser ones and say so). The algorithms are those
of Joldes, Muller and Popescu, "Tight and rigorous error bounds for basic building blocks of
double-word arithmetic", ACM TOMS 44(2), 2017; the bounds stated here are larger than theirs
and derived next to each function, because they have to hold

* whether or not XLA contracts a product into the sum that follows it. Every high word is
  :func:`~interval_jax._rounding.rounded`, hence the same number wherever it is used; a low
  word may be a rounded product in one use and the exact one in another, which moves it by
  u |lo| <= u**2 |hi|;
* for any quotient that is within 4u of the exact one, because a residual corrects it.

Nothing here looks at exponents: callers keep operands between 2**-110 and 2**110 (binary64;
2**-50 and 2**50 for binary32), where no error term underflows, and pass powers of two
separately to :func:`bounds`, which ends every computation: it returns the numbers of the
format {0, normals, +-inf} below and above the exact value.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jax import Array, lax

from interval_jax._rounding import fast_two_sum, format_of, rounded, two_prod, two_sum

__all__ = [
    "ADD_ERROR",
    "DIVIDE_ERROR",
    "MULTIPLY_ERROR",
    "DoubleWord",
    "add",
    "add_float",
    "bounds",
    "divide",
    "exponent_of",
    "horner",
    "multiply",
    "multiply_float",
    "power_of_two",
    "renormalised",
]


class DoubleWord(NamedTuple):
    """The unevaluated sum ``hi + lo``."""

    hi: Array
    lo: Array


ADD_ERROR = 4
"""Relative error of :func:`add_float`, and of :func:`add` for like signs, in units of u**2."""

MULTIPLY_ERROR = 8
"""Relative error of :func:`multiply` and :func:`multiply_float`, in units of u**2."""

DIVIDE_ERROR = 48
"""Relative error of :func:`divide`, in units of u**2."""


def constant(like: Array, value: float | int) -> Array:
    """Return an array shaped and typed as ``like``, filled with ``value``."""
    return lax.full_like(like, value)


def renormalised(hi: Array, lo: Array) -> DoubleWord:
    """Return ``hi + lo`` as a double word, exactly, for ``|lo| <= |hi|`` and a rounded ``hi``.

    A product as ``lo`` may enter twice, once rounded and once not: u |lo| of error.
    """
    return DoubleWord(*fast_two_sum(hi, lo))


def add_float(x: DoubleWord, y: Array) -> DoubleWord:
    """Return ``x + y``: relative error below ``ADD_ERROR`` u**2, cancellation included.

    s + e = x.hi + y is exact, v = e + x.lo has an error of u |v|, and |v| <= u |s| + u |x.hi|.
    Joldes et al. prove 2 u**2; the other 2 u**2 are for |x.lo| up to u (1 + 2u) |x.hi| and for
    x.lo in two roundings. If s cancels to below |x.hi| / 2, then e = 0 and v = x.lo is exact.
    """
    s, e = two_sum(x.hi, y)
    return renormalised(s, rounded(e + x.lo))


def add(x: DoubleWord, y: DoubleWord) -> DoubleWord:
    """Return ``x + y``: error below ``ADD_ERROR`` u**2 (|x| + |y|).

    s + e = x.hi + y.hi is exact with |e| <= u |s|; the sums (x.lo + y.lo) + e have errors
    u |x.lo + y.lo| <= u**2 (|x| + |y|) and u (|e| + |x.lo + y.lo|) <= 2 u**2 (|x| + |y|).
    """
    s, e = two_sum(x.hi, y.hi)
    return renormalised(s, rounded(e + rounded(x.lo + y.lo)))


def multiply_float(x: DoubleWord, y: Array) -> DoubleWord:
    """Return ``x * y``: relative error below ``MULTIPLY_ERROR`` u**2.

    p + e = x.hi * y is exact with |e| <= u |p|; x.lo * y has an error of 2 u**2 |p|, its sum
    with e one of 2 u**2 |p|, and x.lo itself one of u**2 |p|.
    """
    p, e = two_prod(x.hi, y)
    return renormalised(p, rounded(e + x.lo * y))


def multiply(x: DoubleWord, y: DoubleWord) -> DoubleWord:
    """Return ``x * y``: relative error below ``MULTIPLY_ERROR`` u**2.

    As for :func:`multiply_float`: left out is x.lo * y.lo, u**2; the two cross products and
    their sum have errors of u**2, u**2 and 2 u**2, the sum with e (in all 3u) one of 3 u**2;
    all relative, and each up to a factor 1 + 8u.
    """
    p, e = two_prod(x.hi, y.hi)
    return renormalised(p, rounded(e + (x.hi * y.lo + x.lo * y.hi)))


def divide(x: DoubleWord, y: DoubleWord) -> DoubleWord:
    """Return ``x / y``: relative error below ``DIVIDE_ERROR`` u**2.

    Let q be any approximation of x.hi / y.hi within 4u, as the product with a reciprocal that
    is within 2u. Then p + e = q * y.hi is exact, x.hi - p too (Sterbenz), and in units of
    u**2 |x|, x.hi - p - e is below 4u |x| with an error of 4; q * y.lo has one of 1, its
    difference with x.lo of 2, their sum, the remainder x - q * y, of 6, and the low words in
    two roundings of 2. The remainder is at most 6u |x|; its quotient by y.hi instead of y,
    by the reciprocal and one product is wrong by 4u of it, 24. In all 39.
    """
    reciprocal = rounded(constant(y.hi, 1) / y.hi)
    q = rounded(x.hi * reciprocal)
    p, e = two_prod(q, y.hi)
    remainder = ((x.hi - p) - e) + (x.lo - q * y.lo)
    return renormalised(q, rounded(remainder * reciprocal))


def horner(x: Array, coefficients: tuple[float, ...]) -> Array:
    """Return the polynomial with these coefficients, constant term first, in plain arithmetic.

    The last step has an error of 2u or, if the second term is at most 1/8 of the first and has
    an error of 5u, 2.7u: one u for the first coefficient, one for the sum.
    """
    result = constant(x, coefficients[-1])
    for c in reversed(coefficients[:-1]):
        result = result * x + constant(x, c)
    return result


def power_of_two(like: Array, exponent: Array) -> Array:
    """Return ``2**exponent`` for exponents of normal numbers, typed as ``like``."""
    fmt = format_of(like)
    return lax.bitcast_convert_type((exponent + fmt.bias) << (fmt.digits - 1), fmt.dtype)


def exponent_of(x: Array) -> Array:
    """Return floor(log2 |x|) of normal numbers, as integers."""
    fmt = format_of(x)
    bits = lax.bitcast_convert_type(x, fmt.bits)
    return ((bits >> (fmt.digits - 1)) & fmt.exponent_mask) - fmt.bias


def bounds(x: DoubleWord, error: Array, exponent: Array | None = None) -> tuple[Array, Array]:
    """Return numbers of the format below and above every ``v * 2**exponent``, |v - x| <= error.

    Args:
        x: Double words with ``hi`` the float nearest to ``hi + lo``.
        error: Absolute error of x, below a quarter of the last place of ``hi``.
        exponent: Integers; the biased exponent of ``hi`` plus this must stay in
            [-bias, 2 bias + 1], one step beyond overflow and any underflow to speak of.

    Returns:
        The bounds down and up: neighbours or equal, and tightest unless a float lies within
        ``error`` of ``x``. Beyond the range: [max, inf]; below it: [0, tiny].
    """
    fmt = format_of(x.hi)
    bits = lax.bitcast_convert_type(x.hi, fmt.bits)
    integer = lambda value: constant(bits, value)  # noqa: E731
    magnitude = bits & np.iinfo(fmt.bits).max
    negative = lax.lt(bits, integer(0))
    # |hi + lo| * 2**exponent lies between neighbours of |hi| * 2**exponent; a step of the
    # integer is a step of the float, to the next binade also.
    outward = lax.select(negative, -x.lo, x.lo)
    inner = lax.select(lax.lt(outward, error), magnitude - 1, magnitude)
    outer = lax.select(lax.gt(outward, -error), magnitude + 1, magnitude)
    shift = None if exponent is None else exponent << (fmt.digits - 1)
    tiny_bits = 1 << (fmt.digits - 1)
    inf_bits = fmt.exponent_mask << (fmt.digits - 1)
    if shift is not None:
        inner, outer = inner + shift, outer + shift
        inner = lax.min(inner, integer(inf_bits - 1))
        outer = lax.min(outer, integer(inf_bits))
    inner = lax.select(lax.lt(inner, integer(tiny_bits)), integer(0), inner)
    outer = lax.max(outer, integer(tiny_bits))
    inner, outer = (lax.bitcast_convert_type(b, fmt.dtype) for b in (inner, outer))
    return lax.select(negative, -outer, inner), lax.select(negative, -inner, outer)
