"""Arithmetic and elementary functions on a million float64 intervals."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

import interval_jax as ij
from benchmarks.harness import Comparison, Variant, compare

SIZE = 1_000_000

_POINT_FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    "sqrt": jnp.sqrt,
    "exp": jnp.exp,
    "expm1": jnp.expm1,
    "log": jnp.log,
    "log1p": jnp.log1p,
    "tanh": jnp.tanh,
    "logistic": jax.nn.sigmoid,
    "silu": jax.nn.silu,
    "softplus": jax.nn.softplus,
    "relu": jax.nn.relu,
    "erf": jax.scipy.special.erf,
    "ndtr": jax.scipy.special.ndtr,
}


def arithmetic() -> list[Comparison]:
    """Tight operations against the same operations on two bounds without rounding control."""
    rng = np.random.default_rng(0)
    a_lo, b_lo = rng.normal(size=(2, SIZE))
    a_hi, b_hi = a_lo + rng.exponential(0.1, SIZE), b_lo + rng.exponential(0.1, SIZE)
    # Divisors without zero, of both signs.
    c_lo = rng.uniform(0.5, 2, SIZE)
    c_hi = c_lo + rng.exponential(0.1, SIZE)
    flip = rng.random(SIZE) < 0.5
    c_lo, c_hi = np.where(flip, -c_hi, c_lo), np.where(flip, -c_lo, c_hi)
    a, b, c = ij.interval(a_lo, a_hi), ij.interval(b_lo, b_hi), ij.interval(c_lo, c_hi)
    operations: dict[str, tuple[Callable[..., Any], Callable[..., Any], ij.Interval]] = {
        "add": (_plain_add, ij.add, b),
        "sub": (_plain_sub, ij.sub, b),
        "mul": (_plain_mul, ij.mul, b),
        "div": (_plain_div, ij.div, c),
    }
    comparisons = []
    for name, (plain, tight, second) in operations.items():
        variants = [
            Variant("plain jnp on both bounds", plain, (a.lo, a.hi, second.lo, second.hi)),
            Variant("interval_jax", tight, (a, second), limit=None if name == "sub" else 2.0),
            *_crival(name, a, second),
        ]
        comparisons.append(compare(f"{name}, tightest", variants, SIZE, "intervals"))
    return comparisons


def elementary() -> list[Comparison]:
    """Functions of intervals against XLA's function of one point."""
    rng = np.random.default_rng(1)
    comparisons = []
    for name, point in _POINT_FUNCTIONS.items():
        lo = (
            rng.uniform(0.01, 5, SIZE)
            if name in {"sqrt", "log", "log1p"}
            else 3 * rng.normal(size=SIZE)
        )
        x = ij.interval(lo, lo + rng.exponential(0.1, SIZE))
        variants = [
            Variant("plain jnp on one point", point, (x.lo,)),
            Variant("interval_jax", getattr(ij, name), (x,)),
            *_crival(name, x),
        ]
        comparisons.append(compare(name, variants, SIZE, "intervals"))
    return comparisons


def _plain_add(a: Array, b: Array, c: Array, d: Array) -> tuple[Array, Array]:
    return a + c, b + d


def _plain_sub(a: Array, b: Array, c: Array, d: Array) -> tuple[Array, Array]:
    return a - d, b - c


def _plain_mul(a: Array, b: Array, c: Array, d: Array) -> tuple[Array, Array]:
    return _hull(a * c, a * d, b * c, b * d)


def _plain_div(a: Array, b: Array, c: Array, d: Array) -> tuple[Array, Array]:
    return _hull(a / c, a / d, b / c, b / d)


def _hull(p: Array, q: Array, r: Array, s: Array) -> tuple[Array, Array]:
    low = jnp.minimum(jnp.minimum(p, q), jnp.minimum(r, s))
    return low, jnp.maximum(jnp.maximum(p, q), jnp.maximum(r, s))


def _crival(name: str, *intervals: ij.Interval) -> list[Variant]:
    try:
        import ival
    except ImportError:
        return []
    operators: dict[str, Callable[..., Any]] = {
        "add": lambda x, y: x + y,
        "sub": lambda x, y: x - y,
        "mul": lambda x, y: x * y,
        "div": lambda x, y: x / y,
    }
    function = operators.get(name) or getattr(ival, name, None)
    if function is None:
        return []
    arguments = [ival.Interval(np.asarray(x.lo), np.asarray(x.hi)) for x in intervals]
    return [Variant("crival", function, arguments, compiled=False)]
