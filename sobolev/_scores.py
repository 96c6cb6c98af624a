"""The result of a significance analysis; checks of the boxes and points that it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

import interval_jax as ij
from sobolev import network


class Ranked(NamedTuple):
    """One node of the network and its score."""

    layer: str
    neuron: int
    score: float


@dataclass(frozen=True, eq=False)
class Significance:
    """Scores of all input and hidden nodes of a network on a box of inputs.

    Attributes:
        definition: One of `DEFINITIONS`.
        aggregation: One of `AGGREGATIONS`.
        method: One of `METHODS`, or "sampled".
        order: Degree of the polynomials of method "taylor".
        lower: Shape (n_in,): lower corner of the box, in market units.
        upper: Shape (n_in,): its upper corner.
        scores: For each layer the scores of its nodes, shape (width,), in price units.
        values: For each layer the range of its nodes, an `Interval` of shape (width,).
        adjoints: For each layer the range of the derivatives of the output with respect to its
            nodes, an `Interval` of shape (width,).
        output: Range of the output, an `Interval` of shape (), in price units.
        rigorous: Whether the ranges are proven enclosures over the whole box; otherwise they are
            hulls over samples or over sub-boxes that do not cover it.
        n_cells: Over how many boxes or samples the ranges were joined.
        relative_width: Of the boxes around points, over the range of the points.
    """

    definition: str
    aggregation: str
    method: str
    order: int | None
    lower: np.ndarray
    upper: np.ndarray
    scores: dict[str, np.ndarray]
    values: dict[str, ij.Interval]
    adjoints: dict[str, ij.Interval]
    output: ij.Interval
    rigorous: bool
    n_cells: int
    relative_width: float | None = None

    @property
    def hidden(self) -> tuple[jax.Array, ...]:
        """The scores of the hidden layers, from the first to the last."""
        return tuple(
            jnp.asarray(scores) for layer, scores in self.scores.items() if layer != "inputs"
        )

    def ranking(self) -> list[Ranked]:
        """Returns all nodes, the most significant first."""
        nodes = [
            Ranked(layer, neuron, float(score))
            for layer, scores in self.scores.items()
            for neuron, score in enumerate(scores)
        ]
        return sorted(nodes, key=lambda node: -node.score)

    def as_dict(self) -> dict[str, Any]:
        """Returns the result as JSON values; a score that overflowed is None."""
        return {
            "definition": self.definition,
            "aggregation": self.aggregation,
            "method": self.method,
            "order": self.order,
            "rigorous": self.rigorous,
            "n_cells": self.n_cells,
            "relative_width": self.relative_width,
            "box": {"lower": self.lower.tolist(), "upper": self.upper.tolist()},
            "output": {"lower": _json(self.output.lo), "upper": _json(self.output.hi)},
            "layers": {layer: [_json(s) for s in scores] for layer, scores in self.scores.items()},
            "ranking": [
                {"layer": node.layer, "neuron": node.neuron, "score": _json(node.score)}
                for node in self.ranking()
            ],
        }


def checked_box(
    net: network.MLP, lower: jax.typing.ArrayLike, upper: jax.typing.ArrayLike
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the corners of a box of inputs, each of shape (n_in,) and the network's dtype.

    Corners that are no numbers of that dtype are rounded outward.

    Raises:
        ValueError: If a corner has another shape or is not finite, or lower > upper.
    """
    n_in = net.sizes[0]
    corners = [
        _rounded(corner, net.dtype, towards)
        for corner, towards in ((lower, -np.inf), (upper, np.inf))
    ]
    for corner in corners:
        if corner.shape not in ((), (1,), (n_in,)):
            raise ValueError(
                f"a corner of the box must be one number or {n_in}, one per input; got shape "
                f"{corner.shape}"
            )
        if not np.all(np.isfinite(corner)):
            raise ValueError(f"the box must be finite; got {corner}")
    lower, upper = (np.broadcast_to(corner, (n_in,)) for corner in corners)
    if np.any(lower > upper):
        k = int(np.argmax(lower > upper))
        raise ValueError(
            f"the box is empty: lower {lower[k]} > upper {upper[k]} for input {k}; give the "
            f"lower bound first"
        )
    return lower, upper


def checked_points(net: network.MLP, points: jax.typing.ArrayLike) -> np.ndarray:
    data = np.asarray(points, net.dtype)
    if data.ndim != 2 or data.shape[1] != net.sizes[0] or len(data) == 0:
        raise ValueError(
            f"expected points of shape (n, {net.sizes[0]}) with n > 0; got {data.shape}"
        )
    if not np.all(np.isfinite(data)):
        raise ValueError("the points must be finite")
    return data


def _rounded(
    number: jax.typing.ArrayLike, dtype: jax.typing.DTypeLike, towards: float
) -> np.ndarray:
    exact = np.asarray(number)
    nearest = exact.astype(dtype)
    inside = nearest > exact if towards < 0 else nearest < exact
    return np.where(inside, np.nextafter(nearest, nearest.dtype.type(towards)), nearest)


def _json(number: Any) -> float | None:
    value = float(number)
    return value if np.isfinite(value) else None
