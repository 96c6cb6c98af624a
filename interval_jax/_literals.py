"""The grammar of interval literals (IEEE 1788-2015 section 9.7), read exactly."""

from __future__ import annotations

import functools
import math
import re
from fractions import Fraction
from typing import NamedTuple, NoReturn

__all__ = ["Literal", "read_interval", "read_number"]

Number = Fraction | float
"""An exact number, or an infinite float."""

DECIMAL_LIMIT = 5_000
BINARY_LIMIT = 16_384
"""Beyond these powers of 10 and of 2 a number is as good as any other: no format reaches so far.

Numbers are cut off there, so that ``1e999999999`` takes no more time than ``1e9``. Cutting off is
monotone: bounds stay in order.
"""


class Literal(NamedTuple):
    """The interval that a literal stands for; the empty set has ``lo = inf, hi = -inf``."""

    lo: Number
    hi: Number
    decoration: str = ""
    """Its decoration as written, in lower case; ``ill`` for ``[nai]``; empty for none."""


_NUMBER = re.compile(
    r"""(?P<sign>[+-]?)
    (?: 0x (?P<hex>[0-9a-f]+\.?[0-9a-f]*|\.[0-9a-f]+) p (?P<power>[+-]?[0-9]+)
      | (?P<over>[0-9]+) / (?P<under>0*[1-9][0-9]*)
      | (?P<decimal>[0-9]+\.?[0-9]*|\.[0-9]+) (?:e(?P<exponent>[+-]?[0-9]+))?
    )""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_INFINITY = re.compile(r"(?P<sign>[+-]?)inf(?:inity)?(?![a-z])", re.IGNORECASE | re.ASCII)
_UNCERTAIN = re.compile(
    r"""(?P<sign>[+-]?) (?P<decimal>[0-9]+\.?[0-9]*|\.[0-9]+)
    \? (?P<radius>[0-9]+|\?)? (?P<direction>[ud])? (?:e(?P<exponent>[+-]?[0-9]+))?""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_WORD = re.compile(r"(?:empty|entire|nai)(?![a-z])", re.IGNORECASE | re.ASCII)
_DECORATION = re.compile(r"_(?P<name>com|dac|def|trv)(?![a-z])", re.IGNORECASE | re.ASCII)
_SPACE = re.compile(r"[ \t]*")

_A_NUMBER = "a number (1.5, 15e-1, 3/2 or 0x1.8p+0)"


class _Scanner:
    """A text and how far it is read."""

    def __init__(self, text: str, wanted: str) -> None:
        self.text, self.wanted, self.at = text.strip(" \t"), wanted, 0

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Read what the pattern matches here, if it does."""
        match = pattern.match(self.text, self.at)
        if match:
            self.at = match.end()
        return match

    def mark(self, mark: str) -> bool:
        """Read a punctuation mark with the space before it, if it is next."""
        self.take(_SPACE)
        found = self.text.startswith(mark, self.at)
        self.at += len(mark) if found else 0
        return found

    def fail(self, problem: str) -> NoReturn:
        """Say what is wrong, and where."""
        shown = self.text if len(self.text) <= 60 else self.text[:57] + "..."
        raise ValueError(f"not {self.wanted}: {shown!r}, position {self.at}: {problem}")


def read_interval(text: str) -> Literal:
    """Read an interval literal, or a number as the point it is.

    Raises:
        ValueError: For any other text, with the position of the first problem. Bounds out of
            order are left to the reader: they may be so close that rounding puts them in order.
    """
    scanner = _Scanner(text, "an interval literal")
    literal = _brackets(scanner) if scanner.mark("[") else _uncertain(scanner)
    decoration = scanner.take(_DECORATION)
    if decoration:
        literal = _decorated(scanner, literal, decoration["name"].lower())
    if scanner.at < len(scanner.text):
        scanner.fail("expected the end, or one of _com, _dac, _def, _trv")
    return literal


def read_number(text: str) -> Number:
    """Read a number literal, or an infinity."""
    scanner = _Scanner(text, "a number")
    number = _bound(scanner)
    if number is None or scanner.at < len(scanner.text):
        scanner.fail(f"expected {_A_NUMBER}")
    return number


def _brackets(scanner: _Scanner) -> Literal:
    scanner.take(_SPACE)
    word = scanner.take(_WORD)
    if word:
        name, expected = word[0].lower(), "']'"
        bound = -math.inf if name == "entire" else math.inf
        literal = Literal(bound, -bound, "ill" if name == "nai" else "")
    else:
        lo = _bound(scanner)
        if scanner.mark(","):
            scanner.take(_SPACE)
            hi = _bound(scanner)
            expected = f"{_A_NUMBER}, inf or ']'" if hi is None else "']'"
            literal = Literal(-math.inf if lo is None else lo, math.inf if hi is None else hi)
            if literal.lo == math.inf or literal.hi == -math.inf:
                scanner.fail("a lower bound is below inf, an upper bound above -inf")
        elif lo is None:
            expected = f"{_A_NUMBER}, inf, ',', ']', empty, entire or nai"
            literal = Literal(math.inf, -math.inf)
        elif isinstance(lo, float):
            scanner.fail("inf is no member of an interval; write [1, inf] for a half line")
        else:
            expected = "',' or ']'"
            literal = Literal(lo, lo)
    if not scanner.mark("]"):
        scanner.fail(f"expected {expected}")
    return literal


def _uncertain(scanner: _Scanner) -> Literal:
    """``m?rd`` is m plus or minus r (up or down only: u, d) units of the last digit of m."""
    match = scanner.take(_UNCERTAIN)
    if match is None:
        number = scanner.take(_NUMBER)
        if number is None:
            scanner.fail(f"expected '[', or {_A_NUMBER}, with ? for the uncertain form (1.5?2)")
        value = _value(number)
        return Literal(value, value)
    digits, scale = _decimal(match["decimal"], match["exponent"])
    middle, half = 10 * (-digits if match["sign"] == "-" else digits), 5
    below = above = half if match["radius"] is None else 0
    unlimited = match["radius"] == "?"
    if match["radius"] and not unlimited:
        below = above = 10 * _integer(match["radius"])
    direction = (match["direction"] or "").lower()
    lo = middle - (0 if direction == "u" else below)
    hi = middle + (0 if direction == "d" else above)
    return Literal(
        -math.inf if unlimited and direction != "u" else _scaled(lo, 10, scale - 1),
        math.inf if unlimited and direction != "d" else _scaled(hi, 10, scale - 1),
    )


def _decorated(scanner: _Scanner, literal: Literal, name: str) -> Literal:
    if literal.decoration:
        scanner.fail("[nai] has no other decoration")
    if literal.lo == math.inf and name != "trv":
        scanner.fail("the empty set can only be trv")
    if name == "com" and (isinstance(literal.lo, float) or isinstance(literal.hi, float)):
        scanner.fail("only a bounded interval can be com")
    return literal._replace(decoration=name)


# --- numbers ------------------------------------------------------------------------------


def _bound(scanner: _Scanner) -> Number | None:
    infinity = scanner.take(_INFINITY)
    if infinity:
        return -math.inf if infinity["sign"] == "-" else math.inf
    number = scanner.take(_NUMBER)
    return _value(number) if number else None


def _value(number: re.Match[str]) -> Fraction:
    sign = -1 if number["sign"] == "-" else 1
    if number["hex"]:
        whole, _, fraction = number["hex"].partition(".")
        digits = int(whole + fraction, 16)
        return _scaled(sign * digits, 2, _exponent(number["power"]) - 4 * len(fraction))
    if number["over"]:
        return Fraction(sign * _integer(number["over"]), _integer(number["under"]))
    digits, scale = _decimal(number["decimal"], number["exponent"])
    return _scaled(sign * digits, 10, scale)


def _decimal(significand: str, exponent: str | None) -> tuple[int, int]:
    """The integer n and the power k with ``n * 10**k`` the number."""
    whole, _, fraction = significand.partition(".")
    return _integer(whole + fraction), _exponent(exponent or "0") - len(fraction)


def _integer(digits: str) -> int:
    """The integer, however many digits: Python's ``int`` refuses more than 4300."""
    step = 500
    pieces = [digits[i : i + step] for i in range(0, len(digits), step)]
    return functools.reduce(lambda n, piece: n * 10 ** len(piece) + int(piece), pieces, 0)


def _exponent(text: str) -> int:
    digits = text.lstrip("+-0")
    value = int(digits or "0") if len(digits) < 16 else 10**16
    return -value if text.startswith("-") else value


def _scaled(digits: int, base: int, power: int) -> Fraction:
    """``digits * base**power``, cut off where no format reaches."""
    if not digits:
        return Fraction(0)
    limit = DECIMAL_LIMIT if base == 10 else BINARY_LIMIT
    # The number is less than one power of the base from base**size.
    size = power + math.floor(abs(digits).bit_length() / math.log2(base))
    if size > limit:
        digits, power = (1 if digits > 0 else -1), limit + 1
    elif size < -limit:
        digits, power = (1 if digits > 0 else -1), -limit - 1
    return digits * Fraction(base) ** power
