"""Arithmetic and elementary functions on a million intervals, against plain JAX and crival."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

import interval_jax as ij
from benchmarks.harness import Comparison, Figure, Variant, compare, geometric_mean

SIZE = 1_000_000

CRIVAL, FLOAT64, FLOAT32 = "crival", "interval_jax", "interval_jax, float32"


class Workload(NamedTuple):
    """What a function is timed on: intervals as wide as 0.1 on average, and its rivals."""

    low: Callable[[np.random.Generator], np.ndarray]
    """Lower bounds of the first argument."""
    operands: int = 1
    point: Callable[..., Array] | None = None
    """XLA's function of one point."""
    peer: Callable[..., Any] | str | None = None
    """What it is called in crival, where not by the same name."""
    limit: float | None = None
    """Greatest ratio to crival's time that the project promises."""
    highest: float = np.inf
    """Upper end of the domain."""
    static: tuple[int, ...] = ()


def _line(rng: np.random.Generator) -> np.ndarray:
    return 3 * rng.normal(size=SIZE)


def _turns(rng: np.random.Generator) -> np.ndarray:
    return 30 * rng.normal(size=SIZE)


def _positive(rng: np.random.Generator) -> np.ndarray:
    return rng.uniform(0.01, 5, SIZE)


def _unit(rng: np.random.Generator) -> np.ndarray:
    return rng.uniform(-0.99, 0.99, SIZE)


def _probability(rng: np.random.Generator) -> np.ndarray:
    return rng.uniform(0.001, 0.99, SIZE)


def _above_one(rng: np.random.Generator) -> np.ndarray:
    return 1 + rng.exponential(2, SIZE)


