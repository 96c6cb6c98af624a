"""Where XLA ends one loop over elements and begins another: values computed once and stored."""

from __future__ import annotations

from typing import TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from interval_jax._rounding.format import bits_of, constant, format_of, from_bits

_Tree = TypeVar("_Tree")


def together(tree: _Tree) -> _Tree:
    """Return arrays of one shape and format, as values that XLA computes in one loop and stores.

    On CPUs XLA gives every result a loop of its own, which repeats what results share, and the
    loops of their users repeat it again: chains of operations on both bounds take twice the work,
    long programs many times. A reduction of several operands is one loop with several results,
    and no part of the loops after it. This one joins each number, bit by bit, with a zero before
    it, which changes none: neither NaN nor -0. (A reduction along an axis of length one, or an
    optimisation barrier, would be removed before loops are made.)
    """
    values, structure = jax.tree.flatten(tree)
    return jax.tree.unflatten(structure, _together(*values))  # type: ignore[no-any-return]


@jax.custom_jvp
def _together(*values: Array) -> tuple[Array, ...]:
    fmt = format_of(values[0])
    zero, place = np.zeros((), fmt.dtype), np.ndim(values[0])

    def join(left: tuple[Array, ...], right: tuple[Array, ...]) -> tuple[Array, ...]:
        words = zip(map(bits_of, left), map(bits_of, right), strict=True)
        return tuple(from_bits(a | b, fmt) for a, b in words)

    def joined(*values: Array) -> tuple[Array, ...]:
        margins = [(0, 0, 0)] * place + [(1, 0, 0)]
        padded = tuple(lax.pad(lax.expand_dims(v, (place,)), zero, margins) for v in values)
        return tuple(lax.reduce(padded, (zero,) * len(values), join, (place,)))

    # Under jax.grad, Python's numbers come as they are.
    arrays = map(jnp.asarray, values)
    return lax.platform_dependent(*arrays, cpu=joined, default=lambda *values: values)


_together.defjvp(lambda primals, tangents: (_together(*primals), tangents))


@jax.custom_jvp
def stored(x: Array) -> Array:
    """Return ``x``, as a value that XLA computes once and stores, not again in every consumer.

    For kernels so long that :func:`together` would not be compiled to vector instructions.
    On CPUs fusion repeats cheap operations, kernels of hundreds of them included, but no
    division. That by 1 is exact there, and the simplifier does not see that it is one: the
    divisor depends on the dividend. An optimisation barrier does not do: jax 0.10 removes it
    before it fuses.
    """

    def divided(x: Array) -> Array:
        return lax.div(x, lax.select(lax.ne(x, x), x, constant(x, 1)))

    return lax.platform_dependent(x, cpu=divided, default=lambda x: x)


stored.defjvp(lambda primals, tangents: (stored(*primals), tangents[0]))
