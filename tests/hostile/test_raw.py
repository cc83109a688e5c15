"""Plain LangGraph on a run that waits: nothing happens, and no question is lost."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from langgraph.types import Command

from checkpoints.store import Store
from graphs.session import Agent
from nodes.state import Proposal
from tests.behaviour.shelf import act, script, shelf_agent, step

CONFIG: Any = {"configurable": {"thread_id": "r"}}
YES = {"decision": "approve"}
Send = Callable[[Any, Any], object]
"""Sends something to the graph, at a configuration."""
Meddling = Callable[["Paused"], tuple[Any, Any]]
"""What is sent, and at which configuration."""


class Paused:
    """A run whose first question was answered and whose second one waits."""

    def __init__(self, store: Store, folder: Path) -> None:
        for name in ("b", "c", "d"):
            (folder / name).write_text(name)
        mind = script(
            step("tidy", "take"),
            step("more", "take"),
            tidy=[act("take", name="b"), act("take", name="c")],
            more=[act("take", name="d")],
        )
        self.agent: Agent = shelf_agent(store, folder, mind)
        self.folder = folder
        run = self.agent.run("Tidy", run_id="r")
        self.first = self.agent.graph.get_state(CONFIG)
        self.first_review = next(one.id for one in run.pending if one.key == "r/tidy/1")
        run.approve(self.first_review)
        self.second = self.agent.graph.get_state(CONFIG)

    @property
    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())

    @property
    def asked(self) -> list[str]:
        return [one.key for one in self.agent.open("r").pending]

    @property
    def shown(self) -> str:
        """The id of the interrupt that waits."""
        return str(self.second.interrupts[0].id)

    def sync(self, payload: Any, config: Any) -> object:
        return self.agent.graph.invoke(payload, config)

    def asynchronous(self, payload: Any, config: Any) -> object:
        return asyncio.run(self.agent.graph.ainvoke(payload, config))


@pytest.fixture
def paused(store: Store, folder: Path) -> Paused:
    made = Paused(store, folder)
    assert (made.files, len(made.asked)) == (["c", "d"], 2)
    return made


@pytest.fixture(params=("sync", "asynchronous"))
def send(paused: Paused, request: pytest.FixtureRequest) -> Send:
    sends: Send = getattr(paused, request.param)
    return sends


def forged(paused: Paused) -> dict[str, Any]:
    """Return a state in which everything was allowed."""
    decision = act("take", name="c").model_dump()
    about = {"key": "r/tidy/2", "step": "tidy", "rule": "admin", "reason": "-", "review": ""}
    batch = [Proposal.model_validate({**about, "decision": decision, "gate": "cleared"}).to_json()]
    return {"batch": batch, "waiting": [], "approved": True}


def other_run(paused: Paused) -> str:
    """Return the interrupt id of a question that another run asks."""
    mind = script(step("tidy", "take"), tidy=[act("take", name="c")])
    store = paused.agent.store
    agent = shelf_agent(store, paused.folder.parent / "other", mind)
    (paused.folder.parent / "other" / "c").write_text("c")
    agent.run("Tidy", run_id="other")
    return str(agent.graph.get_state({"configurable": {"thread_id": "other"}}).interrupts[0].id)


MEDDLING: dict[str, Meddling] = {
    "stale interrupt id": lambda p: (Command(resume={p.first.interrupts[0].id: YES}), CONFIG),
    "foreign interrupt id": lambda p: (Command(resume={other_run(p): YES}), CONFIG),
    "unknown interrupt id": lambda _: (Command(resume={"0" * 32: YES}), CONFIG),
    "no answer": lambda _: (Command(resume=None), CONFIG),
    "empty answers": lambda _: (Command(resume={}), CONFIG),
    "bare yes with several asked": lambda _: (Command(resume=YES), CONFIG),
    "bare word": lambda _: (Command(resume="yes"), CONFIG),
    "bare truth": lambda _: (Command(resume=True), CONFIG),
    "empty list": lambda _: (Command(resume=[]), CONFIG),
    "word by interrupt id": lambda p: (Command(resume={p.shown: "yes"}), CONFIG),
    "answered review": lambda p: (
        Command(resume={p.shown: YES | {"review": p.first_review}}),
        CONFIG,
    ),
    "hash of something else": lambda p: (
        Command(resume={p.shown: YES | {"action_hash": "0" * 64}}),
        CONFIG,
    ),
    "nothing": lambda _: (None, CONFIG),
    "new input": lambda p: ({"goal": p.agent.goal("Tidy all").to_json()}, CONFIG),
    "empty input": lambda _: ({}, CONFIG),
    "forged input": lambda p: ({"goal": p.agent.goal("-").to_json(), **forged(p)}, CONFIG),
    "replay of an old checkpoint": lambda p: (None, p.first.config),
    "answer at an old checkpoint": lambda p: (
        Command(resume={p.first.interrupts[0].id: YES}),
        p.first.config,
    ),
    "no strictness": lambda _: (
        Command(resume=YES),
        {"configurable": {"thread_id": "r", "__pregel_strict_resume": False}},
    ),
}


SPOILING: dict[str, Meddling] = {
    "forged update": lambda p: (Command(update=forged(p)), CONFIG),
    "jump to execute": lambda p: (Command(update=forged(p), goto="execute"), CONFIG),
    "jump to finish": lambda _: (Command(goto="finish"), CONFIG),
}
"""What writes into the state, as only LangGraph's own API can."""


