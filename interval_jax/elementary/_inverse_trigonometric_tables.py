"""Constants of angles. From tools/inverse_trigonometric.py, not to be edited."""

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


_hex = float.fromhex

FLOAT32 = Tables(
    splits=(
        _hex("0x1.4800000000000p-5"),
        _hex("0x1.1c00000000000p-3"),
        _hex("0x1.1e00000000000p-2"),
        _hex("0x1.da00000000000p-2"),
        _hex("0x1.6600000000000p-1"),
    ),
    centres=(
        (
            _hex("0x0.0p+0"),
            _hex("0x0.0p+0"),
            _hex("0x0.0p+0"),
        ),
        (
            _hex("0x1.4000000000000p-4"),
            _hex("0x1.3f5a000000000p-4"),
            _hex("-0x1.e307540000000p-25"),
        ),
        (
            _hex("0x1.9800000000000p-3"),
            _hex("0x1.92ba400000000p-3"),
            _hex("-0x1.05f5fc0000000p-24"),
        ),
        (
            _hex("0x1.7000000000000p-2"),
            _hex("0x1.6148400000000p-2"),
            _hex("0x1.84e7f00000000p-29"),
        ),
        (
            _hex("0x1.2000000000000p-1"),
            _hex("0x1.0657f00000000p-1"),
            _hex("-0x1.ac933c0000000p-23"),
        ),
        (
            _hex("0x1.b000000000000p-1"),
            _hex("0x1.66d6600000000p-1"),
            _hex("0x1.c91f040000000p-24"),
        ),
    ),
    half_pi=(
        _hex("0x1.921fb80000000p+0"),
        _hex("-0x1.5dde980000000p-23"),
    ),
    coefficients=(
        _hex("0x1.5555560000000p-2"),
        _hex("-0x1.99999a0000000p-3"),
        _hex("0x1.24924a0000000p-3"),
        _hex("-0x1.c71c720000000p-4"),
    ),
    pi=(
        _hex("0x1.921fb60000000p+1"),
        _hex("-0x1.777a5c0000000p-24"),
        _hex("-0x1.ee59da0000000p-49"),
    ),
    inverse_pi=(
        _hex("0x1.45f3060000000p-2"),
        _hex("0x1.b939100000000p-27"),
    ),
)

FLOAT64 = Tables(
    splits=(
        _hex("0x1.4800000000000p-5"),
        _hex("0x1.1c00000000000p-3"),
        _hex("0x1.1e00000000000p-2"),
        _hex("0x1.da00000000000p-2"),
        _hex("0x1.6600000000000p-1"),
    ),
    centres=(
        (
            _hex("0x0.0p+0"),
            _hex("0x0.0p+0"),
            _hex("0x0.0p+0"),
        ),
        (
            _hex("0x1.4000000000000p-4"),
            _hex("0x1.3f59f0e7c5580p-4"),
            _hex("0x1.d6b1338a177e1p-52"),
        ),
        (
            _hex("0x1.9800000000000p-3"),
            _hex("0x1.92ba37d050280p-3"),
            _hex("-0x1.c869ef687fa3bp-52"),
        ),
        (
            _hex("0x1.7000000000000p-2"),
            _hex("0x1.614840309cfe0p-2"),
            _hex("0x1.9636a3aa3b840p-54"),
        ),
        (
            _hex("0x1.2000000000000p-1"),
            _hex("0x1.0657e94db30d0p-1"),
            _hex("-0x1.d5b495f6349e6p-56"),
        ),
        (
            _hex("0x1.b000000000000p-1"),
            _hex("0x1.66d663923e088p-1"),
            _hex("-0x1.2dd4dfd7d1777p-53"),
        ),
    ),
    half_pi=(
        _hex("0x1.921fb54442d18p+0"),
        _hex("0x1.1a62633145c07p-54"),
    ),
    coefficients=(
        _hex("0x1.5555555555555p-2"),
        _hex("-0x1.999999999999ap-3"),
        _hex("0x1.2492492492492p-3"),
        _hex("-0x1.c71c71c71c71cp-4"),
        _hex("0x1.745d1745d1746p-4"),
        _hex("-0x1.3b13b13b13b14p-4"),
        _hex("0x1.1111111111111p-4"),
        _hex("-0x1.e1e1e1e1e1e1ep-5"),
    ),
    pi=(
        _hex("0x1.921fb54442d18p+1"),
        _hex("0x1.1a62633145c07p-53"),
        _hex("-0x1.f1976b7ed8fbcp-109"),
    ),
    inverse_pi=(
        _hex("0x1.45f306dc9c883p-2"),
        _hex("-0x1.6b01ec5417056p-56"),
    ),
)
