"""Floor 3: polynomial forms, a second domain beside plain intervals."""

from interval_jax._forms.arithmetic import (
    add,
    as_form,
    contracted,
    mul,
    neg,
    shifted,
    summed,
    times,
)
from interval_jax._forms.compose import Smooth, compose
from interval_jax._forms.form import Form, Group, arguments, in_groups, moved, named, of_interval

__all__ = [
    "Form",
    "Group",
    "Smooth",
    "add",
    "arguments",
    "as_form",
    "compose",
    "contracted",
    "in_groups",
    "moved",
    "mul",
    "named",
    "neg",
    "of_interval",
    "shifted",
    "summed",
    "times",
]
