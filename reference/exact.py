"""Exact rational arithmetic as the oracle of the rounding floor, of + - * / sqrt and of sums."""

from collections.abc import Sequence
from fractions import Fraction
from math import inf, isqrt

import numpy as np

Real = Fraction | float
"""A rational number, or a float infinity."""


def exact(x: float) -> Fraction:
    """The rational number that a finite float is."""
    return Fraction(float(x))


def real(x: float) -> Real:
    """The number that a float is."""
    return float(x) if abs(x) == inf else Fraction(float(x))


def round_down(q: Real, dtype: type) -> float:
    """The largest number of {0, normals, +-inf} that is <= q."""
    info = np.finfo(dtype)
    tiny, largest, digits = Fraction(float(info.tiny)), Fraction(float(info.max)), info.nmant + 1
    if isinstance(q, float):
        return q
    if q > largest:
        return float(largest)
    if q < -largest:
        return -inf
    if abs(q) < tiny:
        return 0.0 if q >= 0 else -float(tiny)
    # The unit in the last place of q: 2**exponent <= |q| < 2**(exponent + 1).
    exponent = q.numerator.bit_length() - q.denominator.bit_length()
    if abs(q) < Fraction(2) ** exponent:
        exponent -= 1
    unit = Fraction(2) ** (exponent - digits + 1)
    return float((q / unit).__floor__() * unit)


def round_up(q: Real, dtype: type) -> float:
    """The smallest number of {0, normals, +-inf} that is >= q."""
    return -round_down(-q, dtype)


def sqrt_down(q: Fraction, dtype: type) -> float:
    """The largest number of the format that is <= sqrt(q), for normal q."""
    shift = 4 * np.finfo(dtype).nmant + 2400
    root = Fraction(isqrt(q.numerator * 4**shift // q.denominator), 2**shift)
    down = round_down(root, dtype)
    above = float(np.nextafter(dtype(down), dtype(inf)))
    return above if Fraction(above) ** 2 <= q else down


def sqrt_up(q: Fraction, dtype: type) -> float:
    """The smallest number of the format that is >= sqrt(q), for normal q."""
    down = sqrt_down(q, dtype)
    return down if Fraction(down) ** 2 == q else float(np.nextafter(dtype(down), dtype(inf)))


def product(x: Real, y: Real) -> Real:
    """x * y, where 0 times infinity is 0: bounds are limits of finite numbers."""
    if x == 0 or y == 0:
        return Fraction(0)
    if isinstance(x, float) or isinstance(y, float):
        return inf if (x > 0) == (y > 0) else -inf
    return x * y


def quotient(x: Real, y: Real, side: int) -> Real:
    """x / y, where division by 0 is the limit from the given side."""
    if x == 0 or isinstance(y, float):
        return Fraction(0)
    if y == 0 or isinstance(x, float):
        return inf if (x > 0) == ((y or side) > 0) else -inf
    return x / y


Bounds = tuple[float, float]


def interval_product(a: Bounds, b: Bounds) -> tuple[Real, Real]:
    """The exact range of x * y."""
    corners = [product(real(x), real(y)) for x in a for y in b]
    return min(corners), max(corners)


def interval_quotient(a: Bounds, b: Bounds) -> tuple[Real, Real]:
    """The exact hull of x / y over y != 0; (inf, -inf) where there is none."""
    if b == (0, 0):
        return inf, -inf
    if a == (0, 0):
        return Fraction(0), Fraction(0)
    if b[0] < 0 < b[1]:
        return -inf, inf
    side = 1 if b[1] > 0 else -1
    corners = [quotient(real(x), real(y), side) for x in a for y in b]
    return min(corners), max(corners)


def dot(a: Sequence[float], b: Sequence[float]) -> Fraction:
    """The exact inner product of two vectors of finite floats."""
    return Fraction(sum(x * y for x, y in zip(_integers(a), _integers(b), strict=True)), _UNIT**2)


def interval_dot(
    a_lo: Sequence[float], a_hi: Sequence[float], b_lo: Sequence[float], b_hi: Sequence[float]
) -> tuple[Fraction, Fraction]:
    """The exact range of the inner product of two vectors of bounded intervals."""
    lower = upper = 0
    rows = zip(_integers(a_lo), _integers(a_hi), _integers(b_lo), _integers(b_hi), strict=True)
    for al, ah, bl, bh in rows:
        corners = (al * bl, al * bh, ah * bl, ah * bh)
        lower += min(corners)
        upper += max(corners)
    return Fraction(lower, _UNIT**2), Fraction(upper, _UNIT**2)


_UNIT = 1 << 1074  # every float64 is an integer multiple of 1/_UNIT


def _integers(values: Sequence[float]) -> list[int]:
    ratios = (float(v).as_integer_ratio() for v in values)
    return [numerator * (_UNIT // denominator) for numerator, denominator in ratios]
