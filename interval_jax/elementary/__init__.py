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
from interval_jax.elementary.exp_log import exp, expm1, log, log1p
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
    "cos",
    "erf",
    "erf_derivative",
    "erfc",
    "exp",
    "expm1",
    "log",
    "log1p",
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
