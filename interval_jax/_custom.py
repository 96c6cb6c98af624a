"""Floor 6: functions with an enclosure of the user's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, update_wrapper
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jax.extend import source_info_util
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

from interval_jax._adjoint import vjp
from interval_jax._enclose import _is_interval
from interval_jax._interval import Interval, as_interval
from interval_jax._rules import REVISION, Rule, UnsupportedPrimitiveError, Value, register
from interval_jax._rules.registry import is_real
from interval_jax._sums import sum_bounds

__all__ = ["custom_enclosure"]

source_info_util.register_exclusion(__file__)


class custom_enclosure:  # noqa: N801 - named as jax.custom_jvp is
    """Give a JAX function an enclosure of your own, instead of that of its operations.

    On arrays the function is what it is, for all of JAX's transformations; where it is enclosed,
    the rule that ``def_enclosure`` sets is called. That the rule contains every value of the
    function is up to you.

    Args:
        function: A function of arrays, or pytrees of them, by position.

    Example:
        >>> import interval_jax as ij
        >>> import jax.numpy as jnp
        >>> @ij.custom_enclosure
        ... def bump(x):
        ...     return x * (1 - x)
        >>> @bump.def_enclosure
        ... def _(x):
        ...     return 0.25 - ij.sqr(x - 0.5)
        >>> ij.enclose(bump)(ij.interval(0.0, 1.0))
        Interval([0, 0.25], float32)
        >>> ij.enclose(lambda x: x * (1 - x))(ij.interval(0.0, 1.0))
        Interval([0, 1], float32)
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._enclosure: Callable[..., Any] | None = None
        self._vjp: Callable[..., Any] | None = None
        self._name = getattr(function, "__name__", "the function")
        update_wrapper(self, function)

    def def_enclosure(self, enclosure: Callable[..., Any]) -> Callable[..., Any]:
        """Set the enclosure; a decorator.

        Args:
            enclosure: A function of the same arguments, with an :class:`Interval` for every
                float array. It returns intervals in the structure, shapes and types of the
                function's result, which contain f(x) for every member x of the arguments. It is
                mapped where the function is, and traced by ``jit``.

        Returns:
            The same function.
        """
        self._enclosure = enclosure
        REVISION.number += 1
        return enclosure

    def def_vjp(self, pullback: Callable[..., Any]) -> Callable[..., Any]:
        """Set the derivative for ``grad``, ``vjp`` and ``adjoints``; a decorator.

        Without it they differentiate the function's operations, as all other derivatives do.

        Args:
            pullback: ``pullback(cotangent, *args)`` gets intervals in the structure of the
                function's result, and its arguments, and returns a tuple with an enclosure of
                the cotangent of each argument; ``None`` for arguments without one.

        Returns:
            The same function.
        """
        self._vjp = pullback
        return pullback

    def __call__(self, *args: Any) -> Any:
        """Evaluate the function."""
        leaves, structure = jax.tree.flatten(args)
        result = jax.tree.structure(jax.eval_shape(self._function, *args))
        call = _Call(self, structure, result)
        return jax.tree.unflatten(result, _primitive.bind(*map(jnp.asarray, leaves), call=call))


