"""JAX's composite functions, each with the enclosure of the function that it is.

What a recognised program stands for is the function of that name: ``norm.cdf`` is the normal
distribution function, not the product with a float next to sqrt(1/2) by which JAX computes it.
Where the program may be the user's own (log10 is but one product) both are enclosed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.scipy import special
from jax.scipy.stats import norm

from interval_jax import basic
from interval_jax import elementary as el
from interval_jax._interval import (
    Interval,
    as_interval,
    div,
    mul,
    neg,
    sub,
)
from interval_jax._rules import probabilities, ranges
from interval_jax._rules.combinators import elementwise_rule, settled
from interval_jax._rules.composite import def_composite, def_folded
from interval_jax._rules.registry import Rule
from interval_jax._rules.sharp import (
    silu_curvature,
)
from interval_jax._sums import sum_bounds
from interval_jax.elementary import fast
from interval_jax.set_ops import convex_hull, intersection

# --- along an axis ------------------------------------------------------------------------


def _total(x: Interval, axes: Sequence[int]) -> Interval:
    """The sum along axes, which are kept."""
    low, high = sum_bounds((x.lo, x.hi), tuple(axes))
    return Interval(jnp.expand_dims(low, tuple(axes)), jnp.expand_dims(high, tuple(axes)))


def _axes(equations: Sequence[Any], avals: Sequence[Any]) -> dict[str, Any]:
    """The axes of the largest element, with which these functions begin."""
    found = [e.params["axes"] for e in equations if e.primitive.name == "reduce_max"]
    return {"axis": tuple(map(int, found[0])) if found else (0,)}


def _logsumexp_rule(axis: tuple[int, ...], keepdims: bool = False) -> Rule:
    def vjp(cotangents: Any, wanted: Any, inputs: Any, outputs: Any, **_: Any) -> Any:
        (c,), x = cotangents, as_interval(inputs[0])
        if not keepdims:
            c = Interval(*(jnp.expand_dims(b, axis) for b in (c.lo, c.hi)))
        return [mul(_softmax_over(x, axis), c)]

    return Rule(lambda x, **_: el.logsumexp(as_interval(x), axis=axis, keepdims=keepdims), vjp)


def _softmax_over(x: Interval, axis: tuple[int, ...]) -> Interval:
    """softmax along several axes."""
    if len(axis) == 1:
        return el.softmax(x, axis=axis[0])
    first = tuple(range(-len(axis), 0))
    moved = [jnp.moveaxis(b, axis, first) for b in (x.lo, x.hi)]
    flat = [b.reshape(*b.shape[: -len(axis)], -1) for b in moved]
    value = el.softmax(Interval(*flat))
    back = [b.reshape(moved[0].shape) for b in (value.lo, value.hi)]
    return Interval(*(jnp.moveaxis(b, first, axis) for b in back))


def _softmax_rule(axis: tuple[int, ...]) -> Rule:
    def vjp(cotangents: Any, wanted: Any, inputs: Any, outputs: Any, **_: Any) -> Any:
        (c,), (s,) = cotangents, outputs
        return [mul(s, sub(c, _total(mul(c, s), axis)))]

    return Rule(lambda x, **_: _softmax_over(as_interval(x), axis), vjp)


def _log_softmax_rule(axis: tuple[int, ...]) -> Rule:
    def enclosure(x: Any, **_: Any) -> Interval:
        x = as_interval(x)
        total = el.logsumexp(x, axis=axis, keepdims=True)
        # The first is sharp, the second finite where softmax underflows.
        return intersection(el.log(_softmax_over(x, axis)), ranges.part(sub(x, total), -np.inf, 0))

    def vjp(cotangents: Any, wanted: Any, inputs: Any, outputs: Any, **_: Any) -> Any:
        (c,) = cotangents
        return [sub(c, mul(_softmax_over(as_interval(inputs[0]), axis), _total(c, axis)))]

    return Rule(enclosure, vjp)


# --- the table ----------------------------------------------------------------------------


def _of_one_or_two(one: Rule, two: Rule) -> Rule:
    """The rule of a function with a parameter that JAX passes only if it is given."""
    enclosures: list[Any] = [one.enclose, two.enclose]
    pullbacks: list[Any] = [one.vjp, two.vjp]
    return Rule(
        lambda *args, **params: enclosures[len(args) - 1](*args, **params),
        lambda cotangents, wanted, inputs, outputs, **params: pullbacks[len(inputs) - 1](
            cotangents, wanted, inputs, outputs, **params
        ),
    )


def _of_one(
    enclosure: ranges.Enclosure,
    slope: ranges.Enclosure,
    curvature: ranges.Enclosure | None = None,
) -> Rule:
    return elementwise_rule(
        settled(enclosure),
        lambda x, _: settled(slope)(x),
        curvature=None if curvature is None else lambda x, _: curvature(x),
        bounded=curvature is not None,
    )


def_composite(
    "silu",
    jax.nn.silu,
    replace(
        _of_one(el.silu, el.silu_derivative, silu_curvature),
        fast=_of_one(fast.silu, fast.silu_derivative, fast.silu_curvature),
    ),
)
def_composite(
    "softplus",
    jax.nn.softplus,
    _of_one(el.softplus, el.softplus_derivative, el.logistic_derivative),
)
def_composite("relu", jax.nn.relu, _of_one(el.relu, el.relu_derivative))
def_composite("mish", jax.nn.mish, _of_one(ranges.mish, ranges.mish_slope))
def_composite("soft_sign", jax.nn.soft_sign, _of_one(ranges.soft_sign, ranges.soft_sign_slope))
def_composite(
    "squareplus",
    lambda x: jax.nn.squareplus(x),
    _of_one(ranges.squareplus, ranges.squareplus_slope),
)


def _factor(exact: str, like: Interval) -> Interval:
    """A real number, and the float nearest to it, by which JAX multiplies."""
    return convex_hull(ranges._real(exact, like), as_interval(np.asarray(float(exact), like.dtype)))


def _selu(x: Interval) -> Interval:
    return mul(_factor(ranges.SELU_SCALE, x), ranges.elu(x, _factor(ranges.SELU_ALPHA, x)))


def _selu_slope(x: Interval) -> Interval:
    return mul(_factor(ranges.SELU_SCALE, x), ranges.elu_slope(x, _factor(ranges.SELU_ALPHA, x)))


def_composite("selu", jax.nn.selu, _of_one(_selu, _selu_slope))
for _name, _function, _exact in (
    ("deg2rad", jnp.deg2rad, ranges.RADIANS),
    ("rad2deg", jnp.rad2deg, ranges.DEGREES),
):
    def_folded(
        _name,
        _function,
        elementwise_rule(
            lambda x, exact=_exact: mul(x, _factor(exact, x)),
            lambda x, _, exact=_exact: _factor(exact, x),
        ),
    )
def_composite("hard_silu", jax.nn.hard_silu, _of_one(ranges.hard_silu, ranges.hard_silu_slope))
def_composite(
    "hard_tanh",
    jax.nn.hard_tanh,
    _of_one(ranges.hard_tanh, lambda x: ranges.flat_outside(x, -1, 1)),
)
def_composite(
    "sparse_plus", jax.nn.sparse_plus, _of_one(ranges.sparse_plus, ranges.sparse_plus_slope)
)
def_composite(
    "elu",
    jax.nn.elu,
    _of_one_or_two(
        elementwise_rule(ranges.elu, lambda x, _: ranges.elu_slope(x)),
        elementwise_rule(
            ranges.elu,
            lambda x, alpha, _: ranges.elu_slope(x, alpha),
            lambda x, alpha, _: el.expm1(basic.min(x, 0.0)),
        ),
    ),
)
def_composite(
    "leaky_relu",
    jax.nn.leaky_relu,
    _of_one_or_two(
        elementwise_rule(ranges.leaky_relu, lambda x, _: ranges.leaky_relu_slope(x)),
        elementwise_rule(
            ranges.leaky_relu,
            lambda x, slope, _: ranges.leaky_relu_slope(x, slope),
            lambda x, slope, _: basic.min(x, 0.0),
        ),
    ),
)
def_composite("sinc", jnp.sinc, _of_one(ranges.sinc, ranges.sinc_slope))
def_composite(
    "hypot",
    jnp.hypot,
    elementwise_rule(
        settled(el.hypot),
        lambda x, y, r: ranges.hypot_slope(x, y, r),
        lambda x, y, r: ranges.hypot_slope(y, x, r),
    ),
)
def_composite("log_softmax", jax.nn.log_softmax, _log_softmax_rule, _axes)

def_folded("softmax", jax.nn.softmax, _softmax_rule, options=_axes)
def_folded(
    "logsumexp",
    jax.nn.logsumexp,
    _logsumexp_rule,
    options=_axes,
    samples=({}, {"axis": 0}),
)
def_folded(
    "logsumexp_keepdims",
    partial(jax.nn.logsumexp, keepdims=True),
    partial(_logsumexp_rule, keepdims=True),
    options=_axes,
    samples=({}, {"axis": 0}),
)
def_folded("gelu", partial(jax.nn.gelu, approximate=False), _of_one(el.gelu, el.gelu_derivative))
def_folded(
    "gelu_tanh",
    partial(jax.nn.gelu, approximate=True),
    _of_one(lambda x: el.gelu(x, approximate=True), ranges.gelu_tanh_slope),
)
def_folded("ndtr", special.ndtr, _of_one(el.ndtr, el.norm_pdf))
def_folded(
    "log_ndtr",
    special.log_ndtr,
    elementwise_rule(settled(el.log_ndtr), probabilities.log_ndtr_slope),
)
def_folded(
    "ndtri",
    special.ndtri,
    elementwise_rule(settled(el.ndtri), probabilities.ndtri_slope),
    stand_in=lambda p: lax.erf_inv(2 * p - 1) * float(np.sqrt(2)),
)
def_folded(
    "norm_pdf",
    norm.pdf,
    elementwise_rule(
        probabilities.pdf,
        lambda x, m, s, _: probabilities.pdf_slope(x, m, s),
        lambda x, m, s, _: neg(probabilities.pdf_slope(x, m, s)),
        probabilities.pdf_scale_slope,
    ),
    arguments=3,
)
def_folded(
    "norm_logpdf",
    norm.logpdf,
    elementwise_rule(
        probabilities.logpdf,
        lambda x, m, s, _: probabilities.logpdf_slope(x, m, s),
        lambda x, m, s, _: neg(probabilities.logpdf_slope(x, m, s)),
        lambda x, m, s, _: probabilities.logpdf_scale_slope(x, m, s),
    ),
    arguments=3,
)
def_folded(
    "logaddexp",
    jnp.logaddexp,
    elementwise_rule(
        settled(probabilities.logaddexp),
        lambda x, y, _: el.logistic(sub(x, y)),
        lambda x, y, _: el.logistic(sub(y, x)),
    ),
    arguments=2,
)
def_folded(
    "logaddexp2", jnp.logaddexp2, elementwise_rule(settled(probabilities.logaddexp2)), arguments=2
)
def_folded(
    "xlogy",
    special.xlogy,
    elementwise_rule(ranges.xlogy, lambda x, y, _: el.log(y), lambda x, y, _: div(x, y)),
    arguments=2,
)
def_folded(
    "logit",
    special.logit,
    elementwise_rule(settled(probabilities.logit), probabilities.logit_slope),
)
def_folded(
    "log1mexp",
    jax.nn.log1mexp,
    elementwise_rule(settled(probabilities.log1mexp), probabilities.log1mexp_slope),
)
def_folded("log10", jnp.log10, elementwise_rule(settled(ranges.log10), ranges.log10_slope))
