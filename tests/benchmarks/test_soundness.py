"""The soundness campaign: all functions in small, and that it would notice."""

import dataclasses
import json
import platform
import subprocess
import sys
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

import interval_jax as ij
from benchmarks import __main__ as command
from benchmarks import catalogue, hard_points, soundness
from reference import oracle

ROOT = Path(__file__).resolve().parents[2]
CASES = {case.name: case for case in catalogue.cases()}
SIZE = 1024


@pytest.mark.parametrize("dtype", soundness.DTYPES)
@pytest.mark.parametrize("name", CASES)
def test_every_function_encloses(name: str, dtype: str) -> None:
    # Operation by operation, which compiles each operation once for all functions.
    task = soundness.Task(name, dtype, range(1), ("alone",), 1, 2 * SIZE)
    tally = soundness.work(task)
    assert tally.points > SIZE
    assert not tally.violations, tally.examples
    if CASES[name].ranges is not None:
        assert tally.worst <= 1, tally.examples
        assert tally.share > 0.985


def test_every_way_of_calling_a_function() -> None:
    for dtype in soundness.DTYPES:
        tally = soundness.work(soundness.Task("exp", dtype, range(4), soundness.DEFAULT_WAYS, 2))
        # Values at two ends of each argument under jit, single ones otherwise.
        assert tally.points == 5 * soundness.SIZE
        assert tally.ends == 6 * hard_points.random_part(soundness.SIZE)
        assert not tally.violations
        assert tally.worst == 1


def _inward(x: ij.Interval) -> ij.Interval:
    """exp, once in a while without the last unit of its upper bound."""
    y = ij.exp(x)
    hi = jnp.where(x.lo > 1, jnp.nextafter(y.hi, y.lo), y.hi)
    return ij.Interval(y.lo, jnp.where(y.lo < y.hi, hi, y.hi))


