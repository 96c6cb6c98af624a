"""Decorations: what they state holds, through every operation, and NaI never turns into a value."""

import inspect
from math import inf

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import interval_jax as ij
from interval_jax._decorated import decorable

ILL, TRV, DEF, DAC, COM = ij.Decoration

IEEE_FUNCTIONS = """
    pos neg add sub mul div recip sqr sqrt fma pown exp exp2 exp10 log log2 log10 log1p expm1
    sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh sign ceil floor trunc
    round_ties_to_even round_ties_to_away abs min max cancel_plus cancel_minus mul_rev_to_pair
    intersection convex_hull inf sup mid rad wid mag mig mid_rad is_empty is_entire is_member
    is_singleton is_common_interval equal subset interior disjoint less strict_less precedes
    strict_precedes overlap pow sqr_rev abs_rev mul_rev sin_rev cos_rev tan_rev cosh_rev
    atan2_rev1 atan2_rev2
""".split()


def test_names() -> None:
    assert [str(d) for d in ij.Decoration] == ["ill", "trv", "def", "dac", "com"]
    assert sorted(ij.Decoration) == list(ij.Decoration)


def parts(x: ij.DecoratedInterval) -> tuple[list, list, list]:
    return x.interval.lo.tolist(), x.interval.hi.tolist(), x.decoration.tolist()


# --- construction -------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_new_decorations_are_the_strongest(dtype: type) -> None:
    x = ij.Interval(
        jnp.asarray([1, 0, -inf, -inf, inf], dtype), jnp.asarray([2, inf, 5, inf, -inf], dtype)
    )
    assert ij.decorate(x).decoration.tolist() == [COM, DAC, DAC, DAC, TRV]
    assert ij.decorate(x).dtype == dtype
    assert ij.decorate(x).decoration.dtype == np.uint8


def test_set_decorations_are_weakened_to_what_can_hold() -> None:
    x = ij.interval(["[1, 2]", "[0,]", "[entire]", "[empty]"])
    expected = {
        "com": [COM, DAC, DAC, TRV],
        "dac": [DAC, DAC, DAC, TRV],
        "def": [DEF, DEF, DEF, TRV],
        "trv": [TRV, TRV, TRV, TRV],
        "ill": [ILL, ILL, ILL, ILL],
    }
    for name, decorations in expected.items():
        X = ij.decorate(x, name)
        assert X.decoration.tolist() == decorations
        assert ij.decorate(x, ij.Decoration.of(name)).decoration.tolist() == decorations
        assert ij.is_nai(X).tolist() == [name == "ill"] * 4
    each = ij.decorate(ij.interval(1.0, 2.0), np.array([COM, DEF, ILL]))
    assert parts(each) == ([1, 1, inf], [2, 2, -inf], [COM, DEF, ILL])


