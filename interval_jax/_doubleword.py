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
    "constant",
    "divide",
    "divide_to_head",
    "exponent_of",
    "head",
    "head_error",
    "horner",
    "multiply",
    "multiply_float",
    "negligible_exponent",
    "one_plus",
    "positive_bounds",
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


def negligible_exponent(x: Array) -> int:
    """An exponent k such that 1 + 2**k is 1 even in double words, while 2**k is far from tiny."""
    return -50 if x.dtype == np.float32 else -100


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
    """Return ``x / y`` for y > 0: relative error below ``DIVIDE_ERROR`` u**2.

    Let q be any approximation of x.hi / y.hi within 4u, as the product with a reciprocal that
    is within 2u. Then p + e = q * y.hi is exact, x.hi - p too (Sterbenz), and in units of
    u**2 |x|, x.hi - p - e is below 4u |x| with an error of 4; q * y.lo has one of 1, its
    difference with x.lo of 2, their sum, the remainder x - q * y, of 6, and the low words in
    two roundings of 2. The remainder is at most 6u |x|; its quotient by y.hi instead of y,
    by the reciprocal and one product is wrong by 4u of it, 24. In all 39.
    """
    reciprocal = _reciprocal(y.hi)
    q = rounded(x.hi * reciprocal)
    p, e = two_prod(q, y.hi)
    remainder = ((x.hi - p) - e) + (x.lo - q * y.lo)
    return renormalised(q, rounded(remainder * reciprocal))


def _reciprocal(y: Array) -> Array:
    # XLA ends a fused loop before a division with several users; abs is its only one.
    return lax.abs(constant(y, 1) / y)


def head(x: Array) -> Array:
    """Return x rounded to half the digits (26 or 12): products of two heads are exact.

    What is missing is at most 2**-26 (2**-12) of x and also has half the digits.
    """
    fmt = format_of(x)
    low = (fmt.digits + 1) // 2
    bits = lax.bitcast_convert_type(x, fmt.bits)
    return lax.bitcast_convert_type((bits + 2 ** (low - 1)) & -(2**low), fmt.dtype)


def head_error(unit: float) -> float:
    """The relative error of :func:`head`."""
    return 2.0**-26 if unit == 2.0**-53 else 2.0**-12


def one_plus(x: DoubleWord) -> DoubleWord:
    """Return ``1 + x`` for |x| <= 1: an error of u**2, and u for each rounding of x.lo."""
    h, e = fast_two_sum(constant(x.hi, 1), x.hi)
    return DoubleWord(h, rounded(e + x.lo))


def divide_to_head(x: DoubleWord, y: DoubleWord) -> DoubleWord:
    """Return ``x / y`` for y > 0 as a head and a rest: relative error below 8 u ``head_error``.

    A fast division where a word and a half is enough. With q the head of x.hi / y.hi, which is
    within h = head_error + 2u, q times either half of y.hi is exact, and so is the difference
    of x.hi with the first of them, as it is small. In units of u h |x|, the second difference
    has an error of 1, x.lo - q * y.lo one of 3u / h, their sum 1 and 4u / h; the quotient of
    all this, at most h + 4u, by the reciprocal is wrong by 4u of it: 4. u / h is 2**-27
    (2**-12).
    """
    reciprocal = _reciprocal(y.hi)
    y_head = head(y.hi)
    q = head(x.hi * reciprocal)
    remainder = (x.hi - q * y_head) - q * (y.hi - y_head)
    return DoubleWord(q, (remainder + (x.lo - q * y.lo)) * reciprocal)


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
    negative = lax.lt(x.hi, constant(x.hi, 0))
    size = DoubleWord(lax.abs(x.hi), lax.select(negative, -x.lo, x.lo))
    inner, outer = positive_bounds(size, error, exponent)
    return lax.select(negative, -outer, inner), lax.select(negative, -inner, outer)


def positive_bounds(
    x: DoubleWord, error: Array, exponent: Array | None = None
) -> tuple[Array, Array]:
    """Return :func:`bounds` of nonnegative double words."""
    fmt = format_of(x.hi)
    bits = lax.bitcast_convert_type(x.hi, fmt.bits)
    tiny = constant(bits, 1 << (fmt.digits - 1))
    inf = constant(bits, fmt.exponent_mask << (fmt.digits - 1))
    one, zero = constant(bits, 1), constant(bits, 0)
    # hi + lo lies between the neighbours of hi; a step of the integer is one of the float.
    inner = bits - lax.select(lax.lt(x.lo, error), one, zero)
    outer = bits + lax.select(lax.gt(x.lo, -error), one, zero)
    if exponent is not None:
        shift = exponent << (fmt.digits - 1)
        inner, outer = lax.min(inner + shift, inf - one), lax.min(outer + shift, inf)
    down, up = (lax.bitcast_convert_type(b, fmt.dtype) for b in (inner, outer))
    # Not max(outer, tiny): a maximum of integers at the end of a long kernel takes the loop
    # vectoriser of jax 0.12 exponential time.
    down = lax.select(lax.lt(inner, tiny), constant(x.hi, 0), down)
    return down, lax.select(lax.lt(outer, tiny), constant(x.hi, fmt.tiny), up)
