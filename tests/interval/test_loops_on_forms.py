"""Loops and branches carry forms and centred values through: exact values stay inside."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import interval_jax as ij
from tests.interval.test_forms import boxes

METHODS: dict[str, tuple[type, dict[str, Any]]] = {
    "slope": (np.float32, {"method": "slope"}),
    "affine": (np.float64, {"method": "affine"}),
}


def _scan(x: jax.Array) -> jax.Array:
    rows = jnp.stack([x, x * x, 1 - x])
    total, products = lax.scan(
        lambda c, u: (c + u * (1 - u), c * u), jnp.zeros(2, x.dtype), rows, reverse=True
    )
    return jnp.concatenate([total, products[0] - x])


def _exact_scan(x: list[Fraction]) -> list[Fraction]:
    rows = [x, [v * v for v in x], [1 - v for v in x]]
    total, products = [Fraction(0)] * 2, []
    for row in rows[::-1]:
        products.append([c * u for c, u in zip(total, row, strict=True)])
        total = [c + u * (1 - u) for c, u in zip(total, row, strict=True)]
    return [*total, *(p - v for p, v in zip(products[-1], x, strict=True))]


def _while(x: jax.Array) -> jax.Array:
    half = jnp.asarray(0.5, x.dtype)
    return lax.while_loop(
        lambda s: s[0] < 4, lambda s: (s[0] + 1, s[1] * (1 - s[1] * half)), (0, x)
    )[1]


def _exact_while(x: list[Fraction]) -> list[Fraction]:
    for _ in range(4):
        x = [v * (1 - v / 2) for v in x]
    return x


def _branches(x: jax.Array) -> jax.Array:
    decided = lax.cond(jnp.arange(3).sum() > 2, lambda x: x * (1 - x), lambda x: 0 * x, x) - x
    return lax.cond(x[0] > 0.5, lambda y: y * x[0], lambda y: y - 1, decided)


def _exact_branches(x: list[Fraction]) -> list[Fraction]:
    decided = [v * (1 - v) - v for v in x]
    return [v * x[0] if x[0] > Fraction(1, 2) else v - 1 for v in decided]


PROGRAMS: dict[str, tuple[Callable, Callable]] = {
    "scan": (_scan, _exact_scan),
    "while": (_while, _exact_while),
    "branches": (_branches, _exact_branches),
}


@pytest.mark.parametrize("method", METHODS)
def test_exact_values(method: str) -> None:
    dtype, options = METHODS[method]
    X, member = boxes(dtype, 300, 2, 8)

    def all_programs(x: jax.Array) -> list[jax.Array]:
        return [f(x) for f, _ in PROGRAMS.values()]

    found = jax.jit(jax.vmap(ij.enclose(all_programs, **options)))(X)
    points = [[Fraction(v) for v in p] for p in member.tolist()]
    for (name, (_, exact)), result in zip(PROGRAMS.items(), found, strict=True):
        for low, high, point in zip(result.lo.tolist(), result.hi.tolist(), points, strict=True):
            for a, value, b in zip(low, exact(point), high, strict=True):
                assert Fraction(a) <= value <= Fraction(b), name


@pytest.mark.parametrize("method", ["slope", "affine"])
def test_loops_are_narrower_than_intervals(method: str) -> None:
    """A contraction stays one: with intervals the states would drift apart."""

    def loop(x: jax.Array) -> jax.Array:
        return lax.fori_loop(0, 20, lambda _, y: y - 0.5 * (y - x), x)

    X = ij.interval(0.5, 1.0)
    natural = jax.jit(ij.enclose(loop))(X)
    found = jax.jit(ij.enclose(loop, method=method))(X)
    assert float(ij.wid(natural)) > 100
    assert float(ij.wid(found)) <= 0.500001


def test_gradients_through_loops() -> None:
    def function(x: jax.Array) -> jax.Array:
        return lax.fori_loop(0, 3, lambda _, y: y * (1 - y), x)

    def exact(x: Fraction) -> Fraction:
        y, slope = x, Fraction(1)
        for _ in range(3):
            y, slope = y * (1 - y), slope * (1 - 2 * y)
        return slope

    X, member = boxes(np.float64, 200, 1, 9)
    found = jax.jit(jax.vmap(ij.enclose(ij.grad(function), method="affine")))(X[:, 0])
    for low, high, x in zip(
        found.lo.tolist(), found.hi.tolist(), member[:, 0].tolist(), strict=True
    ):
        assert Fraction(low) <= exact(Fraction(x)) <= Fraction(high)


@pytest.mark.parametrize("method", ["slope", "affine"])
def test_numbers_stand_for_arrays(method: str) -> None:
    """In a program an operand without axes may meet an array."""

    def function(x: jax.Array) -> jax.Array:
        return (x[0] * x[1]) * jnp.array([1.0, -2.0, 3.0], x.dtype) - x[2] * x

    def exact(x: list[Fraction]) -> list[Fraction]:
        return [x[0] * x[1] * k - x[2] * v for k, v in zip((1, -2, 3), x, strict=True)]

    X, member = boxes(np.float32, 100, 3, 6)
    found = jax.jit(jax.vmap(ij.enclose(function, method=method)))(X)
    for low, high, point in zip(found.lo.tolist(), found.hi.tolist(), member.tolist(), strict=True):
        for a, value, b in zip(low, exact([Fraction(v) for v in point]), high, strict=True):
            assert Fraction(a) <= value <= Fraction(b)
