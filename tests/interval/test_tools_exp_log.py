"""The generator of the tables of exp and log: its output is what is committed."""

import importlib.util
from pathlib import Path
from types import ModuleType

import mpmath as mp
import pytest

from interval_jax.elementary._exp_log_tables import FLOAT32, FLOAT64, Tables

_ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("exp_log_tool", _ROOT / "tools" / "exp_log.py")
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
def test_leading_parts_are_short_and_whole_constants_precise(tables: Tables, digits: int) -> None:
    """The exact products that the kernels rely on, and the error that is left."""

    def last_place(x: float) -> int:
        numerator, denominator = abs(x).as_integer_ratio()
        return (numerator & -numerator).bit_length() - denominator.bit_length()

    def bits(x: float) -> int:
        return int(mp.floor(mp.log(abs(x), 2))) - last_place(x) + 1

    with mp.workprec(400):
        low, high = tables.exp_range
        integer = int(mp.ceil(max(-low, high) * tables.exp_steps)).bit_length()
        first, second, third = tables.exp_step
        assert bits(first) + integer <= digits
        assert bits(second) + integer <= digits
        error = abs(mp.log(2) / 4 - first - second - third)
        assert error * 2**integer < mp.mpf(2) ** (1 - 2 * digits)
        half = digits // 2
        for j, (leading, rest) in enumerate(tables.exp_roots):
            assert bits(leading) <= half
            root = mp.mpf(2) ** (mp.mpf(j) / 4)
            assert abs(root - leading - rest) <= abs(rest) * mp.mpf(2) ** -digits
        grid = last_place(tables.ln2[0])
        assert bits(tables.ln2[0]) + (7 if digits == 24 else 10) <= digits
        for centre, leading, rest in (*tables.log_centres, *tables.log_upper_centres):
            assert bits(centre) <= 6
            assert leading == 0 or last_place(leading) >= grid - 1
            assert abs(mp.log(centre) - leading - rest) <= abs(rest) * mp.mpf(2) ** -digits


@pytest.mark.parametrize("tables", [FLOAT32, FLOAT64])
def test_pieces_are_as_narrow_as_the_proofs_say(tables: Tables) -> None:
    first = tables.log_splits[0]
    for centres, ends in (
        (tables.log_centres, (*tables.log_splits, 2 * first)),
        (tables.log_upper_centres, (1.0, *tables.log_upper_splits, 2.0)),
    ):
        for (centre, *_), left, right in zip(centres, ends[:-1], ends[1:], strict=True):
            for end in (left, right):
                assert abs(end - centre) / (end + centre) <= 0.0456


@pytest.mark.parametrize("tables", [FLOAT32, FLOAT64])
def test_extreme_values_are_enclosed(tables: Tables) -> None:
    with mp.workprec(200):
        logistic = lambda x: 1 / (1 + mp.exp(-x))  # noqa: E731
        slope = lambda x: logistic(x) * (1 + x * logistic(-x))  # noqa: E731
        left, right = (mp.mpf(b) for b in tables.silu_minimum_at)
        assert slope(left) < 0 < slope(right)
        at = mp.findroot(slope, (left, right), solver="anderson")
        assert tables.silu_minimum[0] <= at * logistic(at) <= tables.silu_minimum[1]
        left, right = (mp.mpf(b) for b in tables.silu_derivative_maximum_at)
        curvature = lambda x: mp.diff(slope, x)  # noqa: E731
        assert curvature(left) > 0 > curvature(right)
        peak = slope(mp.findroot(curvature, (left, right), solver="anderson"))
        assert tables.silu_derivative_maximum[0] <= peak <= tables.silu_derivative_maximum[1]
        assert tables.silu_derivative_minimum[0] <= 1 - peak <= tables.silu_derivative_minimum[1]
