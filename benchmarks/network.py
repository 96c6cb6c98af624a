"""The paper's network, 7 -> 6 x 128 -> 1 with SiLU, over a batch of boxes."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

import interval_jax as ij
from benchmarks.harness import Comparison, Variant, compare
from sobolev import network

BOXES = 1024
SIZES = (7, *(128,) * 6, 1)


def network_enclosure() -> list[Comparison]:
    """Enclosures of the value, and of the value with all adjoints, against point evaluation."""
    net = network.initialise(jax.random.key(0), SIZES, dtype=jnp.float64)

    def value(x: Array) -> Array:
        return network.apply(net, x)

    spots = np.random.default_rng(0).uniform(0.5, 1.5, (BOXES, SIZES[0]))
    box = ij.interval(spots * (1 - 1e-3), spots * (1 + 1e-3))
    center = jnp.asarray(spots)
    enclosure = compare(
        "MLP 7-6x128-1, value, float64",
        [
            Variant("plain jnp at points", jax.vmap(value), (center,)),
            Variant("ij.enclose", jax.vmap(ij.enclose(value)), (box,), limit=5.0),
        ],
        BOXES,
        "boxes",
    )
    adjoints = compare(
        "MLP 7-6x128-1, value and gradient, float64",
        [
            Variant("jax.value_and_grad at points", jax.vmap(jax.value_and_grad(value)), (center,)),
            Variant("ij.adjoints, all hidden layers", jax.vmap(ij.adjoints(value)), (box,)),
        ],
        BOXES,
        "boxes",
    )
    return [enclosure, adjoints]
