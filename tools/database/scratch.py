"""Private copies of the user's database, on which any index may be tried.

One copy has all the data, to measure on; one has none, to see plans in no time. Neither outlives
the work: the file lies in a temporary folder that is removed whatever happens.
"""

import os
import sqlite3
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from time import perf_counter
from typing import Final

from tools.contract import Record
from tools.database import statements
from tools.database.authorizer import reads_only
from tools.database.connection import Database, harden
from tools.database.faults import typed_faults
from tools.database.session import Reader
from tools.database.size import bytes_used
from tools.database.spec import IndexSpec
from tools.database.statements import Kind, Statement, quote
from tools.database.statistics import read_statistics
from tools.errors import Refused

_SECONDS: Final = 60.0
_NO_SAFETY: Final = ("journal_mode = MEMORY", "synchronous = OFF", "secure_delete = OFF")
"""A copy that is thrown away needs no protection from crashes."""


class Built(Record):
    """What an index costs."""

    size_bytes: int
    build_ms: float


class Scratch(Reader):
    """A copy: reads like the user's database, and takes index changes besides."""

    kinds: frozenset[Kind] = Reader.kinds | {"create_index", "analyze", "statistics", "copy"}

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        super().__init__(connection, path, _SECONDS)
        self.built: dict[IndexSpec, Built] = {}
        """The indexes of ours that are on the copy."""
        self.folder = path.parent
        reads = reads_only(lambda: self._kind == "catalog")

        def authorize(
            action: int, first: str | None, second: str | None, base: str | None, via: str | None
        ) -> int:
            """Hold the user's queries to reading, here as there."""
            own = self._kind not in Reader.kinds
            return sqlite3.SQLITE_OK if own else reads(action, first, second, base, via)

        connection.set_authorizer(authorize)

    def build(self, spec: IndexSpec, creation: Statement, *, limit_seconds: float) -> None:
        """Create an index for good and note what it costs.

        Raises:
            Transient: It took too long; nothing was changed.
            ToolFault: SQLite refuses it, or the disk is full; nothing was changed.
        """
        before, started = bytes_used(self), perf_counter()
        list(self.open(creation, limit_seconds=limit_seconds))
        spent = perf_counter() - started
        self.built[spec] = Built(
            size_bytes=bytes_used(self) - before, build_ms=round(spent * 1000, 3)
        )

    @contextmanager
    def only(self, wanted: Collection[IndexSpec]) -> Iterator[None]:
        """Be, for a while, a database with just these of the built indexes."""
        # Dropping inside a transaction that is rolled back is far cheaper than building again.
        with self._passing():
            for spec in self.built:
                if spec not in wanted:
                    self._run(f"DROP INDEX {quote(spec.name)}")
            yield

    @contextmanager
    def having(self, creations: Sequence[Statement]) -> Iterator[None]:
        """Be, for a while, a database with more indexes."""
        with self._passing():
            for creation in creations:
                self.rows(creation)
            yield

    def analyze(self) -> None:
        """Refresh the planner's statistics."""
        self.rows(statements.ANALYZE)

    @contextmanager
    def _passing(self) -> Iterator[None]:
        self._run("BEGIN")
        try:
            yield
        finally:
            self._run("ROLLBACK")

    def _run(self, text: str) -> None:
        """Run a statement of this module, at whatever time it takes."""
        self._kind, self._deadline = "copy", float("inf")
        with typed_faults(self._path, f"changing a private copy with {text!r}"):
            self._connection.execute(text).fetchall()


@contextmanager
def full_copy(database: Database) -> Iterator[Scratch]:
    """Copy a database into a temporary folder; the folder is removed on leaving.

    Where the system lets it, the file loses its name as soon as it is complete, so that a process
    that is killed while it works on the copy leaves none of the user's data behind.

    Raises:
        BadInput: The database cannot be used.
        Transient: It is locked.
        Fatal: The disk has too little room.
    """
    with tempfile.TemporaryDirectory(prefix="surefoot-") as folder:
        path = Path(folder) / "copy.db"
        with closing(_connect(str(path))) as connection:
            database.copy_into(connection, path.parent)
            _throw_safety_away(connection)  # the copy of a database in WAL mode is in it, too
            if os.name == "posix":
                path.unlink()
            yield Scratch(connection, path)


@contextmanager
def blank_copy(reader: Reader) -> Iterator[Scratch]:
    """Make a copy in memory without rows, whose plans are those of the original.

    Without sqlite_stat4, SQLite plans from the schema and sqlite_stat1 alone. Virtual tables are
    left out.

    Raises:
        ToolFault: The original cannot be read.
    """
    with closing(_connect(":memory:")) as connection:
        blank = Scratch(connection, Path(":memory:"))
        for kind, _, sql in reader.rows(statements.SCHEMA_ROWS):
            if kind != "trigger":
                with suppress(Refused):
                    blank.rows(statements.copy_of_schema(sql))
        statistics = read_statistics(reader)
        if statistics is not None:
            blank.analyze()
            blank.rows(statements.CLEAR_STATISTICS)
            for row in statistics:
                blank.rows(statements.ADD_STATISTICS, row)
            blank.rows(statements.LOAD_STATISTICS)
        yield blank


def _connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, cached_statements=0)
    harden(connection)
    _throw_safety_away(connection)
    return connection


def _throw_safety_away(connection: sqlite3.Connection) -> None:
    for setting in _NO_SAFETY:
        connection.execute(f"PRAGMA {setting}").fetchall()
