"""Pruning: neurons physically gone, consumers compensated, mistakes explained."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sobolev import market, network, pruning
from tests.sobolev.test_network import random_network

NET, X = random_network((7, 8, 6, 5, 1))
SCORES = [jnp.arange(8.0), -jnp.arange(6.0), jnp.array([3.0, 1.0, 2.0, 5.0, 4.0])]


def test_the_highest_scores_stay_in_their_order():
    pruned = pruning.prune(NET, SCORES, (3, 2, 4), compensation="none")
    assert pruned.sizes == (7, 3, 2, 4, 1)
    np.testing.assert_array_equal(pruned.weights[0], NET.weights[0][:, 5:])
    np.testing.assert_array_equal(pruned.weights[1], NET.weights[1][5:, :2])
    np.testing.assert_array_equal(pruned.weights[2], NET.weights[2][:2, jnp.array([0, 2, 3, 4])])
    np.testing.assert_array_equal(pruned.biases[2], NET.biases[2][jnp.array([0, 2, 3, 4])])
    np.testing.assert_array_equal(pruned.weights[3], NET.weights[3][jnp.array([0, 2, 3, 4])])
    np.testing.assert_array_equal(pruned.biases[3], NET.biases[3])


def test_equal_and_infinite_scores_are_ranked():
    scores = [jnp.full(8, jnp.inf).at[0].set(0.0), jnp.zeros(6), jnp.zeros(5)]
    pruned = pruning.prune(NET, scores, (2, 6, 1), compensation="none")
    np.testing.assert_array_equal(pruned.weights[0], NET.weights[0][:, 1:3])
    np.testing.assert_array_equal(pruned.weights[2], NET.weights[2][:, :1])


@pytest.mark.parametrize("compensation", ["least_squares", "mean", "none"])
def test_keeping_everything_changes_nothing(compensation):
    same = pruning.prune(NET, SCORES, 1.0, compensation=compensation, data=X)
    for before, after in zip(jax.tree.leaves(NET), jax.tree.leaves(same), strict=True):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("compensation", ["least_squares", "mean", "none"])
def test_removing_dead_neurons_changes_nothing(compensation):
    dead = jnp.array([1, 4])
    weights = (NET.weights[0], NET.weights[1].at[dead].set(0.0), *NET.weights[2:])
    net = network.with_parameters(NET, (weights, NET.biases))
    kept = [np.array([0, 2, 3, 5, 6, 7]), np.arange(6), np.arange(5)]
    pruned = pruning.keep_neurons(net, kept, compensation=compensation, data=X)
    np.testing.assert_allclose(network.apply(pruned, X), network.apply(net, X), rtol=1e-9)


def test_mean_compensation_keeps_the_mean_preactivation_of_the_consumers():
    kept = [np.array([0, 3]), np.arange(6), np.arange(5)]
    pruned = pruning.keep_neurons(NET, kept, compensation="mean", data=X)
    before = network.hidden_activations(NET, X)[0] @ NET.weights[1] + NET.biases[1]
    after = network.hidden_activations(pruned, X)[0] @ pruned.weights[1] + pruned.biases[1]
    np.testing.assert_allclose(after.mean(axis=0), before.mean(axis=0), rtol=1e-12)
    np.testing.assert_array_equal(pruned.weights[1], NET.weights[1][jnp.array([0, 3])])


def test_least_squares_recovers_a_duplicated_network():
    twice = tuple(
        jnp.tile(weight, (1 if k == 0 else 2, 1 if k == 3 else 2)) / (1 if k == 0 else 2)
        for k, weight in enumerate(NET.weights)
    )
    biases = (*(jnp.tile(bias, 2) for bias in NET.biases[:-1]), NET.biases[-1])
    double = network.with_parameters(NET, (twice, biases))
    assert double.sizes == (7, 16, 12, 10, 1)
    np.testing.assert_allclose(network.apply(double, X), network.apply(NET, X), rtol=1e-12)
    # Of each pair of twins one stays, the first of some and the second of others.
    kept = [np.sort(np.arange(width) + width * (np.arange(width) % 2)) for width in NET.sizes[1:-1]]
    recovered = pruning.keep_neurons(double, kept, data=X)
    assert recovered.sizes == NET.sizes
    np.testing.assert_allclose(network.apply(recovered, X), network.apply(NET, X), rtol=1e-8)


def test_least_squares_compensates_better_than_the_mean_and_the_mean_than_nothing():
    net = network.initialise(jax.random.key(2), (7, 40, 40, 1))
    net = network.with_parameters(net, (net.weights, tuple(b + 0.5 for b in net.biases)))
    x = market.evaluation_points(jax.random.key(0), 1000)
    scores = [jax.random.uniform(jax.random.key(k), (40,)) for k in (1, 2)]
    fresh = market.evaluation_points(jax.random.key(1), 1000)
    errors = [
        float(jnp.std(network.apply(pruned, fresh) - network.apply(net, fresh)))
        + abs(float(jnp.mean(network.apply(pruned, fresh) - network.apply(net, fresh))))
        for pruned in (
            pruning.prune(net, scores, 0.5, compensation=compensation, data=x)
            for compensation in ("least_squares", "mean", "none")
        )
    ]
    assert errors[0] < 0.3 * errors[1] < 0.3 * errors[2]


@pytest.mark.parametrize(
    ("keep", "sizes"),
    [
        ((3, 0, 2), (7, 3, 2, 1)),
        ((0, 0, 4), (7, 4, 1)),
        ((4, 3, 0), (7, 4, 3, 1)),
        (0, (7, 1)),
        (0.5, (7, 4, 3, 2, 1)),
        ((0.25, 6, 1.0), (7, 2, 6, 5, 1)),
    ],
)
def test_counts_fractions_and_whole_layers(keep, sizes):
    pruned = pruning.prune(NET, SCORES, keep, data=X)
    assert pruned.sizes == sizes
    assert pruned.n_parameters == sum(leaf.size for leaf in jax.tree.leaves(pruned.parameters))
    assert network.apply(pruned, X).shape == (50,)


def test_removing_a_linear_layer_is_exact_by_least_squares():
    # Far to the right silu is the identity, so the network is linear and so is any shortcut.
    biases = (NET.biases[0] + 1e3, NET.biases[1] + 1e6, NET.biases[2] + 1e9, NET.biases[3])
    weights = tuple(jnp.abs(weight) for weight in NET.weights)
    net = network.with_parameters(NET, (weights, biases))
    removed = pruning.prune(net, SCORES, 0, data=X)
    spread = float(jnp.std(network.apply(net, X)))
    np.testing.assert_allclose(
        network.apply(removed, X), network.apply(net, X), rtol=0, atol=1e-4 * spread
    )


def test_pruning_in_float32():
    single = network.astype(NET, "float32")
    pruned = pruning.prune(single, SCORES, (6, 5, 4), data=X.astype("float32"))
    assert pruned.dtype == jnp.float32
    double = pruning.prune(NET, SCORES, (6, 5, 4), data=X)
    np.testing.assert_allclose(network.apply(pruned, X), network.apply(double, X), atol=1e-2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pruning.prune(NET, SCORES[:2], 3, data=X), "each of the 3 hidden layers; got 2"),
        (
            lambda: pruning.prune(NET, [*SCORES[:2], jnp.ones(4)], 3, data=X),
            r"hidden layer 3 must have shape \(5,\)",
        ),
        (
            lambda: pruning.prune(NET, [SCORES[0] * jnp.nan, *SCORES[1:]], 3, data=X),
            "hidden layer 1 .* with 8 NaN",
        ),
        (lambda: pruning.prune(NET, SCORES, 6, data=X), "layer 3 has 5 neurons: keep a count"),
        (lambda: pruning.prune(NET, SCORES, 1.5, data=X), "fraction from 0.0 to 1.0; got 1.5"),
        (lambda: pruning.prune(NET, SCORES, (1, 2), data=X), r"one per hidden layer \(3\)"),
        (lambda: pruning.prune(NET, SCORES, 3), "needs data, a sample of inputs of shape"),
        (lambda: pruning.prune(NET, SCORES, 3, data=X[:, :3]), r"shape \(n, 7\); got \(50, 3\)"),
        (
            lambda: pruning.prune(NET, SCORES, (3, 0, 3), data=X, compensation="mean"),
            "only compensation 'least_squares' can remove a whole layer",
        ),
        (
            lambda: pruning.prune(NET, SCORES, 3, data=X, compensation="magic"),
            "compensation must be",
        ),
        (
            lambda: pruning.keep_neurons(NET, [[2, 1], [0], [0]], data=X),
            "indices of hidden layer 1 must increase",
        ),
        (lambda: pruning.keep_neurons(NET, [[0], [6], [0]], data=X), r"lie in \[0, 6\)"),
        (lambda: pruning.keep_neurons(NET, [[0], [1]], data=X), "indices for 3 hidden layers"),
    ],
)
def test_mistakes_are_explained(call, message):
    with pytest.raises(ValueError, match=message):
        call()
