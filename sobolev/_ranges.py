"""Ranges of values and adjoints over cells or samples, and the scores they make."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from tqdm import tqdm

import interval_jax as ij
from sobolev import covers, network
from sobolev.covers import Cover

DEFINITIONS = ("afghan_naumann", "vassiliadis", "deviation")
BATCHES = {"natural": 32, "affine": 16, "taylor": 16}
"""Methods, and how many cells are enclosed at a time."""

Scores = dict[str, jax.Array]
Ranges = tuple[ij.Interval, dict[str, ij.Interval], dict[str, ij.Interval]]
"""Ranges of the output, of the values and of the adjoints."""


def enclose(
    net: network.MLP,
    cover: Cover,
    means: Scores,
    method: str,
    order: int | None,
    quiet: bool,
) -> tuple[Ranges, dict[tuple[str, str], Scores]]:
    """Hull of the enclosures over the cells, and their scores by definition and aggregation."""
    # One batch size for any number of boxes, so that a network shape is compiled only once.
    size = BATCHES[method]
    missing = -cover.n_cells % size
    lower, upper = (
        np.pad(c, ((0, missing), (0, 0)), mode="edge") for c in (cover.lower, cover.upper)
    )
    shares = np.pad(cover.shares, (0, missing)).astype(net.dtype)
    embedding = (jnp.asarray(cover.directions), jnp.asarray(cover.lifts))
    none = (embedding[0][:0], embedding[1][:, :0])
    batches = []
    bar = tqdm(total=cover.n_cells, desc="compiling", unit=" boxes", disable=quiet, file=sys.stderr)
    with bar:
        for start in range(0, len(lower), size):
            here = slice(start, start + size)
            cells = ij.Interval(jnp.asarray(lower[here]), jnp.asarray(upper[here]))
            found = _enclose_batch(net, cells, embedding, method=method, order=order)
            # Slabs reach beyond their cells: intervals over these may be tighter.
            boxes = cells[:, : net.sizes[0]]
            other = _enclose_batch(net, boxes, none, method="natural", order=None)
            batch = _joined(found, other, jnp.asarray(shares[here]), means)
            batches.append(jax.block_until_ready(batch))
            bar.set_description("enclosing", refresh=False)
            bar.update(min(size, cover.n_cells - start))
    ranges, greatest, mean = jax.tree.map(lambda *results: jnp.stack(results), *batches)
    greatest = jax.tree.map(lambda a: jnp.max(a, axis=0), greatest)
    mean = jax.tree.map(lambda a: jnp.sum(a, axis=0), mean)
    scores = {(name, "max"): found for name, found in greatest.items()}
    scores |= {(name, "mean"): found for name, found in mean.items()}
    return _hull(ranges), scores


@partial(jax.jit, static_argnames=("method", "order"))
def _enclose_batch(
    net: network.MLP,
    cells: ij.Interval,
    embedding: tuple[jax.Array, jax.Array],
    *,
    method: str,
    order: int | None,
) -> Ranges:
    """The ranges over each of some cells."""

    def enclose(cell: ij.Interval) -> Ranges:
        found = ij.adjoints(
            lambda parameters: network.apply(net, covers.point(parameters, *embedding)),
            method=method,
            order=order,
        )(cell)
        return found.value, found.values, found.adjoints

    return jax.vmap(enclose)(cells)


# Compiled apart from the enclosures: fused with them, it took minutes.
@jax.jit
def _joined(
    found: Ranges, other: Ranges, shares: jax.Array, means: Scores
) -> tuple[Ranges, dict[str, Scores], dict[str, Scores]]:
    """The hull of two ranges over cells, and by definition the greatest and the mean of scores."""
    ranges = jax.tree.map(ij.intersection, found, other, is_leaf=_is_interval)
    scores = {name: scores_of(name, ranges[1], ranges[2], means) for name in DEFINITIONS}
    greatest = jax.tree.map(lambda a: jnp.max(a, axis=0), scores)
    # Padding has no share, and an infinite score of it must not count.
    share = shares[:, None]
    mean = jax.tree.map(lambda a: jnp.sum(jnp.where(share > 0, share * a, 0), axis=0), scores)
    return _hull(ranges), greatest, mean


def scores_of(
    definition: str,
    values: Mapping[str, ij.Interval],
    adjoints: Mapping[str, ij.Interval],
    means: Scores,
) -> Scores:
    """The scores of every layer, rounded up."""

    def score(value: ij.Interval, adjoint: ij.Interval, mean: jax.Array) -> jax.Array:
        if definition == "vassiliadis":
            return ij.wid(value * adjoint)
        size = ij.wid(value) if definition == "afghan_naumann" else ij.mag(value - mean)
        return ij.sup(ij.mul(size, ij.mag(adjoint)))

    return {layer: score(values[layer], adjoints[layer], means[layer]) for layer in values}


compiled_scores = jax.jit(scores_of, static_argnums=0)


def no_means(net: network.MLP) -> Scores:
    return {
        layer: jnp.zeros(width, net.dtype)
        for layer, width in zip(layers(net), net.sizes[:-1], strict=True)
    }


def layers(net: network.MLP) -> list[str]:
    return ["inputs", *(f"hidden_{k}" for k in range(1, net.n_hidden + 1))]


@jax.jit
def sampled(net: network.MLP, x: jax.Array) -> Ranges:
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


def _hull(tree: Any) -> Any:
    def over_first_axis(interval: ij.Interval) -> ij.Interval:
        return ij.Interval(jnp.min(interval.lo, axis=0), jnp.max(interval.hi, axis=0))

    return jax.tree.map(over_first_axis, tree, is_leaf=_is_interval)


def _is_interval(node: Any) -> bool:
    return isinstance(node, ij.Interval)
