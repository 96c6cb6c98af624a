"""Significance: proven ranges contain what samples show; the formulas are the published ones."""

import json
from dataclasses import replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import interval_jax as ij
from sobolev import network
from sobolev.significance import (
    DEFINITIONS,
    checked_box,
    interval_significance,
    sampled_significance,
    subbox_significance,
)

LOWER, UPPER = 0.5, 1.5


@pytest.fixture(scope="module")
def net():
    drawn = network.initialise(jax.random.key(0), (3, 5, 4, 1))
    x = jax.random.uniform(jax.random.key(1), (50, 3), minval=LOWER, maxval=UPPER)
    return network.with_normalisation(drawn, x, jnp.sin(3 * x).sum(axis=1))


@pytest.fixture(scope="module")
def samples():
    return jax.random.uniform(jax.random.key(2), (2000, 3), minval=LOWER, maxval=UPPER)


@pytest.fixture(scope="module")
def proven(net):
    return interval_significance(net, LOWER, UPPER)


def assert_subset(inner, outer):
    assert np.all(np.asarray(outer.lo) <= np.asarray(inner.lo))
    assert np.all(np.asarray(inner.hi) <= np.asarray(outer.hi))


def test_proven_ranges_contain_all_samples(net, samples, proven):
    seen = sampled_significance(net, samples)
    assert proven.rigorous
    assert not seen.rigorous
    assert list(proven.values) == list(proven.adjoints) == ["inputs", "hidden_1", "hidden_2"]
    assert_subset(seen.output, proven.output)
    for layer in proven.values:
        assert_subset(seen.values[layer], proven.values[layer])
        assert_subset(seen.adjoints[layer], proven.adjoints[layer])
        assert np.all(seen.scores[layer] <= proven.scores[layer])


def test_cutting_the_box_is_tighter_and_still_proven(net, samples, proven):
    cut = interval_significance(net, LOWER, UPPER, parts=3)
    seen = sampled_significance(net, samples)
    assert cut.rigorous
    assert_subset(cut.output, proven.output)
    assert_subset(seen.output, cut.output)
    assert float(ij.wid(cut.output)) < 0.7 * float(ij.wid(proven.output))
    for layer in cut.values:
        assert_subset(seen.values[layer], cut.values[layer])
        assert_subset(seen.adjoints[layer], cut.adjoints[layer])


def test_small_boxes_lie_in_the_box(net, proven):
    options = {"n_boxes": 16, "relative_width": 0.1}
    some = subbox_significance(net, LOWER, UPPER, seed=3, **options)
    assert not some.rigorous
    assert_subset(some.output, proven.output)
    for layer in some.values:
        assert_subset(some.values[layer], proven.values[layer])
        assert_subset(some.adjoints[layer], proven.adjoints[layer])
    again = subbox_significance(net, LOWER, UPPER, seed=3, **options)
    other = subbox_significance(net, LOWER, UPPER, seed=4, **options)
    np.testing.assert_array_equal(some.scores["hidden_1"], again.scores["hidden_1"])
    assert np.any(some.scores["hidden_1"] != other.scores["hidden_1"])
    whole = subbox_significance(net, LOWER, UPPER, n_boxes=1, relative_width=1.0)
    np.testing.assert_array_equal(whole.values["inputs"].lo, [LOWER] * 3)
    np.testing.assert_array_equal(whole.values["inputs"].hi, [UPPER] * 3)


@pytest.mark.parametrize(
    "options", [{"n_boxes": 0, "relative_width": 0.1}, {"n_boxes": 1, "relative_width": 0.0}]
)
def test_small_boxes_need_sensible_options(net, options):
    with pytest.raises(ValueError, match="n_boxes must be at least 1"):
        subbox_significance(net, LOWER, UPPER, **options)


def test_both_formulas_on_a_network_worked_out_by_hand():
    # y = 3 tanh(2 x) - tanh(x): each neuron is monotone and its adjoint is a constant.
    net = network.MLP(
        weights=(jnp.array([[2.0, 1.0]]), jnp.array([[3.0], [-1.0]])),
        biases=(jnp.zeros(2), jnp.zeros(1)),
        x_mean=jnp.zeros(1),
        x_scale=jnp.ones(1),
        y_mean=jnp.zeros(()),
        y_scale=jnp.ones(()),
        activation="tanh",
    )
    slope_low, slope_high = 1 - np.tanh([2.0, 1.0]) ** 2, 1 - np.tanh([1.0, 0.5]) ** 2
    adjoint = np.array([6 * slope_low[0] - slope_high[1], 6 * slope_high[0] - slope_low[1]])
    hidden = np.tanh([2.0, 1.0]) - np.tanh([1.0, 0.5])
    first = interval_significance(net, 0.5, 1.0)
    np.testing.assert_allclose(first.scores["hidden_1"], hidden * [3.0, 1.0], rtol=1e-12)
    np.testing.assert_allclose(first.scores["inputs"], [0.5 * np.abs(adjoint).max()], rtol=1e-12)
    second = interval_significance(net, 0.5, 1.0, definition="vassiliadis")
    np.testing.assert_allclose(second.scores["hidden_1"], hidden * [3.0, 1.0], rtol=1e-12)
    products = np.outer([0.5, 1.0], adjoint)
    np.testing.assert_allclose(
        second.scores["inputs"], [products.max() - products.min()], rtol=1e-12
    )


