"""Generate and certify `interval_jax/elementary/_zeros_tables.py`: functions next to their zeros.

Run `python -m tools.zeros` from the repository root; it needs python-flint.

Next to a simple zero z a function is t (c1 + c2 t + c3 t**2 + ...) with t = x - z: to full relative
precision, where formulas for the function elsewhere cancel. z is stored in three words, c1 in two.

lgamma has two zeros between any two of its poles -3, -4, ..., and at -2.457. At x = e - n,

    log|gamma(x)| = G(e) - log|e|,    G(e) = lgamma(1 + e) - sum over i from 1 to n of log(i - e),

where G is smooth for |e| < 1, but log|e| is as steep as n!. So what is expanded next to a zero
z = d - n is G(d + t) - G(d), and log|gamma(z + t)| is that less log(1 + t / d).

The errors are proven for the rounded coefficients: their differences from the Taylor coefficients,
those left out up to `ORDER`, the Lagrange remainder there in balls, and the rounding errors of
:func:`interval_jax.elementary._zeros.times_slope`.
"""

import functools
import itertools
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from flint import arb, arb_series, ctx

from tools.balls import ball, double_word, round_up, upper, zero
from tools.writing import target, write

TARGET = target("_zeros_tables")

PRECISION = 400  # bits
STEPS = 320  # of bisection
ORDER = 40  # of the Taylor expansions in the proof
MOST = 63  # t / d for lgamma, so that log(1 + t / d) is at most 4.2
MARGIN = 1 + Fraction(1, 2**10)  # widening of the limits: the kernel sees rounded numbers
SLACK = 1 + Fraction(1, 2**6)  # covers the terms of higher order in u of the error analysis
LOWEST = -3  # zeros of lgamma are left out where no float next to the pole has a larger value

Taylor = Callable[[arb, int], list[arb]]
"""The first so many Taylor coefficients of a function at a number, or over a ball."""


class Plan(NamedTuple):
    """How to build the tables of a format."""

    dtype: type[np.floating]
    lgamma: tuple[Fraction, int]
    """The largest |t|, and the number of coefficients beyond the first."""
    slopes: tuple[Fraction, int]
    """The same for the derivatives of silu and gelu."""

    @property
    def unit(self) -> Fraction:
        return Fraction(1, 2 ** (53 if self.dtype is np.float64 else 24))


PLANS = {
    "FLOAT64": Plan(np.float64, (Fraction(1, 2**5), 14), (Fraction(1, 2**7), 7)),
    "FLOAT32": Plan(np.float32, (Fraction(1, 2**5), 7), (Fraction(1, 2**5), 5)),
}


class Expansion(NamedTuple):
    """The fields of the type of this name in the module."""

    at: tuple[float, ...]
    slope: tuple[float, float]
    rest: tuple[float, ...]
    error: tuple[Fraction, Fraction]


# --- functions --------------------------------------------------------------------------


def silu_derivative(x: arb, terms: int) -> list[arb]:
    v = arb_series([x, 1], prec=terms)
    s = 1 / (1 + (-v).exp())
    return (s * (1 + v * (1 - s))).coeffs()


def gelu_derivative(x: arb, terms: int) -> list[arb]:
    v = arb_series([x, 1], prec=terms)
    density = (v * v * arb(-0.5)).exp() * (2 * arb.pi()).rsqrt()
    return ((v * -arb(2).rsqrt()).erfc() * arb(0.5) + v * density).coeffs()


def value(taylor: Taylor, x: arb) -> arb:
    return taylor(x, 1)[0]


def regular_part(n: int, e: arb, terms: int) -> list[arb]:
    """G, the sum of lgamma(x) and log|x + n|, at x = e - n."""
    v = arb_series([e, 1], prec=terms)
    return sum(((i - v).log() * -1 for i in range(1, n + 1)), (1 + v).lgamma()).coeffs()


def log_abs_gamma(n: int, e: arb) -> arb:
    return regular_part(n, e, 1)[0] - abs(e).log()


# --- zeros ------------------------------------------------------------------------------


