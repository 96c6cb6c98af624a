"""What is proven by hand of the functions that CORE-MATH lacks: limits, turning points, poles."""

from collections.abc import Callable
from typing import Any

import numpy as np

_TINY = 5e-324  # the least float64 above 0


_HALF = (np.nextafter(0.5, 0), 0.5, np.nextafter(0.5, 1))
_BELOW_ONE = (np.nextafter(1, 0), 1.0)


def _around_half(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    below, half, above = _HALF
    inside = (x != 0) & (np.abs(x) <= 2.0**-60)
    return inside, np.where(x > 0, half, below), np.where(x > 0, above, half)


def _above_half_of(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    inside = (np.abs(x) <= 2.0**-60) & (np.abs(x) >= 2.0**-1000)
    return inside, x / 2, np.nextafter(x / 2, np.inf)


# Each entry: points where f is known to lie strictly between two neighbouring floats, and those.
# exp(-40) < 2**-57, exp(-800) < 2**-1154: enough for all that is said about tails below.
Limit = Callable[[np.ndarray], tuple[np.ndarray, Any, Any]]
LIMITS: dict[str, tuple[Limit, ...]] = {
    # 1 - logistic(x) < exp(-x); logistic(x) < exp(x); 1/2 + x/4 + O(x^3) near 0
    "logistic": (
        lambda x: (x >= 40, *_BELOW_ONE),
        lambda x: (x <= -800, 0.0, _TINY),
        _around_half,
    ),
    # x - silu(x) < x exp(-x) for x > 0; |x| exp(x) < 2**-1100 for x <= -800; x/2 + x^2/4 near 0,
    # where x/2 is a float
    "silu": (
        lambda x: (x >= 40, np.nextafter(x, 0), x),
        lambda x: (x <= -800, -_TINY, 0.0),
        _above_half_of,
    ),
    # 0 < softplus(x) - x < exp(-x); softplus(x) < exp(x)
    "softplus": (
        lambda x: (x >= 40, x, np.nextafter(x, np.inf)),
        lambda x: (x <= -800, 0.0, _TINY),
    ),
    # 1 - ndtr(x) < exp(-x^2/2)/x and exp(-81/2) < 2**-58; ndtr(-50) < exp(-1250)
    "ndtr": (
        lambda x: (x >= 9, *_BELOW_ONE),
        lambda x: (x <= -50, 0.0, _TINY),
        _around_half,
    ),
    "norm_pdf": (lambda x: (np.abs(x) >= 50, 0.0, _TINY),),
    # |x| exp(-x^2/2) < 2**-1100 for |x| >= 50
    "norm_pdf_derivative": (
        lambda x: (x >= 50, -_TINY, 0.0),
        lambda x: (x <= -50, 0.0, _TINY),
    ),
    # sech(x)^2 < 4 exp(-2|x|); 1 - sech(x)^2 = tanh(x)^2 < x^2
    "tanh_derivative": (
        lambda x: (np.abs(x) >= 410, 0.0, _TINY),
        lambda x: ((x != 0) & (np.abs(x) <= 2.0**-28), *_BELOW_ONE),
    ),
    # logistic(x) logistic(-x) < exp(-|x|); 1/4 - sech(x/2)^2/4 = tanh(x/2)^2/4 < x^2/16
    "logistic_derivative": (
        lambda x: (np.abs(x) >= 800, 0.0, _TINY),
        lambda x: ((x != 0) & (np.abs(x) <= 2.0**-27), np.nextafter(0.25, 0), 0.25),
    ),
    # with s = logistic(x): silu'(x) - 1 = (1 - s)(x s - 1), which is in (0, x exp(-x)) for x >= 50;
    # x exp(x) < silu'(x) < 0 for x <= -800; 1/2 + x/2 + O(x^3) near 0
    "silu_derivative": (
        lambda x: (x >= 50, 1.0, np.nextafter(1, 2)),
        lambda x: (x <= -800, -_TINY, 0.0),
        _around_half,
    ),
    "erf_derivative": (lambda x: (np.abs(x) >= 30, 0.0, _TINY),),
    # sech(x) < 2 exp(-|x|); 1 - sech(x) < x^2/2
    "sech": (
        lambda x: (np.abs(x) >= 800, 0.0, _TINY),
        lambda x: ((x != 0) & (np.abs(x) <= 2.0**-28), *_BELOW_ONE),
    ),
    # csch(x) < 3 exp(-x) for x >= 1
    "csch": (
        lambda x: (x >= 800, 0.0, _TINY),
        lambda x: (x <= -800, -_TINY, 0.0),
    ),
    # 0 < coth(x) - 1 < 3 exp(-2x) for x >= 1
    "coth": (
        lambda x: (x >= 30, 1.0, np.nextafter(1, 2)),
        lambda x: (x <= -30, -np.nextafter(1, 2), -1.0),
    ),
    # 2**-60 and 10**-20 are below 2**-54
    "exp2m1": (lambda x: (x <= -60, -1.0, -_BELOW_ONE[0]),),
    "exp10m1": (lambda x: (x <= -20, -1.0, -_BELOW_ONE[0]),),
    # 0 < -log_ndtr(x) < 2 ndtr(-x)
    "log_ndtr": (lambda x: (x >= 50, -_TINY, 0.0),),
    # |x| ndtr(-|x|) < norm_pdf(x); x/2 + x^2/sqrt(2 pi) near 0, where x/2 is a float
    "gelu": (
        lambda x: (x >= 50, np.nextafter(x, 0), x),
        lambda x: (x <= -50, -_TINY, 0.0),
        _above_half_of,
    ),
    # |x| exp(-2 a(x)) < 30 exp(-1970) for |x| >= 30; x/2 + 0.39 x^2 near 0
    "gelu_tanh": (
        lambda x: (x >= 30, np.nextafter(x, 0), x),
        lambda x: (x <= -30, -_TINY, 0.0),
        _above_half_of,
    ),
    # |x| exp(-x^2/2) < 2**-1100 for |x| >= 50, above ndtr(-|x|)
    "gelu_derivative": (
        lambda x: (x >= 50, 1.0, np.nextafter(1, 2)),
        lambda x: (x <= -50, -_TINY, 0.0),
        _around_half,
    ),
}
LIMITS["softplus_derivative"] = LIMITS["logistic"]
LIMITS["ndtr_derivative"] = LIMITS["norm_pdf"]

# Zeros of the derivative, isolated between neighbouring floats by `critical_point`.
TURNING: dict[str, tuple[tuple[str, float, float], ...]] = {
    "silu": (("silu_derivative", -1.4, -1.2),),
    "silu_derivative": (("silu_second", 2.3, 2.5), ("silu_second", -2.5, -2.3)),
    "norm_pdf": (("x", 0.0, 0.0),),
    "ndtr_derivative": (("x", 0.0, 0.0),),
    "norm_pdf_derivative": (("x - 1", 1.0, 1.0), ("x + 1", -1.0, -1.0)),
    "tanh_derivative": (("x", 0.0, 0.0),),
    "logistic_derivative": (("x", 0.0, 0.0),),
    "sech": (("x", 0.0, 0.0),),
    "erf_derivative": (("x", 0.0, 0.0),),
    "gelu": (("gelu_derivative", -0.8, -0.7),),
    "lgamma": (
        ("digamma", 1.0, 2.0),
        *(("digamma", -n - 1 + 2.0**-20, -n - 2.0**-20) for n in range(24)),
    ),
    "gelu_tanh": (("gelu_tanh_derivative", -0.8, -0.7),),
    "gelu_derivative": (("x**2 - 2", 1.4, 1.5), ("x**2 - 2", -1.5, -1.4)),
}

UNBOUNDED = {
    "digamma",
    "gelu",
    "gelu_tanh",
    "lgamma",
    "relu",
    "silu",
    "softplus",
}  # towards +inf, outside CORE-MATH

# Odd functions outside CORE-MATH that fall beyond an edge on either side, from infinity there.
EDGES = {"acoth": 1.0, "coth": 0.0, "csch": 0.0}


PIECEWISE = frozenset({"cot", "csc", "digamma", "sec", "sinpi", "cospi", "tanpi", "lgamma"})
"""Functions with poles or turning points without end: ranges only between two of them."""
