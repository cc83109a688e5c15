"""What every file tool works with: the workspace, what is left alone in it, and the limits."""

from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock
from typing import Annotated, Final, NamedTuple

from pydantic import AfterValidator, Field, JsonValue

from tools.contract import Artifacts, JsonObject, Tool, digest
from tools.errors import Refused, ToolFault
from tools.files.contents import Sight, Thing, observe, present
from tools.files.guard import Guard
from tools.files.names import normal, parents
from tools.files.root import Root
from tools.files.settings import FilesSettings
from tools.files.text import encodable

Name = Annotated[
    str,
    AfterValidator(normal),
    Field(
        min_length=1, max_length=4_096, description="Name in the workspace, such as notes/a.txt."
    ),
]
"""An argument that names a file; what is not a name in the workspace is refused as such."""
Folder = Annotated[
    str,
    AfterValidator(normal),
    Field(max_length=4_096, description="Folder in the workspace; empty for all of it."),
]
Text = Annotated[str, AfterValidator(encodable)]
"""An argument that goes into files, or is searched for in them."""
VERSION_CHARACTERS: Final = 16
_REMEMBERED: Final = 1_000


class Loaded(NamedTuple):
    """A file, and what is in it; None when it is larger than files to be read may be."""

    sight: Sight
    data: bytes | None


@dataclass(frozen=True, slots=True)
class Space:
    """The workspace of the file tools.

    Args:
        root: The folder.
        guard: What is left alone.
        settings: The limits.
        artifacts: Where content is kept for undo.
    """

    root: Root
    guard: Guard
    settings: FilesSettings
    artifacts: Artifacts
    _expected: OrderedDict[str, Thing | None] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def load(self, name: str, *, keep: bool = False) -> Loaded | None:
        """Return a regular file and its content; None when there is nothing of that name.

        Args:
            name: The file.
            keep: Whether to keep the content for undo.

        Raises:
            Refused: It is no regular file, or so large that it could not be brought back.
        """
        seen = self.root.stat(name)
        if seen is None:
            return None
        into = bytearray() if seen.st_size <= self.settings.max_file_bytes else None
        sight = observe(
            self.root,
            name,
            artifacts=self.artifacts if keep else None,
            into=into,
            most=self.settings.max_undo_bytes,
        )
        if sight is None:
            return None
        if sight.thing.kind != "file":
            raise Refused(f"{name or '.'!r} is a {_KINDS[sight.thing.kind]}.")
        return Loaded(sight, None if into is None else bytes(into))

    def text_of(self, name: str) -> tuple[Loaded, bytes]:
        """Return a file that must be there and be read as a whole.

        Raises:
            Refused: It is not there, or too large.
        """
        found = self.load(name)
        if found is None:
            raise Refused(f"There is no {name!r} in the workspace.", advice=self.alike(name))
        if found.data is None:
            raise Refused(
                f"{name!r} has {found.sight.thing.size} bytes; at most "
                f"{self.settings.max_file_bytes} are read.",
            )
        return found, found.data

    def now(self, name: str) -> Sight | None:
        """Return what there is of a name, whatever became of it."""
        return present(self.root.exact, name, most=self.settings.max_undo_bytes)

    def settle(self, name: str) -> None:
        """Remove what a killed change of a file left aside, if its folder is still one."""
        with suppress(Refused):
            self.root.exact.settle(name)

    def alike(self, name: str) -> str:
        """Return advice that names what is there instead of a file that is not."""
        from difflib import get_close_matches  # noqa: PLC0415  # only when something went wrong

        folder, _, last = name.rpartition("/")
        try:
            there = [entry.part for entry in self.root.scan(folder)]
        except Refused:
            return f"There is no folder {folder!r} either; list_files tells what there is."
        near = get_close_matches(last, there, n=3, cutoff=0.5)
        where = f"{folder}/" if folder else ""
        names = ", ".join(repr(f"{where}{part}") for part in near)
        return f"Near it: {names}." if near else "list_files tells what there is."

    def missing_above(self, name: str, but: str = "") -> list[str]:
        """Return the folders that are to be made for a new file, the highest first.

        Raises:
            Refused: The new name is hard to tell from one that is there, other than `but`.
        """
        missing = [each for each in parents(name) if self.root.stat(each) is None]
        self.root.refuse_twin([*missing, name][0], but=but)
        return missing

    def remove_empty(self, folders: JsonValue | list[str]) -> None:
        """Remove folders that an effect made, unless somebody has put something into them."""
        for name in reversed(folders if isinstance(folders, list) else []):
            with suppress(ToolFault):
                self.root.exact.remove_folder(str(name))

    def expect(self, tool: Tool, args: JsonObject, before: Thing | None) -> None:
        """Remember what an action was planned on, until it is done."""
        with self._lock:
            self._expected[_key(tool, args)] = before
            while len(self._expected) > _REMEMBERED:
                self._expected.popitem(last=False)

    def refuse_unexpected(self, tool: Tool, args: JsonObject, now: Thing | None) -> None:
        """Raise when an action would not act on what it was planned on.

        Raises:
            Refused: Somebody has changed it since the snapshot was taken.
        """
        with self._lock:
            before = self._expected.get(_key(tool, args), now)
        same = before is None if now is None else now.is_like(before)
        if not same:
            raise Refused(
                "The file was changed by somebody else in the meantime.", advice="Look at it again."
            )


_KINDS: Final = {
    "folder": "folder",
    "link": "link, and links are not followed",
    "other": "special file",
}


def version(thing: Thing) -> str:
    """Return what names the content of a file in brief."""
    return thing.sha256[:VERSION_CHARACTERS]


def brief(thing: Thing) -> str:
    """Return what there is, for people."""
    if thing.kind != "file":
        return f"a {thing.kind}"
    return f"{thing.size} bytes (mode {thing.mode:04o}, version {version(thing)})"


def _key(tool: Tool, args: JsonObject) -> str:
    return digest({"tool": tool.name, "args": args})
