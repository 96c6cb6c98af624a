"""Bounds are trainable: their derivatives are right almost everywhere, and finite everywhere.

Derivatives of bounds carry no rigour, so that they are compared with differences, with tolerance.
"""

import zlib
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.ad_checkpoint import checkpoint_name

import interval_jax as ij
from benchmarks.programs import CASES

STEP = 1e-6
_CASES = {case.name: case for case in CASES}
_MATRIX = np.array([[1.0, -2.0, 0.5, 3.0], [0.25, 1.0, -1.0, 2.0]])

Bounds = Callable[[jax.Array], jax.Array]


def _is_interval(x: object) -> bool:
    return isinstance(x, ij.Interval)


def bounds_of(enclosed: Callable, arguments: int = 1) -> Bounds:
    """The bounds of a function of vectors of intervals as a function of theirs, all in one."""

    def bounds(ends: jax.Array) -> jax.Array:
        parts = jnp.split(ends, 2 * arguments)
        boxes = [ij.Interval(*parts[i : i + 2]) for i in range(0, 2 * arguments, 2)]
        results = jax.tree.leaves(enclosed(*boxes), is_leaf=_is_interval)
        return jnp.concatenate([b.ravel() for x in results for b in (x.lo, x.hi)])

    return bounds


def generic(name: str, boxes: tuple[tuple[float, float], ...], size: int) -> np.ndarray:
    """Ends of boxes where derivatives exist with probability one."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    ends = []
    for low, high in boxes:
        low, high = max(low, -4.0), min(high, 6.0)
        width = (high - low) * rng.uniform(0.01, 0.08, size)
        lo = rng.uniform(low, high - width)
        ends += [lo, lo + width]
    return np.concatenate(ends)


def assert_derivatives(bounds: Bounds, ends: np.ndarray, reverse: bool = True) -> None:
    """Forward mode agrees with differences, reverse mode with forward mode."""
    rng = np.random.default_rng(7)
    direction = rng.normal(size=ends.shape) * np.clip(np.abs(ends), 0.01, 1)
    weights = rng.normal(size=jax.eval_shape(bounds, ends).shape)

    @jax.jit
    @jax.vmap
    def derivatives(at: jax.Array) -> tuple[jax.Array, ...]:
        value, tangent = jax.jvp(bounds, (at,), (jnp.asarray(direction),))
        pulled = jax.vjp(bounds, at)[1](jnp.asarray(weights))[0] if reverse else at
        return value, tangent, pulled

    shift = STEP * direction
    values, (tangent, *_), (pulled, *_) = map(
        np.asarray, derivatives(np.stack([ends, ends + shift, ends - shift]))
    )
    np.testing.assert_allclose(tangent, (values[1] - values[2]) / (2 * STEP), rtol=1e-6, atol=1e-6)
    if reverse:
        np.testing.assert_allclose(pulled @ direction, weights @ tangent, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    "name",
    [
        # Kernels with a rule of their own, one of each kind.
        *("jnp.abs", "jnp.multiply", "jnp.divide", "jnp.square", "jnp.sqrt", "jnp.cbrt"),
        *("jnp.exp", "jnp.log", "jnp.sin", "jnp.arctan2", "jnp.hypot"),
        *("nn.silu", "special.erf", "special.ndtri", "x ** -2"),
        # Composites.
        *(
            "nn.elu",
            "nn.leaky_relu 0.125",
            "nn.softplus",
        ),
        *("special.xlogy", "norm.logcdf", "nn.softmax", "nn.logsumexp", "jnp.logaddexp"),
        # Selection and order.
        *("jnp.where", "jnp.maximum", "lax.clamp", "jnp.max", "jnp.sort", "lax.top_k"),
        # Reductions, products, structure, control flow.
        *("jnp.prod", "jnp.var", "jnp.cumsum", "jnp.matmul", "jnp.dot", "jnp.convolve"),
        *("x.at[1].add", "cond", "lax.scan", "checkpoint", "grad of a perceptron", "attention"),
    ],
)
def test_functions(name: str) -> None:
    case = _CASES[name]
    ends = generic(name, case.boxes, 4 if case.vector else 3)
    assert_derivatives(bounds_of(ij.enclose(case.function), len(case.boxes)), ends)


def test_while_loops_in_forward_mode() -> None:
    case = _CASES["while_loop plain"]
    ends = generic(case.name, case.boxes, 3)
    assert_derivatives(bounds_of(ij.enclose(case.function)), ends, reverse=False)


def _perceptron(x: jax.Array) -> jax.Array:
    return jnp.sum(jnp.tanh(checkpoint_name(jnp.asarray(_MATRIX, x.dtype) @ x, "hidden")) ** 2)


@pytest.mark.parametrize(
    "enclosed",
    [
        ij.grad(_perceptron),
        ij.hessian(lambda x: jnp.sum(x**3) * x[0]),
        ij.adjoints(_perceptron),
        lambda x: ij.jvp(lambda v: jnp.exp(v) * v[0], (x,), (np.ones(4),)),
    ],
    ids=["grad", "hessian", "adjoints", "jvp"],
)
def test_bounds_of_derivatives(enclosed: Callable) -> None:
    assert_derivatives(bounds_of(enclosed), generic("derivatives", ((-1.0, 2.0),), 4))


def test_second_derivatives() -> None:
    """Those of an area: products, quotients, roots, networks and kernels at once."""

    def function(x: jax.Array) -> jax.Array:
        hidden = jax.nn.silu(jnp.asarray(_MATRIX, x.dtype) @ x)
        return jnp.stack([hidden @ hidden / jnp.sqrt(1 + x[0] ** 2), jnp.log(x[1]) * jnp.sin(x[2])])

    bounds = bounds_of(ij.enclose(function))
    weights = jnp.array([1.0, -2.0, 0.5, 3.0])

    def loss(ends: jax.Array) -> jax.Array:
        return bounds(ends) @ weights

    ends = generic("hessian", ((0.5, 2.0),), 4)
    direction = np.random.default_rng(3).normal(size=8)
    slopes = jax.jit(jax.vmap(jax.grad(loss)))(
        np.stack([ends + STEP * direction, ends - STEP * direction])
    )
    found = jax.jit(jax.hessian(loss))(ends)
    np.testing.assert_allclose(found, found.T, rtol=1e-9, atol=1e-9)
    expected = (slopes[0] - slopes[1]) / (2 * STEP)
    np.testing.assert_allclose(found @ direction, expected, rtol=1e-5, atol=1e-5)


def test_without_compilation() -> None:
    bounds = bounds_of(
        ij.enclose(lambda x: jax.nn.silu(x) / x[0] + jnp.asarray(_MATRIX)[:, :2] @ x)
    )
    ends = generic("eager", ((0.5, 2.0),), 2)
    weights = np.arange(1.0, 5.0)
    np.testing.assert_allclose(
        jax.grad(lambda e: bounds(e) @ weights)(ends),
        jax.jit(jax.grad(lambda e: bounds(e) @ weights))(ends),
        rtol=1e-12,
    )


_INF = np.inf
_HARD = np.array(
    [
        *([-1, 2], [0, 0.5], [-0.75, 0], [0, 0], [1, 1], [-1, -1], [-3, -2], [0.25, _INF]),
        *([0, _INF], [-_INF, 0], [-_INF, 0.5], [-_INF, _INF], [_INF, -_INF]),
    ]
)
"""Boxes that leave domains, points, unbounded ones, the empty one."""


def test_derivatives_are_finite() -> None:
    """Bounds at infinity and at the ends of domains move with nothing: never NaN."""
    unary = [jnp.square, jnp.sqrt, jnp.log, jnp.exp, jnp.arcsin, jax.nn.elu]
    binary = [jnp.multiply, jnp.divide, jnp.hypot]
    binary.append(lambda x, y: jnp.array([[1.0, 2.0], [0.0, 1.0]], x.dtype) @ jnp.stack([x, y]))
    binary.append(lambda x, y: jnp.stack([x, y]) @ jnp.stack([y, x]))

    def bounds(ends: jax.Array) -> jax.Array:
        x, y = (ij.Interval(*ends[i : i + 2]) for i in (0, 2))
        results = [ij.enclose(f)(x) for f in unary] + [ij.enclose(f)(x, y) for f in binary]
        return jnp.concatenate([b.ravel() for r in results for b in (r.lo, r.hi)])

    @jax.jit
    @jax.vmap
    def slopes(ends: jax.Array) -> tuple[jax.Array, jax.Array]:
        values, pullback = jax.vjp(bounds, ends)
        weights = jnp.arange(1, values.size + 1, dtype=values.dtype)
        tangent = jax.jvp(bounds, (ends,), (jnp.ones_like(ends),))[1]
        return pullback(weights)[0].sum(), weights @ tangent

    first, second = (a.ravel() for a in np.meshgrid(range(len(_HARD)), range(len(_HARD))))
    pulled, pushed = slopes(np.concatenate([_HARD[first], _HARD[second]], 1).astype(np.float32))
    assert np.isfinite(pulled).all()
    np.testing.assert_allclose(pulled, pushed, rtol=1e-3, atol=1e-2)


def test_the_finite_bound_of_an_unbounded_result_moves() -> None:
    """[1, 2] / [0, 4] = [1/4, inf], [1, 2] / [-4, 0] = [-inf, -1/4], [2, 3] [1, inf] = [2, inf]."""

    def least_quotient(ends: jax.Array) -> jax.Array:
        return ij.div(ij.Interval(ends[0], ends[1]), ij.Interval(ends[2], ends[3])).lo

    def greatest_quotient(ends: jax.Array) -> jax.Array:
        return ij.div(ij.Interval(ends[0], ends[1]), ij.Interval(ends[2], ends[3])).hi

    def least_product(ends: jax.Array) -> jax.Array:
        return ij.mul(ij.Interval(ends[0], ends[1]), ij.Interval(ends[2], ends[3])).lo

    slope = jax.grad(least_quotient)(np.array([1.0, 2.0, 0.0, 4.0]))
    np.testing.assert_allclose(slope, [0.25, 0, 0, -1 / 16])
    slope = jax.grad(greatest_quotient)(np.array([1.0, 2.0, -4.0, 0.0]))
    np.testing.assert_allclose(slope, [-0.25, 0, -1 / 16, 0])
    slope = jax.grad(least_product)(np.array([2.0, 3.0, 1.0, np.inf]))
    np.testing.assert_allclose(slope, [1, 0, 2, 0])
