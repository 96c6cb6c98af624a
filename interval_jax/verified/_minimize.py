"""``minimize``: the global minimum of a function on a box, and where it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from interval_jax._interval import Interval
from interval_jax.verified._bound_range import scalar_function
from interval_jax.verified._boxes import Space
from interval_jax.verified._rounds import Progress, run
from interval_jax.verified._search import Search

__all__ = ["Minimum", "minimize"]


class Minimum(NamedTuple):
    """Result of :func:`minimize`."""

    value: Interval
    """Contains the global minimum."""
    minimizers: Any
    """Boxes, along the first axis of every leaf, that together contain all global minimisers."""
    unique: np.ndarray
    """Which of them contain exactly one zero of the gradient (of its free part where the box is a
    point in other coordinates), so at most one global minimiser; the rest are candidates."""
    point: Any
    """A member of the box where the function is at most ``value.hi``."""
    converged: bool
    """Whether the two bounds of ``value`` differ by no more than the tolerance."""
    evaluated: int
    """How many boxes were evaluated."""


def minimize(
    f: Callable[[Any], Any],
    box: Any,
    tolerance: float = 1e-8,
    *,
    resolution: float = 1e-5,
    max_boxes: int = 1_000_000,
    max_seconds: float | None = None,
    batch: int = 256,
    callback: Callable[[Progress], Any] | None = None,
) -> Minimum:
    """Enclose the global minimum of a function on a box and all points where it is attained.

    Branch and bound, many boxes at a time. Floating-point descents give points with small values,
    which are then enclosed. A box is dropped, or reduced to a face of the whole box, by its lower
    bound (natural and mean-value form), by a derivative of one sign, by a negative second
    derivative, and by Krawczyk's operator on the gradient, which also proves that a box contains
    exactly one stationary point.

    Args:
        f: A function of one pytree of arrays, with one real scalar result, that JAX can
            differentiate twice. Constants in it are the floats they are: the minimum of
            ``x + math.e`` is not the number e.
        box: The same pytree, bounded intervals or numbers in place of arrays, all of one type.
        tolerance: How far apart the bounds of the minimum may be, absolute.
        resolution: How wide boxes that may hold minimisers may stay, as a share of the box's
            widths; those that do not shrink under Krawczyk's operator.
        max_boxes: Stop after so many boxes.
        max_seconds: Stop after so much time, compilation included.
        batch: How many boxes are evaluated at a time.
        callback: Is given a :class:`Progress` after each round; stops the search by
            returning ``True``.

    Returns:
        A :class:`Minimum`, valid also when stopped early. Boxes that may hold a minimiser and
        touch are joined, unless proven unique. Where f is not defined on the whole box, the
        infimum over the part where it is lies between the bounds.

    Raises:
        TypeError: If the result is not a scalar, or the types differ. ValueError: If the box is
            empty or unbounded.

    Example:
        >>> import interval_jax as ij
        >>> found = ij.minimize(lambda x: (x - 1.0) ** 4, ij.interval(0.0, 3.0), 1e-6)
        >>> found.converged, float(found.value.hi) < 1e-6
        (True, True)
        >>> bool(ij.is_member(1.0, found.minimizers).any())
        True

    References: E. R. Hansen, G. W. Walster, Global Optimization Using Interval Analysis (2004);
    R. B. Kearfott, Rigorous Global Search: Continuous Problems (1996).
    """
    space = Space(box, "minimize")
    function = scalar_function(f, space, "minimize")
    search = Search(function, space, (1,), tolerance, resolution, True, max(batch, 64))
    run(search, max_boxes, max_seconds, callback)
    search.conclude()
    low, high = search.low(1), search.best[1]
    if low == np.inf:
        high = -np.inf
    value = Interval(jnp.asarray(low, space.dtype), jnp.asarray(high, space.dtype))
    left = search.unique.joined(search.settled, search.queue)
    minimizers = space.unflatten(Interval(jnp.asarray(left.lo), jnp.asarray(left.hi)))
    unique = np.arange(len(left)) < len(search.unique)
    point = space.unflatten(jnp.asarray(search.points[1]))
    converged = low >= search.best[1] - tolerance
    return Minimum(value, minimizers, unique, point, converged, search.evaluated)
