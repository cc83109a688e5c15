"""A workspace: one folder, held by a descriptor, and nothing that is not beneath it.

Names are opened by `openat2` (RESOLVE_BENEATH), or walked part by part where the kernel has none.
No link is ever followed, neither to read nor to write: one file has one name, so what is denied or
approved by name is so by content too. Whoever replaces, moves or removes a file says what it saw
there (`os.stat_result`); the file is put aside, compared, and only then let go.
"""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final, Literal, NamedTuple
from weakref import finalize

from tools.errors import BadInput, Fatal, Refused
from tools.files import changes, kernel
from tools.files.changes import Spot
from tools.files.faults import fault_of, told
from tools.files.lock import PATIENCE_SECONDS, locked
from tools.files.looks import Attributes, Looks, Owner, refuse_twin, refuse_unwritable
from tools.files.names import MAX_NAME_BYTES, OURS, as_is, normal, parents, split

Kind = Literal["file", "folder", "link", "other"]
MAX_ENTRIES: Final = 100_000
"""A folder with more than this is not listed."""
_LONGEST: Final = 4_096
"""Bytes of a path, with its end, that the kernel takes at once."""
_READING: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class Entry(NamedTuple):
    """One thing in a folder."""

    part: str
    """Its name in the folder, as the disk has it; need not be one that a workspace takes."""
    kind: Kind
    seen: os.stat_result


