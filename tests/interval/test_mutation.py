"""The suite notices wrong rounding: with "up" replaced by "nearest", its own tests fail.

Each mutant is a copy of the library with one line of the rounding floor changed. It runs the
tests that guard the operation, which have to fail, and for the right reason: an assertion.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FLOOR = "interval_jax/_rounding"

MUTANTS: dict[str, tuple[str, str, str, str]] = {
    # name: (file, line, its replacement, the tests that have to fail)
    "add": (
        f"{FLOOR}/directed.py",
        "    value = step_up(result.value, result.above)\n",
        "    value = result.value\n",
        "test_rounding.py::test_directed_operations_are_tight[add-float64]",
    ),
    "neighbour": (
        f"{FLOOR}/format.py",
        "    return _step(x, where, upward=True)\n",
        "    return x\n",
        "test_rounding.py::test_neighbours_walk_the_format[float32]",
    ),
    "product": (
        f"{FLOOR}/intervals.py",
        "        value = from_bits(bits_of(m) + lax.select(outward, grown, shrunk), fmt)\n",
        "        value = m if upward else from_bits(bits_of(m) + shrunk, fmt)\n",
        "test_arithmetic.py::test_binary_operations_are_tight[mul-float32]",
    ),
    "quotient": (
        f"{FLOOR}/intervals.py",
        "lax.select(outward, -(-error >> word), error >> word), fmt)\n",
        "lax.select(outward, -(-error >> word), error >> word) * (not upward), fmt)\n",
        "test_arithmetic.py::test_binary_operations_are_tight[div-float32]",
    ),
    "root": (
        f"{FLOOR}/intervals.py",
        "        error = sqrt_error(x, root)\n",
        "        error = sqrt_error(x, root) * (not upward)\n",
        "test_arithmetic.py::test_squares_powers_roots_and_reciprocals[float32]",
    ),
    "elementary": (
        "interval_jax/_doubleword.py",
        "    outer = bits + lax.select(lax.gt(x.lo, -error), one, zero)\n",
        "    outer = bits\n",
        "test_exp_log.py",
    ),
    "contraction": (
        "interval_jax/_sums.py",
        "    high = lax.select(bounded, center + radius, lax.full_like(center, np.inf))\n",
        "    high = lax.select(bounded, center + radius * 0, lax.full_like(center, np.inf))\n",
        "test_sums.py::test_matrix_products[7-float64]",
    ),
    "sum of forms": (
        "interval_jax/_forms/arithmetic.py",
        "    error = x.error + y.error + roundings\n",
        "    error = x.error + y.error\n",
        "test_forms.py::test_rational_programs[cancels what rounding left-affine-float32]",
    ),
    "contraction of forms": (
        "interval_jax/_forms/arithmetic.py",
        "    own = repaid(x.error + times_size(_known(x), g))\n",
        "    own = x.error\n",
        "test_forms.py::test_rational_programs[contracts what cancels-affine-float32]",
    ),
    "function of a form": (
        "interval_jax/_forms/compose.py",
        "    return middle, radius + slack\n",
        "    return middle, 0 * slack\n",
        "test_forms.py::test_rational_programs[cubic-affine-float32]",
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_nearest_instead_of_up_is_caught(name: str, tmp_path: Path) -> None:
    file, line, replacement, guard = MUTANTS[name]
    for package in ("interval_jax", "reference", "tests"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("*.pyc"))
    for settings in ("conftest.py", "pyproject.toml"):
        shutil.copy(ROOT / settings, tmp_path)
    source = (tmp_path / file).read_text()
    assert source.count(line) == 1, "the mutated line has moved: adapt the mutant"
    (tmp_path / file).write_text(source.replace(line, replacement))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-x",
        "-q",
        "-p",
        "no:xdist",
        f"tests/interval/{guard}",
    ]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    run = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 1, run.stdout + run.stderr
    assert "AssertionError" in run.stdout or "assert " in run.stdout
