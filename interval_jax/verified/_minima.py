"""What can be proven of the minima of a function in each of many boxes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from interval_jax._interval import Interval, matmul
from interval_jax._sharpen import sharpened
from interval_jax.verified._boxes import Boxes, middles
from interval_jax.verified._newton import krawczyk
from interval_jax.verified._programs import entire_unless, value_and_continuity, value_and_slopes

__all__ = ["Evaluator", "Facts"]


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
    gradient: Interval
    """Of s f, over W; the whole line if f may be discontinuous."""
    hessian: Interval
    """Second derivatives of s f, over W; the whole line if they may be discontinuous."""
    contracted: Interval
    """Contains the zeros of the gradient that lie in X."""
    unique: Interval
    """K(W): if inside W, the gradient has exactly one zero in W."""


def _signed(x: Interval, sign: Array) -> Interval:
    negative = sign < 0
    return Interval(jnp.where(negative, -x.hi, x.lo), jnp.where(negative, -x.lo, x.hi))


@jax.jit
@jax.vmap
def _centred(value: Interval, gradient: Interval, X: Interval, point: Array) -> Interval:
    return value + matmul(gradient, X - point)


def _best_points(boxes: Boxes, gradient: Interval) -> np.ndarray:
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

        def first(X: Interval, sign: Array) -> tuple[Interval, Interval]:
            value, slopes = value_and_slopes(f, X)
            return _signed(value, sign), _signed(slopes, sign)

        def second(X: Interval, sign: Array) -> Interval:
            H, known = value_and_continuity(jax.jacfwd(jax.grad(sharpened(f))), X)
            return _signed(entire_unless(known, H), sign)

        self._first = jax.jit(jax.vmap(first))
        self._second = jax.jit(jax.vmap(second))

    def _rows(self, function: Callable[..., Any], boxes: Boxes) -> Any:
        """The results of a compiled function for the boxes, which are padded to a batch."""
        padded = boxes.repeated(self.batch)
        X = Interval(padded.lo, padded.hi)
        results = function(X, padded.columns["sign"])
        return jax.tree.map(lambda a: np.asarray(a)[: len(boxes)], results)

    def first(self, boxes: Boxes) -> tuple[Interval, Interval]:
        """Values and gradients; where f may be discontinuous, the latter are not bounded."""
        found: tuple[Interval, Interval] = self._rows(self._first, boxes)
        return found

    def second(self, boxes: Boxes) -> Interval:
        """Second derivatives, not bounded where they may be discontinuous."""
        found: Interval = self._rows(self._second, boxes)
        return found

    def points(self, points: np.ndarray, sign: int) -> tuple[np.ndarray, Interval, Boxes]:
        """Upper bounds of the values at points, gradients there, and the points as boxes."""
        signs = np.full(len(points), sign, points.dtype)
        boxes = Boxes(points, points, sign=signs)
        value, slopes = self.first(boxes)
        return _upper(value), slopes, boxes

    def __call__(self, boxes: Boxes, wide: Boxes) -> Facts:
        """Evaluate up to a batch of boxes, of which the wide ones contain neighbourhoods."""
        count = len(boxes)
        self.evaluated += count
        boxes, wide = boxes.repeated(self.batch), wide.repeated(self.batch)
        X, W = Interval(boxes.lo, boxes.hi), Interval(wide.lo, wide.hi)
        value, slopes = self.first(wide)
        points = _best_points(boxes, slopes)
        sign = boxes.columns["sign"]
        at_point, _ = self.first(Boxes(points, points, sign=sign))
        low = value.lo
        centred = jax.tree.map(np.asarray, _centred(at_point, slopes, X, points))
        bounded = np.isfinite(slopes.lo).all(1) & np.isfinite(slopes.hi).all(1)
        low = np.where(bounded & (value.lo <= value.hi), np.fmax(low, centred.lo), low)
        low = np.where(np.isnan(low), -np.inf, low)
        whole = np.full_like(boxes.lo, np.inf)
        unknown = Interval(-whole, whole)
        square = np.repeat(whole[:, None], boxes.lo.shape[1], 1)
        hessian, contracted, unique = Interval(-square, square), unknown, unknown
        if self.second_order:
            hessian = self.second(wide)
            m = middles(boxes.lo, boxes.hi)
            _, g = self.first(Boxes(m, m, sign=sign))
            free = boxes.lo < boxes.hi
            contracted, unique = krawczyk(X, W, m, g, hessian, free)
        facts = Facts(low, _upper(at_point), points, slopes, hessian, contracted, unique)
        return Facts(*jax.tree.map(lambda a: np.asarray(a)[:count], facts))


def _upper(value: Interval) -> np.ndarray:
    defined = value.lo <= value.hi
    found: np.ndarray = np.where(defined, value.hi, np.inf)
    return found
