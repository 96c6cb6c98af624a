"""The run directory: atomic stages, checkpoints that prove themselves, resuming."""

import json
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sobolev import network, runs, training
from sobolev.labels import Labels
from sobolev.runs import DamagedFileError, RunDirectoryError

CONFIG = {"preset": "quick", "seed": 0, "training": {"epochs": 3, "learning_rate": 0.01}}


@pytest.fixture
def run(tmp_path):
    return runs.open_run(tmp_path / "run", CONFIG)


def make_stage(run, name="train", content="weights"):
    with run.stage(name) as folder:
        (folder / "net.txt").write_text(content)


def small_state(epochs=3):
    rng = np.random.default_rng(0)
    x = jnp.asarray(rng.normal(size=(8, 2)))
    labels = Labels(x, x[:, 0], jnp.ones_like(x))
    net = network.initialise(jax.random.key(0), (2, 3, 1))
    config = training.TrainingConfig(epochs=epochs, batch_size=4)
    return training.initial_state(net, labels, config)


def test_a_stage_is_complete_only_when_its_block_ended(run):
    assert not run.is_complete("train")

    def interrupted():
        with run.stage("train") as folder:
            (folder / "net.txt").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not run.is_complete("train")
    with pytest.raises(RunDirectoryError, match=r"no complete stage 'train'.*--resume"):
        run.folder("train")
    make_stage(run)
    assert run.is_complete("train")
    assert (run.folder("train") / "net.txt").read_text() == "weights"
    assert run.seconds("train") >= 0
    assert [p.name for p in (run.path / "stages").iterdir()] == ["train"]


def test_completing_a_stage_removes_its_checkpoint(run):
    runs.save_checkpoint(run.checkpoint("train"), {"a": jnp.ones(2)})
    make_stage(run)
    assert not run.checkpoint("train").exists()


@pytest.mark.parametrize("damage", ["alter", "truncate", "delete", "manifest", "no manifest"])
def test_an_altered_stage_is_noticed_and_can_be_discarded(run, damage):
    make_stage(run)
    file = run.folder("train") / "net.txt"
    manifest = run.folder("train") / "manifest.json"
    match damage:
        case "alter":
            file.write_text("weighty")
        case "truncate":
            file.write_text("weig")
        case "delete":
            file.unlink()
        case "manifest":
            manifest.write_text(manifest.read_text()[:20])
        case "no manifest":
            manifest.unlink()
    with pytest.raises(DamagedFileError, match=r"damaged or missing.*Delete the folder .*--resume"):
        run.is_complete("train")
    run.discard("train")
    assert not run.is_complete("train")
    make_stage(run)
    assert run.is_complete("train")


def test_resuming_keeps_what_was_complete(run):
    make_stage(run)
    again = runs.open_run(run.path, CONFIG, resume=True)
    assert again.is_complete("train")
    assert again.config == CONFIG
    assert runs.reopen_run(run.path).is_complete("train")


def test_a_run_is_not_overwritten_unasked(run):
    with pytest.raises(RunDirectoryError, match=r"already holds a run.*--resume"):
        runs.open_run(run.path, CONFIG)


def test_another_configuration_is_refused_by_name(run):
    other = {"preset": "quick", "seed": 1, "training": {"epochs": 3, "learning_rate": 0.02}}
    with pytest.raises(RunDirectoryError, match=r"another configuration") as raised:
        runs.open_run(run.path, other, resume=True)
    assert "seed is 0 there, 1 here" in str(raised.value)
    assert "training.learning_rate is 0.01 there, 0.02 here" in str(raised.value)
    assert "epochs" not in str(raised.value)


def test_directories_that_hold_something_else_are_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(RunDirectoryError, match="not empty and holds no run"):
        runs.open_run(tmp_path, CONFIG, resume=True)
    with pytest.raises(RunDirectoryError, match="is a file"):
        runs.open_run(tmp_path / "thesis.tex", CONFIG)
    with pytest.raises(RunDirectoryError, match="holds no run"):
        runs.reopen_run(tmp_path)
    with pytest.raises(FileNotFoundError, match="no directory"):
        runs.reopen_run(tmp_path / "absent")


