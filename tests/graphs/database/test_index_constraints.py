from datetime import UTC, datetime
from typing import Literal

import pytest

from checkpoints.store import Store
from graphs.database.checks import DatabaseChecks
from nodes.state import Check
from tests.behaviour.shelf import act, script, step
from tests.graphs.database.conftest import Shop, agent, create
from tools.contract import Action, EffectRecord, JsonObject
from tools.database.connection import Database
from tools.database.workload import read_workload

BY_CUSTOMER = "CREATE INDEX by_customer ON orders (customer)"


@pytest.fixture
def checks(shop: Shop) -> DatabaseChecks:
    return DatabaseChecks(
        database=Database(shop.path),
        workload=read_workload(shop.folder / "shop.sql"),
        effects_of=lambda _: (),
    )


def indexes(checks: DatabaseChecks, baseline: JsonObject, *kept: EffectRecord) -> Check:
    found = checks.conclude(baseline, kept).checks
    return next(check for check in found if check.name == "indexes")


def dropped(state: Literal["applied", "undoing"]) -> EffectRecord:
    return EffectRecord(
        key="r/tidy/1",
        run="r",
        step="tidy",
        action=Action(tool="drop_index", args={"name": "by_customer"}),
        state=state,
        snapshot={"table": "orders", "sql": BY_CUSTOMER},
        at=datetime(2026, 11, 22, tzinfo=UTC),
    )


def test_one_undone_effect_of_a_round_does_not_spoil_the_next(store: Store, shop: Shop) -> None:
    mind = script(
        step("tune", "create_index"),
        step("tidy", "drop_index"),
        tune=[create("status"), create("note")],
        tidy=[act("drop_index", name="by_customer")],
    )
    run = agent(store, shop, mind, drops=True).run("Speed", run_id="r")
    states = {record.key: record.state for record in run.effects}
    assert states == {"r/tune/1": "undone", "r/tidy/1": "applied", "r/tune/2": "applied"}


def test_a_replaced_index_of_the_same_name_is_told(checks: DatabaseChecks, shop: Shop) -> None:
    baseline = checks.baseline()
    shop.execute("DROP INDEX by_customer; CREATE UNIQUE INDEX by_customer ON orders (total, id)")
    found = indexes(checks, baseline)
    assert (found.holds, found.detail) == (False, "replaced: by_customer")


def test_an_index_that_somebody_dropped_is_told(checks: DatabaseChecks, shop: Shop) -> None:
    baseline = checks.baseline()
    shop.execute("DROP INDEX by_customer")
    assert indexes(checks, baseline).detail == "missing: by_customer"


def test_an_early_baseline_without_sql_is_compared_by_name(
    checks: DatabaseChecks, shop: Shop
) -> None:
    baseline = checks.baseline() | {"indexes": ["by_customer", "by_customer_total"]}
    shop.execute("DROP INDEX by_customer; CREATE INDEX by_customer ON orders (total, id)")
    assert indexes(checks, baseline).holds


@pytest.mark.parametrize("already", ["", "DROP INDEX by_customer"])
def test_an_undo_that_was_cut_short_may_be_at_either_end(
    checks: DatabaseChecks, shop: Shop, already: str
) -> None:
    baseline = checks.baseline()
    shop.execute(already)
    assert indexes(checks, baseline, dropped("undoing")).holds


def test_a_drop_that_did_not_last_is_told(checks: DatabaseChecks) -> None:
    found = indexes(checks, checks.baseline(), dropped("applied"))
    assert found.detail == "not on the journal: by_customer"
