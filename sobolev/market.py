r"""The correlated Bachelier market of the paper's basket option, and its closed form.

Spot prices follow :math:`dS = \mathrm{diag}(\sigma)\, dW` with correlated Brownian motions and
zero rates. The surrogate prices the option as seen from the exposure date :math:`T_1`, so its
input is :math:`x = S(T_1)` and the option has :math:`T = T_2 - T_1` years to live.

The market is that of Huge and Savine, "Differential Machine Learning" (2020), as used by
Kichler, Afghan and Naumann, "Towards Sobolev Pruning" (PASC 2024).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.stats import norm


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["spot", "weights", "volatilities", "correlation"],
    meta_fields=["exposure_date", "maturity", "strike"],
)
@dataclass(frozen=True, eq=False)
class BachelierMarket:
    """Assets with normal increments and an option on their weighted basket.

    Attributes:
        spot: Shape (n,): prices today.
        weights: Shape (n,): basket weights, positive, with sum 1.
        volatilities: Shape (n,): price units per square root of a year.
        correlation: Shape (n, n): correlation of the increments.
        exposure_date: T1 in years: the surrogate prices the option as seen from here.
        maturity: T2 in years: the option pays here.
        strike: Strike of the basket option, in price units.
    """

    spot: jax.Array
    weights: jax.Array
    volatilities: jax.Array
    correlation: jax.Array
    exposure_date: float = 1.0
    maturity: float = 2.0
    strike: float = 1.10

    @property
    def n_assets(self) -> int:
        """Number of assets."""
        return self.spot.shape[0]

    @property
    def time_to_maturity(self) -> float:
        """Years from the exposure date to maturity."""
        return self.maturity - self.exposure_date

    @property
    def diffusion(self) -> jax.Array:
        """Shape (n, n): maps independent unit normals to price increments over one year."""
        return self.volatilities[:, None] * jnp.linalg.cholesky(self.correlation)

    @property
    def basket_volatility(self) -> jax.Array:
        """Shape (): volatility of the basket, price units per square root of a year."""
        return jnp.linalg.norm(self.weights @ self.diffusion)


class ClosedForm(NamedTuple):
    """Exact basket call: `price` (n,), `delta` (n, n_assets), `gamma` = 1'H1 (n,)."""

    price: jax.Array
    delta: jax.Array
    gamma: jax.Array


def bachelier_market(
    n_assets: int = 7, seed: int = 0, basket_volatility: float = 0.2, strike: float = 1.10
) -> BachelierMarket:
    """Draws a market by the recipe of the paper.

    The correlation is that of a uniform random factor matrix with twice as many factors as
    assets, the weights are uniform on (1, 10) and scaled to sum 1, the volatilities are uniform
    on (5, 50) and scaled so that the basket has the volatility asked for.

    Args:
        n_assets: Number of assets, at least 1.
        seed: Seed of the draw; the same seed gives the same market on every machine.
        basket_volatility: Volatility of the basket, price units per square root of a year.
        strike: Strike of the option, in price units.

    Returns:
        The market, in JAX's default float.

    Raises:
        ValueError: If `n_assets` or `basket_volatility` is not positive.

    >>> market = bachelier_market(7, seed=3)
    >>> round(float(market.basket_volatility), 6)
    0.2
    """
    if n_assets < 1:
        raise ValueError(f"n_assets must be at least 1; got {n_assets}")
    if not basket_volatility > 0:
        raise ValueError(f"basket_volatility must be positive; got {basket_volatility}")
    rng = np.random.default_rng(seed)
    factors = rng.uniform(-1.0, 1.0, (2 * n_assets, n_assets))
    covariance = factors.T @ factors
    deviation = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(deviation, deviation)
    np.fill_diagonal(correlation, 1.0)
    weights = rng.uniform(1.0, 10.0, n_assets)
    weights /= weights.sum()
    volatilities = rng.uniform(5.0, 50.0, n_assets)
    exposure = weights * volatilities
    volatilities *= basket_volatility / math.sqrt(exposure @ correlation @ exposure)
    return BachelierMarket(
        spot=jnp.ones(n_assets),
        weights=jnp.asarray(weights),
        volatilities=jnp.asarray(volatilities),
        correlation=jnp.asarray(correlation),
        strike=float(strike),
    )


def closed_form(market: BachelierMarket, x: jax.Array) -> ClosedForm:
    r"""Prices the basket call exactly; for evaluation only, never a training label.

    With the basket :math:`B = w \cdot x`, :math:`s = \sigma_B \sqrt T` and
    :math:`d = (B - K)/s`: price :math:`s\,(d\,\Phi(d) + \varphi(d))`, delta
    :math:`w\,\Phi(d)`, Hessian :math:`w w' \varphi(d)/s`. The weights sum to 1, so
    :math:`\gamma = 1'H1 = \varphi(d)/s`.

    Args:
        market: The market.
        x: Spot prices at the exposure date, shape (n, n_assets).

    Returns:
        Prices, deltas and gammas.

    Raises:
        ValueError: If `x` has another shape.
    """
    if x.ndim != 2 or x.shape[1] != market.n_assets:
        raise ValueError(f"expected x of shape (n, {market.n_assets}); got {x.shape}")
    deviation = market.basket_volatility * math.sqrt(market.time_to_maturity)
    d = (x @ market.weights - market.strike) / deviation
    return ClosedForm(
        price=deviation * (d * norm.cdf(d) + norm.pdf(d)),
        delta=norm.cdf(d)[:, None] * market.weights,
        gamma=norm.pdf(d) / deviation * jnp.sum(market.weights) ** 2,
    )


def evaluation_box(n_assets: int = 7) -> tuple[float, float]:
    """Returns the range of every spot price on which surrogates are tested and analysed.

    It is 0.5 to 1.5, widened by the factor 1 + sqrt((n - 1)/12)/2 about its centre, so that the
    basket still moves over a comparable range when many assets average out.

    >>> lower, upper = evaluation_box(7)
    >>> round(lower, 7), round(upper, 7)
    (0.3232233, 1.6767767)
    """
    half_width = 0.5 * (1.0 + 0.5 * math.sqrt((n_assets - 1) / 12.0))
    return 1.0 - half_width, 1.0 + half_width


def evaluation_points(key: jax.Array, n_points: int, n_assets: int = 7) -> jax.Array:
    """Draws spot prices uniform on the evaluation box, shape (n_points, n_assets)."""
    lower, upper = evaluation_box(n_assets)
    return jax.random.uniform(key, (n_points, n_assets), minval=lower, maxval=upper)
