"""Generate and certify `interval_jax/elementary/_erf_tables.py`.

Run `python -m tools.normal` from the repository root; it needs python-flint.

Both functions of the table are smooth, of one sign and without a scale problem:

* ``erf(w) / w`` as a function of ``z = w**2`` for ``w`` below the first cut;
* ``exp(w**2) * erfc(w)`` as a function of ``y = 1 / (w + 2)`` in three pieces up to the last cut,
  beyond which erfc is below the smallest normal number.

Each piece is the polynomial in ``t = z - centre`` (``y - centre``) through the Chebyshev nodes,
its coefficients rounded to a double word (the first `heads`) or to one word (the others). What is
stored as the relative error of a table is proven here, for the rounded coefficients, as the sum of

* the approximation error, from Taylor expansions in Arb balls around the midpoints of a fine
  partition, with the Lagrange remainder taken over each part (`approximation_error`);
* the rounding error of Horner's rule, by a running error analysis (`evaluation_error`).
"""

import functools
import itertools
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from flint import arb, arb_poly, arb_series, ctx

from tools.balls import ball, double_word, float_bounds, round_up, upper
from tools.horner import rounding_error, sums
from tools.writing import target, write

TARGET = target("_erf_tables")

PRECISION = 300  # bits; the results are needed to about 80
PARTS = 512  # of a piece, in the proof of its approximation error
ORDER = 60  # of the Taylor expansions in that proof
MARGIN = Fraction(1, 2**20)  # relative widening of each piece: the cuts see rounded arguments


class Plan(NamedTuple):
    """How to build the table of a format."""

    dtype: type[np.floating]
    cuts: tuple[Fraction, ...]
    degree: int
    heads: int


PLANS = {
    "FLOAT64": Plan(
        np.float64, (Fraction(3, 4), Fraction(2), Fraction(6), Fraction(27)), degree=16, heads=5
    ),
    "FLOAT32": Plan(
        np.float32,
        (Fraction(3, 4), Fraction(3, 2), Fraction(15, 4), Fraction(19, 2)),
        degree=8,
        heads=4,
    ),
}


class Piece(NamedTuple):
    """A polynomial in ``v - centre`` that is used for v in [lo, hi]."""

    first: bool
    lo: Fraction
    hi: Fraction
    centre: Fraction
    high: list[float]
    low: list[float]

    @property
    def coefficients(self) -> list[Fraction]:
        return sums(self.high, self.low)

    @property
    def radius(self) -> Fraction:
        return max(self.hi - self.centre, self.centre - self.lo)


def function(first: bool, v: arb, order: int) -> arb_poly:
    """The Taylor polynomial at v of the function that a piece approximates.

    Over a ball v, each coefficient encloses those at all points of the ball.
    """
    if first:
        # erf(sqrt(z)) / sqrt(z) = 2 / sqrt(pi) * sum (-z)**n / (n! (2n + 1)). For |z| <= 2 the
        # terms left out sum to less than twice the first; by Cauchy's estimate on a circle of
        # radius 1 around v, with |v| < 1, that also bounds each Taylor coefficient of their sum.
        terms = 70
        factor = 2 / arb.pi().sqrt()
        series, factorial = [], arb(1)
        for n in range(terms):
            series.append((-1) ** n * factor / (factorial * (2 * n + 1)))
            factorial *= n + 1
        tail = 2 * factor * arb(2) ** terms / (factorial * (2 * terms + 1))
        shifted = arb_poly(series)(arb_poly([v, 1])).coeffs()[:order]
        return arb_poly([c + arb(0, tail) for c in shifted])
    w = 1 / arb_series([v, 1], prec=ORDER + 1) - 2
    return arb_poly(((w * w).exp() * w.erfc()).coeffs())


def fit(first: bool, lo: Fraction, hi: Fraction, plan: Plan) -> Piece:
    centre = Fraction(round((lo + hi) / 2 * 2**10), 2**10)
    radius = max(hi - centre, centre - lo)
    n = plan.degree + 1
    nodes = [ball(radius) * (arb(2 * k + 1) / (2 * n)).cos_pi() for k in range(n)]
    values = [function(first, t + ball(centre), 1)[0] for t in nodes]
    exact = arb_poly.interpolate(nodes, values).coeffs()
    words = [double_word(c, plan.dtype) for c in exact]
    return Piece(first, lo, hi, centre, [h for h, _ in words], [l for _, l in words[: plan.heads]])