def test_parts_come_back() -> None:
    x = ij.interval([1.0, 2.0], [3.0, 4.0])
    X = ij.decorate(x, np.array([DAC, ILL]))
    assert bool(ij.equal(ij.interval_part(X), ij.interval(["[1, 3]", "[empty]"])).all())
    assert ij.decoration_part(X).tolist() == [DAC, ILL]
    assert ij.decoration_part(x).tolist() == [COM, COM]
    assert ij.decorate(X) is X


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ij.decorate(ij.interval(1.0), "foo"), ValueError, "com, dac, def, trv and ill"),
        (lambda: ij.decorate(1.0, 5), ValueError, "0, 4, 8, 12 or 16"),
        (lambda: ij.decorate(1.0, [16, -1]), ValueError, "0, 4, 8, 12 or 16"),
        (lambda: ij.decorate(ij.decorate(1.0), "trv"), TypeError, "interval_part"),
        (lambda: ij.decorate("[1]_def", "trv"), TypeError, "text is decorated"),
        (lambda: ij.interval(ij.decorate(1.0)), TypeError, "interval_part"),
        (lambda: ij.decorate(1.0) @ ij.decorate(1.0), TypeError, "unsupported operand"),
        (lambda: bool(ij.decorate(1.0)), TypeError, "undecided"),
        (lambda: ij.decorate(1.0) == 1.0, TypeError, "equal, subset"),
    ],
)
def test_misuse_is_explained(call: object, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        call()  # type: ignore[operator]


# --- propagation --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "arguments", "expected"),
    [
        (ij.add, "[1,2]_com [3,4]_com", "[4,6]_com"),
        (ij.add, "[1,2]_com [3,4]_trv", "[4,6]_trv"),
        (ij.add, "[1,2]_def [3,4]_dac", "[4,6]_def"),
        (ij.mul, "[1e300,1e308]_com [1,100]_com", "[1e300,inf]_dac"),
        (ij.mul, "[1,2]_com [empty]", "[empty]_trv"),
        (ij.div, "[1,2]_com [1,2]_com", "[0.5,2]_com"),
        (ij.div, "[1,2]_com [0,2]_com", "[0.5,inf]_trv"),
        (ij.div, "[1,2]_com [0]_com", "[empty]_trv"),
        (ij.recip, "[-1,1]", "[entire]_trv"),
        (ij.sqrt, "[0,4]_com", "[0,2]_com"),
        (ij.sqrt, "[-1,4]_com", "[0,2]_trv"),
        (ij.sqrt, "[4,inf]", "[2,inf]_dac"),
        (ij.log, "[1]", "[0]_com"),
        (ij.log, "[0,1]", "[-inf,0]_trv"),
        (ij.exp, "[0]_def", "[1]_def"),
        (ij.exp, "[entire]", "[0,inf]_dac"),
        (ij.max, "[1,2] [0,inf]", "[1,inf]_dac"),
        (ij.intersection, "[1,2]_com [1,3]_com", "[1,2]_trv"),
        (ij.convex_hull, "[1,2]_com [2,3]_com", "[1,3]_trv"),
        (ij.relu, "[-1,2]_dac", "[0,2]_dac"),
    ],
)
def test_results_are_decorated(function: object, arguments: str, expected: str) -> None:
    value = function(*map(ij.decorate, arguments.split()))  # type: ignore[operator]
    wanted = ij.decorate(expected)
    assert parts(value) == parts(wanted)


def test_integer_powers_are_undefined_at_zero_only_for_negative_exponents() -> None:
    X = ij.decorate("[-1, 2]")
    assert [int((X**n).decoration) for n in (3, 0, -1)] == [COM, COM, TRV]
    assert int((ij.decorate("[1, 2]") ** -2).decoration) == COM


def test_continuity_on_the_box_and_at_its_points_are_told_apart() -> None:
    def constant(x: ij.Interval) -> jax.Array:
        return jnp.sign(x.lo) == jnp.sign(x.hi)

    def smooth(x: ij.Interval) -> jax.Array:
        return (x.lo > 0) | (x.hi < 0)

    @decorable(continuous=constant, common=smooth)
    def step(x: "Any") -> ij.Interval:  # type: ignore[name-defined]  # noqa: F821
        return ij.Interval(jnp.sign(x.lo), jnp.sign(x.hi))

    X = ij.decorate(["[1, 2]", "[0]", "[0, 1]"])
    assert step(X).decoration.tolist() == [COM, DAC, DEF]


def test_bare_operands_and_numbers_are_decorated_first() -> None:
    X = ij.decorate(ij.interval([1.0, 1.0], [2.0, 2.0]))
    for value in (X + 1, 1 + X, X + ij.interval(1.0), ij.interval(1.0) + X, np.ones(2) + X):
        assert parts(value) == ([2, 2], [3, 3], [COM, COM])
    assert (X * ij.entire()).decoration.tolist() == [DAC, DAC]
    assert (X * ij.empty()).decoration.tolist() == [TRV, TRV]
    assert (1 / X).decoration.tolist() == [COM, COM]
    assert (X / 0).decoration.tolist() == [TRV, TRV]
    assert (X - X).interval.lo.tolist() == [-1, -1]
    assert ij.add(y=X, x=ij.interval(1.0)).decoration.tolist() == [COM, COM]
    assert int((ij.decorate(1.0) / ij.interval(np.array(1e300))).decoration) == COM


