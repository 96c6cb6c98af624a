"""The generator of the series of hyperbolic functions: its output is what is committed."""

import importlib.util
from pathlib import Path
from types import ModuleType

import mpmath as mp
import pytest

from interval_jax.elementary._hyperbolic import INVERSE_SERIES_END, SERIES_END
from interval_jax.elementary._hyperbolic_tables import FLOAT32, FLOAT64, Tables

_ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    path = _ROOT / "tools" / "hyperbolic.py"
    spec = importlib.util.spec_from_file_location("hyperbolic_tool", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = mp.mp.prec
    spec.loader.exec_module(module)
    yield module
    mp.mp.prec = before


def test_the_committed_tables_are_the_generated_ones(tool: ModuleType) -> None:
    assert tool.source() == tool.TARGET.read_text()


@pytest.mark.parametrize(("tables", "digits"), [(FLOAT32, 24), (FLOAT64, 53)])
def test_constants_are_precise_and_series_long_enough(tables: Tables, digits: int) -> None:
    with mp.workprec(400):
        unit = mp.mpf(2) ** -digits
        for (leading, rest), exact in ((tables.ln2, mp.log(2)), (tables.sixth, mp.mpf(1) / 6)):
            assert abs(exact - leading - rest) <= unit * abs(rest)
        # Its product with half of a float is exact.
        numerator, _ = tables.sixth[0].as_integer_ratio()
        assert numerator.bit_length() <= digits // 2
        x = mp.mpf(SERIES_END)
        tail = sum(
            mp.mpf(c) * x ** (2 * n) for n, c in enumerate(tables.sinh_coefficients, 2)
        )  # fmt: skip
        assert abs(mp.sinh(x) / x - 1 - x**2 / 6 - tail) <= 6e-4 * unit
        x = mp.mpf(INVERSE_SERIES_END)
        for coefficients, function in (
            (tables.asinh_coefficients, mp.asinh),
            (tables.atanh_coefficients, mp.atanh),
        ):
            tail = sum(mp.mpf(c) * x ** (2 * n) for n, c in enumerate(coefficients, 1))
            # Half a unit of the first coefficient, and what is cut off.
            assert abs(function(x) / x - 1 - tail) <= (mp.mpf("0.51") * x**2 / 3 + 1e-4) * unit
