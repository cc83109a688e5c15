"""Reads the schema of a database into records."""

import re
from typing import Final

from tools.database import statements
from tools.database.catalog import Column, Index, Schema, Table
from tools.database.session import Reader, Row
from tools.errors import Refused

__all__ = ["Column", "Index", "Schema", "Table", "read_schema", "read_tables"]

_NOT_UTF8: Final = re.compile("[\ud800-\udfff]")


def read_schema(reader: Reader, *, count: bool = True) -> Schema:
    """Return the ordinary tables with their columns and indexes, and the SQL of all the rest.

    Views, virtual tables and the tables that these keep (`shadow`) are only in `others`: no index
    of ours belongs there.

    Args:
        reader: An open reader.
        count: Whether to count rows, which reads each table once.

    Raises:
        Refused: A name or a definition in the schema is not UTF-8.
        SurefootError: The database cannot be read.
    """
    tables = read_tables(reader, kinds=frozenset({"table"}), count=count)
    known = {("table", table.name) for table in tables}
    known |= {("index", index.name) for table in tables for index in table.indexes}
    return Schema(
        tables={table.name: table for table in tables},
        others={
            f"{kind} {name}": sql
            for kind, name, sql in map(_legible, reader.rows(statements.SCHEMA_ROWS))
            if (kind, name) not in known
        },
    )


def read_tables(reader: Reader, *, kinds: frozenset[str], count: bool = False) -> list[Table]:
    """Return the tables of some kinds (`table`, `shadow`), by name.

    Raises:
        Refused: A name or a definition in the schema is not UTF-8.
        SurefootError: The database cannot be read.
    """
    found = [_legible(row) for row in reader.rows(statements.TABLES)]
    tables = [
        Table(
            name=name,
            columns=_columns(reader, name),
            indexes=_indexes(reader, name),
            rows=-1,
            without_rowid=bool(without_rowid),
            sql=sql,
        )
        for name, kind, without_rowid, sql in found
        if kind in kinds
    ]
    return [_counted(reader, table) for table in tables] if count else tables


def _legible(row: Row) -> Row:
    """Let a row of the schema pass whose texts can be written down.

    Raises:
        Refused: One is not UTF-8; the connection keeps such bytes as lone surrogates.
    """
    for text in row:
        if isinstance(text, str) and _NOT_UTF8.search(text):
            shown = text.encode("utf-8", "surrogateescape")[:80]
            raise Refused(
                f"The schema holds a name or a definition that is not UTF-8: {shown!r}.",
                advice="Rename it; such a database can be neither described nor compared.",
            )
    return row


def _counted(reader: Reader, table: Table) -> Table:
    rows = reader.rows(statements.count_rows(table))[0][0]
    return table.model_copy(update={"rows": rows})


def _columns(reader: Reader, table: str) -> tuple[Column, ...]:
    return tuple(
        Column(name=name, type=kind, not_null=bool(not_null), primary_key=key)
        for name, kind, not_null, key in reader.rows(statements.COLUMNS, (table,))
    )


def _indexes(reader: Reader, table: str) -> tuple[Index, ...]:
    return tuple(
        Index(
            name=name,
            table=table,
            columns=_index_columns(reader, name, sql or ""),
            unique=bool(unique),
            partial=bool(partial),
            origin=origin,
            sql=sql or "",
        )
        for name, unique, partial, origin, sql in map(
            _legible, reader.rows(statements.INDEXES, (table,))
        )
    )


def _index_columns(reader: Reader, name: str, sql: str) -> tuple[str, ...]:
    collates = "COLLATE" in sql.upper()
    return tuple(
        "<expr>"
        if column is None
        else column + (f" COLLATE {collation}" if collates else "") + (" DESC" if down else "")
        for column, down, collation in reader.rows(statements.INDEX_COLUMNS, (name,))
    )
