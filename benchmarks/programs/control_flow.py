"""Programs with branches, loops, calls and derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import mpmath as mp
from jax import lax, nn

from benchmarks.programs._case import (
    LINE,
    MATRIX,
    NEAR,
    matrix,
    of_numbers,
    of_vectors,
    prefix,
    product,
    sigmoid,
)

__all__ = ["CASES"]


def _fori(x: Any) -> Any:
    s = x
    for i in range(5):
        s = s * x / 2 + i
    return s


def _while(x: Any) -> Any:
    s = x
    for _ in range(4):
        s = s * s / 4 + x
    return s


def _halved(x: Any) -> Any:
    while x > 1:
        x /= 2
    return x


def _recurrence(x: Sequence[Any]) -> list[Any]:
    states = [x[0], x[1]]
    for v in x:
        states.append(mp.tanh(states[-2]) + v)
    return states[:4]


@jax.custom_jvp
def _square_with_own_derivative(x: Any) -> Any:
    return x * x


@_square_with_own_derivative.defjvp
def _(primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    (x,), (t,) = primals, tangents
    return _square_with_own_derivative(x), 2 * x * t


_PRODUCTS = {"grad of a perceptron"}
"""Enclosed by the value at the midpoint and a bound of its error, which vary in the last bits."""

_NUMBERS = of_numbers(
    (
        (
            "cond",
            lambda x: jnp.vectorize(lambda v: lax.cond(v > 1, lambda u: u * u, lambda u: 2 - u, v))(
                x
            ),
            lambda x: x * x if x > 1 else 2 - x,
            LINE,
        ),
        (
            "fori_loop",
            lambda x: lax.fori_loop(0, 5, lambda i, s: s * x / 2 + i, x),
            lambda x: _fori(x),
            (-1.5, 1.5),
        ),
        (
            "while_loop plain",
            lambda x: lax.while_loop(
                lambda s: s[0] < 4, lambda s: (s[0] + 1, s[1] * s[1] / 4 + x), (0, x)
            )[1],
            lambda x: _while(x),
            (-1.0, 1.0),
        ),
        (
            "checkpoint",
            jax.checkpoint(lambda x: jnp.sin(jnp.exp(x))),
            lambda x: mp.sin(mp.exp(x)),
            NEAR,
        ),
        ("jit in jit", jax.jit(lambda x: jax.jit(jnp.tanh)(x) + x), lambda x: mp.tanh(x) + x, LINE),
        (
            "grad of silu",
            lambda x: jax.grad(lambda v: nn.silu(v).sum())(x),
            lambda x: sigmoid(x) * (1 + x * (1 - sigmoid(x))),
            LINE,
        ),
        ("grad of x**3", lambda x: jax.grad(lambda v: (v**3).sum())(x), lambda x: 3 * x * x, NEAR),
        ("jvp of sin", lambda x: jax.jvp(jnp.sin, (x,), (x,))[1], lambda x: x * mp.cos(x), LINE),
        (
            "custom_jvp",
            _square_with_own_derivative,
            lambda x: x * x,
            LINE,
        ),
        (
            "linearize of exp",
            lambda x: jax.linearize(jnp.exp, x)[1](x),
            lambda x: x * mp.exp(x),
            NEAR,
        ),
        (
            "vjp of tanh",
            lambda x: jax.vjp(jnp.tanh, x)[1](x)[0],
            lambda x: x * mp.sech(x) ** 2,
            LINE,
        ),
        (
            "second derivative of sin",
            lambda x: jax.grad(lambda u: jax.grad(lambda v: jnp.sin(v).sum())(u).sum())(x),
            lambda x: -mp.sin(x),
            LINE,
        ),
        ("vectorize", jnp.vectorize(lambda x, y: jnp.hypot(x, y)), mp.hypot, LINE, LINE),
    )
)

_VECTORS = of_vectors(
    (
        (
            "lax.scan",
            lambda x: lax.scan(lambda c, v: (c * v + 1, c), x[0], x)[0],
            lambda x: (((x[0] * x[0] + 1) * x[1] + 1) * x[2] + 1) * x[3] + 1,
        ),
        (
            "lax.map",
            lambda x: lax.map(lambda v: jnp.exp(v) - v, x),
            lambda x: [mp.exp(v) - v for v in x],
        ),
        (
            "lax.associative_scan",
            lambda x: lax.associative_scan(jnp.add, x),
            lambda x: prefix(x, lambda a, b: a + b),
        ),
        (
            "lax.switch",
            lambda x: lax.switch(1, [jnp.sin, jnp.cos, jnp.exp], x[0]),
            lambda x: mp.cos(x[0]),
        ),
        (
            "grad of a perceptron",
            jax.grad(lambda x: jnp.sum(jnp.tanh(matrix(x) @ x))),
            lambda x: [
                mp.fsum(
                    mp.mpf(row[j]) * mp.sech(v) ** 2
                    for row, v in zip(MATRIX, product(x), strict=True)
                )
                for j in range(4)
            ],
        ),
        (
            "lax.cond of a vector",
            lambda x: lax.cond(x[0] < x[1], jnp.sort, jnp.negative, x),
            lambda x: sorted(x) if x[0] < x[1] else [-v for v in x],
        ),
        (
            "lax.switch on an index",
            lambda x: lax.scan(
                lambda c, i: (c, lax.switch(i, [lambda v: v[0] + v[1], lambda v: v[2] * v[3]], c)),
                x,
                jnp.arange(2),
            )[1],
            lambda x: [x[0] + x[1], x[2] * x[3]],
        ),
        (
            "fori_loop over elements",
            lambda x: lax.fori_loop(0, 4, lambda i, s: s + x[i] * (i + 1), x[0] * 0),
            lambda x: mp.fsum((i + 1) * v for i, v in enumerate(x)),
        ),
        (
            "while_loop on a value",
            lambda x: lax.while_loop(lambda s: s > 1, lambda s: s / 2, jnp.sum(x * x)),
            lambda x: _halved(mp.fsum(v * v for v in x)),
        ),
        (
            "hessian",
            lambda x: jax.hessian(lambda v: jnp.prod(v[:2]) * jnp.sum(v))(x)[0, 1],
            lambda x: 2 * (x[0] + x[1]) + x[2] + x[3],
        ),
        (
            "jacfwd",
            lambda x: jax.jacfwd(jnp.cumprod)(x)[2],
            lambda x: [x[1] * x[2], x[0] * x[2], x[0] * x[1], 0],
        ),
        ("jacrev", lambda x: jax.jacrev(lambda v: v**2)(x)[1], lambda x: [0, 2 * x[1], 0, 0]),
        (
            "scan of a recurrence",
            lambda x: lax.scan(lambda c, v: ((c[1], jnp.tanh(c[0]) + v), c[0]), (x[0], x[1]), x)[1],
            lambda x: _recurrence(x),
        ),
    ),
    _PRODUCTS,
)

CASES = (*_NUMBERS, *_VECTORS)
