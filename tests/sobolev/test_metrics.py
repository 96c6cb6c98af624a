"""Metrics: right values, and no silent broadcasting."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sobolev import market, metrics, network

NET = network.initialise(jax.random.key(0), (7, 9, 5, 1))
X = market.evaluation_points(jax.random.key(1), 30)


def test_greeks_are_the_derivatives():
    price, delta, gamma = metrics.greeks(NET, X)
    np.testing.assert_allclose(price, network.apply(NET, X), rtol=1e-13)
    single = jax.vmap(jax.grad(lambda x: network.apply(NET, x)))
    np.testing.assert_allclose(delta, single(X), rtol=1e-12)
    hessian = jax.jit(jax.vmap(jax.hessian(lambda x: network.apply(NET, x))))(X)
    np.testing.assert_allclose(gamma, hessian.sum(axis=(1, 2)), atol=1e-13)


def test_evaluation_of_known_errors():
    exact = metrics.greeks(NET, X)
    assert set(metrics.evaluate(NET, X, exact).as_dict().values()) == {0.0}
    shifted = exact._replace(
        price=exact.price.at[4].add(3.0), delta=exact.delta + 0.5, gamma=exact.gamma.at[0].add(-2.0)
    )
    found = metrics.evaluate(NET, X, shifted)
    np.testing.assert_allclose([found.price_rmse, found.price_max], [3 / np.sqrt(30), 3.0])
    np.testing.assert_allclose([found.delta_rmse, found.delta_max], [0.5, 0.5])
    np.testing.assert_allclose([found.gamma_rmse, found.gamma_max], [2 / np.sqrt(30), 2.0])


@pytest.mark.parametrize("field", ["price", "delta", "gamma"])
def test_columns_do_not_broadcast(field):
    exact = metrics.greeks(NET, X)
    wrong = exact._replace(**{field: getattr(exact, field)[..., None]})
    with pytest.raises(ValueError, match="one shape"):
        metrics.evaluate(NET, X, wrong)


@pytest.mark.parametrize("error", [metrics.rmse, metrics.max_error])
def test_errors_check_shapes(error):
    with pytest.raises(ValueError, match=r"predicted \(3,\) and reference \(3, 1\)"):
        error(jnp.ones(3), jnp.ones((3, 1)))
    with pytest.raises(ValueError, match="not empty"):
        error(jnp.ones(0), jnp.ones(0))
    assert np.isnan(error(jnp.array([1.0, jnp.nan]), jnp.ones(2)))
