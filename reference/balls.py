"""Functions over balls of Arb: each value encloses every exact one."""

from collections.abc import Callable
from fractions import Fraction

from flint import arb


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


def _compoundm1(x: arb, y: arb) -> arb:
    if not x > -1:
        return arb(-1) if x == -1 and y > 0 else arb("nan")
    if y.is_integer() and abs(y) < 100:
        return (1 + x) ** int(float(y)) - 1  # exact, at enough bits
    return (y * x.log1p()).expm1()


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
    "compoundm1": _compoundm1,
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
    "digamma": lambda x: x.digamma(),
    "erfinv": lambda x: x.erfinv(),
    "erfcinv": lambda x: x.erfcinv(),
    "ndtri": lambda x: -arb(2).sqrt() * (2 * x).erfcinv(),
    "gelu_derivative": lambda x: _ndtr(x) + x * _norm_pdf(x),
}
"""Every function the oracle knows."""


def _gelu_tanh_derivative(x: arb) -> arb:
    c, d = (8 / arb.pi()).sqrt(), arb(134145) / 1000000
    t = c * (x + arb(44715) / 1000000 * x**3)
    return _logistic(t) * (1 + x * c * (1 + d * x * x) * _logistic(-t))


def _silu_second_derivative(x: arb) -> arb:
    s, t = _logistic(x), _logistic(-x)
    return s * t * (2 + x * (t - s))


DERIVATIVES: dict[str, Callable[[arb], arb]] = {
    "silu_derivative": _silu_derivative,
    "silu_second": _silu_second_derivative,
    "gelu_derivative": ARB["gelu_derivative"],
    "gelu_tanh_derivative": _gelu_tanh_derivative,
    "x**2 - 2": lambda x: x * x - 2,
    "digamma": ARB["digamma"],
    "x": lambda x: x,
    "x - 1": lambda x: x - 1,
    "x + 1": lambda x: x + 1,
}
"""Functions whose zeros are turning points of others, by the names of `facts.TURNING`."""
