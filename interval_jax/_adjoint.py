"""Floor 5: interval adjoints, one reverse sweep over the enclosed program.

Cotangents are intervals and every local derivative is enclosed over the whole range of its
arguments, so each adjoint contains the exact derivative at every point of the box.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, wraps
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.extend import source_info_util

from interval_jax._derivatives import symbolic
from interval_jax._enclose import (
    _is_interval,
    enclose,
    flat_arguments,
    flat_outputs,
    keywords_bound,
)
from interval_jax._interpreter import UNUSED, Program, evaluate, shape_text, trace
from interval_jax._interval import Interval, add, as_interval
from interval_jax._rules import UnsupportedPrimitiveError, Value, is_real
from interval_jax._sharpen import sharpened, sharpened_with_names

__all__ = ["Adjoints", "adjoints", "grad", "value_and_grad", "vjp"]

source_info_util.register_exclusion(__file__)


class Adjoints(NamedTuple):
    """Result of :func:`adjoints`."""

    value: Interval
    """Enclosure of the function's scalar value."""
    values: dict[str, Interval]
    """Enclosure of each named intermediate."""
    adjoints: dict[str, Interval]
    """Enclosure of the derivative of the value with respect to each named intermediate."""


class _NoRuleError(UnsupportedPrimitiveError):
    """A reverse sweep met a primitive without a rule for it; JAX may have a derivative."""


def _through_jax(
    missing: _NoRuleError, differentiated: Callable[..., Any], *args: Any, **kwargs: Any
) -> Any:
    """Enclose JAX's own program for a derivative, or tell what is missing."""
    try:
        return enclose(differentiated)(*args, **kwargs)
    except NotImplementedError:
        raise missing from None


def _sweep(
    program: Program,
    values: dict[int, Value],
    cotangents: dict[int, Interval],
    targets: Sequence[int],
) -> dict[int, Interval]:
    """Propagate the cotangents of results back to the target slots."""
    reach = set(targets)
    for step in program.steps:
        if reach.intersection(step.inputs):
            # Booleans and integers have no derivative.
            reach.update(o for o in step.outputs if values[o] is not None and is_real(values[o]))
    found = {slot: c for slot, c in cotangents.items() if slot in reach}
    for step in reversed(program.steps):
        if not any(o in found for o in step.outputs):
            continue
        wanted = tuple(i in reach for i in step.inputs)
        if not any(wanted):
            continue
        if step.rule.vjp is None:
            operands = ", ".join(shape_text(values[i]) for i in step.inputs if i != UNUSED)
            raise _NoRuleError(
                f"no derivative for the primitive {step.name}({operands}) at {step.where}: give "
                "interval_jax.register a Rule with a vjp"
            )
        outputs = [values[o] for o in step.outputs]
        given = [
            found[o] if o in found else _zero(v) for o, v in zip(step.outputs, outputs, strict=True)
        ]
        inputs = [values[i] for i in step.inputs]
        shares = step.rule.vjp(given, wanted, inputs, outputs, **step.params)
        for slot, share in zip(step.inputs, shares, strict=True):
            if share is not None:
                found[slot] = add(found[slot], share) if slot in found else share
    return found


def _zero(value: Value) -> Interval:
    zero = jnp.zeros(value.shape, value.dtype)
    return Interval(zero, zero)


def _one(value: Interval) -> Interval:
    one = jnp.ones(value.shape, value.dtype)
    return Interval(one, one)


def _scalar(results: list[Any], what: str) -> Interval:
    if len(results) != 1 or not _is_interval(results[0]) or results[0].shape != ():
        shapes = [getattr(r, "shape", None) for r in results]
        raise TypeError(
            f"{what} needs a function with one real scalar result, got shapes {shapes}; sum it "
            "or map the transformation with jax.vmap"
        )
    return results[0]


def _has_control_flow(program: Program) -> bool:
    """Tell whether the sweep, which is for straight programs, has to leave the work to JAX's."""
    return any(step.name in {"scan", "while", "cond"} for step in program.steps)


def _adjoints_through_jax(f: Callable[..., Any], *args: Any, **kwargs: Any) -> Adjoints:
    """Adjoints of a function of arrays with loops: derivatives by shifts of the named values."""
    function = sharpened_with_names(f)
    named = jax.eval_shape(lambda *p, **k: function({}, *p, **k)[1], *args, **kwargs)
    shifts = {name: jnp.zeros(value.shape, value.dtype) for name, value in named.items()}
    value, pullback, values = jax.vjp(lambda s: function(s, *args, **kwargs), shifts, has_aux=True)
    return Adjoints(value, values, pullback(jnp.ones_like(value))[0])


