"""Sees to it that one process at a time advances a run, because no saver locks a thread.

A holder on this host keeps its lease as long as it lives, however long a node takes; whether it
lives, the kernel tells. Of a holder on another host nothing is known but its last sign of life:
there a node that takes longer than `TTL` can lose its lease.
"""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from checkpoints.claims import Claims
from checkpoints.faults import copied
from checkpoints.newest import Newest
from checkpoints.schema import leases, stamp
from checkpoints.writer import Writer
from tools.contract import Clock
from tools.errors import RunBusy, StoreFault
from tools.stopping import pause

TTL: Final = timedelta(seconds=300)
"""How long a lease holds, unless it is renewed, where its holder cannot be seen to live."""

POLL_SECONDS: Final = 0.5
"""How often it is looked whether a run that is waited for is free."""

_FREE: Final = ""

# Built once: building a statement takes longer than running it.
_LOOK: Final = select(leases).where(leases.c.run == bindparam("of"))
_FIND: Final = _LOOK.with_for_update()
_MINE: Final = (leases.c.run == bindparam("of")) & (leases.c.owner == bindparam("by"))
_RELEASE: Final = update(leases).where(_MINE).values(owner=_FREE)
_RENEW: Final = (
    update(leases)
    .where(_MINE, leases.c.fence == bindparam("now"))
    .values(expires_at=bindparam("until"))
)


@dataclass(frozen=True, slots=True)
class Process:
    """A process of this machine, told apart from a later one with the same number."""

    host: str
    """Host name, and the space in which process numbers are counted."""
    pid: int
    started: str
    """When it started, in the kernel's words; empty where that cannot be known."""


def this_process() -> Process:
    """Return the process that runs this code."""
    pid = os.getpid()
    return Process(host=_host(), pid=pid, started=_started(pid) or "")


