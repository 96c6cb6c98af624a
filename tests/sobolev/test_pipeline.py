"""The whole job on a tiny configuration: results, resuming, and steps out of order."""

import json
from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from sobolev import labels, network, pipeline, runs
from sobolev.experiment import Experiment, open_experiment, reopen_experiment
from sobolev.onnx_io import import_onnx
from sobolev.runs import DamagedFileError, RunDirectoryError
from tests.sobolev.conftest import tiny

NAMES = ["dense", "pruned 1x3", "fine-tuned 1x3", "from scratch 1x3"]
FILES = {
    "report.html",
    "metrics.json",
    "significance.json",
    "learning_curves.png",
    "closed_form_1x3.png",
    "significance.png",
    "error_by_kept_neurons.png",
    "dense.onnx",
    "pruned_1x3.onnx",
    "finetuned_1x3.onnx",
    "from_scratch_1x3.onnx",
}


def results(path):
    """The content of metrics.json without what depends on the clock."""
    content = json.loads((path / "metrics.json").read_text())
    content.pop("seconds")
    return content


def test_a_finished_run_has_all_files_and_nothing_else(finished):
    assert {p.name for p in finished.iterdir() if p.is_file()} == FILES | {"config.json"}
    assert not list(finished.rglob("*.tmp"))
    assert not list((finished / "checkpoints").glob("*")) or not (finished / "checkpoints").exists()


def test_metrics_state_what_the_results_depend_on(finished):
    content = json.loads((finished / "metrics.json").read_text())
    assert [entry["name"] for entry in content["networks"]] == NAMES
    assert [entry["sizes"] for entry in content["networks"]] == [[7, 6, 5, 1]] + [[7, 3, 1]] * 3
    assert [entry["parameters"] for entry in content["networks"]] == [89, 28, 28, 28]
    assert content["configuration"] == json.loads(json.dumps(tiny().as_dict()))
    assert content["seed"] == 0
    assert content["n_paths"] == 1024
    assert {"python", "jax", "numpy", "platform", "interval-jax"} <= content["environment"].keys()
    assert set(content["seconds"]) >= {"labels", "train", "finetune-1x3", "scratch-1x3"}
    assert content["box"]["lower"] == [tiny().significance.lower] * 7
    for entry in content["networks"]:
        assert all(0 < error < 10 for error in entry["metrics"].values())
    kept = {record["kept"] for record in content["sweep"]}
    assert len(content["sweep"]) == 3 * 2 * len(kept)


def test_exported_networks_are_those_of_the_run(finished):
    experiment = reopen_experiment(finished)
    points, _ = experiment.evaluation()
    for entry in experiment.networks():
        exported = import_onnx(finished / entry.file)
        np.testing.assert_allclose(
            network.apply(exported, points), network.apply(entry.net, points), rtol=0, atol=1e-12
        )
    differences = json.loads((finished / "metrics.json").read_text())["onnxruntime_max_difference"]
    assert list(differences) == NAMES
    assert max(differences.values()) <= 1e-12


def test_proven_range_contains_the_outputs(finished):
    experiment = reopen_experiment(finished)
    points, _ = experiment.evaluation()
    prices = network.apply(experiment.network("train"), points)
    output = json.loads((finished / "metrics.json").read_text())["output_enclosure"]
    assert output["lower"] <= float(prices.min())
    assert float(prices.max()) <= output["upper"]


