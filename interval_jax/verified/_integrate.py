r"""``integrate``: integrals over boxes, by Taylor models.

On a box with the scaled coordinates :math:`\epsilon \in [-1, 1]^n` a Taylor model is

.. math:: f(x) \in \sum_k p_k\, \epsilon^{k} + [-r, r] \quad\text{for every } x,

and the mean of :math:`\epsilon^k` is :math:`\prod_j 1 / (k_j + 1)` if all exponents are even, else
0. So the mean of f is within r of that of the polynomial, whatever f does inside: no derivative
need exist.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import reduce
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from interval_jax._forms import Form, arguments
from interval_jax._forms.form import raised, repaid
from interval_jax._forms.monomials import Monomials
from interval_jax._interpreter import evaluate
from interval_jax._interval import Interval, as_interval, mul, sub
from interval_jax.linalg import sum
from interval_jax.set_ops import intersection
from interval_jax.verified._boxes import Boxes, Space, bisected, on_device
from interval_jax.verified._continuity import defined
from interval_jax.verified._programs import program_of
from interval_jax.verified._rounds import Progress, run

__all__ = ["Integral", "integrate"]

_ORDERS = {1: 5, 2: 4, 3: 3}
"""Degrees of the polynomials by the number of coordinates, 2 if there are more."""

_ROUNDS = 16
"""How many batches are evaluated at most before limits are looked at."""


class Integral(NamedTuple):
    """Result of :func:`integrate`."""

    value: Interval
    """Contains the integral; of the shape of the function's result."""
    converged: bool
    """Whether it is no wider than the tolerance."""
    evaluated: int
    """How many boxes were evaluated."""


def _means(monomials: Monomials, dtype: np.dtype) -> Interval:
    """Enclosures of the means of the monomials that are squares."""
    exact = [
        reduce(Fraction.__mul__, [Fraction(1, int(e) + 1) for e in exponents], Fraction(1))
        for exponents in monomials.exponents[monomials.even]
    ]
    near = np.array([float(m) for m in exact], dtype)
    return Interval(
        jnp.asarray(np.nextafter(near, -np.inf, dtype=dtype)),
        jnp.asarray(np.nextafter(near, np.inf, dtype=dtype)),
    )


def _mean(x: Form) -> Interval:
    """An enclosure of the means of functions over the box, given their Taylor models."""
    rest = repaid(raised(x.noise) + x.error)
    squares = as_interval(x.poly[x.monomials.even])
    mu = _means(x.monomials, x.dtype)
    mu = jax.tree.map(lambda m: m.reshape(-1, *(1,) * x.ndim), mu)
    return intersection(x.poly[0] + sum(squares * mu, 0) + Interval(-rest, rest), x.span)


def _joined_with_zero(x: Interval) -> Interval:
    zero = jnp.zeros_like(x.lo)
    return Interval(jnp.minimum(x.lo, zero), jnp.maximum(x.hi, zero))


def _curved(x: Form) -> Array:
    """How much each coordinate bends the polynomials."""
    exponents = x.monomials.exponents * (x.monomials.degrees >= 2)[:, None]
    sizes = jnp.max(jnp.abs(x.poly.reshape(x.monomials.count, -1)), axis=1, initial=0)
    return sizes @ jnp.asarray(exponents, x.dtype)


