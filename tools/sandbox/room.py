"""The folders of one program, which are gone with it, however its process ends."""

import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from tools.sandbox.disk import discard

_PREFIX: Final = "surefoot-room-"
_FRESH_SECONDS: Final = 60.0
"""A room that is younger may not be locked yet."""


@dataclass(frozen=True, slots=True)
class Room:
    """The folders of one program; nothing else may be written to."""

    top: Path
    """Holds the others; of no use to the program."""

    @property
    def work(self) -> Path:
        """Where it works: the private copy."""
        return self.top / "work"

    @property
    def temporary(self) -> Path:
        """Its temporary files."""
        return self.top / "tmp"

    @property
    def home(self) -> Path:
        """Its home."""
        return self.top / "home"

    @property
    def folders(self) -> tuple[str, str, str]:
        """All of them."""
        return str(self.work), str(self.temporary), str(self.home)


@contextmanager
def private_room() -> Iterator[Room]:
    """Make the folders of one program, empty, and remove them with all that it left there.

    What a process that was killed could not remove, the next one does.
    """
    place = Path(tempfile.gettempdir())
    _sweep(place)
    room = Room(Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place)))
    held = os.open(room.top, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        # A user of its own must come to the folders in it, which are closed to others.
        room.top.chmod(0o711)
        for folder in room.folders:
            Path(folder).mkdir(mode=0o700)
        yield room
    finally:
        discard(room.top)
        os.close(held)


@cache
def _sweep(place: Path) -> None:
    """Remove rooms of ours that nobody holds any more; once for each process."""
    for top in place.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            _remove_left(top)


def _remove_left(top: Path) -> None:
    opened = os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        seen = os.fstat(opened)
        if seen.st_uid != os.geteuid() or time.time() - seen.st_mtime < _FRESH_SECONDS:
            return
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        discard(top)
    finally:
        os.close(opened)
