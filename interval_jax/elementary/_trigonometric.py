"""Sines, cosines and tangents of floats, with proven bounds, for every finite argument.

An argument is reduced to ``quarter * pi/2 + r``, |r| <= 0.7855; from there on all is arithmetic of
double words. Errors are counted in units of u, the unit roundoff (see ``_doubleword``).

No float but 0 is a multiple of pi/2: the nearest is 2**-60.9 (2**-29.3) away, and 2**-60.5
(2**-27.9) below ``moderate`` (``tools/trigonometric.py`` computes this from the continued fractions
of 2**k / pi). So the sign of r, which tells on which side of an extremum or a pole the argument
lies, is certain, and a small error of r is small next to r.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from interval_jax._doubleword import (
    DoubleWord,
    constant,
    divide,
    horner,
    multiply,
    one_plus,
    renormalised,
)
from interval_jax._rounding import fast_two_sum, format_of, rounded
from interval_jax.elementary._trigonometric_tables import FLOAT32, FLOAT64, Tables

__all__ = [
    "Reduced",
    "absolute",
    "cosecant_bounds",
    "cosine",
    "is_odd",
    "neighbours",
    "packed_sine",
    "phase_of",
    "reduced",
    "reduction_error",
    "scale_of",
    "series_error",
    "sine",
    "sine_or_cosine",
    "tables_of",
    "tangent_above",
    "unpacked_sine",
]


def tables_of(x: Array) -> Tables:
    """The constants of the format of x."""
    return FLOAT32 if x.dtype == np.float32 else FLOAT64


class Reduced(NamedTuple):
    """``x = quarter * pi/2 + r``, up to multiples of 4 pi."""

    quarter: Array
    """Integers modulo 8."""
    r: DoubleWord
    """|r| <= 0.7855, and r = 0 only for x = 0."""


def reduction_error(unit: float) -> float:
    """Relative error of r: 2**-69 in binary64, 2**-34.5 in binary32, whichever the reduction.

    Of :func:`_moderate`, in binary64 (binary32): the parts of pi/2 leave 2**-152 (2**-72), and
    n <= 2**20 (2**8) times that; the product with the fourth part, below 2**-79 (2**-40), and its
    sum with the error terms are rounded, 2**-131 (2**-63). Against the least r that is 2**-69.9
    (2**-34.5). The error terms are u s in all and their sums rounded: 4 u**2.

    Of :func:`_large`: see there, 2**-73 (2**-37).
    """
    return 2.0**-69 if unit == 2.0**-53 else 2.0**-34


def _moderate(x: Array) -> Reduced:
    """The reduction for |x| up to ``moderate``: subtract a multiple of pi/2, in four parts.

    With n first, n second and n third exact, so is x - n first: a multiple of the last place of
    x >= 1/2 (or n = 0), below 1. That is a multiple of the last place of n second, and the next
    sum one of that of n third, which is all that the proof of fast_two_sum needs.
    """
    tables = tables_of(x)
    shift = constant(x, tables.shift)
    # Rounded after the product also: all uses must see the same integer.
    shifted = rounded(rounded(x * constant(x, tables.steps)) + shift)
    n = shifted - shift
    first, second, third, fourth = (n * constant(x, part) for part in tables.quarter)
    s, e = fast_two_sum(x - first, -second)
    s, f = fast_two_sum(s, -third)
    bits = format_of(x).bits
    integer = lax.bitcast_convert_type(shifted, bits) - lax.bitcast_convert_type(shift, bits)
    return Reduced(integer & 7, renormalised(s, rounded((e + f) - fourth)))


def _large(x: Array) -> Reduced:
    """The reduction for |x| >= 1: multiply integers, modulo 1, by the bits of 1 / (4 pi) at hand.

    |x| = m 2**k, and the window of six digits behind the k-th bit of 1 / (4 pi) is the fraction of
    2**k / (4 pi) within 2**-192 (2**-96), so times m within 2**-139 (2**-72), against at least
    2**-64.5 (2**-32.9) of the fraction next to a multiple of 1/8. That is 2**-74 (2**-39); the sum
    of the digits and the product with 4 pi add less than 16 u**2.
    """
    fmt, tables = format_of(x), tables_of(x)
    half = tables.digit_bits
    unsigned = np.dtype(f"uint{2 * half}")
    mask = lax.full_like(x, 2**half - 1, unsigned)

    def fixed(shift: int) -> Array:
        return lax.full_like(x, shift, unsigned)

    bits = lax.bitcast_convert_type(lax.abs(x), unsigned)
    exponent = lax.shift_right_logical(bits, fixed(fmt.digits - 1))
    m = (bits & fixed(fmt.fraction_mask)) | fixed(fmt.fraction_mask + 1)
    # The table starts with a digit 0, for exponents down to -half of m. Clipping serves the
    # arguments that are too small for this function, but next to others that are not.
    least = fixed(fmt.bias + fmt.digits - 1 - half)
    position = lax.max(exponent, least) - least
    index = lax.shift_right_logical(position, fixed(half.bit_length() - 1))
    shift = position & fixed(half - 1)
    digits = jnp.asarray(np.array(tables.inverse_turns, unsigned))
    words = [digits.at[index.astype(fmt.bits) + k].get(mode="clip") for k in range(7)]
    window = [
        lax.shift_right_logical(lax.shift_left(a, fixed(half)) | b, fixed(half) - shift) & mask
        for a, b in itertools.pairwise(words)
    ]
    # m times the window modulo 1, in digits: a product of two digits and two more fit in a word.
    low, high = m & mask, lax.shift_right_logical(m, fixed(half))
    product = [fixed(0)] * 7
    for factor, offset in ((low, 0), (high, 1)):
        carry = fixed(0)
        for k in range(5, offset - 1, -1):
            total = factor * window[k] + product[k - offset] + carry
            product[k - offset] = total & mask
            carry = lax.shift_right_logical(total, fixed(half))
    # The fraction of two turns in eighths, to nearest, and the rest with its sign.
    leading = (product[0] + fixed(2 ** (half - 4))) & mask
    quarter = lax.shift_right_logical(leading, fixed(half - 3)).astype(fmt.bits)
    rest = (leading & fixed(2 ** (half - 3) - 1)).astype(fmt.bits) - 2 ** (half - 4)
    s = rest.astype(x.dtype) * constant(x, 2.0**-half)
    errors = []
    for k in range(1, 6):
        # s is a multiple of the digit before, so 0 or larger than this one: the sums are exact.
        # Once digits fall off the end, s is so large that nothing cancels any more.
        digit = product[k].astype(fmt.bits).astype(x.dtype)
        s, e = fast_two_sum(s, digit * constant(x, 2.0 ** (-half * (k + 1))))
        errors.append(e)
    error = errors[-1]
    for e in reversed(errors[:-1]):
        error = rounded(error + e)
    turns = DoubleWord(*(constant(x, part) for part in tables.two_turns))
    r = multiply(renormalised(s, error), turns)
    negative = lax.lt(x, constant(x, 0))
    return Reduced(
        lax.select(negative, -quarter, quarter) & 7,
        DoubleWord(*(lax.select(negative, -part, part) for part in r)),
    )


def reduced(kernel: Callable[[Array, Reduced], Any]) -> Callable[[Array], Any]:
    """Return ``kernel(x, reduction of x)``, element by element, as a function of finite x.

    The reduction of large arguments is several times as costly as all else, and left out where no
    argument needs it. Under ``vmap`` too: the batch is an array like any other.
    """

    def of_moderate(x: Array) -> Any:
        return kernel(x, _moderate(x))

    def of_any(x: Array) -> Any:
        small = lax.le(lax.abs(x), constant(x, tables_of(x).moderate))
        a, b = _moderate(x), _large(x)
        r = DoubleWord(*(lax.select(small, p, q) for p, q in zip(a.r, b.r)))
        return kernel(x, Reduced(lax.select(small, a.quarter, b.quarter), r))

    @jax.custom_batching.custom_vmap
    def function(x: Array) -> Any:
        large = lax.gt(lax.abs(x), constant(x, tables_of(x).moderate))
        return lax.cond(jnp.any(large), of_any, of_moderate, x)

    @function.def_vmap
    def _(axis_size: int, in_batched: list[bool], x: Array) -> tuple[Any, Any]:
        value = function(x)
        return value, jax.tree.map(lambda _: True, value)

    return function


# --- series -----------------------------------------------------------------------------


def series_error(unit: float) -> float:
    """Relative error of :func:`sine`, :func:`cosine`: 2**-61.6 in binary64, 2**-31.7 in binary32.

    With z = r**2 <= 0.6171, in 1e-4 u of the result, where the worse of both functions is the
    cosine, which is at least 0.707:

    * the tail t: 2.7u (see ``horner``, as its coefficients fall by a factor of 30 at least, the
      cosine's first being 1/720), times z, of which the low word and its error are left out, u,
      and rounded, u; in all 4.8u of z**3 / 720 = 3.27e-4, over 0.707: 22.2;
    * the terms left out, at most z**10 / 20! = 3.3e-21 (z**7 / 14! = 3.9e-13): 0.5 (0.1);
    * the reduced argument, its error times r tan r <= 0.786 or r cot r <= 1: 0.2 (10);
    * four products and four sums of double words, and the low words of the coefficients: less than
      64 u**2: 0 (0.1).

    In all 22.9 (32.4).
    """
    return (24e-4 if unit == 2.0**-53 else 34e-4) * unit


def _polynomial(z: DoubleWord, leading: tuple[DoubleWord, DoubleWord], tail: Array) -> DoubleWord:
    """1 + z (a + z (b + z tail)) for alternating terms that fall."""
    first, second = leading
    h, e = fast_two_sum(second.hi, rounded(z.hi * tail))
    inner = multiply(z, renormalised(h, rounded(e + second.lo)))
    h, e = fast_two_sum(first.hi, inner.hi)
    return one_plus(multiply(z, renormalised(h, rounded(e + rounded(inner.lo + first.lo)))))


def _pairs(x: Array, leading: tuple[tuple[float, float], ...]) -> tuple[DoubleWord, DoubleWord]:
    first, second = (DoubleWord(constant(x, h), constant(x, e)) for h, e in leading)
    return first, second


def sine(r: DoubleWord) -> DoubleWord:
    """sin r within ``series_error``, for |r| <= 0.7855, but not so small that r**2 underflows."""
    tables, z = tables_of(r.hi), multiply(r, r)
    tail = horner(z.hi, tables.sine_tail)
    return multiply(r, _polynomial(z, _pairs(r.hi, tables.sine), tail))


def cosine(r: DoubleWord) -> DoubleWord:
    """cos r within ``series_error``, for |r| <= 0.7855."""
    tables, z = tables_of(r.hi), multiply(r, r)
    tail = horner(z.hi, tables.cosine_tail)
    return renormalised(*_polynomial(z, _pairs(r.hi, tables.cosine), tail))


def sine_or_cosine(r: DoubleWord, odd: Array) -> DoubleWord:
    """cos r where the mask is set, else sin r, by one series: select coefficients, not values."""
    tables, z = tables_of(r.hi), multiply(r, r)

    def either(cosine: float, sine: float) -> Array:
        return lax.select(odd, constant(z.hi, cosine), constant(z.hi, sine))

    first, second = (
        DoubleWord(*(either(p, q) for p, q in zip(c, s, strict=True)))
        for c, s in zip(tables.cosine, tables.sine, strict=True)
    )
    tail = either(tables.cosine_tail[-1], tables.sine_tail[-1])
    for c, s in zip(tables.cosine_tail[-2::-1], tables.sine_tail[-2::-1], strict=True):
        tail = tail * z.hi + either(c, s)
    factor = DoubleWord(
        lax.select(odd, constant(z.hi, 1), r.hi), lax.select(odd, constant(z.hi, 0), r.lo)
    )
    return multiply(factor, _polynomial(z, (first, second), tail))


# --- bounds -----------------------------------------------------------------------------


def phase_of(quarter: Array, r: Array) -> Array:
    """The number, modulo 4, of odd multiples of pi/2 below the argument."""
    return ((quarter + lax.gt(r, constant(r, 0)).astype(quarter.dtype)) >> 1) & 3


def is_odd(quarter: Array) -> Array:
    return lax.ne(quarter & 1, lax.full_like(quarter, 0))


def absolute(word: DoubleWord) -> tuple[DoubleWord, Array]:
    """The absolute value of a double word, and where it is negative."""
    negative = lax.lt(word.hi, constant(word.hi, 0))
    low = lax.select(negative, -word.lo, word.lo)
    return DoubleWord(lax.abs(word.hi), low), negative


def neighbours(word: DoubleWord, relative: float) -> tuple[Array, Array]:
    """Bits of the largest float below what is within this error of a positive double word.

    And whether it may lie above the next float, so that the one after that is its upper bound.
    """
    fmt = format_of(word.hi)
    bits = lax.bitcast_convert_type(word.hi, fmt.bits)
    error = word.hi * constant(word.hi, relative)
    inner = bits - lax.lt(word.lo, error).astype(fmt.bits)
    return inner, lax.lt(lax.abs(word.lo), error)


def packed_sine(x: Array, reduction: Reduced, shift: int) -> Array:
    """Both bounds of sin(x + shift pi/2) in one integer, so that XLA computes them in one loop.

    It has the bits of the float next to the sine towards 0. As that is in [-1, 1], the first bit
    of the exponent is free: set if the sine may lie beyond the neighbour of this float.
    """
    fmt = format_of(x)
    quarter = reduction.quarter + shift
    odd = is_odd(quarter)
    size, negative = absolute(sine_or_cosine(reduction.r, odd))
    inner, wide = neighbours(size, series_error(fmt.unit))
    if shift == 0:
        # x - x**3 / 6 lies between x and the float below it if x**2 <= u.
        near = lax.lt(lax.abs(x), constant(x, fmt.unit**0.5))
        below = lax.bitcast_convert_type(lax.abs(x), fmt.bits) - 1
        inner, wide = lax.select(near, below, inner), wide & ~near
    negative = lax.ne(negative, is_odd(quarter >> 1))
    sign = 8 * fmt.bits.itemsize - 1
    return inner | (wide.astype(fmt.bits) << (sign - 1)) | (negative.astype(fmt.bits) << sign)


def unpacked_sine(packed: Array, x: Array, shift: int) -> tuple[Array, Array]:
    """The bounds that :func:`packed_sine` packed, exact at x = 0."""
    fmt = format_of(x)
    free = 8 * fmt.bits.itemsize - 2
    inner = packed & (2**free - 1)
    outer = inner + 1 + ((packed >> free) & 1)
    tiny = lax.full_like(inner, 1 << (fmt.digits - 1))
    a, b = (lax.bitcast_convert_type(part, fmt.dtype) for part in (inner, outer))
    a = lax.select(lax.lt(inner, tiny), constant(x, 0), a)
    b = lax.min(b, constant(x, 1))
    negative = lax.lt(packed, lax.full_like(packed, 0))
    down, up = lax.select(negative, -b, a), lax.select(negative, -a, b)
    zero, exact = lax.eq(x, constant(x, 0)), constant(x, shift)
    return lax.select(zero, exact, down), lax.select(zero, exact, up)


def scale_of(x: Array) -> tuple[Array, Array]:
    """A power of two that takes tiny x far from underflow, else 1, and what it adds to bits."""
    fmt = format_of(x)
    near = lax.lt(lax.abs(x), constant(x, fmt.unit))
    half = (fmt.bias + 1) // 2
    scale = lax.select(near, constant(x, 2.0**half), constant(x, 1))
    return scale, near.astype(fmt.bits) * (half << (fmt.digits - 1))


def tangent_above(x: Array, reduction: Reduced, shift: int) -> Array:
    """The upper bound of tan(x + shift pi/2); where that is a pole, its limit from the left."""
    fmt = format_of(x)
    quarter = reduction.quarter + shift
    odd = is_odd(quarter)
    size, negative = absolute(reduction.r)
    s, c = sine(size), cosine(size)
    zero = lax.eq(x, constant(x, 0))
    if shift != 0:
        scale, added = scale_of(x)
        s = DoubleWord(s.hi * scale, s.lo * scale)
    top, bottom = (
        DoubleWord(*(lax.select(odd, p, q) for p, q in zip(a, b))) for a, b in ((c, s), (s, c))
    )
    inner, wide = neighbours(divide(top, bottom), 2 * series_error(fmt.unit) + 64 * fmt.unit**2)
    outer = inner + 1 + wide.astype(fmt.bits)
    if shift == 0:
        # x + x**3 / 3 lies between x and the float above it if x**2 <= u.
        near = lax.lt(lax.abs(x), constant(x, fmt.unit**0.5))
        bits = lax.bitcast_convert_type(lax.abs(x), fmt.bits)
        inner, outer = lax.select(near, bits, inner), lax.select(near, bits + 1, outer)
    else:
        inner, outer = inner + added, outer + added
    inner, outer = (lax.bitcast_convert_type(part, fmt.dtype) for part in (inner, outer))
    up = lax.select(lax.ne(negative, odd), -inner, outer)
    return lax.select(zero, constant(x, 0 if shift == 0 else np.inf), up)


def cosecant_bounds(x: Array, reduction: Reduced, shift: int) -> tuple[Array, Array]:
    """Bounds of 1 / sin(x + shift pi/2), which must not be a pole."""
    fmt = format_of(x)
    quarter = reduction.quarter + shift
    size, negative = absolute(sine_or_cosine(reduction.r, is_odd(quarter)))
    one = constant(x, 1)
    added = lax.full_like(quarter, 0)
    if shift == 0:
        scale, added = scale_of(x)
        size = DoubleWord(size.hi * scale, size.lo * scale)
    inverse = divide(DoubleWord(one, constant(x, 0)), size)
    inner, wide = neighbours(inverse, series_error(fmt.unit) + 64 * fmt.unit**2)
    outer = inner + 1 + wide.astype(fmt.bits) + added
    inner = inner + added
    inner, outer = (lax.bitcast_convert_type(part, fmt.dtype) for part in (inner, outer))
    inner = lax.max(inner, one)
    if shift != 0:
        zero = lax.eq(x, constant(x, 0))
        inner, outer = lax.select(zero, one, inner), lax.select(zero, one, outer)
    negative = lax.ne(negative, is_odd(quarter >> 1))
    return lax.select(negative, -outer, inner), lax.select(negative, -inner, outer)
