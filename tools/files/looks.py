"""What a file is besides its content: owner, permissions, attributes; and whether it may change."""

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from tools.errors import Refused
from tools.files.names import twin

Owner = tuple[int, int]
Attributes = Mapping[str, bytes]
_PRIVILEGED: Final = stat.S_ISUID | stat.S_ISGID
_CAPABILITY: Final = "security.capability"
_KEPT: Final = ("user.", "system.posix_acl_")
"""Extended attributes that are kept; the others are the system's own."""


class Looks(NamedTuple):
    """How a file is to look; None for what it was, or what a new file gets."""

    mode: int | None = None
    owner: Owner | None = None
    attributes: Attributes | None = None


def owner_in(above: os.stat_result) -> Owner:
    """Return whom a new file belongs to: what root makes, to whom the folder above belongs."""
    if os.geteuid() == 0:
        return above.st_uid, above.st_gid
    return os.geteuid(), above.st_gid if above.st_mode & stat.S_ISGID else os.getegid()


def fresh_mode() -> int:
    """Return the permissions of a new file, as this process makes them."""
    with suppress(OSError), Path("/proc/self/status").open("rb") as status:
        for line in status:
            if line.startswith(b"Umask:"):
                return 0o666 & ~int(line.split()[1], 8)
    mask = os.umask(0o077)  # for a moment; the system has no other way to tell
    os.umask(mask)
    return 0o666 & ~mask


def attributes_of(opened: int) -> dict[str, bytes]:
    """Return the extended attributes of an open file that are kept."""
    names = (name for name in _listed(opened) if name.startswith(_KEPT))
    return {name: os.getxattr(opened, name) for name in names}


def as_before(opened: int, name: str, looks: Looks) -> Looks:
    """Fill in from the file that is to be replaced what is not given.

    Raises:
        Refused: It runs with rights of its own.
    """
    if _CAPABILITY in _listed(opened):
        raise Refused(f"{name!r} runs with rights of its own (capabilities).")
    seen = os.fstat(opened)
    return Looks(
        stat.S_IMODE(seen.st_mode) if looks.mode is None else looks.mode,
        looks.owner or (seen.st_uid, seen.st_gid),
        attributes_of(opened) if looks.attributes is None else looks.attributes,
    )


def dress(opened: int, folder: int, looks: Looks) -> None:
    """Give a new file in a folder its owner, attributes and mode."""
    made, owner = os.fstat(opened), looks.owner or owner_in(os.fstat(folder))
    if owner != (made.st_uid, made.st_gid):
        os.fchown(opened, *owner)
    for name, value in (looks.attributes or {}).items():
        os.setxattr(opened, name, value)
    os.fchmod(opened, fresh_mode() if looks.mode is None else looks.mode)


def same(one: os.stat_result | None, other: os.stat_result | None) -> bool:
    """Tell whether two looks saw the same thing, unchanged; a mere renaming is no change."""
    return one is not None and other is not None and _stamp(one) == _stamp(other)


def refuse_unwritable(seen: os.stat_result, name: str) -> None:
    """Raise when a file is one that is never replaced or removed.

    Raises:
        Refused: It is no regular file, has other names (hard links), is read-only, or privileged.
    """
    if not stat.S_ISREG(seen.st_mode):
        raise Refused(f"{name!r} is not a regular file.")
    if seen.st_nlink > 1:
        raise Refused(
            f"{name!r} has {seen.st_nlink} names (hard links), and others may lie elsewhere.",
            advice="Write a new file instead.",
        )
    if not seen.st_mode & 0o222:
        raise Refused(f"{name!r} is read-only (mode {stat.S_IMODE(seen.st_mode):04o}).")
    if seen.st_mode & _PRIVILEGED:
        raise Refused(f"{name!r} runs with its owner's rights (setuid or setgid).")


def refuse_twin(folder: int, last: str, but: str = "") -> None:
    """Raise when a new name is hard to tell from one that is there.

    Raises:
        Refused: There is a sibling that differs only in letter case or Unicode form.
    """
    wanted = twin(last)
    for there in os.listdir(folder):
        if there not in {last, but} and twin(there) == wanted:
            raise Refused(
                f"{last!r} is hard to tell from {there!a}, which is in the same folder.",
                advice="Use that one, or a name that differs in more than case or accents' form.",
            )


def _listed(opened: int) -> list[str]:
    if not hasattr(os, "listxattr"):
        return []
    try:
        return os.listxattr(opened)
    except OSError:  # the file system has none
        return []


def _stamp(seen: os.stat_result) -> tuple[int, ...]:
    return (
        seen.st_dev,
        seen.st_ino,
        seen.st_size,
        seen.st_mtime_ns,
        seen.st_mode,
        seen.st_uid,
        seen.st_gid,
        seen.st_nlink,
    )
