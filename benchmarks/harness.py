"""Timing of variants of one computation against each other.

All variants run in turn, round after round, and a ratio is the median of the ratios within a round:
a machine that slows down for a while slows every variant of that round.
"""

import contextlib
import ctypes
import json
import math
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import jax

ROUNDS = 15
MIN_SECONDS = 0.02


@dataclass(frozen=True)
class Variant:
    """One way to do the computation.

    Args:
        name: Who does it, such as "interval_jax".
        function: What is timed. JAX variants are compiled first, apart.
        arguments: Its arguments, ready on the device.
        limit: Greatest ratio to the first variant that the project promises, if any.
        compiled: Whether the function goes through ``jax.jit``.
    """

    name: str
    function: Callable[..., Any]
    arguments: Sequence[Any]
    limit: float | None = None
    compiled: bool = True


@dataclass(frozen=True)
class Timing:
    """Result for one variant: seconds to trace and compile, seconds a call, ratio to the first."""

    name: str
    compile_seconds: float | None
    seconds: float
    seconds_per_item: float
    ratio: float
    limit: float | None = None

    @property
    def within_limit(self) -> bool:
        return self.limit is None or self.ratio <= self.limit


@dataclass(frozen=True)
class Comparison:
    """Timings of all variants of one computation."""

    title: str
    items: int
    unit: str
    timings: list[Timing] = field(default_factory=list)


@dataclass(frozen=True)
class Figure:
    """A number drawn from several comparisons, and what the project promises of it."""

    title: str
    value: float
    at_most: float | None = None
    at_least: float | None = None

    @property
    def within_limit(self) -> bool:
        above = self.at_most is None or self.value <= self.at_most
        return above and (self.at_least is None or self.value >= self.at_least)


def keep_memory() -> None:
    """Let the C library keep freed memory for the next result instead of returning it.

    Fresh pages cost as much as an addition. By default glibc decides by what happened to be
    allocated before whether each result of every library, XLA's and NumPy's alike, is put into
    fresh ones, and timings differ by a factor of two or more from run to run. To be called before
    anything large is allocated; without effect elsewhere.
    """
    trim_threshold, mmap_threshold, arena_max = -1, -3, -8  # malloc.h
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        library.mallopt(mmap_threshold, 1 << 25)
        library.mallopt(trim_threshold, 1 << 30)
        library.mallopt(arena_max, 1)


def geometric_mean(values: Sequence[float]) -> float:
    return math.exp(statistics.fmean(math.log(v) for v in values))


def compare(title: str, variants: Sequence[Variant], items: int, unit: str) -> Comparison:
    """Time the variants in turn.

    Args:
        title: What is computed.
        variants: The first is the one that the others are compared with.
        items: Units of work in a call.
        unit: What an item is, such as "intervals" or "multiply-adds".
    """
    prepared = [_prepare(v) for v in variants]
    repeats = [_repeats(run) for run, _ in prepared]
    rounds = [
        [_seconds(run, n) for (run, _), n in zip(prepared, repeats, strict=True)]
        for _ in range(ROUNDS)
    ]
    timings = []
    for k, variant in enumerate(variants):
        seconds = statistics.median(r[k] for r in rounds)
        ratio = statistics.median(r[k] / r[0] for r in rounds)
        timings.append(
            Timing(variant.name, prepared[k][1], seconds, seconds / items, ratio, variant.limit)
        )
    return Comparison(title, items, unit, timings)


def table(comparisons: Sequence[Comparison]) -> str:
    """The timings as text, one line a variant."""
    header = f"{'':34}{'compile s':>10}{'ns per item':>14}{'ratio':>8}{'limit':>8}"
    lines = []
    for c in comparisons:
        lines += ["", f"{c.title} ({c.items:,} {c.unit})", header]
        for t in c.timings:
            compiled = "" if t.compile_seconds is None else f"{t.compile_seconds:.2f}"
            limit = "" if t.limit is None else f"{t.limit:g}"
            mark = "" if t.within_limit else "  over the limit"
            lines.append(
                f"  {t.name:32}{compiled:>10}{1e9 * t.seconds_per_item:>14.3f}"
                f"{t.ratio:>8.2f}{limit:>8}{mark}"
            )
    return "\n".join(lines)


def figure_lines(figures: Sequence[Figure]) -> str:
    """The figures as text, one line each."""
    lines = [""]
    for f in figures:
        limit = f"at most {f.at_most:g}" if f.at_most is not None else ""
        limit += f"at least {f.at_least:g}" if f.at_least is not None else ""
        mark = "" if f.within_limit else "  over the limit"
        lines.append(f"{f.title:58}{f.value:>8.2f}  {limit}{mark}")
    return "\n".join(lines)


def conditions() -> str:
    """The environment as text."""
    e = environment()
    versions = ", ".join(f"{name} {version}" for name, version in e["versions"].items())
    return (
        f"{e['processor']}, {e['cores']} cores, {e['backend']}; Python {e['python']}, {versions}\n"
        f"Medians over {e['rounds']} rounds in which all variants take turns."
    )


def write_json(
    path: Path, comparisons: Sequence[Comparison], figures: Sequence[Figure] = ()
) -> None:
    """Write the timings with the machine and the versions they belong to."""
    report = {
        "environment": environment(),
        "comparisons": [asdict(c) for c in comparisons],
        "figures": [asdict(f) for f in figures],
    }
    write_text(path, json.dumps(report, indent=1) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a file at once or not at all."""
    temporary = path.with_name(path.name + ".part")
    temporary.write_text(text)
    os.replace(temporary, path)


def environment() -> dict[str, Any]:
    """What a timing depends on."""
    return {
        "backend": jax.default_backend(),
        "device": jax.devices()[0].device_kind,
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "python": platform.python_version(),
        "versions": {
            name: metadata.version(name) for name in ("jax", "jaxlib", "numpy") if _installed(name)
        },
        "rounds": ROUNDS,
    }


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _prepare(variant: Variant) -> tuple[Callable[[], None], float | None]:
    arguments = tuple(variant.arguments)
    if not variant.compiled:
        return (lambda: jax.block_until_ready(variant.function(*arguments))), None
    start = time.perf_counter()
    compiled = jax.jit(variant.function).lower(*arguments).compile()
    seconds = time.perf_counter() - start
    return (lambda: jax.block_until_ready(compiled(*arguments))), seconds


def _repeats(run: Callable[[], None]) -> int:
    run()
    once = _seconds(run, 1)
    return max(1, round(MIN_SECONDS / max(once, 1e-6)))


def _seconds(run: Callable[[], None], repeats: int) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        run()
    return (time.perf_counter() - start) / repeats
