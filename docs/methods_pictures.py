"""Measures the methods of ``enclose`` and ``subdivide``, and draws what docs/methods.rst shows.

Run by hand, ``python docs/methods_pictures.py [network.onnx]``: writes docs/methods.csv,
docs/_static/methods_*.png and, for a network with seven inputs on the box of its test set,
docs/methods_directions.csv.
"""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import matplotlib
import numpy as np

import interval_jax as ij

jax.config.update("jax_enable_x64", True)
matplotlib.use("Agg")
from matplotlib import pyplot as plt  # noqa: E402

DOCS = Path(__file__).resolve().parent
METHODS: dict[str, dict[str, Any]] = {
    "natural": {"method": "natural"},
    "mean_value": {"method": "mean_value"},
    "slope": {"method": "slope"},
    "affine": {"method": "affine"},
    "taylor": {"method": "taylor"},
}
COLOURS = dict(zip(METHODS, ("0.55", "C1", "C3", "C0", "C2"), strict=True))


def wave(x: jax.Array) -> jax.Array:
    return jnp.exp(-x[0] / 2) * jnp.sin(3 * x[0]) + x[0] ** 2 / 4


def saddle(x: jax.Array) -> jax.Array:
    return jnp.sin(x[0] * x[1]) - x[0] / (1 + x[1] ** 2) + (x[0] - x[1]) * (x[0] + x[1])


_rng = np.random.default_rng(0)
_SIZES = (4, 32, 32, 32, 1)
_WEIGHTS = [_rng.normal(size=(n, m)) / np.sqrt(n) for n, m in pairwise(_SIZES)]


def network(x: jax.Array) -> jax.Array:
    for weight in _WEIGHTS[:-1]:
        x = jax.nn.silu(x @ weight)
    return (x @ _WEIGHTS[-1])[0]


EXAMPLES: dict[str, tuple[Callable[[jax.Array], jax.Array], np.ndarray, float]] = {
    "one variable": (wave, np.array([1.2]), 0.2),
    "two variables": (saddle, np.array([0.7, 0.9]), 0.2),
    "network": (network, np.array([0.3, -0.2, 0.5, 0.1]), 0.2),
}
"""Functions, the middle of a box and its radius."""

RADII = 2.0 ** -np.arange(0, 8)


