"""Matrix products."""

import jax.numpy as jnp
import numpy as np

import interval_jax as ij
from benchmarks.harness import Comparison, Variant, compare


def linalg(sizes: tuple[int, ...] = (300, 1000)) -> list[Comparison]:
    """Point times interval and interval times interval against one ``jnp.matmul``."""
    comparisons = []
    for n in sizes:
        rng = np.random.default_rng(n)
        point = jnp.asarray(rng.normal(size=(n, n)))
        center = rng.normal(size=(2, n, n))
        radius = np.abs(center) * 1e-3
        left, right = (ij.interval(c - r, c + r) for c, r in zip(center, radius, strict=True))
        variants = [
            Variant("jnp.matmul on points", jnp.matmul, (point, right.lo)),
            Variant(
                "point x interval", ij.matmul, (point, right), limit=3.0 if n == 1000 else None
            ),
            Variant("interval x interval", ij.matmul, (left, right)),
        ]
        comparisons.append(compare(f"matmul, n = {n}, float64", variants, n**3, "multiply-adds"))
    return comparisons
