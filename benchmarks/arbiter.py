"""Proof that a reverse function left nothing out, where it returned less than is expected.

Some expected results of ITF1788 are not the tightest: ``cosRevBin [-1, -1] [3.14, 3.15]``, which is
pi, expects the second float above it as the upper bound. What a tighter result leaves out of the
expected one is a gap between two close floats. If the forward function is monotone there and its
values at both ends lie on one side of the given interval, no number in the gap was to be returned.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

_BITS = 600


def leaves_nothing_out(
    operation: str, image: tuple[float, float], gap: tuple[float, float], exponent: int = 2
) -> bool:
    """Prove that the forward function maps no number of a gap into an interval.

    Args:
        operation: The reverse operation of ITL, such as "cosRevBin".
        image: Bounds of the interval that the forward function's values are to lie in.
        gap: Bounds of what was left out.
        exponent: That of "pownRev".

    Returns:
        Whether that is proven; not without python-flint, nor for operations unknown here.
    """
    try:
        from flint import arb, ctx
    except ImportError:
        return False
    functions: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
        "sinRev": (arb.sin, arb.cos),
        "cosRev": (arb.cos, arb.sin),
        "tanRev": (arb.tan, arb.cos),  # the derivative is 1/cos^2; without a pole it has no zero
        "coshRev": (arb.cosh, arb.sinh),
        "sqrRev": (lambda x: x * x, lambda x: x),
        "pownRev": (lambda x: x**exponent, lambda x: x),
    }
    name = operation.removesuffix("Bin")
    if name not in functions or not all(map(math.isfinite, gap)):
        return False
    function, slope = functions[name]
    with ctx.workprec(_BITS):
        ends = [arb(end) for end in gap]
        if slope(ends[0].union(ends[1])).contains(0):
            return False
        values = [function(end) for end in ends]
        low, high = (arb(bound) for bound in image)
        return all(v > high for v in values) or all(v < low for v in values)
