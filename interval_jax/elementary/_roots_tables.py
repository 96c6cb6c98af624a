"""Constants of cube roots. From tools/roots.py: do not edit."""

_hex = float.fromhex

INVERSE_CUBE_ROOT = (
    _hex("0x1.c713e2847cbe6p+0"),
    _hex("-0x1.8dd4bd7d34771p+0"),
    _hex("0x1.3a267a3d49ad4p+0"),
    _hex("-0x1.2c4b958d54c08p-1"),
    _hex("0x1.37ce9e9ed0a1dp-3"),
    _hex("-0x1.0e87006cbe6bbp-6"),
)
"""A polynomial p(m), constant term first, next to m**(-1/3) on [1, 2]."""

RESIDUAL = _hex("0x1.5e87affbe4f44p-16")
"""A bound of |1 - m p(m)**3| there."""

INVERSE_ROOTS_OF_TWO = (
    _hex("0x1.0000000000000p+0"),
    _hex("0x1.965fea53d6e3dp-1"),
    _hex("0x1.428a2f98d728bp-1"),
)
"""2**(-j/3) for j = 0, 1, 2."""
