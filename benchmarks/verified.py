"""Verified ranges, minima and roots of standard problems: ``python -m benchmarks verified``.

For each problem the table shows the seconds (compilation included), the boxes that were evaluated,
the width of the answer beyond what is known to be attained, how many boxes with minimisers or roots
were found, and of how many of them uniqueness is proven.
"""

import argparse
import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.scipy.stats import norm

import interval_jax as ij
from benchmarks.harness import conditions

Function = Callable[..., Array]
Bounds = float | Sequence[float]


@dataclass(frozen=True)
class Problem:
    """A problem and what is known of its answer."""

    function: Function
    low: Bounds
    high: Bounds
    dimension: int
    known: float
    """The minimum, to six digits; or the number of roots."""
    answers: int = 1
    """The number of global minimisers."""

    def box(self) -> ij.Interval:
        shape = (self.dimension,)
        return ij.interval(np.broadcast_to(self.low, shape), np.broadcast_to(self.high, shape))


@dataclass(frozen=True)
class Outcome:
    """What a tool found."""

    tool: str
    problem: str
    dimension: int
    seconds: float
    boxes: int
    low: float
    high: float
    gap: float
    found: int
    unique: int
    as_known: bool
    """Whether the search ended by itself and agrees with what is known."""


# --- minima -------------------------------------------------------------------------------


def rastrigin(x: Array) -> Array:
    return 10 * x.size + jnp.sum(x**2 - 10 * jnp.cos(2 * np.pi * x))


def griewank(x: Array) -> Array:
    scale = np.sqrt(np.arange(1.0, x.size + 1))
    return 1 + jnp.sum(x**2) / 4000 - jnp.prod(jnp.cos(x / scale))


def ackley(x: Array) -> Array:
    root = jnp.sqrt(jnp.mean(x**2))
    return -20 * jnp.exp(-0.2 * root) - jnp.exp(jnp.mean(jnp.cos(2 * np.pi * x))) + 20 + np.e


def levy(x: Array) -> Array:
    w = 1 + (x - 1) / 4
    inner = (w[:-1] - 1) ** 2 * (1 + 10 * jnp.sin(np.pi * w[:-1] + 1) ** 2)
    last = (w[-1] - 1) ** 2 * (1 + jnp.sin(2 * np.pi * w[-1]) ** 2)
    return jnp.sin(np.pi * w[0]) ** 2 + jnp.sum(inner) + last


def branin(x: Array) -> Array:
    bent = x[1] - 5.1 / (4 * np.pi**2) * x[0] ** 2 + 5 / np.pi * x[0] - 6
    return bent**2 + 10 * (1 - 1 / (8 * np.pi)) * jnp.cos(x[0]) + 10


_WEIGHTS = np.array([1.0, 1.2, 3.0, 3.2])
_A3 = np.array([[3, 10, 30], [0.1, 10, 35], [3, 10, 30], [0.1, 10, 35]])
_P3 = 1e-4 * np.array(
    [[3689, 1170, 2673], [4699, 4387, 7470], [1091, 8732, 5547], [381, 5743, 8828]]
)
_A6 = np.array(
    [
        [10, 3, 17, 3.5, 1.7, 8],
        [0.05, 10, 17, 0.1, 8, 14],
        [3, 3.5, 1.7, 10, 17, 8],
        [17, 8, 0.05, 10, 0.1, 14],
    ]
)
_P6 = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)


def hartmann(a: np.ndarray, p: np.ndarray) -> Function:
    return lambda x: -jnp.sum(_WEIGHTS * jnp.exp(-jnp.sum(a * (x - p) ** 2, 1)))


_CENTRES = np.array(
    [
        [4, 4, 4, 4],
        [1, 1, 1, 1],
        [8, 8, 8, 8],
        [6, 6, 6, 6],
        [3, 7, 3, 7],
        [2, 9, 2, 9],
        [5, 5, 3, 3],
        [8, 1, 8, 1],
        [6, 2, 6, 2],
        [7, 3.6, 7, 3.6],
    ]
)
_DEPTHS = np.array([1, 2, 2, 4, 4, 6, 3, 7, 5, 5]) / 10


def shekel(count: int) -> Function:
    centres, depths = _CENTRES[:count], _DEPTHS[:count]
    return lambda x: -jnp.sum(1 / (jnp.sum((x - centres) ** 2, 1) + depths))


def rosenbrock(x: Array) -> Array:
    return jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def goldstein_price(v: Array) -> Array:
    x, y = v
    s, d = x + y + 1, 2 * x - 3 * y
    first = 1 + s**2 * (19 - 14 * x + 3 * x**2 - 14 * y + 6 * x * y + 3 * y**2)
    second = 30 + d**2 * (18 - 32 * x + 12 * x**2 + 48 * y - 36 * x * y + 27 * y**2)
    return first * second


