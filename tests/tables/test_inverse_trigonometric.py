"""The constants of angles: as exact and as precise as the proof says."""

import itertools

import mpmath as mp
import pytest

from interval_jax._doubleword import head_error
from interval_jax.elementary._inverse_trigonometric import angle_error
from interval_jax.elementary._inverse_trigonometric_tables import FLOAT32, FLOAT64, Tables

_FORMATS = [(FLOAT32, 24), (FLOAT64, 53)]


@pytest.mark.parametrize(("tables", "digits"), _FORMATS)
def test_constants_are_exact_in_sums_and_precise(tables: Tables, digits: int) -> None:
    unit = mp.mpf(2) ** -digits
    with mp.workprec(400):
        for c, leading, rest in tables.centres:
            numerator, denominator = c.as_integer_ratio()
            assert numerator.bit_length() <= 6
            assert denominator & (denominator - 1) == 0
            assert (leading * 2.0 ** (digits - 3)).is_integer()  # up to pi, below 2**2: exact
            assert abs(mp.atan(mp.mpf(c)) - leading - rest) <= unit * abs(rest)
        leading, rest = tables.half_pi
        assert (leading * 2.0 ** (digits - 3)).is_integer()
        assert abs(mp.pi / 2 - leading - rest) <= unit * abs(rest)
        assert abs(mp.pi - sum(map(mp.mpf, tables.pi))) <= unit * abs(tables.pi[2])
        for n, coefficient in enumerate(tables.coefficients, 1):
            exact = (-1) ** (n + 1) / mp.mpf(2 * n + 1)
            # Half a unit for the first, as the proof counts.
            assert abs(coefficient / exact - 1) <= unit * (mp.mpf("0.5") if n == 1 else 1) * 1.01


@pytest.mark.parametrize(("tables", "digits"), _FORMATS)
def test_pieces_are_as_narrow_as_the_proof_says(tables: Tables, digits: int) -> None:
    unit = mp.mpf(2) ** -digits
    half = head_error(float(unit))
    ends = (0.0, *tables.splits, 1.0)
    for (c, *_), (left, right) in zip(tables.centres, itertools.pairwise(ends), strict=True):
        for end in (left, right):
            angle = mp.atan(end)
            if not angle:
                continue
            s = abs(end - mp.mpf(c)) / (1 + c * mp.mpf(end))
            # The difference with the centre is exact if they are within a factor of 2.
            assert c == 0 or 0.505 <= end / c <= 1.98
            cut = s ** (2 * len(tables.coefficients) + 3) / (2 * len(tables.coefficients) + 3)
            assert cut <= 1e-4 * unit * angle
            total = 13 * half * s + mp.mpf("3.54") * s**3 + 740 * unit * c
            assert total * unit <= (angle_error(float(unit)) - 1e-4 * unit) * angle