def adjoints(
    f: Callable[..., Any], method: str = "natural", order: int | None = None
) -> Callable[..., Adjoints]:
    """Return a function that encloses f and the adjoints of its named intermediates.

    Args:
        f: A function with one real scalar result that names intermediates with
            ``jax.ad_checkpoint.checkpoint_name(x, "name")``, each name once. What the body of a
            ``lax.scan`` names is stacked along its steps.
        method: As for :func:`enclose`, of the program that JAX writes for values and adjoints.
        order: Likewise.

    Returns:
        A function of the same arguments, any of them intervals, with the result
        :class:`Adjoints` ``(value, values, adjoints)``: over the whole box, the range of f, of
        every named x, and of the derivative of f with respect to x. jit- and vmap-able.

    Raises:
        TypeError: If the result is not a scalar. ValueError: If a name is used twice.

    Example:
        >>> import interval_jax as ij
        >>> from jax.ad_checkpoint import checkpoint_name
        >>> def f(x):
        ...     return checkpoint_name(2.0 * x, "u") ** 2
        >>> ij.adjoints(f)(ij.interval(1.0, 2.0)).adjoints["u"]
        Interval([4, 8], float32)
    """

    @wraps(f)
    def adjoint(*args: Any, **kwargs: Any) -> Adjoints:
        bound, given = keywords_bound(f, kwargs)
        program, _, leaves = _traced(bound, args, given)
        by_jax = partial(_adjoints_through_jax, bound)
        if method != "natural" or _has_control_flow(program):
            found = enclose(by_jax, method=method, order=order)(*args, **given)
            return found._replace(value=_scalar([found.value], "adjoints"))
        values = evaluate(program, leaves)
        value = _scalar(flat_outputs(program, values), "adjoints")
        named: dict[str, int] = {}
        for step in program.steps:
            if step.name == "name":
                name = step.params["name"]
                if name in named:
                    raise ValueError(f"adjoints: the name {name!r} is used twice, at {step.where}")
                named[name] = step.outputs[0]
        seeds = {program.outputs[0]: _one(value)}
        try:
            found = _sweep(program, values, seeds, tuple(named.values()))
        except _NoRuleError as missing:
            return _through_jax(missing, by_jax, *args, **given)
        return Adjoints(
            value,
            {name: as_interval(values[slot]) for name, slot in named.items()},
            {name: found.get(slot, _zero(values[slot])) for name, slot in named.items()},
        )

    return adjoint


class _Enclosed(NamedTuple):
    """An evaluated program, ready for reverse sweeps."""

    result: Any
    aux: Any
    slots: list[int]
    """The slots of the leaves of the result."""
    program: Program
    values: dict[int, Value]


def _traced(f: Callable[..., Any], args: Any, kwargs: Any) -> tuple[Program, Any, list[Value]]:
    """The program of a function, the structure of its result, and its arguments, flat."""
    leaves, structure = flat_arguments((args, kwargs))

    def flat(*arrays: Any) -> Any:
        positional, named = jax.tree.unflatten(structure, arrays)
        return f(*positional, **named)

    return *trace(flat, *leaves), leaves


def _evaluate(f: Callable[..., Any], args: Any, kwargs: Any, has_aux: bool) -> _Enclosed:
    program, out, leaves = _traced(f, args, kwargs)
    values = evaluate(program, leaves)
    result, aux = jax.tree.unflatten(out, flat_outputs(program, values)), None
    if has_aux:
        result, aux = result
    count = len(jax.tree.leaves(result, is_leaf=_is_interval))
    return _Enclosed(result, aux, list(program.outputs[:count]), program, values)


def _pull(enclosed: _Enclosed, cotangent: Any, leaves: list[Value], first: int) -> list[Any]:
    """The cotangents of consecutive input leaves, None for integers."""
    structure: Any
    results, structure = jax.tree.flatten(enclosed.result, is_leaf=_is_interval)
    given, given_structure = jax.tree.flatten(cotangent, is_leaf=_is_interval)
    if given_structure != structure:
        raise TypeError(f"a cotangent of structure {given_structure} for a result {structure}")
    seeds: dict[int, Interval] = {}
    for slot, c, r in zip(enclosed.slots, given, results, strict=True):
        if not _is_interval(r):
            continue
        seed = as_interval(c, r.dtype)
        if seed.shape != r.shape:
            raise TypeError(f"a cotangent of shape {seed.shape} for a result of shape {r.shape}")
        seeds[slot] = add(seeds[slot], seed) if slot in seeds else seed
    slots = enclosed.program.inputs[first : first + len(leaves)]
    real = [jnp.issubdtype(leaf.dtype, jnp.floating) for leaf in leaves]
    targets = [slot for slot, is_float in zip(slots, real, strict=True) if is_float]
    found = _sweep(enclosed.program, enclosed.values, seeds, targets)
    return [
        found.get(slot, _zero(leaf)) if is_float else None
        for slot, leaf, is_float in zip(slots, leaves, real, strict=True)
    ]


