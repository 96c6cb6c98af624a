"""The corpus: functions of JAX and small programs, each with its exact value by mpmath.

A case is a function of arrays, applied element by element, or a program of one vector of four
numbers. Its reference gets mpmath numbers, which floats convert to exactly.
"""

from benchmarks.programs import control_flow, lax, nn, numpy, special
from benchmarks.programs._case import Case

__all__ = ["CASES", "Case"]

CASES: tuple[Case, ...] = (
    *numpy.CASES,
    *nn.CASES,
    *special.CASES,
    *lax.CASES,
    *control_flow.CASES,
)
