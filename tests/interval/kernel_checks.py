"""Checks that every function of one argument has to pass: containment, no tolerance."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

import interval_jax as ij
from reference import oracle, points

Function = Callable[[ij.Interval], ij.Interval]

SIZE = 6_000
"""One shape for all that runs operation by operation: every operation is compiled once."""


def one_shape(function: Function, size: int = 80_000) -> Function:
    """The function of one-dimensional intervals, always called with so many: compiled once."""

    def padded(X: ij.Interval) -> ij.Interval:
        lo, hi = (np.resize(b, size) if b.size else np.zeros(size, b.dtype) for b in (X.lo, X.hi))
        value = function(ij.Interval(jnp.asarray(lo), jnp.asarray(hi)))
        return ij.Interval(value.lo[: X.size], value.hi[: X.size])

    return padded


def to_format(value: oracle.Tightest, dtype: type) -> tuple[np.ndarray, np.ndarray]:
    """The tightest bounds in {0, normals, +-inf} of a narrower or equal format."""
    tiny = np.finfo(dtype).tiny

    def below(down: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore", under="ignore"):
            near = down.astype(dtype)
            near = np.where(near > down, np.nextafter(near, dtype(-np.inf)), near)
        return np.where(np.abs(near) < tiny, np.where(down < 0, -tiny, 0), near).astype(dtype)

    return below(value.down), -below(-value.up)


def steps(x: np.ndarray) -> np.ndarray:
    """Consecutive integers for consecutive numbers of {0, normals, +-inf}."""
    bits = np.abs(x).view(np.int32 if x.dtype == np.float32 else np.int64).astype(np.int64)
    magnitude = np.maximum(bits - (1 << np.finfo(x.dtype).nmant) + 1, 0)
    return np.where(np.signbit(x), -magnitude, magnitude)


def excess(X: ij.Interval, exact: oracle.Tightest) -> tuple[np.ndarray, np.ndarray]:
    """Steps from the tightest bounds to those of X; negative is a violation."""
    lo, hi = np.asarray(X.lo), np.asarray(X.hi)
    assert not np.isnan(lo).any()
    assert not np.isnan(hi).any()
    down, up = to_format(exact, lo.dtype.type)
    return steps(down) - steps(lo), steps(hi) - steps(up)


def in_format(x: np.ndarray) -> np.ndarray:
    """Subnormal numbers replaced by 0."""
    return np.where(np.abs(x) < np.finfo(x.dtype).tiny, 0, x).astype(x.dtype)


def singletons(x: np.ndarray) -> ij.Interval:
    """The intervals [x, x]."""
    return ij.Interval(jnp.asarray(x), jnp.asarray(x))


def check_formats(function: Callable[..., ij.Interval], *x: np.ndarray) -> None:
    """From float32 to float32 without an operation in 64 bits."""
    program = jax.make_jaxpr(function)(*map(singletons, x))
    assert all(v.dtype == np.float32 for v in program.out_avals)
    assert "f64" not in str(program)
    assert "i64" not in str(program)


def without_x64(check: Callable[[], None]) -> None:
    """Run a check, a function of a module, in a process in which JAX has no float64."""
    name, root = check.__name__, Path(__file__).parents[2]
    off = "import jax; assert not jax.config.jax_enable_x64"
    subprocess.run(
        [sys.executable, "-c", f"{off}; from {check.__module__} import {name}; {name}()"],
        check=True,
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root), "JAX_ENABLE_X64": "0"},
        timeout=300,
    )


def check_points(
    function: Function, name: str, x: np.ndarray, worst: int = 1, tightest: float = 0.99
) -> None:
    """Containment at points, at most `worst` steps off, and a share of tightest bounds."""
    for off in excess(function(singletons(x)), oracle.tightest(name, x)):
        assert off.min() >= 0
        assert off.max() <= worst
        assert np.mean(off == 0) > tightest


def check_ranges(function: Function, name: str, lo: np.ndarray, hi: np.ndarray) -> None:
    """Containment of the range over intervals, at most one step off."""
    value = function(ij.Interval(jnp.asarray(lo), jnp.asarray(hi)))
    exact = oracle.tightest_range(name, lo.astype(np.float64), hi.astype(np.float64))
    for off in excess(value, exact):
        assert off.min() >= 0
        assert off.max() <= 1


def check_every_way(function: Function, name: str, x: np.ndarray) -> None:
    """Containment operation by operation, under jit, vmap and scan, and of constants."""
    x = np.resize(x, SIZE)
    X, exact = singletons(x), oracle.tightest(name, x)

    def ways(X: ij.Interval) -> tuple[ij.Interval, ...]:
        scanned = lax.scan(lambda carry, x: (carry, function(x)), None, X)[1]
        return jax.vmap(function)(X), scanned, function(singletons(x))

    with jax.disable_jit():
        op_by_op = function(X)
    for value in (op_by_op, *jax.jit(ways)(X)):
        for off in excess(value, exact):
            assert off.min() >= 0
            assert off.max() <= 1


def check_fused(function: Function, name: str, x: np.ndarray, scale: float, shift: float) -> None:
    """Containment between arithmetic that XLA may contract and fold across the border."""
    X = singletons(np.resize(x, SIZE))
    factor, term = x.dtype.type(scale), x.dtype.type(shift)

    @jax.jit
    def chain(X: ij.Interval) -> tuple[ij.Interval, ij.Interval, ij.Interval]:
        Z = function(X * factor + term)
        return Z, Z * factor + term, function(Z)

    Z, last, again = chain(X)
    argument = X * factor + term
    lo, hi = (np.asarray(b, np.float64) for b in (argument.lo, argument.hi))
    for off in excess(Z, oracle.tightest_range(name, lo, hi)):
        assert off.min() >= 0
        assert off.max() <= 1
    # Arithmetic is tight, so that it gives the same bounds in any surroundings.
    expected = Z * factor + term
    np.testing.assert_array_equal(last.lo, expected.lo)
    np.testing.assert_array_equal(last.hi, expected.hi)
    lo, hi = (np.asarray(b, np.float64) for b in (Z.lo, Z.hi))
    for off in excess(again, oracle.tightest_range(name, lo, hi)):
        assert off.min() >= 0
        assert off.max() <= 1


def slopes(
    function: Function, x: jax.Array, order: int, step: float = 1e-6
) -> tuple[jax.Array, ...]:
    """The secants of the lower bound at points, and its derivatives up to an order."""

    def lower(t: jax.Array) -> jax.Array:
        return function(ij.Interval(t, t)).lo

    @jax.jit
    def found() -> tuple[jax.Array, ...]:
        secant = (jax.vmap(lower)(x + step) - jax.vmap(lower)(x - step)) / (2 * step)
        derivatives = [lower]
        for _ in range(order):
            derivatives.append(jax.grad(derivatives[-1]))
        return secant, *(jax.vmap(derivative)(x) for derivative in derivatives[1:])

    return found()


def around(values: tuple[float, ...], dtype: type, size: int, seed: int = 0) -> np.ndarray:
    """Points of the format: the floats next to the values and further off, and general ones."""
    rng = np.random.default_rng(seed + 100)
    centres = np.array([*values, *(-v for v in values)])
    near = np.concatenate([centres * (1 + s) for s in rng.normal(0, 1e-4, 40)])
    edges = points.neighbours(centres.astype(dtype), steps=4)
    spread = rng.choice([-1.0, 1.0], size // 2) * np.exp2(rng.uniform(-4, 6.5, size // 2))
    x = np.concatenate([edges, near, spread, points.points(dtype, size // 2, seed)])
    return in_format(x.astype(dtype))
