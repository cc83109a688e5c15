"""Changes in one folder, by its descriptor: atomic, synced, and never of what was not seen.

What is to be replaced or removed first changes places with, or becomes, a passing file beside it.
Only when that is what the caller saw is it let go; otherwise it goes back. A kill in between leaves
a passing file, which the next change of that name, or `settle`, removes.
"""

import hashlib
import os
import stat
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from tools.errors import Refused
from tools.files import kernel
from tools.files.faults import done
from tools.files.names import OURS, twin

Owner = tuple[int, int]
Attributes = Mapping[str, bytes]
_CREATING: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_PRIVILEGED: Final = stat.S_ISUID | stat.S_ISGID
_CAPABILITY: Final = "security.capability"
_KEPT: Final = ("user.", "system.posix_acl_")
"""Extended attributes that are kept; the others are the system's own."""


class Looks(NamedTuple):
    """What a file is besides its content; None for what it was, or what a new file gets."""

    mode: int | None = None
    owner: Owner | None = None
    attributes: Attributes | None = None


def write(
    folder: int, last: str, content: Iterable[bytes], *, over: os.stat_result | None, looks: Looks
) -> os.stat_result:
    """Write a passing file, sync it, and put it in its place; see `Root.write`."""
    if over is not None:
        looks = _as_before(folder, last, over, looks)
    settle(folder, last)
    made = _fill(folder, last, content, looks)
    _place(folder, last, over)
    with done(last):
        os.fsync(folder)
    return made


def rename(folder: int, last: str, other: int, new: str, *, seen: os.stat_result) -> None:
    """Rename what was seen to a name that is free."""
    _refuse_changed(_look(folder, last), seen, last)
    kernel.rename_new(folder, last, other, new)
    if not same(_look(other, new), seen):
        with done(last):
            kernel.rename_new(other, new, folder, last)
        raise _changed(last)
    with done(last):
        os.fsync(other)
        os.fsync(folder)


def unlink(folder: int, last: str, *, seen: os.stat_result) -> None:
    """Remove what was seen."""
    aside = _aside(last)
    settle(folder, last)
    _refuse_changed(_look(folder, last), seen, last)
    kernel.rename_new(folder, last, folder, aside)
    if not same(_look(folder, aside), seen):
        with done(last):
            kernel.rename_new(folder, aside, folder, last)
        raise _changed(last)
    with done(last):
        os.unlink(aside, dir_fd=folder)
        os.fsync(folder)


def make_folder(folder: int, last: str) -> None:
    """Make a folder; it belongs to whom the one above belongs."""
    os.mkdir(last, dir_fd=folder)
    owner = owner_in(os.fstat(folder))
    made = os.stat(last, dir_fd=folder, follow_symlinks=False)
    if owner != (made.st_uid, made.st_gid):
        os.chown(last, *owner, dir_fd=folder, follow_symlinks=False)
    os.fsync(folder)


def set_looks(folder: int, mode: int, owner: Owner) -> None:
    """Give a folder other permissions and another owner."""
    seen = os.fstat(folder)
    if owner != (seen.st_uid, seen.st_gid):
        os.fchown(folder, *owner)
    os.fchmod(folder, mode)
    os.fsync(folder)


def settle(folder: int, last: str) -> None:
    """Remove the passing file that a kill left."""
    with suppress(FileNotFoundError):
        os.unlink(_aside(last), dir_fd=folder)


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


def attributes_of(opened: int) -> dict[str, bytes]:
    """Return the extended attributes of an open file that are kept."""
    if not hasattr(os, "listxattr"):
        return {}
    try:
        names = os.listxattr(opened)
    except OSError:  # the file system has none
        return {}
    return {name: os.getxattr(opened, name) for name in names if name.startswith(_KEPT)}


def _as_before(folder: int, last: str, over: os.stat_result, looks: Looks) -> Looks:
    """Fill in from the file that is to be replaced what is not given."""
    opened = os.open(last, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW, dir_fd=folder)
    try:
        _refuse_changed(os.fstat(opened), over, last)
        if hasattr(os, "listxattr") and _CAPABILITY in os.listxattr(opened):
            raise Refused(f"{last!r} runs with rights of its own (capabilities).")
        attributes = attributes_of(opened)
    finally:
        os.close(opened)
    return Looks(
        stat.S_IMODE(over.st_mode) if looks.mode is None else looks.mode,
        looks.owner or (over.st_uid, over.st_gid),
        attributes if looks.attributes is None else looks.attributes,
    )


def _fill(folder: int, last: str, content: Iterable[bytes], looks: Looks) -> os.stat_result:
    """Write and sync a passing file; none is left when that fails."""
    opened, filled = os.open(_aside(last), _CREATING, 0o600, dir_fd=folder), False
    try:
        with os.fdopen(opened, "wb") as file:
            for chunk in content:
                file.write(chunk)
            file.flush()
            _dress(file.fileno(), folder, looks)
            os.fsync(file.fileno())
            made = os.fstat(file.fileno())
        filled = True
    finally:
        if not filled:
            settle(folder, last)
    return made


def _dress(opened: int, folder: int, looks: Looks) -> None:
    """Give a passing file its owner, attributes and mode."""
    made, above = os.fstat(opened), os.fstat(folder)
    owner = looks.owner or owner_in(above)
    if owner != (made.st_uid, made.st_gid):
        os.fchown(opened, *owner)
    for name, value in (looks.attributes or {}).items():
        os.setxattr(opened, name, value)
    os.fchmod(opened, fresh_mode() if looks.mode is None else looks.mode)


def _place(folder: int, last: str, over: os.stat_result | None) -> None:
    """Let the passing file take its place, if what is there is what was seen."""
    aside = _aside(last)
    try:
        if over is None:
            kernel.rename_new(folder, aside, folder, last)
            return
        _refuse_changed(_look(folder, last), over, last)
        if not kernel.exchange(folder, aside, last):
            os.rename(aside, last, src_dir_fd=folder, dst_dir_fd=folder)
            return
    except (OSError, Refused):
        settle(folder, last)
        raise
    is_other = not same(_look(folder, aside), over)
    with done(last):
        if is_other:
            kernel.exchange(folder, aside, last)
        settle(folder, last)
    if is_other:
        raise _changed(last)


def _look(folder: int, last: str) -> os.stat_result | None:
    try:
        return os.stat(last, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None


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


def _refuse_changed(now: os.stat_result | None, seen: os.stat_result, last: str) -> None:
    if not same(now, seen):
        raise _changed(last)


def _changed(last: str) -> Refused:
    return Refused(
        f"{last!r} is no longer what it was when it was looked at.", advice="Look at it again."
    )


def _aside(last: str) -> str:
    return f"{OURS}{hashlib.sha256(os.fsencode(last)).hexdigest()[:16]}"
