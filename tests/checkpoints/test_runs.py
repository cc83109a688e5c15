"""The index of runs."""

import pytest

from checkpoints.store import Store
from tests.checkpoints.clock import HandClock
from tools.errors import UnknownRun
from tools.records import RunInfo


def info(clock: HandClock, run: str = "run-1") -> RunInfo:
    return RunInfo(
        run=run,
        domain="database",
        objective="Make it fast",
        status="running",
        fingerprint="f" * 64,
        version="0.1.0",
        settings={"database": "shop.db"},
        created_at=clock(),
        updated_at=clock(),
    )


def test_run_is_kept_whole(store: Store, clock: HandClock) -> None:
    store.runs.create(info(clock))
    assert store.runs.get("run-1") == info(clock)


def test_second_creation_changes_nothing(store: Store, clock: HandClock) -> None:
    store.runs.create(info(clock))
    store.runs.set_status("run-1", "waiting")
    store.runs.create(info(clock))
    assert store.runs.get("run-1").status == "waiting"


def test_unknown_run_is_not_found(store: Store) -> None:
    assert store.runs.find("run-1") is None


def test_beginning_of_a_name_suffices(store: Store, clock: HandClock) -> None:
    for run in ("alpha", "beta"):
        store.runs.create(info(clock, run))
    assert store.runs.get("be").run == "beta"


def test_find_wants_the_whole_name(store: Store, clock: HandClock) -> None:
    store.runs.create(info(clock))
    assert store.runs.find("run") is None


@pytest.mark.parametrize(
    ("name", "told"), [("run", "run-1, run-2"), ("x", "surefoot ls"), ("", "ls")]
)
def test_unclear_name_is_refused(store: Store, clock: HandClock, name: str, told: str) -> None:
    for run in ("run-1", "run-2"):
        store.runs.create(info(clock, run))
    with pytest.raises(UnknownRun, match=told):
        store.runs.get(name)


def test_status_changes_with_its_time(store: Store, clock: HandClock) -> None:
    store.runs.create(info(clock))
    clock.move(5)
    store.runs.set_status("run-1", "waiting", "a question")
    kept = store.runs.get("run-1")
    assert (kept.status, kept.reason, kept.updated_at) == ("waiting", "a question", clock())


def test_every_change_of_status_is_on_the_ledger(store: Store, clock: HandClock) -> None:
    store.runs.create(info(clock))
    for status in ("waiting", "running", "waiting", "running"):
        store.runs.set_status("run-1", status)
    told = [item.body["status"] for item in store.ledger.entries() if item.kind == "status"]
    assert told == ["waiting", "running", "waiting", "running"]


def test_same_status_again_is_not_told(store: Store, clock: HandClock) -> None:
    store.runs.create(info(clock))
    for _ in range(2):
        store.runs.set_status("run-1", "waiting", "a question")
    assert [item.kind for item in store.ledger.entries()] == ["run", "status"]


def test_status_of_an_unknown_run_is_refused(store: Store) -> None:
    with pytest.raises(UnknownRun):
        store.runs.set_status("run-1", "waiting")


def test_runs_are_listed_newest_first(store: Store, clock: HandClock) -> None:
    for run in ("b", "c", "a"):
        store.runs.create(info(clock, run))
        clock.move(0.001)
    assert [item.run for item in store.runs.all(limit=2)] == ["a", "c"]
