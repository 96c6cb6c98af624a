"""What forms do beyond one function of one of them: sums, products, powers, choices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from interval_jax import _forms as fo
from interval_jax import basic
from interval_jax import elementary as el
from interval_jax._forms import Form, Smooth, as_form, compose
from interval_jax._interval import Interval, _like, as_interval, mul, neg, recip, sqr
from interval_jax._rules import (  # noqa: F401 - whose rules are amended here
    comparison,
    contractions,
    reductions,
    structural,
    sums,
    transcendental,
)
from interval_jax._rules import elementwise as ew
from interval_jax._rules.combinators import elementwise_rule
from interval_jax._rules.registry import RULES, Value, is_plain, is_real, primitive

Slope = Callable[[Interval, Interval], Interval]


def _on_forms(name: str, forms: Callable[..., Any] | None, elementwise: bool = False) -> None:
    prim = primitive(name)
    if prim in RULES:
        RULES[prim] = replace(RULES[prim], forms=forms, elementwise=elementwise)


def _forms_of(*values: Value) -> list[Form] | None:
    """Real operands as forms of one shape, None if one of them is not real."""
    if not all(isinstance(v, Form) or is_real(v) for v in values):
        return None
    form = next(v for v in values if isinstance(v, Form))
    shape = jnp.broadcast_shapes(*(v.shape for v in values))

    def spread(value: Value) -> Value:
        # Numbers in a program stand for arrays of them.
        return jax.tree.map(lambda a: jnp.broadcast_to(a, shape), value)

    return [
        v if isinstance(v, Form) else as_form(spread(v), form.monomials, form.dtype) for v in values
    ]


def _enclosed(name: str, *values: Value, **params: Any) -> Any:
    """What a primitive's rule gives of ranges."""
    enclose: Any = RULES[primitive(name)].enclose
    return enclose(*values, **params)


def _is_exact(x: Value) -> bool:
    return is_plain(x) and not isinstance(x, Form)


# --- sums and products --------------------------------------------------------------------


def _add(x: Value, y: Value, **_: Any) -> Form | None:
    if _is_exact(x):
        x, y = y, x
    if _is_exact(y) and x.shape == y.shape and x.dtype == y.dtype:
        return fo.shifted(x, y)
    operands = _forms_of(x, y)
    return None if operands is None else fo.add(*operands)


def _sub(x: Value, y: Value, **_: Any) -> Form | None:
    if _is_exact(y):
        return _add(x, -y)
    if _is_exact(x):
        return _add(fo.neg(y), x)
    operands = _forms_of(x, y)
    return None if operands is None else fo.add(operands[0], fo.neg(operands[1]))


def _mul(x: Value, y: Value, **_: Any) -> Form | None:
    if x is y:
        return _square(x)
    if _is_exact(y):
        x, y = y, x
    if _is_exact(x):
        return fo.times(y, x) if x.dtype == y.dtype else None
    operands = _forms_of(x, y)
    return None if operands is None else fo.mul(*operands)


def _square(x: Form, **_: Any) -> Form:
    return compose(x, Smooth(sqr, lambda x, _: mul(x, 2.0), lambda x, _: _like(x, 2, 2), True))


def _recip(x: Form) -> Form:
    return compose(
        x, Smooth(recip, lambda _, y: neg(sqr(y)), lambda _, y: mul(mul(y, sqr(y)), 2.0))
    )


def _div(x: Value, y: Value, **_: Any) -> Form | None:
    if isinstance(y, Form):
        return _mul(x, _recip(y))
    return _mul(x, recip(as_interval(y)))


def _sum(x: Form, *, axes: Sequence[int], **params: Any) -> Form:
    axes = tuple(axes)
    terms = int(np.prod([x.shape[a] for a in axes]))
    span = _enclosed("reduce_sum", x.span, axes=axes, **params)
    return fo.summed(x, lambda a: jnp.sum(a, axes), terms, span)


def _cumsum(x: Form, *, axis: int, reverse: bool) -> Form:
    span = _enclosed("cumsum", x.span, axis=axis, reverse=reverse)
    return fo.summed(x, lambda a: lax.cumsum(a, axis, reverse), x.shape[axis], span)


