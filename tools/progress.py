"""How a tool that works for long says how far it is, without knowing who listens."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_listener: ContextVar[Callable[[str], None] | None] = ContextVar("progress_listener", default=None)


def report(text: str) -> None:
    """Tell the listener, if any, what is being done now; one short line."""
    listener = _listener.get()
    if listener is not None:
        listener(text)


@contextmanager
def listening(listener: Callable[[str], None]) -> Iterator[None]:
    """Send the reports of this thread (and its copied contexts) to a listener."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
