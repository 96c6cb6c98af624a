"""Reverse trigonometric functions against the exact first and last solutions, by Arb."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import arb, ctx

import interval_jax as ij
from interval_jax.elementary.trigonometric_rev import cos_rev, sin_rev, tan_rev
from reference import oracle
from tests.interval import kernel_checks
from tests.interval.test_trigonometric import HARD

REVERSE = {"sin": sin_rev, "cos": cos_rev, "tan": tan_rev}
DTYPES = [np.float64, np.float32]
SIZE = 600


def _angles(name: str, value: float) -> list[arb]:
    """Solutions of f(t) = value: all others are whole turns, or half turns, from them."""
    if name == "tan":
        angle = arb(value).atan() if np.isfinite(value) else np.sign(value) * arb.pi() / 2
        return [angle]
    if name == "cos":
        return [arb(value).acos(), -arb(value).acos()]
    return [arb(value).asin(), arb.pi() - arb(value).asin()]


def _first(name: str, a: float, b: float, start: float) -> arb:
    """The least t >= start with a <= f(t) <= b, for -1 <= a <= b <= 1 but with tan."""
    value = {"sin": arb.sin, "cos": arb.cos, "tan": arb.tan}[name](arb(start))
    if start == 0:
        value = arb(1 if name == "cos" else 0)
    above = a == -np.inf or value >= arb(a)
    if above and (b == np.inf or value <= arb(b)):
        return arb(start)
    period = arb.pi() * (1 if name == "tan" else 2)
    near = int((arb(start) / period).floor().unique_fmpz())
    ends = [
        angle + (near + k) * period
        for v in (a, b)
        for angle in _angles(name, v)
        for k in (-1, 0, 1, 2)
        if np.isfinite(v) or v == a
    ]
    if start == 0:
        ends = [arb(0) if e.contains(0) else e for e in ends]
    behind = [e for e in ends if not e < arb(start)]
    return min(behind, key=lambda e: float(e - start))


def _rounded(t: arb) -> tuple[float, float]:
    exact = oracle.neighbours(t)
    # A ball around a sum with an exact result: these are the solutions 0.
    return exact if exact is not None else (0.0, 0.0)


def _exact(name: str, c: np.ndarray, x: np.ndarray) -> tuple[oracle.Tightest, np.ndarray]:
    """The hull of the solutions, and where there are any."""
    lower, upper, some = [], [], []
    limit = np.inf if name == "tan" else 1.0
    with ctx.workprec(1400):
        for (a, b), (left, right) in zip(c.T.tolist(), x.T.tolist(), strict=True):
            a, b = max(a, -limit), min(b, limit)
            down, up, found = left, right, a <= b
            mirrored = (a, b) if name == "cos" else (-b, -a)
            if found and np.isfinite(left):
                first = _first(name, a, b, left)
                found = not (np.isfinite(right) and first > arb(right))
                down = _rounded(first)[0]
            if found and np.isfinite(right):
                up = -_rounded(_first(name, *mirrored, -right))[0]
            lower.append(down if found else np.nan)
            upper.append(up if found else np.nan)
            some.append(found)
    return oracle.Tightest(np.array(lower), np.array(upper)), np.array(some)


def _problems(name: str, dtype: type, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Values c and boxes x: random ones, values of floats inside the box, and end values."""
    rng = np.random.default_rng(seed)
    size = rng.choice([3.0, 30.0, 1e3, 1e6, 1e9, 1e17], SIZE)
    left = rng.uniform(-1, 1, SIZE) * size
    with np.errstate(over="ignore"):
        hard = np.array(HARD).astype(dtype).astype(float)
    hard = hard[np.isfinite(hard)]
    left[: 2 * hard.size] = np.concatenate([hard, -hard])
    left[50:60] = 0
    width = rng.uniform(0, 9, SIZE) * rng.choice([1, 0.3, 0.01, 0], SIZE)
    x = np.stack([left, left + width]).astype(dtype)
    x[1, 60:80] = rng.choice([0, 1.5], 20)
    x[0, 60:80] = x[1, 60:80] - rng.uniform(0, 9, 20)
    x[0, 80:100], x[1, 90:110] = -np.inf, np.inf
    c = np.sort(np.stack([rng.uniform(-1.2, 1.2, SIZE), rng.uniform(-1.2, 1.2, SIZE)]), axis=0)
    points = rng.uniform(0, 1, SIZE)
    left, right = np.where(np.isfinite(x).all(0), x, 1)
    inner = (left * (1 - points) + right * points).astype(dtype)
    values = oracle.tightest(name, inner.astype(float))
    kind = rng.integers(0, 8, SIZE)
    c[0] = np.select([kind == 0, kind == 1, kind == 2], [values.down, values.up, c[1]], c[0])
    c[1] = np.select([kind == 0, kind == 1, kind == 3], [values.up, values.up, c[0]], c[1])
    c = np.where(kind == 4, rng.choice([-1, 0, 1, 1e-17, 1 - 2.0**-20], SIZE), c)
    if name == "tan":
        c[0] = np.where((kind == 5) & (rng.random(SIZE) < 0.7), -np.inf, c[0])
        c[1] = np.where((kind == 5) & (rng.random(SIZE) < 0.5), np.inf, c[1])
    return np.sort(c.astype(dtype), axis=0), x


