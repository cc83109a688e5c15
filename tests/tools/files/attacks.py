"""Ways out of a workspace, and ways to deceive who approves: each tells whether it succeeded."""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

from tests.tools.files.conftest import OUTSIDE, picture
from tests.tools.files.doors import Door
from tools.errors import ToolFault

Attack = Callable[[Path, Door], bool]

TRIES = 4_000
SWAP = """
import ctypes, sys
exchange = ctypes.CDLL(None).renameat2
one, other = (name.encode() for name in sys.argv[1:])
print("ready", flush=True)
while True:
    exchange(-100, one, -100, other, 2)
"""


def leaks(door: Door, *names: str) -> bool:
    """Tell whether any of these names yields what is outside, or secret."""
    for name in names:
        with suppress(ToolFault, OSError, ValueError):
            if door.read(name) in {OUTSIDE, "TOKEN=1\n", "[core]\n"}:
                return True
    return False


def harms(space: Path, deed: Callable[[], None]) -> bool:
    """Tell whether something changes what is outside."""
    before = picture(space.parent / "outside")
    with suppress(ToolFault, OSError, ValueError):
        deed()
    return picture(space.parent / "outside") != before


def breaks(deed: Callable[[], object]) -> bool:
    """Tell whether something ends in any other way than refused or done."""
    try:
        deed()
    except ToolFault:
        return False
    except Exception:  # noqa: BLE001  # any of them ends the run of a naive agent
        return True
    return False


def upwards(space: Path, door: Door) -> bool:
    """A sibling whose name begins alike passes for the workspace."""
    twin = space.parent / f"{space.name}-private"
    twin.mkdir()
    (twin / "a.txt").write_text(OUTSIDE)
    return leaks(door, f"../{twin.name}/a.txt", f"notes/../../{twin.name}/a.txt")


def absolute(space: Path, door: Door) -> bool:
    """An absolute path replaces what it is joined to."""
    twin = space.parent / f"{space.name}-private"
    twin.mkdir()
    (twin / "a.txt").write_text(OUTSIDE)
    return leaks(door, str(twin / "a.txt"))


def secret_by_detour(space: Path, door: Door) -> bool:
    """A secret by another spelling of its name."""
    return leaks(door, "./.env", "notes/../.env", "notes/..//.git/config", "/.env")


def secret_by_link(space: Path, door: Door) -> bool:
    """A secret behind an inner link with a harmless name."""
    (space / "notes/harmless.txt").symlink_to("../.env")
    return leaks(door, "notes/harmless.txt")


def link_swapped_while_reading(space: Path, door: Door) -> bool:
    """A folder becomes a link to outside between check and use."""
    (space.parent / "outside/a.txt").write_text(OUTSIDE)
    with swapping(space / "notes", space / "way out"):
        return any(leaks(door, "notes/a.txt") for _ in range(TRIES))


def link_swapped_while_writing(space: Path, door: Door) -> bool:
    """The same, to write outside."""
    (space.parent / "outside/a.txt").write_text(OUTSIDE)
    with swapping(space / "notes", space / "way out"):
        tries = range(TRIES // 4)
        return any(harms(space, lambda: door.write("notes/a.txt", "x")) for _ in tries)


def hard_link(space: Path, door: Door) -> bool:
    """An inner name of an outer file."""
    return harms(space, lambda: door.write("hard.txt", "overwritten"))


def pipe(space: Path, door: Door) -> bool:
    """A pipe without a writer: reading never ends."""
    reader = Thread(target=lambda: breaks(lambda: door.read("pipe")), daemon=True)
    reader.start()
    reader.join(0.3)
    hangs = reader.is_alive()
    until = time.monotonic() + 5
    while reader.is_alive() and time.monotonic() < until:  # lets it go
        with suppress(OSError):
            os.close(os.open(space / "pipe", os.O_WRONLY | os.O_NONBLOCK))
        reader.join(0.01)
    return hangs


def device(space: Path, door: Door) -> bool:
    """A device in the shape of a file."""
    if os.geteuid() != 0:
        return False
    try:
        door.write("device", "to the driver")
    except ToolFault:
        return False
    return True


def twins(space: Path, door: Door) -> bool:
    """Names that a person, or another disk, takes for one that is there."""
    for name in ("notes/A.txt", "Notes/a.txt", "notes/\uff41.txt", "notes/b\u0131.txt"):
        with suppress(ToolFault):
            door.write(name, "not what you think")
    return (space / "notes/A.txt").exists() or (space / "Notes").exists()


def composed(space: Path, door: Door) -> bool:
    """One name in two forms of Unicode: two files that look the same."""
    for name in ("notes/\u00e9.txt", "notes/e\u0301.txt"):
        with suppress(ToolFault):
            door.write(name, name)
    return len([*(space / "notes").glob("*\u0301*"), *(space / "notes").glob("\u00e9*")]) > 1


def turned(space: Path, door: Door) -> bool:
    """A name that is shown as another: `gnp.exe` reads `exe.png`."""
    with suppress(ToolFault):
        door.write("notes/\u202egnp.exe", "x")
        return True
    return False


def nul(space: Path, door: Door) -> bool:
    """A name that C ends elsewhere than Python."""
    return breaks(lambda: door.read("notes/a.txt\0.png"))


def long_part(space: Path, door: Door) -> bool:
    """A part that is longer than a disk takes."""
    return breaks(lambda: door.write("n" * 256, "x"))


def long_name(space: Path, door: Door) -> bool:
    """A name that is longer than the kernel takes."""
    return breaks(lambda: door.write("d/" * 2_100 + "x", "x"))


def no_text(space: Path, door: Door) -> bool:
    """A name with half a character."""
    return breaks(lambda: door.write("notes/\ud800", "x"))


def cut_short(space: Path, door: Door) -> bool:
    """The disk is full in the middle of a write."""
    child = os.fork()
    if child == 0:
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, 4_096))
            breaks(lambda: door.write("notes/a.txt", "x" * 12_000))
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    return (space / "notes/a.txt").read_text() != "one\ntwo\nthree\n"


def overwritten(space: Path, door: Door) -> bool:
    """A file is moved onto another, whose content nobody looked at."""
    with suppress(ToolFault):
        door.move("notes/a.txt", "notes/b.txt")
    return (space / "notes/b.txt").read_text() != "banana\n"


def read_only(space: Path, door: Door) -> bool:
    """What its owner locked is deleted."""
    with suppress(ToolFault):
        door.delete("readonly.txt")
    return not (space / "readonly.txt").exists()


@contextmanager
def swapping(one: Path, other: Path) -> Iterator[None]:
    """Let another process exchange two names, over and over."""
    command = [sys.executable, "-c", SWAP, str(one), str(other)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield
        finally:
            process.send_signal(signal.SIGKILL)


ATTACKS: tuple[Attack, ...] = (
    upwards,
    absolute,
    secret_by_detour,
    secret_by_link,
    link_swapped_while_reading,
    link_swapped_while_writing,
    hard_link,
    pipe,
    device,
    twins,
    composed,
    turned,
    nul,
    long_part,
    long_name,
    no_text,
    cut_short,
    overwritten,
    read_only,
)
