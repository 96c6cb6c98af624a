"""The conformance runner: what it reads, how it judges, what it returns to the shell."""

import json
import math
from pathlib import Path

import pytest

from benchmarks import arbiter, itf1788, itl
from benchmarks.itl import Literal
from benchmarks.judgement import Outcome

SAMPLE = Path(__file__).parent / "sample.itl"


def _outcomes(body: str) -> list[Outcome]:
    return [v.outcome for v in itf1788.run(itl.parse(f"testcase t {{ {body} }}"))]


def test_reads_every_kind_of_value() -> None:
    statements = itl.read(SAMPLE)
    assert statements[1].arguments == (Literal(1, 1), Literal(2**-60, 2**-60))
    assert statements[2].arguments == (Literal(math.inf, -math.inf), Literal(-math.inf, -1))
    assert statements[4].widest == (Literal(0, 1),)
    assert statements[9].arguments[1] == Literal(3, math.inf, "dac")
    last = statements[-1]
    assert last.arguments[1] == 'in "milk"'
    assert last.arguments[2][:2] == (1, -2)
    assert math.isnan(last.arguments[2][2])
    assert last.results == ("bothEmpty",)
    assert last.place == f"{SAMPLE}:46, sample.subnormal"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("testcase t {\n  add [1.0, 2.0] = [2.0, 1.0];\n}", "x.itl:2: expected an interval"),
        ("testcase t {\n\n  add [1.0, 2.0]_bad = [2.0];\n}", "x.itl:3: expected one of _ill"),
        ("testcase t {\n  add [1.0, 2.0;\n}", "x.itl:2: expected ], found ';'"),
        ("testcase t {\n  add [1.0, 2.0];\n}", "x.itl:2: expected = or <=, found ';'"),
        ("testcase t {\n  add [1.0, two];\n}", "x.itl:2: expected a number, found 'two'"),
        ("testcase t { add [1.0] = [1.0];", "x.itl:1: expected an operation or }, found the end"),
        ("add [1.0] = [1.0];", "x.itl:1: expected testcase, found 'add'"),
        ("testcase t { add @ }", "x.itl:1: expected a word, number, sign or string, found '@'"),
        ('testcase t { add "a\nb" = 1; }', "x.itl:1: expected a word, number"),
    ],
)
def test_says_where_a_file_is_wrong(text: str, message: str) -> None:
    with pytest.raises(itl.ItlError) as error:
        itl.parse(text, "x.itl")
    assert str(error.value).startswith(message)


def test_sample_agrees_but_for_what_is_said_of_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert itf1788.main([str(SAMPLE.parent), "--json", str(tmp_path / "report.json")]) == 0
    operations = json.loads((tmp_path / "report.json").read_text())["operations"]
    not_tightest = {
        name: {k: v for k, v in row.items() if v and k != "cases"}
        for name, row in operations.items()
        if row["cases"] != row["tightest"]
    }
    assert not_tightest == {
        "sqrt": {"widened": 1},
        "cancelMinus": {"widened": 1},
        "bathe": {"unsupported": 1},
    }
    output = capsys.readouterr().out
    assert "total" in output
    assert "unsupported: bathe (no such function)" in output


