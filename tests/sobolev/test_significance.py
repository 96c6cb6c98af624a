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
    AGGREGATIONS,
    DEFINITIONS,
    checked_box,
    interval_significance,
    neighbourhood_significance,
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


# --- forms and covers ---------------------------------------------------------------------


# One shape and method for all tests of forms: compiled once, in test_cli too.
SLABS = {"cells": 18, "method": "taylor", "quiet": True}


@pytest.fixture(scope="module")
def silu_net():
    drawn = network.initialise(jax.random.key(3), (2, 3, 2, 1))
    x = jax.random.uniform(jax.random.key(4), (50, 2), minval=LOWER, maxval=UPPER)
    return network.with_normalisation(drawn, x, jnp.sin(3 * x).sum(axis=1))


def test_forms_over_cells_in_slabs_contain_all_samples_and_are_tighter(silu_net):
    forms = interval_significance(silu_net, LOWER, UPPER, **SLABS)
    natural = interval_significance(silu_net, LOWER, UPPER, cells=18, directions=1, quiet=True)
    samples = jax.random.uniform(jax.random.key(2), (2000, 2), minval=LOWER, maxval=UPPER)
    seen = sampled_significance(silu_net, samples)
    assert forms.rigorous
    assert natural.rigorous
    assert (forms.method, forms.order, forms.aggregation) == ("taylor", 2, "union")
    assert 6 < forms.n_cells <= 18
    assert_subset(seen.output, forms.output)
    assert_subset(forms.output, natural.output)
    assert float(ij.wid(forms.output)) < 0.99 * float(ij.wid(natural.output))
    for layer in forms.values:
        assert_subset(forms.values[layer], natural.values[layer])
        assert_subset(forms.adjoints[layer], natural.adjoints[layer])
    np.testing.assert_array_equal(forms.values["inputs"].lo, [LOWER] * 2)
    np.testing.assert_array_equal(forms.values["inputs"].hi, [UPPER] * 2)
    for layer in forms.values:
        assert_subset(seen.values[layer], forms.values[layer])
        assert_subset(seen.adjoints[layer], forms.adjoints[layer])
        assert np.all(seen.scores[layer] <= forms.scores[layer])


def arb_forward_and_adjoints(net, x):
    """Values and adjoints of every layer of a SiLU network at floats, to 300 bits."""
    from flint import arb, ctx

    before, ctx.prec = ctx.prec, 300
    try:

        def vector(a):
            return [arb(float(v)) for v in np.asarray(a)]

        layers = [vector(x)]
        means, scales = vector(net.x_mean), vector(net.x_scale)
        signal = [(v - m) / s for v, m, s in zip(layers[0], means, scales, strict=True)]
        slopes = []
        for weight, bias in zip(net.weights, net.biases, strict=True):
            columns = [vector(c) for c in np.asarray(weight).T]
            pre = [
                b + sum(w * v for w, v in zip(column, signal, strict=True))
                for column, b in zip(columns, vector(bias), strict=True)
            ]
            if weight is not net.weights[-1]:
                shares = [1 / (1 + (-z).exp()) for z in pre]
                signal = [z * p for z, p in zip(pre, shares, strict=True)]
                slopes.append([p + v * (1 - p) for v, p in zip(signal, shares, strict=True)])
                layers.append(signal)
        scale = arb(float(net.y_scale))
        output = arb(float(net.y_mean)) + scale * pre[0]
        adjoint = [scale * w for w in vector(np.asarray(net.weights[-1])[:, 0])]
        adjoints = [adjoint]
        for weight, slope in zip(net.weights[-2::-1], slopes[::-1], strict=True):
            local = [g * d for g, d in zip(adjoint, slope, strict=True)]
            rows = [vector(row) for row in np.asarray(weight)]
            adjoint = [sum(w * g for w, g in zip(row, local, strict=True)) for row in rows]
            if weight is net.weights[0]:
                adjoint = [g / s for g, s in zip(adjoint, scales, strict=True)]
            adjoints.insert(0, adjoint)
        return output, layers, adjoints
    finally:
        ctx.prec = before


def assert_holds(interval, balls):
    for lo, hi, ball in zip(interval.lo, interval.hi, balls, strict=True):
        assert float(lo) <= ball
        assert ball <= float(hi)


