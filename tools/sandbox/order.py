"""What the keeper of a sandbox is told, and what it tells at the end; plain JSON both ways."""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal

from tools.sandbox.limits import Limits
from tools.sandbox.seccomp import Strictness

Ending = Literal["exited", "time", "cpu", "memory", "disk", "output", "stopped", "unstarted"]
"""Why a program ended: by itself, at a limit, with the run, or because it never began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One program to be kept: how it begins, what holds it, and when it ends."""

    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: str
    limits: Limits
    stdin: str = ""
    """Base64."""
    user: int = 0
    """User and group that it becomes; 0 to stay who starts it. The keeper chooses it, if it can."""
    owned: Sequence[str] = ()
    """Folders that are given to that user."""
    watched: Sequence[str] = ()
    """Folders whose growth is counted."""
    reach: Sequence[str] = ()
    """Paths that the user must be able to come to."""
    strictness: Strictness = "namespaces"
    filter_fd: int = 0
    """Where the program finds its filter of system calls; 0 to put it on before it begins."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Texts that it finds at these file descriptors."""
    status_fd: int = 0
    """Where it says how the program inside ended; 0 when it is that program itself."""
    landlock: int = 0
    """The version of Landlock that holds it; 0 for none."""
    reads: Sequence[str] = ()
    """Paths that Landlock lets it read."""
    writes: Sequence[str] = ()
    """Folders that Landlock lets it write in."""

    def to_line(self) -> bytes:
        """Return the order as one line."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> "Order":
        """Read an order from a line."""
        told = json.loads(line)
        return cls(**{**told, "limits": Limits(**told["limits"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """What a program printed: all of it, or its beginning and its end."""

    head: bytes = b""
    tail: bytes = b""
    total: int = 0

    @property
    def text(self) -> str:
        """What was kept, with a note of what is missing in between."""
        missing = self.total - len(self.head) - len(self.tail)
        note = f"\n[... {missing} bytes left out ...]\n" if missing else ""
        return self.head.decode(errors="replace") + note + self.tail.decode(errors="replace")

    @property
    def truncated(self) -> bool:
        """Whether something is missing."""
        return self.total > len(self.head) + len(self.tail)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a program ended, and what it used."""

    ending: Ending
    exit_code: int | None
    """Of the program; 128 and more for a signal; None when it was ended."""
    stdout: Stream
    stderr: Stream
    fault: str = ""
    """Why it never began."""
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    memory_bytes: int = 0
    """The most that was seen."""
    processes: int = 0
    """The most that were seen at once."""

    def to_bytes(self) -> bytes:
        """Return it as JSON."""
        told = asdict(self)
        for name in ("stdout", "stderr"):
            for part in ("head", "tail"):
                told[name][part] = b64encode(told[name][part]).decode()
        return json.dumps(told).encode()

    @classmethod
    def from_bytes(cls, text: bytes) -> "Ended":
        """Read it from JSON."""
        told = json.loads(text)
        for name in ("stdout", "stderr"):
            parts = {part: b64decode(told[name][part]) for part in ("head", "tail")}
            told[name] = Stream(**parts, total=told[name]["total"])
        return cls(**told)
