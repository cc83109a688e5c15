"""What a step costs, side by side with plain LangGraph: CPU, commits, bytes, growth.

All peers make the same effect per step. One run of each is measured per round, each in a process
forked from one with the imports done; rounds are interleaved, ratios are taken within a round.
In the repository's root:

    python -m benchmarks.peers [--steps 1000] [--rounds 5] [--json]
"""

import argparse
import json
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path

import httpx
import langchain_openai  # noqa: F401  # what is loaded at the first call counts for nobody

from benchmarks import plain
from benchmarks.agents import Note, NoteRow, Steps, goal_of, make_agent, unheard
from benchmarks.commits import counted
from benchmarks.forks import forked
from benchmarks.loopback import loopback, seen
from benchmarks.plain_savers import saver_of
from checkpoints.store import open_store

POINTS = (2, 10, 100, 500, 1000)
COUNTED = 20
"""Steps of which the commits are counted."""


@dataclass(frozen=True)
class Mark:
    """What a run has cost when so many steps were taken."""

    cpu_ms: float
    written_kb: float
    memory_mb: float


@dataclass
class Marks:
    """Told of each step; notes what it cost at some of them."""

    taken: dict[int, Mark] = field(default_factory=dict)
    left_kb: float = 0.0
    """On the disk when all was closed."""

    def __call__(self, number: int) -> None:
        """Note the cost at this step, if it is one of those."""
        if number in POINTS:
            self.taken[number] = Mark(
                cpu_ms=time.process_time() * 1000,
                written_kb=_own("io", "write_bytes") / 1024,
                memory_mb=_own("status", "VmRSS") / 1024,
            )


def _own(file: str, name: str) -> int:
    """Return a number that the kernel keeps of this process."""
    lines = Path(f"/proc/self/{file}").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


Peer = Callable[[Path, str, int, plain.Note], None]
"""Runs in a folder, with the model at a URL, for so many steps, telling of each."""


def bare(folder: Path, url: str, steps: int, noted: plain.Note) -> None:
    """A loop with nothing durable."""
    del steps
    with httpx.Client() as client:
        plain.bare_loop(plain.server(client, url), plain.noting(folder, noted))


def journal(folder: Path, url: str, steps: int, noted: plain.Note) -> None:
    """A loop with a journal."""
    del steps
    with httpx.Client() as client:
        note = plain.noting(folder, noted)
        plain.journalled_loop(folder, plain.server(client, url), note)


def langgraph(
    folder: Path,
    url: str,
    steps: int,
    noted: plain.Note,
    *,
    opened: Callable[[sqlite3.Connection], None] | None = None,
) -> None:
    """Plain LangGraph with its SQLite saver; without a URL, rules decide."""
    saver = saver_of(folder)
    if opened is not None:
        opened(saver.conn)
    with closing(saver.conn), httpx.Client() as client:
        model = plain.server(client, url) if url else plain.rules(steps)
        graph = plain.two_nodes(model, plain.noting(folder, noted), saver)
        plain.run_graph(graph, "run")


def surefoot(
    folder: Path,
    url: str,
    steps: int,
    noted: plain.Note,
    *,
    transactional: bool = False,
) -> None:
    """Surefoot: ledger, journal, budgets and leases on; without a URL, rules decide."""
    mind = Steps(1, steps)
    with ExitStack() as open_now:
        store = open_now.enter_context(open_store(f"sqlite:///{folder}/store.db"))
        if transactional:
            world = sqlite3.connect(
                folder / "world.db", isolation_level=None, check_same_thread=False
            )
            open_now.enter_context(closing(world))
        tool = NoteRow(folder, world, noted) if transactional else Note(folder, noted)
        agent = make_agent(store, tool, mind, url)
        agent.run(goal_of(agent, mind))


PEERS: dict[str, tuple[Peer, bool]] = {
    "loop": (bare, True),
    "journal": (journal, True),
    "langgraph": (langgraph, True),
    "surefoot": (surefoot, True),
    "langgraph, rules": (langgraph, False),
    "surefoot, rules": (surefoot, False),
    "surefoot, rules, transactional": (partial(surefoot, transactional=True), False),
}
"""What is measured, and whether a model decides."""
AGAINST = {"surefoot": "langgraph"} | dict.fromkeys(
    ("surefoot, rules", "surefoot, rules, transactional"), "langgraph, rules"
)


def marks_of(peer: Peer, url: str, steps: int) -> Marks:
    """Run a peer in a process of its own; one step more, so that the last one is whole."""

    def work() -> Marks:
        marks = Marks()
        with tempfile.TemporaryDirectory() as name:
            peer(Path(name), url, steps + 1, marks)
            sizes = [file.stat().st_size for file in Path(name).glob("store.db*")]
        marks.left_kb = sum(sizes) / 1024
        return marks

    return forked(work)


