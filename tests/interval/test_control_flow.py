"""Loops and branches over intervals: every run of every member is contained."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from math import inf
from typing import Any

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from jax import lax
from jax.sharding import Mesh, PartitionSpec

import interval_jax as ij
from interval_jax import _interpreter
from interval_jax._rules.control_flow import JOINED_AFTER, WIDENED_AFTER

DTYPES = [np.float32, np.float64]

Numbers = Sequence[Any]


def horner(x: jax.Array) -> jax.Array:
    return lax.scan(lambda c, a: (c * x[0] + a, None), 0.0, x)[0]


def horner_reference(x: Numbers) -> Any:
    return sum((a * x[0] ** (len(x) - 1 - i) for i, a in enumerate(x)), mpmath.mpf(0))


def differences(x: jax.Array) -> jax.Array:
    """Backward, several carried values, one an integer that indexes, stacked results."""

    def step(carry: Any, a: jax.Array) -> Any:
        k, last = carry
        return (k + 1, {"a": a}), (a - last["a"]) * x[k]

    init = (jnp.array(0), {"a": jnp.zeros((), x.dtype)})
    (_, last), found = lax.scan(step, init, x, reverse=True)
    return jnp.sum(found) + last["a"]


def differences_reference(x: Numbers) -> Any:
    previous = [*x[1:], mpmath.mpf(0)]
    pairs = list(zip(x, previous, strict=True))[::-1]
    return sum(((a - b) * x[k] for k, (a, b) in enumerate(pairs)), mpmath.mpf(0)) + x[0]


def nested(x: jax.Array) -> jax.Array:
    """A branch in a loop in a loop, under remat and a call."""

    @jax.jit
    def inner(total: jax.Array, a: jax.Array) -> jax.Array:
        def change(i: jax.Array, t: jax.Array) -> jax.Array:
            return lax.cond(t > a, lambda t: t - a * a, lambda t: t + x[i], t)

        return lax.fori_loop(0, 3, change, total)

    return lax.scan(lambda t, a: (jax.checkpoint(inner)(t, a), None), 0.0, x)[0]


def nested_reference(x: Numbers) -> Any:
    total = mpmath.mpf(0)
    for a in x:
        for i in range(3):
            total = total - a * a if total > a else total + x[i]
    return total


def halving(x: jax.Array) -> jax.Array:
    """An undecided loop with a counter that only the body uses."""

    def body(state: Any) -> Any:
        i, value = state
        return i + 1, value / 2 - 0.01 * i.astype(value.dtype)

    return lax.while_loop(lambda s: s[1] > 0.5, body, (jnp.array(0), jnp.sum(jnp.abs(x))))[1]


def halving_reference(x: Numbers) -> Any:
    value, i = sum(map(abs, x)), 0
    while value > 0.5:
        # The constant is the float that JAX uses.
        value, i = value / 2 - TINY * i, i + 1
    return value


TINY = mpmath.mpf(0)


def flagged(x: jax.Array) -> jax.Array:
    """A loop that ends by a boolean which it carries, or by its counter."""

    def body(state: Any) -> Any:
        i, value, done = state
        new = value - (value * value - 2) / (2 * value)
        return i + 1, new, done | (jnp.abs(new - value) < 0.125)

    start = (jnp.array(0), jnp.abs(x[0]) + 1, jnp.array(False))
    return lax.while_loop(lambda s: ~s[2] & (s[0] < 6), body, start)[1]


def flagged_reference(x: Numbers) -> Any:
    value = abs(x[0]) + 1
    for _ in range(6):
        value, last = value - (value * value - 2) / (2 * value), value
        if abs(value - last) < 0.125:
            break
    return value


def several(x: jax.Array) -> jax.Array:
    """Branches with several results, one passed on, one constant; one result not used."""

    def yes(x: jax.Array, n: jax.Array) -> Any:
        return x[0] * 2, jnp.array(0.5, x.dtype), x, jnp.argmax(jnp.arange(3)), n

    def no(x: jax.Array, n: jax.Array) -> Any:
        return -x[1], x[2], x, jnp.array(7), n

    a, b, same, _, n = lax.cond(x[0] > x[1], yes, no, x, jnp.array(2))
    return a + b - same[n]


def several_reference(x: Numbers) -> Any:
    return (x[0] * 2 + 0.5 if x[0] > x[1] else -x[1] + x[2]) - x[2]


def switched(x: jax.Array) -> jax.Array:
    """A plain choice in every step."""
    branches = [lambda v: v * v, lambda v: -v, lambda v: jnp.where(v > 0, v, 1.0)]
    return jnp.sum(lax.map(lambda v: lax.switch(v[0], branches, v[1]), (jnp.arange(4) % 3, x)))


def switched_reference(x: Numbers) -> Any:
    return x[0] ** 2 - x[1] + (x[2] if x[2] > 0 else 1) + x[3] ** 2


def mapped(x: jax.Array) -> jax.Array:
    """vmap turns branches into selections, and loops into loops while any element goes on."""

    def one(v: jax.Array) -> jax.Array:
        v = lax.cond(v > 0.25, lambda v: v * 3, lambda v: v - 1, v)
        return lax.while_loop(lambda v: v > 1, lambda v: v / 2, v)

    return jnp.sum(jax.vmap(one)(x))


def mapped_reference(x: Numbers) -> Any:
    total = mpmath.mpf(0)
    for v in x:
        value = v * 3 if v > 0.25 else v - 1
        while value > 1:
            value /= 2
        total += value
    return total


@jax.custom_jvp
def cube(x: jax.Array) -> jax.Array:
    return x * x * x


cube.defjvp(lambda primals, tangents: (cube(primals[0]), tangents[0]))


@jax.custom_vjp
def plus_one(x: jax.Array) -> jax.Array:
    return x + 1


plus_one.defvjp(lambda x: (plus_one(x), None), lambda _, c: (c,))


def custom(x: jax.Array) -> jax.Array:
    return lax.fori_loop(0, 4, lambda i, t: t + plus_one(cube(x[i])), jnp.zeros((), x.dtype))


def custom_reference(x: Numbers) -> Any:
    return sum((v**3 + 1 for v in x), mpmath.mpf(0))


PROGRAMS: dict[str, tuple[Callable, Callable]] = {
    "horner": (horner, horner_reference),
    "differences": (differences, differences_reference),
    "nested": (nested, nested_reference),
    "halving": (halving, halving_reference),
    "flagged": (flagged, flagged_reference),
    "several": (several, several_reference),
    "switched": (switched, switched_reference),
    "mapped": (mapped, mapped_reference),
    "custom": (custom, custom_reference),
}


def boxes(dtype: type, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Boxes, and a member of each."""
    rng = np.random.default_rng(7)
    x = rng.standard_normal((count, 4)).astype(dtype)
    r = (np.exp2(rng.uniform(-20, -1, (count, 4))) * (rng.random((count, 4)) > 0.3)).astype(dtype)
    return x - r, x + r, np.clip(x + r * rng.uniform(-1, 1, r.shape).astype(dtype), x - r, x + r)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_contain_every_run(name: str, dtype: type, monkeypatch: Any) -> None:
    program, reference = PROGRAMS[name]
    monkeypatch.setitem(globals(), "TINY", mpmath.mpf(float(dtype(0.01))))
    enclosed = ij.enclose(program)
    lo, hi, member = boxes(dtype, 200)
    X = ij.interval(lo, hi)
    mapped = jax.jit(jax.vmap(enclosed))
    found = mapped(X)
    # Containment of a point, and isotonicity: the point is a box inside the box.
    points = mapped(ij.interval(member))
    assert bool(jnp.all(ij.subset(points, found)))
    alone = [(enclosed if dtype is np.float64 else jax.jit(enclosed))(X[0])]
    with mpmath.workprec(600):
        for i in range(200):
            z = reference([mpmath.mpf(float(v)) for v in member[i]])
            for result in (found[i], points[i], *alone[i : i + 1]):
                assert mpmath.mpf(float(result.lo)) <= z <= mpmath.mpf(float(result.hi))
    # Most boxes are enclosed by something useful.
    assert np.median(np.asarray(ij.wid(found))) < 20


