from datetime import UTC, datetime

import pytest

from checkpoints.store import Store
from graphs.database.checks import DatabaseChecks
from graphs.database.quiet import Watch, more_than_ours
from graphs.session import Run
from tests.behaviour.shelf import script, step
from tests.graphs.database.conftest import Shop, agent, create
from tools.contract import Action, EffectRecord, EffectState
from tools.database.connection import Database
from tools.database.workload import parse_workload

INSERT = "INSERT INTO orders (customer, total, status, note) VALUES (5, 7, 'new', 'late')"


def speed(store: Store, shop: Shop, sql: str, *, at: str = "plan") -> Run:
    """Run one creation while somebody else executes something at an event."""

    mind = script(step("tune", "create_index"), tune=[create("total")])
    run = agent(store, shop, mind).begin("Speed", run_id="r")
    for event in run.stream():
        if event.kind == at:
            shop.execute(sql)
    return run


def broken(run: Run) -> dict[str, str]:
    bodies = [entry.body for entry in run.entries if entry.kind == "check"]
    return {str(body["name"]): str(body["kind"]) for body in bodies if not body["holds"]}


def test_a_write_by_others_undoes_nothing(store: Store, shop: Shop) -> None:
    run = speed(store, shop, INSERT)
    assert (run.status, len(shop.ours()), broken(run)) == ("unverified", 1, {"quiet": "success"})


def test_what_others_changed_is_named(store: Store, shop: Shop) -> None:
    assert "quiet: data of orders was changed by others" in speed(store, shop, INSERT).info.reason


def test_other_writes_do_not_excuse_a_changed_schema(store: Store, shop: Shop) -> None:
    run = speed(store, shop, f"{INSERT}; CREATE TABLE more (a)")
    assert (run.status, broken(run).get("schema")) == ("failed", "constraint")


@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
def test_a_commit_while_we_look_is_noticed(shop: Shop, mode: str) -> None:
    shop.execute(f"PRAGMA journal_mode = {mode}")
    with Database(shop.path).reader() as reader:
        watch = Watch(reader)
        before = watch.disturbed
        shop.execute(INSERT)
        assert (before, watch.disturbed) == (False, True)


def effect(state: EffectState) -> EffectRecord:
    action, at = Action(tool="analyze"), datetime(2026, 11, 22, tzinfo=UTC)
    return EffectRecord(key="r/s/1", run="r", step="s", action=action, state=state, at=at)


@pytest.mark.parametrize(
    ("states", "rise", "others"),
    [
        ([], 0, False),
        (["failed"], 1, True),
        (["applied"], 1, False),
        (["applied"], 2, True),
        (["undone", "applied"], 3, False),
        (["undone", "applied"], 4, True),
    ],
)
def test_only_what_our_effects_cannot_account_for_is_by_others(
    states: list[EffectState], rise: int, *, others: bool
) -> None:
    assert more_than_ours(10, 10 + rise, [effect(state) for state in states]) == others


def test_a_change_that_could_be_ours_is_a_broken_constraint(shop: Shop) -> None:
    """One commit, one effect: nobody can tell whose it was."""
    checks = DatabaseChecks(
        database=Database(shop.path),
        workload=parse_workload("SELECT count(*) FROM orders"),
        effects_of=lambda _: [effect("applied")],
    )
    baseline = checks.baseline()
    shop.execute(INSERT)
    found = checks.conclude(baseline, [effect("applied")]).checks
    assert {check.name for check in found if not check.holds and check.kind == "constraint"} == {
        "rows",
        "content",
        "result of q1",
    }
