"""The store's one connection: who may use it when, and what is committed together.

A commit waits for the disk, and that is most of what a step costs. What a run writes while it only
thinks may be repeated after a crash, so it is deferred: it stays in the open transaction until
something that may not be repeated is committed, together with all that was written before it. A
crash thus loses a tail of thought, never a part of it and never an effect.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Condition, Lock, RLock
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from checkpoints.databases import Database
from checkpoints.faults import store_fault
from tools.errors import RunBusy, StoreFault

_PATIENCE_SECONDS = 0.01
"""How long a commit waits for the next thread's word that it may go on; only a fuse."""


class Writer:
    """Lends one connection to one thread at a time, always inside a transaction.

    Threads that want to commit at the same time share one commit. When a commit fails, what was
    deferred is lost while runs in this process believe in it: everything is refused from then on,
    until the store is opened anew.

    Args:
        database: What to connect to.

    Raises:
        StoreFault: The database cannot be used.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.held: dict[str, int] = {}
        """Fencing number of each run whose lease this store holds."""
        self.epoch = 0
        """Changes with each transaction, and when anything of one is taken back."""
        self.when_deferred: Callable[[], None] = lambda: None
        """Called when a transaction begins to wait for a commit."""
        self._lock = RLock()
        self._committed_some = Condition(self._lock)
        self._arrivals = Lock()
        self._arriving = 0
        self._depth = 0
        self._urgent = False
        self._begun = False
        self._reading = False
        self._written = 0
        self._committed = 0
        self._fenced: set[str] = set()
        self._fault: StoreFault | None = None
        self._engine = database.engine()
        self._errors = database.errors
        self._fence_query = f"SELECT fence FROM leases WHERE run = {database.mark}"
        try:
            self._connection = self._engine.connect()
        except DBAPIError as error:
            raise store_fault(error) from error

    @property
    def driver(self) -> Any:  # noqa: ANN401  # one of two drivers' connections
        """The driver's own connection; to be used inside `write` or `read` only."""
        return self._connection.connection.dbapi_connection

    @contextmanager
    def write(self, *, of: str | None = None, urgent: bool = False) -> Iterator[Connection]:
        """Lend the connection for changes; they are committed together, or none is.

        Inside another `write` of the same thread it is a part of that one: its own failure takes
        back only its own changes. The outermost one returns when its changes are committed, or,
        if none inside was urgent, defers them.

        Args:
            of: The run that is written about, if it is one. Urgent unless this store holds its
                lease, or any when it is none; refused when it held it once.
            urgent: Whether this may not be repeated or lost after a crash.

        Raises:
            RunBusy: The run's lease went to another; nothing was written.
            StoreFault: The database cannot be written.
        """
        with self._turn():
            self._begin()
            outermost = self._depth == 0
            self._urgent = self._urgent and not outermost
            with self._savepoint():
                self._check_fence(of)
                yield self._connection
            self._urgent = self._urgent or urgent or not self._may_wait(of)
            self._written += 1
            mine, wanted = self._written, outermost and self._urgent
        if wanted:
            self._commit(mine)
        elif outermost:
            self.when_deferred()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Lend the connection for queries; they see what is deferred too.

        Raises:
            StoreFault: The database cannot be read.
        """
        with self._lock, self._told():
            self._check_open()
            if self._begun or self._reading:
                yield self._connection
                return
            self.driver.execute(self.database.snapshot)
            self._reading = True
            try:
                yield self._connection
            finally:
                self._reading = False
                self._roll_back()

    @contextmanager
    def outside(self) -> Iterator[None]:
        """Hold the connection outside of any transaction, for statements that want none.

        Raises:
            StoreFault: What was deferred cannot be committed, or a statement failed.
        """
        with self._lock, self._told():
            self._check_open()
            self.flush()
            yield

    def flush(self) -> None:
        """Commit what is deferred.

        Raises:
            StoreFault: It cannot be; all of it is lost.
        """
        with self._lock:
            if self._begun and self._depth == 0:
                self._commit_all()

    def close(self) -> None:
        """Commit what is deferred and close the connection; may be called twice.

        Raises:
            StoreFault: It cannot be committed; the connection is closed all the same.
        """
        with self._lock:
            try:
                if not self._connection.closed:
                    self.flush()
            finally:
                self._connection.close()
                self._engine.dispose()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait for the connection; who wants to commit meanwhile knows that somebody comes."""
        with self._arrivals:
            self._arriving += 1
        with self._lock:
            with self._arrivals:
                self._arriving -= 1
            try:
                yield
            finally:
                if not self._arriving:
                    self._committed_some.notify_all()

    def _begin(self) -> None:
        self._check_open()
        if self._fault is not None:
            raise self._fault
        if self._begun:
            return
        if self._depth:
            raise StoreFault("The transaction was lost.", advice="Try again; nothing was kept.")
        with self._told():
            try:
                self.driver.execute(self.database.begin)
            except self._errors:
                self._roll_back()
                raise
        self._begun = True
        self.epoch += 1
        self._fenced.clear()

    @contextmanager
    def _savepoint(self) -> Iterator[None]:
        """Let a failure take back what is inside, and nothing else."""
        name = f"s{self._depth}"
        with self._told():
            self.driver.execute(f"SAVEPOINT {name}")
            self._depth += 1
            kept = False
            try:
                yield
                self.driver.execute(f"RELEASE SAVEPOINT {name}")
                kept = True
            finally:
                if not kept:
                    self._take_back(name)
                self._depth -= 1

    def _take_back(self, name: str) -> None:
        """Undo up to a savepoint; when that cannot be done, the whole transaction is lost."""
        self.epoch += 1
        try:
            self.driver.execute(f"ROLLBACK TO SAVEPOINT {name}")
            self.driver.execute(f"RELEASE SAVEPOINT {name}")
        except self._errors as error:
            self._lose(error)
        else:
            # What a failed write began alone must not keep other processes waiting.
            if self._depth == 1 and self._written == self._committed:
                self._roll_back()
                self._begun = False

    def _may_wait(self, run: str | None) -> bool:
        return bool(self.held) if run is None else run in self.held

    def _check_fence(self, run: str | None) -> None:
        """Refuse to write about a run whose lease another took; asked once per transaction."""
        if run is None or run not in self.held or run in self._fenced:
            return
        found = self.driver.execute(self._fence_query, (run,)).fetchone()
        if found is None or found[0] != self.held[run]:
            del self.held[run]
            raise RunBusy(
                f"The hold on run {run!r} went to another process; nothing more is written here.",
                advice="That process goes on with the run; `surefoot show` tells how it stands.",
            )
        self._fenced.add(run)

    def _commit(self, mine: int) -> None:
        """Return when what was written is committed, by whichever thread."""
        with self._lock:
            while self._committed < mine:
                if self._fault is not None:
                    raise self._fault
                if self._arriving:
                    self._committed_some.wait(_PATIENCE_SECONDS)
                else:
                    self._commit_all()

    def _commit_all(self) -> None:
        try:
            self.driver.execute("COMMIT")
        except self._errors as error:
            raise self._lose(error) from error
        self._begun = False
        self._committed = self._written
        self._committed_some.notify_all()

    def _lose(self, error: Exception) -> StoreFault:
        """Stop: somebody may believe in what the open transaction held."""
        lost = self._written > self._committed
        fault = store_fault(error)
        self._roll_back()
        self._begun = False
        if lost:
            self._fault = StoreFault(
                f"{fault.what} What was not committed yet is lost.",
                advice=f"{fault.advice} Then open the store anew and resume its runs.".strip(),
            )
        self._committed_some.notify_all()
        return self._fault or fault

    def _roll_back(self) -> None:
        with suppress(*self._errors):
            if self.database.is_open(self.driver):
                self.driver.execute("ROLLBACK")

    def _check_open(self) -> None:
        if self._connection.closed:
            raise StoreFault("The store is closed.", advice="Open it again with `open_store`.")

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Tell a driver's error as what it means."""
        try:
            yield
        except self._errors as error:
            raise store_fault(error) from error
