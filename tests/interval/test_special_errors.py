"""The double words behind special functions: within the proven errors, and not far within."""

import importlib
import itertools
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest
from flint import arb, ctx

from interval_jax._doubleword import DoubleWord
from interval_jax.elementary import _lgamma, log_normal, normal, normal_inverse
from interval_jax.elementary._value import Value
from reference.balls import ARB

DTYPES = [np.float64, np.float32]
gelu = importlib.import_module("interval_jax.elementary.gelu")  # not the function


def _point(x: jax.Array) -> DoubleWord:
    return DoubleWord(x, x * 0)


def _sine(x: jax.Array) -> Value:
    word, error = _lgamma._sine(x)
    return Value(word, word.hi * error, x.astype(np.int32) * 0)


def _tanh_factor(x: arb) -> arb:
    return ARB["gelu_tanh"](x) / x


_Case = tuple[Callable[..., Value], Callable[[arb], arb], tuple[float, ...]]
CASES: dict[str, _Case] = {
    "log_ndtr": (log_normal._log_ndtr, ARB["log_ndtr"], (-60, -30, -1.1, 0, 1.1, 3, 8)),
    "ndtr": (normal.ndtr_value, ARB["ndtr"], (-12, -4, -1.1, 0, 1.1, 4)),
    "gelu_derivative": (gelu._gelu_derivative_value, ARB["gelu_derivative"], (-12, -4, -1.1, 0, 4)),
    "tanh_factor": (gelu._tanh_factor, _tanh_factor, (-8, -3, 0, 3, 6)),
    "erfinv": (
        lambda x: normal_inverse._inverse(_point(x), 1 - x),
        ARB["erfinv"],
        (2.0**-17, 2.0**-12, 0.1, 0.5, 0.7, 0.9, 0.999, 0.99999),
    ),
    "erfcinv": (normal_inverse._of_complement, ARB["erfcinv"], (1e-37, 1e-9, 1e-3, 0.3, 0.99)),
    "lgamma": (
        lambda x: _lgamma._positive(_point(x)),
        ARB["lgamma"],
        (0.5, 0.95, 1.05, 1.5, 1.99, 2.01, 2.5, 8, 20, 1e4, 1e15, 1e20),
    ),
    "sine": (
        _sine,
        lambda x: abs(x.sin_pi()) / arb.pi(),
        (-30.5, -2, -0.1, -1e-6, 0.45),
    ),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", CASES)
def test_errors_are_below_the_proven_ones_and_not_far_below(name: str, dtype: type) -> None:
    kernel, exact, ends = CASES[name]
    rng = np.random.default_rng(1)
    pieces = [rng.uniform(a, b, 1_000) for a, b in itertools.pairwise(ends)]
    x = np.concatenate(pieces).astype(dtype)
    value: Any = jax.jit(kernel)(x)
    hi, lo, error, exponent = (
        np.asarray(a).tolist() for a in (*value.word, value.error, value.exponent)
    )
    observed = np.zeros(x.size)
    with ctx.workprec(250):
        for i, number in enumerate(x.tolist()):
            difference = abs((arb(hi[i]) + lo[i]) * arb(2) ** exponent[i] - exact(arb(number)))
            observed[i] = float((difference / arb(2) ** exponent[i] / error[i]).upper())
    assert observed.max() < 1
    assert observed.max() > 0.01
