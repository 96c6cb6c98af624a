"""Composite functions: recognised in whatever form JAX traces them, and enclosed by their range."""

from collections.abc import Callable
from functools import partial
from math import inf
from typing import Any

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest
from jax import nn
from jax.scipy import special
from jax.scipy.stats import norm

import interval_jax as ij
from benchmarks.programs import CASES
from interval_jax._interpreter import trace
from interval_jax._rules import ranges

ONE = ij.interval(0.25, 0.75)
VECTOR = ij.interval(np.zeros((2, 3)), np.ones((2, 3)))

RECOGNISED: dict[str, Callable] = {
    "gelu": partial(nn.gelu, approximate=False),
    "gelu_tanh": nn.gelu,
    "ndtr": special.ndtr,
    "log_ndtr": special.log_ndtr,
    "ndtri": special.ndtri,
    "norm_pdf": norm.pdf,
    "norm_logpdf": norm.logpdf,
    "logaddexp": lambda x: jnp.logaddexp(x, x),
    "logaddexp2": lambda x: jnp.logaddexp2(x, x),
    "xlogy": lambda x: special.xlogy(x, x),
    "logit": special.logit,
    "log1mexp": nn.log1mexp,
    "log10": jnp.log10,
    "hypot": lambda x: jnp.hypot(x, x),
    "sinc": jnp.sinc,
    "silu": nn.silu,
    "softplus": nn.softplus,
    "relu": nn.relu,
    "mish": nn.mish,
    "soft_sign": nn.soft_sign,
    "squareplus": nn.squareplus,
    "hard_silu": nn.hard_silu,
    "hard_tanh": nn.hard_tanh,
    "sparse_plus": nn.sparse_plus,
    "elu": nn.elu,
    "elu alpha": lambda x: nn.elu(x, 0.5),
    "leaky_relu": nn.leaky_relu,
    "leaky_relu slope": lambda x: nn.leaky_relu(x, 0.5),
}
ALONG_AXES: dict[str, Callable] = {
    "softmax": nn.softmax,
    "softmax axis": lambda x: nn.softmax(x, axis=0),
    "softmax axes": lambda x: nn.softmax(x, axis=(0, 1)),
    "log_softmax": lambda x: nn.log_softmax(x, axis=0),
    "logsumexp": nn.logsumexp,
    "logsumexp axis": lambda x: nn.logsumexp(x, axis=-1),
    "logsumexp keepdims": lambda x: nn.logsumexp(x, axis=0, keepdims=True),
    "mapped": jax.vmap(nn.softmax),
    "log_softmax mapped": jax.vmap(nn.log_softmax),
}
# Arithmetic on their argument or result is left next to the call.
CONTAINED: dict[str, Callable] = {
    "norm.cdf": lambda x: norm.cdf(x, 1.0, 2.0),
    "norm.sf": norm.sf,
    "norm.logcdf": norm.logcdf,
    "norm.logsf": norm.logsf,
    "norm.ppf": norm.ppf,
    "nn.log_sigmoid": nn.log_sigmoid,
    "nn.selu": nn.selu,
    "entr": special.entr,
}


def steps(f: Callable, x: ij.Interval) -> list[str]:
    return [step.name for step in trace(f, x)[0].steps]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_functions_are_recognised(dtype: type) -> None:
    for x in (ONE, ij.interval(np.zeros((2, 3)), np.ones((2, 3)))):
        for name, f in RECOGNISED.items():
            assert len(steps(f, x.astype(dtype))) == 1, name
    for name, f in ALONG_AXES.items():
        assert len(steps(f, VECTOR.astype(dtype))) == 1, name
        assert bool(jnp.all(ij.is_member(f(ij.mid(VECTOR)), ij.enclose(f)(VECTOR)))), name
    for name, f in CONTAINED.items():
        found = steps(f, ONE.astype(dtype))
        assert "jit" in found, name
        assert not {"erf", "erfc", "exp", "log", "expm1"} & set(found), name


def test_functions_are_recognised_with_and_without_64_bit_types() -> None:
    x = ONE.astype(np.float32)
    for x64 in (False, True, False):
        with jax.enable_x64(x64):
            for name in ("ndtr", "ndtri", "logaddexp2", "logit", "gelu"):
                found = steps(RECOGNISED[name], x)
                assert len(found) == 1, (name, x64)


