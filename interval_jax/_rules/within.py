"""``within``: a value of which is known that it lies between two plain arrays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from jax import Array
from jax.extend.core import Primitive

from interval_jax._forms import Form
from interval_jax._interval import Interval, as_interval
from interval_jax._rules.registry import Rule, Value, register
from interval_jax._slopes import Centred
from interval_jax.set_ops import intersection

__all__ = ["within"]

_within = Primitive("within")
_within.def_impl(lambda x, low, high: x)
_within.def_abstract_eval(lambda x, low, high: x)


def within(x: Array, low: Array, high: Array) -> Array:
    """x itself; what is enclosed of it leaves out members that are not in [low, high]."""
    result: Array = _within.bind(x, low, high)
    return result


def _enclose(x: Value, low: Array, high: Array) -> Interval:
    return intersection(as_interval(x), Interval(low, high))


def _narrowed(x: Form | Centred, low: Array, high: Array) -> Any:
    return replace(x, span=_enclose(x.span, low, high))


register(_within, Rule(_enclose, forms=_narrowed))
