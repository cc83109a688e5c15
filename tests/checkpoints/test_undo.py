"""Undo: newest first, honest about what it cannot take back, complete after an interruption."""

import pytest

from checkpoints.store import Store
from checkpoints.undo import UndoReport, undo_effects, undo_run
from tools.contract import Action, EffectRecord
from tools.errors import BadInput, StoreFault, SurefootError, Transient, UndoConflict


class World:
    """Notes what is undone; raises what a test gave it for a key."""

    def __init__(self, **faults: SurefootError) -> None:
        self.undone: list[str] = []
        self.faults = faults

    def undo(self, record: EffectRecord) -> None:
        fault = self.faults.get(record.step)
        if fault is not None:
            raise fault
        self.undone.append(record.key)


class Killed(BaseException):
    """Stands for the end of the process."""


def apply(store: Store, *steps: str) -> None:
    for step in steps:
        number = sum(record.step == step for record in store.journal.of_run("run")) + 1
        key = f"run/{step}/{number}"
        action = Action(tool="irreversible" if step == "mail" else "create_index")
        store.journal.intend(key=key, run="run", step=step, action=action, snapshot={})
        store.journal.settle(key, "applied")


def states(store: Store) -> list[str]:
    return [record.state for record in store.journal.of_run("run")]


def told(report: UndoReport) -> list[tuple[str, str]]:
    return [(item.key, item.outcome) for item in report.items]


def test_effects_are_undone_newest_first(store: Store) -> None:
    apply(store, "a", "b", "c")
    world = World()
    undo_run(store, "run", undo=world.undo)
    assert world.undone == ["run/c/1", "run/b/1", "run/a/1"]


def test_journal_and_report_say_undone(store: Store) -> None:
    apply(store, "a", "b")
    report = undo_run(store, "run", undo=World().undo)
    assert (states(store), {outcome for _, outcome in told(report)}) == (["undone"] * 2, {"undone"})


def test_second_undo_has_nothing_to_do(store: Store) -> None:
    apply(store, "a")
    undo_run(store, "run", undo=World().undo)
    assert undo_run(store, "run", undo=World().undo).items == ()


def test_failed_effect_has_nothing_to_undo(store: Store) -> None:
    action = Action(tool="create_index")
    store.journal.intend(key="run/a/1", run="run", step="a", action=action, snapshot={})
    store.journal.settle("run/a/1", "failed")
    assert undo_run(store, "run", undo=World().undo).items == ()


def test_dry_run_changes_nothing(store: Store) -> None:
    apply(store, "a", "b")
    world = World()
    report = undo_run(store, "run", undo=world.undo, dry_run=True)
    assert told(report) == [("run/b/1", "would undo"), ("run/a/1", "would undo")]
    assert (world.undone, states(store)) == ([], ["applied", "applied"])


@pytest.mark.parametrize(("step", "left"), [("b", 1), ("b.2", 3), ("a", 0), ("c.1", 4)])
def test_undo_from_a_step_leaves_what_came_before(store: Store, step: str, left: int) -> None:
    apply(store, "a", "b", "a", "b", "c")
    undo_run(store, "run", undo=World().undo, from_step=step)
    assert states(store).count("applied") == left


def test_step_without_effects_is_refused(store: Store) -> None:
    apply(store, "a", "b")
    with pytest.raises(BadInput, match="Steps with effects: a, b"):
        undo_run(store, "run", undo=World().undo, from_step="x")


def test_conflict_stops_and_is_told(store: Store) -> None:
    apply(store, "a", "b", "c")
    world = World(b=UndoConflict("The index was rebuilt by someone else."))
    report = undo_run(store, "run", undo=world.undo)
    assert told(report) == [("run/c/1", "undone"), ("run/b/1", "conflict")]
    assert states(store) == ["applied", "applied", "undone"]


def test_conflict_names_its_reason(store: Store) -> None:
    apply(store, "a")
    world = World(a=UndoConflict("The index was rebuilt by someone else."))
    conflict = undo_run(store, "run", undo=world.undo).conflict
    assert conflict is not None
    assert conflict.detail == "The index was rebuilt by someone else. Nothing was changed."


def test_conflict_can_be_tried_again(store: Store) -> None:
    apply(store, "a")
    undo_run(store, "run", undo=World(a=UndoConflict("no")).undo)
    assert told(undo_run(store, "run", undo=World().undo)) == [("run/a/1", "undone")]


def test_doubtful_effects_are_told_and_not_touched(store: Store) -> None:
    apply(store, "a")
    for step in ("b", "c"):
        action = Action(tool="create_index")
        key = f"run/{step}/1"
        store.journal.intend(key=key, run="run", step=step, action=action, snapshot={})
    store.journal.settle("run/c/1", "in_doubt", error="the connection broke")
    report = undo_run(store, "run", undo=World().undo)
    assert [(item.outcome, item.detail) for item in report.items] == [
        ("in doubt", "the connection broke"),
        ("in doubt", "It is not known whether it happened."),
        ("undone", ""),
    ]
    assert states(store) == ["undone", "intended", "in_doubt"]


def test_tool_that_cannot_undo_is_told_and_the_rest_goes_on(store: Store) -> None:
    apply(store, "a", "mail", "c")
    world = World(mail=SurefootError("'mail' cannot be undone."))
    report = undo_run(store, "run", undo=world.undo)
    assert [item.outcome for item in report.items] == ["undone", "not reversible", "undone"]
    assert states(store) == ["undone", "applied", "undone"]


@pytest.mark.parametrize("dry_run", [True, False])
def test_what_is_known_to_be_irreversible_is_not_tried(store: Store, *, dry_run: bool) -> None:
    apply(store, "mail")
    world = World()
    report = undo_run(
        store,
        "run",
        undo=world.undo,
        reversible=lambda record: record.action.tool != "irreversible",
        dry_run=dry_run,
    )
    assert (told(report), world.undone) == ([("run/mail/1", "not reversible")], [])


def test_interrupted_undo_is_completed(store: Store) -> None:
    apply(store, "a")

    def die(_: EffectRecord) -> None:
        raise Killed

    with pytest.raises(Killed):
        undo_run(store, "run", undo=die)
    assert states(store) == ["undoing"]
    assert told(undo_run(store, "run", undo=World().undo)) == [("run/a/1", "undone")]


def test_fault_that_may_pass_is_raised_and_the_effect_still_stands(store: Store) -> None:
    apply(store, "a", "b")
    with pytest.raises(Transient):
        undo_run(store, "run", undo=World(a=Transient("locked")).undo)
    assert states(store) == ["applied", "undone"]


def test_fault_of_the_store_is_not_taken_for_an_irreversible_effect(store: Store) -> None:
    apply(store, "a")
    with pytest.raises(StoreFault):
        undo_run(store, "run", undo=World(a=StoreFault("gone")).undo)
    assert states(store) == ["undoing"]


def test_chosen_effects_are_undone_as_they_stand_now(store: Store) -> None:
    apply(store, "a", "b")
    seen_before = store.journal.of_run("run")
    store.journal.settle("run/b/1", "undoing")
    items = undo_effects(store, seen_before, undo=World().undo)
    assert [item.key for item in items] == ["run/b/1", "run/a/1"]
    assert states(store) == ["undone", "undone"]


def test_effect_that_is_undone_by_now_is_skipped(store: Store) -> None:
    apply(store, "a")
    seen_before = store.journal.of_run("run")
    undo_run(store, "run", undo=World().undo)
    world = World()
    assert undo_effects(store, seen_before, undo=world.undo) == ()
    assert world.undone == []
