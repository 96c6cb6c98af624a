"""The command line: results, exit codes, and one-line errors for bad input."""

import json
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from sobolev import labels, network, runs
from sobolev.cli import main
from sobolev.onnx_io import export_onnx, import_onnx
from tests.sobolev.test_pipeline import FILES, results


@pytest.fixture
def sobolev(capsys):
    """Runs the command and returns its exit code, standard output and standard error."""

    def run(*arguments):
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as ended:
            code = ended.code
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture
def net_file(tmp_path):
    net = network.initialise(
        jax.random.key(0), (3, 5, 4, 1)
    )  # as in test_significance: compiled once
    return export_onnx(net, tmp_path / "net.onnx")


def test_the_job_step_by_step_equals_the_job_in_one(sobolev, finished, tmp_path):
    out = tmp_path / "steps"
    code, text, err = sobolev("train", "--preset", "tiny", "--out", out)
    assert code == 0
    assert "7-6-5-1" in text
    assert "[2/2] training the dense network" in err
    code, text, _ = sobolev("significance", out, "--top", "3")
    assert code == 0
    assert "Proven enclosure of the output" in text
    assert [line.split()[0] for line in text.splitlines()[4:7]] == ["1", "2", "3"]
    for command, shown in (
        ("prune", "7-3-1"),
        ("finetune", "finetune-1x3"),
        ("export", "1x3.onnx"),
    ):
        code, text, _ = sobolev(command, out)
        assert code == 0
        assert shown in text
    code, text, _ = sobolev("report", out)
    assert code == 0
    assert {p.name for p in out.iterdir() if p.is_file()} == FILES | {"config.json"}
    assert results(out) == results(finished)


def test_run_prints_the_table_and_the_files(sobolev, finished_copy):
    arguments = ("run", "--preset", "tiny", "--out", finished_copy, "--resume")
    code, text, err = sobolev(*arguments)
    assert code == 0
    lines = text.splitlines()
    assert lines[0].split("  ")[0] == "network"
    names = [entry["name"] for entry in results(finished_copy)["networks"]]
    assert [line.split("  ")[0] for line in lines[2:6]] == names
    for name in FILES:
        assert f"  {finished_copy / name}" in lines
    assert "[9/9] writing the report" in err
    code, text, _ = sobolev(*arguments, "--json")
    assert code == 0
    content = json.loads(text)
    assert [entry["name"] for entry in content["networks"]] == names
    assert {path.rsplit("/", 1)[1] for path in content["files"]} == FILES


def test_significance_of_a_file(sobolev, net_file):
    code, text, _ = sobolev("significance", net_file, "--box", "0.5", "1.5", "--json")
    assert code == 0
    content = json.loads(text)
    assert content["rigorous"]
    assert content["box"] == {"lower": [0.5] * 3, "upper": [1.5] * 3}
    assert len(content["ranking"]) == 3 + 5 + 4
    net = import_onnx(net_file)
    prices = network.apply(net, jax.random.uniform(jax.random.key(1), (1000, 3)) + 0.5)
    assert content["output"]["lower"] <= float(prices.min())
    assert float(prices.max()) <= content["output"]["upper"]

    code, text, _ = sobolev("significance", net_file, "--box", "0.5", "1.5", "--top", "0")
    assert code == 0
    lines = text.splitlines()
    assert len(lines) == 2 + 1 + 1 + 12
    lower, upper = (float(bound) for bound in lines[1].strip("[]").split(","))
    assert lower <= content["output"]["lower"]  # decimals are rounded outward
    assert upper >= content["output"]["upper"]
    first = content["ranking"][0]
    assert lines[4].split()[:3] == ["1", first["layer"], str(first["neuron"])]

    code, text, _ = sobolev("significance", net_file, "--box", "0.5", "1.5", "--samples", "100")
    assert code == 0
    assert "Range of the output seen" in text


