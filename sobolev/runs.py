"""The run directory: stages that are complete or absent, and checkpoints that prove themselves.

Layout of a run::

    config.json             what the run computes; a resumed run must ask for the same
    stages/NAME/            the files of one complete stage, with manifest.json (checksums)
    checkpoints/NAME.npz    the state of a training phase that is under way
    metrics.json, ...       results, written by the last stages

A stage is filled in a hidden folder and renamed when it is whole, so whatever interrupts a run,
every folder under ``stages`` is complete and the next run goes on from there.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import shutil
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from sobolev._files import write_atomically
from sobolev.network import ACTIVATIONS, MLP

Tree = TypeVar("Tree")

_PACKAGES = ("interval-jax", "jax", "jaxlib", "numpy", "optax", "onnx", "matplotlib")
_NORMALISATION = ("x_mean", "x_scale", "y_mean", "y_scale")


class RunDirectoryError(ValueError):
    """The directory cannot be used for this run; the message says what to do instead."""


class DamagedFileError(ValueError):
    """A file of a run is half-written, altered or of another kind; the message names it."""


@dataclass(frozen=True)
class RunDirectory:
    """A directory that holds one run. Use `open_run` to make or reopen one.

    Attributes:
        path: The directory.
    """

    path: Path

    @property
    def config(self) -> dict[str, Any]:
        """The configuration of the run, as its JSON."""
        return _read_json(self.path / "config.json")

    def checkpoint(self, stage: str) -> Path:
        """Where a training phase keeps its state while it is under way."""
        return self.path / "checkpoints" / f"{stage}.npz"

    def folder(self, stage: str) -> Path:
        """Returns the folder of a complete stage.

        Raises:
            RunDirectoryError: If the stage has not been completed.
            DamagedFileError: If a file of the stage was altered since.
        """
        if not self.is_complete(stage):
            raise RunDirectoryError(
                f"{self.path} has no complete stage {stage!r}; run the steps before this one "
                f"first, or all of them: sobolev run --out {self.path} --resume"
            )
        return self.path / "stages" / stage

    def is_complete(self, stage: str) -> bool:
        """Says whether a stage is complete, and checks that its files are as they were written.

        Raises:
            DamagedFileError: If a file of the stage is missing or was altered since.
        """
        folder = self.path / "stages" / stage
        if not folder.is_dir():
            return False
        try:
            checksums = _read_json(folder / "manifest.json")["sha256"]
            damaged = [
                name
                for name, checksum in checksums.items()
                if not (folder / name).is_file() or sha256(folder / name) != checksum
            ]
        except (DamagedFileError, FileNotFoundError, KeyError, AttributeError):
            damaged = ["manifest.json"]
        if damaged:
            raise DamagedFileError(
                f"{folder / damaged[0]} is damaged or missing: it is not what the run wrote. "
                f"Delete the folder {folder} and run again with --resume: only this stage is "
                f"computed again."
            )
        return True

    @contextmanager
    def stage(self, name: str) -> Iterator[Path]:
        """Gives an empty folder to fill; it becomes the stage when the block ends without error.

        A checkpoint of the same name is deleted then: the stage replaces it.

        Yields:
            The folder.
        """
        stages = self.path / "stages"
        stages.mkdir(exist_ok=True)
        for left_over in stages.glob(f".{name}.*.tmp"):
            shutil.rmtree(left_over)
        folder = Path(tempfile.mkdtemp(dir=stages, prefix=f".{name}.", suffix=".tmp"))
        started = time.monotonic()
        yield folder
        files = sorted(p for p in folder.rglob("*") if p.is_file())
        manifest = {
            "sha256": {p.relative_to(folder).as_posix(): sha256(p) for p in files},
            "seconds": round(time.monotonic() - started, 3),
            "versions": environment(),
        }
        write_json(folder / "manifest.json", manifest)
        folder.chmod(0o755)
        os.replace(folder, stages / name)
        self.checkpoint(name).unlink(missing_ok=True)

    def discard(self, stage: str) -> None:
        """Forgets a stage, so that it is computed again."""
        shutil.rmtree(self.path / "stages" / stage, ignore_errors=True)

    def seconds(self, stage: str) -> float:
        """Wall-clock seconds that a complete stage took."""
        return float(_read_json(self.folder(stage) / "manifest.json")["seconds"])


def open_run(
    path: str | os.PathLike[str], config: Mapping[str, Any], *, resume: bool = False
) -> RunDirectory:
    """Makes the directory of a new run, or reopens that of an old one.

    Args:
        path: The directory; made when it does not exist, used when it is empty.
        config: What the run computes, as JSON values.
        resume: Go on with the run that the directory holds, if any.

    Returns:
        The run directory.

    Raises:
        RunDirectoryError: If the directory holds something else, a run of another configuration,
            or any run while `resume` is false.
    """
    path = Path(path)
    if path.exists() and not path.is_dir():
        raise RunDirectoryError(f"{path} is a file; choose another directory with --out")
    wanted = json.loads(json.dumps(config))
    if (path / "config.json").is_file():
        found = RunDirectory(path).config
        differences = _differences(found, wanted)
        if differences:
            raise RunDirectoryError(
                f"{path} holds a run of another configuration ({'; '.join(differences)}). "
                f"Give the same options again, or choose another directory with --out."
            )
        if not resume:
            raise RunDirectoryError(
                f"{path} already holds a run. Add --resume to go on with it, or choose another "
                f"directory with --out."
            )
        return RunDirectory(path)
    if path.is_dir() and any(not entry.name.startswith(".") for entry in path.iterdir()):
        raise RunDirectoryError(
            f"{path} is not empty and holds no run (no config.json); choose another directory "
            f"with --out"
        )
    path.mkdir(parents=True, exist_ok=True)
    write_json(path / "config.json", wanted)
    return RunDirectory(path)


def reopen_run(path: str | os.PathLike[str]) -> RunDirectory:
    """Reopens the directory of an existing run, whatever its configuration.

    Raises:
        FileNotFoundError: If the directory does not exist.
        RunDirectoryError: If it holds no run.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"there is no directory {path}; make a run with: sobolev run")
    if not (path / "config.json").is_file():
        raise RunDirectoryError(
            f"{path} holds no run (no config.json); give the --out directory of a run"
        )
    return RunDirectory(path)


