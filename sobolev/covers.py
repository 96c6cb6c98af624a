r"""Boxes over which a network is analysed one at a time: covers of a box, boxes around points.

A cover may also cut along directions that are no axes, which is what networks need that vary along
few directions. With any matrices D (directions) and B (lifts), every x is

.. math:: x = e + B\,(s - D e) \qquad\text{for}\quad e = x,\ s = D x,

so a cell of the cover is a box of e and s together: all x of an axis-parallel cell whose s = D x
lies in a slab. It also holds some x outside the cell, which costs tightness and no proof. With
B the pseudoinverse of D, e moves x along the slab alone. Plain intervals do not see that e and
D e cancel; forms do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from sobolev import network

_N_POINTS = 256  # at which slopes are taken
_N_SHARES = 2**15  # points that estimate what share of the box a cell with slabs is


@dataclass(frozen=True, eq=False)
class Cover:
    """Boxes of parameters, and how an input is made of parameters.

    Attributes:
        lower: Shape (n_cells, n_in + k): lower corners, the k slabs after the n_in inputs.
        upper: Shape (n_cells, n_in + k): upper corners.
        directions: Shape (k, n_in): D of the module, k = 0 for axis-parallel boxes.
        lifts: Shape (n_in, k): B.
        shares: Shape (n_cells,): of the box that the cells cover, or of the points that they
            surround; exact for axis-parallel cells, estimated for slabs. Their sum is 1.
        complete: Whether the cells are proven to cover a box without gaps.
    """

    lower: np.ndarray
    upper: np.ndarray
    directions: np.ndarray
    lifts: np.ndarray
    shares: np.ndarray
    complete: bool

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return len(self.lower)


def point(parameters: jax.Array, directions: jax.Array, lifts: jax.Array) -> jax.Array:
    """The input that parameters stand for, see the module.

    Args:
        parameters: e and s, shape (n_in + k,).
        directions: D, shape (k, n_in).
        lifts: B, shape (n_in, k).

    Returns:
        x, shape (n_in,).
    """
    k, n_in = directions.shape
    if k == 0:
        return parameters
    e, s = parameters[:n_in], parameters[n_in:]
    product = partial(jnp.matmul, precision=jax.lax.Precision.HIGHEST)
    return e + product(lifts, s - product(directions, e))


def grid(lower: np.ndarray, upper: np.ndarray, counts: int | Sequence[int]) -> Cover:
    """Cuts a box into equal parts along its axes; neighbours share their ends.

    Args:
        lower: Lower corner, shape (n_in,).
        upper: Upper corner, shape (n_in,).
        counts: Number of parts along every axis, one for all or one for each.

    Returns:
        The complete cover.

    Raises:
        ValueError: If there are too many or too few counts, or one is not positive.

    >>> grid(np.zeros(2), np.ones(2), (1, 2)).lower
    array([[0. , 0. ],
           [0. , 0.5]])
    """
    counts = (counts,) * len(lower) if isinstance(counts, int) else tuple(counts)
    if len(counts) != len(lower) or min(counts) < 1:
        raise ValueError(
            f"the number of parts must be at least 1, one for all inputs or one for each of "
            f"{len(lower)}; got {counts}"
        )
    edges = [_edges(lo, hi, count) for lo, hi, count in zip(lower, upper, counts, strict=True)]
    cells = _all_pairs([np.stack([e[:-1], e[1:]], axis=1) for e in edges])
    shares = np.full(len(cells), 1 / len(cells))
    return Cover(cells[..., 0], cells[..., 1], *_no_directions(lower), shares, True)


def fitted(
    net: network.MLP, lower: np.ndarray, upper: np.ndarray, n_cells: int, n_directions: int = 1
) -> Cover:
    """Cuts a box where the network varies most, along inputs and along principal directions.

    The directions are those in which the hidden neurons vary most on average over the box, every
    layer with the same weight: the first eigenvectors of the mean of the products of their
    gradients. What is left to the inputs is their variation across these directions. Parts are
    added where they are longest, measured by that variation.

    Args:
        net: The network.
        lower: Lower corner of the box, shape (n_in,), in market units.
        upper: Upper corner.
        n_cells: Greatest number of cells.
        n_directions: Number of directions that are no axes, 0 for axis-parallel cells.

    Returns:
        The complete cover.

    Raises:
        ValueError: If there is to be no cell, or there are more directions than inputs.
    """
    n_in = len(lower)
    if n_cells < 1 or not 0 <= n_directions <= n_in:
        raise ValueError(
            f"the number of cells must be at least 1 and that of directions from 0 to {n_in}; "
            f"got {n_cells} and {n_directions}"
        )
    middle, half = _middle(lower, upper)
    rng = np.random.default_rng(0)
    points = middle + half * rng.uniform(-1, 1, (_N_POINTS, n_in))
    variation = np.asarray(_variation(net, jnp.asarray(points, net.dtype), jnp.asarray(half)))
    values, vectors = np.linalg.eigh(variation)
    main = vectors[:, ::-1][:, :n_directions].T
    rest = variation - main.T @ (main @ variation)
    rest = rest - (rest @ main.T) @ main
    lengths = np.concatenate(
        [
            np.sqrt(np.maximum(np.diag(rest), 0)),
            np.sqrt(np.maximum(values[::-1][:n_directions], 0)) * np.abs(main).sum(axis=1),
        ]
    )
    scale = np.where(half > 0, half, 1)
    directions = np.where(half > 0, main / scale, 0).astype(lower.dtype)
    lifts = (main * half).T.astype(lower.dtype)
    best = _Slabs(lower, upper, directions, np.ones(n_in + n_directions, int))
    while np.max(lengths) > 0:
        counts = best.counts.copy()
        longest = np.argmax(lengths / counts)
        counts[longest] += 1 + counts[longest] // 8
        if np.prod(counts[:n_in]) > n_cells:
            break
        finer = _Slabs(lower, upper, directions, counts)
        if finer.n_cells > n_cells:
            break
        best = finer
    return best.cover(lifts)


def around(points: np.ndarray, relative_width: float) -> Cover:
    """Boxes with given points in their middles.

    Args:
        points: Shape (n, n_in).
        relative_width: Width of the boxes over the range of the points, per input; where all
            points agree, over their absolute value.

    Returns:
        A box for every point, which cover no box together.
    """
    points = np.asarray(points)
    extent = np.ptp(points, axis=0)
    extent = np.where(extent > 0, extent, np.max(np.abs(points), axis=0))
    half = (relative_width / 2 * extent).astype(points.dtype)
    shares = np.full(len(points), 1 / len(points))
    return Cover(points - half, points + half, *_no_directions(points[0]), shares, False)


def scattered(
    lower: np.ndarray, upper: np.ndarray, n_boxes: int, relative_width: float, seed: int = 0
) -> Cover:
    """Small boxes at random places in a box.

    Args:
        lower: Lower corner of the box, shape (n_in,).
        upper: Upper corner.
        n_boxes: Number of small boxes.
        relative_width: Their width relative to the box, in (0, 1].
        seed: Seed of their places.

    Returns:
        The small boxes, which do not cover the box unless they are it.
    """
    width = relative_width * (upper - lower)
    unit = np.random.default_rng(seed).uniform(size=(n_boxes, len(lower)))
    corners = (lower + unit * (upper - lower - width)).astype(lower.dtype)
    ends = np.minimum(corners + width, upper).astype(lower.dtype)
    shares = np.full(n_boxes, 1 / n_boxes)
    return Cover(corners, ends, *_no_directions(lower), shares, False)


class _Slabs:
    """An axis-parallel grid of a box whose cells are cut along directions."""

    def __init__(
        self, lower: np.ndarray, upper: np.ndarray, directions: np.ndarray, counts: np.ndarray
    ) -> None:
        n_in = len(lower)
        self.counts = counts
        self.directions = directions
        self.boxes = grid(lower, upper, [int(count) for count in counts[:n_in]])
        self.first, self.last = _reached(self.boxes, directions)
        self.edges = [
            _edges(self.first[:, j].min(), self.last[:, j].max(), int(count))
            for j, count in enumerate(counts[n_in:])
        ]
        # The slabs that a cell meets, from `begin` to `end` exclusively.
        self.begin = np.zeros(self.first.shape, int)
        self.end = np.zeros(self.first.shape, int)
        for j, edges in enumerate(self.edges):
            inner = edges[1:-1]
            self.begin[:, j] = np.searchsorted(inner, self.first[:, j], side="left")
            self.end[:, j] = np.searchsorted(inner, self.last[:, j], side="right") + 1

    @property
    def n_cells(self) -> int:
        return int(np.prod(self.end - self.begin, axis=1).sum())

    def cover(self, lifts: np.ndarray) -> Cover:
        if not self.edges:
            return self.boxes
        cells, places = [], []
        for k in range(self.boxes.n_cells):
            ends = []
            for j, edges in enumerate(self.edges):
                inner = edges[self.begin[k, j] + 1 : self.end[k, j]]
                cuts = np.concatenate([self.first[k, [j]], inner, self.last[k, [j]]])
                ends.append(np.stack([cuts[:-1], cuts[1:]], axis=1))
            box = np.stack([self.boxes.lower[k], self.boxes.upper[k]], axis=1)
            slabs = _all_pairs(ends)
            repeated = np.broadcast_to(box, (len(slabs), *box.shape))
            cells.append(np.concatenate([repeated, slabs], axis=1))
            places.append(np.full(len(slabs), k))
        bounds, owner = np.concatenate(cells), np.concatenate(places)
        shares = self._shares(bounds[:, len(lifts) :], owner)
        return Cover(bounds[..., 0], bounds[..., 1], self.directions, lifts, shares, True)

    def _shares(self, slabs: np.ndarray, owner: np.ndarray) -> np.ndarray:
        """Of each axis-parallel cell by samples: slabs (n_cells, k, 2) of the cells `owner`."""
        if len(owner) == self.boxes.n_cells:
            return self.boxes.shares
        per_box = max(16, _N_SHARES // self.boxes.n_cells)
        unit = np.random.default_rng(0).uniform(size=(per_box, len(self.boxes.lower[0])))
        shares = np.zeros(len(owner))
        for k in range(self.boxes.n_cells):
            middle, half = _middle(self.boxes.lower[k], self.boxes.upper[k])
            s = (middle + half * (2 * unit - 1)) @ self.directions.T
            mine = np.flatnonzero(owner == k)
            inside = (slabs[mine, None, :, 0] <= s) & (s <= slabs[mine, None, :, 1])
            hits = np.all(inside, axis=-1).sum(axis=1)
            shares[mine] = hits / max(int(hits.sum()), 1) / self.boxes.n_cells
        return shares / shares.sum()


def _reached(boxes: Cover, directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """An enclosure of D x over every box, shapes (n_cells, k), one rounding outward a step."""

    def sums(towards: float) -> np.ndarray:
        total = np.zeros((boxes.n_cells, len(directions)), directions.dtype)
        for column, lower, upper in zip(directions.T, boxes.lower.T, boxes.upper.T, strict=True):
            ends = np.stack([lower[:, None] * column, upper[:, None] * column])
            term = ends.min(axis=0) if towards < 0 else ends.max(axis=0)
            total = _beyond(total + _beyond(term, towards), towards)
        return total

    return sums(-np.inf), sums(np.inf)


def _beyond(values: np.ndarray, towards: float) -> np.ndarray:
    return np.nextafter(values, values.dtype.type(towards))


@jax.jit
def _variation(net: network.MLP, points: jax.Array, half: jax.Array) -> jax.Array:
    """Mean over layers and points of J' J / trace, J the slopes of a layer in scaled inputs."""
    slopes = jax.vmap(jax.jacfwd(lambda x: network.hidden_activations(net, x)))(points)
    total = jnp.zeros((len(half), len(half)), net.dtype)
    for layer in slopes:
        products = jnp.einsum("pwi,pwj->ij", layer * half, layer * half)
        trace = jnp.trace(products)
        total = total + jnp.where(trace > 0, products / jnp.where(trace > 0, trace, 1), 0)
    return total / len(slopes)


def _edges(lower: float, upper: float, count: int) -> np.ndarray:
    """The ends of equal parts, increasing, the first and the last exact."""
    t = np.arange(count + 1) / count
    edges = np.clip(lower * (1 - t) + upper * t, lower, upper)
    return np.maximum.accumulate(edges).astype(np.asarray(lower).dtype)


def _all_pairs(ends: Sequence[np.ndarray]) -> np.ndarray:
    """All combinations of intervals: shapes (m_j, 2) make (product of the m_j, j, 2)."""
    places = np.meshgrid(*[np.arange(len(e)) for e in ends], indexing="ij")
    picked = [e[place.reshape(-1)] for e, place in zip(ends, places, strict=True)]
    return np.stack(picked, axis=1)


def _middle(lower: np.ndarray, upper: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return lower / 2 + upper / 2, upper / 2 - lower / 2


def _no_directions(corner: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    n_in = len(corner)
    return np.zeros((0, n_in), corner.dtype), np.zeros((n_in, 0), corner.dtype)
