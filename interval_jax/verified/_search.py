"""Branch and bound for the minima of a function, or of its negative, many boxes at a time."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from interval_jax.verified._boxes import (
    Bounds,
    Boxes,
    Space,
    bisected,
    inflated,
    inside,
    joined_neighbours,
    middles,
)
from interval_jax.verified._descent import STARTS, descend
from interval_jax.verified._minima import Evaluator, Facts

__all__ = ["Search"]

_MARGIN = 1 / 32
"""By how much of its width a box is widened: zeros on its border are inside the wider box."""


_PATIENCE = 20_000
"""After how many boxes Taylor models are used, which take long to compile."""


class Search:
    """The state of a search: boxes that may hold minimisers, and the best values known.

    A box has the sign +1 or -1, of the function of which minima are sought in it, and ``low``,
    a lower bound of that.

    Args:
        f: A function of a vector with a scalar value.
        space: The box to search.
        signs: Whether minima of f (+1), of -f (-1), or both are sought.
        tolerance: How far lower bounds may stay below the best value of that sign.
        resolution: How wide a box may stay that cannot be dropped, as a share of the whole.
        second_order: Whether to use second derivatives.
        batch: Boxes evaluated at a time.
    """

    def __init__(
        self,
        f: Callable[[Any], Any],
        space: Space,
        signs: tuple[int, ...],
        tolerance: float,
        resolution: float,
        second_order: bool,
        batch: int,
    ) -> None:
        self.space, self.tolerance, self.batch = space, tolerance, batch
        self.second_order, self.resolution = second_order, resolution
        self.evaluator = Evaluator(f, second_order, batch)
        self.best = dict.fromkeys(signs, math.inf)
        """Proven upper bounds of the minimum of s f."""
        self.points = {s: middles(space.lo, space.hi) for s in signs}
        """Where they are attained."""
        count = len(signs)
        whole = space.boxes(
            sign=np.zeros(1, space.dtype),
            low=np.full(1, -np.inf, space.dtype),
        ).repeated(count)
        whole.columns["sign"] = np.array(signs, space.dtype)
        self.queue = whole
        """Boxes to look at."""
        self.settled = whole[:0]
        """Boxes with lower bounds close enough to the best value, or too small to bisect."""
        self.unique = whole[:0]
        """Boxes with exactly one zero of the gradient in the region of the same row."""
        self.regions = whole[:0]

    @property
    def remaining(self) -> int:
        """How many boxes are still to be looked at."""
        return len(self.queue)

    # --- evaluation -------------------------------------------------------------------------

    @property
    def evaluated(self) -> int:
        """How many boxes were evaluated."""
        return self.evaluator.evaluated

    def _evaluated(self, boxes: Boxes) -> tuple[Facts, Boxes]:
        """The facts about up to ``batch`` boxes, and the wider boxes for which they hold."""
        # Coordinates that are points are those of a face, or known: the box is not widened there.
        free = boxes.lo < boxes.hi
        lo, hi = inflated(boxes, _MARGIN, self.space)
        lo = np.where(free, np.maximum(lo, self.space.lo), boxes.lo)
        hi = np.where(free, np.minimum(hi, self.space.hi), boxes.hi)
        wide = Boxes(lo, hi, **boxes.columns)
        return self.evaluator(boxes, wide), wide

    def _improve(self, highs: np.ndarray, points: np.ndarray, sign: int) -> float:
        """Take note of a better value, and return by how much it is."""
        if not len(highs) or not (best := float(highs.min())) < self.best[sign]:
            return 0.0
        gain = self.best[sign] - best
        self.best[sign], self.points[sign] = best, points[highs.argmin()]
        return gain

    def _walk(self, highs: np.ndarray, points: np.ndarray, sign: int) -> None:
        """Descend from the best of some points, and try to prove what is found."""
        starts = points[np.argsort(highs, kind="stable")[:STARTS]]
        ends, values = descend(self.evaluator, starts, self.space.boxes(), sign)
        self._improve(values, ends, sign)
        if self.second_order:
            self._prove_around(self.points[sign], sign)

    def _columns(self, count: int, sign: int) -> dict[str, np.ndarray]:
        return {
            "sign": np.full(count, sign, self.space.dtype),
            "low": np.full(count, -np.inf, self.space.dtype),
        }

    def _prove_around(self, point: np.ndarray, sign: int) -> None:
        """Try boxes of many sizes around a point, for one with exactly one stationary point."""
        here = Boxes(point[None], point[None], **self._columns(1, sign))
        if inside(here, self.regions).any():
            return
        sizes = 2.0 ** -np.arange(1, self.batch + 1, dtype=float)[:, None] * (
            self.space.hi - self.space.lo
        )
        sizes = sizes[: 44 if self.space.dtype == np.float64 else 18].astype(self.space.dtype)
        lo = np.maximum(middles(point - sizes, point - sizes), self.space.lo)
        hi = np.minimum(middles(point + sizes, point + sizes), self.space.hi)
        # Minimisers on the border of the space, where the gradient is not zero, are points there.
        edge = (point <= self.space.lo) | (point >= self.space.hi)
        lo, hi = np.where(edge, point, lo), np.where(edge, point, hi)
        boxes = Boxes(lo, hi, **self._columns(len(lo), sign))
        facts, wide = self._evaluated(boxes)
        self._record(boxes, facts, wide, first_only=True)

    # --- one round --------------------------------------------------------------------------

    def start(self) -> None:
        """Find good values to begin with: samples, and descents from the best of them."""
        share = np.random.default_rng(0).random((self.batch, self.space.size))
        points = self.space.lo * (1 - share) + self.space.hi * share
        points = np.clip(points.astype(self.space.dtype), self.space.lo, self.space.hi)
        points = middles(points, points)
        for s in self.best:
            signs = np.full(len(points), s, self.space.dtype)
            _, highs, _ = self.evaluator.points(points, signs)
            self._improve(highs, points, s)
            self._walk(highs, points, s)

    @property
    def gap(self) -> float:
        """The larger distance between the proven bounds of a minimum."""
        return max(best - self.low(s) for s, best in self.best.items())

    def low(self, sign: int) -> float:
        """A proven lower bound of the minimum of s f."""
        parts = (self.queue, self.settled, self.unique)
        lows = [p.columns["low"][p.columns["sign"] == sign] for p in parts]
        return min([float(x.min()) for x in lows if len(x)] + [self.best[sign]])

    def _limits(self, signs: np.ndarray) -> np.ndarray:
        return np.array([self.best[int(s)] for s in signs], float)

    def round(self) -> None:
        """Evaluate the boxes with the least lower bounds, and split or drop them."""
        lows = self.queue.columns["low"] - self._limits(self.queue.columns["sign"])
        order = np.argsort(np.where(np.isnan(lows), -np.inf, lows), kind="stable")
        boxes, self.queue = self.queue[order[: self.batch]], self.queue[order[self.batch :]]
        boxes = boxes[~inside(boxes, self.regions)] if self.second_order else boxes
        if not len(boxes):
            return
        facts, wide = self._evaluated(boxes)
        boxes.columns["low"] = np.maximum(boxes.columns["low"], facts.low)
        for s in self.best:
            mine = boxes.columns["sign"] == s
            if self._improve(facts.high[mine], facts.point[mine], s) > self.tolerance:
                self._walk(facts.high[mine], facts.point[mine], s)
        if self.second_order:
            self._record(boxes, facts, wide)
        elif self.evaluated > _PATIENCE:
            limits = self._limits(boxes.columns["sign"])
            rows = np.flatnonzero(boxes.columns["low"] < limits - self.tolerance)
            if len(rows):
                low = self.evaluator.modelled(boxes[rows])
                boxes.columns["low"][rows] = np.maximum(boxes.columns["low"][rows], low)
        before = boxes.hi - boxes.lo
        boxes, kept = self._reduced(boxes, facts)
        facts = jax.tree.map(lambda a: a[kept], facts)
        before = before[kept]
        limits = self._limits(boxes.columns["sign"])
        alive = (boxes.columns["low"] <= limits) & (facts.low < np.inf)
        alive &= ~inside(boxes, self.regions) if self.second_order else True
        close = boxes.columns["low"] >= limits - self.tolerance
        small = (boxes.hi - boxes.lo <= self.resolution * (self.space.hi - self.space.lo)).all(1)
        done = alive & ((close & small) | (before == 0).all(1))
        self.settled = self.settled.joined(boxes[done])
        open_ = alive & ~done
        boxes, before = boxes[open_], before[open_]
        facts = jax.tree.map(lambda a: a[open_], facts)
        close, widths = close[open_], boxes.hi - boxes.lo
        axes = _axes(widths, facts.gradient, self.space, close)
        # A box that has shrunk a lot is looked at again as it is.
        shrunk = widths.max(1, initial=0) < 0.5 * before.max(1, initial=0)
        halves, unsplit = bisected(boxes[~shrunk], axes[~shrunk])
        self.settled = self.settled.joined(unsplit)
        self.queue = self.queue.joined(boxes[shrunk], halves)
        self._prune()

    def _prune(self) -> None:
        """Drop what the best values rule out."""
        for name in ("queue", "settled"):
            boxes = getattr(self, name)
            keep = boxes.columns["low"] <= self._limits(boxes.columns["sign"])
            setattr(self, name, boxes[keep])
        keep = self.unique.columns["low"] <= self._limits(self.unique.columns["sign"])
        self.unique = self.unique[keep]

    def _reduced(self, boxes: Boxes, facts: Facts) -> tuple[Boxes, np.ndarray]:
        """Boxes without the parts where no minimiser can be; and which of them are left.

        A minimiser x with a coordinate inside the space has a neighbour on either side there, in
        the wider box: the derivative cannot have one sign, nor the second derivative be negative.
        """
        lo, hi = boxes.lo.copy(), boxes.hi.copy()
        free = lo < hi
        rising = free & (facts.gradient.lo > 0)
        falling = free & (facts.gradient.hi < 0)
        hollow = free & (np.diagonal(facts.hessian.hi, axis1=1, axis2=2) < 0)
        at_lo, at_hi = lo <= self.space.lo, hi >= self.space.hi
        no_inside = rising | falling | hollow
        may_lo, may_hi = at_lo & ~falling, at_hi & ~rising
        gone = np.asarray((no_inside & ~may_lo & ~may_hi).any(1))
        to_lo, to_hi = no_inside & may_lo & ~may_hi, no_inside & may_hi & ~may_lo
        hi = np.where(to_lo, lo, hi)
        lo = np.where(to_hi, hi, lo)
        if self.second_order:
            # Only minimisers inside the space, in all free coordinates, have a gradient of zero.
            stationary = ~np.asarray((free & (at_lo | at_hi)).any(1))[:, None]
            lo = np.where(stationary & free, np.maximum(lo, facts.contracted.lo), lo)
            hi = np.where(stationary & free, np.minimum(hi, facts.contracted.hi), hi)
            gone = gone | (lo > hi).any(1)
        kept = ~gone
        return Boxes(lo[kept], hi[kept], **boxes[kept].columns), kept

    # --- unique stationary points -----------------------------------------------------------

    def _unique(self, boxes: Boxes, facts: Facts, wide: Boxes) -> np.ndarray:
        free = boxes.lo < boxes.hi
        inside = (wide.lo < facts.unique.lo) & (facts.unique.hi < wide.hi)
        strict = (wide.lo > self.space.lo) & (wide.hi < self.space.hi)
        return np.asarray((~free | (inside & strict)).all(1) & free.any(1))

    def _record(self, boxes: Boxes, facts: Facts, wide: Boxes, first_only: bool = False) -> None:
        """Keep the boxes in which exactly one stationary point is proven, made small."""
        rows = np.flatnonzero(self._unique(boxes, facts, wide))
        rows = rows[:1] if first_only else rows
        if not len(rows):
            return
        found = boxes[rows]
        regions = Boxes(wide.lo[rows], wide.hi[rows], **found.columns)
        free = found.lo < found.hi
        lo = np.where(free, facts.unique.lo[rows], found.lo)
        hi = np.where(free, facts.unique.hi[rows], found.hi)
        found = Boxes(lo, hi, **found.columns)
        for _ in range(40):
            facts, _ = self._evaluated(found)
            low = np.where(np.isnan(facts.low), -np.inf, facts.low)
            lo = np.where(free, np.maximum(found.lo, facts.contracted.lo), found.lo)
            hi = np.where(free, np.minimum(found.hi, facts.contracted.hi), found.hi)
            smaller = ((hi - lo).max(1) < 0.95 * (found.hi - found.lo).max(1)).any()
            found = Boxes(lo, hi, **{**found.columns, "low": low})
            if not smaller:
                break
        for s in self.best:
            mine = found.columns["sign"] == s
            self._improve(facts.high[mine], facts.point[mine], s)
        for i in range(len(rows)):
            # One stationary point lies in the region: if another box is in it, it is the same.
            one, region = found[[i]], regions[[i]]
            if inside(one, self.regions).any():
                self.regions = self.regions.joined(region)
                continue
            same = inside(self.unique, region)
            self.unique = self.unique[~same].joined(one)
            self.regions = self.regions.joined(region)
        self.queue = self.queue[~inside(self.queue, regions)]
        self.settled = self.settled[~inside(self.settled, regions)]

    def conclude(self) -> None:
        """Join settled boxes that touch, and try to prove that one stationary point is in them."""
        self.settled = joined_neighbours(self.settled)
        if self.second_order and 0 < len(self.settled) <= self.batch:
            facts, wide = self._evaluated(self.settled)
            self._record(self.settled, facts, wide)
            self._prune()


def _axes(widths: np.ndarray, gradient: Bounds, space: Space, close: np.ndarray) -> np.ndarray:
    """The coordinate that contributes most to the width of the range; the widest if it is small."""
    slope = np.maximum(np.abs(gradient.lo), np.abs(gradient.hi))
    with np.errstate(invalid="ignore"):
        spread = slope * widths
    whole = space.hi - space.lo
    relative = widths / np.where(whole > 0, whole, 1)
    usable = np.isfinite(spread).all(1, keepdims=True) & (spread > 0).any(1, keepdims=True)
    usable &= ~close[:, None]
    axes: np.ndarray = np.where(usable, spread, relative).argmax(1)
    return axes
