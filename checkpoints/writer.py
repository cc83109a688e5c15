"""The store's one connection: who may use it when, and what is committed together.

A commit waits for the disk, and that is most of what a step costs. What a run writes while it only
thinks may be repeated after a crash, so it is deferred: it stays in the open transaction until
something that may not be repeated is committed, together with all that was written before it. A
crash thus loses a tail of thought, never a part of it and never an effect.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Condition, Lock, RLock
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, InvalidRequestError

from checkpoints.databases import Database
from checkpoints.faults import CUT, copied, store_fault
from checkpoints.keyring import QUERY as FORMS
from checkpoints.keyring import heed
from checkpoints.late import Late
from checkpoints.vault import Vault
from tools.errors import RunBusy, StoreFault

_PATIENCE_SECONDS = 0.01
"""How long a commit waits for the next thread's word that it may go on; only a fuse."""


@dataclass(slots=True, eq=False)
class _Transaction:
    """What is committed together, or lost together."""

    written: bool = False
    """Whether somebody believes that something of it is kept."""
    committed: bool = False
    fault: StoreFault | None = None
    """Why it was lost, if it was."""
    fenced: set[str] = field(default_factory=set)
    """The runs whose lease was seen to be held."""
    heeded: bool = False
    """Whether the form of new values was looked up."""
    late: dict[str, Late] = field(default_factory=dict)
    """By run, what is still to be written; lost with the rest."""


