"""logsumexp and softmax: containment over boxes without tolerance, against Arb."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import arb, ctx

import interval_jax as ij
from reference.oracle import Tightest
from tests.interval import kernel_checks

DTYPES = [np.float64, np.float32]
INF = np.inf


def _logsumexp(row: np.ndarray) -> arb:
    top = arb(float(np.max(row)))
    powers = ((arb(float(v)) - top).exp() for v in row if v > -INF)
    return top + sum(powers, arb(0)).log()


def _softmax(own: float, others: np.ndarray) -> arb:
    powers = ((arb(float(v)) - arb(own)).exp() for v in others if v > -INF)
    return 1 / (1 + sum(powers, arb(0)))


def _neighbours(ball: arb) -> tuple[float, float]:
    """The floats around a ball, found by its midpoint: balls here are narrow."""
    near = float(ball)
    if ball.is_exact() and arb(near) == ball:
        return near, near
    return (near, np.nextafter(near, INF)) if arb(near) < ball else (np.nextafter(near, -INF), near)


def _tightest(lower: np.ndarray, upper: np.ndarray) -> Tightest:
    with ctx.workprec(5_000):
        down = [_neighbours(v)[0] for v in lower.ravel()]
        up = [_neighbours(v)[1] for v in upper.ravel()]
    return Tightest(*(np.array(b).reshape(lower.shape) for b in (down, up)))


def _rows(function: object, *rows: np.ndarray) -> np.ndarray:
    with ctx.workprec(5_000):
        return np.array([function(*r) for r in zip(*rows, strict=True)], object)  # type: ignore[operator]


def _softmax_corner(own: np.ndarray, other: np.ndarray) -> list[arb]:
    return [_softmax(float(own[i]), np.delete(other, i)) for i in range(len(own))]


def _boxes(dtype: type, scale: float, n: int, size: int = 60) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(round(1000 * scale) + n)
    lo = (rng.normal(size=(size, n)) * scale).astype(dtype)
    lo[: size // 4] *= rng.choice([0, 1], (size // 4, n))
    lo[-1] = lo[-1, 0]
    width = np.abs(rng.normal(size=(size, n)) * scale) * rng.choice([0, 1e-3, 1], (size, 1))
    return lo, (lo + width).astype(dtype)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 30.0, 300.0])
@pytest.mark.parametrize("dtype", DTYPES)
def test_boxes_are_enclosed_within_one_ulp(dtype: type, scale: float) -> None:
    lo, hi = _boxes(dtype, scale, 7)
    X = ij.Interval(jnp.asarray(lo), jnp.asarray(hi))
    cases = (
        (ij.logsumexp(X, axis=1), _rows(_logsumexp, lo), _rows(_logsumexp, hi)),
        (ij.softmax(X), _rows(_softmax_corner, lo, hi), _rows(_softmax_corner, hi, lo)),
    )
    for value, lower, upper in cases:
        for off in kernel_checks.excess(value, _tightest(lower, upper)):
            assert off.min() >= 0
            assert off.max() <= 1
            assert np.mean(off == 0) > 0.95


@pytest.mark.parametrize("dtype", DTYPES)
def test_long_sums(dtype: type) -> None:
    lo, hi = _boxes(dtype, 3.0, 129, size=3)
    X = ij.Interval(jnp.asarray(lo), jnp.asarray(hi))
    value = ij.logsumexp(X, axis=-1)
    for off in kernel_checks.excess(value, _tightest(_rows(_logsumexp, lo), _rows(_logsumexp, hi))):
        assert off.min() >= 0
        assert off.max() <= 1
    value = ij.softmax(X)[:, :10]

    def corner(own: np.ndarray, other: np.ndarray) -> list[arb]:
        return [_softmax(float(own[i]), np.delete(other, i)) for i in range(10)]

    for off in kernel_checks.excess(value, _tightest(_rows(corner, lo, hi), _rows(corner, hi, lo))):
        assert off.min() >= 0
        assert off.max() <= 1


@pytest.mark.parametrize("dtype", DTYPES)
def test_results_next_to_zero_and_far_apart(dtype: type) -> None:
    """Cancellation between the largest argument and the logarithm; terms that all but vanish."""
    rng = np.random.default_rng(5)
    info = np.finfo(dtype)
    below = np.log(2) * np.ones((40, 2)) * -1 + rng.normal(size=(40, 2)) * np.exp2(
        -rng.uniform(5, info.nmant, (40, 1))
    )
    apart = np.stack([np.zeros(40), -np.exp2(rng.uniform(0, 10, 40))], 1)
    minute = rng.normal(size=(40, 2)) * float(info.tiny) * 4
    largest = np.array([[info.max, info.max], [-info.max, -info.max]])
    x = np.concatenate([below, apart, minute, largest]).astype(dtype)
    x = kernel_checks.in_format(x)
    X = kernel_checks.singletons(x)
    value = ij.logsumexp(X, axis=1)
    exact = _rows(_logsumexp, x)
    lo, hi = np.asarray(value.lo), np.asarray(value.hi)
    with ctx.workprec(5_000):
        for low, high, ball in zip(lo, hi, exact, strict=True):
            assert arb(float(low)) <= ball
            assert ball <= arb(float(high))
    soft = ij.softmax(X)
    corner = _rows(_softmax_corner, x, x)
    for off in kernel_checks.excess(soft, _tightest(corner, corner)):
        assert off.min() >= 0
        assert off.max() <= 1


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("scale", [1e-6, 1.0, 30.0])
def test_next_to_zero_the_error_is_that_of_the_largest_argument(dtype: type, scale: float) -> None:
    rng = np.random.default_rng(6)
    x, _ = _boxes(dtype, scale, 7)
    sums = np.array([float(v) for v in _rows(_logsumexp, x)])
    # Sums next to 0, at every distance.
    x = (x - sums[:, None] * (1 + np.exp2(-rng.uniform(1, 60, (60, 1))))).astype(dtype)
    value = ij.logsumexp(kernel_checks.singletons(x), axis=1)
    top = np.abs(x.max(1)).astype(np.float64)
    wide = 0
    with ctx.workprec(300):
        for low, high, m, v in zip(value.lo, value.hi, top, _rows(_logsumexp, x), strict=True):
            least = 2 * float(np.finfo(dtype).eps) * max(abs(v), arb(float(m)) / 8)
            assert 0 <= v - float(low) <= least
            assert 0 <= float(high) - v <= least
            wide += abs(v) < float(m) / 2**12
    assert wide > 5


@pytest.mark.parametrize("dtype", DTYPES)
def test_special_values(dtype: type) -> None:
    info = np.finfo(dtype)
    largest, tiny = float(info.max), float(info.tiny)
    below_one = float(np.nextafter(dtype(1), dtype(0)))

    def check(value: ij.Interval, lo: object, hi: object) -> None:
        np.testing.assert_array_equal(value.lo, np.array(lo, dtype))
        np.testing.assert_array_equal(value.hi, np.array(hi, dtype))

    def box(*ends: tuple[float, float]) -> ij.Interval:
        lo, hi = np.array(ends, dtype).T
        return ij.Interval(jnp.asarray(lo), jnp.asarray(hi))

    check(ij.logsumexp(box((-INF, 3))), -INF, 3)
    half_line = ij.logsumexp(box((-INF, INF), (2, 2)))
    check(half_line, 2, INF)
    assert ij.logsumexp(box((-INF, -1), (-INF, -1))).lo == -INF
    check(ij.logsumexp(box((largest, largest), (-largest, 0))), largest, INF)
    check(ij.logsumexp(box((INF, -INF), (0, 0))), INF, -INF)
    check(ij.softmax(box((-INF, 5))), [1], [1])
    check(ij.softmax(box((-INF, INF), (0, 0))), [0, 0], [1, 1])
    check(ij.softmax(box((-INF, INF), (-INF, INF))), [0, 0], [1, 1])
    check(ij.softmax(box((1e4, 1e4), (0, 0))), [below_one, 0], [1, tiny])
    check(ij.softmax(box((largest, largest), (-largest, 0))), [below_one, 0], [1, tiny])
    check(ij.softmax(box((INF, -INF), (0, 0))), [INF, INF], [-INF, -INF])


def test_axes_shapes_and_errors() -> None:
    x = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    X = kernel_checks.singletons(x)
    for axis, keepdims in ((None, True), (-1, True), ((2, 0), False)):
        value = ij.logsumexp(X, axis, keepdims)
        expected = jax.scipy.special.logsumexp(x, axis, keepdims=keepdims)
        assert value.shape == expected.shape
        np.testing.assert_allclose(value.lo, expected, rtol=1e-6)
    for axis in (0, -1):
        np.testing.assert_allclose(ij.softmax(X, axis).hi, jax.nn.softmax(x, axis), rtol=1e-5)
    assert ij.softmax(X[:0]).shape == (0, 3, 4)
    with pytest.raises(ValueError, match="nothing"):
        ij.logsumexp(X[:, :0], axis=1)
    with pytest.raises(ValueError, match="out of bounds"):
        ij.softmax(X, axis=3)


def test_jit_vmap_and_derivatives() -> None:
    rng = np.random.default_rng(2)
    x = jnp.asarray(rng.normal(size=(4, 5)))
    X = ij.Interval(x, x + 0.1)
    for function in (ij.logsumexp, ij.softmax):
        mapped, alone = jax.jit(jax.vmap(function))(X), function(X, axis=-1)
        np.testing.assert_array_equal(mapped.lo, alone.lo)
        np.testing.assert_array_equal(mapped.hi, alone.hi)
    gradient = jax.grad(lambda x: ij.logsumexp(ij.Interval(x, x)).hi)(x)
    np.testing.assert_allclose(gradient, jax.nn.softmax(x.ravel()).reshape(4, 5), rtol=1e-12)
    weights = jnp.asarray(rng.normal(size=5))
    gradient = jax.grad(lambda x: ij.softmax(ij.Interval(x, x)).lo @ weights)(x[0])
    expected = jax.grad(lambda x: jax.nn.softmax(x) @ weights)(x[0])
    np.testing.assert_allclose(gradient, expected, rtol=1e-9)