def test_damaged_configuration(run):
    (run.path / "config.json").write_text('{"preset": "qu')
    with pytest.raises(DamagedFileError, match=r"config\.json is damaged"):
        runs.open_run(run.path, CONFIG, resume=True)


def test_checkpoint_restores_every_bit(tmp_path):
    state = small_state()
    state = replace(state, losses=state.losses.at[0].set(0.1), epoch=state.epoch + 1)
    runs.save_checkpoint(tmp_path / "state.npz", state)
    back = runs.load_checkpoint(tmp_path / "state.npz", small_state())
    assert jax.tree.structure(back) == jax.tree.structure(state)
    for mine, theirs in zip(jax.tree.leaves(back), jax.tree.leaves(state), strict=True):
        assert mine.dtype == theirs.dtype
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("fraction", [0.0, 0.02, 0.5, 0.99])
def test_half_written_checkpoint_is_noticed(tmp_path, fraction):
    path = tmp_path / "state.npz"
    runs.save_checkpoint(path, small_state())
    content = path.read_bytes()
    path.write_bytes(content[: int(fraction * len(content))])
    with pytest.raises(DamagedFileError, match=r"state\.npz is half-written.*Delete it.*--resume"):
        runs.load_checkpoint(path, small_state())


def test_flipped_bits_in_a_checkpoint_are_noticed(tmp_path):
    path = tmp_path / "state.npz"
    state = small_state()
    runs.save_checkpoint(path, state)
    content = bytearray(path.read_bytes())
    start = content.index(np.asarray(state.net.weights[0]).tobytes())
    content[start + 3] ^= 0x10
    path.write_bytes(bytes(content))
    with pytest.raises(DamagedFileError, match="damaged"):
        runs.load_checkpoint(path, small_state())


def test_checkpoint_of_another_network_is_refused(tmp_path):
    runs.save_checkpoint(tmp_path / "state.npz", small_state())
    with pytest.raises(DamagedFileError, match="another network"):
        runs.load_checkpoint(tmp_path / "state.npz", small_state(epochs=4))


def test_a_single_array_is_no_checkpoint(tmp_path):
    np.save(tmp_path / "state.npy", np.ones(3))
    with pytest.raises(DamagedFileError):
        runs.load_network(tmp_path / "state.npy")


def test_pickles_are_never_loaded(tmp_path):
    np.savez(tmp_path / "state.npz", evil=np.array([{"a": 1}], dtype=object))
    with pytest.raises(DamagedFileError):
        runs.load_network(tmp_path / "state.npz")


def test_networks_are_restored_without_a_template(tmp_path):
    net = network.initialise(jax.random.key(1), (7, 5, 1), "softplus", "float32")
    runs.save_network(tmp_path / "net.npz", net)
    back = runs.load_network(tmp_path / "net.npz")
    assert back.activation == "softplus"
    assert back.sizes == net.sizes
    for mine, theirs in zip(jax.tree.leaves(back), jax.tree.leaves(net), strict=True):
        assert mine.dtype == theirs.dtype
        np.testing.assert_array_equal(mine, theirs)
    runs.save_checkpoint(tmp_path / "other.npz", {"a": jnp.ones(2)})
    with pytest.raises(DamagedFileError, match="holds no network"):
        runs.load_network(tmp_path / "other.npz")


def test_environment_is_json_and_names_the_versions():
    found = json.loads(json.dumps(runs.environment()))
    assert found["jax"] == jax.__version__
    assert found["numpy"] == np.__version__
    assert {"python", "platform", "backend", "x64"} <= found.keys()


def test_json_refuses_nan(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        runs.write_json(tmp_path / "metrics.json", {"rmse": float("nan")})
    assert not (tmp_path / "metrics.json").exists()
