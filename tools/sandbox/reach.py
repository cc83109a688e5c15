"""Lets a user without rights come to a few paths that lie in folders closed to it.

For root only: Python itself often lies below `/root`. In a view of the file systems that nobody
else has, the first closed folder on the way is covered by an empty one that holds nothing but the
wanted paths; the rest of it stays out of reach, even of root.
"""

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from tools.sandbox import kernel


def make_reachable(paths: Iterable[str], user: int) -> None:
    """Let a user come to these paths, in this process and what it starts.

    Raises:
        OSError: A closed folder is on the way, and this process may not mount.
    """
    behind: dict[Path, list[str]] = {}
    for path in paths:
        closed = _first_closed(Path(path), user)
        if closed is not None:
            behind.setdefault(closed, []).append(path)
    if not behind:
        return
    kernel.unshare_mounts()
    for closed, wanted in behind.items():
        _uncover(closed, wanted)


def _first_closed(path: Path, user: int) -> Path | None:
    """Return the highest folder above a path that a user may not pass."""
    for folder in reversed(path.parents):
        try:
            told = folder.stat()
        except OSError:
            return None
        passes = stat.S_IXUSR if told.st_uid == user else stat.S_IXOTH
        if not told.st_mode & passes:
            return folder
    return None


def _uncover(closed: Path, wanted: list[str]) -> None:
    opened = {path: os.open(path, os.O_PATH) for path in sorted(wanted) if Path(path).exists()}
    flags = kernel.MS_NOSUID | kernel.MS_NODEV
    kernel.mount("tmpfs", str(closed), "tmpfs", flags, "mode=755,size=1m")
    for path, descriptor in opened.items():
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            Path(path).mkdir(parents=True, exist_ok=True)
        elif not os.path.lexists(path):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).touch()
        source = f"/proc/self/fd/{descriptor}"
        kernel.mount(source, path, "", kernel.MS_BIND | kernel.MS_REC)
        os.close(descriptor)
