"""Horner's rule for polynomials whose first coefficients are double words."""

import itertools
from collections.abc import Sequence
from fractions import Fraction

SLACK = 1 + Fraction(1, 2**10)  # covers the terms of higher order in u


def sums(high: Sequence[float], low: Sequence[float]) -> list[Fraction]:
    """The coefficients, of which only the first have low words."""
    return [Fraction(h) + Fraction(l) for h, l in itertools.zip_longest(high, low, fillvalue=0.0)]


def rounding_error(
    coefficients: Sequence[Fraction], heads: int, radius: Fraction, unit: Fraction
) -> Fraction:
    """A bound of the rounding error of Horner's rule for |t| <= radius, `heads` in double words.

    With T >= |t|, let A bound the computed value v = (vh, vl) of the previous step, E its error and
    |vl| <= kappa * u * |vh|. One step in single words, with t replaced by its high word:
    two roundings of the product and of t, one of the sum. One step in double words is

        p + e = th * vh exactly;  q = e + (th * vl + tl * vh);  s + f = ch + p exactly;
        result (s, f + (q + cl)),

    where |e|, |tl * vh| <= u T A and |th * vl| <= kappa u T A. The three roundings in q and the
    product tl * vl left out are below (4 kappa + 4) u**2 T A, |q| <= (kappa + 2) u T A, and the two
    roundings of the low word are below u**2 ((2 kappa + 5) T A + 3 |c|).
    Fusing a product with a sum only removes a rounding.
    """
    u, sizes = unit, [abs(c) for c in coefficients]
    value, error, kappa = sizes[-1], Fraction(0), Fraction(0)
    for k in reversed(range(len(sizes) - 1)):
        c, product = sizes[k], radius * (value + error) * SLACK
        error *= radius
        if k >= heads:
            error += u * (2 * product + (c + product)) * SLACK
        else:
            # fast_two_sum needs |c| >= |p|.
            assert 4 * product <= 3 * c, (k, float(product / c))
            error += u**2 * ((6 * kappa + 9) * product + 3 * c) * SLACK
            kappa = ((kappa + 3) * product + 2 * c) / (c - product) * SLACK
        value = c + product
    assert kappa <= 32, float(kappa)
    return error
