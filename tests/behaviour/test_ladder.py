"""A circle is forbidden, then waited for, then put to a person; never just the end of a run."""

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from checkpoints.store import Store
from graphs.agent import build_agent
from graphs.session import Agent, Run
from nodes.ladder import PAUSE_SECONDS
from nodes.state import Decision
from tests.behaviour.shelf import Look, Script, act, script, shelf_agent, step

LOOK, OTHER = act("look", name="a"), act("look", name="b")
GOAL = act("put", name="a", text="goal")


def drawn_into_asking(made: Agent, store: Store, waits: list[float]) -> Agent:
    """Return an agent that asks people when it is stuck, and notes how long it waits."""
    runner = dataclasses.replace(made.context.runner, sleep=waits.append)
    context = dataclasses.replace(made.context, asks_when_stuck=True, runner=runner)
    graph = build_agent(context=context, tracing=made.tracing, checkpointer=store.saver)
    return dataclasses.replace(made, graph=graph, context=context)


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def start(store: Store, folder: Path, waits: list[float]) -> Callable[[Script], Run]:
    def start(mind: Script) -> Run:
        agent = drawn_into_asking(shelf_agent(store, folder, mind), store, waits)
        return agent.run("Make a say goal", run_id="r")

    return start


def rules(run: Run) -> list[str]:
    return [str(entry.body["rule"]) for entry in run.entries if entry.kind == "gate"]


def script_of(*decisions: Decision) -> Script:
    return script(step("w", "look", "put"), w=list(decisions))


def test_circle_is_forbidden_and_the_work_goes_on(
    start: Callable[[Script], Run], waits: list[float]
) -> None:
    run = start(script_of(LOOK, LOOK, LOOK, LOOK, GOAL))
    assert run.status == "verified"
    assert rules(run)[3] == "guard:loop"
    assert [0.1 <= wait <= 0.2 for wait in waits] == [True]


def test_decider_is_told_what_was_not_tried(start: Callable[[Script], Run]) -> None:
    mind = script_of(LOOK, LOOK, LOOK, LOOK, GOAL)
    start(mind)
    assert "Not tried yet: put" in mind.seen[4].recent[-1].came
    assert [card.name for card in mind.seen[4].tools] == ["put"]
    assert [card.name for card in mind.seen[5].tools] == ["look", "put"]


def test_who_insists_waits_longer_each_time_and_then_a_person_sees_the_circle(
    start: Callable[[Script], Run], waits: list[float]
) -> None:
    run = start(script_of(*[LOOK] * 6))
    assert [pause / 2 <= wait <= pause for pause, wait in zip(PAUSE_SECONDS, waits, strict=True)]
    assert [review.kind for review in run.pending] == ["loop"]
    assert "look {'name': 'a'}" in str(run.pending[0].card["cycle"])
    assert str(run.pending[0].card["cycle"]).endswith("└── and again")


@pytest.fixture
def asked(start: Callable[[Script], Run]) -> Callable[[Decision], Run]:
    """Return a run that has asked about looking at `a`, with what it does after the answer."""
    return lambda *then: start(script_of(*[LOOK] * 6, *then))


def test_no_loop_is_remembered_for_the_run(asked: Callable[..., Run]) -> None:
    run = asked(*[LOOK] * 7, GOAL)
    run.approve(reviewer="ada")
    assert run.status == "verified"
    assert rules(run)[6:13] == ["look"] * 7


def test_another_circle_than_the_excused_one_is_found(asked: Callable[..., Run]) -> None:
    run = asked(*[OTHER] * 4, GOAL)
    run.approve(reviewer="ada")
    assert rules(run)[9] == "guard:loop"


def test_advice_leaves_the_circle_forbidden(asked: Callable[..., Run]) -> None:
    run = asked(LOOK, GOAL)
    run.answer("respond", reviewer="ada", message="Write goal into a.")
    assert run.status == "verified"
    assert rules(run)[6] == "guard:loop"


def test_no_ends_the_run_as_looped(asked: Callable[..., Run]) -> None:
    run = asked(GOAL)
    assert run.reject(reviewer="ada").status == "looped"


def test_there_and_back_is_a_circle_though_each_way_changed_something(
    start: Callable[[Script], Run], folder: Path
) -> None:
    there, back = act("put", name="b", text="1"), act("put", name="b", text="2")
    run = start(script_of(*[there, back] * 8, GOAL))
    assert "guard:loop" in rules(run)
    effects = [entry for entry in run.entries if entry.kind == "observation"]
    assert len(effects) <= 10
    assert (folder / "b").exists()


def test_waiting_for_something_is_no_circle_until_patience_ends(
    store: Store, folder: Path, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Look, "polls_seconds", 60.0)
    ticks = iter(range(100_000))

    def clock() -> datetime:
        return datetime.fromtimestamp(1_795_000_000 + next(ticks) / 10, UTC)

    mind = script_of(*[LOOK] * 6, GOAL)
    agent = drawn_into_asking(shelf_agent(store, folder, mind, clock=clock), store, waits)
    run = agent.run("Make a say goal")
    assert run.status == "verified"
    assert rules(run)[:6] == ["look"] * 6


def test_nobody_to_ask_ends_the_run_as_looped(store: Store, folder: Path) -> None:
    made = shelf_agent(store, folder, script_of(*[LOOK] * 9))
    runner = dataclasses.replace(made.context.runner, sleep=lambda _: None)
    context = dataclasses.replace(made.context, runner=runner)
    graph = build_agent(context=context, tracing=made.tracing, checkpointer=store.saver)
    run = dataclasses.replace(made, graph=graph, context=context).run("Make a say goal")
    assert run.status == "looped"
    assert len([one for one in run.entries if one.kind == "observation"]) == 3
