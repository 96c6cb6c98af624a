"""Settings of every test and doctest in the repository."""

from collections.abc import Iterator
from pathlib import Path

import jax
import pytest

# Rigour is checked in float32 and float64; without x64 JAX would turn the latter into the former.
jax.config.update("jax_enable_x64", True)

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
