"""Ranges, minima and roots: known ones are contained, and all of them, without tolerance."""

from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.stats import norm

import interval_jax as ij
from interval_jax.testing import assert_encloses
from interval_jax.verified import _search


def contains(boxes: ij.Interval, point: list[float]) -> np.ndarray:
    """Which boxes contain a point."""
    lo, hi = np.asarray(boxes.lo), np.asarray(boxes.hi)
    return ((lo <= point) & (point <= hi)).all(1)


def himmelblau(x: jax.Array) -> jax.Array:
    return (x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2


# --- ranges -------------------------------------------------------------------------------


def test_ranges_of_random_polynomials() -> None:
    rng = np.random.default_rng(0)

    def polynomial(p: dict[str, jax.Array]) -> jax.Array:
        x, y = p["x"], p["y"]
        powers = jnp.stack([jnp.ones_like(x), x, x * y, x**3, y**2, x**2 * y**2])
        return jnp.sum(p["c"] * powers)

    for _ in range(2):
        coefficients = rng.integers(-8, 9, 6).astype(float)
        box = {"x": ij.interval(-1.5, 1.0), "y": ij.interval(-0.5, 2.0), "c": coefficients}
        found = ij.bound_range(polynomial, box, 1e-4)
        assert found.converged
        c = [Fraction(v) for v in coefficients]
        values = []
        for x in np.linspace(-1.5, 1.0, 21):
            for y in np.linspace(-0.5, 2.0, 21):
                a, b = Fraction(x), Fraction(y)
                terms = (1, a, a * b, a**3, b**2, a**2 * b**2)
                values.append(sum(k * t for k, t in zip(c, terms, strict=True)))
        assert_encloses(found.outer, min(values), max(values))
        assert ij.subset(found.inner, found.outer)
        assert found.outer.hi - found.inner.hi <= 1e-4
        assert found.inner.lo - found.outer.lo <= 1e-4


def test_taylor_models_see_what_cancels(monkeypatch: pytest.MonkeyPatch) -> None:
    """The function is x - 2376, the difference of products that vary a thousand times as much."""
    monkeypatch.setattr(_search, "_PATIENCE", 0)
    found = ij.bound_range(
        lambda x: 8 * (x - 3) * (x + 99) - 8 * (x * x) - 767 * x,
        ij.interval(-1.0, 0.5),
        max_boxes=8,
    )
    assert found.converged
    assert_encloses(found.outer, -2377, -2375.5)


def test_jumps_are_not_missed() -> None:
    """Derivatives are 0 or positive at both sides of these jumps."""
    step = ij.bound_range(lambda x: jnp.where(x < 0.3, 0.0, 1.0), ij.interval(-1.0, 1.0), 0.5)
    assert float(step.outer.lo) <= 0
    assert float(step.outer.hi) >= 1
    sawtooth = ij.bound_range(lambda x: x - jnp.floor(x), ij.interval(0.5, 1.5), 1e-3)
    assert float(sawtooth.outer.lo) <= 0
    assert float(sawtooth.outer.hi) >= 0.999
    pole = ij.bound_range(jnp.tan, ij.interval(1.0, 2.0), max_boxes=100)
    assert not pole.converged
    assert np.isinf([pole.outer.lo, pole.outer.hi]).all()
    stopped = ij.bound_range(jax.lax.stop_gradient, ij.interval(1.0, 2.0), max_boxes=99)
    assert float(stopped.outer.lo) <= 1
    assert float(stopped.outer.hi) >= 2


def test_range_of_what_jumps_with_integers() -> None:
    """Integers that depend on the box have no slope, and the functions of them jump."""
    whole = ij.bound_range(lambda x: x.astype(int).astype(float), ij.interval(0.0, 3.0), 0.5)
    assert float(whole.outer.lo) <= 0
    assert float(whole.outer.hi) >= 3
    table = jnp.array([0.0, 5.0, -3.0, 7.0])
    found = ij.bound_range(
        lambda x: table[jnp.floor(x).astype(int)] - 0.01 * x, ij.interval(0.0, 3.5), 1e-2
    )
    assert float(found.outer.lo) <= -3.0299
    assert float(found.outer.hi) >= 6.97
    choice = ij.bound_range(
        lambda x: jax.lax.select_n(jnp.floor(x).astype(int), 0 * x, 3 + 0 * x, -1 + 0 * x),
        ij.interval(0.0, 2.5),
        0.5,
    )
    assert float(choice.outer.lo) <= -1
    assert float(choice.outer.hi) >= 3


def test_range_where_defined() -> None:
    part = ij.bound_range(jnp.sqrt, ij.interval(-1.0, 4.0), 1e-3)
    assert float(part.outer.lo) <= 0
    assert 2 <= float(part.outer.hi) <= 2.001
    nowhere = ij.bound_range(jnp.log, ij.interval(-2.0, -1.0))
    assert ij.is_empty(nowhere.outer)
    assert ij.is_empty(nowhere.inner)


def test_vega() -> None:
    """It is largest where the derivative by the volatility of d1^2 / 2 balances; at a corner."""

    def vega(x: tuple[jax.Array, ...]) -> jax.Array:
        spot, time, volatility = x
        width = volatility * jnp.sqrt(time)
        return spot * norm.pdf(jnp.log(spot / 100.0) / width + width / 2) * jnp.sqrt(time)

    box = ij.interval(80.0, 120.0), ij.interval(0.1, 2.0), ij.interval(0.1, 0.5)
    found = ij.bound_range(vega, box, 1e-4)
    assert found.converged
    rng = np.random.default_rng(1)
    points = [jnp.asarray(rng.uniform(x.lo, x.hi, 1000)) for x in box]
    values = ij.enclose(jax.vmap(lambda *x: vega(x)))(*map(ij.interval, points))
    assert bool(jnp.all(values.hi >= found.outer.lo) & jnp.all(values.lo <= found.outer.hi))


# --- minima -------------------------------------------------------------------------------


def test_minimize_encloses_all_minimisers() -> None:
    found = ij.minimize(himmelblau, ij.interval([-5.0, -5.0], [5.0, 5.0]))
    assert found.converged
    assert found.unique.all()
    assert len(found.unique) == 4
    assert_encloses(found.value, 0)
    assert contains(found.minimizers, [3.0, 2.0]).sum() == 1
    assert float(jnp.max(found.minimizers.hi - found.minimizers.lo)) < 1e-12


def test_minimize_many_dimensions() -> None:
    def rastrigin(x: jax.Array) -> jax.Array:
        return 10 * x.size + jnp.sum(x**2 - 10 * jnp.cos(2 * np.pi * x))

    found = ij.minimize(rastrigin, ij.interval(np.full(10, -5.12), np.full(10, 5.12)))
    assert found.converged
    assert found.unique.tolist() == [True]
    assert_encloses(found.value, 0)
    assert contains(found.minimizers, [0.0] * 10).all()


def test_minimize_at_kinks_and_borders() -> None:
    """At a kink that is the border of halves no derivative of either half has both signs."""
    kink = ij.minimize(lambda x: jnp.abs(x[0]) + (x[1] + 2) ** 2, ij.interval([-1.0, -1.0], [1, 1]))
    assert kink.converged
    assert_encloses(kink.value, 1)
    assert contains(kink.minimizers, [0.0, -1.0]).any()
    where = ij.minimize(
        lambda x: jnp.where(x < 0.25, 1 - 4 * x, x - 0.25), ij.interval(0.0, 1.0), 1e-3
    )
    assert_encloses(where.value, 0)
    boxes = where.minimizers
    assert bool(jnp.any((boxes.lo <= 0.25) & (boxes.hi >= 0.25)))


def test_minimize_at_a_kink_with_curvature() -> None:
    """On both sides the second derivative is 2, and the first, zero nowhere, jumps at 0."""
    found = ij.minimize(lambda x: jnp.abs(x) + x * x, ij.interval(-1.0, 2.0))
    assert found.converged
    assert_encloses(found.value, 0)
    assert not found.unique.any()
    assert bool(ij.is_member(0.0, found.minimizers).any())


def test_minimize_float32() -> None:
    box = ij.interval([-2.0, -2.0], [3.0, 3.0], dtype=jnp.float32)
    booth = lambda x: (x[0] + 2 * x[1] - 4) ** 2 + (2 * x[0] + x[1] - 5) ** 2  # noqa: E731
    found = ij.minimize(booth, box, 1e-4)
    assert found.value.dtype == np.float32
    assert found.converged
    assert_encloses(found.value, 0)
    assert contains(found.minimizers, [2.0, 1.0]).any()


def test_searches_can_be_stopped() -> None:
    rounds = []

    def stop(progress: ij.Progress) -> bool:
        rounds.append(progress)
        return len(rounds) == 2

    found = ij.bound_range(lambda x: jnp.sin(50 * x) * x, ij.interval(0.0, 9.0), 0.0, callback=stop)
    assert len(rounds) == 2
    assert not found.converged
    assert rounds[1].evaluated == found.evaluated
    assert rounds[1].gap <= rounds[0].gap
    assert float(found.inner.lo) >= float(found.outer.lo)


# --- roots --------------------------------------------------------------------------------


def test_roots_on_the_border() -> None:
    """Four roots at the corners of the box."""
    found = ij.find_roots(lambda x: x**2 - 1, ij.interval([-1.0, -1.0], [1.0, 1.0]))
    assert found.converged
    assert found.unique.all()
    assert len(found.unique) == 4
    for corner in ([-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]):
        assert contains(found.boxes, corner).sum() == 1


def test_roots_of_a_gradient() -> None:
    """Himmelblau's function has nine stationary points; one of them is (3, 2)."""
    found = ij.find_roots(jax.grad(himmelblau), ij.interval([-5.0, -5.0], [5.0, 5.0]))
    assert found.converged
    assert found.unique.all()
    assert len(found.unique) == 9
    assert contains(found.boxes, [3.0, 2.0]).sum() == 1


def test_double_root_is_not_proven() -> None:
    found = ij.find_roots(lambda x: (x - 0.25) ** 2, ij.interval([0.0], [1.0]))
    assert found.converged
    assert not found.unique.any()
    assert contains(found.boxes, [0.25]).any()


def test_no_roots() -> None:
    found = ij.find_roots(lambda x: x**2 + 1, ij.interval([-9.0], [9.0]))
    assert found.converged
    assert len(found.unique) == 0


def test_a_jump_over_zero_is_no_root() -> None:
    found = ij.find_roots(lambda x: jnp.where(x < 0.3, -1.0, 1.0) + 0 * x, ij.interval([0.0], [1]))
    assert not found.unique.any()


# --- errors -------------------------------------------------------------------------------


def test_errors() -> None:
    def square(x: jax.Array) -> jax.Array:
        return x * x

    with pytest.raises(ValueError, match="bounded"):
        ij.bound_range(square, ij.entire(()))
    with pytest.raises(ValueError, match="empty"):
        ij.minimize(square, ij.empty(()))
    with pytest.raises(TypeError, match="scalar"):
        ij.minimize(square, ij.interval([0.0], [1.0]))
    with pytest.raises(TypeError, match="as many equations"):
        ij.find_roots(lambda x: x[0], ij.interval([0.0, 0.0], [1.0, 1.0]))
    with pytest.raises(ValueError, match="point"):
        ij.find_roots(square, ij.interval([1.0], [1.0]))
    with pytest.raises(TypeError, match="one type"):
        ij.bound_range(lambda x: x[0], (ij.interval(0.0, 1.0), jnp.float32(1)))
    with pytest.raises(TypeError, match="traced"):
        jax.jit(lambda lo: ij.minimize(square, ij.Interval(lo, lo + 1)).value)(1.0)
