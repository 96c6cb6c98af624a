"""Command line: ``python -m benchmarks [GROUP ...] [--json FILE] [--check]``.

``python -m benchmarks soundness``, ``corpus``, ``forms``, ``significance`` and ``verified`` are
campaigns with options of their own: see their ``--help``.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import jax

from benchmarks import elementary, linalg, network
from benchmarks.harness import (
    Comparison,
    conditions,
    figure_lines,
    keep_memory,
    table,
    write_json,
)

GROUPS: dict[str, Callable[[], Iterable[Comparison]]] = {
    "arithmetic": elementary.arithmetic,
    "elementary": elementary.elementary,
    "linalg": linalg.linalg,
    "network": network.network_enclosure,
}


def main(arguments: Sequence[str] | None = None) -> int:
    given = sys.argv[1:] if arguments is None else list(arguments)
    if given[:1] == ["soundness"]:
        from benchmarks import soundness  # needs the oracles, which timings do without

        return soundness.main(given[1:])
    if given[:1] == ["forms"]:
        from benchmarks import forms  # needs Arb

        return forms.main(given[1:])
    if given[:1] == ["corpus"]:
        from benchmarks import corpus  # needs mpmath

        return corpus.main(given[1:])
    if given[:1] == ["significance"]:
        from benchmarks import significance

        return significance.main(given[1:])
    if given[:1] == ["verified"]:
        from benchmarks import verified

        return verified.main(given[1:])
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("group", nargs="*", help=f"any of {', '.join(GROUPS)}; all by default")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the timings there as well")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a limit is exceeded")
    options = parser.parse_args(given)
    unknown = sorted(set(options.group) - set(GROUPS))
    if unknown:
        parser.error(f"unknown group {unknown[0]!r}; choose from {', '.join(GROUPS)}")
    keep_memory()
    jax.config.update("jax_enable_x64", True)
    print(conditions(), flush=True)
    comparisons = []
    for name in options.group or GROUPS:
        for comparison in GROUPS[name]():
            print(table([comparison]), flush=True)
            comparisons.append(comparison)
    figures = elementary.elementary_figures(comparisons)
    if not options.group or "network" in options.group:
        figures.append(network.gradient_figure())
    print(figure_lines(figures), flush=True)
    if options.json:
        write_json(options.json, comparisons, figures)
    within = [t.within_limit for c in comparisons for t in c.timings]
    within += [f.within_limit for f in figures]
    return int(options.check and not all(within))


if __name__ == "__main__":
    sys.exit(main())
