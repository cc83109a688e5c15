"""Adapted LangChain tools in worlds of their own."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from langchain_core.tools import BaseTool, StructuredTool, ToolException
from pydantic import JsonValue

from tools.contract import Artifacts, JsonObject, Preview, Tool, digest
from tools.errors import UndoConflict
from tools.langchain.adapter import adapted
from tools.langchain.hooks import Hooks
from tools.specimen import Specimen
from tools.versions import Versions


class Notes(Specimen):
    """A folder of notes; what is common to the tools on it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._path("kept").write_text("as it was")

    def world(self) -> JsonValue:
        return {path.name: path.read_text() for path in sorted(self.folder.iterdir())}

    def _path(self, name: object) -> Path:
        return self.folder / f"{str(name).encode('utf-8', 'surrogatepass').hex()[:120]}.txt"

    def _read(self, name: object) -> str | None:
        path = self._path(name)
        return path.read_text() if path.exists() else None

    def _write(self, name: str, text: str) -> str:
        if name == "locked":
            raise ToolException("it is locked")
        self._path(name).write_text(text)
        return f"wrote {name}"

    def _writer(self) -> BaseTool:
        return StructuredTool.from_function(self._write, name="write", description="Write a note.")


class SendNote(Notes):
    title = "adapted undeclared"

    def tool(self, artifacts: Artifacts) -> Tool:
        return adapted(self._writer())

    def actions(self) -> Sequence[JsonObject]:
        return [{"name": "new", "text": "hello"}]

    def refused(self) -> Sequence[JsonObject]:
        return [{"name": "locked", "text": "hello"}, {"name": "new", "text": "x", "mode": "777"}]


class WriteNote(Notes):
    title = "adapted reversible"

    def tool(self, artifacts: Artifacts) -> Tool:
        hooks = Hooks(
            resources=lambda args: {f"note:{args['name']!a}"},
            snapshot=lambda args: {"was": self._read(args["name"])},
            preview=self._preview,
            probe=lambda args, *_: "yes" if self._read(args["name"]) == args["text"] else "no",
            undo=self._undo,
            compare=self._compare,
        )
        return adapted(self._writer(), effect="reversible", authority={"name"}, hooks=hooks)

    def actions(self) -> Sequence[JsonObject]:
        return [{"name": "new", "text": "hello"}, {"name": "kept", "text": "changed"}]

    def disturb(self, args: JsonObject) -> None:
        self._path(args["name"]).write_text("somebody else's")

    def _preview(self, args: JsonObject) -> Preview:
        return Preview(
            summary=f"Write {len(str(args['text']))} characters.", leaves=digest(args["text"])
        )

    def _compare(self, args: JsonObject, snapshot: JsonObject, result: Any) -> Versions:
        return Versions(
            subject=f"note:{args['name']!a}",
            before=snapshot["was"],
            left=args["text"],
            now=self._read(args["name"]),
        )

    def _undo(self, args: JsonObject, snapshot: JsonObject, result: Any) -> None:
        seen = self._compare(args, snapshot, result)
        if seen.now == seen.before:
            return
        if seen.now != seen.left:
            raise UndoConflict("The note was changed since.")
        if seen.before is None:
            self._path(args["name"]).unlink()
        else:
            self._path(args["name"]).write_text(str(seen.before))
