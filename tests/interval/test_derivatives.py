"""Derivatives of first and higher order contain the exact ones, in every mode and nesting."""

from collections.abc import Callable
from math import inf

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import arb, arb_series, ctx
from jax import lax
from jax.ad_checkpoint import checkpoint_name
from jax.scipy import special

import interval_jax as ij

SIZE = 60


def _logistic(x: arb_series) -> arb_series:
    return 1 / (1 + (-x).exp())


def _tanh(x: arb_series) -> arb_series:
    return 2 * _logistic(2 * x) - 1


# The traced function and the same over power series of balls.
FUNCTIONS: dict[str, tuple[Callable, Callable]] = {
    "polynomial": (lambda x: x**3 - x * x / 3, lambda x: x**3 - x * x / 3),
    "tanh": (jnp.tanh, _tanh),
    "logistic": (jax.nn.sigmoid, _logistic),
    "silu": (jax.nn.silu, lambda x: x * _logistic(x)),
    "softplus": (jax.nn.softplus, lambda x: (1 + x.exp()).log()),
    "erf": (special.erf, lambda x: x.erf()),
    "erfc": (special.erfc, lambda x: 1 - x.erf()),
    "exp": (jnp.exp, lambda x: x.exp()),
    "exp2": (jnp.exp2, lambda x: (x * arb(2).log()).exp()),
    "sin of exp": (lambda x: jnp.sin(jnp.exp(x)), lambda x: x.exp().sin()),
    "tan": (jnp.tan, lambda x: x.tan()),
    "atan": (jnp.arctan, lambda x: x.atan()),
    "sqrt": (lambda x: jnp.sqrt(x + 4), lambda x: (x + 4).sqrt()),
    "log": (lambda x: jnp.log(x + 4), lambda x: (x + 4).log()),
    "power": (
        lambda x: (x + 4) ** jnp.asarray(0.1, x.dtype),
        lambda x: ((x + 4).log() * _tenth).exp(),
    ),
    "quotient": (lambda x: jnp.cos(x) / (x + 4), lambda x: x.cos() / (x + 4)),
    "branch": (lambda x: jnp.where(x < 5, x * x, x), lambda x: x * x),
}

_tenth = arb(0)
"""The exponent of "power" in the format under test."""


def exact_derivatives(function: Callable, x: float) -> list[arb]:
    """The derivatives of orders 0 to 3 at x."""
    ctx.prec, ctx.cap = 200, 4
    series = function(arb_series([arb(x), arb(1)], 4))
    return [series[k] * arb(k).fac() for k in range(4)]


def assert_contains(found: ij.Interval, exact: list[arb]) -> None:
    for lo, hi, ball in zip(np.asarray(found.lo), np.asarray(found.hi), exact, strict=True):
        assert lo == -inf or arb(float(lo)) <= ball
        assert hi == inf or ball <= arb(float(hi))


def boxes(dtype: type) -> tuple[ij.Interval, np.ndarray]:
    """Intervals of many widths, some points, and their midpoints."""
    rng = np.random.default_rng(1)
    x = rng.uniform(-3, 3, SIZE).astype(dtype)
    width = (np.exp2(rng.uniform(-30, -1, SIZE)) * (rng.random(SIZE) < 0.7)).astype(dtype)
    return ij.interval(x - width, x + width), x


# Both formats run through the same rules: float32 where kernels of its own enter.
CASES = [(name, np.float64) for name in FUNCTIONS] + [
    (name, np.float32) for name in ("tanh", "silu", "erf", "exp2", "power")
]


@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_first_and_second_order(name: str, dtype: type, monkeypatch: pytest.MonkeyPatch) -> None:
    function, series = FUNCTIONS[name]
    monkeypatch.setattr(f"{__name__}._tenth", arb(float(dtype(0.1))))
    X, x = boxes(dtype)
    exact = [exact_derivatives(series, float(v)) for v in x]

    @jax.jit
    @jax.vmap
    def derivatives(x: ij.Interval) -> tuple[ij.Interval, ...]:
        one = jnp.ones_like(x.lo)
        return *ij.jvp(function, (x,), (one,)), ij.hvp(function, (x,), (one,))

    for order, found in enumerate(derivatives(X)):
        assert_contains(found, [e[order] for e in exact])


@pytest.mark.parametrize("name", ["polynomial", "tanh", "silu", "sin of exp"])
def test_third_order(name: str) -> None:
    function, series = FUNCTIONS[name]
    X, x = boxes(np.float64)
    found = jax.jit(jax.vmap(ij.jacrev(ij.hessian(function))))(X)
    assert_contains(found, [exact_derivatives(series, float(v))[3] for v in x])


