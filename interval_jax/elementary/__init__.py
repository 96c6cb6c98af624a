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

__all__ = [
    "exp",
    "expm1",
    "log",
    "log1p",
    "logistic",
    "logistic_derivative",
    "relu",
    "relu_derivative",
    "silu",
    "silu_derivative",
    "softplus",
    "softplus_derivative",
    "tanh",
    "tanh_derivative",
]
