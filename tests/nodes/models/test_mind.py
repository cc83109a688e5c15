"""Planner, decider, judge and summarizer on models, and what happens when there is no answer."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from langchain_core.messages import AIMessage

from checkpoints.store import Store
from nodes.guards.budget import Budget
from nodes.models.judge import ModelJudge
from nodes.models.mind import ModelDecider, ModelPlanner
from nodes.models.scripted import ScriptedModel
from nodes.models.summary import ModelSummarizer
from nodes.state import Check, Goal, Happening
from tests.behaviour.shelf import act, script, shelf_agent, step
from tests.nodes.models.asking import asker
from tools.contract import Action, EffectRecord

PLAN = json.dumps({"steps": [{"id": "work", "title": "work", "tools": ["put", "look"]}]})
DONE = json.dumps({"kind": "done", "reasoning": "it is there"})
GOAL = Goal(objective="Let a say goal")
CHECK = Check(name="goal", kind="success", holds=True, detail="a says goal")
EFFECT = EffectRecord(
    key="r/work/1",
    run="r",
    step="work",
    action=Action(tool="put", args={"name": "a", "text": "goal"}),
    state="applied",
    at=datetime(2026, 11, 22, tzinfo=UTC),
)


def put(name: str, text: str) -> str:
    action = {"tool": "put", "args": {"name": name, "text": text}}
    return json.dumps({"kind": "act", "action": action, "confidence": 0.9, "origin": "admin"})


def test_sensible_model_reaches_the_goal(store: Store, tmp_path: Path) -> None:
    model = ScriptedModel(lines=[PLAN, put("a", "goal"), DONE])
    asked = asker(store, model)
    agent = shelf_agent(
        store, tmp_path / "world", planner=ModelPlanner(asked), decider=ModelDecider(asked)
    )
    run = agent.run("Let a say goal")
    assert run.status == "verified"
    model.assert_complete()


def test_decision_names_the_model_whatever_it_says_itself(store: Store, tmp_path: Path) -> None:
    asked = asker(store, ScriptedModel(lines=[put("a", "goal"), DONE]))
    agent = shelf_agent(
        store, tmp_path / "w", planner=script(step("work", "put")), decider=ModelDecider(asked)
    )
    run = agent.run("Let a say goal")
    origins = [entry.body["origin"] for entry in run.entries if entry.kind == "decision"]
    assert origins == ["stub at http://127.0.0.1:9/v1"] * 2


def test_calls_are_recorded_under_the_effect_key(store: Store, tmp_path: Path) -> None:
    asked = asker(store, ScriptedModel(lines=[put("a", "goal"), DONE]))
    agent = shelf_agent(
        store, tmp_path / "w", planner=script(step("work", "put")), decider=ModelDecider(asked)
    )
    run = agent.run("Let a say goal")
    decided = [entry.subject for entry in run.entries if entry.kind == "decision"]
    called = [entry.subject for entry in run.entries if entry.kind == "model_call"]
    assert called == decided


def test_useless_models_leave_it_to_the_playbook(store: Store, tmp_path: Path) -> None:
    asked = asker(store, ScriptedModel(lines=["?"] * 9))
    playbook = script(step("work", "put"), work=[act("put", name="a", text="goal")])
    agent = shelf_agent(
        store,
        tmp_path / "w",
        planner=ModelPlanner(asked, playbook),
        decider=ModelDecider(asked, playbook),
    )
    run = agent.run("Let a say goal")
    assert run.status == "verified"
    degraded = [entry.body for entry in run.entries if entry.kind == "degraded"]
    assert [body["to"] for body in degraded] == ["the playbook"] * 3
    assert all("no JSON object" in str(body["reason"]) for body in degraded)


def test_useless_model_without_a_playbook_gives_the_step_up(store: Store, tmp_path: Path) -> None:
    asked = asker(store, ScriptedModel(lines=["?"] * 3))
    agent = shelf_agent(
        store, tmp_path / "w", planner=script(step("work", "put")), decider=ModelDecider(asked)
    )
    run = agent.run("Let a say goal")
    (decision,) = [entry.body for entry in run.entries if entry.kind == "decision"]
    assert decision["kind"] == "give_up"
    assert "unusable" in str(decision["reasoning"])


def test_spent_money_gives_the_step_up_with_its_reason(store: Store, tmp_path: Path) -> None:
    asked = asker(store, ScriptedModel(lines=[]))
    agent = shelf_agent(
        store, tmp_path / "w", planner=script(step("work", "put")), decider=ModelDecider(asked)
    )
    goal = agent.goal("Let a say goal").model_copy(update={"budget": Budget(max_usd=0.0)})
    run = agent.run(goal)
    (decision,) = [entry.body for entry in run.entries if entry.kind == "decision"]
    assert "over the limit, usd" in str(decision["reasoning"])


@pytest.mark.parametrize("holds", [True, False])
def test_judge_says_whether_it_is_convinced(store: Store, holds: bool) -> None:  # noqa: FBT001  # a parameter of the test
    answer = json.dumps({"reached": holds, "detail": "because"})
    judge = ModelJudge(asker(store, ScriptedModel(lines=[answer])))
    check = judge.judge("r", GOAL, [EFFECT], [CHECK])
    assert (check.kind, check.holds) == ("expectation", holds)
    assert "because" in check.detail


def test_judge_without_an_answer_is_not_convinced(store: Store) -> None:
    judge = ModelJudge(asker(store, ScriptedModel(lines=["?"] * 3)))
    check = judge.judge("r", GOAL, [EFFECT], [CHECK])
    assert not check.holds
    assert "no answer" in check.detail


def test_summary_is_the_models(store: Store) -> None:
    summarizer = ModelSummarizer(asker(store, ScriptedModel(lines=['{"summary": "All well."}'])))
    assert summarizer.summarize("r", GOAL, []) == "All well."


def test_summary_without_a_model_is_the_plain_lines(store: Store) -> None:
    summarizer = ModelSummarizer(asker(store, ScriptedModel(lines=[AIMessage("")] * 3)))
    lines = [Happening(step="work", what="put a", came="ok")]
    assert summarizer.summarize("r", GOAL, lines) == "work: put a: ok"
