"""The corpus, thinly: every case once, types and ways of calling in turn.

``python -m benchmarks corpus`` takes every case in every type and way, at 1e4 points.
"""

import json
from pathlib import Path

import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest

import interval_jax as ij
from benchmarks import corpus
from benchmarks.programs import CASES, Case

POINTS = 48
NATURAL = ("eager", "jit", "vmap", "jit of vmap")
_COMBINATIONS = [(way, dtype) for way in NATURAL for dtype in corpus.DTYPES]


@pytest.mark.parametrize("place", range(len(CASES)), ids=[case.name for case in CASES])
def test_exact_values_are_enclosed(place: int) -> None:
    way, dtype = _COMBINATIONS[place % len(_COMBINATIONS)]
    found = corpus.check(corpus.Task(CASES[place].name, dtype, POINTS, (way,)))
    assert found.errors == {}
    assert found.examples == []
    assert not found.failed
    assert found.values >= POINTS


@pytest.mark.parametrize(
    ("way", "name", "dtype"),
    [
        ("derivative", "nn.silu", "float32"),
        ("mean_value", "nn.relu", "float64"),
        ("slope", "jnp.tanh", "float32"),
        ("affine", "jnp.abs", "float32"),
        ("affine", "nn.logsumexp", "float64"),
        ("taylor", "jnp.exp", "float64"),
        ("taylor 1", "jnp.sqrt", "float32"),
        ("taylor 3", "jnp.cos", "float32"),
        ("slope, derivative", "jnp.exp", "float64"),
        ("affine, derivative", "jnp.sin", "float32"),
    ],
)
def test_every_method_and_derivatives(way: str, name: str, dtype: str) -> None:
    """A case or two for each, since forms take seconds to compile; the campaign takes all."""
    found = corpus.check(corpus.Task(name, dtype, POINTS, (way,)))
    assert not found.failed, (found.errors, found.examples)
    assert found.values >= POINTS
    assert found.slopes >= ("derivative" in way) * POINTS // 2


def test_derivatives_are_known_where_they_exist() -> None:
    case = Case("kink", abs, lambda x: abs(x) * x + abs(x - 1), ((-1.0, 1.0),))
    with mp.workprec(corpus.PRECISION):
        assert np.isnan(corpus._slope(case, [mp.mpf(1)])).all()
        ((below, above),) = corpus._slope(case, [mp.mpf("0.375")])
        assert below == above == 2 * 0.375 - 1
    wrong = case._replace(function=lambda x: jnp.abs(x) * x + 1 - 2 * x)
    members = np.array([0.25, 0.75])
    slopes = corpus._slopes(wrong, [members])[0].ravel()
    bounds = corpus.WAYS["derivative"].enclosed(wrong)(ij.interval(members))
    assert np.all((np.asarray(bounds.hi) < slopes) | (np.asarray(bounds.lo) > slopes))


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
    counts = [(o["case"], o["values"]) for o in begun["outcomes"]]
    assert counts == [("jnp.abs", 8)] * 2

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
