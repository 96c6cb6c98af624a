"""The surrogate: a plain multilayer perceptron as a pytree, with its normalisation inside.

A network maps raw inputs (spot prices) to raw outputs (a price). The affine maps that centre and
scale both live in the network, so that a derivative of `apply` is a derivative in market units
and no file that holds a network can lose them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

import jax
import jax.numpy as jnp
from jax.ad_checkpoint import checkpoint_name

Parameters = tuple[tuple[jax.Array, ...], tuple[jax.Array, ...]]

ACTIVATIONS = {
    "silu": jax.nn.silu,
    "softplus": jax.nn.softplus,
    "tanh": jnp.tanh,
    "relu": jax.nn.relu,
}


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["weights", "biases", "x_mean", "x_scale", "y_mean", "y_scale"],
    meta_fields=["activation"],
)
@dataclass(frozen=True, eq=False)
class MLP:
    """A multilayer perceptron with scalar output.

    Attributes:
        weights: One array of shape (n_in, n_out) per layer, the output layer last.
        biases: One array of shape (n_out,) per layer.
        x_mean: Shape (n_in,): centre of the inputs, in market units.
        x_scale: Shape (n_in,): scale of the inputs, positive, in market units.
        y_mean: Shape (): centre of the output, in price units.
        y_scale: Shape (): scale of the output, positive, in price units.
        activation: Name of the hidden activation, a key of `ACTIVATIONS`.
    """

    weights: tuple[jax.Array, ...]
    biases: tuple[jax.Array, ...]
    x_mean: jax.Array
    x_scale: jax.Array
    y_mean: jax.Array
    y_scale: jax.Array
    activation: str = "silu"

    @property
    def sizes(self) -> tuple[int, ...]:
        """Layer widths from the input to the output, for example (7, 3, 3, 1)."""
        return (self.weights[0].shape[0], *(weight.shape[1] for weight in self.weights))

    @property
    def n_hidden(self) -> int:
        """Number of hidden layers."""
        return len(self.weights) - 1

    @property
    def n_parameters(self) -> int:
        """Number of trainable parameters: weights and biases, not the normalisation."""
        return sum(n_in * n_out + n_out for n_in, n_out in pairwise(self.sizes))

    @property
    def parameters(self) -> Parameters:
        """The trainable part of the pytree: (weights, biases)."""
        return self.weights, self.biases

    @property
    def dtype(self) -> jnp.dtype:
        """Floating-point type of the weights."""
        return self.weights[0].dtype


def initialise(
    key: jax.Array,
    sizes: tuple[int, ...],
    activation: str = "silu",
    dtype: jax.typing.DTypeLike | None = None,
) -> MLP:
    """Draws a network with Glorot normal weights, zero biases and no normalisation.

    Args:
        key: PRNG key.
        sizes: Layer widths from the input to the output; the last must be 1.
        activation: A key of `ACTIVATIONS`.
        dtype: Floating-point type; JAX's default float when None.

    Returns:
        The network.

    Raises:
        ValueError: If `sizes` or `activation` is not usable.

    >>> net = initialise(jax.random.key(0), (7, 3, 3, 1))
    >>> net.n_parameters
    40
    """
    sizes = tuple(int(size) for size in sizes)
    if len(sizes) < 2 or min(sizes) < 1 or sizes[-1] != 1:
        raise ValueError(
            f"sizes must list at least an input width and an output width of 1, all positive; "
            f"got {sizes}"
        )
    _activation(activation)
    dtype = jnp.zeros((), dtype=dtype).dtype
    draw = jax.nn.initializers.glorot_normal()
    keys = jax.random.split(key, len(sizes) - 1)
    return MLP(
        weights=tuple(
            draw(k, shape, dtype) for k, shape in zip(keys, pairwise(sizes), strict=True)
        ),
        biases=tuple(jnp.zeros(size, dtype) for size in sizes[1:]),
        x_mean=jnp.zeros(sizes[0], dtype),
        x_scale=jnp.ones(sizes[0], dtype),
        y_mean=jnp.zeros((), dtype),
        y_scale=jnp.ones((), dtype),
        activation=activation,
    )


def with_normalisation(net: MLP, x: jax.Array, y: jax.Array) -> MLP:
    """Returns `net` centred and scaled by the means and standard deviations of a sample.

    Args:
        net: The network whose normalisation is replaced.
        x: Inputs, shape (n, n_in).
        y: Outputs, shape (n,).

    Returns:
        The network with new `x_mean`, `x_scale`, `y_mean`, `y_scale`.

    Raises:
        ValueError: If the shapes do not fit or if an input or the output is constant.
    """
    if x.ndim != 2 or x.shape[1] != net.sizes[0] or y.shape != x.shape[:1]:
        raise ValueError(
            f"expected x of shape (n, {net.sizes[0]}) and y of shape (n,); "
            f"got {x.shape} and {y.shape}"
        )
    x_scale, y_scale = jnp.std(x, axis=0), jnp.std(y)
    if not (bool(jnp.all(x_scale > 0)) and bool(y_scale > 0)):
        raise ValueError("an input column or the output is constant: it cannot be normalised")
    return replace(
        net,
        x_mean=jnp.mean(x, axis=0).astype(net.dtype),
        x_scale=x_scale.astype(net.dtype),
        y_mean=jnp.mean(y).astype(net.dtype),
        y_scale=y_scale.astype(net.dtype),
    )


def apply(net: MLP, x: jax.Array) -> jax.Array:
    """Evaluates the network.

    The raw input is named "inputs" and the activations of the k-th hidden layer "hidden_k"
    (k = 1, 2, ...) by `jax.ad_checkpoint.checkpoint_name`, for analyses of the intermediates.

    Args:
        net: The network.
        x: Inputs in market units, shape (..., n_in).

    Returns:
        Outputs in price units, shape (...,).

    Raises:
        ValueError: If the last axis of `x` is not `n_in` long.
    """
    if x.ndim < 1 or x.shape[-1] != net.sizes[0]:
        raise ValueError(f"expected inputs of shape (..., {net.sizes[0]}); got {x.shape}")
    activation = _activation(net.activation)
    hidden = (checkpoint_name(x, "inputs") - net.x_mean) / net.x_scale
    for k, (weight, bias) in enumerate(zip(net.weights[:-1], net.biases[:-1], strict=True), 1):
        hidden = checkpoint_name(activation(_affine(hidden, weight, bias)), f"hidden_{k}")
    return net.y_mean + net.y_scale * _affine(hidden, net.weights[-1], net.biases[-1])[..., 0]


def with_parameters(net: MLP, parameters: Parameters) -> MLP:
    """Returns `net` with other weights and biases and the same normalisation."""
    weights, biases = parameters
    return replace(net, weights=weights, biases=biases)


def astype(net: MLP, dtype: jax.typing.DTypeLike) -> MLP:
    """Returns the network in another floating-point type."""
    return jax.tree.map(lambda leaf: leaf.astype(dtype), net)


def hidden_activations(net: MLP, x: jax.Array) -> tuple[jax.Array, ...]:
    """Returns the post-activation values of every hidden layer.

    Args:
        net: The network.
        x: Inputs in market units, shape (..., n_in).

    Returns:
        One array of shape (..., width) per hidden layer.
    """
    activation = _activation(net.activation)
    hidden, layers = (x - net.x_mean) / net.x_scale, []
    for weight, bias in zip(net.weights[:-1], net.biases[:-1], strict=True):
        hidden = activation(_affine(hidden, weight, bias))
        layers.append(hidden)
    return tuple(layers)


def value_and_gradient(net: MLP, x: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Evaluates the network and its gradient with respect to the raw input.

    Args:
        net: The network.
        x: Inputs in market units, shape (n, n_in).

    Returns:
        The pair of outputs, shape (n,), and gradients, shape (n, n_in).
    """
    value, pullback = jax.vjp(lambda inputs: apply(net, inputs), x)
    # Rows are independent, so the gradient of the sum holds the gradient of every row.
    return value, pullback(jnp.ones_like(value))[0]


def _affine(x: jax.Array, weight: jax.Array, bias: jax.Array) -> jax.Array:
    # Full precision: accelerators would otherwise multiply float32 in a shorter format.
    return jnp.matmul(x, weight, precision=jax.lax.Precision.HIGHEST) + bias


def _activation(name: str) -> Callable[[jax.Array], jax.Array]:
    try:
        return ACTIVATIONS[name]
    except KeyError:
        raise ValueError(
            f"unknown activation {name!r}; choose one of {sorted(ACTIVATIONS)}"
        ) from None
