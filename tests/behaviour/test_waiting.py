"""A run that another works on: refused, or waited for by whoever wants that."""

import math
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from checkpoints.store import Store, open_store
from graphs.events import Held
from graphs.session import Agent
from tests.behaviour.shelf import Clock, act, script, shelf_agent, step
from tools.errors import RunBusy


@pytest.fixture
def waiting(store: Store, folder: Path) -> Agent:
    """Return an agent whose run waits for its answer to be heard."""
    (folder / "b").write_text("b")
    mind = script(step("tidy", "take"), tidy=[act("take", name="b")])
    agent = shelf_agent(store, folder, mind)
    agent.run("Tidy", run_id="r").answer("approve", resume=False)
    return agent


@pytest.fixture
def other(store: Store, tmp_path: Path, clock: Clock) -> Iterator[Store]:
    """Return the store as another process has it, with a hold on the run."""
    with open_store(f"sqlite:///{tmp_path / 'store.db'}", clock=clock) as opened:
        opened.leases.acquire("r")
        yield opened


def test_run_that_another_holds_is_refused(waiting: Agent, other: Store, folder: Path) -> None:
    with pytest.raises(RunBusy):
        waiting.open("r").resume()
    assert (folder / "b").exists()


def test_it_is_waited_for_no_longer_than_said(waiting: Agent, other: Store, folder: Path) -> None:
    with pytest.raises(RunBusy):
        waiting.open("r").resume(wait=0.01)
    assert (folder / "b").exists()


def test_waiting_is_told_once_and_ends_when_the_other_is_done(
    waiting: Agent, other: Store, folder: Path
) -> None:
    told = []
    for event in waiting.open("r").stream(wait=math.inf):
        told.append(event)
        if isinstance(event, Held):
            other.leases.release("r")
    assert [type(event) for event in told].count(Held) == 1
    assert not (folder / "b").exists()


def test_undo_waits_too(waiting: Agent, other: Store, folder: Path) -> None:
    other.leases.release("r")
    run = waiting.open("r").resume()
    other.leases.acquire("r")
    with pytest.raises(RunBusy):
        run.undo()
    letting_go = Thread(target=lambda: other.leases.release("r"))
    letting_go.start()
    assert [item.outcome for item in run.undo(wait=math.inf).items] == ["undone"]
    letting_go.join()
    assert (folder / "b").exists()


def test_who_stops_waiting_leaves_the_run_to_the_other(
    waiting: Agent, other: Store, folder: Path
) -> None:
    events = waiting.open("r").stream(wait=math.inf)
    assert isinstance(next(events), Held)
    events.close()
    assert other.leases.acquire("r") == 2
    assert (folder / "b").exists()
