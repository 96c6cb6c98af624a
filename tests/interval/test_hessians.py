"""Second derivatives of a price and of a network contain the exact ones at ten thousand points."""

from math import inf

import jax
import jax.numpy as jnp
import numpy as np
from flint import arb, ctx
from jax.scipy.stats import norm

import interval_jax as ij

BOXES, MEMBERS = 100, 100
STRIKE, TIME = 1.25, 0.5  # undiscounted: exp(-r t) would be a rounded constant


def members(rng: np.random.Generator, lo: np.ndarray, hi: np.ndarray) -> np.ndarray:
    """Points of each box, its corners among them: shape (boxes, members, arguments)."""
    share = rng.random((BOXES, MEMBERS, lo.shape[-1]))
    share[:, :8] = share[:, :8] > 0.5
    inner = lo[:, None] * (1 - share) + hi[:, None] * share
    return np.clip(inner, lo[:, None], hi[:, None])


def assert_contains(found: ij.Interval, box: int, exact: list[list[arb]]) -> None:
    for i, row in enumerate(exact):
        for j, value in enumerate(row):
            lo, hi = float(found.lo[box, i, j]), float(found.hi[box, i, j])
            assert lo == -inf or arb(lo) <= value
            assert hi == inf or value <= arb(hi)


def price(x: jax.Array) -> jax.Array:
    spot, volatility = x
    width = volatility * jnp.sqrt(TIME)
    d1 = jnp.log(spot / STRIKE) / width + width / 2
    return spot * norm.cdf(d1) - STRIKE * norm.cdf(d1 - width)


def greeks(spot: float, volatility: float) -> list[list[arb]]:
    """Gamma, vanna and volga of the price, whose square root of time is a float in the program."""
    s, v, root = arb(spot), arb(volatility), arb(float(np.sqrt(TIME)))
    width = v * root
    d1 = (s / STRIKE).log() / width + width / 2
    d2 = d1 - width
    # s phi(d1) = K phi(d2) whatever the root is.
    density = (-d1 * d1 / 2).exp() / (2 * arb.pi()).sqrt()
    gamma, vanna = density / (s * width), -density * d2 / v
    return [[gamma, vanna], [vanna, s * density * root * d1 * d2 / v]]


def test_price() -> None:
    rng = np.random.default_rng(0)
    lo = np.stack([rng.uniform(0.6, 1.5, BOXES), rng.uniform(0.1, 0.5, BOXES)], -1)
    hi = lo + np.exp2(rng.uniform(-20, -4, (BOXES, 2)))
    H = jax.jit(jax.vmap(ij.hessian(price)))(ij.interval(lo, hi))
    assert np.isfinite(H.lo).all()
    H = jax.tree.map(np.asarray, H)
    ctx.prec = 150
    for box, points in enumerate(members(rng, lo, hi)):
        for spot, volatility in points:
            assert_contains(H, box, greeks(spot, volatility))


def test_network() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=(2, 4)), rng.normal(size=4)

    def network(x: jax.Array) -> jax.Array:
        return jax.nn.silu(x @ first) @ second

    def exact(x: np.ndarray) -> list[list[arb]]:
        rows = [[arb(float(v)) for v in row] for row in first]
        curvature = []
        for k, w in enumerate(second):
            z = rows[0][k] * float(x[0]) + rows[1][k] * float(x[1])
            s = 1 / (1 + (-z).exp())
            curvature.append(arb(float(w)) * s * (1 - s) * (2 + z * (1 - 2 * s)))
        return [[sum(c * a[k] * b[k] for k, c in enumerate(curvature)) for b in rows] for a in rows]

    lo = rng.normal(size=(BOXES, 2))
    hi = lo + np.exp2(rng.uniform(-20, -2, (BOXES, 2)))
    H = jax.tree.map(np.asarray, jax.jit(jax.vmap(ij.hessian(network)))(ij.interval(lo, hi)))
    ctx.prec = 150
    for box, points in enumerate(members(rng, lo, hi)):
        for x in points:
            assert_contains(H, box, exact(x))
