"""Proves that no data changed: a digest of every table's rows and one of the schema."""

import hashlib
import marshal
from collections.abc import Iterable

from tools.contract import JsonObject, Record, digest
from tools.database.catalog import Index, Schema, Table
from tools.database.schema import read_tables
from tools.database.session import Reader
from tools.database.statements import all_rows

_MARSHAL = 2
"""This format writes equal values as equal bytes; later ones write references."""


class TableDigest(Record):
    """What a table holds."""

    rows: int
    digest: str


def table_digests(reader: Reader) -> dict[str, TableDigest]:
    """Return the digest of every ordinary table's rows, in the order of its key.

    Tables that virtual tables keep are included, internal ones are not. Takes about a second for a
    million rows of six columns.

    Raises:
        Transient: A table took longer than the reader allows, or the database is locked.
        ToolFault: It cannot be read.
    """
    tables = read_tables(reader, kinds=frozenset({"table", "shadow"}))
    return {table.name: _table_digest(reader, table) for table in tables}


def _table_digest(reader: Reader, table: Table) -> TableDigest:
    content = hashlib.blake2b(digest_size=16)
    rows = 0
    for batch in reader.open(all_rows(table)):
        content.update(marshal.dumps(batch, _MARSHAL))
        rows += len(batch)
    return TableDigest(rows=rows, digest=content.hexdigest())


def schema_digest(schema: Schema, *, ignoring: frozenset[str] = frozenset()) -> str:
    """Return the digest of a schema, row counts apart.

    Args:
        schema: What to digest, views and triggers included.
        ignoring: Names of indexes that do not count, e.g. our own.
    """
    return digest(
        {
            "others": dict(schema.others),
            "tables": {
                name: {
                    "sql": table.sql,
                    "indexes": _index_texts(table.indexes, ignoring),
                }
                for name, table in schema.tables.items()
            },
        }
    )


def _index_texts(indexes: Iterable[Index], ignoring: frozenset[str]) -> JsonObject:
    return {
        index.name: index.sql or ", ".join(index.columns)
        for index in indexes
        if index.name not in ignoring
    }
