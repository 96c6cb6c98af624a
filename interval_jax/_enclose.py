"""Floor 5: ``enclose`` lifts JAX functions to intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, wraps
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import source_info_util

from interval_jax import _forms, _slopes
from interval_jax import _rounding as rd
from interval_jax._forms import Form
from interval_jax._interpreter import Accuracy, Program, evaluate, trace
from interval_jax._interval import Interval, as_interval
from interval_jax._rules import Integers, Truth, Value
from interval_jax._slopes import Centred

__all__ = ["enclose", "flat_arguments", "flat_outputs", "keywords_bound"]

# Error messages name the user's source line, not the wrapper's below.
source_info_util.register_exclusion(__file__)


def _is_interval(x: Any) -> bool:
    return isinstance(x, Interval)


def flat_arguments(args: Any) -> tuple[list[Value], Any]:
    """Flatten arguments into values, checked: intervals, and plain arrays of numbers."""
    leaves, structure = jax.tree.flatten(args, is_leaf=_is_interval)
    values: list[Value] = []
    for leaf in leaves:
        if _is_interval(leaf):
            rd.format_of(leaf.dtype)
            values.append(leaf)
            continue
        try:
            values.append(leaf if isinstance(leaf, jax.Array) else _plain(leaf))
        except (TypeError, ValueError):
            raise TypeError(
                f"an argument of type {type(leaf).__name__} is neither an Interval nor an "
                "array; close over it, or bind it with functools.partial"
            ) from None
    return values, structure


def keywords_bound(
    f: Callable[..., Any], kwargs: dict[str, Any]
) -> tuple[Callable[..., Any], dict[str, Any]]:
    """Bind the keyword arguments that are no real numbers, as those of JAX's derivatives are.

    Returns:
        The function with flags, counts, text and functions bound; the other arguments.
    """

    def is_number(leaf: Any) -> bool:
        return isinstance(leaf, Interval | jax.Array | np.ndarray | np.floating | float)

    given = {
        name: value
        for name, value in kwargs.items()
        if any(map(is_number, jax.tree.leaves(value, is_leaf=_is_interval)))
    }
    fixed = {name: value for name, value in kwargs.items() if name not in given}
    return (partial(f, **fixed) if fixed else f), given


def _plain(leaf: Any) -> Value:
    """A Python number or numpy array as a JAX array, or as an interval if that rounds it."""
    array = np.asarray(leaf)
    if not np.issubdtype(array.dtype, np.floating):
        return jnp.asarray(leaf)
    converted = jnp.asarray(array)
    if converted.dtype == array.dtype:
        return converted
    interval = as_interval(leaf, converted.dtype)
    return converted if bool(np.all(interval.lo == interval.hi)) else interval


def flat_outputs(program: Program, values: dict[int, Value]) -> list[Any]:
    """The values of a program's results, floats as intervals."""
    results: list[Any] = []
    lines = {slot: step.where for step in program.steps for slot in step.outputs}
    for slot in program.outputs:
        value = values[slot]
        if isinstance(value, Form | Centred):
            value = value.span
        if isinstance(value, Truth):
            raise TypeError(
                "the function returns a comparison of intervals, which may be undecided; return "
                "the quantities compared and use the predicates of interval_jax on them"
            )
        if isinstance(value, Integers):
            raise TypeError(
                "the function returns an integer that depends on an interval, which may be "
                f"undecided, from {lines[slot]}; return it as a float, x.astype(float)"
            )
        real = isinstance(value, Interval) or jnp.issubdtype(value.dtype, jnp.floating)
        results.append(as_interval(value) if real else value)
    return results


_DEGREES = {"natural": 0, "mean_value": 0, "slope": 0, "affine": 1, "taylor": 2}


def _degree(method: str, order: int | None) -> int:
    """The degree of the polynomials of a method, 0 if it has none."""
    if method not in _DEGREES:
        raise ValueError(f"unknown method {method!r}; choose one of {sorted(_DEGREES)}")
    if order is not None and (method != "taylor" or order < 1):
        raise ValueError(f"order is a positive number for method 'taylor'; got {order}, {method!r}")
    return order or _DEGREES[method]


