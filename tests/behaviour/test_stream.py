"""A run is streamed as typed events; leaving the stream leaves a run that can be resumed."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Semaphore
from typing import get_args

import pytest
from langchain_core.runnables import RunnableConfig

from checkpoints.store import Store
from graphs.events import Asked, Decided, Degraded, Event, Finished, read_event
from graphs.session import Agent, Run
from nodes.context import Situation
from nodes.models.mind import ModelDecider
from nodes.state import Decision, RunInput
from tests.behaviour.shelf import act, script, shelf_agent, step
from tests.nodes.models.asking import asker, candidate
from tests.nodes.models.stub import Behaviour, Handler, Stub, says, stall, status, stub
from tools.errors import BadInput
from tools.progress import announce

ROOT = Path(__file__).parents[2]
GOAL = [act("put", name="a", text="goal")]
TOLD = [
    *("plan", "step", "decision", "gate", "start", "observation"),
    *("decision", "gate", "outcome"),
]


def writing(store: Store, folder: Path) -> Agent:
    return shelf_agent(store, folder, script(step("write", "put"), write=[*GOAL]))


def asking(store: Store, folder: Path) -> Agent:
    folder.mkdir(exist_ok=True)
    (folder / "b").write_text("b")
    return shelf_agent(store, folder, script(step("tidy", "take"), tidy=[act("take", name="b")]))


def thinking(store: Store, folder: Path, server: Stub, *steps: str) -> Agent:
    """Return an agent whose decider is a model, with a playbook that finds everything done."""
    mind = script(*(step(name, "put") for name in steps or ("write",)))
    chain = candidate("stub", base_url=server.url, structured="text")
    decider = ModelDecider(asker(store, server.chats, chain, cache_seconds=0.0), mind)
    return shelf_agent(store, folder, mind, decider=decider)


def test_a_run_is_told_from_plan_to_outcome(store: Store, folder: Path) -> None:
    kinds = [event.kind for event in writing(store, folder).begin("Write").stream()]
    assert [kind for kind in kinds if kind != "check"] == TOLD


def test_plain_langgraph_streams_the_same_events(store: Store, folder: Path) -> None:
    agent = writing(store, folder)
    config: RunnableConfig = {"configurable": {"thread_id": "by hand"}}
    goal = RunInput(goal=agent.goal("Write").to_json())
    told = agent.graph.stream(goal, config, stream_mode="custom")
    assert [kind for kind in (read_event(one).kind for one in told) if kind != "check"] == TOLD


def test_the_last_event_is_the_outcome(store: Store, folder: Path) -> None:
    run = writing(store, folder).begin("Write")
    *_, last = run.stream()
    assert last == Finished(outcome="verified", reason=run.info.reason)


def test_a_run_that_waits_ends_its_stream_with_the_question(store: Store, folder: Path) -> None:
    run = asking(store, folder).begin("Tidy")
    *_, last = run.stream()
    assert isinstance(last, Asked)
    assert [last.review] == run.pending


def test_an_answered_run_is_streamed_on(store: Store, folder: Path) -> None:
    run = asking(store, folder).run("Tidy").approve(resume=False)
    kinds = [event.kind for event in run.stream()]
    assert (kinds[0], kinds[-1]) == ("answers", "outcome")


def test_a_run_that_must_wait_or_has_ended_tells_nothing(store: Store, folder: Path) -> None:
    run = asking(store, folder).run("Tidy")
    waiting = [event for event in run.stream() if not isinstance(event, Asked)]
    assert (waiting, list(run.answer("abort").stream())) == ([], [])


def test_a_run_begins_when_it_is_first_advanced(store: Store, folder: Path) -> None:
    run = writing(store, folder).begin("Write", run_id="r")
    assert store.runs.find("r") is None
    assert run.resume().status == "verified"


def test_a_name_is_begun_once(store: Store, folder: Path) -> None:
    writing(store, folder).run("Write", run_id="r")
    with pytest.raises(BadInput, match="'r' exists"):
        writing(store, folder).begin("Write", run_id="r")


class Once:
    """Decides the same whenever it is asked the same."""

    def decide(self, situation: Situation) -> Decision:
        return GOAL[0] if situation.ordinal == 1 else Decision(kind="done", confidence=1.0)


class Left:
    """Decides alone, and says so each time."""

    def decide(self, situation: Situation) -> Decision:
        announce("degraded", role="decider", subject="decider", to="nobody", reason="left alone")
        return Once().decide(situation)


def until(events: Iterator[Event], kind: str) -> None:
    for event in events:
        if event.kind == kind:
            return


@pytest.mark.parametrize("kind", ["plan", "decision", "start", "observation", "check"])
def test_a_stream_that_is_left_leaves_a_run_that_goes_on(
    store: Store, folder: Path, kind: str
) -> None:
    mind = script(step("write", "put"))
    run = shelf_agent(store, folder, mind, decider=Once()).begin("Write")
    with closing(run.stream()) as events:
        until(events, kind)
    assert run.status == "running"
    assert run.resume().status == "verified"
    assert [record.state for record in run.effects] == ["applied"]


def test_a_degradation_is_told_before_the_decision_that_it_led_to(
    store: Store, folder: Path
) -> None:
    with stub(status(401)) as server:
        events = [*thinking(store, folder, server).begin("Write").stream()]
    told = [event for event in events if isinstance(event, Degraded | Decided)]
    assert isinstance(told[0], Degraded)
    assert (told[0].role, told[0].to) == ("decider", "the playbook")
    assert "answered 401" in told[0].reason


def held(arrived: Semaphore) -> Behaviour:
    """Return a behaviour that tells of a request and then never answers it."""

    def hold(handler: Handler) -> None:
        arrived.release()
        stall(handler)

    return hold


def leave_while_asking(run: Run, arrived: Semaphore, calls: int) -> None:
    """Leave the stream of a run once so many calls are under way."""
    with closing(run.stream()) as events:
        until(events, "step")
        assert all(arrived.acquire(timeout=30) for _ in range(calls))


def test_leaving_gives_up_every_call_that_is_under_way(store: Store, folder: Path) -> None:
    names, arrived = ("one", "two", "three"), Semaphore(0)
    with stub(*[held(arrived) for _ in names]) as server:
        run = thinking(store, folder, server, *names).begin("Write")
        leave_while_asking(run, arrived, len(names))
        charges = store.spending.of_run(run.id)
    assert [(charge.state, charge.usd == charge.reserved_usd) for charge in charges] == [
        ("settled", True)
    ] * 3
    assert run.status == "running"


def test_a_call_that_was_given_up_counts_once_at_its_upper_bound(
    store: Store, folder: Path
) -> None:
    done, arrived = {"kind": "done", "reasoning": "all there", "confidence": 1.0}, Semaphore(0)
    with stub(held(arrived), says(done)) as server:
        run = thinking(store, folder, server).begin("Write")
        leave_while_asking(run, arrived, 1)
        cut = store.spending.totals(run.id)
        run.resume()
    bodies = [entry.body for entry in run.entries if entry.kind == "model_call"]
    assert [body["came"] for body in bodies] == ["failed", "answered"]
    assert (cut.calls, cut.open) == (1, 0)
    assert store.spending.totals(run.id).tokens == cut.tokens + 15


def test_every_kind_that_a_node_tells_is_an_event() -> None:
    told = {
        kind
        for path in (ROOT / "nodes").rglob("*.py")
        for kind in re.findall(
            r'(?:\btell\(runtime|announce\(|report\()[, ]*"(\w+)"', path.read_text()
        )
    }
    assert {"plan", "step", "degraded", "outcome"} <= told
    assert told <= {event.model_fields["kind"].default for event in get_args(Event)}


def test_an_unknown_kind_is_no_event() -> None:
    with pytest.raises(ValueError, match="tag"):
        read_event({"kind": "party"})


def test_a_degradation_that_lasts_is_told_once(store: Store, folder: Path) -> None:
    agent = shelf_agent(store, folder, decider=Left(), planner=script(step("write", "put")))
    told = [e for e in agent.begin("Write").stream() if isinstance(e, Degraded)]
    assert told == [Degraded(role="decider", subject="decider", to="nobody", reason="left alone")]
