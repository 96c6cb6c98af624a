"""Derivatives of compositions with kinks contain the one-sided derivatives at every member.

The programs are piecewise linear: values and one-sided slopes are computed exactly with fractions.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import interval_jax as ij

GRID = np.arange(-12, 13) / 4


class Germ(NamedTuple):
    """A value with the slopes to the left and to the right of it."""

    value: Fraction
    left: Fraction
    right: Fraction

    def scaled(self, factor: int) -> "Germ":
        left, right = self.left * factor, self.right * factor
        return Germ(self.value * factor, left, right)

    def plus(self, other: "Germ") -> "Germ":
        return Germ(*(a + b for a, b in zip(self, other, strict=True)))


def _constant(value: float) -> Germ:
    return Germ(Fraction(value), Fraction(0), Fraction(0))


def _maximum(a: Germ, b: Germ) -> Germ:
    if a.value != b.value:
        return a if a.value > b.value else b
    # Going left, the one that falls less (with a smaller slope) is the larger.
    return Germ(a.value, min(a.left, b.left), max(a.right, b.right))


def _minimum(a: Germ, b: Germ) -> Germ:
    return _maximum(a.scaled(-1), b.scaled(-1)).scaled(-1)


def _absolute(a: Germ) -> Germ:
    return _maximum(a, a.scaled(-1))


def _clipped(a: Germ, low: float, high: float) -> Germ:
    return _minimum(_maximum(a, _constant(low)), _constant(high))


class _Exact:
    """The operations of the programs on germs, named as those of JAX."""

    abs = staticmethod(_absolute)
    relu = staticmethod(lambda a: _maximum(a, _constant(0)))
    clip = staticmethod(_clipped)
    maximum = staticmethod(lambda a, b: _maximum(a, b))
    minimum = staticmethod(lambda a, b: _minimum(a, b))
    add = staticmethod(lambda a, b: a.plus(b if isinstance(b, Germ) else _constant(b)))
    scale = staticmethod(lambda k, a: a.scaled(k))
    largest = staticmethod(lambda *values: _of_all(_maximum, values))


def _of_all(join: Callable, values: Any) -> Any:
    first, *rest = values
    for value in rest:
        first = join(first, value)
    return first


class _Floats:
    """The same in JAX."""

    abs = staticmethod(jnp.abs)
    relu = staticmethod(jax.nn.relu)
    clip = staticmethod(jnp.clip)
    maximum = staticmethod(jnp.maximum)
    minimum = staticmethod(jnp.minimum)
    add = staticmethod(lambda a, b: a + b)
    scale = staticmethod(lambda k, a: k * a)
    largest = staticmethod(lambda *values: jnp.max(jnp.stack(values)))


PROGRAMS: dict[str, Callable[[Any, Any], Any]] = {
    "folded": lambda o, x: o.abs(o.add(o.abs(o.add(o.abs(x), -1.0)), -0.5)),
    "relu of clip": lambda o, x: o.relu(o.add(o.scale(2, o.clip(x, -1.0, 1.5)), 1.0)),
    "ties": lambda o, x: o.maximum(o.minimum(x, o.scale(2, x)), o.scale(-1, o.relu(x))),
    "hat": lambda o, x: o.relu(o.add(o.scale(-1, o.abs(o.add(x, -0.25))), 1.0)),
    "largest": lambda o, x: o.largest(o.scale(-2, x), o.add(x, -1.0), o.abs(x), o.clip(x, 0.0, 2)),
    "sum of kinks": lambda o, x: o.add(
        o.add(o.abs(x), o.scale(-1, o.relu(o.add(x, -0.5)))), o.clip(o.scale(3, x), -1.5, 0.75)
    ),
    "cancelling": lambda o, x: o.add(o.abs(o.relu(x)), o.scale(-1, o.maximum(x, o.abs(x)))),
}

_COINCIDE = {"ties", "cancelling", "largest"}
"""Programs with extremes of pieces that are equal on whole intervals: slopes are hulls there."""


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", PROGRAMS)
def test_one_sided_derivatives_are_contained(name: str, dtype: type) -> None:
    program = PROGRAMS[name]
    first, last = np.triu_indices(len(GRID))
    boxes = ij.interval(GRID[first].astype(dtype), GRID[last].astype(dtype))

    @jax.jit
    @jax.vmap
    def slopes(x: ij.Interval) -> tuple[ij.Interval, ...]:
        def f(v: jax.Array) -> jax.Array:
            return program(_Floats, v)

        one = jnp.ones((), dtype)
        return ij.enclose(f)(x), ij.grad(f)(x), ij.jacfwd(f)(x), ij.jvp(f, (x,), (one,))[1]

    value, *derivatives = slopes(boxes)
    germs = [program(_Exact, Germ(Fraction(x), Fraction(1), Fraction(1))) for x in GRID]
    # Values and slopes are short dyadic numbers: floats are them exactly.
    exact, left, right = (np.array([float(g[i]) for g in germs]) for i in range(3))
    inside = (np.arange(len(GRID)) >= first[:, None]) & (np.arange(len(GRID)) <= last[:, None])

    def contains(found: ij.Interval, members: np.ndarray) -> bool:
        lo, hi = (np.asarray(b, np.float64)[:, None] for b in (found.lo, found.hi))
        return bool(np.all(~inside | ((lo <= members) & (members <= hi))))

    assert contains(value, exact)
    for derivative in derivatives:
        assert contains(derivative, left)
        assert contains(derivative, right)
        assert np.isfinite(derivative.hi - derivative.lo).all()
    # No kink, no width, where no branch is undecided.
    sharp = derivatives[0]
    decided = (first == last) & (left[first] == right[first])
    narrow = np.asarray(sharp.lo == sharp.hi)
    assert name in _COINCIDE or np.all(narrow[decided])


@pytest.mark.parametrize(
    ("function", "greatest"),
    [
        (jnp.max, True),
        (jnp.min, False),
        (lambda x: jax.lax.cummax(x)[-1], True),
        (lambda x: jax.lax.cummin(x, reverse=True)[0], False),
        (lambda x: jnp.max(x.reshape(1, -1), axis=1)[0], True),
    ],
    ids=["max", "min", "cummax", "cummin", "max along an axis"],
)
def test_extremes_of_arrays_have_hulls_of_slopes_in_every_mode(
    function: Callable, greatest: bool
) -> None:
    """An element that may be the extreme has a slope from 0 to 1, a tie is one that may."""
    lo = np.array([[1.0, 1, 1], [0, 0.5, 3], [0, 0, 0], [1, 2, 1.5], [0, 1, 2]])
    hi = np.array([[1.0, 1, 1], [1, 2.0, 4], [1, 1, 1], [1, 3, 2.25], [0, 1, 2]])
    # The same for minima by changing signs: extremes of -x.
    ends = (lo, hi) if greatest else (-hi, -lo)
    may = hi >= np.max(lo, 1, keepdims=True)
    alone = may.sum(1, keepdims=True) == 1

    @jax.jit
    @jax.vmap
    def slopes(x: ij.Interval) -> tuple[ij.Interval, ...]:
        return ij.grad(function)(x), ij.jacfwd(function)(x), ij.jacrev(function)(x)

    for found in slopes(ij.interval(*ends)):
        np.testing.assert_allclose(found.hi, np.where(may, 1, 0), atol=1e-14)
        np.testing.assert_allclose(found.lo, np.where(may & alone, 1, 0), atol=1e-14)
        assert np.all(found.hi >= np.where(may, 1, 0))
