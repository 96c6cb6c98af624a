"""``find_roots``: all zeros of a system of equations in a box, with proofs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from interval_jax._interval import Interval
from interval_jax._sharpen import sharpened
from interval_jax.verified._boxes import (
    Bounds,
    Boxes,
    Space,
    bisected,
    inflated,
    inside,
    joined_neighbours,
    middles,
    on_device,
    on_host,
)
from interval_jax.verified._newton import krawczyk
from interval_jax.verified._programs import entire_unless, value_and_continuity
from interval_jax.verified._rounds import Progress, run

__all__ = ["Roots", "find_roots"]

_MARGIN = 1 / 16
"""By how much of its width a box is widened: roots on its border are inside the wider box."""


class Roots(NamedTuple):
    """Result of :func:`find_roots`."""

    boxes: Any
    """Boxes, along the first axis of every leaf, that together contain all roots."""
    unique: np.ndarray
    """Which of them contain exactly one root, for certain; of the rest nothing is known."""
    converged: bool
    """Whether the rest are as small as was asked for: else a limit ended the search."""
    evaluated: int
    """How many boxes were evaluated."""


class _Search:
    """The state of a search: boxes to look at, boxes too small to split, and proven roots."""

    def __init__(
        self, f: Callable[[Any], Any], space: Space, resolution: float, batch: int
    ) -> None:
        def first(X: Interval) -> tuple[Interval, Array]:
            return value_and_continuity(f, X)

        def second(X: Interval) -> Interval:
            return value_and_continuity(jax.jacfwd(sharpened(f)), X)[0]

        self.space, self.batch, self.evaluated = space, batch, 0
        self.width = resolution * (space.hi - space.lo)
        self._first, self._second = jax.jit(jax.vmap(first)), jax.jit(jax.vmap(second))
        # All boxes are of one sign, by which those of other searches are told apart.
        self.queue = space.boxes(sign=np.ones(1), low=np.zeros(1))
        self.small = self.roots = self.regions = self.queue[:0]

    @property
    def remaining(self) -> int:
        """How many boxes are still to be looked at."""
        return len(self.queue)

    @property
    def gap(self) -> float:
        """The width of the widest of them."""
        return float((self.queue.hi - self.queue.lo).max(initial=0))

    def start(self) -> None:
        """The whole box is there."""

    def _facts(self, boxes: Boxes, wide: Boxes) -> tuple[np.ndarray, Bounds, Bounds, Bounds]:
        """Of each box: whether it may hold roots, derivatives, K(X), which has them, and K(W)."""
        count = len(boxes)
        self.evaluated += count
        boxes, wide = boxes.repeated(self.batch), wide.repeated(self.batch)
        X, W = on_device(boxes), on_device(wide)
        value, known = self._first(W)
        J = self._second(W)
        J = entire_unless(known[:, None, None], J)
        m = middles(boxes.lo, boxes.hi)
        at_m, _ = self._first(on_device(Bounds(m, m)))
        K, unique = krawczyk(X, W, m, at_m, J, np.ones(boxes.lo.shape, bool))
        found = on_host(value)
        possible = ((found.lo <= 0) & (found.hi >= 0)).all(1)
        facts = possible, on_host(J), on_host(K), on_host(unique)
        taken: tuple[np.ndarray, Bounds, Bounds, Bounds] = jax.tree.map(lambda a: a[:count], facts)
        return taken

    def round(self) -> None:
        """Evaluate some boxes; split, drop or prove them."""
        boxes, self.queue = self.queue[: self.batch], self.queue[self.batch :]
        boxes = boxes[~inside(boxes, self.regions)]
        if not len(boxes):
            return
        wide = Boxes(*inflated(boxes, _MARGIN, self.space), **boxes.columns)
        possible, J, K, unique = self._facts(boxes, wide)
        proven = possible & ((wide.lo < unique.lo) & (unique.hi < wide.hi)).all(1)
        self._record(wide[proven], Bounds(unique.lo[proven], unique.hi[proven]))
        lo, hi = np.maximum(boxes.lo, K.lo), np.minimum(boxes.hi, K.hi)
        kept = possible & ~proven & (lo <= hi).all(1)
        before, J = (boxes.hi - boxes.lo)[kept], Bounds(J.lo[kept], J.hi[kept])
        boxes = Boxes(lo[kept], hi[kept], **boxes[kept].columns)
        widths = boxes.hi - boxes.lo
        small = (widths <= self.width).all(1)
        shrunk = (widths.max(1, initial=0) < 0.5 * before.max(1, initial=0)) & ~small
        halves, unsplit = bisected(
            boxes[~small & ~shrunk], _axes(widths, J, self.space)[~small & ~shrunk]
        )
        self.small = self.small.joined(boxes[small], unsplit)
        # Depth first: boxes near roots are proven early, and what they contain is dropped.
        self.queue = boxes[shrunk].joined(halves, self.queue)

    def _record(self, regions: Boxes, found: Bounds) -> None:
        """Keep roots of which there is exactly one in each region, made small."""
        if not len(regions):
            return
        boxes = Boxes(found.lo, found.hi, **regions.columns)
        for _ in range(40):
            wide = Boxes(*inflated(boxes, _MARGIN, self.space), **boxes.columns)
            lo, hi = np.maximum(wide.lo, regions.lo), np.minimum(wide.hi, regions.hi)
            _, _, K, _ = self._facts(boxes, Boxes(lo, hi, **boxes.columns))
            lo, hi = np.maximum(boxes.lo, K.lo), np.minimum(boxes.hi, K.hi)
            smaller = ((hi - lo).max(1) < 0.95 * (boxes.hi - boxes.lo).max(1)).any()
            boxes = Boxes(lo, hi, **boxes.columns)
            if not smaller:
                break
        for i in range(len(boxes)):
            one, region = boxes[[i]], regions[[i]]
            # The root of a region that holds another one's box is the same root.
            if not inside(one, self.regions).any():
                self.roots = self.roots[~inside(self.roots, region)].joined(one)
            self.regions = self.regions.joined(region)
        self.queue = self.queue[~inside(self.queue, regions)]
        self.small = self.small[~inside(self.small, regions)]

    def conclude(self) -> None:
        """Join small boxes that touch, and drop roots outside the box to search."""
        meets = (self.roots.lo <= self.space.hi) & (self.space.lo <= self.roots.hi)
        self.roots = self.roots[meets.all(1)]
        self.small = joined_neighbours(self.small)
        if 0 < len(self.small) <= self.batch:
            # A root on the border of several boxes is inside their hull.
            self.queue, left = self.small, self.queue
            self.small = self.small[:0]
            self.round()
            self.small = joined_neighbours(self.small.joined(self.queue))
            self.queue = left
            meets = (self.roots.lo <= self.space.hi) & (self.space.lo <= self.roots.hi)
            self.roots = self.roots[meets.all(1)]


def _axes(widths: np.ndarray, J: Bounds, space: Space) -> np.ndarray:
    """The coordinate that contributes most to the widths of the values, relative to each."""
    slopes = np.maximum(np.abs(J.lo), np.abs(J.hi))
    with np.errstate(all="ignore"):
        smear = slopes * widths[:, None, :]
        share = (smear / smear.sum(2, keepdims=True)).sum(1)
    relative = widths / (space.hi - space.lo)
    usable = np.isfinite(share).all(1, keepdims=True)
    # Times the width, lest of equations with one unknown each the same is bisected for ever.
    axes: np.ndarray = np.where(usable, share * relative, relative).argmax(1)
    return axes


def find_roots(
    f: Callable[[Any], Any],
    box: Any,
    *,
    resolution: float = 1e-6,
    max_boxes: int = 1_000_000,
    max_seconds: float | None = None,
    batch: int = 256,
    callback: Callable[[Progress], Any] | None = None,
) -> Roots:
    """Enclose all roots of a system of equations in a box, and prove which are roots.

    Boxes are dropped where a value cannot be zero, and contracted by Krawczyk's operator with the
    inverse of the middle of the Jacobian, which also proves that there is exactly one root; the
    others are bisected. Each box is looked at with a margin, so that roots on the borders of boxes
    are proven as well; a root on, or by rounding next to, the border of the whole box is reported.

    Args:
        f: A function of one pytree of arrays, with as many real results, in one array, as it has
            coordinates.
        box: The same pytree, bounded intervals in place of arrays, all of one type, no points.
        resolution: Boxes that are neither dropped nor proven are bisected until their widths are
            this share of the box's.
        max_boxes: Stop after so many boxes.
        max_seconds: Stop after so much time, compilation included.
        batch: How many boxes are evaluated at a time.
        callback: Is given a :class:`Progress` after each round; stops the search by
            returning ``True``.

    Returns:
        :class:`Roots`, valid also when stopped early: every root in the box is in one of the boxes
        returned, and a box marked as unique contains exactly one root. That is inside the box
        searched if its enclosure is.

    Raises:
        TypeError: If there are not as many equations as coordinates, or the types differ.
        ValueError: If the box is empty, unbounded, or a point in some coordinate.

    Example:
        >>> import interval_jax as ij
        >>> found = ij.find_roots(lambda x: x * x - 2.0, ij.interval([-3.0], [3.0]))
        >>> found.unique.tolist()
        [True, True]

    References: A. Neumaier, Interval Methods for Systems of Equations (1990), chapter 5;
    S. M. Rump, Verification methods, Acta Numerica 19 (2010), 287-449.
    """
    space = Space(box, "find_roots")
    result = space.result(f, "find_roots")
    count = int(np.prod(result.shape, dtype=int))
    if count != space.size:
        raise TypeError(
            f"find_roots needs as many equations as coordinates, got a result of shape "
            f"{result.shape} for {space.size} coordinates"
        )
    if not (space.lo < space.hi).all():
        raise ValueError("find_roots: the box is a point in some coordinate; close over that")
    function = space.function(f)
    search = _Search(lambda x: jnp.ravel(function(x)), space, resolution, max(batch, 64))
    run(search, max_boxes, max_seconds, callback)
    converged = not len(search.queue)
    search.conclude()
    boxes = search.roots.joined(search.small, search.queue)
    unique = np.arange(len(boxes)) < len(search.roots)
    found = space.unflatten(Interval(jnp.asarray(boxes.lo), jnp.asarray(boxes.hi)))
    return Roots(found, unique, converged, search.evaluated)
