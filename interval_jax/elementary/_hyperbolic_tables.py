"""Constants of hyperbolic functions. From tools/hyperbolic.py, not to be edited."""

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


_hex = float.fromhex

FLOAT32 = Tables(
    ln2=(
        _hex("0x1.62e4300000000p-1"),
        _hex("-0x1.05c6100000000p-29"),
    ),
    sixth=(
        _hex("0x1.5560000000000p-3"),
        _hex("-0x1.5555560000000p-16"),
    ),
    sinh_coefficients=(
        _hex("0x1.1111120000000p-7"),
        _hex("0x1.a01a020000000p-13"),
        _hex("0x1.71de3a0000000p-19"),
        _hex("0x1.ae64560000000p-26"),
    ),
    asinh_coefficients=(
        _hex("-0x1.5555560000000p-3"),
        _hex("0x1.3333340000000p-4"),
        _hex("-0x1.6db6dc0000000p-5"),
        _hex("0x1.f1c71c0000000p-6"),
    ),
    atanh_coefficients=(
        _hex("0x1.5555560000000p-2"),
        _hex("0x1.99999a0000000p-3"),
        _hex("0x1.24924a0000000p-3"),
        _hex("0x1.c71c720000000p-4"),
    ),
)

FLOAT64 = Tables(
    ln2=(
        _hex("0x1.62e42fefa39efp-1"),
        _hex("0x1.abc9e3b39803fp-56"),
    ),
    sixth=(
        _hex("0x1.5555558000000p-3"),
        _hex("-0x1.5555555555555p-30"),
    ),
    sinh_coefficients=(
        _hex("0x1.1111111111111p-7"),
        _hex("0x1.a01a01a01a01ap-13"),
        _hex("0x1.71de3a556c734p-19"),
        _hex("0x1.ae64567f544e4p-26"),
        _hex("0x1.6124613a86d09p-33"),
        _hex("0x1.ae7f3e733b81fp-41"),
        _hex("0x1.952c77030ad4ap-49"),
    ),
    asinh_coefficients=(
        _hex("-0x1.5555555555555p-3"),
        _hex("0x1.3333333333333p-4"),
        _hex("-0x1.6db6db6db6db7p-5"),
        _hex("0x1.f1c71c71c71c7p-6"),
        _hex("-0x1.6e8ba2e8ba2e9p-6"),
        _hex("0x1.1c4ec4ec4ec4fp-6"),
        _hex("-0x1.c99999999999ap-7"),
    ),
    atanh_coefficients=(
        _hex("0x1.5555555555555p-2"),
        _hex("0x1.999999999999ap-3"),
        _hex("0x1.2492492492492p-3"),
        _hex("0x1.c71c71c71c71cp-4"),
        _hex("0x1.745d1745d1746p-4"),
        _hex("0x1.3b13b13b13b14p-4"),
        _hex("0x1.1111111111111p-4"),
    ),
)
