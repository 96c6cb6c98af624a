"""Generate interval_jax/elementary/_hyperbolic_tables.py: series of hyperbolic functions.

Run `python -m tools.hyperbolic` from the repository root; it needs mpmath. Every constant is
rounded from 400 bits.
"""

import mpmath as mp
import numpy as np

from tools.floats import FORMATS, SHORT, nearest, pair, short
from tools.writing import Record, module, target, write

TARGET = target("_hyperbolic_tables")

# Terms of sinh from x**5 on, for |x| <= 1/2, and of asinh and atanh from x**3 on, for
# |x| <= 1/16: what is cut off is below 1e-4 u of the sum.
SINH_TERMS = {"float64": 7, "float32": 4}
INVERSE_TERMS = {"float64": 7, "float32": 4}

HEADER = '''"""Constants of hyperbolic functions. From tools/hyperbolic.py, not to be edited."""

from __future__ import annotations

from typing import NamedTuple


class Tables(NamedTuple):
    """The constants of one format, floats in hexadecimal; pairs are a leading part and the rest."""

    ln2: tuple[float, float]
    """The float nearest to ln 2."""
    sixth: tuple[float, float]
    """1/6, the leading part short enough for an exact product with half a float."""
    sinh_coefficients: tuple[float, ...]
    """1/5!, 1/7!, ..."""
    asinh_coefficients: tuple[float, ...]
    """-1/6, 3/40, ..."""
    atanh_coefficients: tuple[float, ...]
    """1/3, 1/5, ..."""


'''


def tables(name: str) -> dict[str, object]:
    dtype, terms = np.dtype(name), range(1, INVERSE_TERMS[name] + 1)
    sixth = mp.mpf(1) / 6
    leading = short(sixth, SHORT[name])
    return {
        "ln2": pair(mp.log(2), dtype),
        "sixth": (leading, nearest(sixth - leading, dtype)),
        "sinh_coefficients": tuple(
            nearest(1 / mp.factorial(2 * n + 3), dtype) for n in range(1, SINH_TERMS[name] + 1)
        ),
        "asinh_coefficients": tuple(
            nearest(mp.binomial(mp.mpf(-1) / 2, n) / (2 * n + 1), dtype) for n in terms
        ),
        "atanh_coefficients": tuple(nearest(mp.mpf(1) / (2 * n + 1), dtype) for n in terms),
    }


@mp.workprec(400)
def source() -> str:
    """The text of the module."""
    return module(HEADER, {name.upper(): Record("Tables", tables(name)) for name in FORMATS})


if __name__ == "__main__":
    write(TARGET, source())
