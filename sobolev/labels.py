"""Training labels: simulated payoffs and their pathwise derivatives, never a closed form.

One label is made of an antithetic pair of paths from the exposure date to maturity, so it counts
as two paths wherever paths are counted.
"""

from __future__ import annotations

import io
import math
import zipfile
from dataclasses import dataclass
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from sobolev._files import write_atomically
from sobolev.market import BachelierMarket, evaluation_box
from sobolev.payoffs import Payoff

PATHS_PER_LABEL = 2
SAMPLING_LAWS = ("market", "box")


@dataclass(frozen=True, eq=False)
class Labels:
    """Spot prices at the exposure date with one noisy payoff and its derivative for each.

    Attributes:
        x: Shape (n, n_assets): spot prices at the exposure date.
        y: Shape (n,): payoff, averaged over the paths of the label.
        dydx: Shape (n, n_assets): pathwise derivative of `y` with respect to `x`.
        paths_per_label: Number of simulated paths behind each row.

    Raises:
        ValueError: If the shapes do not fit together, the arrays are not of one floating-point
            type, or an entry is NaN or infinite.
    """

    x: jax.Array
    y: jax.Array
    dydx: jax.Array
    paths_per_label: int = PATHS_PER_LABEL

    def __post_init__(self) -> None:
        fields = {"x": self.x, "y": self.y, "dydx": self.dydx}
        if self.x.ndim != 2 or 0 in self.x.shape:
            raise ValueError(f"x must have shape (n, n_assets), not empty; got {self.x.shape}")
        if self.y.shape != self.x.shape[:1]:
            raise ValueError(
                f"y must have one entry per row of x, shape {self.x.shape[:1]}; got "
                f"{self.y.shape}. Use y.reshape(-1) if it is a column."
            )
        if self.dydx.shape != self.x.shape:
            raise ValueError(
                f"dydx must have the shape of x, {self.x.shape}; got {self.dydx.shape}"
            )
        dtypes = {name: np.dtype(array.dtype) for name, array in fields.items()}
        if not np.issubdtype(dtypes["x"], np.floating) or len(set(dtypes.values())) > 1:
            raise ValueError(
                f"x, y and dydx must be of one floating-point type; got {dtypes}. "
                f"Convert them with .astype."
            )
        for name, array in fields.items():
            finite = np.isfinite(np.asarray(array)).reshape(len(array), -1).all(axis=1)
            bad = np.flatnonzero(~finite)
            if bad.size:
                raise ValueError(
                    f"{name} holds NaN or infinity in row {bad[0]} ({bad.size} of {len(array)} "
                    f"rows). Remove these rows or simulate the labels again."
                )

    def __len__(self) -> int:
        return self.x.shape[0]

    @property
    def n_paths(self) -> int:
        """Number of simulated paths behind all labels, antithetic ones included."""
        return len(self) * self.paths_per_label

    def astype(self, dtype: jax.typing.DTypeLike) -> Labels:
        """Returns the labels in another floating-point type."""
        return Labels(
            self.x.astype(dtype),
            self.y.astype(dtype),
            self.dydx.astype(dtype),
            self.paths_per_label,
        )


def exposures(
    key: jax.Array,
    market: BachelierMarket,
    n_labels: int,
    law: str = "market",
    spread: float = 1.5,
) -> jax.Array:
    """Draws the spot prices at the exposure date at which labels are simulated.

    Args:
        key: PRNG key.
        market: The market.
        n_labels: Number of rows.
        law: "market": the market's own law at the exposure date, with all volatilities
            multiplied by `spread`, as in the paper. "box": uniform on the evaluation box with its
            sides multiplied by `spread`, so that all of the box is covered.
        spread: Positive factor, see `law`.

    Returns:
        Spot prices, shape (n_labels, n_assets).

    Raises:
        ValueError: If the law is unknown or the spread is not positive.
    """
    if not spread > 0:
        raise ValueError(f"spread must be positive; got {spread}")
    shape = (n_labels, market.n_assets)
    if law == "market":
        normals = jax.random.normal(key, shape, market.spot.dtype)
        deviation = spread * math.sqrt(market.exposure_date) * market.diffusion
        return market.spot + normals @ deviation.T
    if law == "box":
        lower, upper = evaluation_box(market.n_assets)
        centre, half_width = 0.5 * (lower + upper), 0.5 * spread * (upper - lower)
        unit = jax.random.uniform(key, shape, market.spot.dtype, minval=-1.0)
        return centre + half_width * unit
    raise ValueError(f"unknown sampling law {law!r}; choose one of {SAMPLING_LAWS}")