def test_not_an_interval_stays_so() -> None:
    X = ij.decorate(ij.interval([1.0, 1.0], [2.0, 2.0]), np.array([COM, ILL]))
    two = ij.decorate(ij.interval(2.0))
    for value in (
        X + two, two - X, X * X, X / two, X**2, -X, abs(X), +X,
        ij.sqrt(X), ij.log(X), ij.min(X, two), ij.fma(two, X, two),
        ij.intersection(X, two), ij.cancel_minus(X, two), X.astype(np.float32),
    ):  # fmt: skip
        assert ij.is_nai(value).tolist() == [False, True]
        assert ij.is_empty(value.interval).tolist()[1]
    for predicate in (ij.is_empty, ij.is_entire, ij.is_singleton, ij.is_common_interval):
        assert not predicate(X)[1]
    for relation in (ij.equal, ij.subset, ij.disjoint, ij.less, ij.precedes, ij.interior):
        assert not relation(X, X)[1]
        assert not relation(ij.decorate("[empty]"), X)[1]
    assert not ij.is_member(1.0, X)[1]
    for number in (ij.inf, ij.sup, ij.mid, ij.rad, ij.wid, ij.mag, ij.mig):
        assert np.isnan(number(X)).tolist() == [False, True]
    assert [np.isnan(n).tolist() for n in ij.mid_rad(X)] == [[False, True]] * 2


def test_results_that_mix_elements_have_the_weakest_decoration_of_them() -> None:
    x = ij.interval(np.arange(6.0).reshape(2, 3))
    X = ij.decorate(x, np.array([[COM, DEF, DAC], [COM, COM, ILL]]))
    each = ij.softmax(X)
    assert each.decoration.tolist() == [[DEF] * 3, [ILL] * 3]
    assert ij.is_empty(each.interval)[1].all()
    assert ij.logsumexp(X, axis=1).decoration.tolist() == [DEF, ILL]


def test_several_results_are_decorated_each() -> None:
    b, c = ij.decorate(["[1, 2]", "[-1, 1]", "[nai]"]), ij.decorate("[1, 4]")
    first, second = ij.mul_rev_to_pair(b, c)
    assert first.decoration.tolist() == [COM, TRV, ILL]
    assert second.decoration.tolist() == [TRV, TRV, ILL]


def test_statements_hold_on_random_boxes() -> None:
    """What is decorated def has a value at every sampled point, com a finite range."""
    rng = np.random.default_rng(0)
    lo = rng.normal(0.5, 1, (2, 4000))
    hi = lo + np.exp(rng.normal(-1, 1, lo.shape))

    def f(x: object, y: object) -> ij.DecoratedInterval:
        return ij.sqrt(x) / y + ij.log(ij.sub(1.5, x)) * ij.recip(y)  # type: ignore[return-value]

    X, Y = (ij.decorate(ij.interval(lo[i], hi[i])) for i in (0, 1))
    value = jax.jit(f)(X, Y)
    decoration = np.asarray(value.decoration)
    inside = (lo[0] >= 0) & (hi[0] < 1.5) & ((lo[1] > 0) | (hi[1] < 0))
    np.testing.assert_array_equal(decoration == COM, inside)
    np.testing.assert_array_equal(decoration >= DEF, inside)
    assert 100 < inside.sum() < 3900
    finite = np.isfinite(value.interval.lo) & np.isfinite(value.interval.hi)
    assert finite[decoration == COM].all()


PARTIAL = {
    "recip": lambda x: x != 0,
    "sqrt": lambda x: x >= 0,
    "log": lambda x: x > 0,
    "log2": lambda x: x > 0,
    "log10": lambda x: x > 0,
    "log1p": lambda x: x > -1,
    "asin": lambda x: abs(x) <= 1,
    "acos": lambda x: abs(x) <= 1,
    "acosh": lambda x: x >= 1,
    "atanh": lambda x: abs(x) < 1,
}
"""The domains of the functions that are not defined everywhere and continuous in their domain."""


@pytest.mark.parametrize("name", PARTIAL)
def test_domains(name: str) -> None:
    """A box has the decoration com if and only if it lies in the domain, at its ends also."""
    inside = PARTIAL[name]
    special = [-1.0, 0.0, 1.0]
    near = [np.nextafter(s, s + d) for s in special for d in (-1, 1) if s] + [-5e-300, 5e-300]
    ends = np.array([-1e300, -3.0, -0.5, 0.5, 3.0, 1e300, *special, *near])
    lo, hi = (grid.ravel() for grid in np.meshgrid(ends, ends))
    lo, hi = lo[lo <= hi], hi[lo <= hi]
    value = getattr(ij, name)(ij.decorate(ij.interval(lo, hi)))
    # Every domain is an interval, but that of recip.
    within = inside(lo) & inside(hi) & ((name != "recip") | (np.sign(lo) == np.sign(hi)))
    np.testing.assert_array_equal(np.asarray(value.decoration) == COM, within)
    np.testing.assert_array_equal(np.asarray(value.decoration) > TRV, within)


