"""A small world: a folder of files, tools that read, put and send, and scripted minds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, JsonValue

from checkpoints.store import Store
from graphs.assembly import assemble
from graphs.domain import Domain
from graphs.session import Agent
from graphs.settings import Settings
from graphs.tracing import Tracing
from nodes.context import Decider, Examination, Planner, PlanRequest, Situation
from nodes.state import Boundaries, Check, Decision, Plan, Step
from tools.contract import Action, EffectClass, EffectRecord, Happened, JsonObject, Preview, Tool
from tools.errors import UndoConflict
from tools.policy import Policy
from tools.toolbox import Toolbox
from tools.versions import Versions

POLICY = """
[[rules]]
id = "look"
tool = "look"
verdict = "allow"

[[rules]]
id = "put"
tool = "put"
verdict = "allow"

[[rules]]
id = "secret"
tool = "take"
resource = "file:secret*"
verdict = "deny"

[[rules]]
id = "take"
tool = "take"
verdict = "ask"
reason = "A person lets files go."

[[rules]]
id = "send"
tool = "send"
verdict = "ask"
"""


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
        self.passed = 0.0

    def __call__(self) -> datetime:
        return self.now

    def move(self, **span: float) -> None:
        self.set(**span)
        self.passed += timedelta(**span).total_seconds()

    def set(self, **span: float) -> None:
        """Tell another time, without any passing."""
        self.now += timedelta(**span)

    def seconds(self) -> float:
        """Return how much time has passed."""
        return self.passed


class NameArgs(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str


class PutArgs(NameArgs):
    text: str


class ShelfTool(Tool):
    args_schema: ClassVar[type[BaseModel]] = NameArgs
    authority = frozenset({"name"})

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, args: JsonObject) -> Path:
        return self.folder / str(args["name"])

    def resources(self, args: JsonObject) -> frozenset[str]:
        return frozenset({f"file:{args['name']}"})

    def known_values(self, args: JsonObject) -> frozenset[str]:
        return frozenset(
            {"a", "b", "c", "secret-plan", *(item.name for item in self.folder.iterdir())}
        )

    def preview(self, args: JsonObject) -> Preview:
        return Preview(summary=f"{self.name} {args['name']}", undo="The file is put back.")


class Look(ShelfTool):
    name = "look"
    description = "Read a file."
    effect = "read"

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        path = self.path(args)
        return {"text": path.read_text() if path.exists() else None}


class Put(ShelfTool):
    name = "put"
    description = "Write a file."
    effect: ClassVar[EffectClass] = "reversible"
    args_schema: ClassVar[type[BaseModel]] = PutArgs
    content = frozenset({"text"})

    def snapshot(self, args: JsonObject) -> JsonObject:
        path = self.path(args)
        return {"text": path.read_text() if path.exists() else None}

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        self.path(args).write_text(str(args["text"]))
        return {"name": args["name"]}

    def probe(self, args: JsonObject, snapshot: JsonObject, key: str) -> Happened:
        path = self.path(args)
        return "yes" if path.exists() and path.read_text() == args["text"] else "no"

    def compare(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> Versions | None:
        path = self.path(args)
        return Versions(
            subject=f"file:{args['name']}",
            before=snapshot["text"],
            left=args.get("text"),
            now=path.read_text() if path.exists() else None,
        )

    def undo(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> None:
        path = self.path(args)
        if path.exists() and path.read_text() not in {args["text"], snapshot["text"]}:
            raise UndoConflict(f"{path.name} was changed since.")
        if snapshot["text"] is None:
            path.unlink(missing_ok=True)
        else:
            path.write_text(str(snapshot["text"]))


class Take(Put):
    name = "take"
    description = "Remove a file."
    args_schema = NameArgs
    content = frozenset()

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        self.path(args).unlink()
        return {"name": args["name"]}

    def probe(self, args: JsonObject, snapshot: JsonObject, key: str) -> Happened:
        return "no" if self.path(args).exists() else "yes"

    def undo(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> None:
        if self.path(args).exists():
            raise UndoConflict(f"{args['name']} is there again.")
        self.path(args).write_text(str(snapshot["text"]))


class Send(ShelfTool):
    """Irreversible, and nobody can tell afterwards whether it happened."""

    name = "send"
    description = "Send a file."
    effect: ClassVar[EffectClass] = "irreversible"

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        with (self.folder.parent / "sent").open("a") as log:
            log.write(f"{args['name']}\n")
        return {"sent": args["name"]}


@dataclass
class ShelfChecks:
    """Constraint: the file `keep` stays. Expectation: no text says `useless`. Success: `goal`."""

    folder: Path

    def baseline(self) -> JsonObject:
        return {"keep": self._text("keep")}

    def _text(self, name: str) -> str:
        path = self.folder / name
        return path.read_text() if path.exists() else ""

    def _keep(self, baseline: JsonObject) -> Check:
        same = self._text("keep") == baseline["keep"]
        return Check(
            name="keep",
            kind="constraint",
            holds=same,
            detail="keep stays" if same else "keep changed",
        )

    def examine(
        self,
        baseline: JsonObject,
        before: JsonObject,
        fresh: Sequence[EffectRecord],
        *,
        standing: Callable[[], Sequence[EffectRecord]],
    ) -> Examination:
        checks = [self._keep(baseline)]
        for record in fresh:
            useless = record.action.args.get("text") == "useless"
            detail = "it is useless" if useless else "it helps"
            checks.append(
                Check(
                    name="helps",
                    kind="expectation",
                    holds=not useless,
                    detail=detail,
                    key=record.key,
                )
            )
        return Examination(checks=tuple(checks), measured={})

    def conclude(self, baseline: JsonObject, kept: Sequence[EffectRecord]) -> Examination:
        done = self._text("a") == "goal"
        success = Check(
            name="goal", kind="success", holds=done, detail="a says goal" if done else "not yet"
        )
        return Examination(checks=(self._keep(baseline), success), measured={})


@dataclass
class Script:
    """Planner and decider that say what they are told; strict: what is left over is a failure."""

    plan_: Plan
    decisions: dict[str, list[Decision]] = field(default_factory=dict)
    seen: list[Situation] = field(default_factory=list)

    def plan(self, request: PlanRequest) -> Plan | None:
        return None if request.failed or request.problems else self.plan_

    def decide(self, situation: Situation) -> Decision:
        self.seen.append(situation)
        left = self.decisions.get(situation.step.id, [])
        return (
            left.pop(0) if left else Decision(kind="done", reasoning="as written", confidence=1.0)
        )

    def assert_complete(self) -> None:
        left = {step: len(items) for step, items in self.decisions.items() if items}
        assert not left, f"decisions that nobody asked for: {left}"


def act(tool: str, confidence: float = 0.9, **args: JsonValue) -> Decision:
    """Return a decision to act."""
    return Decision(
        kind="act", action=Action(tool=tool, args=args), reasoning="told so", confidence=confidence
    )


def step(name: str, *tools: str, needs: tuple[str, ...] = ()) -> Step:
    """Return a step."""
    return Step(id=name, title=name, tools=tools, needs=needs)


def script(*steps: Step, **decisions: list[Decision]) -> Script:
    """Return a script over steps."""
    return Script(plan_=Plan(steps=steps), decisions=decisions)


def shelf_agent(
    store: Store,
    folder: Path,
    mind: Script | None = None,
    *,
    planner: Planner | None = None,
    decider: Decider | None = None,
    clock: Callable[[], datetime] | None = None,
    policy: str = POLICY,
    tracing: Tracing | None = None,
) -> Agent:
    """Assemble an agent for a folder."""
    folder.mkdir(exist_ok=True)
    chosen_planner, chosen_decider = planner or mind, decider or mind
    assert chosen_planner is not None
    assert chosen_decider is not None
    domain = Domain(
        name="shelf",
        tools=Toolbox([Look(folder), Put(folder), Take(folder), Send(folder)]),
        policy=Policy.from_toml(policy, source="shelf"),
        checks=ShelfChecks(folder),
        planner=chosen_planner,
        decider=chosen_decider,
        boundaries=Boundaries(resources=("file:*",)),
        settings={},
    )
    settings = Settings(reviewer="tester")
    now = clock or Clock()
    timer = now.seconds if isinstance(now, Clock) else Clock().seconds
    return assemble(domain, store, settings=settings, clock=now, timer=timer, tracing=tracing)
