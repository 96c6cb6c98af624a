"""Constants of exp, log, powers and activations. From tools/exp_log.py: do not edit."""

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


_hex = float.fromhex

FLOAT32 = Tables(
    exp_range=(
        _hex("-0x1.a000000000000p+6"),
        _hex("0x1.6400000000000p+6"),
    ),
    exp_steps=_hex("0x1.7154760000000p+2"),
    exp_shift=_hex("0x1.8000000000000p+23"),
    exp_head_shift=_hex("0x1.8000000000000p+12"),
    exp_step=(
        _hex("0x1.62e8000000000p-3"),
        _hex("-0x1.e810000000000p-18"),
        _hex("0x1.f473de0000000p-32"),
    ),
    exp_roots=(
        (
            _hex("0x1.0000000000000p+0"),
            _hex("0x0.0p+0"),
        ),
        (
            _hex("0x1.3060000000000p+0"),
            _hex("0x1.fc14640000000p-13"),
        ),
        (
            _hex("0x1.6a00000000000p+0"),
            _hex("0x1.3cccfe0000000p-13"),
        ),
        (
            _hex("0x1.ae80000000000p+0"),
            _hex("0x1.3f32b60000000p-13"),
        ),
    ),
    exp_coefficients=(
        _hex("0x1.5555560000000p-3"),
        _hex("0x1.5555560000000p-5"),
        _hex("0x1.1111120000000p-7"),
        _hex("0x1.6c16c20000000p-10"),
        _hex("0x1.a01a020000000p-13"),
    ),
    log_centres=(
        (
            _hex("0x1.b000000000000p-1"),
            _hex("-0x1.5bf8000000000p-3"),
            _hex("0x1.fca55e0000000p-18"),
        ),
        (
            _hex("0x1.0000000000000p+0"),
            _hex("0x0.0p+0"),
            _hex("0x0.0p+0"),
        ),
        (
            _hex("0x1.3000000000000p+0"),
            _hex("0x1.5ff0000000000p-3"),
            _hex("0x1.83853c0000000p-18"),
        ),
        (
            _hex("0x1.6800000000000p+0"),
            _hex("0x1.5d1c000000000p-2"),
            _hex("-0x1.2053fc0000000p-21"),
        ),
    ),
    log_upper_centres=(
        (
            _hex("0x1.0000000000000p+0"),
            _hex("0x0.0p+0"),
            _hex("0x0.0p+0"),
        ),
        (
            _hex("0x1.3000000000000p+0"),
            _hex("0x1.5ff0000000000p-3"),
            _hex("0x1.83853c0000000p-18"),
        ),
        (
            _hex("0x1.6800000000000p+0"),
            _hex("0x1.5d1c000000000p-2"),
            _hex("-0x1.2053fc0000000p-21"),
        ),
        (
            _hex("0x1.b000000000000p+0"),
            _hex("0x1.0be8000000000p-1"),
            _hex("-0x1.a37b5a0000000p-18"),
        ),
        (
            _hex("0x1.0000000000000p+1"),
            _hex("0x1.62e4000000000p-1"),
            _hex("0x1.7f7d1c0000000p-20"),
        ),
    ),
    log_splits=(
        _hex("0x1.8a5c380000000p-1"),
        _hex("0x1.d64d520000000p-1"),
        _hex("0x1.16f8340000000p+0"),
        _hex("0x1.4ad1320000000p+0"),
    ),
    log_upper_splits=(
        _hex("0x1.16f8340000000p+0"),
        _hex("0x1.4ad1320000000p+0"),
        _hex("0x1.8a5c380000000p+0"),
        _hex("0x1.d64d520000000p+0"),
    ),
    ln2=(
        _hex("0x1.62e4000000000p-1"),
        _hex("0x1.7f7d1c0000000p-20"),
    ),
    atanh_coefficients=(
        _hex("0x1.5555560000000p-1"),
        _hex("0x1.99999a0000000p-2"),
        _hex("0x1.24924a0000000p-2"),
    ),
    silu_minimum_at=(
        _hex("-0x1.4749740000000p+0"),
        _hex("-0x1.4749720000000p+0"),
    ),
    silu_minimum=(
        _hex("-0x1.1d25d00000000p-2"),
        _hex("-0x1.1d25ce0000000p-2"),
    ),
    silu_derivative_maximum_at=(
        _hex("0x1.331e220000000p+1"),
        _hex("0x1.331e240000000p+1"),
    ),
    silu_derivative_maximum=(
        _hex("0x1.198f100000000p+0"),
        _hex("0x1.198f120000000p+0"),
    ),
    silu_derivative_minimum=(
        _hex("-0x1.98f11e0000000p-4"),
        _hex("-0x1.98f11c0000000p-4"),
    ),
    base2=Base(
        exp_range=(
            _hex("-0x1.2e00000000000p+7"),
            _hex("0x1.0080000000000p+7"),
        ),
        exp_steps=_hex("0x1.0000000000000p+2"),
        exp_step=(
            _hex("0x1.0000000000000p-2"),
            _hex("0x0.0p+0"),
            _hex("0x0.0p+0"),
        ),
        ln=(
            _hex("0x1.62e4300000000p-1"),
            _hex("-0x1.05c6100000000p-29"),
        ),
        log_centres=(
            (
                _hex("0x1.b000000000000p-1"),
                _hex("-0x1.f600000000000p-3"),
                _hex("0x1.3ab7ce0000000p-18"),
            ),
            (
                _hex("0x1.0000000000000p+0"),
                _hex("0x0.0p+0"),
                _hex("0x0.0p+0"),
            ),
            (
                _hex("0x1.3000000000000p+0"),
                _hex("0x1.fbc0000000000p-3"),
                _hex("0x1.6b90260000000p-19"),
            ),
            (
                _hex("0x1.6800000000000p+0"),
                _hex("0x1.f7a8000000000p-2"),
                _hex("0x1.5a32c20000000p-20"),
            ),
        ),
        log2=(
            _hex("0x1.0000000000000p+0"),
            _hex("0x0.0p+0"),
        ),
        scale=(
            _hex("0x1.7160000000000p+0"),
            _hex("-0x1.7135a80000000p-13"),
        ),
    ),
    base10=Base(
        exp_range=(
            _hex("-0x1.6c00000000000p+5"),
            _hex("0x1.3600000000000p+5"),
        ),
        exp_steps=_hex("0x1.a934f00000000p+3"),
        exp_step=(
            _hex("0x1.3440000000000p-4"),
            _hex("0x1.3510000000000p-20"),
            _hex("-0x1.8218040000000p-34"),
        ),
        ln=(
            _hex("0x1.26bb1c0000000p+1"),
            _hex("-0x1.12aaba0000000p-25"),
        ),
        log_centres=(
            (
                _hex("0x1.b000000000000p-1"),
                _hex("-0x1.2e40000000000p-4"),
                _hex("0x1.62fd220000000p-18"),
            ),
            (
                _hex("0x1.0000000000000p+0"),
                _hex("0x0.0p+0"),
                _hex("0x0.0p+0"),
            ),
            (
                _hex("0x1.3000000000000p+0"),
                _hex("0x1.31b0000000000p-4"),
                _hex("0x1.82ae240000000p-19"),
            ),
            (
                _hex("0x1.6800000000000p+0"),
                _hex("0x1.2f38000000000p-3"),
                _hex("0x1.b48e2e0000000p-18"),
            ),
        ),
        log2=(
            _hex("0x1.3440000000000p-2"),
            _hex("0x1.3509f80000000p-18"),
        ),
        scale=(
            _hex("0x1.bcc0000000000p-2"),
            _hex("-0x1.09d5b20000000p-15"),
        ),
    ),
    fine_centres=(
        (
            _hex("0x1.8c00000000000p-1"),
            _hex("-0x1.7b89f00000000p-2"),
            _hex("-0x1.6795560000000p-29"),
        ),
        (
            _hex("0x1.b000000000000p-1"),
            _hex("-0x1.f5fd8a0000000p-3"),
            _hex("-0x1.20c7c60000000p-28"),
        ),
        (
            _hex("0x1.d800000000000p-1"),
            _hex("-0x1.e0b1ae0000000p-4"),
            _hex("-0x1.1e5faa0000000p-29"),
        ),
        (
            _hex("0x1.0000000000000p+0"),
            _hex("0x0.0p+0"),
            _hex("0x0.0p+0"),
        ),
        (
            _hex("0x1.1800000000000p+0"),
            _hex("0x1.08c5880000000p-3"),
            _hex("0x1.9b4f3c0000000p-28"),
        ),
        (
            _hex("0x1.3000000000000p+0"),
            _hex("0x1.fbc16c0000000p-3"),
            _hex("-0x1.bf65fe0000000p-29"),
        ),
        (
            _hex("0x1.4c00000000000p+0"),
            _hex("0x1.800a560000000p-2"),
            _hex("0x1.8b0e2a0000000p-29"),
        ),
        (
            _hex("0x1.6a00000000000p+0"),
            _hex("0x1.ffd79a0000000p-2"),
            _hex("-0x1.5f001a0000000p-28"),
        ),
    ),
    fine_splits=(
        _hex("0x1.7a9e580000000p-1"),
        _hex("0x1.9d9bc80000000p-1"),
        _hex("0x1.c38eac0000000p-1"),
        _hex("0x1.eb97e40000000p-1"),
        _hex("0x1.0bbb300000000p+0"),
        _hex("0x1.23c0da0000000p+0"),
        _hex("0x1.3db1120000000p+0"),
        _hex("0x1.5aacf60000000p+0"),
    ),
    fine_atanh=(
        (
            _hex("0x1.7154760000000p+1"),
            _hex("0x1.4ae0c00000000p-25"),
        ),
        (
            _hex("0x1.ec709e0000000p-1"),
            _hex("-0x1.e2fe020000000p-28"),
        ),
    ),
    fine_coefficients=(
        _hex("0x1.2776c60000000p-1"),
        _hex("0x1.a617620000000p-2"),
    ),
)

