"""Integers that depend on interval data: places, counts and rounded numbers, against exact ones."""

from collections.abc import Callable
from fractions import Fraction
from math import ceil, floor, trunc
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import interval_jax as ij
from tests.interval.test_rules_arrays import DTYPES, contains, exactly

BOXES = 60
TABLE = np.array([3.0, -1.0, 10.0, 0.5, 7.0])
GRID = np.arange(12.0).reshape(3, 4) ** 2
VALUES = [Fraction(v) for v in TABLE]
QUARTER, HALF = Fraction(1, 4), Fraction(1, 2)


def boxes(dtype: type) -> tuple[ij.Interval, np.ndarray]:
    """Vectors of four between -4 and 4, points and boxes of all widths, and a member of each."""
    rng = np.random.default_rng(11)
    width = np.exp2(-rng.uniform(0, 12, (BOXES, 4))) * 6 * (rng.random((BOXES, 4)) > 0.25)
    lo = rng.uniform(-4, 4, (BOXES, 4))
    # Ties and whole numbers among them.
    lo = np.where(rng.random((BOXES, 4)) < 0.2, np.round(lo), lo)
    X = ij.interval(lo.astype(dtype), np.minimum(lo + width, 4).clip(lo).astype(dtype))
    at = np.where(rng.random((BOXES, 4)) < 0.2, rng.integers(0, 2, (BOXES, 4)), rng.random())
    low, high = np.asarray(X.lo), np.asarray(X.hi)
    return X, np.clip((low + (high - low) * at).astype(dtype), low, high)


def wrapped(index: int, size: int) -> int:
    """JAX's place of an index: from the end if negative, then the nearest."""
    return min(max(index + size if index < 0 else index, 0), size - 1)


def quantile(x: list, q: Fraction) -> Fraction:
    ordered, place = sorted(x), q * (len(x) - 1)
    low, high = ordered[floor(place)], ordered[ceil(place)]
    return low + (high - low) * (place - floor(place))


def steps(x: Fraction) -> int:
    n = 0
    while abs(x) > 1:
        x, n = x / 2, n + 1
    return n


def loop(x: jax.Array) -> Any:
    return lax.while_loop(lambda s: abs(s[1]) > 1, lambda s: (s[0] + 1, s[1] / 2), (0, x))[0]


def table(x: jax.Array) -> jax.Array:
    return jnp.asarray(TABLE, x.dtype)


