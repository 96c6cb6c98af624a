"""The paper's network, 7 -> 6 x 128 -> 1 with SiLU, over a batch of boxes."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

import interval_jax as ij
from benchmarks.harness import Comparison, Figure, Variant, compare, geometric_mean
from sobolev import network

BOXES = 1024
SIZES = (7, *(128,) * 6, 1)
SMALL_SIZES = (7, 32, 32, 32, 1)
WIDTH = 0.1

Values = dict[str, Array]


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
            Variant("ij.enclose", jax.vmap(ij.enclose(value)), (box,), limit=4.0),
        ],
        BOXES,
        "boxes",
    )
    adjoints = compare(
        "MLP 7-6x128-1, value and all adjoints, float64",
        [
            Variant("jax.value_and_grad at points", jax.vmap(plain_adjoints(net)), (center,)),
            Variant("ij.adjoints", jax.vmap(ij.adjoints(value)), (box,), limit=6.0),
        ],
        BOXES,
        "boxes",
    )
    return [enclosure, adjoints]


def plain_adjoints(net: network.MLP) -> Callable[[Array], tuple[Array, Values, Values]]:
    """What ``ij.adjoints`` encloses, at points: the value, what is named, and its adjoints.

    The derivative by an intermediate is that by a shift of it, at zero.
    """

    def shifted(shifts: Values, x: Array) -> tuple[Array, Values]:
        values = {"inputs": x}
        hidden = (x + shifts["inputs"] - net.x_mean) / net.x_scale
        for k, (weight, bias) in enumerate(zip(net.weights[:-1], net.biases[:-1], strict=True), 1):
            values[f"hidden_{k}"] = jax.nn.silu(hidden @ weight + bias)
            hidden = values[f"hidden_{k}"] + shifts[f"hidden_{k}"]
        output = (hidden @ net.weights[-1] + net.biases[-1])[0]
        return net.y_mean + net.y_scale * output, values

    def adjoints(x: Array) -> tuple[Array, Values, Values]:
        shifts = {"inputs": jnp.zeros_like(x)}
        for k, size in enumerate(net.sizes[1:-1], 1):
            shifts[f"hidden_{k}"] = jnp.zeros(size, x.dtype)
        (value, values), slopes = jax.value_and_grad(shifted, has_aux=True)(shifts, x)
        return value, values, slopes

    return adjoints


def gradient_figure(boxes: int = 256) -> Figure:
    """How much tighter ``ij.grad`` is than JAX's program of the gradient in interval arithmetic."""
    net = network.initialise(jax.random.key(1), SMALL_SIZES, dtype=jnp.float64)

    def value(x: Array) -> Array:
        return network.apply(net, x)

    center = np.random.default_rng(1).normal(size=(boxes, SMALL_SIZES[0]))
    box = ij.interval(center - WIDTH / 2, center + WIDTH / 2)
    program = ij.enclose(jax.grad(value), accuracy="tight")
    sharp, plain = (jax.jit(jax.vmap(f))(box) for f in (ij.grad(value), program))
    ratios = np.asarray((plain.hi - plain.lo) / (sharp.hi - sharp.lo))
    return Figure(
        f"3 SiLU layers, boxes of {WIDTH}: width of jax.grad's program over ij.grad's",
        geometric_mean(ratios.ravel().tolist()),
        at_least=1.5,
    )
