"""Fused and cancellative sums, integer functions and overlap states against exact arithmetic."""

import math
from collections.abc import Callable
from fractions import Fraction
from math import inf

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import interval_jax as ij
from interval_jax import _rounding as rd
from reference import exact, points
from tests.interval.kernel_checks import in_format
from tests.interval.test_arithmetic import bounds, check_tight, every_way

DTYPES = [np.float32, np.float64]
SIZE = 2000


def total(x: exact.Real, y: exact.Real) -> exact.Real:
    """x + y, where an infinite y outweighs an infinite x."""
    return y if isinstance(y, float) else x if isinstance(x, float) else x + y


def fused(a: exact.Bounds, b: exact.Bounds, c: exact.Bounds) -> tuple[exact.Real, exact.Real]:
    low, high = exact.interval_product(a, b)
    return total(low, exact.real(c[0])), total(high, exact.real(c[1]))


def rows(*pairs: tuple[np.ndarray, np.ndarray]) -> list:
    return list(zip(*(zip(*p, strict=True) for p in pairs), strict=True))


def cancelling(dtype: type, size: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """a, b and c with c anywhere from next to -a b to out of its reach, in the format."""
    rng = np.random.default_rng(seed)
    a, b = (in_format(x) for x in points.pairs(dtype, size, seed))
    c = points.pairs(dtype, size, seed + 3)[0]
    kind = rng.integers(0, 8, size)
    with np.errstate(all="ignore"):
        product = a * b
        near = np.nextafter(-product, rng.choice([-inf, inf], size).astype(dtype))
        scaled = product * np.exp2(rng.integers(-130, 130, size)).astype(dtype)
        short = a.astype(np.float16).astype(dtype)
        c = np.select([kind == 0, kind == 1, kind < 4], [-product, near, scaled], c)
    a = np.where((kind > 5) & np.isfinite(short), short, a)
    return in_format(a), b, in_format(np.where(np.isfinite(c), c, a).astype(dtype))


@pytest.mark.parametrize("dtype", DTYPES)
def test_fma_is_tight_at_points(dtype: type) -> None:
    a, b, c = cancelling(dtype, 3 * SIZE, 1)
    value = ij.fma(*(ij.Interval(jnp.asarray(x), jnp.asarray(x)) for x in (a, b, c)))
    sums = [exact.exact(x) * exact.exact(y) + exact.exact(z) for x, y, z in zip(a, b, c)]
    check_tight(value, [(s, s) for s in sums], dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_fma_is_tight_on_intervals(dtype: type) -> None:
    boxes = [bounds(dtype, SIZE, seed) for seed in (21, 22, 23)]
    # Factors of either sign whose extreme products are equal up to the last places.
    rng = np.random.default_rng(24)
    some = rng.integers(0, 3, SIZE) == 0
    (_, b), (c, d), _ = boxes
    near = np.where(rng.random(SIZE) < 0.5, 1, dtype(1) + np.finfo(dtype).eps).astype(dtype)
    with np.errstate(all="ignore"):
        twin = in_format((b * near).astype(dtype))
    mirrored = some & (b > 0) & (c < 0) & (d > 0) & np.isfinite(twin)
    boxes[0] = np.where(mirrored, -twin, boxes[0][0]), b
    boxes[1] = np.where(mirrored & (d < inf), -d, c), d
    expected = [fused(*row) for row in rows(*boxes)]
    for value in every_way(ij.fma, *(ij.Interval(*map(jnp.asarray, x)) for x in boxes)):
        check_tight(value, expected, dtype)


def test_fma_of_the_empty_set_and_of_limits() -> None:
    x, none = ij.interval(1.0, 2.0), ij.empty()
    for args in ((none, x, x), (x, none, x), (x, x, none)):
        assert bool(ij.is_empty(ij.fma(*args)))
    line, zero = ij.entire(), ij.interval(0.0)
    assert str(ij.fma(line, zero, x)) == "Interval([1, 2], float64)"
    assert str(ij.fma(x, x, line)) == "Interval([-inf, inf], float64)"
    assert str(ij.fma(ij.interval(1.0, inf), x, ij.interval(-inf, 3.0))) == (
        "Interval([-inf, inf], float64)"
    )


def test_fma_has_the_derivative_of_its_ends() -> None:
    def low(a: jax.Array) -> jax.Array:
        return ij.fma(ij.Interval(a, a + 1), ij.interval(2.0, 3.0), ij.interval(1.0)).lo

    assert float(jax.grad(low)(jnp.asarray(1.5))) == 2.0


@pytest.mark.parametrize("dtype", DTYPES)
def test_differences_are_compared_exactly(dtype: type) -> None:
    rng = np.random.default_rng(5)
    size = 4 * SIZE
    a, b = (in_format(x) for x in points.pairs(dtype, size, 31))
    c, d = (in_format(x) for x in points.pairs(dtype, size, 32))
    kind = rng.integers(0, 8, size)
    with np.errstate(all="ignore"):
        d = np.select([kind < 2, kind == 2], [c - (a - b), b], d)
        c = np.where(kind == 2, a, c)
        # Twice the same difference, of other numbers; one shifted by a few units.
        c, d = np.where(kind == 3, -b, c), np.where(kind == 3, -a, d)
        c = np.where(kind == 4, np.nextafter(-b, dtype(inf)), c)
        d = np.where(kind == 4, -a, d)
        # Next to the largest numbers, beside any others.
        top = dtype(np.finfo(dtype).max) * (1 - rng.integers(0, 4, size) * np.finfo(dtype).epsneg)
        a, c = np.where(kind == 5, top, a), np.where(kind == 5, top[::-1], c)
        b, d = np.where(kind == 6, -a, b), np.where(kind == 6, -c, d)
    a, b, c, d = (in_format(np.where(np.isfinite(x), x, 1).astype(dtype)) for x in (a, b, c, d))
    found = np.asarray(jax.jit(rd.difference_at_most)(a, b, c, d))
    gaps = [
        exact.exact(z) - exact.exact(w) - exact.exact(x) + exact.exact(y)
        for x, y, z, w in zip(a, b, c, d, strict=True)
    ]
    assert 0.2 < np.mean([g == 0 for g in gaps]) < 0.6
    np.testing.assert_array_equal(found, [g >= 0 for g in gaps])


def remainder(x: exact.Bounds, y: exact.Bounds) -> tuple[exact.Real, exact.Real]:
    if any(math.isinf(end) for end in (*x, *y)):
        return -inf, inf
    (a, b), (c, d) = ([Fraction(float(end)) for end in p] for p in (x, y))
    if b - a < d - c:
        return -inf, inf
    # Ends that may have been subnormal before they were rounded outward.
    tiny = Fraction(float(np.finfo(type(y[0])).tiny))
    low = 0 if c == -tiny else tiny if (c, d) == (0, tiny) else c
    high = 0 if d == tiny else -tiny if (c, d) == (-tiny, 0) else d
    return a - low, b - high


@pytest.mark.parametrize("dtype", DTYPES)
def test_cancellation_is_tight(dtype: type) -> None:
    X, Y = (ij.interval(*points.intervals(dtype, SIZE, seed)) for seed in (41, 42))
    rng = np.random.default_rng(43)
    kind = rng.integers(0, 4, SIZE)
    total = X + Y
    # The sum of both, and x moved, next to what is and what is not wide enough.
    x = tuple(
        np.select([kind == 0, kind == 1], [np.asarray(s), np.asarray(-r)], np.asarray(p))
        for s, r, p in zip((total.lo, total.hi), (Y.hi, Y.lo), (X.lo, X.hi), strict=True)
    )
    y = np.asarray(Y.lo), np.asarray(Y.hi)
    mirrored = [(-h, -l) for l, h in zip(*y, strict=True)]
    pairs = list(zip(*x, strict=True))
    found = every_way(ij.cancel_minus, ij.Interval(*map(jnp.asarray, x)), Y)
    expected = [remainder(*row) for row in rows(x, y)]
    assert 0.2 < np.mean([r[0] == -inf for r in expected]) < 0.8
    for value in found:
        check_tight(value, expected, dtype)
    value = jax.jit(ij.cancel_plus)(ij.Interval(*map(jnp.asarray, x)), Y)
    check_tight(value, [remainder(*row) for row in zip(pairs, mirrored, strict=True)], dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_cancellation_of_subnormal_numbers(dtype: type) -> None:
    small = np.finfo(dtype).smallest_subnormal
    for x, y in ((small, -small), (-small, small), (3 * small, small), (1, small)):
        z = ij.cancel_minus(ij.interval(dtype(x)), ij.interval(dtype(y)))
        exactly = Fraction(float(x)) - Fraction(float(y))
        assert exact.real(z.lo) <= exactly <= exact.real(z.hi)


def test_cancellation_of_empty_and_unbounded_sets() -> None:
    x, half, none, line = ij.interval(1.0, 2.0), ij.interval(1.0, inf), ij.empty(), ij.entire()
    for y in (x, none):
        assert bool(ij.is_empty(ij.cancel_minus(none, y)))
        assert bool(ij.is_empty(ij.cancel_plus(none, y)))
    for args in ((x, none), (none, line), (none, half), (half, x), (x, half), (line, line)):
        assert bool(ij.is_entire(ij.cancel_minus(*args)))
        assert bool(ij.is_entire(ij.cancel_plus(*args)))
    assert int(ij.decoration_part(ij.cancel_minus(ij.decorate(x), x))) == ij.Decoration.TRV


def away(q: Fraction) -> int:
    size = math.floor(abs(q) + Fraction(1, 2))
    return size if q >= 0 else -size


STEPS: dict[str, Callable[[Fraction], int]] = {
    "sign": lambda q: (q > 0) - (q < 0),
    "ceil": math.ceil,
    "floor": math.floor,
    "trunc": math.trunc,
    "round_ties_to_even": round,
    "round_ties_to_away": away,
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", STEPS)
def test_integer_functions_are_exact(name: str, dtype: type) -> None:
    lo, hi = bounds(dtype, SIZE, 51)
    rng = np.random.default_rng(52)
    halves = rng.integers(-9, 9, SIZE) / 2
    near = np.nextafter(halves.astype(dtype), rng.choice([-inf, inf, 0], SIZE).astype(dtype))
    lo = np.where(rng.random(SIZE) < 0.3, np.minimum(in_format(near), hi), lo).astype(dtype)
    X = ij.Interval(jnp.asarray(lo), jnp.asarray(hi))
    function = getattr(ij, name)

    def end(x: float) -> exact.Real:
        infinite = np.sign(x) if name == "sign" else x
        return float(infinite) if math.isinf(x) else Fraction(STEPS[name](exact.exact(x)))

    expected = [(end(l), end(h)) for l, h in zip(lo, hi, strict=True)]
    for value in (function(X), jax.jit(jax.vmap(function))(X)):
        check_tight(value, expected, dtype)
    assert bool(ij.is_empty(function(ij.empty())))


@pytest.mark.parametrize(
    ("name", "box", "decoration"),
    [
        ("sign", (1.0, 2.0), "COM"),
        ("sign", (0.0, 0.0), "DAC"),
        ("sign", (-1.0, 0.0), "DEF"),
        ("ceil", (1.1, 1.9), "COM"),
        ("ceil", (1.1, 2.0), "DAC"),
        ("ceil", (-1.1, 0.0), "DEF"),
        ("floor", (1.0, 1.5), "DAC"),
        ("floor", (1.25, 1.5), "COM"),
        ("floor", (1.0, 2.0), "DEF"),
        ("floor", (1e300, inf), "DEF"),
        ("trunc", (-0.5, 0.5), "COM"),
        ("trunc", (-1.5, -1.0), "DAC"),
        ("trunc", (-1.5, 0.5), "DEF"),
        ("round_ties_to_even", (-1.6, -1.5), "DAC"),
        ("round_ties_to_even", (-0.4, 0.4), "COM"),
        ("round_ties_to_away", (1.9, 2.2), "COM"),
        ("round_ties_to_away", (2.5, 2.6), "DAC"),
        ("round_ties_to_away", (2.5, 3.6), "DEF"),
    ],
)
def test_integer_functions_know_where_they_jump(
    name: str, box: tuple[float, float], decoration: str
) -> None:
    value = getattr(ij, name)(ij.decorate(ij.interval(*box)))
    assert ij.Decoration(int(value.decoration)).name == decoration


def state(x: exact.Bounds, y: exact.Bounds) -> str:
    """The state by the definitions of the standard, on all four comparisons of ends."""
    (a, b), (c, d) = x, y
    if a > b or c > d:
        return "BOTH_EMPTY" if a > b and c > d else "FIRST_EMPTY" if a > b else "SECOND_EMPTY"
    definitions = {
        "BEFORE": b < c,
        "MEETS": a < b and b == c and c < d,
        "OVERLAPS": a < c < b < d,
        "STARTS": a == c and b < d,
        "CONTAINED_BY": c < a and b < d,
        "FINISHES": c < a and b == d,
        "EQUALS": a == c and b == d,
        "FINISHED_BY": a < c and b == d,
        "CONTAINS": a < c and d < b,
        "STARTED_BY": a == c and d < b,
        "OVERLAPPED_BY": c < a < d < b,
        "MET_BY": c < d and d == a and a < b,
        "AFTER": d < a,
    }
    (name,) = (name for name, holds in definitions.items() if holds)
    return name


@pytest.mark.parametrize("dtype", DTYPES)
def test_overlap_is_one_of_sixteen_states(dtype: type) -> None:
    ends = [-inf, *range(4), inf]
    sets = [(a, b) for a in ends for b in ends if a <= b and a < inf and b > -inf] + [(inf, -inf)]
    x, y = (np.array(v, dtype) for v in zip(*((p, q) for p in sets for q in sets), strict=True))
    X, Y = (ij.Interval(jnp.asarray(v[:, 0]), jnp.asarray(v[:, 1])) for v in (x, y))
    expected = [ij.Overlap[state(p, q)] for p, q in zip(x, y, strict=True)]
    assert set(expected) == set(ij.Overlap)
    for value in (ij.overlap(X, Y), jax.jit(jax.vmap(ij.overlap))(X, Y)):
        assert value.dtype == jnp.int32
        np.testing.assert_array_equal(value, expected)
