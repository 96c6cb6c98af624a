"""The rounding floor: directed operations are tight, and XLA's habits do not reach them.

The hazards are tested from both sides: what the library does is exact, and the naive formula
that it avoids is seen to fail where a backend has the habit (so that a change of XLA shows).
"""

from collections.abc import Callable
from fractions import Fraction
from math import inf

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from interval_jax import _rounding as rd
from interval_jax._rounding import directed
from reference import exact, points

DTYPES = [np.float32, np.float64]
SIZE = 6000

EXACT: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
}


def operands(dtype: type, size: int = SIZE, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of numbers of the format, the second nonzero."""
    tiny = np.finfo(dtype).tiny
    x, y = points.pairs(dtype, size, seed)
    x, y = (np.where(np.abs(v) < tiny, 0, v).astype(dtype) for v in (x, y))
    return x, np.where(y == 0, dtype(3), y)


def ways(operation: Callable, *args: np.ndarray) -> list[np.ndarray]:
    """An operation as it is, under jit, vmap and scan, and with a constant first operand."""
    arrays = [jnp.asarray(a) for a in args]

    def step(carry: None, xs: tuple) -> tuple[None, jax.Array]:
        return None, operation(*xs)

    results = [
        operation(*arrays),
        jax.jit(operation)(*arrays),
        jax.jit(jax.vmap(operation))(*arrays),
        jax.jit(lambda *rest: operation(args[0], *rest))(*arrays[1:]),
        jax.jit(lambda *xs: lax.scan(step, None, xs)[1])(*arrays),
    ]
    return [np.asarray(r) for r in results]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", EXACT)
def test_directed_operations_are_tight(name: str, dtype: type) -> None:
    x, y = operands(dtype)
    results = [EXACT[name](exact.exact(a), exact.exact(b)) for a, b in zip(x, y, strict=True)]
    down = np.array([exact.round_down(q, dtype) for q in results], dtype)
    up = np.array([exact.round_up(q, dtype) for q in results], dtype)
    for value in ways(getattr(rd, f"{name}_down"), x, y):
        np.testing.assert_array_equal(value, down)
    for value in ways(getattr(rd, f"{name}_up"), x, y):
        np.testing.assert_array_equal(value, up)


@pytest.mark.parametrize("dtype", DTYPES)
def test_roots_are_tight(dtype: type) -> None:
    x = np.abs(operands(dtype)[0])
    squares = np.abs(x[np.abs(x) < np.sqrt(np.finfo(dtype).max)]) ** 2
    x = np.concatenate([x, squares[squares >= np.finfo(dtype).tiny]])
    down = np.array([exact.sqrt_down(exact.exact(a), dtype) for a in x], dtype)
    up = np.array([exact.sqrt_up(exact.exact(a), dtype) for a in x], dtype)
    for value in ways(rd.sqrt_down, x):
        np.testing.assert_array_equal(value, down)
    for value in ways(rd.sqrt_up, x):
        np.testing.assert_array_equal(value, up)


@pytest.mark.parametrize("dtype", DTYPES)
def test_scalar_constants_are_as_good_as_arrays(dtype: type) -> None:
    """A division by a scalar is a product with its reciprocal to XLA; sums fold with constants."""
    x, _ = operands(dtype, 2000, seed=5)
    for constant in (49.0, 3.0, 0.1, 1e-3, 1.0):
        c = dtype(constant)
        for name, function in EXACT.items():
            results = [function(exact.exact(a), exact.exact(c)) for a in x]
            down = np.array([exact.round_down(q, dtype) for q in results], dtype)
            operation = getattr(rd, f"{name}_down")
            eager = operation(jnp.asarray(x), c)
            fused = jax.jit(lambda a, f=operation, c=c: f(a, c))(x)
            scalar = jax.jit(operation)(x, c)
            for value in (eager, fused, scalar):
                np.testing.assert_array_equal(np.asarray(value), down)


@pytest.mark.parametrize("dtype", DTYPES)
def test_chains_give_the_same_bounds_fused_or_not(dtype: type) -> None:
    x, y = operands(dtype, 4000, seed=9)
    c = dtype(0.1)

    def chain(a: jax.Array, b: jax.Array) -> tuple[jax.Array, ...]:
        product = rd.mul_down(a, c)
        again = rd.mul_down(product, c)
        total = rd.add_down(again, b)
        back = rd.sub_down(total, b)
        ratio = rd.div_up(back, b)
        return product, again, total, back, ratio, rd.sqrt_up(abs(ratio)), rd.add_up(product, again)

    with jax.disable_jit():
        one_by_one = chain(jnp.asarray(x), jnp.asarray(y))
    for one, fused in zip(one_by_one, jax.jit(chain)(x, y), strict=True):
        np.testing.assert_array_equal(np.asarray(one), np.asarray(fused))


@pytest.mark.parametrize("dtype", DTYPES)
def test_values_stored_together_keep_every_bit(dtype: type) -> None:
    fmt = rd.format_of(np.dtype(dtype))
    x = np.array([0.0, -0.0, inf, -inf, np.nan, -np.nan, 1.1, -1.1, fmt.tiny, fmt.tiny / 3], dtype)
    for a, b in [(x, x[::-1]), (np.array([x, -x]), np.array([x[::-1], x])), (x[4], x[1])]:
        pair = jnp.asarray(a), jnp.asarray(b)
        found = [rd.together(pair), jax.jit(rd.together)(pair)]
        found.append(jax.jit(lambda a=a, b=b: rd.together((jnp.asarray(a), jnp.asarray(b))))())
        if np.ndim(a):
            found.append(jax.jit(jax.vmap(rd.together))(pair))
            found.append(jax.lax.scan(lambda _, xs: (None, rd.together(xs)), None, pair)[1])
        for kept in found:
            for value, given in zip(kept, (a, b), strict=True):
                words = np.asarray(value).view(fmt.bits), np.asarray(given).view(fmt.bits)
                np.testing.assert_array_equal(*words)
    assert float(jax.grad(lambda v: rd.together((v, 2 * v))[1])(dtype(3))) == 2


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="GPUs fuse several results themselves")
@pytest.mark.parametrize("name", ["product_bounds", "quotient_bounds"])
def test_both_bounds_come_from_one_loop(name: str) -> None:
    def loops(function: Callable, operands: int) -> int:
        x = jax.ShapeDtypeStruct((100_000,), np.float32)
        program = jax.jit(function).lower(*[x] * operands).compile().as_text()
        return program[program.index("ENTRY") :].count(" fusion(")

    bounds = getattr(rd, name)
    assert loops(bounds, 4) == 1
    # What uses both does not repeat it.
    assert loops(lambda *x: rd.product_bounds(*bounds(*x[:4]), *x[4:]), 6) == 2


def test_arithmetic_is_compiled_where_the_caller_compiles_nothing() -> None:
    compilations = []

    def listener(event: str, _: float, **__: object) -> None:
        if "backend_compile" in event:
            compilations.append(event)

    arguments = [jnp.full(1234, v, np.float32) for v in (1, 2, 3, 4)]
    jax.monitoring.register_event_duration_secs_listener(listener)
    try:
        rd.product_bounds(*arguments)
        rd.add_down(*arguments[:2])
    finally:
        jax.monitoring.unregister_event_duration_listener(listener)
    assert len(compilations) == 2


@pytest.mark.parametrize("dtype", DTYPES)
def test_neighbours_walk_the_format(dtype: type) -> None:
    tiny, largest = np.finfo(dtype).tiny, np.finfo(dtype).max
    walk = [-inf, -largest, np.nextafter(-largest, dtype(0)), np.nextafter(-tiny, dtype(-1))]
    walk += [-tiny, 0.0, tiny, np.nextafter(tiny, dtype(1)), 1.0, np.nextafter(dtype(1), dtype(2))]
    values = np.array([*walk, largest, inf], dtype)
    ups = np.asarray(rd.next_up(jnp.asarray(values)))
    downs = np.asarray(rd.next_down(jnp.asarray(values)))
    for i in (0, 3, 4, 5, 6, 8, 10):
        assert ups[i] == values[i + 1]
        assert downs[i + 1] == values[i]
    assert ups[-1] == inf
    assert downs[0] == -inf
    assert np.asarray(rd.next_up(jnp.asarray(dtype(-0.0)))) == tiny


@pytest.mark.parametrize("dtype", DTYPES)
def test_no_result_is_subnormal(dtype: type) -> None:
    """Products and quotients that underflow, sums that cancel: 0 or tiny, never between."""
    tiny = np.finfo(dtype).tiny
    a = np.array([tiny, tiny, -tiny, tiny * 1.5, tiny, 1.0, -1.0, tiny], dtype)
    b = np.array([0.5, tiny, 0.5, -tiny, -tiny * 1.25, 2**100, 2**100, 4], dtype)
    for name in EXACT:
        for side in ("down", "up"):
            value = np.asarray(jax.jit(getattr(rd, f"{name}_{side}"))(a, b))
            assert np.all((value == 0) | (np.abs(value) >= tiny))


def test_subnormal_input_is_rounded_outward() -> None:
    x = np.array([5e-324, -5e-324, 1e-310, 0.0, 1.0], np.float64)
    tiny = np.finfo(np.float64).tiny
    np.testing.assert_array_equal(np.asarray(rd.flush_down(x)), [0, -tiny, 0, 0, 1])
    np.testing.assert_array_equal(np.asarray(rd.flush_up(x)), [tiny, 0, tiny, 0, 1])


def test_conversion_rounds_outward() -> None:
    largest = np.finfo(np.float32).max
    x = np.array([0.1, -0.1, 1e300, -1e300, 1e-42, -1e-42, 1.0, inf, -inf, 5e-324, 0.0])
    x = np.append(x, np.asarray(points.points(np.float64, 3000, seed=3)))
    down = np.asarray(jax.jit(lambda v: rd.convert_down(v, np.float32))(x))
    up = np.asarray(jax.jit(lambda v: rd.convert_up(v, np.float32))(x))
    expected = [exact.round_down(exact.real(v), np.float32) for v in x]
    np.testing.assert_array_equal(down, np.array(expected, np.float32))
    expected = [exact.round_up(exact.real(v), np.float32) for v in x]
    np.testing.assert_array_equal(up, np.array(expected, np.float32))
    assert down[2] == largest


@pytest.mark.parametrize("dtype", DTYPES)
def test_error_free_transformations_are_exact(dtype: type) -> None:
    rng = np.random.default_rng(1)
    a = (rng.standard_normal(3000) * np.exp2(rng.integers(-20, 20, 3000))).astype(dtype)
    b = (rng.standard_normal(3000) * np.exp2(rng.integers(-20, 20, 3000))).astype(dtype)
    c = dtype(0.1)
    big, small = np.where(abs(a) >= abs(b), a, b), np.where(abs(a) >= abs(b), b, a)
    for transform, x, y, operation in (
        (rd.two_sum, a, b, lambda p, q: p + q),
        (rd.two_sum, np.full_like(a, c), b, lambda p, q: p + q),
        (rd.fast_two_sum, big, small, lambda p, q: p + q),
        (rd.two_prod, a, b, lambda p, q: p * q),
        (rd.two_prod, np.full_like(a, c), b, lambda p, q: p * q),
    ):
        constant = jax.jit(lambda v, f=transform, u=x: f(u, v))
        for s, e in (
            transform(jnp.asarray(x), jnp.asarray(y)),
            jax.jit(transform)(x, y),
            constant(y),
        ):
            for p, q, high, low in zip(x, y, np.asarray(s), np.asarray(e), strict=True):
                total = exact.exact(high) + exact.exact(low)
                assert total == operation(exact.exact(p), exact.exact(q))


def test_known_habits_of_xla_on_cpu() -> None:
    """Facts that the floor is built around; a failure says that XLA has changed."""
    if jax.default_backend() != "cpu":
        pytest.skip("the habits listed here are those of the CPU backend")
    tiny = np.finfo(np.float64).tiny
    assert bool(jnp.asarray(5e-324) == 0)
    assert float(jnp.asarray(tiny) * 0.5) == 0
    x = np.random.default_rng(0).standard_normal(20000)
    quotients = np.asarray(jax.jit(lambda v: v / 49.0)(x))
    assert np.any(quotients != x / 49.0)
    contracted = np.asarray(jax.jit(lambda v, w: v * w + 1.0)(x, x))
    assert np.any(contracted != x * x + 1.0)
    # What stops them:
    np.testing.assert_array_equal(
        np.asarray(jax.jit(lambda v, w: rd.rounded(v * w) + 1.0)(x, x)), x * x + 1.0
    )


@pytest.mark.parametrize("name", ["add", "mul", "div"])
def test_bounds_have_the_derivative_of_the_operation(name: str) -> None:
    operation = getattr(rd, f"{name}_down")
    smooth = {"add": lambda x, y: x + y, "mul": lambda x, y: x * y, "div": lambda x, y: x / y}
    for argnum in (0, 1):
        found = jax.jit(jax.vmap(jax.grad(operation, argnum)))(
            jnp.array([0.1, 2.0]), jnp.array([0.3, -0.7])
        )
        expected = jax.vmap(jax.grad(smooth[name], argnum))(
            jnp.array([0.1, 2.0]), jnp.array([0.3, -0.7])
        )
        np.testing.assert_array_equal(np.asarray(found), np.asarray(expected))
    assert float(jax.grad(rd.sqrt_up)(4.0)) == 0.25
    assert float(jax.grad(rd.next_up)(4.0)) == 1.0


def test_other_formats_are_refused() -> None:
    with pytest.raises(TypeError, match="float32 or float64"):
        rd.add_down(jnp.ones(2, jnp.float16), jnp.ones(2, jnp.float16))


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="needs hardware that is right itself")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("off", [-2, -1, 1, 2])
def test_hardware_two_units_off_is_corrected(
    dtype: type, off: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What other backends than the CPU run, with quotients and roots worse than on any of them."""
    x, y = operands(dtype, 20_000)
    x[:8000], y[:8000] = np.random.default_rng(0).uniform(1, 2, (2, 8000))

    def wrong(operation: Callable) -> Callable:
        def result(*args: jax.Array) -> jax.Array:
            value = operation(*args)
            bits = lax.bitcast_convert_type(value, np.int64 if value.itemsize == 8 else np.int32)
            return lax.bitcast_convert_type(bits + off, value.dtype)

        return result

    monkeypatch.setattr(lax, "platform_dependent", lambda *args, cpu, default: default(*args))
    monkeypatch.setattr(lax, "div", wrong(lax.div))
    monkeypatch.setattr(lax, "sqrt", wrong(lax.sqrt))
    quotient = jax.jit(lambda x, y: directed.quotient(x, y))(x, y)
    root = jax.jit(lambda x: directed.square_root(x))(np.abs(x))
    with np.errstate(over="ignore", under="ignore"):
        expected = np.abs(x / y)
    expected = np.where(expected < np.finfo(dtype).tiny, 0, expected)
    np.testing.assert_array_equal(quotient, expected)
    np.testing.assert_array_equal(root, np.sqrt(np.abs(x)))
