"""The network: counts, formula, names of intermediates, normalisation, derivatives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sobolev import network


def random_network(sizes=(7, 5, 4, 1), activation="silu", seed=0):
    keys = jax.random.split(jax.random.key(seed), 6)
    net = network.initialise(keys[0], sizes, activation)
    biases = tuple(
        jax.random.normal(key, bias.shape) for key, bias in zip(keys[1:], net.biases, strict=False)
    )
    net = network.with_parameters(net, (net.weights, biases))
    x = 1.0 + jax.random.normal(keys[4], (50, sizes[0])) * jnp.arange(1.0, sizes[0] + 1)
    return network.with_normalisation(net, x, 3.0 + 2.0 * x[:, 0]), x


@pytest.mark.parametrize(
    ("sizes", "count"), [((7, *[128] * 6, 1), 83_713), ((7, 3, 3, 1), 40), ((7, *[8] * 6, 1), 433)]
)
def test_parameter_counts(sizes, count):
    net = network.initialise(jax.random.key(0), sizes)
    assert (net.n_parameters, net.sizes, net.n_hidden) == (count, sizes, len(sizes) - 2)
    assert count == sum(leaf.size for leaf in jax.tree.leaves(net.parameters))


def test_initial_weights_are_glorot_normal_and_reproducible():
    net, again = (network.initialise(jax.random.key(3), (300, 500, 1)) for _ in range(2))
    np.testing.assert_array_equal(net.weights[0], again.weights[0])
    np.testing.assert_allclose(net.weights[0].std(), np.sqrt(2 / 800), rtol=0.01)
    assert not net.biases[0].any()


@pytest.mark.parametrize(
    ("activation", "formula"),
    [
        ("silu", lambda z: z / (1 + np.exp(-z))),
        ("softplus", lambda z: np.log1p(np.exp(z))),
        ("tanh", np.tanh),
        ("relu", lambda z: np.maximum(z, 0)),
    ],
)
def test_apply_computes_the_formula(activation, formula):
    net, x = random_network(activation=activation)
    hidden = (np.asarray(x) - np.asarray(x).mean(0)) / np.asarray(x).std(0)
    layers = []
    for weight, bias in zip(net.weights[:-1], net.biases[:-1], strict=True):
        hidden = formula(hidden @ np.asarray(weight) + np.asarray(bias))
        layers.append(hidden)
    output = (hidden @ np.asarray(net.weights[-1]) + np.asarray(net.biases[-1]))[:, 0]
    expected = float(net.y_mean) + float(net.y_scale) * output
    np.testing.assert_allclose(network.apply(net, x), expected, rtol=1e-12)
    np.testing.assert_allclose(network.apply(net, x.reshape(5, 10, 7)).ravel(), expected)
    for found, layer in zip(network.hidden_activations(net, x), layers, strict=True):
        np.testing.assert_allclose(found, layer, atol=1e-12)


def test_intermediates_are_named():
    net, x = random_network()
    jaxpr = jax.make_jaxpr(network.apply)(net, x)
    names = [eqn.params["name"] for eqn in jaxpr.eqns if eqn.primitive.name == "name"]
    assert names == ["inputs", "hidden_1", "hidden_2"]


def test_gradient_is_in_market_units():
    net, x = random_network()
    value, gradient = network.value_and_gradient(net, x)
    np.testing.assert_array_equal(value, network.apply(net, x))
    step = 1e-6 * jnp.eye(7)
    for k in range(7):
        difference = network.apply(net, x + step[k]) - network.apply(net, x - step[k])
        np.testing.assert_allclose(gradient[:, k], difference / 2e-6, atol=1e-8)


def test_network_in_float32():
    net, x = random_network()
    single = network.astype(net, jnp.float32)
    assert {leaf.dtype for leaf in jax.tree.leaves(single)} == {jnp.dtype("float32")}
    value = network.apply(single, x.astype("float32"))
    assert value.dtype == jnp.float32
    np.testing.assert_allclose(value, network.apply(net, x), rtol=1e-4)
    assert network.initialise(jax.random.key(0), (2, 3, 1), dtype="float32").dtype == jnp.float32


def test_senseless_networks_and_inputs_are_refused():
    with pytest.raises(ValueError, match="output width of 1"):
        network.initialise(jax.random.key(0), (7, 3, 2))
    with pytest.raises(ValueError, match="all positive"):
        network.initialise(jax.random.key(0), (7, 0, 1))
    with pytest.raises(ValueError, match="unknown activation 'sine'; choose one of"):
        network.initialise(jax.random.key(0), (7, 3, 1), "sine")
    net, x = random_network()
    with pytest.raises(ValueError, match=r"shape \(..., 7\); got \(50, 6\)"):
        network.apply(net, x[:, :6])
    with pytest.raises(ValueError, match="constant"):
        network.with_normalisation(net, x.at[:, 2].set(1.0), x[:, 0])
    with pytest.raises(ValueError, match=r"y of shape \(n,\)"):
        network.with_normalisation(net, x, x[:, :1])
