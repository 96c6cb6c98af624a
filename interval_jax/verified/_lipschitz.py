"""``lipschitz``: the Lipschitz constant of a function on a box, by branch and bound."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from interval_jax._enclose import enclose
from interval_jax._interval import Interval
from interval_jax._sharpen import sharpened
from interval_jax.linalg import norm
from interval_jax.verified._boxes import Boxes, Space, bisected, middles, on_device
from interval_jax.verified._programs import value_and_continuity
from interval_jax.verified._rounds import Progress, run

__all__ = ["Lipschitz", "lipschitz"]


class Lipschitz(NamedTuple):
    """Result of :func:`lipschitz`."""

    value: Interval
    """Contains the least Lipschitz constant; its upper bound is one."""
    converged: bool
    """Whether the bounds are as close as was asked for."""
    evaluated: int
    """How many boxes were evaluated."""


class _Search:
    """The state of a search: boxes with upper bounds, and a lower bound of the constant."""

    def __init__(
        self,
        f: Callable[[Any], Array],
        space: Space,
        p: float,
        method: str,
        tolerance: float,
        batch: int,
    ) -> None:
        slopes = jax.jacfwd(sharpened(f))

        def derivative(X: Interval) -> Interval:
            if method == "natural":
                return value_and_continuity(slopes, X)[0]
            enclosure: Interval = enclose(slopes, method)(X)
            return enclosure

        free = jnp.asarray(space.lo < space.hi)

        def constants(X: Interval) -> Interval:
            _, known = value_and_continuity(f, X)
            J = derivative(X)
            # What is a point does not move.
            J = Interval(jnp.where(free, J.lo, 0), jnp.where(free, J.hi, 0))
            known &= jnp.all((J.lo <= J.hi) & jnp.isfinite(J.hi - J.lo))
            J = Interval(jnp.where(known, J.lo, 0), jnp.where(known, J.hi, 0))
            found = norm(J.reshape(-1) if p == 2 and min(J.shape) == 1 else J, ord=p)
            known &= found.lo <= found.hi
            return Interval(jnp.where(known, found.lo, 0), jnp.where(known, found.hi, jnp.inf))

        self.space, self.batch, self.evaluated = space, batch, 0
        self.tolerance = tolerance
        self._constants = jax.jit(jax.vmap(constants))
        self.low = 0.0
        self.queue = space.boxes(high=np.full(1, np.inf))
        """Boxes that may hold larger derivatives than are known."""
        self.unsplit = self.queue[:0]

    @property
    def high(self) -> float:
        """An upper bound of the constant."""
        parts = (self.queue.columns["high"], self.unsplit.columns["high"])
        return max(self.low, *(float(high.max(initial=0)) for high in parts))

    @property
    def gap(self) -> float:
        """Distance between the bounds."""
        return self.high - self.low

    @property
    def converged(self) -> bool:
        """Whether the bounds are close enough."""
        return bool(np.isfinite(self.high)) and self.gap <= self.tolerance * self.high

    @property
    def remaining(self) -> int:
        """How many boxes may hold larger derivatives; none if the bounds are close enough."""
        return 0 if self.converged else len(self.queue)

    def start(self) -> None:
        """The whole box is there."""

    def _of(self, boxes: Boxes) -> Interval:
        return self._constants(on_device(boxes.repeated(self.batch)))

    def round(self) -> None:
        """Evaluate the boxes with the largest bounds, and bisect them."""
        order = np.argsort(-self.queue.columns["high"], kind="stable")
        boxes, self.queue = self.queue[order[: self.batch]], self.queue[order[self.batch :]]
        self.evaluated += len(boxes)
        high = np.asarray(self._of(boxes).hi)[: len(boxes)]
        boxes.columns["high"] = np.minimum(boxes.columns["high"], high)
        # Derivatives of small boxes, and not of points, where kinks may be: almost everywhere in
        # a box, and so somewhere in it, the derivative is what the program for it says.
        low = np.asarray(self._of(_shrunk(boxes)).lo)[: len(boxes)]
        self.low = max(self.low, float(low.max()))
        widths = boxes.hi - boxes.lo
        whole = self.space.hi - self.space.lo
        axes = (widths / np.where(whole > 0, whole, 1)).argmax(1)
        halves, unsplit = bisected(boxes, axes, 0.5)
        self.queue, self.unsplit = self.queue.joined(halves), self.unsplit.joined(unsplit)
        self.queue = self.queue[self.queue.columns["high"] > self.low]


def _shrunk(boxes: Boxes) -> Boxes:
    """Much smaller boxes inside, as wide in the coordinates where rounding allows no smaller."""
    share = 2.0 ** (-20 if boxes.lo.dtype == np.float64 else -10)
    lo = middles(boxes.lo, boxes.hi, 0.5 - share)
    hi = middles(boxes.lo, boxes.hi, 0.5 + share)
    inner = (boxes.lo < lo) & (lo < hi) & (hi < boxes.hi)
    return Boxes(np.where(inner, lo, boxes.lo), np.where(inner, hi, boxes.hi), **boxes.columns)


def lipschitz(
    f: Callable[[Any], Any],
    box: Any,
    p: float = 2,
    tolerance: float = 1e-2,
    *,
    method: str = "natural",
    max_boxes: int = 100_000,
    max_seconds: float | None = None,
    batch: int = 256,
    callback: Callable[[Progress], Any] | None = None,
) -> Lipschitz:
    r"""Enclose the least constant L with :math:`|f(x) - f(y)|_p \le L |x - y|_p` on a box.

    That is the largest p-norm of the Jacobian matrix. Boxes are bisected where its enclosure is
    largest; derivatives of small boxes bound it from below.

    Args:
        f: A function of one pytree of arrays, that returns one real array; arguments and results
            are taken as vectors.
        box: The same pytree, bounded intervals or numbers, which do not vary, in place of arrays,
            all of one type.
        p: 1, 2 or ``math.inf``.
        tolerance: How far apart the bounds may be, as a share of the upper one.
        method: How derivatives are enclosed, as for :func:`enclose`: ``"affine"`` and
            ``"taylor"`` need fewer boxes, each of which costs more, and longer to compile.
        max_boxes: Stop after so many boxes.
        max_seconds: Stop after so much time, compilation included.
        batch: How many boxes are evaluated at a time.
        callback: Is given a :class:`Progress` after each round; stops the search by
            returning ``True``.

    Returns:
        A :class:`Lipschitz`, valid also when stopped early. Kinks are allowed. The upper bound is
        infinite where f is not proven to be defined and continuous, or its derivative has no bound.

    Raises:
        TypeError: If the result is not one real array, or the types differ. ValueError: If the
            box is empty or unbounded, or p another number.

    Example:
        >>> import interval_jax as ij
        >>> found = ij.lipschitz(lambda x: x**3, ij.interval(-1.0, 2.0))
        >>> found.converged, bool(ij.is_member(12.0, found.value))
        (True, True)

    References: R. E. Moore, R. B. Kearfott, M. J. Cloud, Introduction to Interval Analysis (2009),
    chapter 6; F. H. Clarke, Optimization and Nonsmooth Analysis (1990), section 2.6.
    """
    if p not in (1, 2, np.inf):
        raise ValueError(f"lipschitz: p must be 1, 2 or inf, got {p}")
    space = Space(box, "lipschitz")
    space.result(f, "lipschitz")
    function = space.function(f)
    search = _Search(lambda x: jnp.ravel(function(x)), space, p, method, tolerance, batch)
    run(search, max_boxes, max_seconds, callback)
    ends = (jnp.asarray(end, space.dtype) for end in (search.low, search.high))
    return Lipschitz(Interval(*ends), search.converged, search.evaluated)