def test_decided_branches_are_not_hulled() -> None:
    f = ij.enclose(lambda x: lax.cond(x > 0.5, lambda x: x + 10, lambda x: x, x))
    assert str(f(ij.interval(1.0, 2.0))) == "Interval([11, 12], float64)"
    assert str(f(ij.interval(-1.0, 0.25))) == "Interval([-1, 0.25], float64)"
    assert str(f(ij.interval(-1.0, 2.0))) == "Interval([-1, 12], float64)"


def test_branches_may_give_different_kinds() -> None:
    def f(x: jax.Array, n: jax.Array) -> jax.Array:
        value = lax.cond(n > 0, lambda: x, lambda: jnp.array(3.0))
        above = lax.cond(n > 0, lambda: jnp.array(True), lambda: x > 0)
        return jnp.where(above, value, -1.0)

    X = ij.interval(-1.0, 2.0)
    assert str(ij.enclose(f)(X, 1)) == "Interval([-1, 2], float64)"
    assert str(ij.enclose(f)(X, 0)) == "Interval([-1, 3], float64)"


def test_booleans_that_a_branch_returns_may_be_undecided() -> None:
    def f(x: jax.Array, limit: jax.Array) -> jax.Array:
        return jnp.where(lax.cond(x > 0, lambda: x > limit, lambda: x < 5), 1.0, 0.0)

    X = ij.interval(-1.0, 2.0)
    assert str(ij.enclose(f)(X, 3.0)) == "Interval([0, 1], float64)"
    assert str(ij.enclose(f)(X, 1.0)) == "Interval([0, 1], float64)"
    assert str(ij.enclose(f)(X, -3.0)) == "Interval([1, 1], float64)"


