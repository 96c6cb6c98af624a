"""Reader of ITL, the Interval Testing Language of the ITF1788 framework.

A file is a sequence of test cases, a test case a sequence of statements::

    testcase NAME {
        add [1.0, 2.0]_com [empty]_trv = [empty]_trv;
        pown [0.5, 2.0] 2 = [0.25, 4.0] <= [0.0, 5.0];
        b-textToInterval "[2, 1]" = [empty] signal UndefinedOperation;
    }

Comments are ``/* */``, ``//`` and ``#``. A decimal or hexadecimal number stands for the nearest
float64. What follows ``<=`` is the widest result that an accurate implementation may return.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

DECORATIONS = ("ill", "trv", "def", "dac", "com")
"""The decorations of IEEE 1788-2015, from the weakest to the strongest."""


class ItlError(ValueError):
    """A file that is not ITL: says where and what was expected there."""


@dataclass(frozen=True)
class Literal:
    """An interval: two bounds, and a decoration where the literal has one.

    The empty set has ``lo = inf, hi = -inf``; NaI is the empty set with decoration ``ill``.
    """

    lo: float
    hi: float
    decoration: str | None = None


class Name(str):
    """A word that is neither a number nor a truth value: a decoration, a state of overlap."""


class Text(str):
    """A string in quotes."""


class Numbers(tuple[float, ...]):
    """A list of numbers in braces."""


Value = Literal | Name | Text | Numbers | bool | int | float


@dataclass(frozen=True)
class Statement:
    """One line of a test case: an operation, its arguments and what it has to return."""

    operation: str
    arguments: tuple[Value, ...]
    results: tuple[Value, ...]
    widest: tuple[Value, ...] = ()
    signal: str | None = None
    place: str = ""
    """File, line and test case, for messages."""


def read(path: Path) -> list[Statement]:
    """Return the statements of a file.

    Raises:
        ItlError: If the file is not ITL.
    """
    return parse(path.read_text(encoding="utf-8"), str(path))


def parse(text: str, source: str = "<text>") -> list[Statement]:
    """Return the statements of ITL source text; ``source`` is what messages call it."""
    return list(_Parser(text, source).file())


_TOKEN = re.compile(
    r"""
    (?P<blank>   \s+ | //[^\n]* | \#[^\n]* | /\*.*?\*/ )
  | (?P<text>    "(?:[^"\\\n]|\\.)*" )
  | (?P<suffix>  _[A-Za-z]+ )
  | (?P<word>    [+-]?\.?[A-Za-z0-9][A-Za-z0-9_.+-]* )
  | (?P<sign>    <= | [=;,{}\[\]] )
    """,
    re.VERBOSE | re.DOTALL,
)
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
_HEXADECIMAL = re.compile(r"[+-]?0x([0-9a-f]+\.?[0-9a-f]*|\.[0-9a-f]+)(p[+-]?\d+)?", re.IGNORECASE)
_INTEGER = re.compile(r"[+-]?\d+")
_SPECIAL = {"inf": math.inf, "infinity": math.inf, "nan": math.nan}


class _Token(NamedTuple):
    kind: str
    text: str
    start: int


class _Parser:
    def __init__(self, text: str, source: str) -> None:
        self.source = text
        self.file_name = source
        self.tokens = list(self._scan())
        self.next = 0

    def file(self) -> Iterator[Statement]:
        while self._peek().kind != "end":
            self._expect("word", "testcase")
            name = self._expect("word", what="the name of a test case").text
            self._expect("sign", "{")
            while not self._accept("}"):
                yield self._statement(name)

    def _statement(self, case: str) -> Statement:
        first = self._expect("word", what="an operation or }")
        arguments = self._values()
        results: tuple[Value, ...] = ()
        if not arguments:
            raise self._error(self._peek(), "an argument")
        if self._accept("="):
            results = self._results()
        widest = self._results() if self._accept("<=") else ()
        if not results and not widest:
            raise self._error(self._peek(), "= or <=")
        signal = None
        if self._peek().text == "signal":
            self.next += 1
            signal = self._expect("word", what="the name of a signal").text
        self._expect("sign", ";")
        place = f"{self._place(first.start)}, {case}"
        return Statement(first.text, arguments, results, widest, signal, place)

    def _results(self) -> tuple[Value, ...]:
        results = self._values()
        if not results:
            raise self._error(self._peek(), "a result")
        return results

    def _values(self) -> tuple[Value, ...]:
        values: list[Value] = []
        while (token := self._peek()).text not in {"=", "<=", ";", "signal"}:
            values.append(self._value(token))
        return tuple(values)

    def _value(self, token: _Token) -> Value:
        self.next += 1
        if token.text == "[":
            return self._interval(token)
        if token.text == "{":
            return self._numbers()
        if token.kind == "text":
            return Text(re.sub(r"\\(.)", r"\1", token.text[1:-1]))
        if token.kind == "word":
            if token.text in {"true", "false"}:
                return token.text == "true"
            if _INTEGER.fullmatch(token.text):
                return int(token.text)
            number = _number(token.text)
            return Name(token.text) if number is None else number
        raise self._error(token, "a value")

    def _interval(self, start: _Token) -> Literal:
        word = self._peek()
        if word.text in {"empty", "entire", "nai"}:
            self.next += 1
            lo, hi = (-math.inf, math.inf) if word.text == "entire" else (math.inf, -math.inf)
            literal = Literal(lo, hi, "ill" if word.text == "nai" else None)
        else:
            lo = self._bound()
            hi = self._bound() if self._accept(",") else lo
            if not (lo <= hi and lo < math.inf and hi > -math.inf):
                raise self._error(start, "an interval, lower bound first")
            literal = Literal(lo, hi)
        self._expect("sign", "]")
        if self._peek().kind == "suffix":
            decoration = self._peek().text[1:]
            if decoration not in DECORATIONS:
                raise self._error(self._peek(), f"one of _{', _'.join(DECORATIONS)}")
            self.next += 1
            literal = replace(literal, decoration=decoration)
        return literal

    def _bound(self) -> float:
        token = self._expect("word", what="a number")
        number = _number(token.text)
        if number is None or math.isnan(number):
            raise self._error(token, "a number")
        return number

    def _numbers(self) -> Numbers:
        numbers: list[float] = []
        while not self._accept("}"):
            if numbers:
                self._expect("sign", ",")
            token = self._expect("word", what="a number")
            number = _number(token.text)
            if number is None:
                raise self._error(token, "a number")
            numbers.append(number)
        return Numbers(numbers)

    def _scan(self) -> Iterator[_Token]:
        at = 0
        while at < len(self.source):
            match = _TOKEN.match(self.source, at)
            if match is None:
                raise self._error(_Token("", self.source[at], at), "a word, number, sign or string")
            if match.lastgroup != "blank":
                yield _Token(str(match.lastgroup), match.group(), at)
            at = match.end()
        yield _Token("end", "", at)

    def _peek(self) -> _Token:
        return self.tokens[self.next]

    def _accept(self, sign: str) -> bool:
        token = self._peek()
        found = token.kind == "sign" and token.text == sign
        self.next += found
        return found

    def _expect(self, kind: str, text: str | None = None, what: str | None = None) -> _Token:
        token = self._peek()
        if token.kind != kind or (text is not None and token.text != text):
            raise self._error(token, what or str(text))
        self.next += 1
        return token

    def _error(self, token: _Token, expected: str) -> ItlError:
        found = repr(token.text) if token.text else "the end of the file"
        return ItlError(f"{self._place(token.start)}: expected {expected}, found {found}")

    def _place(self, start: int) -> str:
        return f"{self.file_name}:{self.source.count(chr(10), 0, start) + 1}"


def _number(word: str) -> float | None:
    """The nearest float64 of a number, or None if the word is none."""
    if word.lstrip("+-").lower() in _SPECIAL:
        value = _SPECIAL[word.lstrip("+-").lower()]
        return -value if word.startswith("-") else value
    if _HEXADECIMAL.fullmatch(word):
        return float.fromhex(word)
    return float(word) if _DECIMAL.fullmatch(word) else None
