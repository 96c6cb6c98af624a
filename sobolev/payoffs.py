"""Payoffs: pytrees that map the spot prices at maturity to a cash flow.

Labels are simulated for any callable from shape (n_assets,) to a scalar that JAX can
differentiate; the classes here are the two that the paper's problem needs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp

Payoff = Callable[[jax.Array], jax.Array]


@partial(jax.tree_util.register_dataclass, data_fields=["weights", "strike"], meta_fields=[])
@dataclass(frozen=True, eq=False)
class BasketCall:
    """Pays max(weights . spots - strike, 0).

    Attributes:
        weights: Shape (n_assets,).
        strike: Scalar, in price units.

    >>> call = BasketCall(jnp.array([0.5, 0.5]), 1.0)
    >>> float(call(jnp.array([1.5, 1.0])))
    0.25
    """

    weights: jax.Array
    strike: float

    def __call__(self, spots: jax.Array) -> jax.Array:
        """Returns the cash flow, shape (), for spot prices at maturity, shape (n_assets,)."""
        return jnp.maximum(self.weights @ spots - self.strike, 0.0)


@partial(
    jax.tree_util.register_dataclass, data_fields=["weights", "strike", "width"], meta_fields=[]
)
@dataclass(frozen=True, eq=False)
class SmoothedBasketCall:
    r"""Pays u sigmoid(u / width) for u = weights . spots - strike: a basket call with a derivative.

    Every pathwise second derivative exists, at the price of a bias of about
    :math:`-(\pi^2/6)\,\mathrm{width}^2` times the density of the basket at the strike, and of
    second derivatives as large as 1 / (2 width).

    Attributes:
        weights: Shape (n_assets,).
        strike: Scalar, in price units.
        width: Scalar, positive, in price units.
    """

    weights: jax.Array
    strike: float
    width: float = 0.005

    def __call__(self, spots: jax.Array) -> jax.Array:
        """Returns the cash flow, shape (), for spot prices at maturity, shape (n_assets,)."""
        moneyness = self.weights @ spots - self.strike
        return moneyness * jax.nn.sigmoid(moneyness / self.width)
