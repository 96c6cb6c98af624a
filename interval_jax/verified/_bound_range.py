"""``bound_range``: the range of a function over a box, to a tolerance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from interval_jax._interval import Interval
from interval_jax.verified._boxes import Space
from interval_jax.verified._rounds import Progress, run
from interval_jax.verified._search import Search

__all__ = ["Range", "bound_range", "scalar_function"]


class Range(NamedTuple):
    """Result of :func:`bound_range`."""

    outer: Interval
    """Contains every value of the function on the box."""
    inner: Interval
    """Between two values that the function has; empty where rounding leaves nothing between."""
    converged: bool
    """Whether both ends of ``outer`` are within the tolerance of values of the function."""
    evaluated: int
    """How many boxes were evaluated."""


def scalar_function(f: Callable[[Any], Any], space: Space, what: str) -> Callable[[Any], Any]:
    """The function of a vector that f is, checked to be scalar."""
    result = space.result(f, what)
    if result.shape != ():
        raise TypeError(f"{what} needs a function with a scalar result, got shape {result.shape}")
    return space.function(f)


def bound_range(
    f: Callable[[Any], Any],
    box: Any,
    tolerance: float = 1e-6,
    *,
    max_boxes: int = 1_000_000,
    max_seconds: float | None = None,
    batch: int = 256,
    callback: Callable[[Progress], Any] | None = None,
) -> Range:
    """Enclose the range of a function over a box to a tolerance, by branch and bound.

    Many boxes at a time are evaluated, reduced to a face where a derivative has one sign, and
    bisected along the axis that matters most, until the proven bounds are close enough to values
    that the function has. Where the program is not proven to be continuous on a box, only its
    natural enclosure is used there. Searches that last get lower bounds of Taylor models as well,
    for expressions in which large terms cancel: these take long to compile, and boxes need not be
    nearly as small.

    Args:
        f: A function of one pytree of arrays, with one real scalar result.
        box: The same pytree, bounded intervals or numbers in place of arrays, all of one type.
        tolerance: How far either bound may be from the range, absolute.
        max_boxes: Stop after so many boxes.
        max_seconds: Stop after so much time, compilation included.
        batch: How many boxes are evaluated at a time.
        callback: Is given a :class:`Progress` after each round; stops the search by
            returning ``True``.

    Returns:
        A :class:`Range`, valid also when stopped early. Where f is not defined on the whole box, it
        is the range of f on the part where it is; empty if there is none.

    Raises:
        TypeError: If the result is not a scalar, or the types differ. ValueError: If the box is
            empty or unbounded.

    Example:
        >>> import interval_jax as ij
        >>> found = ij.bound_range(lambda x: x * (1 - x), ij.interval(0.0, 1.0), 1e-3)
        >>> found.converged, float(found.outer.hi) < 0.251
        (True, True)

    References: R. E. Moore, R. B. Kearfott, M. J. Cloud, Introduction to Interval Analysis (2009),
    chapter 6; E. Baumann, Optimal centered forms, BIT 28 (1988), 80-87.
    """
    space = Space(box, "bound_range")
    function = scalar_function(f, space, "bound_range")
    search = Search(function, space, (1, -1), tolerance, 1.0, False, max(batch, 64))
    run(search, max_boxes, max_seconds, callback)
    low, high = search.low(1), -search.low(-1)
    attained = search.best[1], -search.best[-1]
    if not attained[0] <= attained[1]:
        attained = np.inf, -np.inf
    if not low <= high:
        low, high = np.inf, -np.inf
    outer, inner = (
        Interval(jnp.asarray(a, space.dtype), jnp.asarray(b, space.dtype))
        for a, b in ((low, high), attained)
    )
    converged = all(search.low(s) >= search.best[s] - tolerance for s in (1, -1))
    return Range(outer, inner, converged, search.evaluated)
