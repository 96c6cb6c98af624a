"""What centred values do: linear functions, products, functions of one variable, choices.

All else goes through ranges, as it does for intervals.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, reduce
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from interval_jax import _slopes as sl
from interval_jax import basic
from interval_jax import elementary as el
from interval_jax._interval import Interval, _like, _where, as_interval, mul, neg, recip, sqr
from interval_jax._rules import elementwise as ew
from interval_jax._rules.comparison import _may_be
from interval_jax._rules.registry import Rule, Value, is_plain, is_real
from interval_jax._slopes import Centred, Function

__all__ = ["on_centred"]

_LINEAR = frozenset(
    """copy copy_p cumsum name neg optimization_barrier reduce_sum reduce_window_sum scatter_add
    stop_gradient""".split()
)
"""Beside those that move numbers."""

_CALLS = frozenset({"jit", "pjit", "closed_call", "core_call", "custom_jvp_call"})
"""Steps that are calls of known functions."""

_BENDS = {"abs": 1, "relu": 1, "sqrt": -1}
"""Functions that are continuous and convex (1) or concave (-1) on their domains, intervals."""


def _is_exact(x: Value) -> bool:
    return is_plain(x) and not isinstance(x, Centred)


def _all_real(values: Sequence[Value]) -> bool:
    return all(isinstance(v, Centred) or is_real(v) for v in values)


def _spread(values: Sequence[Value]) -> list[Value]:
    """Numbers and arrays in one shape; centred values have it already."""
    shape = jnp.broadcast_shapes(*(v.shape for v in values))
    return [
        v if isinstance(v, Centred) else jax.tree.map(lambda a: jnp.broadcast_to(a, shape), v)
        for v in values
    ]


def _centred(values: Sequence[Value]) -> list[Centred]:
    like = next(v for v in values if isinstance(v, Centred))
    return [sl.as_centred(v, like, like.dtype) for v in _spread(values)]


# --- arithmetic -----------------------------------------------------------------------------


def _sum(rule: Rule, x: Value, y: Value, **_: Any) -> Any:
    return sl.linear(_enclose(rule), _spread([x, y]), coarse=sl.plus)


def _difference(rule: Rule, x: Value, y: Value, **_: Any) -> Any:
    return sl.linear(_enclose(rule), _spread([x, y]), coarse=sl.minus)


def _contraction(rule: Rule, x: Value, y: Value, **params: Any) -> Any:
    enclose = partial(_enclose(rule), **params)
    if _is_exact(x) or _is_exact(y):
        return sl.linear(enclose, [x, y], jointly=False)
    like = x if isinstance(x, Centred) else y
    x, y = (sl.as_centred(v, like, like.dtype) for v in (x, y))
    return sl.bilinear(enclose, x, y)


def _product(rule: Rule, x: Value, y: Value, **_: Any) -> Any:
    if x is y:
        return _square(rule, x)
    x, y = _spread([x, y])
    if _is_exact(x) or _is_exact(y):
        points = [as_interval(v) if _is_exact(v) else v for v in (x, y)]
        return sl.linear(mul, points, jointly=False, coarse=sl.times)
    like = x if isinstance(x, Centred) else y
    x, y = (sl.as_centred(v, like, like.dtype) for v in (x, y))
    return sl.bilinear(mul, x, y, sl.times)


def _quotient(rule: Rule, x: Value, y: Value, **_: Any) -> Any:
    if not isinstance(y, Centred):
        return _product(rule, x, recip(as_interval(y)))
    over = sl.compose(
        y, Function(recip, lambda _, v: neg(sqr(v)), lambda _, v: mul(mul(v, sqr(v)), 2.0))
    )
    return _product(rule, x, over)


def _square(rule: Rule, x: Centred, **_: Any) -> Centred:
    return sl.compose(x, Function(sqr, lambda x, _: mul(x, 2.0), lambda x, _: _like(x, 2, 2)))


def _integer_power(rule: Rule, x: Centred, *, y: int, **_: Any) -> Centred | None:
    if abs(y) > 2**24 or y in (0, 1):
        return None if y != 1 else x

    def derivative(order: int) -> Callable[[Interval, Interval], Interval]:
        factor = float(np.prod([y - i for i in range(order)]))
        return lambda x, _: mul(el.pown(x, y - order), factor)

    return sl.compose(x, Function(lambda x: el.pown(x, y), derivative(1), derivative(2)))


def _power(rule: Rule, x: Value, y: Value, **_: Any) -> Centred | None:
    exponent = None if isinstance(y, Centred) else ew._constant(y)
    if exponent is None or not isinstance(x, Centred):
        return None
    if exponent == int(exponent):
        return _integer_power(rule, x, y=int(exponent))

    def slope(x: Interval, _: Interval) -> Interval:
        # Its domain ends at 0, where its slope may be bounded.
        slope = ew._pow_slope(x, y)
        outside = lax.lt(x.lo, lax.full_like(x.lo, 0))
        return _where(outside, _like(slope, -np.inf, np.inf), slope)

    return sl.compose(x, Function(lambda x: ew._pow(x, y), slope))


# --- choices --------------------------------------------------------------------------------


def _larger(rule: Rule, x: Value, y: Value, **_: Any) -> Centred | None:
    if not _all_real([x, y]):
        return None
    x, y = _spread([x, y])
    if _is_exact(x):
        x, y = y, x
    if isinstance(x, Centred) and _is_exact(y):

        def value(x: Interval) -> Interval:
            return basic.max(x, y)

        def slope(x: Interval, _: Interval) -> Interval:
            return ew.max_slope(x, as_interval(jnp.broadcast_to(y, x.shape)))

        return sl.compose(x, Function(value, slope, bends=1))
    x, y = _centred([x, y])
    return sl.larger(x, y, basic.max(x.span, y.span))


def _negative(x: Value) -> Value:
    return sl.linear(neg, [x]) if isinstance(x, Centred) else -x


def _smaller(rule: Rule, x: Value, y: Value, **_: Any) -> Centred | None:
    if not _all_real([x, y]):
        return None
    larger = _larger(rule, _negative(x), _negative(y))
    return None if larger is None else _negative(larger)


def _clamp(rule: Rule, low: Value, x: Value, high: Value, **_: Any) -> Centred | None:
    above = _larger(rule, x, low) if isinstance(x, Centred) else None
    return None if above is None else _smaller(rule, above, high)


def _largest(rule: Rule, x: Centred, *, axes: Sequence[int], **_: Any) -> Centred:
    """The largest along axes, of those that may be: by pairs, as in :func:`sl.larger`."""
    axes = tuple(axes)
    best = jnp.max(x.span.lo, axes, keepdims=True)
    may = lax.ge(x.span.hi, jnp.broadcast_to(best, x.shape))
    span = Interval(jnp.max(x.span.lo, axes), jnp.max(x.span.hi, axes))
    span = _where(jnp.any(lax.gt(x.span.lo, x.span.hi), axes), _like(span, np.inf, -np.inf), span)
    center = Interval(*(jnp.max(jnp.where(may, b, -np.inf), axes) for b in _bounds(x.center)))
    moved = tuple(a + 1 for a in axes)
    lo = jnp.min(jnp.where(may, x.slopes.lo, np.inf), moved)
    hi = jnp.max(jnp.where(may, x.slopes.hi, -np.inf), moved)
    return sl.built(center, Interval(lo, hi), span, x)


def _bounds(x: Interval) -> tuple[Any, Any]:
    return x.lo, x.hi


def _smallest(rule: Rule, x: Centred, **params: Any) -> Centred:
    return _negative(_largest(rule, _negative(x), **params))


def _select(rule: Rule, which: Value, *cases: Value, **params: Any) -> Any:
    if not _all_real(cases):
        return None
    if _is_exact(which):
        return sl.linear(lambda *c: _enclose(rule)(which, *c, **params), cases)
    if isinstance(which, Centred):
        return None
    like = next(v for v in cases if isinstance(v, Centred))
    found = []
    for i, case in enumerate(cases):
        value = sl.as_centred(case, like, like.dtype)
        never = ~jnp.broadcast_to(_may_be(which, i), value.shape)
        found.append(sl.where(never, sl.of_range(_like(value.span, np.inf, -np.inf), value), value))
    return reduce(sl.hull, found)


# --- the table ------------------------------------------------------------------------------


def _convert(rule: Rule, x: Centred, *, new_dtype: Any, **_: Any) -> Centred | None:
    real = jnp.issubdtype(new_dtype, jnp.floating)
    return sl.as_centred(x, x, new_dtype) if real else None


_TABLE: dict[str, Callable[..., Any]] = {
    "add": _sum,
    "add_any": _sum,
    "sub": _difference,
    "mul": _product,
    "dot_general": _contraction,
    "conv_general_dilated": _contraction,
    "div": _quotient,
    "square": _square,
    "integer_pow": _integer_power,
    "pow": _power,
    "max": _larger,
    "min": _smaller,
    "clamp": _clamp,
    "reduce_max": _largest,
    "reduce_min": _smallest,
    "select_n": _select,
    "convert_element_type": _convert,
    # Across its cut it jumps, with slopes that are bounded.
    "atan2": lambda *_, **__: None,
}


def _enclose(rule: Rule) -> Callable[..., Any]:
    assert rule.enclose is not None
    return rule.enclose


def _function(name: str, rule: Rule, args: Sequence[Value]) -> Centred | None:
    """A function of one centred value, other arguments being exact numbers."""
    places = [i for i, a in enumerate(args) if isinstance(a, Centred)]
    if len(places) != 1 or not all(isinstance(a, Centred) or is_plain(a) for a in args):
        return None
    (place,) = places
    known = rule.slopes[place] if rule.slopes else None
    if known is None or jnp.broadcast_shapes(*(a.shape for a in args)) != args[place].shape:
        return None

    def filled(x: Interval) -> list[Interval]:
        return [
            x if i == place else as_interval(jnp.broadcast_to(a, x.shape))
            for i, a in enumerate(args)
        ]

    def slope(x: Interval, y: Interval) -> Interval:
        return _like(x, known, known) if isinstance(known, int) else known(*filled(x), y)

    function = Function(
        lambda x: _enclose(rule)(*filled(x)), slope, rule.curvature, _BENDS.get(name, 0)
    )
    return sl.compose(args[place], function)


def on_centred(name: str, rule: Rule, values: Sequence[Value], params: dict[str, Any]) -> Any:
    """The result of a primitive on centred values; None if their ranges have to do."""
    if name == "within" or rule.bodies:
        return rule.forms(*values, **params) if rule.forms else None
    if name in _TABLE:
        return _TABLE[name](rule, *values, **params)
    if rule.linear or name in _LINEAR:
        wrong = [v for v in values if not (isinstance(v, Centred) or is_plain(v) or is_real(v))]
        return None if wrong else sl.linear(partial(_enclose(rule), **params), values)
    if not rule.elementwise:
        return None
    return _function(params["name"] if name in _CALLS else name, rule, values)