@pytest.mark.parametrize(
    ("statement", "outcome"),
    [
        ("sqr [2.0, 3.0] = [4.0, 9.0];", Outcome.TIGHTEST),
        # An expectation that a tight result leaves: the result misses something.
        ("sqr [2.0, 3.0] = [4.0, 9.5];", Outcome.VIOLATED),
        ("sqr [2.0, 3.0] = [3.5, 9.0];", Outcome.VIOLATED),
        ("sqr [2.0, 3.0] = [0X1.0000000000001P+2, 9.0];", Outcome.WITHIN_1_ULP),
        ("sqr [2.0, 3.0] = [5.0, 8.0];", Outcome.WIDER),
        ("sqr [2.0, 3.0] = [empty];", Outcome.WIDER),
        ("sqr [empty] = [0.0, 1.0];", Outcome.VIOLATED),
        ("sqr [2.0, 3.0] <= [3.0, 10.0];", Outcome.TIGHTEST),
        ("sqr [2.0, 3.0] <= [4.5, 10.0];", Outcome.WIDER),
        # Decorations: a stronger one than is true is wrong, a weaker one is only weak.
        ("sqr [2.0, 3.0]_com = [4.0, 9.0]_dac;", Outcome.VIOLATED),
        ("sqr [2.0, 3.0]_def = [4.0, 9.0]_com;", Outcome.WIDER),
        ("sqr [2.0, 3.0]_com = [4.0, 9.0];", Outcome.VIOLATED),
        ("decorationPart [2.0, 3.0]_com = dac;", Outcome.VIOLATED),
        ("isEntire [entire] = false;", Outcome.VIOLATED),
        ("sup [2.0, 3.0] = 2.0;", Outcome.WIDER),
        ("sup [2.0, 3.0] = 4.0;", Outcome.VIOLATED),
        ("inf [2.0, 3.0] = 1.0;", Outcome.VIOLATED),
        ("mid [2.0, 4.0] = 3.5;", Outcome.VIOLATED),
        ("mid [2.0, 4.0] = NaN;", Outcome.VIOLATED),
        ("midRad [2.0, 4.0] = 3.0 0.5;", Outcome.WIDER),
        ("midRad [2.0, 4.0] = 3.0 2.0;", Outcome.VIOLATED),
        ("midRad [2.0, 4.0] = 3.0;", Outcome.VIOLATED),
        # An expectation of more than there is: the result is tighter, which is proven.
        (
            "cosRevBin [-1.0] [3.14, 3.15] = [0x1.921fb54442d18p+1, 0x1.921fb54442d1ap+1];",
            Outcome.TIGHTEST,
        ),
        # There is a solution left out of a result that is no wider than this.
        ("tanRevBin [1.0, 2.0] [1.0, 1.25] = [0.75, 1.25];", Outcome.VIOLATED),
        ("sqrRevBin [1.0] [0.5, 2.0] = [1.0, 1.5];", Outcome.VIOLATED),
        # Errors that are not announced, and announced ones that do not happen.
        ("b-numsToInterval 2 1 = [1.0, 2.0];", Outcome.VIOLATED),
        ("b-numsToInterval 1 2 = [empty] signal UndefinedOperation;", Outcome.WIDER),
        ('b-textToInterval "[3, 2.9999999999999999]" = [3.0, 3.0];', Outcome.VIOLATED),
        ("overlap [1.0, 2.0] [2.0, 3.0] = overlaps;", Outcome.VIOLATED),
        ("pown [2.0] 0.5 = [1.0, 2.0];", Outcome.UNSUPPORTED),
        # What holds for a subnormal argument need not hold for the normal one around it.
        ("sup [0x1p-1074] = 0x1p-1074;", Outcome.TIGHTEST),
        ("isSingleton [0x1p-1074] = true;", Outcome.WIDENED),
        ("sqr [0x1p-1074, 1.0] = [0x1p-1074, 2.0];", Outcome.VIOLATED),
    ],
)
def test_judges(statement: str, outcome: Outcome) -> None:
    assert _outcomes(statement) == [outcome]


def test_only_what_has_no_image_in_the_interval_may_be_left_out() -> None:
    pi = (math.pi, math.nextafter(math.pi, 4))  # the floats around it
    above = (pi[1], math.nextafter(pi[1], 4))
    assert arbiter.leaves_nothing_out("cosRev", (-1.0, -1.0), above)
    assert arbiter.leaves_nothing_out("sinRevBin", (0.0, 1.0), above)
    assert not arbiter.leaves_nothing_out("sinRev", (-1.0, 0.0), above)
    # Where the function may turn, between its values at the ends, or without an end.
    assert not arbiter.leaves_nothing_out("cosRev", (-1.0, -1.0), pi)
    assert not arbiter.leaves_nothing_out("sinRev", (0.0, 0.0), pi)
    assert not arbiter.leaves_nothing_out("tanRev", (2.0, 3.0), (1.0, 2.0))
    assert not arbiter.leaves_nothing_out("cosRev", (-1.0, -1.0), (pi[1], math.inf))
    assert not arbiter.leaves_nothing_out("mulRev", (0.0, 0.0), above)
    assert arbiter.leaves_nothing_out("pownRev", (1.0, 2.0), (1.26, 1.3), 3)
    assert not arbiter.leaves_nothing_out("pownRev", (1.0, 2.0), (1.25, 1.3), 3)
    assert not arbiter.leaves_nothing_out("sqrRev", (2.0, 3.0), (-1.0, 1.0))


def test_violation_is_shown_and_returned_to_the_shell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "wrong.itl"
    file.write_text("testcase t {\n  add [1.0, 2.0] [1.0] = [2.0, 4.0];\n}\n")
    assert itf1788.main([str(file)]) == 1
    output = capsys.readouterr().out
    assert f"{file}:2, t: violated" in output
    assert "[0x1.0000000000000p+1, 0x1.8000000000000p+1]" in output


def test_unreadable_files_are_an_error_of_their_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "broken.itl"
    file.write_text("testcase t {\n  add [1.0\n}\n")
    assert itf1788.main([str(file)]) == 2
    assert f"{file}:3: expected ], found '}}'" in capsys.readouterr().err
    assert itf1788.main([str(tmp_path / "none.itl")]) == 2
    file.write_text("// nothing\n")
    assert itf1788.main([str(file)]) == 2


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        ("roundTiesToEven", "round_ties_to_even"),
        ("mulRevToPair", "mul_rev_to_pair"),
        ("sinRevBin", "sin_rev"),
        ("powRev1", "pow_rev1"),
        ("atan2Rev2", "atan2_rev2"),
        ("isNaI", "is_nai"),
        ("exp2", "exp2"),
        ("logp1", "log1p"),
        ("mulRevTen", "mul_rev"),
        ("cancelPlus", "cancel_plus"),
        ("sum_abs_nearest", "sum_abs_nearest"),
    ],
)
def test_names(operation: str, name: str) -> None:
    assert itf1788.name_of(operation) == name