FLOAT64 = Tables(
    exp_range=(
        _hex("-0x1.7480000000000p+9"),
        _hex("0x1.62e6666666666p+9"),
    ),
    exp_steps=_hex("0x1.71547652b82fep+2"),
    exp_shift=_hex("0x1.8000000000000p+52"),
    exp_head_shift=_hex("0x1.8000000000000p+27"),
    exp_step=(
        _hex("0x1.62e42fefa4000p-3"),
        _hex("-0x1.8432a1b0e0000p-45"),
        _hex("-0x1.319ff03425430p-84"),
    ),
    exp_roots=(
        (
            _hex("0x1.0000000000000p+0"),
            _hex("0x0.0p+0"),
        ),
        (
            _hex("0x1.306fe08000000p+0"),
            _hex("0x1.18db8a96f46adp-27"),
        ),
        (
            _hex("0x1.6a09e68000000p+0"),
            _hex("-0x1.80c4336f74d05p-28"),
        ),
        (
            _hex("0x1.ae89f98000000p+0"),
            _hex("0x1.5ad3ad5e8734dp-28"),
        ),
    ),
    exp_coefficients=(
        _hex("0x1.5555555555555p-3"),
        _hex("0x1.5555555555555p-5"),
        _hex("0x1.1111111111111p-7"),
        _hex("0x1.6c16c16c16c17p-10"),
        _hex("0x1.a01a01a01a01ap-13"),
        _hex("0x1.a01a01a01a01ap-16"),
        _hex("0x1.71de3a556c734p-19"),
        _hex("0x1.27e4fb7789f5cp-22"),
        _hex("0x1.ae64567f544e4p-26"),
    ),
    log_centres=(
        (
            _hex("0x1.b000000000000p-1"),
            _hex("-0x1.5bf406b544000p-3"),
            _hex("0x1.27023eb68981cp-46"),
        ),
        (
            _hex("0x1.0000000000000p+0"),
            _hex("0x0.0p+0"),
            _hex("0x0.0p+0"),
        ),
        (
            _hex("0x1.3000000000000p+0"),
            _hex("0x1.5ff3070a7a000p-3"),
            _hex("-0x1.8586f183bebf2p-44"),
        ),
        (
            _hex("0x1.6800000000000p+0"),
            _hex("0x1.5d1bdbf581000p-2"),
            _hex("-0x1.8d6bdc9c7c238p-44"),
        ),
    ),
    log_upper_centres=(
        (
            _hex("0x1.0000000000000p+0"),
            _hex("0x0.0p+0"),
            _hex("0x0.0p+0"),
        ),
        (
            _hex("0x1.3000000000000p+0"),
            _hex("0x1.5ff3070a7a000p-3"),
            _hex("-0x1.8586f183bebf2p-44"),
        ),
        (
            _hex("0x1.6800000000000p+0"),
            _hex("0x1.5d1bdbf581000p-2"),
            _hex("-0x1.8d6bdc9c7c238p-44"),
        ),
        (
            _hex("0x1.b000000000000p+0"),
            _hex("0x1.0be72e4252800p-1"),
            _hex("0x1.415b4c4bdd99fp-44"),
        ),
        (
            _hex("0x1.0000000000000p+1"),
            _hex("0x1.62e42fefa3800p-1"),
            _hex("0x1.ef35793c76730p-45"),
        ),
    ),
    log_splits=(
        _hex("0x1.8a5c380000000p-1"),
        _hex("0x1.d64d520000000p-1"),
        _hex("0x1.16f8340000000p+0"),
        _hex("0x1.4ad1320000000p+0"),
    ),
    log_upper_splits=(
        _hex("0x1.16f8340000000p+0"),
        _hex("0x1.4ad1320000000p+0"),
        _hex("0x1.8a5c380000000p+0"),
        _hex("0x1.d64d520000000p+0"),
    ),
    ln2=(
        _hex("0x1.62e42fefa3800p-1"),
        _hex("0x1.ef35793c76730p-45"),
    ),
    atanh_coefficients=(
        _hex("0x1.5555555555555p-1"),
        _hex("0x1.999999999999ap-2"),
        _hex("0x1.2492492492492p-2"),
        _hex("0x1.c71c71c71c71cp-3"),
        _hex("0x1.745d1745d1746p-3"),
        _hex("0x1.3b13b13b13b14p-3"),
    ),
    silu_minimum_at=(
        _hex("-0x1.474973c84120cp+0"),
        _hex("-0x1.474973c84120bp+0"),
    ),
    silu_minimum=(
        _hex("-0x1.1d25cf210482ep-2"),
        _hex("-0x1.1d25cf210482dp-2"),
    ),
    silu_derivative_maximum_at=(
        _hex("0x1.331e23ad9de11p+1"),
        _hex("0x1.331e23ad9de12p+1"),
    ),
    silu_derivative_maximum=(
        _hex("0x1.198f11d6cef08p+0"),
        _hex("0x1.198f11d6cef09p+0"),
    ),
    silu_derivative_minimum=(
        _hex("-0x1.98f11d6cef08cp-4"),
        _hex("-0x1.98f11d6cef08bp-4"),
    ),
    base2=Base(
        exp_range=(
            _hex("-0x1.0e00000000000p+10"),
            _hex("0x1.0010000000000p+10"),
        ),
        exp_steps=_hex("0x1.0000000000000p+2"),
        exp_step=(
            _hex("0x1.0000000000000p-2"),
            _hex("0x0.0p+0"),
            _hex("0x0.0p+0"),
        ),
        ln=(
            _hex("0x1.62e42fefa39efp-1"),
            _hex("0x1.abc9e3b39803fp-56"),
        ),
        log_centres=(
            (
                _hex("0x1.b000000000000p-1"),
                _hex("-0x1.f5fd8a9064000p-3"),
                _hex("0x1.cb6f70109b0f1p-47"),
            ),
            (
                _hex("0x1.0000000000000p+0"),
                _hex("0x0.0p+0"),
                _hex("0x0.0p+0"),
            ),
            (
                _hex("0x1.3000000000000p+0"),
                _hex("0x1.fbc16b9026000p-3"),
                _hex("0x1.0144751b3314fp-44"),
            ),
            (
                _hex("0x1.6800000000000p+0"),
                _hex("0x1.f7a8568cb0000p-2"),
                _hex("0x1.b3b3864c60011p-44"),
            ),
        ),
        log2=(
            _hex("0x1.0000000000000p+0"),
            _hex("0x0.0p+0"),
        ),
        scale=(
            _hex("0x1.7154768000000p+0"),
            _hex("-0x1.6a3e80f444178p-27"),
        ),
    ),
    base10=Base(
        exp_range=(
            _hex("-0x1.4400000000000p+8"),
            _hex("0x1.3480000000000p+8"),
        ),
        exp_steps=_hex("0x1.a934f0979a371p+3"),
        exp_step=(
            _hex("0x1.34413509f8000p-4"),
            _hex("-0x1.80433b83b4000p-46"),
            _hex("-0x1.329fa41b743edp-86"),
        ),
        ln=(
            _hex("0x1.26bb1bbb55516p+1"),
            _hex("-0x1.f48ad494ea3e9p-53"),
        ),
        log_centres=(
            (
                _hex("0x1.b000000000000p-1"),
                _hex("-0x1.2e3a740b78000p-4"),
                _hex("-0x1.d288560689912p-53"),
            ),
            (
                _hex("0x1.0000000000000p+0"),
                _hex("0x0.0p+0"),
                _hex("0x0.0p+0"),
            ),
            (
                _hex("0x1.3000000000000p+0"),
                _hex("0x1.31b3055c48000p-4"),
                _hex("-0x1.dcffc97be8c9cp-45"),
            ),
            (
                _hex("0x1.6800000000000p+0"),
                _hex("0x1.2f3b691c5a000p-3"),
                _hex("0x1.7c697e103ceaap-56"),
            ),
        ),
        log2=(
            _hex("0x1.34413509f8000p-2"),
            _hex("-0x1.80433b83b532ap-44"),
        ),
        scale=(
            _hex("0x1.bcb7b18000000p-2"),
            _hex("-0x1.6c8d78e6acaa4p-29"),
        ),
    ),
    fine_centres=(
        (
            _hex("0x1.8c00000000000p-1"),
            _hex("-0x1.7b89f02cf2aadp-2"),
            _hex("-0x1.8f89e2eb553b2p-57"),
        ),
        (
            _hex("0x1.b000000000000p-1"),
            _hex("-0x1.f5fd8a9063e35p-3"),
            _hex("0x1.bdc0426c3c274p-57"),
        ),
        (
            _hex("0x1.d800000000000p-1"),
            _hex("-0x1.e0b1ae8f2fd56p-4"),
            _hex("-0x1.92ce9636c90a0p-58"),
        ),
        (
            _hex("0x1.0000000000000p+0"),
            _hex("0x0.0p+0"),
            _hex("0x0.0p+0"),
        ),
        (
            _hex("0x1.1800000000000p+0"),
            _hex("0x1.08c588cda79e4p-3"),
            _hex("-0x1.a7610e40bd6abp-57"),
        ),
        (
            _hex("0x1.3000000000000p+0"),
            _hex("0x1.fbc16b902680ap-3"),
            _hex("0x1.1d46ccc53c278p-58"),
        ),
        (
            _hex("0x1.4c00000000000p+0"),
            _hex("0x1.800a563161c54p-2"),
            _hex("0x1.9575b04fa6fbdp-57"),
        ),
        (
            _hex("0x1.6a00000000000p+0"),
            _hex("0x1.ffd799a83ff9bp-2"),
            _hex("-0x1.18ce032f41d1ep-56"),
        ),
    ),
    fine_splits=(
        _hex("0x1.7a9e580000000p-1"),
        _hex("0x1.9d9bc80000000p-1"),
        _hex("0x1.c38eac0000000p-1"),
        _hex("0x1.eb97e40000000p-1"),
        _hex("0x1.0bbb300000000p+0"),
        _hex("0x1.23c0da0000000p+0"),
        _hex("0x1.3db1120000000p+0"),
        _hex("0x1.5aacf60000000p+0"),
    ),
    fine_atanh=(
        (
            _hex("0x1.71547652b82fep+1"),
            _hex("0x1.777d0ffda0d24p-55"),
        ),
        (
            _hex("0x1.ec709dc3a03fdp-1"),
            _hex("0x1.d27f05548af0cp-55"),
        ),
    ),
    fine_coefficients=(
        _hex("0x1.2776c50ef9bfep-1"),
        _hex("0x1.a61762a7aded9p-2"),
        _hex("0x1.484b13d7c02a9p-2"),
        _hex("0x1.0c9a84994022dp-2"),
        _hex("0x1.c68f568d31760p-3"),
    ),
)
