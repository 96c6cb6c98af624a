r"""Interval adjoint significance: which neurons can matter anywhere on a box of inputs.

Over a box of inputs, interval arithmetic encloses every neuron's value, :math:`[u]`, and interval
adjoints enclose the derivative of the output with respect to it, :math:`[\nabla_u y]`. Three
definitions make a score of the two:

- "afghan_naumann" (ICCS 2020): :math:`\mathrm{wid}[u] \cdot \mathrm{mag}[\nabla_u y]`,
- "vassiliadis" (CGO 2016): :math:`\mathrm{wid}([u] \cdot [\nabla_u y])`,
- "deviation": :math:`\mathrm{mag}([u] - \bar u) \cdot \mathrm{mag}[\nabla_u y]`, what replacing
  the neuron by its mean :math:`\bar u` over samples changes at most, to first order.

Enclosures over a large box are wide, and wide ones rank like weights do. So the box is cut into
cells, or points are surrounded by small boxes (:mod:`sobolev.covers`), and forms with shared noise
symbols can take the place of intervals (``method`` and ``order`` of :func:`interval_jax.adjoints`).
The scores over the cells make one score in one of three ways, the aggregation:

- "union": that of the hulls of the ranges over the cells. It is at least what any samples from
  the cells show by the same formula, `sampled_significance`.
- "max": the greatest over the cells. With "deviation" it bounds
  :math:`|u(x) - \bar u| \cdot |\nabla_u y(x)|` at every x of the cells.
- "mean": the mean over the cells weighted by their volumes, of which those of slabs are estimates.

A bound over a box needs cells that cover it; `Significance.rigorous` says whether they do. The
layers are "inputs", "hidden_1", "hidden_2", ...
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np

import interval_jax as ij
from sobolev import covers, network
from sobolev._ranges import (
    BATCHES,
    DEFINITIONS,
    Scores,
    compiled_scores,
    enclose,
    layers,
    no_means,
    sampled,
)
from sobolev._scores import Ranked, Significance, checked_box, checked_points
from sobolev.covers import Cover

__all__ = [
    "AGGREGATIONS",
    "DEFINITIONS",
    "METHODS",
    "Ranked",
    "Significance",
    "checked_box",
    "cover_significance",
    "interval_significance",
    "neighbourhood_significance",
    "sampled_significance",
    "subbox_significance",
]

AGGREGATIONS = ("union", "max", "mean")
METHODS = tuple(BATCHES)

_N_MEANS = 4096  # points over which the mean of a neuron is taken
_N_PILOTS = 48  # boxes on which their size is chosen
_EXCESS = 1.25  # ranges over boxes of that size, relative to those over their middles


def interval_significance(
    net: network.MLP,
    lower: jax.typing.ArrayLike,
    upper: jax.typing.ArrayLike,
    *,
    definition: str = "afghan_naumann",
    aggregation: str = "union",
    method: str = "natural",
    order: int | None = None,
    parts: int = 1,
    cells: int | None = None,
    directions: int | None = None,
    quiet: bool = False,
) -> Significance:
    """Scores every node by its proven range and the proven range of its adjoint on a box.

    The box may be cut, into `parts` equal parts per input or into about `cells` cells where the
    network varies most: still proven over the whole box, and tighter, at a cost in proportion
    to the number of cells. For deep networks method "taylor" with some hundred cells is tight.

    Args:
        net: The network.
        lower: Lower corner of the box, scalar or (n_in,), in market units.
        upper: Upper corner.
        definition: One of `DEFINITIONS`.
        aggregation: One of `AGGREGATIONS`.
        method: One of `METHODS`, see `interval_jax.adjoints`.
        order: Degree for method "taylor", 2 by default.
        parts: Number of parts per input.
        cells: Greatest number of cells, instead of `parts`; see `sobolev.covers.fitted`.
        directions: Along how many principal directions these are cut beside the inputs: by
            default 1, with method "natural", which cannot use them, 0.
        quiet: Shows no progress bar.

    Returns:
        The scores, ranges and adjoints.

    Raises:
        ValueError: If the box is no box of the network's inputs, or an option is unknown or out
            of range.
    """
    lower, upper = checked_box(net, lower, upper)
    if cells is None:
        if parts < 1:
            raise ValueError(f"parts must be at least 1; got {parts}")
        if directions is not None:
            raise ValueError("directions are for a number of cells; give that too")
        cover = covers.grid(lower, upper, parts)
    else:
        if parts != 1:
            raise ValueError(f"give parts or cells, not both; got {parts} and {cells}")
        if directions is None:
            directions = 0 if method == "natural" else 1
        cover = covers.fitted(net, lower, upper, cells, directions)
    return cover_significance(
        net,
        cover,
        definition=definition,
        aggregation=aggregation,
        method=method,
        order=order,
        quiet=quiet,
    )


def subbox_significance(
    net: network.MLP,
    lower: jax.typing.ArrayLike,
    upper: jax.typing.ArrayLike,
    *,
    n_boxes: int,
    relative_width: float,
    seed: int = 0,
    definition: str = "afghan_naumann",
    aggregation: str = "union",
    method: str = "natural",
    order: int | None = None,
    quiet: bool = False,
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
        aggregation: One of `AGGREGATIONS`.
        method: One of `METHODS`.
        order: Degree for method "taylor", 2 by default.
        quiet: Shows no progress bar.

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
    found = cover_significance(
        net,
        covers.scattered(lower, upper, n_boxes, relative_width, seed),
        definition=definition,
        aggregation=aggregation,
        method=method,
        order=order,
        quiet=quiet,
    )
    return replace(found, lower=lower, upper=upper, relative_width=relative_width)


def neighbourhood_significance(
    net: network.MLP,
    points: jax.typing.ArrayLike,
    *,
    relative_width: float | None = None,
    definition: str = "afghan_naumann",
    aggregation: str = "union",
    method: str = "natural",
    order: int | None = None,
    quiet: bool = False,
) -> Significance:
    """Scores every node by the union of enclosures over small boxes around given points.

    What it bounds is the significance within the boxes: data and what is near. Unless their
    width is given, the boxes are the widest, in powers of two, over which the enclosures on
    some of the points are less than a quarter larger than the ranges seen in their middles.

    Args:
        net: The network.
        points: Shape (n, n_in), in market units.
        relative_width: Width of the boxes over the range of the points, per input.
        definition: One of `DEFINITIONS`.
        aggregation: One of `AGGREGATIONS`.
        method: One of `METHODS`; forms allow for much wider boxes than intervals.
        order: Degree for method "taylor", 2 by default.
        quiet: Shows no progress bar.

    Returns:
        The scores, ranges and adjoints, and the width.

    Raises:
        ValueError: If the points do not fit the network, or an option is unknown or out of range.
    """
    data = checked_points(net, points)
    if relative_width is None:
        relative_width = _widest(net, data, method, order)
    elif not relative_width > 0:
        raise ValueError(f"relative_width must be positive; got {relative_width}")
    found = cover_significance(
        net,
        covers.around(data, relative_width),
        definition=definition,
        aggregation=aggregation,
        method=method,
        order=order,
        quiet=quiet,
    )
    return replace(found, relative_width=relative_width)


def cover_significance(
    net: network.MLP,
    cover: Cover,
    *,
    definition: str = "afghan_naumann",
    aggregation: str = "union",
    method: str = "natural",
    order: int | None = None,
    quiet: bool = False,
) -> Significance:
    """Scores every node by enclosures over the cells of a cover.

    Args:
        net: The network.
        cover: The cells; the box of the result is their hull.
        definition: One of `DEFINITIONS`.
        aggregation: One of `AGGREGATIONS`.
        method: One of `METHODS`.
        order: Degree for method "taylor", 2 by default.
        quiet: Shows no progress bar.

    Returns:
        The scores, ranges and adjoints.

    Raises:
        ValueError: If an option is unknown.
    """
    _check_choice("definition", definition, DEFINITIONS)
    _check_choice("aggregation", aggregation, AGGREGATIONS)
    _check_method(method, order)
    n_in = net.sizes[0]
    lower, upper = cover.lower[:, :n_in].min(axis=0), cover.upper[:, :n_in].max(axis=0)
    means = no_means(net)
    if definition == "deviation":
        if cover.complete:
            unit = np.random.default_rng(0).uniform(size=(_N_MEANS, n_in))
            points = lower + unit * (upper - lower)
        else:
            points = cover.lower / 2 + cover.upper / 2
        means = _means(net, jnp.asarray(points, net.dtype))
    ranges, over_cells = enclose(net, cover, means, method, order, quiet)
    output, values, adjoints = ranges
    if aggregation == "union":
        scores = compiled_scores(definition, values, adjoints, means)
    else:
        scores = over_cells[definition, aggregation]
    return Significance(
        definition=definition,
        aggregation=aggregation,
        method=method,
        order=2 if method == "taylor" and order is None else order,
        lower=lower,
        upper=upper,
        scores={layer: np.asarray(scores[layer]) for layer in layers(net)},
        values={layer: values[layer] for layer in layers(net)},
        adjoints={layer: adjoints[layer] for layer in layers(net)},
        output=output,
        rigorous=cover.complete,
        n_cells=cover.n_cells,
    )


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
    _check_choice("definition", definition, DEFINITIONS)
    points = jnp.asarray(checked_points(net, x))
    output, values, adjoints = sampled(net, points)
    scores = compiled_scores(definition, values, adjoints, _means(net, points))
    return Significance(
        definition=definition,
        aggregation="union",
        method="sampled",
        order=None,
        lower=np.min(points, axis=0),
        upper=np.max(points, axis=0),
        scores={layer: np.asarray(scores[layer]) for layer in layers(net)},
        values={layer: values[layer] for layer in layers(net)},
        adjoints={layer: adjoints[layer] for layer in layers(net)},
        output=output,
        rigorous=False,
        n_cells=len(points),
    )


def _widest(net: network.MLP, points: np.ndarray, method: str, order: int | None) -> float:
    """The width of boxes around the points, relative to their range, that is small enough."""
    _check_method(method, order)
    picked = np.linspace(0, len(points) - 1, min(len(points), _N_PILOTS)).astype(int)
    pilots = points[picked]
    seen = sampled(net, jnp.asarray(pilots))

    def excess(exponent: int) -> float:
        """The greatest excess of a layer's widths or adjoints, on average over its nodes."""
        cover = covers.around(pilots, 2.0**exponent)
        found, _ = enclose(net, cover, no_means(net), method, order, quiet=True)
        ratios = []
        sizes: tuple[Callable[[ij.Interval], jax.Array], ...] = (ij.wid, ij.mag)
        for size, wide, narrow in zip(sizes, found[1:], seen[1:], strict=True):
            for layer in layers(net):
                least = float(jnp.sum(size(narrow[layer])))
                if least > 0:
                    ratios.append(float(jnp.sum(size(wide[layer]))) / least)
        return max(ratios, default=1.0)

    narrow, wide = -jnp.finfo(net.dtype).nmant, 0
    while narrow < wide:
        middle = -((-narrow - wide) // 2)
        if excess(middle) <= _EXCESS:
            narrow = middle
        else:
            wide = middle - 1
    return float(2.0**narrow)


@jax.jit
def _means(net: network.MLP, points: jax.Array) -> Scores:
    all_values = (points, *network.hidden_activations(net, points))
    return {
        name: jnp.mean(values, axis=0) for name, values in zip(layers(net), all_values, strict=True)
    }


def _check_choice(what: str, choice: str, choices: tuple[str, ...]) -> None:
    if choice not in choices:
        raise ValueError(f"unknown {what} {choice!r}; choose one of {choices}")


def _check_method(method: str, order: int | None) -> None:
    _check_choice("method", method, METHODS)
    if order is not None and (method != "taylor" or order < 1):
        raise ValueError(
            f"order is a positive number for method 'taylor'; got {order} for {method!r}"
        )
