"""Labels: unbiased, differentiated along the path, counted honestly, checked and stored."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sobolev import labels, market
from sobolev.payoffs import BasketCall, SmoothedBasketCall

MARKET = market.bachelier_market(7)
CALL = BasketCall(MARKET.weights, MARKET.strike)


def simulated(n_labels=256, **options):
    return labels.simulate(jax.random.key(5), MARKET, CALL, n_labels, **options)


@pytest.mark.parametrize(("law", "spread"), [("market", 1.5), ("box", 1.0)])
def test_labels_are_unbiased(law, spread):
    sample = simulated(2**16, law=law, spread=spread)
    exact = market.closed_form(MARKET, sample.x)
    for noise in (sample.y - exact.price, *(sample.dydx - exact.delta).T):
        assert abs(float(noise.mean())) < 5 * float(noise.std()) / 2**8


def test_labels_have_the_variance_of_antithetic_pairs():
    sample = simulated(2**16)
    exact = market.closed_form(MARKET, sample.x)
    # A pair of independent paths would have a value variance near 0.005 here.
    assert 0.8e-3 < float(jnp.var(sample.y - exact.price)) < 1.8e-3


def test_derivative_labels_are_weights_times_the_fraction_in_the_money():
    sample = simulated(1000)
    fraction = sample.dydx / MARKET.weights
    np.testing.assert_allclose(fraction, jnp.round(2 * fraction[:, :1]) / 2 + 0 * fraction)
    assert set(np.unique(np.round(2 * fraction))) == {0.0, 1.0, 2.0}


def test_derivative_labels_are_the_derivative_of_the_value_labels():
    payoff = SmoothedBasketCall(MARKET.weights, MARKET.strike, 0.1)
    key, step = jax.random.key(3), 1e-6

    def values(spot_shift):
        shifted = market.BachelierMarket(
            MARKET.spot + spot_shift, MARKET.weights, MARKET.volatilities, MARKET.correlation
        )
        return labels.simulate(key, shifted, payoff, 50)

    direction = jnp.arange(7.0)
    difference = (values(step * direction).y - values(-step * direction).y) / (2 * step)
    np.testing.assert_allclose(values(0.0).dydx @ direction, difference, rtol=1e-6, atol=1e-9)


def test_any_differentiable_payoff_can_be_simulated():
    sample = labels.simulate(jax.random.key(0), MARKET, lambda spots: jnp.max(spots), 100)
    assert sample.dydx.shape == (100, 7)
    np.testing.assert_allclose(sample.dydx.sum(axis=1), 1.0)


def test_market_law_widens_the_market_by_the_spread():
    x = labels.exposures(jax.random.key(0), MARKET, 200_000, "market", 1.5)
    covariance = 2.25 * MARKET.diffusion @ MARKET.diffusion.T
    np.testing.assert_allclose(np.cov(x.T), covariance, atol=0.02 * float(covariance.max()))
    np.testing.assert_allclose(x.mean(axis=0), 1.0, atol=0.01)


def test_box_law_fills_the_widened_box():
    lower, upper = market.evaluation_box(7)
    x = labels.exposures(jax.random.key(0), MARKET, 10_000, "box", 1.1)
    margin = 0.05 * (upper - lower)
    np.testing.assert_allclose([x.min(), x.max()], [lower - margin, upper + margin], atol=1e-3)


def test_simulation_is_deterministic_and_counts_both_paths_of_a_pair():
    first, again = simulated(), simulated()
    np.testing.assert_array_equal(first.dydx, again.dydx)
    assert (len(first), first.n_paths) == (256, 512)


def test_simulation_in_float32():
    assert simulated(dtype="float32").y.dtype == jnp.float32


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"law": "normal"}, "unknown sampling law 'normal'"),
        ({"spread": 0.0}, "spread must be positive"),
        ({"n_labels": 0}, "n_labels must be at least 1"),
    ],
)
def test_simulation_refuses_senseless_options(options, message):
    with pytest.raises(ValueError, match=message):
        simulated(**options)


X, Y, DYDX = np.ones((5, 3)), np.ones(5), np.ones((5, 3))


@pytest.mark.parametrize(
    ("x", "y", "dydx", "message"),
    [
        (np.ones(5), Y, DYDX, r"x must have shape \(n, n_assets\)"),
        (np.ones((0, 3)), np.ones(0), np.ones((0, 3)), "not empty"),
        (X, np.ones((5, 1)), DYDX, r"shape \(5,\); got \(5, 1\). Use y.reshape"),
        (X, Y, np.ones((5, 2)), r"dydx must have the shape of x, \(5, 3\); got \(5, 2\)"),
        (X, Y.astype(np.float32), DYDX, "one floating-point type"),
        (X.astype(int), Y.astype(int), DYDX.astype(int), "one floating-point type"),
    ],
)
def test_labels_refuse_arrays_that_do_not_fit(x, y, dydx, message):
    with pytest.raises(ValueError, match=message):
        labels.Labels(x, y, dydx)


@pytest.mark.parametrize("name", ["x", "y", "dydx"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_labels_name_the_row_that_is_not_finite(name, value):
    arrays = {"x": X.copy(), "y": Y.copy(), "dydx": DYDX.copy()}
    arrays[name][3] = value
    with pytest.raises(ValueError, match=rf"{name} holds NaN or infinity in row 3 \(1 of 5 rows\)"):
        labels.Labels(**arrays)


def test_label_files_give_back_what_was_saved(tmp_path):
    sample = simulated(dtype="float32")
    labels.save(tmp_path / "labels.npz", sample)
    stored = labels.load(tmp_path / "labels.npz")
    for name in ("x", "y", "dydx"):
        before, after = getattr(sample, name), getattr(stored, name)
        np.testing.assert_array_equal(before, after)
        assert before.dtype == after.dtype
    assert stored.n_paths == sample.n_paths
    assert [file.name for file in tmp_path.iterdir()] == ["labels.npz"]


def test_label_files_of_other_programs_count_one_path_per_row(tmp_path):
    np.savez(tmp_path / "labels.npz", x=X, y=Y, dydx=DYDX)
    assert labels.load(tmp_path / "labels.npz").n_paths == 5


def test_bad_label_files_are_explained(tmp_path):
    path = tmp_path / "labels.npz"
    with pytest.raises(FileNotFoundError):
        labels.load(path)
    np.savez(path, x=X, y=Y)
    with pytest.raises(ValueError, match=r"lacks \['dydx'\]"):
        labels.load(path)
    np.savez(path, x=X, y=np.where(np.arange(5) == 2, np.nan, 1.0), dydx=DYDX)
    with pytest.raises(ValueError, match=r"labels.npz: y holds NaN or infinity in row 2"):
        labels.load(path)
    labels.save(path, simulated())
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match=r"not a complete \.npz file"):
        labels.load(path)
    path.write_bytes(b"\x93NUMPY")
    with pytest.raises(ValueError, match=r"not a complete \.npz file"):
        labels.load(path)
    path.write_text("x,y\n1,2\n")
    with pytest.raises(ValueError, match=r"not a complete \.npz file"):
        labels.load(path)