def windows(marks: dict[int, Mark]) -> dict[str, dict[str, float]]:
    """Return what a step costs between two points."""
    found = {}
    for first, last in pairwise(sorted(marks)):
        before, after = marks[first], marks[last]
        found[f"{first}..{last}"] = {
            "cpu_ms": (after.cpu_ms - before.cpu_ms) / (last - first),
            "written_kb": (after.written_kb - before.written_kb) / (last - first),
        }
    return found


def commits_per_step(peer: Peer, *, thinks: bool) -> float:
    """Count the commits that a step waits for; start and end are taken out."""

    def count(steps: int, url: str) -> int:
        with tempfile.TemporaryDirectory() as name, counted() as commits:
            chosen = partial(langgraph, opened=commits.listen) if peer is langgraph else peer
            chosen(Path(name), url if thinks else "", steps, unheard)
        return commits.count

    found = []
    for steps in (1, 1 + COUNTED):
        with loopback(delay=0.0, actions=steps) as url:
            found.append(forked(partial(count, steps, url)))
    return (found[1] - found[0]) / COUNTED


@dataclass
class Cost:
    """Of one peer: medians over the rounds."""

    peer: str
    cpu_ms: dict[str, float]
    """Per step, by window."""
    against: dict[str, float]
    """The same over that of plain LangGraph, by window; empty for what is compared with."""
    written_kb: dict[str, float]
    """Per step, by window."""
    left_kb: float
    """On the disk after the last step."""
    memory_mb: dict[int, float]
    """Resident, by steps."""
    sent_kb: dict[int, float]
    """Requests sent, by steps."""
    commits: float | None
    """Per step."""


Round = dict[str, Marks]


def measure(steps: int, rounds: int) -> list[Cost]:
    """Measure all peers in interleaved rounds."""
    with loopback(delay=0.0, actions=steps + 1) as url:
        found: list[Round] = [
            {
                name: marks_of(peer, f"{url}/{at}/{spell(name)}" if thinks else "", steps)
                for name, (peer, thinks) in PEERS.items()
            }
            for at in range(rounds)
        ]
        sent = sent_kb(url)
    return [cost_of(name, found, sent) for name in PEERS]


def spell(name: str) -> str:
    """Return a peer's name for a path."""
    return name.replace(", ", "-")


def sent_kb(url: str) -> dict[str, dict[int, float]]:
    """Return how much each peer had sent at some steps of the first round."""
    sizes: dict[str, list[int]] = {}
    for one in seen(url):
        _, at, name, *_ = one.path.split("/")
        if at == "0":
            sizes.setdefault(name, []).append(one.bytes)
    return {
        name: {point: sum(listed[:point]) / 1024 for point in POINTS if point <= len(listed)}
        for name, listed in sizes.items()
    }


def cost_of(name: str, rounds: list[Round], sent: dict[str, dict[int, float]]) -> Cost:
    """Return the medians of a peer."""
    mine = [windows(one[name].taken) for one in rounds]
    other = AGAINST.get(name)
    theirs = [windows(one[other].taken) for one in rounds] if other else []
    peer, thinks = PEERS[name]
    return Cost(
        peer=name,
        cpu_ms={span: median(one[span]["cpu_ms"] for one in mine) for span in mine[0]},
        against={
            span: median(
                a[span]["cpu_ms"] / b[span]["cpu_ms"] for a, b in zip(mine, theirs, strict=True)
            )
            for span in mine[0]
            if theirs
        },
        written_kb={span: median(one[span]["written_kb"] for one in mine) for span in mine[0]},
        left_kb=median(one[name].left_kb for one in rounds),
        memory_mb={
            at: median(one[name].taken[at].memory_mb for one in rounds)
            for at in rounds[0][name].taken
        },
        sent_kb=sent.get(spell(name), {}),
        commits=None if peer in {bare, journal} else commits_per_step(peer, thinks=thinks),
    )


def median(values: Iterable[float]) -> float:
    """Return the median, to three places."""
    return round(statistics.median(values), 3)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What a step costs, beside plain LangGraph.")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    costs = measure(options.steps, options.rounds)
    if options.json:
        print(json.dumps([asdict(cost) for cost in costs], indent=2))
        return
    for cost in costs:
        print(cost.peer)
        for label, value in asdict(cost).items():
            if value and label != "peer":
                print(f"    {label:<11} {value}")


if __name__ == "__main__":
    main()
