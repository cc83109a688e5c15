"""Tries to get out of a sandbox: lays baits outside, runs the probes inside, looks at the baits."""

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.sandbox.job import Job
from tools.sandbox.limits import MEBIBYTE, Limits
from tools.sandbox.probes import PROBES
from tools.sandbox.room import Room, private_room

LIMITS = Limits(
    seconds=5.0,
    cpu_seconds=5.0,
    memory_bytes=128 * MEBIBYTE,
    processes=16,
    disk_bytes=4 * MEBIBYTE,
)
"""For the probes, which want more of each."""
_SCRIPT = "probes.py"
_OPEN = 0o666
_FORKS = 2 * LIMITS.processes + 10
VARIABLE = "SUREFOOT_BAIT"

RunProbes = Callable[[Job], bytes]
"""Runs a job in the sandbox that is tried; returns what it printed."""


@dataclass(slots=True)
class Baits:
    """What lies outside, for everybody who can come to it."""

    folder: Path
    token: str
    tcp: socket.socket
    udp: socket.socket
    abstract: socket.socket
    path: socket.socket
    victim: "subprocess.Popen[bytes]"

    @property
    def file(self) -> Path:
        """A file that everybody may read and write."""
        return self.folder / "secret"

    @property
    def daemon(self) -> str:
        """What a process that is left behind is known by."""
        return f"{self.token}-daemon"

    def told(self) -> str:
        """Return what the probes need to know."""
        return json.dumps(
            {
                "file": str(self.file),
                "folder": str(self.folder),
                "variable": VARIABLE,
                "tcp": self.tcp.getsockname()[1],
                "udp": self.udp.getsockname()[1],
                "abstract": self.token,
                "socket": str(self.folder / "socket"),
                "pid": self.victim.pid,
                "token": self.token,
                "daemon": self.daemon,
                "processes": _FORKS,
                "memory_bytes": 2 * LIMITS.memory_bytes,
                "disk_bytes": 2 * LIMITS.disk_bytes,
            }
        )

    def taken(self) -> Iterator[tuple[str, str]]:
        """Yield what can be seen from outside of the probes that got through."""
        if sorted(path.name for path in self.folder.iterdir()) != ["secret", "socket"]:
            yield "write_outside", "a file was made outside"
        if self.file.read_text() != self.token or self.file.stat().st_mode & 0o777 != _OPEN:
            yield "write_outside", "a file outside was changed"
        for name, server in (
            ("connect_tcp", self.tcp),
            ("connect_abstract", self.abstract),
            ("connect_path", self.path),
        ):
            with contextlib.suppress(BlockingIOError):
                server.accept()[0].close()
                yield name, "a connection came"
        with contextlib.suppress(BlockingIOError):
            yield "send_udp", f"{len(self.udp.recv(16))} bytes came"
        if self.victim.poll() is not None:
            yield "signal_process", "a process outside was ended"
        left = _end_marked(self.daemon)
        if left:
            yield "leave_daemon", f"{left} process was left behind"


def try_to_escape(run: RunProbes) -> dict[str, str]:
    """Try all probes; return what each got, which is nothing when it was held.

    Raises:
        ToolFault: The probes could not be run there.
    """
    with baits() as laid, private_room() as room:
        printed = run(_job(room, laid))
        try:
            claimed = json.loads(printed)
        except ValueError:
            claimed = {}
        found = {name: str(claimed.get(name, "it did not answer")) for name in names()}
        return found | dict(laid.taken())


def names() -> tuple[str, ...]:
    """Return what the probes are called."""
    return tuple(probe.__name__ for probe in PROBES)


def escaped(found: Mapping[str, str]) -> str:
    """Return in one line what got out; empty when nothing did."""
    return "; ".join(f"{name}: {got}" for name, got in found.items() if got)


@contextmanager
def baits() -> Iterator[Baits]:
    """Lay the baits, and take away what is left of them."""
    token = secrets.token_hex(8)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="surefoot-bait-")))
        folder.chmod(0o777)  # a bait that is closed would prove nothing
        (folder / "secret").write_text(token)
        (folder / "secret").chmod(_OPEN)
        servers = [stack.enter_context(made) for made in _sockets(folder, token)]
        tcp, udp, abstract, path = servers
        (folder / "socket").chmod(0o777)  # the same
        victim = stack.enter_context(_victim(token))
        yield Baits(folder, token, tcp, udp, abstract, path, victim)


def _sockets(folder: Path, token: str) -> Iterator[socket.socket]:
    kinds = (
        (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
        (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
        (socket.AF_UNIX, socket.SOCK_STREAM, f"\0{token}"),
        (socket.AF_UNIX, socket.SOCK_STREAM, str(folder / "socket")),
    )
    for family, kind, address in kinds:
        made = socket.socket(family, kind)
        made.setblocking(False)  # noqa: FBT003  # the only form there is
        made.bind(address)
        if kind == socket.SOCK_STREAM:
            made.listen()
        yield made


@contextmanager
def _victim(token: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a process that somebody inside may try to see, seize or end."""
    code = "import sys; sys.stdin.read()"
    command = [sys.executable, "-I", "-S", "-c", code, token]
    with subprocess.Popen(command, stdin=subprocess.PIPE, env={}) as victim:  # noqa: S603  # ours
        try:
            yield victim
        finally:
            victim.kill()


def _job(room: Room, laid: Baits) -> Job:
    script = Path(__file__).with_name(_SCRIPT).read_text("utf-8")
    (room.work / _SCRIPT).write_text(script, "utf-8")
    argv = ["python", "-S", _SCRIPT, laid.told()]
    return Job(argv=argv, room=room, limits=LIMITS)


def _end_marked(marker: str) -> int:
    """End every process that was started with a word; return how many there were."""
    count = 0
    for told in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if marker.encode() in told.read_bytes().split(b"\0"):
                os.kill(int(told.parent.name), signal.SIGKILL)
                count += 1
    return count
