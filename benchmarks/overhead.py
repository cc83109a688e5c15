"""What Surefoot costs by itself: everything but the model's thinking and the tool's work.

A model server on loopback that answers at once decides 500 steps, each an effect; another one that
takes 200 ms is asked for eight independent decisions. Run in the repository's root:

    python -m benchmarks.overhead [--steps 500] [--json]

Prints CPU and wall time per step, commits per step, prompt bytes by step, and how long the eight
decisions took; fails when a bound is passed.
"""

import argparse
import json
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.agents import Note, Steps, goal_of, make_agent
from benchmarks.commits import counted
from benchmarks.loopback import loopback, seen
from checkpoints.store import open_store

SIDE_BY_SIDE = 8
DELAY_SECONDS = 0.2

COUNTED = 20
"""Steps of which the commits are counted."""

MOST_COMMITS = 2.5
"""That a step by a model waits for: before the effect and after it."""
MOST_CPU_MS = 120.0
"""Of a step; a coarse alarm that also holds on a busy machine."""
MOST_WALL_SECONDS = 0.8
"""Of the eight decisions; one after the other they take 1.6 s."""
MOST_GROWTH = 1.05
"""Of a prompt from step 100 on; numbers in it have more digits."""


@dataclass(frozen=True)
class Cost:
    """Of one run, per step."""

    cpu_ms: float
    wall_ms: float


def run(mind: Steps, url: str = "") -> Cost:
    """Run an agent to its end and return what each decision of it cost."""
    with (
        tempfile.TemporaryDirectory() as name,
        open_store(f"sqlite:///{name}/store.db") as store,
    ):
        agent = make_agent(store, Note(Path(name)), mind, url)
        goal = goal_of(agent, mind)
        cpu, wall = time.process_time(), time.perf_counter()
        agent.run(goal)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        steps = mind.width * mind.actions
        return Cost(cpu * 1000 / steps, wall * 1000 / steps)


def commits_per_step(url: str = "") -> float:
    """Count in runs of their own, because counting costs time; start and end are taken out.

    Args:
        url: Conversations with a model that never says that it is done: the budget ends the runs.
    """
    found = []
    for steps in (1, 1 + COUNTED):
        with counted() as commits:
            run(Steps(1, steps), f"{url}/commits-{steps}" if url else "")
        found.append(commits.count)
    return (found[1] - found[0]) / COUNTED


def side_by_side() -> float:
    """Return the seconds in which the second round of eight decisions was answered.

    The first round also loads the client's library.
    """
    with loopback(delay=DELAY_SECONDS, actions=SIDE_BY_SIDE) as url:
        run(Steps(SIDE_BY_SIDE, 1), url)
        second = seen(url)[SIDE_BY_SIDE:]
    return max(one.ended for one in second) - min(one.began for one in second)


def measure(steps: int) -> dict[str, Any]:
    """Measure everything; a first run loads what is loaded once."""
    run(Steps(1, 2))
    with loopback(delay=0.0, actions=1000) as url:
        run(Steps(1, 1), url)
        model_commits = commits_per_step(url)
    playbook = asdict(run(Steps(1, min(steps, 100)))) | {"commits": commits_per_step()}
    with loopback(delay=0.0, actions=steps) as url:
        model = asdict(run(Steps(1, steps), url)) | {"commits": model_commits}
        sizes = [one.bytes for one in seen(url)]
    shown = sorted({min(step, steps) for step in (10, 100, 500)})
    return {
        "steps": steps,
        "playbook": playbook,
        "model": model,
        "prompt_bytes": {step: sizes[step - 1] for step in shown},
        "eight_decisions_seconds": side_by_side(),
    }


def broken(found: dict[str, Any]) -> list[str]:
    """Return the bounds that do not hold."""
    sizes = [
        size for step, size in found["prompt_bytes"].items() if step >= min(100, found["steps"])
    ]
    holds = {
        "commits per step": found["model"]["commits"] <= MOST_COMMITS,
        "CPU per step": found["model"]["cpu_ms"] <= MOST_CPU_MS,
        "eight decisions run side by side": found["eight_decisions_seconds"] <= MOST_WALL_SECONDS,
        "prompts do not grow": max(sizes) <= MOST_GROWTH * min(sizes),
    }
    return [name for name, held in holds.items() if not held]


def main() -> int:
    """Measure, print, and fail when a bound is passed."""
    parser = argparse.ArgumentParser(description="What Surefoot costs by itself.")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options.steps)
    found["broken"] = broken(found)
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        for who in ("playbook", "model"):
            cost = found[who]
            print(
                f"{who:>8}: {cost['cpu_ms']:.1f} ms CPU, {cost['wall_ms']:.1f} ms wall, "
                f"{cost['commits']:.1f} commits per step"
            )
        print("  prompt:", ", ".join(f"{v:,} B at {k}" for k, v in found["prompt_bytes"].items()))
        print(f"   eight: {found['eight_decisions_seconds']:.2f} s for {SIDE_BY_SIDE} decisions")
        print("  bounds:", "; ".join(found["broken"]) or "hold")
    return 1 if found["broken"] else 0


if __name__ == "__main__":
    sys.exit(main())
