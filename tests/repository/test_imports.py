"""What importing the packages needs and does."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Everything of the extras; an import of any of them fails in the child process.
_EXTRAS = (
    "optax",
    "onnx",
    "onnxruntime",
    "matplotlib",
    "tqdm",
    "mpmath",
    "flint",
    "ival",
    "sobolev",
)

_WITHOUT_EXTRAS = f"""
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {_EXTRAS!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
"""


def _run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_interval_jax_needs_jax_and_numpy_only() -> None:
    done = _run(
        _WITHOUT_EXTRAS
        + "import interval_jax as ij, interval_jax.testing, jax, jax.numpy as jnp\n"
        + "print(ij.enclose(jnp.tanh)(ij.interval(0.0, 1.0)))\n"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Interval([0, 0.76159")


def test_the_import_blocker_blocks() -> None:
    done = _run(_WITHOUT_EXTRAS + "import optax")
    assert "No module named 'optax'" in done.stderr


def test_importing_leaves_the_configuration_of_jax_alone() -> None:
    done = _run(
        "import jax\n"
        "before = dict(jax.config.values)\n"
        "import interval_jax, sobolev\n"
        "assert dict(jax.config.values) == before\n"
        "assert not jax.config.jax_enable_x64\n"
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "folder", ["interval_jax", "sobolev", "benchmarks", "reference", "tests", "docs"]
)
def test_no_private_names_of_jax(folder: str) -> None:
    # Of jax.interpreters, what JAX's tutorial on primitives of one's own asks to import.
    allowed = r"(?! import (?:ad|batching|mlir)\b)"
    private = re.compile(rf"\bjax\._src\b|\bfrom jax\.interpreters\b{allowed}|\bjaxlib\b")
    this = Path(__file__).resolve()
    modules = [p for p in (ROOT / folder).rglob("*.py") if p.resolve() != this]
    assert modules
    found = [f"{p}: {m.group()}" for p in modules for m in private.finditer(_code(p))]
    assert not found


def _code(module: Path) -> str:
    lines = module.read_text().splitlines()
    return "\n".join(line for line in lines if "import" in line or "jax._src" in line)
