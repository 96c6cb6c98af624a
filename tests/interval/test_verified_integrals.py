"""Integrals and Lipschitz constants: exact ones are contained, without tolerance."""

import math

import flint
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import arb

import interval_jax as ij
from interval_jax.testing import assert_encloses


def contains_arb(x: ij.Interval, exact: arb) -> bool:
    """Whether an interval contains the number in a ball."""
    return bool(arb(float(x.lo)) <= exact) and bool(exact <= arb(float(x.hi)))


# --- integrals ----------------------------------------------------------------------------

_WHERE = 0.3
"""The number that is 0.3 in binary."""


def test_integral_that_oscillates() -> None:
    found = ij.integrate(
        lambda x: jnp.exp(-x) * jnp.sin(20 * x), ij.interval(0.0, 2.0), 1e-8, order=2
    )
    assert found.converged
    assert float(found.value.hi) - float(found.value.lo) <= 1e-8
    assert contains_arb(
        found.value, (20 - (-arb(2)).exp() * (20 * arb(40).cos() + arb(40).sin())) / 401
    )


def test_integrals_with_kinks_and_jumps() -> None:
    share, box = arb(_WHERE), ij.interval(0.0, 1.0)
    found = ij.integrate(lambda x: jnp.abs(x - _WHERE), box, 1e-6, order=1)
    assert found.converged
    assert contains_arb(found.value, ((1 - share) ** 2 + share**2) / 2)
    steps = ij.integrate(lambda x: jnp.where(x < _WHERE, 1.0, 2.0) + jnp.floor(4 * x), box, order=1)
    assert steps.converged
    assert contains_arb(steps.value, 3.5 - share)


def test_integrals_over_boxes_and_of_vectors() -> None:
    """Over [-1, 2] x [0, 1]; c is constant, x and y are not."""

    def powers(p: dict[str, jax.Array]) -> jax.Array:
        x, y = p["x"]
        return p["c"] * jnp.stack([jnp.ones_like(x), x * y, x * y * (x * y), (x + y) * (x + y)])

    box = {"x": ij.interval([-1.0, 0.0], [2.0, 1.0]), "c": 3.0}
    found = ij.integrate(powers, box, 1e-2, order=2)
    assert found.converged
    assert found.value.shape == (4,)
    for i, exact in enumerate([9.0, 2.25, 3.0, 16.5]):
        assert_encloses(found.value[i], exact)


def test_integral_of_a_disc() -> None:
    found = ij.integrate(
        lambda x: jnp.where(jnp.sum(x * x) < 1, 1.0, 0.0),
        ij.interval([-1.0, -1.0], [1.0, 1.0]),
        0.2,
    )
    assert found.converged
    assert contains_arb(found.value, arb.pi())


def test_integral_float32() -> None:
    found = ij.integrate(jnp.exp, ij.interval(0.0, 1.0, dtype=jnp.float32), 1e-3, order=1)
    assert found.value.dtype == np.float32
    assert found.converged
    assert contains_arb(found.value, arb(1).exp() - 1)


def test_integrals_without_bounds() -> None:
    """The improper integral is 2; only a lower bound can be proven of what is not bounded."""
    root = ij.integrate(
        lambda x: 1 / jnp.sqrt(x), ij.interval(0.0, 1.0), 1e-3, max_boxes=700, order=1
    )
    assert not root.converged
    assert 1.9 < float(root.value.lo) <= 2
    assert float(root.value.hi) == np.inf


def test_integral_where_defined() -> None:
    part = ij.integrate(jnp.sqrt, ij.interval(-1.0, 1.0), 1e-3, order=1)
    assert part.converged
    assert contains_arb(part.value, arb(2) / 3)


def test_integral_over_a_point() -> None:
    point = ij.integrate(lambda x: x, ij.interval(1.0, 1.0))
    assert point.converged
    assert_encloses(point.value, 0)


def test_integration_can_be_stopped() -> None:
    rounds = []

    def stop(progress: ij.Progress) -> bool:
        rounds.append(progress)
        return len(rounds) == 3

    cube = ij.integrate(lambda x: x**3, ij.interval(-1.0, 2.0), 0.0, order=1, callback=stop)
    assert len(rounds) == 3
    assert rounds[2].gap < rounds[1].gap
    assert not cube.converged
    assert_encloses(cube.value, 3.75)


def test_integral_errors() -> None:
    with pytest.raises(ValueError, match="substitute"):
        ij.integrate(jnp.exp, ij.interval(-np.inf, 0.0))
    with pytest.raises(ValueError, match="no coordinate"):
        ij.integrate(jnp.exp, 1.0)
    with pytest.raises(TypeError, match="one array"):
        ij.integrate(lambda x: (x, x), ij.interval(0.0, 1.0))


# --- Lipschitz constants ------------------------------------------------------------------


@pytest.mark.parametrize("p", [1, 2, math.inf])
def test_lipschitz_constants_of_matrices(p: float) -> None:
    """A linear map has the norm of its matrix."""
    A = np.array([[3.0, -1.0], [0.5, 2.0], [1.0, 1.0]])
    box = {"x": ij.interval([-1.0, -1.0], [1.0, 1.0])}
    found = ij.lipschitz(lambda v: jnp.asarray(A) @ v["x"], box, p, 1e-9)
    assert found.converged
    gram = flint.arb_mat((A.T @ A).tolist())
    trace, det = gram[0, 0] + gram[1, 1], gram.det()
    exact = {
        1: arb(4.5),
        math.inf: arb(4),
        2: ((trace + (trace**2 - 4 * det).sqrt()) / 2).sqrt(),
    }[p]
    assert contains_arb(found.value, exact)


def test_lipschitz_constant_of_a_curve() -> None:
    """|(sin x, x**2)'| is largest at 2, not at the largest of either part."""
    found = ij.lipschitz(
        lambda x: jnp.stack([jnp.sin(3 * x), x**2]), ij.interval(-1.0, 2.0), 2, 1e-3
    )
    assert found.converged
    exact = ((3 * arb(6).cos()) ** 2 + 16).sqrt()
    assert contains_arb(found.value, exact)


def test_lipschitz_kinks_and_jumps() -> None:
    network = lambda x: jax.nn.relu(3 * x[0] - x[1]) - 2 * jnp.abs(x[1])  # noqa: E731
    found = ij.lipschitz(network, ij.interval([-1.0, -1.0], [1.0, 1.0]), math.inf)
    assert found.converged
    assert_encloses(found.value, 6)
    # At ties JAX's own derivatives of these differ, though the function is 0.
    zero = ij.lipschitz(
        lambda x: jax.nn.relu(x) - jnp.maximum(x, 0), ij.interval(-1.0, 1.0), max_boxes=300
    )
    assert_encloses(zero.value, 0)
    step = ij.lipschitz(lambda x: jnp.floor(x), ij.interval(-1.5, 1.5), max_boxes=300)
    assert not step.converged
    assert float(step.value.hi) == np.inf
    root = ij.lipschitz(jnp.sqrt, ij.interval(0.0, 1.0), max_boxes=300)
    assert float(root.value.hi) == np.inf


def test_lipschitz_of_constants_and_errors() -> None:
    fixed = ij.lipschitz(jnp.exp, ij.interval(3.0, 3.0))
    assert fixed.converged
    assert_encloses(fixed.value, 0)
    with pytest.raises(ValueError, match="p must be"):
        ij.lipschitz(jnp.exp, ij.interval(0.0, 1.0), 3)
