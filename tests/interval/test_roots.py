"""cbrt, rootn and hypot: containment without tolerance, exact results, domains."""

import ival
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import arb, ctx

import interval_jax as ij
from interval_jax._doubleword import DoubleWord
from interval_jax.elementary import _roots
from reference import oracle, points
from tests.interval import kernel_checks

DTYPES = [np.float64, np.float32]
inf = np.inf


def _cubes(dtype: type, size: int) -> np.ndarray:
    rng = np.random.default_rng(1)
    reach = 3_000 if dtype == np.float64 else 250
    cubes = rng.integers(-reach, reach, size // 8).astype(float) ** 3
    cubes *= 2.0 ** rng.integers(-30, 30, size // 8)
    next_to = points.neighbours(np.array([1, 2, 4, 8, 1 / 8], dtype), steps=5)
    ends = [next_to * dtype(2.0**k) for k in (-90, -1, 0, 60)]
    x = np.concatenate([cubes.astype(dtype), *ends, points.points(dtype, size)])
    return kernel_checks.in_format(x[:size])


@pytest.mark.parametrize("dtype", DTYPES)
def test_cube_roots(dtype: type) -> None:
    x = _cubes(dtype, 40_000)
    kernel_checks.check_points(ij.cbrt, "cbrt", x, tightest=0.995)
    exact = oracle.tightest("cbrt", x)
    floats = (exact.down == exact.up) & (exact.down.astype(dtype) == exact.down)
    assert floats.sum() > 1_000
    for off in kernel_checks.excess(ij.cbrt(kernel_checks.singletons(x)), exact):
        assert np.all(off[floats] == 0)
    lo, hi = (kernel_checks.in_format(b) for b in points.intervals(dtype, 10_000, seed=7))
    kernel_checks.check_ranges(ij.cbrt, "cbrt", lo, hi)


@pytest.mark.parametrize("dtype", DTYPES)
def test_cube_roots_every_way(dtype: type) -> None:
    kernel_checks.check_every_way(ij.cbrt, "cbrt", _cubes(dtype, 6_000))
    x = _cubes(dtype, 6_000)
    kernel_checks.check_fused(ij.cbrt, "cbrt", x[np.abs(x) < 100], 1.1, 1.6)


@pytest.mark.parametrize("dtype", DTYPES)
def test_error_of_cube_roots_stays_below_the_proven_bound(
    dtype: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = []

    def kept(word: DoubleWord, error: jax.Array, exponent: jax.Array) -> tuple:
        words.append((*word, error, exponent))
        return word.hi, word.hi

    monkeypatch.setattr(_roots, "positive_bounds", kept)
    x = np.random.default_rng(2).uniform(0.5, 8, 8_000).astype(dtype)

    @jax.jit
    def cube_root(x: jax.Array) -> tuple:
        words.clear()
        _roots.cbrt_bounds(x)
        return words[0]

    parts = [np.asarray(p, np.float64) for p in cube_root(jnp.asarray(x))]
    with ctx.workprec(250):
        share = max(
            float(abs((arb(h) + arb(low)) * arb(2) ** int(k) - arb(float(p)).root(3)))
            / (error * 2.0**k)
            for p, h, low, error, k in zip(x, *parts, strict=True)
            if error
        )
    assert 0.05 < share < 1


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [2, 4, 5, 33, -2, -3, -6, 1001])
def test_roots_against_core_math(dtype: type, n: int) -> None:
    rng = np.random.default_rng(4)
    powers = rng.integers(-30, 30, 600).astype(float) ** min(abs(n), 9)
    binary = 2.0 ** rng.integers(-120, 120, 200)
    x = np.concatenate([points.points(dtype, 2_500, seed=5), powers, binary]).astype(dtype)
    x = kernel_checks.in_format(x)
    if n < 0:
        x = x[x != 0]
    x = np.resize(x if n % 2 else np.abs(x), 3_000)
    wide = x.astype(np.float64)
    exact = ival.rootn(ival.Interval(wide, wide), n)
    exact = oracle.Tightest(np.asarray(exact.lo), np.asarray(exact.hi))
    floats = (exact.down == exact.up) & (exact.down.astype(dtype) == exact.down)
    assert floats.any()
    for off in kernel_checks.excess(ij.rootn(kernel_checks.singletons(x), n), exact):
        assert off.min() >= 0
        assert off.max() <= 1
        assert np.all(off[floats] == 0)
    lo, hi = (kernel_checks.in_format(b) for b in points.intervals(dtype, 3_000, seed=6))
    # At 0 alone the oracle takes the limit of negative degrees, which is no real number.
    lo, hi = lo[hi != 0], hi[hi != 0]
    exact = ival.rootn(ival.Interval(lo.astype(np.float64), hi.astype(np.float64)), n)
    value = ij.rootn(ij.Interval(jnp.asarray(lo), jnp.asarray(hi)), n)
    nothing = np.asarray(exact.lo) != np.asarray(exact.lo)
    np.testing.assert_array_equal(np.asarray(ij.is_empty(value)), nothing)
    rest = oracle.Tightest(np.asarray(exact.lo)[~nothing], np.asarray(exact.hi)[~nothing])
    for off in kernel_checks.excess(value[~nothing], rest):
        assert off.min() >= 0
        assert off.max() <= 1


def _vectors(dtype: type, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of every size and ratio, and the legs of right triangles, small and large."""
    rng = np.random.default_rng(2)
    x, y = points.pairs(dtype, size, seed=3)
    with np.errstate(over="ignore", under="ignore"):
        close = (x * np.exp2(rng.uniform(-30, 30, size))).astype(dtype)
    y = np.where(rng.random(size) < 0.5, y, close)
    for bits in (5, 11) if dtype == np.float32 else (5, 12, 26):
        m, n = np.sort(rng.integers(1, 2**bits, (2, size // 8)), axis=0)[::-1]
        scale = 2.0 ** rng.integers(-20, 20, size // 8)
        x = np.concatenate([x, ((m * m - n * n) * scale).astype(dtype)])
        y = np.concatenate([y, (2 * m * n * scale).astype(dtype)])
    x, y = (kernel_checks.in_format(v) for v in (x, y))
    finite = np.isfinite(x) & np.isfinite(y)
    return x[finite], y[finite]


@pytest.mark.parametrize("dtype", DTYPES)
def test_lengths_are_tightest(dtype: type) -> None:
    x, y = _vectors(dtype, 40_000)
    exact = oracle.tightest("hypot", x, y)
    X, Y = kernel_checks.singletons(x), kernel_checks.singletons(y)
    fused = jax.jit(lambda x, y: ij.hypot(x * 1.0 + 0.0, -y) + 0.0)
    for value in (ij.hypot(X, Y), fused(X, Y)):
        for off in kernel_checks.excess(value, exact):
            assert np.all(off == 0)


@pytest.mark.parametrize("dtype", DTYPES)
def test_lengths_of_boxes(dtype: type) -> None:
    a, b = (kernel_checks.in_format(v) for v in points.intervals(dtype, 10_000, seed=8))
    c, d = (kernel_checks.in_format(v) for v in points.intervals(dtype, 10_000, seed=9))
    value = ij.hypot(ij.Interval(a, b), ij.Interval(c, d))
    wide = [v.astype(np.float64) for v in (a, b, c, d)]
    exact = ival.hypot(ival.Interval(*wide[:2]), ival.Interval(*wide[2:]))
    exact = oracle.Tightest(np.asarray(exact.lo), np.asarray(exact.hi))
    for off in kernel_checks.excess(value, exact):
        assert np.all(off == 0)


@pytest.mark.parametrize("dtype", DTYPES)
def test_domains_and_decorations(dtype: type) -> None:
    def interval(lo: float, hi: float) -> ij.Interval:
        return ij.Interval(jnp.asarray([lo], dtype), jnp.asarray([hi], dtype))

    nothing = (inf, -inf)
    for x, n, expected in [
        ((-8, 27), 3, (-2, 3)), ((-4, 16), 4, (0, 2)), ((-4, -1), 2, nothing), ((0, 0), 4, (0, 0)),
        ((-4, 0), 6, (0, 0)), ((0, 16), -4, (0.5, inf)), ((-1, 0), -4, nothing),
        ((-1, 1), -3, (-inf, inf)), ((-32, 0), -5, (-inf, -0.5)), ((0, inf), -5, (0, inf)),
        ((-inf, 32), 5, (-inf, 2)), (nothing, 5, nothing), ((2, 2), 1, (2, 2)),
        ((2, 4), -1, (0.25, 0.5)), ((0, 0), 5, (0, 0)), ((-inf, inf), 6, (0, inf)),
    ]:  # fmt: skip
        value = ij.rootn(interval(*x), n)
        assert (float(value.lo[0]), float(value.hi[0])) == expected, (x, n)
    largest = float(np.finfo(dtype).max)
    for x, y, expected in [
        ((-3, 5), (4, 12), (4, 13)), ((0, 0), (-2, 1), (0, 2)), ((3, inf), (4, 4), (5, inf)),
        ((0, 0), (0, 0), (0, 0)), ((largest, largest), (largest, largest), (largest, inf)),
        (nothing, (1, 2), nothing), ((1, 2), nothing, nothing),
    ]:  # fmt: skip
        value = ij.hypot(interval(*x), interval(*y))
        assert (float(value.lo[0]), float(value.hi[0])) == expected, (x, y)
    com, trv = ij.Decoration.COM, ij.Decoration.TRV
    x = ij.decorate(interval(-1, 4))
    assert ij.cbrt(x).decoration[0] == com
    assert ij.rootn(x, 5).decoration[0] == com
    assert ij.rootn(x, 4).decoration[0] == trv
    assert ij.rootn(x, -5).decoration[0] == trv
    assert ij.hypot(x, x).decoration[0] == com


def test_bounds_have_the_derivative_of_the_function() -> None:
    x = jnp.array([0.3, 0.7, 1.7, 5.0])
    for root, smooth in [
        (ij.cbrt, jnp.cbrt), (lambda x: ij.rootn(x, 5), lambda x: x**0.2),
        (lambda x: ij.hypot(x, 1.5), lambda x: jnp.hypot(x, 1.5)),
    ]:  # fmt: skip
        plain = jax.vmap(jax.grad(smooth))(x)
        for end in ("lo", "hi"):
            slope = jax.grad(lambda t, end=end, root=root: getattr(root(ij.interval(t)), end))
            np.testing.assert_allclose(jax.vmap(slope)(x), plain, rtol=1e-12)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [2**70 + 1, 10**50, 10**400])
def test_roots_of_huge_degree_are_next_to_one(dtype: type, n: int) -> None:
    x = kernel_checks.singletons(np.array([0, 0.5, 1, 2, np.finfo(dtype).max], dtype))
    below, above = (np.nextafter(dtype(1), dtype(end)) for end in (0, inf))
    root, inverse = ij.rootn(x, n), ij.rootn(x, -n)
    np.testing.assert_array_equal(root.lo, [0, below, 1, 1, 1])
    np.testing.assert_array_equal(root.hi, [0, 1, 1, above, above])
    np.testing.assert_array_equal(inverse.lo, [inf, 1, 1, below, below])
    np.testing.assert_array_equal(inverse.hi, [-inf, above, 1, 1, 1])


def test_degrees_are_checked() -> None:
    with pytest.raises(TypeError, match="integer n"):
        ij.rootn(ij.interval(1.0), 2.0)
    with pytest.raises(ValueError, match="degree 0"):
        ij.rootn(ij.interval(1.0), 0)
