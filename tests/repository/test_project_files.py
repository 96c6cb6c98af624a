"""The files around the code agree with each other and with the code."""

import re
import tomllib
from pathlib import Path

import pytest

import interval_jax as ij
import sobolev

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_one_version() -> None:
    assert sobolev.__version__ == ij.__version__
    assert re.fullmatch(r"\d+\.\d+\.\d+", ij.__version__)
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] in {"Unreleased", ij.__version__}


def test_base_dependencies_are_jax_and_numpy() -> None:
    names = [re.match(r"[\w-]+", d).group() for d in PROJECT["project"]["dependencies"]]
    assert sorted(names) == ["jax", "numpy"]


def test_continuous_integration_runs_the_test_command_of_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text().splitlines()
    assert script[-1] == "exec make test"
    readme = (ROOT / "README.md").read_text()
    makefile = (ROOT / "Makefile").read_text()
    for command in ("demo", "test"):
        assert re.search(rf"^make {command}\b", readme, re.MULTILINE)
        assert re.search(rf"^{command}:", makefile, re.MULTILINE)
    workflow = (ROOT / ".github" / "workflows" / "test.yml").read_text()
    assert "run: bash .ci/run" in workflow


def test_workflow_covers_both_ends_of_the_supported_range() -> None:
    workflow = (ROOT / ".github" / "workflows" / "test.yml").read_text()
    requirement = next(d for d in PROJECT["project"]["dependencies"] if d.startswith("jax"))
    oldest = re.search(r">=([\d.]+)", requirement).group(1)
    assert f'python: "3.11"\n            jax: "{oldest}"' in workflow
    assert 'python: "3.13"\n            jax: ""' in workflow


@pytest.mark.parametrize("package", ["interval_jax", "sobolev"])
def test_packages_are_typed(package: str) -> None:
    assert (ROOT / package / "py.typed").exists()
    assert package in PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
