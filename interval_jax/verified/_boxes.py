"""Boxes: pytrees of intervals as rows of two arrays on the host, and functions of such rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from interval_jax._enclose import flat_arguments
from interval_jax._interval import Interval, as_interval

__all__ = [
    "Bounds",
    "Boxes",
    "Space",
    "bisected",
    "inflated",
    "inside",
    "joined_neighbours",
    "middles",
    "on_device",
    "on_host",
]


class Bounds(NamedTuple):
    """Arrays of intervals on the host."""

    lo: np.ndarray
    hi: np.ndarray


def on_host(x: Interval) -> Bounds:
    """Intervals fetched from the device."""
    return Bounds(np.asarray(x.lo), np.asarray(x.hi))


def on_device(x: Bounds | Boxes) -> Interval:
    """Intervals for a compiled function."""
    return Interval(jnp.asarray(x.lo), jnp.asarray(x.hi))


class Boxes:
    """Boxes as rows: bounds of shape (boxes, coordinates), and columns that go with them."""

    def __init__(self, lo: np.ndarray, hi: np.ndarray, **columns: np.ndarray) -> None:
        self.lo, self.hi, self.columns = lo, hi, columns

    def __len__(self) -> int:
        return len(self.lo)

    def __getitem__(self, rows: Any) -> Boxes:
        taken = {name: column[rows] for name, column in self.columns.items()}
        return Boxes(self.lo[rows], self.hi[rows], **taken)

    def joined(self, *others: Boxes) -> Boxes:
        """These boxes and others with the same columns, one after another."""
        parts = [p for p in (self, *others) if len(p)] or [self]
        if len(parts) == 1:
            return parts[0]
        columns = {n: np.concatenate([p.columns[n] for p in parts]) for n in self.columns}
        lo, hi = (np.concatenate([getattr(p, end) for p in parts]) for end in ("lo", "hi"))
        return Boxes(lo, hi, **columns)

    def repeated(self, size: int) -> Boxes:
        """As many rows as asked for, the last ones copies of the first."""
        rows = np.arange(size)
        return self[np.where(rows < len(self), rows, 0)]


class Space:
    """The coordinates of a box given as a pytree of intervals.

    Args:
        box: A pytree whose leaves are intervals, or numbers, which are points; bounded.
        what: The name of the caller, for messages.
    """

    def __init__(self, box: Any, what: str) -> None:
        leaves, self.structure = flat_arguments(box)
        if any(isinstance(end, jax.core.Tracer) for end in jax.tree.leaves(leaves)):
            raise TypeError(f"{what} searches on the host, so it cannot be traced by jit or vmap")
        if not all(jnp.issubdtype(leaf.dtype, jnp.floating) for leaf in leaves):
            raise TypeError(f"{what} needs real coordinates; close over integers")
        types = {np.dtype(leaf.dtype) for leaf in leaves}
        if len(types) != 1:
            names = sorted(t.name for t in types)
            raise TypeError(f"{what} needs coordinates of one type, got {names or 'none'}")
        intervals = [as_interval(leaf) for leaf in leaves]
        self.dtype = types.pop()
        self.shapes = [x.shape for x in intervals]
        self.lo = np.concatenate([np.ravel(x.lo) for x in intervals])
        self.hi = np.concatenate([np.ravel(x.hi) for x in intervals])
        if not (self.lo <= self.hi).all():
            raise ValueError(f"{what}: the box is empty")
        if not (np.isfinite(self.lo) & np.isfinite(self.hi)).all():
            raise ValueError(
                f"{what} needs a bounded box, got {on_device(Bounds(self.lo, self.hi))}"
            )

    @property
    def size(self) -> int:
        """Number of coordinates."""
        return len(self.lo)

    def boxes(self, **columns: np.ndarray) -> Boxes:
        """The whole box, as one row."""
        return Boxes(self.lo[None], self.hi[None], **columns)

    def unflatten(self, x: Any) -> Any:
        """Rows of coordinates, arrays or intervals with them on the last axis, as the pytree."""
        leading, first, leaves = x.shape[:-1], 0, []
        for shape in self.shapes:
            count = int(np.prod(shape, dtype=int))
            part = x if count == self.size else x[..., first : first + count]
            leaves.append(part if part.shape == leading + shape else part.reshape(leading + shape))
            first += count
        return jax.tree.unflatten(self.structure, leaves)

    def function(self, f: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """The function of a vector of coordinates that f is."""

        def of_vector(x: Any) -> Any:
            return f(self.unflatten(x))

        return of_vector

    def result(self, f: Callable[[Any], Any], what: str) -> jax.ShapeDtypeStruct:
        """The shape and type of what f returns, one real array."""
        shape = jax.eval_shape(self.function(f), jax.ShapeDtypeStruct((self.size,), self.dtype))
        if not isinstance(shape, jax.ShapeDtypeStruct) or shape.dtype != self.dtype:
            raise TypeError(
                f"{what} needs a function that returns one array of type {self.dtype}, got {shape}"
            )
        return shape


def middles(lo: np.ndarray, hi: np.ndarray, share: float = 0.5) -> np.ndarray:
    """Numbers of the format between bounds, at about that share of the width."""
    middle = np.clip((lo * (1 - share) + hi * share).astype(lo.dtype), lo, hi)
    return np.where(np.abs(middle) < np.finfo(lo.dtype).tiny, np.zeros_like(middle), middle)


def inflated(boxes: Boxes, share: float, space: Space) -> tuple[np.ndarray, np.ndarray]:
    """Bounds moved outward by that share of the widths and, of the space's, some roundings."""
    lo, hi = boxes.lo, boxes.hi
    tiny, eps = np.finfo(lo.dtype).tiny, np.finfo(lo.dtype).eps
    margin = ((hi - lo) * share + 64 * eps * (space.hi - space.lo) + 4 * tiny).astype(lo.dtype)
    low = np.minimum(lo - margin, np.nextafter(lo, -np.inf, dtype=lo.dtype))
    high = np.maximum(hi + margin, np.nextafter(hi, np.inf, dtype=lo.dtype))
    return np.where(np.abs(low) < tiny, -tiny, low), np.where(np.abs(high) < tiny, tiny, high)


