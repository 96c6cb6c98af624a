"""Reverse functions against exact preimages: all of them inside, and tight."""

from collections.abc import Callable
from fractions import Fraction
from math import inf

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import interval_jax as ij
from interval_jax import _rounding as rd
from reference import exact
from tests.interval.kernel_checks import in_format
from tests.interval.test_arithmetic import bounds

DTYPES = [np.float32, np.float64]
SIZE = 2000
Range = tuple[exact.Real, exact.Real]
NOTHING: Range = (inf, -inf)


def factors(dtype: type, seed: int) -> tuple[exact.Bounds, ...]:
    """Intervals with zero inside, at an end, or outside, in equal parts."""
    rng = np.random.default_rng(seed)
    lo, hi = bounds(dtype, SIZE, seed)
    kind = rng.integers(0, 6, SIZE)
    lo = np.select([kind == 0, kind == 1], [0, -np.abs(lo)], lo)
    hi = np.select([kind == 0, kind == 2], [np.abs(hi), 0], hi)
    lo = np.minimum(lo, hi)
    return in_format(lo.astype(dtype)), in_format(hi.astype(dtype))


def preimages(b: exact.Bounds, c: exact.Bounds) -> tuple[Range, Range]:
    """The parts of {t : b t meets c} from the parts of b on either side of zero."""
    if b[0] <= 0 <= b[1] and c[0] <= 0 <= c[1]:
        return (-inf, inf), NOTHING
    parts = []
    if b[0] < 0:
        parts.append(exact.interval_quotient(c, (b[0], min(b[1], 0.0))))
    if b[1] > 0:
        parts.append(exact.interval_quotient(c, (max(b[0], 0.0), b[1])))
    parts.sort()
    return tuple([*parts, NOTHING, NOTHING][:2])


def rounded(r: Range, dtype: type) -> tuple[float, float]:
    return exact.round_down(r[0], dtype), exact.round_up(r[1], dtype)


def cut(r: tuple[float, float], x: exact.Bounds) -> Range:
    lo, hi = max(r[0], x[0]), min(r[1], x[1])
    return (lo, hi) if lo <= hi else NOTHING


def hull(*ranges: Range) -> Range:
    return min(r[0] for r in ranges), max(r[1] for r in ranges)


def ways(function: Callable, *args: ij.Interval) -> list[ij.Interval]:
    """Operation by operation, and compiled for one at a time."""
    return [function(*args), jax.jit(jax.vmap(function))(*args)]


def check(value: ij.Interval, expected: list[Range]) -> None:
    lo, hi = zip(*expected, strict=True)
    np.testing.assert_array_equal(np.asarray(value.lo, np.float64), lo)
    np.testing.assert_array_equal(np.asarray(value.hi, np.float64), hi)


@pytest.mark.parametrize("dtype", DTYPES)
def test_division_in_two_parts(dtype: type) -> None:
    b, c, x = factors(dtype, 1), bounds(dtype, SIZE, 2), bounds(dtype, SIZE, 3)
    B, C, X = (ij.Interval(*map(jnp.asarray, v)) for v in (b, c, x))
    rows = [list(zip(*v, strict=True)) for v in (b, c, x)]
    pairs = [
        [rounded(part, dtype) for part in preimages(p, q)] for p, q in zip(*rows[:2], strict=True)
    ]
    assert 0.1 < np.mean([p[1] != NOTHING for p in pairs]) < 0.9
    for first, second in (ij.mul_rev_to_pair(B, C), jax.jit(jax.vmap(ij.mul_rev_to_pair))(B, C)):
        check(first, [p[0] for p in pairs])
        check(second, [p[1] for p in pairs])
    for value in ways(ij.mul_rev, B, C):
        check(value, [hull(*p) for p in pairs])
    for value in ways(ij.mul_rev, B, C, X):
        check(value, [hull(*(cut(r, z) for r in p)) for p, z in zip(pairs, rows[2], strict=True)])


