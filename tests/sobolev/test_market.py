"""The market: the recipe's constraints, and the closed form against independent computations."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

from sobolev import market


@pytest.mark.parametrize("n_assets", [1, 2, 7, 20])
def test_market_satisfies_the_recipe(n_assets):
    drawn = market.bachelier_market(n_assets, seed=4)
    covariance = drawn.correlation * jnp.outer(drawn.volatilities, drawn.volatilities)
    np.testing.assert_array_equal(np.diag(drawn.correlation), 1.0)
    np.testing.assert_allclose(drawn.correlation, drawn.correlation.T, rtol=1e-14)
    assert np.linalg.eigvalsh(drawn.correlation).min() > 0
    np.testing.assert_allclose(drawn.weights.sum(), 1.0, rtol=1e-14)
    assert drawn.weights.min() > 0
    np.testing.assert_allclose(
        jnp.sqrt(drawn.weights @ covariance @ drawn.weights), 0.2, rtol=1e-14
    )
    np.testing.assert_allclose(drawn.basket_volatility, 0.2, rtol=1e-12)
    np.testing.assert_allclose(drawn.diffusion @ drawn.diffusion.T, covariance, atol=1e-14)
    assert drawn.time_to_maturity == 1.0


def test_market_depends_on_the_seed_alone():
    first, again, other = (market.bachelier_market(7, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.correlation, again.correlation)
    assert not np.array_equal(first.weights, other.weights)


@pytest.mark.parametrize(("n_assets", "volatility"), [(0, 0.2), (7, 0.0), (7, float("nan"))])
def test_market_refuses_senseless_arguments(n_assets, volatility):
    with pytest.raises(ValueError, match="must be"):
        market.bachelier_market(n_assets, basket_volatility=volatility)


def test_closed_form_price_is_the_expectation_of_the_payoff():
    drawn = market.bachelier_market(7)
    x = market.evaluation_points(jax.random.key(0), 5)
    price = market.closed_form(drawn, x).price
    for spots, found in zip(np.asarray(x), np.asarray(price), strict=True):
        basket = float(np.dot(drawn.weights, spots))
        kink = (1.1 - basket) / 0.2
        expected = mpmath.quad(
            lambda z, basket=basket: (basket + 0.2 * z - 1.1) * mpmath.npdf(z), [kink, kink + 5, 12]
        )
        np.testing.assert_allclose(found, float(expected), rtol=1e-10)


def test_closed_form_greeks_are_derivatives_of_the_price():
    drawn = market.bachelier_market(7)
    x = market.evaluation_points(jax.random.key(1), 20)

    def price(point):
        return market.closed_form(drawn, point[None]).price[0]

    exact = market.closed_form(drawn, x)
    np.testing.assert_allclose(exact.delta, jax.vmap(jax.grad(price))(x), atol=1e-13)
    gamma = jax.jit(jax.vmap(jax.hessian(price)))(x).sum(axis=(1, 2))
    np.testing.assert_allclose(exact.gamma, gamma, atol=1e-12)


def test_closed_form_checks_the_shape():
    with pytest.raises(ValueError, match=r"\(n, 7\)"):
        market.closed_form(market.bachelier_market(7), jnp.ones(7))


def test_evaluation_points_fill_the_evaluation_box():
    lower, upper = market.evaluation_box(7)
    x = market.evaluation_points(jax.random.key(2), 4096)
    assert x.shape == (4096, 7)
    assert lower <= float(x.min()) < lower + 1e-3
    assert upper - 1e-3 < float(x.max()) <= upper
