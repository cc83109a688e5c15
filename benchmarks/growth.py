"""Does a run get heavier as it gets longer? One run of many steps, measured in windows.

Prints, for each window of steps: size of one checkpoint, growth of the store's file, CPU time per
step. The tool writes a file, so every step is an effect with intent, snapshot, result and ledger.

    python benchmarks/growth.py [--steps 1000] [--json]
"""

import argparse
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, JsonValue

from checkpoints.store import Store, open_store
from graphs.assembly import assemble
from graphs.domain import Domain
from graphs.session import Agent
from nodes.context import Examination, PlanRequest, Situation
from nodes.guards.budget import Budget
from nodes.state import Boundaries, Decision, Plan, Step
from tools.contract import (
    Action,
    EffectRecord,
    Happened,
    JsonObject,
    Preview,
    Tool,
    Toolbox,
)
from tools.policy import Policy

POLICY = '[[rules]]\nid = "note"\ntool = "note"\nverdict = "allow"\n'


class NoteArgs(BaseModel):
    """What to note."""

    model_config = ConfigDict(extra="forbid")
    number: int


class Note(Tool):
    """Write a number into a file."""

    name = "note"
    description = "Write a number into a file."
    effect = "reversible"
    args_schema = NoteArgs
    content = frozenset({"number"})

    def __init__(self, folder: Path) -> None:
        self.path = folder / "note"

    def resources(self, args: JsonObject) -> frozenset[str]:
        """Return the one file."""
        del args
        return frozenset({"file:note"})

    def snapshot(self, args: JsonObject) -> JsonObject:
        """Return the text before."""
        del args
        return {"text": self.path.read_text() if self.path.exists() else ""}

    def preview(self, args: JsonObject) -> Preview:
        """Return the number."""
        return Preview(summary=f"note {args['number']}")

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        """Write it."""
        self.path.write_text(str(args["number"]))
        return {"written": args["number"], "key": key}

    def probe(self, args: JsonObject, snapshot: JsonObject, key: str) -> Happened:
        """Look whether it is there."""
        del snapshot, key
        there = self.path.exists() and self.path.read_text() == str(args["number"])
        return "yes" if there else "no"

    def undo(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> None:
        """Write the text before."""
        del args, result
        self.path.write_text(str(snapshot["text"]))


class Mind:
    """Notes 1, 2, 3, ... up to the number of steps, and marks the clock at each window."""

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.marks: list[float] = []

    def plan(self, request: PlanRequest) -> Plan | None:
        """Return one long step."""
        del request
        return Plan(steps=(Step(id="note", title="note", tools=("note",), max_actions=2000),))

    def decide(self, situation: Situation) -> Decision:
        """Return the next number."""
        self.marks.append(time.process_time())
        if situation.ordinal > self.steps:
            return Decision(kind="done", confidence=1.0)
        action = Action(tool="note", args={"number": situation.ordinal})
        return Decision(kind="act", action=action, reasoning="the next one", confidence=1.0)


class NoChecks:
    """A world that is always fine."""

    def baseline(self) -> JsonObject:
        """Measure nothing."""
        return {}

    def examine(
        self,
        baseline: JsonObject,
        before: JsonObject,
        fresh: Sequence[EffectRecord],
        *,
        standing: Callable[[], Sequence[EffectRecord]],
    ) -> Examination:
        """Find nothing wrong."""
        del baseline, before, fresh, standing
        return Examination(checks=(), measured={})

    def conclude(self, baseline: JsonObject, kept: Sequence[EffectRecord]) -> Examination:
        """Find nothing wrong."""
        del baseline, kept
        return Examination(checks=(), measured={})


def make_agent(store: Store, folder: Path, mind: Mind) -> Agent:
    """Assemble the agent of this benchmark."""
    domain = Domain(
        name="growth",
        tools=Toolbox([Note(folder)]),
        policy=Policy.from_toml(POLICY, source="growth"),
        checks=NoChecks(),
        planner=mind,
        decider=mind,
        boundaries=Boundaries(),
        settings={},
    )
    return assemble(domain, store)


def checkpoint_bytes(path: Path) -> int:
    """Return the size of the newest checkpoint."""
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT length(checkpoint) FROM checkpoints ORDER BY checkpoint_id DESC LIMIT 1"
        return int(connection.execute(query).fetchone()[0])


def measure(steps: int, folder: Path) -> list[dict[str, Any]]:
    """Run `steps` actions and return one row per window of a tenth of them."""
    path, mind, rows = folder / "store.db", Mind(steps), []
    window = max(1, steps // 10)
    with open_store(f"sqlite:///{path}") as store:
        agent = make_agent(store, folder, mind)
        goal = agent.goal("Note every number").model_copy(
            update={
                "budget": Budget(
                    max_iterations=steps + 2, max_calls=steps + 2, max_effects=steps + 2
                )
            }
        )
        kept = 0

        for event in agent.begin(goal).stream():
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