def test_significance_of_a_file_by_forms_and_over_cells(sobolev, net_file, tmp_path):
    small = export_onnx(network.initialise(jax.random.key(0), (1, 2, 1)), tmp_path / "small.onnx")
    box = ("--box", "0.5", "1.5", "--json")
    code, text, err = sobolev("significance", small, *box, "--method", "taylor", "--order", "1")
    assert code == 0
    content = json.loads(text)
    assert content["rigorous"]
    assert (content["method"], content["order"]) == ("taylor", 1)
    assert "boxes/s" in err
    code, text, _ = sobolev("significance", net_file, *box, "--cells", "20", "--aggregation", "max")
    assert code == 0
    content = json.loads(text)
    assert content["rigorous"]
    assert content["aggregation"] == "max"
    assert 1 < content["n_cells"] <= 20


def test_significance_near_data(sobolev, net_file, tmp_path):
    points = np.random.default_rng(0).uniform(0.5, 1.5, (50, 3))
    np.save(tmp_path / "data.npy", points)
    code, text, _ = sobolev("significance", net_file, "--around", tmp_path / "data.npy", "--json")
    assert code == 0
    content = json.loads(text)
    assert not content["rigorous"]
    assert content["n_cells"] == 50
    assert 0 < content["relative_width"] < 1
    np.savez(tmp_path / "data.npz", x=points)
    arguments = ("significance", net_file, "--around", tmp_path / "data.npz", "--width", "0.125")
    code, text, _ = sobolev(*arguments)
    assert code == 0
    assert "on 50 boxes, 1.2e-01 of the range of the points wide" in text


def test_significance_near_data_needs_data(sobolev, net_file, tmp_path):
    arguments = ("significance", net_file, "--around", tmp_path / "data.npz")
    assert_one_line_error(sobolev(*arguments), 2, "data.npz")
    np.savez(tmp_path / "data.npz", y=np.ones((2, 3)))
    assert_one_line_error(sobolev(*arguments), 2, "no array x, only y")
    np.savez(tmp_path / "data.npz", x=np.ones((2, 4)))
    assert_one_line_error(sobolev(*arguments), 2, "shape (n, 3)", "(2, 4)")
    assert_one_line_error(sobolev(*arguments, "--cells", "4"), 2, "--around", "--cells")
    box = ("significance", net_file, "--box", "0.5", "1.5")
    assert_one_line_error(sobolev(*box, "--width", "0.1"), 2, "--width is for --around")
    assert_one_line_error(sobolev(*box, "--order", "2"), 2, "--order is for --method taylor")
    result = sobolev(*box, "--samples", "5", "--aggregation", "max")
    assert_one_line_error(result, 2, "--samples")
    assert_one_line_error(sobolev(*box, "--cells", "0"), 2, "number of cells")


def test_significance_of_a_run_on_another_box(sobolev, finished):
    code, text, _ = sobolev("significance", finished, "--box", "0.9", "1.1", "--json")
    assert code == 0
    assert json.loads(text)["box"]["lower"] == [0.9] * 7


def test_prune_a_file(sobolev, net_file, tmp_path):
    out = tmp_path / "small.onnx"
    box = ("--box", "0.5", "1.5")
    code, text, _ = sobolev("prune", net_file, *box, "--keep", "2", "3", "--out", out, "--json")
    assert code == 0
    content = json.loads(text)
    assert content["sizes"] == [3, 2, 3, 1] == list(import_onnx(out).sizes)
    assert content["max_difference"] < 0.5
    code, text, _ = sobolev("prune", net_file, *box, "--keep", "0.5", "--out", out)
    assert code == 0
    assert "3-2-2-1" in text


def test_export_a_network_of_a_run(sobolev, finished, tmp_path):
    out = tmp_path / "dense.onnx"
    code, text, _ = sobolev("export", finished / "stages/train/network.npz", "--out", out)
    assert code == 0
    assert str(out) in text
    assert out.read_bytes() == (finished / "dense.onnx").read_bytes()