@dataclass(frozen=True)
class _Call:
    """A call with arguments of some structure, as functions of their leaves."""

    owner: custom_enclosure
    structure: Any
    result: Any
    axes: tuple[tuple[int | None, ...], ...] = ()
    """For each ``jax.vmap`` around it, the axes of the leaves that it maps."""

    def _mapped(self, function: Callable[..., Any]) -> Callable[..., Any]:
        for axes in self.axes:
            function = jax.vmap(function, axes)
        return function

    def value(self, *leaves: Array) -> list[Array]:
        def plain(*arrays: Array) -> list[Array]:
            args = jax.tree.unflatten(self.structure, arrays)
            return jax.tree.leaves(self.owner._function(*args))

        return self._mapped(plain)(*leaves)

    def enclosure(self, *leaves: Value) -> list[Interval]:
        enclosure, name = self.owner._enclosure, self.owner._name
        if enclosure is None:
            raise UnsupportedPrimitiveError(
                f"{name} has no enclosure: set one with @{name}.def_enclosure"
            )

        def over(*values: Value) -> list[Interval]:
            args = jax.tree.unflatten(self.structure, values)
            found, structure = jax.tree.flatten(enclosure(*args), is_leaf=_is_interval)
            if structure != self.result:
                raise TypeError(f"the enclosure of {name} returns {structure}, not {self.result}")
            return [as_interval(v) for v in found]

        return self._mapped(over)(*leaves)

    def pullback(
        self, cotangents: Sequence[Interval], leaves: Sequence[Value]
    ) -> Sequence[Interval | None]:
        pullback = self.owner._vjp
        if pullback is None:
            return vjp(self.value, *leaves)[1](list(cotangents))

        def pulled(cotangent: Any, *values: Value) -> list[Interval | None]:
            args = jax.tree.unflatten(self.structure, values)
            shares = pullback(jax.tree.unflatten(self.result, cotangent), *args)
            return jax.tree.leaves(shares, is_leaf=lambda v: v is None or _is_interval(v))

        function = pulled
        for axes in self.axes:
            function = self._over_batch(function, axes)
        return function(list(cotangents), *leaves)

    @staticmethod
    def _over_batch(
        function: Callable[..., Any], axes: tuple[int | None, ...]
    ) -> Callable[..., list[Interval | None]]:
        def mapped(cotangent: Any, *values: Value) -> list[Interval | None]:
            shares = jax.vmap(function, (0, *axes))(cotangent, *values)
            return [None if s is None else _one_share(s, a) for s, a in zip(shares, axes)]

        return mapped


def _one_share(share: Interval, axis: int | None) -> Interval:
    """The cotangent of an argument from those for each member of a batch."""
    if axis is None:
        return Interval(*sum_bounds((share.lo, share.hi), (0,)))
    return Interval(*(jnp.moveaxis(b, 0, axis) for b in (share.lo, share.hi)))


# --- the primitive ------------------------------------------------------------------------


_primitive = Primitive("custom_enclosure")
_primitive.multiple_results = True


@lru_cache
def _compiled(call: _Call) -> Callable[..., list[Array]]:
    return jax.jit(call.value)


@_primitive.def_impl
def _(*leaves: Array, call: _Call) -> list[Array]:
    return _compiled(call)(*leaves)


@_primitive.def_abstract_eval
def _(*avals: Any, call: _Call) -> list[Any]:
    shapes = [jax.ShapeDtypeStruct(a.shape, a.dtype) for a in avals]
    results: list[Any] = jax.eval_shape(call.value, *shapes)
    return [jax.core.ShapedArray(r.shape, r.dtype) for r in results]


mlir.register_lowering(
    _primitive,
    mlir.lower_fun(lambda *leaves, call: call.value(*leaves), multiple_results=True),
)


def _batch(leaves: Any, axes: Any, *, call: _Call) -> Any:
    mapped = replace(call, axes=(*call.axes, tuple(axes)))
    results = _primitive.bind(*leaves, call=mapped)
    return results, (0,) * len(results)


batching.primitive_batchers[_primitive] = _batch


def _jvp(primals: Any, tangents: Any, *, call: _Call) -> Any:
    directions = tuple(map(ad.instantiate_zeros, tangents))
    return jax.jvp(call.value, tuple(primals), directions)


ad.primitive_jvps[_primitive] = _jvp


def _enclose(*leaves: Value, call: _Call) -> list[Interval]:
    values = [as_interval(v) if is_real(v) else v for v in leaves]
    found = call.enclosure(*values)
    expected = jax.eval_shape(call.value, *(jax.ShapeDtypeStruct(v.shape, v.dtype) for v in values))
    for f, e in zip(found, expected, strict=True):
        if (f.shape, f.dtype) != (e.shape, e.dtype):
            raise TypeError(
                f"the enclosure of {call.owner._name} returns {f.dtype}{list(f.shape)}, "
                f"its value is {e.dtype}{list(e.shape)}"
            )
    return found


def _vjp(
    cotangents: Sequence[Interval],
    wanted: Sequence[bool],
    inputs: Sequence[Value],
    outputs: Sequence[Value],
    *,
    call: _Call,
) -> list[Interval | None]:
    values = [as_interval(v) if is_real(v) else v for v in inputs]
    shares = call.pullback(cotangents, values)
    return [s if w else None for s, w in zip(shares, wanted, strict=True)]


register(_primitive, Rule(_enclose, _vjp))