@pytest.mark.parametrize(
    ("name", "jump"),
    [
        ("sign", lambda x: x == 0),
        ("floor", lambda x: x == np.floor(x)),
        ("ceil", lambda x: x == np.floor(x)),
        ("trunc", lambda x: (x == np.floor(x)) & (x != 0)),
        ("round_ties_to_even", lambda x: x - np.floor(x) == 0.5),
        ("round_ties_to_away", lambda x: x - np.floor(x) == 0.5),
    ],
)
def test_steps(name: str, jump: object) -> None:
    """def everywhere; dac where the function is constant; com where no jump is in the box."""
    ends = np.arange(-3, 3.25, 0.25)
    lo, hi = (grid.ravel() for grid in np.meshgrid(ends, ends))
    lo, hi = lo[lo <= hi], hi[lo <= hi]
    value = getattr(ij, name)(ij.decorate(ij.interval(lo, hi)))
    constant = np.asarray(value.interval.lo == value.interval.hi)
    jumps = [np.any(jump(ends[(a <= ends) & (ends <= b)])) for a, b in zip(lo, hi)]  # type: ignore[operator]
    expected = np.where(constant, np.where(jumps, DAC, COM), DEF)
    np.testing.assert_array_equal(value.decoration, expected)


# --- an array, a pytree, a function ---------------------------------------------------------


def test_array_behaviour() -> None:
    X = ij.decorate([["[1, 2]", "[3, 4]_trv", "[5, 6]"], ["[nai]", "[0,]", "[empty]"]])
    assert (X.shape, X.ndim, X.size, len(X)) == ((2, 3), 2, 6, 2)
    assert X.dtype == np.float64
    assert int(X[0, 1].decoration) == TRV
    assert X.T.shape == (3, 2)
    assert X.reshape(6)[3].decoration == ILL
    assert [row.shape for row in X] == [(3,), (3,)]
    narrow = ij.decorate("[1, 1e300]").astype(np.float32)
    assert (narrow.dtype, int(narrow.decoration)) == (np.float32, DAC)


def test_display() -> None:
    assert repr(ij.decorate("[1, 2]_def")) == "DecoratedInterval([1, 2]_def, float64)"
    X = ij.decorate(["[nai]", "[empty]"])
    assert repr(X) == "DecoratedInterval([[nai], [empty]_trv], float64)"
    large = ij.decorate(np.zeros(2000))
    assert "shape=(2000,)" in repr(large)
    traced = []
    jax.jit(lambda x: traced.append(repr(x)) or x)(X)
    assert "decoration=" in traced[0]


def test_transformations_of_jax() -> None:
    X = ij.decorate(ij.interval([1.0, -1.0, 4.0], [2.0, 4.0, 9.0]), np.array([COM, COM, ILL]))

    def f(x: ij.DecoratedInterval) -> ij.DecoratedInterval:
        return ij.sqrt(x) + 1

    for value in (f(X), jax.jit(f)(X), jax.vmap(f)(X)):
        assert value.decoration.tolist() == [COM, TRV, ILL]
    leaves, tree = jax.tree.flatten(X)
    assert len(leaves) == 3
    assert isinstance(jax.tree.unflatten(tree, leaves), ij.DecoratedInterval)

    def width(hi: jax.Array) -> jax.Array:
        return ij.wid(ij.sqr(ij.decorate(ij.Interval(jnp.ones_like(hi), hi))))  # type: ignore[arg-type]

    assert float(jax.grad(width)(jnp.float64(3))) == 6


def test_bare_calls_are_untouched() -> None:
    assert isinstance(ij.add(ij.interval(1.0), 2.0), ij.Interval)
    assert list(inspect.signature(ij.pown).parameters) == ["x", "n"]
    assert "non-negative" in (ij.sqrt.__doc__ or "")


@pytest.mark.parametrize("name", IEEE_FUNCTIONS)
def test_every_function_of_the_standard_accepts_decorations(name: str) -> None:
    function = getattr(ij, name)
    assert inspect.unwrap(function).__code__ is not function.__code__
    assert function.__code__ is ij.add.__code__  # decorable's wrapper