Reference = Callable[[list], Any]
CASES: dict[str, tuple[Callable, Reference]] = {
    "select": (
        lambda x: jnp.select([x < -1, x > 2, x < 1], [-x, 2 * x, x + 9], 5.0),
        lambda x: [-v if v < -1 else 2 * v if v > 2 else v + 9 if v < 1 else 5 for v in x],
    ),
    "piecewise": (
        lambda x: jnp.piecewise(x, [x < 0, x >= 2], [lambda v: -v, lambda v: v * v, 7.0]),
        lambda x: [-v if v < 0 else v * v if v >= 2 else 7 for v in x],
    ),
    "median": (jnp.median, lambda x: quantile(x, HALF)),
    "quantile": (lambda x: jnp.quantile(x, 0.25), lambda x: quantile(x, QUARTER)),
    "nanmedian": (jnp.nanmedian, lambda x: quantile(x, HALF)),
    "nanmean": (jnp.nanmean, lambda x: sum(x) / 4),
    "largest": (lambda x: table(x)[jnp.argmax(x)], lambda x: VALUES[x.index(max(x))]),
    "smallest": (lambda x: table(x)[jnp.argmin(x)], lambda x: VALUES[x.index(min(x))]),
    "its own": (lambda x: x[jnp.argmax(jnp.abs(x))], lambda x: x[sizes(x).index(max(sizes(x)))]),
    "of booleans": (
        lambda x: jnp.argmax(x > 0).astype(x.dtype),
        lambda x: next((i for i, v in enumerate(x) if v > 0), 0),
    ),
    "one_hot": (
        lambda x: jax.nn.one_hot(jnp.argmax(x), 4, dtype=x.dtype),
        lambda x: [int(i == x.index(max(x))) for i in range(4)],
    ),
    "table": (
        lambda x: table(x)[jnp.floor(x).astype(int)],
        lambda x: [VALUES[wrapped(floor(v), 5)] for v in x],
    ),
    "two indices": (
        lambda x: jnp.asarray(GRID, x.dtype)[abs(x[:2].astype(int)), abs(x[2:].astype(int))],
        lambda x: [
            Fraction(GRID[wrapped(abs(trunc(v)), 3), wrapped(abs(trunc(w)), 4)])
            for v, w in zip(x[:2], x[2:], strict=True)
        ],
    ),
    "slice": (
        lambda x: lax.dynamic_slice(x, (jnp.argmax(x),), (2,)),
        lambda x: x[(i := min(x.index(max(x)), 2)) : i + 2],
    ),
    "update": (
        lambda x: lax.dynamic_update_slice(x, x[:1] + 100, (jnp.argmin(x),)),
        lambda x: [x[0] + 100 if i == x.index(min(x)) else v for i, v in enumerate(x)],
    ),
    "count": (lambda x: jnp.sum(x > 0) * x, lambda x: [sum(w > 0 for w in x) * v for v in x]),
    "prefix": (
        lambda x: jnp.cumsum(x.astype(int)).astype(x.dtype),
        lambda x: [sum(map(trunc, x[: i + 1])) for i in range(4)],
    ),
    "arithmetic": (
        lambda x: (3 - 2 * x.astype(int) ** 2 % 5 + abs(jnp.max(x.astype(int)))).astype(x.dtype),
        lambda x: [3 - 2 * (trunc(v) ** 2) % 5 + abs(max(map(trunc, x))) for v in x],
    ),
    "quotient": (
        lambda x: (x.astype(int) // 2 + x.astype(int) // -3).astype(x.dtype),
        lambda x: [trunc(v) // 2 + trunc(v) // -3 for v in x],
    ),
    "sign": (lambda x: x * jnp.sign(x).astype(int), lambda x: [abs(v) for v in x]),
    "truth": (lambda x: x.astype(int).astype(bool) * x, lambda x: [v * (trunc(v) != 0) for v in x]),
    "power": (lambda x: 2.0 ** x.astype(int), lambda x: [Fraction(2) ** trunc(v) for v in x]),
    "switch": (
        lambda x: lax.switch(
            x[0].astype(int), [lambda v: v, lambda v: -v, lambda v: v * v], x[1]
        ),
        lambda x: [x[1], -x[1], x[1] ** 2][min(max(trunc(x[0]), 0), 2)],
    ),
    "loop": (lambda x: jax.vmap(loop)(x).astype(x.dtype), lambda x: list(map(steps, x))),
    "copysign": (
        lambda x: jnp.copysign(x + 1, x - 1),
        lambda x: [abs(v + 1) * (-1 if v < 1 else 1) for v in x],
    ),
}  # fmt: skip


def sizes(x: list) -> list:
    return [abs(v) for v in x]


@pytest.mark.parametrize("dtype", DTYPES)
def test_functions_with_integers_that_depend_on_intervals(dtype: type) -> None:
    X, member = boxes(dtype)

    def all_of_them(x: jax.Array) -> list[jax.Array]:
        return [function(x) for function, _ in CASES.values()]

    found = jax.jit(jax.vmap(ij.enclose(all_of_them)))(X)
    points = exactly(member)
    for (name, (_, reference)), values in zip(CASES.items(), found, strict=True):
        exact = np.array([reference(list(x)) for x in points], object)
        assert contains(values, exact), name
        assert bool(jnp.all(jnp.isfinite(values.hi))), name


def test_what_is_not_possible_is_no_part_of_the_hull() -> None:
    select = ij.enclose(
        lambda x: jnp.select([x < 0, x > 1], [jnp.log(-x), jnp.log(x)], jnp.inf * x)
    )
    assert float(select(ij.interval(-2.0, -1.0)).hi) < 0.7
    # The condition in between does not hold anywhere.
    f = ij.enclose(lambda x: jnp.select([x < 0, x > 1], [x, 1e9 * x], 3.0))
    assert str(f(ij.interval(-1.0, 0.5))) == "Interval([-1, 3], float64)"
    ties = ij.enclose(lambda x: jnp.argmax(x).astype(float))
    assert str(ties(ij.interval([0.0, 1.0, 0.0], [0.5, 1.0, 1.0]))) == "Interval([1, 1], float64)"


def test_integers_that_may_wrap_are_any() -> None:
    X = ij.interval(0.0, 2.0**30)

    def f(x: jax.Array) -> list[jax.Array]:
        n = x.astype("int32")
        return [m.astype(float) for m in (n + n, 2 * n + n, n - 5, -n, n.astype("int8"), n * n)]

    found = jax.jit(ij.enclose(f))(X)
    every = (-(2.0**31), 2.0**31 - 1)
    bounds = [(float(v.lo), float(v.hi)) for v in found]
    assert bounds == [every, every, (-5, 2.0**30 - 5), (-(2.0**30), 0), (-128, 127), every]
    too_large = ij.enclose(lambda x: x.astype("int32").astype(float))(ij.interval(0.0, 1e10))
    assert (float(too_large.lo), float(too_large.hi)) == every
    unsigned = ij.enclose(lambda x: (x.astype("uint8") - 1).astype(float))(ij.interval(0.0, 3.0))
    assert (float(unsigned.lo), float(unsigned.hi)) == (0, 255)


def test_derivatives_at_integers() -> None:
    select = ij.grad(lambda x: jnp.select([x < 0, x > 1], [-x, x * x], 5.0))
    assert str(select(ij.interval(-1.0, 0.5))) == "Interval([-1, 0], float64)"
    assert str(select(ij.interval(2.0, 3.0))) == "Interval([4, 6], float64)"
    counted = ij.grad(lambda x: jnp.sum(x > 0) * x[0])
    assert str(counted(ij.interval([1.0, -1.0], [2.0, 3.0]))) == (
        "Interval([[1, 2], [0, 0]], float64)"
    )
    with pytest.raises(ij.UnsupportedPrimitiveError, match=r"dynamic_slice.*jnp\.where"):
        ij.grad(lambda x: x[jnp.argmax(x)])(ij.interval([0.0, 1.0], [2.0, 3.0]))


def test_programs_of_plain_integers_without_a_rule_are_evaluated() -> None:
    f = ij.enclose(lambda x: lax.platform_dependent(x, default=lambda v: v * v))
    assert str(f(ij.interval(-1.0, 2.0))) == "Interval([0, 4], float64)"


def test_sorting_moves_integers_and_is_not_by_them() -> None:
    X = ij.interval(np.array([0.0, 2.0, 1.2]), np.array([0.5, 3.5, 1.4]))

    def moved(x: jax.Array) -> jax.Array:
        return jax.lax.sort((jnp.array([2, 0, 1]), jnp.floor(x).astype(int)))[1].astype(float)

    assert str(ij.enclose(moved)(X)) == "Interval([[2, 3], [1, 1], [0, 0]], float64)"
    with pytest.raises(ij.UnsupportedPrimitiveError, match="sort by keys that are interval data"):
        ij.enclose(lambda x: jnp.sort(x.astype(int)).astype(float))(X)