def _domain(method: str, order: int | None) -> Callable[[Sequence[Value]], Sequence[Value]]:
    """The function that turns arguments into values of the domain of a method."""
    degree = _degree(method, order)

    def values_of(values: Sequence[Value]) -> Sequence[Value]:
        if method == "natural":
            return values
        places = [i for i, v in enumerate(values) if isinstance(v, Interval)]
        boxes = [values[i] for i in places]
        known: Sequence[Value] = (
            _forms.arguments(boxes, degree)
            if degree
            else _slopes.arguments(boxes, method == "slope")
        )
        found = dict(zip(places, known, strict=True))
        return [found.get(i, v) for i, v in enumerate(values)]

    return values_of


def enclose(
    f: Callable[..., Any],
    method: str = "natural",
    accuracy: Accuracy = None,
    order: int | None = None,
    static_argnums: int | Sequence[int] = (),
    static_argnames: str | Sequence[str] = (),
) -> Callable[..., Any]:
    """Return the interval extension of a JAX function.

    Args:
        f: A function of pytrees of arrays that JAX can trace, with whatever transformations,
            loops and branches inside.
        method: ``"natural"``: each primitive is replaced by its enclosure. ``"mean_value"``:
            values are those in the middle of the box and the range of their derivatives times
            the distance from it. ``"slope"``: with slopes of secants for derivatives, which have
            about half their width. ``"affine"``: values are linear in the arguments and in the
            errors made on the way, so that what depends on the same cancels. ``"taylor"``: they
            are polynomials in the arguments. All but the first are narrower the smaller the box:
            half its width, a quarter of the excess.
        order: The degree of these polynomials, 2 by default.
        accuracy: ``"tight"`` or ``"fast"`` activations: silu within a unit, or wider by 16 units
            at a third of the cost. By default fast in programs with matrix products, whose own
            rounding is bounded more widely, and tight elsewhere.
        static_argnums: Positions of arguments that are passed to f as they are, as for
            ``jax.jit``: numbers that determine shapes, text, functions.
        static_argnames: Names of keyword arguments that are passed to f as they are.

    Returns:
        A function of the same pytrees in which any float array may be an :class:`Interval`;
        its float results are intervals that contain f(x) for every member x of the arguments,
        f being the real function that the program states: constants are the floats they are,
        operations are exact. It may be transformed by ``jit``, ``vmap`` and ``shard_map``.

    ``lax.cond`` on an undecided condition gives the hull of both branches. ``lax.while_loop`` on
    an undecided condition gives the hull of the states with which a member of the box may leave
    it, if it does. The search ends when the condition can no longer hold, when the states repeat,
    or after 1000 undecided steps, then with the whole line; after 100 a state is joined with the
    one before. Integers that depend on intervals (counts, places of extremes, rounded numbers) are
    bounded, and what indexes with them is the hull of all possibilities; return them as floats.
    ``lax.scan`` and loops on plain conditions are what they are for arrays.

    Raises:
        UnsupportedPrimitiveError: When called, if f uses a primitive without a rule.

    Example:
        >>> import interval_jax as ij
        >>> import jax.numpy as jnp
        >>> ij.enclose(lambda x: jnp.where(x < 0.5, x + 10, x))(ij.interval(-1.0, 2.0))
        Interval([-1, 12], float32)
    """
    domain = _domain(method, order)

    numbers = (static_argnums,) if isinstance(static_argnums, int) else static_argnums
    names = (static_argnames,) if isinstance(static_argnames, str) else static_argnames

    @wraps(f)
    def enclosed(*args: Any, **kwargs: Any) -> Any:
        fixed = {i + len(args) if i < 0 else i for i in numbers}
        given = {i: a for i, a in enumerate(args) if i not in fixed}
        named = {k: a for k, a in kwargs.items() if k not in names}
        values, structure = flat_arguments((given, named))

        def flat(*leaves: Any) -> Any:
            positional, keywords = jax.tree.unflatten(structure, leaves)
            return f(*(positional.get(i, a) for i, a in enumerate(args)), **{**kwargs, **keywords})

        program, out = trace(flat, *values, accuracy=accuracy)
        return jax.tree.unflatten(out, flat_outputs(program, evaluate(program, domain(values))))

    return enclosed
