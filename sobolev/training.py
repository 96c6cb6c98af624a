r"""Fits a network to labels in value (order 0) or in value and first derivatives (order 1).

The Sobolev loss of order 1 is

.. math::
    \alpha\, \mathrm{mean}\Big(\frac{f(x) - y}{s}\Big)^2
    + \beta\, \mathrm{mean}_{i}\Big(\frac{\partial_i f(x) - \partial_i y}{s_i}\Big)^2,
    \qquad \alpha = \frac{1}{1 + \lambda n}, \quad \beta = \frac{\lambda n}{1 + \lambda n},

with :math:`s` the standard deviation of the values and :math:`s_i` the root mean square of the
:math:`i`-th derivative over all labels, each asset by its own scale.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import optax
from tqdm import tqdm

from sobolev import network
from sobolev.labels import Labels


@dataclass(frozen=True)
class TrainingConfig:
    """Hyperparameters of one training phase: clipped Adam, warm-up and cosine decay.

    Attributes:
        order: 0 for a loss in values only, 1 to add the first derivatives.
        epochs: Passes over all labels.
        batch_size: Labels per step; those that do not fill a batch wait for another epoch.
        learning_rate: Highest learning rate, reached after the warm-up.
        final_learning_rate: Learning rate at the end.
        warmup: Fraction of all steps over which the learning rate rises from zero.
        second_moment_decay: Adam's beta_2. With 0.999 a narrow network can be thrown far off late
            in its training: the second moment remembers the small gradients of a thousand steps
            when a large one comes.
        max_gradient_norm: Longer gradients are shortened to this norm.
        derivative_weight: The lambda of the Sobolev loss.
        seed: Seed of the order of the labels.
    """

    epochs: int
    batch_size: int = 512
    learning_rate: float = 1e-2
    final_learning_rate: float = 1e-6
    warmup: float = 0.05
    second_moment_decay: float = 0.99
    max_gradient_norm: float = 0.1
    order: int = 1
    derivative_weight: float = 1.0
    seed: int = 0


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["net", "optimiser", "epoch", "losses"],
    meta_fields=[],
)
@dataclass(frozen=True, eq=False)
class TrainingState:
    """All that a training phase needs to go on: a pytree of arrays.

    Attributes:
        net: The network after `epoch` epochs.
        optimiser: Optax's state.
        epoch: Shape (): number of epochs done.
        losses: Shape (epochs,): mean loss of every epoch done; NaN for those to come.
    """

    net: network.MLP
    optimiser: optax.OptState
    epoch: jax.Array
    losses: jax.Array


class DivergenceError(ArithmeticError):
    """The loss is no longer a finite number."""


def initial_state(net: network.MLP, labels: Labels, config: TrainingConfig) -> TrainingState:
    """Returns the state before the first epoch; also the template for reading a saved state."""
    optimiser, _ = _optimiser(config, len(labels))
    return TrainingState(
        net=net,
        optimiser=optimiser.init(net.parameters),
        epoch=jnp.zeros((), jnp.int32),
        losses=jnp.full(config.epochs, jnp.nan, net.dtype),
    )


def train(
    net: network.MLP,
    labels: Labels,
    config: TrainingConfig,
    *,
    state: TrainingState | None = None,
    callback: Callable[[TrainingState], None] | None = None,
    description: str = "training",
    quiet: bool = False,
) -> TrainingState:
    """Trains a network; the same arguments give the same result, interrupted or not.

    Args:
        net: The network to start from; its normalisation is not trained.
        labels: The labels, of the dtype of the network.
        config: Hyperparameters.
        state: A state saved by `callback`, to go on from; `net` is then not used.
        callback: Called with the state after every epoch.
        description: Title of the progress bar.
        quiet: Shows no progress bar.

    Returns:
        The state after the last epoch: `.net` and the learning curve `.losses`.

    Raises:
        ValueError: If labels, network, configuration and saved state do not fit together.
        DivergenceError: If the loss becomes NaN or infinite.
    """
    _check(net if state is None else state.net, labels, config)
    if state is None:
        state = initial_state(net, labels, config)
    elif state.losses.shape != (config.epochs,):
        raise ValueError(
            f"the saved state belongs to a training of {state.losses.shape[0]} epochs, the "
            f"configuration asks for {config.epochs}; resume with the configuration it was saved by"
        )
    data, scales = (labels.x, labels.y, labels.dydx), loss_scales(labels)
    bar = tqdm(
        range(int(state.epoch), config.epochs),
        desc=description,
        initial=int(state.epoch),
        total=config.epochs,
        disable=quiet,
        file=sys.stderr,
    )
    for epoch in bar:
        state = _run_epoch(state, data, scales, config)
        loss = float(state.losses[epoch])
        if not math.isfinite(loss):
            raise DivergenceError(
                f"{description}: the loss is {loss} after epoch {epoch + 1}. Lower the learning "
                f"rate (now {config.learning_rate}) or lengthen the warm-up."
            )
        bar.set_postfix(loss=f"{loss:.3e}")
        if callback is not None:
            callback(state)
    return state


def sobolev_loss(
    net: network.MLP,
    batch: tuple[jax.Array, jax.Array, jax.Array],
    scales: tuple[jax.Array, jax.Array],
    config: TrainingConfig,
) -> jax.Array:
    """Returns the loss of the module's docstring, over one batch.

    Args:
        net: The network.
        batch: x (b, n_in), y (b,), dydx (b, n_in).
        scales: The scale of the values, shape (), and of the derivatives, shape (n_in,).
        config: Order and derivative weight.

    Returns:
        The loss, shape (), without unit.
    """
    x, y, dydx = batch
    y_scale, dydx_scale = scales
    if config.order == 0:
        return jnp.mean(((network.apply(net, x) - y) / y_scale) ** 2)
    value, gradient = network.value_and_gradient(net, x)
    value_error = jnp.mean(((value - y) / y_scale) ** 2)
    gradient_error = jnp.mean(((gradient - dydx) / dydx_scale) ** 2)
    beta = config.derivative_weight * x.shape[1]
    return (value_error + beta * gradient_error) / (1.0 + beta)


def loss_scales(labels: Labels) -> tuple[jax.Array, jax.Array]:
    """Returns the scales of the loss.

    Args:
        labels: The labels.

    Returns:
        The standard deviation of the values, shape (), and the root mean square of each
        derivative, shape (n_in,). An input on which no label depends gets the mean scale of
        the others: the network has to learn that its derivative is zero.

    Raises:
        ValueError: If all values are equal.
    """
    y_scale = jnp.std(labels.y)
    if not float(y_scale) > 0:
        raise ValueError("all label values are equal: there is nothing to learn from them")
    dydx_scale = jnp.sqrt(jnp.mean(labels.dydx**2, axis=0))
    dydx_scale = jnp.where(dydx_scale > 0, dydx_scale, jnp.mean(dydx_scale))
    # Derivatives that are all zero (a payoff of volatility only) leave no scale but 1.
    return y_scale, jnp.where(dydx_scale > 0, dydx_scale, 1.0)


def _check(net: network.MLP, labels: Labels, config: TrainingConfig) -> None:
    if config.order not in (0, 1):
        raise ValueError(f"order must be 0 (values) or 1 (and derivatives); got {config.order}")
    if net.sizes[0] != labels.x.shape[1]:
        raise ValueError(
            f"the network has {net.sizes[0]} inputs but the labels have {labels.x.shape[1]}"
        )
    if net.dtype != labels.x.dtype:
        raise ValueError(
            f"the network is {net.dtype} but the labels are {labels.x.dtype}; convert one with "
            f"network.astype or Labels.astype"
        )
    if config.epochs < 1:
        raise ValueError(f"epochs must be at least 1; got {config.epochs}")
    if not 1 <= config.batch_size <= len(labels):
        raise ValueError(
            f"batch_size must lie between 1 and the number of labels, {len(labels)}; got "
            f"{config.batch_size}"
        )


def _optimiser(config: TrainingConfig, n_labels: int) -> tuple[optax.GradientTransformation, int]:
    steps = n_labels // config.batch_size
    total = steps * config.epochs
    schedule = optax.warmup_cosine_decay_schedule(
        init_value=0.0,
        peak_value=config.learning_rate,
        warmup_steps=max(1, int(config.warmup * total)),
        decay_steps=max(2, total),
        end_value=config.final_learning_rate,
    )
    optimiser = optax.chain(
        optax.clip_by_global_norm(config.max_gradient_norm),
        optax.adam(schedule, b2=config.second_moment_decay),
    )
    return optimiser, steps


@partial(jax.jit, static_argnames="config")
def _run_epoch(
    state: TrainingState,
    data: tuple[jax.Array, jax.Array, jax.Array],
    scales: tuple[jax.Array, jax.Array],
    config: TrainingConfig,
) -> TrainingState:
    n_labels = data[1].shape[0]
    optimiser, steps = _optimiser(config, n_labels)
    # The order follows from the seed and the epoch alone: a resumed training repeats it.
    key = jax.random.fold_in(jax.random.key(config.seed), state.epoch)
    order = jax.random.permutation(key, n_labels)[: steps * config.batch_size]

    def step(carry: tuple, rows: jax.Array) -> tuple[tuple, jax.Array]:
        parameters, optimiser_state = carry
        batch = (data[0][rows], data[1][rows], data[2][rows])

        def loss_of(parameters: network.Parameters) -> jax.Array:
            net = network.with_parameters(state.net, parameters)
            return sobolev_loss(net, batch, scales, config)

        loss, gradient = jax.value_and_grad(loss_of)(parameters)
        updates, optimiser_state = optimiser.update(gradient, optimiser_state, parameters)
        return (optax.apply_updates(parameters, updates), optimiser_state), loss

    (parameters, optimiser_state), losses = jax.lax.scan(
        step,
        (state.net.parameters, state.optimiser),
        order.reshape(steps, config.batch_size),
    )
    return TrainingState(
        net=network.with_parameters(state.net, parameters),
        optimiser=optimiser_state,
        epoch=state.epoch + 1,
        losses=state.losses.at[state.epoch].set(jnp.mean(losses)),
    )
