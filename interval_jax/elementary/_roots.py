"""Roots and lengths of positive floats, with proven bounds."""

from __future__ import annotations

import numpy as np
from jax import Array, lax

from interval_jax._doubleword import (
    DoubleWord,
    constant,
    head,
    horner,
    multiply,
    multiply_float,
    positive_bounds,
    renormalised,
)
from interval_jax._rounding import fast_two_sum, format_of, rounded, two_prod
from interval_jax.elementary._powers import (
    exact_root,
    exact_where,
    exp2_value,
    exponent_error,
    log2_limits,
    log2_word,
    scaled,
    significand_as_integer,
)
from interval_jax.elementary._roots_tables import INVERSE_CUBE_ROOT, INVERSE_ROOTS_OF_TWO, RESIDUAL

__all__ = ["cbrt_bounds", "hypot_bounds", "root_bounds", "rsqrt_bounds"]


def _correction_error(unit: float) -> float:
    """Relative error of the correction that ``cbrt_bounds`` adds to the head.

    With w = m**(-1/3) and e = 1 - m y**3 for a first approximation y of it, at most RESIDUAL plus
    a few u, y (1 + e/3 + 2 e**2/9) is w but for 14/81 e**3 of it. In u: of e there are errors of
    3, of which a third counts, of the sum and the product 1 and 0.2. That makes 2.2 and 0.175 e**3
    for w, 5.4 and 0.35 e**3 for its square. The remainder r has 1, r w**2 one more, the factor
    1/3 + ... 2.5 and what is cut of the series 0.001 (0.1), the last product 1. In all 11.
    """
    return 12 * unit + 0.36 * RESIDUAL**3


def cbrt_bounds(x: Array) -> tuple[Array, Array]:
    """Return the bounds of the cube root of x >= 0 or inf.

    x = 8**q m with 1 <= m < 8. With c the head of an approximation of the root 1 / w, products
    with c**2 and with c are exact, and so is the difference with the first of them, which is within
    2**-10 of m. For r = m - c**3 and t = r / m = r w**3 the root is c (1 - t)**(-1/3), which is c
    + r w**2 (1/3 + t/9 + 5 t**2/81 + ...). The correction vanishes exactly where c is the root, as
    it is of every cube of at most p digits.
    """
    fmt = format_of(x)
    part = scaled(x)
    # The quotient by 3 of a number below 2**13, by a product.
    offset = constant(part.exponent, 3 * 2 ** (fmt.bits.itemsize + 2))
    shifted = part.exponent + offset
    q = (shifted * constant(shifted, 43691)) >> 17
    j = shifted - (q + q + q)
    first, second = (lax.eq(j, constant(j, value)) for value in (1, 2))
    one, two, four = (constant(x, value) for value in (1, 2, 4))
    m = part.significand * lax.select(first, two, lax.select(second, four, one))
    scale = lax.select(
        first,
        constant(x, INVERSE_ROOTS_OF_TWO[1]),
        lax.select(second, constant(x, INVERSE_ROOTS_OF_TWO[2]), one),
    )
    y = horner(part.significand, INVERSE_CUBE_ROOT) * scale
    e = 1 - m * (y * y * y)
    w = y + y * (e * (constant(x, 1 / 3) + e * constant(x, 2 / 9)))
    square = w * w
    c = head(m * square)
    cc = c * c
    cc_head = head(cc)
    r = (m - cc_head * c) - (cc - cc_head) * c
    t = r * (square * w)
    series = constant(x, 1 / 3) + t * (constant(x, 1 / 9) + t * constant(x, 5 / 81))
    correction = rounded((r * square) * series)
    error = lax.abs(correction) * constant(x, _correction_error(fmt.unit))
    exponent = q - constant(q, 2 ** (fmt.bits.itemsize + 2))
    down, up = positive_bounds(DoubleWord(*fast_two_sum(c, correction)), error, exponent)
    null, inf = lax.eq(x, constant(x, 0)), constant(x, np.inf)
    down, up = (lax.select(null, constant(x, 0), v) for v in (down, up))
    return down, lax.select(lax.eq(x, inf), inf, up)


def rsqrt_bounds(x: Array) -> tuple[Array, Array]:
    """Return the tightest bounds of 1 / sqrt(x), for x >= 0 or inf.

    x = 4**q m with 1 <= m < 4. Let y be an approximation of 1 / sqrt(m) within 4u, as a reciprocal
    within 2u of a root within 2u is. The remainder r = 1 - m y**2 is at most 8.1u, and 1 / sqrt(m)
    is y (1 + r/2 + 3 r**2/8 + ...). In units of u**2 the double word m y**2 has an error of 8, as
    y**2 is exact; 1 less its high word is exact; the difference with the low word has an error of
    8; together halved 8. The product y r / 2 has one of 5, what is left out is 25. This function
    takes 48 for these 38.

    Where a float f is as close as that, the sign of 1 - m f**2 tells. With M = 2**(p-1) m and
    F = 2**p f, M F**2 is within 97 * 2**p of 2**(3p-1), a multiple of the word length: known modulo
    that, it is known. It vanishes only for powers of 4, as m f**2 = 1 needs odd factors of 1.
    """
    fmt = format_of(x)
    part = scaled(x)
    zero, one = constant(x, 0), constant(x, 1)
    odd = part.exponent & constant(part.exponent, 1)
    m = part.significand * lax.select(lax.eq(odd, constant(odd, 1)), constant(x, 2), one)
    # XLA ends a fused loop before a root or quotient with several users; abs is the only one.
    y = rounded(lax.abs(one / lax.abs(lax.sqrt(m))))
    square = multiply_float(DoubleWord(*two_prod(y, y)), m)
    remainder = (one - square.hi) - square.lo
    word = renormalised(y, rounded(y * (remainder * constant(x, 0.5))))
    error = word.hi * constant(x, 48 * fmt.unit**2)
    of_word = scaled(word.hi)
    a = lax.shift_left(significand_as_integer(part.significand), odd)
    # The high word is between 1/2 and 1.
    b = lax.shift_left(significand_as_integer(word.hi), of_word.exponent + constant(odd, 1))
    product = a * b * b
    near = lax.le(lax.abs(word.lo), error)
    none = constant(product, 0)
    side = lax.select(lax.gt(product, none), -error, zero)
    side = lax.select(lax.lt(product, none), error, side)
    word = DoubleWord(word.hi, lax.select(near, side, word.lo))
    exponent = (odd - part.exponent) >> 1
    down, up = positive_bounds(word, lax.select(near, zero, error), exponent)
    down = lax.select(lax.eq(x, constant(x, np.inf)), zero, down)
    return down, lax.select(lax.eq(x, zero), constant(x, np.inf), up)


