"""``enclose``: programs contain their exact values; branches never guess; errors explain."""

from collections.abc import Callable
from fractions import Fraction
from math import inf
from typing import Any

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from jax.extend.core import Primitive
from jax.scipy import special

import interval_jax as ij
from reference import exact, oracle, points

DTYPES = [np.float32, np.float64]

FUNCTIONS: dict[str, Callable] = {
    "exp": jnp.exp,
    "expm1": jnp.expm1,
    "log": jnp.log,
    "log1p": jnp.log1p,
    "tanh": jnp.tanh,
    "logistic": jax.nn.sigmoid,
    "silu": jax.nn.silu,
    "softplus": jax.nn.softplus,
    "erf": special.erf,
    "erfc": special.erfc,
}


def ways(function: Callable, *args: Any) -> list[Any]:
    enclosed = ij.enclose(function)
    mapped = [jax.jit(jax.vmap(enclosed))(*args)] if args[0].ndim else []
    return [enclosed(*args), jax.jit(enclosed)(*args), *mapped]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_contain_their_range(name: str, dtype: type) -> None:
    lo, hi = points.intervals(dtype, 3000, 1)
    X = ij.interval(lo, hi)
    member = points.members(np.asarray(X.lo), np.asarray(X.hi), 2)
    value = oracle.tightest(name, member.astype(np.float64))
    if name in ("log", "log1p"):
        outside = member <= (0 if name == "log" else -1)
        value = oracle.Tightest(
            np.where(outside, inf, value.down), np.where(outside, -inf, value.up)
        )
    for found in ways(FUNCTIONS[name], X):
        low, high = (np.asarray(b, np.float64) for b in (found.lo, found.hi))
        assert not np.isnan(low).any()
        assert not np.isnan(high).any()
        # The oracle's two numbers are neighbours around the value: bounds of the format that
        # contain the value are outside both.
        assert np.all(low <= value.down + 0.0)
        assert np.all(value.up <= high)


def _softmax(x: list[mpmath.mpf]) -> list[mpmath.mpf]:
    total = mpmath.fsum(mpmath.exp(v) for v in x)
    return [mpmath.exp(v) / total for v in x]


