"""Making and dropping one exact index, each in one transaction that first looks again."""

from tools.contract import Happened
from tools.database import statements
from tools.database.connection import Database, Scope
from tools.database.schema import read_schema
from tools.database.session import Reader
from tools.database.size import bytes_used
from tools.database.spec import IndexSpec
from tools.database.statistics import Statistic, add_statistics, has_statistics
from tools.errors import Refused, UndoConflict


def stored_index(reader: Reader, name: str) -> tuple[str, str] | None:
    """Return table and SQL of the index of a name as the database keeps them."""
    rows = reader.rows(statements.INDEX_ROW, (name,))
    return (rows[0][0], rows[0][1] or "") if rows else None


def make_index(database: Database, spec: IndexSpec, key: str) -> tuple[str, int]:
    """Create an index and return its SQL and the bytes that the file grew by.

    Args:
        database: Where to make it.
        spec: What to make.
        key: The effect whose mark it bears.

    Raises:
        Refused: Table or column are unknown, or the name is taken.
        Transient: The database is locked, or it took too long; nothing was changed.
        Fatal: The database cannot be written; nothing was changed.
    """
    with database.reader() as reader:
        statement = statements.create_index(spec, read_schema(reader, count=False), key=key)
    with database.writer(Scope(create=(spec.name, spec.table))) as writer:
        before = bytes_used(writer)
        writer.rows(statement)
        return statement.text, bytes_used(writer) - before


def drop_exactly(database: Database, name: str, table: str, sql: str) -> bool:
    """Drop an index if it still is the one that is meant; return False when there is none.

    Raises:
        UndoConflict: Another index has that name.
        Refused: It enforces a constraint.
        ToolFault: The database cannot be written; nothing was changed.
    """
    with database.reader() as reader:
        if not _is_there(reader, name, table, sql):
            return False
        statement = statements.drop_index(name, read_schema(reader, count=False))
    with database.writer(Scope(drop=(name, table))) as writer:
        there = _is_there(writer, name, table, sql)
        if there:
            writer.rows(statement)
    return there


def _is_there(reader: Reader, name: str, table: str, sql: str) -> bool:
    found = stored_index(reader, name)
    if found is not None and found != (table, sql):
        raise UndoConflict(
            f"The index {name!r} is not the one that was meant: {found[1]!r} on {found[0]!r}.",
            advice="Look at it and drop it by hand if it is not needed.",
        )
    return found is not None


def make_again(
    database: Database, name: str, table: str, sql: str, statistics: list[Statistic]
) -> None:
    """Bring back a dropped index and its statistics; no-op when it is there.

    Raises:
        UndoConflict: Another index has that name, or its table or a column is gone.
        ToolFault: The database cannot be written; nothing was changed.
    """
    statement = statements.recreate_index(sql, name, table)
    with database.writer(Scope(create=(name, table), statistics=bool(statistics))) as writer:
        found = stored_index(writer, name)
        if found == (table, sql):
            return
        if found is not None:
            raise UndoConflict(f"Another index is called {name!r} by now: {found[1]!r}.")
        try:
            writer.rows(statement)
        except Refused as fault:
            raise UndoConflict(
                f"The index {name!r} on {table!r} cannot be made again. {fault.what}",
                advice="The table has changed since.",
            ) from fault
        if statistics and has_statistics(writer):
            writer.rows(statements.CLEAR_INDEX_STATISTICS, (name,))
            add_statistics(writer, statistics)


def find_made(database: Database, name: str, table: str, sql: str) -> Happened:
    """Tell whether an index exists exactly as meant; `unknown` when another has its name."""
    with database.reader() as reader:
        found = stored_index(reader, name)
    if found is None:
        return "no"
    return "yes" if found == (table, sql) else "unknown"
