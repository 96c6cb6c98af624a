"""Functions of ``jax.numpy``."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import jax.numpy as jnp
import mpmath as mp

from benchmarks.programs._case import (
    LINE,
    MATRIX,
    NEAR,
    POSITIVE,
    clip,
    matrix,
    mean,
    of_numbers,
    of_vectors,
    prefix,
    product,
    softplus,
    variance,
)

__all__ = ["CASES"]


def _det_plus_8(x: Sequence[Any]) -> Any:
    return (x[0] + 8) * (x[3] + 8) - x[1] * x[2]


def _twice(x: Sequence[Any]) -> list[Any]:
    inner = [x[0] * x[0] + x[1] * x[1], x[2] * x[0] + x[3] * x[1]]
    return [mp.fsum(mp.mpf(a) * v for a, v in zip(row[:2], inner, strict=True)) for row in MATRIX]


_BY_BOUNDS = {"jnp.logaddexp2", "jnp.sinc"}
"""Bounds at the ends of a box are made of bounds: off by a unit or not."""

_PRODUCTS = {
    "jnp.dot",
    "jnp.matmul",
    "jnp.einsum",
    "jnp.vdot",
    "jnp.convolve",
    "jnp.inner",
    "jnp.tensordot",
    "jnp.correlate",
    "jnp.cov",
    "jnp.polymul",
    "jnp.linalg.matrix_power",
    "jnp.linalg.multi_dot",
    "jnp.linalg.solve",
    "jnp.linalg.inv",
}
"""Enclosed by the value at the midpoint and a bound of its error, which vary in the last bits."""

_NUMBERS = of_numbers(
    (
        ("jnp.abs", jnp.abs, abs, LINE),
        ("jnp.negative", jnp.negative, lambda x: -x, LINE),
        ("jnp.positive", jnp.positive, lambda x: x, LINE),
        ("jnp.add", jnp.add, lambda x, y: x + y, LINE, LINE),
        ("jnp.subtract", jnp.subtract, lambda x, y: x - y, LINE, LINE),
        ("jnp.multiply", jnp.multiply, lambda x, y: x * y, LINE, LINE),
        ("jnp.divide", jnp.divide, lambda x, y: x / y, LINE, (0.5, 9.0)),
        ("jnp.reciprocal", jnp.reciprocal, lambda x: 1 / x, (0.25, 9.0)),
        ("jnp.square", jnp.square, lambda x: x * x, LINE),
        ("jnp.sqrt", jnp.sqrt, mp.sqrt, POSITIVE),
        ("jnp.cbrt", jnp.cbrt, lambda x: mp.sign(x) * mp.cbrt(abs(x)), LINE),
        ("jnp.power", jnp.power, lambda x, y: x**y, (0.25, 9.0), NEAR),
        ("jnp.power 2.5", lambda x: jnp.power(x, 2.5), lambda x: x ** mp.mpf(2.5), POSITIVE),
        ("jnp.exp", jnp.exp, mp.exp, LINE),
        ("jnp.exp2", jnp.exp2, lambda x: mp.mpf(2) ** x, LINE),
        ("jnp.expm1", jnp.expm1, mp.expm1, LINE),
        ("jnp.log", jnp.log, mp.log, (1e-9, 50.0)),
        ("jnp.log2", jnp.log2, lambda x: mp.log(x) / mp.log(2), (1e-9, 50.0)),
        ("jnp.log10", jnp.log10, mp.log10, (1e-9, 50.0)),
        ("jnp.log1p", jnp.log1p, mp.log1p, (-0.99, 50.0)),
        ("jnp.sin", jnp.sin, mp.sin, LINE),
        ("jnp.cos", jnp.cos, mp.cos, LINE),
        ("jnp.tan", jnp.tan, mp.tan, (-1.5, 1.5)),
        ("jnp.arcsin", jnp.arcsin, mp.asin, (-1.0, 1.0)),
        ("jnp.arccos", jnp.arccos, mp.acos, (-1.0, 1.0)),
        ("jnp.arctan", jnp.arctan, mp.atan, LINE),
        ("jnp.arctan2", jnp.arctan2, mp.atan2, LINE, (0.5, 9.0)),
        ("jnp.sinh", jnp.sinh, mp.sinh, LINE),
        ("jnp.cosh", jnp.cosh, mp.cosh, LINE),
        ("jnp.tanh", jnp.tanh, mp.tanh, LINE),
        ("jnp.arcsinh", jnp.arcsinh, mp.asinh, LINE),
        ("jnp.arccosh", jnp.arccosh, mp.acosh, (1.0, 50.0)),
        ("jnp.arctanh", jnp.arctanh, mp.atanh, (-0.99, 0.99)),
        ("jnp.hypot", jnp.hypot, mp.hypot, LINE, LINE),
        ("jnp.logaddexp", jnp.logaddexp, lambda x, y: y + softplus(x - y), LINE, LINE),
        (
            "jnp.logaddexp2",
            jnp.logaddexp2,
            lambda x, y: mp.log(mp.mpf(2) ** x + mp.mpf(2) ** y) / mp.log(2),
            LINE,
            LINE,
        ),
        ("jnp.sinc", jnp.sinc, mp.sincpi, (-9.0, 9.0)),
        ("jnp.sign", jnp.sign, mp.sign, LINE),
        ("jnp.floor", jnp.floor, mp.floor, LINE),
        ("jnp.ceil", jnp.ceil, mp.ceil, LINE),
        ("jnp.round", jnp.round, mp.nint, LINE),
        ("jnp.rint", jnp.rint, mp.nint, LINE),
        ("jnp.trunc", jnp.trunc, lambda x: mp.sign(x) * mp.floor(abs(x)), LINE),
        ("jnp.maximum", jnp.maximum, max, LINE, LINE),
        ("jnp.minimum", jnp.minimum, min, LINE, LINE),
        ("jnp.fmax", jnp.fmax, max, LINE, LINE),
        ("jnp.fmin", jnp.fmin, min, LINE, LINE),
        ("jnp.clip", lambda x: jnp.clip(x, -2.0, 3.0), lambda x: clip(x, -2, 3), LINE),
        ("jnp.where", lambda x: jnp.where(x < 0.5, x + 10, x), lambda x: x + 10 * (x < 0.5), LINE),
        ("jnp.heaviside", lambda x: jnp.heaviside(x, 0.5), lambda x: (mp.sign(x) + 1) / 2, LINE),
        ("jnp.float_power", lambda x: jnp.float_power(x, 3), lambda x: x**3, NEAR),
        (
            "jnp.polyval",
            lambda x: jnp.polyval(jnp.array([1.0, -2.0, 0.5]).astype(x.dtype), x),
            lambda x: x * x - 2 * x + mp.mpf(0.5),
            NEAR,
        ),
        ("jnp.nan_to_num", jnp.nan_to_num, lambda x: x, LINE),
        ("x ** 3", lambda x: x**3, lambda x: x**3, LINE),
        ("x ** -2", lambda x: x**-2, lambda x: 1 / x**2, (0.25, 9.0)),
        ("x * x", lambda x: x * x, lambda x: x * x, LINE),
        ("jnp.fabs", jnp.fabs, abs, LINE),
        ("jnp.asin", jnp.asin, mp.asin, (-1.0, 1.0)),
        ("jnp.acos", jnp.acos, mp.acos, (-1.0, 1.0)),
        ("jnp.atan", jnp.atan, mp.atan, LINE),
        ("jnp.atan2", jnp.atan2, mp.atan2, NEAR, NEAR),
        ("jnp.asinh", jnp.asinh, mp.asinh, LINE),
        ("jnp.acosh", jnp.acosh, mp.acosh, (1.0, 50.0)),
        ("jnp.atanh", jnp.atanh, mp.atanh, (-0.99, 0.99)),
        ("jnp.pow", lambda x: jnp.pow(x, -1.5), lambda x: x ** mp.mpf(-1.5), (0.25, 9.0)),
        ("jnp.true_divide", jnp.true_divide, lambda x, y: x / y, LINE, (0.5, 9.0)),
        ("jnp.floor_divide", lambda x: jnp.floor_divide(x, 4.0), lambda x: mp.floor(x / 4), LINE),
        ("jnp.remainder", lambda x: jnp.remainder(x, 4.0), lambda x: x - 4 * mp.floor(x / 4), LINE),
        ("jnp.fmod", lambda x: jnp.fmod(x, 4.0), lambda x: mp.sign(x) * mp.fmod(abs(x), 4), LINE),
        ("jnp.modf", lambda x: jnp.modf(x)[0], lambda x: x - mp.sign(x) * mp.floor(abs(x)), LINE),
        ("jnp.real", jnp.real, lambda x: x, LINE),
        (
            "jnp.select",
            lambda x: jnp.select([x < -1, x < 1], [x * x, 2 - x], 1.0),
            lambda x: x * x if x < -1 else 2 - x if x < 1 else mp.mpf(1),
            NEAR,
        ),
        (
            "jnp.piecewise",
            lambda x: jnp.piecewise(x, [x < 0, x >= 0], [lambda v: -v, jnp.exp]),
            lambda x: -x if x < 0 else mp.exp(x),
            NEAR,
        ),
        (
            "jnp.interp",
            lambda x: jnp.interp(
                x, jnp.array([-2.0, 0, 4], x.dtype), jnp.array([1.0, 3, -5], x.dtype)
            ),
            lambda x: clip(x + 3, 1, 3) if x < 0 else 3 - 2 * clip(x, 0, 4),
            (-5.0, 9.0),
        ),
        ("jnp.isfinite", lambda x: jnp.where(jnp.isfinite(x), x, 0), lambda x: x, LINE),
        (
            "jnp.logical_and",
            lambda x: jnp.where((x > -1) & (x < 1), x, 0 * x),
            lambda x: x * (-1 < x < 1),
            NEAR,
        ),
    ),
    _BY_BOUNDS,
)

_VECTORS = of_vectors(
    (
        ("jnp.sum", jnp.sum, mp.fsum),
        ("jnp.prod", jnp.prod, mp.fprod),
        ("jnp.mean", jnp.mean, mean),
        ("jnp.var", jnp.var, variance),
        ("jnp.std", jnp.std, lambda x: mp.sqrt(variance(x))),
        ("jnp.max", jnp.max, max),
        ("jnp.min", jnp.min, min),
        ("jnp.ptp", jnp.ptp, lambda x: max(x) - min(x)),
        ("jnp.cumsum", jnp.cumsum, lambda x: prefix(x, lambda a, b: a + b)),
        ("jnp.cumprod", jnp.cumprod, lambda x: prefix(x, lambda a, b: a * b)),
        ("jnp.diff", jnp.diff, lambda x: [b - a for a, b in pairwise(x)]),
        ("jnp.sort", jnp.sort, sorted),
        ("jnp.dot", lambda x: jnp.dot(x, x[::-1]), lambda x: 2 * (x[0] * x[3] + x[1] * x[2])),
        ("jnp.matmul", lambda x: matrix(x) @ x, product),
        ("jnp.einsum", lambda x: jnp.einsum("ij,j->i", matrix(x), x), product),
        ("jnp.vdot", lambda x: jnp.vdot(x, x), lambda x: mp.fsum(v * v for v in x)),
        ("jnp.outer", lambda x: jnp.outer(x, x)[1], lambda x: [x[1] * v for v in x]),
        ("jnp.linalg.norm", jnp.linalg.norm, lambda x: mp.sqrt(mp.fsum(v * v for v in x))),
        (
            "jnp.trace",
            lambda x: jnp.trace(x.reshape(2, 2)),
            lambda x: x[0] + x[3],
        ),
        (
            "jnp.convolve",
            lambda x: jnp.convolve(x, jnp.array([1.0, -2.0], x.dtype), mode="valid"),
            lambda x: [b - 2 * a for a, b in pairwise(x)],
        ),
        ("jnp.reshape", lambda x: x.reshape(2, 2)[::-1].ravel(), lambda x: [*x[2:], *x[:2]]),
        ("jnp.concatenate", lambda x: jnp.concatenate([x[2:], x[:2]]), lambda x: [*x[2:], *x[:2]]),
        ("jnp.stack", lambda x: jnp.stack([x, -x])[1], lambda x: [-v for v in x]),
        ("jnp.flip", jnp.flip, lambda x: x[::-1]),
        ("jnp.roll", lambda x: jnp.roll(x, 1), lambda x: [x[3], *x[:3]]),
        ("jnp.pad", lambda x: jnp.pad(x, 1), lambda x: [0, *x, 0]),
        ("jnp.tile", lambda x: jnp.tile(x, 2), lambda x: [*x, *x]),
        ("jnp.repeat", lambda x: jnp.repeat(x, 2), lambda x: [v for v in x for _ in range(2)]),
        ("jnp.take", lambda x: jnp.take(x, jnp.array([2, 0])), lambda x: [x[2], x[0]]),
        ("x.at[1].set", lambda x: x.at[1].set(x[0]), lambda x: [x[0], x[0], *x[2:]]),
        ("x.at[1].add", lambda x: x.at[1].add(x[0]), lambda x: [x[0], x[1] + x[0], *x[2:]]),
        (
            "jnp.tril",
            lambda x: jnp.tril(x.reshape(2, 2)).ravel(),
            lambda x: [x[0], 0, x[2], x[3]],
        ),
        ("jnp.average", jnp.average, mean),
        ("jnp.nansum", jnp.nansum, mp.fsum),
        ("jnp.partition", lambda x: jnp.partition(x, 1)[1], lambda x: sorted(x)[1]),
        ("jnp.median", jnp.median, lambda x: mean(sorted(x)[1:3])),
        ("jnp.nanmedian", jnp.nanmedian, lambda x: mean(sorted(x)[1:3])),
        (
            "jnp.quantile",
            lambda x: jnp.quantile(x, 0.25),
            lambda x: sorted(x)[0] / 4 + 3 * sorted(x)[1] / 4,
        ),
        (
            "jnp.percentile",
            lambda x: jnp.percentile(x, 50.0, method="lower"),
            lambda x: sorted(x)[1],
        ),
        ("jnp.diagonal", lambda x: jnp.diagonal(x.reshape(2, 2)), lambda x: [x[0], x[3]]),
        ("jnp.insert", lambda x: jnp.insert(x, 1, x[3]), lambda x: [x[0], x[3], *x[1:]]),
        (
            "jnp.choose",
            lambda x: jnp.choose(jnp.array([1, 0]), [x[:2], x[2:]], mode="clip"),
            lambda x: [x[2], x[1]],
        ),
        (
            "jnp.linalg.det",
            lambda x: jnp.linalg.det(x.reshape(2, 2)),
            lambda x: x[0] * x[3] - x[1] * x[2],
        ),
        ("jnp.argmax", lambda x: x[jnp.argmax(x)], max),
        (
            "jnp.digitize",
            lambda x: jnp.digitize(x, jnp.array([-1.0, 1.0], x.dtype)) * x,
            lambda x: [v * ((v >= -1) + (v >= 1)) for v in x],
        ),
        ("jnp.inner", lambda x: jnp.inner(x, x[::-1]), lambda x: 2 * (x[0] * x[3] + x[1] * x[2])),
        ("jnp.tensordot", lambda x: jnp.tensordot(matrix(x), x, 1), product),
        (
            "jnp.kron",
            lambda x: jnp.kron(x[:2], x[2:]),
            lambda x: [a * b for a in x[:2] for b in x[2:]],
        ),
        (
            "jnp.cross",
            lambda x: jnp.cross(x[:3], x[1:]),
            lambda x: [
                x[1] * x[3] - x[2] * x[2],
                x[2] * x[1] - x[0] * x[3],
                x[0] * x[2] - x[1] * x[1],
            ],
        ),
        (
            "jnp.gradient",
            jnp.gradient,
            lambda x: [x[1] - x[0], (x[2] - x[0]) / 2, (x[3] - x[1]) / 2, x[3] - x[2]],
        ),
        ("jnp.trapezoid", jnp.trapezoid, lambda x: (x[0] + x[3]) / 2 + x[1] + x[2]),
        ("jnp.ediff1d", jnp.ediff1d, lambda x: [b - a for a, b in pairwise(x)]),
        (
            "jnp.correlate",
            lambda x: jnp.correlate(x, x[:2], mode="valid"),
            lambda x: [a * x[0] + b * x[1] for a, b in pairwise(x)],
        ),
        ("jnp.diag", lambda x: jnp.diag(x[:2]).ravel(), lambda x: [x[0], 0, 0, x[1]]),
        ("jnp.triu", lambda x: jnp.triu(x.reshape(2, 2)).ravel(), lambda x: [x[0], x[1], 0, x[3]]),
        ("jnp.transpose", lambda x: x.reshape(2, 2).T.ravel(), lambda x: [x[0], x[2], x[1], x[3]]),
        (
            "jnp.swapaxes",
            lambda x: jnp.swapaxes(x.reshape(2, 2), 0, 1).ravel(),
            lambda x: [x[0], x[2], x[1], x[3]],
        ),
        (
            "jnp.rot90",
            lambda x: jnp.rot90(x.reshape(2, 2)).ravel(),
            lambda x: [x[1], x[3], x[0], x[2]],
        ),
        ("jnp.hstack", lambda x: jnp.hstack([x[:1], x]), lambda x: [x[0], *x]),
        ("jnp.vstack", lambda x: jnp.vstack([x, x])[1], list),
        ("jnp.split", lambda x: jnp.split(x, 2)[1], lambda x: x[2:]),
        ("jnp.append", lambda x: jnp.append(x, 1.0), lambda x: [*x, 1]),
        ("jnp.delete", lambda x: jnp.delete(x, 1), lambda x: [x[0], *x[2:]]),
        ("jnp.broadcast_to", lambda x: jnp.broadcast_to(x, (2, 4))[1], list),
        ("jnp.expand_dims", lambda x: jnp.expand_dims(x, 0)[0], list),
        ("jnp.squeeze", lambda x: jnp.squeeze(x[None]), list),
        (
            "jnp.take_along_axis",
            lambda x: jnp.take_along_axis(x, jnp.array([3, 0]), 0),
            lambda x: [x[3], x[0]],
        ),
        (
            "jnp.vander",
            lambda x: jnp.vander(x[:2], 3).ravel(),
            lambda x: [x[0] ** 2, x[0], 1, x[1] ** 2, x[1], 1],
        ),
        (
            "jnp.polymul",
            lambda x: jnp.polymul(x[:2], x[2:]),
            lambda x: [x[0] * x[2], x[0] * x[3] + x[1] * x[2], x[1] * x[3]],
        ),
        ("jnp.polyder", jnp.polyder, lambda x: [3 * x[0], 2 * x[1], x[2]]),
        ("jnp.cov", jnp.cov, lambda x: 4 * variance(x) / 3),
        (
            "jnp.linalg.solve",
            lambda x: jnp.linalg.solve(x.reshape(2, 2) + 8 * jnp.eye(2, dtype=x.dtype), x[:2]),
            lambda x: [
                (x[0] * (x[3] + 8) - x[1] * x[1]) / _det_plus_8(x),
                (x[1] * (x[0] + 8) - x[0] * x[2]) / _det_plus_8(x),
            ],
        ),
        (
            "jnp.linalg.inv",
            lambda x: jnp.linalg.inv(x.reshape(2, 2) + 8 * jnp.eye(2, dtype=x.dtype))[0],
            lambda x: [(x[3] + 8) / _det_plus_8(x), -x[1] / _det_plus_8(x)],
        ),
        (
            "jnp.linalg.cholesky",
            lambda x: jnp.linalg.cholesky(
                jnp.stack([x[0] + 8, x[1], x[1], x[3] + 8]).reshape(2, 2)
            )[1],
            lambda x: [
                x[1] / mp.sqrt(x[0] + 8),
                mp.sqrt(x[3] + 8 - x[1] ** 2 / (x[0] + 8)),
            ],
        ),
        ("jnp.linalg.norm 1", lambda x: jnp.linalg.norm(x, 1), lambda x: mp.fsum(map(abs, x))),
        (
            "jnp.linalg.matrix_power",
            lambda x: jnp.linalg.matrix_power(x.reshape(2, 2), 2)[0],
            lambda x: [x[0] ** 2 + x[1] * x[2], x[0] * x[1] + x[1] * x[3]],
        ),
        (
            "jnp.linalg.multi_dot",
            lambda x: jnp.linalg.multi_dot([matrix(x)[:, :2], x.reshape(2, 2), x[:2]]),
            lambda x: _twice(x),
        ),
        (
            "x.at[1].mul",
            lambda x: x.at[1].mul(x[0], unique_indices=True),
            lambda x: [x[0], x[1] * x[0], *x[2:]],
        ),
        ("x.at[1].max", lambda x: x.at[1].max(x[0]), lambda x: [x[0], max(x[:2]), *x[2:]]),
        ("x.at[1].get", lambda x: x.at[1].get(), lambda x: x[1]),
    ),
    _PRODUCTS,
)

_TOGETHER = {"jnp.linalg.solve": 200, "jnp.linalg.inv": 100}

CASES = tuple(
    case._replace(together=_TOGETHER.get(case.name, case.together))
    for case in (*_NUMBERS, *_VECTORS)
)