def test_mapped_loops_are_left_element_by_element() -> None:
    def halve(x: jax.Array) -> jax.Array:
        return lax.while_loop(lambda s: s > 1, lambda s: s / 2, x)

    X = ij.interval([0.5, 5.0, 100.0], [0.75, 9.0, 101.0])
    inside, outside = ij.enclose(jax.vmap(halve))(X), jax.vmap(ij.enclose(halve))(X)
    assert str(inside) == str(outside)
    assert str(inside[0]) == "Interval([0.5, 0.75], float64)"
    doubled = ij.enclose(jax.vmap(lambda x, n: lax.fori_loop(0, n, lambda _, t: 2 * t, x)))
    found = doubled(X, jnp.array([0, 3, 1]))
    np.testing.assert_array_equal(found.lo, [0.5, 40.0, 200.0])
    np.testing.assert_array_equal(found.hi, [0.75, 72.0, 202.0])


def test_switch_on_an_undecided_boolean() -> None:
    branches = [lambda x: x, lambda x: x + 10, lambda x: x + 100]
    f = ij.enclose(lambda x: lax.switch((x > 0.5).astype(np.int32), branches, x))
    assert str(f(ij.interval(-1.0, 2.0))) == "Interval([-1, 12], float64)"
    assert str(f(ij.interval(1.0, 2.0))) == "Interval([11, 12], float64)"
    assert str(f(ij.interval(-1.0, 0.0))) == "Interval([-1, 0], float64)"
    mapped = ij.enclose(jax.vmap(lambda x: lax.switch((x > 0.5).astype(int), branches[:2], x)))
    found = mapped(ij.interval([-1.0, -1.0], [2.0, 0.0]))
    assert str(found) == "Interval([[-1, 12], [-1, 0]], float64)"


def test_dependencies_are_known_inside_a_branch() -> None:
    f = ij.enclose(lambda x: lax.cond(x > 0, lambda: x * x, lambda: x * x + 1))
    assert str(f(ij.interval(-1.0, 2.0))) == "Interval([0, 5], float64)"


def test_a_loop_on_a_decided_condition_is_followed_to_its_end() -> None:
    f = ij.enclose(lambda x: lax.while_loop(lambda s: s < 1e4, lambda s: s + 1.0, x))
    many = WIDENED_AFTER * 5
    assert str(f(ij.interval(1e4 - many - 0.5))) == "Interval([10000.5, 10000.5], float64)"


