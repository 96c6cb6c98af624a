"""Trigonometric functions: containment without tolerance, for arguments of any size."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import arb, ctx

import interval_jax as ij
from interval_jax._doubleword import DoubleWord
from interval_jax._rounding import format_of
from interval_jax.elementary import _trigonometric
from interval_jax.elementary.trigonometric import cos, cot, csc, sec, sin, tan
from reference import oracle, points
from tests.interval import kernel_checks

FUNCTIONS = {"sin": sin, "cos": cos, "tan": tan}
RECIPROCALS = {"cot": cot, "sec": sec, "csc": csc}
SIZE = 60_000
"""One shape for points and intervals: every function is compiled once for each format."""
FEW = 6_000
"""The same where Arb is the oracle."""
DTYPES = [np.float64, np.float32]
# Where the quarter, its parity or the way of reduction changes, and where no series is needed.
BREAKS = (
    *(np.pi / 4 * k for k in (1, 2, 3, 4, 5, 6, 7, 8, 1001)),
    402.0, 402.13, 1647099.0, 1647099.4, 2.0**-12, 2.0**-24, 2.0**-26.5, 2.0**-53, 2.0**52, 2.0**60,
)  # fmt: skip
# The float64 next to a multiple of pi/2 (Kahan, McDonald), the float32, and other hard cases.
HARD = (
    6381956970095103.0 * 2.0**797, 16367173.0 * 2.0**72, 6411027962775774.0 * 2.0**-48,
    5706674932067741.0 * 2.0**-50, 16578821.0 * 2.0**-15, 2.0**1023, 2.0**127, 1e22, 1e300,
)  # fmt: skip


def _near_quarters(dtype: type, size: int, seed: int) -> np.ndarray:
    """Floats next to multiples of pi/2 of every size, as convergents of 2**k / pi give them."""
    rng = np.random.default_rng(seed)
    digits = np.finfo(dtype).nmant + 1
    result = []
    with ctx.workprec(1400):
        for k in rng.integers(-digits, np.finfo(dtype).maxexp - digits, size):
            alpha = arb(2) ** (int(k) + 1) / arb.pi()
            p, q, rest = 0, 1, alpha - alpha.floor()
            while q < 2**digits:
                result += [np.ldexp(float(q), int(k))] if q >= 2 ** (digits - 12) else []
                inverse = 1 / rest
                whole = inverse.floor().unique_fmpz()
                p, q, rest = q, int(whole) * q + p, inverse - whole
    with np.errstate(over="ignore"):
        x = np.array(result).astype(dtype)
    return x[np.isfinite(x)]


def _arguments(dtype: type, size: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed + 1)
    with np.errstate(over="ignore"):
        hard = points.neighbours(np.array(HARD).astype(dtype), steps=1)
    quarters = points.neighbours((np.pi / 2 * rng.integers(1, 2**21, size // 20)).astype(dtype), 1)
    x = np.concatenate(
        [
            hard[np.isfinite(hard)],
            _near_quarters(dtype, 60, seed),
            quarters,
            kernel_checks.around(BREAKS, dtype, size, seed),
        ]
    )
    return np.concatenate([x, -x])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_points_are_enclosed_within_one_ulp(name: str, dtype: type) -> None:
    x = np.resize(_arguments(dtype, 40_000), SIZE)
    kernel_checks.check_points(FUNCTIONS[name], name, x, tightest=0.995)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", RECIPROCALS)
def test_reciprocals_at_points(name: str, dtype: type) -> None:
    # Next to powers of two the reciprocal is within u**2 of a float, too near for any kernel.
    x = _arguments(dtype, 2_000)
    x = np.resize(x[x != 0], FEW)
    kernel_checks.check_points(RECIPROCALS[name], name, x, tightest=0.9)
    x = np.random.default_rng(4).uniform(-100, 100, FEW).astype(dtype)
    kernel_checks.check_points(RECIPROCALS[name], name, x)


def _boxes(dtype: type, size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Intervals of general position, and of up to two periods at arguments of every size."""
    rng = np.random.default_rng(seed)
    lo, hi = (kernel_checks.in_format(b) for b in points.intervals(dtype, size, seed=seed))
    start = _arguments(dtype, size // 2, seed)
    start = rng.choice(start[np.isfinite(start)], size)
    with np.errstate(over="ignore"):
        end = (start + rng.uniform(0, 13, size) * rng.choice([1, 0.1, 0], size)).astype(dtype)
    lo, hi = np.concatenate([lo, start]), np.concatenate([hi, np.maximum(start, end)])
    inside = (hi > -np.inf) & (lo < np.inf)
    return lo[inside], hi[inside]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_ranges_over_intervals(name: str, dtype: type) -> None:
    lo, hi = (np.resize(b, SIZE) for b in _boxes(dtype, 30_000, seed=7))
    kernel_checks.check_ranges(FUNCTIONS[name], name, lo, hi)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", RECIPROCALS)
def test_ranges_of_reciprocals(name: str, dtype: type) -> None:
    lo, hi = (np.resize(b, FEW) for b in _boxes(dtype, 3_000, seed=8))
    wide = [np.asarray(b, np.float64) for b in (lo, hi)]
    below = oracle.tightest_range("cos" if name == "sec" else "sin", *wide)
    # No float but 0 is a pole, so that a pole inside makes the denominator change its sign.
    pole = (below.down < 0) & (below.up > 0) | np.isinf(lo) | np.isinf(hi)
    ends = [oracle.tightest(name, np.where(pole | (b == 0), 1, b)) for b in (lo, hi)]
    if name == "sec":
        for end, b in zip(ends, (lo, hi), strict=True):
            end.down[b == 0] = end.up[b == 0] = 1
    else:
        for end, b, limit in zip(ends, (lo, hi), (np.inf, -np.inf), strict=True):
            end.down[b == 0] = end.up[b == 0] = limit
    down = np.minimum(ends[0].down, ends[1].down)
    up = np.maximum(ends[0].up, ends[1].up)
    if name != "cot":
        down = np.where((below.down > 0) & (below.up == 1), 1, down)
        up = np.where((below.up < 0) & (below.down == -1), -1, up)
    one_sided = (name != "sec") & ((lo == 0) | (hi == 0)) & ~pole & (lo != hi)
    if name == "csc":
        down = np.where(one_sided & (lo == 0) & (below.up == 1), 1, down)
        up = np.where(one_sided & (hi == 0) & (below.down == -1), -1, up)
    exact = oracle.Tightest(np.where(pole, -np.inf, down), np.where(pole, np.inf, up))
    valid = (name == "sec") | (lo != 0) | (hi != 0)
    exact = oracle.Tightest(*(b[valid] for b in exact))
    value = RECIPROCALS[name](ij.Interval(jnp.asarray(lo), jnp.asarray(hi)))
    assert np.all((np.asarray(value.lo) == np.inf) == ~valid)
    value = value[jnp.asarray(valid)]
    for off in kernel_checks.excess(value, exact):
        assert off.min() >= 0
        assert off.max() <= 1


@pytest.mark.parametrize(("name", "dtype"), [("sin", np.float64), ("tan", np.float32)])
def test_every_way_of_calling_encloses(name: str, dtype: type) -> None:
    x = _arguments(dtype, 5_000, seed=3)
    kernel_checks.check_every_way(FUNCTIONS[name], name, x)


@pytest.mark.parametrize(("name", "dtype"), [("sin", np.float32), ("tan", np.float64)])
def test_fused_with_neighbours(name: str, dtype: type) -> None:
    x = kernel_checks.around(BREAKS, dtype, 5_000, seed=3)
    kernel_checks.check_fused(FUNCTIONS[name], name, x[np.abs(x) < 30], 1.1, 1.6)


@pytest.mark.parametrize("dtype", DTYPES)
def test_special_values(dtype: type) -> None:
    inf = np.inf
    tiny = float(np.finfo(dtype).tiny)
    largest = float(np.finfo(dtype).max)
    next_tiny = float(np.nextafter(dtype(tiny), dtype(1)))
    below = float(np.nextafter(dtype(1), dtype(0)))
    cases = {
        "sin": [
            (0, 0, 0, 0), (tiny, tiny, 0, tiny), (-tiny, tiny, -tiny, tiny), (-inf, inf, -1, 1),
            (0, inf, -1, 1), (-largest, largest, -1, 1), (1, 8, -1, 1),
        ],
        "cos": [
            (0, 0, 1, 1), (tiny, tiny, below, 1), (-tiny, 0, below, 1), (-inf, 0, -1, 1),
            (-largest, largest, -1, 1), (3, 7, -1, 1),
        ],
        "tan": [
            (0, 0, 0, 0), (tiny, tiny, tiny, next_tiny), (-tiny, 0, -next_tiny, 0),
            (-inf, inf, -inf, inf), (1, 2, -inf, inf), (-largest, 0, -inf, inf), (1, 8, -inf, inf),
        ],
    }  # fmt: skip
    for name, rows in cases.items():
        lo, hi, low, high = np.array([*rows, (inf, -inf, inf, -inf)], dtype).T
        bounds = (jnp.asarray(np.resize(b, SIZE)) for b in (lo, hi))
        value = FUNCTIONS[name](ij.Interval(*bounds))[: lo.size]
        np.testing.assert_array_equal(value.lo, low, name)
        np.testing.assert_array_equal(value.hi, high, name)


def _worst(word: DoubleWord, exact: list[arb]) -> float:
    """The largest relative error of double words."""
    with ctx.workprec(200):
        hi, lo = (np.asarray(b, np.float64).tolist() for b in word)
        return max(
            float(abs((arb(h) + arb(e)) / t - 1)) for h, e, t in zip(hi, lo, exact, strict=True)
        )


@pytest.mark.parametrize("dtype", DTYPES)
def test_errors_stay_below_the_proven_bounds_and_not_far_below(dtype: type) -> None:
    rng = np.random.default_rng(5)
    unit = format_of(np.dtype(dtype)).unit
    hi = rng.uniform(-0.7855, 0.7855, 8_000).astype(dtype)
    lo = (hi * unit * rng.uniform(-1, 1, hi.size)).astype(dtype)
    r = DoubleWord(jnp.asarray(hi), jnp.asarray(lo))
    odd = jnp.asarray(rng.random(hi.size) < 0.5)
    both = jax.jit(_trigonometric.sine_or_cosine)(r, odd)
    words = [jax.jit(f)(r) for f in (_trigonometric.sine, _trigonometric.cosine)]
    with ctx.workprec(200):
        x = [arb(float(h)) + arb(float(e)) for h, e in zip(hi, lo, strict=True)]
        sines, cosines = [t.sin() for t in x], [t.cos() for t in x]
    either = [c if o else s for s, c, o in zip(sines, cosines, odd, strict=True)]
    bound = _trigonometric.series_error(unit)
    assert _worst(words[0], sines) < bound
    assert bound / 20 < _worst(words[1], cosines) < bound
    assert bound / 20 < _worst(both, either) < bound


@pytest.mark.parametrize("dtype", DTYPES)
def test_reduced_arguments_are_precise(dtype: type) -> None:
    x = _arguments(dtype, 6_000, seed=8)
    x = np.concatenate([x[np.isfinite(x) & (np.abs(x) > 1)], np.array(HARD)[[2, 4]].astype(dtype)])
    unit = format_of(np.dtype(dtype)).unit

    def reduction(x: jax.Array) -> _trigonometric.Reduced:
        return _trigonometric.reduced(lambda x, r: r)(x)

    general = jax.jit(reduction)(jnp.asarray(x))
    small = np.abs(x) <= 400
    moderate = jax.jit(reduction)(jnp.asarray(np.where(small, x, 1)))
    for part, other in zip(jax.tree.leaves(general), jax.tree.leaves(moderate), strict=True):
        np.testing.assert_array_equal(np.asarray(part)[small], np.asarray(other)[small])
    with ctx.workprec(1400):
        exact = []
        for value, quarter in zip(x.tolist(), np.asarray(general.quarter).tolist(), strict=True):
            n = (2 * arb(value) / arb.pi() + arb(0.5)).floor().unique_fmpz()
            # The nearest multiple, or the next if both are about as near.
            n = min((int(n) + d for d in (-1, 0, 1)), key=lambda n: (n - quarter) % 8)
            assert (n - quarter) % 8 == 0
            exact.append(arb(value) - n * arb.pi() / 2)
        assert max(float(abs(r)) for r in exact) <= 0.7855
        assert _worst(general.r, exact) < _trigonometric.reduction_error(unit)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_bounds_have_the_derivative_of_the_function(name: str) -> None:
    x = jnp.array([0.3, 1.2, -2.0, 5.0])
    plain = jax.vmap(jax.grad(getattr(jnp, name)))(x)
    for end in ("lo", "hi"):
        slope = jax.grad(lambda t, end=end: getattr(FUNCTIONS[name](ij.Interval(t, t)), end))
        np.testing.assert_allclose(jax.vmap(slope)(x), plain, rtol=1e-14)


def test_an_extremum_has_no_derivative() -> None:
    slope = jax.grad(lambda t: sin(ij.Interval(t, t + 1)).hi)
    np.testing.assert_array_equal(jax.vmap(slope)(jnp.array([1.0, 1.5])), [0, 0])


def test_decorations() -> None:
    x = ij.interval([1.0, 1.0, -np.inf, 0.0], [1.5, 2.0, 0.0, 0.0])
    decorations = ij.decoration_part(tan(ij.decorate(x)))
    names = [ij.Decoration(int(d)).name for d in decorations]
    assert names == ["COM", "TRV", "TRV", "COM"]
    assert ij.Decoration(int(ij.decoration_part(sin(ij.decorate(x)))[2])) == ij.Decoration.DAC


def check_float32() -> None:
    from tests.interval.test_trigonometric_pi import FUNCTIONS as OF_MULTIPLES
    from tests.interval.test_trigonometric_rev import REVERSE

    x = _arguments(np.float32, 3_000, seed=9)
    for function in (FUNCTIONS | RECIPROCALS | OF_MULTIPLES).values():
        kernel_checks.check_formats(function, x)
    for function in REVERSE.values():
        kernel_checks.check_formats(function, x, x)
    for name, function in FUNCTIONS.items():
        kernel_checks.check_points(function, name, x)


def test_float32_does_not_need_x64() -> None:
    kernel_checks.without_x64(check_float32)


def test_the_oracle_knows_huge_arguments() -> None:
    x = np.array(HARD)
    for name in FUNCTIONS:
        for a, b in zip(oracle.tightest(name, x), oracle.tightest_arb(name, x), strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("bits", [np.int32, np.float16])
def test_other_types_are_refused(bits: type) -> None:
    with pytest.raises(TypeError, match="float"):
        sin(np.ones(3, bits))
