"""A connection that runs vetted statements only, each under a time limit, counting its work."""

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import monotonic
from typing import Any, Final

from tools.database.authorizer import Scope, changes_only, reads_only
from tools.database.faults import typed_faults
from tools.database.statements import Kind, Statement, explain
from tools.errors import Refused

Value = str | int | float | bytes | None
Row = tuple[Any, ...]
"""Each cell is a `Value`; which one is known only at run time."""

STEPS_PER_TICK: Final = 1000
"""VM steps between two looks at the clock; the unit of `steps`."""
_BATCH: Final = 2000


class Rows:
    """The result of a statement; each batch is fetched when it is asked for."""

    def __init__(self, cursor: sqlite3.Cursor, path: Path, doing: str) -> None:
        self.columns: tuple[str, ...] = tuple(column[0] for column in cursor.description or ())
        self._cursor = cursor
        self._path = path
        self._doing = doing

    def __iter__(self) -> Iterator[list[Row]]:
        while batch := self._fetch():
            yield batch

    def _fetch(self) -> list[Row]:
        with typed_faults(self._path, self._doing):
            return self._cursor.fetchmany(_BATCH)


class Reader:
    """Reads, and can do nothing else."""

    kinds: frozenset[Kind] = frozenset({"query", "explain", "catalog"})

    def __init__(self, connection: sqlite3.Connection, path: Path, limit_seconds: float) -> None:
        self._connection = connection
        self._path = path
        self._limit = limit_seconds
        self._deadline = float("inf")
        self._kind: Kind = "query"
        self.steps = 0
        """Thousands of VM steps of the latest statement: what it costs, free of the clock."""
        connection.set_progress_handler(self._tick, STEPS_PER_TICK)
        connection.set_authorizer(reads_only(lambda: self._kind == "catalog"))

    def open(
        self,
        statement: Statement,
        values: Sequence[Value] = (),
        *,
        limit_seconds: float | None = None,
    ) -> Rows:
        """Start a statement and return its result, to be fetched in batches.

        Args:
            statement: What to run.
            values: One for each `?` of a statement of ours.
            limit_seconds: Time that the statement may take; the session's when None.

        Raises:
            Refused: The statement is not for this kind of session, or SQLite refuses it.
            Transient: It took too long, or the database is locked.
            Fatal: The file or the disk failed.
        """
        if statement.kind not in self.kinds:
            raise Refused(f"A {statement.kind!r} statement may not run here.")
        limit = self._limit if limit_seconds is None else limit_seconds
        self._kind, self.steps, self._deadline = statement.kind, 0, monotonic() + limit
        doing = f"running {' '.join(statement.text.split())[:100]!r} (limit {limit:g} s)"
        with typed_faults(self._path, doing):
            cursor = self._connection.execute(statement.text, values)
        return Rows(cursor, self._path, doing)

    def rows(self, statement: Statement, values: Sequence[Value] = ()) -> list[Row]:
        """Run a statement and return all its rows.

        Raises:
            ToolFault: As for `open`.
        """
        return [row for batch in self.open(statement, values) for row in batch]

    def plan(self, query: Statement) -> tuple[str, ...]:
        """Return the detail lines of EXPLAIN QUERY PLAN of a query, without running it.

        Raises:
            ToolFault: As for `open`.
        """
        return tuple(row[3] for row in self.rows(explain(query)))

    def _tick(self) -> bool:
        self.steps += 1
        return monotonic() > self._deadline


class Writer(Reader):
    """Has the one effect of its scope, inside the one transaction that `Database` began."""

    kinds = frozenset(
        {"query", "explain", "catalog", "create_index", "drop_index", "analyze", "statistics"}
    )

    def __init__(
        self, connection: sqlite3.Connection, path: Path, limit_seconds: float, scope: Scope
    ) -> None:
        super().__init__(connection, path, limit_seconds)
        connection.set_authorizer(changes_only(scope))

    def end(self) -> None:
        """Lift limit and authorizer, so that the transaction can be committed."""
        self._connection.set_progress_handler(None, 0)
        self._connection.set_authorizer(None)
