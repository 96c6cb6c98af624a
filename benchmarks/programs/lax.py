"""Functions of ``jax.lax``."""

from __future__ import annotations

from itertools import pairwise

import jax.numpy as jnp
import mpmath as mp
from jax import lax

from benchmarks.programs._case import (
    LINE,
    NEAR,
    POSITIVE,
    clip,
    logsumexp,
    matrix,
    of_numbers,
    of_vectors,
    prefix,
    product,
    sigmoid,
)
from benchmarks.programs.special import ndtri

__all__ = ["CASES"]


_PRODUCTS = {"lax.dot", "lax.dot_general", "lax.batch_matmul", "lax.conv"}
"""Enclosed by the value at the midpoint and a bound of its error, which vary in the last bits."""

_NUMBERS = of_numbers(
    (
        ("lax.abs", lax.abs, abs, LINE),
        ("lax.add", lax.add, lambda x, y: x + y, LINE, LINE),
        ("lax.sub", lax.sub, lambda x, y: x - y, LINE, LINE),
        ("lax.mul", lax.mul, lambda x, y: x * y, LINE, LINE),
        ("lax.div", lax.div, lambda x, y: x / y, LINE, (0.5, 9.0)),
        ("lax.max", lax.max, max, LINE, LINE),
        ("lax.min", lax.min, min, LINE, LINE),
        ("lax.neg", lax.neg, lambda x: -x, LINE),
        ("lax.square", lax.square, lambda x: x * x, LINE),
        ("lax.sqrt", lax.sqrt, mp.sqrt, POSITIVE),
        ("lax.rsqrt", lax.rsqrt, lambda x: 1 / mp.sqrt(x), (0.25, 50.0)),
        ("lax.cbrt", lax.cbrt, lambda x: mp.sign(x) * mp.cbrt(abs(x)), LINE),
        ("lax.integer_pow", lambda x: lax.integer_pow(x, 5), lambda x: x**5, NEAR),
        ("lax.pow", lax.pow, lambda x, y: x**y, (0.25, 9.0), NEAR),
        ("lax.clamp", lambda x: lax.clamp(x * 0 - 1, x, x * 0 + 2), lambda x: clip(x, -1, 2), LINE),
        ("lax.logistic", lax.logistic, sigmoid, LINE),
        ("lax.floor", lax.floor, mp.floor, LINE),
        ("lax.ceil", lax.ceil, mp.ceil, LINE),
        ("lax.round", lambda x: lax.round(x, lax.RoundingMethod.TO_NEAREST_EVEN), mp.nint, LINE),
        (
            "lax.erf_inv",
            lax.erf_inv,
            lambda x: ndtri((1 + x) / 2) / mp.sqrt(2),
            (-0.99, 0.99),
        ),
        ("lax.lgamma", lax.lgamma, lambda x: mp.loggamma(x).real, (0.1, 30.0)),
        (
            "lax.select",
            lambda x: lax.select(x > 0, x, -2 * x),
            lambda x: x if x > 0 else -2 * x,
            LINE,
        ),
        ("lax.stop_gradient", lambda x: lax.stop_gradient(x) + x, lambda x: 2 * x, LINE),
        ("lax.sign", lax.sign, mp.sign, LINE),
        ("lax.exp", lax.exp, mp.exp, LINE),
        ("lax.exp2", lax.exp2, lambda x: mp.mpf(2) ** x, LINE),
        ("lax.expm1", lax.expm1, mp.expm1, LINE),
        ("lax.log", lax.log, mp.log, (1e-9, 50.0)),
        ("lax.log1p", lax.log1p, mp.log1p, (-0.99, 50.0)),
        ("lax.sin", lax.sin, mp.sin, LINE),
        ("lax.cos", lax.cos, mp.cos, LINE),
        ("lax.tan", lax.tan, mp.tan, (-1.5, 1.5)),
        ("lax.asin", lax.asin, mp.asin, (-1.0, 1.0)),
        ("lax.acos", lax.acos, mp.acos, (-1.0, 1.0)),
        ("lax.atan", lax.atan, mp.atan, LINE),
        ("lax.atan2", lax.atan2, mp.atan2, NEAR, NEAR),
        ("lax.sinh", lax.sinh, mp.sinh, LINE),
        ("lax.cosh", lax.cosh, mp.cosh, LINE),
        ("lax.tanh", lax.tanh, mp.tanh, LINE),
        ("lax.asinh", lax.asinh, mp.asinh, LINE),
        ("lax.acosh", lax.acosh, mp.acosh, (1.0, 50.0)),
        ("lax.atanh", lax.atanh, mp.atanh, (-0.99, 0.99)),
        ("lax.erf", lax.erf, mp.erf, (-6.0, 6.0)),
        ("lax.erfc", lax.erfc, mp.erfc, (-6.0, 9.0)),
        ("lax.reciprocal", lax.reciprocal, lambda x: 1 / x, (0.25, 9.0)),
        (
            "lax.rem",
            lambda x: lax.rem(x, x * 0 + 4),
            lambda x: mp.sign(x) * mp.fmod(abs(x), 4),
            LINE,
        ),
        (
            "lax.round away from zero",
            lambda x: lax.round(x, lax.RoundingMethod.AWAY_FROM_ZERO),
            lambda x: mp.sign(x) * mp.floor(abs(x) + mp.mpf(0.5)),
            LINE,
        ),
        (
            "lax.select_n",
            lambda x: lax.select_n(x < 1, x * x, -x),
            lambda x: -x if x < 1 else x * x,
            NEAR,
        ),
    )
)

