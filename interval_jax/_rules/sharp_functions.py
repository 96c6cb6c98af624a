"""JAX's composite functions with derivatives to any order that keep to ranges of their own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.scipy import special

from interval_jax import elementary as el
from interval_jax._interval import mul
from interval_jax._rules import probabilities, ranges
from interval_jax._rules.combinators import settled
from interval_jax._rules.sharp import (
    SHARP_COMPOSITES,
    _named,
    _scaled,
    def_sharp,
    logistic,
    logistic_derivative,
    times_ln2,
)

normal_density: Callable[..., Any] = def_sharp(
    _named(
        "normal_density",
        lambda x: lax.exp(-0.5 * x**2) * float(1 / np.sqrt(2 * np.pi)),
        settled(el.norm_pdf),
    ),
    lambda x: -x * normal_density(x),
)
gelu_derivative: Callable[..., Any] = def_sharp(
    _named(
        "gelu_derivative",
        lambda x: special.ndtr(x) + x * lax.exp(-0.5 * x**2) * float(1 / np.sqrt(2 * np.pi)),
        settled(el.gelu_derivative),
    ),
    lambda x: (2 - x**2) * normal_density(x),
)
log_ndtr_derivative: Callable[..., Any] = def_sharp(
    _named(
        "log_ndtr_derivative",
        lambda x: lax.exp(-0.5 * x**2 - special.log_ndtr(x)) * float(1 / np.sqrt(2 * np.pi)),
        settled(lambda x: probabilities.log_ndtr_slope(x, x)),
    ),
    lambda x: -log_ndtr_derivative(x) * (x + log_ndtr_derivative(x)),
)
ndtri: Callable[..., Any] = def_sharp(special.ndtri, lambda p: 1 / normal_density(ndtri(p)))


_sharp_logaddexp = def_sharp(
    jnp.logaddexp, lambda x, y: logistic(x - y), lambda x, y: logistic(y - x)
)
_sharp_logaddexp2 = def_sharp(
    jnp.logaddexp2,
    lambda x, y: logistic(times_ln2(x - y)),
    lambda x, y: logistic(times_ln2(y - x)),
)
_sharp_xlogy = def_sharp(special.xlogy, lambda x, y: lax.log(y), lambda x, y: x / y)
_times_cubic = _scaled("times_cubic_of_gelu", "0.044715")
_times_outer = _scaled("times_outer_of_gelu", ranges.TWO_SQRT_TWO_BY_PI)


def _gelu_tanh_slope(x: Array) -> Array:
    """The derivative of x logistic(v), where v = 2 sqrt(2/pi) (x + 0.044715 x**3)."""
    v = _times_outer(x * (1 + _times_cubic(x**2)))
    slope = _times_outer(1 + 3 * _times_cubic(x**2))
    return logistic(v) + x * (slope * logistic_derivative(v))


_over_ln10: Callable[..., Any] = def_sharp(
    _named(
        "over_ln10",
        lambda x: x * ranges.INVERSE_LN10_OF_JAX,
        lambda x: mul(x, ranges.inverse_ln10(x)),
    ),
    lambda x: _over_ln10(jnp.ones_like(x)),
)
_times_pi_squared = _scaled("times_pi_squared", ranges.PI_SQUARED)
sinc_derivative: Callable[..., Any] = def_sharp(
    _named(
        "sinc_derivative",
        lambda x: (jnp.cos(float(np.pi) * x) - jnp.sinc(x)) / x,
        settled(ranges.sinc_slope),
    ),
    lambda x: -_times_pi_squared(sinc(x)) - 2 * sinc_derivative(x) / x,
)
sinc: Callable[..., Any] = def_sharp(jnp.sinc, sinc_derivative)

SHARP_COMPOSITES["gelu"] = def_sharp(partial(jax.nn.gelu, approximate=False), gelu_derivative)
SHARP_COMPOSITES["gelu_tanh"] = def_sharp(partial(jax.nn.gelu, approximate=True), _gelu_tanh_slope)
SHARP_COMPOSITES["ndtr"] = def_sharp(special.ndtr, normal_density)
SHARP_COMPOSITES["log_ndtr"] = def_sharp(special.log_ndtr, log_ndtr_derivative)
SHARP_COMPOSITES["log10"] = def_sharp(jnp.log10, lambda x: _over_ln10(1 / x))
SHARP_COMPOSITES.update(
    normal_density=normal_density,
    gelu_derivative=gelu_derivative,
    log_ndtr_derivative=log_ndtr_derivative,
    sinc_derivative=sinc_derivative,
    over_ln10=_over_ln10,
    times_cubic_of_gelu=_times_cubic,
    times_outer_of_gelu=_times_outer,
    times_pi_squared=_times_pi_squared,
    ndtri=ndtri,
    sinc=sinc,
    logaddexp=_sharp_logaddexp,
    logaddexp2=_sharp_logaddexp2,
    xlogy=_sharp_xlogy,
    norm_pdf=lambda x, loc, scale: normal_density((x - loc) / scale) / scale,
)
