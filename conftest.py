"""Settings of every test and doctest in the repository."""

import doctest
import inspect
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import flint
import jax
import pytest

# Rigour is checked in float32 and float64; without x64 JAX would turn the latter into the former.
jax.config.update("jax_enable_x64", True)

_belongs = doctest.DocTestFinder._from_module


def _belongs_unwrapped(finder: doctest.DocTestFinder, module: ModuleType, thing: Any) -> bool:
    """A wrapped function belongs to the module it was written in, not to the wrapper's."""
    return _belongs(finder, module, inspect.unwrap(thing) if callable(thing) else thing)


doctest.DocTestFinder._from_module = _belongs_unwrapped

_APPLICATION = Path(__file__).parent / "sobolev"


@pytest.fixture(autouse=True)
def _examples_start_as_a_user_does(request: pytest.FixtureRequest) -> Iterator[None]:
    """Examples of the library run with JAX's own defaults; those of the application with x64."""
    example = isinstance(request.node, pytest.DoctestItem)
    if not example or _APPLICATION in request.path.parents:
        yield
        return
    jax.config.update("jax_enable_x64", False)
    yield
    jax.config.update("jax_enable_x64", True)


@pytest.fixture(autouse=True)
def _precision_is_left_as_found() -> Iterator[None]:
    """Arb's precision and length of series belong to the process."""
    precision, length = flint.ctx.prec, flint.ctx.cap
    yield
    flint.ctx.prec, flint.ctx.cap = precision, length
