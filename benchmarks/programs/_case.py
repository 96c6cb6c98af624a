"""What a case is, and exact values that several themes need."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import mpmath as mp

Box = tuple[float, float]


class Case(NamedTuple):
    """A function, what it is exactly, and from where its arguments are taken."""

    name: str
    function: Callable[..., Any]
    reference: Callable[..., Any]
    boxes: tuple[Box, ...]
    """One box for each argument of a function of numbers; one for a program of a vector."""
    vector: bool = False
    isotone: bool = True
    """Whether smaller boxes must give smaller results, to the last bit."""
    together: int = 1 << 20
    """How many boxes one call takes: linear systems are solved densely."""


LINE = (-30.0, 30.0)
POSITIVE = (0.0, 50.0)
NEAR = (-3.0, 3.0)


def of_numbers(cases: Sequence[tuple[Any, ...]], rounded: Collection[str] = ()) -> list[Case]:
    """Cases (name, function, reference, box for each argument); ``rounded`` are not isotone."""
    return [
        Case(name, f, g, tuple(boxes), isotone=name not in rounded) for name, f, g, *boxes in cases
    ]


def of_vectors(cases: Sequence[tuple[Any, ...]], rounded: Collection[str] = ()) -> list[Case]:
    """Cases (name, function, reference) or with a box; ``rounded`` are not isotone."""
    return [
        Case(name, f, g, (box[0] if box else NEAR,), True, name not in rounded)
        for name, f, g, *box in cases
    ]


# --- exact values -------------------------------------------------------------------------


def clip(x: Any, low: Any, high: Any) -> Any:
    return min(max(x, low), high)


def sigmoid(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


def softplus(x: Any) -> Any:
    return mp.log1p(mp.exp(x)) if x < 0 else x + mp.log1p(mp.exp(-x))


def norm_cdf(x: Any) -> Any:
    return mp.erfc(-x / mp.sqrt(2)) / 2


def softmax(x: Sequence[Any]) -> list[Any]:
    powers = [mp.exp(v) for v in x]
    return [p / mp.fsum(powers) for p in powers]


def logsumexp(x: Sequence[Any]) -> Any:
    return mp.log(mp.fsum(mp.exp(v) for v in x))


def mean(x: Sequence[Any]) -> Any:
    return mp.fsum(x) / len(x)


def variance(x: Sequence[Any]) -> Any:
    return mean([(v - mean(x)) ** 2 for v in x])


def prefix(x: Sequence[Any], join: Callable[[Any, Any], Any]) -> list[Any]:
    result = [x[0]]
    for v in x[1:]:
        result.append(join(result[-1], v))
    return result


MATRIX = [[1.0, 2.0, -1.0, 0.5], [0.25, -3.0, 1.5, 2.0], [-0.5, 1.0, 1.0, -1.0]]


def matrix(x: Any) -> Any:
    return jnp.array(MATRIX, x.dtype)


def product(x: Sequence[Any]) -> list[Any]:
    return [mp.fsum(mp.mpf(a) * v for a, v in zip(row, x, strict=True)) for row in MATRIX]
