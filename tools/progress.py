"""How work that takes long says what happens in it, without knowing who listens."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from pydantic import JsonValue

from tools.contract import JsonObject

Listener = Callable[[JsonObject], None]
"""Receives events: `{"kind": "progress" | "degraded" | ..., ...}`."""

_listener: ContextVar[Listener | None] = ContextVar("progress_listener", default=None)


def announce(kind: str, **told: JsonValue) -> None:
    """Tell the listener, if any, what happened; kinds are those of a run's events."""
    listener = _listener.get()
    if listener is not None:
        listener({"kind": kind, **told})


def report(text: str) -> None:
    """Tell the listener, if any, what is being done now; one short line."""
    announce("progress", text=text)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Send what this thread (and its copied contexts) tells to a listener."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
