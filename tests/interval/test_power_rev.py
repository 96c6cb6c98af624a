"""pow_rev1 and pow_rev2: every part of the preimage, cut where it is open."""

import itertools
from collections.abc import Callable

import ival
import jax.numpy as jnp
import numpy as np
import pytest

import interval_jax as ij
from reference import oracle
from tests.interval import kernel_checks

DTYPES = [np.float64, np.float32]
REVERSES = {"pow_rev1": (ij.pow_rev1, ival.powrev1), "pow_rev2": (ij.pow_rev2, ival.powrev2)}
ENDS = (-np.inf, -4.0, 0.0, 0.25, 0.5, 1.0, 2.0, 4.0, np.inf)


def _compare(reverse: Callable, exact: Callable, boxes: list[np.ndarray], worst: int) -> None:
    """Compare with the tightest enclosures that crival gives, on (lo, hi) for three operands."""
    value = reverse(*(ij.Interval(jnp.asarray(lo), jnp.asarray(hi)) for lo, hi in boxes))
    wide = (ival.Interval(*np.asarray(b, np.float64)) for b in boxes)
    expected = exact(*wide)
    nothing = np.isnan(np.asarray(expected.lo))
    np.testing.assert_array_equal(np.asarray(ij.is_empty(value)), nothing)
    rest = oracle.Tightest(np.asarray(expected.lo)[~nothing], np.asarray(expected.hi)[~nothing])
    assert rest.down.size > 100
    for off in kernel_checks.excess(value[~nothing], rest):
        assert off.min() >= 0
        assert off.max() <= worst
        assert np.mean(off == 0) > 0.99


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", REVERSES)
def test_all_ways_for_ends_to_lie(name: str, dtype: type) -> None:
    intervals = [
        (a, b) for a in ENDS for b in ENDS if a <= b and (a < b or np.isfinite(a))
    ]  # fmt: skip
    boxes = np.array(list(itertools.product(intervals, repeat=3)), dtype)
    boxes = boxes[np.random.default_rng(1).choice(len(boxes), 20_000, replace=False)]
    _compare(*REVERSES[name], [boxes[:, i].T for i in range(3)], worst=0)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", REVERSES)
def test_general_operands(name: str, dtype: type) -> None:
    rng = np.random.default_rng(2)

    def pairs(values: np.ndarray) -> np.ndarray:
        other = values * np.exp2(rng.choice([0, 1e-6, 0.1, 3], values.shape) * rng.random())
        return np.sort(np.stack([values, other]).astype(dtype), axis=0)

    size = 8_000
    exponents = rng.choice([-1, 1], size) * np.exp2(rng.uniform(-8, 8, size))
    positive = np.exp2(rng.choice([0.01, 1, 20], size) * rng.uniform(-1, 1, size))
    power = np.exp2(rng.choice([0.01, 1, 20], size) * rng.uniform(-1, 1, size))
    first = pairs(exponents if name == "pow_rev1" else positive)
    everywhere = np.stack([np.full(size, -np.inf), np.full(size, np.inf)]).astype(dtype)
    _compare(*REVERSES[name], [first, pairs(power), everywhere], worst=1)


@pytest.mark.parametrize("dtype", DTYPES)
def test_members_of_the_preimage_are_kept(dtype: type) -> None:
    """x**y is in pow([x], [y]), so x and y are in what leads there."""
    rng = np.random.default_rng(3)
    x = np.exp2(rng.uniform(-20, 20, 8_000)).astype(dtype)
    y = rng.uniform(-6, 6, x.size).astype(dtype)
    X, Y = kernel_checks.singletons(x), kernel_checks.singletons(y)
    Z = ij.pow(X, Y)
    assert bool(ij.is_member(x, ij.pow_rev1(Y, Z)).all())
    assert bool(ij.is_member(y, ij.pow_rev2(X, Z)).all())


def test_defaults_and_decorations() -> None:
    x, c = ij.interval(2.0, 4.0), ij.interval(0.25, 16.0)
    for reverse in (ij.pow_rev1, ij.pow_rev2):
        everywhere = reverse(x, c, ij.entire(dtype=x.dtype))
        assert bool(ij.equal(reverse(x, c), everywhere))
        assert reverse(ij.decorate(x), c).decoration == ij.Decoration.TRV
        assert bool(ij.is_empty(reverse(x, ij.empty(dtype=x.dtype))))
