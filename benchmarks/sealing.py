"""What encryption at rest costs: the same runs in a plain store and in a sealed one, in turn.

A playbook decides the steps, each an effect. Run in the repository's root:

    python -m benchmarks.sealing [--steps 100] [--rounds 5] [--json]

Prints CPU per step (the least of the rounds), what a step leaves on the disk, and how long it takes
to seal the plain store, to rotate its key, and to decrypt it.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.agents import Note, Steps, goal_of, make_agent
from checkpoints.rotation import rotate
from checkpoints.store import open_store
from checkpoints.vault import new_key


def run(folder: Path, steps: int, key: str) -> tuple[float, float]:
    """Return CPU in ms and kB on the disk, per step."""
    path, mind = folder / "store.db", Steps(1, steps)
    with open_store(f"sqlite:///{path}", key=key) as store:
        agent = make_agent(store, Note(folder), mind, "")
        goal, cpu = goal_of(agent, mind), time.process_time()
        agent.run(goal)
        cpu = time.process_time() - cpu
    return cpu * 1000 / steps, path.stat().st_size / 1000 / steps


def turn(folder: Path, key: str, *, remove: bool = False) -> float:
    """Return the seconds that a rotation takes."""
    with open_store(f"sqlite:///{folder}/store.db", key=key, for_sealing=True) as store:
        began = time.perf_counter()
        rotate(store, remove=remove)
        return time.perf_counter() - began


def measure(steps: int, rounds: int) -> dict[str, Any]:
    """Measure everything."""
    old, new = new_key(), new_key()
    costs: dict[str, list[tuple[float, float]]] = {"plain": [], "sealed": []}
    for _ in range(rounds):
        for name, key in (("plain", ""), ("sealed", old)):
            with tempfile.TemporaryDirectory() as made:
                costs[name].append(run(Path(made), steps, key))
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        run(folder, steps, "")
        seconds = {
            "seal": turn(folder, old),
            "rotate": turn(folder, f"{new},{old}"),
            "remove": turn(folder, new, remove=True),
        }
    least = {name: min(found) for name, found in costs.items()}
    return {"steps": steps, "cpu_ms_and_kb_per_step": least, "seconds": seconds}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = measure(given.steps, given.rounds)
    if given.json:
        print(json.dumps(found, indent=2))
        return
    for name, (cpu, size) in found["cpu_ms_and_kb_per_step"].items():
        print(f"{name:>8}  {cpu:6.2f} ms of CPU and {size:6.2f} kB a step")
    for name, seconds in found["seconds"].items():
        print(f"{name:>8}  {seconds:6.2f} s")


if __name__ == "__main__":
    main()
