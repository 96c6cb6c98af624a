"""The tables of sin, cos and tan, and how near floats come to multiples of pi/2."""

import mpmath as mp
import pytest

from interval_jax.elementary._trigonometric_tables import FLOAT32, FLOAT64, Tables
from tools.trigonometric import least


@pytest.mark.parametrize(
    ("name", "tables", "all_exponents", "overall", "among_moderate"),
    [("float64", FLOAT64, 1024, -60.9, -60.5), ("float32", FLOAT32, 128, -29.21, -27.9)],
)
def test_floats_are_as_far_from_multiples_as_the_proofs_say(
    name: str, tables: Tables, all_exponents: int, overall: float,
    among_moderate: float,
) -> None:  # fmt: skip
    assert least(name, range(all_exponents)) > mp.mpf(2) ** overall
    exponents = range(int(mp.floor(mp.log(tables.moderate, 2))) + 1)
    assert least(name, exponents) > mp.mpf(2) ** among_moderate


@pytest.mark.parametrize(
    ("tables", "digits", "step_bits", "left"), [(FLOAT32, 24, 8, -72), (FLOAT64, 53, 20, -152)]
)
def test_multiples_of_the_parts_are_exact(
    tables: Tables, digits: int, step_bits: int, left: int
) -> None:
    with mp.workprec(400):
        rest = mp.pi / 2
        for k, part in enumerate(tables.quarter, start=1):
            if k < 4:
                grid = k * (digits - step_bits) - 1
                assert float(mp.ldexp(part, grid)).is_integer()
                assert abs(mp.ldexp(part, grid)) < 2 ** (digits - step_bits)
            rest -= part
        assert abs(rest) < mp.mpf(2) ** left
        assert tables.moderate * 2 / mp.pi <= 2**step_bits
        assert abs(tables.quarter[3]) * 2**step_bits < mp.mpf(2) ** (-79 if digits == 53 else -40)


@pytest.mark.parametrize(("tables", "highest"), [(FLOAT32, 127 - 23), (FLOAT64, 1023 - 52)])
def test_the_bits_of_the_inverse_suffice_for_all_exponents(tables: Tables, highest: int) -> None:
    bits = tables.digit_bits
    count = len(tables.inverse_turns)
    assert all(0 <= d < 2**bits for d in tables.inverse_turns)
    with mp.workprec(1600):
        value = sum(d << (bits * k) for k, d in enumerate(reversed(tables.inverse_turns)))
        assert value == mp.floor(mp.ldexp(1 / (4 * mp.pi), bits * (count - 1)))
    # The window of seven digits at the highest exponent ends within the table.
    assert (highest + bits) // bits + 7 <= count


@pytest.mark.parametrize(("tables", "digits"), [(FLOAT32, 24), (FLOAT64, 53)])
def test_series_are_long_enough(tables: Tables, digits: int) -> None:
    with mp.workprec(300):
        z = mp.mpf(0.7855) ** 2
        terms = len(tables.cosine_tail) + 3
        assert len(tables.sine_tail) + 3 == terms
        for first in (0, 1):
            left_out = z**terms / mp.factorial(2 * terms + first)
            assert left_out / mp.mpf("0.707") < mp.mpf("0.6e-4") * mp.mpf(2) ** -digits
        for (leading, rest), k in zip((*tables.cosine, *tables.sine), (2, 4, 3, 5), strict=True):
            exact = (-1) ** (k // 2) / mp.factorial(k)
            assert abs(mp.mpf(leading) + rest - exact) <= abs(exact) * mp.mpf(2) ** (-2 * digits)
