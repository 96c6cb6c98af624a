"""Floor 4: programs rewritten so that JAX's derivatives of them can be enclosed sharply.

JAX differentiates; what it traces is then enclosed. That gives forward and reverse mode, any
order and nesting, and control flow, but the enclosure is only as good as the program that JAX
writes. Here the primitives whose derivative rules are loose or hold rounded constants are
replaced by the functions of :mod:`interval_jax._rules.sharp` beforehand.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import jax
from jax.extend import source_info_util
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal

from interval_jax._rules import RULES, UnsupportedPrimitiveError, folded, is_real, recognise
from interval_jax._rules.control_flow import scan_counts
from interval_jax._rules.sharp import SHARP_COMPOSITES, SHARP_PRIMITIVES

__all__ = ["is_tracing", "sharpened", "sharpened_with_names", "tracing"]

# Error messages name the user's source line, not one below.
source_info_util.register_exclusion(__file__)


class _State(threading.local):
    depth = 0


_state = _State()


@contextmanager
def tracing() -> Iterator[None]:
    """Mark that a function is traced, not evaluated: transformations inside it are JAX's own."""
    _state.depth += 1
    try:
        yield
    finally:
        _state.depth -= 1


def is_tracing() -> bool:
    """Tell whether the caller is inside a function that is being traced to be enclosed."""
    return _state.depth > 0


