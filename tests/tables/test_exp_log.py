"""The tables of exp and log: as exact and as precise as the proofs say."""

import mpmath as mp
import pytest

from interval_jax.elementary._exp_log_tables import FLOAT32, FLOAT64, Tables


def _last_place(x: float) -> int:
    numerator, denominator = abs(x).as_integer_ratio()
    return (numerator & -numerator).bit_length() - denominator.bit_length()


def _bits(x: float) -> int:
    return int(mp.floor(mp.log(abs(x), 2))) - _last_place(x) + 1


@pytest.mark.parametrize(("tables", "digits"), [(FLOAT32, 24), (FLOAT64, 53)])
def test_leading_parts_are_short_and_whole_constants_precise(tables: Tables, digits: int) -> None:
    """The exact products that the kernels rely on, and the error that is left."""
    with mp.workprec(400):
        low, high = tables.exp_range
        integer = int(mp.ceil(max(-low, high) * tables.exp_steps)).bit_length()
        first, second, third = tables.exp_step
        assert _bits(first) + integer <= digits
        assert _bits(second) + integer <= digits
        error = abs(mp.log(2) / 4 - first - second - third)
        assert error * 2**integer < mp.mpf(2) ** (1 - 2 * digits)
        half = digits // 2
        for j, (leading, rest) in enumerate(tables.exp_roots):
            assert _bits(leading) <= half
            root = mp.mpf(2) ** (mp.mpf(j) / 4)
            assert abs(root - leading - rest) <= abs(rest) * mp.mpf(2) ** -digits
        grid = _last_place(tables.ln2[0])
        assert _bits(tables.ln2[0]) + (7 if digits == 24 else 10) <= digits
        for centre, leading, rest in (*tables.log_centres, *tables.log_upper_centres):
            assert _bits(centre) <= 6
            assert leading == 0 or _last_place(leading) >= grid - 1
            assert abs(mp.log(centre) - leading - rest) <= abs(rest) * mp.mpf(2) ** -digits


@pytest.mark.parametrize(("tables", "digits"), [(FLOAT32, 24), (FLOAT64, 53)])
@pytest.mark.parametrize("b", [2, 10])
def test_constants_of_bases(tables: Tables, digits: int, b: int) -> None:
    base = tables.base2 if b == 2 else tables.base10
    with mp.workprec(400):
        logarithm = mp.log(2) / mp.log(b)
        low, high = base.exp_range
        integer = int(mp.ceil(max(-low, high) * base.exp_steps))
        first, second, third = base.exp_step
        for part in (first, second):
            assert part == 0 or _bits(part) + integer.bit_length() <= digits
        assert abs(third) * integer < mp.mpf(2) ** -digits
        error = abs(logarithm / 4 - first - second - third)
        assert error * integer < mp.mpf(2) ** (2 - 2 * digits)
        lead, rest = base.scale
        assert _bits(lead) <= digits // 2
        assert abs(1 / mp.log(b) - lead - rest) <= abs(rest) * mp.mpf(2) ** -digits
        lead, rest = base.ln
        assert abs(mp.log(b) - lead - rest) <= abs(rest) * mp.mpf(2) ** -digits
        # The low word of leading + rest, relative to the least logarithm of the piece: the worst
        # are next to 1 and one power of two away.
        grid = -16 if digits == 24 else -42
        ends = (*tables.log_splits, 2 * tables.log_splits[0])
        worst = 0
        for k in (-2, -1, 0, 1, 2):
            for (centre, leading, rest), *piece in zip(base.log_centres, ends, ends[1:]):
                assert leading == 0 or _last_place(leading) >= grid
                exact = mp.log(centre) / mp.log(b)
                assert abs(exact - leading - rest) <= abs(rest) * mp.mpf(2) ** -digits
                least = min(abs(k * logarithm + mp.log(end) / mp.log(b)) for end in piece)
                if k or centre != 1:
                    worst = max(worst, (abs(k * base.log2[1]) + abs(rest)) / least)
        assert worst < (1.44e-4 if digits == 24 else 2.0**-38)


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
    first = tables.fine_splits[0]
    ends = (*tables.fine_splits, 2 * first)
    for (centre, *_), left, right in zip(tables.fine_centres, ends[:-1], ends[1:], strict=True):
        for end in (left, right):
            assert abs(end - centre) / (end + centre) <= 0.0225


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