def sampled_widths(f: Callable[..., Any], center: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """Of the range on boxes around a point, by samples: too narrow, if anything."""
    rng = np.random.default_rng(1)
    shares = np.clip(rng.uniform(-2, 2, (4000, len(center))), -1, 1)
    values = jax.vmap(jax.vmap(f))(center + radii[:, None, None] * shares)
    return np.ptp(np.asarray(values), axis=1)


def cpu_seconds(call: Callable[[], Any]) -> float:
    """The least processor time of a call."""
    found = []
    for _ in range(7):
        began = time.process_time()
        jax.block_until_ready(call())
        found.append(time.process_time() - began)
    return min(found)


def measure() -> tuple[list[list[str]], dict[str, dict[str, np.ndarray]]]:
    """Rows of the table, and the ratios by example and method for boxes of all radii."""
    rows, ratios = [], {}
    for example, (f, center, radius) in EXAMPLES.items():
        radii = np.concatenate([[1.0], radius / 0.2 * RADII])
        X = ij.interval(center - radii[1:, None], center + radii[1:, None])
        repeated = jax.tree.map(lambda b: jnp.tile(b, (8, 1)), X)
        sampled = sampled_widths(f, center, radii[1:])
        ratios[example], base = {}, 0.0
        for name, options in METHODS.items():
            enclosed = jax.jit(jax.vmap(ij.enclose(f, **options)))
            began = time.process_time()
            widths = np.asarray(ij.wid(enclosed(repeated)))[: len(RADII)]
            compiled = time.process_time() - began
            seconds = cpu_seconds(lambda call=enclosed, X=repeated: call(X))
            base = base or seconds
            ratios[example][name] = widths / sampled
            picked = [f"{ratios[example][name][i]:.3g}" for i in (2, 4, 6)]
            rows.append([example, name, *picked, f"{seconds / base:.1f}", f"{compiled:.1f}"])
            print(*rows[-1], flush=True)
    return rows, ratios


def draw_orders(ratios: dict[str, dict[str, np.ndarray]]) -> None:
    figure, axes = plt.subplots(1, 3, figsize=(9.6, 3.2), sharey=True, layout="constrained")
    for axis, (example, by_method) in zip(axes, ratios.items(), strict=True):
        for name, ratio in by_method.items():
            axis.loglog(2 * RADII, ratio - 1, marker=".", color=COLOURS[name], label=name)
        axis.set(title=example, xlabel="width of the box")
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("width of the enclosure / range - 1")
    axes[0].set_ylim(1e-3, 1e3)
    axes[-1].legend(fontsize=8)
    figure.savefig(DOCS / "_static" / "methods_orders.png", dpi=110)


def draw_pieces() -> None:
    """A function of one variable, enclosed on six pieces of a line by each method."""
    ends = np.linspace(0.0, 3.0, 7)
    X = ij.interval(ends[:-1, None], ends[1:, None])
    figure, axes = plt.subplots(1, 4, figsize=(9.6, 2.8), sharey=True, layout="constrained")
    t = np.linspace(0, 3, 400)
    for axis, name in zip(axes, ("natural", "slope", "affine", "taylor"), strict=True):
        found = jax.jit(jax.vmap(ij.enclose(wave, **METHODS[name])))(X)
        for a, b, low, high in zip(ends, ends[1:], found.lo, found.hi, strict=False):
            axis.fill_between(
                [a, b], float(low), float(high), color=COLOURS[name], alpha=0.45, lw=0
            )
        axis.plot(t, jax.vmap(wave)(t[:, None]), color="black", lw=1.2)
        axis.set(title=name, xlabel="x")
    figure.savefig(DOCS / "_static" / "methods_pieces.png", dpi=110)


def subdivisions(path: str) -> list[list[str]]:
    """The excess of a network's enclosure by the number of boxes, along axes and a direction."""
    from sobolev.network import apply
    from sobolev.onnx_io import import_onnx

    net = import_onnx(path)
    box = ij.interval(np.full(7, 0.3232233), np.full(7, 1.6767767))
    figure, axis = plt.subplots(figsize=(5.2, 3.4), layout="constrained")
    rows = []
    for label, directions in (("axes", None), ("one direction", 1)):
        seen: list[ij.Progress] = []
        ij.subdivide(
            lambda x: apply(net, x),
            box,
            0.0,
            method="affine",
            directions=directions,
            max_boxes=512,
            batch=16,
            callback=lambda state, seen=seen: seen.append(state),
        )
        counts, ratios = [s.evaluated for s in seen], [1 + s.gap for s in seen]
        axis.loglog(counts, ratios, marker=".", label=label)
        wanted = [int(np.searchsorted(counts, n)) for n in (3, 15, 63, 255, 511)]
        rows.append([label, *(f"{ratios[min(i, len(ratios) - 1)]:.3g}" for i in wanted)])
        print(*rows[-1], flush=True)
    axis.set(xlabel="boxes", ylabel="width of the union / sampled width")
    axis.grid(alpha=0.3)
    axis.legend()
    figure.savefig(DOCS / "_static" / "methods_directions.png", dpi=110)
    return rows


def write(name: str, header: list[str], rows: list[list[str]]) -> None:
    with (DOCS / name).open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def main() -> None:
    draw_pieces()
    header = ["function", "method", "width 0.5", "0.125", "0.031", "cost", "compilation, s"]
    rows, ratios = measure()
    write("methods.csv", header, rows)
    draw_orders(ratios)
    if len(sys.argv) > 1:
        found = subdivisions(sys.argv[1])
        write("methods_directions.csv", ["parts along", "3", "15", "63", "255", "511"], found)


if __name__ == "__main__":
    main()
