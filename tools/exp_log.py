"""Generate interval_jax/elementary/_exp_log_tables.py: constants of exp, log, powers, activations.

Run `python -m tools.exp_log` from the repository root; it needs mpmath. Every constant is
rounded from 400 bits, and the bounds of extreme values are rounded outward.
"""

import itertools

import mpmath as mp
import numpy as np

from tools.floats import FORMATS, SHORT, between, nearest, on_grid, pair, short
from tools.writing import Record, module, target, write

TARGET = target("_exp_log_tables")

# Digits after the binary point of the constants whose products with the integer of an argument
# reduction must be exact: 53 (24) digits less 13 (10) of the integer, as ln 2 / 4 < 2**-2.
GRID = {"float64": 42, "float32": 16}
# Integers that fill the last place of the sum that rounds to an integer.
SHIFT = {"float64": 1.5 * 2**52, "float32": 1.5 * 2**23}
# The same for the grid of 2**-25 (2**-11), whose squares' halves have 51 (23) digits.
HEAD_SHIFT = {"float64": 1.5 * 2**27, "float32": 1.5 * 2**12}
# exp overflows above and, times any float that is not, vanishes below.
RANGE = {"float64": (-745.0, 709.8), "float32": (-104.0, 89.0)}
# The first Taylor coefficients whose terms all count: see EXP_ERROR.
EXP_DEGREE = {"float64": 11, "float32": 7}
ATANH_TERMS = {"float64": 6, "float32": 3}
# Centres of the pieces of log on [0.77, 1.54): short, about 2**(j/4).
CENTRES = (27 / 32, 1.0, 19 / 16, 45 / 32)
UPPER_CENTRES = (1.0, 19 / 16, 45 / 32, 27 / 16, 2.0)

# The same pieces halved, for the logarithm that powers need: about 2**(j/8).
FINE_CENTRES = (99 / 128, 27 / 32, 59 / 64, 1.0, 35 / 32, 19 / 16, 83 / 64, 181 / 128)
# Terms of 2 atanh(s) / s / ln 2 that count to 2**-80 (2**-46) for |s| <= 0.0225.
FINE_TERMS = {"float64": 7, "float32": 4}
# Arguments of exp2 and exp10 are clipped to these: as RANGE.
BASE_RANGE = {
    ("float64", 2): (-1080.0, 1024.25),
    ("float64", 10): (-324.0, 308.5),
    ("float32", 2): (-151.0, 128.25),
    ("float32", 10): (-45.5, 38.75),
}

HEADER = '''"""Constants of exp, log, powers and activations. From tools/exp_log.py: do not edit."""

from __future__ import annotations

from typing import NamedTuple


class Base(NamedTuple):
    """The constants of a base b other than e; pairs are a leading part and the rest."""

    exp_range: tuple[float, float]
    """Where b**x neither overflows nor vanishes, with a margin; beyond, arguments are clipped."""
    exp_steps: float
    """4 / log_b 2."""
    exp_step: tuple[float, float, float]
    """log_b 2 / 4 in three parts, the first two on a grid that makes their multiples exact."""
    ln: tuple[float, float]
    """ln b."""
    log_centres: tuple[tuple[float, float, float], ...]
    """Centres of the pieces of log and their logarithms, the leading part on the grid."""
    log2: tuple[float, float]
    """log_b 2, the leading part on the grid."""
    scale: tuple[float, float]
    """1 / ln b, the leading part a head."""


class Tables(NamedTuple):
    """The constants of one format, floats in hexadecimal; pairs are a leading part and the rest."""

    exp_range: tuple[float, float]
    """Where exp neither overflows nor vanishes, with a margin; beyond, arguments are clipped."""
    exp_steps: float
    """4 / ln 2."""
    exp_shift: float
    """Adding this rounds to an integer, which then fills the last bits."""
    exp_head_shift: float
    """Adding this rounds to a multiple of 2**-25 or 2**-11."""
    exp_step: tuple[float, float, float]
    """ln 2 / 4 in three parts, the first two on a grid that makes their multiples exact."""
    exp_roots: tuple[tuple[float, float], ...]
    """2**(j/4), the leading part short enough for an exact product with half a float."""
    exp_coefficients: tuple[float, ...]
    """1/3!, 1/4!, ..."""
    log_centres: tuple[tuple[float, float, float], ...]
    """Centres of the pieces of log and their logarithms, the leading part on the grid."""
    log_upper_centres: tuple[tuple[float, float, float], ...]
    """The same for arguments in [1, 2]."""
    log_splits: tuple[float, ...]
    """Where one piece ends and the next begins."""
    log_upper_splits: tuple[float, ...]
    """The same for arguments in [1, 2]."""
    ln2: tuple[float, float]
    """ln 2, the leading part on the grid."""
    atanh_coefficients: tuple[float, ...]
    """2/3, 2/5, ..."""
    silu_minimum_at: tuple[float, float]
    """The floats around the only stationary point of silu."""
    silu_minimum: tuple[float, float]
    """Bounds of the minimum of silu."""
    silu_derivative_maximum_at: tuple[float, float]
    """The floats around the maximum of the derivative of silu; its minimum is at the negatives."""
    silu_derivative_maximum: tuple[float, float]
    """Bounds of that maximum; the minimum is one minus it."""
    silu_derivative_minimum: tuple[float, float]
    """Bounds of the minimum."""
    base2: Base
    """The constants of exp2 and log2."""
    base10: Base
    """The constants of exp10 and log10."""
    fine_centres: tuple[tuple[float, float, float], ...]
    """Centres of the narrow pieces and their binary logarithms, the leading part a float."""
    fine_splits: tuple[float, ...]
    """Where one narrow piece ends and the next begins."""
    fine_atanh: tuple[tuple[float, float], tuple[float, float]]
    """2 / ln 2 and 2 / (3 ln 2)."""
    fine_coefficients: tuple[float, ...]
    """2 / (5 ln 2), 2 / (7 ln 2), ..."""


'''


