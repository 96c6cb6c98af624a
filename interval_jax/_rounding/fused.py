"""Operations on three and four numbers, decided as if they were exact: fma, differences."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import numpy as np
from jax import Array, lax

from interval_jax._rounding.directed import _down, _field, _Sided, _up
from interval_jax._rounding.error_free import two_prod, two_sum
from interval_jax._rounding.format import bits_of, constant, format_of, from_bits, rounded
from interval_jax._rounding.intervals import smooth_products
from interval_jax._rounding.slopes import differentiable

__all__ = ["difference_at_most", "fma_bounds"]


def _signed_significand(x: Array) -> Array:
    """``x`` scaled by a power of two into +-[1, 2); arbitrary for 0, inf and NaN."""
    fmt = format_of(x)
    one = fmt.bias << (fmt.digits - 1)
    kept = ~(fmt.exponent_mask << (fmt.digits - 1))
    return from_bits((bits_of(x) & constant(bits_of(x), kept)) | one, fmt)


class _Product(NamedTuple):
    """``(high + low) 2**(field - bias)``, exact, with ``high`` 0 or of a magnitude from 1 to 4."""

    high: Array
    low: Array
    field: Array
    infinite: Array


def _product(a: Array, b: Array) -> _Product:
    zero, inf = constant(a, 0), constant(a, np.inf)
    null = lax.eq(a, zero) | lax.eq(b, zero)
    high, low = two_prod(_signed_significand(a), _signed_significand(b))
    return _Product(
        lax.select(null, zero, high),
        lax.select(null, zero, low),
        _field(a) + _field(b) - format_of(a).bias,
        ~null & (lax.eq(lax.abs(a), inf) | lax.eq(lax.abs(b), inf)),
    )


def _clipped(n: Array, limit: int) -> Array:
    most = constant(n, limit)
    return lax.select(lax.gt(n, most), most, lax.select(lax.lt(n, -most), -most, n))


def _larger(x: _Product, y: _Product) -> _Product:
    """The product of larger magnitude of two that are not 0 and have the same sign."""
    fmt = format_of(x.high)
    # Between 1 and 4: if the exponents are 3 apart, they decide.
    apart = _clipped(x.field - y.field, 3)
    scale = from_bits((apart + fmt.bias) << (fmt.digits - 1), fmt)
    high, low = lax.abs(x.high * scale), x.low * scale
    other = lax.abs(y.high)
    # The low words count towards or against the common sign.
    negative = lax.lt(y.high, constant(other, 0))
    more = lax.ne(lax.gt(low, y.low), negative)
    first = lax.gt(high, other) | (lax.eq(high, other) & more)
    high, low, field = (lax.select(first, p, q) for p, q in zip(x[:3], y[:3], strict=True))
    return _Product(high, low, field, x.infinite | y.infinite)


def _plus(product: _Product, c: Array) -> _Sided:
    """Add a number; an infinite ``c`` outweighs an infinite product.

    In units of the product's exponent it is p + e with p = 0 or 1 <= |p| <= 4, a multiple of
    2**(2 - 2 digits). There c becomes t. If its exponent is out of reach, all that matters is
    its sign, or that of the product beside it: any other exponent out of reach will do. The
    sum of three is made of exact ones:

        t + e = h1 + l1,  p + h1 = h2 + l2,  l2 + l1 = h3 + l3,  h2 + h3 = value + l4.

    What is left, l4 + l3, has the sign of l4, or of l3 where l4 is 0: l4 is a multiple of the
    last place of h3, and |l3| is at most half of that. It is less than the step from value to
    its neighbour: |l4| is at most half of that, and l3 is negligible unless p + h1 cancels,
    in which case l2 is 0 (Sterbenz) and l3 with it.
    """
    p, e, field, boundless = product
    fmt = format_of(c)
    fraction, reach = fmt.digits - 1, 2 * fmt.digits + 4
    zero, inf = constant(c, 0), constant(c, np.inf)
    # Beside a product that is 0, c is never out of reach.
    field_c = _field(c)
    field = lax.select(lax.eq(p, zero), field_c, field)
    apart = _clipped(field_c - field, reach)
    t = from_bits(bits_of(_signed_significand(c)) + (apart << fraction), fmt)
    t = lax.select(lax.eq(c, zero), zero, t)
    # A large c that was brought into reach brings its unit along.
    field = lax.select(lax.eq(apart, constant(apart, reach)), field_c - reach, field)
    h1, l1 = two_sum(t, e)
    h2, l2 = two_sum(p, h1)
    h3, l3 = two_sum(l2, l1)
    value, l4 = two_sum(h2, h3)
    side = lax.select(lax.eq(l4, zero), l3, l4)
    # The exponent is set in the bits, where it cannot underflow or overflow unnoticed.
    bits, shift = bits_of(lax.abs(value)), field - fmt.bias
    exponent = (bits >> fraction) + shift
    nothing = lax.eq(value, zero)
    underflow = (exponent < 1) | nothing
    overflow = (exponent > 2 * fmt.bias) & ~nothing
    size = lax.select(overflow, inf, from_bits(bits + (shift << fraction), fmt))
    # Overflow lies on the finite side, and underflow away from zero.
    side = lax.select(underflow, value, lax.select(overflow, -value, side))
    size = lax.select(underflow, zero, size)
    result = lax.select(lax.lt(value, zero), -size, size)
    infinite = lax.eq(lax.abs(c), inf)
    result = lax.select(boundless, lax.select(lax.lt(p, zero), -inf, inf), result)
    side = lax.select(infinite | boundless, zero, side)
    return _Sided(lax.select(infinite, c, result), lax.lt(side, zero), lax.gt(side, zero))


def _smooth_fma(a: Array, b: Array, c: Array, d: Array, e: Array, f: Array) -> tuple[Array, Array]:
    least, greatest = smooth_products(a, b, c, d)
    return least + e, greatest + f


@partial(jax.jit, inline=True)
@partial(differentiable, smooth=_smooth_fma)
def fma_bounds(a: Array, b: Array, c: Array, d: Array, e: Array, f: Array) -> tuple[Array, Array]:
    """Return the tightest bounds of ``x y + z``, ``a <= x <= b``, ``c <= y <= d``, ``e <= z <= f``.

    The range of ``x y`` ends in products of ends, and signs tell which, but where both factors
    may have either sign: there the larger one of two products counts.
    """
    zero = constant(a, 0)
    xp, xn, yp, yn = lax.ge(a, zero), lax.le(b, zero), lax.ge(c, zero), lax.le(d, zero)
    mixed = ~(xp | xn | yp | yn)

    def extreme(x: Array, y: Array, z: Array, pp: Array, pn: Array) -> _Product:
        """The product x y, or b z, where the sign of one factor tells that it is that."""
        second = (xp & ~pp) | (pn & ~xn)
        first = _product(lax.select(second, b, x), lax.select(second, z, y))
        larger = _larger(first, _product(b, z))
        return _Product(*(lax.select(mixed, p, q) for p, q in zip(larger, first, strict=True)))

    least = extreme(lax.select(xn & yn, b, a), lax.select(xp & yp, c, d), c, yp, yn)
    most = extreme(lax.select(xn & yp, b, a), lax.select(xp & yn, d, c), d, yn, yp)
    return _down(_plus(least, e)), _up(_plus(most, f))


@partial(jax.jit, inline=True)
def difference_at_most(a: Array, b: Array, c: Array, d: Array) -> Array:
    """Tell where ``a - b <= c - d``, exactly, for finite numbers of the format.

    Rounding is monotone, so differences that round to unlike numbers are in the order of
    these. Where they round to the same, the errors decide. An error is ``small - part`` as for
    sums, and it may be subnormal unless it is taken of the operands times 2**(digits + 1).
    These overflow only where the error is 0, or where the rounded differences are so large
    that neither error is subnormal: a large small operand under a small difference cancels.
    """
    fmt = format_of(a)
    one = constant(a, 1)
    large = constant(a, 2.0 ** (fmt.bias - 2 * fmt.digits))
    zoom = constant(a, 2.0 ** (fmt.digits + 1))

    def ordered(x: Array, y: Array) -> tuple[Array, Array]:
        swap = lax.lt(lax.abs(x), lax.abs(y))
        return lax.select(swap, y, x), lax.select(swap, x, y)

    pairs = [ordered(a, -b), ordered(c, -d)]

    def sums(scale: Array) -> list[Array]:
        return [rounded(rounded(big * scale) + rounded(small * scale)) for big, small in pairs]

    left, right = sums(one)
    # Differences that both overflow are compared by halves; large ones lose nothing there.
    both = lax.eq(lax.abs(left), constant(a, np.inf)) & lax.eq(left, right)
    scale = lax.select(both, constant(a, 0.5), one)
    unscale = lax.select(both, constant(a, 2), one)
    halves = sums(scale)

    def error(value: Array, big: Array, small: Array) -> Array:
        part = rounded(rounded(value - rounded(big * scale)) * unscale)
        far = lax.ge(lax.abs(small), large) | lax.ge(lax.abs(value), large)
        factor = lax.select(far, one, zoom)
        return rounded(rounded(small * factor) - rounded(part * factor))

    errors = [error(value, *pair) for value, pair in zip(halves, pairs, strict=True)]
    equal = lax.eq(halves[0], halves[1])
    return lax.select(equal, lax.le(errors[0], errors[1]), lax.lt(halves[0], halves[1]))
