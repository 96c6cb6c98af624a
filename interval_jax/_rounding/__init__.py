"""Floor 0: correctly rounded arithmetic in a world that is not IEEE.

XLA flushes subnormals, contracts ``a * b + c`` to one rounding, turns division by a
scalar into a product, and folds constants through sums and products. This package is
the only one that knows. Everything above it relies on three facts it establishes:

* **Format.** Bounds live in {0, normal floats, +-inf}. :func:`next_up` and
  :func:`next_down` walk that set, so a bound never is a subnormal that the next
  operation would read as zero.
* **Exact errors.** :func:`two_sum`, :func:`fast_two_sum` and :func:`two_prod` return the
  rounded result and its exact error, alone or fused. Two habits of XLA threaten them,
  and both are stopped by :func:`rounded`, a select on the rounded value that no compiler
  pass may look through: contraction of the rounded product into the following sum, and
  cancellation of ``(a + c) - c``. A *product of two short factors* is exact, so
  contracting it changes nothing and needs no barrier.
* **Directed operations.** ``*_down`` and ``*_up`` return the largest (smallest) number of
  the format below (above) the exact result: they are tight. Each decides with the sign of
  an exact error: of sums by a comparison, of all else on integers.

Directed operations have the derivative of the operation they round, where it is finite, so bounds
can be differentiated and trained through.
"""

from interval_jax._rounding.directed import (
    add_down,
    add_up,
    div_down,
    div_up,
    mul_down,
    mul_up,
    sqrt_down,
    sqrt_up,
    sub_down,
    sub_up,
)
from interval_jax._rounding.error_free import fast_two_sum, two_prod, two_sum
from interval_jax._rounding.format import (
    Format,
    convert_down,
    convert_up,
    flush_down,
    flush_up,
    format_of,
    is_subnormal,
    next_down,
    next_up,
    rounded,
    step_down,
    step_up,
)
from interval_jax._rounding.fused import difference_at_most, fma_bounds
from interval_jax._rounding.intervals import (
    product_bounds,
    quotient_bounds,
    sqrt_bounds,
    square_bounds,
)
from interval_jax._rounding.loops import stored, together
from interval_jax._rounding.slopes import differentiable

__all__ = [
    "Format",
    "add_down",
    "add_up",
    "convert_down",
    "convert_up",
    "difference_at_most",
    "differentiable",
    "div_down",
    "div_up",
    "fast_two_sum",
    "flush_down",
    "flush_up",
    "fma_bounds",
    "format_of",
    "is_subnormal",
    "mul_down",
    "mul_up",
    "next_down",
    "next_up",
    "product_bounds",
    "quotient_bounds",
    "rounded",
    "sqrt_bounds",
    "sqrt_down",
    "sqrt_up",
    "square_bounds",
    "step_down",
    "step_up",
    "stored",
    "sub_down",
    "sub_up",
    "together",
    "two_prod",
    "two_sum",
]
