"""A server that hangs up in the middle of a run: it is told, and the run goes on where it was."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import JsonValue

from checkpoints.store import Store, open_store
from nodes.context import Situation
from nodes.state import Decision
from tests.behaviour import shelf
from tests.behaviour.shelf import Clock, Script, act, script, shelf_agent, step
from tests.postgres import hang_up
from tools.contract import JsonObject
from tools.errors import StoreFault


@pytest.fixture
def store(postgres_url: str, clock: Clock) -> Iterator[Store]:
    with open_store(postgres_url, clock=clock) as opened:
        yield opened


class Once:
    """Does something the first time that it is asked to."""

    def __init__(self, does: Callable[[], None]) -> None:
        self.does: list[Callable[[], None]] = [does]

    def __call__(self) -> None:
        if self.does:
            self.does.pop()()


class Interrupted(Script):
    """Decides by ordinal, and lets something happen meanwhile."""

    meanwhile: Callable[[], None]

    def decide(self, situation: Situation) -> Decision:
        self.meanwhile()
        lines = self.decisions[situation.step.id]
        done = Decision(kind="done", reasoning="as written", confidence=1.0)
        return lines[situation.ordinal - 1] if situation.ordinal <= len(lines) else done


def interrupted(meanwhile: Callable[[], None]) -> Interrupted:
    told = [act("put", name="b", text="first"), act("put", name="a", text="goal")]
    made = Interrupted(plan_=script(step("write", "put")).plan_, decisions={"write": told})
    made.meanwhile = meanwhile
    return made


def lose(store: Store) -> None:
    """Hang up before what the run writes can be committed."""
    with store._writer._lock:
        store.ledger.append("r", "tick", "decide", {})
        hang_up(store)


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_run_whose_thoughts_were_lost_thinks_them_again(store: Store, folder: Path) -> None:
    agent = shelf_agent(store, folder, interrupted(Once(lambda: lose(store))))
    with pytest.raises(StoreFault, match="was cut"):
        agent.run("Say goal", run_id="r")
    run = agent.open("r").resume()
    assert (run.status, texts(folder)) == ("verified", {"a": "goal", "b": "first"})
    assert [record.state for record in run.effects] == ["applied", "applied"]
    assert store.ledger.verify().problems == ()


def test_effect_whose_outcome_was_lost_is_not_repeated(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loses, applied = Once(lambda: lose(store)), []

    class Put(shelf.Put):
        def apply(self, args: JsonObject, key: str) -> JsonValue:
            came = super().apply(args, key)
            applied.append(key)
            loses()
            return came

    monkeypatch.setattr(shelf, "Put", Put)
    agent = shelf_agent(store, folder, interrupted(lambda: None))
    with pytest.raises(StoreFault, match="was cut"):
        agent.run("Say goal", run_id="r")
    assert agent.open("r").resume().status == "verified"
    assert applied == ["r/write/1", "r/write/2"]
    assert store.ledger.verify().problems == ()
