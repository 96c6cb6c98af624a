"""The corpus, thinly: every case once, types and ways of calling in turn.

``python -m benchmarks corpus`` takes every case in every type and way, at 1e4 points.
"""

import jax.numpy as jnp
import mpmath as mp
import pytest

from benchmarks import corpus
from benchmarks.programs import CASES, Case

POINTS = 48
_COMBINATIONS = [(way, dtype) for way in corpus.WAYS for dtype in corpus.DTYPES]


@pytest.mark.parametrize("place", range(len(CASES)), ids=[case.name for case in CASES])
def test_exact_values_are_enclosed(place: int) -> None:
    way, dtype = _COMBINATIONS[place % len(_COMBINATIONS)]
    found = corpus.check(corpus.Task(CASES[place].name, dtype, way, POINTS))
    assert found.error == ""
    assert found.examples == []
    assert found.larger == 0
    assert found.values >= POINTS


def test_the_corpus_is_large_and_its_names_are_unique() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 150


def test_a_wrong_value_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    same = Case("same", jnp.positive, lambda x: x, ((1.0, 2.0),))
    near = Case("near", jnp.positive, lambda x: x * (1 + mp.ldexp(1, -60)), ((1.0, 2.0),))
    wide = Case("wide", lambda x: x * (x - 1) - x * x, lambda x: -x, ((1.0, 2.0),))
    narrow = wide._replace(name="narrow", function=lambda x: jnp.where(x > 0, -x, x).mean() + 0 * x)
    monkeypatch.setattr(corpus, "CASES", (same, near, wide, narrow))
    task = corpus.Task("same", "float32", "eager", POINTS)
    found = [corpus.check(task._replace(case=case.name)) for case in corpus.CASES]
    assert [bool(outcome.violations) for outcome in found] == [False, True, False, True]
    assert [bool(outcome.examples) for outcome in found] == [False, True, False, True]
