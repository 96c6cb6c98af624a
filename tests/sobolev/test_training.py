"""Training: it learns, derivatives help, it is deterministic, resumable and says what is wrong."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sobolev import labels, market, metrics, network, training
from sobolev.payoffs import BasketCall
from sobolev.training import TrainingConfig

MARKET = market.bachelier_market(7)
LABELS = labels.simulate(
    jax.random.key(1), MARKET, BasketCall(MARKET.weights, MARKET.strike), 2**13
)
CONFIG = TrainingConfig(epochs=4, batch_size=64, learning_rate=1e-2)


def fresh(sizes=(7, 16, 16, 1), sample=LABELS, seed=0):
    net = network.initialise(jax.random.key(seed), sizes, dtype=sample.x.dtype)
    return network.with_normalisation(net, sample.x, sample.y)


def price_and_delta(net):
    x = market.evaluation_points(jax.random.key(9), 2048)
    found = metrics.evaluate(network.astype(net, "float64"), x, market.closed_form(MARKET, x))
    return found.price_rmse, found.delta_rmse


def test_sobolev_training_learns_price_and_delta_from_noisy_labels():
    price, delta = price_and_delta(
        training.train(fresh(), LABELS, replace(CONFIG, epochs=12), quiet=True).net
    )
    # The labels' own noise is 0.03 in both; a constant predictor's price error is 0.06.
    assert price < 3e-3
    assert delta < 5e-3


def test_derivative_labels_beat_values_alone():
    order_1 = training.train(fresh(), LABELS, CONFIG, quiet=True).net
    order_0 = training.train(fresh(), LABELS, replace(CONFIG, order=0), quiet=True).net
    for with_derivatives, without in zip(
        price_and_delta(order_1), price_and_delta(order_0), strict=True
    ):
        assert with_derivatives < 0.7 * without


def test_loss_is_the_weighted_formula():
    net = fresh()
    scales = training.loss_scales(LABELS)
    batch = (LABELS.x[:64], LABELS.y[:64], LABELS.dydx[:64])
    value, gradient = network.value_and_gradient(net, batch[0])
    value_error = np.mean((value - batch[1]) ** 2) / np.var(LABELS.y)
    gradient_error = np.mean((gradient - batch[2]) ** 2 / np.mean(LABELS.dydx**2, axis=0))
    config = replace(CONFIG, derivative_weight=2.0)
    np.testing.assert_allclose(
        training.sobolev_loss(net, batch, scales, config),
        value_error / 15 + gradient_error * 14 / 15,
        rtol=1e-12,
    )
    np.testing.assert_allclose(
        training.sobolev_loss(net, batch, scales, replace(CONFIG, order=0)), value_error, rtol=1e-12
    )


def test_loss_does_not_depend_on_the_units_of_an_asset():
    units = jnp.array([1.0, 10.0, 0.1, 1.0, 100.0, 1.0, 1.0])
    rescaled = labels.Labels(LABELS.x * units, LABELS.y, LABELS.dydx / units)
    losses = [
        training.train(fresh(sample=sample), sample, CONFIG, quiet=True).losses
        for sample in (LABELS, rescaled)
    ]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-6)


def test_training_is_deterministic_in_the_seed():
    first, again, other = (
        training.train(fresh(), LABELS, replace(CONFIG, seed=seed), quiet=True).net
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first.weights[0], again.weights[0])
    assert not np.array_equal(first.weights[0], other.weights[0])


def test_normalisation_is_not_trained():
    net = fresh()
    trained = training.train(net, LABELS, CONFIG, quiet=True).net
    for name in ("x_mean", "x_scale", "y_mean", "y_scale"):
        np.testing.assert_array_equal(getattr(trained, name), getattr(net, name))


def test_resumed_training_gives_the_same_result():
    states = []
    whole = training.train(fresh(), LABELS, CONFIG, callback=states.append, quiet=True)
    assert [int(state.epoch) for state in states] == [1, 2, 3, 4]
    # Through numpy and back, as a checkpoint goes.
    saved = jax.tree.map(jnp.asarray, jax.tree.map(np.asarray, states[1]))
    resumed = training.train(fresh(seed=5), LABELS, CONFIG, state=saved, quiet=True)
    for leaf, expected in zip(jax.tree.leaves(resumed), jax.tree.leaves(whole), strict=True):
        np.testing.assert_array_equal(leaf, expected)
    template = jax.tree.structure(training.initial_state(fresh(), LABELS, CONFIG))
    assert template == jax.tree.structure(whole)
    done = training.train(fresh(), LABELS, CONFIG, state=whole, quiet=True)
    np.testing.assert_array_equal(done.losses, whole.losses)


def test_learning_curve_has_one_falling_loss_per_epoch():
    losses = training.train(fresh(), LABELS, CONFIG, quiet=True).losses
    assert losses.shape == (4,)
    assert float(losses[-1]) < float(losses[0])


def test_training_in_float32():
    single = LABELS.astype("float32")
    state = training.train(fresh(sample=single), single, CONFIG, quiet=True)
    assert {leaf.dtype for leaf in jax.tree.leaves(state.net)} == {jnp.dtype("float32")}
    assert price_and_delta(state.net)[0] < 1e-2


def test_progress_is_shown_unless_quiet(capsys):
    training.train(fresh(), LABELS, CONFIG, description="dense network")
    assert "dense network" in capsys.readouterr().err
    training.train(fresh(), LABELS, CONFIG, quiet=True)
    assert capsys.readouterr() == ("", "")


def test_divergence_is_reported():
    single = LABELS.astype("float32")
    with pytest.raises(training.DivergenceError, match=r"after epoch 1\. Lower the learning rate"):
        training.train(
            fresh(sample=single), single, replace(CONFIG, learning_rate=1e30), quiet=True
        )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"order": 2}, r"order must be 0 \(values\) or 1"),
        ({"batch_size": 2**14}, "batch_size must lie between 1 and the number of labels, 8192"),
        ({"batch_size": 0}, "batch_size"),
        ({"epochs": 0}, "epochs must be at least 1"),
    ],
)
def test_senseless_configurations_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        training.train(fresh(), LABELS, replace(CONFIG, **changes), quiet=True)


def test_data_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="network has 3 inputs but the labels have 7"):
        training.train(network.initialise(jax.random.key(0), (3, 4, 1)), LABELS, CONFIG)
    with pytest.raises(ValueError, match="the network is float64 but the labels are float32"):
        training.train(fresh(), LABELS.astype("float32"), CONFIG)
    flat = labels.Labels(LABELS.x, jnp.ones_like(LABELS.y), jnp.zeros_like(LABELS.x))
    with pytest.raises(ValueError, match="all label values are equal"):
        training.train(fresh(), flat, CONFIG)
    state = training.initial_state(fresh(), LABELS, CONFIG)
    with pytest.raises(ValueError, match="4 epochs, the configuration asks for 9"):
        training.train(fresh(), LABELS, replace(CONFIG, epochs=9), state=state)


def test_an_asset_without_influence_does_not_break_the_loss():
    sample = labels.Labels(LABELS.x, LABELS.y, LABELS.dydx.at[:, 3].set(0.0))
    state = training.train(fresh(), sample, CONFIG, quiet=True)
    assert np.isfinite(float(state.losses[0]))