def test_other_programs_are_not_mistaken() -> None:
    assert "jit" not in steps(lambda x: 0.5 * x * jax.lax.erfc(-x * 0.7071), ONE)
    assert "jit" not in steps(lambda x: jnp.log(x) * 0.434, ONE)
    different = lambda x, y: jnp.exp(x - jnp.max(x)) / jnp.sum(jnp.exp(y - jnp.max(x)))  # noqa: E731
    assert "jit" not in steps(lambda x: different(x, 2 * x), VECTOR)

    @jax.jit
    def mish(x: jax.Array) -> jax.Array:
        return x + 1

    assert str(ij.enclose(mish)(ONE)) == "Interval([1.25, 1.75], float64)"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_ranges_over_wide_boxes_are_those_of_the_functions(dtype: type) -> None:
    """Bounds are those at an end or a turning point, to 8 units; they include infinities."""
    unit = 8 * np.finfo(dtype).eps
    expected: list[tuple[str, float, float, float, float]] = [
        ("mish", -20.0, 2.0, -0.30884341301725041, 1.9439589595339947),
        ("mish", -inf, inf, -0.30884341301725041, inf),
        ("hard_silu", -inf, 1.0, -0.375, 2 / 3),
        ("hard_silu", -9.0, -3.0, 0.0, 0.0),
        ("hard_tanh", 0.0, 3.0, 0.0, 1.0),
        ("elu", -1.0, 2.0, -0.63212055882855768, 2.0),
        ("elu alpha", -inf, 2.0, -0.5, 2.0),
        ("leaky_relu slope", -1.0, 2.0, -0.5, 2.0),
        ("soft_sign", -1.0, 3.0, -0.5, 0.75),
        ("soft_sign", -inf, inf, -1.0, 1.0),
        ("squareplus", -1e4, 0.0, 9.999999900000002e-05, 1.0),
        ("sparse_plus", -2.0, 0.0, 0.0, 0.25),
        ("gelu", -5.0, 0.0, -0.16997120747990369, 0.0),
        ("gelu_tanh", -5.0, 0.0, -0.17004075057125405, 0.0),
        ("logit", 0.25, 0.75, -1.0986122886681098, 1.0986122886681098),
        ("logit", -1.0, 2.0, -inf, inf),
        ("xlogy", 0.0, 1.0, -0.36787944117144233, 0.0),
        ("norm_pdf", -1.0, 9.0, 1.0279773571668917e-18, 0.3989422804014327),
        ("ndtr", -inf, 0.0, 0.0, 0.5),
        ("log_ndtr", -20.0, 0.0, -203.91715537109726, -0.69314718055994531),
        ("sinc", -1.0, 1.0, 0.0, 1.0),
        ("log1mexp", 0.0, inf, -inf, 0.0),
        ("logaddexp", 1.0, 2.0, 1.6931471805599453, 2.6931471805599454),
        ("logaddexp2", 1.0, 2.0, 2.0, 3.0),
        ("hypot", 3.0, 3.0, 4.2426406871192851, 4.2426406871192851),
    ]
    for name, lo, hi, low, high in expected:
        found = ij.enclose(RECOGNISED[name])(ij.interval(lo, hi, dtype=dtype))
        for bound, value, sign in ((found.lo, low, -1), (found.hi, high, 1)):
            if np.isinf(value):
                assert float(bound) == value, name
            else:
                excess = sign * (float(bound) - value)
                assert -unit * abs(value) / 8 <= excess <= unit * abs(value) + 1e-37, name


def test_nothing_in_gives_nothing_out() -> None:
    nothing = ij.empty((), np.float64)
    for name, f in RECOGNISED.items():
        assert bool(ij.is_empty(ij.enclose(f)(nothing))), name


