"""Polynomial forms on networks: ``python -m benchmarks forms``.

The paper's network, 7-6x128-1 with SiLU, over its test box and over one a quarter of its size a
side, by natural intervals, affine forms and polynomials of degree 2 and 3: the widths of all
activations and adjoints over those of samples, the time a box in a batch, and that of compiling.
An untrained network over a small box. Every sample has to be inside of what is enclosed.

That is decided without a tolerance: a sample's values come with proven bounds of their own errors
(:mod:`benchmarks.point_bounds`), and all that they leave possible has to be inside.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import interval_jax as ij
from benchmarks import point_bounds
from benchmarks.harness import (
    Comparison,
    Figure,
    Variant,
    compare,
    conditions,
    environment,
    figure_lines,
    table,
    write_text,
)
from sobolev import network, onnx_io

PAPER = Path(__file__).parents[2] / "shared" / "paper" / "dense_sobolev_6x128.onnx"
LOW, HIGH = 0.32322330, 1.67677670
SIDES = {
    "box": (LOW, HIGH),
    "box / 4": (1 - (HIGH - LOW) / 8, 1 + (HIGH - LOW) / 8),
}
"""The test box in each of the seven spots, and the middle of it."""

METHODS: dict[str, dict[str, Any]] = {
    "natural": {"method": "natural"},
    "affine": {"method": "affine"},
    "taylor 2": {"method": "taylor", "order": 2},
    "taylor 3": {"method": "taylor", "order": 3},
}
BOXES = 64
ADJOINT_BOXES = 16
SAMPLES = 1_000_000
CHUNK = 20_000
LIMITS = {("box", "taylor 3"): 10.0, ("box / 4", "taylor 3"): 1.7, ("box", "affine"): 40.0}


@dataclass(frozen=True)
class Widths:
    """Enclosures of one method over one box, against samples."""

    box: str
    method: str
    value: float
    """Width of the output over that of uniform samples."""
    value_with_corners: float
    """The same, the corners of the box being samples too."""
    activations: list[float]
    """By layer: sum of the widths of all neurons over that of the samples with corners."""
    adjoints: list[float]
    """Likewise, of the derivatives by the inputs and all layers but the last, where it is exact."""
    outside: int
    """Samples some value of which is proven to be outside."""
    undecided: int
    """Samples neither proven to be inside nor outside."""


Ranges = dict[str, tuple[np.ndarray, np.ndarray]]
"""Least and greatest values of samples, by name."""


def box(low: float, high: float, boxes: int) -> ij.Interval:
    return ij.interval(np.full((boxes, 7), low), np.full((boxes, 7), high))


def samples(low: float, high: float, count: int) -> Iterator[tuple[bool, np.ndarray]]:
    """Chunks of points of a box, first its corners and centre, and whether they are those."""
    yield True, np.array([*product((low, high), repeat=7), (low / 2 + high / 2,) * 7])
    rng = np.random.default_rng(0)
    for first in range(0, count, CHUNK):
        points = rng.uniform(low, high, (min(CHUNK, count - first), 7))
        yield False, np.clip(points, low, high)


def enclosures(net: network.MLP, name: str) -> list[point_bounds.Bounds]:
    """Bounds of all values over the boxes of ``SIDES``, by name."""
    method = ij.adjoints(lambda x: network.apply(net, x), **METHODS[name])
    ends = np.array(list(SIDES.values()))
    boxes = ij.interval(*(np.repeat(ends[:, i : i + 1], 7, axis=1) for i in (0, 1)))
    found = jax.jit(jax.vmap(method))(boxes)
    named = {"value": found.value}
    named |= {f"activation {k}": v for k, v in found.values.items()}
    named |= {f"adjoint {k}": v for k, v in found.adjoints.items()}
    return [
        {k: (np.asarray(v.lo[i]), np.asarray(v.hi[i])) for k, v in named.items()}
        for i in range(len(SIDES))
    ]


def widths(
    net: network.MLP, title: str, found: dict[str, point_bounds.Bounds], count: int
) -> list[Widths]:
    """The enclosures of a box by all methods against samples."""
    uniform: Ranges = {}
    with_corners: Ranges = {}
    outside, undecided = dict.fromkeys(found, 0), dict.fromkeys(found, 0)
    last = f"adjoint hidden_{net.n_hidden}"
    for corners, points in samples(*SIDES[title], count):
        values = point_bounds.evaluated(net, points)
        _extend(with_corners, values)
        if not corners:
            _extend(uniform, values)
        # The derivative by the last layer is the same everywhere: corners are enough.
        asked = {
            name: {k: v for k, v in bounds.items() if corners or k != last}
            for name, bounds in found.items()
        }
        open_rows = {n: ~point_bounds.inside(values, bounds) for n, bounds in asked.items()}
        for row in np.flatnonzero(np.any(list(open_rows.values()), axis=0)):
            exact = point_bounds.exact(net, points[row])
            for name in (n for n, rows in open_rows.items() if rows[row]):
                decided = point_bounds.contains(asked[name], exact)
                outside[name] += decided is False
                undecided[name] += decided is None
    layers = [f"hidden_{k}" for k in range(1, net.n_hidden + 1)]
    return [
        Widths(
            title,
            name,
            _ratio(bounds, uniform, "value"),
            _ratio(bounds, with_corners, "value"),
            [_ratio(bounds, with_corners, f"activation {k}") for k in layers],
            [_ratio(bounds, with_corners, f"adjoint {k}") for k in ["inputs", *layers[:-1]]],
            outside[name],
            undecided[name],
        )
        for name, bounds in found.items()
    ]


def _extend(ranges: Ranges, values: point_bounds.Values) -> None:
    for name, (value, _) in values.items():
        least, greatest = value.min(axis=0), value.max(axis=0)
        if name in ranges:
            least = np.minimum(least, ranges[name][0])
            greatest = np.maximum(greatest, ranges[name][1])
        ranges[name] = least, greatest


def _ratio(found: point_bounds.Bounds, ranges: Ranges, name: str) -> float:
    (low, high), (least, greatest) = found[name], ranges[name]
    return float(np.sum(high - low) / np.sum(greatest - least))


def timings(net: network.MLP) -> list[Comparison]:
    """Seconds a box in a batch, and seconds to compile."""

    def value(x: jax.Array) -> jax.Array:
        return network.apply(net, x)

    def variants(transform: Callable[..., Any], boxes: int) -> list[Variant]:
        return [
            Variant(name, jax.vmap(transform(value, **options)), (box(LOW, HIGH, boxes),))
            for name, options in METHODS.items()
        ]

    return [
        compare("7-6x128-1, value, float64", variants(ij.enclose, BOXES), BOXES, "boxes"),
        compare(
            "7-6x128-1, value and all adjoints, float64",
            variants(ij.adjoints, ADJOINT_BOXES),
            ADJOINT_BOXES,
            "boxes",
        ),
    ]


def untrained(count: int) -> list[Figure]:
    """An initialised network over a box of relative width 1e-3: widths against samples."""
    figures = []
    for activation in ("silu", "relu"):
        net = network.initialise(
            jax.random.key(0), (7, *(128,) * 6, 1), activation=activation, dtype=jnp.float64
        )
        center = np.random.default_rng(0).uniform(0.5, 1.5, 7)
        low, high = center * (1 - 5e-4), center * (1 + 5e-4)
        rng = np.random.default_rng(1)
        points = np.concatenate(
            [
                np.clip(rng.uniform(low, high, (count, 7)), low, high),
                np.array(list(product((0.0, 1.0), repeat=7))) * (high - low) + low,
            ]
        )
        values = np.asarray(jax.jit(lambda x, net=net: network.apply(net, x))(points))
        method = ij.enclose(lambda x, net=net: network.apply(net, x), method="affine")
        found = jax.jit(method)(ij.interval(low, high))
        ratio = float(found.hi - found.lo) / np.ptp(values)
        figures.append(
            Figure(f"untrained {activation}, affine: width over the sampled", ratio, at_most=1.05)
        )
    return figures


def lines(found: Sequence[Widths]) -> str:
    """The widths as text."""
    text = []
    for w in found:
        text.append(
            f"{w.box:8} {w.method:9} output {w.value:9.2f} uniform, {w.value_with_corners:9.2f} "
            f"with corners; outside {w.outside}, undecided {w.undecided}"
        )
        text.append("  activations " + " ".join(f"{r:9.2f}" for r in w.activations))
        text.append("  adjoints    " + " ".join(f"{r:9.2f}" for r in w.adjoints))
    return "\n".join(text)


def figures_of(found: Sequence[Widths], times: Sequence[Comparison]) -> list[Figure]:
    """What the project promises."""
    figures = [
        Figure(
            f"{w.box}, {w.method}: width of the output over the sampled",
            w.value,
            at_most=LIMITS.get((w.box, w.method)),
        )
        for w in found
    ]
    wrong = float(sum(w.outside + w.undecided for w in found))
    figures.append(Figure("samples not proven to be inside", wrong, at_most=0))
    limits = {"affine": 5.0, "taylor 2": 10.0, "taylor 3": 20.0}, {"affine": 50.0}
    names = "value", "value and adjoints"
    for comparison, what, most in zip(times, names, limits, strict=False):
        for t in comparison.timings:
            milliseconds = 1e3 * t.seconds_per_item
            figures.append(Figure(f"{t.name}, {what}: ms a box", milliseconds, most.get(t.name)))
    return figures


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks forms", description=__doc__)
    parser.add_argument("--samples", type=float, default=SAMPLES, help="points in each box")
    parser.add_argument("--network", type=Path, default=PAPER, help="the paper's network, ONNX")
    parser.add_argument("--untimed", action="store_true", help="leave the timings out")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there as well")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a limit is exceeded")
    options = parser.parse_args(arguments)
    jax.config.update("jax_enable_x64", True)
    print(conditions(), flush=True)
    count = int(options.samples)
    figures = untrained(min(count, 100_000))
    found: list[Widths] = []
    times: list[Comparison] = []
    if options.network.exists():
        net = onnx_io.import_onnx(options.network)
        enclosed = {name: enclosures(net, name) for name in METHODS}
        for i, title in enumerate(SIDES):
            found += widths(net, title, {name: e[i] for name, e in enclosed.items()}, count)
            print(lines(found[-len(METHODS) :]), flush=True)
        if not options.untimed:
            times = timings(net)
            print(table(times), flush=True)
        figures += figures_of(found, times)
    else:
        print(f"the paper's network is not at {options.network}: its part is left out")
    print(figure_lines(figures), flush=True)
    if options.json:
        report = {
            "environment": environment(),
            "samples": count,
            "widths": [asdict(w) for w in found],
            "comparisons": [asdict(c) for c in times],
            "figures": [asdict(f) for f in figures],
        }
        write_text(options.json, json.dumps(report, indent=1) + "\n")
    return int(options.check and not all(f.within_limit for f in figures))


if __name__ == "__main__":
    sys.exit(main())
