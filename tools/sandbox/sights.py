"""What programs get to see of a workspace, and what of their copies counts as a change of it."""

import hashlib
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

from tools.errors import BadInput
from tools.files.contents import Thing
from tools.files.globs import Patterns
from tools.files.guard import Guard
from tools.files.looks import owner_in
from tools.files.names import OURS
from tools.files.root import Root
from tools.files.tree import Limits, Tree, take, unlisted
from tools.sandbox.copying import PERMISSIONS
from tools.sandbox.limits import MEBIBYTE
from tools.sandbox.settings import SKIPPED, CommandSettings

_COPIED: Final = frozenset({"file", "folder", "link"})


class Sights:
    """What programs get to see of one workspace.

    Args:
        root: The workspace.
        guard: What of it is kept from agents; it is kept from programs as well.
        settings: What else is left out, and how much may be copied.
    """

    def __init__(self, root: Root, guard: Guard, settings: CommandSettings) -> None:
        self._root = root
        self.guard = guard
        self._skipped = Patterns((*SKIPPED, *settings.skip))
        copied = settings.copy_mb * MEBIBYTE
        whole = copied + settings.disk_mb * MEBIBYTE
        things = settings.copy_files + settings.disk_files
        self._may_copy = Limits(things=settings.copy_files, bytes=copied, file_bytes=copied)
        self._may_find = Limits(things=things, bytes=whole, file_bytes=whole)

    def look(self) -> dict[str, Thing]:
        """Return all that is copied.

        Raises:
            Refused: It is more than may be copied.
        """
        return self._of(self._root, self._may_copy)

    def look_at(self, copy: Root, before: Tree) -> dict[str, Thing]:
        """Return what is in a copy, with the owners and modes that it has in the workspace.

        Args:
            copy: The copy.
            before: What was copied.

        Raises:
            Refused: It is more than is looked at.
        """
        found = self._of(copy, self._may_find)
        return {name: self._at_home(name, thing, before) for name, thing in found.items()}

    def stamp(self) -> str:
        """Return a text that is another one when somebody has changed what is copied.

        It is told by sizes and times alone, which takes a fraction of reading all.
        """
        whole = hashlib.sha256()
        waiting = [""]
        while waiting:
            above = waiting.pop()
            for entry in self._root.exact.scan(above):
                name = f"{above}/{entry.part}" if above else entry.part
                if self.skips(name):
                    continue
                seen = entry.seen
                told = (name, seen.st_ino, seen.st_mode, seen.st_size, seen.st_mtime_ns)
                whole.update(repr((*told, seen.st_ctime_ns, seen.st_uid)).encode())
                if entry.kind == "folder":
                    waiting.append(name)
        return whole.hexdigest()

    def skips(self, name: str) -> bool:
        """Tell whether a name, and all beneath it, is neither copied nor carried over."""
        ours = PurePosixPath(name).name.startswith(OURS)
        return ours or bool(self._skipped.covering(name) or self.guard.denies(name))

    def _of(self, root: Root, limits: Limits) -> dict[str, Thing]:
        found = take(root, skip=self.skips, limits=limits)
        return {name: thing for name, thing in found.items() if thing.kind in _COPIED}

    def _at_home(self, name: str, thing: Thing, tree: Tree) -> Thing:
        before = tree.get(name)
        if before is None:
            uid, gid = self._owner(unlisted(name))
            mode = thing.mode & PERMISSIONS
            return thing.model_copy(update={"mode": mode, "uid": uid, "gid": gid, "attributes": {}})
        same = thing.mode == before.mode & PERMISSIONS
        kept: Mapping[str, object] = {
            "mode": before.mode if same else thing.mode & PERMISSIONS,
            "uid": before.uid,
            "gid": before.gid,
            "attributes": before.attributes if thing.kind == before.kind else {},
        }
        return thing.model_copy(update=kept)

    def _owner(self, name: str) -> tuple[int, int]:
        """Return whom something new belongs to: who has the nearest folder that is there."""
        for above in (*map(str, PurePosixPath(name).parents[:-1]), ""):
            seen = self._root.exact.stat(above)
            if seen is not None:
                return owner_in(seen)
        raise BadInput(f"The workspace {str(self._root.path)!r} is gone.")
