"""Every public name is documented, with an example, and listed in the reference."""

import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

import interval_jax as ij
import interval_jax.testing
import sobolev

DOCS = Path(__file__).resolve().parents[2] / "docs"

_TESTING = [f"testing.{name}" for name in interval_jax.testing.__all__]


def _lookup(name: str) -> object:
    value: object = ij
    for part in name.split("."):
        value = getattr(value, part)
    return value


@pytest.mark.parametrize("name", [*ij.__all__, *_TESTING])
def test_has_a_docstring_with_an_example(name: str) -> None:
    value = _lookup(name)
    if not callable(value):
        return
    documentation = inspect.getdoc(value) or ""
    assert documentation, f"{name} has no docstring"
    # Records and exceptions are shown by the functions that return or raise them.
    if not inspect.isclass(value) or value is ij.Interval:
        assert ">>>" in documentation, f"{name} has no example"


def test_all_is_complete() -> None:
    assert len(ij.__all__) == len(set(ij.__all__))
    public = {
        name
        for name, value in vars(ij).items()
        if not name.startswith("_") and not inspect.ismodule(value)
    }
    assert public == set(ij.__all__)


def test_reference_lists_every_public_name() -> None:
    text = (DOCS / "reference.rst").read_text()
    listed = re.findall(r"^   ([a-zA-Z_][\w.]*)$", text, re.MULTILINE)
    assert sorted(listed) == sorted([*ij.__all__, *_TESTING])


def test_reference_lists_every_module_of_the_application() -> None:
    text = (DOCS / "application_reference.rst").read_text()
    listed = re.findall(r"^   (sobolev\.\w+)$", text, re.MULTILINE)
    modules = [m.name for m in pkgutil.iter_modules(sobolev.__path__) if not m.name.startswith("_")]
    assert sorted(listed) == sorted(f"sobolev.{name}" for name in modules)
    for name in listed:
        assert inspect.getdoc(importlib.import_module(name))
