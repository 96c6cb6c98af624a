"""Interval literals: the whole grammar, exact reading, outward writing, and the way back."""

import itertools
import time
import warnings
from fractions import Fraction
from math import inf

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import interval_jax as ij
from interval_jax._literals import read_interval
from reference import points
from reference.exact import round_down, round_up

TINY, LARGEST = np.finfo(np.float64).tiny, np.finfo(np.float64).max


def check_bounds(text: str, lo: Fraction | float, hi: Fraction | float) -> None:
    """The text is read as the tightest enclosure of [lo, hi] in both formats."""
    for dtype in (np.float32, np.float64):
        X = ij.interval(text, dtype=dtype)
        assert X.dtype == dtype
        assert (float(X.lo), float(X.hi)) == (round_down(lo, dtype), round_up(hi, dtype)), text


# --- reading ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "lo", "hi"),
    [
        ("[1/3, 0.4]", Fraction(1, 3), Fraction(2, 5)),
        ("[-2/6]", Fraction(-1, 3), Fraction(-1, 3)),
        ("[ +.5 ,\t5. ]", Fraction(1, 2), Fraction(5)),
        ("[-1.25e-2, 7E+1]", Fraction(-1, 80), Fraction(70)),
        ("[0x1.8p+3, 0X.FP8]", Fraction(12), Fraction(240)),
        ("[-0xAp-1, 0x1.p0]", Fraction(-5), Fraction(1)),
        ("[007, 1e007]", Fraction(7), Fraction(10**7)),
        ("[0x1.00000000000001p0]", 1 + Fraction(1, 2**56), 1 + Fraction(1, 2**56)),
        ("[1,]", Fraction(1), inf),
        ("[,-1.5]", -inf, Fraction(-3, 2)),
        ("[-Infinity, +inF]", -inf, inf),
        ("[,]", -inf, inf),
        ("[ Entire ]", -inf, inf),
        ("  [2,3]\t", Fraction(2), Fraction(3)),
        ("1.5?", Fraction(145, 100), Fraction(155, 100)),
        ("1.50?", Fraction(1495, 1000), Fraction(1505, 1000)),
        ("1.5?2", Fraction(13, 10), Fraction(17, 10)),
        ("1.5?2u", Fraction(15, 10), Fraction(17, 10)),
        ("-1.5?2D", Fraction(-17, 10), Fraction(-15, 10)),
        ("-15?2e-1", Fraction(-17, 10), Fraction(-13, 10)),
        ("10?uE3", Fraction(10_000), Fraction(10_500)),
        (".5?0", Fraction(1, 2), Fraction(1, 2)),
        ("7??", -inf, inf),
        ("7??u", Fraction(7), inf),
        ("7??de2", -inf, Fraction(700)),
        ("0.1", Fraction(1, 10), Fraction(1, 10)),
        ("-2/3", Fraction(-2, 3), Fraction(-2, 3)),
    ],
)
def test_literals(text: str, lo: Fraction | float, hi: Fraction | float) -> None:
    check_bounds(text, lo, hi)


@pytest.mark.parametrize("text", ["[]", "[ \t]", "[Empty]", "[ eMPTY ]"])
def test_empty_literals(text: str) -> None:
    assert bool(ij.is_empty(ij.interval(text)))
    assert int(ij.decorate(text).decoration) == ij.Decoration.TRV


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 0), ("foo", 0), ("[1, 2", 5), ("[1 2]", 3), ("1, 2]", 1), ("[1, 2, 3]", 5),
        ("[1, 2]]", 6), ("[1, 2] 3", 6), ("[--1]", 1), ("[1e]", 2), ("[1e+]", 2), ("[1.5.2]", 4),
        ("[0x1.8]", 2), ("[0xp1]", 2), ("[1/0]", 2), ("[1/-2]", 2), ("[1.5/2]", 4), ("[1 /2]", 3),
        ("[1_000]", 2), ("[١]", 1), ("[- 1]", 1), ("[inf inity, 1]", 5), ("[infinit, 1]", 1),
        ("[emptyset]", 1), ("[nan]", 1), ("[inf]", 4), ("[inf, inf]", 9), ("[1, -inf]", 8),
        ("1.5?2.5", 5), ("1.5?2ud", 6), ("1.5 ?", 3), ("1/2?", 3), ("0x1p0?", 5), ("?", 0),
        ("1.5???", 5), ("(1, 2)", 0), ("[1; 2]", 2),
    ],
)  # fmt: skip
def test_invalid_text_is_refused_with_the_position(text: str, position: int) -> None:
    for read in (ij.interval, ij.decorate):
        with pytest.raises(ValueError, match=rf"position {position}: "):
            read(text)


