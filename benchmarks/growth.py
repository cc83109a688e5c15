"""Does a run get heavier as it gets longer? One run of many steps, measured in windows.

Prints, for each window of steps: size of one checkpoint, growth of the store's file, CPU time per
step. The tool writes a file, so every step is an effect with intent, snapshot, result and ledger.

    python -m benchmarks.growth [--steps 1000] [--json]
"""

import argparse
import json
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.agents import Note, Steps, goal_of, make_agent
from checkpoints.store import open_store
from nodes.context import Situation
from nodes.state import Decision


@dataclass
class Timed(Steps):
    """Marks the clock at each decision."""

    marks: list[float] = field(default_factory=list)

    def decide(self, situation: Situation) -> Decision:
        """Return the next number."""
        self.marks.append(time.process_time())
        return super().decide(situation)


def checkpoint_bytes(path: Path) -> int:
    """Return the size of the newest checkpoint."""
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT length(checkpoint) FROM checkpoints ORDER BY checkpoint_id DESC LIMIT 1"
        return int(connection.execute(query).fetchone()[0])


def measure(steps: int, folder: Path) -> list[dict[str, Any]]:
    """Run `steps` actions and return one row per window of a tenth of them."""
    path, mind, rows = folder / "store.db", Timed(1, steps), []
    window = max(1, steps // 10)
    with open_store(f"sqlite:///{path}") as store:
        agent = make_agent(store, Note(folder), mind)
        kept = 0
        for event in agent.begin(goal_of(agent, mind)).stream():
            if event.kind != "decision" or (len(mind.marks) - 1) % window or len(mind.marks) <= 1:
                continue
            size = sum(item.stat().st_size for item in folder.glob("store.db*"))
            cpu = (mind.marks[-1] - mind.marks[-1 - window]) / window
            rows.append(
                {
                    "steps": len(mind.marks) - 1,
                    "checkpoint_bytes": checkpoint_bytes(path),
                    "store_bytes_per_step": (size - kept) / window,
                    "cpu_ms_per_step": cpu * 1000,
                }
            )
            kept = size
    return rows


def main() -> int:
    """Measure, print, and fail when a checkpoint at the end is larger than one at the start."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(options.steps, Path(folder))
    if options.json:
        print(json.dumps(rows, indent=2))
    else:
        print(f"{'steps':>6} {'checkpoint B':>13} {'store B/step':>13} {'CPU ms/step':>12}")
        for row in rows:
            print(
                f"{row['steps']:>6} {row['checkpoint_bytes']:>13,} "
                f"{row['store_bytes_per_step']:>13,.0f} {row['cpu_ms_per_step']:>12.1f}"
            )
    grown = rows[-1]["checkpoint_bytes"] / rows[1]["checkpoint_bytes"]
    return 0 if grown <= 1.1 else 1  # noqa: PLR2004  # a tenth is noise of varying numbers


if __name__ == "__main__":
    sys.exit(main())
