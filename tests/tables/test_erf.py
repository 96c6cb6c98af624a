"""The generator of the erf tables: its proofs can fail, and their bounds are not far off."""

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest
from flint import ctx

from interval_jax.elementary import _erf_tables
from tools import normal


@pytest.fixture(autouse=True)
def precision() -> Iterator[None]:
    with ctx.workprec(normal.PRECISION):
        yield


def test_a_wrong_coefficient_is_found_out() -> None:
    pieces, errors = normal.table(normal.PLANS["FLOAT32"])
    stored = _erf_tables.FLOAT32.relative_error
    for piece, error, bound in zip(pieces, errors, (stored[0], *[stored[1]] * 3), strict=True):
        assert error <= bound
        high = list(piece.high)
        high[3] = float(np.nextafter(np.float32(high[3]), np.float32(9)))
        assert normal.approximation_error(piece._replace(high=high)) > bound


@pytest.mark.parametrize("name", ["FLOAT32", "FLOAT64"])
def test_horner_errs_less_than_proven(name: str) -> None:
    """The rounding errors, measured exactly on random arguments, and not far below the bound."""
    plan = normal.PLANS[name]
    unit = Fraction(1, 2**24 if name == "FLOAT32" else 2**53)
    pieces, _ = normal.table(plan)
    rng = np.random.default_rng(0)
    for piece in pieces:
        bound = normal.evaluation_error(piece, unit)
        high, low = (np.array(c, plan.dtype) for c in (piece.high, piece.low))
        t = plan.dtype(rng.uniform(-1, 1, 300) * float(piece.radius))
        value = np.full_like(t, high[-1])
        for c in high[-2 : len(low) - 1 : -1]:
            value = value * t + c
        worst = Fraction(0)
        for x, v in zip(t, value, strict=True):
            # The steps in double words err by u**2 only: take them exactly.
            got = Fraction(float(v))
            for c in reversed(piece.coefficients[: len(low)]):
                got = got * Fraction(float(x)) + c
            exact = Fraction(0)
            for c in reversed(piece.coefficients):
                exact = exact * Fraction(float(x)) + c
            worst = max(worst, abs(got / exact - 1))
        assert bound / 100 < worst < bound
