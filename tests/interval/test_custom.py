"""``custom_enclosure``: the user's rule is used wherever the function is enclosed."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import interval_jax as ij


@ij.custom_enclosure
def parabola(x: jax.Array) -> jax.Array:
    """x (1 - x)."""
    return x * (1 - x)


@parabola.def_enclosure
def _(x: ij.Interval) -> ij.Interval:
    return 0.25 - ij.sqr(x - 0.5)


@ij.custom_enclosure
def scaled_sum(tree: dict[str, jax.Array], power: jax.Array) -> tuple[jax.Array, jax.Array]:
    return jnp.sum(tree["a"]) * tree["b"] ** power, tree["a"] - tree["b"]


@scaled_sum.def_enclosure
def _(tree: dict[str, ij.Interval], power: jax.Array) -> tuple[ij.Interval, ij.Interval]:
    a, b = tree["a"], tree["b"]
    return ij.sum(a) * ij.exp(ij.log(b) * power.astype(b.dtype)) + 100.0, a - b


@scaled_sum.def_vjp
def _(cotangent: Any, tree: dict[str, ij.Interval], power: jax.Array) -> Any:
    first, second = cotangent
    return {"a": second + first, "b": first * 0.0 + 7.0}, None


X = ij.interval(0.0, 1.0)
STACK = ij.interval(np.zeros(3), np.ones(3))


def test_on_arrays_it_is_the_function() -> None:
    x = jnp.array([0.25, 0.5])
    for f in (parabola, jax.jit(parabola), jax.vmap(parabola), jax.jit(jax.vmap(parabola))):
        np.testing.assert_array_equal(f(x), [0.1875, 0.25])
    assert float(jax.grad(parabola)(0.25)) == 0.5
    assert float(jax.jit(jax.grad(jax.grad(parabola)))(0.25)) == -2
    assert float(jax.jvp(parabola, (0.25,), (2.0,))[1]) == 1
    assert parabola.__doc__ == "x (1 - x)."


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_its_enclosure_is_used_in_every_way_of_calling(dtype: type) -> None:
    X = ij.interval(np.zeros(3, dtype), np.ones(3, dtype))
    mapped = jax.vmap(ij.enclose(parabola))
    programs = (parabola, jax.vmap(parabola), jax.jit(parabola), jax.checkpoint(parabola))
    enclosed = [ij.enclose(program) for program in programs]
    for way in (*enclosed, jax.jit(enclosed[1]), mapped, jax.jit(mapped)):
        found = way(X)
        assert found.dtype == dtype
        np.testing.assert_array_equal(found.lo, np.zeros(3))
        np.testing.assert_array_equal(found.hi, np.full(3, 0.25))
    last = ij.enclose(lambda x: jax.lax.map(parabola, x)[-1])(X)
    assert (float(last.lo), float(last.hi)) == (0, 0.25)


def test_pytrees_integers_and_nested_maps() -> None:
    tree = {"a": ij.interval(np.ones((2, 3)), np.full((2, 3), 2.0)), "b": ij.interval(2.0, 3.0)}

    def program(tree: Any, power: Any) -> Any:
        return jax.vmap(scaled_sum, ({"a": 0, "b": None}, None))(tree, power)

    total, rest = ij.enclose(program)(tree, 2)
    assert total.shape == (2,)
    assert rest.shape == (2, 3)
    assert float(total.lo[0]) <= 112 < 154 <= float(total.hi[0])
    assert str(rest[0, 0]) == "Interval([-2, 0], float64)"
    twice = jax.vmap(jax.vmap(parabola, 1), 0)
    square = ij.interval(np.zeros((2, 3)), np.ones((2, 3)))
    found = ij.enclose(lambda x: twice(x[:, :, None]))(square)
    assert found.shape == (2, 1, 3)
    np.testing.assert_array_equal(found.hi, 0.25)


def test_derivatives() -> None:
    # Of the operations: (1 - x) - x.
    found = ij.grad(parabola)(X)
    assert (float(found.lo), float(found.hi)) == (-1, 1)
    assert str(ij.hessian(parabola)(X)) == "Interval([-2, -2], float64)"
    jac = ij.jacfwd(jax.vmap(parabola))(STACK)
    assert (float(jac.lo[0, 0]), float(jac.hi[0, 0])) == (-1, 1)
    # Or the user's.
    tree = {"a": ij.interval(np.ones(3), np.full(3, 2.0)), "b": ij.interval(2.0, 3.0)}
    share = ij.grad(lambda t: scaled_sum(t, 2)[0])(tree)
    np.testing.assert_array_equal(share["a"].lo, [1, 1, 1])
    assert str(share["b"]) == "Interval([7, 7], float64)"
    batch = {"a": ij.interval(np.ones((2, 3)), np.full((2, 3), 2.0)), "b": tree["b"]}
    mapped = ij.grad(
        lambda t: jnp.sum(jax.vmap(lambda a: scaled_sum({"a": a, "b": t["b"]}, 2)[0])(t["a"]))
    )(batch)
    assert mapped["a"].shape == (2, 3)
    # What is shared by the members of a batch gets the sum of theirs.
    assert 13.99 < float(mapped["b"].lo) <= 14 <= float(mapped["b"].hi) < 14.01


def test_bounds_are_trainable_through_it() -> None:
    slope = jax.grad(lambda lo: ij.enclose(parabola)(ij.Interval(lo, jnp.float64(0.4))).lo)(0.25)
    assert abs(float(slope) - 0.5) < 1e-12


def test_errors_say_what_is_missing() -> None:
    @ij.custom_enclosure
    def bare(x: jax.Array) -> jax.Array:
        return x + 1

    with pytest.raises(ij.UnsupportedPrimitiveError, match=r"bare\.def_enclosure"):
        ij.enclose(bare)(X)
    bare.def_enclosure(lambda x: (x, x))
    with pytest.raises(TypeError, match="bare returns"):
        ij.enclose(bare)(X)
    bare.def_enclosure(lambda x: ij.interval(np.zeros(2), np.ones(2)))
    with pytest.raises(TypeError, match=r"float64\[2\].*float64\[\]"):
        ij.enclose(bare)(X)