@functools.cache
def zero_beside(n: int, side: int) -> arb:
    """d for the zero of lgamma that is next to the pole -n, on the right or left of it."""
    least = Fraction(side, 2 ** (STEPS // 3))
    return zero(lambda e: log_abs_gamma(n, e), ball(least), arb(side) / 2, STEPS)


def reach(n: int, dtype: type[np.floating]) -> arb:
    """The largest value of lgamma at a float next to -n."""
    ends = (np.nextafter(dtype(-n), dtype(s * np.inf)) for s in (-1, 1))
    return max((log_abs_gamma(n, arb(float(x)) + n) for x in ends), key=float)


# --- expansions -------------------------------------------------------------------------


def words(x: arb, dtype: type[np.floating], count: int) -> tuple[float, ...]:
    """x as a sum of so many floats."""
    found: list[float] = []
    for _ in range(count):
        found.append(float(dtype(float(x - sum(map(arb, found), arb(0))))))
    return tuple(found)


def expansion(
    taylor: Taylor, at: arb, zero: arb, radius: Fraction, degree: int, plan: Plan
) -> Expansion:
    """The expansion of f(at + t) - f(at) for |t| <= radius, where x - zero is t.

    Its error is |t| (first + second |t|). With u**2 of the first coefficient |c|: 2 for the sum of
    the low words, 8 for the product with t and 4 for t; the second coefficient on is half of it at
    most, which makes that 21 |c|. In Horner's rule the coefficient of t**k, k >= 1, goes through k
    products and sums with the rounded t, which is 3 k roundings.
    """
    u = plan.unit
    exact = taylor(at, ORDER)[1:]
    slope = double_word(exact[0], plan.dtype)
    rest = tuple(float(plan.dtype(float(c))) for c in exact[1 : degree + 1])
    stored = [Fraction(slope[0]) + Fraction(slope[1]), *map(Fraction, rest)]
    padded = stored + [Fraction(0)] * (len(exact) - len(stored))
    differences = [upper(abs(c - ball(s))) for c, s in zip(exact, padded, strict=True)]
    over = at + arb(0, ball(radius).upper())
    remainder = upper(abs(taylor(over, ORDER + 1)[ORDER]))
    beyond = degree + 1
    left_out = sum(d * radius**k for k, d in enumerate(differences[beyond:], beyond))
    left_out += differences[0] + remainder * radius ** (ORDER - 1)
    sizes = [abs(Fraction(c)) * radius**k for k, c in enumerate(rest)]
    assert 2 * radius * sum(sizes) <= abs(stored[0]), float(radius * sum(sizes) / abs(stored[0]))
    assert left_out * 100 <= u * abs(stored[0]), float(left_out / u / abs(stored[0]))
    first = left_out + 21 * u**2 * abs(stored[0])
    second = sum(u * 3 * (k + 1) * s for k, s in enumerate(sizes)) + sum(
        d * radius**k for k, d in enumerate(differences[1:beyond])
    )
    return Expansion(words(zero, plan.dtype, 3), slope, rest, (first * SLACK, second * SLACK))


class Zero(NamedTuple):
    """A zero of lgamma, and its distance from the pole."""

    expansion: Expansion
    inverse: tuple[float, float]


def zeros_of_lgamma(plan: Plan) -> list[Zero]:
    """From right to left, one between any two multiples of 1/2."""
    found: list[Zero] = []
    for n in itertools.count(2):
        if reach(n, plan.dtype) < LOWEST:
            return found
        for side in (1, -1)[n == 2 :]:
            d = zero_beside(n, side)
            radius, degree = plan.lgamma
            radius = min(radius, MOST * upper(abs(d))) * MARGIN
            taylor = functools.partial(regular_part, n)
            next_to_it = expansion(taylor, d, d - n, radius, degree, plan)
            found.append(Zero(next_to_it, double_word(1 / d, plan.dtype)))
    raise AssertionError


# --- the module -------------------------------------------------------------------------

HEADER = '''"""Expansions next to zeros. Generated and certified by tools/zeros.py."""

from typing import NamedTuple


class Expansion(NamedTuple):
    """A function of t = x - at."""

    at: tuple[float, float, float]
    """A zero, as the sum of three words."""
    slope: tuple[float, float]
    """The coefficient of t, a double word."""
    rest: tuple[float, ...]
    """Those of t**2, t**3, ..."""


class ZerosTable(NamedTuple):
    """Expansions for one format, with errors: |t| times (first + second |t|)."""

    slopes_radius: float
    """The largest |t| for the derivatives of silu and gelu."""
    silu_derivative: Expansion
    silu_derivative_error: tuple[float, float]
    gelu_derivative: Expansion
    gelu_derivative_error: tuple[float, float]
    lgamma: tuple[Expansion, ...]
    """Of log|gamma(x)| + log(1 + t / d), d being the distance of the zero from the pole -n next to
    it, for |t| <= lgamma_radius and t / d from -63/64 to 63: first the one on the left of -2, then
    on the right of -3, on the left of it, ...
    """
    lgamma_inverse: tuple[tuple[float, float], ...]
    """1 / d."""
    lgamma_error: tuple[float, float]
    lgamma_radius: float
'''


def text(e: Expansion, indent: str) -> list[str]:
    return [
        f"{indent}Expansion(",
        f"{indent}    {e.at!r},",
        f"{indent}    {e.slope!r},",
        f"{indent}    (",
        *(f"{indent}        {c!r}," for c in e.rest),
        f"{indent}    ),",
        f"{indent}),",
    ]


def errors(expansions: list[Expansion]) -> tuple[float, ...]:
    return tuple(round_up(max(e)) for e in zip(*(e.error for e in expansions), strict=True))


@ctx.workprec(PRECISION)
def source() -> str:
    """The text of the module."""
    before, ctx.cap = ctx.cap, ORDER + 1
    try:
        return "\n".join(_lines()) + "\n"
    finally:
        ctx.cap = before


def _lines() -> list[str]:
    lines = [HEADER.rstrip()]
    for name, plan in PLANS.items():
        lines += ["", "", f"{name} = ZerosTable("]
        radius, degree = plan.slopes
        lines.append(f"    slopes_radius={float(radius)!r},")
        for key, taylor in (
            ("silu_derivative", silu_derivative),
            ("gelu_derivative", gelu_derivative),
        ):
            at = zero(functools.partial(value, taylor), arb(-2), arb(-0.5), STEPS)
            found = expansion(taylor, at, at, radius * MARGIN, degree, plan)
            lines += [f"    {key}={text(found, '    ')[0].strip()}", *text(found, "    ")[1:]]
            lines.append(f"    {key}_error={errors([found])!r},")
        zeros = zeros_of_lgamma(plan)
        lines.append("    lgamma=(")
        lines += [line for z in zeros for line in text(z.expansion, "        ")]
        lines += ["    ),", "    lgamma_inverse=("]
        lines += [f"        {z.inverse!r}," for z in zeros]
        lines += ["    ),", f"    lgamma_error={errors([z.expansion for z in zeros])!r},"]
        lines += [f"    lgamma_radius={float(plan.lgamma[0])!r},", ")"]
    return lines


if __name__ == "__main__":
    write(TARGET, source())
