"""What a step may cost at most: commits are counted, tools must meet; no clock is asked."""

import sqlite3
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from threading import Barrier

from benchmarks.agents import Note, NoteRow, Steps, goal_of, make_agent
from benchmarks.commits import Commits, counted
from benchmarks.loopback import loopback
from checkpoints.store import open_store
from tools.contract import JsonObject, Tool

STEPS = 10
TOOLS = 8
SLACK = 2
"""Commits of start and end that the keeper of the store may or may not have made instead."""
PATIENCE_SECONDS = 60.0
"""Until a tool that meets nobody gives up; nobody waits so long when all run at once."""


class Meeting(Note):
    """Returns only when all eight are running."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.all_here = Barrier(TOOLS)

    def resources(self, args: JsonObject) -> frozenset[str]:
        return frozenset({f"note:{args['number']}"})

    def apply(self, args: JsonObject, key: str) -> str:
        del args, key
        self.all_here.wait(PATIENCE_SECONDS)
        return "met"


def run(folder: Path, tool: Tool, mind: Steps, url: str = "") -> list[str]:
    """Run an agent and return the states of its effects."""
    with open_store(f"sqlite:///{folder}/store.db") as store:
        agent = make_agent(store, tool, mind, url)
        done = agent.run(goal_of(agent, mind))
        return [record.state for record in done.effects]


def of_steps(folder: Path, tool: Callable[[Path], Tool], *, thinks: bool = False) -> Commits:
    """Count what ten steps wait for; start and end are taken out."""
    counts = []
    for steps in (1, 1 + STEPS):
        own = folder / str(steps)
        own.mkdir()
        with counted() as commits, ExitStack() as open_now:
            url = open_now.enter_context(loopback(delay=0.0, actions=steps)) if thinks else ""
            assert run(own, tool(own), Steps(1, steps), url) == ["applied"] * steps
        counts.append(commits)
    found = Commits()
    found.count = counts[1].count - counts[0].count
    found.checkpoints = counts[1].checkpoints - counts[0].checkpoints
    return found


def test_a_step_waits_for_two_commits_at_most(tmp_path: Path) -> None:
    assert 0 < of_steps(tmp_path, Note).count <= 2 * STEPS + SLACK


def test_a_step_by_a_model_waits_for_two_as_well(tmp_path: Path) -> None:
    assert 0 < of_steps(tmp_path, Note, thinks=True).count <= 2 * STEPS + SLACK


def test_a_step_writes_one_checkpoint_at_most_and_nothing_beside_it(tmp_path: Path) -> None:
    assert 0 < of_steps(tmp_path, Note).checkpoints <= STEPS + SLACK


def test_a_step_by_a_transactional_tool_waits_for_one(tmp_path: Path) -> None:
    with ExitStack() as open_now:

        def tool(folder: Path) -> Tool:
            path = folder / "world.db"
            world = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            open_now.enter_context(closing(world))
            return NoteRow(folder, world)

        assert 0 < of_steps(tmp_path, tool).count <= STEPS + SLACK


def test_eight_tools_of_one_round_run_all_at_once(tmp_path: Path) -> None:
    mind = Steps(TOOLS, 1, first=True)
    assert run(tmp_path, Meeting(tmp_path), mind) == ["applied"] * TOOLS
