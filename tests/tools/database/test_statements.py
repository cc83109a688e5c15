import pytest

from tools.database.connection import Database
from tools.database.schema import Schema, read_schema
from tools.database.spec import IndexSpec
from tools.database.statements import (
    Statement,
    copy_of_schema,
    create_index,
    drop_index,
    parse_query,
    recreate_index,
)
from tools.errors import Refused


@pytest.fixture
def schema(database: Database) -> Schema:
    with database.reader() as reader:
        return read_schema(reader)


@pytest.mark.parametrize(
    "text",
    [
        "select a from t indexed by i where a is not 3;",
        "WITH RECURSIVE c(x) AS (VALUES(1) UNION ALL SELECT x+1 FROM c WHERE x<5) SELECT * FROM c",
        "SELECT a FROM t UNION SELECT b FROM u ORDER BY 1 LIMIT 3",
        "SELECT sum(a) FILTER (WHERE b > 1) OVER (PARTITION BY c ORDER BY d) FROM t",
        "SELECT j->>'$.a?', 'x;y', x'00' FROM t WHERE (a, b) IN (SELECT 1, 2) -- ; DROP",
        "SELECT replace(a, 'x', 'y'), edit FROM t",
    ],
)
def test_queries_are_accepted(text: str) -> None:
    assert parse_query(text).kind == "query"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "0 statements"),
        ("SELECT 1; SELECT 2", "2 statements"),
        ("SELECT 1 /* /* */; DROP TABLE t; -- */", "2 statements"),
        ("VALUES (1)", "begins with"),
        ("EXPLAIN SELECT 1", "begins with"),
        ("(SELECT 1)", "begins with"),
        ("WITH x AS (SELECT 1) DELETE FROM t", "only SELECT"),
        ("WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x", "DELETE"),
        ("SELECT a INTO b FROM t", "INTO"),
        ("SELECT * FROM t FOR UPDATE", "LOCK"),
        ("SELECT load_extension('x')", "load_extension"),
        ("SELECT \"load_extension\" ('x')", "load_extension"),
        ("SELECT writefile('x', 'y')", "writefile"),
        ("SELECT hex(zeroblob(1000000000))", "zeroblob"),
        ("SELECT * FROM pragma_table_info('t')", "PRAGMA"),
        ('SELECT * FROM "PRAGMA_writable_schema"', "PRAGMA"),
        ("SELECT * FROM sqlite_dbpage", "sqlite_dbpage"),
        ("SELECT * FROM t WHERE a = ?", "parameter"),
        ("SELECT * FROM t WHERE a = :name", "parameter"),
        ("SELECT 1 FROM WHERE", "parsed"),
        ("SELECT \0", "U\\+0000"),
        ("\ufeffSELECT 1", "U\\+FEFF"),
        ("SELECT " + "(" * 500 + "1" + ")" * 500, "nested"),
        ("SELECT '" + "x" * 100_001 + "'", "longer"),
    ],
)
def test_everything_else_is_refused_by_a_named_rule(text: str, rule: str) -> None:
    with pytest.raises(Refused, match=rule):
        parse_query(text)


def test_order_and_limit_of_the_top_level_only_are_noted() -> None:
    inner = parse_query("SELECT * FROM (SELECT 1 AS a ORDER BY 1 LIMIT 1)")
    outer = parse_query("SELECT 1 UNION SELECT 2 ORDER BY 1 LIMIT 1")
    assert (inner.shape.ordered, inner.shape.limit) == (False, None)
    assert (outer.shape.ordered, outer.shape.limit) == (True, 1)


def test_a_statement_cannot_be_made_by_hand() -> None:
    with pytest.raises(Refused, match="by hand"):
        Statement("DROP TABLE orders", "query")


def test_an_index_is_written_with_quoted_names(schema: Schema) -> None:
    spec = IndexSpec(table='odd "name', columns=(" a b", "größe DESC"))
    text = create_index(spec, schema).text
    assert text == f'CREATE INDEX "{spec.name}" ON "odd ""name" (" a b", "größe" DESC)'


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("nothing", "id"),
        ("orders", "nothing"),
        ("orders", "id) ; DROP TABLE orders; --"),
        ("cities", "city"),
        ("sqlite_master", "name"),
        ("ORDERS", "id"),
        ("orders", "day desc"),
    ],
)
def test_an_index_on_unknown_names_is_refused(schema: Schema, table: str, column: str) -> None:
    with pytest.raises(Refused, match=r"There is no|has no column"):
        create_index(IndexSpec(table=table, columns=(column,)), schema)


@pytest.mark.parametrize("name", ["one_name", "sqlite_autoindex_codes_1", "nothing", 'x"; DROP'])
def test_only_ordinary_indexes_are_dropped(schema: Schema, name: str) -> None:
    with pytest.raises(Refused):
        drop_index(name, schema)


def test_dropping_names_exactly_one_index(schema: Schema) -> None:
    assert drop_index("by_day", schema).text == 'DROP INDEX "by_day"'


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE INDEX other ON orders(day)",
        "CREATE INDEX by_day ON customers(day)",
        "CREATE UNIQUE INDEX by_day ON orders(day)",
        "CREATE INDEX by_day ON orders(day); DROP TABLE orders",
        "DROP TABLE orders",
        "CREATE TABLE by_day(a)",
    ],
)
def test_only_the_stored_index_itself_is_made_again(sql: str) -> None:
    with pytest.raises(Refused):
        recreate_index(sql, "by_day", "orders")


@pytest.mark.parametrize(
    "sql", ["CREATE VIRTUAL TABLE f USING fts5(x)", "DROP TABLE t", "CREATE TABLE t(a); SELECT 1"]
)
def test_a_schema_copy_takes_tables_indexes_and_views_only(sql: str) -> None:
    with pytest.raises(Refused):
        copy_of_schema(sql)
