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
from interval_jax.elementary.exp_log import exp, exp2, exp10, expm1, log, log1p, log2, log10
from interval_jax.elementary.gelu import gelu, gelu_derivative
from interval_jax.elementary.inverse_trigonometric import acos, acot, asin, atan, atan2
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
from interval_jax.elementary.trigonometric import (
    cos,
    sin,
    tan,
)

__all__ = [
    "acos",
    "acot",
    "asin",
    "atan",
    "atan2",
    "cos",
    "erf",
    "erf_derivative",
    "erfc",
    "exp",
    "exp2",
    "exp10",
    "expm1",
    "gelu",
    "gelu_derivative",
    "log",
    "log1p",
    "log2",
    "log10",
    "log_ndtr",
    "logistic",
    "logistic_derivative",
    "ndtr",
    "ndtr_derivative",
    "norm_pdf",
    "norm_pdf_derivative",
    "relu",
    "relu_derivative",
    "silu",
    "silu_derivative",
    "sin",
    "softplus",
    "softplus_derivative",
    "tan",
    "tanh",
    "tanh_derivative",
]
