"""A tool that holds what it promises, and its specimen."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, JsonValue, StringConstraints

from tools.contract import Artifacts, JsonObject, Tool
from tools.errors import Refused
from tools.specimen import Specimen
from tools.value import ValueTool


class NoteArgs(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, StringConstraints(pattern=r"^[a-z]{1,20}$")]
    text: Annotated[str, StringConstraints(max_length=1000)]


class WriteNote(ValueTool):
    name = "write_note"
    description = "Write a note of at most 1,000 characters."
    args_schema: ClassVar[type[BaseModel]] = NoteArgs
    authority = frozenset({"name"})
    content = frozenset({"text"})

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, args: JsonObject) -> Path:
        return self.folder / f"{args['name']}.txt"

    def subject(self, args: JsonObject) -> str:
        return f"note:{args['name']}"

    def read(self, args: JsonObject) -> JsonValue:
        return self.path(args).read_text() if self.path(args).exists() else None

    def wanted(self, args: JsonObject, before: JsonValue) -> JsonValue:
        if args["name"] == "secret":
            raise Refused("The note 'secret' is nobody's business.")
        return args["text"]

    def write(self, args: JsonObject, value: JsonValue) -> None:
        if value is None:
            self.path(args).unlink(missing_ok=True)
            return
        fresh = self.folder / f".{args['name']}.fresh"
        fresh.write_text(str(value))
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
