"""cosh_rev, atan2_rev1 and atan2_rev2: every solution is inside, no tolerance."""

import ival
import jax.numpy as jnp
import numpy as np
import pytest

import interval_jax as ij
from reference import oracle, points
from tests.interval import kernel_checks

DTYPES = [np.float64, np.float32]


def _of(lo: np.ndarray, hi: np.ndarray) -> ij.Interval:
    return ij.Interval(jnp.asarray(lo), jnp.asarray(hi))


def _around(x: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Intervals with the member x, and ends at x, 0, infinity or anywhere."""
    rng = np.random.default_rng(seed)
    low, high = (np.full(x.shape, s * np.inf, x.dtype) for s in (-1, 1))
    sets = []
    for limit, side in ((low, np.minimum), (high, np.maximum)):
        other = rng.permutation(x)
        with np.errstate(over="ignore"):
            near = (x * (1 + rng.uniform(-1, 1, x.size))).astype(x.dtype)
        choices = [x, np.zeros_like(x), limit, near]
        end = np.select([rng.integers(0, 5, x.size) == k for k in range(4)], choices, other)
        sets.append(kernel_checks.in_format(side(x, end)))
    return sets[0], sets[1]


def _contains(value: ij.Interval, x: np.ndarray) -> bool:
    return bool(np.all((np.asarray(value.lo) <= x) & (x <= np.asarray(value.hi))))


@pytest.mark.parametrize("dtype", DTYPES)
def test_coordinates_of_points_are_found_from_their_angles(dtype: type) -> None:
    size = 20_000
    rng = np.random.default_rng(3)
    y, x = (rng.permutation(points.points(dtype, size, seed)) for seed in (1, 2))
    y, x = (np.where(rng.random(size) < 0.05, 0, kernel_checks.in_format(v)) for v in (y, x))
    y, x = (v.astype(dtype)[(y != 0) | (x != 0)] for v in (y, x))
    exact = ival.atan2(
        ival.Interval(*[y.astype(np.float64)] * 2), ival.Interval(*[x.astype(np.float64)] * 2)
    )
    down, up = kernel_checks.to_format(
        oracle.Tightest(np.asarray(exact.lo), np.asarray(exact.hi)), dtype
    )
    # The angle with its neighbours, or less precisely.
    wide = rng.random(x.size) < 0.5
    c = (np.where(wide, down - np.abs(rng.normal(0, 1, x.size)), down).astype(dtype),
         np.where(wide, up + np.abs(rng.normal(0, 1, x.size)), up).astype(dtype))  # fmt: skip
    c = tuple(kernel_checks.in_format(v) for v in c)
    for function, wanted, given in ((ij.atan2_rev1, y, x), (ij.atan2_rev2, x, y)):
        other = _of(*_around(given, 4))
        assert _contains(function(other, _of(*c)), wanted)
        assert _contains(function(other, _of(*c), _of(*_around(wanted, 5))), wanted)


def test_coordinates_over_boxes() -> None:
    inf, pi, half = np.inf, np.pi, np.pi / 2
    up = float(np.nextafter(half, 2))
    whole = float(np.nextafter(pi, 4))
    empty = (inf, -inf)
    # Of rev1: first coordinate, angle, second coordinate; of rev2 the coordinates change roles.
    first = [
        ((1, 2), (-1, 0.5), (-2 * np.tan(1), 2 * np.tan(0.5))),
        ((1, 2), (-half, half), (-2 * np.tan(half), 2 * np.tan(half))),
        ((1, 2), (up, pi), empty),
        ((-2, -1), (up, whole), (0, -2 * np.tan(up))),
        ((-2, -1), (2, 3), (-np.tan(3), -2 * np.tan(2))),
        ((-2, -1), (-3, -2), (2 * np.tan(2), np.tan(3))),
        ((-2, -1), (-3, 3), (-inf, inf)),
        ((0, 0), (0, 1), empty),
        ((0, 0), (0, 2), (0, inf)),
        ((0, 0), (-2, 2), (-inf, inf)),
        ((-2, 1), (0, 0), (0, 0)),
        ((-2, 1), (4, 5), empty),
        ((0, inf), (0.5, 1), (0, inf)),
        (empty, (0, 1), empty),
        ((0, 1), empty, empty),
    ]
    second = [
        ((1, 2), (1, 2), (2 / np.tan(2), 2 / np.tan(1))),
        ((1, 2), (0, 1), (1 / np.tan(1), inf)),
        ((1, 2), (0, 0), empty),
        ((1, 2), (-1, -0.5), empty),
        ((1, 2), (3, whole), (-inf, 1 / np.tan(3))),
        ((-2, -1), (-1, -0.5), (1 / np.tan(1), 2 / np.tan(0.5))),
        ((-2, -1), (-4, -0.5), (-inf, 2 / np.tan(0.5))),
        ((0, 0), (0, 1), (0, inf)),
        ((0, 0), (1, 4), (-inf, 0)),
        ((0, 0), (1, 2), empty),
        ((0, 0), (-4, -1), empty),
        ((-1, 1), (-1, 1), (0, inf)),
        (empty, (0, 1), empty),
    ]
    for function, cases in ((ij.atan2_rev1, first), (ij.atan2_rev2, second)):
        other, angle, expected = (np.array(v, np.float64).T for v in zip(*cases, strict=True))
        value = function(_of(*other), _of(*angle))
        for got, exact in (
            (np.asarray(value.lo), expected[0]),
            (np.asarray(value.hi), expected[1]),
        ):
            # The exact bound is known to about a unit here.
            np.testing.assert_allclose(got, exact, rtol=1e-15, atol=0)


def test_the_hull_is_taken_of_what_lies_in_the_given_interval() -> None:
    value = ij.atan2_rev1(ij.interval(-1.0, 1.0), ij.interval(-3.0, 3.0), ij.interval(-5.0, 5.0))
    assert (float(value.lo), float(value.hi)) == (-5, 5)
    # cosh(t) = cosh(2) has two solutions, of which one is in x.
    c = ij.cosh(ij.interval(2.0, 2.0))
    value = ij.cosh_rev(c, ij.interval(-1.0, 3.0))
    assert 1.999 < float(value.lo) <= 2 <= float(value.hi) < 2.001
    both = ij.cosh_rev(c)
    assert float(both.lo) == -float(both.hi)


@pytest.mark.parametrize("dtype", DTYPES)
def test_arguments_of_cosh_are_found_from_its_values(dtype: type) -> None:
    x = kernel_checks.around((1.0, 2.0, 88.0, 700.0), dtype, 10_000)
    c = ij.cosh(_of(x, x))
    assert _contains(ij.cosh_rev(c), x)
    assert _contains(ij.cosh_rev(c, _of(*_around(x, 6))), x)
    nothing = ij.cosh_rev(_of(np.array([-2, -np.inf], dtype), np.array([0.5, 0.5], dtype)))
    assert np.all(np.asarray(nothing.lo) > np.asarray(nothing.hi))


def test_reverse_functions_prove_nothing() -> None:
    value = ij.atan2_rev1(ij.decorate(ij.interval(1.0, 2.0)), ij.interval(0.0, 1.0))
    assert int(value.decoration) == ij.Decoration.TRV
    assert int(ij.cosh_rev(ij.decorate(ij.interval(1.0, 2.0))).decoration) == ij.Decoration.TRV
