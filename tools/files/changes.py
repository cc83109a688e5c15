"""Changes in one folder, by its descriptor: atomic, synced, and never of what was not seen.

What is to be replaced or removed first changes places with, or becomes, a passing file beside it.
Only when that is what the caller saw is it let go; otherwise it goes back. A kill in between leaves
a passing file, which the next change of that name, or `settle`, removes.
"""

import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from typing import Final, NamedTuple

from tools.errors import Refused
from tools.files import kernel
from tools.files.faults import NotSynced, done
from tools.files.looks import Looks, Owner, as_before, dress, owner_in, same
from tools.files.names import OURS

_CREATING: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_LOOKING: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC


class Spot(NamedTuple):
    """A name in an open folder."""

    folder: int
    last: str
    portable: bool = False
    """Whether to do without what only Linux has."""

    @property
    def aside(self) -> "Spot":
        """Where its passing file is."""
        name = f"{OURS}{hashlib.sha256(os.fsencode(self.last)).hexdigest()[:16]}"
        return self._replace(last=name)

    def look(self) -> os.stat_result | None:
        """Return what is there, a link itself; None for nothing."""
        try:
            return os.stat(self.last, dir_fd=self.folder, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def remove(self) -> None:
        """Remove the file that is there."""
        os.unlink(self.last, dir_fd=self.folder)

    def rename_new(self, other: "Spot") -> None:
        """Give what is there another name, which must be free."""
        kernel.rename_new(self.folder, self.last, other.folder, other.last, portable=self.portable)

    def exchange(self, other: "Spot") -> bool:
        """Change places with another name of the folder; False when that cannot be."""
        return kernel.exchange(self.folder, self.last, other.last, portable=self.portable)


def write(
    spot: Spot, content: Iterable[bytes], *, over: os.stat_result | None, looks: Looks
) -> os.stat_result:
    """Write a passing file, sync it, and put it in its place; see `Root.write`."""
    if over is not None:
        looks = _as_before(spot, over, looks)
    settle(spot)
    made = _fill(spot, content, looks)
    try:
        swapped = _place(spot, over)
    except (OSError, Refused):
        settle(spot)
        raise
    if swapped and not same(spot.aside.look(), over):
        _take_back(spot, made)
        raise _changed(spot)
    with done(spot.last):
        settle(spot)
        os.fsync(spot.folder)
    return made


def rename(spot: Spot, other: Spot, *, seen: os.stat_result) -> None:
    """Rename what was seen to a name that is free."""
    _refuse_changed(spot, seen)
    spot.rename_new(other)
    if not same(other.look(), seen):
        _give_back(other, spot)
        raise _changed(spot)
    with done(spot.last):
        os.fsync(other.folder)
        os.fsync(spot.folder)


def unlink(spot: Spot, *, seen: os.stat_result) -> None:
    """Remove what was seen."""
    settle(spot)
    _refuse_changed(spot, seen)
    spot.rename_new(spot.aside)
    if not same(spot.aside.look(), seen):
        _give_back(spot.aside, spot)
        raise _changed(spot)
    with done(spot.last):
        spot.aside.remove()
        os.fsync(spot.folder)


def make_folder(spot: Spot) -> None:
    """Make a folder; it belongs to whom the one above belongs."""
    os.mkdir(spot.last, dir_fd=spot.folder)
    owner = owner_in(os.fstat(spot.folder))
    made = spot.look()
    if made is not None and owner != (made.st_uid, made.st_gid):
        os.chown(spot.last, *owner, dir_fd=spot.folder, follow_symlinks=False)
    os.fsync(spot.folder)


def set_looks(folder: int, mode: int, owner: Owner) -> None:
    """Give a folder other permissions and another owner."""
    seen = os.fstat(folder)
    if owner != (seen.st_uid, seen.st_gid):
        os.fchown(folder, *owner)
    os.fchmod(folder, mode)
    os.fsync(folder)


def settle(spot: Spot) -> None:
    """Remove the passing file that a kill left."""
    with suppress(FileNotFoundError):
        spot.aside.remove()


def _as_before(spot: Spot, over: os.stat_result, looks: Looks) -> Looks:
    """Fill in from the file that is to be replaced what is not given."""
    opened = os.open(spot.last, _LOOKING, dir_fd=spot.folder)
    try:
        if not same(os.fstat(opened), over):
            raise _changed(spot)
        return as_before(opened, spot.last, looks)
    finally:
        os.close(opened)


def _fill(spot: Spot, content: Iterable[bytes], looks: Looks) -> os.stat_result:
    """Write and sync a passing file; none is left when that fails."""
    opened, filled = os.open(spot.aside.last, _CREATING, 0o600, dir_fd=spot.folder), False
    try:
        with os.fdopen(opened, "wb") as file:
            for chunk in content:
                file.write(chunk)
            file.flush()
            dress(file.fileno(), spot.folder, looks)
            os.fsync(file.fileno())
            made = os.fstat(file.fileno())
        filled = True
    finally:
        if not filled:
            settle(spot)
    return made


def _place(spot: Spot, over: os.stat_result | None) -> bool:
    """Put the passing file in its place; True when what was there is now the passing file."""
    if over is None:
        spot.aside.rename_new(spot)
        return False
    _refuse_changed(spot, over)
    if spot.aside.exchange(spot):
        return True
    folder = spot.folder
    os.rename(spot.aside.last, spot.last, src_dir_fd=folder, dst_dir_fd=folder)
    return False


def _take_back(spot: Spot, made: os.stat_result) -> None:
    """Let somebody else's file have its place again, and remove ours.

    If that place was taken once more in the meantime, by a file that is not ours, it is kept.
    """
    with done(spot.last):
        spot.aside.exchange(spot)
        if same(spot.aside.look(), made):
            settle(spot)
            return
    _keep(spot.aside, spot)


def _give_back(there: Spot, spot: Spot) -> None:
    """Give somebody else's file its name back; if that is taken again, it gets one beside."""
    try:
        there.rename_new(spot)
    except OSError:
        _keep(there, spot)


def _keep(there: Spot, spot: Spot) -> None:
    """Give a file that somebody put in the way at the same moment a name of its own.

    Raises:
        NotSynced: Always; tells the name.
    """
    beside = spot._replace(last=f"{spot.last[:40]}.kept-{os.urandom(4).hex()}")
    with done(spot.last):
        there.rename_new(beside)
    raise NotSynced(
        f"Somebody changed {spot.last!r} several times while it was changed here.",
        changed=f"What was there in between is kept beside it as {beside.last!r}.",
        advice="Look at both.",
    )


def _refuse_changed(spot: Spot, seen: os.stat_result) -> None:
    if not same(spot.look(), seen):
        raise _changed(spot)


def _changed(spot: Spot) -> Refused:
    return Refused(
        f"{spot.last!r} is no longer what it was when it was looked at.",
        advice="Look at it again.",
    )
