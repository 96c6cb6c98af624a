"""Exact values of functions at floats, for containment tests without tolerance.

`tightest(name, x)` returns the largest float64 at or below f(x) and the smallest at or above it. An
endpoint L of any float format lies below f(x) exactly when L <= down, and U above it exactly when
up <= U, so comparing with them is comparing with the real number itself.

Two independent sources stand behind it. CORE-MATH's correctly rounded functions (through crival)
are fast enough for millions of points; balls of Arb (python-flint), with the precision raised
until the two floats are decided, serve the functions that CORE-MATH lacks and check the others.
Where f(x) is closer to a float than any reasonable precision could tell (logistic(1000) and 1), the
answer is written down in `_LIMITS` with its proof.
"""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import ival
import numpy as np
from flint import arb, ctx

PRECISIONS = (100, 250, 1000, 5000)
"""Bits at which Arb is asked, one after the other, until the float on either side is certain."""

_TINY = 5e-324  # the least float64 above 0


def _sech(x: arb) -> arb:
    return x.sech()


def _logistic(x: arb) -> arb:
    return 1 / (1 + (-x).exp())


def _softplus(x: arb) -> arb:
    return x + (-x).exp().log1p() if x > 0 else x.exp().log1p()


def _ndtr(x: arb) -> arb:
    return (-x / arb(2).sqrt()).erfc() / 2


def _norm_pdf(x: arb) -> arb:
    return (-x * x / 2).exp() / (2 * arb.pi()).sqrt()


def _silu_derivative(x: arb) -> arb:
    return _logistic(x) * (1 + x * _logistic(-x))


def _log_ndtr(x: arb) -> arb:
    if x > 0:
        return (-(x / arb(2).sqrt()).erfc() / 2).log1p()
    if x > -1000:
        return _ndtr(x).log()
    # Mills' ratio is within the last term of its asymptotic series.
    s, term, total = 1 / (x * x), arb(1), arb(0)
    for k in range(1, 60):
        total, term = total + term, -term * (2 * k - 1) * s
    return -x * x / 2 + ((total + arb(0, abs(term))) / -x / (2 * arb.pi()).sqrt()).log()


def _lgamma(x: arb) -> arb:
    if x > 0:
        return x.lgamma()
    return arb.pi().log() - abs(x.sin_pi()).log() - (1 - x).lgamma()


def _gelu_tanh(x: arb) -> arb:
    return x * _logistic((8 / arb.pi()).sqrt() * (x + arb(44715) / 1000000 * x**3))


def _power_less_one(base: int, x: arb) -> arb:
    # Exact for small integers, at enough bits.
    return arb(base) ** x - 1 if x.is_integer() and abs(x) < 2000 else (x * arb(base).log()).expm1()


def _log_of_one_plus(base: int, x: arb) -> arb:
    if not x > -1:
        return arb("nan")
    value = x.log1p() / arb(base).log()
    nearest = round(float(value))
    if abs(nearest) < 100 and 1 + Fraction(float(x)) == Fraction(base) ** nearest:
        return arb(nearest)
    return value


def _atan2pi(y: arb, x: arb) -> arb:
    if y == 0:
        return arb("nan") if x == 0 else arb(0 if x > 0 else 1)
    if x == 0 or abs(x) == abs(y):
        quarters = 2 if x == 0 else 1 if x > 0 else 3
        return arb(quarters if y > 0 else -quarters) / 4
    return arb.atan2(y, x) / arb.pi()


