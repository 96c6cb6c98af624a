"""Linear algebra of intervals: products and sums, linear systems, determinants and norms."""

from interval_jax.linalg.determinants import det
from interval_jax.linalg.norms import norm
from interval_jax.linalg.products import dot, dot_general, matmul, sum
from interval_jax.linalg.systems import inv, solve

__all__ = ["det", "dot", "dot_general", "inv", "matmul", "norm", "solve", "sum"]
