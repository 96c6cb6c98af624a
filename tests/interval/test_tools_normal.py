"""The generator of the erf tables: its output is what is committed, its proofs can fail."""

import importlib.util
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from flint import ctx

from interval_jax.elementary import _erf_tables

_ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def tool() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("normal_tool", _ROOT / "tools" / "normal.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    before = ctx.prec, ctx.cap
    ctx.prec, ctx.cap = module.PRECISION, module.ORDER + 1
    yield module
    ctx.prec, ctx.cap = before


def test_the_committed_tables_are_the_generated_ones(tool: ModuleType) -> None:
    assert tool.render() == tool.MODULE.read_text()


def test_a_wrong_coefficient_is_found_out(tool: ModuleType) -> None:
    pieces, errors = tool.table(tool.PLANS["FLOAT32"])
    stored = _erf_tables.FLOAT32.relative_error
    for piece, error, bound in zip(pieces, errors, (stored[0], *[stored[1]] * 3), strict=True):
        assert error <= bound
        high = list(piece.high)
        high[3] = float(np.nextafter(np.float32(high[3]), np.float32(9)))
        assert tool.approximation_error(piece._replace(high=high)) > bound


@pytest.mark.parametrize("name", ["FLOAT32", "FLOAT64"])
def test_horner_errs_less_than_proven(tool: ModuleType, name: str) -> None:
    """The rounding errors, measured exactly on random arguments, and not far below the bound."""
    plan = tool.PLANS[name]
    unit = Fraction(1, 2**24 if name == "FLOAT32" else 2**53)
    pieces, _ = tool.table(plan)
    rng = np.random.default_rng(0)
    for piece in pieces:
        bound = tool.evaluation_error(piece, unit)
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