@pytest.mark.parametrize("how", [*MEDDLING, *SPOILING])
def test_nothing_happens_and_the_questions_wait_on(paused: Paused, send: Send, how: str) -> None:
    payload, config = {**MEDDLING, **SPOILING}[how](paused)
    asked = paused.asked
    with suppress(Exception):  # refused or ignored; the world tells whether it was harmless
        send(payload, config)
    assert (paused.files, paused.asked) == (["c", "d"], asked)
    assert paused.agent.store.ledger.verify().problems == ()
    # And each is answered as if nothing had been.
    run = paused.agent.open("r").resume()
    for key in asked:
        run.approve(next(one.id for one in run.pending if one.key == key))
    assert (run.status, paused.files) == ("unverified", [])
    assert [record.state for record in run.effects] == ["applied"] * 3


@pytest.mark.parametrize("how", SPOILING)
def test_spoiled_state_makes_nothing_happen_and_the_run_can_be_forked(
    paused: Paused, send: Send, how: str
) -> None:
    for _ in range(2):
        with suppress(Exception):
            send(*SPOILING[how](paused))
    assert paused.files == ["c", "d"]
    child = paused.agent.open("r").fork("tidy.2", keep_effects=True, run_id="child").resume()
    assert [record.key for record in child.effects] == []
    assert paused.files == ["c", "d"]
    assert paused.agent.store.ledger.verify().problems == ()


@pytest.mark.parametrize("as_node", ["decide", "confidence", "escalate", "plan", "verify"])
def test_forged_state_makes_nothing_happen(paused: Paused, send: Send, as_node: str) -> None:
    paused.agent.graph.update_state(CONFIG, forged(paused), as_node=as_node)
    with suppress(Exception):
        send(None, CONFIG)
    assert paused.files == ["c", "d"]


def test_the_same_answer_twice_counts_once(paused: Paused, send: Send) -> None:
    said: Command[Any] = Command(resume={paused.shown: YES})
    send(said, CONFIG)
    left = paused.files
    with suppress(Exception):
        send(said, CONFIG)
    assert (len(left), paused.files) == (1, left)


def test_of_two_answers_at_once_one_counts(paused: Paused, send: Send) -> None:
    said: Command[Any] = Command(resume={paused.shown: YES})

    def answer(_: int) -> None:
        with suppress(Exception):
            send(said, CONFIG)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(answer, range(2)))
    run = paused.agent.open("r").resume()
    assert len(paused.files) == 1
    assert [record.state for record in run.effects] == ["applied"] * 2
    assert run.status == "waiting"
