"""The pictures of the report, each a matplotlib figure made from plain arrays."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from sobolev.market import BachelierMarket, closed_form
from sobolev.metrics import greeks
from sobolev.network import MLP

# Okabe and Ito's colours, which colour-blind readers can tell apart.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_DPI = 130
_BINS = 40


def to_png(figure: Figure) -> bytes:
    """Returns a figure as the bytes of a PNG file."""
    file = io.BytesIO()
    # Without the version in its metadata, the same figure is the same file.
    figure.savefig(file, format="png", dpi=_DPI, metadata={"Software": None})
    return file.getvalue()


def learning_curves(curves: Mapping[str, np.ndarray]) -> Figure:
    """Draws the mean loss of every epoch.

    Args:
        curves: For each training phase its losses, shape (epochs,), without unit.

    Returns:
        The figure.
    """
    figure = Figure(figsize=(11.5, 4.2), layout="constrained")
    whole, zoomed = figure.subplots(1, 2)
    for k, (name, losses) in enumerate(curves.items()):
        epochs = np.arange(1, len(losses) + 1)
        for axes in (whole, zoomed):
            axes.plot(epochs, losses, label=name, color=_colour(k), linewidth=1.4)
    floor = min(losses.min() for losses in curves.values())
    whole.set(yscale="log", ylabel="Sobolev loss on the noisy labels")
    whole.set_title("all epochs", fontsize=11)
    zoomed.set(ylim=(0.99 * floor, 1.12 * floor))
    zoomed.set_title("the same, near the noise of the labels", fontsize=11)
    zoomed.legend(frameon=False)
    for axes in (whole, zoomed):
        axes.set(xlabel="epoch")
        axes.set_xlim(left=1)
        _tidy(axes)
    return figure


def against_closed_form(
    networks: Mapping[str, MLP], market: BachelierMarket, x: np.ndarray
) -> Figure:
    """Draws price, delta and gamma over the basket, and the errors of the networks in each.

    The upper row moves all spot prices together, so that every spot equals the basket. The lower
    row shows the root mean square error over test points with about the same basket.

    Args:
        networks: The networks by name.
        market: The market, which has the closed form.
        x: Test points, shape (n, n_assets), in market units.

    Returns:
        The figure.
    """
    points = jnp.asarray(x)
    baskets = np.asarray(points @ market.weights)
    exact = closed_form(market, points)
    line = np.linspace(baskets.min(), baskets.max(), 201)
    along = jnp.asarray(np.repeat(line[:, None], market.n_assets, axis=1))
    edges = np.linspace(baskets.min(), baskets.max(), _BINS + 1)
    bins = np.clip(np.digitize(baskets, edges) - 1, 0, _BINS - 1)
    centres = 0.5 * (edges[1:] + edges[:-1])
    counts = np.bincount(bins, minlength=_BINS)
    filled = counts >= 3  # fewer points say nothing about an error

    figure = Figure(figsize=(11.5, 6.4), layout="constrained")
    rows = figure.subplots(2, 3, sharex=True)
    labels = {"price": "price", "delta": "delta, summed over assets", "gamma": "gamma, 1'H1"}
    for column, quantity in enumerate(labels):
        top, bottom = rows[0, column], rows[1, column]
        for k, (name, net) in enumerate(networks.items()):
            curve = np.asarray(getattr(greeks(net, along.astype(net.dtype)), quantity))
            top.plot(line, _summed(curve), color=_colour(k), linewidth=1.4, label=name)
            predicted = np.asarray(getattr(greeks(net, points.astype(net.dtype)), quantity))
            squared = (predicted - np.asarray(getattr(exact, quantity))) ** 2
            squared = squared.reshape(len(squared), -1).mean(axis=1)
            mean = np.bincount(bins, squared, _BINS)[filled] / counts[filled]
            bottom.plot(centres[filled], np.sqrt(mean), color=_colour(k), linewidth=1.4)
        reference = _summed(np.asarray(getattr(closed_form(market, along), quantity)))
        top.plot(line, reference, "k--", linewidth=1.2, label="closed form")
        # A network that runs away at one end must not squeeze everything else flat.
        margin = 0.6 * np.ptp(reference)
        low, high = top.get_ylim()
        top.set_ylim(max(low, reference.min() - margin), min(high, reference.max() + margin))
        top.set_title(labels[quantity], fontsize=11)
        bottom.set(xlabel="basket", yscale="log")
        _tidy(top)
        _tidy(bottom)
    rows[0, 0].set_ylabel("value, all spots equal")
    rows[1, 0].set_ylabel("RMS error over the test points")
    rows[0, 0].legend(frameon=False, fontsize=9)
    figure.align_ylabels(rows[:, 0])
    return figure


def significance(panels: Mapping[str, Mapping[str, np.ndarray]]) -> Figure:
    """Draws the significance of every node, by layer.

    Args:
        panels: For each way of scoring, the scores of each layer, shape (width,), price units.

    Returns:
        The figure: one row per way; each score in the order of the neurons, and sorted.
    """
    figure = Figure(figsize=(11.5, 3.3 * len(panels)), layout="constrained")
    rows = figure.subplots(len(panels), 2, squeeze=False)
    for (title, scores), (left, right) in zip(panels.items(), rows, strict=True):
        widest = max(len(layer) for layer in scores.values())
        grid = np.full((len(scores), widest), np.nan)
        for row, layer in enumerate(scores.values()):
            # Relative to the layer: scores of different layers differ by orders of magnitude.
            grid[row, : len(layer)] = _log10(layer / np.nanmax(layer))
        image = left.imshow(grid, aspect="auto", interpolation="nearest", cmap="viridis")
        left.set_yticks(range(len(scores)), [name.replace("_", " ") for name in scores])
        left.set(xlabel="neuron")
        left.set_title(title, fontsize=11)
        left.grid(False)
        figure.colorbar(image, ax=left, label="log10 of the share of\nthe layer's greatest")
        for k, (name, layer) in enumerate(scores.items()):
            ordered = np.sort(layer)[::-1]
            rank = np.linspace(0.0, 1.0, len(layer)) if len(layer) > 1 else np.array([0.5])
            colour = f"C{k}" if len(scores) > len(_COLOURS) else _colour(k)
            right.plot(
                rank, ordered, marker=".", markersize=4, label=name.replace("_", " "), color=colour
            )
        right.set(
            xlabel="rank within the layer, most significant first",
            ylabel="significance",
            yscale="log",
        )
        right.set_xticks([0.0, 0.5, 1.0], ["first", "middle", "last"])
        right.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
        _tidy(right)
    return figure


def error_by_kept_neurons(
    sweep: Sequence[Mapping[str, Any]], parent: Mapping[str, float]
) -> Figure:
    """Draws the price and delta errors of pruned networks before any fine-tuning.

    Args:
        sweep: Records with "criterion", "compensation", "kept" (neurons per hidden layer),
            "price_rmse" and "delta_rmse".
        parent: "price_rmse" and "delta_rmse" of the dense network.

    Returns:
        The figure.
    """
    figure = Figure(figsize=(10.5, 4.4), layout="constrained")
    panels = figure.subplots(1, 2)
    criteria = list(dict.fromkeys(record["criterion"] for record in sweep))
    compensations = list(dict.fromkeys(record["compensation"] for record in sweep))
    for axes, quantity in zip(panels, ("price", "delta"), strict=True):
        for k, criterion in enumerate(criteria):
            for style, marker, compensation in zip("-:", "os", compensations, strict=False):
                records = [
                    record
                    for record in sweep
                    if (record["criterion"], record["compensation"]) == (criterion, compensation)
                ]
                axes.plot(
                    [record["kept"] for record in records],
                    [record[f"{quantity}_rmse"] for record in records],
                    linestyle=style,
                    marker=marker,
                    markersize=4,
                    color=_colour(k),
                    label=f"{criterion}, {compensation.replace('_', ' ')}",
                )
        axes.axhline(parent[f"{quantity}_rmse"], color="k", linestyle="--", label="dense network")
        kept = sorted({record["kept"] for record in sweep})
        axes.set(xscale="log", yscale="log", xlabel="neurons kept per hidden layer")
        axes.set_xticks(kept, [str(count) for count in kept])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_ylabel(f"{quantity} RMSE, not fine-tuned")
        _tidy(axes)
    panels[1].legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def _summed(values: np.ndarray) -> np.ndarray:
    return values.sum(axis=1) if values.ndim == 2 else values


def _log10(scores: np.ndarray) -> np.ndarray:
    return np.log10(np.maximum(scores, np.finfo(np.float64).tiny))


def _colour(k: int) -> str:
    return _COLOURS[k % len(_COLOURS)]


def _tidy(axes: Axes) -> None:
    axes.grid(True, which="major", alpha=0.25, linewidth=0.7)
    axes.spines[["top", "right"]].set_visible(False)