def test_sampled_scores_are_ranges_times_gradients(net, samples):
    seen = sampled_significance(net, samples)
    gradients = jax.vmap(jax.grad(lambda x: network.apply(net, x)))(samples)
    expected = np.ptp(samples, axis=0) * np.abs(gradients).max(axis=0)
    np.testing.assert_allclose(seen.scores["inputs"], expected, rtol=1e-12)
    last = network.hidden_activations(net, samples)[-1]
    outgoing = np.abs(net.weights[-1][:, 0] * net.y_scale)
    np.testing.assert_allclose(seen.scores["hidden_2"], np.ptp(last, axis=0) * outgoing, rtol=1e-12)


def test_adjoints_at_a_point_enclose_the_gradient(net):
    x = jnp.array([0.7, 1.1, 1.3])
    at_point = interval_significance(net, x, x)
    gradient = jax.grad(lambda inputs: network.apply(net, inputs))(x)
    adjoint = at_point.adjoints["inputs"]
    np.testing.assert_allclose(adjoint.lo, gradient, rtol=1e-12)
    np.testing.assert_allclose(adjoint.hi, gradient, rtol=1e-12)
    assert np.all(np.asarray(ij.wid(adjoint)) > 0)


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_a_neuron_nobody_listens_to_has_no_significance(net, definition):
    deaf = replace(net, weights=(net.weights[0], net.weights[1].at[2].set(0.0), net.weights[2]))
    scored = interval_significance(deaf, LOWER, UPPER, definition=definition)
    # Not exactly zero: a sum of products may have underflowed, for all the enclosure knows.
    assert scored.scores["hidden_1"][2] < 1e-300
    assert np.all(np.delete(scored.scores["hidden_1"], 2) > 1e-3)
    last = scored.ranking()[-1]
    assert (last.layer, last.neuron) == ("hidden_1", 2)


def test_ranking_lists_every_node_once_in_order(net, proven):
    ranking = proven.ranking()
    assert len({(node.layer, node.neuron) for node in ranking}) == len(ranking) == 3 + 5 + 4
    scores = [node.score for node in ranking]
    assert scores == sorted(scores, reverse=True)
    assert [len(scores) for scores in proven.hidden] == [5, 4]


def test_json_form_is_complete_and_strict(net, proven):
    content = json.loads(json.dumps(proven.as_dict(), allow_nan=False))
    assert content["box"] == {"lower": [LOWER] * 3, "upper": [UPPER] * 3}
    assert content["output"]["lower"] == float(proven.output.lo)
    assert [len(scores) for scores in content["layers"].values()] == [3, 5, 4]
    assert content["ranking"][0]["score"] == proven.ranking()[0].score
    overflowed = replace(proven, output=ij.entire(()))
    assert overflowed.as_dict()["output"] == {"lower": None, "upper": None}


@pytest.mark.parametrize(
    ("lower", "upper", "message"),
    [
        (1.5, 0.5, "box is empty: lower 1.5 > upper 0.5 for input 0; give the lower"),
        ([0.0, 2.0, 0.0], 1.0, "for input 1"),
        (float("nan"), 1.0, "finite"),
        (0.0, float("inf"), "finite"),
        ([0.0, 1.0], 2.0, "one number or 3"),
    ],
)
def test_what_is_no_box_is_refused(net, lower, upper, message):
    with pytest.raises(ValueError, match=message):
        interval_significance(net, lower, upper)


def test_a_box_between_float32_numbers_is_rounded_outward():
    net = network.initialise(jax.random.key(0), (2, 2, 1), dtype="float32")
    lower, upper = checked_box(net, [0.1, 0.5], [1.1, 0.5])
    assert lower.dtype == upper.dtype == np.float32
    for k, (low, high) in enumerate([(0.1, 1.1), (0.5, 0.5)]):
        assert float(lower[k]) <= low < float(np.nextafter(lower[k], np.float32(2)))
        assert float(np.nextafter(upper[k], np.float32(0))) < high <= float(upper[k])


def test_unknown_definition(net):
    with pytest.raises(ValueError, match="unknown definition 'taylor'"):
        interval_significance(net, LOWER, UPPER, definition="taylor")


PUBLISHED = Path(__file__).parents[3] / "shared" / "paper" / "dense_sobolev_6x128.onnx"


@pytest.mark.skipif(not PUBLISHED.is_file(), reason="the published network is not at hand")
def test_published_network_is_enclosed_on_its_box():
    from sobolev.onnx_io import import_onnx

    net = import_onnx(PUBLISHED)
    lower, upper = 0.3232233, 1.6767767
    found = interval_significance(net, lower, upper)
    assert float(found.output.lo) <= -0.01
    assert float(found.output.hi) >= 0.40
    apply = jax.jit(network.apply)
    for seed in range(10):
        x = jax.random.uniform(jax.random.key(seed), (100_000, 7), minval=lower, maxval=upper)
        outputs = apply(net, x)
        assert float(found.output.lo) <= float(outputs.min())
        assert float(outputs.max()) <= float(found.output.hi)
