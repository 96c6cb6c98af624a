"""Bounds written as interval literals (IEEE 1788-2015 section 13.3), rounded outward."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from typing import Any

import numpy as np

__all__ = ["decorated_text", "interval_text", "intervals_text"]

_FORM = re.compile(r"(?:\.(?P<digits>[0-9]{1,3}))?(?P<form>[gefau]?)", re.ASCII)


def intervals_text(
    lo: np.ndarray, hi: np.ndarray, decoration: Callable[[tuple[int, ...]], str] | None = None
) -> str:
    """An array of intervals for ``repr``: nested brackets, or shape and hull of a large one.

    Args:
        lo: Lower bounds.
        hi: Upper bounds.
        decoration: The name of the decoration at an index, if they have any.
    """
    digits = _digits(lo.dtype)

    def text(lo: Any, hi: Any) -> str:
        return "[empty]" if lo > hi else _in_brackets(*_general(lo, hi, digits))

    if lo.size > 1000:
        return f"shape={lo.shape}, hull={text(lo.min(), hi.max())}"
    texts = np.empty(lo.shape, object)
    for i, low in np.ndenumerate(lo):
        written = text(low, hi[i])
        texts[i] = written if decoration is None else decorated_text(written, decoration(i))
    if lo.ndim:
        return np.array2string(texts, separator=", ", formatter={"all": str})
    return str(texts[()])


def decorated_text(text: str, decoration: str) -> str:
    """The literal of an interval with the name of its decoration; NaI has a form of its own."""
    return "[nai]" if decoration == "ill" else f"{text}_{decoration}"


def interval_text(lo: Any, hi: Any, form: str) -> str:
    """One interval as a literal in the form that ``interval_to_text`` describes.

    Raises:
        ValueError: For a form that is none.
    """
    match = _FORM.fullmatch(form)
    if match is None or (match["form"] == "a" and match["digits"]):
        raise ValueError(
            f"{form!r} is no form of an interval: pass '.5g' (significant digits), '.5e', '.5f' "
            "(digits after the point), '.2u' (uncertain form, digits of the radius) or 'a' "
            "(hexadecimal, exact)"
        )
    kind = match["form"] or "g"
    digits = int(match["digits"]) if match["digits"] else None
    if lo > hi:
        return "[empty]"
    if lo == -math.inf and hi == math.inf:
        return "[entire]"
    if kind == "u":
        return _uncertain(lo, hi, 2 if digits is None else digits)
    if kind == "a":
        return _in_brackets(_hexadecimal(lo), _hexadecimal(hi))
    if kind == "g":
        return _in_brackets(*_general(lo, hi, _digits(lo.dtype) if digits is None else digits))
    digits = 6 if digits is None else digits
    write = _fixed if kind == "f" else _scientific
    return _in_brackets(write(lo, digits, ROUND_FLOOR), write(hi, digits, ROUND_CEILING))


def _digits(dtype: np.dtype) -> int:
    """Decimal digits that tell any two numbers of the format apart."""
    return 17 if dtype == np.float64 else 9


def _in_brackets(lo: str, hi: str) -> str:
    return f"[{lo}, {hi}]"


def _decimal(bound: Any) -> Decimal:
    return Decimal(float(bound) + 0.0)  # no -0


def _general(lo: Any, hi: Any, digits: int) -> tuple[str, str]:
    return _significant(lo, digits, ROUND_FLOOR), _significant(hi, digits, ROUND_CEILING)


def _significant(bound: Any, digits: int, rounding: str) -> str:
    """As ``format(bound, "g")``: without an exponent where that is short."""
    if math.isinf(bound):
        return str(float(bound))
    context = Context(prec=max(digits, 1), rounding=rounding)
    number = context.create_decimal(_decimal(bound)).normalize(context)
    short = -5 <= number.adjusted() < max(digits, 6)
    return f"{number:f}" if short else f"{number:e}"


def _scientific(bound: Any, digits: int, rounding: str) -> str:
    if math.isinf(bound):
        return str(float(bound))
    number = Context(prec=digits + 1, rounding=rounding).create_decimal(_decimal(bound))
    return f"{number or Decimal(0).scaleb(-digits):.{digits}e}"


def _fixed(bound: Any, digits: int, rounding: str) -> str:
    if math.isinf(bound):
        return str(float(bound))
    exact = Context(prec=2_000, rounding=rounding)
    number = _decimal(bound).quantize(Decimal(1).scaleb(-digits), context=exact)
    return f"{number if number else number.copy_abs():f}"


def _hexadecimal(bound: Any) -> str:
    if math.isinf(bound):
        return str(float(bound))
    significand, power = (float(bound) + 0.0).hex().split("p")
    return f"{significand.rstrip('0').rstrip('.') if '.' in significand else significand}p{power}"


def _uncertain(lo: Any, hi: Any, digits: int) -> str:
    """``m?r`` with a radius r of so many digits, in units of the last digit of m."""
    if math.isinf(lo) or math.isinf(hi):
        lower, upper = _general(lo, hi, _digits(lo.dtype))
        number, e, exponent = (upper if math.isinf(lo) else lower).partition("e")
        return f"{number}??{'d' if math.isinf(lo) else 'u'}{e}{exponent}"
    low, high = Fraction(float(lo)), Fraction(float(hi))
    middle, radius = (low + high) / 2, (high - low) / 2
    power = _magnitude(middle or radius or Fraction(1)) - _digits(lo.dtype) + 1
    if radius:
        power = max(power, _magnitude(radius) - max(digits, 1) + 1)
    unit = Fraction(10) ** power
    m = round(middle / unit)
    r = max(math.ceil(high / unit) - m, m - math.floor(low / unit))
    return _with_unit(m, power, f"?{r}")


def _magnitude(x: Fraction) -> int:
    """The power of ten of the leading digit, or next to it."""
    return (Decimal(x.numerator) / Decimal(x.denominator)).adjusted()


def _with_unit(m: int, power: int, mark: str) -> str:
    """``m * 10**power`` with all digits of m, and a mark behind them."""
    sign, digits = "-" if m < 0 else "", str(abs(m))
    adjusted = power + len(digits) - 1
    if power <= 0 and adjusted >= -5:
        digits = digits.zfill(1 - power)
        point = len(digits) + power
        return f"{sign}{digits[:point]}{'.' if power else ''}{digits[point:]}{mark}"
    rest = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{rest}{mark}e{adjusted:+d}"