def environment() -> dict[str, Any]:
    """Returns what a result depends on besides its configuration: versions and platform."""
    versions: dict[str, str | None] = {}
    for package in _PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = None
    return {
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "backend": jax.default_backend(),
        "x64": bool(jnp.result_type(float) == np.float64),
        **versions,
    }


def save_checkpoint(path: str | os.PathLike[str], tree: Any) -> None:
    """Writes the arrays of a pytree to an .npz file, atomically and without pickle.

    Args:
        path: The file.
        tree: Any pytree of arrays, for example a `sobolev.training.TrainingState`.
    """
    leaves, _ = jax.tree_util.tree_flatten_with_path(tree)
    _write_npz(path, {jax.tree_util.keystr(name): leaf for name, leaf in leaves})


def load_checkpoint(path: str | os.PathLike[str], like: Tree) -> Tree:
    """Reads a pytree that `save_checkpoint` wrote.

    Args:
        path: The file.
        like: A pytree of the structure, shapes and dtypes to expect.

    Returns:
        The pytree that was saved.

    Raises:
        FileNotFoundError: If there is no such file.
        DamagedFileError: If the file is half-written, altered, or of another structure.
    """
    arrays = _read_npz(path)
    leaves, structure = jax.tree_util.tree_flatten_with_path(like)
    expected = {jax.tree_util.keystr(name): leaf for name, leaf in leaves}
    fits = arrays.keys() == expected.keys() and all(
        array.shape == expected[name].shape and array.dtype == expected[name].dtype
        for name, array in arrays.items()
    )
    if not fits:
        raise DamagedFileError(
            f"{path} belongs to another network or optimiser than this run's. Delete it and run "
            f"again with --resume: complete stages are kept."
        )
    return jax.tree_util.tree_unflatten(structure, [jnp.asarray(arrays[n]) for n in expected])


def save_network(path: str | os.PathLike[str], net: MLP) -> None:
    """Writes a network to an .npz file that `load_network` reads without being told its shape."""
    arrays: dict[str, Any] = {f"weight_{k}": weight for k, weight in enumerate(net.weights)}
    arrays |= {f"bias_{k}": bias for k, bias in enumerate(net.biases)}
    arrays |= {name: getattr(net, name) for name in _NORMALISATION}
    _write_npz(path, arrays | {"activation": net.activation})


def load_network(path: str | os.PathLike[str]) -> MLP:
    """Reads a network that `save_network` wrote.

    Raises:
        FileNotFoundError: If there is no such file.
        DamagedFileError: If the file is half-written, altered, or holds no network.
    """
    arrays = _read_npz(path)
    n_layers = sum(name.startswith("weight_") for name in arrays)
    try:
        net = MLP(
            weights=tuple(jnp.asarray(arrays[f"weight_{k}"]) for k in range(n_layers)),
            biases=tuple(jnp.asarray(arrays[f"bias_{k}"]) for k in range(n_layers)),
            **{name: jnp.asarray(arrays[name]) for name in _NORMALISATION},
            activation=str(arrays["activation"]),
        )
    except KeyError as error:
        raise DamagedFileError(f"{path} holds no network: {error} is missing") from None
    if n_layers == 0 or net.activation not in ACTIVATIONS:
        raise DamagedFileError(f"{path} holds no network that this version can read")
    return net


def write_json(path: str | os.PathLike[str], content: Any) -> Path:
    """Writes JSON text that people can read, atomically; refuses NaN and infinity."""
    return write_atomically(path, json.dumps(content, indent=2, allow_nan=False) + "\n")


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise DamagedFileError(
            f"{path} is damaged: it is not valid JSON ({error}). Restore it, or start again in "
            f"another directory with --out."
        ) from None


def _write_npz(path: str | os.PathLike[str], arrays: dict[str, Any]) -> None:
    file = io.BytesIO()
    converted: dict[str, Any] = {name: np.asarray(array) for name, array in arrays.items()}
    np.savez(file, **converted)
    write_atomically(path, file.getvalue())


def _read_npz(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    try:
        # Reading every array checks the checksum that the .npz format keeps for it.
        with np.load(io.BytesIO(Path(path).read_bytes()), allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (zipfile.BadZipFile, EOFError, ValueError, TypeError) as error:
        raise DamagedFileError(
            f"{path} is half-written or damaged ({error}). Delete it and run again with "
            f"--resume: complete stages are kept."
        ) from None


def sha256(path: Path) -> str:
    """Returns the SHA-256 checksum of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _differences(found: Any, wanted: Any, name: str = "") -> list[str]:
    if isinstance(found, dict) and isinstance(wanted, dict):
        keys = sorted(found.keys() | wanted.keys())
        parts = ((found.get(k), wanted.get(k), f"{name}.{k}" if name else k) for k in keys)
        return [line for part in parts for line in _differences(*part)]
    return [] if found == wanted else [f"{name} is {found!r} there, {wanted!r} here"]