@pytest.mark.parametrize("text", ["[2, 1]", "[1/2, 1/3]", "[1e999, -1]", "[0x1p5, 31]"])
def test_bounds_out_of_order_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="out of order"):
        ij.interval(text)


def test_bounds_out_of_order_by_less_than_rounding_are_enclosed_with_a_warning() -> None:
    for text in ("[1.00000000000000002, 1.00000000000000001]", "[1.00000000000000001, 1]"):
        with pytest.warns(ij.PossiblyUndefinedOperation, match="too close"):
            X = ij.interval(text)
        assert (float(X.lo), float(X.hi)) == (1, 1 + 2**-52)
    # The bounds are in order here, though the format cannot tell them apart.
    check_bounds("[1.00000000000000001, 1.00000000000000002]", Fraction("1.00000000000000001"),
                 Fraction("1.00000000000000002"))  # fmt: skip


@pytest.mark.parametrize(
    ("text", "bare", "decoration"),
    [
        ("[1, 2]", "[1, 2]", "com"),
        ("[1, 2]_com", "[1, 2]", "com"),
        ("[1, 2]_DAC", "[1, 2]", "dac"),
        ("[,]_def", "[,]", "def"),
        ("[,]", "[,]", "dac"),
        ("[empty]_trv", "[empty]", "trv"),
        ("1.5?2_def", "1.5?2", "def"),
        ("1.5?ue3_trv", "1.5?ue3", "trv"),
        ("[1e400]_com", "[1e400]", "dac"),
        ("[nai]", "[empty]", "ill"),
        ("[ NaI ]", "[empty]", "ill"),
    ],
)
def test_decorated_literals(text: str, bare: str, decoration: str) -> None:
    X = ij.decorate(text)
    assert bool(ij.equal(X.interval, ij.interval(bare)))
    assert X.decoration == ij.Decoration.of(decoration)


@pytest.mark.parametrize(
    "text",
    [
        "[1, 2]_ill", "[1, 2]_co", "[1, 2]_comm", "[1, 2] _com", "[nai]_ill", "[nai]_trv",
        "[empty]_com", "[]_def", "[,]_com", "[1,]_com", "1.5??_com", "1.5??u_com", "[1, 2]_",
    ],
)  # fmt: skip
def test_decorations_that_cannot_be_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an interval literal"):
        ij.decorate(text)


@pytest.mark.parametrize("text", ["[1, 2]_com", "[nai]", "[]_trv"])
def test_decorated_text_is_no_bare_interval(text: str) -> None:
    with pytest.raises(ValueError, match="decorate"):
        ij.interval(text)


def test_arrays_of_text() -> None:
    X = ij.interval([["[1, 2]", "1/3"], ["5?", "[]"]])
    assert X.shape == (2, 2)
    assert bool(ij.is_empty(X)[1, 1])
    assert ij.interval(np.array(["[1]", "[2, 3]"])).hi.tolist() == [1, 3]
    assert ij.decorate(["[1]", "[2]_def"]).decoration.tolist() == [16, 8]
    with pytest.raises(TypeError, match="write all of them as text"):
        ij.interval(["[1]", 2.0])


def test_bounds_given_as_text_are_exact() -> None:
    X = ij.interval("0.1", "1/3", dtype=np.float32)
    assert (float(X.lo), float(X.hi)) == (
        round_down(Fraction(1, 10), np.float32),
        round_up(Fraction(1, 3), np.float32),
    )
    assert float(ij.interval("-inf", "0x1p3").hi) == 8
    # Text is exact, a Python number is the float it is.
    assert bool(ij.interior(ij.interval(0.1), ij.interval("[0.1]"))) is False
    assert bool(ij.subset(ij.interval(0.1), ij.interval("[0.1]")))
    assert not bool(ij.is_singleton(ij.interval("[0.1]")))
    with pytest.raises(ValueError, match="not a number: 'one', position 0"):
        ij.interval("one", "two")


def test_float64_without_x64_is_float32_and_encloses() -> None:
    jax.config.update("jax_enable_x64", False)
    try:
        for X in (
            ij.interval("[1/3]", dtype=np.float64),
            ij.interval(Fraction(1, 3), dtype=np.float64),
            ij.decorate("[1/3]", dtype=np.float64).interval,
        ):
            assert X.dtype == np.float32
            assert Fraction(float(X.lo)) < Fraction(1, 3) < Fraction(float(X.hi))
        with pytest.raises(ValueError, match="no float32 number"):
            ij.exact_to_interval("[0x1.0000000001p0]", np.float64)
    finally:
        jax.config.update("jax_enable_x64", True)


