"""What is changed past the ledger is found by comparing the acting tables with it."""

import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from checkpoints.ledger import MAX_BODY_BYTES
from checkpoints.store import Store
from tests.checkpoints.clock import HandClock
from tools.contract import Action, JsonObject
from tools.records import Answer, Review, RunInfo

ACTION = Action(tool="put", args={"name": "a"})


@pytest.fixture
def lived(store: Store, clock: HandClock) -> Store:
    """Return a store with a run, a question that waits, one that is answered, and an effect."""
    now = clock()
    store.runs.create(
        RunInfo(
            run="r",
            domain="shelf",
            objective="Tidy",
            status="running",
            fingerprint="f",
            version="1",
            created_at=now,
            updated_at=now,
        )
    )
    store.runs.set_status("r", "waiting")
    for name in ("rv-open", "rv-done", "rv-gone"):
        store.reviews.open(
            Review(
                id=name,
                run="r",
                step="tidy",
                key=f"r/tidy/{name}",
                kind="action",
                action=ACTION,
                action_hash=ACTION.hash,
                title="Put it?",
                why="a rule",
                created_at=now,
                expires_at=now + timedelta(hours=1),
            )
        )
    store.reviews.answer("rv-done", Answer(decision="reject", reviewer="ada"))
    store.reviews.withdraw("rv-gone", "expired")
    snapshot: JsonObject = {"text": "x" * MAX_BODY_BYTES}
    store.journal.intend(key="r/tidy/1", run="r", step="tidy", action=ACTION, snapshot=snapshot)
    store.journal.settle("r/tidy/1", "applied", result={"bytes": 1})
    return store


def change(store: Store, table: str, key: str, change: dict[str, Any]) -> list[str]:
    """Change a record and its state behind the store's back; return what `verify` says."""
    name = {"reviews": "id", "effects": "key", "runs": "run"}[table]
    with closing(sqlite3.connect(store.path)) as connection:
        query = f"SELECT record FROM {table} WHERE {name} = ?"
        record = json.loads(connection.execute(query, (key,)).fetchone()[0]) | change
        forged = f"UPDATE {table} SET record = ? WHERE {name} = ?"
        connection.execute(forged, (json.dumps(record), key))
        if "state" in change:
            state = f"UPDATE {table} SET state = ? WHERE {name} = ?"
            connection.execute(state, (change["state"], key))
        connection.commit()
    return list(store.ledger.verify().problems)


def test_store_that_nobody_tampered_with_has_no_problems(lived: Store) -> None:
    assert lived.ledger.verify().problems == ()


def test_answer_that_nobody_gave_is_found(lived: Store) -> None:
    said = Answer(decision="approve", reviewer="ada").to_json()
    problems = change(lived, "reviews", "rv-open", {"state": "answered", "answer": said})
    assert len(problems) == 1
    assert problems[0].startswith("the review 'rv-open' is kept as")


def test_answer_that_was_turned_round_is_found(lived: Store) -> None:
    said = Answer(decision="approve", reviewer="ada").to_json()
    problems = change(lived, "reviews", "rv-done", {"answer": said})
    assert ["rv-done" in problem for problem in problems] == [True]


def test_review_that_is_about_another_action_is_found(lived: Store) -> None:
    problems = change(lived, "reviews", "rv-done", {"action_hash": "0" * 64})
    assert ["rv-done" in problem for problem in problems] == [True]


def test_effect_in_another_state_is_found(lived: Store) -> None:
    problems = change(lived, "effects", "r/tidy/1", {"state": "undone"})
    assert ["r/tidy/1" in problem for problem in problems] == [True]


def test_effect_with_another_action_is_found(lived: Store) -> None:
    other = Action(tool="put", args={"name": "b"}).to_json()
    problems = change(lived, "effects", "r/tidy/1", {"action": other})
    assert ["r/tidy/1" in problem for problem in problems] == [True]


def test_run_with_another_outcome_is_found(lived: Store) -> None:
    problems = change(lived, "runs", "r", {"status": "verified"})
    assert ['"verified"' in problem and '"waiting"' in problem for problem in problems] == [True]


def test_effect_that_was_removed_is_found(lived: Store) -> None:
    with closing(sqlite3.connect(lived.path)) as connection:
        connection.execute("DELETE FROM effects")
        connection.commit()
    problems = lived.ledger.verify().problems
    assert ["kept as missing" in problem for problem in problems] == [True]
