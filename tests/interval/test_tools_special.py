"""The generators of the tables of special functions: their output is what is committed."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from flint import ctx

_TOOLS = Path(__file__).parents[2] / "tools"


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"{name}_tool", _TOOLS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def tool(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(_TOOLS)
    before = ctx.prec, ctx.cap
    yield _load(request.param)
    ctx.prec, ctx.cap = before


@pytest.mark.parametrize("tool", ["gelu", "lgamma", "normal_inverse"], indirect=True)
def test_the_committed_tables_are_the_generated_ones(tool: ModuleType) -> None:
    assert tool.render() == tool.MODULE.read_text()
