"""Rules of programs for several devices inside an enclosed one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax

from interval_jax._rules.registry import RULES, UNEXPORTED, Rule, Value, primitive
from interval_jax._rules.sets import as_set, kind

__all__: list[str] = []


def _shard_map(
    *values: Value,
    jaxpr: Callable[..., list[Value]],
    mesh: Any,
    in_specs: Any,
    out_specs: Any,
    newly_manual_axes: Any,
    **_: Any,
) -> list[Value]:
    """The same distribution of both bounds; what varies along which axes was checked by JAX."""
    # Of undecided integers the bounds alone are arrays of the operand's shape.
    whole = [v if kind(v) is None else as_set(v, "shard_map") for v in values]
    mapped: Callable[..., list[Value]] = jax.shard_map(
        lambda *shards: jaxpr(*shards),
        mesh=mesh,
        in_specs=tuple(in_specs),
        out_specs=list(out_specs),
        axis_names=newly_manual_axes,
        check_vma=False,
    )
    return mapped(*whole)


def _psum(x: Value, *, axes: Any, **_: Any) -> Value:
    enclose: Any = RULES[primitive("psum")].enclose
    return enclose(x, axes=axes, axis_index_groups=None)


UNEXPORTED["shard_map"] = Rule(_shard_map, bodies=("jaxpr",))
UNEXPORTED["pvary"] = Rule(lambda x, **_: x)
UNEXPORTED["psum_invariant"] = Rule(_psum)
