"""Mean-value and slope forms contain exact values, and are narrow on small boxes."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import flint
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import arb
from jax import lax
from jax.ad_checkpoint import checkpoint_name

import interval_jax as ij
from tests.interval.test_forms import RATIONAL, boxes

CASES = {"mean_value": np.float32, "slope": np.float64}
"""Each method in one format, and not all programs by both: each is compiled for a while."""

PROGRAMS = {"mean_value": ("kinks",), "slope": ("cubic", "choice")}


@pytest.mark.parametrize("method", CASES)
def test_rational_programs(method: str) -> None:
    dtype = CASES[method]
    X, member = boxes(dtype, 300, 4, 5)

    programs = {n: RATIONAL[n] for n in PROGRAMS[method]}

    def all_programs(x: jax.Array) -> list[jax.Array]:
        return [jnp.ravel(f(x)) for f, _ in programs.values()]

    found = jax.jit(jax.vmap(ij.enclose(all_programs, method=method)))(X)
    points = [[Fraction(v) for v in p] for p in member.tolist()]
    for (name, (_, exact)), result in zip(programs.items(), found, strict=True):
        for low, high, point in zip(result.lo.tolist(), result.hi.tolist(), points, strict=True):
            for a, value, b in zip(low, exact(point), high, strict=True):
                assert Fraction(a) <= value <= Fraction(b), name


# --- functions of one variable, by Arb: each minus its tangent, so that slopes decide ------

_ONE: dict[str, tuple[Callable, Callable]] = {
    "silu": (jax.nn.silu, lambda x: x / (1 + (-x).exp())),
    "sqrt": (jnp.sqrt, lambda x: x.sqrt()),
    "inverse square": (lambda x: x**-2, lambda x: 1 / x**2),
    "power": (lambda x: x**1.5, lambda x: x * x.sqrt()),
    "abs": (jnp.abs, lambda x: abs(x)),
    "floor": (jnp.floor, lambda x: arb(float(x.floor().mid()))),
}


@pytest.mark.parametrize(
    ("method", "names"),
    [("mean_value", ("inverse square", "floor")), ("slope", tuple(_ONE))],
)
def test_functions_of_one_variable(method: str, names: tuple[str, ...]) -> None:
    X, member = boxes(CASES[method], 1000, 1, 11)

    def all_functions(x: jax.Array) -> list[jax.Array]:
        return [_ONE[name][0](x) - 0.75 * x for name in names]

    found = jax.jit(jax.vmap(ij.enclose(all_functions, method=method)))(X[:, 0])
    with flint.ctx.workprec(200):
        for name, result in zip(names, found, strict=True):
            ends = zip(member[:, 0].tolist(), result.lo.tolist(), result.hi.tolist(), strict=True)
            for x, low, high in ends:
                if x <= 0 and name in {"sqrt", "power"}:
                    continue
                value = _ONE[name][1](arb(x)) - arb(0.75) * arb(x)
                # Where Arb itself knows no more than a pole there is nothing to compare.
                if value.is_finite():
                    assert arb(low) <= value <= arb(high), (name, x)


def test_slopes_are_narrower_than_derivatives() -> None:
    """On boxes of some width secants of curved functions have half the width of derivatives."""
    X = ij.interval(np.array([0.5, 0.75]), np.array([1.0, 1.25]))

    def function(x: jax.Array) -> list[jax.Array]:
        u, v = x
        return [jnp.exp(u) - v * u, jnp.abs(u - v) + u, jnp.sqrt(u * v) - u]

    mean = jax.jit(ij.enclose(function, method="mean_value"))(X)
    slope = jax.jit(ij.enclose(function, method="slope"))(X)
    for m, s in zip(mean, slope, strict=True):
        assert float(ij.wid(s)) <= 0.97 * float(ij.wid(m))


def test_excess_is_quadratic() -> None:
    """Half the box, a quarter of the excess over the range; natural: half of it."""

    def function(x: jax.Array) -> jax.Array:
        return jnp.sin(x[0] * x[1]) - x[0] / (1 + x[1] ** 2)

    enclosed = jax.jit(jax.vmap(ij.enclose(function, method="mean_value")))
    radius = 2.0 ** -np.arange(3, 9)[:, None]
    centre = np.array([0.7, 1.1])
    X = ij.interval(centre - radius, centre + radius)
    found = np.asarray(ij.wid(enclosed(X)))
    grid = np.stack(np.meshgrid([-1, 0, 1], [-1, 0, 1]), -1).reshape(-1, 2)
    values = jax.vmap(jax.vmap(function))(centre + radius[:, None] * grid)
    excess = found - np.ptp(np.asarray(values), axis=1)
    assert (excess > 0).all()
    np.testing.assert_allclose(excess[:-1] / excess[1:], 4, rtol=0.2)


# --- derivatives ----------------------------------------------------------------------------


def test_gradients_and_adjoints() -> None:
    def function(x: jax.Array) -> jax.Array:
        return checkpoint_name(x[0] * x[1], "u") ** 2 * x[0]

    def exact(x: list[Fraction]) -> list[Fraction]:
        u, v = x
        return [3 * (u * v) ** 2, 2 * u**3 * v, 2 * u * v * u]

    X, member = boxes(np.float32, 100, 2, 4)

    def derivatives(x: Any) -> jax.Array:
        found = ij.adjoints(function, method="mean_value")(x)
        gradient = ij.enclose(ij.grad(function), method="mean_value")(x)
        return [gradient[0], gradient[1], found.adjoints["u"]]

    found = jax.jit(jax.vmap(derivatives))(X)
    points = [[Fraction(v) for v in p] for p in member.tolist()]
    for i, result in enumerate(found):
        for low, high, point in zip(result.lo.tolist(), result.hi.tolist(), points, strict=True):
            assert Fraction(low) <= exact(point)[i] <= Fraction(high)


# --- edges ----------------------------------------------------------------------------------


def test_jumps_poles_and_unusual_boxes() -> None:
    dtype, method = np.float64, "slope"
    largest, tiny = float(np.finfo(dtype).max), float(np.finfo(dtype).tiny)
    lo = np.array([-np.inf, 1.0, -largest, np.inf, 0.0, -tiny, largest, -1.0, -1.0, 0.0], dtype)
    hi = np.array([np.inf, np.inf, largest, -np.inf, 0.0, tiny, largest, 1.5, 0.0, 4.0], dtype)
    X = ij.Interval(jnp.asarray(lo), jnp.asarray(hi))

    def all_functions(x: jax.Array) -> list[jax.Array]:
        return [
            jnp.sqrt(x) - 1 / x,
            jnp.where(x < 0, 3.0, x),
            jnp.sign(x) - x,
            jnp.arctan2(x, -1.0),
            x**-2 - x,
            lax.sort(jnp.stack([x, 1 - x]))[0],
        ]

    natural = jax.jit(jax.vmap(ij.enclose(all_functions)))(X)
    found = jax.jit(jax.vmap(ij.enclose(all_functions, method=method)))(X)
    for n, f in zip(natural, found, strict=True):
        assert not np.isnan(f.lo).any()
        assert not np.isnan(f.hi).any()
        assert bool(jnp.all(ij.subset(f, n)))
        np.testing.assert_array_equal(ij.is_empty(f), ij.is_empty(n))
    # From -1 to 1.5: both sides of the jump, of the cut and of the pole.
    jump, sign, cut, pole = found[1:5]
    assert (float(jump.lo[7]), float(jump.hi[7])) == (-1.0, 3.0)
    assert float(sign.lo[7]) <= -0.5
    assert float(sign.hi[7]) >= 1.0
    assert float(cut.lo[7]) < -3.14
    assert float(cut.hi[7]) > 3.14
    assert float(pole.hi[7]) == np.inf
