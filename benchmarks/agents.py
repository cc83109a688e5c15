"""The agent that is measured: it notes numbers, each an effect, decided by rules or by a model."""

import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, JsonValue

from checkpoints.store import Store
from graphs.assembly import assemble
from graphs.domain import Domain
from graphs.models import KeptModels, ModelSettings
from graphs.session import Agent
from nodes.context import Examination, PlanRequest, Situation
from nodes.guards.budget import Budget
from nodes.state import Boundaries, Decision, Goal, Plan, Step
from tools.contract import Action, EffectRecord, Happened, JsonObject, Preview, Tool
from tools.policy import Policy
from tools.toolbox import Toolbox

POLICY = '[[rules]]\nid = "note"\ntool = "note"\nverdict = "allow"\n'

Effect = Callable[[int], None]
"""Told of each number as soon as it is noted."""


def unheard(number: int) -> None:
    """Listen to nothing."""
    del number


class NoteArgs(BaseModel):
    """What to note."""

    model_config = ConfigDict(extra="forbid")
    number: int


class Note(Tool):
    """Append a line to a file: nobody can say from the file alone which effect wrote it."""

    name = "note"
    description = "Append a number to a file."
    effect = "reversible"
    args_schema = NoteArgs
    content = frozenset({"number"})

    def __init__(self, folder: Path, noted: Effect = unheard) -> None:
        self.path = folder / "notes"
        self.path.touch()
        self.noted = noted

    def resources(self, args: JsonObject) -> frozenset[str]:
        """Return the one file."""
        del args
        return frozenset({"file:notes"})

    def snapshot(self, args: JsonObject) -> JsonObject:
        """Return the size before."""
        del args
        return {"bytes": self.path.stat().st_size}

    def preview(self, args: JsonObject) -> Preview:
        """Return the number."""
        return Preview(summary=f"note {args['number']}")

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        """Append it."""
        with self.path.open("a") as file:
            file.write(f"{args['number']} {key}\n")
        self.noted(int(str(args["number"])))
        return {"written": args["number"], "key": key}

    def probe(self, args: JsonObject, snapshot: JsonObject, key: str) -> Happened:
        """Look whether its line is there."""
        del args
        added = self.path.read_text()[int(str(snapshot["bytes"])) :]
        return "yes" if f" {key}\n" in added else "no"

    def undo(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> None:
        """Cut the file to its size before."""
        del args, result
        with self.path.open("r+") as file:
            file.truncate(int(str(snapshot["bytes"])))


class NoteRow(Note):
    """Insert a row into a database, its key in the same transaction: the outcome can wait.

    The connection must commit by itself and be usable from any thread.
    """

    transactional = True

    def __init__(self, folder: Path, database: sqlite3.Connection, noted: Effect = unheard) -> None:
        super().__init__(folder, noted)
        self.database = database
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE note(key TEXT PRIMARY KEY, number INTEGER)")

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        """Insert it."""
        self.database.execute("INSERT OR IGNORE INTO note VALUES (?, ?)", (key, args["number"]))
        self.noted(int(str(args["number"])))
        return {"written": args["number"], "key": key}

    def probe(self, args: JsonObject, snapshot: JsonObject, key: str) -> Happened:
        """Look whether its key is there."""
        del args, snapshot
        found = self.database.execute("SELECT 1 FROM note WHERE key = ?", (key,)).fetchone()
        return "yes" if found else "no"

    def undo(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> None:
        """Delete every row of the number."""
        del snapshot, result
        self.database.execute("DELETE FROM note WHERE number = ?", (args["number"],))


class Wait(Note):
    """Wait for a fifth of a second, beside others of its kind."""

    seconds = 0.2

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.spans: list[tuple[float, float]] = []

    def resources(self, args: JsonObject) -> frozenset[str]:
        """Return something of its own."""
        return frozenset({f"note:{args['number']}"})

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        """Wait, and note when."""
        del args
        began = time.monotonic()
        time.sleep(self.seconds)
        self.spans.append((began, time.monotonic()))
        return {"key": key}


@dataclass
class Steps:
    """Plans `width` independent steps; decides `actions` times to note the next number."""

    width: int
    actions: int
    first: bool = False
    """Whether each step notes a number of its own, and not 1, 2, 3."""

    def plan(self, request: PlanRequest) -> Plan | None:
        """Return steps that do not need each other."""
        del request
        names = [f"note-{number}" for number in range(self.width)]
        return Plan(
            steps=tuple(
                Step(id=name, title="note", tools=("note",), max_actions=2000) for name in names
            )
        )

    def decide(self, situation: Situation) -> Decision:
        """Return the next number; used where no model is asked."""
        if situation.ordinal > self.actions:
            return Decision(kind="done", confidence=1.0)
        own = int(situation.step.id.rpartition("-")[2]) if self.first else situation.ordinal
        action = Action(tool="note", args={"number": own})
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


def settings(url: str) -> JsonObject:
    """Return the settings of an agent whose decider is the model at a URL, if there is one."""
    if not url:
        return {}
    free = {"input_usd_per_million": 0.0, "output_usd_per_million": 0.0}
    decider = {"model": "loopback", "base_url": f"{url}/v1", **free}
    models = ModelSettings.model_validate({"decider": decider})
    return {"models": KeptModels.of(models).to_json()}


def make_agent(store: Store, tool: Tool, mind: Steps, url: str = "") -> Agent:
    """Assemble the agent; with a URL, the model there decides."""
    domain = Domain(
        name="notes",
        tools=Toolbox([tool]),
        policy=Policy.from_toml(POLICY, source="notes"),
        checks=NoChecks(),
        planner=mind,
        decider=mind,
        boundaries=Boundaries(),
        settings=settings(url),
    )
    return assemble(domain, store)


def goal_of(agent: Agent, mind: Steps) -> Goal:
    """Return a goal whose budget allows all that a mind decides."""
    most = mind.width * (mind.actions + 2)
    budget = Budget(max_iterations=most, max_calls=most, max_effects=most, max_tokens=10**9)
    return agent.goal("Note every number").model_copy(update={"budget": budget})
