import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from tests.tools.database.conftest import Execute
from tools.database.connection import Database
from tools.database.schema import read_schema
from tools.database.scratch import full_copy
from tools.database.spec import IndexSpec
from tools.database.statements import create_index

SPEC = IndexSpec(table="orders", columns=("customer",))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = tmp_path / "temporary"
    made.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(made))
    return made


@pytest.mark.skipif(os.name != "posix", reason="an open file keeps its name there")
@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
def test_a_killed_simulation_leaves_no_data(
    database: Database, execute: Execute, folder: Path, mode: str
) -> None:
    execute(f"PRAGMA journal_mode = {mode}")
    with full_copy(database) as copy:
        creation = create_index(SPEC, read_schema(copy))
        copy.build(SPEC, creation, limit_seconds=10)
        with copy.only(frozenset()):
            left = [path.name for path in folder.rglob("*") if path.is_file()]
    assert left == []


def test_nothing_is_left_afterwards(database: Database, folder: Path) -> None:
    with full_copy(database) as copy:
        assert len(copy.rows(create_index(SPEC, read_schema(copy)))) == 0
    assert list(folder.iterdir()) == []


def test_the_original_stays_as_it_was(database: Database, path: Path) -> None:
    with full_copy(database) as copy:
        copy.build(SPEC, create_index(SPEC, read_schema(copy)), limit_seconds=10)
    with closing(sqlite3.connect(path)) as original:
        found = original.execute(
            "SELECT count(*) FROM sqlite_master WHERE name LIKE 'sf~_%' ESCAPE '~'"
        )
        assert found.fetchone() == (0,)
