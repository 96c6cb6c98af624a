"""Floats and fractions around the numbers of Arb."""

import math
from decimal import ROUND_CEILING, Context, Decimal
from fractions import Fraction

import numpy as np
from flint import arb


def ball(x: Fraction) -> arb:
    """The narrowest that contains x."""
    return arb(x.numerator) / x.denominator


def upper(x: arb) -> Fraction:
    """A rational number >= x, exactly."""
    mantissa, exponent = x.upper().man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def double_word(x: arb, dtype: type[np.floating]) -> tuple[float, float]:
    """x as a float and the rest."""
    high = float(dtype(float(x)))
    return high, float(dtype(float(x - high)))


def float_bounds(x: arb, dtype: type[np.floating]) -> tuple[float, float]:
    """The floats of the type next below and above x, which is none itself."""
    near = dtype(float(x))
    other = np.nextafter(near, dtype(math.inf if arb(float(near)) < x else -math.inf))
    down, up = sorted((float(near), float(other)))
    assert arb(down) < x < arb(up)
    return down, up


def round_up(x: Fraction) -> float:
    """A float >= x of two decimal digits."""
    context = Context(prec=2, rounding=ROUND_CEILING)
    result = float(context.divide(Decimal(x.numerator), Decimal(x.denominator)))
    assert Fraction(result) >= x
    return result