def bad_labels(path, **changes):
    arrays = {"x": np.ones((8, 7)), "y": np.ones(8), "dydx": np.ones((8, 7))} | changes
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return path


BAD_LABELS = {
    "wrong shape": ({"y": np.ones((8, 1))}, "one entry per row"),
    "NaN": ({"dydx": np.full((8, 7), np.nan)}, "NaN or infinity"),
    "integers": ({"x": np.ones((8, 7), int)}, "floating-point"),
    "missing array": ({"dydx": None}, "lacks"),
    "other problem": ({"x": np.ones((8, 3)), "dydx": np.ones((8, 3))}, "7 assets"),
}


def assert_one_line_error(result, code, *fragments):
    found, text, err = result
    assert found == code
    assert text == ""
    lines = err.strip().splitlines()
    assert "error:" in lines[-1] or "failed:" in lines[-1]
    assert "Traceback" not in err
    for fragment in fragments:
        assert fragment in lines[-1]


@pytest.mark.parametrize("case", BAD_LABELS)
def test_bad_label_files(sobolev, tmp_path, case):
    changes, message = BAD_LABELS[case]
    file = bad_labels(tmp_path / "labels.npz", **changes)
    out = tmp_path / "run"
    result = sobolev("run", "--preset", "tiny", "--out", out, "--labels", file)
    assert_one_line_error(result, 2, "labels.npz", message)
    assert not out.exists()


def test_half_written_label_file(sobolev, tmp_path):
    file = bad_labels(tmp_path / "labels.npz")
    file.write_bytes(file.read_bytes()[:300])
    result = sobolev("train", "--preset", "tiny", "--out", tmp_path / "run", "--labels", file)
    assert_one_line_error(result, 2, "labels.npz", "not a complete .npz file")


def test_unknown_preset_and_command(sobolev, tmp_path):
    result = sobolev("run", "--preset", "papre", "--out", tmp_path / "run")
    assert_one_line_error(result, 2, "papre", "quick")
    assert_one_line_error(sobolev("prun", tmp_path), 2, "prun")
    assert sobolev()[0] == 2


def test_bad_boxes(sobolev, net_file):
    result = sobolev("significance", net_file, "--box", "1.5", "0.5")
    assert_one_line_error(result, 2, "lower 1.5 > upper 0.5")
    result = sobolev("significance", net_file, "--box", "0", "nan")
    assert_one_line_error(result, 2, "finite")
    assert_one_line_error(sobolev("significance", net_file), 2, "--box LO HI")


def test_missing_files_and_directories(sobolev, tmp_path):
    box = ("--box", "0", "1")
    for name in ("absent.onnx", "absent.npz", "absent"):
        result = sobolev("significance", tmp_path / name, *box)
        assert_one_line_error(result, 2, name)
    assert_one_line_error(sobolev("report", tmp_path / "absent"), 2, "absent")
    assert_one_line_error(sobolev("finetune", tmp_path), 2, "holds no run")
    result = sobolev("run", "--preset", "tiny", "--out", tmp_path, "--labels", tmp_path / "no.npz")
    assert_one_line_error(result, 2, "no.npz")


def test_unsupported_onnx_operator(sobolev, tmp_path):
    graph = helper.make_graph(
        [helper.make_node("Erf", ["x"], ["y"], name="odd")],
        "test",
        [helper.make_tensor_value_info("x", TensorProto.DOUBLE, [1, 1])],
        [helper.make_tensor_value_info("y", TensorProto.DOUBLE, [1, 1])],
    )
    onnx.save(helper.make_model(graph), tmp_path / "odd.onnx")
    result = sobolev("significance", tmp_path / "odd.onnx", "--box", "0", "1")
    assert_one_line_error(result, 2, "odd.onnx", "Erf", "'odd'", "export the network again")