def test_a_loop_that_repeats_is_left() -> None:
    """Members leave at 0.5 or never: what they go through is a fixed set."""
    f = jax.jit(ij.enclose(lambda x: lax.while_loop(lambda s: s != 0.5, lambda s: s * s, x)))
    assert str(f(ij.interval(0.0, 1.0))) == "Interval([0, 1], float64)"
    assert bool(ij.is_empty(f(ij.interval(0.75))) | (f(ij.interval(0.75)).lo <= 0.5))
    forever = ij.enclose(lambda x: lax.while_loop(lambda s: s < 2, lambda s: s * s, x))
    assert bool(ij.is_empty(forever(ij.interval(0.0, 1.0))))


def test_states_that_alternate_are_joined() -> None:
    f = ij.enclose(lambda x: lax.while_loop(lambda s: (s > -1) & (s != 0.25), lambda s: 1 - s, x))
    assert str(f(ij.interval(0.0, 0.5))) == "Interval([0, 1], float64)"


def test_a_loop_without_an_end_is_widened() -> None:
    def f(x: jax.Array) -> tuple[jax.Array, jax.Array]:
        def body(s: Any) -> Any:
            return s[0] + 1, s[1], s[2] * 2

        _, y, z = lax.while_loop(lambda s: (s[2] != 0.5) & (s[0] > -1), body, (0, x, x))
        return y, z

    same, widened = ij.enclose(f)(ij.interval(-1.0, 1.0))
    assert str(same) == "Interval([-1, 1], float64)"
    assert bool(ij.is_entire(widened))


def test_integers_that_depend_on_intervals_are_bounded() -> None:
    def count(x: jax.Array) -> tuple[jax.Array, jax.Array]:
        return lax.while_loop(lambda s: s[1] > 1, lambda s: (s[0] + 1, s[1] / 2), (0, x))

    X = ij.interval(5.0, 9.0)
    with pytest.raises(TypeError, match=r"integer.*control_flow\.py.*astype"):
        ij.enclose(count)(X)
    assert str(ij.enclose(lambda x: count(x)[0].astype(float))(X)) == "Interval([3, 4], float64)"
    assert float(ij.enclose(lambda x: count(x)[1])(X).hi) <= 1.125
    floats = ij.enclose(
        lambda x: lax.while_loop(lambda s: s[1] > 1, lambda s: (s[0] + 1, s[1] / 2), (0.0, x))[0]
    )
    assert str(floats(X)) == "Interval([3, 4], float64)"
    chosen = ij.enclose(lambda x: 10.0 * lax.cond(x > 6, lambda: 1, lambda: 2))
    assert str(chosen(X)) == "Interval([10, 20], float64)"
    assert int(ij.enclose(lambda x, n: lax.cond(n > 6, lambda: 1, lambda: 2))(X, 3)) == 2


def test_errors_name_the_line_inside_the_body() -> None:
    def transformed(c: jax.Array, v: jax.Array) -> Any:
        return c + jnp.fft.fft(jnp.array([v])).real[0], None  # the line

    line = transformed.__code__.co_firstlineno + 1
    X = ij.interval(np.zeros(3), np.ones(3))
    with pytest.raises(ij.UnsupportedPrimitiveError) as error:
        ij.enclose(lambda x: lax.scan(transformed, 0.0, x)[0])(X)
    message = str(error.value)
    assert f"test_control_flow.py:{line}" in message
    assert "in scan(float64[], float64[3]) at" in message
    # What nobody needs, inside a loop too, does no harm.
    unused = ij.enclose(lambda x: lax.scan(lambda c, v: (c + v, transformed(v, c)[0]), 0.0, x)[0])
    assert str(unused(X)) == "Interval([0, 3], float64)"
    dead = ij.enclose(
        lambda x: lax.scan(lambda c, v: ((c[0] + v, transformed(*c)[0]), None), (0.0, 0.0), x)[0][0]
    )
    assert str(dead(X)) == "Interval([0, 3], float64)"


def test_matrix_products_in_a_body_choose_the_fast_rules() -> None:
    A = np.eye(3)

    def f(x: jax.Array) -> jax.Array:
        return lax.scan(lambda c, _: (jax.nn.silu(A @ c), None), x, None, length=2)[0]

    X = ij.interval(np.full(3, 0.3))
    widths = {
        accuracy: ij.wid(ij.enclose(f, accuracy=accuracy)(X)) for accuracy in ("tight", "fast")
    }
    np.testing.assert_array_equal(ij.wid(ij.enclose(f)(X)), widths["fast"])
    assert bool(jnp.all(widths["tight"] < widths["fast"]))


