"""Oscillation: two actions that undo each other, or fail in turn, until somebody pulls the plug.

The model is the same in both loops: it goes from one setting to the other and back.
"""

import dataclasses
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

from checkpoints.store import Store
from graphs.agent import build_agent
from nodes.context import PlanRequest, Situation
from nodes.state import Decision, Plan
from tests.behaviour.shelf import act, shelf_agent, step

BOUND = 40
"""What the unguarded loop may spend; Surefoot's own is above it."""


class Restless:
    """Goes there and back again, and finds a new reason each time."""

    def __init__(self) -> None:
        self.turns: Iterator[str] = cycle(("fast", "safe"))
        self.said = 0

    def next(self) -> str:
        return next(self.turns)

    def plan(self, request: PlanRequest) -> Plan | None:
        return None if request.failed else Plan(steps=(step("tune", "look", "put"),))

    def decide(self, situation: Situation) -> Decision:
        del situation
        self.said += 1
        return act("put", name="b", text=self.next()).model_copy(
            update={"reasoning": f"Thought {self.said}: this time it will help."}
        )


def test_unguarded_loop_writes_until_its_bound(folder: Path) -> None:
    mind, writes = Restless(), 0
    while (folder / "a").exists() is False and writes < BOUND:
        (folder / "b").write_text(mind.next())
        writes += 1
    assert writes == BOUND


def test_surefoot_notices_and_asks_a_person_with_the_circle_drawn(
    store: Store, folder: Path
) -> None:
    mind = Restless()
    made = shelf_agent(store, folder, planner=mind, decider=mind)
    runner = dataclasses.replace(made.context.runner, sleep=lambda _: None)
    context = dataclasses.replace(made.context, asks_when_stuck=True, runner=runner)
    graph = build_agent(context=context, tracing=made.tracing, checkpointer=store.saver)
    agent = dataclasses.replace(made, graph=graph, context=context)
    run = agent.run("Make a say goal")
    writes = [entry for entry in run.entries if entry.kind == "observation"]
    assert len(writes) <= BOUND / 4
    assert [review.kind for review in run.pending] == ["loop"]
    drawing = str(run.pending[0].card["cycle"])
    assert all(text in drawing for text in ("fast", "safe", "and again"))


def test_surefoot_without_anybody_to_ask_ends_the_run_as_looped(store: Store, folder: Path) -> None:
    mind = Restless()
    agent = shelf_agent(store, folder, planner=mind, decider=mind)
    run = agent.run("Make a say goal")
    assert run.status == "looped"
    assert len([entry for entry in run.entries if entry.kind == "observation"]) <= BOUND / 4
