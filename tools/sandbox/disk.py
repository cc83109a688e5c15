"""How much a program adds to the disk, and how what it left is removed."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_BLOCK = 512


@dataclass(frozen=True, slots=True)
class Size:
    """What folders hold together."""

    bytes: int
    files: int


class DiskWatch:
    """Tells when folders have grown by more than they may.

    Counting a tree takes long, asking how much of a disk is free does not: the tree is only
    counted when the disk lost so much that it could be.

    Args:
        folders: The folders, all on one disk.
        most: Bytes and files by which they may grow.
    """

    def __init__(self, folders: Sequence[str], most: Size) -> None:
        self._folders = folders
        self._most = most
        self._begin = self._free()
        self._before = size_of(folders)

    def outgrown(self) -> bool:
        """Tell whether the folders hold more than they may."""
        if not self._folders:
            return False
        free = self._free()
        shrunk = self._begin.bytes - free.bytes > self._most.bytes
        # Some file systems do not say how many files they can take.
        if not shrunk and free.files and self._begin.files - free.files <= self._most.files:
            return False
        return self._grown()

    def _grown(self) -> bool:
        now = size_of(self._folders)
        return (
            now.bytes - self._before.bytes > self._most.bytes
            or now.files - self._before.files > self._most.files
        )

    def _free(self) -> Size:
        if not self._folders:
            return Size(0, 0)
        told = os.statvfs(self._folders[0])
        return Size(told.f_bfree * told.f_frsize, told.f_ffree)


def size_of(folders: Sequence[str]) -> Size:
    """Return what folders hold together; what disappears meanwhile is not counted."""
    total = files = 0
    for folder in folders:
        for entry in _entries(folder):
            files += 1
            try:
                total += entry.stat(follow_symlinks=False).st_blocks * _BLOCK
            except OSError:
                continue
    return Size(total, files)


def discard(folder: Path) -> None:
    """Remove a folder, whatever a program made of it; nobody may be at work in it any more.

    Folders in folders are moved up first: they can be nested deeper than a path can say, and
    closed to their owner.
    """
    left = 0
    queue = [folder]
    while queue:
        place = queue.pop()
        for path in [*place.iterdir()]:
            if path.is_symlink() or not path.is_dir():
                path.unlink()
                continue
            path.chmod(0o700)
            left += 1
            queue.append(path.rename(folder / f".left-{left}"))
        if place != folder:
            place.rmdir()
    folder.rmdir()


def _entries(folder: str) -> Iterator["os.DirEntry[str]"]:
    left = [folder]
    while left:
        try:
            with os.scandir(left.pop()) as entries:
                for entry in entries:
                    yield entry
                    if entry.is_dir(follow_symlinks=False):
                        left.append(entry.path)
        except OSError:
            continue
