r"""``subdivide``: the union of the enclosures over parts of a box.

A part is a box in coordinates t with :math:`x = c + M t`: the coordinates of x themselves, or
components along given directions in place of some of them. Over a part the function
:math:`f(c + M t)` is enclosed, with x kept inside the whole box. The parts cover the box: with
directions, the first of them is an enclosure of :math:`M^{-1} (X - c)`.

References: R. E. Moore, R. B. Kearfott, M. J. Cloud, Introduction to Interval Analysis (2009),
chapter 6; R. B. Kearfott, Rigorous Global Search (1996), section 4.3, for the axis to bisect.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from interval_jax._enclose import enclose
from interval_jax._interval import Interval, as_interval, matmul
from interval_jax._rules.within import within
from interval_jax.linalg import inv
from interval_jax.verified._boxes import Bounds, Boxes, Space, bisected, middles, on_device, on_host
from interval_jax.verified._rounds import Progress, run

__all__ = ["Subdivision", "subdivide"]

_SAMPLES = 256
"""Points at which the function is sampled, to know what is worth splitting."""


class Subdivision(NamedTuple):
    """Result of :func:`subdivide`."""

    value: Any
    """Contains every value of the function on the box: the hull of ``values``."""
    boxes: Interval
    """The parts, shape (parts, coordinates)."""
    values: Any
    """Contains the values on each of them, along a new first axis."""
    excess: float
    """By how much ``value`` is wider than samples, in units of their width: of the worst result."""
    converged: bool
    """Whether that is within the tolerance."""
    evaluated: int
    """How many boxes were evaluated."""


class _Coordinates:
    """x = c + M t, or x = t where M is None."""

    def __init__(self, space: Space, matrix: np.ndarray | None) -> None:
        self.space, self.matrix = space, matrix
        self.center = middles(space.lo, space.hi)
        self.whole = space.boxes()
        if matrix is not None:
            inverse = inv(as_interval(jnp.asarray(matrix)))
            box = Interval(jnp.asarray(space.lo), jnp.asarray(space.hi))
            t = on_host(matmul(inverse, box - jnp.asarray(self.center)))
            if not (np.isfinite(t.lo) & np.isfinite(t.hi)).all():
                raise ValueError("subdivide: the directions are not proven to be independent")
            self.whole = Boxes(t.lo[None], t.hi[None])

    def __call__(self, t: Array) -> Array:
        if self.matrix is None:
            return t
        x = jnp.asarray(self.center) + jnp.asarray(self.matrix) @ t
        return within(x, jnp.asarray(self.space.lo), jnp.asarray(self.space.hi))


def _oblique(directions: np.ndarray, space: Space) -> np.ndarray:
    """The inverse of a matrix whose first rows are directions, the others coordinates.

    The coordinates that are left out are those that the directions can replace best, in units of
    the box, found by Gaussian elimination. The others keep their ranges, which those of a rotation
    would not.
    """
    radius = np.where(space.hi > space.lo, (space.hi - space.lo) / 2, 1)
    left, pivots = np.array(directions * radius, float), []
    for i in range(len(left)):
        pivot = int(np.abs(left[i]).argmax())
        if not abs(left[i, pivot]) > 1e-8 * np.abs(directions[i] * radius).max():
            raise ValueError("subdivide needs independent directions")
        pivots.append(pivot)
        row = left[i] / left[i, pivot]
        left[i + 1 :] -= np.outer(left[i + 1 :, pivot], row)
    basis = np.concatenate([directions, np.delete(np.eye(space.size), pivots, axis=0)])
    return np.asarray(np.linalg.inv(basis), space.dtype)


def _leading(gradients: np.ndarray, space: Space, count: int) -> np.ndarray:
    """The directions along which a function changes most, in the coordinates of the box."""
    radius = (space.hi - space.lo) / 2
    finite = np.isfinite(gradients).all(1)
    _, _, rows = np.linalg.svd(gradients[finite] * radius, full_matrices=False)
    return np.asarray(rows[:count] / radius)


class _Function:
    """A function of rows of coordinates, its results one vector."""

    def __init__(self, f: Callable[[Any], Any], space: Space, batch: int, **method: Any) -> None:
        of_vector = space.function(f)
        example = jax.ShapeDtypeStruct((space.size,), space.dtype)
        self.shapes, self.structure = jax.tree.flatten(jax.eval_shape(of_vector, example))
        if not self.shapes or any(s.dtype != space.dtype for s in self.shapes):
            raise TypeError(f"subdivide needs real results of type {space.dtype}")
        self.space, self.batch, self.method = space, batch, method

        def flat(x: Array) -> Array:
            return jnp.concatenate([jnp.ravel(leaf) for leaf in jax.tree.leaves(of_vector(x))])

        self.flat = flat
        self.slopes = jax.jit(jax.vmap(jax.jacfwd(flat)))
        self.samples = jax.jit(jax.vmap(flat))

    def through(self, coordinates: _Coordinates) -> Callable[[Boxes], tuple[Bounds, Bounds]]:
        """The function that encloses x and f(x) over boxes of coordinates, batch by batch."""

        def both(t: Array) -> tuple[Array, Array]:
            x = coordinates(t)
            return x, self.flat(x)

        evaluate = jax.jit(jax.vmap(enclose(both, **self.method)))

        def enclosed(boxes: Boxes) -> tuple[Bounds, Bounds]:
            parts = []
            for i in range(0, len(boxes), self.batch):
                some = boxes[i : i + self.batch]
                found = evaluate(on_device(some.repeated(self.batch)))
                parts.append([Bounds(*(b[: len(some)] for b in on_host(v))) for v in found])
            x, y = (
                Bounds(*(np.concatenate(b) for b in zip(*v, strict=True)))
                for v in zip(*parts, strict=True)
            )
            return x, y

        return enclosed

    def unflatten(self, lo: np.ndarray, hi: np.ndarray) -> Any:
        """Results from vectors, whatever axes come before."""
        leaves, first = [], 0
        for s in self.shapes:
            size = int(np.prod(s.shape, dtype=int))
            ends = (b[..., first : first + size].reshape(lo.shape[:-1] + s.shape) for b in (lo, hi))
            leaves.append(Interval(*map(jnp.asarray, ends)))
            first += size
        return jax.tree.unflatten(self.structure, leaves)


def _excess(lo: np.ndarray, hi: np.ndarray, samples: Bounds) -> np.ndarray:
    """By how much bounds are beyond those of samples, in units of the samples' width."""
    scale = np.maximum(samples.hi - samples.lo, np.finfo(lo.dtype).tiny)
    with np.errstate(over="ignore", invalid="ignore"):
        beyond = (np.maximum(hi - samples.hi, 0) + np.maximum(samples.lo - lo, 0)) / scale
    return np.where(lo > hi, 0, beyond)


