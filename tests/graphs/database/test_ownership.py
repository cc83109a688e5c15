from pathlib import Path

from checkpoints.store import Store
from graphs.session import Run
from tests.behaviour.shelf import act, script, step
from tests.graphs.database.conftest import Shop, agent, create, make_shop


def run_create(store: Store, shop: Shop, name: str) -> Run:
    mind = script(step("tune", "create_index"), tune=[create("total")])
    return agent(store, shop, mind).run("Speed", run_id=name)


def run_drop_own(store: Store, shop: Shop, index: str, name: str) -> Run:
    mind = script(step("tidy", "drop_own_index"), tidy=[act("drop_own_index", name=index)])
    return agent(store, shop, mind).run("Tidy", run_id=name)


def said(run: Run) -> list[str]:
    return [str(entry.body["summary"]) for entry in run.entries if entry.kind == "observation"]


def test_an_own_index_is_dropped_by_a_later_run(store: Store, shop: Shop) -> None:
    run_create(store, shop, "one")
    (index,) = shop.ours()
    run_drop_own(store, shop, index, "two")
    assert shop.ours() == []


def test_an_index_of_another_database_is_not_own(store: Store, shop: Shop, tmp_path: Path) -> None:
    run_create(store, shop, "one")
    (index,) = shop.ours()
    other = make_shop(tmp_path / "other")
    other.execute(shop.indexes()[index])
    found = said(run_drop_own(store, other, index, "two"))
    assert (other.ours(), "not made by the agent" in found[0]) == ([index], True)


def test_an_index_that_took_the_place_of_ours_is_not_own(store: Store, shop: Shop) -> None:
    run_create(store, shop, "one")
    (index,) = shop.ours()
    shop.execute(f"DROP INDEX {index}; CREATE INDEX {index} ON orders (status) WHERE total > 5")
    run_drop_own(store, shop, index, "two")
    assert shop.ours() == [index]


def test_undoing_the_maker_before_the_dropper_is_a_conflict(store: Store, shop: Shop) -> None:
    before = shop.indexes()
    made = run_create(store, shop, "one")
    (index,) = shop.ours()
    dropped = run_drop_own(store, shop, index, "two")
    outcomes = [item.outcome for run in (made, dropped, made) for item in run.undo().items]
    assert (outcomes, shop.indexes()) == (["conflict", "undone", "undone"], before)
