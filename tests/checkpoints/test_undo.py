"""Undo: newest first, honest about what it cannot take back, complete after an interruption."""

from typing import Any

import pytest

from checkpoints.reversal import UndoReport
from checkpoints.store import Store
from checkpoints.undo import undo_effects, undo_run
from tools.contract import Action, EffectRecord, Happened
from tools.errors import BadInput, StoreFault, SurefootError, Transient, UndoConflict
from tools.versions import Versions


class World:
    """Things that effects made, by step; notes what is undone and raises what a test gave it."""

    def __init__(self, **faults: BaseException) -> None:
        self.undone: list[str] = []
        self.now: dict[str, str | None] = {}
        """What is there instead of what the effect of a step left."""
        self.faults = faults
        self.happens: Happened = "unknown"
        self.blind = False
        """Whether nothing can be compared."""
        self.stubborn = False
        """Whether undoing does nothing."""

    def irreversible(self, record: EffectRecord) -> str:
        return "'mail' cannot be undone." if record.action.tool == "mail" else ""

    def compare(self, record: EffectRecord) -> Versions | None:
        if self.blind:
            return None
        made = None if record.key in self.undone else "made"
        now = self.now.get(record.step, made)
        return Versions(subject=record.key, before=None, left="made", now=now)

    def happened(self, record: EffectRecord) -> Happened:
        return self.happens

    def undo(self, record: EffectRecord) -> None:
        fault = self.faults.get(record.step)
        if fault is not None:
            raise fault
        if not self.stubborn:
            self.undone.append(record.key)


def undo(store: Store, world: World, **options: Any) -> UndoReport:
    return undo_run(store, "run", reverser=world, by="ada", **options)


class Killed(BaseException):
    """Stands for the end of the process."""


def apply(store: Store, *steps: str) -> None:
    for step in steps:
        number = sum(record.step == step for record in store.journal.of_run("run")) + 1
        key = f"run/{step}/{number}"
        action = Action(tool="mail" if step == "mail" else "create_index")
        store.journal.intend(key=key, run="run", step=step, action=action, snapshot={})
        store.journal.settle(key, "applied")


def states(store: Store) -> list[str]:
    return [record.state for record in store.journal.of_run("run")]


def told(report: UndoReport) -> list[tuple[str, str]]:
    return [(item.key, item.outcome) for item in report.items]


def test_effects_are_undone_newest_first(store: Store) -> None:
    apply(store, "a", "b", "c")
    world = World()
    undo(store, world)
    assert world.undone == ["run/c/1", "run/b/1", "run/a/1"]


def test_journal_and_report_say_undone(store: Store) -> None:
    apply(store, "a", "b")
    report = undo(store, World())
    assert (states(store), {outcome for _, outcome in told(report)}) == (["undone"] * 2, {"undone"})


def test_second_undo_has_nothing_to_do(store: Store) -> None:
    apply(store, "a")
    undo(store, World())
    assert undo(store, World()).items == ()


def test_failed_effect_has_nothing_to_undo(store: Store) -> None:
    action = Action(tool="create_index")
    store.journal.intend(key="run/a/1", run="run", step="a", action=action, snapshot={})
    store.journal.settle("run/a/1", "failed")
    assert undo(store, World()).items == ()


def test_dry_run_changes_nothing(store: Store) -> None:
    apply(store, "a", "b")
    world = World()
    report = undo(store, world, dry_run=True)
    assert told(report) == [("run/b/1", "would undo"), ("run/a/1", "would undo")]
    assert (world.undone, states(store)) == ([], ["applied", "applied"])


@pytest.mark.parametrize(("step", "left"), [("b", 1), ("b.2", 3), ("a", 0), ("c.1", 4)])
def test_undo_from_a_step_leaves_what_came_before(store: Store, step: str, left: int) -> None:
    apply(store, "a", "b", "a", "b", "c")
    undo(store, World(), from_step=step)
    assert states(store).count("applied") == left


def test_step_without_effects_is_refused(store: Store) -> None:
    apply(store, "a", "b")
    with pytest.raises(BadInput, match="Steps with effects: a, b"):
        undo(store, World(), from_step="x")


def test_conflict_stops_and_is_told(store: Store) -> None:
    apply(store, "a", "b", "c")
    world = World(b=UndoConflict("The index was rebuilt by someone else."))
    report = undo(store, world)
    assert told(report) == [("run/c/1", "undone"), ("run/b/1", "conflict")]
    assert states(store) == ["applied", "applied", "undone"]


