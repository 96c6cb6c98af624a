"""Generate interval_jax/elementary/_inverse_trigonometric_tables.py: constants of angles.

Run `python -m tools.inverse_trigonometric` from the repository root; it needs mpmath. Every
constant is rounded from 400 bits.
"""

import mpmath as mp
import numpy as np

from tools.floats import FORMATS, nearest, on_grid, pair
from tools.writing import Record, module, target, write

TARGET = target("_inverse_trigonometric_tables")

# Digits after the binary point of the leading parts of angles: sums of them up to pi, with two
# digits before the point, are exact with 53 (24) digits.
GRID = {"float64": 50, "float32": 21}
# Terms after the first of the series of atan: see angle_error.
TERMS = {"float64": 8, "float32": 4}
# Tangents of the centres of the pieces of [0, pi/4], of at most 6 digits, and between them the
# ends of the pieces. What is left of a tangent is at most 0.1, and less in the narrow pieces next
# to 0, where errors relative to the angle count most.
CENTRES = (0.0, 5 / 64, 51 / 256, 23 / 64, 9 / 16, 27 / 32)
SPLITS = (41 / 1024, 71 / 512, 143 / 512, 237 / 512, 179 / 256)

HEADER = '''"""Constants of angles. From tools/inverse_trigonometric.py, not to be edited."""

from __future__ import annotations

from typing import NamedTuple


class Tables(NamedTuple):
    """The constants of one format, floats in hexadecimal; pairs are a leading part and the rest."""

    splits: tuple[float, ...]
    """Tangents where one piece ends and the next begins."""
    centres: tuple[tuple[float, float, float], ...]
    """Short tangents of the centres of pieces and their angles, the leading part on the grid."""
    half_pi: tuple[float, float]
    """pi / 2, the leading part on the grid."""
    coefficients: tuple[float, ...]
    """1/3, -1/5, 1/7, ..."""
    pi: tuple[float, float, float]
    """The sum of three floats, each the nearest to what is left."""
    inverse_pi: tuple[float, float]
    """1 / pi, the leading part the nearest float."""


'''


def tables(name: str) -> dict[str, object]:
    dtype, grid = np.dtype(name), GRID[name]

    def angle(x: mp.mpf) -> tuple[float, float]:
        leading = on_grid(x, grid)
        return leading, nearest(x - leading, dtype) if x else 0.0

    first = nearest(mp.pi, dtype)
    return {
        "splits": SPLITS,
        "centres": tuple((c, *angle(mp.atan(mp.mpf(c)))) for c in CENTRES),
        "half_pi": angle(mp.pi / 2),
        "coefficients": tuple(
            nearest((-1) ** (n + 1) / mp.mpf(2 * n + 1), dtype) for n in range(1, TERMS[name] + 1)
        ),
        "pi": (first, *pair(mp.pi - first, dtype)),
        "inverse_pi": pair(1 / mp.pi, dtype),
    }


@mp.workprec(400)
def source() -> str:
    """The text of the module."""
    return module(HEADER, {name.upper(): Record("Tables", tables(name)) for name in FORMATS})


if __name__ == "__main__":
    write(TARGET, source())
