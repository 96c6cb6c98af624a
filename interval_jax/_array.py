"""Floor 1: what bare and decorated intervals have in common, as arrays and as operands."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from numbers import Number
from typing import Any, NoReturn, Self

import jax
import numpy as np
from jax import Array

__all__ = ["ArrayOfIntervals", "Operand", "is_concrete"]


def is_concrete(x: Any) -> bool:
    """Whether the values of x are known, not those of a run to come."""
    return not isinstance(x, jax.core.Tracer)


class ArrayOfIntervals(ABC):
    """Indexing and operators of a pytree whose leaves are arrays of one shape."""

    # numpy arrays leave binary operations to this class.
    __array_ufunc__ = None

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """Shape of the array of intervals."""

    @property
    @abstractmethod
    def dtype(self) -> np.dtype:
        """Type of the bounds."""

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of intervals."""
        return math.prod(self.shape)

    @property
    def T(self) -> Self:
        """The transposed array."""
        return jax.tree.map(lambda leaf: leaf.T, self)

    def __getitem__(self, index: Any) -> Self:
        return jax.tree.map(lambda leaf: leaf[index], self)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of an interval without axes; its size is 1")
        return self.shape[0]

    def __iter__(self) -> Iterator[Self]:
        return (self[i] for i in range(len(self)))

    def reshape(self, *shape: Any) -> Self:
        """Return the intervals in another shape, as ``jax.Array.reshape`` does."""
        return jax.tree.map(lambda leaf: leaf.reshape(*shape), self)

    def __pos__(self) -> Self:
        return self

    def __add__(self, other: Any) -> Self:
        return _operation("add", self, other)

    def __radd__(self, other: Any) -> Self:
        return _operation("add", other, self)

    def __sub__(self, other: Any) -> Self:
        return _operation("sub", self, other)

    def __rsub__(self, other: Any) -> Self:
        return _operation("sub", other, self)

    def __mul__(self, other: Any) -> Self:
        return _operation("mul", self, other)

    def __rmul__(self, other: Any) -> Self:
        return _operation("mul", other, self)

    def __truediv__(self, other: Any) -> Self:
        return _operation("div", self, other)

    def __rtruediv__(self, other: Any) -> Self:
        return _operation("div", other, self)

    def __pow__(self, exponent: Any) -> Self:
        # Numbers that are integers stand for repeated products, for any base.
        if isinstance(exponent, int | float | np.integer) and exponent == exponent // 1:
            return _operation("pown", self, int(exponent))
        return _operation("pow", self, exponent)

    def __rpow__(self, base: Any) -> Self:
        return _operation("pow", base, self)

    def _undecided(self, *_: Any) -> NoReturn:
        raise TypeError(
            "a comparison of intervals may be undecided, so it has no truth value; use the "
            "predicates equal, subset, interior, less, strict_less, precedes, ... of "
            "interval_jax, which return boolean arrays"
        )

    __bool__ = __lt__ = __le__ = __gt__ = __ge__ = _undecided
    __eq__ = __ne__ = _undecided  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]


Operand = ArrayOfIntervals | Array | np.ndarray | np.generic | Number | list | tuple
"""What operators take; anything else has its own say."""


def _operation(name: str, x: Any, y: Any) -> Any:
    """A public function of two operands."""
    if not (isinstance(x, Operand) and isinstance(y, Operand)):
        return NotImplemented
    # Operators are methods, and the functions that they stand for are some floors above.
    import interval_jax

    return getattr(interval_jax, name)(x, y)