def test_random_literals_are_read_as_the_tightest_enclosure() -> None:
    rng = np.random.default_rng(1)

    def number() -> tuple[str, Fraction]:
        sign = rng.choice(["", "-", "+"])
        digits = "".join(map(str, rng.integers(0, 10, rng.integers(1, 40))))
        kind = rng.integers(3)
        if kind == 0:
            under = int(rng.integers(1, 10**9))
            return f"{sign}{digits}/{under}", Fraction(int(sign + digits), under)
        point = int(rng.integers(0, len(digits) + 1))
        dotted = f"{digits[:point]}.{digits[point:]}"
        if kind == 1:
            e = int(rng.integers(-350, 350))
            exact = Fraction(int(sign + digits)) * Fraction(10) ** (e - len(digits) + point)
            return f"{sign}{dotted}e{e}", exact
        p = int(rng.integers(-1150, 1150))
        exact = Fraction(int(sign + digits, 16)) * Fraction(2) ** (p - 4 * (len(digits) - point))
        return f"{sign}0x{dotted}p{p}", exact

    for _ in range(300):
        (a, low), (b, high) = sorted((number(), number()), key=lambda n: n[1])
        check_bounds(f"[{a}, {b}]", low, high)


def test_random_uncertain_literals_are_read_as_the_tightest_enclosure() -> None:
    rng = np.random.default_rng(2)
    for _ in range(200):
        m, places = int(rng.integers(-(10**9), 10**9)), int(rng.integers(0, 6))
        e, radius = int(rng.integers(-320, 320)), rng.choice(["", str(rng.integers(0, 10**6))])
        text = f"{abs(m):0{places + 1}d}"
        text = f"{'-' if m < 0 else ''}{text[: len(text) - places]}.{text[len(text) - places :]}"
        r = Fraction(int(radius)) if radius else Fraction(1, 2)
        unit = Fraction(10) ** (e - places)
        for direction, below, above in (("", r, r), ("u", 0, r), ("d", r, 0)):
            check_bounds(f"{text}?{radius}{direction}e{e}", (m - below) * unit, (m + above) * unit)


def test_no_literal_hangs() -> None:
    nines = "9" * 30
    start = time.perf_counter()
    for text, lo, hi in [
        ("[1e999999999]", LARGEST, inf),
        (f"[-1e{nines}, 1e-{nines}]", -inf, TINY),
        (f"[0x1p-{nines}, 0x1p{nines}]", 0, inf),
        (f"1?{nines}e{nines}", -inf, inf),
        (f"1?2e-{nines}", -TINY, TINY),
        (f"[0e{nines}]", 0, 0),
        (f"[{'1' * 50_000}e-49999]", 1.1111111111111109, 1.1111111111111112),
        (f"[0.{'0' * 50_000}1]", 0, TINY),
        (f"[1/1{'0' * 5_000}]", 0, TINY),
    ]:
        X = ij.interval(text)
        assert (float(X.lo), float(X.hi)) == (lo, hi)
    assert time.perf_counter() - start < 5


# --- writing ------------------------------------------------------------------------------

FORMS = ["", "g", ".1g", ".5g", ".0e", ".3e", ".20e", ".0f", ".4f", "a", "u", ".1u", ".8u"]


