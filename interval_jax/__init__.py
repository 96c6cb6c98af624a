"""Rigorous interval arithmetic and interval automatic differentiation for JAX.

Every interval this package returns contains every exact real result of the operation on the
members of its arguments: alone, fused, under ``jit``, ``vmap`` and ``scan``, in float32 and
float64.
"""

from interval_jax._interval import (
    Interval,
    add,
    div,
    empty,
    entire,
    interval,
    matmul,
    midrad,
    mul,
    neg,
    pos,
    pown,
    recip,
    sqr,
    sub,
)

__version__ = "0.1.0"

__all__ = [
    "Interval",
    "add",
    "div",
    "empty",
    "entire",
    "interval",
    "matmul",
    "midrad",
    "mul",
    "neg",
    "pos",
    "pown",
    "recip",
    "sqr",
    "sub",
]
