"""A process of its own that keeps one program: starts it, watches it, and ends all of it.

It is started with the standard library only, is told one order on its input, and answers on its
output how it ended. Whoever closes its input, or dies, ends the program.
"""

import contextlib
import json
import os
import select
import signal
import sys
from base64 import b64decode
from dataclasses import dataclass, replace
from pathlib import Path

from tools.sandbox import kernel, landlock, tree
from tools.sandbox.capture import Capture
from tools.sandbox.child import become
from tools.sandbox.order import Ended, Ending, Order
from tools.sandbox.reach import make_reachable
from tools.sandbox.watch import Watch

_TICK_MILLISECONDS = 50
_INPUT = 0
_BY_CPU = frozenset({128 + signal.SIGXCPU, 128 + signal.SIGKILL})
_FIRST_USER, _USERS = 61_184, 4_336
"""Numbers that systemd keeps for users that come and go; nothing belongs to them."""
_NEARLY = 0.9
"""Share of the CPU limit from which such an end counts as the limit's."""


@dataclass(frozen=True, slots=True)
class Pipes:
    """The keeper's ends of what it shares with the program."""

    stdout: int
    stderr: int
    fault: int
    """Tells why the program could not begin."""
    status: int
    """Tells how the program ended, when another one set it up."""


class Keeper:
    """Keeps the program of one order.

    Args:
        order: The program.
        domain: Whether signals of this process stay with what it keeps.
    """

    def __init__(self, order: Order, *, domain: bool) -> None:
        self._order = order
        self._domain = domain
        self._watch = Watch(order)
        self._child, self._pipes = _start(order)
        self._out = Capture(self._pipes.stdout, order.limits.kept_bytes)
        self._err = Capture(self._pipes.stderr, order.limits.kept_bytes)
        self._status: int | None = None

    def keep(self) -> Ended:
        """Stay until the program ended or must, end what is left of it, and say how it was."""
        ending = self._stay()
        seconds = self._watch.seconds
        user = self._order.user if self._order.landlock else 0
        for pid, status in tree.end_all(domain=self._domain, user=user):
            self._note(pid, status)
        for stream in (self._out, self._err):
            while stream.open and stream.total <= self._order.limits.output_bytes:
                stream.read()
        return self._told(ending, seconds)

    def _stay(self) -> Ending | None:
        """Return why the program must end; None when it ended by itself."""
        poll = select.poll()
        poll.register(os.pidfd_open(self._child), select.POLLIN)
        poll.register(_INPUT, 0)
        streams = {stream.source: stream for stream in (self._out, self._err)}
        for source in streams:
            poll.register(source, select.POLLIN)
        while True:
            ready = [place for place, _ in poll.poll(_TICK_MILLISECONDS)]
            for place in {*ready} & {*streams}:
                streams[place].read()
                if not streams[place].open:
                    poll.unregister(place)
            for pid, status in tree.reap():
                self._note(pid, status)
            if self._status is not None:
                return None
            passed = self._watch.passed(self._out.total + self._err.total)
            if passed or _INPUT in ready:
                return passed or "stopped"

    def _note(self, pid: int, status: int) -> None:
        if pid == self._child:
            self._status = status

    def _told(self, ending: Ending | None, seconds: float) -> Ended:
        cpu = self._watch.cpu_seconds
        fault = os.read(self._pipes.fault, 4096).decode(errors="replace")
        code = self._exit_code() if ending is None and not fault else None
        if ending is None and code is None:
            ending = "unstarted"
            fault = fault or self._err.kept().text[:2000] or f"wait status {self._status}"
        elif code in _BY_CPU and cpu >= _NEARLY * self._order.limits.cpu_seconds:
            ending, code = "cpu", None
        return Ended(
            ending=ending or "exited",
            exit_code=code,
            stdout=self._out.kept(),
            stderr=self._err.kept(),
            fault=fault,
            seconds=seconds,
            cpu_seconds=cpu,
            memory_bytes=self._watch.memory_bytes,
            processes=self._watch.processes,
        )

    def _exit_code(self) -> int | None:
        """Return how the program ended; None when it never began."""
        if self._order.status_fd:
            return _inner_code(self._pipes.status)
        if self._status is None:
            return None
        code = os.waitstatus_to_exitcode(self._status)
        return code if code >= 0 else 128 - code


def main() -> None:
    """Keep the program of the order on the input, and answer on the output."""
    order = replace(Order.from_line(_line()), user=_own_user())
    domain = _prepare(order)
    ended = Keeper(order, domain=domain).keep()
    sys.stdout.buffer.write(ended.to_bytes())
    sys.stdout.buffer.flush()


def _own_user() -> int:
    """Return a user that nothing else belongs to; 0 when we are not root, and have to stay."""
    return _FIRST_USER + os.getpid() % _USERS if os.geteuid() == 0 else 0


def _line() -> bytes:
    """Read one line; whoever writes it keeps the pipe open and writes no more."""
    read = b""
    while not read.endswith(b"\n"):
        more = os.read(_INPUT, 1 << 20)
        if not more:
            sys.exit("no order came")
        read += more
    return read


def _prepare(order: Order) -> bool:
    """Make this process fit to keep a program; return whether its signals stay with it."""
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    if order.user:
        for folder in order.owned:
            _give(folder, order.user)
        make_reachable(order.reach, order.user)
    if not order.landlock:
        return False
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    reached = _reaches(os.getppid())
    landlock.keep_signals_in(order.landlock)
    return reached and not _reaches(os.getppid())


def _reaches(pid: int) -> bool:
    """Tell whether this process may signal another one."""
    try:
        os.kill(pid, 0)
    except (PermissionError, ProcessLookupError):
        return False
    return True


def _give(folder: str, user: int) -> None:
    os.lchown(folder, user, user)
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.lchown(Path(place) / name, user, user)


def _start(order: Order) -> tuple[int, Pipes]:
    """Start the program and return it with the pipes that lead to it."""
    taken = 0 if order.user else tree.owned_by(os.getuid())
    given = os.memfd_create("input")
    os.write(given, b64decode(order.stdin))
    os.lseek(given, 0, os.SEEK_SET)
    out, err, fault, status = (os.pipe() for _ in range(4))
    child = os.fork()
    if not child:
        if order.status_fd:
            os.dup2(status[1], order.status_fd)
        become(order, streams=(given, out[1], err[1]), told=fault[1], taken=taken)
    for _, writing in (out, err, fault, status):
        os.close(writing)
    os.close(given)
    for reading in (out[0], err[0]):
        os.set_blocking(reading, False)
    return child, Pipes(out[0], err[0], fault[0], status[0])


def _inner_code(status: int) -> int | None:
    """Return the exit code that bubblewrap tells, line by line of JSON."""
    with os.fdopen(status, "rb") as told:
        for line in told.read(65_536).splitlines():
            with contextlib.suppress(ValueError):
                code = json.loads(line).get("exit-code")
                if isinstance(code, int):
                    return code
    return None
