"""The journal: legal changes only, each on the ledger, in order."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checkpoints.effects import LEGAL
from checkpoints.leases import TTL
from checkpoints.store import Store, open_store
from tests.behaviour.pruned import run_sql
from tests.checkpoints.clock import HandClock
from tools.contract import Action, EffectState
from tools.errors import RunBusy, SurefootError

PATHS: dict[EffectState, tuple[EffectState, ...]] = {
    "intended": (),
    "applied": ("applied",),
    "failed": ("failed",),
    "in_doubt": ("in_doubt",),
    "undoing": ("applied", "undoing"),
    "undone": ("applied", "undoing", "undone"),
}
ILLEGAL = [(one, two) for one in PATHS for two in PATHS if two not in LEGAL[one]]
LEGAL_PAIRS = [(one, two) for one in PATHS for two in PATHS if two in LEGAL[one]]


def intend(store: Store, key: str = "run/tune/1", tool: str = "create_index") -> None:
    run, step, _ = key.split("/")
    action = Action(tool=tool, args={"table": "orders"})
    store.journal.intend(key=key, run=run, step=step, action=action, snapshot={"was": "absent"})


def bring(store: Store, state: EffectState, key: str = "run/tune/1") -> None:
    intend(store, key)
    for step in PATHS[state]:
        store.journal.settle(key, step)


def state_of(store: Store, key: str = "run/tune/1") -> str:
    record = store.journal.find(key)
    assert record is not None
    return record.state


def test_unknown_key_is_none(store: Store) -> None:
    assert store.journal.find("run/tune/1") is None


def test_intent_keeps_action_and_snapshot(store: Store) -> None:
    intend(store)
    record = store.journal.find("run/tune/1")
    assert record is not None
    assert record.to_json() == {
        "key": "run/tune/1",
        "run": "run",
        "step": "tune",
        "action": {"tool": "create_index", "args": {"table": "orders"}},
        "state": "intended",
        "snapshot": {"was": "absent"},
        "result": None,
        "error": "",
        "seq": 1,
        "at": "2026-11-22T12:00:00Z",
    }


def test_second_intent_changes_nothing(store: Store) -> None:
    bring(store, "applied")
    intend(store)
    assert state_of(store) == "applied"


@pytest.mark.parametrize(("one", "two"), LEGAL_PAIRS)
def test_legal_change_is_kept(store: Store, one: EffectState, two: EffectState) -> None:
    bring(store, one)
    store.journal.settle("run/tune/1", two)
    assert state_of(store) == two


@pytest.mark.parametrize(("one", "two"), ILLEGAL)
def test_illegal_change_is_refused(store: Store, one: EffectState, two: EffectState) -> None:
    bring(store, one)
    with pytest.raises(SurefootError, match=f"is {one} and cannot become {two}"):
        store.journal.settle("run/tune/1", two)


def test_unknown_key_cannot_be_settled(store: Store) -> None:
    with pytest.raises(SurefootError, match="never intended"):
        store.journal.settle("run/tune/1", "applied")


def test_result_outlives_the_undo(store: Store) -> None:
    intend(store)
    store.journal.settle("run/tune/1", "applied", result={"name": "sf_x"})
    store.journal.settle("run/tune/1", "undoing")
    store.journal.settle("run/tune/1", "undone")
    record = store.journal.find("run/tune/1")
    assert record is not None
    assert record.result == {"name": "sf_x"}


def test_every_change_is_on_the_ledger(store: Store) -> None:
    bring(store, "undoing")
    store.journal.settle("run/tune/1", "applied", error="someone changed it")
    store.journal.settle("run/tune/1", "undoing")
    states = [entry.body["state"] for entry in store.ledger.entries("run")]
    assert states == ["intended", "applied", "undoing", "applied", "undoing"]


def test_refused_change_leaves_no_trace(store: Store) -> None:
    bring(store, "failed")
    with pytest.raises(SurefootError):
        store.journal.settle("run/tune/1", "applied")
    assert [entry.body["state"] for entry in store.ledger.entries()] == ["intended", "failed"]


def test_order_is_that_of_intent(store: Store) -> None:
    for key in ("run/b/1", "other/a/1", "run/a/1"):
        intend(store, key)
    assert [(item.key, item.seq) for item in store.journal.of_run("run")] == [
        ("run/b/1", 1),
        ("run/a/1", 3),
    ]


def test_applied_finds_standing_effects_of_a_tool_across_runs(store: Store) -> None:
    bring(store, "applied", "one/tune/1")
    bring(store, "undone", "one/tune/2")
    bring(store, "applied", "two/tune/1")
    intend(store, "two/tune/2", tool="drop_index")
    store.journal.settle("two/tune/2", "applied")
    assert [item.run for item in store.journal.applied("create_index")] == ["one", "two"]


def test_time_of_intent_is_kept(store: Store) -> None:
    intend(store)
    record = store.journal.of_run("run")[0]
    assert record.at == datetime(2026, 11, 22, 12, tzinfo=UTC)


@settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    # Each example has an effect key of its own, so sharing the store is sound.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(wanted=st.lists(st.sampled_from(sorted(PATHS)), max_size=8))
def test_any_sequence_ends_as_the_table_says(store: Store, wanted: list[EffectState]) -> None:
    key = f"run/tune/{len(store.journal.of_run('run'))}"
    intend(store, key)
    expected: EffectState = "intended"
    for state in wanted:
        if state in LEGAL[expected]:
            store.journal.settle(key, state)
            expected = state
        else:
            with pytest.raises(SurefootError):
                store.journal.settle(key, state)
    assert state_of(store, key) == expected


def test_whoever_lost_the_run_is_told_that_and_not_that_the_state_is_another(
    url: str, store: Store, clock: HandClock
) -> None:
    store.leases.acquire("run")
    intend(store, "run/a/1")
    with open_store(url, clock=clock) as successor:
        run_sql(store, "UPDATE leases SET host = 'elsewhere pid:[1]'")
        clock.move(TTL.total_seconds())
        successor.leases.acquire("run")
        successor.journal.settle("run/a/1", "applied")
        with pytest.raises(RunBusy, match="went to another process"):
            store.journal.settle("run/a/1", "applied")