def vjp(f: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """Enclose f and return its value and the function that pulls cotangents back.

    Args:
        f: A function of pytrees of arrays.
        primals: Its arguments, any float array of which may be an Interval.
        has_aux: Whether f returns ``(result, auxiliary)``, as for ``jax.vjp``.

    Returns:
        ``(result, pullback)``, with ``auxiliary`` third if asked for. ``pullback(c)`` returns a
        tuple that encloses the cotangent of every primal, ``None`` for those of integers.

    Raises:
        TypeError: If a cotangent does not have the structure and shapes of the result.

    Example:
        >>> import interval_jax as ij
        >>> y, pullback = ij.vjp(lambda x: x * x, ij.interval(1.0, 2.0))
        >>> pullback(1.0)
        (Interval([2, 4], float32),)
    """
    if symbolic(primals):
        plain = sharpened(f)
        return jax.vjp(plain, *primals, has_aux=True) if has_aux else jax.vjp(plain, *primals)
    enclosed = _evaluate(f, primals, {}, has_aux)
    leaves, structure = flat_arguments(primals)

    def pulled_by_jax(primals: Any, cotangent: Any) -> Any:
        first = (lambda *p: f(*p)[0]) if has_aux else f
        return jax.vjp(sharpened(first), *primals)[1](cotangent)

    def pullback(cotangent: Any) -> tuple[Any, ...]:
        if _has_control_flow(enclosed.program):
            pulled: tuple[Any, ...] = enclose(pulled_by_jax)(primals, cotangent)
            return pulled
        try:
            shares = _pull(enclosed, cotangent, leaves, 0)
        except _NoRuleError as missing:
            pulled = _through_jax(missing, pulled_by_jax, primals, cotangent)
            return pulled
        return tuple(jax.tree.unflatten(structure, shares))

    if has_aux:
        return enclosed.result, pullback, enclosed.aux
    return enclosed.result, pullback


def value_and_grad(
    f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """Return a function that encloses f and its gradient over a box.

    Args:
        f: A function with one real scalar result.
        argnums: Which positional arguments to differentiate by, as for ``jax.value_and_grad``.
        has_aux: Whether f returns ``(result, auxiliary)``.

    Returns:
        A function with the result ``(value, gradient)``, or ``((value, aux), gradient)``:
        the gradient contains the exact one at every point of the box; at kinks, every
        convex combination of the one-sided derivatives. Keyword arguments that are no real
        numbers (flags, counts, text) reach f as they are, as in JAX.

    Raises:
        TypeError: When called, if the result is not a scalar or a chosen argument not real.

    Example:
        >>> import interval_jax as ij
        >>> ij.value_and_grad(lambda x: x**2)(ij.interval(1.0, 2.0))
        (Interval([1, 4], float32), Interval([2, 4], float32))
    """

    @wraps(f)
    def differentiated(*args: Any, **kwargs: Any) -> Any:
        bound, given = keywords_bound(f, kwargs)
        by_jax = jax.value_and_grad(sharpened(bound), argnums, has_aux)
        if symbolic(args, given):
            return by_jax(*args, **given)
        enclosed = _evaluate(bound, args, given, has_aux)
        if _has_control_flow(enclosed.program):
            return enclose(by_jax)(*args, **given)
        value = _scalar(jax.tree.leaves(enclosed.result, is_leaf=_is_interval), "grad")

        def gradient(argnum: int) -> Any:
            first = len(flat_arguments(args[:argnum])[0])
            leaves, structure = flat_arguments(args[argnum])
            if not all(jnp.issubdtype(leaf.dtype, jnp.floating) for leaf in leaves):
                raise TypeError(f"grad needs real arguments, argument {argnum} has integers")
            one = jax.tree.unflatten(
                jax.tree.structure(enclosed.result, is_leaf=_is_interval), [_one(value)]
            )
            return jax.tree.unflatten(structure, _pull(enclosed, one, leaves, first))

        try:
            gradients = (
                gradient(argnums)
                if isinstance(argnums, int)
                else tuple(gradient(i) for i in argnums)
            )
        except _NoRuleError as missing:
            return _through_jax(missing, by_jax, *args, **given)
        return ((value, enclosed.aux) if has_aux else value), gradients

    return differentiated


def grad(
    f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """Return a function that encloses the gradient of f over a box.

    Arguments and guarantees are those of :func:`value_and_grad`; the result is the gradient,
    or ``(gradient, aux)``.

    Example:
        >>> import interval_jax as ij
        >>> import jax.numpy as jnp
        >>> ij.grad(jnp.abs)(ij.interval(-1.0, 2.0))
        Interval([-1, 1], float32)
    """
    both = value_and_grad(f, argnums, has_aux)

    @wraps(f)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, result = both(*args, **kwargs)
        return (result, value[1]) if has_aux else result

    return gradient
