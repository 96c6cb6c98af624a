"""The generators of tables: their output is what is committed."""

import importlib
import pkgutil

import pytest

import tools

_GENERATORS = [
    module
    for _, name, _ in pkgutil.iter_modules(tools.__path__, "tools.")
    if hasattr(module := importlib.import_module(name), "TARGET")
]


@pytest.mark.parametrize("generator", _GENERATORS, ids=lambda module: module.__name__)
def test_the_committed_tables_are_the_generated_ones(generator) -> None:
    assert generator.source() == generator.TARGET.read_text()


def test_every_module_of_tables_has_a_generator() -> None:
    folder = _GENERATORS[0].TARGET.parent
    assert {generator.TARGET for generator in _GENERATORS} == set(folder.glob("_*_tables.py"))
