"""Descents to points with small values, from which proofs start.

Nothing is concluded from how the points are found: their values are enclosed.
"""

from __future__ import annotations

import numpy as np

from interval_jax.verified._boxes import Bounds, Boxes, middles
from interval_jax.verified._minima import Evaluator

__all__ = ["STARTS", "descend"]

STARTS = 6
"""How many points descend side by side."""

_STEPS = 40
_DAMPING = np.array([0.0, 1e-5, 1e-3, 1e-2, 1e-1, 1.0, 10.0, 1e2, 1e4, 1e6])


def descend(
    evaluator: Evaluator, starts: np.ndarray, space: Boxes, sign: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return points, and upper bounds of sign * f there, that are no higher than the given ones.

    Each step takes the best of Newton's steps with several dampings, clipped to the space.
    Without second derivatives they are steps along the gradient, of several lengths.
    """
    x = starts[:STARTS]
    lo, width = space.lo[0], space.hi[0] - space.lo[0]
    n, count = x.shape[1], len(x)
    signs = np.full(count, sign, x.dtype)
    _, best, slopes = evaluator.points(x, signs)
    for _ in range(_STEPS):
        with np.errstate(all="ignore"):
            g = _midpoints(slopes.lo, slopes.hi) * width
            H = np.zeros((count, n, n), x.dtype)
            if evaluator.second_order:
                second = evaluator.second(Boxes(x, x, sign=signs))
                H = _midpoints(second.lo, second.hi) * width[:, None] * width
            # The linear systems of all dampings at once; steps in shares of the width.
            scale = np.abs(H).max((1, 2)) + np.abs(g).max(1) + np.finfo(x.dtype).tiny
            shift = (_DAMPING + (0 if evaluator.second_order else 1e-2))[:, None] * scale
            systems = H + shift[..., None, None] * np.eye(n) + 1e-30 * np.eye(n)
            steps = _solved(systems, np.broadcast_to(g, (len(_DAMPING), count, n)))
            moved = (x - width * steps).astype(x.dtype)
        moved = np.clip(np.where(np.isfinite(moved), moved, x), lo, space.hi[0])
        moved = middles(moved, moved)
        tries = np.tile(signs, len(_DAMPING))
        _, values, tried = evaluator.points(moved.reshape(-1, n), tries)
        rows = values.reshape(len(_DAMPING), count).argmin(0) * count + np.arange(count)
        lower = values[rows] < best
        if not lower.any():
            break
        x = np.where(lower[:, None], moved.reshape(-1, n)[rows], x)
        best = np.where(lower, values[rows], best)
        slopes = Bounds(
            np.where(lower[:, None], tried.lo[rows], slopes.lo),
            np.where(lower[:, None], tried.hi[rows], slopes.hi),
        )
    return x, best


def _midpoints(lo: np.ndarray, hi: np.ndarray) -> np.ndarray:
    middle = lo + (hi - lo) / 2
    finite: np.ndarray = np.where(np.isfinite(middle), middle, 0)
    return finite


def _solved(systems: np.ndarray, right: np.ndarray) -> np.ndarray:
    try:
        found: np.ndarray = np.linalg.solve(systems, right[..., None])[..., 0]
    except np.linalg.LinAlgError:
        found = right / (np.abs(systems).max((-1, -2), keepdims=True)[..., 0] + 1e-30)
    return found
