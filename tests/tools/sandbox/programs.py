"""Programs for sandboxes, and a short way to run them."""

from pathlib import Path

from tools.sandbox.job import Job, Tier
from tools.sandbox.launch import launch
from tools.sandbox.limits import MEBIBYTE, Limits
from tools.sandbox.order import Ended
from tools.sandbox.room import Room

SMALL = Limits(
    seconds=10.0,
    cpu_seconds=10.0,
    memory_bytes=64 * MEBIBYTE,
    processes=16,
    disk_bytes=4 * MEBIBYTE,
    disk_files=100,
    output_bytes=MEBIBYTE,
    kept_bytes=200,
)


def python(
    code: str,
    room: Room,
    tier: Tier,
    limits: Limits = SMALL,
    *,
    stdin: bytes = b"",
    cwd: str = ".",
) -> Ended:
    """Run Python."""
    argv = ["python", "-S", "-c", code]
    return launch(Job(argv=argv, room=room, limits=limits, stdin=stdin, cwd=cwd), tier)


def living(marker: str) -> list[int]:
    """Return the processes of this machine that were started with a word."""
    found = []
    for told in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = told.read_bytes().split(b"\0")
        except OSError:
            continue
        if marker.encode() in words:
            found.append(int(told.parent.name))
    return found