def beale(v: Array) -> Array:
    x, y = v
    powers = jnp.stack([y, y**2, y**3])
    return jnp.sum((np.array([1.5, 2.25, 2.625]) - x * (1 - powers)) ** 2)


def booth(x: Array) -> Array:
    return (x[0] + 2 * x[1] - 7) ** 2 + (2 * x[0] + x[1] - 5) ** 2


def himmelblau(x: Array) -> Array:
    return (x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2


MINIMA = {
    "Booth": Problem(booth, -10.0, 10.0, 2, 0.0),
    "Himmelblau": Problem(himmelblau, -5.0, 5.0, 2, 0.0, 4),
    "Rastrigin": Problem(rastrigin, -5.12, 5.12, 10, 0.0),
    "Branin": Problem(branin, (-5.0, 0.0), (10.0, 15.0), 2, 0.397887, 3),
    "Hartmann 3": Problem(hartmann(_A3, _P3), 0.0, 1.0, 3, -3.862780),
    "Shekel 5": Problem(shekel(5), 0.0, 10.0, 4, -10.153200),
    "Shekel 7": Problem(shekel(7), 0.0, 10.0, 4, -10.402941),
    "Shekel 10": Problem(shekel(10), 0.0, 10.0, 4, -10.536410),
    "Beale": Problem(beale, -4.5, 4.5, 2, 0.0),
    "Griewank": Problem(griewank, -600.0, 600.0, 2, 0.0),
    "Levy": Problem(levy, -10.0, 10.0, 3, 0.0),
    "Rosenbrock": Problem(rosenbrock, -5.0, 10.0, 6, 0.0),
    "Hartmann 6": Problem(hartmann(_A6, _P6), 0.0, 1.0, 6, -3.322368),
    "Goldstein-Price": Problem(goldstein_price, -2.0, 2.0, 2, 3.0),
    "Ackley": Problem(ackley, -32.0, 33.0, 2, 0.0),
}


def minimum(name: str, problem: Problem, seconds: float) -> Outcome:
    began = time.perf_counter()
    m = ij.minimize(problem.function, problem.box(), 1e-8, max_seconds=seconds)
    low, high = float(m.value.lo), float(m.value.hi)
    near = low - 1e-6 <= problem.known <= high + 1e-6
    right = m.converged and near and len(m.unique) == problem.answers
    return Outcome(
        "minimize", name, problem.dimension, time.perf_counter() - began, m.evaluated, low, high,
        high - low, len(m.unique), int(m.unique.sum()), right,
    )  # fmt: skip


# --- roots --------------------------------------------------------------------------------


def broyden(x: Array) -> Array:
    before, after = jnp.pad(x[:-1], (1, 0)), jnp.pad(x[1:], (0, 1))
    return (3 - 2 * x) * x - before - 2 * after + 1


def surfaces(x: Array) -> Array:
    """A sphere, a cubic and a paraboloid."""
    a, b, c = x
    return jnp.stack([a**2 + b**2 + c**2 - 9, a * b * c - 1, a + b - c**2])


def robot(x: Array) -> Array:
    """The angles of a planar arm of two links, as sines and cosines."""
    c, s, d, t = x
    return jnp.stack([c + d - 0.75, s + t - 0.5, c**2 + s**2 - 1, d**2 + t**2 - 1])


ROOTS = {
    "Circle and line": Problem(
        lambda x: jnp.stack([x[0] ** 2 + x[1] ** 2 - 1, x[0] - x[1]]), -2.0, 2.0, 2, 2
    ),
    "Chebyshev T5": Problem(lambda x: 16 * x**5 - 20 * x**3 + 5 * x, -1.0, 1.0, 1, 5),
    "Four corners": Problem(lambda x: x**2 - 1, -1.0, 1.0, 2, 4),
    "sin(x) = x / 10": Problem(lambda x: jnp.sin(x) - x / 10, -20.0, 20.0, 1, 7),
    "Himmelblau, stationary": Problem(jax.grad(himmelblau), -5.0, 5.0, 2, 9),
    "Robot arm": Problem(robot, -1.0, 1.0, 4, 2),
    "Broyden tridiagonal": Problem(broyden, -1.0, 1.0, 5, 1),
    "Sphere, cubic, paraboloid": Problem(surfaces, -3.0, 3.0, 3, 6),
    "Exponential and parabola": Problem(
        lambda x: jnp.stack([jnp.exp(x[0]) - x[1], x[0] ** 2 + x[1] - 2]), -3.0, 3.0, 2, 2
    ),
}


def roots(name: str, problem: Problem, seconds: float) -> Outcome:
    began = time.perf_counter()
    r = ij.find_roots(problem.function, problem.box(), max_seconds=seconds)
    widest = float(jnp.max(r.boxes.hi - r.boxes.lo, initial=0.0))
    right = r.converged and bool(r.unique.all()) and len(r.unique) == problem.known
    return Outcome(
        "find_roots", name, problem.dimension, time.perf_counter() - began, r.evaluated, math.nan,
        math.nan, widest, len(r.unique), int(r.unique.sum()), right,
    )  # fmt: skip


# --- ranges -------------------------------------------------------------------------------


def _width(v: Array) -> tuple[Array, Array]:
    spot, years, volatility, rate = v
    return jnp.log(spot / 100) + rate * years, volatility * jnp.sqrt(years)


def _d1(v: Array) -> Array:
    x, w = _width(v)
    return x / w + w / 2


def _bachelier(v: Array) -> tuple[Array, Array]:
    spot, years, volatility = v
    deviation = volatility * jnp.sqrt(years)
    return (spot - 100) / deviation, deviation


_BLACK_SCHOLES = ((80.0, 0.1, 0.1, 0.0), (120.0, 2.0, 0.5, 0.05))
_NORMAL = ((80.0, 0.1, 10.0), (120.0, 2.0, 50.0))

RANGES: dict[str, tuple[Function, Any]] = {
    "Bachelier delta": (lambda v: norm.cdf(_bachelier(v)[0]), _NORMAL),
    "Bachelier gamma": (lambda v: norm.pdf(_bachelier(v)[0]) / _bachelier(v)[1], _NORMAL),
    "Bachelier vega": (lambda v: norm.pdf(_bachelier(v)[0]) * jnp.sqrt(v[1]), _NORMAL),
    "Black-Scholes delta": (lambda v: norm.cdf(_d1(v)), _BLACK_SCHOLES),
    "Black-Scholes gamma": (lambda v: norm.pdf(_d1(v)) / (v[0] * _width(v)[1]), _BLACK_SCHOLES),
    "Black-Scholes vega": (lambda v: v[0] * norm.pdf(_d1(v)) * jnp.sqrt(v[1]), _BLACK_SCHOLES),
    "Black-Scholes rho": (
        lambda v: 100 * v[1] * jnp.exp(-v[3] * v[1]) * norm.cdf(_d1(v) - _width(v)[1]),
        _BLACK_SCHOLES,
    ),
}


def value_range(name: str, problem: tuple[Function, Any], seconds: float) -> Outcome:
    function, (low, high) = problem
    began = time.perf_counter()
    r = ij.bound_range(
        function, ij.interval(np.array(low), np.array(high)), 1e-6, max_seconds=seconds
    )
    gap = max(float(r.inner.lo - r.outer.lo), float(r.outer.hi - r.inner.hi))
    return Outcome(
        "bound_range", name, len(low), time.perf_counter() - began, r.evaluated,
        float(r.outer.lo), float(r.outer.hi), gap, 0, 0, r.converged,
    )  # fmt: skip


# --- the command --------------------------------------------------------------------------

TOOLS: dict[str, tuple[dict[str, Any], Callable[..., Outcome]]] = {
    "minimize": (MINIMA, minimum),
    "find_roots": (ROOTS, roots),
    "bound_range": (RANGES, value_range),
}


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks verified", description=__doc__)
    parser.add_argument("name", nargs="*", help="tools or problems; all by default")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the outcomes there")
    parser.add_argument("--seconds", type=float, default=300.0, help="limit for each problem")
    options = parser.parse_args(arguments)
    jax.config.update("jax_enable_x64", True)
    print(conditions(), flush=True)
    print(f"{'':12}{'':26}{'dim':>4}{'s':>8}{'boxes':>9}{'gap':>10}{'found':>7}{'unique':>7}")
    outcomes = []
    for tool, (problems, solve) in TOOLS.items():
        for name, problem in problems.items():
            if options.name and not {tool, name} & set(options.name):
                continue
            o = solve(name, problem, options.seconds)
            outcomes.append(o)
            verdict = "" if o.as_known else "  not as known"
            print(
                f"{tool:12}{name:26}{o.dimension:4}{o.seconds:8.1f}{o.boxes:9,}{o.gap:10.1e}"
                f"{o.found:7}{o.unique:7}{verdict}",
                flush=True,
            )
            if options.json:
                text = json.dumps([asdict(o) for o in outcomes], indent=1)
                options.json.write_text(text + "\n")
    return int(not all(o.as_known for o in outcomes))