class Root:
    """One workspace folder.

    All names are relative to it and pass `names.normal` first. Safe to share between threads.
    `exact` is the same folder for undoing what programs did.

    Args:
        path: The folder; links in this path itself are followed, once.
        walk: Do without `openat2` and `renameat2`, as where the kernel has neither.
        patience_seconds: How long to wait while another process changes something.

    Raises:
        BadInput: There is no such folder.
    """

    def __init__(
        self, path: Path, *, walk: bool = False, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        self.path = path
        try:
            self._descriptor = os.open(path, _FOLDER)
        except OSError as error:
            raise BadInput(
                f"The folder {str(path)!r} cannot be opened: {error.strerror}.",
                advice="Name a folder that exists.",
            ) from error
        self.close = finalize(self, os.close, self._descriptor)
        self._opener = kernel.open_walked if walk else kernel.opener(self._descriptor)
        self._portable = walk
        self._patience = patience_seconds
        self._named = normal
        self._careful = True

    @property
    def resolved(self) -> bool:
        """Whether the kernel itself keeps names beneath the folder (`openat2`)."""
        return self._opener is kernel.open_resolved

    @property
    def exact(self) -> "Root":
        """The same folder, as programs see it: still nothing but what is beneath it.

        It takes names as the disk has them, and replaces and removes files of every kind, with
        every permission; what is to be changed must have been seen all the same.
        """
        return _Exact(self)

    @property
    def _top(self) -> int:
        if not self.close.alive:
            raise Fatal(f"The workspace {str(self.path)!r} was closed.")
        return self._descriptor

    def open(self, name: str) -> BinaryIO:
        """Open a regular file to read.

        Raises:
            Refused: There is none, it is something else, or it lies behind a link.
        """
        name = self._named(name)
        try:
            opened = self._open(name, _READING)
        except OSError as error:
            raise fault_of(error, name) from error
        if stat.S_ISREG(os.fstat(opened).st_mode):
            return os.fdopen(opened, "rb")
        os.close(opened)
        raise Refused(f"{name or '.'!r} is not a regular file.")

    def stat(self, name: str) -> os.stat_result | None:
        """Return what there is of a name, a link itself rather than its target; None for nothing.

        Raises:
            Refused: It lies behind a link.
        """
        name = self._named(name)
        if not name:
            return os.fstat(self._top)
        folder, last = split(name)
        try:
            with self._folder(folder, kernel.PASSING | os.O_DIRECTORY) as opened:
                return os.stat(last, dir_fd=opened, follow_symlinks=False)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise fault_of(error, name) from error

    def link(self, name: str) -> str:
        """Return what a link leads to, as it says itself.

        Raises:
            Refused: There is no such link.
        """
        folder, last = split(self._named(name))
        with told(name), self._folder(folder) as opened:
            return os.readlink(last, dir_fd=opened)

    def scan(self, folder: str = "") -> list[Entry]:
        """Return what is in a folder, by name; our own passing files are left out.

        Raises:
            Refused: There is no such folder, it lies behind a link, or holds too much.
        """
        folder = self._named(folder)
        with told(folder), self._folder(folder) as opened, os.scandir(opened) as found:
            entries: list[Entry] = []
            for entry in found:
                if len(entries) == MAX_ENTRIES:
                    raise Refused(f"The folder {folder!r} holds more than {MAX_ENTRIES} things.")
                with suppress(FileNotFoundError):
                    seen = entry.stat(follow_symlinks=False)
                    entries.append(Entry(entry.name, kind_of(seen), seen))
        return sorted(
            entry for entry in entries if not (self._careful and entry.part.startswith(OURS))
        )

    def write(
        self,
        name: str,
        content: Iterable[bytes],
        *,
        over: os.stat_result | None,
        mode: int | None = None,
        owner: Owner | None = None,
        attributes: Attributes | None = None,
    ) -> os.stat_result:
        """Make or replace a file, wholly or not at all, and return what it now is.

        A file that is replaced keeps its mode, owner and attributes, unless others are given.

        Args:
            name: The file; its folder must exist.
            content: What it is to hold.
            over: What was seen there and is to be replaced; None when there must be nothing.
            mode: Permissions.
            owner: User and group.
            attributes: Extended attributes.

        Raises:
            Refused: What is there is not what was seen, or must not be replaced.
            Fatal: The disk is full, or read-only.
        """
        with self._changing(name) as spot:
            if self._careful and over is not None:
                refuse_unwritable(over, spot.last)
            elif self._careful:
                refuse_twin(spot.folder, spot.last)
            looks = Looks(mode, owner, attributes)
            return changes.write(spot, content, over=over, looks=looks)

    def refuse_twin(self, name: str, *, but: str = "") -> None:
        """Raise when a new name is hard to tell from one that is there.

        Args:
            name: The new name; the folder that it is in must exist.
            but: A name that is about to go.

        Raises:
            Refused: There is a sibling that differs only in letter case or Unicode form.
        """
        folder, last = split(self._named(name))
        above, leaving = split(self._named(but))
        with told(name), self._folder(folder) as opened:
            refuse_twin(opened, last, leaving if above == folder else "")

    def make_folders(self, name: str) -> list[str]:
        """Make a folder and what is missing above it; return the names of what was made.

        Raises:
            Refused: There is a file or a link in the way.
        """
        name = self._named(name)
        made = []
        for each in [*parents(name), name] if name else []:
            found = self.stat(each)
            if found is None:
                with self._changing(each) as spot:
                    if self._careful:
                        refuse_twin(spot.folder, spot.last)
                    changes.make_folder(spot)
                made.append(each)
            elif not stat.S_ISDIR(found.st_mode):
                raise Refused(f"{each!r} is not a folder.")
        return made

    def make_link(self, name: str, target: str) -> None:
        """Make a link, as one that was there before.

        Raises:
            Refused: There is something already.
        """
        with self._changing(name) as spot:
            os.symlink(target, spot.last, dir_fd=spot.folder)
            os.fsync(spot.folder)

    def rename(self, old: str, new: str, *, seen: os.stat_result) -> None:
        """Give a file or folder another name, which must be free, in a folder that exists.

        Raises:
            Refused: The new name is taken, or what is there is not what was seen.
        """
        above, new = split(self._named(new))
        with self._changing(old) as spot, self._folder(above) as folder:
            other = spot._replace(folder=folder, last=new)
            if self._careful:
                here = os.path.samestat(os.fstat(spot.folder), os.fstat(folder))
                refuse_twin(folder, new, but=spot.last if here else "")
            changes.rename(spot, other, seen=seen)

    def unlink(self, name: str, *, seen: os.stat_result) -> None:
        """Remove a file or a link.

        Raises:
            Refused: What is there is not what was seen, or must not be removed.
        """
        with self._changing(name) as spot:
            if self._careful and kind_of(seen) != "link":
                refuse_unwritable(seen, spot.last)
            changes.unlink(spot, seen=seen)

    def remove_folder(self, name: str) -> None:
        """Remove an empty folder.

        Raises:
            Refused: It is not empty, or none.
        """
        with self._changing(name) as spot:
            os.rmdir(spot.last, dir_fd=spot.folder)
            os.fsync(spot.folder)

    def set_looks(self, folder: str, mode: int, owner: Owner) -> None:
        """Give a folder the permissions and the owner that it had before.

        Raises:
            Refused: There is no such folder.
        """
        with told(folder), self._folder(self._named(folder)) as opened:
            changes.set_looks(opened, mode, owner)

    def settle(self, name: str) -> None:
        """Remove what a write or removal of this name left aside when it was killed."""
        if self.stat(split(self._named(name))[0]) is not None:
            with self._changing(name) as spot:
                changes.settle(spot)

    def _open(self, name: str, flags: int) -> int:
        """Open a name; one that is too long for the kernel is walked."""
        longest = len(name) > MAX_NAME_BYTES and len(os.fsencode(name)) >= _LONGEST
        return (kernel.open_walked if longest else self._opener)(self._top, name or ".", flags, 0)

    @contextmanager
    def _changing(self, name: str) -> Iterator[Spot]:
        """Yield a name in its open folder, while no other process of ours changes anything."""
        name = self._named(name)
        folder, last = split(name)
        if not last:
            raise Refused("The workspace itself is not changed.")
        with told(name), locked(self._top, self._patience), self._folder(folder) as opened:
            yield Spot(opened, last, self._portable)

    @contextmanager
    def _folder(self, name: str, flags: int = _FOLDER) -> Iterator[int]:
        """Yield a descriptor of a folder."""
        if not name and flags & os.O_DIRECTORY:
            yield self._top
            return
        opened = self._open(name, flags)
        try:
            yield opened
        finally:
            os.close(opened)


class _Exact(Root):
    """A workspace that takes what programs make; its descriptor is the other's."""

    def __init__(self, root: Root) -> None:
        vars(self).update(vars(root))
        self._other = root  # closes the descriptor when nobody needs it any more
        self._named = as_is
        self._careful = False


def kind_of(seen: os.stat_result) -> Kind:
    """Return what kind of thing was seen."""
    if stat.S_ISREG(seen.st_mode):
        return "file"
    if stat.S_ISDIR(seen.st_mode):
        return "folder"
    return "link" if stat.S_ISLNK(seen.st_mode) else "other"
