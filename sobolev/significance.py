r"""Interval adjoint significance: which neurons can matter anywhere on a box of inputs.

Over a box of inputs, interval arithmetic encloses every neuron's value, :math:`[u]`, and interval
adjoints enclose the derivative of the output with respect to it, :math:`[\nabla_u y]`. Two
published definitions make a score of the two:

- "afghan_naumann" (ICCS 2020): :math:`\mathrm{wid}[u] \cdot \mathrm{mag}[\nabla_u y]`,
- "vassiliadis" (CGO 2016): :math:`\mathrm{wid}([u] \cdot [\nabla_u y])`.

A score is a bound only if the enclosures are; `sampled_significance` puts ranges seen on samples
into the same formulas, for comparison. The layers are "inputs", "hidden_1", "hidden_2", ...
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

import interval_jax as ij
from sobolev import network

DEFINITIONS = ("afghan_naumann", "vassiliadis")

_BATCH = 32


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
        lower: Shape (n_in,): lower corner of the box, in market units.
        upper: Shape (n_in,): its upper corner.
        scores: For each layer the scores of its nodes, shape (width,), in price units.
        values: For each layer the range of its nodes, an `Interval` of shape (width,).
        adjoints: For each layer the range of the derivatives of the output with respect to its
            nodes, an `Interval` of shape (width,).
        output: Range of the output, an `Interval` of shape (), in price units.
        rigorous: Whether the ranges are proven enclosures over the whole box; otherwise they are
            hulls over samples or over sub-boxes that do not cover it.
    """

    definition: str
    lower: np.ndarray
    upper: np.ndarray
    scores: dict[str, np.ndarray]
    values: dict[str, ij.Interval]
    adjoints: dict[str, ij.Interval]
    output: ij.Interval
    rigorous: bool

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
            "rigorous": self.rigorous,
            "box": {"lower": self.lower.tolist(), "upper": self.upper.tolist()},
            "output": {"lower": _json(self.output.lo), "upper": _json(self.output.hi)},
            "layers": {layer: [_json(s) for s in scores] for layer, scores in self.scores.items()},
            "ranking": [
                {"layer": node.layer, "neuron": node.neuron, "score": _json(node.score)}
                for node in self.ranking()
            ],
        }


def interval_significance(
    net: network.MLP,
    lower: jax.typing.ArrayLike,
    upper: jax.typing.ArrayLike,
    *,
    definition: str = "afghan_naumann",
    parts: int = 1,
) -> Significance:
    """Scores every node by its proven range and the proven range of its adjoint on a box.

    With `parts` > 1 the box is cut into that many equal parts per input and the enclosures are
    joined afterwards: still proven over the whole box, and tighter, at ``parts ** n_in`` times
    the cost.

    Args:
        net: The network.
        lower: Lower corner of the box, scalar or (n_in,), in market units.
        upper: Upper corner.
        definition: One of `DEFINITIONS`.
        parts: Number of parts per input.

    Returns:
        The scores, ranges and adjoints.

    Raises:
        ValueError: If the box is no box of the network's inputs, the definition is unknown, or
            `parts` is not positive.
    """
    if parts < 1:
        raise ValueError(f"parts must be at least 1; got {parts}")
    lower, upper = checked_box(net, lower, upper)
    edges = np.linspace(lower, upper, parts + 1)
    cells = np.stack(np.meshgrid(*[np.arange(parts)] * len(lower), indexing="ij"), -1)
    cells = cells.reshape(-1, len(lower))
    columns = np.arange(len(lower))
    enclosures = _enclose(net, edges[cells, columns], edges[cells + 1, columns])
    return _score(net, definition, lower, upper, *enclosures, rigorous=True)


def subbox_significance(
    net: network.MLP,
    lower: jax.typing.ArrayLike,
    upper: jax.typing.ArrayLike,
    *,
    n_boxes: int,
    relative_width: float,
    seed: int = 0,
    definition: str = "afghan_naumann",
) -> Significance:
    """Scores every node by the union of enclosures over small boxes placed at random in the box.

    Interval widths grow with every layer, and over a wide box all scores of a layer become alike.
    Small boxes keep them apart. Each of the enclosures is proven, their union is not: the small
    boxes do not cover the box.

    Args:
        net: The network.
        lower: Lower corner of the box, scalar or (n_in,), in market units.
        upper: Upper corner.
        n_boxes: Number of small boxes.
        relative_width: Width of the small boxes relative to the box, in (0, 1].
        seed: Seed of their places.
        definition: One of `DEFINITIONS`.

    Returns:
        The scores, ranges and adjoints.

    Raises:
        ValueError: If the box is no box of the network's inputs, or an option is out of range.
    """
    if n_boxes < 1 or not 0 < relative_width <= 1:
        raise ValueError(
            f"n_boxes must be at least 1 and relative_width in (0, 1]; got {n_boxes} and "
            f"{relative_width}"
        )
    lower, upper = checked_box(net, lower, upper)
    width = relative_width * (upper - lower)
    unit = np.random.default_rng(seed).uniform(size=(n_boxes, len(lower)))
    corners = lower + unit * (upper - lower - width)
    enclosures = _enclose(net, corners, np.minimum(corners + width, upper))
    return _score(net, definition, lower, upper, *enclosures, rigorous=False)


