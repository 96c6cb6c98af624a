"""Errors name the primitive, the operand shapes, the user's line and the way out, everywhere."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.ad_checkpoint import checkpoint_name
from jax.extend.core import Primitive
from jax.interpreters import ad, batching

import interval_jax as ij

X = ij.interval(np.full(3, 1.0), np.full(3, 2.0))


unknown = Primitive("unknown_function")
unknown.def_abstract_eval(lambda x: x)
# Its derivative is itself.
ad.primitive_jvps[unknown] = lambda primals, tangents: (
    unruled(*primals),
    unruled(*primals) * tangents[0],
)
batching.defvectorized(unknown)


def unruled(x: jax.Array) -> jax.Array:
    return unknown.bind(x)


LINE = rf"test_messages\.py:{unruled.__code__.co_firstlineno + 1}:"


@jax.custom_jvp
def _with_slope(x: jax.Array) -> jax.Array:
    return unruled(x)


_with_slope.defjvp(lambda primals, tangents: (_with_slope(*primals), tangents[0]))


def _scanned(x: jax.Array) -> jax.Array:
    return lax.scan(lambda c, _: (unruled(checkpoint_name(c, "h")), None), x, None, length=2)[0]


PROGRAMS: dict[str, Callable] = {
    "plain": unruled,
    "jit": jax.jit(unruled),
    "vmap": jax.vmap(unruled),
    "checkpoint": jax.checkpoint(unruled),
    "custom_jvp": _with_slope,
    "scan": _scanned,
    "fori_loop": lambda x: lax.fori_loop(0, 3, lambda i, c: unruled(c), x),
    "while_loop": lambda x: lax.while_loop(lambda c: c[0] < 3, unruled, x),
    "cond": lambda x: lax.cond(x[0] > 1.5, unruled, lambda v: v, x),
    "switch": lambda x: lax.switch(1, [jnp.sin, unruled], x),
    "jax.grad": jax.grad(lambda x: jnp.sum(unruled(x))),
}


def _jvp(f: Callable) -> Callable:
    return lambda x: ij.jvp(f, (x,), (np.ones(3),))


def _pulled_back(f: Callable) -> Callable:
    return lambda x: ij.vjp(f, x)[1](x)


def _adjoints(f: Callable) -> Callable:
    return ij.adjoints(lambda x: jnp.sum(f(x)))


WAYS: dict[str, Callable] = {
    "enclose": ij.enclose,
    "jit of enclose": lambda f: jax.jit(ij.enclose(f)),
    "jvp": _jvp,
    "vjp": _pulled_back,
    "grad": lambda f: ij.grad(lambda x: jnp.sum(f(x))),
    "jacfwd": ij.jacfwd,
    "adjoints": _adjoints,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("program", PROGRAMS)
def test_primitives_without_a_rule(program: str, way: str) -> None:
    with pytest.raises(ij.UnsupportedPrimitiveError) as caught:
        WAYS[way](PROGRAMS[program])(X)
    # The primitive with its operands, where it is, and what to do.
    assert caught.match(r"unknown_function\(float64\[3\]\) at \S*" + LINE)
    assert caught.match("register")


def test_a_function_of_jax_is_blamed_on_the_line_that_calls_it() -> None:
    def first(x: jax.Array) -> jax.Array:
        return jax.scipy.special.i1e(x)

    def second(x: jax.Array) -> jax.Array:
        return jax.scipy.special.i1e(x)

    for function in (first, second, first):
        line = function.__code__.co_firstlineno + 1
        for way in (ij.enclose, ij.jacfwd, ij.jacrev, ij.hessian):
            with pytest.raises(ij.UnsupportedPrimitiveError, match=rf"test_messages\.py:{line}:"):
                way(function)(X)


def test_primitives_without_a_derivative() -> None:
    twice = Primitive("twice_without_derivative")
    twice.def_abstract_eval(lambda x: x)
    ij.register(twice, lambda x: x + x)

    def function(x: jax.Array) -> jax.Array:
        return twice.bind(x)

    line = function.__code__.co_firstlineno + 1
    what = rf"twice_without_derivative\(float64\[3?\]\) at \S*test_messages\.py:{line}:"
    for way, out in ((_jvp, "custom_jvp"), (ij.jacfwd, "custom_jvp"), (_adjoints, "Rule")):
        with pytest.raises(ij.UnsupportedPrimitiveError, match=what) as caught:
            way(lambda x: function(checkpoint_name(x, "x")))(X)
        assert caught.match(out)
    with pytest.raises(ij.UnsupportedPrimitiveError, match=what) as caught:
        ij.grad(function)(ij.interval(1.0))
    assert caught.match("Rule with a vjp")
    # A derivative that JAX knows is enough.
    ad.primitive_jvps[twice] = lambda primals, tangents: (function(*primals), 2 * tangents[0])
    assert str(ij.jvp(function, (X[0],), (1.0,))[1]) == "Interval([2, 2], float64)"
