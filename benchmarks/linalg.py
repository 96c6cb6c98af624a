"""Matrix products and linear systems."""

import jax.numpy as jnp
import numpy as np

import interval_jax as ij
from benchmarks.harness import Comparison, Variant, compare


def linalg() -> list[Comparison]:
    return [*products(), *systems()]


def products(sizes: tuple[int, ...] = (300, 1000)) -> list[Comparison]:
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


def conditioned(n: int, condition: float, rng: np.random.Generator) -> np.ndarray:
    """A matrix with singular values from 1 down to 1 / condition, in geometric steps."""
    u, v = (np.linalg.qr(rng.normal(size=(n, n)))[0] for _ in range(2))
    return (u * np.geomspace(1, 1 / condition, n)) @ v


def systems(n: int = 500) -> list[Comparison]:
    """Proven bounds of the solution of a system against ``jnp.linalg.solve``."""
    rng = np.random.default_rng(n)
    matrices = {
        "random": rng.normal(size=(n, n)),
        "condition 1e12": conditioned(n, 1e12, rng),
        "condition 1e15": conditioned(n, 1e15, rng),
    }
    limits = {"random": 10.0, "condition 1e12": 10.0, "condition 1e15": None}
    b = jnp.asarray(rng.normal(size=n))
    comparisons = []
    for name, matrix in matrices.items():
        a = jnp.asarray(matrix)
        x = ij.solve(a, b)
        units = (x.hi - x.lo) / np.spacing(np.maximum(np.abs(x.lo), np.abs(x.hi)))
        variants = [
            Variant("jnp.linalg.solve", jnp.linalg.solve, (a, b)),
            Variant("interval_jax.solve", ij.solve, (a, b), limit=limits[name]),
        ]
        widths = f"median width {np.median(units):.0f}, largest {np.max(units):.0f} units"
        title = f"solve, n = {n}, {name}, float64; {widths}"
        comparisons.append(compare(title, variants, n * n, "entries"))
    return comparisons
