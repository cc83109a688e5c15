"""Statements that are built once and then given to the driver as they are.

SQLAlchemy takes about five times as long to run a statement as its driver does. It still writes
the statements, for both databases; what is not on the way of every step is left to it altogether.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql.elements import ClauseElement

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Text:
    """A statement in the words of one database."""

    sql: str
    fixed: Values
    """What is the same each time."""
    order: Sequence[str] | None
    """Names of the values where they go by position; None where they go by name."""

    def given(self, values: Values) -> Sequence[Any] | Values:
        """Return the values as the driver takes them."""
        whole = self.fixed | values
        return whole if self.order is None else [whole[name] for name in self.order]


class Prepared:
    """One statement, with the same names of values each time; its columns are plain SQL types.

    To be used inside `Writer.write` or `Writer.read`, which tell the driver's errors.
    """

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self._texts: dict[str, _Text] = {}

    def change(self, connection: Connection, values: Values) -> int:
        """Run a change and return how many rows it changed."""
        count: int = self._run(connection, values).rowcount
        return count

    def rows(self, connection: Connection, values: Values) -> list[Any]:
        """Run a query and return its rows, whose columns are attributes."""
        cursor = self._run(connection, values)
        names = [column[0] for column in cursor.description]
        found = cursor.fetchall()
        return [SimpleNamespace(**dict(zip(names, row, strict=True))) for row in found]

    def first(self, connection: Connection, values: Values) -> Any:  # noqa: ANN401  # a row, or None
        """Run a query that finds one row at most, and return it."""
        return next(iter(self.rows(connection, values)), None)

    def _run(self, connection: Connection, values: Values) -> Any:  # noqa: ANN401  # one of two drivers' cursors
        dialect = connection.dialect
        text = self._texts.get(dialect.name)
        if text is None:
            text = self._texts[dialect.name] = self._written(dialect, values)
        driver: Any = connection.connection.dbapi_connection
        return driver.execute(text.sql, text.given(values))

    def _written(self, dialect: Dialect, values: Values) -> _Text:
        compiled: Any = self._statement.compile(dialect=dialect, column_keys=[*values])
        fixed = {name: value for name, value in compiled.params.items() if value is not None}
        return _Text(sql=compiled.string, fixed=fixed, order=compiled.positiontup)
