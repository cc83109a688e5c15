"""How long a killed run takes to go on: from opening the store to the next decision.

Runs of 100 and 500 steps are killed by SIGKILL in the middle of an effect and resumed in a fresh
process that has its imports done. Rules decide. In the repository's root:

    python -m benchmarks.resume [--rounds 5] [--json]
"""

import argparse
import json
import multiprocessing
import os
import signal
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

from benchmarks import plain
from benchmarks.agents import Note, Steps, goal_of, make_agent, unheard
from benchmarks.forks import forked
from benchmarks.plain_savers import saver_of
from checkpoints.store import open_store
from nodes.context import Situation
from nodes.state import Decision

STEPS = (100, 500)


@dataclass(frozen=True)
class Resumed:
    """What it took to get to the next decision."""

    cpu_ms: float
    wall_ms: float


@dataclass
class Watch:
    """Begins when it is made, and ends at the first decision."""

    cpu: float = field(default_factory=time.process_time)
    wall: float = field(default_factory=time.perf_counter)
    found: Resumed | None = None

    def decided(self) -> None:
        """Note the first decision."""
        if self.found is None:
            cpu, wall = time.process_time() - self.cpu, time.perf_counter() - self.wall
            self.found = Resumed(cpu * 1000, wall * 1000)


@dataclass
class Watched(Steps):
    """Says when it decides."""

    decided: Callable[[], None] = lambda: None

    def decide(self, situation: Situation) -> Decision:
        """Return the next number."""
        self.decided()
        return super().decide(situation)


class Go(Protocol):
    """Starts a run in a folder, or goes on with it."""

    def __call__(
        self,
        folder: Path,
        steps: int,
        noted: plain.Note,
        decided: Callable[[], None],
        *,
        again: bool,
    ) -> None:
        """Tell of each decision and of each effect."""


def surefoot(
    folder: Path, steps: int, noted: plain.Note, decided: Callable[[], None], *, again: bool
) -> None:
    """Start a run, or go on with it."""
    mind = Watched(1, steps, decided=decided)
    with open_store(f"sqlite:///{folder}/store.db") as store:
        agent = make_agent(store, Note(folder, noted), mind)
        if again:
            agent.open("run").resume()
        else:
            agent.run(goal_of(agent, mind), run_id="run")


def langgraph(
    folder: Path, steps: int, noted: plain.Note, decided: Callable[[], None], *, again: bool
) -> None:
    """The same by plain LangGraph."""
    answer = plain.rules(steps)

    def model(messages: list[plain.Message]) -> str:
        decided()
        return answer(messages)

    saver = saver_of(folder)
    with closing(saver.conn):
        graph = plain.two_nodes(model, plain.noting(folder, noted), saver)
        plain.run_graph(graph, "run", resume=again)


PEERS: dict[str, Go] = {"langgraph": langgraph, "surefoot": surefoot}


def killed(go: Go, folder: Path, steps: int) -> None:
    """Run until an effect has happened, and die before anything tells of it."""

    def noted(number: int) -> None:
        if number == steps:
            os.kill(os.getpid(), signal.SIGKILL)

    child = multiprocessing.get_context("fork").Process(
        target=partial(go, folder, steps + 2, noted, lambda: None, again=False)
    )
    child.start()
    child.join()


def resumed(go: Go, folder: Path, steps: int) -> Resumed:
    """Go on, to the end, and return what the first decision took."""
    watch = Watch()
    go(folder, steps + 2, unheard, watch.decided, again=True)
    assert watch.found is not None  # noqa: S101  # it was killed before its last two decisions
    return watch.found


def measure(rounds: int) -> dict[str, dict[int, Resumed]]:
    """Return the medians of each peer, by steps."""
    found: dict[tuple[str, int], list[Resumed]] = {}
    for _ in range(rounds):
        for steps in STEPS:
            for name, go in PEERS.items():
                with tempfile.TemporaryDirectory() as folder:
                    killed(go, Path(folder), steps)
                    one = forked(partial(resumed, go, Path(folder), steps))
                found.setdefault((name, steps), []).append(one)
    return {
        name: {
            steps: Resumed(
                cpu_ms=round(statistics.median(one.cpu_ms for one in found[name, steps]), 1),
                wall_ms=round(statistics.median(one.wall_ms for one in found[name, steps]), 1),
            )
            for steps in STEPS
        }
        for name in PEERS
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="How long a killed run takes to go on.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options.rounds)
    if options.json:
        plainly = {name: {at: asdict(one[at]) for at in one} for name, one in found.items()}
        print(json.dumps(plainly, indent=2))
        return
    for name, one in found.items():
        for steps, cost in one.items():
            took = f"{cost.cpu_ms:6.1f} ms CPU, {cost.wall_ms:6.1f} ms wall"
            print(f"{name:<10} after {steps:>4} steps: {took}")


if __name__ == "__main__":
    main()