class Writer:
    """Lends one connection to one thread at a time, always inside a transaction.

    Threads that want to commit at the same time share one commit. When a commit fails, what was
    deferred is lost while runs in this process believe in it: nothing more is written about any of
    them until its lease is acquired anew, by somebody who loads it anew. A connection that was cut
    is replaced by the next that wants it.

    Args:
        database: What to connect to.
        vault: What seals content, and opens it.

    Raises:
        StoreFault: The database cannot be used.
    """

    def __init__(self, database: Database, vault: Vault | None = None) -> None:
        self.database = database
        self.vault = vault or Vault()
        """To be asked by whoever reads or writes content."""
        self.heeds_forms = False
        """Whether the store has its note of forms, which other processes may change."""
        self.held: dict[str, int] = {}
        """Fencing number of each run whose lease this store holds."""
        self.lost: dict[str, StoreFault] = {}
        """The runs that were held when a commit failed, and how it did; until acquired anew."""
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
        self._open: _Transaction | None = None
        self._reading = False
        self._closed = False
        self._engine = database.engine()
        self._errors = database.errors
        self._fence_query = f"SELECT fence FROM leases WHERE run = {database.mark}"
        self._connection = self._connect()

    @property
    def driver(self) -> Any:  # noqa: ANN401  # one of two drivers' connections
        """The driver's own connection; to be used inside `write` or `read` only."""
        if self._connection.closed or self._connection.invalidated:
            raise copied(CUT)
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
            StoreFault: The database cannot be written, or the run lost what it wrote before.
        """
        with self._turn():
            transaction = self._begin()
            outermost = self._depth == 0
            self._urgent = self._urgent and not outermost
            with self._savepoint():
                self._check_forms(transaction)
                self._check_fence(of, transaction)
                yield self._connection
            self._urgent = self._urgent or urgent or not self._may_wait(of)
            transaction.written = transaction.written or outermost
            wanted = outermost and self._urgent
        if wanted:
            self._commit(transaction)
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
            if self._open is not None or self._reading:
                yield self._connection
                return
            self._start(self.database.snapshot)
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

    def put_off(self, of: str, late: Late) -> None:
        """Write something about a run at the commit, in place of what was put off before.

        Raises as `write` does.
        """
        with self.write(of=of):
            self._begin().late[of] = late

    def late(self, of: str) -> Late | None:
        """Return what was put off for a run and is not written yet."""
        return None if self._open is None else self._open.late.get(of)

    def settle(self) -> None:
        """Write what was put off, for whoever reads it; it is committed with the rest.

        Raises:
            StoreFault: It cannot be written.
        """
        with self._lock:
            if self._open is None or not self._open.late:
                return
            with self._savepoint():
                for late in self._open.late.values():
                    late.write()
                self._open.late.clear()

    def receipt(self) -> Callable[[], bool]:
        """Return what tells whether the present transaction was committed; inside `write` only."""
        transaction = self._begin()
        return lambda: transaction.committed

    def flush(self) -> None:
        """Commit what is deferred.

        Raises:
            StoreFault: It cannot be; all of it is lost.
        """
        with self._lock:
            if self._open is not None and self._depth == 0:
                self._commit_all(self._open)

    def close(self) -> None:
        """Commit what is deferred and close the connection; may be called twice.

        Raises:
            StoreFault: It cannot be committed; the connection is closed all the same.
        """
        with self._lock:
            try:
                if not self._closed:
                    self.flush()
            finally:
                self._closed = True
                self._drop()
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

    def _begin(self) -> _Transaction:
        self._check_open()
        if self._open is not None:
            return self._open
        if self._depth:
            raise StoreFault("The transaction was lost.", advice="Try again; nothing was kept.")
        with self._told():
            self._start(self.database.begin)
        self._open = _Transaction()
        self.epoch += 1
        return self._open

    def _start(self, statement: str) -> None:
        """Begin; when the connection was cut since it was last used, on a new one."""
        try:
            self.driver.execute(statement)
        except self._errors:
            if not self._is_cut():
                self._roll_back()
                raise
            self._replace()
            self.driver.execute(statement)

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
        if self._open is None:
            return
        if self._is_cut():
            self._lose(CUT)
            return
        try:
            self.driver.execute(f"ROLLBACK TO SAVEPOINT {name}")
            self.driver.execute(f"RELEASE SAVEPOINT {name}")
        except self._errors as error:
            self._lose(error)
        else:
            # What a failed write began alone must not keep other processes waiting.
            if self._depth == 1 and not self._open.written:
                self._roll_back()
                self._open = None

    def _check_forms(self, transaction: _Transaction) -> None:
        """Go on in the form that values of the store have by now, or stop; asked once."""
        if self.heeds_forms and not transaction.heeded:
            heed(self.vault, self.driver.execute(FORMS).fetchone()[0])
            transaction.heeded = True

    def _may_wait(self, run: str | None) -> bool:
        return bool(self.held) if run is None else run in self.held

    def _check_fence(self, run: str | None, transaction: _Transaction) -> None:
        """Refuse to write about a run that was lost, or that another took; asked once for each."""
        if run is None or run in transaction.fenced:
            return
        if run in self.lost:
            raise copied(self.lost[run])
        if run not in self.held:
            return
        found = self.driver.execute(self._fence_query, (run,)).fetchone()
        if found is None or found[0] != self.held[run]:
            del self.held[run]
            raise RunBusy(
                f"The hold on run {run!r} went to another process; nothing more is written here.",
                advice="That process goes on with the run; `surefoot show` tells how it stands.",
            )
        transaction.fenced.add(run)

    def _commit(self, transaction: _Transaction) -> None:
        """Return when what was written is committed, by whichever thread."""
        with self._lock:
            while not transaction.committed:
                if transaction.fault is not None:
                    raise copied(transaction.fault)
                if self._arriving:
                    self._committed_some.wait(_PATIENCE_SECONDS)
                else:
                    self._commit_all(transaction)

    def _commit_all(self, transaction: _Transaction) -> None:
        if self._is_cut():
            raise self._lose(CUT)
        failures: tuple[type[Exception], ...] = (StoreFault, *self._errors)
        try:
            self.settle()
            self.driver.execute("COMMIT")
        except failures as error:
            raise self._lose(error) from error
        self._open = None
        transaction.committed = True
        self._committed_some.notify_all()

    def _lose(self, error: Exception) -> StoreFault:
        """Take the open transaction back, and stop the runs that may believe in it."""
        lost, self._open = self._open, None
        fault = error if isinstance(error, StoreFault) else store_fault(error)
        self._roll_back()
        if lost is not None:
            advice = f"{fault.advice} A run goes on from its last commit when it is resumed."
            fault = StoreFault(f"{fault.what} What was not committed is lost.", advice=advice)
            lost.fault = fault
        if lost is not None and lost.written:
            self.lost |= dict.fromkeys(self.held, fault)
            self.held.clear()
        self._committed_some.notify_all()
        return copied(fault)

    def _roll_back(self) -> None:
        with suppress(*self._errors):
            if not self._is_cut() and self.database.is_open(self.driver):
                self.driver.execute("ROLLBACK")

    def _check_open(self) -> None:
        if self._closed:
            raise StoreFault("The store is closed.", advice="Open it again with `open_store`.")
        if self._is_cut():
            if self._open is not None:
                raise self._lose(CUT)
            self._replace()

    def _is_cut(self) -> bool:
        gone = self._connection.closed or self._connection.invalidated
        return gone or self.database.is_cut(self.driver)

    def _connect(self) -> Connection:
        try:
            return self._engine.connect()
        except DBAPIError as error:
            raise store_fault(error) from error

    def _replace(self) -> None:
        """Connect again; as long as that cannot be done, the next one tries."""
        self._drop()
        self._connection = self._connect()

    def _drop(self) -> None:
        with suppress(*self._errors, InvalidRequestError):
            self._connection.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Tell a driver's error as what it means, and what it took along."""
        try:
            yield
        except self._errors as error:
            if self._open is not None and self._is_cut():
                raise self._lose(error) from error
            raise store_fault(error) from error
