"""Functions of ``jax.nn``, and layers made of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import jax.numpy as jnp
import mpmath as mp
from jax import lax, nn

from benchmarks.programs._case import (
    LINE,
    NEAR,
    clip,
    logsumexp,
    matrix,
    mean,
    norm_cdf,
    of_numbers,
    of_vectors,
    product,
    sigmoid,
    softmax,
    softplus,
    variance,
)

__all__ = ["CASES"]


def _elu(x: Any) -> Any:
    return x if x > 0 else mp.expm1(x)


def _gelu_tanh(x: Any) -> Any:
    return x * sigmoid(2 * mp.sqrt(2 / mp.pi) * (x + mp.mpf("0.044715") * x**3))


def _softmax_over_columns(x: Sequence[Any]) -> list[Any]:
    left, right = softmax(x[::2]), softmax(x[1::2])
    return [left[0], right[0], left[1], right[1]]


_PRODUCTS = {"perceptron", "attention", "convolution"}
"""Enclosed by the value at the midpoint and a bound of its error, which vary in the last bits."""

_NUMBERS = of_numbers(
    (
        ("nn.relu", nn.relu, lambda x: max(x, 0), LINE),
        ("nn.relu6", nn.relu6, lambda x: clip(x, 0, 6), LINE),
        ("nn.sigmoid", nn.sigmoid, sigmoid, LINE),
        ("nn.softplus", nn.softplus, softplus, LINE),
        (
            "nn.sparse_plus",
            nn.sparse_plus,
            lambda x: mp.mpf(0) if x <= -1 else x if x >= 1 else (x + 1) ** 2 / 4,
            NEAR,
        ),
        ("nn.sparse_sigmoid", nn.sparse_sigmoid, lambda x: clip(x + 1, 0, 2) / 2, NEAR),
        ("nn.soft_sign", nn.soft_sign, lambda x: x / (1 + abs(x)), LINE),
        ("nn.silu", nn.silu, lambda x: x * sigmoid(x), LINE),
        ("nn.swish", nn.swish, lambda x: x * sigmoid(x), LINE),
        ("nn.log_sigmoid", nn.log_sigmoid, lambda x: -softplus(-x), LINE),
        (
            "nn.leaky_relu 0.125",
            lambda x: nn.leaky_relu(x, 0.125),
            lambda x: x if x > 0 else x / 8,
            LINE,
        ),
        ("nn.hard_sigmoid", nn.hard_sigmoid, lambda x: clip(x + 3, 0, 6) / 6, LINE),
        ("nn.hard_silu", nn.hard_silu, lambda x: x * clip(x + 3, 0, 6) / 6, LINE),
        ("nn.hard_swish", nn.hard_swish, lambda x: x * clip(x + 3, 0, 6) / 6, LINE),
        ("nn.hard_tanh", nn.hard_tanh, lambda x: clip(x, -1, 1), NEAR),
        ("nn.elu", nn.elu, _elu, LINE),
        ("nn.elu 0.5", lambda x: nn.elu(x, 0.5), lambda x: x if x > 0 else mp.expm1(x) / 2, LINE),
        ("nn.celu", nn.celu, _elu, LINE),
        ("nn.gelu tanh", nn.gelu, _gelu_tanh, LINE),
        ("nn.gelu", lambda x: nn.gelu(x, approximate=False), lambda x: x * norm_cdf(x), LINE),
        ("nn.squareplus", nn.squareplus, lambda x: (x + mp.sqrt(x * x + 4)) / 2, LINE),
        ("nn.mish", nn.mish, lambda x: x * mp.tanh(softplus(x)), LINE),
        ("nn.identity", nn.identity, lambda x: x, LINE),
        ("nn.log1mexp", nn.log1mexp, lambda x: mp.log(-mp.expm1(-x)), (1e-3, 40.0)),
        ("nn.tanh", nn.tanh, mp.tanh, LINE),
        (
            "nn.leaky_relu -0.5",
            lambda x: nn.leaky_relu(x, -0.5),
            lambda x: x if x > 0 else -x / 2,
            LINE,
        ),
        (
            "nn.celu 2",
            lambda x: nn.celu(x, 2.0),
            lambda x: x if x > 0 else 2 * mp.expm1(x / 2),
            LINE,
        ),
        (
            "nn.squareplus 2",
            lambda x: nn.squareplus(x, 2.0),
            lambda x: (x + mp.sqrt(x * x + 2)) / 2,
            LINE,
        ),
    ),
)

_VECTORS = of_vectors(
    (
        ("nn.softmax", nn.softmax, softmax, LINE),
        ("nn.log_softmax", nn.log_softmax, lambda x: [v - logsumexp(x) for v in x], LINE),
        ("nn.logsumexp", nn.logsumexp, logsumexp, LINE),
        ("nn.logsumexp keepdims", lambda x: nn.logsumexp(x, keepdims=True)[0], logsumexp, LINE),
        ("nn.glu", nn.glu, lambda x: [x[0] * sigmoid(x[2]), x[1] * sigmoid(x[3])]),
        (
            "nn.standardize",
            lambda x: nn.standardize(x, epsilon=0.5),
            lambda x: [(v - mean(x)) / mp.sqrt(variance(x) + mp.mpf(0.5)) for v in x],
        ),
        (
            "perceptron",
            lambda x: jnp.sum(nn.silu(matrix(x) @ x + 0.5)),
            lambda x: mp.fsum((v + 0.5) * sigmoid(v + mp.mpf(0.5)) for v in product(x)),
        ),
        (
            "attention",
            lambda x: nn.softmax(x * x[0]) @ x,
            lambda x: mp.fsum(
                a * b for a, b in zip(softmax([v * x[0] for v in x]), x, strict=True)
            ),
        ),
        (
            "nn.softmax axis",
            lambda x: nn.softmax(x.reshape(2, 2), axis=0).ravel(),
            lambda x: _softmax_over_columns(x),
            LINE,
        ),
        (
            "convolution",
            lambda x: nn.gelu(
                lax.conv_general_dilated(
                    x[None, :, None],
                    jnp.array([[[1.0]], [[-0.5]]], x.dtype),
                    (1,),
                    "VALID",
                    dimension_numbers=("NWC", "WIO", "NWC"),
                ).ravel(),
                approximate=False,
            ),
            lambda x: [(a - b / 2) * norm_cdf(a - b / 2) for a, b in pairwise(x)],
        ),
    ),
    _PRODUCTS,
)

CASES = (*_NUMBERS, *_VECTORS)