def test_extrema_are_those_of_the_functions() -> None:
    with mp.workdps(60):
        place = mp.findroot(
            lambda x: mp.diff(lambda v: v * mp.tanh(mp.log1p(mp.exp(v))), x), -1.1924
        )
        least = place * mp.tanh(mp.log1p(mp.exp(place)))
        bend = mp.findroot(lambda t: mp.tan(t) - t, 4.4934)
        for digits, value in (
            (ranges.MISH_MINIMUM[0], place),
            (ranges.MISH_MINIMUM[1], least),
            (ranges.XLOGX_MINIMUM[0], mp.exp(-1)),
            (ranges.XLOGX_MINIMUM[1], -mp.exp(-1)),
            (ranges.LEAST_SINC, mp.sin(bend) / bend),
            (ranges.PI, mp.pi),
            (ranges.PI_SQUARED, mp.pi**2),
            (ranges.HALF_LOG_2PI, mp.log(2 * mp.pi) / 2),
            (ranges.INVERSE_LN2, 1 / mp.log(2)),
            (ranges.INVERSE_LN10, 1 / mp.log(10)),
            (ranges.TWO_SQRT_TWO_BY_PI, 2 * mp.sqrt(2 / mp.pi)),
        ):
            assert abs(mp.mpf(digits) - value) < abs(value) * mp.mpf(10) ** -35
        # It falls before that place, and is not smaller after.
        assert 1.43 < bend / mp.pi < 1.4303


REFERENCES = {case.name: case.reference for case in CASES}
DERIVATIVES: dict[str, str] = {
    "gelu": "nn.gelu",
    "gelu_tanh": "nn.gelu tanh",
    "ndtr": "special.ndtr",
    "log_ndtr": "special.log_ndtr",
    "ndtri": "special.ndtri",
    "norm_pdf": "norm.pdf",
    "norm_logpdf": "norm.logpdf",
    "xlogy": "special.xlogy x x",
    "logit": "special.logit",
    "log1mexp": "nn.log1mexp",
    "log10": "jnp.log10",
    "mish": "nn.mish",
    "soft_sign": "nn.soft_sign",
    "squareplus": "nn.squareplus",
    "hard_silu": "nn.hard_silu",
    "elu": "nn.elu",
    "sinc": "jnp.sinc",
}


TWICE = {"gelu", "gelu_tanh", "ndtr", "log_ndtr", "ndtri", "xlogy", "norm_pdf", "log10"}


@pytest.mark.parametrize("name", DERIVATIVES)
def test_derivatives_are_enclosed(name: str) -> None:
    rng = np.random.default_rng(5)
    low = 0.1 if name in {"xlogy", "log1mexp", "log10", "ndtri", "logit"} else -4.0
    high = 0.9 if name in {"ndtri", "logit"} else 4.0
    lo = rng.uniform(low, high - 0.04, 24)
    X = ij.interval(lo, lo + np.exp2(-rng.uniform(10, 30, 24)))
    at = np.asarray(ij.mid(X))
    f, reference = RECOGNISED[name], REFERENCES[DERIVATIVES[name]]
    found = {1: ij.grad(lambda x: jnp.sum(f(x)))(X)}
    if name in TWICE:
        found[2] = ij.hvp(lambda x: jnp.sum(f(x)), (X,), (np.ones(24),))
    with mp.workdps(80):
        for order, enclosure in found.items():
            for v, lo_v, hi_v in zip(at, enclosure.lo, enclosure.hi, strict=True):
                # Differences of a step h = 1e-15 are known to h**2 and 1e-80 / h**order.
                exact = mp.diff(reference, mp.mpf(float(v)), order, h=mp.mpf(10) ** -15)
                doubt = mp.mpf(10) ** -25 * (1 + abs(exact))
                assert mp.mpf(float(lo_v)) - doubt <= exact <= mp.mpf(float(hi_v)) + doubt
                assert float(hi_v) - float(lo_v) <= 0.25 * (1 + abs(exact))


def test_derivatives_along_axes_are_enclosed() -> None:
    X = ij.midrad(np.array([0.5, -1.0, 2.0]), np.full(3, 1e-3))
    weights = jnp.array([1.0, -2.0, 0.5])
    programs: dict[str, Callable[..., Any]] = {
        "softmax": lambda x: jnp.sum(nn.softmax(x) * weights),
        "log_softmax": lambda x: jnp.sum(nn.log_softmax(x) * weights),
        "logsumexp": nn.logsumexp,
    }
    for name, f in programs.items():
        exact = jax.grad(f)(ij.mid(X))
        for found in (ij.grad(f)(X), ij.jacfwd(f)(X)):
            assert bool(jnp.all(ij.is_member(exact, found))), name
            assert np.all(np.asarray(ij.wid(found)) < 0.03), name
