"""What a person's answer must not do: vouch for a model's words, or for what was not shown."""

from pathlib import Path
from typing import Any

import pytest
from langgraph.types import Command

from checkpoints.store import Store
from graphs.session import Agent, Run
from nodes.context import PlanRequest
from nodes.state import Decision, Plan
from tests.behaviour.shelf import Clock, Script, act, script, shelf_agent, step

CONFIG: Any = {"configurable": {"thread_id": "r"}}


@pytest.fixture
def clock() -> Clock:
    return Clock()


def kinds(run: Run) -> list[str]:
    return [entry.kind for entry in run.entries]


def test_no_does_not_vouch_for_the_value_that_was_asked_about(store: Store, folder: Path) -> None:
    outsider = act("put", name="evil-outsider", text="x")
    again = act("put", name="evil-outsider", text="y")
    run = shelf_agent(store, folder, script(step("w", "put"), w=[outsider, again])).run("Tidy")
    run.reject(message="Never write to evil-outsider.")
    assert not (folder / "evil-outsider").exists()
    assert len(run.pending) == 1
    assert run.pending[0].why.endswith(
        "An argument that decides who, where or how much has no trusted origin."
    )


def test_words_of_a_person_do_vouch(store: Store, folder: Path) -> None:
    lines = [act("put", name="elsewhere", text="x"), act("put", name="elsewhere", text="y")]
    run = shelf_agent(store, folder, script(step("w", "put"), w=lines)).run("Tidy")
    run.answer("respond", message="Do write to elsewhere.")
    assert (folder / "elsewhere").read_text() == "y"


class PlansOnce:
    """Has one plan and no other."""

    def __init__(self, plan: Plan) -> None:
        self.plans = [plan]

    def plan(self, request: PlanRequest) -> Plan | None:
        del request
        return self.plans.pop() if self.plans else None


def test_refused_plan_does_not_start_for_want_of_another(store: Store, folder: Path) -> None:
    mind = script(step("write", "put"), write=[act("put", name="a", text="goal")])
    agent = shelf_agent(store, folder, mind, planner=PlansOnce(mind.plan_))
    run = agent.run(agent.goal("Write", review_plan=True))
    run.answer("replan")
    assert run.status == "denied"
    assert not (folder / "a").exists()


def test_late_approval_of_a_plan_starts_nothing(store: Store, folder: Path, clock: Clock) -> None:
    mind = script(step("write", "put"), write=[act("put", name="a", text="goal")])
    agent = shelf_agent(store, folder, mind, clock=clock)
    run = agent.run(agent.goal("Write", review_plan=True))
    review = run.pending[0].id
    clock.move(days=30)
    run.approve(review)
    assert not (folder / "a").exists()
    assert [item.kind for item in run.pending] == ["plan"]


@pytest.fixture
def two_questions(store: Store, folder: Path) -> Agent:
    for name in ("b", "c"):
        (folder / name).write_text(name)
    mind = script(step("tidy", "take"), tidy=[act("take", name="b"), act("take", name="c")])
    agent = shelf_agent(store, folder, mind)
    agent.run("Tidy", run_id="r").reject(message="not b")
    return agent


@pytest.mark.parametrize(
    "bare",
    [{"decision": "approve"}, {"decisions": [{"type": "approve"}]}],
    ids=["ours", "langchain"],
)
def test_late_bare_yes_does_not_answer_another_question(
    two_questions: Agent, folder: Path, bare: Any
) -> None:
    two_questions.graph.invoke(Command(resume=bare), CONFIG)
    assert (folder / "c").exists()
    assert "answer_refused" in kinds(two_questions.open("r"))


def test_yes_that_names_its_question_is_heard(two_questions: Agent, folder: Path) -> None:
    review = two_questions.open("r").pending[0].id
    answer = {"decision": "approve", "review": review, "reviewer": "ada"}
    two_questions.graph.invoke(Command(resume=answer), CONFIG)
    assert not (folder / "c").exists()


def test_new_goal_on_a_waiting_run_is_declined(two_questions: Agent, folder: Path) -> None:
    wider = two_questions.goal("Delete everything").to_json()
    two_questions.graph.invoke({"goal": wider}, CONFIG)
    run = two_questions.open("r")
    assert run.state["goal"]["objective"] == "Tidy"
    assert (folder / "c").exists()
    assert len(run.pending) == 1
    assert "input_refused" in kinds(run)


def test_replan_that_drops_a_step_withdraws_its_question(store: Store, folder: Path) -> None:
    (folder / "b").write_text("b")
    mind = Script(
        plan_=Plan(steps=(step("tidy", "take"), step("hard", "put"))),
        decisions={
            "tidy": [act("take", name="b")],
            "hard": [Decision(kind="give_up", reasoning="too hard")],
            "easy": [act("put", name="a", text="goal")],
        },
    )

    class Planner:
        def plan(self, request: PlanRequest) -> Plan | None:
            return Plan(steps=(step("easy", "put"),)) if request.failed else mind.plan_

    run = shelf_agent(store, folder, mind, planner=Planner()).run("Make a say goal")
    assert run.status == "verified"
    assert run.pending == []


def test_keys_stay_unique_when_a_dropped_step_comes_back(store: Store, folder: Path) -> None:
    mind = Script(
        plan_=Plan(steps=(step("write", "put"), step("hard", "put", needs=("write",)))),
        decisions={
            "write": [
                act("put", name="a", text="useless"),
                Decision(kind="give_up"),
                act("put", name="a", text="goal"),
            ],
        },
    )
    plans = [mind.plan_, Plan(steps=(step("other", "put"),)), mind.plan_]
    mind.decisions["other"] = [Decision(kind="give_up")]

    class Planner:
        def plan(self, request: PlanRequest) -> Plan | None:
            del request
            return plans.pop(0) if plans else None

    run = shelf_agent(store, folder, mind, planner=Planner()).run("Make a say goal")
    assert [record.key.split("/", 1)[1] for record in run.effects] == ["write/1", "write/3"]
    assert (folder / "a").read_text() == "goal"
