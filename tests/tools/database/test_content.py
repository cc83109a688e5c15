import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.tools.database.conftest import Execute
from tools.database.connection import Database
from tools.database.content import TableDigest, schema_digest, table_digests
from tools.database.schema import read_schema


def digests(database: Database) -> dict[str, TableDigest]:
    with database.reader() as reader:
        return table_digests(reader)


def schema_of(database: Database, *ignored: str) -> str:
    with database.reader() as reader:
        return schema_digest(read_schema(reader), ignoring=frozenset(ignored))


def test_every_ordinary_table_has_a_digest(database: Database) -> None:
    assert {name: found.rows for name, found in digests(database).items()} == {
        "codes": 0,
        "customers": 200,
        'odd "name': 50,
        "orders": 4000,
    }


def test_indexes_and_statistics_do_not_change_content(database: Database, execute: Execute) -> None:
    before = digests(database)
    execute("CREATE INDEX extra ON orders(customer, note)")
    execute("ANALYZE")
    assert digests(database) == before


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE orders SET note = x'00' WHERE id = 4000",
        "UPDATE orders SET note = 'n' WHERE id = 1",
        "UPDATE orders SET total = total + 1e-12 WHERE id = 9",
        "DELETE FROM orders WHERE id = 17",
        "UPDATE orders SET id = 9999 WHERE id = 17",
    ],
)
def test_any_change_of_a_row_shows(database: Database, execute: Execute, change: str) -> None:
    before = digests(database)["orders"].digest
    execute(change)
    assert digests(database)["orders"].digest != before


def test_text_that_is_not_utf8_is_digested_exactly(database: Database, execute: Execute) -> None:
    execute("INSERT INTO codes VALUES ('a', CAST(x'ff' AS TEXT))")
    before = digests(database)["codes"]
    execute("UPDATE codes SET meaning = CAST(x'fe' AS TEXT)")
    assert digests(database)["codes"] != before


def test_a_table_whose_columns_hide_the_rowid_has_a_digest(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection, connection:
        connection.execute("CREATE TABLE t(rowid TEXT, oid TEXT, _rowid_ TEXT)")
        connection.execute("INSERT INTO t VALUES (1, 2, 3)")
    assert digests(Database(tmp_path / "a.db"))["t"].rows == 1


def test_the_tables_of_a_full_text_index_are_digested(database: Database, execute: Execute) -> None:
    execute("CREATE VIRTUAL TABLE pages USING fts5(body)")
    before = digests(database)["pages_content"]
    execute("INSERT INTO pages VALUES ('hello')")
    assert digests(database)["pages_content"] != before


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE extra(a)",
        "DROP VIEW cities",
        "DROP TRIGGER quiet",
        "DROP INDEX by_day",
        "ALTER TABLE orders ADD COLUMN extra TEXT",
    ],
)
def test_any_change_of_the_schema_shows(database: Database, execute: Execute, change: str) -> None:
    before = schema_of(database)
    execute(change)
    assert schema_of(database) != before


def test_named_indexes_rows_and_statistics_do_not_count(
    database: Database, execute: Execute
) -> None:
    before = schema_of(database, "ours")
    execute("CREATE INDEX ours ON orders(customer)")
    execute("ANALYZE")
    execute("DELETE FROM codes")
    assert schema_of(database, "ours") == before
