"""The two databases that a store can be kept in, and what differs between them."""

import os
import sqlite3
import tempfile
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import URL, Engine, NullPool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from checkpoints.faults import store_fault
from tools.errors import BadInput, StoreFault

BUSY_SECONDS = 30.0
"""How long a connection waits for another one's commit."""

_ADVICE = (
    "Write sqlite:///surefoot.db for a file here, sqlite:////var/lib/surefoot.db for any other, "
    "or postgresql://user@host/database."
)
_EXTRA = "pip install 'surefoot[postgres]'"


class Database(Protocol):
    """What a store is kept in."""

    @property
    def path(self) -> Path | None:
        """The file, when it is one."""
        ...

    @property
    def mark(self) -> str:
        """How the driver marks a parameter."""
        ...

    @property
    def begin(self) -> str:
        """The statement that begins a transaction of the only writer."""
        ...

    @property
    def snapshot(self) -> str:
        """The statement that begins reading at one moment."""
        ...

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """What its driver raises, as it is or wrapped by SQLAlchemy."""
        ...

    def engine(self) -> Engine:
        """Return an engine whose connections leave transactions to the caller.

        Raises:
            StoreFault: The database cannot be read and written.
        """
        ...

    def is_open(self, connection: Any) -> bool:  # noqa: ANN401  # the driver's own connection
        """Tell whether the driver's connection lives and is in a transaction."""
        ...

    def is_cut(self, connection: Any) -> bool:  # noqa: ANN401  # the driver's own connection
        """Tell whether the driver knows that its connection is of no use any more."""
        ...


class SQLite:
    """A file, readable by its owner only."""

    mark = "?"
    begin = "BEGIN IMMEDIATE"
    snapshot = "BEGIN"
    errors: tuple[type[Exception], ...] = (DBAPIError, sqlite3.Error)

    def __init__(self, path: Path) -> None:
        self.path = path

    def engine(self) -> Engine:
        """Make the file when there is none, and return its engine."""
        _prepare(self.path)
        made = create_engine(
            URL.create("sqlite", database=str(self.path)),
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
        )
        event.listen(made, "connect", _durable)
        return made

    def is_open(self, connection: sqlite3.Connection) -> bool:
        """Tell whether the connection is in a transaction."""
        return connection.in_transaction

    def is_cut(self, _connection: sqlite3.Connection) -> bool:
        """Return False: what could cut a file off?"""
        return False


class PostgreSQL:
    """A database of a server; all tables are in the first schema of its search path."""

    # One writer at a time, as in SQLite: the ledger is one chain, so writers would meet anyway.
    # "SURE" in ASCII, and the number of the lock.
    begin = "BEGIN; SELECT pg_advisory_xact_lock(1398100549, 1)"
    snapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    mark = "%s"
    path = None

    def __init__(self, url: URL) -> None:
        self._url = url.set(drivername="postgresql+psycopg")

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """What psycopg raises, which is imported when it is needed."""
        import psycopg  # noqa: PLC0415  # an extra

        return (DBAPIError, psycopg.Error)

    def engine(self) -> Engine:
        """Return the database's engine."""
        options = f"-c lock_timeout={BUSY_SECONDS:.0f}s -c synchronous_commit=on"
        try:
            return create_engine(
                self._url,
                poolclass=NullPool,
                isolation_level="AUTOCOMMIT",
                connect_args={"application_name": "surefoot", "options": options},
            )
        except ModuleNotFoundError as fault:
            raise StoreFault(
                "The driver for PostgreSQL is not installed.", advice=_EXTRA
            ) from fault

    def is_open(self, connection: Any) -> bool:  # noqa: ANN401  # psycopg is an extra
        """Tell whether the connection lives and is in a transaction."""
        return not connection.closed and connection.info.transaction_status.name in {
            "INTRANS",
            "INERROR",
            "ACTIVE",
        }

    def is_cut(self, connection: Any) -> bool:  # noqa: ANN401  # the same
        """Tell whether the server was seen to have hung up."""
        return bool(connection.closed)


def without_password(url: str) -> str:
    """Return a store's URL as it may be shown."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return url


def named(url: str) -> Database:
    """Return the database that a URL names.

    Raises:
        BadInput: It names none that a store can be kept in.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as fault:
        raise BadInput(f"{url!r} is not the URL of a store.", advice=_ADVICE) from fault
    kind = parsed.get_backend_name() if parsed.drivername else ""
    if kind in {"postgresql", "postgres"}:
        return PostgreSQL(parsed)
    if parsed.drivername != "sqlite":
        what = f"A store of the kind {parsed.drivername!r} is not supported."
        raise BadInput(what, advice=_ADVICE)
    if parsed.database in {None, "", ":memory:"} or parsed.query:
        raise BadInput(f"{url!r} does not name a file, and a store has to be one.", advice=_ADVICE)
    return SQLite(Path(str(parsed.database)).absolute())


def _durable(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


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
