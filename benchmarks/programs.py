"""The corpus: functions of JAX and small programs, each with its exact value by mpmath.

A case is a function of arrays, applied element by element, or a program of one vector of four
numbers. Its reference gets mpmath numbers, which floats convert to exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import mpmath as mp
from jax import lax, nn
from jax.scipy import special
from jax.scipy.stats import norm

__all__ = ["CASES", "Case"]

Box = tuple[float, float]


class Case(NamedTuple):
    """A function, what it is exactly, and from where its arguments are taken."""

    name: str
    function: Callable[..., Any]
    reference: Callable[..., Any]
    boxes: tuple[Box, ...]
    """One box for each argument of a function of numbers; one for a program of a vector."""
    vector: bool = False
    isotone: bool = True
    """Whether smaller boxes must give smaller results, to the last bit."""


LINE = (-30.0, 30.0)
UNIT = (0.0, 1.0)
POSITIVE = (0.0, 50.0)
NEAR = (-3.0, 3.0)


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


def _softplus(x: Any) -> Any:
    return mp.log1p(mp.exp(x)) if x < 0 else x + mp.log1p(mp.exp(-x))


def _clip(x: Any, low: Any, high: Any) -> Any:
    return min(max(x, low), high)


def _elu(x: Any) -> Any:
    return x if x > 0 else mp.expm1(x)


def _norm_cdf(x: Any) -> Any:
    return mp.erfc(-x / mp.sqrt(2)) / 2


def _log_ndtr(x: Any) -> Any:
    return mp.log1p(-_norm_cdf(-x)) if x > 0 else mp.log(_norm_cdf(x))


def _ndtri(p: Any) -> Any:
    if p <= 0 or p >= 1:
        return mp.inf * (1 if p >= 1 else -1)
    q = min(p, 1 - p)
    # Newton's method from mpmath's own inverse, which is inaccurate far from 0.
    x = -mp.sqrt(2) * mp.erfinv(1 - 2 * q) if q > mp.mpf(10) ** -8 else -mp.sqrt(-2 * mp.log(q))
    for _ in range(60):
        step = (_norm_cdf(x) - q) / mp.npdf(x)
        x -= step
        if abs(step) < abs(x) * mp.ldexp(1, -(mp.mp.prec // 2)):  # the next is its square
            break
    return x if p < 0.5 else -x


def _xlogy(x: Any, y: Any) -> Any:
    return mp.mpf(0) if x == 0 else x * mp.log(y)


def _round(x: Any) -> Any:
    return mp.nint(x)


def _sign(x: Any) -> Any:
    return mp.sign(x)


def _gelu_tanh(x: Any) -> Any:
    inner = mp.sqrt(2 / mp.pi) * (x + mp.mpf("0.044715") * x**3)
    return x * _sigmoid(2 * inner)


def _of(*cases: tuple[Any, ...]) -> list[Case]:
    return [
        Case(name, f, g, tuple(boxes), isotone=name not in _ROUNDED_TWICE)
        for name, f, g, *boxes in cases
    ]


_ROUNDED_TWICE = {
    "jnp.logaddexp2",
    "jnp.sinc",
    "nn.hard_silu",
    "nn.hard_swish",
    "nn.mish",
    "nn.soft_sign",
    "nn.squareplus",
    "special.entr",
    "special.logit",
    "special.xlogy x x",
}
"""Functions whose bounds at the ends of a box are made of bounds: off by a unit or not."""


_NUMBERS = _of(
    # jax.numpy
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
    ("jnp.logaddexp", jnp.logaddexp, lambda x, y: y + _softplus(x - y), LINE, LINE),
    (
        "jnp.logaddexp2",
        jnp.logaddexp2,
        lambda x, y: mp.log(mp.mpf(2) ** x + mp.mpf(2) ** y) / mp.log(2),
        LINE,
        LINE,
    ),
    ("jnp.sinc", jnp.sinc, mp.sincpi, (-9.0, 9.0)),
    ("jnp.sign", jnp.sign, _sign, LINE),
    ("jnp.floor", jnp.floor, mp.floor, LINE),
    ("jnp.ceil", jnp.ceil, mp.ceil, LINE),
    ("jnp.round", jnp.round, _round, LINE),
    ("jnp.rint", jnp.rint, _round, LINE),
    ("jnp.trunc", jnp.trunc, lambda x: mp.sign(x) * mp.floor(abs(x)), LINE),
    ("jnp.maximum", jnp.maximum, max, LINE, LINE),
    ("jnp.minimum", jnp.minimum, min, LINE, LINE),
    ("jnp.fmax", jnp.fmax, max, LINE, LINE),
    ("jnp.fmin", jnp.fmin, min, LINE, LINE),
    ("jnp.clip", lambda x: jnp.clip(x, -2.0, 3.0), lambda x: _clip(x, -2, 3), LINE),
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
    # jax.nn
    ("nn.relu", nn.relu, lambda x: max(x, 0), LINE),
    ("nn.relu6", nn.relu6, lambda x: _clip(x, 0, 6), LINE),
    ("nn.sigmoid", nn.sigmoid, _sigmoid, LINE),
    ("nn.softplus", nn.softplus, _softplus, LINE),
    (
        "nn.sparse_plus",
        nn.sparse_plus,
        lambda x: mp.mpf(0) if x <= -1 else x if x >= 1 else (x + 1) ** 2 / 4,
        NEAR,
    ),
    ("nn.sparse_sigmoid", nn.sparse_sigmoid, lambda x: _clip(x + 1, 0, 2) / 2, NEAR),
    ("nn.soft_sign", nn.soft_sign, lambda x: x / (1 + abs(x)), LINE),
    ("nn.silu", nn.silu, lambda x: x * _sigmoid(x), LINE),
    ("nn.swish", nn.swish, lambda x: x * _sigmoid(x), LINE),
    ("nn.log_sigmoid", nn.log_sigmoid, lambda x: -_softplus(-x), LINE),
    (
        "nn.leaky_relu 0.125",
        lambda x: nn.leaky_relu(x, 0.125),
        lambda x: x if x > 0 else x / 8,
        LINE,
    ),
    ("nn.hard_sigmoid", nn.hard_sigmoid, lambda x: _clip(x + 3, 0, 6) / 6, LINE),
    ("nn.hard_silu", nn.hard_silu, lambda x: x * _clip(x + 3, 0, 6) / 6, LINE),
    ("nn.hard_swish", nn.hard_swish, lambda x: x * _clip(x + 3, 0, 6) / 6, LINE),
    ("nn.hard_tanh", nn.hard_tanh, lambda x: _clip(x, -1, 1), NEAR),
    ("nn.elu", nn.elu, _elu, LINE),
    ("nn.elu 0.5", lambda x: nn.elu(x, 0.5), lambda x: x if x > 0 else mp.expm1(x) / 2, LINE),
    ("nn.celu", nn.celu, _elu, LINE),
    ("nn.gelu tanh", nn.gelu, _gelu_tanh, LINE),
    ("nn.gelu", lambda x: nn.gelu(x, approximate=False), lambda x: x * _norm_cdf(x), LINE),
    ("nn.squareplus", nn.squareplus, lambda x: (x + mp.sqrt(x * x + 4)) / 2, LINE),
    ("nn.mish", nn.mish, lambda x: x * mp.tanh(_softplus(x)), LINE),
    ("nn.identity", nn.identity, lambda x: x, LINE),
    ("nn.log1mexp", nn.log1mexp, lambda x: mp.log(-mp.expm1(-x)), (1e-3, 40.0)),
    # jax.scipy.special
    ("special.erf", special.erf, mp.erf, (-6.0, 6.0)),
    ("special.erfc", special.erfc, mp.erfc, (-6.0, 9.0)),
    (
        "special.erfinv",
        special.erfinv,
        lambda x: _ndtri((1 + x) / 2) / mp.sqrt(2),
        (-0.99, 0.99),
    ),
    ("special.expit", special.expit, _sigmoid, LINE),
    ("special.logit", special.logit, lambda x: mp.log(x / (1 - x)), (0.001, 0.999)),
    ("special.entr", special.entr, lambda x: -_xlogy(x, x), (0.0, 9.0)),
    ("special.xlogy", special.xlogy, _xlogy, NEAR, (0.001, 9.0)),
    ("special.xlogy x x", lambda x: special.xlogy(x, x), lambda x: _xlogy(x, x), (0.0, 9.0)),
    ("special.xlog1py", special.xlog1py, lambda x, y: x * mp.log1p(y), NEAR, (-0.9, 9.0)),
    ("special.ndtr", special.ndtr, _norm_cdf, (-30.0, 9.0)),
    ("special.log_ndtr", special.log_ndtr, _log_ndtr, LINE),
    ("special.ndtri", special.ndtri, _ndtri, (0.001, 0.999)),
    ("special.gammaln", special.gammaln, lambda x: mp.loggamma(x).real, (0.1, 30.0)),
    ("special.rel_entr", special.rel_entr, lambda x, y: x * mp.log(x / y), (0.1, 9.0), (0.1, 9.0)),
    # jax.scipy.stats.norm
    ("norm.pdf", norm.pdf, mp.npdf, (-9.0, 9.0)),
    (
        "norm.pdf loc scale",
        lambda x: norm.pdf(x, 0.5, 2.0),
        lambda x: mp.npdf(x, mp.mpf(0.5), 2),
        (-9.0, 9.0),
    ),
    ("norm.logpdf", norm.logpdf, lambda x: -x * x / 2 - mp.log(2 * mp.pi) / 2, LINE),
    ("norm.cdf", norm.cdf, _norm_cdf, (-30.0, 9.0)),
    (
        "norm.cdf loc scale",
        lambda x: norm.cdf(x, 0.5, 2.0),
        lambda x: _norm_cdf((x - mp.mpf(0.5)) / 2),
        (-30.0, 9.0),
    ),
    ("norm.logcdf", norm.logcdf, _log_ndtr, LINE),
    ("norm.sf", norm.sf, lambda x: _norm_cdf(-x), (-9.0, 30.0)),
    ("norm.logsf", norm.logsf, lambda x: _log_ndtr(-x), LINE),
    ("norm.ppf", norm.ppf, _ndtri, (0.001, 0.999)),
    # jax.lax
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
    ("lax.clamp", lambda x: lax.clamp(x * 0 - 1, x, x * 0 + 2), lambda x: _clip(x, -1, 2), LINE),
    ("lax.logistic", lax.logistic, _sigmoid, LINE),
    ("lax.floor", lax.floor, mp.floor, LINE),
    ("lax.ceil", lax.ceil, mp.ceil, LINE),
    ("lax.round", lambda x: lax.round(x, lax.RoundingMethod.TO_NEAREST_EVEN), _round, LINE),
    (
        "lax.erf_inv",
        lax.erf_inv,
        lambda x: _ndtri((1 + x) / 2) / mp.sqrt(2),
        (-0.99, 0.99),
    ),
    ("lax.lgamma", lax.lgamma, lambda x: mp.loggamma(x).real, (0.1, 30.0)),
    ("lax.select", lambda x: lax.select(x > 0, x, -2 * x), lambda x: x if x > 0 else -2 * x, LINE),
    ("lax.stop_gradient", lambda x: lax.stop_gradient(x) + x, lambda x: 2 * x, LINE),
    # control flow
    (
        "cond",
        lambda x: jnp.vectorize(lambda v: lax.cond(v > 1, lambda u: u * u, lambda u: 2 - u, v))(x),
        lambda x: x * x if x > 1 else 2 - x,
        LINE,
    ),
    (
        "fori_loop",
        lambda x: lax.fori_loop(0, 5, lambda i, s: s * x / 2 + i, x),
        lambda x: _fori(x),
        (-1.5, 1.5),
    ),
    (
        "while_loop plain",
        lambda x: lax.while_loop(
            lambda s: s[0] < 4, lambda s: (s[0] + 1, s[1] * s[1] / 4 + x), (0, x)
        )[1],
        lambda x: _while(x),
        (-1.0, 1.0),
    ),
    (
        "checkpoint",
        jax.checkpoint(lambda x: jnp.sin(jnp.exp(x))),
        lambda x: mp.sin(mp.exp(x)),
        NEAR,
    ),
    ("jit in jit", jax.jit(lambda x: jax.jit(jnp.tanh)(x) + x), lambda x: mp.tanh(x) + x, LINE),
    (
        "grad of silu",
        lambda x: jax.grad(lambda v: nn.silu(v).sum())(x),
        lambda x: _sigmoid(x) * (1 + x * (1 - _sigmoid(x))),
        LINE,
    ),
    ("grad of x**3", lambda x: jax.grad(lambda v: (v**3).sum())(x), lambda x: 3 * x * x, NEAR),
    ("jvp of sin", lambda x: jax.jvp(jnp.sin, (x,), (x,))[1], lambda x: x * mp.cos(x), LINE),
)


def _fori(x: Any) -> Any:
    s = x
    for i in range(5):
        s = s * x / 2 + i
    return s


def _while(x: Any) -> Any:
    s = x
    for _ in range(4):
        s = s * s / 4 + x
    return s


def _softmax(x: Sequence[Any]) -> list[Any]:
    powers = [mp.exp(v) for v in x]
    return [p / mp.fsum(powers) for p in powers]


def _logsumexp(x: Sequence[Any]) -> Any:
    return mp.log(mp.fsum(mp.exp(v) for v in x))


def _mean(x: Sequence[Any]) -> Any:
    return mp.fsum(x) / len(x)


def _variance(x: Sequence[Any]) -> Any:
    return _mean([(v - _mean(x)) ** 2 for v in x])


def _prefix(x: Sequence[Any], join: Callable[[Any, Any], Any]) -> list[Any]:
    result = [x[0]]
    for v in x[1:]:
        result.append(join(result[-1], v))
    return result


_MATRIX = [[1.0, 2.0, -1.0, 0.5], [0.25, -3.0, 1.5, 2.0], [-0.5, 1.0, 1.0, -1.0]]


def _product(x: Sequence[Any]) -> list[Any]:
    return [mp.fsum(mp.mpf(a) * v for a, v in zip(row, x, strict=True)) for row in _MATRIX]


def _matrix(x: Any) -> Any:
    return jnp.array(_MATRIX, x.dtype)


# Products of matrices are enclosed by their value at the midpoint and a bound of its error, which
# a smaller box may exceed by a rounding.
_PRODUCTS = {
    "jnp.dot",
    "jnp.matmul",
    "jnp.einsum",
    "jnp.vdot",
    "jnp.convolve",
    "perceptron",
    "grad of a perceptron",
    "attention",
}

_VECTORS = [
    Case(name, f, g, (box[0] if box else NEAR,), True, name not in _PRODUCTS)
    for name, f, g, *box in (
        ("jnp.sum", jnp.sum, mp.fsum),
        ("jnp.prod", jnp.prod, mp.fprod),
        ("jnp.mean", jnp.mean, _mean),
        ("jnp.var", jnp.var, _variance),
        ("jnp.std", jnp.std, lambda x: mp.sqrt(_variance(x))),
        ("jnp.max", jnp.max, max),
        ("jnp.min", jnp.min, min),
        ("jnp.ptp", jnp.ptp, lambda x: max(x) - min(x)),
        ("jnp.cumsum", jnp.cumsum, lambda x: _prefix(x, lambda a, b: a + b)),
        ("jnp.cumprod", jnp.cumprod, lambda x: _prefix(x, lambda a, b: a * b)),
        ("lax.cummax", lax.cummax, lambda x: _prefix(x, max)),
        ("lax.cummin", lax.cummin, lambda x: _prefix(x, min)),
        (
            "lax.cumlogsumexp",
            lax.cumlogsumexp,
            lambda x: [_logsumexp(x[: i + 1]) for i in range(len(x))],
        ),
        ("jnp.diff", jnp.diff, lambda x: [b - a for a, b in pairwise(x)]),
        ("jnp.sort", jnp.sort, sorted),
        ("lax.top_k", lambda x: lax.top_k(x, 2)[0], lambda x: sorted(x)[:1:-1]),
        ("jnp.dot", lambda x: jnp.dot(x, x[::-1]), lambda x: 2 * (x[0] * x[3] + x[1] * x[2])),
        ("jnp.matmul", lambda x: _matrix(x) @ x, _product),
        ("jnp.einsum", lambda x: jnp.einsum("ij,j->i", _matrix(x), x), _product),
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
        ("nn.softmax", nn.softmax, _softmax, LINE),
        ("nn.log_softmax", nn.log_softmax, lambda x: [v - _logsumexp(x) for v in x], LINE),
        ("nn.logsumexp", nn.logsumexp, _logsumexp, LINE),
        ("special.logsumexp", special.logsumexp, _logsumexp, LINE),
        ("nn.logsumexp keepdims", lambda x: nn.logsumexp(x, keepdims=True)[0], _logsumexp, LINE),
        ("nn.glu", nn.glu, lambda x: [x[0] * _sigmoid(x[2]), x[1] * _sigmoid(x[3])]),
        (
            "nn.standardize",
            lambda x: nn.standardize(x, epsilon=0.5),
            lambda x: [(v - _mean(x)) / mp.sqrt(_variance(x) + mp.mpf(0.5)) for v in x],
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
        ("lax.dynamic_slice", lambda x: lax.dynamic_slice(x, (1,), (2,)), lambda x: x[1:3]),
        (
            "jnp.tril",
            lambda x: jnp.tril(x.reshape(2, 2)).ravel(),
            lambda x: [x[0], 0, x[2], x[3]],
        ),
        (
            "lax.scan",
            lambda x: lax.scan(lambda c, v: (c * v + 1, c), x[0], x)[0],
            lambda x: (((x[0] * x[0] + 1) * x[1] + 1) * x[2] + 1) * x[3] + 1,
        ),
        (
            "lax.map",
            lambda x: lax.map(lambda v: jnp.exp(v) - v, x),
            lambda x: [mp.exp(v) - v for v in x],
        ),
        (
            "lax.associative_scan",
            lambda x: lax.associative_scan(jnp.add, x),
            lambda x: _prefix(x, lambda a, b: a + b),
        ),
        (
            "lax.switch",
            lambda x: lax.switch(1, [jnp.sin, jnp.cos, jnp.exp], x[0]),
            lambda x: mp.cos(x[0]),
        ),
        (
            "perceptron",
            lambda x: jnp.sum(nn.silu(_matrix(x) @ x + 0.5)),
            lambda x: mp.fsum((v + 0.5) * _sigmoid(v + mp.mpf(0.5)) for v in _product(x)),
        ),
        (
            "grad of a perceptron",
            jax.grad(lambda x: jnp.sum(jnp.tanh(_matrix(x) @ x))),
            lambda x: [
                mp.fsum(
                    mp.mpf(row[j]) * mp.sech(v) ** 2
                    for row, v in zip(_MATRIX, _product(x), strict=True)
                )
                for j in range(4)
            ],
        ),
        (
            "attention",
            lambda x: nn.softmax(x * x[0]) @ x,
            lambda x: mp.fsum(
                a * b for a, b in zip(_softmax([v * x[0] for v in x]), x, strict=True)
            ),
        ),
    )
]

CASES: tuple[Case, ...] = (*_NUMBERS, *_VECTORS)
