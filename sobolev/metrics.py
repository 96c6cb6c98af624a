"""Errors of a surrogate in price, delta and gamma, with every shape checked.

A prediction of shape (n, 1) against a reference of shape (n,) broadcasts to (n, n) without a
word and turns a perfect model into a bad one, or the reverse; here it raises.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import jax
import jax.numpy as jnp

from sobolev import network
from sobolev.market import ClosedForm


@dataclass(frozen=True)
class Metrics:
    """Root mean square and maximum errors, in the units of the quantity.

    `delta` is over all points and all components; `gamma` is the second derivative along the
    vector of ones, 1'H1.
    """

    price_rmse: float
    price_max: float
    delta_rmse: float
    delta_max: float
    gamma_rmse: float
    gamma_max: float

    def as_dict(self) -> dict[str, float]:
        """Returns the metrics by name, ready for JSON."""
        return asdict(self)


def rmse(predicted: jax.Array, reference: jax.Array) -> float:
    """Returns the root mean square error over all entries.

    Args:
        predicted: Any shape.
        reference: The same shape.

    Returns:
        The error, a Python float.

    Raises:
        ValueError: If the shapes differ or there are no entries.

    >>> round(rmse(jnp.array([1.0, 2.0]), jnp.array([1.0, 4.0])), 4)
    1.4142
    """
    return float(jnp.sqrt(jnp.mean(_difference(predicted, reference) ** 2)))


def max_error(predicted: jax.Array, reference: jax.Array) -> float:
    """Returns the greatest absolute error over all entries; NaN if an entry is NaN.

    Args:
        predicted: Any shape.
        reference: The same shape.

    Returns:
        The error, a Python float.

    Raises:
        ValueError: If the shapes differ or there are no entries.
    """
    return float(jnp.max(jnp.abs(_difference(predicted, reference))))


@jax.jit
def greeks(net: network.MLP, x: jax.Array) -> ClosedForm:
    """Evaluates price, delta and gamma = 1'H1 of a network.

    Gamma is the second derivative along the vector of ones, by two forward passes, so its cost
    does not grow with the number of assets.

    Args:
        net: The network.
        x: Spot prices, shape (n, n_assets).

    Returns:
        `price` (n,), `delta` (n, n_assets), `gamma` (n,).
    """
    ones = jnp.ones_like(x)

    def slope(points: jax.Array) -> jax.Array:
        return jax.jvp(lambda inputs: network.apply(net, inputs), (points,), (ones,))[1]

    price, delta = network.value_and_gradient(net, x)
    return ClosedForm(price, delta, jax.jvp(slope, (x,), (ones,))[1])


def evaluate(net: network.MLP, x: jax.Array, exact: ClosedForm) -> Metrics:
    """Measures a network against exact prices, deltas and gammas.

    Args:
        net: The network.
        x: Spot prices, shape (n, n_assets).
        exact: The exact values at `x`, see `sobolev.market.closed_form`.

    Returns:
        The errors.

    Raises:
        ValueError: If any shape differs from that of the network's own output.
    """
    predicted = greeks(net, x)
    return Metrics(
        **{
            f"{name}_{kind}": error(getattr(predicted, name), getattr(exact, name))
            for name in ClosedForm._fields
            for kind, error in (("rmse", rmse), ("max", max_error))
        }
    )


def _difference(predicted: jax.Array, reference: jax.Array) -> jax.Array:
    predicted, reference = jnp.asarray(predicted), jnp.asarray(reference)
    if predicted.shape != reference.shape or predicted.size == 0:
        raise ValueError(
            f"an error needs two arrays of one shape, not empty; got predicted "
            f"{predicted.shape} and reference {reference.shape}"
        )
    return predicted - reference
