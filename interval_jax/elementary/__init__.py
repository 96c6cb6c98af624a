"""Elementary and special functions of intervals, with proven bounds."""

from interval_jax.elementary.activations import (
    logistic,
    logistic_derivative,
    relu,
    relu_derivative,
    silu,
    silu_derivative,
    softplus,
    softplus_derivative,
    tanh,
    tanh_derivative,
)
from interval_jax.elementary.atan2_rev import atan2_rev1, atan2_rev2
from interval_jax.elementary.compound import compoundm1
from interval_jax.elementary.exp_log import exp, exp2, exp10, expm1, log, log1p, log2, log10
from interval_jax.elementary.gelu import gelu, gelu_derivative
from interval_jax.elementary.hyperbolic import (
    acosh,
    acoth,
    asinh,
    atanh,
    cosh,
    cosh_rev,
    coth,
    csch,
    sech,
    sinh,
)
from interval_jax.elementary.inverse_trigonometric import acos, acot, asin, atan, atan2
from interval_jax.elementary.inverse_trigonometric_pi import acospi, asinpi, atan2pi, atanpi
from interval_jax.elementary.lgamma import lgamma
from interval_jax.elementary.log_normal import log_ndtr
from interval_jax.elementary.normal import (
    erf,
    erf_derivative,
    erfc,
    ndtr,
    ndtr_derivative,
    norm_pdf,
    norm_pdf_derivative,
)
from interval_jax.elementary.normal_inverse import erfcinv, erfinv, ndtri
from interval_jax.elementary.power_rev import pow_rev1, pow_rev2
from interval_jax.elementary.powers import pow, pown
from interval_jax.elementary.roots import cbrt, hypot, rootn, rsqrt
from interval_jax.elementary.shifted import exp2m1, exp10m1, log2p1, log10p1
from interval_jax.elementary.softmax import logsumexp, softmax
from interval_jax.elementary.trigonometric import (
    cos,
    cot,
    csc,
    sec,
    sin,
    tan,
)
from interval_jax.elementary.trigonometric_pi import (
    cospi,
    sinpi,
    tanpi,
)
from interval_jax.elementary.trigonometric_rev import (
    cos_rev,
    sin_rev,
    tan_rev,
)

__all__ = [
    "acos",
    "acosh",
    "acospi",
    "acot",
    "acoth",
    "asin",
    "asinh",
    "asinpi",
    "atan",
    "atan2",
    "atan2_rev1",
    "atan2_rev2",
    "atan2pi",
    "atanh",
    "atanpi",
    "cbrt",
    "compoundm1",
    "cos",
    "cos_rev",
    "cosh",
    "cosh_rev",
    "cospi",
    "cot",
    "coth",
    "csc",
    "csch",
    "erf",
    "erf_derivative",
    "erfc",
    "erfcinv",
    "erfinv",
    "exp",
    "exp2",
    "exp2m1",
    "exp10",
    "exp10m1",
    "expm1",
    "gelu",
    "gelu_derivative",
    "hypot",
    "lgamma",
    "log",
    "log1p",
    "log2",
    "log2p1",
    "log10",
    "log10p1",
    "log_ndtr",
    "logistic",
    "logistic_derivative",
    "logsumexp",
    "ndtr",
    "ndtr_derivative",
    "ndtri",
    "norm_pdf",
    "norm_pdf_derivative",
    "pow",
    "pow_rev1",
    "pow_rev2",
    "pown",
    "relu",
    "relu_derivative",
    "rootn",
    "rsqrt",
    "sec",
    "sech",
    "silu",
    "silu_derivative",
    "sin",
    "sin_rev",
    "sinh",
    "sinpi",
    "softmax",
    "softplus",
    "softplus_derivative",
    "tan",
    "tan_rev",
    "tanh",
    "tanh_derivative",
    "tanpi",
]
