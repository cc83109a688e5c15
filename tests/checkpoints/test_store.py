"""Opening, closing and committing: one file, all or nothing, clear refusals."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path

import pytest
from langchain_core.runnables import RunnableConfig

from checkpoints.store import Store, open_store
from tools.errors import BadInput, StoreFault

OPENER = """
import sys
from checkpoints.store import open_store

print("ready", flush=True)
sys.stdin.readline()
with open_store(sys.argv[1]) as store:
    assert store.saver.get_tuple({"configurable": {"thread_id": "none"}}) is None
    store.ledger.append("run", "tick", sys.argv[2], {})
"""


class Mishap(Exception):
    """Raised by tests inside transactions."""


@contextmanager
def full_disk(store: Store) -> Iterator[None]:
    """Let the database have no page more than it has."""
    with store._writer.read() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    yield
    with store._writer.read() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=1073741823")


def count(store: Store) -> int:
    return len(store.ledger.entries())


def fail_after(store: Store, *subjects: str, size: int = 0, nested: bool = False) -> None:
    """Append entries in a transaction that then fails."""
    with store.transaction():
        with store.transaction() if nested else nullcontext():
            for subject in subjects:
                store.ledger.append("run", "tick", subject, {"text": "x" * size})
        raise Mishap


def test_new_file_is_for_its_owner_only(store: Store) -> None:
    assert store.path.stat().st_mode & 0o777 == 0o600


def test_everything_is_in_one_file(store: Store) -> None:
    assert store.saver.get_tuple({"configurable": {"thread_id": "none"}}) is None
    store.ledger.append("run", "tick", "step", {})
    store.close()
    assert [path.name for path in store.path.parent.iterdir()] == ["store.db"]


def test_store_is_durable_and_lets_readers_in(store: Store) -> None:
    with store._writer.read() as connection:
        found = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "busy_timeout")
        ]
    assert found == ["wal", 2, 30_000]


def test_reopened_store_remembers(url: str) -> None:
    with open_store(url) as store:
        store.ledger.append("run", "tick", "step", {})
    with open_store(url) as store:
        assert count(store) == 1


def test_relative_path_is_fixed_when_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with open_store() as store:
        assert store.path == tmp_path / "surefoot.db"


def test_empty_file_becomes_a_store(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    with open_store(f"sqlite:///{tmp_path / 'empty.db'}") as store:
        assert count(store) == 0


def test_processes_can_make_a_store_at_once(url: str) -> None:
    openers = [
        subprocess.Popen(
            [sys.executable, "-c", OPENER, url, str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    for opener in openers:
        assert opener.stdout is not None
        assert opener.stdout.readline() == "ready\n"
    for opener in openers:
        assert opener.stdin is not None
        opener.stdin.write("go\n")
        opener.stdin.flush()
    for opener in openers:
        opener.communicate()
    with open_store(url) as store:
        assert count(store) == 3


def test_transaction_commits_everything(url: str, store: Store) -> None:
    with store.transaction():
        store.ledger.append("run", "tick", "one", {})
        store.ledger.append("run", "tick", "two", {})
    with open_store(url) as other:
        assert count(other) == 2


def test_transaction_is_invisible_until_it_ends(url: str, store: Store) -> None:
    with open_store(url) as other, store.transaction():
        store.ledger.append("run", "tick", "one", {})
        assert count(other) == 0


def test_reads_inside_see_the_writes(store: Store) -> None:
    with store.transaction():
        store.ledger.append("run", "tick", "one", {})
        assert count(store) == 1


def test_failed_transaction_keeps_nothing(store: Store) -> None:
    with pytest.raises(Mishap):
        fail_after(store, "one", "two")
    assert count(store) == 0


def test_failure_after_a_nested_transaction_keeps_nothing(store: Store) -> None:
    with pytest.raises(Mishap):
        fail_after(store, "one", nested=True)
    assert count(store) == 0


def test_caught_failure_takes_back_only_its_own(store: Store) -> None:
    with store.transaction():
        store.ledger.append("run", "tick", "one", {})
        with pytest.raises(Mishap):
            fail_after(store, "two")
    assert [entry.subject for entry in store.ledger.entries()] == ["one"]


def test_chain_is_whole_after_a_failed_transaction(store: Store) -> None:
    with pytest.raises(Mishap):
        fail_after(store, "one")
    store.ledger.append("run", "tick", "two", {})
    assert store.ledger.verify().problems == ()


def test_threads_do_not_share_a_transaction(store: Store) -> None:
    def write(number: int) -> None:
        with store.transaction():
            store.ledger.append("run", "tick", f"{number} a", {})
            store.ledger.append("run", "tick", f"{number} b", {})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(30)))
    subjects = [entry.subject for entry in store.ledger.entries()]
    pairs = zip(subjects[::2], subjects[1::2], strict=True)
    assert all(one.split()[0] == two.split()[0] for one, two in pairs)


def test_saver_and_store_write_side_by_side(store: Store) -> None:
    assert store.saver.get_tuple({"configurable": {"thread_id": "none"}}) is None

    def write(number: int) -> None:
        config: RunnableConfig = {
            "configurable": {"thread_id": "t", "checkpoint_ns": "", "checkpoint_id": "1"}
        }
        store.ledger.append("run", "tick", str(number), {})
        store.saver.put_writes(config, [("channel", number)], task_id=str(number))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(40)))
    with closing(sqlite3.connect(store.path)) as connection:
        assert connection.execute("SELECT count(*) FROM writes").fetchone() == (40,)


def test_saver_is_made_once(store: Store) -> None:
    assert store.saver is store.saver


def test_closing_twice_is_harmless(store: Store) -> None:
    store.close()
    store.close()
    with pytest.raises(StoreFault, match="closed"):
        store.runs.all()


def test_full_disk_is_told_and_loses_nothing(store: Store) -> None:
    store.ledger.append("run", "tick", "one", {})
    with full_disk(store), pytest.raises(StoreFault, match=r"disk .* is full.*Free some space"):
        store.ledger.append("run", "tick", "two", {"text": "x" * 60_000})
    assert [entry.subject for entry in store.ledger.entries()] == ["one"]


def test_full_disk_inside_a_transaction_keeps_nothing_of_it(store: Store) -> None:
    with full_disk(store), pytest.raises(StoreFault, match="is full"):
        fail_after(store, "one", "two", size=60_000, nested=True)
    assert count(store) == 0


def test_store_works_again_when_the_disk_has_space(store: Store) -> None:
    with full_disk(store), pytest.raises(StoreFault):
        store.ledger.append("run", "tick", "one", {"text": "x" * 60_000})
    store.ledger.append("run", "tick", "one", {"text": "x" * 60_000})
    assert store.ledger.verify().problems == ()


@pytest.mark.parametrize(
    "url",
    [
        "mysql://user:secret@host/name",
        "surefoot.db",
        "",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///surefoot.db?mode=ro",
    ],
)
def test_url_of_no_file_is_refused_with_the_way_out(url: str) -> None:
    with pytest.raises(BadInput, match=r"sqlite:///surefoot\.db for a file here"):
        open_store(url)


def test_password_in_a_url_is_not_told() -> None:
    with pytest.raises(BadInput) as refusal:
        open_store("mysql://user:secret@host/name")
    assert "secret" not in str(refusal.value)


def test_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreFault, match=r"No such file or directory.*folder that exists"):
        open_store(f"sqlite:///{tmp_path / 'missing' / 'store.db'}")


def test_folder_is_not_a_store(tmp_path: Path) -> None:
    with pytest.raises(StoreFault, match="not a file"):
        open_store(f"sqlite:///{tmp_path}")


def test_folder_that_cannot_be_written_is_told() -> None:
    with pytest.raises(StoreFault, match="cannot be made"):
        open_store("sqlite:////proc/store.db")


def test_other_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("These are my notes, and no database at all.\n" * 100)
    before = path.read_bytes()
    with pytest.raises(StoreFault, match="not a SQLite database"):
        open_store(f"sqlite:///{path}")
    assert path.read_bytes() == before