def test_taylor_forms_contain_exact_values_and_scores_bound_exact_products(silu_net):
    bounds = {
        (definition, aggregation): interval_significance(
            silu_net,
            LOWER,
            UPPER,
            definition=definition,
            aggregation=aggregation,
            **SLABS,
        )
        for definition, aggregation in (("afghan_naumann", "union"), ("deviation", "max"))
    }
    found = bounds["afghan_naumann", "union"]
    assert found.order == 2
    # The means that "deviation" compares with are those of the cover's own samples.
    unit = np.random.default_rng(0).uniform(size=(4096, 2))
    x = jnp.asarray(LOWER + unit * (UPPER - LOWER))
    mean = np.asarray(network.hidden_activations(silu_net, x)[0].mean(axis=0))
    deviation = bounds["deviation", "max"].scores["hidden_1"]
    corners = [[a, b] for a in (LOWER, 1.0, UPPER) for b in (LOWER, 0.7, UPPER)]
    points = np.concatenate([corners, np.asarray(x[:40])])
    extremes = []
    for point in points:
        output, layers, adjoints = arb_forward_and_adjoints(silu_net, point)
        assert_holds(ij.Interval(found.output.lo[None], found.output.hi[None]), [output])
        for layer, value, adjoint in zip(found.scores, layers, adjoints, strict=True):
            assert_holds(found.values[layer], value)
            assert_holds(found.adjoints[layer], adjoint)
        extremes.append((layers[1], adjoints[1]))
        for j, bound in enumerate(deviation):
            # The mean is only known to roundings.
            assert abs(layers[1][j] - float(mean[j])) * abs(adjoints[1][j]) <= bound + 1e-14
    for j, score in enumerate(found.scores["hidden_1"]):
        values, adjoints = [v[j] for v, _ in extremes], [abs(g[j]) for _, g in extremes]
        width = max(values, key=float) - min(values, key=float)
        assert width * max(adjoints, key=float) <= float(score)


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_aggregations_are_ordered(silu_net, definition):
    union, greatest, mean = (
        interval_significance(
            silu_net, LOWER, UPPER, definition=definition, aggregation=aggregation, **SLABS
        )
        for aggregation in AGGREGATIONS
    )
    for layer in union.scores:
        assert np.all(mean.scores[layer] <= greatest.scores[layer])
        assert np.all(greatest.scores[layer] <= union.scores[layer])
        assert np.any(mean.scores[layer] < union.scores[layer])


def test_boxes_around_points_are_joined(net, samples):
    points = np.asarray(samples[:40])
    seen = sampled_significance(net, points)
    found = neighbourhood_significance(net, points, relative_width=0.01, quiet=True)
    assert not found.rigorous
    assert (found.n_cells, found.relative_width) == (40, 0.01)
    assert_subset(seen.output, found.output)
    for layer in found.values:
        assert_subset(seen.values[layer], found.values[layer])
        assert_subset(seen.adjoints[layer], found.adjoints[layer])
    assert np.all(found.lower < points.min(axis=0))
    assert np.all(found.upper > points.max(axis=0))


def test_the_width_of_boxes_around_points_is_the_greatest_that_ranks_alike(net, samples):
    points = np.asarray(samples[:200])
    found = neighbourhood_significance(net, points, quiet=True)
    width = found.relative_width
    assert 1e-6 < width < 0.2
    assert np.log2(width) == np.round(np.log2(width))
    seen = sampled_significance(net, points)
    for layer, scores in found.scores.items():
        assert scores.sum() < 1.6 * seen.scores[layer].sum()
    wider = neighbourhood_significance(net, points, relative_width=8 * width, quiet=True)
    assert max(w.sum() / seen.scores[k].sum() for k, w in wider.scores.items()) > 1.6
    at_a_point = neighbourhood_significance(net, points[:1], quiet=True)
    assert 0 < at_a_point.relative_width < 1


def test_progress_is_shown_on_standard_error(net, capsys):
    interval_significance(net, LOWER, UPPER, parts=3)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "27/27" in captured.err
    interval_significance(net, LOWER, UPPER, parts=3, quiet=True)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "magic"}, "unknown method 'magic'"),
        ({"aggregation": "least"}, "unknown aggregation 'least'"),
        ({"order": 2}, "order is a positive number for method 'taylor'"),
        ({"order": 0, "method": "taylor"}, "order is a positive number"),
        ({"parts": 2, "cells": 4}, "give parts or cells, not both"),
        ({"directions": 1}, "directions are for a number of cells"),
        ({"cells": 0}, "number of cells must be at least 1"),
    ],
)
def test_options_that_do_not_fit(net, options, message):
    with pytest.raises(ValueError, match=message):
        interval_significance(net, LOWER, UPPER, quiet=True, **options)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (np.ones((4, 2)), r"shape \(n, 3\) with n > 0; got \(4, 2\)"),
        (np.ones((0, 3)), "n > 0"),
        (np.full((2, 3), np.nan), "finite"),
    ],
)
def test_what_are_no_points_is_refused(net, points, message):
    with pytest.raises(ValueError, match=message):
        neighbourhood_significance(net, points)
    with pytest.raises(ValueError, match="relative_width must be positive"):
        neighbourhood_significance(net, np.ones((1, 3)), relative_width=0.0)


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