def _bar(progress: Progress, limit: int) -> None:
    share = min(progress.evaluated / limit, 1.0)
    line = f"[{'#' * int(30 * share):30}] {progress.evaluated} boxes, excess {progress.gap:.3g}"
    sys.stderr.write(f"\r{line}, {progress.seconds:.0f} s ")
    sys.stderr.flush()


def subdivide(
    f: Callable[[Any], Any],
    box: Any,
    tolerance: float = 0.1,
    *,
    method: str = "natural",
    order: int | None = None,
    directions: Any = None,
    max_boxes: int = 4096,
    max_seconds: float | None = None,
    batch: int = 64,
    callback: Callable[[Progress], Any] | None = None,
    progress: bool = False,
) -> Subdivision:
    """Enclose a function over a box by the union over parts of it, the worst of which are bisected.

    The part whose enclosure is farthest beyond samples of the function is bisected first, along
    the coordinate that counts most by sampled derivatives times the part's width. The answer is
    an enclosure whenever this stops: the parts cover the box at every time.

    Args:
        f: A function of one pytree of arrays, with a pytree of real arrays as its result.
        box: The same pytree, bounded intervals or numbers in place of arrays, all of one type.
        tolerance: Stop when no result's enclosure is wider than its samples by more than this
            share of their width.
        method: How a part is enclosed, as for :func:`enclose`.
        order: Likewise.
        directions: Vectors d, an array of shape (count, coordinates), whose products with x are
            coordinates to bisect, in place of some of those of the box; or a number, for so many
            along which the sampled function changes most. For functions of few such products. They
            are of use to methods that know how values depend on coordinates: not to natural ones.
        max_boxes: Stop after so many boxes.
        max_seconds: Stop after so much time, compilation included.
        batch: How many boxes are evaluated at a time.
        callback: Is given a :class:`Progress` after each round, with the excess as the gap; stops
            by returning ``True``.
        progress: Whether to show a bar.

    Returns:
        A :class:`Subdivision`; its boxes are in the coordinates t where directions are given.

    Raises:
        TypeError: If types differ, or results are not real. ValueError: If the box is empty or
            unbounded, or directions are not proven to be independent.

    Example:
        >>> import interval_jax as ij
        >>> found = ij.subdivide(lambda x: x * (1 - x), ij.interval(0.0, 1.0), max_boxes=64)
        >>> bool(found.value.hi < 0.3)
        True
    """
    space = Space(box, "subdivide")
    function = _Function(f, space, batch, method=method, order=order)
    union = _Union(function, space, directions, tolerance, max_boxes)

    def told(state: Progress) -> Any:
        if progress:
            _bar(state, max_boxes)
        return callback is not None and callback(state)

    run(union, max_boxes, max_seconds, told)
    if progress:
        sys.stderr.write("\n")
    every, (low, high) = union.every, union.bounds
    return Subdivision(
        function.unflatten(low, high),
        on_device(every),
        function.unflatten(every.columns["low"], every.columns["high"]),
        union.gap,
        union.gap <= tolerance,
        union.evaluated,
    )