def root_bounds(x: Array, n: int) -> tuple[Array, Array]:
    """Return the bounds of x**(1/n) for x >= 0 or inf and n != 0."""
    fmt, most = format_of(x), int(log2_limits(x)[2])
    # Beyond the limit roots of floats are next to 1, or 1.
    n = max(-most, min(n, most))
    leading = fmt.dtype.type(1 / n)
    # 1 - n * leading is exact in rational numbers, and then its quotient is rounded.
    numerator, denominator = float(leading).as_integer_ratio()
    rest = (denominator - n * numerator) / (n * denominator)
    inverse = DoubleWord(constant(x, float(leading)), constant(x, rest))
    value = exp2_value(multiply(log2_word(x), inverse), exponent_error(fmt.unit))
    down, up = positive_bounds(*exact_where(exact_root(x, n, value), value))
    null, infinite = lax.eq(x, constant(x, 0)), lax.eq(x, constant(x, np.inf))
    zero, inf = constant(x, 0), constant(x, np.inf)
    if n < 0:
        return lax.select(infinite, zero, down), lax.select(null, inf, up)
    return lax.select(null, zero, down), lax.select(null, zero, lax.select(infinite, inf, up))


def hypot_bounds(x: Array, y: Array) -> tuple[Array, Array]:
    """Return the tightest bounds of sqrt(x**2 + y**2), for floats and infinities.

    Let x be the longer, scaled to [1, 2). If y is below 2**-28 (2**-13) of it, the root lies
    between x and a quarter of the way to the next float. Else, with g = sqrt(h) rounded and errors
    in units of u**2 h: the sum h + low of the squares has one of 3, as low is below 2u h; their
    difference with g**2, below 2u h and then 4u h, ones of 2 and 4. Half of these 9, 5 for a
    reciprocal within 2u and a product, and 2 for the square of the correction make 12 u**2 g; this
    function takes 24, which leaves room for a sqrt that is not rounded correctly.

    Where a float is so close, the sign of x**2 + y**2 - g**2 tells: in units of the last place of
    y it is an integer below 24 * 1.5 * 2**54 (2**26), found modulo the word length.
    """
    fmt = format_of(x)
    fraction = fmt.digits - 1
    x, y = lax.abs(x), lax.abs(y)
    x, y = lax.max(x, y), lax.min(x, y)
    longer, shorter = scaled(x), scaled(y)
    distance = longer.exponent - shorter.exponent
    limit = constant(distance, 28 if fmt.digits == 53 else 13)
    zero = constant(x, 0)
    alone, infinite = lax.eq(y, zero), lax.eq(x, constant(x, np.inf))
    far = lax.ge(distance, limit) | alone | infinite
    distance = lax.select(far, limit, distance)
    bits = lax.bitcast_convert_type(shorter.significand, fmt.bits) - (distance << fraction)
    second = lax.bitcast_convert_type(bits, fmt.dtype)
    p, p_error = two_prod(longer.significand, longer.significand)
    q, q_error = two_prod(second, second)
    h, low = fast_two_sum(p, q)
    low = low + (p_error + q_error)
    # XLA ends a fused loop before a root or quotient with several users; abs is the only one.
    g = rounded(lax.abs(lax.sqrt(h)))
    square, square_error = two_prod(g, g)
    remainder = ((h - square) - square_error) + low
    word = renormalised(g, rounded(remainder * lax.abs(constant(g, 0.5) / g)))
    error = g * constant(g, 24 * fmt.unit**2)
    # The integers of x and y in units of the last place of y, that of g too, as it is below 4.
    of_g = scaled(word.hi)
    a = lax.shift_left(significand_as_integer(longer.significand), distance)
    b = significand_as_integer(shorter.significand)
    c = lax.shift_left(significand_as_integer(word.hi), distance + of_g.exponent)
    difference = a * a + b * b - c * c
    near = ~far & lax.le(lax.abs(word.lo), error)
    none = constant(difference, 0)
    side = lax.select(lax.gt(difference, none), error, zero)
    side = lax.select(lax.lt(difference, none), -error, side)
    lo = lax.select(near, side, word.lo)
    lo = lax.select(far, lax.select(alone, zero, constant(x, fmt.unit / 4)), lo)
    hi = lax.select(far, longer.significand, word.hi)
    error = lax.select(far | near, zero, error)
    down, up = positive_bounds(DoubleWord(hi, lo), error, longer.exponent)
    return down, lax.select(lax.eq(x, zero), zero, up)