def silu(x: mp.mpf) -> mp.mpf:
    return x / (1 + mp.exp(-x))


def silu_derivative(x: mp.mpf) -> mp.mpf:
    s = 1 / (1 + mp.exp(-x))
    return s * (1 + x * (1 - s))


def base(name: str, b: int) -> dict[str, object]:
    dtype, grid = np.dtype(name), GRID[name]
    step = mp.log(2) / mp.log(b) / 4
    # A quarter of log10(2) is below 2**-3: one digit more than for ln 2, in either part.
    shift = 1 if b == 10 else 0
    first = on_grid(step, grid + shift)
    second = on_grid(step - first, 2 * grid - 2 + 2 * shift)
    scale = short(1 / mp.log(b), SHORT[name])
    centres = []
    for c in CENTRES:
        value = mp.log(mp.mpf(c)) / mp.log(b)
        leading = on_grid(value, grid)
        centres.append((c, leading, nearest(value - leading, dtype) if c != 1 else 0.0))
    unit = mp.log(2) / mp.log(b)
    unit_first = on_grid(unit, grid)
    rest = step - first - second
    return {
        "exp_range": BASE_RANGE[name, b],
        "exp_steps": nearest(1 / step, dtype),
        "exp_step": (first, second, nearest(rest, dtype) if b != 2 else 0.0),
        "ln": pair(mp.log(b), dtype),
        "log_centres": tuple(centres),
        "log2": (unit_first, nearest(unit - unit_first, dtype) if b != 2 else 0.0),
        "scale": (scale, nearest(1 / mp.log(b) - scale, dtype)),
    }


def tables(name: str) -> dict[str, object]:
    dtype, grid = np.dtype(name), GRID[name]
    step, ln2 = mp.log(2) / 4, mp.log(2)
    first = on_grid(step, grid)
    # The second part may have as many digits as the first, counted from its own leading one.
    second = on_grid(step - first, grid + (grid - 2))
    third = nearest(step - first - second, dtype)
    ln2_first = on_grid(ln2, grid)
    roots = []
    for j in range(4):
        root = mp.mpf(2) ** (mp.mpf(j) / 4)
        leading = short(root, SHORT[name])
        roots.append((leading, nearest(root - leading, dtype) if j else 0.0))

    def centre(c: float) -> tuple[float, float, float]:
        value = mp.log(mp.mpf(c))
        leading = on_grid(value, grid)
        # The leading parts have to add up: log of twice a centre is ln 2 more.
        return c, leading, nearest(value - leading, dtype) if c != 1 else 0.0

    def fine_centre(c: float) -> tuple[float, float, float]:
        return c, *pair(mp.log(mp.mpf(c), 2), dtype)

    def splits(centres: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(
            float(np.float32(mp.sqrt(mp.mpf(a) * b))) for a, b in itertools.pairwise(centres)
        )

    silu_at = mp.findroot(silu_derivative, -1.2784645427610738)
    derivative = lambda x: mp.diff(silu_derivative, x)  # noqa: E731
    peak_at = mp.findroot(derivative, 2.399357280515469)
    peak = silu_derivative(peak_at)
    return {
        "exp_range": RANGE[name],
        "exp_steps": nearest(1 / step, dtype),
        "exp_shift": SHIFT[name],
        "exp_head_shift": HEAD_SHIFT[name],
        "exp_step": (first, second, third),
        "exp_roots": tuple(roots),
        "exp_coefficients": tuple(
            nearest(1 / mp.factorial(n), dtype) for n in range(3, EXP_DEGREE[name] + 1)
        ),
        "log_centres": tuple(centre(c) for c in CENTRES),
        "log_upper_centres": tuple(centre(c) for c in UPPER_CENTRES),
        "log_splits": (float(np.float32(mp.sqrt(CENTRES[0] * CENTRES[-1] / 2))), *splits(CENTRES)),
        "log_upper_splits": splits(UPPER_CENTRES),
        "ln2": (ln2_first, nearest(ln2 - ln2_first, dtype)),
        "atanh_coefficients": tuple(
            nearest(mp.mpf(2) / (2 * n + 1), dtype) for n in range(1, ATANH_TERMS[name] + 1)
        ),
        "silu_minimum_at": between(silu_at, dtype),
        "silu_minimum": between(silu(silu_at), dtype),
        "silu_derivative_maximum_at": between(peak_at, dtype),
        "silu_derivative_maximum": between(peak, dtype),
        "silu_derivative_minimum": between(1 - peak, dtype),
        "base2": Record("Base", base(name, 2)),
        "base10": Record("Base", base(name, 10)),
        "fine_centres": tuple(fine_centre(c) for c in FINE_CENTRES),
        "fine_splits": (
            float(np.float32(mp.sqrt(FINE_CENTRES[0] * FINE_CENTRES[-1] / 2))),
            *splits(FINE_CENTRES),
        ),
        "fine_atanh": (pair(2 / ln2, dtype), pair(2 / (3 * ln2), dtype)),
        "fine_coefficients": tuple(
            nearest(2 / ((2 * n + 1) * ln2), dtype) for n in range(2, FINE_TERMS[name])
        ),
    }


@mp.workprec(400)
def source() -> str:
    """The text of the module."""
    return module(HEADER, {name.upper(): Record("Tables", tables(name)) for name in FORMATS})


if __name__ == "__main__":
    write(TARGET, source())
