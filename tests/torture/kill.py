"""Kills a process that lives a life: at a point that it passes, or from outside at some instant.

Processes are forked from a warm one, which costs tens of milliseconds instead of a second. What
they open, they open after the fork.
"""

import json
import os
import select
import signal
import sqlite3
import traceback
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Engine, event

from tests.torture.acts import Passes
from tests.torture.life import live
from tests.torture.place import Place

PATIENCE_SECONDS = 90
"""A life that takes longer hangs."""


@dataclass(slots=True)
class Fuse:
    """Kills this process when it passes a point for the nth time: `after commit#3`."""

    point: str = ""
    passed: Counter[str] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)

    def passes(self, name: str) -> None:
        """Tell that the process is at a point now."""
        with self._lock:
            self.passed[name] += 1
            if self.point == f"{name}#{self.passed[name]}":
                os.kill(os.getpid(), signal.SIGKILL)


def watch(passes: Passes) -> None:
    """Pass a point around each statement that this process sends to the database of a store."""

    def connecting(dialect: Any, _record: Any, _args: Any, options: dict[str, Any]) -> None:
        if dialect.name == "sqlite":
            options["factory"] = _watched_sqlite(passes)
        else:
            options["cursor_factory"] = _watched_postgres(passes)

    event.listen(Engine, "do_connect", connecting)


def _around(passes: Passes, run: Any, statement: Any, values: Sequence[Any], named: Any) -> Any:
    commits = isinstance(statement, str) and statement.lstrip().upper().startswith("COMMIT")
    passes("statement")
    if commits:
        passes("before commit")
    done = run(statement, *values, **named)
    if commits:
        passes("after commit")
    return done


def _watched_sqlite(passes: Passes) -> type[sqlite3.Connection]:
    class Cursor(sqlite3.Cursor):
        def execute(self, statement: str, *values: Any) -> Any:
            return _around(passes, super().execute, statement, values, {})

        def executemany(self, statement: str, *values: Any) -> Any:
            return _around(passes, super().executemany, statement, values, {})

    class Connection(sqlite3.Connection):
        def cursor(self, *_: Any, **__: Any) -> Any:
            return super().cursor(Cursor)

        def execute(self, statement: str, *values: Any) -> Any:
            return self.cursor().execute(statement, *values)

    return Connection


def _watched_postgres(passes: Passes) -> Any:
    import psycopg  # noqa: PLC0415  # an extra

    class Cursor(psycopg.Cursor[Any]):
        def execute(self, query: Any, *values: Any, **named: Any) -> Any:
            return _around(passes, super().execute, query, values, named)

        def executemany(self, query: Any, *values: Any, **named: Any) -> Any:
            return _around(passes, super().executemany, query, values, named)

    return Cursor


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended."""

    killed: bool
    fault: str = ""
    """Why it failed, if it did; a traceback."""
    heads: tuple[str, ...] = ()
    """See `life.live`; only of one that was not killed."""
    passed: dict[str, int] = field(default_factory=dict)
    """How often it passed each point; the same."""


def lived(place: Place, stages: Sequence[str], *, kill: str = "", times: int = 1) -> Ended:
    """Let a process do these stages, and kill it.

    Args:
        place: The world.
        stages: See `life.STAGES`.
        kill: A point (`after commit#3`) or a time (`12.5 ms`); never when empty.
        times: How often it does them.
    """
    told = place.root.with_suffix(".told")
    at_time = kill.endswith(" ms")
    child = os.fork()
    if child == 0:
        _be(place, stages, Fuse("" if at_time else kill), told, times)
    if at_time:
        _kill_after(child, float(kill.removesuffix(" ms")) / 1000)
    _, status = os.waitpid(child, 0)
    said = json.loads(told.read_text()) if told.exists() else {}
    told.unlink(missing_ok=True)
    if os.WIFSIGNALED(status):
        killed = os.WTERMSIG(status) == signal.SIGKILL
        return Ended(killed, "" if killed else f"it hung for {PATIENCE_SECONDS} s")
    return Ended(killed=False, **said)


def _kill_after(child: int, seconds: float) -> None:
    """Kill a process, unless it ends before."""
    handle = os.pidfd_open(child)
    try:
        if not select.select([handle], [], [], seconds)[0]:
            os.kill(child, signal.SIGKILL)
    finally:
        os.close(handle)


def _be(place: Place, stages: Sequence[str], fuse: Fuse, told: Path, times: int) -> None:
    """Be the process that is killed; never returns."""
    said: dict[str, Any] = {}
    try:
        signal.alarm(PATIENCE_SECONDS)
        watch(fuse.passes)
        said["heads"] = live(place, stages, fuse.passes, times=times)
        said["passed"] = fuse.passed
    except BaseException:  # noqa: BLE001  # the parent is told, whatever it was
        said["fault"] = traceback.format_exc()
    finally:
        with closing(told.open("w")) as page:
            page.write(json.dumps(said))
        os._exit(0)
