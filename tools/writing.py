"""Constants as the text of a module, and that module written in one step."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

_ELEMENTARY = Path(__file__).parents[1] / "interval_jax" / "elementary"


class Record(NamedTuple):
    """The call of a named tuple's type with all its fields."""

    type: str
    fields: Mapping[str, object]


def target(name: str) -> Path:
    """The path of a module of tables."""
    return _ELEMENTARY / f"{name}.py"


def literal(value: object, indent: str = "") -> str:
    """Floats in hexadecimal, one a line."""
    inside = indent + "    "
    if isinstance(value, float):
        return f'_hex("{value.hex()}")'
    if isinstance(value, int):
        return f"0x{value:X}" if value > 64 else str(value)
    if isinstance(value, Record):
        lines = (f"{key}={literal(v, inside)}" for key, v in value.fields.items())
        opening = f"{value.type}("
    else:
        assert isinstance(value, tuple)
        lines = (literal(v, inside) for v in value)
        opening = "("
    return opening + "\n" + "".join(f"{inside}{line},\n" for line in lines) + indent + ")"


def module(header: str, constants: Mapping[str, object]) -> str:
    """The text of a module: a header and constants."""
    body = "\n\n".join(f"{name} = {literal(value)}" for name, value in constants.items())
    return f"{header}_hex = float.fromhex\n\n{body}\n"


def write(path: Path, text: str) -> None:
    """Replace a file, by a whole one or not at all."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, suffix=".tmp", delete=False) as file:
        file.write(text)
    os.chmod(file.name, 0o644)
    os.replace(file.name, path)
