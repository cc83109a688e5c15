"""The ledger: order, repetition, size, tampering, crashes, threads."""

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from checkpoints.chain import GENESIS, chain_hash
from checkpoints.ledger import MAX_BODY_BYTES
from checkpoints.store import Store, open_store
from tests.checkpoints.clock import HandClock
from tools.errors import StoreFault

WRITER = """
import sys
from checkpoints.store import open_store

with open_store(sys.argv[1]) as store:
    number = 0
    while True:
        number += 1
        entry = store.ledger.append("run", "tick", str(number), {"text": "x" * 200})
        print(entry.seq, entry.hash, flush=True)
"""


def fill(store: Store, count: int = 5) -> None:
    with store.transaction():
        for number in range(1, count + 1):
            store.ledger.append("run", "tick", "step", {"number": number})


def tamper(store: Store, *statements: str) -> tuple[str, ...]:
    """Change the file behind the store's back and return what `verify` says."""
    with closing(sqlite3.connect(store.path)) as connection:
        connection.execute("DROP TRIGGER ledger_is_never_changed")
        connection.execute("DROP TRIGGER ledger_is_never_cut")
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    return store.ledger.verify().problems


def test_entries_are_linked_from_the_first_on(store: Store) -> None:
    fill(store, 3)
    entries = store.ledger.entries()
    assert [entry.prev for entry in entries] == [GENESIS, entries[0].hash, entries[1].hash]


def test_hash_can_be_computed_from_the_entry_alone(store: Store) -> None:
    entry = store.ledger.append("run", "tick", "step", {"ü": [1, None, 2.5]})
    assert chain_hash(store.ledger.entries()[0].to_json()) == entry.hash


def test_same_entry_again_is_the_first_one(store: Store, clock: HandClock) -> None:
    first = store.ledger.append("run", "tick", "step", {"a": 1, "b": 2})
    clock.move(60)
    assert store.ledger.append("run", "tick", "step", {"b": 2, "a": 1}) == first


def test_entries_are_filtered_by_run_number_and_limit(store: Store) -> None:
    for run in ("a", "b", "a", "b", "a"):
        store.ledger.append(run, "tick", str(len(store.ledger.entries())), {})
    found = store.ledger.entries("a", after=1, limit=1)
    assert [entry.seq for entry in found] == [3]


def test_large_body_becomes_an_artifact(store: Store) -> None:
    body = {"text": "x" * MAX_BODY_BYTES}
    kept = store.ledger.append("run", "tick", "step", dict(body)).body
    assert store.artifacts.get(str(kept["artifact"])) == body


def test_large_body_again_is_the_first_entry(store: Store) -> None:
    entries = [store.ledger.append("r", "k", "s", {"t": "x" * MAX_BODY_BYTES}) for _ in range(2)]
    assert entries[0] == entries[1]


def test_intact_chain_has_no_problems(store: Store) -> None:
    fill(store, 2_100)
    report = store.ledger.verify()
    assert (report.entries, report.problems) == (2_100, ())


def test_empty_ledger_has_no_problems(store: Store) -> None:
    report = store.ledger.verify()
    assert (report.entries, report.head, report.problems) == (0, GENESIS, ())


@pytest.mark.parametrize("statement", ["UPDATE ledger SET body = '{}'", "DELETE FROM ledger"])
def test_database_refuses_to_change_the_ledger(store: Store, statement: str) -> None:
    fill(store)
    with (
        closing(sqlite3.connect(store.path)) as connection,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        connection.execute(statement)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("run", "'other'"),
        ("at", "'2026-11-22T12:00:00+00:00'"),
        ("kind", "'other'"),
        ("subject", "'other'"),
        ("subject", "x'00ff'"),
        ("body", "'{\"number\":4}'"),
        ("body", "'{\"number\": 3}'"),
        ("body", "'no JSON'"),
        ("body", "'[]'"),
        ("dedupe", "'other'"),
        ("prev", "'other'"),
        ("hash", "'other'"),
    ],
)
def test_change_of_any_column_is_found(store: Store, column: str, value: str) -> None:
    fill(store)
    problems = tamper(store, f"UPDATE ledger SET {column} = {value} WHERE seq = 3")
    assert "entry 3 was changed" in problems


def test_change_of_a_number_is_found(store: Store) -> None:
    fill(store)
    assert tamper(store, "UPDATE ledger SET seq = 9 WHERE seq = 3") == (
        "entries 3 to 3 are missing",
        "entries 6 to 8 are missing",
        "entry 9 was changed",
        "the chain ends with entry 9, the store noted 5 as last",
    )


def test_removed_entries_are_found(store: Store) -> None:
    fill(store)
    problems = tamper(store, "DELETE FROM ledger WHERE seq IN (2, 3)")
    assert problems == ("entries 2 to 3 are missing",)


def test_removed_end_is_found(store: Store) -> None:
    fill(store)
    problems = tamper(store, "DELETE FROM ledger WHERE seq > 3")
    assert problems == ("the chain ends with entry 3, the store noted 5 as last",)


def test_reordered_entries_are_found(store: Store) -> None:
    fill(store)
    problems = tamper(
        store,
        "UPDATE ledger SET seq = 100 WHERE seq = 2",
        "UPDATE ledger SET seq = 2 WHERE seq = 3",
        "UPDATE ledger SET seq = 3 WHERE seq = 100",
    )
    assert {"entry 2 was changed", "entry 3 was changed"} <= set(problems)


def test_inserted_entry_is_found(store: Store) -> None:
    fill(store)
    problems = tamper(
        store,
        "DELETE FROM ledger WHERE seq = 5",
        "INSERT INTO ledger SELECT 5, run, at, kind, subject, body, 'new', prev, hash "
        "FROM ledger WHERE seq = 4",
    )
    assert {"entry 5 does not follow the one before it", "entry 5 was changed"} <= set(problems)


def test_entry_before_the_first_is_found(store: Store) -> None:
    fill(store)
    problems = tamper(
        store,
        "INSERT INTO ledger SELECT 0, run, at, kind, subject, body, 'new', prev, hash "
        "FROM ledger WHERE seq = 1",
    )
    assert "entry 0 was inserted" in problems


def test_every_changed_entry_is_told(store: Store) -> None:
    fill(store)
    problems = tamper(store, "UPDATE ledger SET kind = 'other' WHERE seq IN (2, 4)")
    assert problems == ("entry 2 was changed", "entry 4 was changed")


def test_unreadable_entry_is_a_typed_fault(store: Store) -> None:
    fill(store)
    tamper(store, "UPDATE ledger SET body = 'no JSON' WHERE seq = 3")
    with pytest.raises(StoreFault, match="Entry 3"):
        store.ledger.entries()


def test_threads_make_one_valid_chain(store: Store) -> None:
    def write(thread: int) -> None:
        for number in range(25):
            store.ledger.append("run", "tick", str(thread), {"number": number})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    report = store.ledger.verify()
    assert (report.entries, report.problems) == (200, ())


def test_acknowledged_entries_survive_a_kill(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, url], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        told = [writer.stdout.readline() for _ in range(40)]
        writer.kill()
        told += writer.stdout.readlines()
    acknowledged = [tuple(line.split()) for line in told if line.endswith("\n")]
    with open_store(url) as store:
        kept = [(str(entry.seq), entry.hash) for entry in store.ledger.entries()]
        problems = store.ledger.verify().problems
    assert (kept[: len(acknowledged)], problems) == (acknowledged, ())
