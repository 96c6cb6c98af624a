"""Unions over parts of a box contain every value, whenever the subdivision stops."""

from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import interval_jax as ij


def function(p: dict[str, jax.Array]) -> dict[str, jax.Array]:
    x, y = p["x"], p["y"]
    return {"a": x[0] * x[1] - x[0] ** 2, "b": x * y - jnp.flip(x)}


def exact(x: list[Fraction], y: Fraction) -> list[Fraction]:
    return [x[0] * x[1] - x[0] ** 2, x[0] * y - x[1], x[1] * y - x[0]]


BOX = {"x": ij.interval(np.array([0.5, -1.0]), np.array([1.5, 0.25])), "y": ij.interval(1.0, 2.0)}


@pytest.mark.parametrize(
    "directions", [None, 1, np.array([[1.0, 1.0, 0.0]])], ids=["axes", "found", "given"]
)
def test_contains_exact_values(directions: object) -> None:
    found = ij.subdivide(function, BOX, 0.02, directions=directions, max_boxes=80, batch=16)
    rng = np.random.default_rng(0)
    shares = rng.choice([0.0, 1.0, 0.3, 0.7], (300, 3))
    lo, hi = np.array([0.5, -1.0, 1.0]), np.array([1.5, 0.25, 2.0])
    value = [found.value["a"], *found.value["b"]]
    for point in (lo + (hi - lo) * shares).tolist():
        x0, x1, y = map(Fraction, point)
        for v, e in zip(exact([x0, x1], y), value, strict=True):
            assert Fraction(float(e.lo)) <= v <= Fraction(float(e.hi))
    assert found.evaluated <= 81
    assert found.boxes.shape[0] == found.values["a"].shape[0]
    # The union is that of the parts.
    np.testing.assert_array_equal(found.value["b"].hi, np.max(found.values["b"].hi, axis=0))


def test_parts_cover_the_box() -> None:
    found = ij.subdivide(function, BOX, 0.0, max_boxes=60, batch=16)
    lo, hi = np.asarray(found.boxes.lo), np.asarray(found.boxes.hi)
    volume = np.prod(hi - lo, axis=1).sum()
    np.testing.assert_allclose(volume, 1.25, rtol=1e-12)
    points = np.random.default_rng(1).uniform([0.5, -1, 1], [1.5, 0.25, 2], (500, 3))
    inside = ((lo <= points[:, None]) & (points[:, None] <= hi)).all(2)
    assert inside.any(1).all()


def test_answers_improve_and_stop_when_told() -> None:
    seen: list[ij.Progress] = []

    def watch(state: ij.Progress) -> bool:
        seen.append(state)
        return state.evaluated > 40

    found = ij.subdivide(function, BOX, 0.0, batch=16, callback=watch)
    gaps = [state.gap for state in seen]
    assert gaps == sorted(gaps, reverse=True)
    assert found.evaluated == seen[-1].evaluated
    assert 40 < found.evaluated < 80
    assert not found.converged
    assert ij.subdivide(function, BOX, 10.0, batch=16).evaluated == 1


def test_ridge_functions_need_one_direction() -> None:
    """Of a function of one direction the parts across it suffice."""
    direction = np.array([1.0, -2.0, 3.0])

    def ridge(x: jax.Array) -> jax.Array:
        t = x @ jnp.asarray(direction)
        return jnp.sin(t) + jnp.cos(2 * t) * t

    box = ij.interval(np.full(3, -0.5), np.full(3, 0.5))
    found = ij.subdivide(ridge, box, 0.02, method="slope", directions=1, batch=16)
    assert found.converged
    assert found.evaluated > 16
    across, along = np.asarray(found.boxes.lo[:, 1:]), np.asarray(found.boxes.lo[:, 0])
    np.testing.assert_array_equal(across, np.broadcast_to(across[:1], across.shape))
    assert len(np.unique(along)) == len(along)


def test_shows_a_bar(capsys: pytest.CaptureFixture[str]) -> None:
    ij.subdivide(lambda x: x - x * x, ij.interval(0.0, 1.0), max_boxes=8, batch=4, progress=True)
    assert "boxes, excess" in capsys.readouterr().err


def test_what_it_refuses() -> None:
    with pytest.raises(ValueError, match="bounded"):
        ij.subdivide(lambda x: x, ij.interval(0.0, np.inf))
    with pytest.raises(ValueError, match="independent"):
        ij.subdivide(function, BOX, directions=np.ones((2, 3)))
    with pytest.raises(TypeError, match="real results"):
        ij.subdivide(lambda x: jnp.argmax(x), ij.interval(np.zeros(2), np.ones(2)))
