"""The constants of cube roots: their residual, sampled."""

import mpmath as mp

from interval_jax.elementary._roots_tables import INVERSE_CUBE_ROOT, RESIDUAL


def test_the_residual_is_bounded_and_not_far_from_the_bound() -> None:
    with mp.workprec(200):
        worst = max(
            abs(1 - m * sum(c * m**i for i, c in enumerate(INVERSE_CUBE_ROOT)) ** 3)
            for m in (1 + mp.mpf(k) / 2000 for k in range(2001))
        )
        assert 0.9 * RESIDUAL < worst < RESIDUAL