def test_conflict_names_its_reason(store: Store) -> None:
    apply(store, "a")
    world = World(a=UndoConflict("The index was rebuilt by someone else."))
    conflict = undo(store, world).conflict
    assert conflict is not None
    assert conflict.detail == "The index was rebuilt by someone else. Nothing was changed."


def test_conflict_can_be_tried_again(store: Store) -> None:
    apply(store, "a")
    undo(store, World(a=UndoConflict("no")))
    assert told(undo(store, World())) == [("run/a/1", "undone")]


def test_doubtful_effects_are_told_and_not_touched(store: Store) -> None:
    apply(store, "a")
    for step in ("b", "c"):
        action = Action(tool="create_index")
        key = f"run/{step}/1"
        store.journal.intend(key=key, run="run", step=step, action=action, snapshot={})
    store.journal.settle("run/c/1", "in_doubt", error="the connection broke")
    report = undo(store, World())
    assert [(item.outcome, item.detail) for item in report.items] == [
        ("in doubt", "the connection broke"),
        ("in doubt", "It is not known whether it happened."),
        ("undone", ""),
    ]
    assert states(store) == ["undone", "intended", "in_doubt"]


def test_tool_that_cannot_undo_is_told_and_the_rest_goes_on(store: Store) -> None:
    apply(store, "a", "b", "c")
    world = World(b=SurefootError("'b' cannot be undone."))
    report = undo(store, world)
    assert [item.outcome for item in report.items] == ["undone", "not reversible", "undone"]
    assert states(store) == ["undone", "applied", "undone"]


@pytest.mark.parametrize("dry_run", [True, False])
def test_what_is_known_to_be_irreversible_is_not_tried(store: Store, *, dry_run: bool) -> None:
    apply(store, "mail")
    world = World()
    report = undo(store, world, dry_run=dry_run)
    assert (told(report), world.undone) == ([("run/mail/1", "not reversible")], [])


def test_interrupted_undo_is_completed(store: Store) -> None:
    apply(store, "a")

    with pytest.raises(Killed):
        undo(store, World(a=Killed()))
    assert states(store) == ["undoing"]
    assert told(undo(store, World())) == [("run/a/1", "undone")]


def test_fault_that_may_pass_is_raised_and_the_effect_still_stands(store: Store) -> None:
    apply(store, "a", "b")
    with pytest.raises(Transient):
        undo(store, World(a=Transient("locked")))
    assert states(store) == ["applied", "undone"]


def test_fault_of_the_store_is_not_taken_for_an_irreversible_effect(store: Store) -> None:
    apply(store, "a")
    with pytest.raises(StoreFault):
        undo(store, World(a=StoreFault("gone")))
    assert states(store) == ["undoing"]


def test_chosen_effects_are_undone_as_they_stand_now(store: Store) -> None:
    apply(store, "a", "b")
    seen_before = store.journal.of_run("run")
    store.journal.settle("run/b/1", "undoing")
    items = undo_effects(store, seen_before, reverser=World(), why="it did not help")
    assert [item.key for item in items] == ["run/b/1", "run/a/1"]
    assert states(store) == ["undone", "undone"]


def test_effect_that_is_undone_by_now_is_skipped(store: Store) -> None:
    apply(store, "a")
    seen_before = store.journal.of_run("run")
    undo(store, World())
    world = World()
    assert undo_effects(store, seen_before, reverser=world, why="") == ()
    assert world.undone == []


@pytest.mark.parametrize("dry_run", [True, False])
def test_conflict_shows_both_versions(store: Store, *, dry_run: bool) -> None:
    apply(store, "a", "b")
    world = World()
    world.now["a"] = "another"
    report = undo(store, world, dry_run=dry_run)
    assert report.conflict is not None
    assert (report.conflict.key, report.conflict.left, report.conflict.now) == (
        "run/a/1",
        "made",
        "another",
    )
    assert world.undone == ([] if dry_run else ["run/b/1"])


def test_conflict_that_was_settled_by_hand_is_passed(store: Store) -> None:
    apply(store, "a", "b")
    world = World()
    world.now["b"] = "another"
    undo(store, world)
    world.now["b"] = None
    assert told(undo(store, world)) == [("run/b/1", "gone already"), ("run/a/1", "undone")]