ARB: dict[str, Callable[..., arb]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "sqrt": lambda x: x.sqrt(),
    "exp": lambda x: x.exp(),
    "exp2": lambda x: arb(2) ** x,
    "expm1": lambda x: x.expm1(),
    "log": lambda x: x.log(),
    "log1p": lambda x: x.log1p(),
    "exp2m1": lambda x: _power_less_one(2, x),
    "exp10m1": lambda x: _power_less_one(10, x),
    "log2p1": lambda x: _log_of_one_plus(2, x),
    "log10p1": lambda x: _log_of_one_plus(10, x),
    "rsqrt": lambda x: x.rsqrt(),
    "asinpi": lambda x: x / 2 if abs(x) == 1 else x.asin() / arb.pi(),
    "acospi": lambda x: (1 - x) / 2 if x in (-1, 0, 1) else x.acos() / arb.pi(),
    "atanpi": lambda x: x / 4 if abs(x) == 1 else x.atan() / arb.pi(),
    "atan2pi": _atan2pi,
    "sin": lambda x: x.sin(),
    "cos": lambda x: x.cos(),
    "tan": lambda x: x.tan(),
    "cot": lambda x: x.cot(),
    "sec": lambda x: x.sec(),
    "csc": lambda x: x.csc(),
    "sinpi": lambda x: x.sin_pi(),
    "cospi": lambda x: x.cos_pi(),
    "tanpi": lambda x: x.tan_pi(),
    "sinh": lambda x: x.sinh(),
    "cosh": lambda x: x.cosh(),
    "tanh": lambda x: x.tanh(),
    "atan": lambda x: x.atan(),
    "asin": lambda x: x.asin(),
    "acos": lambda x: x.acos(),
    "acot": lambda x: (1 / x).atan() if x > 0 else arb.pi() / 2 - x.atan(),
    "asinh": lambda x: x.asinh(),
    "acosh": lambda x: x.acosh(),
    "atanh": lambda x: x.atanh(),
    "acoth": lambda x: (1 / x).atanh(),
    "coth": lambda x: x.coth(),
    "sech": _sech,
    "csch": lambda x: x.csch(),
    "erf": lambda x: x.erf(),
    "erfc": lambda x: x.erfc(),
    "relu": lambda x: x if x > 0 else arb(0),
    "logistic": _logistic,
    "silu": lambda x: x * _logistic(x),
    "softplus": _softplus,
    "ndtr": _ndtr,
    "norm_pdf": _norm_pdf,
    "tanh_derivative": lambda x: _sech(x) ** 2,
    "logistic_derivative": lambda x: _sech(x / 2) ** 2 / 4,
    "silu_derivative": _silu_derivative,
    "softplus_derivative": _logistic,
    "erf_derivative": lambda x: (-x * x).exp() * 2 / arb.pi().sqrt(),
    "ndtr_derivative": _norm_pdf,
    "norm_pdf_derivative": lambda x: -x * _norm_pdf(x),
    "log_ndtr": _log_ndtr,
    "gelu": lambda x: x * _ndtr(x),
    "gelu_tanh": _gelu_tanh,
    "lgamma": _lgamma,
    "erfinv": lambda x: x.erfinv(),
    "erfcinv": lambda x: x.erfcinv(),
    "ndtri": lambda x: -arb(2).sqrt() * (2 * x).erfcinv(),
    "gelu_derivative": lambda x: _ndtr(x) + x * _norm_pdf(x),
}
"""Every function the oracle knows, over balls of Arb."""

_CORE_MATH_NAMES = """
    sqrt sqr recip cbrt exp exp2 exp10 expm1 log log2 log10 log1p sin cos tan asin acos atan
    sinh cosh tanh asinh acosh atanh erf erfc atan2 hypot pow rsqrt asinpi acospi atanpi
""".split()

CORE_MATH = {name: getattr(ival, name) for name in _CORE_MATH_NAMES} | {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
}
"""The functions that come from CORE-MATH, over crival's intervals: tightest on intervals too."""

_HALF = (np.nextafter(0.5, 0), 0.5, np.nextafter(0.5, 1))
_BELOW_ONE = (np.nextafter(1, 0), 1.0)


