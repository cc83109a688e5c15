"""Any text at all, given to the database tools and to the engine behind them: nothing changes."""

import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tools.contract import JsonObject, Tool
from tools.database.authorizer import Scope, reads_only
from tools.database.connection import Database
from tools.database.indexes import CreateIndex, DropIndex, DropOwnIndex
from tools.database.reads import Explain
from tools.database.statements import parse_query
from tools.database.workload import parse_workload
from tools.errors import Refused, ToolFault

EVIL = (
    "DROP TABLE orders",
    "TRUNCATE TABLE orders",
    "DELETE FROM orders",
    "DELETE FROM orders WHERE 1 = 1 RETURNING *",
    "UPDATE orders SET total = 0",
    "INSERT INTO orders VALUES (1, 2)",
    "REPLACE INTO orders VALUES (1, 2)",
    "INSERT INTO orders SELECT * FROM orders ON CONFLICT DO UPDATE SET total = 0",
    "SELECT 1; DROP TABLE orders",
    "SELECT 1;;DROP TABLE orders;--",
    "SELECT 1 /* /* */; DROP TABLE orders; -- */",
    "SELECT 1 -- \n; DROP TABLE orders",
    "/*! DROP TABLE orders */ SELECT 1; DELETE FROM orders",
    "-- SELECT\nDROP TABLE orders",
    "SELECT 1\0; DROP TABLE orders",
    "\ufeffDROP TABLE orders",
    "DROP\u00a0TABLE\u00a0orders",
    "\uff24\uff32\uff2f\uff30 TABLE orders",
    "SELECT 1\uff1b DROP TABLE orders",
    "D\u200bROP TABLE orders",
    "ATTACH DATABASE 'evil.db' AS evil",
    "ATTACH 'file:evil.db?mode=rwc' AS evil; CREATE TABLE evil.t(a)",
    "DETACH DATABASE main",
    "PRAGMA writable_schema = ON",
    "PRAGMA writable_schema = 1; DELETE FROM sqlite_master",
    "PRAGMA journal_mode = WAL",
    "PRAGMA user_version = 7",
    "PRAGMA query_only = OFF",
    "PRAGMA main.auto_vacuum = 1",
    "SELECT load_extension('evil.so')",
    "SELECT writefile('evil.txt', 'x')",
    "SELECT edit('x', 'sh')",
    "SELECT fts3_tokenizer('simple', x'4141414141414141')",
    "SELECT * FROM pragma_writable_schema(1)",
    "SELECT * FROM pragma_user_version(7)",
    "VACUUM",
    "VACUUM INTO 'evil.db'",
    "VACUUM main INTO 'evil.db'",
    "CREATE TABLE evil(a)",
    "CREATE TABLE evil AS SELECT * FROM orders",
    "CREATE TEMP TABLE evil(a)",
    "CREATE VIEW evil AS SELECT 1",
    "CREATE TRIGGER evil AFTER INSERT ON orders BEGIN DELETE FROM orders; END",
    "CREATE VIRTUAL TABLE evil USING fts5(a)",
    "CREATE INDEX evil ON orders(total)",
    "CREATE UNIQUE INDEX evil ON orders(total)",
    "DROP INDEX by_day",
    "DROP VIEW IF EXISTS orders",
    "ALTER TABLE orders RENAME TO evil",
    "ALTER TABLE orders DROP COLUMN total",
    "REINDEX",
    "ANALYZE",
    "UPDATE sqlite_master SET sql = ''",
    "DELETE FROM sqlite_master",
    "INSERT INTO sqlite_master VALUES ('table', 'evil', 'evil', 0, '')",
    "WITH x AS (SELECT 1) DELETE FROM orders",
    "WITH x AS (DELETE FROM orders RETURNING *) SELECT * FROM x",
    "WITH x AS (SELECT 1) INSERT INTO orders SELECT 1, 2",
    "EXPLAIN DROP TABLE orders",
    "BEGIN; DROP TABLE orders; COMMIT",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT evil",
    ".shell rm shop.db",
    "orders; DROP TABLE orders",
    'orders"; DROP TABLE orders; --',
    "orders(total); DROP TABLE orders; --",
    "total) WHERE (SELECT load_extension('x')",
    "by_day; DROP TABLE orders",
    'by_day" ; DELETE FROM orders; --',
)
FRAGMENTS = (
    *("SELECT", "DROP TABLE", "DELETE FROM", "orders", "total", "by_day", "WITH x AS (", ")", "("),
    *(";", "--", "/*", "*/", "'", '"', "[", "]", "`", "\n", "\0", "\ufeff", "\uff1b", " ", ","),
    *(
        "PRAGMA writable_schema=1",
        "ATTACH 'x' AS y",
        "load_extension('x')",
        "RETURNING *",
        "1",
        "*",
    ),
)
TEXTS = st.one_of(
    st.sampled_from(EVIL),
    st.lists(st.sampled_from(FRAGMENTS), max_size=12).map(" ".join),
    st.lists(st.sampled_from(FRAGMENTS), max_size=12).map("".join),
    st.tuples(st.sampled_from(EVIL), st.text(max_size=8), st.sampled_from(EVIL)).map("".join),
    st.text(max_size=60),
)
ATTACK = settings(
    derandomize=True,
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
SCOPES = (
    Scope(create=("sf_own", "orders")),
    Scope(drop=("sf_own", "orders")),
    Scope(statistics=True),
    Scope(create=("sf_own", "orders"), drop=("sf_own", "orders"), statistics=True),
)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Return a shop in a folder of its own."""
    file = tmp_path / "shop" / "shop.db"
    file.parent.mkdir()
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executescript(
            "CREATE TABLE orders(id INTEGER PRIMARY KEY, total REAL, day TEXT);"
            "INSERT INTO orders VALUES (1, 2.5, '2026-01-01'), (2, 7.5, '2026-01-02');"
            "CREATE INDEX by_day ON orders(day);"
        )
    return file


def state(shop: Path) -> tuple[bytes, list[str]]:
    """Return the file byte by byte, and which files lie beside it."""
    return shop.read_bytes(), sorted(file.name for file in shop.parent.iterdir())


def tools(shop: Path) -> dict[str, Tool]:
    database, workload = Database(shop), parse_workload("SELECT * FROM orders WHERE total > 3")
    return {
        "explain": Explain(database, workload),
        "create": CreateIndex(database, workload, dropper=lambda *_: ""),
        "drop": DropIndex(database, workload),
        "drop_own": DropOwnIndex(database, workload, owns=lambda _: False),
    }


def use(tool: Tool, args: JsonObject) -> None:
    """Do everything that can be done with a tool, as the runner would."""
    with suppress(ToolFault):
        checked = tool.check(args)
        tool.resources(checked)
        tool.known_values(checked)
        snapshot = tool.snapshot(checked)
        tool.preview(checked)
        tool.apply(checked, "k")
        tool.undo(checked, snapshot, None)


@ATTACK
@given(text=TEXTS)
def test_no_text_given_to_explain_changes_anything(shop: Path, text: str) -> None:
    before = state(shop)
    use(tools(shop)["explain"], {"sql": text})
    assert state(shop) == before


@ATTACK
@given(table=TEXTS, column=TEXTS)
def test_no_names_given_to_create_index_change_anything(
    shop: Path, table: str, column: str
) -> None:
    before = state(shop)
    use(tools(shop)["create"], {"table": table, "columns": ["total", column]})
    use(tools(shop)["create"], {"table": "orders", "columns": [f"{column};"]})
    assert state(shop) == before


@ATTACK
@given(name=TEXTS, tool=st.sampled_from(["drop", "drop_own"]))
def test_no_name_given_to_a_drop_changes_anything(shop: Path, name: str, tool: str) -> None:
    before = state(shop)
    use(tools(shop)[tool], {"name": f"{name} "})
    assert state(shop) == before


@ATTACK
@given(text=TEXTS)
def test_text_that_passes_as_a_query_is_one_for_sqlite_too(shop: Path, text: str) -> None:
    before = state(shop)
    with suppress(ToolFault):
        statement = parse_query(text)
        with closing(sqlite3.connect(shop)) as undefended:
            with suppress(sqlite3.Error):
                undefended.execute(statement.text).fetchall()
            undefended.commit()
    assert state(shop) == before


@pytest.mark.parametrize("text", EVIL)
def test_evil_text_is_refused_by_the_vocabulary(text: str) -> None:
    with pytest.raises(Refused):
        parse_query(text)


def test_a_readers_engine_alone_changes_nothing(shop: Path) -> None:
    before = state(shop)
    with Database(shop).reader() as reader:
        harmful = [text for text in EVIL if harms(reader._connection, text, shop, before)]
    assert harmful == []


def test_a_readers_authorizer_alone_changes_nothing(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where the file can be written: only the authorizer stands in the way."""
    monkeypatch.chdir(shop.parent)
    before = state(shop)
    with closing(sqlite3.connect(shop, isolation_level=None)) as connection:
        connection.set_authorizer(reads_only(lambda: False))
        harmful = [text for text in EVIL if harms(connection, text, shop, before)]
    assert harmful == []


@pytest.mark.parametrize("scope", SCOPES)
def test_a_writers_authorizer_alone_keeps_data_and_schema(
    shop: Path, scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop.parent)
    before = lasting(shop)
    harmful = []
    for text in EVIL:
        with Database(shop).writer(scope) as writer:
            run_each(writer._connection, text)
        if lasting(shop) != before:
            harmful.append(text)
    assert harmful == []


def harms(
    connection: sqlite3.Connection, text: str, shop: Path, before: tuple[bytes, list[str]]
) -> bool:
    run_each(connection, text)
    return state(shop) != before


def run_each(connection: sqlite3.Connection, text: str) -> None:
    """Run each statement of a text, whatever becomes of the others."""
    for statement in text.split(";"):
        with suppress(sqlite3.Error, sqlite3.Warning, ValueError):
            connection.execute(statement).fetchall()


def lasting(shop: Path) -> tuple[list[str], list[str]]:
    """Return all but the statistics, and which files lie beside it."""
    with closing(sqlite3.connect(shop)) as connection:
        lines = [line for line in connection.iterdump() if "sqlite_" not in line]
    return lines, sorted(file.name for file in shop.parent.iterdir())


def test_the_attacks_would_work_without_defences(shop: Path, tmp_path: Path) -> None:
    harmed = 0
    for number, text in enumerate(EVIL):
        copy = Path(shutil.copy(shop, tmp_path / f"{number}.db"))
        before = copy.read_bytes()
        with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
            if "evil.db" not in text and "INTO" not in text:
                run_each(connection, text)
        harmed += copy.read_bytes() != before
    assert harmed > 20
