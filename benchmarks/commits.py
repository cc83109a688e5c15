"""Counts commits: transactions that changed something, each of which waits for the disk."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

KEEPER = "surefoot-keeper"
"""The thread that commits what has waited long enough: its commits depend on the clock alone."""

_OF_LANGGRAPH = re.compile(r"INSERT OR \w+ INTO (checkpoints|writes) ")


class Commits:
    """Counts on every connection that it listens to."""

    def __init__(self) -> None:
        self.count = 0
        """Commits that somebody waited for."""
        self.late = 0
        """Commits of what nobody waited for."""
        self.checkpoints = 0
        """Checkpoints, and what nodes wrote beside them, that were written for the former."""

    def listen(
        self, connection: Any, _record: object = None
    ) -> None:  # sqlite3's, or a wrapper of it
        """Count the commits of a connection from now on."""
        changed, before = False, ""

        def note(statement: str) -> None:
            nonlocal changed, before
            # For each statement of a trigger, SQLite names the one that fired it again.
            if statement != before and _OF_LANGGRAPH.match(statement) and not _by_keeper():
                self.checkpoints += 1
            before = statement
            word = statement.split(maxsplit=1)[0].upper()
            if word in {"INSERT", "UPDATE", "DELETE", "REPLACE"}:
                changed = True
            elif word in {"COMMIT", "ROLLBACK"}:
                self._count(committed=changed and word == "COMMIT")
                changed, before = False, ""

        connection.set_trace_callback(note)

    def _count(self, *, committed: bool) -> None:
        if _by_keeper():
            self.late += committed
        else:
            self.count += committed


@contextmanager
def counted() -> Iterator[Commits]:
    """Count the commits of all stores that are opened inside."""
    commits = Commits()
    event.listen(Engine, "connect", commits.listen)
    try:
        yield commits
    finally:
        event.remove(Engine, "connect", commits.listen)


def _by_keeper() -> bool:
    return threading.current_thread().name == KEEPER
