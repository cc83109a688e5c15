"""Versions: a store of the future and a database of someone else are refused and left alone."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from checkpoints.schema import STORE_VERSION
from checkpoints.store import open_store
from tests.postgres import database
from tools.errors import StoreFault


def run(path: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute(statement).fetchall()
        connection.commit()
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def test_new_store_notes_its_version(path: Path) -> None:
    open_store(f"sqlite:///{path}").close()
    assert run(path, "SELECT version FROM store_version") == [(STORE_VERSION,)]


def test_newer_store_is_refused(path: Path) -> None:
    open_store(f"sqlite:///{path}").close()
    run(path, "UPDATE store_version SET version = 99")
    with pytest.raises(StoreFault, match=r"newer Surefoot \(its version is 99.*Install the newer"):
        open_store(f"sqlite:///{path}")


def test_database_of_someone_else_is_refused(path: Path) -> None:
    run(path, "CREATE TABLE orders (id INTEGER)")
    with pytest.raises(StoreFault, match=r"not a store.*'orders'.*Name another file"):
        open_store(f"sqlite:///{path}")


def test_database_of_someone_else_gets_no_tables(path: Path) -> None:
    run(path, "CREATE TABLE orders (id INTEGER)")
    with pytest.raises(StoreFault):
        open_store(f"sqlite:///{path}")
    assert run(path, "SELECT name FROM sqlite_master") == [("orders",)]


def tables(path: Path) -> dict[str, list[tuple[object, ...]]]:
    names = run(path, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    return {str(name): run(path, f"PRAGMA table_info({name})") for (name,) in names}


def triggers(path: Path) -> list[tuple[object, ...]]:
    return run(path, "SELECT name FROM sqlite_master WHERE type = 'trigger' ORDER BY name")


def indexes(path: Path) -> list[tuple[object, ...]]:
    return run(
        path,
        "SELECT m.name, i.name FROM sqlite_master AS m, pragma_index_info(m.name) AS i "
        "WHERE m.type = 'index' AND m.sql IS NOT NULL ORDER BY m.name, i.seqno",
    )


HERE = Path(__file__).parent
RUNS = HERE.parent / "golden" / "runs"
STORES = [HERE / "store_v1.sql", RUNS / "waiting.sql", RUNS / "waiting-fd21d5d.sql"]
"""Stores as version 1, and the first and the last commit with version 2, left them."""


@pytest.fixture(params=STORES, ids=["1", "2", "2 at last"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a store as an older version left it."""
    found = tmp_path / "old.db"
    with closing(sqlite3.connect(found)) as connection:
        connection.executescript(request.param.read_text())
    return found


def test_older_store_gets_the_tables_of_this_version(path: Path, old: Path) -> None:
    for each in (path, old):
        with open_store(f"sqlite:///{each}") as store:
            assert store.saver, "makes its tables when first asked for"
    assert (tables(old), indexes(old)) == (tables(path), indexes(path))
    assert triggers(old) == triggers(path)


def test_older_store_notes_this_version(old: Path) -> None:
    open_store(f"sqlite:///{old}").close()
    assert run(old, "SELECT version FROM store_version") == [(STORE_VERSION,)]


def test_older_store_keeps_what_it_remembers(old: Path) -> None:
    with open_store(f"sqlite:///{old}") as store:
        assert store.ledger.verify().problems == ()
        run = store.runs.all()[0].run
        assert "applied" in {record.state for record in store.journal.of_run(run)}
        assert store.spending.totals(run).calls == 0


def test_migration_that_is_killed_left_the_store_as_it_was_and_is_done_by_the_next(
    old: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "tests.checkpoints.killed_migration", str(old)]
    command.append(str(tmp_path / "copy.db"))
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    *ends, last = json.loads(done.stdout)
    assert len(ends) >= 4
    assert ends == [{"killed": True, "same": True, "problems": []}] * len(ends)
    assert last == {"killed": False, "same": False, "problems": []}


SHAPE = """
    SELECT table_name, column_name, data_type, is_nullable, column_default
    FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2
"""
TRIGGERS = """
    SELECT tgname, tgtype, pg_get_triggerdef(oid) FROM pg_trigger
    WHERE NOT tgisinternal ORDER BY tgname
"""


def shape(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return [*connection.execute(SHAPE), *connection.execute(TRIGGERS)]


@pytest.fixture
def old_server(postgres_url: str) -> str:
    """Return the URL of a store on PostgreSQL as version 2 left it."""
    with psycopg.connect(postgres_url) as connection:
        connection.execute((RUNS / "waiting-fd21d5d.postgresql.sql").read_bytes())
    return postgres_url


def test_older_store_on_postgresql_gets_the_tables_of_this_version(
    old_server: str, postgres: str
) -> None:
    with database(postgres) as new:
        for url in (old_server, new):
            with open_store(url) as store:
                assert store.saver, "makes its tables when first asked for"
                assert store.ledger.verify().problems == ()
        assert shape(old_server) == shape(new)


@pytest.mark.parametrize(
    "change", ["UPDATE ledger SET body = '{}'", "DELETE FROM ledger", "TRUNCATE ledger"]
)
def test_ledger_of_an_older_store_on_postgresql_is_append_only(
    old_server: str, change: str
) -> None:
    open_store(old_server).close()
    with (
        psycopg.connect(old_server) as connection,
        pytest.raises(psycopg.errors.RaiseException, match="append-only"),
    ):
        connection.execute(change.encode())


def test_migration_on_postgresql_that_fails_left_the_store_as_it_was(old_server: str) -> None:
    with psycopg.connect(old_server) as connection:
        connection.execute("CREATE FUNCTION ledger_is_append_only() RETURNS int RETURN 1")
    before = shape(old_server)
    with pytest.raises(StoreFault):
        open_store(old_server)
    assert shape(old_server) == before
