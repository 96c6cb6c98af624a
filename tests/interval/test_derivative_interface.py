"""Derivatives take the arguments and return the structures that JAX's do."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.ad_checkpoint import checkpoint_name

import interval_jax as ij

TRANSFORMS = ["grad", "value_and_grad", "jacfwd", "jacrev", "hessian"]
X, TREE = np.array([0.5, -1.0]), {"w": np.array([1.0, 2.0]), "b": (np.array(0.25),)}
OPTIONS: dict[str, Any] = {"shift": np.array(0.5), "power": 2, "mode": "square"}


def function(x: Any, tree: Any, shift: Any = 0.0, power: int = 1, mode: str = "plain") -> Any:
    # Flags and counts decide while the function is traced: they may be no arrays.
    value = jnp.sum(jnp.sin(x) * tree["w"]) + tree["b"][0] + shift
    return value**power if mode == "square" else value


def with_auxiliary(*args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs), {"doubled": 2.0 * args[0]}


def boxed(tree: Any) -> Any:
    return jax.tree.map(lambda a: ij.interval(a - 1e-9, a + 1e-9), tree)


def _is_interval(x: Any) -> bool:
    return isinstance(x, ij.Interval)


def assert_encloses(found: Any, points: Any) -> None:
    """The same structure, with JAX's values, which are off by some units, well inside."""
    leaves, structure = jax.tree.flatten(found, is_leaf=_is_interval)
    expected, expected_structure = jax.tree.flatten(points)
    assert structure == expected_structure
    for box, value in zip(leaves, expected, strict=True):
        assert box.shape == np.shape(value)
        assert bool(jnp.all(ij.is_member(value, box)))


def assert_same_structure(found: Any, points: Any) -> None:
    def shape(leaf: Any) -> Any:
        return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype)

    got = jax.tree.map(shape, found, is_leaf=_is_interval)
    assert jax.tree.structure(got) == jax.tree.structure(points)
    assert jax.tree.leaves(got) == [shape(p) for p in jax.tree.leaves(points)]


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize(
    ("argnums", "has_aux"), [(0, False), (1, True), (-1, False), ((0, 1), True), ((1,), False)]
)
def test_structures(transform: str, argnums: Any, has_aux: bool) -> None:
    f = with_auxiliary if has_aux else function

    def call(module: Any, x: Any, tree: Any, shift: Any) -> Any:
        derivative = getattr(module, transform)(f, argnums=argnums, has_aux=has_aux)
        return derivative(x, tree, shift=shift, power=2, mode="square")

    given = (X, TREE, OPTIONS["shift"])
    found = jax.eval_shape(lambda *a: call(ij, *a), *boxed(given))
    points = jax.eval_shape(lambda *a: call(jax, *a), *given)
    assert_same_structure(found, points)


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_values(transform: str) -> None:
    """With all options at once, compiled, and mapped over boxes of shared weights."""

    def call(module: Any, x: Any, tree: Any, shift: Any) -> Any:
        derivative = getattr(module, transform)(with_auxiliary, argnums=(0, 1), has_aux=True)
        return derivative(x, tree, shift=shift, power=2, mode="square")

    batch = np.stack([X, X + 1, 2 * X])

    def mapped(module: Any) -> Callable:
        axes = (0, None, None)
        return jax.jit(jax.vmap(lambda *a: call(module, *a), in_axes=axes))

    found = mapped(ij)(boxed(batch), boxed(TREE), boxed(OPTIONS["shift"]))
    assert_encloses(found, mapped(jax)(batch, TREE, OPTIONS["shift"]))


def test_directional_derivatives() -> None:
    tangents = (np.array([1.0, -1.0]), {"w": np.array([0.5, 0.0]), "b": (np.array(2.0),)})
    given = (X, TREE)
    found = jax.jit(lambda *a: ij.jvp(with_auxiliary, a, tangents, has_aux=True))(*boxed(given))
    assert_encloses(found, jax.jvp(with_auxiliary, given, tangents, has_aux=True))

    def pulled(module: Any, *args: Any) -> Any:
        value, pullback, aux = module.vjp(with_auxiliary, *args, has_aux=True)
        return value, pullback(np.array(2.0)), aux

    found = jax.jit(lambda *a: pulled(ij, *a))(*boxed(given))
    assert_encloses(found, pulled(jax, *given))

    def square(*args: Any) -> Any:
        return function(*args, power=2, mode="square")

    found = jax.jit(lambda *a: ij.hvp(square, a, tangents))(*boxed(given))
    assert_encloses(found, jax.jvp(jax.grad(square, (0, 1)), given, tangents)[1])


def test_adjoints_take_keywords_too() -> None:
    def named(x: Any, *, scale: Any, power: int) -> Any:
        return jnp.sum(checkpoint_name(scale * x, "u") ** power)

    found = ij.adjoints(named)(boxed(X), scale=ij.interval(3.0), power=2)
    assert_encloses(found.adjoints, {"u": 6 * X})


@pytest.mark.parametrize("outer", ["grad", "jacfwd"])
def test_functions_that_differentiate(outer: str) -> None:
    """Derivatives inside are JAX's own: by grad, jvp and vjp, up to the third order in all."""

    def inside(x: Any) -> Any:
        def g(v: Any) -> Any:
            return jnp.tanh(v) * v

        pushed = jax.jvp(jax.grad(g), (x,), (x,))[1]
        return jax.vjp(g, x)[1](pushed)[0]

    found = jax.jit(getattr(ij, outer)(inside))(boxed(X[0]))
    assert_encloses(found, getattr(jax, outer)(inside)(X[0]))
