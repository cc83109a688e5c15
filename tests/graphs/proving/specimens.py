"""A tool that holds what it promises, as the docs show it, and its specimen."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, JsonValue, StringConstraints

from tools.contract import Artifacts, EffectClass, Happened, JsonObject, Preview, Tool, digest
from tools.errors import Refused, UndoConflict
from tools.specimen import Specimen
from tools.versions import Versions


class NoteArgs(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, StringConstraints(pattern=r"^[a-z]{1,20}$")]
    text: Annotated[str, StringConstraints(max_length=1000)]


class WriteNote(Tool):
    name = "write_note"
    description = "Write a note of at most 1,000 characters."
    effect: ClassVar[EffectClass] = "reversible"
    args_schema: ClassVar[type[BaseModel]] = NoteArgs
    authority = frozenset({"name"})
    content = frozenset({"text"})

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def resources(self, args: JsonObject) -> frozenset[str]:
        return frozenset({f"note:{args['name']}"})

    def snapshot(self, args: JsonObject) -> JsonObject:
        return {"before": self.read(args)}

    def preview(self, args: JsonObject) -> Preview:
        return Preview(
            summary=f"Write the note {args['name']}",
            before=str(self.read(args)),
            after=str(args["text"]),
            undo="The note becomes what it was.",
            leaves=digest(args["text"]),
        )

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        if args["name"] == "secret":
            raise Refused("The note 'secret' is nobody's business.")
        self.put(args, args["text"])
        return {"summary": f"Wrote {args['name']}."}

    def probe(self, args: JsonObject, snapshot: JsonObject, key: str) -> Happened:
        return "yes" if self.read(args) == args["text"] else "no"

    def compare(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> Versions:
        return Versions(
            subject=f"note:{args['name']}",
            before=snapshot["before"],
            left=args["text"],
            now=self.read(args),
        )

    def undo(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> None:
        if self.read(args) not in (args["text"], snapshot["before"]):
            raise UndoConflict(f"The note {args['name']!r} was changed since.")
        self.put(args, snapshot["before"])

    def path(self, args: JsonObject) -> Path:
        return self.folder / f"{args['name']}.txt"

    def read(self, args: JsonObject) -> str | None:
        return self.path(args).read_text() if self.path(args).exists() else None

    def put(self, args: JsonObject, text: JsonValue) -> None:
        if text is None:
            self.path(args).unlink(missing_ok=True)
            return
        fresh = self.folder / f".{args['name']}.fresh"
        fresh.write_text(str(text))
        fresh.replace(self.path(args))


class Notes(Specimen):
    kind: ClassVar[type[WriteNote]] = WriteNote

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        (folder / "known.txt").write_text("old")

    def tool(self, artifacts: Artifacts) -> Tool:
        return self.kind(self.folder)

    def actions(self) -> Sequence[JsonObject]:
        return [{"name": "fresh", "text": "new"}, {"name": "known", "text": "new"}]

    def refused(self) -> Sequence[JsonObject]:
        return [{"name": "../known", "text": "x"}, {"name": "secret", "text": "x"}]

    def world(self) -> JsonValue:
        files = sorted(self.folder.glob("*.txt"))
        return {path.name: path.read_text() for path in files}

    def disturb(self, args: JsonObject) -> None:
        (self.folder / f"{args['name']}.txt").write_text("somebody else's")
