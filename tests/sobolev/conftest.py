"""One tiny finished run for the tests of everything that reads a run directory."""

import shutil
from dataclasses import replace

import pytest

from sobolev import pipeline, presets
from sobolev.experiment import open_experiment


def tiny(seed=0, dtype="float64"):
    """A configuration that passes through every step in seconds."""
    quick = presets.quick(seed, dtype)
    finetuning = replace(quick.targets[0].finetuning, epochs=4, batch_size=64)
    return replace(
        quick,
        preset="tiny",
        labels=presets.LabelConfig(n_labels=512),
        hidden=(6, 5),
        training=replace(quick.training, epochs=5, batch_size=64),
        significance=replace(quick.significance, n_boxes=4),
        n_compensation_points=128,
        targets=(presets.Target("1x3", (0, 3), finetuning),),
        n_evaluation_points=256,
    )


@pytest.fixture(autouse=True)
def tiny_preset(monkeypatch):
    monkeypatch.setitem(presets.PRESETS, "tiny", tiny)


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """The directory of a finished run; read only."""
    path = tmp_path_factory.mktemp("finished") / "run"
    pipeline.execute(open_experiment(tiny(), path, quiet=True))
    return path


@pytest.fixture
def finished_copy(finished, tmp_path):
    """A copy of the finished run that a test may damage."""
    return shutil.copytree(finished, tmp_path / "run")