def test_the_length_of_a_scan_does_not_enter_its_program() -> None:
    def f(x: jax.Array) -> jax.Array:
        def step(c: jax.Array, v: jax.Array) -> Any:
            return c * 0.5 + jnp.exp(v), lax.cond(c > v, lambda: c, lambda: v * v)

        return jnp.sum(lax.scan(step, 0.0, x)[1])

    def program(length: int) -> tuple[Any, float]:
        X = ij.interval(np.zeros(length), np.ones(length))
        start = time.perf_counter()
        lowered = jax.jit(ij.enclose(f)).lower(X)
        lowered.compile()
        return lowered.as_text().count("\n"), time.perf_counter() - start

    program(5)
    short, long = program(10), program(10_000)
    # Seconds are another test's: here a factor that no noise reaches, but an unrolled loop does.
    assert long[0] <= short[0] * 1.05
    assert long[1] < short[1] * 20


def test_scans_of_length_zero_and_without_inputs() -> None:
    X = ij.interval(1.0, 2.0)
    none = ij.enclose(lambda x: lax.scan(lambda c, v: (c * v, c), x, jnp.zeros(0)))(X)
    assert str(none[0]) == "Interval([1, 2], float64)"
    assert none[1].shape == (0,)
    twice = ij.enclose(lambda x: lax.scan(lambda c, _: (2 * c, None), x, None, length=3))(X)
    assert str(twice[0]) == "Interval([8, 16], float64)"
    assert twice[1] is None


def test_bounds_of_loops_and_branches_are_differentiable() -> None:
    def upper(h: jax.Array) -> jax.Array:
        def f(x: jax.Array) -> jax.Array:
            x = lax.scan(lambda c, _: (c * c + 1, None), x, None, length=2)[0]
            return lax.cond(x > 3, lambda x: 3 * x, lambda x: x, x)

        return ij.enclose(f)(ij.Interval(jnp.asarray(0.5), h)).hi

    # 3 ((h^2 + 1)^2 + 1)
    np.testing.assert_allclose(jax.grad(upper)(2.0), 12 * 2.0 * 5.0, rtol=1e-12)


def test_shard_map_of_an_enclosed_function() -> None:
    mesh = Mesh(np.array(jax.devices()[:1]), ("batch",))
    sharded = partial(
        jax.shard_map, mesh=mesh, in_specs=PartitionSpec("batch"), out_specs=PartitionSpec("batch")
    )

    def f(x: jax.Array) -> jax.Array:
        total = lax.scan(lambda c, v: (c + v * v, None), 0.0, x)[0]
        total = lax.while_loop(lambda s: s > 1, lambda s: s / 2, total)
        return lax.cond(total > 0.75, lambda x: x + total, lambda x: jnp.zeros(3), x)

    X = ij.interval(np.zeros((2, 3)), np.full((2, 3), 0.75))
    enclosed = jax.vmap(ij.enclose(f))
    expected, found = enclosed(X), jax.jit(sharded(enclosed))(X)
    np.testing.assert_array_equal(found.lo, expected.lo)
    np.testing.assert_array_equal(found.hi, expected.hi)


def test_static_arguments_and_closures() -> None:
    table = jnp.array([1.0, 2.0, 3.0])

    def f(n: int, x: jax.Array, *, mode: str, scale: float) -> jax.Array:
        total = x * scale
        for k in range(n):
            total = total + table[k] if mode == "add" else total * table[k]
        return total

    enclosed = ij.enclose(f, static_argnums=0, static_argnames="mode")
    X = ij.interval(1.0, 2.0)
    assert str(enclosed(2, X, mode="add", scale=2.0)) == "Interval([5, 7], float64)"
    assert str(enclosed(3, X, mode="mul", scale=1.0)) == "Interval([6, 12], float64)"
    last = ij.enclose(lambda x, name: {name: x}, static_argnums=-1)
    assert str(last(X, "y")["y"]) == "Interval([1, 2], float64)"
    # Arrays and intervals closed over, under jit and vmap.
    scale = jnp.array([[2.0], [3.0]])
    both = jax.jit(
        jax.vmap(
            lambda s: ij.enclose(
                lambda x: lax.fori_loop(0, 2, lambda i, t: t * s[0] + table[i], x)
            )(X)
        )
    )(scale)
    np.testing.assert_array_equal(both.lo, [8.0, 14.0])
    np.testing.assert_array_equal(both.hi, [12.0, 23.0])


