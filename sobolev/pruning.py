"""Physical removal of hidden neurons: the result is a smaller dense network, not a mask.

The consumers of a removed neuron are compensated for its loss. "least_squares" refits them, layer
by layer in closed form, so that the neurons that stay reproduce the preactivations of the
original network on a sample; this restores far more than the choice of the neurons can.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np

from sobolev import network

Keep = int | float | Sequence[int | float]
Compensation = Literal["least_squares", "mean", "none"]

# Directions in which the kept activations vary relatively less than this are noise to the fit.
_RELATIVE_CUTOFF = 1e-8


def prune(
    net: network.MLP,
    scores: Sequence[jax.Array],
    keep: Keep,
    *,
    compensation: Compensation = "least_squares",
    data: jax.Array | None = None,
) -> network.MLP:
    """Keeps the highest-scoring neurons of every hidden layer and removes the others.

    Args:
        net: The network.
        scores: One array of shape (width,) per hidden layer; higher means more significant.
        keep: What to keep in every hidden layer, see `keep_counts`.
        compensation: See `keep_neurons`.
        data: Sample of inputs, see `keep_neurons`.

    Returns:
        The smaller network. The output layer keeps its one neuron, and a layer of which nothing
        is kept is gone.

    Raises:
        ValueError: If the scores do not fit the network or hold NaN, or as `keep_counts` and
            `keep_neurons`.

    >>> net = network.initialise(jax.random.key(0), (7, 8, 8, 1))
    >>> scores = [jnp.arange(8.0), jnp.arange(8.0)]
    >>> prune(net, scores, (4, 0.25), compensation="none").sizes
    (7, 4, 2, 1)
    """
    widths = net.sizes[1:-1]
    if len(scores) != len(widths):
        raise ValueError(
            f"expected scores for each of the {len(widths)} hidden layers; got {len(scores)} arrays"
        )
    kept = []
    for layer, (score, width, count) in enumerate(
        zip(scores, widths, keep_counts(net, keep), strict=True), 1
    ):
        values = np.asarray(score)
        if values.shape != (width,) or np.isnan(values).any():
            raise ValueError(
                f"the scores of hidden layer {layer} must have shape ({width},) and no NaN; got "
                f"shape {values.shape} with {int(np.isnan(values).sum())} NaN"
            )
        # A stable sort: among equal scores the neuron with the lower index stays.
        kept.append(np.sort(np.argsort(-values, kind="stable")[:count]))
    return keep_neurons(net, kept, compensation=compensation, data=data)


def keep_counts(net: network.MLP, keep: Keep) -> tuple[int, ...]:
    """Turns a request into the number of neurons to keep in every hidden layer.

    Args:
        net: The network.
        keep: An integer is a count, a float in [0, 1] a fraction (rounded to the nearest count);
            one for all hidden layers or one for each.

    Returns:
        One count per hidden layer.

    Raises:
        ValueError: If there are too many or too few entries, or one is out of range.

    >>> keep_counts(network.initialise(jax.random.key(0), (7, 8, 8, 1)), 0.5)
    (4, 4)
    """
    widths = net.sizes[1:-1]
    requests = [keep] * len(widths) if isinstance(keep, int | float) else list(keep)
    if len(requests) != len(widths):
        raise ValueError(
            f"keep must be one number or one per hidden layer ({len(widths)}); got {keep}"
        )
    counts = []
    for layer, (request, width) in enumerate(zip(requests, widths, strict=True), 1):
        limit = 1.0 if isinstance(request, float) else width
        if not 0 <= request <= limit:
            raise ValueError(
                f"hidden layer {layer} has {width} neurons: keep a count from 0 to {width} or a "
                f"fraction from 0.0 to 1.0; got {request}"
            )
        counts.append(round(request * width) if isinstance(request, float) else int(request))
    return tuple(counts)


def keep_neurons(
    net: network.MLP,
    kept: Sequence[np.ndarray],
    *,
    compensation: Compensation = "least_squares",
    data: jax.Array | None = None,
) -> network.MLP:
    """Keeps the neurons named and removes the others.

    Args:
        net: The network.
        kept: For every hidden layer the indices of the neurons to keep, increasing. A layer of
            which none is kept disappears, and the next kept layer is fed by the one before.
        compensation: How the consumers of removed neurons change. "least_squares": weights and
            biases are refitted on the neurons that stay, so that the preactivations of the
            original network are reproduced on the sample. "mean": the mean contribution of
            the removed neurons moves to the biases. "none": nothing changes.
        data: Sample of inputs in market units, shape (n, n_in), on which fits and means are
            taken; not needed for "none".

    Returns:
        The smaller network, in the dtype of `net`.

    Raises:
        ValueError: If indices or the sample do not fit the network, if the sample is missing, or
            if a layer is to disappear without "least_squares".
    """
    kept = _checked_indices(net, kept)
    if compensation not in ("least_squares", "mean", "none"):
        raise ValueError(
            f"compensation must be 'least_squares', 'mean' or 'none'; got {compensation!r}"
        )
    if compensation != "least_squares" and any(indices.size == 0 for indices in kept):
        raise ValueError(
            f"only compensation 'least_squares' can remove a whole layer; got {compensation!r}"
        )
    if compensation == "none":
        return _shift(net, kept, [np.zeros(width) for width in net.sizes[1:-1]])
    if data is None or data.ndim != 2 or data.shape[1] != net.sizes[0]:
        raise ValueError(
            f"compensation {compensation!r} needs data, a sample of inputs of shape "
            f"(n, {net.sizes[0]}); got {None if data is None else data.shape}"
        )
    activations = [np.asarray(a, np.float64) for a in network.hidden_activations(net, data)]
    if compensation == "mean":
        return _shift(net, kept, [a.mean(axis=0) for a in activations])
    return _refit(net, kept, np.asarray(data, np.float64), activations)


def _checked_indices(net: network.MLP, kept: Sequence[np.ndarray]) -> list[np.ndarray]:
    widths = net.sizes[1:-1]
    if len(kept) != len(widths):
        raise ValueError(f"expected indices for {len(widths)} hidden layers; got {len(kept)}")
    checked = [np.asarray(indices, np.int64).reshape(-1) for indices in kept]
    for layer, (indices, width) in enumerate(zip(checked, widths, strict=True), 1):
        ends_inside = indices.size == 0 or (indices[0] >= 0 and indices[-1] < width)
        if not ends_inside or (np.diff(indices) <= 0).any():
            raise ValueError(
                f"the indices of hidden layer {layer} must increase and lie in [0, {width}); "
                f"got {indices}"
            )
    return checked


def _shift(net: network.MLP, kept: list[np.ndarray], replacements: list[np.ndarray]) -> network.MLP:
    """Removes neurons and moves what replaces them to the biases of their consumers."""
    incoming = [np.arange(net.sizes[0]), *kept]
    outgoing = [*kept, np.arange(net.sizes[-1])]
    weights, biases = [], []
    for layer, (rows, columns) in enumerate(zip(incoming, outgoing, strict=True)):
        weight, bias = np.asarray(net.weights[layer]), np.asarray(net.biases[layer])
        if layer > 0:
            removed = np.setdiff1d(np.arange(weight.shape[0]), rows)
            bias = bias + replacements[layer - 1][removed] @ weight[removed]
        weights.append(weight[np.ix_(rows, columns)])
        biases.append(bias[columns])
    return _with_arrays(net, weights, biases)


def _refit(
    net: network.MLP, kept: list[np.ndarray], data: np.ndarray, activations: list[np.ndarray]
) -> network.MLP:
    """Removes neurons and fits each next layer on the activations of the network so far."""
    inputs = (data - np.asarray(net.x_mean)) / np.asarray(net.x_scale)
    signals = [inputs, *activations]
    outgoing = [*kept, np.arange(net.sizes[-1])]
    weights: list[np.ndarray] = []
    biases: list[np.ndarray] = []
    current, intact = inputs, True
    for layer, columns in enumerate(outgoing):
        if columns.size == 0:
            intact = False
            continue
        weight = np.asarray(net.weights[layer], np.float64)[:, columns]
        bias = np.asarray(net.biases[layer], np.float64)[columns]
        if not intact:
            target = signals[layer] @ weight + bias
            weight, bias = _linear_fit(current, target)
        weights.append(weight)
        biases.append(bias)
        current = np.asarray(network.ACTIVATIONS[net.activation](current @ weight + bias))
        # Where nothing was removed so far, the original weights are the exact answer.
        intact = intact and columns.size == net.sizes[layer + 1]
    return _with_arrays(net, weights, biases)


def _linear_fit(regressors: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    centre = regressors.mean(axis=0)
    weight = np.linalg.lstsq(
        regressors - centre, target - target.mean(axis=0), rcond=_RELATIVE_CUTOFF
    )[0]
    return weight, target.mean(axis=0) - centre @ weight


def _with_arrays(
    net: network.MLP, weights: list[np.ndarray], biases: list[np.ndarray]
) -> network.MLP:
    return replace(
        net,
        weights=tuple(jnp.asarray(weight, net.dtype) for weight in weights),
        biases=tuple(jnp.asarray(bias, net.dtype) for bias in biases),
    )
