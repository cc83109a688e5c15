"""When nothing is left to try, a person is asked what would help, once per step."""

import dataclasses
from pathlib import Path

import pytest

from checkpoints.store import Store
from graphs.agent import build_agent
from graphs.session import Agent, Run
from nodes.state import Decision
from tests.behaviour.shelf import Script, act, script, shelf_agent, step


@pytest.fixture
def mind() -> Script:
    give_up = Decision(kind="give_up", reasoning="no idea what to write")
    return script(step("write", "put"), write=[give_up, act("put", name="a", text="goal")])


@pytest.fixture
def stuck(store: Store, folder: Path, mind: Script) -> Run:
    made = shelf_agent(store, folder, mind)
    context = dataclasses.replace(made.context, asks_when_stuck=True)
    graph = build_agent(context=context, tracing=made.tracing, checkpointer=store.saver)
    agent: Agent = dataclasses.replace(made, graph=graph, context=context)
    return agent.run("Make a say goal", run_id="r")


def test_person_is_asked_what_would_help(stuck: Run) -> None:
    assert [(review.kind, review.why) for review in stuck.pending] == [
        ("stuck", "no idea what to write")
    ]


def test_step_goes_on_with_the_words(stuck: Run, mind: Script) -> None:
    stuck.answer("respond", reviewer="ada", message="Write goal into a.")
    assert stuck.status == "verified"
    assert "Write goal into a." in mind.seen[-1].messages[-1]


def test_no_leaves_it_failed(stuck: Run) -> None:
    assert stuck.reject(reviewer="ada").status == "failed"
    assert stuck.pending == []


class Fixed:
    """Summarises by counting."""

    def __init__(self) -> None:
        self.given: list[int] = []

    def summarize(self, run: str, goal: object, happenings: object) -> str:
        del run, goal
        self.given.append(len(list(happenings)))  # type: ignore[call-overload]  # a sequence
        return f"{len(self.given)} summaries"


def test_what_leaves_the_window_is_summarised(store: Store, folder: Path) -> None:
    mind = script(
        step("write", "put"), write=[act("put", name="a", text=str(n)) for n in range(30)]
    )
    made = shelf_agent(store, folder, mind)
    fixed = Fixed()
    context = dataclasses.replace(made.context, summarizer=fixed)
    graph = build_agent(context=context, tracing=made.tracing, checkpointer=store.saver)
    dataclasses.replace(made, graph=graph, context=context).run("Write")
    assert fixed.given == [9]
    assert mind.seen[-1].summary == "1 summaries"
    assert max(len(seen.recent) for seen in mind.seen) == 8
