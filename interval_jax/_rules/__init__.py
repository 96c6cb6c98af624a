"""Floor 3: rules of JAX primitives, by theme. Importing this fills the registry."""

from interval_jax._rules import (
    comparison,
    composite,
    contractions,
    elementwise,
    reductions,
    structural,
    transcendental,
)
from interval_jax._rules.composite import recognise
from interval_jax._rules.registry import (
    RULES,
    Rule,
    Truth,
    UnsupportedPrimitiveError,
    Value,
    register,
)

__all__ = [
    "RULES",
    "Rule",
    "Truth",
    "UnsupportedPrimitiveError",
    "Value",
    "comparison",
    "composite",
    "contractions",
    "elementwise",
    "recognise",
    "reductions",
    "register",
    "structural",
    "transcendental",
]
