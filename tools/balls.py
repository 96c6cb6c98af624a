"""Floats and fractions around the numbers of Arb."""

import math
from collections.abc import Callable
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


def zero(f: Callable[[arb], arb], left: arb, right: arb, steps: int) -> arb:
    """A narrow ball that contains a zero of f between two numbers where it has opposite signs."""
    a, b = left, right
    rising = f(b) > 0
    assert f(a) < 0 if rising else f(a) > 0 > f(b)
    for _ in range(steps):
        middle = ((a + b) / 2).mid()
        a, b = (a, middle) if (f(middle) > 0) == rising else (middle, b)
    return a.union(b)
