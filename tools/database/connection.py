"""Opens the user's database so that each connection can do one thing only.

A reader cannot write, three times over: the file is opened `mode=ro`, `query_only` is set, and the
authorizer denies everything but reading. A writer may have exactly the one effect of its scope.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Final, Literal

from tools.database.authorizer import Scope
from tools.database.faults import typed_faults
from tools.database.session import Reader, Row, Rows, Value, Writer
from tools.errors import BadInput, Fatal

__all__ = ["Database", "Reader", "Row", "Rows", "Scope", "Value", "Writer"]

READ_SECONDS: Final = 60.0
WRITE_SECONDS: Final = 280.0
BUSY_SECONDS: Final = 5.0
_MAX_VALUE_BYTES: Final = 128 * 1024 * 1024
_SPARE_BYTES: Final = 32 * 1024 * 1024
_OLDEST: Final = (3, 37, 0)
_LEFT_BY_A_KILLED_WRITER: Final = frozenset(
    {sqlite3.SQLITE_READONLY_ROLLBACK, sqlite3.SQLITE_READONLY_RECOVERY}
)
_Mode = Literal["ro", "rw"]


class Database:
    """An SQLite file; nothing is opened before the first use.

    Args:
        path: The file. Symbolic links are followed once, here, and never again.
        busy_seconds: How long to wait for another process's lock.

    Raises:
        BadInput: The path holds a NUL character.
    """

    def __init__(self, path: Path, *, busy_seconds: float = BUSY_SECONDS) -> None:
        if "\0" in str(path):
            raise BadInput(f"The path {str(path)!r} holds a NUL character.")
        self.path = Path(os.path.realpath(path))
        self._busy_seconds = busy_seconds

    @contextmanager
    def reader(self, *, limit_seconds: float = READ_SECONDS) -> Iterator[Reader]:
        """Open the database for reading.

        Args:
            limit_seconds: Time that one statement may take.

        Raises:
            BadInput: No such file, or not a database.
            Transient: It is locked.
            Fatal: It cannot be opened or is damaged.
        """
        with self._opened("ro") as connection:
            yield Reader(connection, self.path, limit_seconds)

    @contextmanager
    def writer(self, scope: Scope, *, limit_seconds: float = WRITE_SECONDS) -> Iterator[Writer]:
        """Open one transaction that may have one effect; committed on leaving, else rolled back.

        Args:
            scope: The effect.
            limit_seconds: Time that one statement may take.

        Raises:
            BadInput: No such file, or not a database.
            Transient: It is locked, or it took too long; nothing was changed.
            Fatal: It cannot be written; nothing was changed.
        """
        with self._opened("rw") as connection:
            with typed_faults(self.path, "beginning a change"):
                connection.execute("BEGIN IMMEDIATE")
            session = Writer(connection, self.path, limit_seconds, scope)
            yield session
            session.end()
            with typed_faults(self.path, "committing a change"):
                connection.execute("COMMIT")
            # A connection that is closed in a transaction rolls it back.

    def change_counter(self) -> int:
        """Return how often the file says that it was changed; each commit adds one at most.

        Raises:
            BadInput: No such file.
        """
        self._check_file()
        with self.path.open("rb") as file:
            return int.from_bytes(file.read(28)[24:], "big")

    def copy_into(self, copy: sqlite3.Connection, folder: Path) -> None:
        """Copy the database, as it is at this moment, into an empty one.

        Args:
            copy: An open connection to it.
            folder: Where its file lies.

        Raises:
            BadInput: This database cannot be used.
            Transient: This database is locked.
            Fatal: The disk has too little room.
        """
        with self._opened("ro") as source:
            self._check_room(folder)
            with typed_faults(self.path, f"copying it to {str(folder)!r}"):
                source.backup(copy)

    def _check_room(self, folder: Path) -> None:
        wal = self.path.with_name(f"{self.path.name}-wal")
        needed = self.path.stat().st_size + (wal.stat().st_size if wal.exists() else 0)
        free = shutil.disk_usage(folder).free
        if free < needed + _SPARE_BYTES:
            raise Fatal(
                f"A copy of {str(self.path)!r} needs {needed} bytes; "
                f"{str(folder)!r} has {free} free.",
                advice="Free some space or choose another folder for temporary files (TMPDIR).",
            )

    @contextmanager
    def _opened(self, mode: _Mode) -> Iterator[sqlite3.Connection]:
        self._check_file()
        before = self._sidecars()
        try:
            with typed_faults(self.path, "opening it"):
                connection = self._connect_settled(mode)
            with closing(connection):
                yield connection
        finally:
            if self._sidecars() - before:
                # A read-only connection cannot remove the -wal and -shm that it needed.
                with suppress(sqlite3.Error):
                    self._connect("rw").close()

    def _check_file(self) -> None:
        if not self.path.exists():
            raise BadInput(
                f"There is no file {str(self.path)!r}.", advice="Give the path of a database."
            )
        if not self.path.is_file():
            raise BadInput(
                f"{str(self.path)!r} is not a file.", advice="Give the path of a database."
            )
        if sqlite3.sqlite_version_info < _OLDEST:
            raise Fatal(f"SQLite {sqlite3.sqlite_version} is too old; 3.37 or newer is needed.")

    def _connect_settled(self, mode: _Mode) -> sqlite3.Connection:
        """Open the file; let SQLite first roll back what a killed writer left half done."""
        try:
            return self._connect(mode)
        except sqlite3.OperationalError as fault:
            if fault.sqlite_errorcode not in _LEFT_BY_A_KILLED_WRITER:
                raise
        self._connect("rw").close()
        return self._connect(mode)

    def _connect(self, mode: _Mode) -> sqlite3.Connection:
        with ExitStack() as stack:
            connection = sqlite3.connect(
                f"{self.path.as_uri()}?mode={mode}",
                uri=True,
                timeout=self._busy_seconds,
                isolation_level=None,
                cached_statements=0,
            )
            stack.callback(connection.close)
            harden(connection)
            if mode == "ro":
                connection.execute("PRAGMA query_only = ON")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
            stack.pop_all()
            return connection

    def _sidecars(self) -> frozenset[str]:
        names = (f"{self.path.name}-wal", f"{self.path.name}-shm")
        return frozenset(name for name in names if self.path.with_name(name).exists())


def harden(connection: sqlite3.Connection) -> None:
    """Take from a connection what a schema or a value from outside could abuse."""
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_VALUE_BYTES)
    connection.text_factory = _text
    connection.execute("PRAGMA trusted_schema = OFF")


def _text(raw: bytes) -> str:
    """Decode text; bytes that are not UTF-8 are kept apart as lone surrogates."""
    return raw.decode("utf-8", "surrogateescape")
