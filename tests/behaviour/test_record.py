"""The record keeps every round, and an end is believed only while it is fresh."""

from pathlib import Path
from typing import ClassVar

import pytest

from checkpoints.store import Store
from nodes.state import State
from tests.behaviour.shelf import Clock, Take, act, script, shelf_agent, step
from tools.contract import JsonObject
from tools.errors import Transient


def test_equal_checks_of_several_rounds_are_all_on_the_ledger(store: Store, folder: Path) -> None:
    lines = [act("put", name="a", text=text) for text in ("one", "two", "goal")]
    run = shelf_agent(store, folder, script(step("w", "put"), w=lines)).run("Write")
    rounds = [
        entry.body["round"]
        for entry in run.entries
        if entry.kind == "check" and "round" in entry.body
    ]
    assert len(set(map(str, rounds))) == 3


class Locked(Take):
    """Cannot be looked at for a while."""

    left: ClassVar[int] = 0

    def resources(self, args: JsonObject) -> frozenset[str]:
        if Locked.left > 0:
            Locked.left -= 1
            raise Transient("The file is locked.")
        return super().resources(args)


@pytest.mark.parametrize("locks", [2, 4])
def test_passing_lock_at_the_gate_loses_no_approval(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch, locks: int
) -> None:
    monkeypatch.setattr("tests.behaviour.shelf.Take", Locked)
    monkeypatch.setattr("tools.runner.RETRY_DELAYS_SECONDS", (0.0, 0.0))
    (folder / "b").write_text("b")
    lines = [act("take", name="b"), act("take", name="b")]
    run = shelf_agent(store, folder, script(step("tidy", "take"), tidy=lines)).run("Tidy")
    Locked.left = locks
    run.approve()
    while run.pending:
        run.approve()
    assert not (folder / "b").exists()


def test_final_checks_of_days_ago_are_made_again(store: Store, folder: Path, clock: Clock) -> None:
    mind = script(step("w", "put"), w=[act("put", name="a", text="goal")])
    agent = shelf_agent(store, folder, mind, clock=clock)
    agent.run("Make a say goal", run_id="r")
    config = agent.open("r").config
    late: State = {"outcome": "verified", "concluded": clock().isoformat()}
    (folder / "a").write_text("changed by somebody")
    clock.move(days=5)
    agent.store.runs.set_status("r", "running", "as if it had died before the report")
    agent.graph.update_state(config, late, as_node="verify")
    agent.graph.invoke(None, config)
    assert agent.open("r").status == "unverified"