@pytest.mark.parametrize("dtype", DTYPES)
def test_what_multiplies_into_the_product_is_found(dtype: type) -> None:
    rng = np.random.default_rng(4)
    b, c = factors(dtype, 5), bounds(dtype, SIZE, 6)
    first, second = ij.mul_rev_to_pair(*(ij.Interval(*map(jnp.asarray, v)) for v in (b, c)))
    both = [np.asarray(e) for e in (first.lo, first.hi, second.lo, second.hi)]
    ends = [np.clip(e, -np.finfo(dtype).max, np.finfo(dtype).max) for e in (*b, *c)]
    chosen = [np.where(rng.random(SIZE) < 0.5, *ends[i : i + 2]) for i in (0, 2)]
    for p, q, *parts in zip(*chosen, *both, strict=True):
        if p != 0:
            t = exact.exact(q) / exact.exact(p)
            assert parts[0] <= t <= parts[1] or parts[2] <= t <= parts[3]


def both_signs(size: Callable[[Fraction], tuple[float, float]]) -> Callable:
    """The preimage of c under an even function that grows with the absolute value."""

    def preimage(c: exact.Bounds, x: exact.Bounds) -> Range:
        if c[1] < 0:
            return NOTHING
        low, high = (v if v in (0, inf) else exact.exact(v) for v in (max(c[0], 0.0), c[1]))
        lo, hi = (0.0 if low == 0 else size(low)[0]), (high if high in (0, inf) else size(high)[1])
        return hull(cut((-hi, -lo), x), cut((lo, hi), x))

    return preimage


@pytest.mark.parametrize("dtype", DTYPES)
def test_squares_and_absolute_values(dtype: type) -> None:
    c, x = bounds(dtype, SIZE, 7), bounds(dtype, SIZE, 8)
    C, X = (ij.Interval(*map(jnp.asarray, v)) for v in (c, x))
    rows = [list(zip(*v, strict=True)) for v in (c, x)]
    line = (-inf, inf)
    root = both_signs(lambda q: (exact.sqrt_down(q, dtype), exact.sqrt_up(q, dtype)))
    size = both_signs(lambda q: (float(q), float(q)))
    for function, preimage in ((ij.sqr_rev, root), (ij.abs_rev, size)):
        for value in ways(function, C):
            check(value, [preimage(r, line) for r in rows[0]])
        for value in ways(function, C, X):
            check(value, [preimage(*r) for r in zip(*rows, strict=True)])


def power(t: float, n: int) -> exact.Real:
    """t**n for t >= 0, also where it is a limit."""
    if t == 0 or t == inf:
        return Fraction(0) if (t == 0) == (n > 0) else inf
    return exact.exact(t) ** n


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [1, 2, 3, 8, -1, -2, -3])
def test_roots_of_powers_are_next_to_the_exact_ones(n: int, dtype: type) -> None:
    lo, hi = bounds(dtype, SIZE, 9)
    lo, hi = np.maximum(lo, np.finfo(dtype).tiny), np.maximum(hi, np.finfo(dtype).tiny)
    root = jax.jit(lambda c: ij.pown_rev(c, n, ij.interval(dtype(0), dtype(inf))))
    value = root(ij.Interval(jnp.asarray(lo), jnp.asarray(hi)))
    ends = np.asarray(value.lo), np.asarray(value.hi)
    # One number inward there may be a right bound, two inward there is none.
    inward = np.asarray(rd.next_up(value.lo)), np.asarray(rd.next_down(value.hi))
    further = np.asarray(rd.next_up(inward[0])), np.asarray(rd.next_down(inward[1]))
    if n < 0:
        ends, inward, further = ends[::-1], inward[::-1], further[::-1]
    tightest = []
    for a, b, l0, h0, l1, h1, l2, h2 in zip(lo, hi, *ends, *inward, *further, strict=True):
        low, high = exact.real(a), exact.real(b)
        assert power(l0, n) <= low
        assert high <= power(h0, n)
        assert l2 == l0 or l1 == h0 or power(l2, n) > low
        assert h2 == h0 or h1 == l0 or power(h2, n) < high
        tightest += [power(l1, n) > low, power(h1, n) < high]
    # Many points are next to powers of two, where rootn cannot tell (1 + e)**(-1/2) from 1 - e/2.
    assert np.mean(tightest) > 0.97