def test_sharp() -> None:
    """Slopes are the ranges of the derivatives, not of formulas for them."""
    X = ij.interval(np.array([-2.0, 0.5]), np.array([1.0, 3.0]))
    for function in (jnp.tanh, jax.nn.sigmoid, jax.nn.silu, jax.nn.softplus, special.erf):
        forward, reverse = jax.jit(
            jax.vmap(lambda x, f=function: (ij.jacfwd(f)(x), ij.grad(f)(x)))
        )(X)
        np.testing.assert_array_equal(forward.lo, reverse.lo)
        np.testing.assert_array_equal(forward.hi, reverse.hi)
    slope = ij.jacfwd(jnp.tanh)(ij.interval(-1.0, 2.0))
    assert (float(slope.hi), float(slope.lo) > 0) == (1, True)


def test_transformations_nest() -> None:
    X = ij.interval(1.0, 1.25)

    def cube(x: jax.Array) -> jax.Array:
        return x**3

    second = [
        ij.grad(ij.grad(cube))(X),
        ij.jvp(ij.grad(cube), (X,), (1.0,))[1],
        ij.jacfwd(ij.jacrev(cube))(X),
        ij.jacrev(ij.jacfwd(cube))(X),
        ij.hessian(cube)(X),
        ij.hvp(cube, (X,), (1.0,)),
        ij.enclose(ij.grad(ij.grad(cube)))(X),
        ij.enclose(lambda x: ij.value_and_grad(ij.grad(cube))(x)[1])(X),
        ij.grad(lambda x: ij.vjp(cube, x)[1](jnp.ones_like(x))[0])(X),
    ]
    for found in second:
        assert (float(found.lo), float(found.hi)) == (6, 7.5)
    assert (float(ij.grad(ij.hessian(cube))(X).lo), float(ij.grad(ij.hessian(cube))(X).hi)) == (
        6,
        6,
    )


def test_arguments_and_structures_are_those_of_jax() -> None:
    x, y = np.array([1.0, 2.0]), np.array(3.0)

    def f(x: jax.Array, d: dict) -> jax.Array:
        return jnp.sum(x**2) * d["y"]

    def with_aux(x: jax.Array, d: dict) -> tuple:
        return f(x, d), x + 1

    both = jax.jit(ij.hessian(f, argnums=(0, 1)))(ij.interval(x), {"y": ij.interval(y)})
    expected = jax.hessian(f, argnums=(0, 1))(x, {"y": y})
    structure = jax.tree.structure(both, is_leaf=lambda leaf: isinstance(leaf, ij.Interval))
    assert structure == jax.tree.structure(expected)
    np.testing.assert_array_equal(both[0][1]["y"].lo, expected[0][1]["y"])
    jacobian, aux = jax.jit(ij.jacfwd(with_aux, has_aux=True))(ij.interval(x), {"y": y})
    np.testing.assert_allclose(jacobian.lo, 2 * x * y, rtol=1e-14)
    np.testing.assert_array_equal(aux.hi, x + 1)
    _, slope, _ = ij.jvp(lambda x: (x * x, x), (ij.interval(x),), (x,), has_aux=True)
    np.testing.assert_array_equal(slope.hi, 2 * x * x)
    product = jax.jit(lambda *p: ij.hvp(lambda x, y: jnp.sum(x * x) * y, p, (x, 1.0)))(
        ij.interval(x), y
    )
    assert [p.shape for p in product] == [(2,), ()]


def test_a_network_and_its_hessian() -> None:
    rng = np.random.default_rng(2)
    weights = [rng.normal(size=s) for s in ((3, 4), (4, 4), (4, 1))]

    def network(x: jax.Array) -> jax.Array:
        for w in weights[:-1]:
            x = jax.nn.silu(x @ w)
        return (x @ weights[-1])[0]

    def series(x: list) -> arb_series:
        for w in weights:
            x = [sum(arb(float(w[i, j])) * x[i] for i in range(len(x))) for j in range(w.shape[1])]
            x = [v * _logistic(v) for v in x] if w is not weights[-1] else x
        return x[0]

    centre = rng.normal(size=3)
    H = jax.jit(ij.hessian(network))(ij.interval(centre - 1e-3, centre + 1e-3))
    for point in centre + rng.uniform(-1e-3, 1e-3, (5, 3)):
        for k in range(3):
            ctx.prec, ctx.cap = 200, 3
            line = [arb_series([arb(float(v)), arb(int(i == k))], 3) for i, v in enumerate(point)]
            exact = 2 * series(line)[2]
            assert arb(float(H.lo[k, k])) <= exact <= arb(float(H.hi[k, k]))


