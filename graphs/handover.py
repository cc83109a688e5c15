"""Runs work in a thread of its own, so that whoever follows it can always be interrupted.

Python gives Ctrl-C to the main thread only, and a main thread that runs a graph is not free to stop
it. The two go in step: the work goes on when what it told was taken and more is asked for.
"""

from collections.abc import Callable, Generator
from concurrent.futures import Future, wait
from contextlib import closing
from queue import SimpleQueue
from threading import Semaphore
from typing import TypeVar

from tools.stopping import Stop, background, stopping_at

T = TypeVar("T")

Work = Callable[[Callable[[T], None]], Generator[None]]
"""Tells items, from any thread and at any time; yields where it may be left."""


def handed_over(work: Work[T]) -> Generator[T]:
    """Yield what work tells while it does; an exception of it reaches the consumer.

    Leaving the loop (Ctrl-C, `break` and `close()`, any exception) stops the work where that is
    safe: a model is no longer waited for, an action that runs is. Only then is it left.
    """
    items: SimpleQueue[list[T] | None] = SimpleQueue()
    stop: Stop = Future()
    wanted = Semaphore(0)
    silent = True

    def tell(item: T) -> None:
        nonlocal silent
        silent = False
        items.put([item])

    def pump() -> None:
        nonlocal silent
        with stopping_at(stop), closing(work(tell)) as pauses:
            for _ in pauses:
                if not silent:
                    silent = True
                    items.put([])
                    wanted.acquire()
                if stop.done():
                    return

    ended = background(pump)
    ended.add_done_callback(lambda _: items.put(None))
    try:
        while (batch := items.get()) is not None:
            yield from batch
            if not batch:
                wanted.release()
        ended.result()
    finally:
        stop.set_result(None)
        wanted.release()
        wait((ended,))
