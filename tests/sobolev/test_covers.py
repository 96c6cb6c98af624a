"""Covers: no point of the box is in none of the cells, by exact arithmetic."""

from fractions import Fraction
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sobolev import covers, network

LOWER, UPPER = np.array([0.3, -1.0, 2.0]), np.array([1.7, 0.1, 2.0])


@pytest.fixture(scope="module")
def net():
    return network.initialise(jax.random.key(0), (3, 5, 4, 1))


def exact(values):
    return [Fraction(float(v)) for v in values]


def held(cover, x):
    """Whether a cell holds e = x and s = D x, exactly."""
    e = exact(x)
    s = [sum(d * v for d, v in zip(exact(row), e, strict=True)) for row in cover.directions]
    return any(
        all(lo <= v <= hi for lo, v, hi in zip(exact(lower), [*e, *s], exact(upper), strict=True))
        for lower, upper in zip(cover.lower, cover.upper, strict=True)
    )


def points_of(cover, lower, upper):
    """Points at random, and where it is easiest to fall between cells: corners, ends of cells."""
    unit = np.random.default_rng(1).uniform(size=(60, len(lower)))
    inside = np.clip(lower * (1 - unit) + upper * unit, lower, upper).astype(lower.dtype)
    corners = np.array(np.meshgrid(*zip(lower, upper, strict=True))).reshape(len(lower), -1).T
    ends = cover.upper[:40, : len(lower)]
    return [*inside, *corners, *ends]


@pytest.mark.parametrize(
    ("lower", "upper"),
    [
        (LOWER, UPPER),
        (LOWER.astype(np.float32), UPPER.astype(np.float32)),
        (np.full(2, -1.7e308), np.full(2, 1.7e308)),
        (np.ones(2), np.nextafter(np.ones(2), 2)),
        (np.array([-5e-324, 1e-310]), np.array([0.0, 1e-300])),
    ],
)
def test_cells_of_a_grid_share_their_ends(lower, upper):
    counts = tuple(range(3, 3 + len(lower)))
    cover = covers.grid(lower, upper, counts)
    assert cover.complete
    assert cover.lower.dtype == cover.upper.dtype == lower.dtype
    for j, count in enumerate(counts):
        cells = sorted(set(zip(cover.lower[:, j], cover.upper[:, j], strict=True)))
        assert len(cells) <= count
        assert cells[0][0] == lower[j]
        assert cells[-1][1] == upper[j]
        assert all(left[1] == right[0] for left, right in pairwise(cells))
        assert all(lo <= hi for lo, hi in cells)
    assert all(held(cover, x) for x in points_of(cover, lower, upper))


@pytest.mark.parametrize("counts", [0, (1, 2), (1, -1, 1)])
def test_counts_of_a_grid(counts):
    with pytest.raises(ValueError, match="number of parts must be at least 1"):
        covers.grid(LOWER, UPPER, counts)


@pytest.mark.parametrize(("n_cells", "n_directions"), [(1, 1), (20, 0), (24, 1), (40, 2)])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_slabs_leave_no_gap(net, n_cells, n_directions, dtype):
    lower, upper = LOWER.astype(dtype), UPPER.astype(dtype)
    cover = covers.fitted(network.astype(net, dtype), lower, upper, n_cells, n_directions)
    assert cover.complete
    assert n_cells / 3 <= cover.n_cells <= n_cells
    assert cover.directions.shape == (n_directions, 3)
    assert cover.lower.shape == cover.upper.shape == (cover.n_cells, 3 + n_directions)
    assert cover.lower.dtype == cover.directions.dtype == lower.dtype
    np.testing.assert_allclose(cover.shares.sum(), 1)
    assert all(held(cover, x) for x in points_of(cover, lower, upper))


def test_a_missing_cell_is_noticed(net):
    cover = covers.fitted(net, LOWER, UPPER, 24)
    some = covers.Cover(
        cover.lower[1:], cover.upper[1:], cover.directions, cover.lifts, cover.shares[1:], True
    )
    assert not all(held(some, x) for x in points_of(cover, LOWER, UPPER))


def test_parameters_stand_for_the_point_itself(net):
    cover = covers.fitted(net, LOWER, UPPER, 24, 2)
    x = jnp.array([0.5, -0.3, 2.0])
    parameters = jnp.concatenate([x, cover.directions @ x])
    np.testing.assert_allclose(
        covers.point(parameters, cover.directions, cover.lifts), x, rtol=1e-14
    )
    # Along the slab alone: e does not move the point in the directions.
    moved = parameters.at[:3].add(jnp.array([0.1, 0.2, 0.0]))
    reached = covers.point(moved, jnp.asarray(cover.directions), jnp.asarray(cover.lifts))
    np.testing.assert_allclose(cover.directions @ reached, parameters[3:], atol=1e-12)


def test_a_ridge_is_cut_across():
    ridge = network.initialise(jax.random.key(1), (3, 4, 1))
    direction = jnp.array([1.0, -2.0, 0.5])
    ridge = network.with_parameters(
        ridge, ((jnp.outer(direction, ridge.weights[0][0]), ridge.weights[1]), ridge.biases)
    )
    cover = covers.fitted(ridge, -np.ones(3), np.ones(3), 16)
    assert cover.n_cells == 16
    assert len(np.unique(cover.lower[:, :3], axis=0)) == 1
    cosine = cover.directions[0] @ direction / np.linalg.norm(direction)
    np.testing.assert_allclose(abs(cosine) / np.linalg.norm(cover.directions[0]), 1, rtol=1e-6)


@pytest.mark.parametrize(("n_cells", "n_directions"), [(0, 1), (5, 4), (5, -1)])
def test_options_of_fitted_covers(net, n_cells, n_directions):
    with pytest.raises(ValueError, match="number of cells must be at least 1 and that of dir"):
        covers.fitted(net, LOWER, UPPER, n_cells, n_directions)


def test_boxes_around_points():
    points = np.array([[0.1, 5.0], [0.3, 5.0], [0.2, 5.0]])
    cover = covers.around(points, 0.1)
    assert not cover.complete
    assert np.all((cover.lower < points) & (points < cover.upper))
    np.testing.assert_allclose((cover.upper - cover.lower)[0], [0.02, 0.5])


def test_scattered_boxes_lie_in_the_box():
    cover = covers.scattered(LOWER, UPPER, 50, 0.2, seed=1)
    assert not cover.complete
    assert np.all((cover.lower >= LOWER) & (cover.upper <= UPPER) & (cover.lower <= cover.upper))
