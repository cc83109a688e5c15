"""A critic's view and agreement are features of a question; neither decides anything alone."""

import dataclasses
import json
import math
from functools import partial
from pathlib import Path

import pytest
from langchain_core.messages import AIMessage

from checkpoints.store import Store
from graphs.agent import build_agent
from graphs.session import Run
from nodes.calibration.history import FEATURES
from nodes.models.critic import ModelCritic, Rating, critic_prompt
from nodes.models.likelihood import likelihood_of
from nodes.models.mind import ModelDecider
from nodes.models.scripted import ScriptedModel
from nodes.state import Goal
from tests.behaviour.shelf import Put, act, script, shelf_agent, step
from tests.nodes.models.asking import asker
from tools.contract import Action
from tools.records import SpendLimits

GOAL = Goal(objective="Let a say goal")
PUT = Action(tool="put", args={"name": "a", "text": "goal"})
TOOL = Put(Path("/nowhere"))


def rate(store: Store, *lines: str) -> float | None:
    critic = ModelCritic(asker(store, ScriptedModel(lines=[*lines])))
    return critic.rate("r", GOAL, step("work", "put"), TOOL, PUT)


def test_critic_says_a_probability(store: Store) -> None:
    assert rate(store, json.dumps({"probability": 0.3, "why": "it was not asked for"})) == 0.3


@pytest.mark.parametrize("answer", ["?", '{"probability": 7}', '{"probability": "NaN"}', "{}"])
def test_critic_without_a_usable_answer_says_nothing(store: Store, answer: str) -> None:
    assert rate(store, answer, answer, answer) is None


def test_critic_is_not_told_who_proposes_it_or_why() -> None:
    prompt = critic_prompt(GOAL, step("work", "put"), TOOL, PUT)
    told = json.dumps([prompt.system, prompt.user])
    assert "somebody proposes" in told
    assert "told so" not in told
    assert "reasoning" not in prompt.user


def taking(store: Store, folder: Path, *lines: str | AIMessage, resamples: int = 0) -> Run:
    """Return a run in which a model, and a critic, speak of taking `b` away."""
    folder.mkdir()
    (folder / "b").write_text("b")
    asked = asker(store, ScriptedModel(lines=[*lines]), cache_seconds=0.0)
    made = shelf_agent(
        store,
        folder,
        planner=script(step("tidy", "take", "look")),
        decider=ModelDecider(asked, resamples=resamples),
    )
    context = dataclasses.replace(made.context, critic=ModelCritic(asked))
    graph = build_agent(context=context, tracing=made.tracing, checkpointer=store.saver)
    return dataclasses.replace(made, graph=graph, context=context).run("Take b away")


def take(name: str = "b", **more: float) -> str:
    action = {"tool": "take", "args": {"name": name}}
    return json.dumps({"kind": "act", "action": action, "confidence": 0.9, **more})


def features(run: Run) -> dict[str, float]:
    judged = run.pending[0].card["judged"]
    assert isinstance(judged, dict)
    return dict(zip(FEATURES, judged["features"], strict=True))  # type: ignore[arg-type]  # a list


def test_both_stand_on_the_card(store: Store, tmp_path: Path) -> None:
    lines = [take(), take(), take("c"), json.dumps({"probability": 0.4, "why": ""})]
    found = features(taking(store, tmp_path / "w", *lines, resamples=2))
    assert (found["critic"], found["agreement"]) == (0.4, 0.5)


def said(*logs: float | None, **more: object) -> AIMessage:
    tokens = [{"token": "x", "logprob": one} for one in logs]
    return AIMessage(take(), response_metadata={"logprobs": {"content": tokens}} | more)


def test_likelihood_is_what_the_server_says_of_the_tokens(store: Store, tmp_path: Path) -> None:
    line = said(math.log(0.5), math.log(0.125))
    found = features(taking(store, tmp_path / "w", line, "?", "?", "?"))
    assert found["likelihood"] == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("message", "likelihood"),
    [
        (AIMessage("x"), None),
        (AIMessage("x", response_metadata={"logprobs": None}), None),
        (AIMessage("x", response_metadata={"logprobs": {"content": "nonsense"}}), None),
        (said(math.nan, -math.inf, None), None),
        (said(7.0), 1.0),
        (said(likelihood=0.3), 0.3),
    ],
)
def test_likelihood_of_whatever_a_server_says(message: AIMessage, likelihood: float | None) -> None:
    assert likelihood_of(message) == likelihood


def test_remembered_answer_is_as_probable_as_it_was(store: Store) -> None:
    line = json.dumps({"probability": 0.3, "why": ""})
    tokens = {"content": [{"token": "x", "logprob": math.log(0.25)}]}
    model = ScriptedModel(lines=[AIMessage(line, response_metadata={"logprobs": tokens})])
    ask = partial(
        asker(store, model).ask, "r", "critic", limits=SpendLimits(max_usd=1.0, max_tokens=10**6)
    )
    prompt = critic_prompt(GOAL, step("work", "put"), TOOL, PUT)
    first, second = ask(prompt, Rating), ask(prompt, Rating)
    assert (first.cached, second.cached) == (False, True)
    assert first.likelihood == second.likelihood == pytest.approx(0.25)


def test_agreement_that_a_model_claims_counts_for_nothing(store: Store, tmp_path: Path) -> None:
    lines = [take(agreement=1.0), "?", "?", "?", json.dumps({"probability": 1.0, "why": ""})]
    assert features(taking(store, tmp_path / "w", *lines, resamples=1))["agreement"] == 0.0


def test_sure_critic_spares_no_question(store: Store, tmp_path: Path) -> None:
    run = taking(store, tmp_path / "w", take(), json.dumps({"probability": 1.0, "why": "sure"}))
    assert [review.title for review in run.pending] == ["take b"]


def test_nobody_resamples_and_no_critic_answers(store: Store, tmp_path: Path) -> None:
    found = features(taking(store, tmp_path / "w", take(), "?", "?", "?"))
    assert (found["critic"], found["agreement"]) == (0.5, 1.0)
    assert act("take", name="b").agreement == 1.0
