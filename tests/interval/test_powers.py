"""pow and pown: containment without tolerance, exact results, domains."""

from fractions import Fraction

import ival
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import arb, ctx

import interval_jax as ij
from interval_jax._rounding import format_of
from interval_jax.elementary import _powers
from reference import oracle, points
from tests.interval import kernel_checks

DTYPES = [np.float64, np.float32]
inf = np.inf


def _operands(dtype: type, size: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Bases and exponents: of every size, with results in the range, and with exact results."""
    rng = np.random.default_rng(seed)
    x = np.abs(kernel_checks.in_format(points.points(dtype, size, seed + 1)))
    x = rng.permutation(np.resize(x[x > 0], size)).astype(np.float64)
    y = rng.permutation(np.resize(points.points(dtype, size, seed + 2), size)).astype(np.float64)
    kind = rng.integers(0, 5, size)
    limit = 1100 if dtype == np.float64 else 155
    log = np.log2(x)
    moderate = rng.uniform(-limit, limit, size) / np.where(log == 0, 1, log)
    rational = rng.integers(-6, 40, size) / 2.0 ** rng.integers(0, 6, size)
    power = rng.integers(1, 30, size).astype(float) ** (2 ** rng.integers(0, 4, size))
    power *= 4.0 ** rng.integers(-9, 9, size)
    x = np.select([kind == 2, kind == 3], [power, rng.integers(1, 99, size)], x)
    y = np.select([kind <= 1, kind <= 3], [moderate, rational], y)
    with np.errstate(over="ignore", under="ignore"):
        x, y = (kernel_checks.in_format(v.astype(dtype)) for v in (x, y))
    good = np.isfinite(y) & np.isfinite(x) & (x > 0)
    return np.where(good, x, 2).astype(dtype), np.where(good, y, 0.5).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_powers_of_points_are_enclosed_within_one_ulp(dtype: type) -> None:
    x, y = _operands(dtype, 40_000)
    exact = oracle.tightest("pow", x, y)
    value = ij.pow(kernel_checks.singletons(x), kernel_checks.singletons(y))
    with np.errstate(over="ignore", under="ignore"):
        representable = (exact.down == exact.up) & (exact.down.astype(dtype) == exact.down)
    representable &= exact.down >= np.finfo(dtype).tiny
    assert representable.sum() > 2_000
    for off in kernel_checks.excess(value, exact):
        assert off.min() >= 0
        assert off.max() <= 1
        assert np.mean(off == 0) > 0.99
        assert np.all(off[representable] == 0)


@pytest.mark.parametrize("dtype", DTYPES)
def test_powers_of_intervals_are_sharp(dtype: type) -> None:
    size = 20_000
    lo, hi = _operands(dtype, size, seed=3)
    a, c = _operands(dtype, size, seed=4)
    kind = np.random.default_rng(1).integers(0, 4, size)
    b = np.select([kind == 0, kind == 1], [a, np.full(size, inf)], np.maximum(a, lo)).astype(dtype)
    a = np.where(kind == 3, 0, np.minimum(a, b)).astype(dtype)
    d = np.where(kind == 1, inf, np.maximum(c, hi)).astype(dtype)
    c = np.where(kind == 2, -inf, np.minimum(c, hi)).astype(dtype)
    value = ij.pow(ij.Interval(jnp.asarray(a), jnp.asarray(b)), ij.Interval(jnp.asarray(c), d))
    wide = [v.astype(np.float64) for v in (a, b, c, d)]
    exact = ival.pow(ival.Interval(*wide[:2]), ival.Interval(*wide[2:]))
    exact = oracle.Tightest(np.asarray(exact.lo), np.asarray(exact.hi))
    for off in kernel_checks.excess(value, exact):
        assert off.min() >= 0
        assert off.max() <= 1


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [3, 4, 7, 32, -2, -5, -32, 33, -100, 1001])
def test_integer_powers_against_rational_numbers(dtype: type, n: int) -> None:
    rng = np.random.default_rng(n % 7)
    reach = 1100 if dtype == np.float64 else 155
    x = np.concatenate([
        points.points(dtype, 600, seed=5), rng.integers(-99, 99, 100) / 4.0,
        rng.choice([-1, 1], 700) * np.exp2(rng.uniform(-reach / abs(n), reach / abs(n), 700)),
    ])  # fmt: skip
    with np.errstate(over="ignore", under="ignore"):
        x = kernel_checks.in_format(x.astype(dtype))
    x = np.resize(x[(x != 0) & np.isfinite(x)], 1_200)
    value = ij.pown(kernel_checks.singletons(x), n)
    tight = 0
    for point, lo, hi in zip(x, np.asarray(value.lo), np.asarray(value.hi), strict=True):
        # Beyond the range its limits, of which the power itself would be too long a number.
        exponent = n * np.log2(abs(float(point)))
        top = Fraction(2) ** 1025
        if abs(exponent) > 1100:
            exact = top if exponent > 0 else 1 / top
            exact = -exact if point < 0 and n % 2 else exact
        else:
            exact = Fraction(float(point)) ** n
        below, above = (_rounded(exact, dtype, up) for up in (False, True))
        assert lo <= below
        assert hi >= above
        steps = kernel_checks.steps(np.array([below, lo, above, hi], dtype))
        assert max(steps[0] - steps[1], steps[3] - steps[2]) <= 1
        tight += int(lo == below) + int(hi == above)
    assert tight >= (2 if abs(n) <= _powers.LARGEST_MULTIPLIED else 1.98) * x.size


def _rounded(exact: Fraction, dtype: type, up: bool) -> np.floating:
    """The number of the format next to a rational number."""
    if up:
        return -_rounded(-exact, dtype, False)
    info = np.finfo(dtype)
    if abs(exact) < Fraction(float(info.tiny)):
        return dtype(-info.tiny if exact < 0 else 0)
    if abs(exact) > Fraction(float(info.max)):
        return dtype(-inf if exact < 0 else info.max)
    near = dtype(float(exact))
    return np.nextafter(near, dtype(-inf)) if Fraction(float(near)) > exact else near


@pytest.mark.parametrize("dtype", DTYPES)
def test_domains_limits_and_operators(dtype: type) -> None:
    def interval(lo: float, hi: float) -> ij.Interval:
        return ij.Interval(jnp.asarray([lo], dtype), jnp.asarray([hi], dtype))

    info = np.finfo(dtype)
    tiny, largest = float(info.tiny), float(info.max)
    nothing = (inf, -inf)
    for x, y, expected in [
        ((0, 0), (1, 2), (0, 0)), ((0, 0), (0, 0), nothing), ((0, 0), (-1, 0), nothing),
        ((0, 0), (-1, 2), (0, 0)), ((-2, 0), (1, 1), (0, 0)), ((-2, -1), (1, 1), nothing),
        ((0, 2), (-1, 3), (0, inf)), ((0, 2), (0, 0), (1, 1)), ((0, 4), (0.5, 0.5), (0, 2)),
        ((0, inf), (0, 0), (1, 1)), ((1, 1), (-inf, inf), (1, 1)), ((1, inf), (-inf, 0), (0, 1)),
        ((0.5, 0.5), (-inf, -1), (2, inf)), ((0.5, 4), (-2, 3), (0.0625, 64)),
        ((4, 9), (-0.5, 1.5), None), ((2, 2), (info.maxexp, inf), (largest, inf)),
        ((2, 2), (-inf, info.minexp - 1), (0, tiny)), (nothing, (1, 2), nothing),
        ((1, 2), nothing, nothing), ((tiny, tiny), (1, 1), (tiny, tiny)),
        ((largest, largest), (1, 1), (largest, largest)), ((-4, 4), (-1, -1), (0.25, inf)),
        ((3, 3), (4, 4), (81, 81)), ((2.25, 2.25), (1.5, 1.5), (3.375, 3.375)),
    ]:  # fmt: skip
        value = ij.pow(interval(*x), interval(*y))
        if expected is not None:
            assert (float(value.lo[0]), float(value.hi[0])) == expected, (x, y)
    for x, n, expected in [
        ((-3, 2), 3, (-27, 8)), ((-3, 2), 4, (0, 81)), ((-3, 2), -3, (-inf, inf)),
        ((-2, 0), -3, (-inf, -0.125)), ((0, 2), -3, (0.125, inf)), ((0, 0), -3, nothing),
        ((0, 0), -4, nothing), ((-2, 2), -4, (0.0625, inf)), ((-inf, inf), -4, (0, inf)),
        ((-inf, 2), 3, (-inf, 8)), ((-inf, 2), 100, (0, inf)), ((0, 0), 101, (0, 0)),
        ((-2, 2), 10**40, (0, inf)), ((-2, 0), -(10**40) - 1, (-inf, 0)), (nothing, 5, nothing),
        ((-1, -1), 10**40 + 1, (-1, -1)), ((2, 2), info.maxexp, (largest, inf)),
    ]:  # fmt: skip
        value = ij.pown(interval(*x), n)
        assert (float(value.lo[0]), float(value.hi[0])) == expected, (x, n)
    x = interval(-2, 3)
    for value, expected in [
        (x**2, (0, 9)), (x**2.0, (0, 9)), (x**3, (-8, 27)), (interval(4, 9) ** 0.5, (2, 3)),
        (2 ** interval(-1, 3), (0.5, 8)), (interval(4, 4) ** interval(0.5, 2), (2, 16)),
    ]:  # fmt: skip
        assert (float(value.lo[0]), float(value.hi[0])) == expected
    decorated = ij.decorate(interval(0, 4)) ** 0.5
    assert decorated.decoration[0] == ij.Decoration.COM
    assert ij.pow(ij.decorate(interval(0, 4)), 0.0).decoration[0] == ij.Decoration.TRV
    assert ij.pown(ij.decorate(x), -1).decoration[0] == ij.Decoration.TRV
    assert ij.pown(ij.decorate(x), 3).decoration[0] == ij.Decoration.COM


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_way_of_calling_gives_enclosures(dtype: type) -> None:
    x, y = (v[: kernel_checks.SIZE] for v in _operands(dtype, kernel_checks.SIZE, seed=9))
    X, Y = kernel_checks.singletons(x), kernel_checks.singletons(y)
    exact = oracle.tightest("pow", x, y)
    fused = jax.jit(lambda x, y: (x * 1.0 + 0.0) ** (y * 1.0) + 0.0)
    with jax.disable_jit():
        op_by_op = ij.pow(X, Y)
    for value in (op_by_op, fused(X, Y), jax.vmap(ij.pow)(X, Y)):
        for off in kernel_checks.excess(value, exact):
            assert off.min() >= 0
            assert off.max() <= 1


@pytest.mark.parametrize("dtype", DTYPES)
def test_errors_stay_below_the_proven_bounds(dtype: type) -> None:
    rng = np.random.default_rng(5)
    unit = format_of(np.dtype(dtype)).unit
    x = np.concatenate([rng.uniform(0.73, 1.47, 6_000), np.exp2(rng.uniform(-30, 30, 2_000))])
    x = x.astype(dtype)
    word = jax.jit(_powers.log2_word)(jnp.asarray(x))
    reach = 1000 if dtype == np.float64 else 120
    y = (rng.uniform(-reach, reach, x.size) / np.log2(x)).astype(dtype)

    def power(x: jax.Array, y: jax.Array) -> tuple:
        p = _powers.multiply(_powers.log2_word(x), _powers.DoubleWord(y, y * 0))
        value = _powers.exp2_value(p, _powers.exponent_error(unit))
        return *value.word, value.error, value.exponent

    hi, lo, error, k = (
        np.asarray(v, np.float64) for v in jax.jit(power)(jnp.asarray(x), jnp.asarray(y))
    )
    with ctx.workprec(250):
        logs = [arb(float(p)).log() / arb.const_log2() for p in x]
        parts = zip(*(np.asarray(b, np.float64) for b in word), logs, strict=True)
        worst = max(float(abs((arb(h) + arb(low) - v) / v)) for h, low, v in parts)
        results = zip(hi, lo, error, k, logs, y, strict=True)
        share = max(
            float(abs(arb(h) + arb(low) - arb(2) ** (v * arb(float(e)) - int(n))) / arb(bound))
            for h, low, bound, n, v, e in results
            if bound
        )
    assert _powers.log2_error(unit) / 100 < worst < _powers.log2_error(unit)
    assert 0.02 < share < 1


def test_bounds_have_the_derivative_of_the_function() -> None:
    x = jnp.array([0.3, 0.7, 1.7, 5.0])
    for power, smooth in [
        (lambda x: ij.pow(x, 2.5), lambda x: x**2.5), (lambda x: x**7, lambda x: x**7),
        (lambda x: x**-3, lambda x: x**-3), (lambda x: ij.pow(1.5, x), lambda x: 1.5**x),
    ]:  # fmt: skip
        plain = jax.vmap(jax.grad(smooth))(x)
        for end in ("lo", "hi"):
            slope = jax.grad(lambda t, end=end, power=power: getattr(power(ij.interval(t)), end))
            np.testing.assert_allclose(jax.vmap(slope)(x), plain, rtol=1e-12)


@pytest.mark.parametrize("n", [2.0, True, "2"])
def test_pown_needs_an_integer(n: object) -> None:
    with pytest.raises(TypeError, match="integer n"):
        ij.pown(ij.interval(1.0), n)


def check_float32() -> None:
    x, y = _operands(np.float32, 4_000, seed=6)
    functions = [
        lambda x, y: ij.pown(x, -5), lambda x, y: ij.pown(x, 2**40 + 1), ij.pow, ij.hypot,
        lambda x, y: ij.cbrt(x), lambda x, y: ij.rootn(x, 5), ij.pow_rev1, ij.pow_rev2,
    ]  # fmt: skip
    for function in functions:
        kernel_checks.check_formats(function, x, y)
    X, Y = kernel_checks.singletons(x), kernel_checks.singletons(y)
    for name in ("pow", "hypot"):
        for off in kernel_checks.excess(getattr(ij, name)(X, Y), oracle.tightest(name, x, y)):
            assert off.min() >= 0
            assert off.max() <= 1


def test_float32_does_not_need_x64() -> None:
    kernel_checks.without_x64(check_float32)
