"""Rules of sums, products, windows, scatters and order statistics, against exact fractions."""

from collections.abc import Callable
from fractions import Fraction
from math import inf
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import arb, ctx
from jax import lax

import interval_jax as ij

DTYPES = [np.float32, np.float64]
BOXES = 12
AT = jnp.array([2, 0, 2])

exactly = np.vectorize(lambda v: Fraction(float(v)), otypes=[object])


def contains(found: ij.Interval, exact: np.ndarray) -> bool:
    assert found.shape == exact.shape
    ends = zip(np.asarray(found.lo).ravel(), np.asarray(found.hi).ravel(), strict=True)
    return all(
        (lo == -inf or Fraction(float(lo)) <= z) and (hi == inf or z <= Fraction(float(hi)))
        for (lo, hi), z in zip(ends, exact.ravel(), strict=True)
    )


def boxes(dtype: type, *shapes: tuple[int, ...]) -> tuple[list[ij.Interval], list[np.ndarray]]:
    """Boxes around numbers of many sizes, a third of them points, and a member of each."""
    rng = np.random.default_rng(7)
    sets, members = [], []
    for shape in shapes:
        x = rng.standard_normal((BOXES, *shape)) * np.exp2(rng.integers(-12, 12, (BOXES, *shape)))
        r = np.abs(x) * rng.random((BOXES, *shape)) * (rng.random((BOXES, *shape)) > 0.3)
        X = ij.interval((x - r).astype(dtype), (x + r).astype(dtype))
        lo, hi = np.asarray(X.lo), np.asarray(X.hi)
        inner = (lo + (hi - lo) * rng.random(lo.shape).astype(dtype)).astype(dtype)
        sets.append(X)
        members.append(np.clip(inner, lo, hi))
    return sets, members


def added(x: np.ndarray, y: np.ndarray, sign: int = 1) -> np.ndarray:
    x = x.copy()
    np.add.at(x, np.asarray(AT), sign * y)
    return x


def changed(x: np.ndarray, y: np.ndarray, change: Callable) -> np.ndarray:
    x = x.copy()
    for i, v in zip([2, 0, 1], y, strict=True):
        x[i] = change(x[i], v)
    return x


def windows(x: np.ndarray, fold: Callable) -> np.ndarray:
    """Windows 2 x 3, strides 1 and 2, padding 1 on the left of the last axis."""
    rows, columns = range(x.shape[0] - 1), range(-1, x.shape[1] - 2, 2)
    return np.array(
        [
            [fold(list(x[i : i + 2, max(j, 0) : j + 3].ravel())) for j in columns] for i in rows
        ],
        object,
    )  # fmt: skip


WINDOW = {"window_dimensions": (2, 3), "window_strides": (1, 2), "padding": ((0, 0), (1, 0))}


def window(start: float, fold: Callable) -> Callable:
    return lambda x: lax.reduce_window(x, x.dtype.type(start), fold, **WINDOW)


