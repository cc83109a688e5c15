"""Undo in a real world: killed anywhere it is completed, in conflict it is gone on with."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue

from checkpoints.store import Store, open_store
from graphs.session import Run
from tests.behaviour import shelf
from tests.behaviour.killing import ends_of
from tests.behaviour.shelf import Clock, act, script, shelf_agent, step
from tools.contract import JsonObject

BEFORE = {"b": "b"}


def finished(store: Store, folder: Path) -> Run:
    """Return a run that made `a`, changed it twice, and changed `b`."""
    (folder / "b").write_text("b")
    texts = [act("put", name="a", text=text) for text in ("one", "two", "goal")]
    lines = [*texts, act("put", name="b", text="new")]
    return shelf_agent(store, folder, script(step("write", "put"), write=lines)).run(
        "Make a say goal", run_id="r"
    )


def files(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


@pytest.fixture
def run(store: Store, folder: Path) -> Run:
    return finished(store, folder)


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory, server_store: str) -> list[dict[str, Any]]:
    """Return how undoing ended, for each point at which the one before was killed."""
    template = tmp_path_factory.mktemp("undo") / "template"
    (template / "shelf").mkdir(parents=True)
    url = server_store or f"sqlite:///{template / 'store.db'}"
    with open_store(url, clock=Clock()) as store:
        assert finished(store, template / "shelf").status == "verified"
    return ends_of("tests.behaviour.killed_undo", template, server_store)


def test_undo_is_killed_at_every_commit_and_around_every_effect(ends: list[dict[str, Any]]) -> None:
    points = [end["point"].rpartition(" ")[0] for end in ends]
    assert points.count("COMMIT") >= 2 * 4
    assert (points.count("before undo"), points.count("after undo")) == (4, 4)


def test_killed_undo_is_completed_by_the_next(ends: list[dict[str, Any]]) -> None:
    assert {end["point"]: end["files"] for end in ends if end["files"] != BEFORE} == {}


def test_every_effect_ends_undone_whenever_the_undo_was_killed(ends: list[dict[str, Any]]) -> None:
    assert {end["point"]: end["states"] for end in ends if end["states"] != ["undone"]} == {}


def test_own_work_is_never_taken_for_that_of_others(ends: list[dict[str, Any]]) -> None:
    assert {outcome for end in ends for outcome in end["outcomes"]} == {"undone"}


def test_ledger_is_whole_whenever_the_undo_was_killed(ends: list[dict[str, Any]]) -> None:
    assert [end["point"] for end in ends if end["problems"]] == []


def test_dry_run_sees_through_several_changes_of_one_thing(run: Run, folder: Path) -> None:
    before = files(folder)
    assert [item.outcome for item in run.undo(dry_run=True).items] == ["would undo"] * 4
    assert files(folder) == before


def test_conflict_shows_both_versions_and_nothing_older_is_touched(run: Run, folder: Path) -> None:
    (folder / "a").write_text("by hand")
    conflict = run.undo().conflict
    assert conflict is not None
    assert (conflict.left, conflict.now) == ("goal", "by hand")
    assert files(folder) == {"a": "by hand", "b": "b"}


def test_undo_goes_on_when_the_conflict_was_settled_by_hand(run: Run, folder: Path) -> None:
    (folder / "a").write_text("by hand")
    run.undo()
    (folder / "a").write_text("goal")
    assert [item.outcome for item in run.undo().items] == ["undone"] * 3
    assert files(folder) == BEFORE


def test_undo_can_leave_what_is_in_conflict(run: Run, folder: Path) -> None:
    (folder / "b").write_text("by hand")
    outcomes = [item.outcome for item in run.undo(skip=["write.4"], reviewer="ada").items]
    assert outcomes == ["left alone", "undone", "undone", "undone"]
    assert files(folder) == {"b": "by hand"}


def test_undo_brings_back_what_was_there_when_the_effect_was_made_at_last(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Put(shelf.Put):
        stops = True

        def apply(self, args: JsonObject, key: str) -> JsonValue:
            if self.stops:
                Put.stops = False
                raise KeyboardInterrupt
            return super().apply(args, key)

    monkeypatch.setattr(shelf, "Put", Put)
    mind = script(step("write", "put"), write=[act("put", name="a", text="goal")])
    agent = shelf_agent(store, folder, mind)
    with pytest.raises(KeyboardInterrupt):
        agent.run("Make a say goal", run_id="r")
    (folder / "a").write_text("by another")
    run = agent.open("r").resume()
    assert files(folder) == {"a": "goal"}
    assert [item.outcome for item in run.undo().items] == ["undone"]
    assert files(folder) == {"a": "by another"}
    assert store.ledger.verify().problems == ()


def test_what_somebody_took_back_by_hand_is_told_as_gone(run: Run, folder: Path) -> None:
    (folder / "b").write_text("b")
    assert run.undo().items[0].outcome == "gone already"
    assert files(folder) == BEFORE
