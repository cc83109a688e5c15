"""The processes beneath the keeper: what they use, and how all of them are ended.

The keeper is their subreaper: whoever loses its parent becomes a child of the keeper, so that
none of them gets away.
"""

import contextlib
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_FIRST = 3
"""Number in proc(5) of the field of `/proc/PID/stat` that follows the name."""
_PARENT, _USER_TIME, _THREADS, _RESIDENT = 4, 14, 20, 24


@dataclass(frozen=True, slots=True)
class Use:
    """What the processes use together."""

    processes: int
    memory_bytes: int
    """Resident; what they share is counted for each."""
    cpu_seconds: float


def descendants(root: int) -> list[int]:
    """Return every process beneath one."""
    listed = Path(f"/proc/{root}/task/{root}/children").exists()
    parents = {} if listed else _parents()
    found: list[int] = []
    left = [root]
    while left:
        parent = left.pop()
        children = [*_children(parent)] if listed else parents.get(parent, [])
        found += children
        left += children
    return found


def use() -> Use:
    """Return what the processes beneath this one use, and the ended ones have used."""
    ended = getrusage(RUSAGE_CHILDREN)
    memory, cpu, count = 0, ended.ru_utime + ended.ru_stime, 0
    for pid in descendants(os.getpid()):
        fields = _stat(pid)
        if fields:
            memory += fields[_RESIDENT - _FIRST] * _PAGE
            times = slice(_USER_TIME - _FIRST, _USER_TIME - _FIRST + 4)
            cpu += sum(fields[times]) / _TICKS
            count += fields[_THREADS - _FIRST]
    return Use(count, memory, cpu)


def owned_by(user: int) -> int:
    """Return how many processes and threads a user has on this machine."""
    count = 0
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if place.stat().st_uid == user:
                count += len([*(place / "task").iterdir()])
    return count


def proportional_bytes() -> int | None:
    """Return what the processes use with what they share counted once; None when not told."""
    total = 0
    for pid in descendants(os.getpid()):
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        except OSError:
            return None
        total += sum(int(line.split()[1]) for line in lines.splitlines() if line[:4] == "Pss:")
    return total * 1024


def reap() -> Iterator[tuple[int, int]]:
    """Yield each process that has ended, and its wait status."""
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            yield pid, status


def end_all(*, domain: bool, user: int) -> Iterator[tuple[int, int]]:
    """End every process beneath this one, and yield each that ended.

    Args:
        domain: Whether this process's signals are known not to leave what it keeps, so that one
            to everybody ends all at once.
        user: Whom nothing else belongs to but what is kept here; 0 for nobody like that.
    """
    while True:
        if domain:
            _signal_everybody()
        elif user:
            _end_user(user)
        for pid in descendants(os.getpid()):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        try:
            pid, status = os.waitpid(-1, 0)
        except ChildProcessError:
            return
        yield pid, status


def _signal_everybody() -> None:
    """End all that this process may signal; no fork is fast enough to be missed."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)


def _end_user(user: int) -> None:
    """End all processes of a user at once, as that user."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        os.setgid(user)
        os.setuid(user)
        _signal_everybody()
    finally:
        os._exit(0)


def _parents() -> dict[int, list[int]]:
    """Return the children of every process, from a look at all of them."""
    found: dict[int, list[int]] = {}
    for place in Path("/proc").glob("[0-9]*"):
        fields = _stat(int(place.name))
        if fields:
            found.setdefault(fields[_PARENT - _FIRST], []).append(int(place.name))
    return found


def _children(pid: int) -> Iterator[int]:
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            yield from map(int, (task / "children").read_text().split())
    except OSError:
        return


def _stat(pid: int) -> list[int]:
    """Return the fields of a process after its name, which may hold anything; no state."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []
    return [0, *map(int, told[1:])]