def _around_half(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    below, half, above = _HALF
    inside = (x != 0) & (np.abs(x) <= 2.0**-60)
    return inside, np.where(x > 0, half, below), np.where(x > 0, above, half)


def _above_half_of(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    inside = (np.abs(x) <= 2.0**-60) & (np.abs(x) >= 2.0**-1000)
    return inside, x / 2, np.nextafter(x / 2, np.inf)


# Each entry: points where f is known to lie strictly between two neighbouring floats, and those.
# exp(-40) < 2**-57, exp(-800) < 2**-1154: enough for all that is said about tails below.
_Limit = Callable[[np.ndarray], tuple[np.ndarray, Any, Any]]
_LIMITS: dict[str, tuple[_Limit, ...]] = {
    # 1 - logistic(x) < exp(-x); logistic(x) < exp(x); 1/2 + x/4 + O(x^3) near 0
    "logistic": (
        lambda x: (x >= 40, *_BELOW_ONE),
        lambda x: (x <= -800, 0.0, _TINY),
        _around_half,
    ),
    # x - silu(x) < x exp(-x) for x > 0; |x| exp(x) < 2**-1100 for x <= -800; x/2 + x^2/4 near 0,
    # where x/2 is a float
    "silu": (
        lambda x: (x >= 40, np.nextafter(x, 0), x),
        lambda x: (x <= -800, -_TINY, 0.0),
        _above_half_of,
    ),
    # 0 < softplus(x) - x < exp(-x); softplus(x) < exp(x)
    "softplus": (
        lambda x: (x >= 40, x, np.nextafter(x, np.inf)),
        lambda x: (x <= -800, 0.0, _TINY),
    ),
    # 1 - ndtr(x) < exp(-x^2/2)/x and exp(-81/2) < 2**-58; ndtr(-50) < exp(-1250)
    "ndtr": (
        lambda x: (x >= 9, *_BELOW_ONE),
        lambda x: (x <= -50, 0.0, _TINY),
        _around_half,
    ),
    "norm_pdf": (lambda x: (np.abs(x) >= 50, 0.0, _TINY),),
    # |x| exp(-x^2/2) < 2**-1100 for |x| >= 50
    "norm_pdf_derivative": (
        lambda x: (x >= 50, -_TINY, 0.0),
        lambda x: (x <= -50, 0.0, _TINY),
    ),
    # sech(x)^2 < 4 exp(-2|x|); 1 - sech(x)^2 = tanh(x)^2 < x^2
    "tanh_derivative": (
        lambda x: (np.abs(x) >= 410, 0.0, _TINY),
        lambda x: ((x != 0) & (np.abs(x) <= 2.0**-28), *_BELOW_ONE),
    ),
    # logistic(x) logistic(-x) < exp(-|x|); 1/4 - sech(x/2)^2/4 = tanh(x/2)^2/4 < x^2/16
    "logistic_derivative": (
        lambda x: (np.abs(x) >= 800, 0.0, _TINY),
        lambda x: ((x != 0) & (np.abs(x) <= 2.0**-27), np.nextafter(0.25, 0), 0.25),
    ),
    # with s = logistic(x): silu'(x) - 1 = (1 - s)(x s - 1), which is in (0, x exp(-x)) for x >= 50;
    # x exp(x) < silu'(x) < 0 for x <= -800; 1/2 + x/2 + O(x^3) near 0
    "silu_derivative": (
        lambda x: (x >= 50, 1.0, np.nextafter(1, 2)),
        lambda x: (x <= -800, -_TINY, 0.0),
        _around_half,
    ),
    "erf_derivative": (lambda x: (np.abs(x) >= 30, 0.0, _TINY),),
    # sech(x) < 2 exp(-|x|); 1 - sech(x) < x^2/2
    "sech": (
        lambda x: (np.abs(x) >= 800, 0.0, _TINY),
        lambda x: ((x != 0) & (np.abs(x) <= 2.0**-28), *_BELOW_ONE),
    ),
    # csch(x) < 3 exp(-x) for x >= 1
    "csch": (
        lambda x: (x >= 800, 0.0, _TINY),
        lambda x: (x <= -800, -_TINY, 0.0),
    ),
    # 0 < coth(x) - 1 < 3 exp(-2x) for x >= 1
    "coth": (
        lambda x: (x >= 30, 1.0, np.nextafter(1, 2)),
        lambda x: (x <= -30, -np.nextafter(1, 2), -1.0),
    ),
    # 2**-60 and 10**-20 are below 2**-54
    "exp2m1": (lambda x: (x <= -60, -1.0, -_BELOW_ONE[0]),),
    "exp10m1": (lambda x: (x <= -20, -1.0, -_BELOW_ONE[0]),),
    # 0 < -log_ndtr(x) < 2 ndtr(-x)
    "log_ndtr": (lambda x: (x >= 50, -_TINY, 0.0),),
    # |x| ndtr(-|x|) < norm_pdf(x); x/2 + x^2/sqrt(2 pi) near 0, where x/2 is a float
    "gelu": (
        lambda x: (x >= 50, np.nextafter(x, 0), x),
        lambda x: (x <= -50, -_TINY, 0.0),
        _above_half_of,
    ),
    # |x| exp(-2 a(x)) < 30 exp(-1970) for |x| >= 30; x/2 + 0.39 x^2 near 0
    "gelu_tanh": (
        lambda x: (x >= 30, np.nextafter(x, 0), x),
        lambda x: (x <= -30, -_TINY, 0.0),
        _above_half_of,
    ),
    # |x| exp(-x^2/2) < 2**-1100 for |x| >= 50, above ndtr(-|x|)
    "gelu_derivative": (
        lambda x: (x >= 50, 1.0, np.nextafter(1, 2)),
        lambda x: (x <= -50, -_TINY, 0.0),
        _around_half,
    ),
}
_LIMITS["softplus_derivative"] = _LIMITS["logistic"]
_LIMITS["ndtr_derivative"] = _LIMITS["norm_pdf"]

# Zeros of the derivative, isolated between neighbouring floats by `critical_point`.
_TURNING: dict[str, tuple[tuple[str, float, float], ...]] = {
    "silu": (("silu_derivative", -1.4, -1.2),),
    "silu_derivative": (("silu_second", 2.3, 2.5), ("silu_second", -2.5, -2.3)),
    "norm_pdf": (("x", 0.0, 0.0),),
    "ndtr_derivative": (("x", 0.0, 0.0),),
    "norm_pdf_derivative": (("x - 1", 1.0, 1.0), ("x + 1", -1.0, -1.0)),
    "tanh_derivative": (("x", 0.0, 0.0),),
    "logistic_derivative": (("x", 0.0, 0.0),),
    "sech": (("x", 0.0, 0.0),),
    "erf_derivative": (("x", 0.0, 0.0),),
    "gelu": (("gelu_derivative", -0.8, -0.7),),
    "lgamma": (
        ("digamma", 1.0, 2.0),
        *(("digamma", -n - 1 + 2.0**-20, -n - 2.0**-20) for n in range(24)),
    ),
    "gelu_tanh": (("gelu_tanh_derivative", -0.8, -0.7),),
    "gelu_derivative": (("x**2 - 2", 1.4, 1.5), ("x**2 - 2", -1.5, -1.4)),
}

_UNBOUNDED = {
    "gelu",
    "gelu_tanh",
    "lgamma",
    "relu",
    "silu",
    "softplus",
}  # towards +inf, outside CORE-MATH

# Odd functions outside CORE-MATH that fall beyond an edge on either side, from infinity there.
_EDGES = {"acoth": 1.0, "coth": 0.0, "csch": 0.0}


PIECEWISE = frozenset({"cot", "csc", "sec", "sinpi", "cospi", "tanpi", "lgamma"})
"""Functions with poles or turning points without end: ranges only between two of them."""


def _gelu_tanh_derivative(x: arb) -> arb:
    c, d = (8 / arb.pi()).sqrt(), arb(134145) / 1000000
    t = c * (x + arb(44715) / 1000000 * x**3)
    return _logistic(t) * (1 + x * c * (1 + d * x * x) * _logistic(-t))


def _silu_second_derivative(x: arb) -> arb:
    s, t = _logistic(x), _logistic(-x)
    return s * t * (2 + x * (t - s))


class Tightest(NamedTuple):
    """The float64 neighbours of exact values: equal at a float64, NaN outside the domain."""

    down: np.ndarray
    up: np.ndarray


def tightest(name: str, *points: np.ndarray, partial: bool = False) -> Tightest:
    """The values of a function at float points, each rounded down and up to float64.

    Values that stay undecided are an error, or NaN if `partial`.
    """
    points = np.broadcast_arrays(*(np.asarray(p, np.float64) for p in points))
    if name in CORE_MATH:
        return _core_math(name, *points)
    return tightest_arb(name, *points, partial=partial)


def tightest_range(name: str, lo: np.ndarray, hi: np.ndarray) -> Tightest:
    """The tightest float64 enclosure of the range of a function of one argument over [lo, hi].

    The bounds may be infinite. For functions outside CORE-MATH the range is the hull of the values
    at the ends and at the turning points inside; NaN where an end is outside the domain. For those
    in `PIECEWISE` there must be neither a pole nor a turning point inside.
    """
    lo, hi = np.broadcast_arrays(np.asarray(lo, np.float64), np.asarray(hi, np.float64))
    if name in CORE_MATH:
        result = CORE_MATH[name](ival.Interval(lo, hi))
        return Tightest(np.asarray(result.lo), np.asarray(result.hi))
    largest = np.finfo(np.float64).max
    at_lo = tightest(name, np.clip(lo, -largest, largest))
    at_hi = tightest(name, np.clip(hi, -largest, largest))
    down, up = np.minimum(at_lo.down, at_hi.down), np.maximum(at_lo.up, at_hi.up)
    for derivative, left, right in _TURNING.get(name, ()):
        below, above = critical_point(derivative, left, right)
        value = _value_at_turning_point(name, derivative, left, right)
        inside = (lo <= below) & (above <= hi)
        down = np.where(inside, np.minimum(down, value.down), down)
        up = np.where(inside, np.maximum(up, value.up), up)
    if name in _EDGES:
        edge = _EDGES[name]
        beyond_left, beyond_right = lo < -edge, hi > edge
        down = np.where(beyond_left & (hi >= -edge), -np.inf, at_hi.down)
        up = np.where(beyond_right & (lo <= edge), np.inf, at_lo.up)
    if name in _UNBOUNDED:
        up = np.where(np.isinf(hi), np.inf, up)
    return Tightest(down, up)


def tightest_arb(name: str, *points: np.ndarray, partial: bool = False) -> Tightest:
    """`tightest` by Arb, whatever CORE-MATH offers."""
    return tightest_of(ARB[name], *points, limits=_LIMITS.get(name, ()), partial=partial)


def tightest_of(
    function: Callable[..., arb],
    *points: np.ndarray,
    limits: Sequence[_Limit] = (),
    partial: bool = False,
) -> Tightest:
    """The values of any function of balls at float points, each rounded down and up to float64.

    Values that stay undecided are an error, or NaN if `partial`.
    """
    points = np.broadcast_arrays(*(np.asarray(p, np.float64) for p in points))
    shape = points[0].shape
    flat = [p.ravel() for p in points]
    down, up = np.full(flat[0].shape, np.nan), np.full(flat[0].shape, np.nan)
    pending = np.isfinite(flat).all(axis=0)
    for limit in limits:
        with np.errstate(over="ignore"):
            inside, below, above = limit(flat[0])
        inside = inside & pending
        down[inside] = np.broadcast_to(below, inside.shape)[inside]
        up[inside] = np.broadcast_to(above, inside.shape)[inside]
        pending &= ~inside
    left = _decide(function, [p.tolist() for p in flat], np.flatnonzero(pending).tolist(), down, up)
    if left and not partial:
        at = [p[left[0]] for p in flat]
        raise ArithmeticError(f"{len(left)} values undecided at {PRECISIONS[-1]} bits, at {at}")
    return Tightest(down.reshape(shape), up.reshape(shape))


def critical_point(derivative: str, left: float, right: float) -> tuple[float, float]:
    """Two neighbouring floats with the only zero of a derivative in [left, right] between them."""
    function = _TURNING_FUNCTIONS[derivative]
    before = ctx.prec
    ctx.prec = 300
    try:
        rising = function(arb(right)) > 0
        while (middle := left + (right - left) / 2) not in (left, right):
            if (function(arb(middle)) > 0) == rising:
                right = middle
            else:
                left = middle
    finally:
        ctx.prec = before
    return left, right


_TURNING_FUNCTIONS: dict[str, Callable[[arb], arb]] = {
    "silu_derivative": _silu_derivative,
    "silu_second": _silu_second_derivative,
    "gelu_derivative": ARB["gelu_derivative"],
    "gelu_tanh_derivative": _gelu_tanh_derivative,
    "x**2 - 2": lambda x: x * x - 2,
    "digamma": lambda x: x.digamma(),
    "x": lambda x: x,
    "x - 1": lambda x: x - 1,
    "x + 1": lambda x: x + 1,
}


def exact(x: float) -> Fraction:
    """The rational number that a finite float is."""
    return Fraction(float(x))


def exact_dot(a: Sequence[float], b: Sequence[float]) -> Fraction:
    """The exact inner product of two vectors of finite floats."""
    return Fraction(sum(x * y for x, y in zip(_integers(a), _integers(b), strict=True)), _UNIT**2)


def exact_interval_dot(
    a_lo: Sequence[float], a_hi: Sequence[float], b_lo: Sequence[float], b_hi: Sequence[float]
) -> tuple[Fraction, Fraction]:
    """The exact range of the inner product of two vectors of bounded intervals."""
    lower = upper = 0
    rows = zip(_integers(a_lo), _integers(a_hi), _integers(b_lo), _integers(b_hi), strict=True)
    for al, ah, bl, bh in rows:
        corners = (al * bl, al * bh, ah * bl, ah * bh)
        lower += min(corners)
        upper += max(corners)
    return Fraction(lower, _UNIT**2), Fraction(upper, _UNIT**2)


_UNIT = 1 << 1074  # every float64 is an integer multiple of 1/_UNIT


def _integers(values: Sequence[float]) -> list[int]:
    ratios = (float(v).as_integer_ratio() for v in values)
    return [numerator * (_UNIT // denominator) for numerator, denominator in ratios]


def _core_math(name: str, *points: np.ndarray) -> Tightest:
    # As bounds, so that an infinite point is the empty interval and not an error.
    result = CORE_MATH[name](*(ival.Interval(p, p) for p in points))
    return Tightest(np.asarray(result.lo), np.asarray(result.hi))


def _decide(
    function: Callable[..., arb],
    points: list[list[float]],
    pending: list[int],
    down: np.ndarray,
    up: np.ndarray,
) -> list[int]:
    """Write the float neighbours of function(points) into down and up; return what is undecided."""
    before = ctx.prec
    try:
        for bits in PRECISIONS:
            ctx.prec = bits
            undecided = []
            for i in pending:
                ball = function(*(arb(p[i]) for p in points))
                if ball.is_nan() or (ball.is_exact() and not ball.is_finite()):
                    continue  # outside the domain, or at a pole
                neighbours = _neighbours(ball)
                if neighbours is None:
                    undecided.append(i)
                else:
                    down[i], up[i] = neighbours
            pending = undecided
            if not pending:
                break
    finally:
        ctx.prec = before
    return pending


def _neighbours(ball: arb) -> tuple[float, float] | None:
    """The two floats around every number of a ball, or None if the ball is too wide to tell."""
    near = float(ball)  # to nearest, of the centre: a candidate, checked below
    if math.isinf(near):
        near = math.copysign(np.finfo(np.float64).max, near)
    point = arb(near)
    if ball.is_exact() and ball == point:
        return near, near
    if point < ball:
        down, up = near, math.nextafter(near, math.inf)
    elif ball < point:
        down, up = math.nextafter(near, -math.inf), near
    else:
        return None
    holds = (math.isinf(down) or arb(down) <= ball) and (math.isinf(up) or ball <= arb(up))
    return (down, up) if holds else None


def _value_at_turning_point(name: str, derivative: str, left: float, right: float) -> Tightest:
    below, above = critical_point(derivative, left, right)
    # Refine the root far beyond float64: at a turning point the value is flat in its argument.
    function = _TURNING_FUNCTIONS[derivative]
    before = ctx.prec
    ctx.prec = 400
    try:
        a, b = arb(below), arb(above)
        rising = function(b) > 0
        for _ in range(300):
            middle = ((a + b) / 2).mid()
            if (function(middle) > 0) == rising:
                b = middle
            else:
                a = middle
        ball = ARB[name](a.union(b))
        neighbours = _neighbours(ball)
    finally:
        ctx.prec = before
    if neighbours is None:
        raise ArithmeticError(f"{name} at its turning point between {below} and {above}")
    return Tightest(*map(np.asarray, neighbours))
