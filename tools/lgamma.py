"""Generate and certify `interval_jax/elementary/_lgamma_tables.py`.

Run `python -m tools.lgamma` from the repository root; it needs python-flint.

Two power series are replaced by polynomials, in double words for the first few coefficients:

* ``lgamma(2 + d) / d = 1 - gamma + sum over k >= 2 of (-1)**k (zeta(k) - 1) d**(k - 1) / k``, for
  |d| <= 1/2 in four pieces;
* ``sin(pi f) / (pi f)`` in powers of z = f**2, for z <= 1/4.

Both are themselves polynomials but for a tail that is bounded here. What is stored as the relative
error of a table is proven for the rounded coefficients: the difference from the series, expanded
around the midpoints of a partition, plus the rounding error of Horner's rule (`rounding_error`).

The local minima on the negative axis and on the positive one are zeros of digamma, the only ones
between two poles, as digamma rises there; each is isolated by bisection.
"""

import itertools
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from flint import arb, arb_poly, ctx

from tools.balls import ball, double_word, float_bounds, round_up, upper, zero
from tools.horner import rounding_error, sums
from tools.writing import target, write

TARGET = target("_lgamma_tables")

PRECISION = 300  # bits
STEPS = 270  # of bisection
PARTS = 64  # of a piece, in the proof of its approximation error
MARGIN = Fraction(1, 2**20)  # widening of each piece: reduced arguments are rounded
GAPS = 24  # between poles whose minima are stored


class Plan(NamedTuple):
    """How to build the tables of a format."""

    dtype: type[np.floating]
    near_two: tuple[int, int]
    """Degree and number of double words of the first polynomials."""
    sine: tuple[int, int]
    stirling_terms: int

    @property
    def unit(self) -> Fraction:
        return Fraction(1, 2 ** (53 if self.dtype is np.float64 else 24))


PLANS = {
    "FLOAT64": Plan(np.float64, near_two=(15, 4), sine=(12, 4), stirling_terms=11),
    "FLOAT32": Plan(np.float32, near_two=(8, 4), sine=(7, 4), stirling_terms=4),
}


class Series(NamedTuple):
    """A power series, cut off, and a bound of what is left out where it is used."""

    polynomial: arb_poly
    tail: arb


class Piece(NamedTuple):
    """A polynomial in ``v - centre`` for v in [lo, hi]."""

    lo: Fraction
    hi: Fraction
    centre: Fraction
    high: list[float]
    low: list[float]

    @property
    def coefficients(self) -> list[Fraction]:
        return sums(self.high, self.low)


def near_two() -> Series:
    """lgamma(2 + d) / d; zeta(k) - 1 < 2**(2 - k), so that the tail for |d| < 0.51 is geometric."""
    terms = 220
    coefficients = [1 - arb.const_euler()]
    coefficients += [(-1) ** k * (arb(k).zeta() - 1) / k for k in range(2, terms)]
    return Series(arb_poly(coefficients), 8 * arb(2) ** (-2 * terms + 20))


def sine() -> Series:
    """sin(pi f) / (pi f) in z = f**2 < 0.26: its terms alternate and fall."""
    terms = 60
    coefficients = [(-1) ** k * arb.pi() ** (2 * k) / arb(2 * k + 1).fac() for k in range(terms)]
    return Series(arb_poly(coefficients), abs(coefficients[-1]))


def fit(series: Series, lo: Fraction, hi: Fraction, degree: int, heads: int, plan: Plan) -> Piece:
    centre, radius = (lo + hi) / 2, (hi - lo) / 2
    n = degree + 1
    nodes = [ball(radius) * (arb(2 * k + 1) / (2 * n)).cos_pi() for k in range(n)]
    exact = arb_poly.interpolate(nodes, [series.polynomial(t + ball(centre)) for t in nodes])
    words = [double_word(c, plan.dtype) for c in exact.coeffs()]
    return Piece(lo, hi, centre, [h for h, _ in words], [l for _, l in words[:heads]])


def least(series: Series, piece: Piece) -> arb:
    """A lower bound of the function over the piece, at whose ends it is least: it is monotone."""
    ends = [series.polynomial(ball(v)) for v in (piece.lo, piece.hi)]
    return min(ends, key=float) - series.tail


def approximation_error(series: Series, piece: Piece) -> Fraction:
    """A bound of the relative error of the polynomial over the piece."""
    polynomial = arb_poly([ball(c) for c in piece.coefficients])
    lo, hi = (v + s * MARGIN for v, s in ((piece.lo, -1), (piece.hi, 1)))
    half = ball((hi - lo) / (2 * PARTS))
    worst = Fraction(0)
    for part in range(PARTS):
        middle = ball(lo) + (2 * part + 1) * half
        difference = series.polynomial(arb_poly([middle, half])) - polynomial(
            arb_poly([middle - ball(piece.centre), half])
        )
        worst = max(worst, upper(sum((abs(c) for c in difference.coeffs()), series.tail)))
    return upper(ball(worst) / least(series, piece))


