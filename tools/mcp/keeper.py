"""Keeps one MCP server: a small process between it and us, run by path, that needs nothing of ours.

It passes messages on as long as they are of a size and number that can be taken, keeps the end of
what the server complains of, adopts whatever the server leaves behind, and ends all of it when our
side has gone, however it went.

    python -I -S keeper.py REPORT MESSAGE_BYTES MESSAGES COMMAND ARGUMENT...
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event, Lock, Thread
from typing import IO

CHUNK = 65_536
KEPT_BYTES = 4_000
"""How much of the end of its complaints is kept."""
FACTOR = 4
"""Bytes that may come between two of our messages, in messages of the largest size."""
LEAVING_SECONDS = 0.4
"""How long a server has to end by itself once its input is closed, and again once it is told to."""
ROUNDS = 200
_SUBREAPER, _DEATH_SIGNAL = 36, 1  # PR_SET_CHILD_SUBREAPER, PR_SET_PDEATHSIG


class Keeper:
    """Passes messages on between our side and a server.

    Args:
        server: The process.
        message_bytes: How long one message may be.
        messages: How many may come between two of ours.
    """

    def __init__(self, server: subprocess.Popen[bytes], message_bytes: int, messages: int) -> None:
        self.why = ""
        self.complaints = b""
        self.over = Event()
        self._server = server
        self._message_bytes = message_bytes
        self._messages = messages
        self._lock = Lock()
        self._left = (messages, message_bytes * FACTOR)

    def finish(self, why: str) -> None:
        """Say why it is over; the first reason counts."""
        with self._lock:
            self.why = self.why or why
        self.over.set()

    def pass_in(self, source: IO[bytes], sink: IO[bytes]) -> None:
        """Give our messages to the server; each allows it to say something again."""
        with suppress(OSError, ValueError):
            while chunk := os.read(source.fileno(), CHUNK):
                with self._lock:
                    self._left = (self._messages, self._message_bytes * FACTOR)
                # How a server ended that takes no more, whoever waits for it says.
                with suppress(OSError, ValueError):
                    sink.write(chunk)
                    sink.flush()
        with suppress(OSError):
            sink.close()
        self.finish("it was no longer needed")

    def pass_out(self, source: IO[bytes], sink: IO[bytes]) -> None:
        """Give the server's messages to our side, until it is too much."""
        with suppress(OSError, ValueError):
            for line in self._lines(source):
                if _is_message(line):
                    sink.write(line)
                    sink.flush()
        self.finish("it ended")

    def listen(self, source: IO[bytes]) -> None:
        """Keep the end of what the server complains of."""
        with suppress(OSError, ValueError):
            while chunk := os.read(source.fileno(), CHUNK):
                self.complaints = (self.complaints + chunk)[-KEPT_BYTES:]

    def _lines(self, source: IO[bytes]) -> Iterator[bytes]:
        while line := source.readline(self._message_bytes + 1):
            if len(line) > self._message_bytes:
                self.finish(f"it sent a message of more than {self._message_bytes} bytes")
                return
            with self._lock:
                messages, size = self._left
                self._left = (messages - 1, size - len(line))
            if min(self._left) < 0:
                self.finish(
                    f"it sent more than {self._messages} messages, or too many bytes, unasked"
                )
                return
            yield line


def _is_message(line: bytes) -> bool:
    """Tell whether a line is a message; servers print other things by mistake."""
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _control(option: int, value: int) -> None:
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _descendants() -> list[int]:
    """Return the processes below this one; what lost its parent is below it too."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError):
            rest = entry.read_text("utf-8", "replace").rpartition(")")[2].split()
            if rest[0] != "Z":
                parents[int(entry.parent.name)] = int(rest[1])
    found: list[int] = []
    above = {os.getpid()}
    while above:
        above = {one for one, parent in parents.items() if parent in above}
        found += above
    return found


def _signal(server: subprocess.Popen[bytes], number: int) -> None:
    with suppress(OSError):
        os.killpg(server.pid, number)
    for one in _descendants():
        with suppress(OSError):
            os.kill(one, number)


def _is_gone(server: subprocess.Popen[bytes], seconds: float) -> bool:
    """Wait for the server and all below it."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if server.poll() is not None and not _descendants():
            return True
        time.sleep(0.01)
    return False


def end(server: subprocess.Popen[bytes]) -> None:
    """End a server and all that it started, whatever of that wants to stay."""
    if _is_gone(server, LEAVING_SECONDS):
        return
    _signal(server, signal.SIGTERM)
    if _is_gone(server, LEAVING_SECONDS):
        return
    for _ in range(ROUNDS):
        _signal(server, signal.SIGKILL)
        if _is_gone(server, 0.02):
            return


def _dies_with_us() -> None:
    _control(_DEATH_SIGNAL, signal.SIGKILL)


def main(report: str, message_bytes: str, messages: str, *command: str) -> None:
    """Keep a server until it, or our side, has gone; leave a report."""
    _control(_SUBREAPER, 1)
    pipe = subprocess.PIPE
    try:
        server = subprocess.Popen(  # noqa: S603  # the command comes from settings alone
            command,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            start_new_session=True,
            preexec_fn=_dies_with_us,  # noqa: PLW1509  # there are no threads yet
        )
    except OSError as fault:
        Path(report).write_text(json.dumps({"why": fault.strerror or "no reason is known"}))
        return
    keeper = Keeper(server, int(message_bytes), int(messages))
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: keeper.finish("it was told to end"))
    _pump(keeper, server)
    keeper.over.wait()
    end(server)
    complaints = keeper.complaints.decode("utf-8", "replace")
    told = {"why": keeper.why, "code": server.poll(), "complaints": complaints}
    Path(report).write_text(json.dumps(told))
    sys.stdout.flush()


def _pump(keeper: Keeper, server: subprocess.Popen[bytes]) -> None:
    """Begin to pass messages on."""
    if server.stdin is None or server.stdout is None or server.stderr is None:
        return
    deeds = (
        Thread(target=keeper.pass_in, args=(sys.stdin.buffer, server.stdin), daemon=True),
        Thread(target=keeper.pass_out, args=(server.stdout, sys.stdout.buffer), daemon=True),
        Thread(target=keeper.listen, args=(server.stderr,), daemon=True),
    )
    for deed in deeds:
        deed.start()


if __name__ == "__main__":
    main(*sys.argv[1:])
    os._exit(0)  # threads may still wait for a pipe