PROGRAMS: dict[str, tuple[Callable, Callable]] = {
    "mean": (jnp.mean, lambda x: mpmath.fsum(x) / len(x)),
    "variance": (
        jnp.var,
        lambda x: mpmath.fsum((v - mpmath.fsum(x) / len(x)) ** 2 for v in x) / len(x),
    ),
    "norm": (jnp.linalg.norm, lambda x: mpmath.sqrt(mpmath.fsum(v * v for v in x))),
    "logsumexp": (
        jax.nn.logsumexp,
        lambda x: mpmath.log(mpmath.fsum(mpmath.exp(v) for v in x)),
    ),
    "softmax": (lambda x: jax.nn.softmax(x)[1], lambda x: _softmax(x)[1]),
    "slices": (
        lambda x: (x[::2] @ jnp.ones(2, x.dtype)) * x[1] - jnp.max(x),
        lambda x: (x[0] + x[2]) * x[1] - max(x),
    ),
    "reshape": (
        lambda x: jnp.sum(jnp.stack([x, 2 * x]).reshape(4, 2).T[0] * x),
        lambda x: x[0] * x[0] + x[2] * x[1] + 2 * x[0] * x[2] + 2 * x[2] * x[3],
    ),
    "where": (
        lambda x: jnp.sum(jnp.where(x > 0, x * x, -x)),
        lambda x: mpmath.fsum(v * v if v > 0 else -v for v in x),
    ),
    "clip": (
        lambda x: jnp.sum(jnp.clip(x, -0.5, 0.5) ** 3 + jnp.minimum(x, 0.25)),
        lambda x: mpmath.fsum(min(max(v, -0.5), 0.5) ** 3 + min(v, 0.25) for v in x),
    ),
    "elu": (
        lambda x: jnp.sum(jax.nn.elu(x) + jax.nn.relu(x) / 3.0),
        lambda x: mpmath.fsum((v if v > 0 else mpmath.expm1(v)) + max(v, 0) / 3 for v in x),
    ),
    "powers": (
        lambda x: jnp.sum(x**3 - (x * x + 1.0) ** 0.5 + 1.0 / (x**2 + 2.0) - jnp.square(x)),
        lambda x: mpmath.fsum(v**3 - mpmath.sqrt(v * v + 1) + 1 / (v * v + 2) - v * v for v in x),
    ),
    "outer": (lambda x: jnp.outer(x, x)[1].sum(), lambda x: x[1] * mpmath.fsum(x)),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_contain_exact_values(name: str, dtype: type) -> None:
    program, reference = PROGRAMS[name]
    rng = np.random.default_rng(3)
    x = rng.standard_normal((60, 4)).astype(dtype)
    r = (np.exp2(rng.uniform(-30, -2, (60, 4))) * (rng.random((60, 4)) > 0.3)).astype(dtype)
    X = ij.midrad(x, r)
    mapped = jax.jit(jax.vmap(ij.enclose(program)))(X)
    with mpmath.workprec(200):
        for i in range(60):
            z = reference([mpmath.mpf(float(v)) for v in x[i]])
            for found in (mapped[i], ij.enclose(program)(X[i]))[: 2 if i < 5 else 1]:
                assert mpmath.mpf(float(found.lo)) <= z <= mpmath.mpf(float(found.hi))


def test_undecided_branches_give_the_hull() -> None:
    X = ij.interval(-1.0, 2.0)
    for found in ways(lambda x: jnp.where(x < 0.5, x + 10, x), X):
        assert str(found) == "Interval([-1, 12], float64)"
    decided = ij.enclose(lambda x: jnp.where(x < 0.5, x + 10, x))(ij.interval(1.0, 2.0))
    assert str(decided) == "Interval([1, 2], float64)"
    logic = ij.enclose(lambda x: jnp.where((x > 0) & ~(x > 1) | (x < -5), 1.0, 0.0))
    assert str(logic(ij.interval(0.2, 0.8))) == "Interval([1, 1], float64)"
    assert str(logic(ij.interval(0.2, 1.8))) == "Interval([0, 1], float64)"
    assert str(ij.enclose(lambda x: jnp.where(x == x, x, 7.0))(X)) == str(X)
    nested = ij.enclose(lambda x: jnp.where(jnp.where(x > 0, x > 1, x < -1), 1.0, 0.0))
    assert str(nested(ij.interval(0.5, 0.75))) == "Interval([0, 0], float64)"
    assert str(nested(X)) == "Interval([0, 1], float64)"


def test_functions_are_restricted_to_their_domain() -> None:
    X = ij.interval(-1.0, 4.0)
    assert str(ij.enclose(jnp.sqrt)(X)) == "Interval([0, 2], float64)"
    assert float(ij.enclose(jnp.log)(X).lo) == -inf
    assert str(ij.enclose(lambda x: 1 / x)(X)) == "Interval([-inf, inf], float64)"
    assert bool(ij.is_empty(ij.enclose(jnp.sqrt)(ij.interval(-2.0, -1.0))))


def test_known_dependencies_are_used() -> None:
    X = ij.interval(-1.0, 1.0)
    assert str(ij.enclose(lambda x: x**2)(X)) == "Interval([0, 1], float64)"
    assert str(ij.enclose(lambda x: x * x)(X)) == "Interval([0, 1], float64)"
    wide = ij.interval(-1e4, 1e4)
    assert bool(ij.subset(ij.enclose(jax.nn.softplus)(wide), ij.interval(0.0, 1e4 + 1)))
    silu = ij.enclose(jax.nn.silu)(ij.interval(-10.0, 1.0))
    assert -0.2785 < float(silu.lo) < -0.2784


def test_a_function_of_the_same_name_is_not_mistaken() -> None:
    @jax.jit
    def silu(x: jax.Array) -> jax.Array:
        return x + 1.0

    assert str(ij.enclose(silu)(ij.interval(1.0, 2.0))) == "Interval([2, 3], float64)"


def test_constants_are_the_floats_they_are_and_their_roots_are_exact() -> None:
    """sqrt of a constant is rounded by XLA, not by the enclosure."""
    found = ij.enclose(lambda x: x * jnp.sqrt(jnp.asarray(2.0)))(ij.interval(1.0))
    assert Fraction(float(found.lo)) ** 2 < 2 < Fraction(float(found.hi)) ** 2
    third = ij.enclose(lambda x: x + jnp.asarray(1.0) / 3.0)(ij.interval(0.0))
    assert Fraction(float(third.lo)) < Fraction(1, 3) < Fraction(float(third.hi))


def test_pytrees_plain_arrays_and_keywords() -> None:
    def f(tree: dict, scale: jax.Array, *, shift: jax.Array) -> dict:
        return {"sum": tree["a"] * scale + shift, "count": jnp.arange(3)}

    tree = {"a": ij.interval(np.zeros(3), np.ones(3)), "b": jnp.ones(2)}
    found = ij.enclose(f)(tree, 2.0, shift=np.ones(3))
    assert str(found["sum"]) == "Interval([[1, 3], [1, 3], [1, 3]], float64)"
    np.testing.assert_array_equal(found["count"], [0, 1, 2])
    with pytest.raises(TypeError, match=r"functools\.partial"):
        ij.enclose(f)(tree, "2", shift=1.0)


def test_plain_results_are_enclosed_too() -> None:
    found = ij.enclose(lambda x: jnp.exp(jnp.ones(2)))(ij.interval(0.0))
    assert isinstance(found, ij.Interval)
    with mpmath.workprec(200):
        assert mpmath.mpf(float(found.lo[0])) < mpmath.e < mpmath.mpf(float(found.hi[0]))


def test_unsupported_primitives_say_what_to_do() -> None:
    X = ij.interval(np.zeros(3), np.ones(3))
    with pytest.raises(ij.UnsupportedPrimitiveError, match=r"sort.*float64\[3\].*line"):
        ij.enclose(jnp.argsort)(X)
    with pytest.raises(ij.UnsupportedPrimitiveError, match=r"igamma.*test_enclose\.py.*register"):
        ij.enclose(lambda x: jax.lax.igamma(x, x))(X)
    with pytest.raises(ij.UnsupportedPrimitiveError, match=r"complex128.*test_enclose\.py"):
        ij.enclose(lambda x: jnp.fft.fft(x).real)(X)
    with pytest.raises(TypeError, match=r"integer.*test_enclose\.py.*astype"):
        ij.enclose(lambda x: jnp.arange(3)[x[0].astype(int)])(X)
    with pytest.raises(TypeError, match="predicates"):
        ij.enclose(lambda x: x > 0.5)(X)
    with pytest.raises(ValueError, match="unknown method"):
        ij.enclose(jnp.sqrt, method="magic")
    # Unused, they do no harm.
    assert ij.enclose(lambda x: (jnp.argsort(x), x + 1)[1])(X).shape == (3,)


def test_users_add_rules() -> None:
    twice = Primitive("twice")
    twice.def_abstract_eval(lambda x: x)
    with pytest.raises(ij.UnsupportedPrimitiveError, match="twice"):
        ij.enclose(twice.bind)(ij.interval(1.0))
    ij.register(twice, lambda x: x + x)
    assert str(ij.enclose(twice.bind)(ij.interval(1.0))) == "Interval([2, 2], float64)"
    with pytest.raises(ij.UnsupportedPrimitiveError, match="derivative"):
        ij.grad(twice.bind)(ij.interval(1.0))
    one = ij.interval(2.0)
    ij.register(twice, ij.Rule(lambda x: x + x, lambda c, wanted, inputs, outputs: [c[0] * one]))
    assert str(ij.grad(twice.bind)(ij.interval(1.0))) == "Interval([2, 2], float64)"


def test_what_a_gather_fills_with_is_no_value() -> None:
    X = ij.interval(np.zeros(3), np.ones(3))
    found = ij.enclose(lambda x: jnp.take(x, jnp.array([0, 7]), mode="fill"))(X)
    np.testing.assert_array_equal(ij.is_empty(found), [False, True])


def test_integers_beyond_the_precision_are_enclosed() -> None:
    n = jnp.array([2**24 + 1, -(2**24) - 1, 2**24, 7])
    found = jax.jit(ij.enclose(lambda x, k: x + k.astype(np.float32)))(
        ij.interval(0.0, dtype=np.float32), n
    )
    for k, lo, hi in zip(n.tolist(), np.asarray(found.lo), np.asarray(found.hi), strict=True):
        assert exact.real(lo) <= k <= exact.real(hi)
    np.testing.assert_array_equal(found.lo[3:], found.hi[3:])


def test_bounds_are_differentiable() -> None:
    def upper(lo: jax.Array, hi: jax.Array) -> jax.Array:
        return ij.enclose(lambda x: jax.nn.silu(3.0 * x) + jnp.exp(x))(ij.Interval(lo, hi)).hi

    found = jax.grad(upper, argnums=(0, 1))(0.5, 1.0)
    expected = jax.grad(lambda x: jax.nn.silu(3.0 * x) + jnp.exp(x))(1.0)
    assert float(found[0]) == 0
    assert abs(float(found[1]) - float(expected)) < 1e-12


def test_compiled_programs_grow_with_their_steps_alone() -> None:
    x = ij.interval(np.ones(1000, np.float32))

    def instructions(steps: int) -> int:
        def chain(x: jax.Array, s: jax.Array, r: jax.Array) -> jax.Array:
            for _ in range(steps):
                x = jnp.log1p(x * s + r) * jnp.sqrt(x + s)
            return x

        compiled = jax.jit(ij.enclose(chain)).lower(x, x, x).compile()
        return len(compiled.as_text().splitlines())

    assert instructions(6) < 2 * instructions(3)
