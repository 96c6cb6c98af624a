"""The comparators of the benchmark of networks compute what is compared; gradients are tight."""

import jax
import jax.numpy as jnp
import numpy as np

import interval_jax as ij
from benchmarks import network as benchmark
from sobolev import network


def test_points_have_the_same_outputs_as_boxes() -> None:
    net = network.initialise(jax.random.key(2), (3, 5, 4, 1), dtype=jnp.float64)
    x = np.random.default_rng(3).normal(size=(6, 3))
    found = jax.jit(jax.vmap(ij.adjoints(lambda x: network.apply(net, x))))(
        ij.interval(x - 1e-3, x + 1e-3)
    )
    plain = jax.jit(jax.vmap(benchmark.plain_adjoints(net)))(x)
    expected = ij.Adjoints(*plain)
    assert found.values.keys() == found.adjoints.keys() == expected.adjoints.keys()
    for part in ("values", "adjoints"):
        for name, value in getattr(expected, part).items():
            box = getattr(found, part)[name]
            assert box.shape == value.shape
            assert bool(jnp.all(ij.is_member(value, box))), (part, name)
    assert bool(jnp.all(ij.is_member(expected.value, found.value)))


def test_gradients_are_tighter_than_those_of_the_program_of_the_gradient() -> None:
    figure = benchmark.gradient_figure(boxes=32)
    assert figure.within_limit
    assert figure.at_least == 1.5