def some_intervals(dtype: type) -> ij.Interval:
    rng = np.random.default_rng(3)
    a, b = points.points(dtype, 60, 1)[:60], points.points(dtype, 60, 2)[:60]
    near = (a * (1 + rng.uniform(0, 1e-3, a.shape))).astype(dtype)
    plain = rng.normal(0, 100, (2, 20)).astype(dtype)
    special = np.array([0, -0.0, 1, -1, np.finfo(dtype).tiny, np.finfo(dtype).max], dtype)
    pairs = np.array(list(itertools.combinations_with_replacement(special, 2)), dtype).T
    x = np.concatenate([a, a, plain[0], special, pairs[0]])
    y = np.concatenate([b, near, plain[1], special, pairs[1]])
    tiny = np.finfo(dtype).tiny
    x, y = (np.where(abs(v) < tiny, 0, v) for v in (x, y))
    X = ij.interval(np.minimum(x, y), np.maximum(x, y))
    ends = ij.interval(["[]", "[,]", "[1,]", "[,1e20]", "[-1e-20,]"], dtype=dtype)
    return ij.Interval(jnp.concatenate([X.lo, ends.lo]), jnp.concatenate([X.hi, ends.hi]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("form", FORMS)
def test_what_is_written_encloses(form: str, dtype: type) -> None:
    X = some_intervals(dtype)
    texts = ij.interval_to_text(X, form)
    assert texts.shape == X.shape
    # Exactly: the numbers as written lie outside the bounds.

    for text, lo, hi in zip(texts, X.lo.tolist(), X.hi.tolist(), strict=True):
        literal = read_interval(str(text))
        assert literal.lo <= lo, text
        assert hi <= literal.hi, text
        assert (literal.lo > literal.hi) == (lo > hi)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_decimal_bounds_are_the_nearest_outside(dtype: type) -> None:
    X = some_intervals(dtype)
    X = X[ij.is_common_interval(X)]
    for form, digits in ((".4g", 4), ("", 9 if dtype == np.float32 else 17)):
        for text, bound in zip(ij.interval_to_text(X, form), X.hi.tolist(), strict=True):
            written = text[1:-1].split(",")[1]
            off = Fraction(written) - Fraction(bound)
            assert 0 <= off <= abs(Fraction(bound)) / 10 ** (digits - 1)
    for text, bound in zip(ij.interval_to_text(X, ".3f"), X.lo.tolist(), strict=True):
        assert 0 <= Fraction(bound) - Fraction(text[1:].split(",")[0]) < Fraction(1, 1000)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_uncertain_form_is_tight(dtype: type) -> None:
    X = some_intervals(dtype)
    X = X[ij.is_common_interval(X)]
    widths = [
        Fraction(h) - Fraction(lo) for lo, h in zip(X.lo.tolist(), X.hi.tolist(), strict=True)
    ]

    digits = 9 if dtype == np.float32 else 17
    for text, lo, hi, width in zip(
        ij.interval_to_text(X, ".3u"), X.lo.tolist(), X.hi.tolist(), widths, strict=True
    ):
        literal = read_interval(str(text))
        largest = max(abs(Fraction(lo)), abs(Fraction(hi)))
        # At most two units wider on a side; a unit is 1/100 of the radius or the last digit.
        slack = max(width / 100, largest / Fraction(10) ** (digits - 2))
        assert (literal.hi - literal.lo) - width <= 4 * slack, text


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_exact_text_comes_back_bit_for_bit(dtype: type) -> None:
    X = some_intervals(dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        back = ij.exact_to_interval(ij.interval_to_exact(X), dtype)
    assert isinstance(back, ij.Interval)
    assert back.dtype == dtype
    np.testing.assert_array_equal(back.lo, X.lo)
    np.testing.assert_array_equal(back.hi, X.hi)
    decorated = ij.decorate(X, "def")
    again = ij.exact_to_interval(ij.interval_to_exact(decorated), dtype)
    assert isinstance(again, ij.DecoratedInterval)
    np.testing.assert_array_equal(again.interval.lo, X.lo)
    np.testing.assert_array_equal(again.decoration, decorated.decoration)


def test_exact_text_must_be_exact() -> None:
    assert ij.interval_to_exact(ij.decorate("[nai]")) == "[nai]"
    assert bool(ij.is_nai(ij.exact_to_interval("[nai]")))
    with pytest.raises(ValueError, match="no float64 number"):
        ij.exact_to_interval("[0.1, 0.5]")
    with pytest.raises(ValueError, match="no float32 number"):
        ij.exact_to_interval("[1, 0x1.0000001p0]", np.float32)
    with pytest.raises(ValueError, match="others are not"):
        ij.exact_to_interval(["[1]", "[1]_com"])


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        ("[1/3, 0.4]", ".3g", "[0.333, 0.401]"),
        ("[-1/3, 0.4]", ".3e", "[-3.334e-1, 4.001e-1]"),
        ("[-1/3, 0.4]", ".1f", "[-0.4, 0.5]"),
        ("[-1e-9, 1e-9]", ".1f", "[-0.1, 0.1]"),
        ("[-10, 1e9]", "", "[-10, 1000000000]"),
        ("[1e-9, 1e99]", ".2g", "[9.9e-10, 1.1e+99]"),
        ("[0, 0]", ".2e", "[0.00e+0, 0.00e+0]"),
        ("[1, inf]", ".2e", "[1.00e+0, inf]"),
        ("[entire]", "u", "[entire]"),
        ("[]", "a", "[empty]"),
        ("[2.5,]", "u", "2.5??u"),
        ("[,1e30]", "u", "1.0000000000000001??de+30"),
        ("[1.25, 1.75]", "u", "1.50?25"),
        ("[100, 200]", ".1u", "1.5?5e+2"),
        ("[-0.75, 6]", "a", "[-0x1.8p-1, 0x1.8p+2]"),
    ],
)
def test_forms(text: str, form: str, expected: str) -> None:
    assert ij.interval_to_text(ij.interval(text), form) == expected


@pytest.mark.parametrize("form", ["x", ".g", "5g", ".3a", "g.3", ".1000g", " "])
def test_other_forms_are_refused(form: str) -> None:
    with pytest.raises(ValueError, match="no form of an interval"):
        ij.interval_to_text(ij.interval(1.0), form)
