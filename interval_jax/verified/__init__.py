"""Verified global tools: ranges, minima, roots and integrals over boxes, by branch and bound."""

from interval_jax.verified._bound_range import Range, bound_range
from interval_jax.verified._find_roots import Roots, find_roots
from interval_jax.verified._integrate import Integral, integrate
from interval_jax.verified._lipschitz import Lipschitz, lipschitz
from interval_jax.verified._minimize import Minimum, minimize
from interval_jax.verified._rounds import Progress
from interval_jax.verified._subdivide import Subdivision, subdivide

__all__ = [
    "Integral",
    "Lipschitz",
    "Minimum",
    "Progress",
    "Range",
    "Roots",
    "Subdivision",
    "bound_range",
    "find_roots",
    "integrate",
    "lipschitz",
    "minimize",
    "subdivide",
]
