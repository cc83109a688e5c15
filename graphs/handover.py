"""Runs an iterator in a thread of its own, so that whoever consumes it can always be interrupted.

Python gives Ctrl-C to the main thread only, and a main thread that runs a graph is not free to stop
it. The two go in step: the iterator goes on when the next item is asked for.
"""

from collections.abc import Generator
from concurrent.futures import Future, wait
from contextlib import closing
from queue import SimpleQueue
from threading import Semaphore
from typing import TypeVar

from tools.stopping import Stop, background, stopping_at

T = TypeVar("T")


def handed_over(source: Generator[T]) -> Generator[T]:
    """Yield what a generator yields; an exception of it reaches the consumer.

    Leaving the loop (Ctrl-C, `break` and `close()`, any exception) stops the generator where that
    is safe: a model is no longer waited for, an action that runs is. Only then is it left.
    """
    items: SimpleQueue[list[T]] = SimpleQueue()
    stop: Stop = Future()
    wanted = Semaphore(0)

    def pump() -> None:
        with stopping_at(stop), closing(source):
            for item in source:
                items.put([item])
                wanted.acquire()
                if stop.done():
                    return

    ended = background(pump)
    ended.add_done_callback(lambda _: items.put([]))
    try:
        while batch := items.get():
            yield batch[0]
            wanted.release()
        ended.result()
    finally:
        stop.set_result(None)
        wanted.release()
        wait((ended,))
