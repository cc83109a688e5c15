"""Tools of an MCP server, in worlds of their own; each opening starts a server process."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from pydantic import JsonValue

from tests.tools.mcp.serving import raw
from tools.contract import Artifacts, JsonObject, Tool
from tools.mcp.link import Link
from tools.mcp.looking import hand
from tools.mcp.settings import Override
from tools.mcp.tool import mcp_tool
from tools.specimen import Specimen

LOOK = {
    "tool": "read",
    "args": {"name": "$args.name"},
    "fields": ["text"],
    "absent": "no such note",
}


class Notes(Specimen):
    """A server that keeps notes; what is common to its tools."""

    own: ClassVar[str]
    told: ClassVar[dict[str, Any]] = {}

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._links: list[Link] = []
        self._path("kept").write_text("as it was")

    def tool(self, artifacts: Artifacts) -> Tool:
        link = Link("notes", raw("notes", self.folder))
        self._links.append(link)
        hands = {one.name: hand(link, one) for one in link.pin().tools}
        return mcp_tool(hands[self.own], Override.model_validate(self.told), hands)

    def world(self) -> JsonValue:
        return {path.name: path.read_text() for path in sorted(self.folder.glob("*.txt"))}

    def close(self) -> None:
        for link in self._links:
            link.close()

    def _path(self, name: str) -> Path:
        return self.folder / f"{name.encode().hex()}.txt"


class DropNote(Notes):
    title = "MCP undeclared"
    own = "drop"

    def actions(self) -> Sequence[JsonObject]:
        return [{"name": "kept"}]

    def refused(self) -> Sequence[JsonObject]:
        return [{"name": "none"}, {"name": ["kept"]}]


class WriteNote(Notes):
    title = "MCP reversible"
    own = "write"
    told: ClassVar[dict[str, Any]] = {
        "effect": "reversible",
        "authority": ["name"],
        "resources": ["note:{name}"],
        "look": LOOK,
        "happened": {"text": "$args.text"},
        "undo": {"tool": "write", "args": {"name": "$args.name", "text": "$before.text"}},
        "undo_new": {"tool": "drop", "args": {"name": "$args.name"}},
    }

    def actions(self) -> Sequence[JsonObject]:
        return [{"name": "kept", "text": "changed"}]

    def refused(self) -> Sequence[JsonObject]:
        return [{"name": "new", "text": 7}, {"name": "new", "text": "x", "mode": "777"}]

    def disturb(self, args: JsonObject) -> None:
        self._path(str(args["name"])).write_text("somebody else's")
