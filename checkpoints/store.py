"""The store: everything that outlives the process, in one file."""

import os
import sqlite3
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self

from sqlalchemy import URL, NullPool, create_engine, make_url
from sqlalchemy.exc import ArgumentError

from checkpoints.artifacts import ArtifactTable
from checkpoints.clearances import ClearanceTable
from checkpoints.effects import EffectJournal
from checkpoints.faults import store_fault
from checkpoints.leases import LeaseTable
from checkpoints.ledger import ChainedLedger
from checkpoints.migrations import migrate
from checkpoints.model_cache import AnswerTable
from checkpoints.reviews import ReviewTable
from checkpoints.runs import RunIndex
from checkpoints.savers import BUSY_SECONDS, BoundedSaver, open_saver
from checkpoints.spending import SpendingTable
from checkpoints.writer import Writer
from tools.contract import Clock
from tools.errors import BadInput, StoreFault

_ADVICE = (
    "Write sqlite:///surefoot.db for a file here, sqlite:////var/lib/surefoot.db for any other."
)


def _now() -> datetime:
    return datetime.now(UTC)


class Store:
    """All that is remembered; implements `Memory`. Usable from any thread; made by `open_store`.

    As a context manager it closes itself.
    """

    def __init__(self, path: Path, writer: Writer, *, clock: Clock, owner: str, keep: int) -> None:
        self.path = path
        """The one file."""
        self.artifacts = ArtifactTable(writer)
        """Large values."""
        self.ledger = ChainedLedger(writer, self.artifacts, clock)
        """The record."""
        self.journal = EffectJournal(writer, self.ledger, clock)
        """Effects."""
        self.clearances = ClearanceTable(writer)
        """Permissions."""
        self.reviews = ReviewTable(writer, self.ledger, clock)
        """Questions."""
        self.runs = RunIndex(writer, self.ledger, clock)
        """The index."""
        self.leases = LeaseTable(writer, clock, owner)
        """Who may advance what."""
        self.spending = SpendingTable(writer, clock)
        """What models cost."""
        self.model_cache = AnswerTable(writer, clock)
        """What models said."""
        self._writer = writer
        self._keep = keep
        self._saver: BoundedSaver | None = None
        self._saver_lock = Lock()
        self._with_it = ExitStack()

    @property
    def saver(self) -> BoundedSaver:
        """LangGraph's checkpointer on the same file; made when first asked for."""
        with self._saver_lock:
            if self._saver is None:
                self._saver = open_saver(self.path, keep=self._keep)
            return self._saver

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit everything inside together, or nothing; may be nested.

        The saver commits by itself: never let a graph run inside.

        Raises:
            StoreFault: The store cannot be written; nothing of the transaction was kept.
        """
        with self._writer.write():
            yield

    def at_close(self, callback: Callable[[], None]) -> None:
        """Call this when the store is closed: for what was opened to work with it."""
        self._with_it.callback(callback)

    def close(self) -> None:
        """Give back this store's leases and close its connections; may be called twice."""
        self._with_it.close()
        # A lease that cannot be given back is taken over when this process has gone.
        with suppress(StoreFault):
            self.leases.release_all()
        self._writer.close()
        with self._saver_lock:
            if self._saver is not None:
                self._saver.conn.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_store(
    url: str = "sqlite:///surefoot.db",
    *,
    clock: Clock = _now,
    owner: str | None = None,
    keep: int = 20,
) -> Store:
    """Open a store, and make its file (readable by its owner only) when there is none.

    Args:
        url: `sqlite:///` and a path. This version keeps stores in SQLite files only.
        clock: The present.
        owner: Who takes leases; unique to this store when None.
        keep: How many of the newest checkpoints LangGraph keeps of a run; 0 keeps all.

    Raises:
        BadInput: The URL does not name a SQLite file.
        StoreFault: The file cannot be read and written, is not a store, or is a newer one.
    """
    path = _path(url)
    _prepare(path)
    writer = _connect(path)
    with ExitStack() as on_failure:
        on_failure.callback(writer.close)
        with writer.write() as connection:
            migrate(connection)
        on_failure.pop_all()
    return Store(path, writer, clock=clock, owner=owner or uuid.uuid4().hex, keep=keep)


def _path(url: str) -> Path:
    try:
        parsed = make_url(url)
    except ArgumentError as fault:
        raise BadInput(f"{url!r} is not the URL of a store.", advice=_ADVICE) from fault
    if parsed.drivername != "sqlite":
        what = f"A store of the kind {parsed.drivername!r} is not supported: only SQLite files are."
        raise BadInput(what, advice=_ADVICE)
    if parsed.database in {None, "", ":memory:"} or parsed.query:
        raise BadInput(f"{url!r} does not name a file, and a store has to be one.", advice=_ADVICE)
    return Path(str(parsed.database)).absolute()


def _prepare(path: Path) -> None:
    """Make the file when there is none, or see that it can be used."""
    if not path.exists():
        _make(path)
    if not path.is_file() or not os.access(path, os.R_OK | os.W_OK):
        raise StoreFault(
            f"{str(path)!r} is not a file that can be read and written.",
            advice="Name another file, or change its permissions.",
        )


def _make(path: Path) -> None:
    """Let an empty database in WAL mode, for its owner only, appear at once.

    Of two processes that make a store at the same time, one would be refused the change of mode;
    a file that appears in that mode needs none.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        os.close(handle)
        try:
            with closing(sqlite3.connect(name)) as connection:
                connection.execute("PRAGMA journal_mode=WAL")
            with suppress(FileExistsError):
                os.link(name, path)
        finally:
            Path(name).unlink()
    except OSError as fault:
        raise StoreFault(
            f"The store {str(path)!r} cannot be made: {fault.strerror}.",
            advice="Name a file in a folder that exists and that you may write.",
        ) from fault
    except sqlite3.Error as error:
        raise store_fault(error) from error


def _connect(path: Path) -> Writer:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        poolclass=NullPool,
        connect_args={
            "timeout": BUSY_SECONDS,
            "check_same_thread": False,
            "isolation_level": None,
        },
    )
    return Writer(engine, setup=("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL"))
