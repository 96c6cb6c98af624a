"""Work shared out to processes."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import jax

Task = TypeVar("Task")
Result = TypeVar("Result")


def results(work: Callable[[Task], Result], tasks: Sequence[Task], jobs: int) -> Iterator[Result]:
    """What a function of a module returns for each of the tasks, as it comes."""
    if jobs == 1:
        yield from map(work, tasks)
        return
    context = multiprocessing.get_context("spawn")
    with context.Pool(jobs, _start, (context.Value("i", 0),)) as pool:
        yield from pool.imap_unordered(work, tasks)


def _start(counter: Any) -> None:
    """One core for each process: XLA would start as many threads as it finds cores."""
    with counter.get_lock():
        index, counter.value = counter.value, counter.value + 1
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[index % len(cores)]})
    jax.config.update("jax_enable_x64", True)