class _Union:
    """Parts of a box with enclosures of a function, which together cover it."""

    def __init__(
        self,
        function: _Function,
        space: Space,
        directions: Any,
        tolerance: float,
        max_boxes: int,
    ) -> None:
        self.function, self.tolerance, self.max_boxes = function, tolerance, max_boxes
        self.rng = np.random.default_rng(0)
        # Often at an end.
        share = np.clip(self.rng.uniform(-0.5, 1.5, (_SAMPLES, space.size)), 0, 1)
        points = (space.lo * (1 - share) + space.hi * share).astype(space.dtype)
        values = np.asarray(function.samples(points))
        with np.errstate(invalid="ignore"):
            self.seen = Bounds(np.nanmin(values, 0), np.nanmax(values, 0))
        matrix = None
        if directions is not None:
            if np.ndim(directions) == 0:
                slopes = np.asarray(function.slopes(points)).reshape(-1, space.size)
                directions = _leading(slopes, space, int(directions))
            matrix = _oblique(np.atleast_2d(np.asarray(directions, space.dtype)), space)
        self.coordinates = _Coordinates(space, matrix)
        self.enclosed = function.through(self.coordinates)
        self.evaluated = 0
        self.parts = self._evaluated(self.coordinates.whole)
        """Those that may be bisected."""
        self.settled = self.parts[:0]

    def start(self) -> None:
        """The whole box is evaluated already."""

    @property
    def every(self) -> Boxes:
        """All parts."""
        return self.parts.joined(self.settled)

    @property
    def bounds(self) -> Bounds:
        """The union."""
        every = self.every
        return Bounds(every.columns["low"].min(0), every.columns["high"].max(0))

    @property
    def gap(self) -> float:
        """By how much the union is wider than the samples, in units of their width."""
        return float(_excess(*self.bounds, self.seen).max())

    @property
    def remaining(self) -> int:
        """The number of parts that may be bisected, none if the union is good enough."""
        return len(self.parts) if self.gap > self.tolerance else 0

    def _evaluated(self, boxes: Boxes) -> Boxes:
        """The boxes that meet the whole one, with the enclosures of f on them."""
        self.evaluated += len(boxes)
        x, y = self.enclosed(boxes)
        meets = (x.lo <= x.hi).all(1)
        low = np.where(np.isnan(y.lo), -np.inf, y.lo)
        high = np.where(np.isnan(y.hi), np.inf, y.hi)
        if boxes.columns:
            low = np.maximum(low, boxes.columns["low"])
            high = np.minimum(high, boxes.columns["high"])
        return Boxes(boxes.lo, boxes.hi, low=low, high=high)[meets]

    def round(self) -> None:
        """Bisect the parts that are farthest beyond the samples."""
        beyond = _excess(self.parts.columns["low"], self.parts.columns["high"], self.seen)
        room = max(1, min(self.function.batch, self.max_boxes - self.evaluated) // 2)
        order = np.argsort(-beyond.max(1), kind="stable")
        worst, rest = self.parts[order[:room]], self.parts[order[room:]]
        axes = _axes(self.function, self.coordinates, worst, beyond[order[:room]], self)
        halves, whole = bisected(worst, axes, 0.5)
        self.settled = self.settled.joined(whole)
        self.parts = rest.joined(self._evaluated(halves)) if len(halves) else rest


def _axes(
    function: _Function, coordinates: _Coordinates, boxes: Boxes, weights: np.ndarray, union: _Union
) -> np.ndarray:
    """The coordinate with the largest derivative times width, of results that are too wide."""
    widths = boxes.hi - boxes.lo
    scale = np.maximum(union.seen.hi - union.seen.lo, np.finfo(boxes.lo.dtype).tiny)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        weights = np.nan_to_num(weights / weights.max(1, keepdims=True), nan=1.0, posinf=1.0)
    smear = np.zeros_like(widths)
    for share in (0.5, *union.rng.random((2, *widths.shape))):
        points = middles(boxes.lo, boxes.hi, share)
        matrix = coordinates.matrix
        x = points if matrix is None else coordinates.center + points @ matrix.T
        rows = Boxes(x, x).repeated(function.batch).lo.astype(boxes.lo.dtype)
        slopes = np.asarray(function.slopes(rows))[: len(boxes)]
        slopes = slopes if matrix is None else slopes @ matrix
        sizes = np.nan_to_num(np.abs(slopes), nan=0.0, posinf=0.0) / scale[:, None]
        smear = np.maximum(smear, np.einsum("bo,bok->bk", weights, sizes) * widths)
    whole = coordinates.whole.hi - coordinates.whole.lo
    relative = widths / np.where(whole > 0, whole, 1)
    flat = smear.max(1, keepdims=True) <= 0
    axes: np.ndarray = np.where(flat, relative, smear).argmax(1)
    return axes
