"""A workspace for each file tool, with an outside beside it that must never change."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from pydantic import JsonValue

from tests.tools.files.conftest import build, picture
from tools.contract import Artifacts, JsonObject, Tool
from tools.files.family import files_tools
from tools.files.root import Root
from tools.files.settings import FilesSettings
from tools.specimen import Specimen

OUTSIDE: tuple[str, ...] = (
    "../outside/nobody.txt",
    "notes/../../outside/nobody.txt",
    "/etc/hostname",
    "way out/nobody.txt",
    "link out.txt",
    "link in.txt",
    "way in/a.txt",
    "pipe",
    ".env",
    "notes/.ENV.local",
    ".git/config",
    "keys/id_rsa",
    "a\\b.txt",
    "notes/\u202etxt.a",
    ".surefoot-0",
)
"""Names that no tool takes: ways out, links, special files, secrets, names that deceive."""
PROTECTED = "surefoot.toml"


class FileSpecimen(Specimen):
    """One file tool on a small workspace."""

    named: ClassVar[str]

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        build(folder)

    def tool(self, artifacts: Artifacts) -> Tool:
        """Return the tool of that name."""
        settings = FilesSettings(root=str(self.folder / "space"))
        tools = files_tools(settings, root=Root(self.folder / "space"), artifacts=artifacts)
        return next(tool for tool in tools if tool.name == self.named)

    def world(self) -> JsonValue:
        """Return all files, inside and outside, byte for byte, with permissions and owners."""
        return {name: [*map(str, seen)] for name, seen in picture(self.folder).items()}

    def refused(self) -> Sequence[JsonObject]:
        """Return the first action on everything that is not to be touched."""
        return [{**self.actions()[0], "path": name} for name in OUTSIDE]

    def disturb(self, args: JsonObject) -> None:
        """Write something else into the file, or make one where it was."""
        path = self.folder / "space" / str(args["path"])
        path.parent.mkdir(exist_ok=True)
        path.write_text("somebody else's")


class Reads(FileSpecimen):
    """Looks at text, and at what is none."""

    named = "read_file"

    def actions(self) -> Sequence[JsonObject]:
        """Return a text, a part of it, and bytes."""
        return [
            {"path": "notes/a.txt"},
            {"path": "notes/a.txt", "first_line": 2, "lines": 1},
            {"path": "deep/er/b.bin"},
        ]


class Lists(FileSpecimen):
    """Lists folders."""

    named = "list_files"

    def actions(self) -> Sequence[JsonObject]:
        """Return everything, and a part."""
        return [{}, {"path": "deep", "pattern": "*.bin", "depth": 2}]

    def refused(self) -> Sequence[JsonObject]:
        """Return what is not listed, and a file."""
        return [{"path": name} for name in (*OUTSIDE, "way out", "notes/a.txt", "none")]


class Searches(FileSpecimen):
    """Searches text."""

    named = "search_files"

    def actions(self) -> Sequence[JsonObject]:
        """Return plain text, and an expression that is slow elsewhere."""
        return [{"text": "two"}, {"text": "(a+)+$", "regex": True, "path": "notes"}]

    def refused(self) -> Sequence[JsonObject]:
        """Return where nothing is searched, and what is no expression."""
        bad: list[JsonObject] = [
            {"text": text, "regex": True} for text in ("(", r"(a)\1", "a{1,9999}")
        ]
        return [*super().refused(), *bad]


class Writes(FileSpecimen):
    """Makes and replaces files."""

    named = "write_file"

    def actions(self) -> Sequence[JsonObject]:
        """Return a new file in new folders, and one to which bytes are added."""
        return [
            {"path": "new/er/file.txt", "text": "fresh\n"},
            {"path": "deep/er/b.bin", "text": "/w==", "base64": True, "append": True},
        ]

    def refused(self) -> Sequence[JsonObject]:
        """Return, besides, files that are never replaced, and twins of those that are there."""
        names = ("hard.txt", "readonly.txt", "Notes/a.txt", "EMPTY.txt", "notes", "notes/a.txt/x")
        more: list[JsonObject] = [{"path": name, "text": "x"} for name in (*names, PROTECTED)]
        stale: JsonObject = {"path": "notes/a.txt", "text": "x", "expected": "new"}
        return [*super().refused(), *more, stale]


class Edits(FileSpecimen):
    """Replaces text in files."""

    named = "edit_file"

    def actions(self) -> Sequence[JsonObject]:
        """Return an edit of two places."""
        return [{"path": "notes/b.txt", "old_text": "an", "new_text": "", "count": 2}]

    def refused(self) -> Sequence[JsonObject]:
        """Return, besides, text that is not there, or more often."""
        found: JsonObject = {"path": "notes/b.txt", "new_text": "x"}
        more: list[JsonObject] = [{**found, "old_text": "a"}, {**found, "old_text": "A"}]
        return [*super().refused(), *more]


class Patches(FileSpecimen):
    """Applies diffs."""

    named = "patch_file"

    def actions(self) -> Sequence[JsonObject]:
        """Return a diff with names."""
        diff = "--- a/notes/a.txt\n+++ b/notes/a.txt\n@@ -1,2 +1,3 @@\n one\n+1.5\n two\n"
        return [{"path": "notes/a.txt", "diff": diff}]

    def refused(self) -> Sequence[JsonObject]:
        """Return, besides, diffs that do not fit, or are of other files."""
        diffs = (
            "@@ -1,2 +1,1 @@\n one\n-zwei\n",
            "@@ -1,3 +1,2 @@\n one\n-two\n",
            "--- a/empty.txt\n+++ b/empty.txt\n@@ -1 +1 @@\n-one\n+1\n",
            "--- notes/a.txt\n+++ /dev/null\n@@ -1 +0,0 @@\n-one\n",
            "nothing",
        )
        more: list[JsonObject] = [{"path": "notes/a.txt", "diff": diff} for diff in diffs]
        return [*super().refused(), *more]


class Moves(FileSpecimen):
    """Renames files."""

    named = "move_file"

    def actions(self) -> Sequence[JsonObject]:
        """Return a move into new folders."""
        return [{"path": "deep/er/b.bin", "new_path": "new/er/c.bin"}]

    def refused(self) -> Sequence[JsonObject]:
        """Return, besides, new names that are taken, secret or outside."""
        targets = (*OUTSIDE, "notes/b.txt", "notes", "Notes/x.txt", PROTECTED, "notes/B.txt")
        more: list[JsonObject] = [{"path": "notes/a.txt", "new_path": name} for name in targets]
        return [*super().refused(), *more, {"path": "notes", "new_path": "other"}]

    def disturb(self, args: JsonObject) -> None:
        """Change what was moved."""
        (self.folder / "space" / str(args["new_path"])).write_text("somebody else's")


class Deletes(FileSpecimen):
    """Deletes files."""

    named = "delete_file"

    def actions(self) -> Sequence[JsonObject]:
        """Return bytes with an owner and permissions of their own."""
        return [{"path": "deep/er/b.bin"}]

    def refused(self) -> Sequence[JsonObject]:
        """Return, besides, what is none, and what is no single file."""
        names = ("none.txt", "notes", "hard.txt", "readonly.txt", PROTECTED)
        more: list[JsonObject] = [{"path": name} for name in names]
        return [*super().refused(), *more]


if os.geteuid() == 0:  # what only root can make
    OUTSIDE = (*OUTSIDE, "device")
