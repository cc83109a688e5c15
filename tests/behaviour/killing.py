"""Kills this process at a point that somebody named: for processes that exist to be killed."""

import os
import signal
from typing import Any

import psycopg

from checkpoints.store import Store


class Fuse:
    """Kills this process when it passes a point for the nth time; 0 is never."""

    def __init__(self, point: str, number: int) -> None:
        self.point = point
        self.left = number

    def passes(self, point: str) -> None:
        if point != self.point:
            return
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, store: Store) -> None:
        """Pass what the store says to its database, by the first word: BEGIN, COMMIT, VACUUM."""
        if store._writer.database.path is not None:
            store._writer.driver.set_trace_callback(lambda told: self.passes(_verb(told)))
            return
        execute = psycopg.Connection.execute

        def watched(connection: Any, query: Any, *args: Any, **options: Any) -> Any:
            self.passes(_verb(str(query)))
            return execute(connection, query, *args, **options)

        psycopg.Connection.execute = watched  # type: ignore[method-assign, assignment]  # the last wish of this process


def _verb(statement: str) -> str:
    return statement.split(maxsplit=1)[0].rstrip(";") if statement.strip() else ""
