"""A checkpoint that was loaded before another process went on from it makes nothing happen."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from langgraph.types import Command

from checkpoints.store import Store, open_store
from graphs.session import Agent
from nodes.context import Situation
from nodes.state import Decision
from tests.behaviour.shelf import Clock, Script, act, script, shelf_agent, step
from tools.errors import RunBusy

CONFIG: Any = {"configurable": {"thread_id": "r"}}


class LateClock(Clock):
    """Lets something happen the next time that it is asked for the time."""

    def __init__(self) -> None:
        super().__init__()
        self.first: Callable[[], object] | None = None

    def __call__(self) -> Any:
        first, self.first = self.first, None
        if first is not None:
            first()
        return super().__call__()


def mind(*more: Decision) -> Script:
    return script(step("tidy", "take", "put"), tidy=[act("take", name="b"), *more])


@pytest.fixture
def late() -> LateClock:
    return LateClock()


@pytest.fixture
def stale(tmp_path: Path, folder: Path, late: LateClock) -> Iterator[Agent]:
    """Return an agent whose run waits for a person."""
    (folder / "b").write_text("b")
    (folder / "c").write_text("c")
    with open_store(f"sqlite:///{tmp_path / 'store.db'}", clock=late) as store:
        agent = shelf_agent(store, folder, mind(act("put", name="a", text="stale")), clock=late)
        agent.run("Tidy", run_id="r")
        yield agent


def rival(store: Store, folder: Path, *more: Decision) -> Agent:
    """Return the agent of another process, whose decider goes on with other decisions."""
    decided = script(step("tidy", "take", "put"), tidy=list(more))
    return shelf_agent(store, folder, decided, clock=Clock())


def wake(agent: Agent) -> None:
    """Go on as plain LangGraph does: it loads the checkpoint, then runs the node."""
    asked = agent.graph.get_state(CONFIG).interrupts[0].id
    agent.graph.invoke(Command(resume={asked: {"decision": "wake"}}), CONFIG)


def test_run_that_another_process_ended_makes_nothing_happen(
    stale: Agent, store: Store, folder: Path, late: LateClock
) -> None:
    other = rival(store, folder, act("put", name="a", text="goal"))
    late.first = lambda: other.open("r").approve()
    with pytest.raises(RunBusy):
        wake(stale)
    assert [record.key for record in other.open("r").effects] == ["r/tidy/1", "r/tidy/2"]
    assert (folder / "a").read_text() == "goal"


def test_run_that_another_process_went_on_with_makes_nothing_happen(
    stale: Agent, store: Store, folder: Path, late: LateClock
) -> None:
    other = rival(store, folder, act("take", name="c"))
    late.first = lambda: other.open("r").approve()
    with pytest.raises(RunBusy, match="after it was loaded"):
        wake(stale)
    assert other.open("r").status == "waiting"
    assert not (folder / "a").exists()


def test_going_on_anew_after_that_goes_on_from_where_the_run_stands(
    stale: Agent, store: Store, folder: Path, late: LateClock
) -> None:
    other = rival(store, folder, act("take", name="c"))
    late.first = lambda: other.open("r").approve()
    with pytest.raises(RunBusy):
        wake(stale)
    stale.open("r").approve()
    assert not (folder / "c").exists()


def test_handle_that_comes_late_goes_on_from_where_the_run_stands(
    stale: Agent, store: Store, folder: Path, late: LateClock
) -> None:
    other = rival(store, folder, act("put", name="a", text="goal"))
    late.first = lambda: other.open("r").approve()
    assert stale.open("r").resume().status == "verified"
    assert (folder / "a").read_text() == "goal"


def test_invoke_none_on_a_run_that_ended_is_harmless(stale: Agent, folder: Path) -> None:
    ended = stale.open("r").approve()
    before = (ended.status, len(ended.entries), sorted(item.name for item in folder.iterdir()))
    stale.graph.invoke(None, CONFIG)
    after = (ended.status, len(ended.entries), sorted(item.name for item in folder.iterdir()))
    assert after == before


def test_new_goal_on_a_run_that_ended_is_refused(stale: Agent) -> None:
    ended = stale.open("r").approve()
    with pytest.raises(RunBusy, match="ended"):
        stale.graph.invoke({"goal": stale.goal("More").to_json()}, CONFIG)
    assert ended.info.objective == "Tidy"


def test_killed_node_is_run_again_by_plain_langgraph(
    store: Store, folder: Path, clock: Clock
) -> None:
    class Broken(Script):
        def decide(self, situation: Situation) -> Decision:
            raise ValueError(situation.step.id)

    told = script(step("write", "put"), write=[act("put", name="a", text="goal")])
    broken = shelf_agent(store, folder, Broken(plan_=told.plan_), clock=clock)
    with pytest.raises(ValueError, match="write"):
        broken.run("Say goal", run_id="r")
    shelf_agent(store, folder, told, clock=clock).graph.invoke(None, CONFIG)
    assert store.runs.get("r").status == "verified"
