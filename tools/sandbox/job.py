"""One program to be run in a sandbox, and what it finds there."""

import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tools.errors import Fatal
from tools.sandbox.limits import Limits
from tools.sandbox.order import Order
from tools.sandbox.room import Room

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
"""Folders of programs and libraries, which hold no secrets."""
SYSTEM_FILES = (
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/os-release",
    "/etc/pki/tls/certs",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/timezone",
)
"""What programs need of `/etc`, which does hold secrets."""
_PATH = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One program to be run."""

    argv: Sequence[str]
    room: Room
    limits: Limits = field(default_factory=Limits)
    cwd: str = "."
    """Folder below the private copy."""
    env: Mapping[str, str] = field(default_factory=dict)
    """What it finds in its environment beside the usual; nothing of ours gets there."""
    stdin: bytes = b""
    interpreter: Path = field(default_factory=lambda: Path(sys.executable))
    """The Python that it is given."""
    reads: Sequence[Path] = ()
    """Further folders that it may read."""

    @property
    def command(self) -> tuple[str, ...]:
        """The program and its arguments; `python` is the interpreter, whatever it is called."""
        first, *rest = self.argv
        return (str(self.interpreter) if first == "python" else first, *rest)


class Tier(Protocol):
    """One way to hold a program."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def detail(self) -> str:
        """What it consists of here, in a few words."""
        ...

    @property
    def place(self) -> str:
        """Where it was found."""
        ...

    def order(self, job: Job) -> Order:
        """Return what the keeper is told."""
        ...


def environment(job: Job, *, home: str, temporary: str) -> dict[str, str]:
    """Return the environment of a program: the same everywhere, and nothing of ours."""
    return {
        "PATH": ":".join((str(job.interpreter.parent), *_PATH)),
        "HOME": home,
        "TMPDIR": temporary,
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "USER": "agent",
        "LOGNAME": "agent",
        "NO_COLOR": "1",
        "TERM": "dumb",
        # What runs twice shall leave the same.
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "SOURCE_DATE_EPOCH": "315532800",
        **job.env,
    }


def readable(job: Job) -> list[str]:
    """Return the folders beside the system's that a program may read.

    Raises:
        Fatal: One of them would open the user's home to it.
    """
    wanted = {*readable_prefixes(job.interpreter), *(path.absolute() for path in job.reads)}
    home = Path.home()
    for path in wanted:
        if home.is_relative_to(path) or home.is_relative_to(path.resolve()):
            raise Fatal(
                f"A program in a sandbox may not read {str(path)!r}: your home is in it.",
                advice="Name another interpreter, or narrower folders, in [tools.commands].",
            )
    system = tuple(map(Path, SYSTEM))
    return sorted(
        str(path) for path in wanted if not any(path.is_relative_to(part) for part in system)
    )


def readable_prefixes(interpreter: Path) -> set[Path]:
    """Return the folders that an interpreter consists of, by looking and not by running it."""
    found = set()
    for path in (interpreter.absolute(), interpreter.resolve()):
        found.add(path.parent.parent)
        configuration = path.parent.parent / "pyvenv.cfg"
        if configuration.is_file():
            for line in configuration.read_text("utf-8").splitlines():
                name, _, value = line.partition("=")
                if name.strip() == "home":
                    found.add(Path(value.strip()).parent)
                    found.add(Path(value.strip()).resolve().parent)
    return found


def which(name: str, places: Sequence[str] = _PATH) -> str | None:
    """Return where a program of the system is, whatever our own `PATH` says."""
    return shutil.which(name, path=":".join(places))