def convolved(x: np.ndarray, k: np.ndarray) -> np.ndarray:
    """Channels last, stride 2, dilation 2, padding (1, 2), two groups of features."""
    n, size, c = x.shape
    padded = np.full((n, size + 3, c), Fraction(0), object)
    padded[:, 1 : 1 + size] = x
    width, _, features = k.shape
    places = range(0, size + 3 - 2 * (width - 1), 2)
    result = np.empty((n, len(places), features), object)
    for i, p in enumerate(places):
        for f in range(features):
            group = slice(0, c // 2) if f < features // 2 else slice(c // 2, c)
            parts = [padded[:, p + 2 * w, group] * k[w, :, f] for w in range(width)]
            result[:, i, f] = sum(p.sum(-1) for p in parts)
    return result


def convolution(x: jax.Array, k: jax.Array) -> jax.Array:
    numbers = ("NHC", "HIO", "NHC")
    return lax.conv_general_dilated(
        x, k, (2,), ((1, 2),), None, (2,), numbers, feature_group_count=2
    )


Case = tuple[Callable[..., Any], Callable[..., Any], tuple[tuple[int, ...], ...]]

PROGRAMS: dict[str, Case] = {
    "cumsum": (lambda x: lax.cumsum(x, 0), lambda x: np.cumsum(x, 0), ((6, 3),)),
    "cumprod": (
        lambda x: lax.cumprod(x, 1, reverse=True),
        lambda x: np.cumprod(x[:, ::-1], 1)[:, ::-1],
        ((2, 5),),
    ),
    "cummax": (lambda x: lax.cummax(x, 0), lambda x: np.maximum.accumulate(x), ((6, 2),)),
    "cummin": (lambda x: lax.cummin(x, 0), lambda x: np.minimum.accumulate(x), ((6, 2),)),
    "prod": (lambda x: jnp.prod(x, (0, 2)), lambda x: x.prod(2).prod(0), ((3, 2, 3),)),
    "prod of none": (lambda x: jnp.prod(x, 0), lambda x: x.prod(0) + Fraction(1, 10**9), ((0, 2),)),
    "sort": (lambda x: lax.sort(x, dimension=0), lambda x: np.sort(x, 0), ((6, 2),)),
    "top_k": (lambda x: lax.top_k(x, 2)[0], lambda x: np.sort(x)[:, :-3:-1], ((2, 5),)),
    "largest window": (window(-inf, lax.max), lambda x: windows(x, max), ((3, 6),)),
    "smallest window": (window(inf, lax.min), lambda x: windows(x, min), ((3, 6),)),
    "sum of window": (window(0, lax.add), lambda x: windows(x, sum), ((3, 6),)),
    "convolution": (convolution, convolved, ((2, 7, 4), (2, 2, 4))),
    "scatter_add": (lambda x, y: x.at[AT].add(y), added, ((4,), (3,))),
    "scatter_sub": (
        lambda x, y: x.at[AT].subtract(y),
        lambda x, y: added(x, y, -1),
        ((4,), (3,)),
    ),
    "scatter_mul": (
        lambda x, y: x.at[jnp.array([2, 0, 1])].multiply(y, unique_indices=True),
        lambda x, y: changed(x, y, lambda a, b: a * b),
        ((4,), (3,)),
    ),
    "scatter_max": (
        lambda x, y: x.at[jnp.array([2, 0, 1])].max(y),
        lambda x, y: changed(x, y, max),
        ((4,), (3,)),
    ),
    "scatter": (
        lambda x, y: x.at[jnp.array([2, 0, 1])].set(y),
        lambda x, y: changed(x, y, lambda a, b: b),
        ((4,), (3,)),
    ),
    "dynamic_update_slice": (
        lambda x, y: lax.dynamic_update_slice(x, y, (1,)),
        lambda x, y: np.concatenate([x[:1], y, x[3:]]),
        ((4,), (2,)),
    ),
    "tile": (lambda x: lax.tile(x, (2, 3)), lambda x: np.tile(x, (2, 3)), ((2, 2),)),
    "unstack": (lambda x: sum(jnp.unstack(x)), lambda x: x[0] + x[1], ((2, 2),)),
    "barrier": (lambda x: lax.optimization_barrier((x, 2 * x))[1], lambda x: 2 * x, ((2,),)),
}
MOVED = (
    "cummax", "cummin", "sort", "top_k", "largest window", "smallest window", "scatter_max",
    "scatter", "dynamic_update_slice", "tile",
)  # fmt: skip
"""Each bound is the function of the bounds."""


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", [n for n in PROGRAMS if n != "prod of none"])
def test_values(name: str, dtype: type) -> None:
    program, reference, shapes = PROGRAMS[name]
    sets, members = boxes(dtype, *shapes)
    found = jax.jit(jax.vmap(ij.enclose(program)))(*sets)
    for i in range(BOXES):
        assert contains(found[i], reference(*(exactly(m[i]) for m in members)))
        if name in MOVED:
            for side in ("lo", "hi"):
                ends = [exactly(getattr(X, side)[i]) for X in sets]
                np.testing.assert_array_equal(
                    exactly(getattr(found, side)[i]), reference(*ends), strict=True
                )


def test_products_of_nothing_and_empty_members() -> None:
    one = ij.enclose(lambda x: jnp.prod(x, 0))(ij.empty((0, 2)))
    assert str(one) == "Interval([[1, 1], [1, 1]], float64)"
    X = ij.Interval(jnp.array([[1.0, inf, 3.0]]), jnp.array([[2.0, -inf, 5.0]]))
    for program in (lambda x: lax.sort(x), lambda x: jnp.prod(x, 1), lambda x: lax.cummax(x, 1)):
        found = ij.enclose(program)(X)
        assert bool(jnp.all(ij.is_empty(found).reshape(-1)[-1]))
    sums = ij.enclose(lambda x: lax.cumsum(x, 1))(X)
    assert np.asarray(ij.is_empty(sums)).tolist() == [[False, True, True]]


def test_running_log_sum_exp() -> None:
    sets, members = boxes(np.float64, (4,))
    found = jax.jit(jax.vmap(ij.enclose(lambda x: lax.cumlogsumexp(x))))(sets[0])
    # The first is the number itself.
    np.testing.assert_array_equal(found.lo[:, 0], sets[0].lo[:, 0])
    np.testing.assert_array_equal(found.hi[:, 0], sets[0].hi[:, 0])
    ctx.prec = 200
    for i, member in enumerate(members[0]):
        total = arb(float(member[0])).exp()
        for k in range(1, 4):
            total += arb(float(member[k])).exp()
            assert arb(float(found.lo[i, k])) <= total.log() <= arb(float(found.hi[i, k]))


# --- derivatives ------------------------------------------------------------------------


def ranks(x: np.ndarray) -> np.ndarray:
    return np.argsort(np.argsort(x, kind="stable"), kind="stable")


def of_largest_windows(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    result = np.full(x.shape, Fraction(0), object)
    for i in range(w.shape[0]):
        for j in range(w.shape[1]):
            places = [(i + a, 2 * j - 1 + b) for a in (0, 1) for b in (0, 1, 2) if 2 * j + b >= 1]
            result[max(places, key=lambda p: x[p])] += w[i, j]
    return result


DERIVATIVES: dict[str, tuple[Callable, Callable, tuple[int, ...]]] = {
    "cumsum": (lambda x: lax.cumsum(x), lambda x, w: np.cumsum(w[::-1])[::-1], (5,)),
    "sort": (lambda x: lax.sort(x), lambda x, w: w[ranks(x)], (5,)),
    "top_k": (
        lambda x: lax.top_k(x, 3)[0],
        lambda x, w: np.concatenate([w, exactly([0, 0])])[4 - ranks(x)],
        (5,),
    ),
    "largest window": (window(-inf, lax.max), of_largest_windows, (3, 6)),
    "scatter_add": (lambda x: jnp.zeros(4, x.dtype).at[AT].add(x), lambda x, w: w[[2, 0, 2]], (3,)),
    "tile": (lambda x: lax.tile(x, (2,)), lambda x, w: w[:3] + w[3:], (3,)),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", DERIVATIVES)
def test_derivatives(name: str, dtype: type) -> None:
    program, reference, shape = DERIVATIVES[name]
    (X,), (member,) = boxes(dtype, shape)
    weights = np.arange(1, 1 + np.prod(jax.eval_shape(program, member[0]).shape), dtype=dtype) / 7

    def weighed(x: jax.Array) -> jax.Array:
        y = program(x)
        return jnp.sum(y * weights.reshape(y.shape))

    derivative = jax.jit(jax.vmap(ij.grad(weighed)))
    found = derivative(X)
    for i in range(BOXES):
        w = exactly(weights).reshape(jax.eval_shape(program, member[0]).shape)
        assert contains(found[i], reference(member[i], w))
    # At points without ties the permutation is decided, and the derivative is one number.
    points = derivative(ij.interval(member))
    assert float(jnp.max(points.hi - points.lo)) < 1e-4


def test_jax_derivative_of_largest_windows() -> None:
    (X,), (member,) = boxes(np.float64, (3, 6))
    program = window(-inf, lax.max)
    found = jax.jit(jax.vmap(lambda x: ij.jvp(program, (x,), (jnp.ones((3, 6)),))[1]))(X)
    assert np.all(np.asarray(found.lo) <= 1)
    assert np.all(np.asarray(found.hi) >= 1)
    by_rows = jax.jit(jax.vmap(ij.jacrev(lambda x: jnp.sum(program(x)))))(X)
    for i in range(BOXES):
        assert contains(by_rows[i], of_largest_windows(member[i], exactly(np.ones((2, 3)))))


# --- across devices ---------------------------------------------------------------------

TURN = [(0, 1), (1, 2), (2, 0)]
COLLECTIVE: dict[str, tuple[Callable, Callable]] = {
    "psum": (lambda x: lax.psum(x, "i"), lambda x: np.broadcast_to(x.sum(0), x.shape)),
    "pmax": (lambda x: lax.pmax(x, "i"), lambda x: np.broadcast_to(x.max(0), x.shape)),
    "pmin": (lambda x: lax.pmin(x, "i"), lambda x: np.broadcast_to(x.min(0), x.shape)),
    "all_gather": (lambda x: lax.all_gather(x, "i"), lambda x: np.stack([x] * 3)),
    "ppermute": (lambda x: lax.ppermute(x, "i", TURN), lambda x: x[[2, 0, 1]]),
    "axis_index": (
        lambda x: x * lax.axis_index("i"),
        lambda x: x * exactly(np.arange(3.0))[:, None],
    ),
}


@pytest.mark.parametrize("name", COLLECTIVE)
def test_collectives(name: str) -> None:
    program, reference = COLLECTIVE[name]
    (X,), (member,) = boxes(np.float64, (2,))
    found = jax.jit(jax.vmap(ij.enclose(program), axis_name="i"))(X[:3])
    assert contains(found, reference(exactly(member[:3])))