class LeaseTable:
    """The `Leases` of a store.

    Args:
        writer: The store's connection.
        clock: The present.
        owner: Who takes leases; two stores of one process are two owners.
        leave: Ends what was kept of a run for as long as its lease is held.
    """

    def __init__(
        self, writer: Writer, clock: Clock, owner: str, *, leave: Callable[[Connection, str], None]
    ) -> None:
        self._leave = leave
        self._writer = writer
        self._clock = clock
        self._owner = owner
        self._process = this_process()
        self._claims = Claims()
        self._nodes = Claims()
        self._newest = Newest(writer)
        self._holdings: set[str] = set()
        self._until: dict[str, datetime] = {}

    @contextmanager
    def holding(
        self,
        run: str,
        *,
        wait: float = 0.0,
        told: Callable[[RunBusy], object] = lambda _: None,
    ) -> Iterator[None]:
        """Keep everyone else off a run, in this process too, and give its lease back at the end.

        Inside another `holding` of the same caller it is a part of that one.

        Args:
            run: Its whole name.
            wait: For how many seconds whoever holds it now is waited for.
            told: Called once when it is waited.

        Raises:
            RunBusy: Another living owner holds it, or another handle of this process.
            StoreFault: What was written meanwhile was lost in the end.
        """
        if self._claims.is_mine(run):
            yield
            return
        with self._hold(run, wait, told):
            self._holdings.add(run)
            with ExitStack() as on_failure:
                on_failure.callback(self._let_go, run)
                on_failure.callback(self._holdings.discard, run)
                yield
                on_failure.pop_all()
            self._holdings.discard(run)
            self.release(run)

    def _hold(
        self, run: str, seconds: float, told: Callable[[RunBusy], object]
    ) -> AbstractContextManager[object]:
        """Claim a run and take its lease, as soon as that can be had."""
        until = monotonic() + seconds
        waits = False
        while True:
            try:
                with ExitStack() as held:
                    held.enter_context(self._claims.of(run))
                    self.acquire(run)
                    return held.pop_all()
            except RunBusy as busy:
                left = until - monotonic()
                if left <= 0:
                    raise
                if not waits:
                    told(busy)
                waits = True
                pause(min(left, POLL_SECONDS))

    def acquire(self, run: str) -> int:
        """Take or renew the run's lease for 300 s; return its fencing number.

        The number grows whenever the lease changes hands. From here to the release, all that this
        store writes about the run is refused once another has taken the lease.

        Raises:
            RunBusy: Another living owner holds it, or another handle of this process; or the caller
                is a node, and its run has gone on from a newer checkpoint.
            StoreFault: The caller is a node, and the checkpoint that it works from was lost.
        """
        self._claims.check(run)
        lost = self._writer.lost.get(run)
        if lost is not None:
            self._look_anew(run, lost)
        fence = self._fence(run)
        with self._writer.read() as connection:
            self._newest.check(connection, run)
        return fence

    def _look_anew(self, run: str, lost: StoreFault) -> None:
        """Let a run go on after a loss, unless the caller still believes in what was lost."""
        with self._writer.read() as connection:
            if self._newest.was_lost(connection, run):
                raise copied(lost)
        self._writer.lost.pop(run, None)

    def is_held(self, run: str) -> bool:
        """Tell whether somebody who lives, as far as that can be known, holds the run."""
        with self._writer.read() as connection:
            row = connection.execute(_LOOK, {"of": run}).first()
        return row is not None and self._is_held(row, self._clock())

    def held_runs(self) -> list[str]:
        """Return the runs that somebody who lives, as far as that can be known, holds."""
        query = select(leases).where(leases.c.owner != _FREE).order_by(leases.c.run)
        with self._writer.read() as connection:
            rows = connection.execute(query).all()
        now = self._clock()
        return [row.run for row in rows if self._is_held(row, now)]

    @contextmanager
    def node(self, run: str) -> Iterator[None]:
        """Let one node at a time work on a run, and give the lease back when it fails.

        Two graphs that go on from one checkpoint in lockstep, through one store, are told apart
        by nothing else.

        Raises:
            RunBusy: A node of the run is at work in this process.
            StoreFault: The node looked for something that was lost meanwhile.
        """
        with self._nodes.of(run), ExitStack() as on_failure:
            on_failure.callback(self._let_go, run)
            try:
                yield
            except LookupError as fault:
                lost = self._writer.lost.get(run)
                if lost is None:
                    raise
                raise copied(lost) from fault
            on_failure.pop_all()

    def release(self, run: str) -> None:
        """Give the lease back; no-op when it is not ours, or when a `holding` will do it.

        Raises:
            StoreFault: What was written about the run is lost.
        """
        if run in self._holdings or self._claims.is_others(run):
            return
        with self._writer.write(urgent=True) as connection:
            self._leave(connection, run)
            connection.execute(_RELEASE, {"of": run, "by": self._owner})
            self._writer.held.pop(run, None)
            self._until.pop(run, None)
            lost = self._writer.lost.get(run)
        if lost is not None:
            raise copied(lost)

    def release_all(self) -> None:
        """Give back every lease of this owner."""
        for run in list(self._writer.held):
            self.release(run)

    def renew(self) -> None:
        """Give every lease that is held its full time again."""
        now = self._clock()
        with self._writer.write() as connection:
            for run, fence in self._writer.held.items():
                values = {"of": run, "by": self._owner, "now": fence, "until": stamp(now + TTL)}
                if connection.execute(_RENEW, values).rowcount:
                    self._until[run] = now + TTL

    def _let_go(self, run: str) -> None:
        # What went wrong matters more than a lease that cannot be given back; it runs out.
        with suppress(StoreFault):
            self.release(run)

    def _fence(self, run: str) -> int:
        now = self._clock()
        held = self._writer.held.get(run)
        if held is not None and self._until[run] >= now + TTL * 2 / 3:
            return held
        with self._writer.write(urgent=True) as connection:
            fence = self._take(connection, run, now)
            self._writer.held[run] = fence
            self._until[run] = now + TTL
        return fence

    def _take(self, connection: Connection, run: str, now: datetime) -> int:
        row = _row(connection, run)
        ours = row is not None and row.owner == self._owner
        if row is not None and not ours and self._is_held(row, now):
            self._writer.held.pop(run, None)
            raise _busy(row)
        # One that is ours but not held was lost: what was written under its number is not ours.
        same = ours and run in self._writer.held
        fence = int(row.fence) + (0 if same else 1) if row is not None else 1
        values = {
            "owner": self._owner,
            "host": self._process.host,
            "pid": self._process.pid,
            "started": self._process.started,
            "fence": fence,
            "since": row.since if row is not None and ours else stamp(now),
            "expires_at": stamp(now + TTL),
        }
        if row is None:
            connection.execute(insert(leases).values(run=run, **values))
        else:
            connection.execute(update(leases).where(leases.c.run == run).values(**values))
        return fence

    def _is_held(self, row: Row[Any], now: datetime) -> bool:
        if row.owner == _FREE:
            return False
        fresh = bool(row.expires_at > stamp(now))
        if row.host != self._process.host:
            return fresh
        # Without a start time, a later process of the same number would hold it for ever.
        return _lives(row.pid, row.started) and (fresh or bool(row.started))


def _row(connection: Connection, run: str) -> Row[Any] | None:
    return connection.execute(_FIND, {"of": run}).first()


def _busy(row: Row[Any]) -> RunBusy:
    host = row.host.split()[0]
    return RunBusy(
        f"Run {row.run!r} is held by process {row.pid} on {host!r} since {row.since}.",
        advice=(
            "Wait until that process has finished, or end it and try again; on another host "
            f"its hold ends at {row.expires_at} without a sign of life."
        ),
    )


def _host() -> str:
    try:
        space = Path("/proc/self/ns/pid").readlink().name
    except OSError:
        space = "-"
    return f"{socket.gethostname()} {space}"


def _lives(pid: int, started: str) -> bool:
    """Tell whether a process of this host is the one that took the lease, and not yet dead."""
    if started:
        return _started(pid) == started
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _started(pid: int) -> str | None:
    """Return when a living process started, in ticks since boot; None when that is unknown."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The name before the last parenthesis may hold spaces; then come state and, 19 on, the start.
    state, *rest = text.rpartition(")")[2].split()
    return None if state in "ZX" else rest[18]
