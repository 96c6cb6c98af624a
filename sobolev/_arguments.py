"""The command line's grammar: commands, options, help and examples."""

from __future__ import annotations

import argparse
from pathlib import Path

from sobolev.presets import PRESETS
from sobolev.significance import AGGREGATIONS, DEFINITIONS, METHODS

_EXAMPLES = """\
examples:
  sobolev run --preset quick --out demo          the whole job, then open demo/report.html
  sobolev run --preset paper --out paper --resume   go on where an interrupted run stopped
  sobolev train --preset quick --out steps       the same job step by step:
  sobolev significance steps
  sobolev prune steps
  sobolev finetune steps
  sobolev export steps
  sobolev report steps
  sobolev significance net.onnx --box 0.5 1.5    rank the neurons of any network
  sobolev significance net.onnx --box 0.5 1.5 --method taylor --cells 256
  sobolev significance net.onnx --around data.npy   near data only
  sobolev prune net.onnx --box 0.5 1.5 --keep 16 --out small.onnx
"""


def parser() -> argparse.ArgumentParser:
    """Returns the parser; the result holds the name of the command as `command`."""
    top = argparse.ArgumentParser(
        prog="sobolev",
        description="Train a neural pricing surrogate with its derivatives, find out by interval "
        "adjoints which neurons matter, remove the others, fine-tune, export and report.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        added.set_defaults(command=name)
        added.add_argument("--json", action="store_true", help="print the results as JSON")
        return added

    for name, text in (
        ("run", "do the whole job and write report, metrics and ONNX files"),
        ("train", "make a run directory, simulate the labels, train the dense network"),
    ):
        added = add(name, text)
        added.add_argument(
            "--preset",
            choices=sorted(PRESETS),
            default="quick",
            help="quick: minutes; paper: the published experiment (default: quick)",
        )
        added.add_argument(
            "--out", type=Path, required=True, metavar="DIR", help="the run directory"
        )
        added.add_argument(
            "--seed", type=int, default=0, help="of labels, weights and their order (default: 0)"
        )
        added.add_argument(
            "--dtype",
            choices=("float64", "float32"),
            default="float64",
            help="of labels and networks (default: float64)",
        )
        added.add_argument(
            "--resume", action="store_true", help="go on with the run that --out already holds"
        )
        added.add_argument(
            "--labels",
            type=Path,
            metavar="FILE",
            help="an .npz file with x (n, 7), y (n,), dydx (n, 7) to train on instead of "
            "simulated labels",
        )

    added = add("significance", "score neurons by interval adjoints on a box")
    _add_source(added, "run directory, .onnx file, or .npz network of a run")
    _add_box(added)
    added.add_argument(
        "--parts",
        type=int,
        default=1,
        metavar="P",
        help="cut every input's range into P parts: tighter, still proven, P**inputs times slower",
    )
    added.add_argument(
        "--cells",
        type=int,
        metavar="N",
        help="instead, cut the box into at most N cells where the network varies most: still "
        "proven, N times slower",
    )
    added.add_argument(
        "--method",
        choices=METHODS,
        default="natural",
        help="intervals, or forms that see what cancels: far tighter in deep networks, after a "
        "minute of compilation for 6 layers (default: natural)",
    )
    added.add_argument(
        "--order", type=int, metavar="K", help="degree for method taylor (default: 2)"
    )
    added.add_argument(
        "--aggregation",
        choices=AGGREGATIONS,
        default="union",
        help="of scores over several boxes: that of the joined ranges, the greatest, or the mean "
        "(default: union)",
    )
    added.add_argument(
        "--around",
        type=Path,
        metavar="DATA",
        help="analyse small boxes around points instead of a box: a .npy file of shape (n, "
        "inputs), or an .npz file with x of that shape",
    )
    added.add_argument(
        "--width",
        type=float,
        metavar="W",
        help="of the boxes of --around, over the range of the points (default: chosen)",
    )
    added.add_argument(
        "--samples",
        type=int,
        metavar="N",
        help="use ranges seen on N random points instead of proven ones, for comparison",
    )
    added.add_argument(
        "--top", type=int, default=20, metavar="N", help="rows of the ranking (default: 20; 0: all)"
    )

    added = add("prune", "remove the least significant neurons")
    _add_source(added, "run directory, .onnx file, or .npz network of a run")
    _add_box(added)
    added.add_argument(
        "--keep",
        nargs="+",
        metavar="K",
        help="files only: neurons to keep, a count or a fraction such as 0.25, one for all hidden "
        "layers or one for each",
    )
    added.add_argument(
        "--out", type=Path, metavar="FILE", help="files only: the .onnx file to write"
    )

    added = add("finetune", "fine-tune the pruned networks of a run, and the baselines")
    _add_directory(added)
    added = add("export", "write ONNX files of the networks of a run, or of one file")
    _add_source(added, "run directory, or .npz network of a run")
    added.add_argument(
        "--out", type=Path, metavar="FILE", help="files only: the .onnx file to write"
    )
    added = add("report", "evaluate a run, write report.html, pictures and metrics.json")
    _add_directory(added)
    return top


def _add_directory(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", type=Path, metavar="DIR", help="run directory")


def _add_source(parser: argparse.ArgumentParser, text: str) -> None:
    parser.add_argument("source", type=Path, metavar="DIR_OR_FILE", help=text)
    parser.add_argument(
        "--normalisation",
        nargs=4,
        type=float,
        metavar=("X_MEAN", "X_SCALE", "Y_MEAN", "Y_SCALE"),
        help="ONNX files that lack it: price = Y_MEAN + Y_SCALE * net((x - X_MEAN) / X_SCALE)",
    )


def _add_box(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--box",
        nargs=2,
        type=float,
        metavar=("LO", "HI"),
        help="range of every input (needed for files; run directories have one)",
    )
    parser.add_argument(
        "--definition",
        choices=DEFINITIONS,
        default="afghan_naumann",
        help="the score: wid(u) * mag(adjoint), wid(u * adjoint), or mag(u - mean) * mag(adjoint) "
        "(default: afghan_naumann)",
    )
