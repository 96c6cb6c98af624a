"""Payoffs against their formulas, and the smoothed one's distance from the kink."""

import jax
import jax.numpy as jnp
import numpy as np

from sobolev.payoffs import BasketCall, SmoothedBasketCall

WEIGHTS = jnp.array([0.2, 0.3, 0.5])


def test_basket_call_pays_the_positive_part():
    call = BasketCall(WEIGHTS, 1.0)
    assert float(call(jnp.array([0.5, 0.5, 0.5]))) == 0.0
    np.testing.assert_allclose(call(jnp.array([2.0, 2.0, 1.0])), 0.5, rtol=1e-15)
    np.testing.assert_array_equal(jax.grad(call)(jnp.array([2.0, 2.0, 2.0])), WEIGHTS)
    np.testing.assert_array_equal(jax.grad(call)(jnp.array([0.1, 0.2, 0.1])), jnp.zeros(3))


def test_smoothed_call_approaches_the_call_and_has_a_second_derivative():
    call, smoothed = BasketCall(WEIGHTS, 1.0), SmoothedBasketCall(WEIGHTS, 1.0, 0.005)
    moneyness = jnp.linspace(-0.3, 0.3, 601)
    spots = 1.0 + moneyness[:, None] * jnp.ones(3)
    gap = jax.vmap(call)(spots) - jax.vmap(smoothed)(spots)
    # max(u, 0) - u sigmoid(u/w) = |u| sigmoid(-|u|/w) has its maximum 0.27846 w at |u| = 1.278 w.
    assert float(gap.min()) >= -1e-15
    assert 0.27 * 0.005 < float(gap.max()) < 0.2785 * 0.005
    curvature = jax.hessian(smoothed)(jnp.ones(3)).sum()
    np.testing.assert_allclose(curvature, 1.0 / (2.0 * 0.005), rtol=1e-12)
