import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.tools.database.conftest import Execute
from tools.database.catalog import Column
from tools.database.connection import Database
from tools.database.schema import Schema, read_schema
from tools.errors import Refused


def schema_of(database: Database) -> Schema:
    with database.reader() as reader:
        return read_schema(reader)


def test_ordinary_tables_are_listed_with_their_rows(database: Database) -> None:
    rows = {name: table.rows for name, table in schema_of(database).tables.items()}
    assert rows == {"codes": 0, "customers": 200, 'odd "name': 50, "orders": 4000}


def test_columns_keep_odd_names_and_key_order(database: Database) -> None:
    assert schema_of(database).tables['odd "name'].columns == (
        Column(name=" a b", type="TEXT", not_null=True, primary_key=2),
        Column(name="select", type="INTEGER", not_null=True, primary_key=1),
        Column(name="größe", type="REAL", not_null=False, primary_key=0),
    )


def test_without_rowid_is_noted(database: Database) -> None:
    tables = schema_of(database).tables
    assert (tables['odd "name'].without_rowid, tables["orders"].without_rowid) == (True, False)


def test_index_columns_show_direction_and_expressions(database: Database) -> None:
    columns = {name: index.columns for name, index in schema_of(database).indexes().items()}
    assert columns["by_day_total"] == ("day", "total DESC")
    assert columns["lowered"] == ("<expr>", "city")


def test_partial_unique_and_constraint_indexes_are_told_apart(database: Database) -> None:
    indexes = schema_of(database).indexes()
    assert indexes["big"].partial
    assert indexes["one_name"].unique
    assert indexes["sqlite_autoindex_codes_1"].origin == "u"


def test_an_asked_for_collation_is_part_of_the_column(database: Database, execute: Execute) -> None:
    execute("CREATE INDEX collated ON customers(name COLLATE NOCASE DESC)")
    assert schema_of(database).index("collated").columns == ("name COLLATE NOCASE DESC",)


def test_views_triggers_and_virtual_tables_are_only_in_others(
    database: Database, execute: Execute
) -> None:
    execute("CREATE VIRTUAL TABLE pages USING fts5(body)")
    schema = schema_of(database)
    assert not [name for name in schema.tables if name.startswith("pages")]
    assert {"view cities", "trigger quiet", "table pages"} <= set(schema.others)


def test_an_empty_file_is_an_empty_database(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    assert schema_of(Database(tmp_path / "empty.db")).tables == {}


def test_names_may_be_keywords_with_quotes_and_newlines(tmp_path: Path) -> None:
    name = 'select\n; DROP TABLE "x" \'--'
    quoted = '"' + name.replace('"', '""') + '"'
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection, connection:
        connection.execute(f"CREATE TABLE {quoted}(a)")
    assert schema_of(Database(tmp_path / "a.db")).tables[name].rows == 0


@pytest.mark.parametrize("kind", ["table", "index"])
def test_names_that_are_not_utf8_are_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE cafe(a)")
        if kind == "index":
            connection.execute("CREATE INDEX cafes ON cafe(a)")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_master SET name = CAST(x'636166e9' AS TEXT), "
            "tbl_name = CASE type WHEN 'table' THEN CAST(x'636166e9' AS TEXT) ELSE tbl_name END, "
            "sql = CAST(replace(CAST(sql AS BLOB), CAST(name AS BLOB), x'636166e9') AS TEXT) "
            "WHERE type = ?",
            (kind,),
        )
    with pytest.raises(Refused, match=r"not UTF-8: b'.*caf\\xe9"):
        schema_of(Database(path))
