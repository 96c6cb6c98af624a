"""The generator of the constants of cube roots: its output is what is committed."""

import importlib.util
from pathlib import Path

import mpmath as mp

from interval_jax.elementary._roots_tables import INVERSE_CUBE_ROOT, RESIDUAL

_ROOT = Path(__file__).parents[2]


def test_the_committed_constants_are_the_generated_ones() -> None:
    spec = importlib.util.spec_from_file_location("roots_tool", _ROOT / "tools" / "roots.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = mp.mp.prec
    try:
        spec.loader.exec_module(module)
        assert module.source() == module.TARGET.read_text()
    finally:
        mp.mp.prec = before


def test_the_residual_is_bounded_and_not_far_from_the_bound() -> None:
    with mp.workprec(200):
        worst = max(
            abs(1 - m * sum(c * m**i for i, c in enumerate(INVERSE_CUBE_ROOT)) ** 3)
            for m in (1 + mp.mpf(k) / 2000 for k in range(2001))
        )
        assert 0.9 * RESIDUAL < worst < RESIDUAL
