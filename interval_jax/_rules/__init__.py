"""Floor 3: rules of JAX primitives, by theme. Importing this fills the registry."""

from interval_jax._rules import (
    comparison,
    composite,
    contractions,
    control_flow,
    elementwise,
    functions,
    reductions,
    sharp,
    structural,
    transcendental,
)
from interval_jax._rules.composite import folded, recognise
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
    "control_flow",
    "elementwise",
    "folded",
    "functions",
    "recognise",
    "reductions",
    "register",
    "sharp",
    "structural",
    "transcendental",
]
