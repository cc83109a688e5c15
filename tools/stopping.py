"""How work that waits for others is cut off when its run is to stop, without knowing who stops it.

Ctrl-C is noticed by the main thread, a model is awaited in another one, and nothing in Python wakes
that: so what may take long runs in a thread of its own, and who waits for it can give it up.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")

Stop = Future[None]
"""Done when the work is to stop."""

_stop: ContextVar[Stop | None] = ContextVar("stop", default=None)


class Stopped(BaseException):
    """The run is to stop: what was awaited is given up. No fault, and not handled as one."""


@contextmanager
def stopping_at(stop: Stop) -> Iterator[None]:
    """Let what this thread (and its copied contexts) waits for be given up at a stop."""
    token = _stop.set(stop)
    try:
        yield
    finally:
        _stop.reset(token)


def check_stop() -> None:
    """Raise when the run is to stop.

    Raises:
        Stopped: It is.
    """
    stop = _stop.get()
    if stop is not None and stop.done():
        raise Stopped


def pause(seconds: float) -> None:
    """Let time pass, or less of it when the run is to stop.

    Raises:
        Stopped: It is.
    """
    wait((_stop.get() or Future(),), timeout=seconds)
    check_stop()


def awaited(make: Callable[[], T]) -> T:
    """Return what `make` returns, or give up waiting for it when the run is to stop.

    What is given up goes on in its thread until it ends by itself or the process does.

    Raises:
        Stopped: The run is to stop.
    """
    stop = _stop.get()
    if stop is None:
        return make()
    check_stop()
    made = background(make)
    both: tuple[Future[Any], ...] = (made, stop)
    wait(both, return_when=FIRST_COMPLETED)
    if not made.done():
        raise Stopped
    return made.result()


def background(make: Callable[[], T]) -> Future[T]:
    """Run something in a thread that does not keep the process alive; with this context."""
    made: Future[T] = Future()

    def work() -> None:
        try:
            made.set_result(make())
        except BaseException as fault:  # noqa: BLE001  # handed to whoever waits, as by an executor
            made.set_exception(fault)

    Thread(target=copy_context().run, args=(work,), daemon=True).start()
    return made