def bisected(boxes: Boxes, axes: np.ndarray, share: float = 0.4877) -> tuple[Boxes, Boxes]:
    """Halves along an axis per box, and the boxes with no number between their bounds there.

    The halves are a little unequal, lest what lies in the middle of a symmetric box ends on
    their border.
    """
    rows = np.arange(len(boxes))
    cut = middles(boxes.lo, boxes.hi, share)[rows, axes]
    inside = (boxes.lo[rows, axes] < cut) & (cut < boxes.hi[rows, axes])
    rest, whole = boxes[~inside], boxes[inside]
    rows, axes, cut = np.arange(len(whole)), axes[inside], cut[inside]
    left, right = (Boxes(whole.lo.copy(), whole.hi.copy(), **whole.columns) for _ in range(2))
    left.hi[rows, axes] = cut
    right.lo[rows, axes] = cut
    return left.joined(right), rest


def inside(boxes: Boxes, regions: Boxes) -> np.ndarray:
    """Which boxes are contained in one of the regions, of their sign if they have one."""
    within = (regions.lo <= boxes.lo[:, None]) & (boxes.hi[:, None] <= regions.hi)
    pairs = np.asarray(within.all(2))
    if "sign" in boxes.columns:
        pairs = pairs & (boxes.columns["sign"][:, None] == regions.columns["sign"])
    return np.asarray(pairs.any(1))


def joined_neighbours(boxes: Boxes) -> Boxes:
    """Hulls of boxes of one sign that touch each other, with the least lower bound among them."""
    left, hulls = boxes, boxes[:0]
    while len(left):
        hull, left = left[:1], left[1:]
        while True:
            touching = ((left.lo <= hull.hi) & (hull.lo <= left.hi)).all(1)
            touching &= left.columns["sign"] == hull.columns["sign"]
            if not touching.any():
                break
            parts = hull.joined(left[touching])
            columns = {**hull.columns, "low": parts.columns["low"].min(keepdims=True)}
            lo, hi = parts.lo.min(0, keepdims=True), parts.hi.max(0, keepdims=True)
            hull, left = Boxes(lo, hi, **columns), left[~touching]
            # What touched the smaller hulls found before may touch this one as well.
        overlapping = ((hulls.lo <= hull.hi) & (hull.lo <= hulls.hi)).all(1)
        overlapping &= hulls.columns["sign"] == hull.columns["sign"]
        left = left.joined(hulls[overlapping], hull) if overlapping.any() else left
        hulls = hulls[~overlapping] if overlapping.any() else hulls.joined(hull)
    return hulls