def evaluation_error(series: Series, piece: Piece, unit: Fraction) -> Fraction:
    """A bound of the rounding error of Horner's rule, relative to the function."""
    radius = (piece.hi - piece.lo) / 2 + MARGIN
    error = rounding_error(piece.coefficients, len(piece.low), radius, unit)
    return upper(ball(error) / least(series, piece))


def certified(series: Series, pieces: list[Piece], plan: Plan) -> float:
    errors = (
        approximation_error(series, p) + evaluation_error(series, p, plan.unit) for p in pieces
    )
    return round_up(max(errors))


def log_abs_gamma(x: arb) -> arb:
    return abs(x.gamma()).log()


def minima(dtype: type[np.floating]) -> list[tuple[float, float, float]]:
    """The floats around each minimum and the one below its value: right of 0, then to the left."""
    edge = arb(2) ** -20
    gaps = [(arb(1), arb(2)), *((-n - 1 + edge, -n - edge) for n in range(GAPS))]
    result = []
    for left, right in gaps:
        at = zero(arb.digamma, left, right, STEPS)
        result.append((*float_bounds(at, dtype), float_bounds(log_abs_gamma(at), dtype)[0]))
    return result


@ctx.workprec(PRECISION)
def source() -> str:
    """The text of the module."""
    lines = [
        '"""Constants of lgamma. Generated and certified by tools/lgamma.py, not to be edited."""',
        "",
        "from typing import NamedTuple",
        "",
        "",
        "class LgammaTable(NamedTuple):",
        '    """Polynomials in double words, the constant term first, for one format."""',
        "",
        "    centres: tuple[float, ...]",
        '    """Of four pieces of |d| <= 1/2, from left to right."""',
        "    high: tuple[tuple[float, ...], ...]",
        '    """lgamma(2 + d) / d in powers of d - centre."""',
        "    low: tuple[tuple[float, ...], ...]",
        "    error: float",
        '    """Proven relative error, rounding errors included."""',
        "    sine_centre: float",
        "    sine_high: tuple[float, ...]",
        '    """sin(pi f) / (pi f) in powers of f**2 - sine_centre, |f| <= 1/2."""',
        "    sine_low: tuple[float, ...]",
        "    sine_error: float",
        "    stirling: tuple[float, ...]",
        '    """1/12, -1/360, ... of powers of 1 / x**2, over x."""',
        "    half_log_2pi: tuple[float, float]",
        "    minimum: tuple[float, float, float]",
        '    """The floats around the least point right of 0, and the one below its value."""',
        "    minima: tuple[tuple[float, float, float], ...]",
        '    """The same between -n - 1 and -n, for n = 0, 1, ..."""',
    ]
    for name, plan in PLANS.items():
        series, odd = near_two(), sine()
        ends = [Fraction(k, 4) for k in range(-2, 3)]
        pieces = [fit(series, a, b, *plan.near_two, plan) for a, b in itertools.pairwise(ends)]
        wave = fit(odd, Fraction(0), Fraction(1, 4), *plan.sine, plan)
        bernoulli = (arb.bernoulli(2 * k) for k in range(1, plan.stirling_terms + 1))
        stirling = tuple(
            float(plan.dtype(float(b / (2 * k * (2 * k - 1))))) for k, b in enumerate(bernoulli, 1)
        )
        first, *others = minima(plan.dtype)
        lines += ["", "", f"{name} = LgammaTable("]
        lines.append(f"    centres={tuple(float(p.centre) for p in pieces)},")
        for field in ("high", "low"):
            lines.append(f"    {field}=(")
            for piece in pieces:
                lines += ["        (", *(f"            {c!r}," for c in getattr(piece, field))]
                lines.append("        ),")
            lines.append("    ),")
        lines.append(f"    error={certified(series, pieces, plan)!r},")
        lines.append(f"    sine_centre={float(wave.centre)!r},")
        for field in ("high", "low"):
            lines += [f"    sine_{field}=(", *(f"        {c!r}," for c in getattr(wave, field))]
            lines.append("    ),")
        lines.append(f"    sine_error={certified(odd, [wave], plan)!r},")
        lines += ["    stirling=(", *(f"        {c!r}," for c in stirling), "    ),"]
        lines.append(f"    half_log_2pi={double_word((2 * arb.pi()).log() / 2, plan.dtype)!r},")
        lines.append(f"    minimum={first!r},")
        lines += ["    minima=(", *(f"        {m!r}," for m in others), "    ),", ")"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    write(TARGET, source())