class _Sum:
    """The boxes that make up the whole one, with enclosures of the integrals over them."""

    def __init__(
        self, f: Callable[[Any], Array], space: Space, order: int, tolerance: float, batch: int
    ) -> None:
        self.space, self.batch, self.evaluated = space, batch, 0
        self.tolerance, self._divisible = tolerance, True

        def integral(X: Interval) -> tuple[Interval, Array]:
            program = program_of(f, X)
            (slot,) = program.outputs
            values = evaluate(program, arguments([X], order))
            spans = {i: v.span if isinstance(v, Form) else v for i, v in values.items()}
            value, span = values[slot], as_interval(spans[slot])
            known = defined(program, spans) & (span.lo <= span.hi)
            # Where f may be undefined it is integrated over the part where it is not.
            part = _joined_with_zero(span)
            mean, curved = span, jnp.zeros(space.size, space.dtype)
            if isinstance(value, Form):
                mean, curved = _mean(value), _curved(value)
            mean = Interval(jnp.where(known, mean.lo, part.lo), jnp.where(known, mean.hi, part.hi))
            widths = sub(as_interval(X.hi), as_interval(X.lo))
            volume = reduce(mul, [widths[j] for j in range(space.size)])
            return mul(volume, mean), jnp.where(jnp.all(known), curved, 0)

        self._integral = jax.jit(jax.vmap(integral))
        self.boxes = space.boxes(before=np.full(1, np.inf))

    def start(self) -> None:
        """Evaluate the whole box."""
        self.boxes = self._with_integrals(self.boxes)

    @property
    def gap(self) -> float:
        """About how wide the result is, in its widest element at most."""
        return float(self._widths().sum())

    @property
    def remaining(self) -> int:
        """How many boxes there are; none if they need not or cannot be smaller."""
        return len(self.boxes) if self._divisible and self.gap > self.tolerance else 0

    def _with_integrals(self, boxes: Boxes) -> Boxes:
        """The boxes, with enclosures of integrals, and what is known of their bends."""
        self.evaluated += len(boxes)
        parts = []
        for first in range(0, len(boxes), self.batch):
            some = boxes[first : first + self.batch]
            integral, curved = self._integral(on_device(some.repeated(self.batch)))
            found = {"low": integral.lo, "high": integral.hi, "curved": curved}
            columns = {name: np.asarray(a)[: len(some)] for name, a in found.items()}
            parts.append(Boxes(some.lo, some.hi, before=some.columns["before"], **columns))
        return parts[0].joined(*parts[1:])

    def _widths(self) -> np.ndarray:
        """How much each box contributes to the width of the result."""
        with np.errstate(invalid="ignore"):
            width = (self.boxes.columns["high"] - self.boxes.columns["low"]).max(1, initial=0)
        return np.where(np.isnan(width), np.inf, width).astype(float)

    def round(self) -> None:
        """Bisect the boxes that contribute most."""
        width = self._widths()
        width[self._rounded(width)] = 0
        order = np.argsort(-width, kind="stable")
        # What the boxes from here on contribute may stay.
        below = np.cumsum(width[order][::-1])[::-1]
        count = max(1, int(np.searchsorted(-below, -self.tolerance / 2)))
        chosen = order[: min(count, _ROUNDS * self.batch)]
        chosen = chosen[width[chosen] > 0]
        rest = np.ones(len(self.boxes), bool)
        rest[chosen] = False
        boxes = self.boxes[chosen]
        boxes.columns["before"] = width[chosen]
        halves, unsplit = bisected(boxes, self._axes(boxes), 0.5)
        # Boxes without numbers inside are done with.
        unsplit.columns["before"] = np.zeros(len(unsplit))
        self.boxes = self.boxes[rest].joined(unsplit)
        if len(halves):
            self.boxes = self.boxes.joined(self._with_integrals(halves))
        self._divisible = len(halves) > 0

    def _rounded(self, width: np.ndarray) -> np.ndarray:
        """Boxes whose halves would not be better: by roundings, or without numbers inside."""
        ends = (np.abs(self.boxes.columns[name]) for name in ("low", "high"))
        size = np.maximum(*ends).max(1, initial=0)
        before = self.boxes.columns["before"]
        with np.errstate(invalid="ignore"):
            small = width <= 2.0**16 * np.finfo(self.space.dtype).eps * size
        return (before == 0) | (np.isfinite(size) & small & (width > 0.45 * before))

    def _axes(self, boxes: Boxes) -> np.ndarray:
        """The coordinate that bends the function most, the widest one if nothing is known."""
        curved, whole = boxes.columns["curved"], self.space.hi - self.space.lo
        relative = (boxes.hi - boxes.lo) / whole
        usable = np.isfinite(curved).all(1, keepdims=True) & (curved > 0).any(1, keepdims=True)
        axes: np.ndarray = np.where(usable, curved, relative).argmax(1)
        return axes

    def total(self) -> Interval:
        """The sum of all integrals."""
        # Of a length that is a power of two, lest sums be compiled for each.
        rows = max(self.batch, 1 << (len(self.boxes) - 1).bit_length())
        ends = (self.boxes.columns[name] for name in ("low", "high"))
        lo, hi = (np.pad(end, ((0, rows - len(end)), (0, 0))) for end in ends)
        return sum(Interval(jnp.asarray(lo), jnp.asarray(hi)), 0)


