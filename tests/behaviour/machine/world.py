"""A world that forgets nothing: one file to which each effect adds one line, in one write.

What a name holds is what the last line about it says, so that every effect, twice or lost or
undone over another's work, shows.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, JsonValue

from tests.behaviour.killing import Fuse
from tools.contract import EffectClass, Happened, JsonObject, Preview, Tool
from tools.errors import UndoConflict
from tools.versions import Versions

NAMES = ("a", "b", "c")


class Line(BaseModel):
    """One thing that happened."""

    model_config = ConfigDict(frozen=True)

    did: Literal["put", "swap", "send", "undo", "outside"]
    key: str = ""
    name: str
    text: str | None
    """What the name holds from now on; with `send`, what was sent."""
    was: str | None = None
    """What it held before."""


@dataclass
class World:
    """The file, and who passes the points around each effect."""

    path: Path
    fuse: Fuse = field(default_factory=lambda: Fuse("", 0))

    @property
    def lines(self) -> list[Line]:
        told = self.path.read_text().splitlines() if self.path.exists() else []
        return [Line(**json.loads(line)) for line in told]

    def last(self, name: str) -> Line | None:
        """Return the last line that changed what a name holds."""
        told = [line for line in self.lines if line.name == name and line.did != "send"]
        return told[-1] if told else None

    def now(self, name: str) -> str | None:
        last = self.last(name)
        return last.text if last else None

    def add(self, line: Line) -> None:
        with self.path.open("ab", buffering=0) as file:
            file.write(f"{line.model_dump_json()}\n".encode())


class Args(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    text: str


class WorldTool(Tool):
    args_schema: ClassVar[type[BaseModel]] = Args
    authority = frozenset({"name"})
    content = frozenset({"text"})
    effect: ClassVar[EffectClass] = "reversible"
    did: ClassVar[Literal["put", "swap", "send"]] = "put"

    def __init__(self, world: World) -> None:
        self.world = world

    def resources(self, args: JsonObject) -> frozenset[str]:
        return frozenset({f"name:{args['name']}"})

    def known_values(self, args: JsonObject) -> frozenset[str]:
        return frozenset(NAMES)

    def preview(self, args: JsonObject) -> Preview:
        return Preview(summary=f"{self.name} {args['name']}", undo="It is put back.")

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        name, text = str(args["name"]), str(args["text"])
        self.world.fuse.passes("before apply")
        was = self.world.now(name)
        self.world.add(Line(did=self.did, key=key, name=name, text=text, was=was))
        self.world.fuse.passes("after apply")
        return {"name": name}


class Put(WorldTool):
    name = "put"
    description = "Let a name hold a text."

    def snapshot(self, args: JsonObject) -> JsonObject:
        return {"text": self.world.now(str(args["name"]))}

    def probe(self, args: JsonObject, snapshot: JsonObject, key: str) -> Happened:
        return "yes" if any(line.key == key for line in self.world.lines) else "no"

    def compare(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> Versions | None:
        return Versions(
            subject=f"name:{args['name']}",
            before=snapshot["text"],
            left=args["text"],
            now=self.world.now(str(args["name"])),
        )

    def undo(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> None:
        name, before = str(args["name"]), snapshot["text"]
        self.world.fuse.passes("before undo")
        last = self.world.last(name)
        if last is None or last.text not in {args["text"], before}:
            raise UndoConflict(f"{name} was changed since.")
        if last.text != before:
            restored = None if before is None else str(before)
            # Each text is of one effect only.
            key = next(line.key for line in self.world.lines if line.text == args["text"])
            self.world.add(Line(did="undo", key=key, name=name, text=restored, was=last.text))
        self.world.fuse.passes("after undo")


class Swap(Put):
    name = "swap"
    description = "Let a name hold a text, when a person agrees."
    did = "swap"


class Send(WorldTool):
    """Irreversible, and nobody can tell afterwards whether it happened."""

    name = "send"
    description = "Send a text."
    effect: ClassVar[EffectClass] = "irreversible"
    did = "send"


TOOLS: tuple[Callable[[World], Tool], ...] = (Put, Swap, Send)
