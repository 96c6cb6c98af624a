"""The benchmark of forms: samples' own bounds hold, and a sample outside is told apart."""

import flint
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks import forms, point_bounds
from sobolev import network


@pytest.fixture(scope="module")
def net() -> network.MLP:
    drawn = network.initialise(jax.random.key(3), (7, 9, 8, 1), dtype=jnp.float64)
    return network.MLP(
        drawn.weights,
        tuple(0.3 * jnp.ones_like(b) for b in drawn.biases),
        jnp.linspace(0.5, 1.5, 7),
        jnp.linspace(0.1, 2.0, 7),
        jnp.asarray(0.7),
        jnp.asarray(3.0),
    )


def test_bounds_of_samples_contain_exact_values(net: network.MLP) -> None:
    points = np.random.default_rng(0).uniform(-3, 3, (5, 7))
    found = point_bounds.evaluated(net, points)
    for row, point in enumerate(points):
        exact = point_bounds.exact(net, point)
        assert exact.keys() == found.keys()
        with flint.ctx.workprec(300):
            for name, (value, error) in found.items():
                assert np.all(error[row] <= 1e-11)
                pairs = zip(exact[name], np.ravel(value[row]), np.ravel(error[row]), strict=True)
                assert all(abs(x - float(v)) <= float(e) for x, v, e in pairs)


def test_enclosures_contain_samples_and_moved_ones_do_not(net: network.MLP) -> None:
    whole, part = forms.enclosures(net, "natural")
    (found,) = forms.widths(net, "box / 4", {"natural": part}, 50)
    assert (found.outside, found.undecided) == (0, 0)
    assert found.value_with_corners <= found.value
    assert min(found.activations + found.adjoints) >= 1 - 1e-9
    low, high = part["adjoint hidden_1"]
    moved = {**part, "adjoint hidden_1": (low, low / 2 + high / 2)}
    (wrong,) = forms.widths(net, "box / 4", {"natural": moved}, 50)
    assert wrong.outside > 0
    assert np.all(whole["value"][0] <= part["value"][0])
