"""Functions of ``jax.scipy.special`` and ``jax.scipy.stats.norm``."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import mpmath as mp
from jax.scipy import special
from jax.scipy.stats import norm

from benchmarks.programs._case import (
    LINE,
    NEAR,
    logsumexp,
    norm_cdf,
    of_numbers,
    of_vectors,
    sigmoid,
    softmax,
)

__all__ = ["CASES", "ndtri"]


def _log_ndtr(x: Any) -> Any:
    return mp.log1p(-norm_cdf(-x)) if x > 0 else mp.log(norm_cdf(x))


def ndtri(p: Any) -> Any:
    if p <= 0 or p >= 1:
        return mp.inf * (1 if p >= 1 else -1)
    q = min(p, 1 - p)
    # Newton's method from mpmath's own inverse, which is inaccurate far from 0.
    x = -mp.sqrt(2) * mp.erfinv(1 - 2 * q) if q > mp.mpf(10) ** -8 else -mp.sqrt(-2 * mp.log(q))
    for _ in range(60):
        step = (norm_cdf(x) - q) / mp.npdf(x)
        x -= step
        if abs(step) < abs(x) * mp.ldexp(1, -(mp.mp.prec // 2)):  # the next is its square
            break
    return x if p < 0.5 else -x


def _xlogy(x: Any, y: Any) -> Any:
    return mp.mpf(0) if x == 0 else x * mp.log(y)


_NUMBERS = of_numbers(
    (
        ("special.erf", special.erf, mp.erf, (-6.0, 6.0)),
        ("special.erfc", special.erfc, mp.erfc, (-6.0, 9.0)),
        (
            "special.erfinv",
            special.erfinv,
            lambda x: ndtri((1 + x) / 2) / mp.sqrt(2),
            (-0.99, 0.99),
        ),
        ("special.expit", special.expit, sigmoid, LINE),
        ("special.logit", special.logit, lambda x: mp.log(x / (1 - x)), (0.001, 0.999)),
        ("special.entr", special.entr, lambda x: -_xlogy(x, x), (0.0, 9.0)),
        ("special.xlogy", special.xlogy, _xlogy, NEAR, (0.001, 9.0)),
        ("special.xlogy x x", lambda x: special.xlogy(x, x), lambda x: _xlogy(x, x), (0.0, 9.0)),
        ("special.xlog1py", special.xlog1py, lambda x, y: x * mp.log1p(y), NEAR, (-0.9, 9.0)),
        ("special.ndtr", special.ndtr, norm_cdf, (-30.0, 9.0)),
        ("special.log_ndtr", special.log_ndtr, _log_ndtr, LINE),
        ("special.ndtri", special.ndtri, ndtri, (0.001, 0.999)),
        ("special.gammaln", special.gammaln, lambda x: mp.loggamma(x).real, (0.1, 30.0)),
        (
            "special.rel_entr",
            special.rel_entr,
            lambda x, y: x * mp.log(x / y),
            (0.1, 9.0),
            (0.1, 9.0),
        ),
        ("norm.pdf", norm.pdf, mp.npdf, (-9.0, 9.0)),
        (
            "norm.pdf loc scale",
            lambda x: norm.pdf(x, 0.5, 2.0),
            lambda x: mp.npdf(x, mp.mpf(0.5), 2),
            (-9.0, 9.0),
        ),
        ("norm.logpdf", norm.logpdf, lambda x: -x * x / 2 - mp.log(2 * mp.pi) / 2, LINE),
        ("norm.cdf", norm.cdf, norm_cdf, (-30.0, 9.0)),
        (
            "norm.cdf loc scale",
            lambda x: norm.cdf(x, 0.5, 2.0),
            lambda x: norm_cdf((x - mp.mpf(0.5)) / 2),
            (-30.0, 9.0),
        ),
        ("norm.logcdf", norm.logcdf, _log_ndtr, LINE),
        ("norm.sf", norm.sf, lambda x: norm_cdf(-x), (-9.0, 30.0)),
        ("norm.logsf", norm.logsf, lambda x: _log_ndtr(-x), LINE),
        ("norm.ppf", norm.ppf, ndtri, (0.001, 0.999)),
        (
            "special.xlogy y y",
            lambda x: special.xlogy(1 + x, x),
            lambda x: (1 + x) * mp.log(x),
            (0.1, 9.0),
        ),
        ("special.boxcox", lambda x: special.boxcox(x, 2.0), lambda x: (x * x - 1) / 2, (0.5, 9.0)),
        ("norm.isf", norm.isf, lambda p: -ndtri(p), (0.001, 0.999)),
        (
            "norm.logpdf loc scale",
            lambda x: norm.logpdf(x, 0.5, 2.0),
            lambda x: -(((x - mp.mpf(0.5)) / 2) ** 2) / 2 - mp.log(8 * mp.pi) / 2,
            LINE,
        ),
        (
            "norm.logcdf loc scale",
            lambda x: norm.logcdf(x, 0.5, 2.0),
            lambda x: _log_ndtr((x - mp.mpf(0.5)) / 2),
            LINE,
        ),
    ),
)

_VECTORS = of_vectors(
    (
        ("special.logsumexp", special.logsumexp, logsumexp, LINE),
        (
            "special.logsumexp weights",
            lambda x: special.logsumexp(x, b=jnp.array([1.0, 2.0, 0.5, 4.0]).astype(x.dtype)),
            lambda x: mp.log(
                mp.fsum(w * mp.exp(v) for w, v in zip((1, 2, mp.mpf(0.5), 4), x, strict=True))
            ),
            LINE,
        ),
        ("special.softmax", special.softmax, softmax, LINE),
        ("special.log_softmax", special.log_softmax, lambda x: [v - logsumexp(x) for v in x], LINE),
    )
)

CASES = (*_NUMBERS, *_VECTORS)