def _intervals(bounds: np.ndarray) -> ij.Interval:
    return ij.Interval(jnp.asarray(bounds[0]), jnp.asarray(bounds[1]))


def _check(function: Callable[..., ij.Interval], name: str, dtype: type) -> None:
    c, x = (kernel_checks.in_format(b) for b in _problems(name, dtype, seed=1))
    value = function(_intervals(c), _intervals(x))
    exact, some = _exact(name, c.astype(float), x.astype(float))
    assert 0.3 < some.mean() < 0.9
    lo, hi = np.asarray(value.lo), np.asarray(value.hi)
    assert np.all(lo[some] <= hi[some])
    # A solution next to x, and too near to tell, leaves an end of x.
    doubtful = ~some & (lo <= hi)
    assert doubtful.mean() < 0.01
    assert np.all(kernel_checks.steps(hi)[doubtful] - kernel_checks.steps(lo)[doubtful] <= 1)
    value, exact = value[jnp.asarray(some)], oracle.Tightest(*(b[some] for b in exact))
    for off in kernel_checks.excess(value, exact):
        assert off.min() >= 0
        assert off.max() <= 1
        assert np.mean(off == 0) > 0.98


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", REVERSE)
def test_solutions_are_enclosed_within_one_ulp(name: str, dtype: type) -> None:
    _check(REVERSE[name], name, dtype)


def test_under_vmap() -> None:
    _check(jax.vmap(sin_rev), "sin", np.float32)


def test_special_cases() -> None:
    inf = np.inf
    nothing, everything, box = (inf, -inf), (-inf, inf), (-1, 9)
    cases = [
        (nothing, everything, nothing), (nothing, box, nothing), (everything, nothing, nothing),
        (everything, everything, everything), (everything, box, box),
        ((0.5, 0.5), everything, everything), ((0.5, 0.5), (-inf, -1e300), (-inf, None)),
    ]  # fmt: skip
    c, x, expected = (np.array(v, float).T for v in zip(*cases, strict=True))
    count, expected = len(cases), _intervals(expected)
    # In the shape of the other tests, for which the functions are compiled.
    c, x = (_intervals(np.resize(v.T, (SIZE, 2)).T) for v in (c, x))
    for name, function in REVERSE.items():
        value = function(c, x)[:count]
        np.testing.assert_array_equal(value.lo, expected.lo, name)
        np.testing.assert_array_equal(value.hi[:-1], expected.hi[:-1], name)
        assert value.hi[-1] < -1e299
        if name != "tan":
            beyond = function(_intervals(np.full((2, SIZE), 1.5)), x)
            assert np.all(np.asarray(beyond.lo) == inf)
    decorated = sin_rev(ij.decorate(c), ij.decorate(x))
    assert np.all(np.asarray(ij.decoration_part(decorated)) == ij.Decoration.TRV)


def test_shapes_are_broadcast() -> None:
    value = sin_rev(jnp.zeros((3, 1)), ij.entire((1, 2)))
    assert value.shape == (3, 2)


@pytest.mark.parametrize(
    ("name", "at", "slope"),
    [("sin", 0.6, -1.25), ("cos", 0.6, 1.25), ("tan", 0.5, 0.8)],
)
def test_bounds_have_the_derivative_of_the_solution(name: str, at: float, slope: float) -> None:
    def lower(t: jax.Array) -> jax.Array:
        return REVERSE[name](ij.Interval(t, t), ij.interval(1.7, 6.0, np.float64)).lo

    np.testing.assert_allclose(jax.grad(lower)(jnp.float64(at)), slope, rtol=1e-14)
