"""One experiment: a configuration, a run directory, and what its stages left there.

All randomness of an experiment comes from keys that depend on the seed and on a named purpose
only, so a step gives the same result whatever ran before it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sobolev import labels, network, runs
from sobolev.market import (
    BachelierMarket,
    ClosedForm,
    bachelier_market,
    closed_form,
    evaluation_points,
)
from sobolev.payoffs import BasketCall
from sobolev.presets import RunConfig, Target, from_dict
from sobolev.runs import RunDirectory, RunDirectoryError

_PURPOSES = ("labels", "dense", "compensation", "sampling", "scratch", "subboxes")
_EVALUATION_SEED = 20_240_603  # one set of test points for all seeds


class NamedNetwork(NamedTuple):
    """A network of an experiment: its role, and the target it belongs to (the dense one: none)."""

    role: str
    target: str | None
    net: network.MLP

    @property
    def name(self) -> str:
        """Name in tables and pictures."""
        return self.role if self.target is None else f"{self.role} {self.target}"

    @property
    def file(self) -> str:
        """Name of its ONNX file."""
        return self.name.replace("-", "").replace(" ", "_") + ".onnx"


@dataclass(frozen=True)
class Experiment:
    """A configuration and the directory that holds its stages.

    Attributes:
        config: The configuration.
        directory: The directory.
        label_file: Labels to use instead of simulated ones.
        quiet: Whether progress bars are hidden.
        checkpoint_seconds: Least time between two checkpoints of a training phase.
    """

    config: RunConfig
    directory: RunDirectory
    label_file: Path | None = None
    quiet: bool = False
    checkpoint_seconds: float = 10.0

    @property
    def market(self) -> BachelierMarket:
        """The problem."""
        settings = self.config.market
        return bachelier_market(
            settings.n_assets, settings.seed, settings.basket_volatility, settings.strike
        )

    def key(self, purpose: str, index: int = 0) -> jax.Array:
        """The random key for a purpose; those of different purposes are independent."""
        key = jax.random.fold_in(jax.random.key(self.config.seed), _PURPOSES.index(purpose))
        return jax.random.fold_in(key, index)

    def draw_labels(self) -> labels.Labels:
        """Simulates the labels, or reads those of the label file."""
        if self.label_file is not None:
            return _given_labels(self.label_file, self.config)
        market, settings = self.market, self.config.labels
        return labels.simulate(
            self.key("labels"),
            market,
            BasketCall(market.weights, market.strike),
            settings.n_labels,
            law=settings.law,
            spread=settings.spread,
            dtype=self.config.dtype,
        )

    def draw_network(
        self, key: jax.Array, hidden: tuple[int, ...], sample: labels.Labels
    ) -> network.MLP:
        """A network with random weights, normalised by the labels."""
        sizes = (self.config.market.n_assets, *hidden, 1)
        net = network.initialise(key, sizes, self.config.activation, self.config.dtype)
        return network.with_normalisation(net, sample.x, sample.y)

    def box_points(self, n_points: int, purpose: str) -> jax.Array:
        """Inputs uniform on the analysed box, shape (n_points, n_assets)."""
        box, shape = self.config.significance, (n_points, self.config.market.n_assets)
        points = jax.random.uniform(self.key(purpose), shape, minval=box.lower, maxval=box.upper)
        return points.astype(self.config.dtype)

    def evaluation(self) -> tuple[jax.Array, ClosedForm]:
        """Test points, shape (n_evaluation_points, n_assets), and the exact answers there."""
        points = evaluation_points(
            jax.random.key(_EVALUATION_SEED),
            self.config.n_evaluation_points,
            self.config.market.n_assets,
        ).astype(self.config.dtype)
        return points, closed_form(self.market, points.astype(jnp.result_type(float)))

    def labels(self) -> labels.Labels:
        """The labels that the stage "labels" left."""
        return labels.load(self.directory.folder("labels") / "labels.npz")

    def network(self, stage: str, name: str = "network") -> network.MLP:
        """A network that a stage left."""
        return runs.load_network(self.directory.folder(stage) / f"{name}.npz")

    def networks(self) -> Iterator[NamedNetwork]:
        """All networks: the dense one, then for every target the small ones."""
        yield NamedNetwork("dense", None, self.network("train"))
        for target in self.config.targets:
            name = target.name
            yield NamedNetwork("pruned", name, self.network("prune", name))
            yield NamedNetwork("fine-tuned", name, self.network(f"finetune-{name}"))
            yield NamedNetwork("from scratch", name, self.network(f"scratch-{name}"))

    def losses(self, stage: str) -> np.ndarray:
        """The learning curve of a training stage, shape (epochs,), without unit."""
        return np.asarray(self.json(stage, "losses"))

    def scores(self, analysis: str) -> list[jax.Array]:
        """The scores of the hidden layers by one of the analyses of the stage "significance"."""
        layers = self.json("significance", "significance")[analysis]["layers"]
        # A score that overflowed was written as null: nothing is more significant.
        return [
            jnp.array([jnp.inf if score is None else score for score in scores])
            for layer, scores in layers.items()
            if layer != "inputs"
        ]

    def json(self, stage: str, name: str) -> Any:
        """The content of a JSON file that a stage left."""
        return json.loads((self.directory.folder(stage) / f"{name}.json").read_text())


def open_experiment(
    config: RunConfig,
    path: str | Path,
    *,
    resume: bool = False,
    label_file: str | Path | None = None,
    quiet: bool = False,
) -> Experiment:
    """Makes the directory of an experiment or, with `resume`, goes on with the one that is there.

    Args:
        config: The configuration.
        path: The directory.
        resume: Go on with an existing run of the same configuration.
        label_file: Labels to use instead of simulating them, see `sobolev.labels.load`.
        quiet: Hide progress bars.

    Returns:
        The experiment.

    Raises:
        ValueError: If the labels do not fit the configuration.
        RunDirectoryError: See `sobolev.runs.open_run`.
    """
    content = config.as_dict()
    if label_file is not None:
        label_file = Path(label_file)
        _given_labels(label_file, config)
        content["label_file"] = {"name": label_file.name, "sha256": runs.sha256(label_file)}
    directory = runs.open_run(path, content, resume=resume)
    return Experiment(config, directory, label_file, quiet)


def reopen_experiment(path: str | Path, *, quiet: bool = False) -> Experiment:
    """Opens an existing experiment with the configuration that its directory states.

    Raises:
        FileNotFoundError: If there is no such directory.
        RunDirectoryError: If the directory holds no run that this version understands.
    """
    directory = runs.reopen_run(path)
    content = directory.config
    content.pop("label_file", None)
    try:
        return Experiment(from_dict(content), directory, quiet=quiet)
    except (ValueError, TypeError) as error:
        raise RunDirectoryError(
            f"{path}/config.json is not a configuration of this version ({error}); make a new "
            f"run in another directory"
        ) from None


def hidden_sizes(target: Target) -> tuple[int, ...]:
    """Widths of the hidden layers of a target; layers of which nothing is kept are gone.

    >>> from sobolev.presets import quick
    >>> hidden_sizes(quick().targets[1])
    (3, 3)
    """
    return tuple(count for count in target.keep if count > 0)


def _given_labels(path: Path, config: RunConfig) -> labels.Labels:
    given = labels.load(path)
    if given.x.shape[1] != config.market.n_assets:
        raise ValueError(
            f"{path} has {given.x.shape[1]} inputs per label, but the preset's market has "
            f"{config.market.n_assets} assets"
        )
    return given.astype(config.dtype)