def test_bounds_of_derivatives_are_differentiable() -> None:
    """The upper bound of tanh' over [x, 1], x > 0, is tanh'(x)."""

    def upper(x: jax.Array) -> jax.Array:
        return ij.jacfwd(jnp.tanh)(ij.Interval(x, jnp.ones_like(x))).hi

    slope = jax.grad(upper)(0.5)
    assert abs(slope - jax.hessian(jnp.tanh)(0.5)) < 1e-12


def _unrolled(x: jax.Array) -> jax.Array:
    for step in range(3):
        x = checkpoint_name(jnp.tanh(x) * 2, f"h{step}")
    return x


def _scanned(x: jax.Array) -> jax.Array:
    def step(c: jax.Array, _: None) -> tuple[jax.Array, None]:
        return checkpoint_name(jnp.tanh(c) * 2, "h"), None

    return lax.scan(step, x, None, length=3)[0]


def test_loops_are_differentiated_through_in_every_mode() -> None:
    X = ij.interval(0.25, 0.5)

    @jax.jit
    def derivatives(X: ij.Interval) -> list[ij.Interval]:
        return [
            derivative
            for f in (_unrolled, _scanned)
            for derivative in (
                ij.jacfwd(f)(X),
                ij.grad(f)(X),
                ij.value_and_grad(f)(X)[1],
                ij.vjp(f, X)[1](1.0)[0],
            )
        ]

    def series(x: arb_series) -> arb_series:
        for _ in range(3):
            x = 2 * _tanh(x)
        return x

    found = derivatives(X)
    for member in (0.25, 0.3, 0.4375, 0.5):
        exact = exact_derivatives(series, member)[1]
        for slope in found:
            assert arb(float(slope.lo)) <= exact <= arb(float(slope.hi))
    # And all of them are as tight as that of the straight program.
    first, *others = found
    for slope in others:
        np.testing.assert_allclose(slope.lo, first.lo, rtol=1e-14)
        np.testing.assert_allclose(slope.hi, first.hi, rtol=1e-14)


def test_names_in_a_loop_are_stacked() -> None:
    X = ij.interval(0.25, 0.5)
    straight, looped = jax.jit(lambda X: (ij.adjoints(_unrolled)(X), ij.adjoints(_scanned)(X)))(X)
    assert looped.adjoints.keys() == looped.values.keys() == {"h"}
    for step in range(3):
        for part in ("values", "adjoints"):
            expected = getattr(straight, part)[f"h{step}"]
            found = getattr(looped, part)["h"][step]
            np.testing.assert_allclose(found.lo, expected.lo, rtol=1e-14)
            np.testing.assert_allclose(found.hi, expected.hi, rtol=1e-14)
    # The last value is the result.
    assert (float(looped.adjoints["h"].lo[2]), float(looped.adjoints["h"].hi[2])) == (1, 1)


def test_names_where_they_mean_nothing_are_refused() -> None:
    def branch(x: jax.Array) -> jax.Array:
        return lax.cond(x < 5, lambda x: checkpoint_name(x * 2, "u"), lambda x: x, x)

    with pytest.raises(ij.UnsupportedPrimitiveError, match="inside cond"):
        ij.adjoints(branch)(ij.interval(0.25, 0.5))

    def twice(x: jax.Array) -> jax.Array:
        return checkpoint_name(_scanned(x), "h")

    with pytest.raises(ValueError, match="used twice"):
        ij.adjoints(twice)(ij.interval(0.25, 0.5))


def test_an_exponent_that_is_no_float_counts_exactly() -> None:
    n = 2**24 + 1
    for derivative in (ij.jacfwd, ij.jacrev, ij.grad):
        slope = derivative(lambda x: x**n)(ij.interval(1.0, dtype=np.float32))
        assert float(slope.lo) <= n <= float(slope.hi)


def test_known_functions_that_jax_inlines_have_derivatives() -> None:
    x = ij.interval(0.25, dtype=np.float32)
    slope = ij.jacfwd(lambda x: jnp.log10(x) + special.logit(x))(x)
    exact = 4 / np.log(10) + 16 / 3
    assert float(slope.lo) <= exact <= float(slope.hi)
    assert float(slope.hi - slope.lo) < 1e-5


@pytest.mark.parametrize(
    ("function", "slopes"),
    [
        (jnp.abs, (-1, 1)),
        (jax.nn.relu, (0, 1)),
        (lambda x: jnp.minimum(x, 2 * x), (1, 2)),
        (lambda x: jnp.clip(x, 0, 1), (0, 1)),
    ],
)
def test_kinks_are_hulls_at_points_too(function: Callable, slopes: tuple[int, int]) -> None:
    least, greatest = slopes
    for box in (ij.interval(0.0), ij.interval(-0.5, 0.5)):
        for derivative in (ij.grad, ij.jacfwd, ij.jacrev):
            found = derivative(function)(box)
            assert float(found.lo) <= least
            assert greatest <= float(found.hi)
