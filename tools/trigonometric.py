"""Generate interval_jax/elementary/_trigonometric_tables.py: constants of sin, cos, tan.

Run `python -m tools.trigonometric` from the repository root; it needs mpmath. Every constant is
rounded from 1600 bits. `least` finds how near floats come to multiples of pi/2.
"""

import mpmath as mp
import numpy as np

from tools.floats import FORMATS, nearest, pair
from tools.writing import Record, module, target, write

TARGET = target("_trigonometric_tables")
# Bits of the multiples of pi/2 that are subtracted as products with parts of pi/2, which are exact
# as the first three parts have 53 (24) digits less these.
STEP_BITS = {"float64": 20, "float32": 8}
# Integers that fill the last place of the sum that rounds to an integer.
SHIFT = {"float64": 1.5 * 2**52, "float32": 1.5 * 2**23}
# Taylor coefficients in plain arithmetic, after two in double words.
TAIL_TERMS = {"float64": 7, "float32": 4}
# Half a machine word, as which the bits of 1 / (4 pi) come.
DIGIT_BITS = {"float64": 32, "float32": 16}
# Digits that an argument is multiplied with, and one for those that it does not begin with.
WINDOW = 7

HEADER = '''"""Constants of sin, cos, tan. From tools/trigonometric.py, not to be edited."""

from __future__ import annotations

from typing import NamedTuple


class Tables(NamedTuple):
    """The constants of one format, floats in hexadecimal; pairs are a leading part and the rest."""

    moderate: float
    """The integer next to 2 x / pi is at most 2**20 (2**8) for |x| up to this."""
    steps: float
    """2 / pi."""
    shift: float
    """Adding this rounds to an integer, which then fills the last bits."""
    quarter: tuple[float, float, float, float]
    """pi / 2 in four parts; the multiples of the first three are exact."""
    pi: tuple[float, float]
    """pi."""
    two_turns: tuple[float, float]
    """4 pi."""
    digit_bits: int
    """Half the bits of a machine word."""
    inverse_turns: tuple[int, ...]
    """1 / (4 pi) in digits of so many bits, after a digit 0."""
    sine: tuple[tuple[float, float], tuple[float, float]]
    """-1/3!, 1/5!."""
    cosine: tuple[tuple[float, float], tuple[float, float]]
    """-1/2!, 1/4!."""
    sine_tail: tuple[float, ...]
    """-1/7!, 1/9!, ..."""
    cosine_tail: tuple[float, ...]
    """-1/6!, 1/8!, ..."""


'''


def parts_of_quarter(name: str) -> tuple[float, ...]:
    dtype = np.dtype(name)
    digits = np.finfo(dtype).nmant + 1 - STEP_BITS[name]
    rest, parts = mp.pi / 2, []
    for k in range(1, 4):
        # The first digit of pi / 2 is the unit.
        part = mp.ldexp(mp.nint(mp.ldexp(rest, k * digits - 1)), 1 - k * digits)
        parts.append(float(part))
        rest -= part
    return (*parts, nearest(rest, dtype))


@mp.workprec(1600)
def least(name: str, exponents: range) -> mp.mpf:
    """The least distance of a float x, 2**e <= |x| < 2**(e + 1), to a multiple of pi / 2.

    x = m 2**k with m < 2**p: m 2**(k + 1) / pi is nearest to an integer when m is the denominator
    of a convergent of 2**(k + 1) / pi.
    """
    digits = np.finfo(name).nmant + 1
    result = mp.inf
    for exponent in exponents:
        alpha = mp.ldexp(2 / mp.pi, exponent - digits + 1)
        before, denominator, rest = 0, 1, alpha - mp.floor(alpha)
        while denominator < 2**digits:
            # Denominators too small stand for floats of lower exponents, which are no nearer.
            result = min(result, abs(alpha * denominator - mp.nint(alpha * denominator)))
            whole = int(mp.floor(1 / rest))
            rest = 1 / rest - whole
            before, denominator = denominator, whole * denominator + before
    return result * mp.pi / 2


def tables(name: str) -> dict[str, object]:
    dtype, bits, terms = np.dtype(name), DIGIT_BITS[name], TAIL_TERMS[name]
    # The highest exponent, less the digits of an integer, starts a window.
    info = np.finfo(dtype)
    count = (int(info.maxexp) - 1 - info.nmant + bits) // bits + WINDOW
    digits = int(mp.floor(mp.ldexp(1 / (4 * mp.pi), (count - 1) * bits)))
    inverse = [(digits >> (bits * k)) & (2**bits - 1) for k in reversed(range(count - 1))]

    def coefficients(first: int) -> dict[str, object]:
        values = [(-1) ** k / mp.factorial(2 * k + first) for k in range(1, terms + 3)]
        return {
            "leading": tuple(pair(v, dtype) for v in values[:2]),
            "tail": tuple(nearest(v, dtype) for v in values[2:]),
        }

    sine, cosine = coefficients(1), coefficients(0)
    return {
        "moderate": float(mp.floor(2 ** STEP_BITS[name] * mp.pi / 2)),
        "steps": nearest(2 / mp.pi, dtype),
        "shift": SHIFT[name],
        "quarter": parts_of_quarter(name),
        "pi": pair(mp.pi, dtype),
        "two_turns": pair(4 * mp.pi, dtype),
        "digit_bits": bits,
        "inverse_turns": (0, *inverse),
        "sine": sine["leading"],
        "cosine": cosine["leading"],
        "sine_tail": sine["tail"],
        "cosine_tail": cosine["tail"],
    }


@mp.workprec(1600)
def source() -> str:
    """The text of the module."""
    return module(HEADER, {name.upper(): Record("Tables", tables(name)) for name in FORMATS})


if __name__ == "__main__":
    write(TARGET, source())