def test_files_of_another_kind(sobolev, tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    result = sobolev("significance", tmp_path / "notes.txt", "--box", "0", "1")
    assert_one_line_error(result, 2, "neither a run directory nor")
    (tmp_path / "net.onnx").write_text("hello")
    result = sobolev("significance", tmp_path / "net.onnx", "--box", "0", "1")
    assert_one_line_error(result, 2, "not an ONNX file")


def test_run_directories_are_protected(sobolev, finished_copy):
    result = sobolev("run", "--preset", "tiny", "--out", finished_copy)
    assert_one_line_error(result, 2, "already holds a run", "--resume")
    result = sobolev("run", "--preset", "tiny", "--seed", "1", "--out", finished_copy, "--resume")
    assert_one_line_error(result, 2, "another configuration", "seed is 0 there, 1 here")


def test_damaged_runs_say_what_to_delete(sobolev, finished_copy):
    network_file = finished_copy / "stages/train/network.npz"
    network_file.write_bytes(network_file.read_bytes()[:-7])
    result = sobolev("run", "--preset", "tiny", "--out", finished_copy, "--resume")
    assert_one_line_error(result, 2, "network.npz is damaged", "Delete the folder", "--resume")


def test_half_written_checkpoint(sobolev, finished_copy):
    directory = runs.reopen_run(finished_copy)
    directory.discard("train")
    runs.save_checkpoint(directory.checkpoint("train"), {"a": jnp.ones(100)})
    content = directory.checkpoint("train").read_bytes()
    directory.checkpoint("train").write_bytes(content[: len(content) // 2])
    result = sobolev("run", "--preset", "tiny", "--out", finished_copy, "--resume")
    assert_one_line_error(result, 2, "train.npz is half-written", "Delete it", "--resume")


def test_options_that_make_no_sense(sobolev, net_file, tmp_path):
    box = ("--box", "0", "1")
    assert_one_line_error(sobolev("prune", net_file, *box), 2, "--keep", "--out")
    out = tmp_path / "small.onnx"
    for keep, message in (("many", "counts or fractions"), ("9", "keep a count from 0 to 5")):
        result = sobolev("prune", net_file, *box, "--keep", keep, "--out", out)
        assert_one_line_error(result, 2, message)
    assert not out.exists()
    assert_one_line_error(sobolev("export", net_file), 2, "--out")
    result = sobolev("significance", net_file, *box, "--samples", "0")
    assert_one_line_error(result, 2, "at least 1")
    result = sobolev("significance", net_file, *box, "--parts", "0")
    assert_one_line_error(result, 2, "parts")


def test_a_training_that_diverges_is_a_failure(sobolev, tmp_path, monkeypatch):
    from sobolev import training

    def diverge(*arguments, **options):
        raise training.DivergenceError("the loss is nan after epoch 1. Lower the learning rate")

    monkeypatch.setattr(training, "train", diverge)
    result = sobolev("train", "--preset", "tiny", "--out", tmp_path / "run")
    assert_one_line_error(result, 1, "Lower the learning rate")


def test_interruption_says_how_to_go_on(sobolev, tmp_path, monkeypatch):
    def interrupt(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(labels, "simulate", interrupt)
    code, text, err = sobolev("train", "--preset", "tiny", "--out", tmp_path / "run")
    assert code == 130
    assert text == ""
    assert "--resume" in err


def test_help_and_entry_point():
    command = [sys.executable, "-m", "sobolev", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    for word in ("run", "significance", "finetune", "examples:", "--preset paper"):
        assert word in done.stdout


def test_a_reader_that_leaves_early_is_no_error(finished, tmp_path):
    network_file = finished / "stages/train/network.npz"
    arguments = ["export", network_file, "--out", tmp_path / "net.onnx"]
    command = [sys.executable, "-m", "sobolev", *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        errors = process.stderr.read()
    assert process.returncode == 0
    assert errors == b""
    assert (tmp_path / "net.onnx").exists()
