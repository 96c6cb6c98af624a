"""The series of hyperbolic functions: as precise and as long as the proofs say."""

import mpmath as mp
import pytest

from interval_jax.elementary._hyperbolic import SERIES_END
from interval_jax.elementary._hyperbolic_tables import FLOAT32, FLOAT64, Tables
from interval_jax.elementary._inverse_hyperbolic import INVERSE_SERIES_END


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
