"""The corpus, thinly: every case once, types and ways of calling in turn.

``python -m benchmarks corpus`` takes every case in every type and way, at 1e4 points.
"""

import json
from pathlib import Path

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
    found = corpus.check(corpus.Task(CASES[place].name, dtype, POINTS, (way,)))
    assert found.errors == {}
    assert found.examples == []
    assert not found.failed
    assert found.values >= POINTS


def test_the_corpus_is_large_and_its_names_are_unique() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 300


def test_a_wrong_value_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    same = Case("same", jnp.positive, lambda x: x, ((1.0, 2.0),))
    near = Case("near", jnp.positive, lambda x: x * (1 + mp.ldexp(1, -60)), ((1.0, 2.0),))
    wide = Case("wide", lambda x: x * (x - 1) - x * x, lambda x: -x, ((1.0, 2.0),))
    narrow = wide._replace(name="narrow", function=lambda x: jnp.where(x > 0, -x, x).mean() + 0 * x)
    monkeypatch.setattr(corpus, "CASES", (same, near, wide, narrow))
    task = corpus.Task("same", "float32", POINTS, ("eager",))
    found = [corpus.check(task._replace(case=case.name)) for case in (same, near, wide, narrow)]
    assert [outcome.failed for outcome in found] == [False, True, False, True]
    assert [bool(outcome.examples) for outcome in found] == [False, True, False, True]


def test_a_run_goes_on_where_it_was_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "corpus.json"
    options = ["--points", "8", "--way", "eager", "--jobs", "1", "--json", str(file)]
    assert corpus.main([*options, "--cases", "jnp.abs"]) == 0
    begun = json.loads(file.read_text())
    assert [(o["case"], o["values"]) for o in begun["outcomes"]] == [("jnp.abs", 8)] * 2

    tasks: list[str] = []
    check = corpus.check

    def watched(task: corpus.Task) -> corpus.Outcome:
        tasks.append(task.case)
        return check(task)

    monkeypatch.setattr(corpus, "check", watched)
    assert corpus.main([*options, "--cases", "jnp.abs,jnp.negative", "--resume"]) == 0
    assert tasks == ["jnp.negative"] * 2
    whole = json.loads(file.read_text())
    assert whole["outcomes"][:2] == begun["outcomes"]
    assert len(whole["outcomes"]) == 4
    with pytest.raises(ValueError, match="other conditions"):
        corpus.main([*options, "--points", "9", "--resume"])