FUNCTIONS: dict[str, Workload] = {
    "add": Workload(_line, 2, jnp.add, lambda x, y: x + y, 1.2),
    "mul": Workload(_line, 2, jnp.multiply, lambda x, y: x * y, 1.2),
    "div": Workload(_positive, 2, jnp.divide, lambda x, y: x / y, 1.2),
    "sqrt": Workload(_positive, 1, jnp.sqrt, limit=1.2),
    "recip": Workload(_positive, 1, jnp.reciprocal),
    "sqr": Workload(_line, 1, jnp.square),
    "fma": Workload(_line, 3),
    "pown": Workload(_line, 1, lambda x: x**7, static=(7,)),
    "rootn": Workload(_positive, 1, static=(5,)),
    "cbrt": Workload(_line, 1, jnp.cbrt),
    "hypot": Workload(_line, 2, jnp.hypot),
    "pow": Workload(_positive, 2, jnp.power),
    "exp": Workload(_line, 1, jnp.exp, limit=0.7),
    "exp2": Workload(_line, 1, jnp.exp2),
    "exp10": Workload(_line, 1),
    "expm1": Workload(_line, 1, jnp.expm1, limit=0.7),
    "log": Workload(_positive, 1, jnp.log, limit=0.7),
    "log2": Workload(_positive, 1, jnp.log2),
    "log10": Workload(_positive, 1, jnp.log10),
    "log1p": Workload(_positive, 1, jnp.log1p, limit=0.7),
    "sin": Workload(_turns, 1, jnp.sin, limit=0.7),
    "cos": Workload(_turns, 1, jnp.cos, limit=0.7),
    "tan": Workload(_turns, 1, jnp.tan, limit=0.7),
    "asin": Workload(_unit, 1, jnp.arcsin, highest=1.0),
    "acos": Workload(_unit, 1, jnp.arccos, highest=1.0),
    "atan": Workload(_line, 1, jnp.arctan),
    "atan2": Workload(_line, 2, jnp.arctan2),
    "sinh": Workload(_line, 1, jnp.sinh),
    "cosh": Workload(_line, 1, jnp.cosh),
    "tanh": Workload(_line, 1, jnp.tanh, limit=0.7),
    "asinh": Workload(_line, 1, jnp.arcsinh),
    "acosh": Workload(_above_one, 1, jnp.arccosh),
    "atanh": Workload(_unit, 1, jnp.arctanh, highest=1.0),
    "erf": Workload(_line, 1, jax.scipy.special.erf, limit=0.7),
    "erfc": Workload(_line, 1, jax.scipy.special.erfc, limit=0.7),
    "erfinv": Workload(_unit, 1, jax.scipy.special.erfinv, highest=1.0),
    "ndtr": Workload(_line, 1, jax.scipy.special.ndtr),
    "ndtri": Workload(_probability, 1, jax.scipy.special.ndtri, highest=1.0),
    "log_ndtr": Workload(_line, 1, jax.scipy.special.log_ndtr),
    "norm_pdf": Workload(_line, 1, jax.scipy.stats.norm.pdf),
    "lgamma": Workload(_positive, 1, jax.scipy.special.gammaln),
    "logistic": Workload(_line, 1, jax.nn.sigmoid),
    "silu": Workload(_line, 1, jax.nn.silu),
    "softplus": Workload(_line, 1, jax.nn.softplus),
    "gelu": Workload(_line, 1, partial(jax.nn.gelu, approximate=False)),
    "relu": Workload(_line, 1, jax.nn.relu),
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
    operations: dict[str, tuple[Any, ...]] = {
        "add": (_plain_add, ij.add, b, lambda x, y: x + y),
        "sub": (_plain_sub, ij.sub, b, lambda x, y: x - y),
        "mul": (_plain_mul, ij.mul, b, lambda x, y: x * y),
        "div": (_plain_div, ij.div, c, lambda x, y: x / y),
    }
    comparisons = []
    for name, (plain, tight, second, peer) in operations.items():
        variants = [
            Variant("plain jnp on both bounds", plain, (a.lo, a.hi, second.lo, second.hi)),
            Variant("interval_jax", tight, (a, second), limit=None if name == "sub" else 2.0),
            Variant("interval_jax, outside of jit", tight, (a, second), compiled=False),
            *_crival(peer, [a, second]),
        ]
        comparisons.append(compare(f"{name}, tightest", variants, SIZE, "intervals"))
    return [*comparisons, _price(rng)]


def _price(rng: np.random.Generator) -> Comparison:
    """A program of many operations, whose results are used several times."""
    spot, strike, rate, volatility = (
        rng.uniform(low, high, SIZE)
        for low, high in ((80, 120), (80, 120), (0.01, 0.05), (0.1, 0.5))
    )
    boxes = [ij.interval(v, v * 1.001) for v in (spot, strike, rate, volatility)]

    def price(spot: Any, strike: Any, rate: Any, volatility: Any, of: Any) -> Any:
        drift = of.log(spot / strike) + rate
        half = volatility * volatility * 0.5
        up, down = (drift + half) / volatility, (drift - half) / volatility
        return spot * of.ndtr(up) - strike * of.exp(-rate) * of.ndtr(down)

    variants = [
        Variant("plain jnp on one point", partial(price, of=_Points), [x.lo for x in boxes]),
        Variant("interval_jax", partial(price, of=ij), boxes),
    ]
    return compare("price of a call (Black-Scholes)", variants, SIZE, "intervals")


class _Points:
    log, exp, ndtr = jnp.log, jnp.exp, jax.scipy.special.ndtr


def elementary() -> Iterator[Comparison]:
    """Every function of intervals, in both formats, against crival and XLA's function of points."""
    rng = np.random.default_rng(1)
    for name, work in FUNCTIONS.items():
        yield _compare(name, work, rng)


def elementary_figures(comparisons: list[Comparison]) -> list[Figure]:
    """What the project promises of all functions together."""
    timings = [{t.name: t for t in c.timings} for c in comparisons if c.title in FUNCTIONS]
    if not timings:
        return []
    peers = [t[FLOAT64].seconds / t[CRIVAL].seconds for t in timings if CRIVAL in t]
    formats = [t[FLOAT64].seconds / t[FLOAT32].seconds for t in timings]
    slowest = max(t[FLOAT64].compile_seconds or 0.0 for t in timings)
    figures = [
        Figure("float64 over float32, geometric mean", geometric_mean(formats), at_least=1.5),
        Figure("longest compilation of a function, s", slowest, at_most=3.0),
    ]
    if peers:
        title = f"time over crival's, geometric mean of {len(peers)} functions"
        figures.append(Figure(title, geometric_mean(peers), at_most=0.45))
    return figures


def _compare(name: str, work: Workload, rng: np.random.Generator) -> Comparison:
    operands = []
    for _ in range(work.operands):
        low = work.low(rng)
        operands.append((low, np.minimum(low + rng.exponential(0.1, SIZE), work.highest)))
    double = [ij.interval(lo, hi) for lo, hi in operands]
    single = [x.astype(np.float32) for x in double]
    function = getattr(ij, name)

    def call(*x: ij.Interval) -> Any:
        return function(*x, *work.static)

    peers = _crival(work.peer or name, double, work.static)
    variants = [
        *peers,
        Variant(FLOAT64, call, double, limit=work.limit if peers else None),
        Variant(FLOAT32, call, single),
    ]
    if work.point is not None:
        variants.append(Variant("plain jnp on one point", work.point, [x.lo for x in double]))
    return compare(name, variants, SIZE, "intervals")


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


def _crival(
    function: Callable[..., Any] | str, operands: list[ij.Interval], static: tuple[int, ...] = ()
) -> list[Variant]:
    try:
        import ival
    except ImportError:
        return []
    if isinstance(function, str):
        if not hasattr(ival, function):
            return []
        called: Callable[..., Any] = getattr(ival, function)
    else:
        called = function
    arguments = [ival.Interval(np.asarray(x.lo), np.asarray(x.hi)) for x in operands]
    return [Variant(CRIVAL, called, [*arguments, *static], compiled=False)]
