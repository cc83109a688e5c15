"""A clock that is set, or differs between machines, stops no run and repeats nothing."""

import time
from pathlib import Path

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.checkpoint.base import id as langgraph_ids
from pydantic import JsonValue

from checkpoints.store import Store, open_store
from tests.behaviour import shelf
from tests.behaviour.shelf import Clock, Script, act, script, shelf_agent, step
from tools.contract import JsonObject

HOUR = 3600 * 10**9
REAL = time.time_ns


def mind(*left: str) -> Script:
    """Write, then ask to take; say only what is left to decide."""
    lines = {
        "write": [act("put", name="a", text="goal")],
        "tidy": [act("take", name="b")],
    }
    return script(
        step("write", "put"),
        step("tidy", "take", needs=("write",)),
        **{name: lines[name] for name in left},
    )


@pytest.fixture
def folder(folder: Path) -> Path:
    (folder / "b").write_text("b")
    return folder


def elsewhere(patch: pytest.MonkeyPatch, ahead: int) -> None:
    """Be a new process, on a machine whose clock is so far ahead."""
    patch.setattr(langgraph_ids, "_last_v6_timestamp", None)
    patch.setattr(time, "time_ns", lambda: REAL() + ahead)


@pytest.mark.parametrize("ahead", [-HOUR, -HOUR // 3600, HOUR], ids=["-1 h", "-1 s", "1 h"])
def test_run_is_gone_on_with_where_the_clock_is_another(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch, ahead: int
) -> None:
    shelf_agent(store, folder, mind("write", "tidy")).run("Make a say goal", run_id="r")
    store.close()
    elsewhere(monkeypatch, ahead)
    with open_store(f"sqlite:///{folder.parent / 'store.db'}", clock=Clock()) as other:
        run = shelf_agent(other, folder, mind()).open("r").approve()
        assert (run.status, len(run.effects)) == ("verified", 2)
        assert other.ledger.verify().problems == ()


def test_going_on_from_an_earlier_checkpoint_makes_it_the_newest_where_the_clock_is_behind(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    config: RunnableConfig = {"configurable": {"thread_id": "t", "checkpoint_ns": ""}}
    made = [store.saver.put(config, empty_checkpoint(), {}, {}) for _ in range(2)]
    elsewhere(monkeypatch, -HOUR)
    assert store.saver.get_tuple(made[0])
    after = store.saver.put(made[0], empty_checkpoint(), {}, {})
    newest = store.saver.get_tuple(config)
    assert newest
    assert newest.config == after


@pytest.mark.parametrize("hours", [-30, 30])
def test_clock_that_is_set_while_a_tool_runs_costs_no_working_time(
    store: Store, folder: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    class Put(shelf.Put):
        def apply(self, args: JsonObject, key: str) -> JsonValue:
            clock.set(hours=hours)
            return super().apply(args, key)

    monkeypatch.setattr(shelf, "Put", Put)
    agent = shelf_agent(store, folder, mind("write", "tidy"), clock=clock)
    run = agent.run("Make a say goal", run_id="r").approve()
    assert run.status == "verified"
    assert run.state["spent"]["seconds"] == 0.0
    assert store.ledger.verify().problems == ()