def approximation_error(piece: Piece) -> Fraction:
    """A bound of the relative error of the polynomial over the piece."""
    polynomial = arb_poly([ball(c) for c in piece.coefficients])
    half = ball((piece.hi - piece.lo) / (2 * PARTS))
    worst = Fraction(0)
    for part in range(PARTS):
        middle = ball(piece.lo) + (2 * part + 1) * half
        over = middle + arb(0, half)

        def difference(v: arb, order: int) -> list[arb]:
            shift = polynomial(arb_poly([v - ball(piece.centre), 1]))
            return (function(piece.first, v, order) - shift).coeffs()

        at_middle, remainder = difference(middle, ORDER), difference(over, ORDER + 1)
        # A polynomial of lower degree than ORDER - 1 is padded with zeros.
        terms = [*at_middle[:ORDER], *[arb(0)] * (ORDER - len(at_middle)), *remainder[ORDER:]]
        error = sum((abs(d) * half**k for k, d in enumerate(terms)), arb(0))
        # The function decreases in z and increases in y.
        least = function(piece.first, middle + half if piece.first else middle - half, 1)[0]
        worst = max(worst, upper(error / least))
    return worst


def evaluation_error(piece: Piece, unit: Fraction) -> Fraction:
    """A bound of the rounding error of Horner's rule, relative to the function."""
    least = function(piece.first, ball(piece.hi if piece.first else piece.lo), 1)[0]
    error = rounding_error(piece.coefficients, len(piece.low), piece.radius, unit)
    return upper(ball(error) / least)


@functools.cache
def table(plan: Plan) -> tuple[list[Piece], list[Fraction]]:
    """The pieces of a format, and the proven bounds of their relative errors."""
    unit = Fraction(1, 2 ** (53 if plan.dtype is np.float64 else 24))
    first, *others = plan.cuts
    pieces = [fit(True, Fraction(0), first**2 * (1 + MARGIN), plan)]
    ends = [1 / (w + 2) for w in plan.cuts]
    for at, following in itertools.pairwise(ends):
        pieces.append(fit(False, following * (1 - MARGIN), at * (1 + MARGIN), plan))
    assert len(pieces) == len(others) + 1
    return pieces, [approximation_error(p) + evaluation_error(p, unit) for p in pieces]


@ctx.workprec(PRECISION)
def source() -> str:
    """The text of the module."""
    lines = [
        '"""Polynomials for erf and erfc. Generated and certified by tools/normal.py."""',
        "",
        "from typing import NamedTuple",
        "",
        "",
        "class ErfTable(NamedTuple):",
        '    """Piecewise polynomials in double words for one format.',
        "",
        "    Piece 0 is erf(w) / w in powers of w**2 - centre, for w below cuts[0]; piece i is",
        "    exp(w**2) * erfc(w) in powers of 1 / (w + 2) - centre, from cuts[i - 1] to cuts[i].",
        '    """',
        "",
        "    cuts: tuple[float, ...]",
        "    centres: tuple[float, ...]",
        "    high: tuple[tuple[float, ...], ...]",
        '    """One tuple per piece, the constant term first."""',
        "    low: tuple[tuple[float, ...], ...]",
        '    """Low words of the first few coefficients of each piece."""',
        "    sqrt_half: tuple[float, float]",
        '    """sqrt(1/2) as a double word, and so on."""',
        "    inverse_sqrt_pi: tuple[float, float]",
        "    inverse_sqrt_2pi: tuple[float, float]",
        "    norm_pdf_of_one: tuple[float, float]",
        '    """The neighbouring floats around it."""',
        "    relative_error: tuple[float, float]",
        '    """Proven bounds for piece 0 and for the others, rounding errors included."""',
    ]
    for name, plan in PLANS.items():
        pieces, errors = table(plan)
        relative_error = round_up(errors[0]), round_up(max(errors[1:]))
        lines += ["", "", f"{name} = ErfTable("]
        lines.append(f"    cuts={tuple(float(w) for w in plan.cuts)},")
        lines.append(f"    centres={tuple(float(p.centre) for p in pieces)},")
        for field in ("high", "low"):
            lines.append(f"    {field}=(")
            for piece in pieces:
                lines.append("        (")
                lines += [f"            {c!r}," for c in getattr(piece, field)]
                lines.append("        ),")
            lines.append("    ),")
        constants = {
            "sqrt_half": arb(2).rsqrt(),
            "inverse_sqrt_pi": arb.pi().rsqrt(),
            "inverse_sqrt_2pi": (2 * arb.pi()).rsqrt(),
        }
        lines += [f"    {c}={double_word(v, plan.dtype)!r}," for c, v in constants.items()]
        peak = (-arb(1) / 2).exp() * (2 * arb.pi()).rsqrt()
        lines.append(f"    norm_pdf_of_one={float_bounds(peak, plan.dtype)!r},")
        lines += [f"    relative_error={relative_error!r},", ")"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    write(TARGET, source())
