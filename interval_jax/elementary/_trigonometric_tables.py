"""Constants of sin, cos, tan. From tools/trigonometric.py, not to be edited."""

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


_hex = float.fromhex

FLOAT32 = Tables(
    moderate=_hex("0x1.9200000000000p+8"),
    steps=_hex("0x1.45f3060000000p-1"),
    shift=_hex("0x1.8000000000000p+23"),
    quarter=(
        _hex("0x1.9220000000000p+0"),
        _hex("-0x1.2af0000000000p-18"),
        _hex("0x1.0b48000000000p-34"),
        _hex("-0x1.ee59da0000000p-50"),
    ),
    pi=(
        _hex("0x1.921fb60000000p+1"),
        _hex("-0x1.777a5c0000000p-24"),
    ),
    two_turns=(
        _hex("0x1.921fb60000000p+3"),
        _hex("-0x1.777a5c0000000p-22"),
    ),
    digit_bits=16,
    inverse_turns=(
        0,
        0x145F,
        0x306D,
        0xC9C8,
        0x82A5,
        0x3F84,
        0xEAFA,
        0x3EA6,
        0x9BB8,
        0x1B6C,
        0x52B3,
        0x2788,
        0x7208,
        0x3FCA,
    ),
    sine=(
        (
            _hex("-0x1.5555560000000p-3"),
            _hex("0x1.5555560000000p-28"),
        ),
        (
            _hex("0x1.1111120000000p-7"),
            _hex("-0x1.ddddde0000000p-32"),
        ),
    ),
    cosine=(
        (
            _hex("-0x1.0000000000000p-1"),
            _hex("0x0.0p+0"),
        ),
        (
            _hex("0x1.5555560000000p-5"),
            _hex("-0x1.5555560000000p-30"),
        ),
    ),
    sine_tail=(
        _hex("-0x1.a01a020000000p-13"),
        _hex("0x1.71de3a0000000p-19"),
        _hex("-0x1.ae64560000000p-26"),
        _hex("0x1.6124620000000p-33"),
    ),
    cosine_tail=(
        _hex("-0x1.6c16c20000000p-10"),
        _hex("0x1.a01a020000000p-16"),
        _hex("-0x1.27e4fc0000000p-22"),
        _hex("0x1.1eed8e0000000p-29"),
    ),
)

FLOAT64 = Tables(
    moderate=_hex("0x1.921fb00000000p+20"),
    steps=_hex("0x1.45f306dc9c883p-1"),
    shift=_hex("0x1.8000000000000p+52"),
    quarter=(
        _hex("0x1.921fb54400000p+0"),
        _hex("0x1.0b4611a600000p-34"),
        _hex("0x1.3198a2e000000p-69"),
        _hex("0x1.b839a252049c1p-104"),
    ),
    pi=(
        _hex("0x1.921fb54442d18p+1"),
        _hex("0x1.1a62633145c07p-53"),
    ),
    two_turns=(
        _hex("0x1.921fb54442d18p+3"),
        _hex("0x1.1a62633145c07p-51"),
    ),
    digit_bits=32,
    inverse_turns=(
        0,
        0x145F306D,
        0xC9C882A5,
        0x3F84EAFA,
        0x3EA69BB8,
        0x1B6C52B3,
        0x27887208,
        0x3FCA2C75,
        0x7BD778AC,
        0x36E48DC7,
        0x4849BA5C,
        0xC925DD,
        0x413A3243,
        0x9FC3BD63,
        0x962534E7,
        0xDD1046BE,
        0xA5D76890,
        0x9D338E04,
        0xD68BEFC8,
        0x27323AC7,
        0x306A673E,
        0x93908BF1,
        0x77BF2507,
        0x63FF12FF,
        0xFBC0B301,
        0xFDE5E231,
        0x6B414DA3,
        0xEDA6CFD9,
        0xE4F96136,
        0xE9E8C7EC,
        0xD3CBFD45,
        0xAEA4F758,
        0xFD7CBE2F,
        0x67A0E73E,
        0xF14A525D,
        0x4D7F6BF6,
        0x23F1ABA1,
        0xAC06608,
    ),
    sine=(
        (
            _hex("-0x1.5555555555555p-3"),
            _hex("-0x1.5555555555555p-57"),
        ),
        (
            _hex("0x1.1111111111111p-7"),
            _hex("0x1.1111111111111p-63"),
        ),
    ),
    cosine=(
        (
            _hex("-0x1.0000000000000p-1"),
            _hex("0x0.0p+0"),
        ),
        (
            _hex("0x1.5555555555555p-5"),
            _hex("0x1.5555555555555p-59"),
        ),
    ),
    sine_tail=(
        _hex("-0x1.a01a01a01a01ap-13"),
        _hex("0x1.71de3a556c734p-19"),
        _hex("-0x1.ae64567f544e4p-26"),
        _hex("0x1.6124613a86d09p-33"),
        _hex("-0x1.ae7f3e733b81fp-41"),
        _hex("0x1.952c77030ad4ap-49"),
        _hex("-0x1.2f49b46814157p-57"),
    ),
    cosine_tail=(
        _hex("-0x1.6c16c16c16c17p-10"),
        _hex("0x1.a01a01a01a01ap-16"),
        _hex("-0x1.27e4fb7789f5cp-22"),
        _hex("0x1.1eed8eff8d898p-29"),
        _hex("-0x1.93974a8c07c9dp-37"),
        _hex("0x1.ae7f3e733b81fp-45"),
        _hex("-0x1.6827863b97d97p-53"),
    ),
)
