"""The tools for documents, in worlds of their own."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from pydantic import JsonValue

from tools.contract import Artifacts, JsonObject, Tool
from tools.documents.family import documents_tools
from tools.documents.settings import DocumentsSettings
from tools.specimen import Specimen


class Documents(Specimen):
    """A folder of documents, with a secret beside it; what is common to the tools."""

    number: ClassVar[int]

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        docs = folder / "docs"
        docs.mkdir()
        (docs / "fable.md").write_text("# Fox\n\nThe quick brown fox jumps over the lazy dog.\n")
        (docs / "notes.txt").write_text("Nothing but notes.\n")
        (folder / "outside").write_text("the key is under the mat")
        (docs / "link.txt").symlink_to(folder / "outside")

    def tool(self, artifacts: Artifacts) -> Tool:
        folders = {"docs": str(self.folder / "docs")}
        index = str(self.folder / "cache" / "index.db")
        return documents_tools(DocumentsSettings(folders=folders, index=index))[self.number]

    def world(self) -> JsonValue:
        files = [path for path in sorted(self.folder.rglob("*")) if "cache" not in path.parts]
        return {
            str(path.relative_to(self.folder)): path.read_text() for path in files if path.is_file()
        }


class Search(Documents):
    number = 0

    def actions(self) -> Sequence[JsonObject]:
        return [{"query": "fox"}, {"query": "notes", "folder": "docs", "limit": 3}]

    def refused(self) -> Sequence[JsonObject]:
        return [{"query": "?"}, {"query": "fox", "folder": ".."}, {"query": "fox", "limit": 99}]


class Read(Documents):
    number = 1

    def actions(self) -> Sequence[JsonObject]:
        return [{"document": "docs/fable.md"}, {"document": "docs/notes.txt", "start": 3}]

    def refused(self) -> Sequence[JsonObject]:
        names = ["docs/../outside", "docs/link.txt", "/etc/passwd", "outside", "docs/cache"]
        return [{"document": name} for name in names]


class Quotes(Documents):
    number = 2

    def actions(self) -> Sequence[JsonObject]:
        return [{"quote": "brown fox jumps over"}, {"quote": "nothing of the kind"}]

    def refused(self) -> Sequence[JsonObject]:
        return [{"quote": ""}, {"quote": "fox", "document": "../outside"}]
