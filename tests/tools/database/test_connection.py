import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections import namedtuple
from contextlib import closing
from pathlib import Path

import pytest

from tests.tools.database.conftest import Execute, dump
from tools.database import statements
from tools.database.connection import Database, Scope
from tools.database.faults import translate
from tools.database.schema import read_schema
from tools.database.spec import IndexSpec
from tools.database.statements import Statement, parse_query
from tools.errors import BadInput, Fatal, Refused, Transient

SPEC = IndexSpec(table="orders", columns=("customer",))
MAKES = Scope(create=(SPEC.name, "orders"))
COUNT = "SELECT count(*) FROM orders"


def count(database: Database) -> int:
    with database.reader() as reader:
        found: int = reader.rows(parse_query(COUNT))[0][0]
    return found


def creation(database: Database) -> Statement:
    with database.reader() as reader:
        return statements.create_index(SPEC, read_schema(reader, count=False))


def make_twice(database: Database, statement: Statement) -> None:
    with database.writer(MAKES) as writer:
        writer.rows(statement)
        writer.rows(statement)


def into_wal(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")


def test_a_missing_file_is_told_at_first_use(tmp_path: Path) -> None:
    database = Database(tmp_path / "none.db")
    with pytest.raises(BadInput, match=r"none\.db"), database.reader():
        pass
    assert not (tmp_path / "none.db").exists()


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="not a file"), Database(tmp_path).reader():
        pass


def test_a_path_with_nul_is_bad_input() -> None:
    with pytest.raises(BadInput, match="NUL"):
        Database(Path("a\0b"))


def test_another_kind_of_file_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_text("hello " * 1000)
    with pytest.raises(BadInput, match="not an SQLite database"):
        count(Database(tmp_path / "a.db"))


def test_a_damaged_file_is_fatal(database: Database, path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096 * 40)
    with pytest.raises(Fatal, match="damaged"):
        count(database)


