"""What a run does from beginning to end, as the world, the ledger and the user see it."""

from pathlib import Path

import pytest

from checkpoints.store import Store
from graphs.session import Run
from nodes.context import Situation
from nodes.state import Decision
from tests.behaviour.shelf import Clock, Script, act, script, shelf_agent, step
from tools.errors import BadInput


def kinds(run: Run) -> list[str]:
    return [entry.kind for entry in run.entries]


def test_goal_reached_is_verified(store: Store, folder: Path) -> None:
    mind = script(step("write", "put"), write=[act("put", name="a", text="goal")])
    run = shelf_agent(store, folder, mind).run("Make a say goal")
    assert run.status == "verified"
    assert (folder / "a").read_text() == "goal"
    mind.assert_complete()


def test_goal_missed_is_unverified_with_the_reason(store: Store, folder: Path) -> None:
    mind = script(step("write", "put"), write=[act("put", name="a", text="other")])
    run = shelf_agent(store, folder, mind).run("Make a say goal")
    assert run.status == "unverified"
    assert "not yet" in run.info.reason
    assert run.report["help"] == ["Effects still stand; `surefoot undo RUN` takes them back."]


def test_every_stage_is_on_a_ledger_that_verifies(store: Store, folder: Path) -> None:
    mind = script(step("write", "put"), write=[act("put", name="a", text="goal")])
    run = shelf_agent(store, folder, mind).run("Make a say goal")
    assert {
        "goal",
        "baseline",
        "plan",
        "decision",
        "gate",
        "effect",
        "observation",
        "check",
        "outcome",
    } <= set(kinds(run))
    assert store.ledger.verify().problems == ()


def test_useless_effect_is_undone_and_the_next_one_kept(store: Store, folder: Path) -> None:
    mind = script(
        step("write", "put"),
        write=[act("put", name="a", text="useless"), act("put", name="a", text="goal")],
    )
    run = shelf_agent(store, folder, mind).run("Make a say goal")
    assert [record.state for record in run.effects] == ["undone", "applied"]
    assert run.status == "verified"


def test_broken_constraint_undoes_the_whole_step_and_is_not_verified(
    store: Store, folder: Path
) -> None:
    (folder / "keep").write_text("as it is")
    mind = script(
        step("write", "put"),
        write=[act("put", name="a", text="goal"), act("put", name="keep", text="broken")],
    )
    run = shelf_agent(store, folder, mind).run("Make a say goal")
    assert run.status == "failed"
    assert "constraint broken" in run.info.reason
    assert (folder / "keep").read_text() == "as it is"
    assert not (folder / "a").exists()


def test_steps_run_in_the_order_of_their_needs(store: Store, folder: Path) -> None:
    mind = script(
        step("second", "put", needs=("first",)),
        step("first", "put"),
        first=[act("put", name="a", text="one")],
        second=[act("put", name="a", text="goal")],
    )
    run = shelf_agent(store, folder, mind).run("Make a say goal")
    assert run.status == "verified"
    assert [record.step for record in run.effects] == ["first", "second"]


def test_step_whose_need_failed_is_skipped(store: Store, folder: Path) -> None:
    mind = script(
        step("first", "look"),
        step("second", "put", needs=("first",)),
        first=[Decision(kind="give_up", reasoning="no idea")],
    )
    run = shelf_agent(store, folder, mind).run("Make a say goal")
    assert run.status == "failed"
    assert run.report["steps"]["second"]["status"] == "skipped"  # type: ignore[index,call-overload]  # JSON


def test_repeating_the_same_look_is_a_loop(store: Store, folder: Path) -> None:
    mind = script(step("look", "look"), look=[act("look", name="a") for _ in range(12)])
    run = shelf_agent(store, folder, mind).run("Look for ever")
    assert run.status == "looped"


def test_budget_ends_a_run_before_the_next_call(store: Store, folder: Path) -> None:
    mind = script(step("write", "put"), write=[act("put", name="a", text=str(n)) for n in range(9)])
    agent = shelf_agent(store, folder, mind)
    goal = agent.goal("Write")
    small = goal.model_copy(update={"budget": goal.budget.model_copy(update={"max_effects": 3})})
    run = agent.run(small)
    assert run.status == "over_budget"
    assert len(run.effects) == 3


def test_dry_run_changes_nothing_and_tells_each_verdict(store: Store, folder: Path) -> None:
    mind = script(
        step("write", "look", "put"),
        write=[act("look", name="a"), act("put", name="a", text="goal")],
    )
    agent = shelf_agent(store, folder, mind)
    run = agent.run(agent.goal("Make a say goal", dry_run=True))
    assert list(folder.iterdir()) == []
    assert run.effects == []
    gates = [
        entry.body for entry in run.entries if entry.kind == "gate" and entry.body["tool"] == "put"
    ]
    assert [body["reason"] for body in gates] == ["Dry run; rule 'put' would say allow."]


def test_plan_with_unknown_tool_is_refused_before_anything_runs(store: Store, folder: Path) -> None:
    mind = script(step("write", "put", "rm_rf"))
    run = shelf_agent(store, folder, mind).run("Make a say goal")
    assert run.status == "denied"
    assert "there is no tool 'rm_rf'" in run.info.reason
    assert mind.seen == []


def test_action_outside_its_step_is_refused(store: Store, folder: Path) -> None:
    mind = script(step("look", "look"), look=[act("put", name="a", text="x")])
    run = shelf_agent(store, folder, mind).run("Look")
    assert not (folder / "a").exists()
    assert any(
        entry.body.get("rule") == "contract" for entry in run.entries if entry.kind == "gate"
    )


def test_history_given_to_the_decider_is_bounded(store: Store, folder: Path, clock: Clock) -> None:
    mind = script(
        step("write", "put"), write=[act("put", name="a", text=str(n)) for n in range(15)]
    )
    shelf_agent(store, folder, mind, clock=clock).run("Write")
    assert max(len(situation.recent) for situation in mind.seen) == 8


def test_independent_steps_decide_in_the_same_round(store: Store, folder: Path) -> None:
    mind: Script = script(
        step("one", "put"),
        step("two", "put"),
        one=[act("put", name="a", text="goal")],
        two=[act("put", name="b", text="b")],
    )
    run = shelf_agent(store, folder, mind).run("Write both")
    decisions = [entry.subject.split("/")[1] for entry in run.entries if entry.kind == "decision"]
    assert decisions[:2] == ["one", "two"]
    assert run.status == "verified"


def test_fault_in_the_middle_says_what_stands(store: Store, folder: Path) -> None:
    class Breaks(Script):
        def decide(self, situation: Situation) -> Decision:
            if situation.ordinal == 2:
                raise BadInput("The world went away.")
            return super().decide(situation)

    told = script(step("write", "put"), write=[act("put", name="a", text="goal")])
    mind = Breaks(plan_=told.plan_, decisions=told.decisions)
    with pytest.raises(BadInput, match="1 earlier effects of run 'r' stand"):
        shelf_agent(store, folder, mind).run("Make a say goal", run_id="r")
