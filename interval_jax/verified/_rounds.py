"""The loop of all searches: rounds until nothing is left to do, or a limit is reached."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

__all__ = ["Progress", "Rounds", "run"]


class Progress(NamedTuple):
    """What a callback is told after every round of a search."""

    evaluated: int
    """Boxes evaluated so far."""
    remaining: int
    """Boxes still to be looked at."""
    gap: float
    """Distance between the proven bounds; of roots, the width of the widest box left."""
    seconds: float
    """Since the start."""


class Rounds(Protocol):
    """A search whose state is an answer after every round, a better one each time."""

    @property
    def evaluated(self) -> int:
        """How many boxes were evaluated."""

    @property
    def remaining(self) -> int:
        """How many boxes are still to be looked at; none if the answer is good enough."""

    @property
    def gap(self) -> float:
        """As of :class:`Progress`."""

    def start(self) -> None:
        """What comes before the first round."""

    def round(self) -> None:
        """Look at some boxes."""


def run(
    search: Rounds,
    max_boxes: int,
    max_seconds: float | None,
    callback: Callable[[Progress], Any] | None,
) -> None:
    """Do rounds until nothing remains, a limit is exceeded, or the callback returns ``True``."""
    began = time.monotonic()
    search.start()
    while search.remaining and search.evaluated < max_boxes:
        if max_seconds is not None and time.monotonic() - began > max_seconds:
            break
        search.round()
        if callback is not None:
            seconds = time.monotonic() - began
            if callback(Progress(search.evaluated, search.remaining, search.gap, seconds)):
                break
