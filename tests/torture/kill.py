"""Kills a process that lives a life: at a point that it passes, or from outside at some instant.

Processes are forked from a warm one, which costs tens of milliseconds instead of a second. What
they open, they open after the fork.
"""

import json
import os
import select
import signal
import sqlite3
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Engine, event

from tests.torture.acts import Passes
from tests.torture.life import live, now
from tests.torture.place import Place
from tools.contract import Clock

PATIENCE_SECONDS = 90
"""A life that takes longer hangs."""


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass(slots=True)
class Fuse:
    """Does something bad when this process passes a point for the nth time: `after commit#3`."""

    point: str = ""
    act: Callable[[], None] = _die
    struck: bool = False
    passed: Counter[str] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)

    def passes(self, name: str) -> None:
        """Tell that the process is at a point now."""
        with self._lock:
            self.passed[name] += 1
            due = self.point == f"{name}#{self.passed[name]}"
            self.struck = self.struck or due
        if due:
            self.act()


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

    struck: bool
    """Whether it was killed, or met with what was to befall it."""
    fault: str = ""
    """Why it failed, if it did; a traceback."""
    kinds: tuple[str, ...] = ()
    """What kinds of error that was, the narrowest first."""
    heads: tuple[str, ...] = ()
    """See `life.live`; only of one that was not killed."""
    passed: dict[str, int] = field(default_factory=dict)
    """How often it passed each point; the same."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What a process is to do, and what befalls it meanwhile.

    Its `kill` is a point (`after commit#3`) or a time (`12.5 ms`); there is none when it is empty.
    """

    place: Place
    stages: Sequence[str]
    kill: str = ""
    act: Callable[[], None] = _die
    """What happens at the point."""
    clock: Clock = now
    times: int = 1
    """How often it does the stages."""


def lived(trial: Trial) -> Ended:
    """Let a process do it, and wait for its end."""
    return ended(begun(trial))


@dataclass(frozen=True, slots=True)
class Process:
    """A process at work."""

    number: int
    told: Path
    """The file in which it says how it ended."""
    seconds: float | None
    """When it is killed."""


def begun(trial: Trial) -> Process:
    """Let a process do it."""
    at_time = trial.kill.endswith(" ms")
    seconds = float(trial.kill.removesuffix(" ms")) / 1000 if at_time else None
    handle, name = tempfile.mkstemp(dir=trial.place.root.parent, suffix=".told")
    os.close(handle)
    child = os.fork()
    if child == 0:
        _be(trial, Fuse("" if at_time else trial.kill, trial.act), Path(name))
    return Process(child, Path(name), seconds)


def ended(process: Process) -> Ended:
    """Wait for the end of a process, or kill it when its time has come."""
    if process.seconds is not None:
        _kill_after(process.number, process.seconds)
    _, status = os.waitpid(process.number, 0)
    said = process.told.read_text()
    process.told.unlink()
    if os.WIFSIGNALED(status):
        killed = os.WTERMSIG(status) == signal.SIGKILL
        return Ended(killed, "" if killed else f"it hung for {PATIENCE_SECONDS} s")
    return Ended(**json.loads(said))


def gone(process: Process) -> bool:
    """Tell whether a process has ended."""
    return os.waitid(os.P_PID, process.number, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _kill_after(child: int, seconds: float) -> None:
    """Kill a process, unless it ends before."""
    handle = os.pidfd_open(child)
    try:
        if not select.select([handle], [], [], seconds)[0]:
            os.kill(child, signal.SIGKILL)
    finally:
        os.close(handle)


def _be(trial: Trial, fuse: Fuse, told: Path) -> None:
    """Be the process that is killed; never returns."""
    said: dict[str, Any] = {}
    try:
        signal.alarm(PATIENCE_SECONDS)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        watch(fuse.passes)
        said["heads"] = live(
            trial.place, trial.stages, fuse.passes, clock=trial.clock, times=trial.times
        )
    except BaseException as fault:  # noqa: BLE001  # the parent is told, whatever it was
        said["fault"] = traceback.format_exc()
        said["kinds"] = [kind.__name__ for kind in type(fault).__mro__]
    finally:
        try:
            told.write_text(json.dumps(said | {"struck": fuse.struck, "passed": fuse.passed}))
        finally:  # whatever happens, this process never does what is its parent's
            os._exit(0)
