"""Generate interval_jax/elementary/_hyperbolic_tables.py: series of hyperbolic functions.

Run `python tools/hyperbolic.py` from the repository root; it needs mpmath. Every constant is
rounded from 400 bits.
"""

import os
import tempfile
from pathlib import Path

import mpmath as mp
import numpy as np

TARGET = Path(__file__).parents[1] / "interval_jax" / "elementary" / "_hyperbolic_tables.py"

# Digits of the leading part of 1/6: its product with half of a float must be exact.
SHORT = {"float64": 26, "float32": 12}
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


def nearest(x: mp.mpf, dtype: np.dtype) -> float:
    """The float of the type nearest to x, for normal x."""
    with mp.workprec(np.finfo(dtype).nmant + 1):
        return float(+mp.mpf(x))


def tables(name: str) -> dict[str, object]:
    dtype, terms = np.dtype(name), range(1, INVERSE_TERMS[name] + 1)
    ln2, sixth = nearest(mp.log(2), dtype), mp.mpf(1) / 6
    with mp.workprec(SHORT[name]):
        short = float(+sixth)
    return {
        "ln2": (ln2, nearest(mp.log(2) - ln2, dtype)),
        "sixth": (short, nearest(sixth - short, dtype)),
        "sinh_coefficients": tuple(
            nearest(1 / mp.factorial(2 * n + 3), dtype) for n in range(1, SINH_TERMS[name] + 1)
        ),
        "asinh_coefficients": tuple(
            nearest(mp.binomial(mp.mpf(-1) / 2, n) / (2 * n + 1), dtype) for n in terms
        ),
        "atanh_coefficients": tuple(nearest(mp.mpf(1) / (2 * n + 1), dtype) for n in terms),
    }


def literal(value: object, indent: str) -> str:
    if isinstance(value, float):
        return f'_hex("{value.hex()}")'
    assert isinstance(value, tuple)
    inside = indent + "    "
    return "(\n" + "".join(f"{inside}{literal(v, inside)},\n" for v in value) + indent + ")"


def source() -> str:
    """The text of the module."""
    mp.mp.prec = 400
    parts = [HEADER, "_hex = float.fromhex\n\n"]
    for name in ("float32", "float64"):
        parts.append(f"{name.upper()} = Tables(\n")
        for key, value in tables(name).items():
            parts.append(f"    {key}={literal(value, '    ')},\n")
        parts.append(")\n\n")
    return "".join(parts).rstrip("\n") + "\n"


def main() -> None:
    with tempfile.NamedTemporaryFile("w", dir=TARGET.parent, suffix=".tmp", delete=False) as file:
        file.write(source())
    os.chmod(file.name, 0o644)
    os.replace(file.name, TARGET)


if __name__ == "__main__":
    main()
