"""Two handles on one store: while one works on a run, the other is told to wait."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from checkpoints.store import Store, open_store
from graphs.session import Agent
from nodes.context import Situation
from nodes.state import Decision
from tests.behaviour.shelf import Clock, Script, act, script, shelf_agent, step
from tools.errors import RunBusy

WAIT_SECONDS = 30


class Paused:
    """A decider that stops in the middle of a run until it is let go."""

    def __init__(self, mind: Script) -> None:
        self.mind = mind
        self.reached, self.go = Event(), Event()

    def decide(self, situation: Situation) -> Decision:
        if situation.ordinal == 2:  # after the first effect
            self.reached.set()
            self.go.wait(WAIT_SECONDS)
        return self.mind.decide(situation)


def mind() -> Script:
    puts = [act("put", name="a", text="one"), act("put", name="a", text="goal")]
    return script(step("write", "put"), write=puts)


@pytest.fixture
def paused() -> Paused:
    return Paused(mind())


@pytest.fixture
def agent(store: Store, folder: Path, clock: Clock, paused: Paused) -> Agent:
    return shelf_agent(store, folder, planner=paused.mind, decider=paused, clock=clock)


def meanwhile(paused: Paused, work: Callable[[], Any], other: Callable[[], Any]) -> "Future[Any]":
    """Do something in the middle of other work, and see that work to its end."""
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(work)
        try:
            assert paused.reached.wait(WAIT_SECONDS)
            other()
        finally:
            paused.go.set()
    return working


def busy(work: Callable[[], Any]) -> Callable[[], None]:
    def refused() -> None:
        with pytest.raises(RunBusy):
            work()

    return refused


def test_undo_while_the_run_is_advanced_is_refused(agent: Agent, paused: Paused) -> None:
    undo = busy(lambda: agent.open("r").undo())
    meanwhile(paused, lambda: agent.run("Say goal", run_id="r"), undo)
    assert agent.open("r").status == "verified"


def test_second_agent_of_the_store_is_refused(
    agent: Agent, paused: Paused, store: Store, folder: Path, clock: Clock
) -> None:
    second = shelf_agent(store, folder, mind(), clock=clock)
    resume = busy(lambda: second.open("r").resume())
    meanwhile(paused, lambda: agent.run("Say goal", run_id="r"), resume)
    assert agent.open("r").status == "verified"


def test_another_store_of_this_process_is_refused_however_long_a_node_takes(
    agent: Agent, paused: Paused, store: Store, folder: Path
) -> None:
    later = Clock()
    later.move(hours=1)
    with open_store(f"sqlite:///{store.path}", clock=later) as other:
        second = shelf_agent(other, folder, mind(), clock=later)
        resume = busy(lambda: second.open("r").resume())
        meanwhile(paused, lambda: agent.run("Say goal", run_id="r"), resume)
    assert agent.open("r").status == "verified"
