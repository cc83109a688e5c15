"""Versions: a store of the future and a database of someone else are refused and left alone."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from checkpoints.schema import STORE_VERSION
from checkpoints.store import open_store
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


def indexes(path: Path) -> list[tuple[object, ...]]:
    return run(
        path,
        "SELECT m.name, i.name FROM sqlite_master AS m, pragma_index_info(m.name) AS i "
        "WHERE m.type = 'index' AND m.sql IS NOT NULL ORDER BY m.name, i.seqno",
    )


HERE = Path(__file__).parent
STORES = [HERE / "store_v1.sql", HERE.parent / "golden" / "runs" / "waiting.sql"]
"""Stores as versions 1 and 2 left them."""


@pytest.fixture(params=STORES, ids=["1", "2"])
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


def test_older_store_notes_this_version(old: Path) -> None:
    open_store(f"sqlite:///{old}").close()
    assert run(old, "SELECT version FROM store_version") == [(STORE_VERSION,)]


def test_older_store_keeps_what_it_remembers(old: Path) -> None:
    with open_store(f"sqlite:///{old}") as store:
        assert store.ledger.verify().problems == ()
        run = store.runs.all()[0].run
        assert "applied" in {record.state for record in store.journal.of_run(run)}
        assert store.spending.totals(run).calls == 0