def simulate(
    key: jax.Array,
    market: BachelierMarket,
    payoff: Payoff,
    n_labels: int,
    law: str = "market",
    spread: float = 1.5,
    dtype: jax.typing.DTypeLike | None = None,
) -> Labels:
    """Simulates labels: payoffs of antithetic pairs and their derivatives along the paths.

    The derivative is `jax.grad` of the payoff along each path, so any payoff that is
    differentiable almost everywhere and continuous gives unbiased derivatives.

    Args:
        key: PRNG key.
        market: The market.
        payoff: Maps spot prices at maturity, shape (n_assets,), to a cash flow, shape ().
        n_labels: Number of labels; twice as many paths are simulated.
        law: Sampling law of the exposures, see `exposures`.
        spread: Spread of the sampling law, see `exposures`.
        dtype: Floating-point type of the labels; that of the market when None.

    Returns:
        The labels.

    Raises:
        ValueError: If `n_labels` is not positive or the sampling law is unknown.
    """
    if n_labels < 1:
        raise ValueError(f"n_labels must be at least 1; got {n_labels}")
    exposure_key, path_key = jax.random.split(key)
    x = exposures(exposure_key, market, n_labels, law, spread)
    normals = jax.random.normal(path_key, x.shape, x.dtype)
    increments = math.sqrt(market.time_to_maturity) * normals @ market.diffusion.T

    def antithetic_mean(spots: jax.Array, increment: jax.Array) -> jax.Array:
        return 0.5 * (payoff(spots + increment) + payoff(spots - increment))

    y, dydx = jax.jit(jax.vmap(jax.value_and_grad(antithetic_mean)))(x, increments)
    labels = Labels(x, y, dydx)
    return labels if dtype is None else labels.astype(dtype)


def save(path: str | Path, labels: Labels) -> None:
    """Writes labels to an .npz file, atomically.

    Args:
        path: The file; an existing one is replaced only when the new one is complete.
        labels: The labels.
    """
    file = io.BytesIO()
    np.savez(
        file,
        x=np.asarray(labels.x),
        y=np.asarray(labels.y),
        dydx=np.asarray(labels.dydx),
        paths_per_label=labels.paths_per_label,
    )
    write_atomically(path, file.getvalue())


def load(path: str | Path) -> Labels:
    """Reads labels from an .npz file with arrays x, y, dydx and, optionally, paths_per_label.

    Args:
        path: The file, written by `save` or by any other program.

    Returns:
        The labels; `paths_per_label` is 1 if the file does not say.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is not a complete .npz file, lacks an array, or fails the checks
            of `Labels`.
    """
    try:
        # ZipFile opens no other format; np.load would also accept a lone array or a pickle.
        with zipfile.ZipFile(path) as archive:
            arrays = {
                name.removesuffix(".npy"): np.load(io.BytesIO(archive.read(name)))
                for name in archive.namelist()
            }
    except (zipfile.BadZipFile, EOFError, ValueError) as error:
        raise ValueError(
            f"{path} is not a complete .npz file of labels ({error}). Simulate the labels again."
        ) from error
    missing = {"x", "y", "dydx"} - arrays.keys()
    if missing:
        raise ValueError(
            f"{path} lacks {sorted(missing)}; a label file needs x (n, n_assets), y (n,) and "
            f"dydx (n, n_assets)"
        )
    paths_per_label = int(arrays.get("paths_per_label", 1))
    try:
        x, y, dydx = (jnp.asarray(arrays[name]) for name in ("x", "y", "dydx"))
        return Labels(x, y, dydx, paths_per_label)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
