"""Many at once: fifty durable runs in one process, and eight slow tools in one round.

Fifty runs of ten steps share one process and one store; counted are runs per second of CPU time,
and errors. Each variant runs in a process of its own, in interleaved rounds. In the repository's
root:

    python -m benchmarks.concurrency [--runs 50] [--rounds 5] [--json]
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import httpx
import langchain_openai  # noqa: F401  # what is loaded at the first call counts for nobody

from benchmarks import plain
from benchmarks.agents import Note, Steps, Wait, goal_of, make_agent, unheard
from benchmarks.forks import forked
from benchmarks.loopback import loopback
from benchmarks.plain_savers import run_together, saver_of
from checkpoints.store import open_store

STEPS = 10
TOOLS = 8
ENDED = {"verified", "unverified"}


@dataclass(frozen=True)
class Load:
    """What so many runs took together."""

    cpu_s: float
    wall_s: float
    errors: tuple[str, ...]


Crowd = Callable[[Path, list[str]], tuple[str, ...]]
"""Runs once for each URL of a model (empty: rules decide), at the same time; returns errors."""


def surefoot(folder: Path, urls: list[str]) -> tuple[str, ...]:
    """One store, an agent and a thread for each run."""
    mind = Steps(1, STEPS)
    with open_store(f"sqlite:///{folder}/store.db") as store:

        def work(at: int, url: str) -> None:
            own = folder / str(at)
            own.mkdir()
            agent = make_agent(store, Note(own), mind, url)
            run = agent.run(goal_of(agent, mind))
            if run.status not in ENDED:
                raise RuntimeError(run.info.reason)

        return together(work, urls)


def langgraph(folder: Path, urls: list[str]) -> tuple[str, ...]:
    """LangGraph's synchronous saver, a thread for each run."""
    saver = saver_of(folder)
    with closing(saver.conn), httpx.Client() as client:

        def work(at: int, url: str) -> None:
            model = plain.server(client, url) if url else plain.rules(STEPS)
            note = plain.noting(_own(folder, at), unheard)
            plain.run_graph(plain.two_nodes(model, note, saver), str(at))

        return together(work, urls)


def langgraph_async(folder: Path, urls: list[str]) -> tuple[str, ...]:
    """LangGraph's asynchronous saver, one event loop."""
    with httpx.Client() as client:
        makers = [
            (
                plain.server(client, url) if url else plain.rules(STEPS),
                plain.noting(_own(folder, at), unheard),
            )
            for at, url in enumerate(urls)
        ]
        run_together(folder, makers)
    return ()


def _own(folder: Path, at: int) -> Path:
    own = folder / str(at)
    own.mkdir()
    return own


def together(work: Callable[[int, str], None], urls: list[str]) -> tuple[str, ...]:
    """Do it for all at once, and return what went wrong."""
    with ThreadPoolExecutor(max_workers=len(urls)) as pool:
        futures: list[Future[None]] = [pool.submit(work, at, url) for at, url in enumerate(urls)]
    return tuple(repr(fault) for fault in (future.exception() for future in futures) if fault)


CROWDS: dict[str, tuple[Crowd, bool]] = {
    "AsyncSqliteSaver, rules": (langgraph_async, False),
    "SqliteSaver, rules": (langgraph, False),
    "surefoot, rules": (surefoot, False),
    "AsyncSqliteSaver, model": (langgraph_async, True),
    "SqliteSaver, model": (langgraph, True),
    "surefoot, model": (surefoot, True),
}
"""What is measured, and whether a model decides."""


def load(crowd: Crowd, urls: list[str]) -> Load:
    """Measure it in this process."""
    with tempfile.TemporaryDirectory() as name:
        cpu, wall = time.process_time(), time.perf_counter()
        errors = crowd(Path(name), urls)
        return Load(time.process_time() - cpu, time.perf_counter() - wall, errors)


def eight_tools() -> float:
    """Return the seconds from the first tool's start to the last one's end."""
    with (
        tempfile.TemporaryDirectory() as name,
        open_store(f"sqlite:///{name}/store.db") as store,
    ):
        tool, mind = Wait(Path(name)), Steps(TOOLS, 1, first=True)
        agent = make_agent(store, tool, mind)
        agent.run(goal_of(agent, mind))
    return max(end for _, end in tool.spans) - min(begin for begin, _ in tool.spans)


def measure(runs: int, rounds: int) -> dict[str, list[Load]]:
    """Return the loads of each variant, one per round."""
    found: dict[str, list[Load]] = {name: [] for name in CROWDS}
    with loopback(delay=0.0, actions=STEPS) as url:
        for at in range(rounds):
            for name, (crowd, thinks) in CROWDS.items():
                path = f"{url}/{at}/{name.replace(', ', '-')}"
                urls = [f"{path}/{number}" if thinks else "" for number in range(runs)]
                found[name].append(forked(partial(load, crowd, urls)))
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Many runs at once, and many tools at once.")
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options.runs, options.rounds)
    spans = [forked(eight_tools) for _ in range(options.rounds)]
    if options.json:
        plainly = {name: [asdict(one) for one in loads] for name, loads in found.items()}
        print(json.dumps({"loads": plainly, "eight_tools_s": spans}, indent=2))
        return
    for name, loads in found.items():
        cpu = statistics.median(one.cpu_s for one in loads)
        wall = statistics.median(one.wall_s for one in loads)
        errors = [error for one in loads for error in one.errors]
        print(
            f"{name:<24} {options.runs / cpu:6.1f} runs/CPU s {options.runs / wall:6.1f} runs/s "
            f"{1000 * cpu / options.runs / STEPS:6.1f} ms CPU/step  {len(errors)} errors"
        )
        print("".join(f"    {error[:300]}\n" for error in sorted(set(errors))), end="")
    print(f"eight tools of 200 ms: {statistics.median(spans):.3f} s, at most {max(spans):.3f} s")


if __name__ == "__main__":
    main()