def test_members_that_have_no_value_leave_no_trace() -> None:
    """The root of a negative number is none: its loop has no result."""
    f = ij.enclose(lambda x: lax.while_loop(lambda s: s > 2, jnp.sqrt, x))
    assert bool(ij.is_empty(f(ij.empty())))
    found = f(ij.interval(-1.0, 16.0))
    assert float(found.lo) == -1
    assert float(found.hi) < inf
    assert JOINED_AFTER < WIDENED_AFTER


def test_enclosing_a_shard_map() -> None:
    mesh = Mesh(np.array(jax.devices()[:1]), ("i",))
    spec = PartitionSpec("i")

    def local(x: jax.Array) -> tuple[jax.Array, jax.Array]:
        largest = jnp.argmax(x).astype(x.dtype)
        return x * x + lax.psum(x, "i"), lax.scan(lambda c, v: (c + v, None), largest, x)[0][None]

    f = jax.shard_map(local, mesh=mesh, in_specs=spec, out_specs=(spec, spec))
    X = ij.interval([-1.0, 1.0], [2.0, 3.0])
    for enclosed in (ij.enclose(f), jax.jit(ij.enclose(f))):
        found, total = enclosed(X)
        assert str(found) == "Interval([[-1, 6], [2, 12]], float64)"
        assert str(total) == "Interval([[0, 6]], float64)"
    rows = ij.enclose(jax.vmap(f))(ij.interval(jnp.zeros((3, 2)), jnp.ones((3, 2))))
    assert rows[0].shape == (3, 2)


def test_equal_loops_and_branches_are_compiled_once() -> None:
    def halved(x: ij.Interval, times: int, factor: float, shift: np.ndarray) -> ij.Interval:
        def body(c: jax.Array, _: None) -> tuple[jax.Array, None]:
            return c * factor + shift, None

        return ij.enclose(lambda x: lax.scan(body, x, None, times)[0])(x)

    X, one = ij.interval(8.0, 16.0), np.ones(())
    assert str(halved(X, 2, 0.5, 0 * one)) == "Interval([2, 4], float64)"
    known = list(_interpreter._COMPILED)
    assert str(halved(X + 8.0, 2, 0.5, 0 * one)) == "Interval([4, 6], float64)"
    assert list(_interpreter._COMPILED) == known
    # Another length, literal, constant or type is another program.
    assert str(halved(X, 3, 0.5, 0 * one)) == "Interval([1, 2], float64)"
    assert str(halved(X, 2, 0.25, 0 * one)) == "Interval([0.5, 1], float64)"
    assert str(halved(X, 2, 0.5, 4 * one)) == "Interval([8, 10], float64)"
    single = halved(X.astype(np.float32), 2, 0.5, np.zeros((), np.float32))
    assert str(single) == "Interval([2, 4], float32)"
    # So is one of which another result is needed.
    both = [
        ij.enclose(lambda x, i=i: lax.cond(x[0] > 0, lambda: (x, 2 * x), lambda: (3 * x, x))[i])
        for i in (0, 1)
    ]
    Y = ij.interval([-1.0], [1.0])
    assert [str(f(Y)) for f in both] == [
        "Interval([[-3, 3]], float64)",
        "Interval([[-2, 2]], float64)",
    ]


def test_a_new_enclosure_is_used_in_loops() -> None:
    @ij.custom_enclosure
    def same(x: jax.Array) -> jax.Array:
        return x

    f = ij.enclose(lambda x: lax.scan(lambda c, _: (same(c), None), x, None, 2)[0])
    for width in (1.0, 2.0):
        same.def_enclosure(lambda x, width=width: x + ij.interval(0.0, width))
        assert str(f(ij.interval(0.0))) == f"Interval([0, {2 * width:g}], float64)"
