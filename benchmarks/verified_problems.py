"""Standard problems of verified computing: minima, roots, ranges of option prices, integrals."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.scipy.special import xlogy
from jax.scipy.stats import norm

import interval_jax as ij

__all__ = ["INTEGRALS", "MINIMA", "RANGES", "ROOTS", "Function", "Problem"]

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
    """The minimum, to six digits; the number of roots; or the integral, to nine."""
    answers: int = 1
    """The number of global minimisers."""

    def box(self) -> ij.Interval:
        shape = (self.dimension,)
        return ij.interval(np.broadcast_to(self.low, shape), np.broadcast_to(self.high, shape))


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


# --- ranges -------------------------------------------------------------------------------
#
# The formulas as they stand in textbooks, of spot, years, volatility, rate and strike.


def _terms(v: Array) -> tuple[Array, ...]:
    spot, years, volatility, rate, *strike = v
    width = volatility * jnp.sqrt(years)
    level = strike[0] if strike else jnp.full_like(spot, 100)
    d1 = (jnp.log(spot / level) + rate * years) / width + width / 2
    return d1, d1 - width, width, level


def price(v: Array) -> Array:
    d1, d2, _, level = _terms(v)
    return v[0] * norm.cdf(d1) - level * jnp.exp(-v[3] * v[1]) * norm.cdf(d2)


def delta(v: Array) -> Array:
    return norm.cdf(_terms(v)[0])


def gamma(v: Array) -> Array:
    d1, _, width, _ = _terms(v)
    return norm.pdf(d1) / (v[0] * width)


def vega(v: Array) -> Array:
    return v[0] * norm.pdf(_terms(v)[0]) * jnp.sqrt(v[1])


def theta(v: Array) -> Array:
    d1, d2, _, level = _terms(v)
    decay = v[0] * norm.pdf(d1) * v[2] / (2 * jnp.sqrt(v[1]))
    return -decay - v[3] * level * jnp.exp(-v[3] * v[1]) * norm.cdf(d2)


def rho(v: Array) -> Array:
    _, d2, _, level = _terms(v)
    return level * v[1] * jnp.exp(-v[3] * v[1]) * norm.cdf(d2)


def _bachelier(v: Array) -> tuple[Array, Array, Array]:
    spot, years, volatility = v
    width = volatility * jnp.sqrt(years)
    return spot - 100, (spot - 100) / width, width


def bachelier_price(v: Array) -> Array:
    distance, d, width = _bachelier(v)
    return distance * norm.cdf(d) + width * norm.pdf(d)


def bachelier_gamma(v: Array) -> Array:
    _, d, width = _bachelier(v)
    return norm.pdf(d) / width


def of_spot_and_volatility(f: Function) -> Function:
    """After one year, at a rate of 2 %."""
    return lambda v: f(jnp.stack([v[0], jnp.ones_like(v[0]), v[1], jnp.full_like(v[0], 0.02)]))


_TWO = ((80.0, 0.1), (120.0, 0.5))
_FOUR = ((80.0, 0.1, 0.1, 0.0), (120.0, 2.0, 0.5, 0.05))
_FIVE = ((80.0, 0.1, 0.1, 0.0, 90.0), (120.0, 2.0, 0.5, 0.05, 110.0))
_NORMAL = ((80.0, 0.1, 10.0), (120.0, 2.0, 50.0))

RANGES: dict[str, tuple[Function, Any]] = {
    "Bachelier price": (bachelier_price, _NORMAL),
    "Bachelier delta": (lambda v: norm.cdf(_bachelier(v)[1]), _NORMAL),
    "Bachelier gamma": (bachelier_gamma, _NORMAL),
    "Bachelier vega": (lambda v: norm.pdf(_bachelier(v)[1]) * jnp.sqrt(v[1]), _NORMAL),
    "Bachelier theta": (
        lambda v: -v[2] * norm.pdf(_bachelier(v)[1]) / (2 * jnp.sqrt(v[1])),
        _NORMAL,
    ),
    "Black-Scholes price, 2": (of_spot_and_volatility(price), _TWO),
    "Black-Scholes theta, 2": (of_spot_and_volatility(theta), _TWO),
    "Black-Scholes price": (price, _FOUR),
    "Black-Scholes delta": (delta, _FOUR),
    "Black-Scholes gamma": (gamma, _FOUR),
    "Black-Scholes vega": (vega, _FOUR),
    "Black-Scholes theta": (theta, _FOUR),
    "Black-Scholes rho": (rho, _FOUR),
    "Black-Scholes delta, 5": (delta, _FIVE),
    "Black-Scholes gamma, 5": (gamma, _FIVE),
    "Black-Scholes vega, 5": (vega, _FIVE),
}


# --- integrals ----------------------------------------------------------------------------

_OSCILLATING = (50 - math.exp(-3) * (50 * math.cos(150) + math.sin(150))) / 2501


def _payoff(z: Array) -> Array:
    """Of a call with the volatility 0.2 after a year, weighted with the normal density."""
    return jnp.maximum(100 * jnp.exp(0.2 * z - 0.02) - 100, 0) * norm.pdf(z)


INTEGRALS: dict[str, tuple[Problem, float]] = {
    "exp(x)": (Problem(jnp.exp, 0.0, 1.0, 1, math.e - 1), 1e-8),
    "exp(-x) sin(50 x)": (
        Problem(lambda x: jnp.exp(-x) * jnp.sin(50 * x), 0.0, 3.0, 1, _OSCILLATING),
        1e-8,
    ),
    "sin(x^2)": (Problem(lambda x: jnp.sin(x * x), 0.0, 10.0, 1, 0.583670899929623), 1e-8),
    "cos(10 sin(x) - x)": (
        Problem(lambda x: jnp.cos(10 * jnp.sin(x) - x), 0.0, math.pi, 1, 0.136573659995469),
        1e-8,
    ),
    "peak of width 0.01": (
        Problem(
            lambda x: 1 / (1e-4 + (x - 0.3) ** 2),
            0.0, 1.0, 1, 100 * (math.atan(70) + math.atan(30)),
        ),
        1e-6,
    ),
    "1 / (1 + 25 x^2)": (
        Problem(lambda x: 1 / (1 + 25 * x * x), -1.0, 1.0, 1, 0.4 * math.atan(5)),
        1e-8,
    ),
    "exp(-x^2)": (
        Problem(lambda x: jnp.exp(-x * x), -6.0, 6.0, 1, math.sqrt(math.pi) * math.erf(6)),
        1e-8,
    ),
    "tanh(50 x)": (
        Problem(
            lambda x: jnp.tanh(50 * x), -0.5, 1.0, 1,
            (math.log(math.cosh(50)) - math.log(math.cosh(25))) / 50,
        ),
        1e-8,
    ),
    "sqrt(1 - x^2)": (Problem(lambda x: jnp.sqrt(1 - x * x), 0.0, 1.0, 1, math.pi / 4), 1e-6),
    "x log(x)": (Problem(lambda x: xlogy(x, x), 0.0, 1.0, 1, -0.25), 1e-5),
    "|x - 0.3|": (Problem(lambda x: jnp.abs(x - 0.3), 0.0, 1.0, 1, 0.29), 1e-8),
    "price of a call": (Problem(_payoff, -8.0, 8.0, 1, 7.965567455), 1e-6),
    "exp(-x^2 - y^2)": (
        Problem(
            lambda x: jnp.exp(-jnp.sum(x * x)), -3.0, 3.0, 2, math.pi * math.erf(3) ** 2
        ),
        1e-6,
    ),
    "1 / (1 + x + y)": (
        Problem(lambda x: 1 / (1 + jnp.sum(x)), 0.0, 1.0, 2, 3 * math.log(3) - 4 * math.log(2)),
        1e-8,
    ),
    "area of the disc": (
        Problem(lambda x: jnp.where(jnp.sum(x * x) < 1, 1.0, 0.0), -1.0, 1.0, 2, math.pi),
        1e-2,
    ),
    "exp(x y z)": (
        Problem(lambda x: jnp.exp(x[0] * x[1] * x[2]), 0.0, 1.0, 3, 1.146499072528642),
        1e-6,
    ),
    "cos(x) cos(y) cos(z) cos(w)": (
        Problem(
            lambda x: jnp.cos(x[0]) * jnp.cos(x[1]) * jnp.cos(x[2]) * jnp.cos(x[3]),
            0.0, 1.0, 4, math.sin(1) ** 4,
        ),
        1e-4,
    ),
}  # fmt: skip
"""Problems with the tolerances asked for."""
