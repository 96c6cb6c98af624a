"""What the soundness campaign evaluates: functions, where to try them, and their exact values."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax.numpy as jnp
import numpy as np
from flint import arb
from jax import lax, nn
from jax.scipy import special

import interval_jax as ij
from benchmarks import hard_points
from benchmarks.hard_points import Points
from interval_jax import elementary
from reference import balls, oracle
from reference.oracle import Tightest

Values = Callable[..., Tightest]
Range = tuple[float, float]

_WIDE = (-30.0, 30.0)


def singletons(*points: np.ndarray) -> tuple[ij.Interval, ...]:
    """The intervals [x, x]."""
    return tuple(ij.Interval(jnp.asarray(x), jnp.asarray(x)) for x in points)


@dataclass(frozen=True)
class Case:
    """A function of intervals that is compared with exact values.

    Args:
        name: What reports call it.
        function: The function of intervals.
        values: The exact values at points, rounded down and up to float64; NaN where there is none.
        ranges: The tightest enclosure over intervals, given their bounds, if an oracle knows it.
        active: For float64 and float32, between which numbers the function does not just level off.
        critical: Points where it turns, levels off, or is known to be hard.
        draw: Points for functions of several arguments; drawn from the above otherwise.
        arguments: Number of arguments.
        cost: Seconds for a hundred thousand exact values, roughly: points are spread accordingly.
        boxes: The arguments for points, if these are not the arguments themselves but numbers that
            the result has to contain. Then nothing is said of its tightness.
        program: The same function as JAX writes it, of arrays, if it has it.
    """

    name: str
    function: Callable[..., ij.Interval]
    values: Values
    ranges: Values | None = None
    active: tuple[Range, Range] = (_WIDE, _WIDE)
    critical: tuple[float, ...] = ()
    draw: Callable[[np.random.Generator, type, int], Points] | None = None
    arguments: int = 1
    cost: float = 0.5
    boxes: Callable[..., tuple[ij.Interval, ...]] | None = None
    program: Callable[..., Any] | None = None

    def range(self, dtype: type) -> Range:
        """The active range for a type."""
        return self.active[dtype is np.float32]

    def random(self, size: int) -> np.ndarray:
        """Which of so many points are random, not chosen for being hard."""
        return (np.arange(size) < hard_points.random_part(size)) | (self.draw is not None)

    def points(self, rng: np.random.Generator, dtype: type, size: int) -> Points:
        """Points of the format {0, normals}, an array of the size for each argument."""
        if self.draw is not None:
            drawn = self.draw(rng, dtype, size)
        else:
            drawn = tuple(
                hard_points.draw(rng, dtype, size, self.range(dtype), self.critical)
                for _ in range(self.arguments)
            )
        return tuple(hard_points.points_in_format(x) for x in drawn)


# --- the functions ------------------------------------------------------------------------

_EVERYWHERE = ((-1e4, 1e4), (-1e4, 1e4))
_EXP = ((-746.0, 711.0), (-104.5, 89.5))
_POSITIVE = ((0.0, 1e3), (0.0, 1e3))
_UNIT = ((-1.0, 1.0), (-1.0, 1.0))

_ACTIVE: dict[str, tuple[tuple[float, float], tuple[float, float]]] = {
    "abs": _EVERYWHERE, "neg": _EVERYWHERE, "sqr": _EVERYWHERE, "recip": _EVERYWHERE,
    "sqrt": _POSITIVE, "cbrt": _EVERYWHERE,
    "sign": _EVERYWHERE, "ceil": _EVERYWHERE, "floor": _EVERYWHERE, "trunc": _EVERYWHERE,
    "round_ties_to_even": _EVERYWHERE, "round_ties_to_away": _EVERYWHERE,
    "exp": _EXP, "exp2": ((-1076.0, 1025.0), (-151.0, 129.0)),
    "exp10": ((-324.0, 309.0), (-46.0, 39.0)), "expm1": ((-40.0, 711.0), (-20.0, 89.5)),
    "log": _POSITIVE, "log2": _POSITIVE, "log10": _POSITIVE, "log1p": ((-1.0, 1e3),) * 2,
    "exp2m1": ((-54.0, 1025.0), (-26.0, 129.0)), "exp10m1": ((-17.0, 309.0), (-9.0, 39.0)),
    "log2p1": ((-1.0, 1e3),) * 2, "log10p1": ((-1.0, 1e3),) * 2, "rsqrt": _POSITIVE,
    "asinpi": _UNIT, "acospi": _UNIT, "atanpi": _EVERYWHERE,
    "sin": _EVERYWHERE, "cos": _EVERYWHERE, "tan": _EVERYWHERE,
    "cot": _EVERYWHERE, "sec": _EVERYWHERE, "csc": _EVERYWHERE,
    "sinpi": _EVERYWHERE, "cospi": _EVERYWHERE, "tanpi": _EVERYWHERE,
    "asin": _UNIT, "acos": _UNIT, "atan": _EVERYWHERE, "acot": _EVERYWHERE,
    "sinh": ((-711.5, 711.5), (-90.0, 90.0)), "cosh": ((-711.5, 711.5), (-90.0, 90.0)),
    "tanh": ((-20.0, 20.0), (-10.0, 10.0)), "coth": ((-20.0, 20.0), (-10.0, 10.0)),
    "sech": ((-711.5, 711.5), (-90.0, 90.0)), "csch": ((-711.5, 711.5), (-90.0, 90.0)),
    "asinh": _EVERYWHERE, "acosh": ((1.0, 1e3),) * 2, "atanh": _UNIT, "acoth": _EVERYWHERE,
    "erf": ((-6.1, 6.1), (-4.0, 4.0)), "erfc": ((-6.2, 27.3), (-4.0, 10.1)),
    "erfinv": _UNIT, "erfcinv": ((0.0, 2.0),) * 2, "ndtri": ((0.0, 1.0),) * 2,
    "ndtr": ((-38.6, 8.5), (-13.2, 5.6)),
    "log_ndtr": ((-50.0, 38.6), (-20.0, 13.2)), "norm_pdf": ((-38.6, 38.6), (-13.2, 13.2)),
    "logistic": ((-746.0, 38.0), (-104.5, 18.0)), "silu": ((-752.0, 38.0), (-109.0, 18.0)),
    "softplus": ((-746.0, 38.0), (-104.5, 18.0)), "gelu": ((-38.8, 9.0), (-13.5, 6.0)),
    "relu": _EVERYWHERE, "lgamma": ((-40.0, 180.0), (-20.0, 40.0)),
}  # fmt: skip

_PROGRAMS: dict[str, Callable[..., Any]] = {
    "abs": lax.abs, "neg": lax.neg, "sqr": lax.square, "recip": lambda x: 1 / x,
    "sqrt": lax.sqrt, "cbrt": lax.cbrt, "rsqrt": lax.rsqrt, "sign": lax.sign, "ceil": lax.ceil,
    "floor": lax.floor, "exp": lax.exp, "exp2": lax.exp2, "expm1": lax.expm1, "log": lax.log,
    "log1p": lax.log1p, "sin": lax.sin, "cos": lax.cos, "tan": lax.tan, "asin": lax.asin,
    "acos": lax.acos, "atan": lax.atan, "sinh": lax.sinh, "cosh": lax.cosh, "tanh": lax.tanh,
    "asinh": lax.asinh, "acosh": lax.acosh, "atanh": lax.atanh, "erf": lax.erf, "erfc": lax.erfc,
    "erfinv": lax.erf_inv, "lgamma": lax.lgamma, "digamma": lax.digamma,
    "logistic": lax.logistic, "silu": nn.silu, "softplus": nn.softplus, "relu": nn.relu,
    "gelu": partial(nn.gelu, approximate=False), "ndtr": special.ndtr, "ndtri": special.ndtri,
    "log_ndtr": special.log_ndtr, "add": lax.add, "sub": lax.sub, "mul": lax.mul, "div": lax.div,
    "min": lax.min, "max": lax.max, "hypot": jnp.hypot, "atan2": lax.atan2, "pow": lax.pow,
    "fma": lambda x, y, z: x * y + z, "logsumexp": lambda *x: nn.logsumexp(jnp.stack(x)),
    "softmax": lambda *x: nn.softmax(jnp.stack(x))[0], "pown -3": lambda x: lax.integer_pow(x, -3),
    "pown 2": lambda x: lax.integer_pow(x, 2), "pown 3": lambda x: lax.integer_pow(x, 3),
    "pown -2": lambda x: lax.integer_pow(x, -2), "pown 10": lambda x: lax.integer_pow(x, 10),
}  # fmt: skip
"""Functions of JAX that are functions of the catalogue."""

_SLOW = {"erfcinv": 1.0, "ndtri": 1.0, "log_ndtr": 0.7, "gelu": 0.7, "gelu_derivative": 0.7}
"""Functions that take Arb longer than others."""

_DERIVATIVES = {
    name: _ACTIVE[name.removesuffix("_derivative")]
    for name in sorted(set(elementary.__all__) & set(balls.ARB))
    if name.endswith("_derivative")
}

_EXACT: dict[str, Callable[..., np.ndarray]] = {
    "abs": np.abs,
    "neg": np.negative,
    "sign": np.sign,
    "ceil": np.ceil,
    "floor": np.floor,
    "trunc": np.trunc,
    "round_ties_to_even": np.rint,
    "round_ties_to_away": lambda x: np.where(
        np.abs(x) < 2.0**52, np.copysign(np.floor(np.abs(x) + _half(x)), x), x
    ),
    "min": np.minimum,
    "max": np.maximum,
}
"""Functions whose values at floats are floats."""


def _half(x: np.ndarray) -> np.ndarray:
    # 0.49999999999999994 + 0.5 would round to 1.
    return np.where(np.abs(x) < 0.5, 0.0, 0.5)


def _exactly(function: Callable[..., np.ndarray], *points: np.ndarray) -> Tightest:
    value = function(*(np.asarray(p, np.float64) for p in points))
    return Tightest(value, value)


def _known(name: str) -> tuple[Values, Values | None, float] | None:
    """Values, ranges and cost of a function by its name, if an oracle knows it."""
    if name in _EXACT:
        return functools.partial(_exactly, _EXACT[name]), None, 0.001
    if name in oracle.CORE_MATH:
        values = functools.partial(oracle.tightest, name)
        return values, functools.partial(oracle.tightest_range, name), 0.02
    if name in balls.ARB:
        return functools.partial(oracle.tightest, name, partial=True), None, _SLOW.get(name, 0.4)
    return None


def _by_arb(function: Callable[..., arb]) -> Values:
    return functools.partial(oracle.tightest_of, function, partial=True)


def cases() -> list[Case]:
    """All functions of interval_jax that have values at points and an oracle."""
    found = [*_functions_of_one(), *_functions_of_several(), *_powers_and_roots(), *_reverse()]
    with_programs = (replace(case, program=_PROGRAMS.get(case.name)) for case in found)
    return sorted(with_programs, key=lambda case: case.name)


def _functions_of_one() -> Iterable[Case]:
    for name, active in (_ACTIVE | _DERIVATIVES).items():
        function = getattr(ij, name, None) or getattr(elementary, name, None)
        known = _known(name)
        if function is not None and known is not None:
            values, ranges, cost = known
            hard = hard_points.of(name)
            yield Case(name, function, values, ranges, active, hard, cost=cost)


def _functions_of_several() -> Iterable[Case]:
    pairs = hard_points.pairs
    draws = {
        "add": pairs, "sub": pairs, "mul": pairs, "div": pairs, "min": pairs, "max": pairs,
        "hypot": pairs, "atan2": pairs, "atan2pi": pairs, "pow": hard_points.powers,
        "compoundm1": hard_points.compounds,
    }  # fmt: skip
    for name, draw in draws.items():
        known = _known(name)
        if hasattr(ij, name) and known is not None:
            values, _, cost = known
            yield Case(name, getattr(ij, name), values, draw=draw, arguments=2, cost=cost)
    if hasattr(ij, "fma"):
        values = _by_arb(lambda x, y, z: x * y + z)
        yield Case("fma", ij.fma, values, draw=hard_points.triples, arguments=3, cost=0.5)
    for name, exact, cost in (("logsumexp", _logsumexp, 3.0), ("softmax", _softmax, 1.5)):
        if hasattr(ij, name):
            function = functools.partial(_of_a_vector, getattr(ij, name))
            yield Case(
                name, function, _by_arb(exact), active=((-20, 20),) * 2, arguments=3, cost=cost
            )


def _powers_and_roots() -> Iterable[Case]:
    for n in (2, 3, 4, 5, 7, 8, 10, 13, 33, 100, 1001, -1, -2, -3, -7, -10, -100):
        yield Case(
            f"pown {n}",
            functools.partial(ij.pown, n=n),
            _by_arb(functools.partial(_integer_power, n=n)),
            active=((-(2.0 ** (1000 / abs(n))), 2.0 ** (1000 / abs(n))),) * 2,
            cost=0.5,
        )
    if hasattr(ij, "rootn"):
        for n in (1, 2, 3, 4, 5, 7, 10, 100, -1, -2, -3, -10):
            yield Case(
                f"rootn {n}",
                functools.partial(_second, ij.rootn, n),
                _by_arb(functools.partial(_root, n=n)),
                active=_EVERYWHERE if n % 2 else _POSITIVE,
                cost=0.5,
            )


def _second(function: Callable[..., Any], argument: Any, x: Any) -> Any:
    return function(x, argument)


def _integer_power(x: arb, n: int) -> arb:
    return x**n


def _root(x: arb, n: int) -> arb:
    odd = n % 2 == 1
    if n < 0:
        return 1 / _root(x, -n) if x != 0 else arb("nan")
    return -((-x).root(n)) if odd and x < 0 else x.root(n)


def _of_a_vector(function: Callable[..., Any], *xs: ij.Interval) -> ij.Interval:
    """A function of a vector, as one of its entries; its first entry if it returns a vector."""
    x = ij.Interval(jnp.stack([x.lo for x in xs]), jnp.stack([x.hi for x in xs]))
    value = function(x, axis=0)
    return value[0] if value.ndim == x.ndim else value


def _logsumexp(*xs: arb) -> arb:
    return sum((x.exp() for x in xs), arb(0)).log()


def _softmax(*xs: arb) -> arb:
    return xs[0].exp() / sum((x.exp() for x in xs), arb(0))


# --- reverse functions --------------------------------------------------------------------

# At a number t the forward function has a value, in some interval c between two floats. So t is
# among the numbers that the reverse function returns for c, inside any interval with t in it.

_REVERSE = {
    "sqr_rev": "sqr", "abs_rev": "abs", "sin_rev": "sin", "cos_rev": "cos", "tan_rev": "tan",
    "cosh_rev": "cosh",
}  # fmt: skip


def _reverse() -> Iterable[Case]:
    for name, forward in _REVERSE.items():
        known = _known(forward)
        if hasattr(ij, name) and known is not None:
            function, active = getattr(ij, name), _ACTIVE[forward]
            yield _find_again(name, function, known[0], 1, active, hard_points.of(forward))
    for n in (0, 1, 2, 3, 4, 7, -1, -2, -3):
        if hasattr(ij, "pown_rev"):
            function = functools.partial(_with_integer, ij.pown_rev, n)
            power = _by_arb(functools.partial(_integer_power, n=n))
            yield _find_again(f"pown_rev {n}", function, power, 1, _EVERYWHERE)
    # Of two arguments of the forward function the first or the second is found again.
    for name, forward, place, draw in (
        ("mul_rev", "mul", 0, hard_points.pairs),
        ("pow_rev1", "pow", 0, hard_points.powers),
        ("pow_rev2", "pow", 1, hard_points.powers),
        ("atan2_rev1", "atan2", 0, hard_points.pairs),
        ("atan2_rev2", "atan2", 1, hard_points.pairs),
    ):
        known = _known(forward)
        if hasattr(ij, name) and known is not None:
            yield _find_again(name, getattr(ij, name), known[0], 2, place=place, draw=draw)


def _find_again(
    name: str,
    function: Callable[..., ij.Interval],
    forward: Values,
    arguments: int,
    active: tuple[Range, Range] = (_WIDE, _WIDE),
    critical: tuple[float, ...] = (),
    place: int = 0,
    draw: Callable[[np.random.Generator, type, int], Points] | None = None,
) -> Case:
    """The case of a reverse function, for the argument of the forward function in one place."""

    def values(*points: np.ndarray) -> Tightest:
        exists = ~np.isnan(forward(*points).down)
        found = np.where(exists, np.asarray(points[place], np.float64), np.nan)
        return Tightest(found, found)

    def boxes(*points: np.ndarray) -> tuple[ij.Interval, ...]:
        value = forward(*points)
        exists = ~np.isnan(value.down)
        down, up = (np.where(exists, end, 0) for end in value)
        c = ij.interval(down, up, dtype=points[0].dtype)
        # A seed from the points themselves: the same boxes whenever they are asked for.
        rng = np.random.default_rng(points[0].view(np.uint8)[:64])
        x = ij.Interval(*map(jnp.asarray, hard_points.around(rng, points[place], -1e3, 1e3)))
        others = singletons(*(p for k, p in enumerate(points) if k != place))
        return (*others, c, x)

    return Case(
        name,
        function,
        values,
        active=active,
        critical=critical,
        draw=draw,
        arguments=arguments,
        cost=1.0,
        boxes=boxes,
    )


def _with_integer(
    function: Callable[..., ij.Interval], n: int, c: ij.Interval, x: ij.Interval
) -> ij.Interval:
    return function(c, n, x)