def test_a_locked_database_is_transient_for_readers(database: Database, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(Transient, match="locked"):
            count(database)


def test_a_locked_database_is_transient_for_writers(database: Database, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Transient, match="locked"), database.writer(MAKES):
            pass


def test_a_reader_that_blocks_the_commit_leaves_nothing_changed(
    database: Database, path: Path
) -> None:
    statement, before = creation(database), dump(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute(COUNT).fetchall()
        with pytest.raises(Transient, match="locked"), database.writer(MAKES) as writer:
            writer.rows(statement)
    assert dump(path) == before


def test_a_slow_statement_is_stopped_and_named(database: Database) -> None:
    endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c"
    with (
        database.reader(limit_seconds=0.05) as reader,
        pytest.raises(Transient, match="WITH RECURSIVE c"),
    ):
        reader.rows(parse_query(endless))


def test_a_reader_goes_on_after_a_statement_was_stopped(database: Database) -> None:
    with database.reader(limit_seconds=-1) as reader:
        with pytest.raises(Transient):
            reader.rows(parse_query("SELECT * FROM orders a, orders b"))
        assert reader.open(parse_query(COUNT), limit_seconds=5).columns == ("count(*)",)


def test_a_change_is_committed_on_leaving(database: Database) -> None:
    statement = creation(database)
    with database.writer(MAKES) as writer:
        writer.rows(statement)
    with database.reader() as reader:
        assert SPEC.name in read_schema(reader).indexes()


def test_a_change_is_rolled_back_when_its_block_fails(database: Database, path: Path) -> None:
    statement, before = creation(database), dump(path)
    with pytest.raises(Refused, match="already exists"):
        make_twice(database, statement)
    assert dump(path) == before


def test_a_slow_change_is_rolled_back(database: Database, path: Path) -> None:
    statement, before = creation(database), dump(path)
    with (
        pytest.raises(Transient, match="stopped"),
        database.writer(MAKES, limit_seconds=-1) as writer,
    ):
        writer.rows(statement)
    assert dump(path) == before


def test_a_reader_refuses_statements_that_change(database: Database) -> None:
    with database.reader() as reader, pytest.raises(Refused, match="may not run here"):
        reader.rows(statements.ANALYZE)


def test_a_writer_refuses_another_index_than_its_scope(database: Database, path: Path) -> None:
    statement, before = creation(database), dump(path)
    with (
        pytest.raises(Refused, match="authorizer"),
        database.writer(Scope(create=("other", "orders"))) as writer,
    ):
        writer.rows(statement)
    assert dump(path) == before


def test_a_symbolic_link_is_followed_once(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(path)
    database = Database(link)
    link.unlink()
    link.symlink_to(tmp_path / "elsewhere.db")
    assert (database.path, count(database)) == (path, 4000)


def test_a_link_to_itself_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "loop.db").symlink_to(tmp_path / "loop.db")
    with pytest.raises(BadInput, match="no file"):
        count(Database(tmp_path / "loop.db"))


def test_reading_leaves_no_files_behind(database: Database, path: Path) -> None:
    into_wal(path)
    before = set(path.parent.iterdir())
    assert (count(database), set(path.parent.iterdir())) == (4000, before)


def test_reading_does_not_take_the_files_of_a_living_writer(database: Database, path: Path) -> None:
    into_wal(path)
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("DELETE FROM orders WHERE id > 10")
        other.commit()
        assert count(database) == 10
        assert path.with_name(path.name + "-wal").exists()


def test_a_wal_that_cannot_be_made_is_explained(database: Database, path: Path) -> None:
    into_wal(path)
    path.with_name(path.name + "-wal").mkdir()
    with pytest.raises(Fatal, match="journal_mode=DELETE"):
        count(database)


def test_what_a_killed_writer_left_half_done_is_rolled_back(database: Database, path: Path) -> None:
    before = dump(path)
    script = (
        "import os, sqlite3, sys\n"
        "c = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "c.execute('PRAGMA cache_size = 1')\n"
        "c.execute('BEGIN IMMEDIATE')\n"
        "c.execute('CREATE INDEX half ON orders(day, total, customer, note)')\n"
        f"os.kill(os.getpid(), {int(signal.SIGKILL)})\n"
    )
    subprocess.run([sys.executable, "-c", script, os.fspath(path)], check=False)
    assert path.with_name(path.name + "-journal").exists()
    with database.reader() as reader:
        assert "half" not in read_schema(reader).indexes()
    assert dump(path) == before


@pytest.mark.parametrize(
    ("scope", "statement"),
    [
        (f"Scope(create=({SPEC.name!r}, 'orders'))", f"create_index({SPEC!r}, schema)"),
        ("Scope(drop=('by_day', 'orders'))", "drop_index('by_day', schema)"),
        ("Scope(statistics=True)", "analyze()"),
    ],
)
def test_a_change_killed_before_its_commit_never_was(
    database: Database, path: Path, scope: str, statement: str
) -> None:
    before = dump(path)
    script = (
        "import os, sys\nfrom pathlib import Path\n"
        "from tools.database.connection import Database, Scope\n"
        "from tools.database.schema import read_schema\n"
        "from tools.database.spec import IndexSpec\n"
        "from tools.database.statements import analyze, create_index, drop_index\n"
        "database = Database(Path(sys.argv[1]))\n"
        "with database.reader() as reader: schema = read_schema(reader)\n"
        f"with database.writer({scope}) as writer:\n"
        f"    writer.rows({statement})\n"
        f"    os.kill(os.getpid(), {int(signal.SIGKILL)})\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, os.fspath(path)], check=False, capture_output=True
    )
    assert (ended.returncode, count(database)) == (-signal.SIGKILL, 4000)
    assert dump(path) == before


def test_a_copy_holds_the_same(database: Database, path: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        database.copy_into(copy, tmp_path)
    assert dump(tmp_path / "copy.db") == dump(path)


def test_a_copy_without_room_is_fatal(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")  # noqa: PYI024  # the shape of shutil's own
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1, 1, 0))
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        with pytest.raises(Fatal, match="free"):
            database.copy_into(copy, tmp_path)
        assert copy.execute("SELECT * FROM sqlite_master").fetchall() == []


def test_a_full_disk_is_fatal(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA max_page_count = 1")
        with pytest.raises(sqlite3.OperationalError) as caught:
            connection.execute("CREATE INDEX a ON orders(day, total, note, customer)")
    fault = translate(caught.value, path, "creating")
    assert (type(fault), "disk is full" in str(fault)) == (Fatal, True)


def test_a_read_only_file_is_fatal(path: Path) -> None:
    with (
        closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection,
        pytest.raises(sqlite3.OperationalError) as caught,
    ):
        connection.execute("CREATE INDEX a ON orders(day)")
    fault = translate(caught.value, path, "creating")
    assert (type(fault), "read-only" in str(fault)) == (Fatal, True)


def test_a_huge_value_is_refused_before_memory_runs_out(database: Database) -> None:
    with database.reader() as reader, pytest.raises(Fatal, match="larger"):
        reader.rows(
            parse_query("SELECT replace(printf('%.999999c', 'x'), 'x', printf('%.200c', 'y'))")
        )


def test_full_text_and_json_can_be_read(database: Database, execute: Execute) -> None:
    execute("CREATE VIRTUAL TABLE pages USING fts5(body)")
    execute("INSERT INTO pages VALUES ('hello world')")
    with database.reader() as reader:
        found = reader.rows(parse_query("SELECT body FROM pages WHERE pages MATCH 'hello'"))
        assert found == [("hello world",)]
        assert reader.rows(parse_query("SELECT value FROM json_each('[7]')")) == [(7,)]