def sharpened(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return the same function of pytrees of arrays, with derivatives that enclose sharply."""

    def rewritten(*args: Any, **kwargs: Any) -> Any:
        with tracing():
            closed, shape = jax.make_jaxpr(f, return_shape=True)(*args, **kwargs)
        results = _run(closed, jax.tree.leaves((args, kwargs)))
        return jax.tree.unflatten(jax.tree.structure(shape), results)

    return rewritten


def sharpened_with_names(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function ``(shifts, *args, **kwargs) -> (result, named values)``.

    The values are those that f names with ``checkpoint_name``, by name; where a loop names one
    they are stacked along its steps. Each is increased by the shift of its name, if there is
    one, so that the derivative by the shift, at 0, is that by the value.
    """

    def rewritten(shifts: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        with tracing():
            closed, shape = jax.make_jaxpr(f, return_shape=True)(*args, **kwargs)
        names = _Names(shifts)
        results = _run(closed, jax.tree.leaves((args, kwargs)), names)
        return jax.tree.unflatten(jax.tree.structure(shape), results), names.values

    return rewritten


class _Names:
    """The named values of a program, collected while it runs."""

    def __init__(self, shifts: dict[str, Any]) -> None:
        self.shifts = shifts
        self.values: dict[str, Any] = {}

    def keep(self, name: str, value: Any) -> Any:
        """Take down a value, and return it."""
        if name in self.values:
            raise ValueError(f"adjoints: the name {name!r} is used twice")
        self.values[name] = value
        return value

    def shifted(self, name: str, value: Any) -> Any:
        """Take down a value with its shift, and return it."""
        return self.keep(name, value + self.shifts[name] if name in self.shifts else value)


def _run(
    closed: ClosedJaxpr,
    arguments: Sequence[Any],
    names: _Names | None = None,
    known: bool = False,
) -> list[Any]:
    """Evaluate a program, that of a known function or not, with the primitives replaced."""
    # The program of a known function would be folded into a call of it again, without an end.
    closed = closed if known else folded(closed)
    jaxpr = closed.jaxpr
    values: dict[Any, Any] = dict(zip(jaxpr.invars, arguments, strict=True))
    values.update(zip(jaxpr.constvars, closed.consts, strict=True))

    def read(atom: Any) -> Any:
        return atom.val if isinstance(atom, Literal) else values[atom]

    for eqn in jaxpr.eqns:
        # What is bound again comes from the same line of the user's.
        with source_info_util.user_context(eqn.source_info.traceback):
            results = _derived(eqn, [read(v) for v in eqn.invars], names)
        values.update(zip(eqn.outvars, results, strict=True))
    return [read(v) for v in jaxpr.outvars]


def _derived(eqn: Any, arguments: list[Any], names: _Names | None) -> list[Any]:
    """Bind an equation; say what to do if JAX has no derivative of it."""
    try:
        return _bind(eqn, arguments, names)
    except UnsupportedPrimitiveError:
        raise
    except NotImplementedError as error:
        shapes = ", ".join(v.aval.str_short() for v in eqn.invars)
        where = source_info_util.summarize(eqn.source_info)
        raise UnsupportedPrimitiveError(
            f"no derivative for the primitive {eqn.primitive.name}({shapes}) at {where}: {error}; "
            "give the function that uses it one with jax.custom_jvp"
        ) from error


def _bind(eqn: Any, arguments: list[Any], names: _Names | None) -> list[Any]:
    name = eqn.params.get("name")
    if names is not None and eqn.primitive.name == "name":
        return [names.shifted(name, arguments[0])]
    if name in SHARP_COMPOSITES and recognise(eqn) is not None:
        return [SHARP_COMPOSITES[name](*arguments)]
    if eqn.primitive in SHARP_PRIMITIVES:
        return [SHARP_PRIMITIVES[eqn.primitive](*arguments, **eqn.params)]
    rule = RULES.get(eqn.primitive)
    if recognise(eqn) is not None and not any(is_real(v.aval) for v in eqn.outvars):
        rule = None  # Of a function into the integers there is no derivative.
    if rule is not None and rule.inline is not None:
        # Among them functions with derivatives of the user's own, which may be approximations.
        return _run(rule.inline(eqn.params), arguments, names, recognise(eqn) is not None)
    if names is not None and (inner := _names_in(eqn)):
        if eqn.primitive.name != "scan":
            raise UnsupportedPrimitiveError(
                f"adjoints: {sorted(inner)} are named inside {eqn.primitive.name}, which may "
                "evaluate them any number of times; name values outside, or use lax.scan"
            )
        return _scan(arguments, names, inner, **eqn.params)
    params = {key: _rewritten_parameter(value) for key, value in eqn.params.items()}
    result = eqn.primitive.bind(*arguments, **eqn.primitive.get_bind_params(params))
    return list(result) if eqn.primitive.multiple_results else [result]


def _scan(
    arguments: list[Any],
    names: _Names,
    inner: set[str],
    *,
    jaxpr: ClosedJaxpr,
    length: int,
    reverse: bool,
    **params: Any,
) -> list[Any]:
    """A loop whose body names values: they leave it stacked, and their shifts enter it so."""
    num_consts, num_carry = scan_counts(params)
    consts, rest = arguments[:num_consts], arguments[num_consts:]
    shifts = {name: shift for name, shift in names.shifts.items() if name in inner}

    def step(carry: list[Any], xs: Any) -> tuple[list[Any], Any]:
        slices, given = xs
        found = _Names(given)
        results = _run(jaxpr, [*consts, *carry, *slices], found)
        return results[:num_carry], (results[num_carry:], found.values)

    carry, (stacked, values) = jax.lax.scan(
        step, rest[:num_carry], (rest[num_carry:], shifts), length, reverse
    )
    for name, value in values.items():
        names.keep(name, value)
    return [*carry, *stacked]


def _names_in(eqn: Any) -> set[str]:
    """The names given in the programs among an equation's parameters."""
    found: set[str] = set()
    for value in jax.tree.leaves(
        list(eqn.params.values()), is_leaf=lambda p: isinstance(p, ClosedJaxpr | Jaxpr)
    ):
        if isinstance(value, ClosedJaxpr | Jaxpr):
            program = value.jaxpr if isinstance(value, ClosedJaxpr) else value
            for inside in program.eqns:
                if inside.primitive.name == "name":
                    found.add(inside.params["name"])
                found |= _names_in(inside)
    return found


def _rewritten_parameter(value: Any) -> Any:
    """A program among the parameters of a loop or branch, rewritten."""
    if isinstance(value, ClosedJaxpr):
        stand_ins = [
            jax.ShapeDtypeStruct(a.shape, a.dtype, weak_type=a.weak_type) for a in value.in_avals
        ]
        return jax.make_jaxpr(lambda *args: _run(value, args))(*stand_ins)
    if isinstance(value, Jaxpr):
        return _rewritten_parameter(ClosedJaxpr(value, ())).jaxpr
    if isinstance(value, tuple) and value and isinstance(value[0], ClosedJaxpr):
        # Named tuples too, with None among them.
        return jax.tree.map(_rewritten_parameter, value)
    return value