_VECTORS = of_vectors(
    (
        ("lax.cummax", lax.cummax, lambda x: prefix(x, max)),
        ("lax.cummin", lax.cummin, lambda x: prefix(x, min)),
        (
            "lax.cumlogsumexp",
            lax.cumlogsumexp,
            lambda x: [logsumexp(x[: i + 1]) for i in range(len(x))],
        ),
        ("lax.top_k", lambda x: lax.top_k(x, 2)[0], lambda x: sorted(x)[:1:-1]),
        ("lax.dynamic_slice", lambda x: lax.dynamic_slice(x, (1,), (2,)), lambda x: x[1:3]),
        ("lax.cumsum", lax.cumsum, lambda x: prefix(x, lambda a, b: a + b)),
        ("lax.cumprod", lax.cumprod, lambda x: prefix(x, lambda a, b: a * b)),
        (
            "lax.cumsum reverse",
            lambda x: lax.cumsum(x, reverse=True),
            lambda x: prefix(x[::-1], lambda a, b: a + b)[::-1],
        ),
        ("lax.sort", lax.sort, sorted),
        ("lax.rev", lambda x: lax.rev(x, (0,)), lambda x: x[::-1]),
        (
            "lax.pad",
            lambda x: lax.pad(x, x[0], ((1, 0, 1),)),
            lambda x: [x[0], x[0], x[0], x[1], x[0], x[2], x[0], x[3]],
        ),
        ("lax.slice", lambda x: lax.slice(x, (1,), (4,), (2,)), lambda x: [x[1], x[3]]),
        ("lax.concatenate", lambda x: lax.concatenate([x, x[:1]], 0), lambda x: [*x, x[0]]),
        (
            "lax.dynamic_update_slice",
            lambda x: lax.dynamic_update_slice(x, x[:2], (1,)),
            lambda x: [x[0], x[0], x[1], x[3]],
        ),
        ("lax.broadcast", lambda x: lax.broadcast(x, (2,))[0], list),
        (
            "lax.transpose",
            lambda x: lax.transpose(x.reshape(2, 2), (1, 0)).ravel(),
            lambda x: [x[0], x[2], x[1], x[3]],
        ),
        ("lax.dot", lambda x: lax.dot(matrix(x), x), product),
        (
            "lax.dot_general",
            lambda x: lax.dot_general(x, matrix(x), (((0,), (1,)), ((), ()))),
            product,
        ),
        (
            "lax.batch_matmul",
            lambda x: lax.batch_matmul(x.reshape(2, 1, 2), x.reshape(2, 2, 1)).ravel(),
            lambda x: [x[0] ** 2 + x[1] ** 2, x[2] ** 2 + x[3] ** 2],
        ),
        (
            "lax.conv",
            lambda x: lax.conv(
                x[None, None], jnp.array([[[1.0, -2.0]]], x.dtype), (1,), "VALID"
            ).ravel(),
            lambda x: [a - 2 * b for a, b in pairwise(x)],
        ),
        ("lax.reduce_max", lambda x: lax.reduce_max(x, (0,)), max),
        (
            "lax.reduce_window",
            lambda x: lax.reduce_window(x, -jnp.inf, lax.max, (2,), (1,), "VALID"),
            lambda x: [max(pair) for pair in pairwise(x)],
        ),
        (
            "lax.reduce_window sum",
            lambda x: lax.reduce_window(x, 0.0, lax.add, (2,), (1,), "VALID"),
            lambda x: [a + b for a, b in pairwise(x)],
        ),
        ("lax.gather", lambda x: x[jnp.array([3, 1, 1])], lambda x: [x[3], x[1], x[1]]),
        ("lax.index_in_dim", lambda x: lax.index_in_dim(x, 2, keepdims=False), lambda x: x[2]),
        (
            "lax.linalg.triangular_solve",
            lambda x: lax.linalg.triangular_solve(
                jnp.tril(x.reshape(2, 2)) + 8 * jnp.eye(2, dtype=x.dtype),
                x[:2, None],
                left_side=True,
                lower=True,
            ).ravel(),
            lambda x: [x[0] / (x[0] + 8), (x[1] - x[2] * x[0] / (x[0] + 8)) / (x[3] + 8)],
        ),
    ),
    _PRODUCTS,
)

CASES = (*_NUMBERS, *_VECTORS)