@pytest.mark.parametrize("dry_run", [True, False])
def test_what_is_gone_already_is_told_apart(store: Store, *, dry_run: bool) -> None:
    apply(store, "a", "b")
    world = World()
    world.now["b"] = None
    assert told(undo(store, world, dry_run=dry_run))[0] == ("run/b/1", "gone already")
    assert states(store)[1] == ("applied" if dry_run else "undone")


def test_what_an_interrupted_undo_had_done_is_undone_not_gone(store: Store) -> None:
    apply(store, "a")
    store.journal.settle("run/a/1", "undoing")
    world = World()
    world.now["a"] = None
    assert told(undo(store, world)) == [("run/a/1", "undone")]


@pytest.mark.parametrize("name", ["b", "b.1"])
def test_one_effect_can_be_left_alone_and_older_ones_undone(store: Store, name: str) -> None:
    apply(store, "a", "b", "c")
    world = World()
    world.now["b"] = "another"
    report = undo(store, world, skip=[name])
    assert [item.outcome for item in report.items] == ["undone", "left alone", "undone"]
    assert states(store) == ["undone", "applied", "undone"]


def test_leaving_what_is_not_there_is_refused(store: Store) -> None:
    apply(store, "a")
    with pytest.raises(BadInput, match="no effect of a step 'x'"):
        undo(store, World(), skip=["x"])
    assert states(store) == ["applied"]


def test_ledger_says_who_wanted_it_and_what_came_of_each(store: Store) -> None:
    apply(store, "a", "b", "c")
    world = World()
    world.now["a"] = "another"
    undo(store, world, skip=["b"])
    entries = [entry for entry in store.ledger.entries("run") if entry.kind == "undo"]
    assert [(entry.subject, entry.body["came"], entry.body["by"]) for entry in entries] == [
        ("run/c/1", "undone", "ada"),
        ("run/b/1", "left alone", "ada"),
        ("run/a/1", "conflict", "ada"),
    ]


def test_undo_that_does_not_bring_back_what_was_is_a_conflict(store: Store) -> None:
    apply(store, "a", "b")
    world = World()
    world.stubborn = True
    report = undo(store, world)
    assert told(report) == [("run/b/1", "conflict")]
    assert states(store) == ["applied", "applied"]


@pytest.mark.parametrize(("happened", "outcome"), [("no", "undone"), ("yes", "conflict")])
def test_what_cannot_be_compared_is_proved_by_probing(
    store: Store, happened: Happened, outcome: str
) -> None:
    apply(store, "a")
    world = World()
    world.blind, world.happens = True, happened
    assert told(undo(store, world)) == [("run/a/1", outcome)]


@pytest.mark.parametrize(("happened", "state"), [("no", "failed"), ("yes", "undone")])
def test_what_a_crash_left_open_is_found_out(store: Store, happened: Happened, state: str) -> None:
    action = Action(tool="create_index")
    store.journal.intend(key="run/a/1", run="run", step="a", action=action, snapshot={})
    world = World()
    world.happens = happened
    foreseen = told(undo(store, world, dry_run=True))
    assert states(store) == ["intended"]
    undo(store, world)
    assert (states(store), foreseen) == (
        [state],
        [("run/a/1", "would undo")] if happened == "yes" else [],
    )


class Shelf(World):
    """One file that every effect writes to."""

    text: str | None = "run/c/1"
    order = (None, "run/a/1", "run/b/1", "run/c/1")

    def compare(self, record: EffectRecord) -> Versions | None:
        before = self.order[self.order.index(record.key) - 1]
        return Versions(subject="file", before=before, left=record.key, now=self.text)

    def undo(self, record: EffectRecord) -> None:
        self.text = self.order[self.order.index(record.key) - 1]


def test_dry_run_sees_what_undoing_newer_effects_would_leave(store: Store) -> None:
    apply(store, "a", "b", "c")
    world = Shelf()
    foreseen = [item.outcome for item in undo(store, world, dry_run=True).items]
    assert foreseen == ["would undo"] * 3
    assert ([item.outcome for item in undo(store, world).items], world.text) == (
        ["undone"] * 3,
        None,
    )


def test_dry_run_foresees_that_leaving_one_alone_hinders_the_older(store: Store) -> None:
    apply(store, "a", "b", "c")
    foreseen = told(undo(store, Shelf(), dry_run=True, skip=["c"]))
    assert foreseen == [("run/c/1", "left alone"), ("run/b/1", "conflict")]
    assert told(undo(store, Shelf(), skip=["c"])) == foreseen
