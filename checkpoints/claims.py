"""Sees to it that one handle at a time works on a run within this process.

Leases tell processes apart; two handles on one store are one process to them.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Final

from tools.errors import RunBusy

_TOKENS: Final[ContextVar[frozenset[str]]] = ContextVar("claims", default=frozenset())
"""The claims of this thread, and of those that it starts with a copy of its context."""


class Claims:
    """Who in this process works on which run."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._tokens: dict[str, str] = {}

    def is_mine(self, run: str) -> bool:
        """Tell whether the caller's own advance, undo or node has claimed the run."""
        return self._tokens.get(run) in _TOKENS.get()

    def is_others(self, run: str) -> bool:
        """Tell whether another than the caller has claimed the run."""
        return run in self._tokens and not self.is_mine(run)

    def check(self, run: str) -> None:
        """Raise when another than the caller has claimed the run.

        Raises:
            RunBusy: Another has.
        """
        if self.is_others(run):
            raise RunBusy(
                f"Run {run!r} is being advanced or undone in this process already.",
                advice="Wait until that is done.",
            )

    @contextmanager
    def of(self, run: str) -> Iterator[None]:
        """Claim a run; part of the claim outside when the caller has claimed it already.

        Raises:
            RunBusy: Another has claimed it.
        """
        if self.is_mine(run):
            yield
            return
        token = uuid.uuid4().hex
        with self._lock:
            self.check(run)
            self._tokens[run] = token
        before = _TOKENS.set(_TOKENS.get() | {token})
        try:
            yield
        finally:
            _TOKENS.reset(before)
            with self._lock:
                del self._tokens[run]
