"""Interval derivatives contain the exact ones; adjoints of an MLP against an Arb oracle."""

import itertools
from collections.abc import Callable
from typing import NamedTuple

import flint
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import arb
from jax.ad_checkpoint import checkpoint_name

import interval_jax as ij
from reference import oracle, points
from reference.balls import ARB
from tests.interval.kernel_checks import to_format

DTYPES = [np.float32, np.float64]

DERIVATIVES: dict[str, tuple[Callable, str]] = {
    "tanh": (jnp.tanh, "tanh_derivative"),
    "logistic": (jax.nn.sigmoid, "logistic_derivative"),
    "silu": (jax.nn.silu, "silu_derivative"),
    "softplus": (jax.nn.softplus, "logistic"),
    "erf": (jax.scipy.special.erf, "erf_derivative"),
    "exp": (jnp.exp, "exp"),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", DERIVATIVES)
def test_local_derivatives_are_sharp(name: str, dtype: type) -> None:
    function, derivative = DERIVATIVES[name]
    lo, hi = points.intervals(dtype, 2000, 4)
    X = ij.interval(lo, hi)
    slope = jax.jit(jax.vmap(ij.grad(function)))(X)
    member = points.members(np.asarray(X.lo), np.asarray(X.hi), 5)
    value = oracle.tightest(derivative, member.astype(np.float64))
    low, high = (np.asarray(b, np.float64) for b in (slope.lo, slope.hi))
    assert np.all(low <= value.down)
    assert np.all(value.up <= high)
    # Sharp: a few units beyond the range of the derivative (absolute, as silu's has a zero).
    best = oracle.tightest_range(derivative, *(np.asarray(b, np.float64) for b in (X.lo, X.hi)))
    down, up = to_format(best, dtype)
    slack = 1.0 if name == "silu" else 0.0
    unit, tiny = 4 * np.finfo(dtype).eps, np.finfo(dtype).tiny
    with np.errstate(over="ignore", invalid="ignore"):
        assert np.all((high == up) | (high <= up + unit * np.maximum(np.abs(up), slack) + tiny))
        assert np.all((low == down) | (low >= down - unit * np.maximum(np.abs(down), slack) - tiny))


def test_derivatives_at_kinks_are_the_hull_of_both_sides() -> None:
    X = ij.interval(-1.0, 2.0)
    assert str(ij.grad(jnp.abs)(X)) == "Interval([-1, 1], float64)"
    assert str(ij.grad(jax.nn.relu)(X)) == "Interval([0, 1], float64)"
    assert str(ij.grad(jax.nn.relu)(ij.interval(0.5, 1.0))) == "Interval([1, 1], float64)"
    assert (
        str(ij.grad(lambda x: jnp.maximum(x, 0.0))(ij.interval(0.0))) == "Interval([0, 1], float64)"
    )
    assert str(ij.grad(lambda x: jnp.clip(x, 0.0, 1.0))(X)) == "Interval([0, 1], float64)"
    chosen = ij.grad(lambda x: jnp.where(x > 0, 3.0 * x, x))
    assert str(chosen(X)) == "Interval([0, 4], float64)"
    assert str(chosen(ij.interval(0.5, 1.0))) == "Interval([3, 3], float64)"
    largest = ij.grad(jnp.max)(ij.interval(np.array([0.0, 3.0, 2.5]), np.array([1.0, 4.0, 3.5])))
    assert str(largest) == "Interval([[0, 0], [0, 1], [0, 1]], float64)"


def test_constants_in_derivatives_are_enclosed() -> None:
    """JAX's rule of erf multiplies by 2 / sqrt(pi) rounded; at 0 that is the derivative."""
    found = ij.grad(jax.scipy.special.erf)(ij.interval(0.0))
    flint.ctx.prec = 200
    exact = 2 / arb.pi().sqrt()
    assert arb(float(found.lo)) < exact < arb(float(found.hi))


def test_powers_whose_exponent_less_one_is_no_float() -> None:
    """0.1 - 1 rounds; the derivative is that of the exponent which was given."""
    flint.ctx.prec = 300
    y = np.float32(0.1)
    x = np.exp2(np.linspace(-120, 120, 97)).astype(np.float32)
    slope = jax.jit(jax.vmap(ij.grad(lambda v: v**y)))(ij.interval(x))
    value = jax.jit(ij.enclose(lambda v: v**y))(ij.interval(x))
    exponent = arb(float(y))
    for i, point in enumerate(x):
        exact = arb(float(point)) ** exponent
        assert arb(float(value.lo[i])) <= exact <= arb(float(value.hi[i]))
        exact = exponent * exact / arb(float(point))
        assert arb(float(slope.lo[i])) <= exact <= arb(float(slope.hi[i]))
    assert bool(ij.is_member(0.0, ij.enclose(lambda v: v**y)(ij.interval(0.0, dtype=np.float32))))
    assert bool(ij.is_member(0.0, ij.grad(lambda v: v**1.5)(ij.interval(0.0))))


def test_signatures_follow_jax() -> None:
    def f(x: jax.Array, tree: dict) -> tuple[jax.Array, dict]:
        return jnp.sum(x * tree["w"]) ** 2, {"sum": jnp.sum(x)}

    x, tree = ij.interval(np.ones(2)), {"w": jnp.array([1.0, 2.0]), "unused": jnp.ones(3)}
    (value, aux), (gx, gtree) = ij.value_and_grad(f, argnums=(0, 1), has_aux=True)(x, tree)
    assert bool(ij.is_member(9.0, value) & ij.is_member(2.0, aux["sum"]))
    assert bool(jnp.all(ij.is_member(jnp.array([6.0, 12.0]), gx)))
    assert bool(jnp.all(ij.is_member(jnp.array([6.0, 6.0]), gtree["w"])))
    assert bool(jnp.all(ij.is_member(jnp.zeros(3), gtree["unused"])))
    gradient, aux = ij.grad(f, has_aux=True)(x, tree)
    assert gradient.shape == (2,)
    assert bool(ij.is_member(2.0, aux["sum"]))
    result, pullback, _ = ij.vjp(f, x, tree, has_aux=True)
    assert bool(ij.equal(result, value))
    assert bool(jnp.all(ij.equal(pullback(1.0)[0], gx)))
    with pytest.raises(TypeError, match="scalar"):
        ij.grad(lambda v: v * 2.0)(x)
    with pytest.raises(TypeError, match="integers"):
        ij.grad(lambda n: jnp.sum(n) * 2.0)(jnp.arange(2))
    with pytest.raises(TypeError, match="shape"):
        pullback(jnp.ones(3))
    y, back = ij.vjp(lambda v: {"a": v * 2.0, "b": v[0]}, x)
    (share,) = back({"a": jnp.array([1.0, 1.0]), "b": 1.0})
    assert bool(jnp.all(ij.is_member(jnp.array([3.0, 2.0]), share)))
    assert set(y) == {"a", "b"}


PROGRAMS: dict[str, Callable] = {
    "contraction": lambda x: jnp.sum(jnp.tanh(x.reshape(2, 3) @ x.reshape(3, 2))),
    "transposed": lambda x: jnp.sum(jnp.einsum("ij,kj->ik", x.reshape(2, 3), x.reshape(2, 3)) ** 2),
    "batched": lambda x: jnp.sum(
        jnp.einsum("bij,bjk->bik", x.reshape(1, 2, 3), x.reshape(1, 3, 2))[0, 0]
    ),
    "softmax": lambda x: jax.nn.softmax(x)[2],
    "structure": lambda x: jnp.sum(jnp.concatenate([x[::2], jnp.flip(x)])[1:6] * jnp.pad(x, 1)[:5]),
    "broadcast": lambda x: jnp.sum(x[:, None] * x[None, :2] + jnp.broadcast_to(x[0], (6, 2))),
    "quotient": lambda x: jnp.sum(x / (1.0 + x * x) - 1.0 / jnp.sqrt(2.0 + x**2)),
    "norm": lambda x: jnp.linalg.norm(x) + jnp.mean(x) * jnp.var(x),
    "log": lambda x: jnp.sum(jnp.log(2.0 + x**2) + jnp.log1p(x**2) + jnp.expm1(-x) ** 3),
    "indexed": lambda x: x[jnp.array([0, 3, 3])] @ jnp.arange(1.0, 4.0),
    "cdf": lambda x: jnp.sum(jax.scipy.stats.norm.cdf(x)),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_gradients_of_programs(name: str) -> None:
    """Float32 enclosures of boxes and points contain the gradients computed in float64."""
    program = PROGRAMS[name]
    rng = np.random.default_rng(6)
    x = rng.standard_normal((40, 6)).astype(np.float32)
    r = (np.exp2(rng.uniform(-20, -3, (40, 6))) * (rng.random((40, 1)) > 0.5)).astype(np.float32)
    found = jax.jit(jax.vmap(ij.grad(program)))(ij.midrad(x, r))
    exact = np.asarray(jax.vmap(jax.grad(program))(x.astype(np.float64)))
    # The float64 gradient is right to a billionth of the float32 unit: no tolerance is needed.
    assert np.all(np.asarray(found.lo, np.float64) <= exact)
    assert np.all(exact <= np.asarray(found.hi, np.float64))
    width = np.asarray(found.hi, np.float64) - np.asarray(found.lo, np.float64)
    assert np.all(width[r.max(1) == 0] < 1e-3 * (1 + np.abs(exact[r.max(1) == 0])))


class Layers(NamedTuple):
    weights: list[np.ndarray]
    biases: list[np.ndarray]


def layers(sizes: list[int], dtype: type, seed: int) -> Layers:
    rng = np.random.default_rng(seed)
    pairs = list(itertools.pairwise(sizes))
    return Layers(
        [(rng.standard_normal(p) * np.sqrt(2 / sum(p))).astype(dtype) for p in pairs],
        [(0.1 * rng.standard_normal(p[1])).astype(dtype) for p in pairs],
    )


def network(net: Layers, activation: Callable) -> Callable[[jax.Array], jax.Array]:
    def apply(x: jax.Array) -> jax.Array:
        a = checkpoint_name(x, "inputs")
        for i, (w, b) in enumerate(zip(net.weights[:-1], net.biases, strict=False)):
            a = checkpoint_name(activation(a @ w + b), f"hidden_{i + 1}")
        return (a @ net.weights[-1] + net.biases[-1])[0]

    return apply


ACTIVATIONS: dict[str, tuple[Callable, Callable[[arb], arb], Callable[[arb], arb]]] = {
    "silu": (jax.nn.silu, ARB["silu"], ARB["silu_derivative"]),
    "tanh": (jnp.tanh, ARB["tanh"], ARB["tanh_derivative"]),
    "softplus": (jax.nn.softplus, ARB["softplus"], ARB["logistic"]),
}


def exact_adjoints(
    net: Layers, x: np.ndarray, value: Callable, slope: Callable
) -> tuple[arb, list[list[arb]], list[list[arb]]]:
    """Output, activations (inputs first) and adjoints of a network at a point, 300 bits."""
    number = np.vectorize(lambda v: arb(float(v)), otypes=[object])
    weights, biases = [number(w) for w in net.weights], [number(b) for b in net.biases]
    activations, before = [number(x)], []
    for w, b in zip(weights[:-1], biases, strict=False):
        before.append(activations[-1] @ w + b)
        activations.append(np.array([value(v) for v in before[-1]], object))
    output = (activations[-1] @ weights[-1] + biases[-1])[0]
    adjoint = weights[-1][:, 0]
    adjoints = [adjoint]
    for w, z in zip(reversed(weights[:-1]), reversed(before), strict=True):
        adjoint = w @ (adjoint * np.array([slope(v) for v in z], object))
        adjoints.insert(0, adjoint)
    return output, [list(a) for a in activations], [list(a) for a in adjoints]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_value_and_every_hidden_adjoint_of_a_network(activation: str, dtype: type) -> None:
    """At points and thin boxes, against 300-bit ball arithmetic: no tolerance."""
    function, value, slope = ACTIVATIONS[activation]
    net = layers([7, 24, 24, 24, 1], dtype, 1)
    rng = np.random.default_rng(2)
    x = rng.uniform(-2, 2, (24, 7)).astype(dtype)
    f = jax.jit(jax.vmap(ij.adjoints(network(net, function))))
    boxes = [ij.interval(x), ij.midrad(x, np.full_like(x, 1e-6))]
    flint.ctx.prec = 300

    def contains(lo: np.ndarray, hi: np.ndarray, balls: list[arb]) -> bool:
        return all(
            arb(float(a)) <= v <= arb(float(b)) for a, b, v in zip(lo, hi, balls, strict=True)
        )

    for X in boxes:
        found = f(X)
        for i in range(len(x)):
            output, activations, adjoints = exact_adjoints(net, x[i], value, slope)
            assert contains(found.value.lo[i : i + 1], found.value.hi[i : i + 1], [output])
            for k, name in enumerate(["inputs", "hidden_1", "hidden_2", "hidden_3"]):
                V, A = found.values[name], found.adjoints[name]
                assert contains(np.asarray(V.lo[i]), np.asarray(V.hi[i]), activations[k])
                assert contains(np.asarray(A.lo[i]), np.asarray(A.hi[i]), adjoints[k])
    # Point boxes give thin results.
    width = float(jnp.max(ij.wid(f(boxes[0]).adjoints["inputs"])))
    assert width < (1e-11 if dtype == np.float64 else 1e-2)


def test_adjoints_of_boxes_contain_gradients_of_members() -> None:
    net = layers([7, 16, 16, 1], np.float64, 3)
    f = network(net, jax.nn.silu)
    rng = np.random.default_rng(4)
    center = rng.uniform(-1, 1, 7)
    found = ij.adjoints(f)(ij.midrad(center, np.full(7, 0.05)))
    x = center + rng.uniform(-0.05, 0.05, (500, 7))
    gradient = np.asarray(jax.vmap(jax.grad(f))(x))
    assert np.all(np.asarray(found.adjoints["inputs"].lo) <= gradient)
    assert np.all(gradient <= np.asarray(found.adjoints["inputs"].hi))
    assert bool(
        jnp.all(
            ij.subset(
                ij.adjoints(f)(ij.interval(x[0])).adjoints["hidden_1"], found.adjoints["hidden_1"]
            )
        )
    )


def test_names_and_results_are_checked() -> None:
    X = ij.interval(np.ones(2))
    with pytest.raises(ValueError, match="used twice"):
        ij.adjoints(lambda x: jnp.sum(checkpoint_name(checkpoint_name(x, "a") * 2.0, "a")))(X)
    with pytest.raises(TypeError, match="vmap"):
        ij.adjoints(lambda x: checkpoint_name(x, "a"))(X)
    unused = ij.adjoints(lambda x: (checkpoint_name(3.0 * x, "b"), jnp.sum(x))[1])(X)
    assert str(unused.adjoints["b"]) == "Interval([[0, 0], [0, 0]], float64)"
    value, values, adjoints = ij.adjoints(lambda x: jnp.sum(checkpoint_name(3.0 * x, "b")))(X)
    assert bool(ij.is_member(6.0, value) & jnp.all(ij.is_member(3.0, values["b"])))
    assert bool(jnp.all(ij.is_member(1.0, adjoints["b"])))
