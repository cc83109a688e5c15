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
