"""Primitives of integers, booleans, keys and bit patterns: plain arrays, which are exact.

And those that are refused: no real function, or none whose enclosure is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jax.extend.core import ClosedJaxpr

from interval_jax._rules.combinators import def_inlined, def_plain, def_refused
from interval_jax._rules.registry import (
    Rule,
    UnsupportedPrimitiveError,
    Value,
    _define,
    is_plain,
    is_real,
    primitive,
)

for _name in (
    "after_all",
    "axis_index",
    "bitcast_convert_type",
    "clz",
    "create_token",
    "dce_sink",
    "empty2",
    "iota",
    "mulhi",
    "population_count",
    "random_bits",
    "random_fold_in",
    "random_gamma",
    "random_seed",
    "random_split",
    "reduce_xor",
    "rng_bit_generator",
    "rng_uniform",
    "shift_left",
    "shift_right_arithmetic",
    "shift_right_logical",
    "stage",
    "threefry2x32",
):
    def_plain(_name)


def _def_integers(name: str, hint: str) -> None:
    """Define a primitive that is evaluated on integers, and refused on floats, plain or not."""
    prim = primitive(name)

    def enclosure(*values: Value, **params: Any) -> Any:
        if not all(is_plain(v) and not is_real(v) for v in values):
            raise UnsupportedPrimitiveError(f"{name} of floats: {hint}")
        return prim.bind(*values, **params)

    _define(name, Rule(enclosure, plain=True))


for _name in ("reduce", "reduce_window"):
    _def_integers(
        _name,
        "how a program combines numbers is not looked into; use jnp.sum, prod, max, min, all or "
        "any, the windows of jax.lax.reduce_window with lax.add, max or min and their identity, "
        "or a loop",
    )


def _called(params: dict[str, Any]) -> ClosedJaxpr:
    program = params["call_jaxpr"]
    return program if isinstance(program, ClosedJaxpr) else ClosedJaxpr(program, ())


if primitive("call") is not primitive("closed_call"):
    def_inlined("call", _called)


def _refuse(reason: str, names: Sequence[str]) -> None:
    for name in names:
        def_refused(name, reason)


_refuse(
    "an enclosure is a set of real numbers: write the real and imaginary parts as two arrays",
    ("complex", "conj", "fft", "imag", "real"),
)
_refuse(
    "which pivots and which vectors a decomposition takes is not decided by an enclosure; use "
    "jnp.linalg.solve or cholesky, or decompose a plain matrix beforehand and pass the factors",
    (
        "eig",
        "eigh",
        "hessenberg",
        "householder_product",
        "lu",
        "qr",
        "schur",
        "svd",
        "tridiagonal",
    ),
)
_refuse("its result is approximate; use jax.lax.top_k", ("approx_top_k",))
_refuse(
    "how a program chooses is not looked into; use jax.lax.reduce_window with lax.max or min, "
    "whose derivatives have rules",
    ("select_and_scatter",),
)
_refuse(
    "arrays that change in place have no enclosure; use functional updates, x.at[i].set(v)",
    ("get", "swap"),
)
_refuse(
    "pieces whose sizes differ between devices have no rule; use jax.lax.all_to_all",
    ("ragged_all_to_all",),
)
_refuse(
    "a step of JAX's own differentiation, which does not appear in programs; transform with "
    "interval_jax.jvp, grad or vjp",
    ("custom_lin",),
)
