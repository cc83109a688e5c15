"""Scope creep: the goal was one file, and one thing leads to another.

The model is the same in both loops: it does what it was asked, and then whatever else it sees.
"""

from pathlib import Path

from checkpoints.store import Store
from graphs.session import Agent
from nodes.context import PlanRequest, Situation
from nodes.state import Boundaries, Decision, Goal, Plan
from tests.behaviour.shelf import act, shelf_agent, step

EXTRA = ("b", "c", "secret-plan")
"""What it was not asked for."""


class Eager:
    """Writes `a`, then improves everything else, and gives itself more tools when it is refused."""

    def __init__(self, touches: tuple[str, ...] = ("file:a",)) -> None:
        self.touches = touches
        self.todo = ["a", *EXTRA]
        self.plans = 0

    def plan(self, request: PlanRequest) -> Plan | None:
        self.plans += 1
        if request.failed or request.problems:
            return Plan(steps=(step("more", "look", "put", "take", "send"),))
        first = step("write", "look", "put").model_copy(update={"touches": self.touches})
        return Plan(steps=(first,))

    def decide(self, situation: Situation) -> Decision:
        del situation
        if not self.todo:
            return act("send", name="a")
        return act("put", name=self.todo.pop(0), text="goal")


def agent_of(store: Store, folder: Path, mind: Eager) -> Agent:
    for name in EXTRA:
        (folder / name).write_text("as it was")
    return shelf_agent(store, folder, planner=mind, decider=mind)


def untouched(folder: Path) -> list[str]:
    return [name for name in EXTRA if (folder / name).read_text() == "as it was"]


def test_unguarded_loop_changes_whatever_it_sees(folder: Path) -> None:
    mind = Eager()
    for name in EXTRA:
        (folder / name).write_text("as it was")
    while mind.todo:
        args = mind.decide(None).action.args  # type: ignore[union-attr,arg-type]  # its own
        (folder / str(args["name"])).write_text(str(args["text"]))
    assert untouched(folder) == []


def test_surefoot_asks_about_what_the_plan_did_not_predict(store: Store, folder: Path) -> None:
    run = agent_of(store, folder, Eager()).run("Make a say goal")
    assert (folder / "a").read_text() == "goal"
    assert untouched(folder) == list(EXTRA)
    assert [(one.title, one.card["rule"]) for one in run.pending] == [("put b", "floor:drift")]


def test_report_compares_what_was_predicted_with_what_was_changed(
    store: Store, folder: Path
) -> None:
    run = agent_of(store, folder, Eager()).run("Make a say goal")
    run.approve()
    run.answer("abort")
    scope = next(one.body["scope"] for one in run.entries if one.kind == "outcome")
    assert scope == {"write": {"predicted": ["file:a"], "touched": ["file:a", "file:b"]}}


def test_boundaries_of_the_goal_refuse_the_rest_whatever_the_plan_says(
    store: Store, folder: Path
) -> None:
    agent = agent_of(store, folder, Eager(touches=()))
    narrow = Goal(objective="Make a say goal", boundaries=Boundaries(resources=("file:a",)))
    run = agent.run(narrow)
    assert untouched(folder) == list(EXTRA)
    refused = [one.body["rule"] for one in run.entries if one.kind == "gate"][1:4]
    assert refused == ["goal:boundaries"] * 3


def test_plan_cannot_be_widened_on_the_way(store: Store, folder: Path) -> None:
    mind = Eager(touches=())
    agent = agent_of(store, folder, mind)
    narrow = Goal(objective="Make a say goal", boundaries=Boundaries(resources=("file:a",)))
    run = agent.run(narrow)
    assert mind.plans > 1
    wider = [one for one in run.entries if one.kind == "plan_refused"]
    assert all("tools that the first did not: send, take" in str(one.body) for one in wider)
    assert wider
    assert not (folder.parent / "sent").exists()
