"""What can be proven of the minima of a function in each of many boxes."""

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
from interval_jax.linalg import sum
from interval_jax.verified._boxes import Bounds, Boxes, middles, on_device, on_host
from interval_jax.verified._newton import krawczyk
from interval_jax.verified._programs import entire_unless, value_and_continuity, value_and_slopes

__all__ = ["Evaluator", "Facts"]

_ORDERS = (5, 4, 3, 3, 3, 2)
"""Degrees of Taylor models by the number of coordinates."""


class Facts(NamedTuple):
    """Proven facts about s f, a function times the sign s, in boxes X and wider boxes W.

    Arrays on the host, a row for each box.
    """

    low: np.ndarray
    """Lower bound of s f on X; +inf if f is defined nowhere."""
    high: np.ndarray
    """Upper bound of s f at a point of X; +inf if it may not be defined there."""
    point: np.ndarray
    """That point."""
    gradient: Bounds
    """Of s f, over W; the whole line if f may be discontinuous."""
    hessian: Bounds
    """Second derivatives of s f, over W; the whole line if they may be discontinuous."""
    contracted: Bounds
    """Contains the zeros of the gradient that lie in X."""
    unique: Bounds
    """K(W): if inside W, the gradient has exactly one zero in W."""


def _signed(x: Interval, sign: Array) -> Interval:
    negative = sign < 0
    return Interval(jnp.where(negative, -x.hi, x.lo), jnp.where(negative, -x.lo, x.hi))


@jax.jit
@jax.vmap
def _centred(value: Interval, gradient: Interval, X: Interval, point: Array) -> Interval:
    return value + sum(gradient * (X - point))


@jax.jit
@jax.vmap
def _slopes(at_middle: Interval, hessian: Interval, W: Interval, middle: Array) -> Interval:
    return at_middle + sum(hessian * (W - middle), 1)


def _narrower(a: Bounds, b: Bounds) -> Bounds:
    """The intersection of two enclosures of the same numbers; bounds that are none are ignored."""
    return Bounds(np.fmax(a.lo, b.lo), np.fmin(a.hi, b.hi))


def _best_points(boxes: Boxes, gradient: Bounds) -> np.ndarray:
    """The centres with the greatest lower bounds of the mean-value form (Baumann 1988)."""
    a, b, lo, hi = gradient.lo, gradient.hi, boxes.lo, boxes.hi
    with np.errstate(all="ignore"):
        slanted = (b * lo - a * hi) / (b - a)
    centre = np.where(np.isfinite(slanted), slanted, middles(lo, hi))
    centre = np.where(a >= 0, lo, np.where(b <= 0, hi, np.clip(centre, lo, hi)))
    return middles(centre, centre)


class Evaluator:
    """Enclosures of a function of a vector and of its derivatives, of many boxes at a time.

    Args:
        f: A function of a vector with a scalar value.
        second_order: Whether to use second derivatives; else all about them stays unknown.
        batch: How many boxes are evaluated at a time, at most.
    """

    def __init__(self, f: Callable[[Any], Any], second_order: bool, batch: int) -> None:
        self.second_order, self.batch = second_order, batch
        self.evaluated = 0

        def first(X: Interval, sign: Array) -> tuple[Interval, Interval, Array]:
            value, slopes, known = value_and_slopes(f, X)
            return _signed(value, sign), _signed(slopes, sign), known

        def with_slopes(x: Array) -> tuple[Array, Array]:
            # The second derivative is one of the first where that has no jumps, which it hides.
            slopes = jax.grad(sharpened(f))(x)
            return slopes, slopes

        def second(X: Interval, sign: Array) -> Interval:
            H, known = value_and_continuity(jax.jacfwd(with_slopes, has_aux=True), X)
            return _signed(entire_unless(known, H), sign)

        def modelled(X: Interval, sign: Array) -> Array:
            (n,) = X.shape
            value = enclose(f, "taylor", order=_ORDERS[min(n, len(_ORDERS)) - 1])(X)
            return _signed(value, sign).lo

        self._modelled = jax.jit(jax.vmap(modelled))
        self._first = jax.jit(jax.vmap(first))
        self._second = jax.jit(jax.vmap(second))

    def first(self, boxes: Boxes) -> tuple[Bounds, Bounds, np.ndarray]:
        """Values, gradients, and where f is proven to be defined and continuous."""
        padded = boxes.repeated(self.batch)
        value, slopes, known = self._first(on_device(padded), padded.columns["sign"])
        results = on_host(value), on_host(slopes), np.asarray(known)
        found: tuple[Bounds, Bounds, np.ndarray] = _rows(results, len(boxes))
        return found

    def second(self, boxes: Boxes) -> Bounds:
        """Second derivatives, not bounded where they may be discontinuous."""
        padded = boxes.repeated(self.batch)
        H = self._second(on_device(padded), padded.columns["sign"])
        found: Bounds = _rows(on_host(H), len(boxes))
        return found

    def modelled(self, boxes: Boxes) -> np.ndarray:
        """Lower bounds of s f by Taylor models, which cost much more and fall much faster."""
        parts = []
        for first in range(0, len(boxes), self.batch):
            some = boxes[first : first + self.batch]
            padded = some.repeated(self.batch)
            low = self._modelled(on_device(padded), padded.columns["sign"])
            parts.append(np.asarray(low)[: len(some)])
        return np.concatenate(parts)

    def points(self, points: np.ndarray, signs: np.ndarray) -> tuple[Bounds, np.ndarray, Bounds]:
        """Values at points, upper bounds of them (inf where f may be undefined), and gradients."""
        value, slopes, known = self.first(Boxes(points, points, sign=signs))
        # Rounding may make a point outside a domain look as if it were inside.
        return value, np.where(known & (value.lo <= value.hi), value.hi, np.inf), slopes

    def __call__(self, boxes: Boxes, wide: Boxes) -> Facts:
        """Evaluate up to a batch of boxes, of which the wide ones contain neighbourhoods."""
        count = len(boxes)
        self.evaluated += count
        boxes, wide = boxes.repeated(self.batch), wide.repeated(self.batch)
        X, sign = on_device(boxes), boxes.columns["sign"]
        value, slopes, _ = self.first(wide)
        whole = np.full_like(boxes.lo, np.inf)
        square = np.repeat(whole[:, None], boxes.lo.shape[1], 1)
        hessian, contracted, unique = Bounds(-square, square), *[Bounds(-whole, whole)] * 2
        if self.second_order:
            hessian = self.second(wide)
            m = middles(boxes.lo, boxes.hi)
            _, _, g = self.points(m, sign)
            free = boxes.lo < boxes.hi
            W, H, at_middle = on_device(wide), on_device(hessian), on_device(g)
            contracted, unique = map(on_host, krawczyk(X, W, m, at_middle, H, free))
            slopes = _narrower(slopes, on_host(_slopes(at_middle, H, W, m)))
        points = _best_points(boxes, slopes)
        at_point, high, _ = self.points(points, sign)
        centred = on_host(_centred(on_device(at_point), on_device(slopes), X, points))
        bounded = (np.isfinite(slopes.lo) & np.isfinite(slopes.hi)).all(1)
        bounded &= value.lo <= value.hi
        low = np.where(bounded, np.fmax(value.lo, centred.lo), value.lo)
        low = np.where(np.isnan(low), -np.inf, low)
        facts: Facts = _rows(Facts(low, high, points, slopes, hessian, contracted, unique), count)
        return facts


def _rows(results: Any, count: int) -> Any:
    """The first rows of all arrays, without those that pad a batch."""
    return jax.tree.map(lambda a: a[:count], results)