def sampled_significance(
    net: network.MLP, x: jax.Array, *, definition: str = "afghan_naumann"
) -> Significance:
    """Scores every node by the ranges of values and derivatives that samples show.

    Args:
        net: The network.
        x: Samples, shape (n, n_in), in market units; the box is their hull.
        definition: One of `DEFINITIONS`.

    Returns:
        The scores, ranges and adjoints.

    Raises:
        ValueError: If the samples do not fit the network, or the definition is unknown.
    """
    output, values, adjoints = _sample(net, jnp.asarray(x, net.dtype))
    lower, upper = np.min(x, axis=0), np.max(x, axis=0)
    return _score(net, definition, lower, upper, output, values, adjoints, rigorous=False)


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


Ranges = tuple[ij.Interval, dict[str, ij.Interval], dict[str, ij.Interval]]
"""Ranges of the output, of the values and of the adjoints."""


def _enclose(net: network.MLP, lower: np.ndarray, upper: np.ndarray) -> Ranges:
    """Hull of the enclosures over boxes, corners of shape (n_boxes, n_in)."""
    # One batch size for any number of boxes, so that a network shape is compiled only once.
    missing = -len(lower) % _BATCH
    lower, upper = (np.pad(c, ((0, missing), (0, 0)), mode="edge") for c in (lower, upper))
    hulls = [
        _enclose_batch(net, lower[start : start + _BATCH], upper[start : start + _BATCH])
        for start in range(0, len(lower), _BATCH)
    ]
    return _hull(jax.tree.map(lambda *bounds: jnp.stack(bounds), *hulls))


@jax.jit
def _enclose_batch(net: network.MLP, lower: jax.Array, upper: jax.Array) -> Ranges:
    def enclose(box: ij.Interval) -> Any:
        return tuple(ij.adjoints(lambda x: network.apply(net, x))(box))

    return _hull(jax.vmap(enclose)(ij.Interval(lower, upper)))


@jax.jit
def _sample(net: network.MLP, x: jax.Array) -> Ranges:
    values = {"inputs": x}
    for k, hidden in enumerate(network.hidden_activations(net, x), start=1):
        values[f"hidden_{k}"] = hidden
    adjoints = {
        layer: network.value_and_gradient(_from_layer(net, k), value)[1]
        for k, (layer, value) in enumerate(values.items())
    }
    as_points = jax.tree.map(lambda a: ij.Interval(a, a), (network.apply(net, x), values, adjoints))
    return _hull(as_points)


def _from_layer(net: network.MLP, layer: int) -> network.MLP:
    """The part of a network that maps the output of hidden layer number `layer` to the price."""
    if layer == 0:
        return net
    width = net.sizes[layer]
    return replace(
        net,
        weights=net.weights[layer:],
        biases=net.biases[layer:],
        x_mean=jnp.zeros(width, net.dtype),
        x_scale=jnp.ones(width, net.dtype),
    )


def _rounded(
    number: jax.typing.ArrayLike, dtype: jax.typing.DTypeLike, towards: float
) -> np.ndarray:
    exact = np.asarray(number)
    nearest = exact.astype(dtype)
    inside = nearest > exact if towards < 0 else nearest < exact
    return np.where(inside, np.nextafter(nearest, nearest.dtype.type(towards)), nearest)


def _hull(tree: Any) -> Any:
    def over_first_axis(interval: ij.Interval) -> ij.Interval:
        return ij.Interval(jnp.min(interval.lo, axis=0), jnp.max(interval.hi, axis=0))

    return jax.tree.map(over_first_axis, tree, is_leaf=lambda node: isinstance(node, ij.Interval))


def _score(
    net: network.MLP,
    definition: str,
    lower: np.ndarray,
    upper: np.ndarray,
    output: ij.Interval,
    values: Mapping[str, ij.Interval],
    adjoints: Mapping[str, ij.Interval],
    *,
    rigorous: bool,
) -> Significance:
    if definition not in DEFINITIONS:
        raise ValueError(f"unknown definition {definition!r}; choose one of {DEFINITIONS}")
    layers = ["inputs", *(f"hidden_{k}" for k in range(1, net.n_hidden + 1))]
    scores = {}
    for layer in layers:
        value, adjoint = values[layer], adjoints[layer]
        if definition == "afghan_naumann":
            score = ij.wid(value) * ij.mag(adjoint)
        else:
            score = ij.wid(value * adjoint)
        scores[layer] = np.asarray(score)
    return Significance(
        definition=definition,
        lower=np.asarray(lower),
        upper=np.asarray(upper),
        scores=scores,
        values={layer: values[layer] for layer in layers},
        adjoints={layer: adjoints[layer] for layer in layers},
        output=output,
        rigorous=rigorous,
    )


def _json(number: Any) -> float | None:
    value = float(number)
    return value if np.isfinite(value) else None