@pytest.mark.parametrize("way", ["points", "intervals", "fused", "alone"])
@pytest.mark.parametrize("with_ranges", [True, False])
def test_a_unit_too_few_is_noticed_in_every_way(
    way: str, with_ranges: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = dataclasses.replace(CASES["exp"], name="wrong", function=_inward)
    if not with_ranges:
        wrong = dataclasses.replace(wrong, ranges=None)
    monkeypatch.setattr(soundness, "cases", lambda: [wrong])
    task = soundness.Task("wrong", "float64", range(1), (way,), 3, SIZE)
    tally = soundness.work(task)
    assert tally.violations > 50
    assert tally.examples[0].startswith("at ")
    assert "violation" in soundness.table([tally])


@pytest.mark.parametrize(("way", "name"), [("natural", "pow"), ("affine", "recip")])
def test_programs_by_every_method(way: str, name: str) -> None:
    task = soundness.Task(name, "float32", range(1), (way,), 4, SIZE)
    tally = soundness.work(task)
    assert tally.points > SIZE
    assert not tally.violations, tally.examples


def test_a_wrong_program_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = dataclasses.replace(CASES["exp"], name="wrong", program=lambda x: jnp.exp(x) * 1.001)
    monkeypatch.setattr(soundness, "cases", lambda: [wrong])
    tally = soundness.work(soundness.Task("wrong", "float64", range(1), ("natural",), 3, SIZE))
    assert tally.violations > 50
    assert set(soundness.METHODS) <= set(soundness.DEFAULT_WAYS)


def test_not_a_number_is_a_violation() -> None:
    nan = dataclasses.replace(
        CASES["exp"], function=lambda x: ij.Interval(x.lo, jnp.full_like(x.hi, jnp.nan))
    )
    rng = np.random.default_rng(0)
    tally = soundness.WAYS["points"](nan, np.float64, rng, SIZE)
    assert tally.violations == tally.points == SIZE


def test_a_reverse_function_that_forgets_a_branch_is_noticed() -> None:
    case = CASES["sqr_rev"]

    def positive(c: ij.Interval, x: ij.Interval) -> ij.Interval:
        return ij.intersection(case.function(c, x), ij.interval(0.0, np.inf, dtype=c.dtype))

    rng = np.random.default_rng(0)
    wrong = dataclasses.replace(case, function=positive)
    assert soundness.WAYS["points"](wrong, np.float64, rng, SIZE).violations > 100


def test_work_depends_on_the_task_alone() -> None:
    task = soundness.Task("sqr", "float32", range(2), ("points", "intervals"), 5, SIZE)
    first = soundness.work(task)
    soundness.work(task._replace(seed=6))
    assert soundness.work(task) == first


def test_plan_spreads_all_points_over_all_functions() -> None:
    tasks = soundness.plan(10_000_000, CASES, soundness.DTYPES)
    assert {(t.function, t.dtype) for t in tasks} == {
        (name, dtype) for name in CASES for dtype in soundness.DTYPES
    }
    for dtype in soundness.DTYPES:
        total = sum(len(t.chunks) * t.size for t in tasks if t.dtype == dtype)
        assert 10_000_000 <= total < 20_000_000
    for name in CASES:
        chunks = sorted(k for t in tasks if (t.function, t.dtype) == (name, "float64")
                        for k in t.chunks)  # fmt: skip
        assert chunks == list(range(len(chunks)))


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "report.json"
    options = ["--points", "1000", "--functions", "sqr,neg", "--dtype", "float64"]
    options += ["--ways", "points,intervals"]
    arguments = ["soundness", *options, "--jobs", "1", "--json", str(report)]
    assert command.main(arguments) == 0
    assert "total" in capsys.readouterr().out
    tallies = json.loads(report.read_text())["tallies"]
    assert [t["function"] for t in tallies] == ["neg", "sqr"]
    assert all(t["points"] >= 1000 / 2 and not t["violations"] for t in tallies)
    again = ["--functions", "neg", "--dtype", "float64", "--points", "4000", "--update"]
    assert command.main([*arguments, *again]) == 0
    merged = json.loads(report.read_text())
    assert merged["tallies"][0]["points"] > tallies[0]["points"]
    assert merged["tallies"][1] == tallies[1]
    assert [u["functions"] for u in merged["updates"]] == [["neg"]]
    with pytest.raises(SystemExit):
        command.main(["soundness", "--update"])
    with pytest.raises(SystemExit):
        command.main(["soundness", "--functions", "sqrt,sqrtt"])
    assert "unknown function 'sqrtt'" in capsys.readouterr().err


def test_command_fails_on_a_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = dataclasses.replace(CASES["exp"], name="wrong", function=_inward)
    monkeypatch.setattr(soundness, "cases", lambda: [wrong])
    options = ["--points", "100", "--ways", "points,fused", "--jobs", "1"]
    assert command.main(["soundness", *options]) == 1


def test_processes_share_the_work() -> None:
    tasks = soundness.plan(1000, ["sqr", "neg"], ["float64"], ("points",), seed=7)
    alone = soundness.run(tasks, 1, progress=False)
    assert soundness.run(tasks, 2, progress=False) == alone


def test_points_come_close_to_multiples_of_half_pi() -> None:
    # The double closest to a multiple of pi/2, and the float: known from the literature.
    found = hard_points.near_multiples(np.float64)
    assert 6381956970095103 * 2.0**797 in found
    assert 16367173 * 2.0**72 in hard_points.near_multiples(np.float32)
    large = np.array([x for x in found if x > 1])
    sine, cosine = (oracle.tightest(name, large) for name in ("sin", "cos"))
    assert np.minimum(np.abs(sine.down), np.abs(cosine.down)).max() < 2.0**-48


def test_points_are_numbers_of_the_format_at_every_scale() -> None:
    for case in CASES.values():
        for dtype in soundness.DTYPES.values():
            drawn = case.points(np.random.default_rng(1), dtype, SIZE)
            assert len(drawn) == case.arguments
            for x in drawn:
                assert x.dtype == dtype
                assert x.shape == (SIZE,)
                assert np.isfinite(x).all()
                assert not ((x != 0) & (np.abs(x) < np.finfo(dtype).tiny)).any()


_ROUNDING = """
import ctypes, platform
from interval_jax.testing import assert_round_to_nearest
assert_round_to_nearest()
library = ctypes.CDLL(None)
for mode, direction in ((0x400, "down"), (0x800, "up"), (0xC00, "towards zero")):
    library.fesetround(mode)
    try:
        assert_round_to_nearest()
    except AssertionError as error:
        message = str(error)
    else:
        message = "nothing"
    library.fesetround(0)
    assert f"rounds {direction}" in message, (direction, message)
assert_round_to_nearest()
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the modes are those of x86-64")
@pytest.mark.skipif(sys.platform != "linux", reason="fesetround is looked for as on Linux")
def test_another_rounding_mode_is_noticed() -> None:
    subprocess.run([sys.executable, "-c", _ROUNDING], check=True, cwd=ROOT, timeout=120)


def test_campaign_stops_in_another_rounding_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    def leaves_it_wrong() -> None:
        raise AssertionError("this process rounds up")

    monkeypatch.setattr(soundness, "assert_round_to_nearest", leaves_it_wrong)
    with pytest.raises(AssertionError, match="rounds up"):
        soundness.run([], progress=False)
