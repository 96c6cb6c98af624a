"""Every setting of a run in one frozen, JSON-ready configuration, and the two presets.

A preset is a function of the seed. What it returns is the whole configuration: nothing that
changes a result is hidden elsewhere.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sobolev.labels import PATHS_PER_LABEL
from sobolev.market import evaluation_box
from sobolev.training import TrainingConfig


@dataclass(frozen=True)
class MarketConfig:
    """The problem, see `sobolev.market.bachelier_market`."""

    n_assets: int = 7
    seed: int = 0
    basket_volatility: float = 0.2
    strike: float = 1.10


@dataclass(frozen=True)
class LabelConfig:
    """The simulated labels, see `sobolev.labels.simulate`."""

    n_labels: int
    law: str = "market"
    spread: float = 1.5

    @property
    def n_paths(self) -> int:
        """Number of simulated paths, antithetic ones included."""
        return PATHS_PER_LABEL * self.n_labels


@dataclass(frozen=True)
class SignificanceConfig:
    """The interval analysis that decides which neurons stay, see `sobolev.significance`.

    Attributes:
        lower: Lower end of every input over the box analysed.
        upper: Upper end.
        definition: The significance formula.
        aggregation: How scores over several boxes make one.
        method: Intervals or forms.
        order: Degree of Taylor forms, None for 2.
        cells: Greatest number of cells that the box is cut into, proven over all of it; None for
            boxes around random points.
        n_boxes: Number of boxes around random points.
        relative_width: Their width over the width of the box; None for the automatic one.
    """

    lower: float
    upper: float
    definition: str = "afghan_naumann"
    aggregation: str = "union"
    method: str = "natural"
    order: int | None = None
    cells: int | None = None
    n_boxes: int = 4096
    relative_width: float | None = None


@dataclass(frozen=True)
class Target:
    """A small network to prune to, and how it is fine-tuned.

    Attributes:
        name: Name in tables and file names.
        keep: Neurons to keep in every hidden layer of the dense network; 0 removes the layer.
        finetuning: Training after pruning; the same one trains the baseline from scratch.
    """

    name: str
    keep: tuple[int, ...]
    finetuning: TrainingConfig


@dataclass(frozen=True)
class RunConfig:
    """A whole run.

    Attributes:
        preset: Name of the preset it came from.
        seed: Seed of labels, initial weights and order of labels; the problem has its own.
        dtype: Floating-point type of labels and networks.
        market: The problem.
        labels: The simulated labels, used by every training of the run.
        hidden: Widths of the hidden layers of the dense network.
        activation: Hidden activation.
        training: Training of the dense network.
        significance: The interval analysis.
        compensation: What makes up for removed neurons, see `sobolev.pruning.keep_neurons`.
        n_compensation_points: Inputs, uniform on the analysed box, on which it is fitted.
        targets: The small networks.
        n_evaluation_points: Inputs, uniform on the evaluation box, on which errors are measured.
    """

    preset: str
    seed: int
    dtype: str
    market: MarketConfig
    labels: LabelConfig
    hidden: tuple[int, ...]
    activation: str
    training: TrainingConfig
    significance: SignificanceConfig
    compensation: str
    n_compensation_points: int
    targets: tuple[Target, ...]
    n_evaluation_points: int

    def as_dict(self) -> dict[str, Any]:
        """Returns the configuration as nested dictionaries and lists, ready for JSON."""
        return _plain(self)


def quick(seed: int = 0, dtype: str = "float64") -> RunConfig:
    """Returns the configuration of the demonstration: 7 -> 6 x 64 -> 1, under two minutes."""
    lower, upper = evaluation_box(7)
    finetuning = TrainingConfig(epochs=40, batch_size=512, learning_rate=3e-3, seed=seed)
    return RunConfig(
        preset="quick",
        seed=seed,
        dtype=dtype,
        market=MarketConfig(),
        labels=LabelConfig(n_labels=2**16),
        hidden=(64,) * 6,
        activation="silu",
        training=TrainingConfig(epochs=10, batch_size=512, learning_rate=3e-3, seed=seed),
        significance=SignificanceConfig(lower, upper),
        compensation="least_squares",
        n_compensation_points=8192,
        targets=(
            Target("6x8", (8,) * 6, finetuning),
            Target("2x3", (0, 0, 0, 0, 3, 3), finetuning),
        ),
        n_evaluation_points=4096,
    )


def paper(seed: int = 0, dtype: str = "float64") -> RunConfig:
    """Returns the configuration of the paper's experiment: 7 -> 6 x 128 -> 1, 2^20 paths."""
    lower, upper = evaluation_box(7)
    finetuning = TrainingConfig(epochs=60, batch_size=2048, learning_rate=3e-3, seed=seed)
    return RunConfig(
        preset="paper",
        seed=seed,
        dtype=dtype,
        market=MarketConfig(),
        labels=LabelConfig(n_labels=2**19),
        hidden=(128,) * 6,
        activation="silu",
        training=TrainingConfig(epochs=8, batch_size=1024, learning_rate=3e-3, seed=seed),
        significance=SignificanceConfig(lower, upper, method="taylor", cells=256),
        compensation="least_squares",
        n_compensation_points=8192,
        targets=(
            Target("6x8", (8,) * 6, finetuning),
            Target("2x3", (0, 0, 0, 0, 3, 3), finetuning),
        ),
        n_evaluation_points=4096,
    )


PRESETS: Mapping[str, Callable[..., RunConfig]] = {"quick": quick, "paper": paper}


def from_dict(content: Mapping[str, Any]) -> RunConfig:
    """Reads a configuration back from what `RunConfig.as_dict` gave.

    Args:
        content: Nested dictionaries and lists.

    Returns:
        The configuration.

    Raises:
        ValueError: If a setting is missing or unknown.

    >>> from_dict(quick(seed=3).as_dict()) == quick(seed=3)
    True
    """
    return _build(RunConfig, content)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    return [_plain(entry) for entry in value] if isinstance(value, tuple) else value


def _build(kind: Any, content: Any) -> Any:
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        if not isinstance(content, Mapping) or content.keys() != hints.keys():
            found = sorted(content) if isinstance(content, Mapping) else content
            raise ValueError(f"{kind.__name__} needs the settings {sorted(hints)}; got {found}")
        return kind(**{name: _build(hint, content[name]) for name, hint in hints.items()})
    if isinstance(kind, types.GenericAlias):
        return tuple(_build(typing.get_args(kind)[0], entry) for entry in content)
    return content