def integrate(
    f: Callable[[Any], Any],
    box: Any,
    tolerance: float = 1e-6,
    *,
    order: int | None = None,
    max_boxes: int = 1_000_000,
    max_seconds: float | None = None,
    batch: int = 256,
    callback: Callable[[Progress], Any] | None = None,
) -> Integral:
    r"""Enclose the integral of a function over a box.

    The box is cut where the enclosures are widest, many boxes at a time, and the Taylor model of
    each is integrated exactly.

    Args:
        f: A function of one pytree of arrays, that returns one real array.
        box: The same pytree, with bounded intervals for what is integrated over, numbers for what
            is constant; all of one type.
        tolerance: How wide the enclosure of each element may be, absolute.
        order: The degree of the Taylor models; by default from 5 for one coordinate to 2 for four
            and more.
        max_boxes: Stop after so many boxes.
        max_seconds: Stop after so much time, compilation included.
        batch: How many boxes are evaluated at a time.
        callback: Is given a :class:`Progress` after each round; stops the search by
            returning ``True``.

    Returns:
        An :class:`Integral`, valid also when stopped early. Kinks and jumps are allowed, and cost
        more boxes. Where f is not defined on the whole box, the integral is over the part where it
        is. An integrand that is not bounded gives an unbounded enclosure, whether or not its
        integral exists: substitute, as :math:`x = t^2` in :math:`\int x^{-1/2} dx`.

    Raises:
        TypeError: If the result is not one real array, or the types differ. ValueError: If the
            box is empty, or has an infinite end.

    Example:
        >>> import interval_jax as ij
        >>> import jax.numpy as jnp
        >>> found = ij.integrate(jnp.exp, ij.interval(0.0, 1.0), 1e-3)
        >>> found.converged, bool(ij.is_member(1.7182818, found.value))
        (True, True)

    References: M. Berz, K. Makino, New methods for high-dimensional verified quadrature, Reliable
    Computing 5 (1999), 13-22; R. E. Moore, R. B. Kearfott, M. J. Cloud, Introduction to Interval
    Analysis (2009), chapter 9.
    """
    leaves, structure = jax.tree.flatten(box, is_leaf=lambda x: isinstance(x, Interval))
    places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, Interval)]
    if not places:
        raise ValueError("integrate: no coordinate is an interval")
    intervals = [leaves[i] for i in places]
    if any(bool(jnp.isinf(x.lo).any() | jnp.isinf(x.hi).any()) for x in intervals):
        raise ValueError(
            "integrate needs a bounded box; substitute, as x = t / (1 - t**2) with "
            "dx = (1 + t**2) / (1 - t**2)**2 dt for the whole line, or bound the tails"
        )
    space = Space(intervals, "integrate")

    def of_intervals(parts: Any) -> Any:
        all_leaves = list(leaves)
        for place, part in zip(places, parts, strict=True):
            all_leaves[place] = part
        return f(jax.tree.unflatten(structure, all_leaves))

    result = space.result(of_intervals, "integrate")
    function = space.function(of_intervals)
    degree = _ORDERS.get(space.size, 2) if order is None else order
    parts = _Sum(lambda x: jnp.ravel(function(x)), space, degree, tolerance, batch)
    run(parts, max_boxes, max_seconds, callback)
    total = parts.total()
    converged = bool(jnp.all(total.hi - total.lo <= tolerance))
    value = Interval(total.lo.reshape(result.shape), total.hi.reshape(result.shape))
    return Integral(value, converged, parts.evaluated)
