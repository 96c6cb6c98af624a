"""Affine forms and Taylor models contain exact values, and are narrow where intervals are not."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import flint
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import arb
from jax.ad_checkpoint import checkpoint_name

import interval_jax as ij
from interval_jax._forms import Smooth, arguments, compose, named
from interval_jax._forms.monomials import Monomials

METHODS: dict[str, tuple[type, dict[str, Any]]] = {
    "affine-float32": (np.float32, {"method": "affine"}),
    "taylor-float64": (np.float64, {"method": "taylor"}),
    "quartic-float32": (np.float32, {"method": "taylor", "order": 4}),
}
"""Not all combinations, and not of all programs: each is compiled for a while."""


def boxes(dtype: type, count: int, size: int, seed: int = 0) -> tuple[ij.Interval, np.ndarray]:
    """Boxes from points to half the range, and a point of each, often at an end."""
    rng = np.random.default_rng(seed)
    width = np.exp2(-rng.uniform(0, np.finfo(dtype).nmant + 3, (count, 1))) * rng.random(
        (count, size)
    )
    width[::5] = 0
    lo = rng.uniform(-2, 2, (count, size)).astype(dtype)
    hi = (lo + width).astype(dtype)
    share = rng.choice([0.0, 1.0, rng.random()], (count, size))
    member = np.clip((lo + (hi - lo) * share).astype(dtype), lo, hi)
    return ij.interval(lo, hi), member


# --- rational programs, exactly -----------------------------------------------------------

_WEIGHTS = np.random.default_rng(3).normal(size=(4, 5)).astype(np.float32)

_CANCELLING = np.concatenate([4096 * _WEIGHTS[0, :4], _WEIGHTS[1, :4] - 4096 * _WEIGHTS[0, :4]])


def _matrix(x: Any) -> Any:
    return x @ jnp.asarray(_WEIGHTS, x.dtype)


def _exact_matrix(x: list[Fraction]) -> list[Fraction]:
    return [
        sum((v * Fraction(float(w)) for v, w in zip(x, row, strict=True)), Fraction(0))
        for row in _WEIGHTS.T
    ]


RATIONAL: dict[str, tuple[Callable, Callable]] = {
    "cancels": (lambda x: x[0] * x[1] - x[1] * x[0] + x[2], lambda x: [x[2]]),
    "cubic": (
        lambda x: x[0] ** 3 - 3 * x[0] * x[1] + x[1] / (x[2] ** 2 + 1),
        lambda x: [x[0] ** 3 - 3 * x[0] * x[1] + x[1] / (x[2] ** 2 + 1)],
    ),
    "products": (
        lambda x: jnp.sum(_matrix(x) * _matrix(x[::-1])),
        lambda x: [
            sum(
                (a * b for a, b in zip(_exact_matrix(x), _exact_matrix(x[::-1]), strict=True)),
                Fraction(0),
            )
        ],
    ),
    "reciprocal": (lambda x: 1 / (x[0] ** 2 + 1), lambda x: [1 / (x[0] ** 2 + 1)]),
    "moves": (
        lambda x: jnp.cumsum(jnp.concatenate([x[1:], 2 * x[:1]]) - x).reshape(2, 2).T.ravel(),
        lambda x: (
            lambda d: [
                d[0],
                d[0] + d[1] + d[2],
                d[0] + d[1],
                d[0] + d[1] + d[2] + d[3],
            ]
        )([x[1] - x[0], x[2] - x[1], x[3] - x[2], 2 * x[0] - x[3]]),
    ),
    "cancels what rounding left": (
        lambda x: (x + 4096) - 4096,
        lambda x: x,
    ),
    "contracts what cancels": (
        lambda x: jnp.concatenate([x, x]) @ jnp.asarray(_CANCELLING, x.dtype),
        lambda x: [
            sum(
                (v * Fraction(float(w)) for v, w in zip([*x, *x], _CANCELLING, strict=True)),
                Fraction(0),
            )
        ],
    ),
    "kinks": (
        lambda x: jnp.maximum(x[0], x[1]) + jnp.abs(x[2]) - jnp.clip(x[3], -1, 1),
        lambda x: [max(x[0], x[1]) + abs(x[2]) - min(max(x[3], Fraction(-1)), Fraction(1))],
    ),
    "choice": (
        lambda x: jnp.where(x[0] > x[1], x[2] * x[3], x[3] - x[2]),
        lambda x: [x[2] * x[3] if x[0] > x[1] else x[3] - x[2]],
    ),
}


@pytest.mark.parametrize(
    ("name", "method"),
    [(name, "affine-float32") for name in RATIONAL if name != "reciprocal"]
    + [(name, "taylor-float64") for name in ("cancels", "cubic", "products", "choice")]
    + [("reciprocal", "quartic-float32")],
)
def test_rational_programs(name: str, method: str) -> None:
    dtype, options = METHODS[method]
    function, exact = RATIONAL[name]
    X, member = boxes(dtype, 200, 4)
    found = jax.jit(jax.vmap(ij.enclose(function, **options)))(X)
    lo = np.asarray(found.lo).reshape(200, -1).tolist()
    hi = np.asarray(found.hi).reshape(200, -1).tolist()
    for low, high, point in zip(lo, hi, member.tolist(), strict=True):
        for a, value, b in zip(low, exact([Fraction(v) for v in point]), high, strict=True):
            assert Fraction(a) <= value <= Fraction(b)


# --- a network, by Arb --------------------------------------------------------------------

_rng = np.random.default_rng(1)
_LAYERS = [
    (_rng.normal(size=(n, m)) / np.sqrt(n), _rng.normal(size=m) / 4)
    for n, m in ((3, 8), (8, 8), (8, 1))
]


def network(x: jax.Array) -> jax.Array:
    for i, (weight, bias) in enumerate(_LAYERS):
        x = x @ jnp.asarray(weight, x.dtype) + jnp.asarray(bias, x.dtype)
        if i < 2:
            x = checkpoint_name(jax.nn.silu(x), f"layer {i}")
    return x[0]


def exact_network(x: np.ndarray, dtype: type) -> tuple[arb, list[list[arb]], list[list[arb]]]:
    """The value, the activations, and the derivatives with respect to them."""
    layers = [(w.astype(dtype), b.astype(dtype)) for w, b in _LAYERS]
    values, slopes, a = [], [], [arb(float(v)) for v in x]
    for weight, bias in layers:
        z = [
            sum((u * arb(float(w)) for u, w in zip(a, column, strict=True)), arb(float(b)))
            for column, b in zip(weight.T, bias, strict=True)
        ]
        s = [1 / (1 + (-v).exp()) for v in z]
        a = [v * u for v, u in zip(z, s, strict=True)]
        values.append(a)
        slopes.append([u * (1 + v * (1 - u)) for v, u in zip(z, s, strict=True)])
    last = layers[2][0][:, 0]
    outer = [arb(float(w)) for w in last]
    g = [w * d for w, d in zip(outer, slopes[1], strict=True)]
    inner = [
        sum((arb(float(w)) * v for w, v in zip(row, g, strict=True)), arb(0))
        for row in layers[1][0]
    ]
    return z[0], values[:2], [inner, outer]


@pytest.mark.parametrize("method", ["affine-float32", "taylor-float64"])
def test_network_and_its_adjoints(method: str) -> None:
    dtype, options = METHODS[method]
    X, member = boxes(dtype, 60, 3, 2)
    found = jax.jit(jax.vmap(ij.adjoints(network, **options)))(X)
    with flint.ctx.workprec(300):
        for i, point in enumerate(member):
            value, values, adjoints = exact_network(point, dtype)
            assert arb(float(found.value.lo[i])) <= value <= arb(float(found.value.hi[i]))
            for layer in range(2):
                for enclosure, exact in (
                    (found.values[f"layer {layer}"], values[layer]),
                    (found.adjoints[f"layer {layer}"], adjoints[layer]),
                ):
                    for low, v, high in zip(
                        enclosure.lo[i].tolist(), exact, enclosure.hi[i].tolist(), strict=True
                    ):
                        assert arb(low) <= v <= arb(high)


def test_forms_are_narrow() -> None:
    X = ij.interval(np.full(3, 0.5), np.full(3, 1.0))

    def width(**options: Any) -> float:
        return float(ij.wid(jax.jit(ij.enclose(network, **options))(X)))

    natural, affine = width(), width(method="affine")
    cubic = width(method="taylor", order=3)
    corners = np.stack(np.meshgrid(*[[0.5, 0.75, 1.0]] * 3), -1).reshape(-1, 3)
    sampled = np.ptp(np.asarray(jax.vmap(network)(corners)))
    assert sampled <= cubic <= affine <= natural
    assert cubic <= 1.1 * sampled
    assert natural >= 2 * affine

    x = ij.interval(-1.0, 3.0)
    zero = jax.jit(ij.enclose(lambda x: x - x, method="affine"))(x)
    assert str(zero).startswith("Interval([")
    assert ij.wid(zero) <= 1e-300
    one = jax.jit(ij.enclose(lambda x: (x - 1) * (x + 1) - x * x, method="taylor"))(x)
    assert ij.wid(one) <= 1e-11


# --- values that forms cannot express -----------------------------------------------------


@pytest.mark.parametrize("method", ["affine-float32", "taylor-float64"])
def test_unbounded_empty_and_huge_arguments(method: str) -> None:
    """The span is there where coefficients are not: never NaN, and the range is contained."""
    dtype, options = METHODS[method]
    largest = float(np.finfo(dtype).max)
    tiny = float(np.finfo(dtype).tiny)
    lo = np.array([-np.inf, 1.0, -largest, np.inf, 0.0, -tiny, largest], dtype)
    hi = np.array([np.inf, np.inf, largest, -np.inf, 0.0, tiny, largest], dtype)
    X = ij.Interval(jnp.asarray(lo), jnp.asarray(hi))

    def functions(x: jax.Array) -> list[jax.Array]:
        return [
            x * x - 1 / x,
            jnp.sqrt(x) + jnp.log(x),
            jax.nn.silu(x) - jax.nn.relu(x),
        ]

    both = [
        jax.jit(jax.vmap(ij.enclose(functions, accuracy="fast", **o)))(X) for o in ({}, options)
    ]
    for natural, found in zip(*both, strict=True):
        assert not np.isnan(found.lo).any()
        assert not np.isnan(found.hi).any()
        assert bool(jnp.all(ij.subset(found, natural)))
        # Empty only where intervals are: an overlooked member would make it empty first.
        np.testing.assert_array_equal(ij.is_empty(found), ij.is_empty(natural))


def test_points_give_intervals_as_tight_as_natural_ones() -> None:
    X, _ = boxes(np.float64, 50, 3, 7)
    points = ij.Interval(X.lo, X.lo)
    found, natural = jax.jit(
        jax.vmap(lambda x: (ij.enclose(network, method="affine")(x), ij.enclose(network)(x)))
    )(points)
    assert bool(jnp.all(ij.subset(found, natural)))


# --- parts ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("symbols", "degree"), [(0, 1), (1, 4), (3, 2), (4, 3)])
def test_products_of_monomials(symbols: int, degree: int) -> None:
    monomials = Monomials(symbols, degree)
    rng = np.random.default_rng(0)
    a, b = rng.integers(-4, 5, (2, monomials.count))
    total = np.zeros(monomials.count)
    for i, j, used in monomials.pairs:
        total += a[i] * b[j] * used
    x = rng.integers(-3, 4, symbols)
    powers = (x**monomials.exponents).prod(axis=1)
    kept = sum(
        a[i] * b[j] * powers[i] * powers[j]
        for i in range(monomials.count)
        for j in range(monomials.count)
        if monomials.degrees[i] + monomials.degrees[j] <= degree
    )
    assert total @ powers == kept


def test_errors_get_names_up_to_a_limit() -> None:
    (x,) = arguments([ij.interval(np.zeros(3), np.ones(3))], 1)
    square = jax.jit(lambda x: compose(x, Smooth(ij.sqr, lambda x, _: 2.0 * x)))
    y = square(x)
    once = named(y, 5)
    assert [count for _, count in once.groups] == [3]
    assert not once.error.any()
    again = named(square(once), 5)
    assert [count for _, count in again.groups] == [3]
    assert again.groups != once.groups
    assert named(y, 2) is y


def test_unknown_methods_and_orders() -> None:
    with pytest.raises(ValueError, match="unknown method 'affne'; choose one of"):
        ij.enclose(jnp.sin, method="affne")
    with pytest.raises(ValueError, match="order"):
        ij.enclose(jnp.sin, method="affine", order=2)
    with pytest.raises(ValueError, match="order"):
        ij.enclose(jnp.sin, method="taylor", order=0)


def test_what_has_no_rule_for_forms_goes_through_ranges() -> None:
    def loop(x: jax.Array) -> jax.Array:
        return jax.lax.fori_loop(0, 3, lambda _, y: y * 0.5 + x, x)

    found = jax.jit(ij.enclose(lambda x: jnp.sort(x)[0] + loop(x)[1], method="affine"))(
        ij.interval(np.array([0.0, 2.0]), np.array([1.0, 3.0]))
    )
    # Between 0 + 2 (1 + 1/2 + 1/4 + 1/8) and 1 + 3 (...).
    assert float(found.lo) <= 3.75
    assert float(found.hi) >= 6.625


def test_axes_of_length_one_stand_for_longer_ones() -> None:
    def slope(x: jax.Array) -> jax.Array:
        return jax.jvp(lambda x: jnp.outer(x, x), (x,), (jnp.array([1.0, 2.0]),))[1]

    x = ij.interval(np.array([0.0, 2.0]), np.array([1.0, 3.0]))
    for options in ({"method": "affine"}, {"method": "slope"}):
        found = ij.enclose(slope, **options)(x)
        # The entries are 2 x0, 2 x0 + x1 twice and 4 x1.
        expected = np.array([[[0.0, 2.0], [2.0, 8.0]], [[2.0, 5.0], [5.0, 12.0]]])
        assert np.all((found.lo <= expected[0]) & (expected[1] <= found.hi))
        np.testing.assert_allclose(np.stack([found.lo, found.hi]), expected, atol=1e-12)


def test_functions_of_no_elements() -> None:
    # A scan in parallel leaves slices of length 0 to what it combines by.
    found = jax.jit(ij.enclose(jax.lax.cumlogsumexp, method="affine"))(
        ij.interval(np.zeros(3), np.ones(3))
    )
    with flint.ctx.workprec(300):
        for k in range(3):
            assert arb(float(found.lo[k])) <= arb(k + 1).log()
            assert 1 + arb(k + 1).log() <= arb(float(found.hi[k]))


def test_spans_wider_than_the_format() -> None:
    """Half the width of the box is so large that its reciprocal would underflow."""
    lo, hi = np.float32([[2.0**-68, -(2.0**126), 1.0], [2.0**127, 2.0**126, 3e38]])
    y = jax.jit(jax.vmap(ij.enclose(lambda x: 1 / x, method="affine")))(ij.interval(lo, hi))
    for k in range(3):
        for end in (lo[k], hi[k]):
            exact = 1 / Fraction(float(end))
            low, high = float(y.lo[k]), float(y.hi[k])
            assert low == -np.inf or Fraction(low) <= exact
            assert high == np.inf or exact <= Fraction(high)
