"""Each measurement in a forked process: imports are done, memory and caches are nobody else's."""

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import TypeVar

T = TypeVar("T")


def forked(measure: Callable[[], T]) -> T:
    """Return what a function returns in a process of its own.

    Raises:
        RuntimeError: It ended without an answer; what it printed says why.
    """
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    child = context.Process(target=_work, args=(measure, theirs))
    child.start()
    theirs.close()
    try:
        found: T = ours.recv()
    except EOFError as ended:
        raise RuntimeError("The measurement failed.") from ended
    finally:
        child.join()
        ours.close()
    return found


def _work(measure: Callable[[], T], answer: Connection) -> None:
    answer.send(measure())