@pytest.mark.parametrize(
    ("c", "n", "x", "expected"),
    [
        ((-1.0, 5.0), 0, (-51.0, 12.0), (-51.0, 12.0)),
        ((-1.0, 0.5), 0, (-51.0, 12.0), NOTHING),
        ((-8.0, 27.0), 3, (-9.0, 9.0), (-2.0, 3.0)),
        ((-8.0, 27.0), 3, (5.0, 9.0), NOTHING),
        ((-4.0, 16.0), 2, (-9.0, 9.0), (-4.0, 4.0)),
        ((4.0, 16.0), 2, (-1.0, 9.0), (2.0, 4.0)),
        ((1.0, 16.0), 4, (-9.0, 1.5), (-2.0, 1.5)),
        ((-16.0, -1.0), 4, (-9.0, 9.0), NOTHING),
        ((-8.0, 4.0), -1, (-9.0, 0.0), (-9.0, -0.125)),
        ((-8.0, 4.0), -1, (-0.1, 9.0), (0.25, 9.0)),
        ((-8.0, 64.0), -3, (-inf, inf), (-inf, inf)),
        ((-8.0, 64.0), -3, (-0.4, inf), (0.25, inf)),
        ((0.0, 0.0), -2, (-9.0, 9.0), NOTHING),
        ((0.0, inf), -2, (-5.0, -0.5), (-5.0, -0.5)),
        ((1 / 64, 1 / 16), -2, (-inf, 9.0), (-8.0, 8.0)),
    ],
)
def test_reverse_powers(c: Range, n: int, x: Range, expected: Range) -> None:
    C, X = ij.interval(*c), ij.interval(*x)
    value = ij.pown_rev(C, n, X)
    assert (float(value.lo), float(value.hi)) == expected
    assert bool(ij.subset(ij.pown_rev(C, n, X), ij.pown_rev(C, n)))
    assert bool(ij.is_empty(ij.pown_rev(ij.empty(), n, X)))
    assert int(ij.pown_rev(ij.decorate(C), n, X).decoration) == ij.Decoration.TRV


def test_reverse_powers_have_integer_exponents() -> None:
    with pytest.raises(TypeError, match="integer n"):
        ij.pown_rev(ij.interval(1.0), 0.5)  # type: ignore[arg-type]


def test_nothing_leads_to_the_empty_set_and_decorations_are_trivial() -> None:
    x, none = ij.interval(1.0, 2.0), ij.empty()
    for first, second in (ij.mul_rev_to_pair(none, x), ij.mul_rev_to_pair(x, none)):
        assert bool(ij.is_empty(first))
        assert bool(ij.is_empty(second))
    for args in ((none, x, x), (x, none, x), (x, x, none)):
        assert bool(ij.is_empty(ij.mul_rev(*args)))
    for function in (ij.sqr_rev, ij.abs_rev):
        assert bool(ij.is_empty(function(none)))
        assert bool(ij.is_empty(function(x, none)))
        assert str(function(ij.decorate(ij.interval(1.0)), x)) == (
            "DecoratedInterval([1, 1]_trv, float64)"
        )
    y = ij.decorate(ij.interval(-1.0, 2.0))
    for b, first, second in ((ij.decorate(x), "COM", "TRV"), (y, "TRV", "TRV")):
        value = ij.mul_rev_to_pair(b, ij.interval(4.0))
        assert [ij.Decoration(int(v.decoration)).name for v in value] == [first, second]