def test_an_interrupted_run_goes_on_and_ends_the_same(finished, tmp_path, monkeypatch):
    saved, save = [], runs.save_checkpoint

    def interrupt(path, tree):
        save(path, tree)
        saved.append(path.name)
        if saved.count("finetune-1x3.npz") == 2:
            raise KeyboardInterrupt

    path = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(runs, "save_checkpoint", interrupt)
        experiment = replace(open_experiment(tiny(), path, quiet=True), checkpoint_seconds=0.0)
        with pytest.raises(KeyboardInterrupt):
            pipeline.execute(experiment)
    assert (path / "checkpoints" / "finetune-1x3.npz").exists()
    complete = {p.name: p.stat().st_mtime_ns for p in (path / "stages").iterdir()}
    assert {"labels", "train", "significance", "prune"} <= complete.keys()

    taken = []
    monkeypatch.setattr(
        Experiment, "draw_labels", lambda self: pytest.fail("complete labels simulated again")
    )
    pipeline.execute(open_experiment(tiny(), path, resume=True, quiet=True), announce=taken.append)
    assert taken == list(pipeline.STEPS)
    for stage in ("labels", "train", "significance", "prune"):
        assert (path / "stages" / stage).stat().st_mtime_ns == complete[stage]
    assert results(path) == results(finished)
    for entry in reopen_experiment(path).networks():
        assert (path / entry.file).read_bytes() == (finished / entry.file).read_bytes()


def test_a_half_written_checkpoint_stops_the_run_until_it_is_deleted(finished_copy):
    directory = runs.reopen_run(finished_copy)
    directory.discard("finetune-1x3")
    checkpoint = directory.checkpoint("finetune-1x3")
    checkpoint.parent.mkdir(exist_ok=True)
    checkpoint.write_bytes((finished_copy / "stages/train/network.npz").read_bytes()[:500])
    experiment = open_experiment(tiny(), finished_copy, resume=True, quiet=True)
    with pytest.raises(DamagedFileError, match=r"finetune-1x3\.npz is half-written.*Delete it"):
        pipeline.finetune(experiment)
    checkpoint.unlink()
    pipeline.finetune(experiment)
    assert directory.is_complete("finetune-1x3")


def test_steps_out_of_order_say_what_is_missing(tmp_path):
    experiment = open_experiment(tiny(), tmp_path / "run", quiet=True)
    for step in ("train", "significance", "prune", "finetune", "evaluate", "export", "report"):
        with pytest.raises(RunDirectoryError, match="no complete stage"):
            pipeline.execute(experiment, [step])


def given_labels(n=512, n_assets=7):
    rng = np.random.default_rng(0)
    x = jnp.asarray(rng.uniform(0.5, 1.5, (n, n_assets)))
    return labels.Labels(x, jnp.maximum(x.mean(axis=1) - 1, 0), 0.1 * jnp.ones_like(x), 1)


def test_given_labels_are_used_and_remembered(tmp_path):
    file = tmp_path / "mine.npz"
    labels.save(file, given_labels())
    experiment = open_experiment(tiny(), tmp_path / "run", label_file=file)
    pipeline.simulate_labels(experiment)
    np.testing.assert_array_equal(experiment.labels().y, given_labels().y)
    labels.save(file, given_labels(n=256))
    with pytest.raises(RunDirectoryError, match=r"label_file\.sha256"):
        open_experiment(tiny(), tmp_path / "run", resume=True, label_file=file)


def test_labels_of_another_problem_are_refused_before_anything_is_made(tmp_path):
    file = tmp_path / "mine.npz"
    labels.save(file, given_labels(n_assets=3))
    with pytest.raises(ValueError, match=r"3 inputs per label.*7 assets"):
        open_experiment(tiny(), tmp_path / "run", label_file=file)
    assert not (tmp_path / "run").exists()


def test_a_configuration_of_another_version_is_refused(finished_copy):
    config = json.loads((finished_copy / "config.json").read_text())
    config["colour"] = "blue"
    (finished_copy / "config.json").write_text(json.dumps(config))
    with pytest.raises(RunDirectoryError, match="not a configuration of this version"):
        reopen_experiment(finished_copy)


def test_seeds_change_labels_and_weights_but_not_the_problem(tmp_path):
    first = open_experiment(tiny(seed=0), tmp_path / "a")
    second = open_experiment(tiny(seed=1), tmp_path / "b")
    assert np.any(first.draw_labels().y != second.draw_labels().y)
    np.testing.assert_array_equal(first.market.weights, second.market.weights)
    np.testing.assert_array_equal(first.evaluation()[0], second.evaluation()[0])