def _dot_general(x: Value, y: Value, *, dimension_numbers: Any, **params: Any) -> Form | None:
    spans = [v.span if isinstance(v, Form) else v for v in (x, y)]
    span = _enclosed("dot_general", *spans, dimension_numbers=dimension_numbers, **params)
    if _is_exact(x) and is_real(x) and x.dtype == y.dtype == span.dtype:
        return fo.contracted(y, x, dimension_numbers, False, span)
    if _is_exact(y) and is_real(y) and x.dtype == y.dtype == span.dtype:
        return fo.contracted(x, y, dimension_numbers, True, span)
    return None


for _name, _forms in {"add": _add, "add_any": _add, "sub": _sub, "mul": _mul, "div": _div}.items():
    _on_forms(_name, _forms, elementwise=True)
_on_forms("neg", lambda x, **_: fo.neg(x), elementwise=True)
_on_forms("square", _square, elementwise=True)
_on_forms("reduce_sum", _sum)
_on_forms("cumsum", _cumsum)
_on_forms("dot_general", _dot_general)
for _name in ("name", "copy", "copy_p"):
    _on_forms(_name, lambda x, **_: x, elementwise=True)


def _convert(x: Form, *, new_dtype: Any, **_: Any) -> Form | None:
    return x if np.dtype(new_dtype) == x.dtype else None


_on_forms("convert_element_type", _convert, elementwise=True)


# --- choices ------------------------------------------------------------------------------

_RELU = Smooth(lambda x: basic.max(x, 0.0), lambda x, _: ew.max_slope(x, as_interval(0.0 * x.lo)))


def _max(x: Value, y: Value, **_: Any) -> Form | None:
    """y + max(x - y, 0), of one form at a time as the function of it that it is."""
    if _is_exact(x) or _is_exact(y):
        return _MAX_OF_ONE(x, y)
    operands = _forms_of(x, y)
    return None if operands is None else _larger(*operands)


def _larger(x: Form, y: Form) -> Form:
    return fo.add(y, compose(fo.add(x, fo.neg(y)), _RELU))


def _min(x: Value, y: Value, **_: Any) -> Form | None:
    if _is_exact(x) or _is_exact(y):
        return _MIN_OF_ONE(x, y)
    operands = _forms_of(x, y)
    if operands is None:
        return None
    x, y = operands
    return fo.neg(_larger(fo.neg(x), fo.neg(y)))


_MAX_OF_ONE: Any = RULES[primitive("max")].forms
_MIN_OF_ONE: Any = RULES[primitive("min")].forms
_on_forms("max", _max, elementwise=True)
_on_forms("min", _min, elementwise=True)


def _clamp(low: Value, x: Value, high: Value, **_: Any) -> Form | None:
    if not isinstance(x, Form):
        return None
    low, high = (jnp.broadcast_to(v, x.shape) if _is_exact(v) else v for v in (low, high))
    above = _max(x, low)
    return None if above is None else _min(above, high)


_on_forms("clamp", _clamp, elementwise=True)


# Across its cut atan2 jumps, with slopes that are bounded.
_on_forms("atan2", None, elementwise=True)


def _select(which: Value, *cases: Value, **params: Any) -> Form | None:
    operands = _forms_of(*cases)
    if operands is None:
        return None
    prim = primitive("select_n")
    if _is_exact(which):
        span = _enclosed("select_n", which, *(c.span for c in operands), **params)
        return fo.moved(lambda *rows: prim.bind(which, *rows, **params), operands, [span])[0]
    return None


_on_forms("select_n", _select)


# --- powers -------------------------------------------------------------------------------


def _power(x: Form, *, y: int) -> Form | None:
    def derivative(order: int) -> Slope:
        factor = float(np.prod([y - i for i in range(order)]))
        return lambda x, _: mul(el.pown(x, y - order), factor)

    if abs(y) > 2**24:
        return None
    return compose(x, Smooth(lambda x: el.pown(x, y), derivative(1), derivative(2)))


_on_forms("integer_pow", _power, elementwise=True)


def _pow(x: Value, y: Value, **params: Any) -> Form | None:
    if isinstance(y, Form) or not isinstance(x, Form):
        return None
    exponent = ew._constant(y)
    if exponent is not None and exponent == int(exponent):
        return _power(x, y=int(exponent))
    if exponent is None:
        return None
    rule = elementwise_rule(lambda x: ew._pow(x, y), lambda x, _: ew._pow_slope(x, y))
    on_forms: Any = rule.forms
    return on_forms(x)


_on_forms("pow", _pow, elementwise=True)
