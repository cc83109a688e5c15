"""One program to be run in a sandbox, and the folders that are made for it."""

import os
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tools.errors import Fatal
from tools.sandbox.disk import discard
from tools.sandbox.limits import Limits
from tools.sandbox.order import Order

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
_FIRST_USER, _USERS = 61_184, 4_336
"""Numbers that systemd keeps for users that come and go; nothing belongs to them."""


@dataclass(frozen=True, slots=True)
class Room:
    """The folders of one program; nothing else may be written to."""

    top: Path
    """Holds the others; of no use to the program."""

    @property
    def work(self) -> Path:
        """Where it works: the private copy."""
        return self.top / "work"

    @property
    def temporary(self) -> Path:
        """Its temporary files."""
        return self.top / "tmp"

    @property
    def home(self) -> Path:
        """Its home."""
        return self.top / "home"

    @property
    def folders(self) -> tuple[str, str, str]:
        """All of them."""
        return str(self.work), str(self.temporary), str(self.home)


@contextmanager
def private_room(beneath: Path | None = None) -> Iterator[Room]:
    """Make the folders of one program, empty, and remove them with all that it left there.

    Args:
        beneath: Where they are made; among the temporary files when None.
    """
    top = Path(tempfile.mkdtemp(prefix="surefoot-", dir=beneath))
    room = Room(top)
    try:
        # A user of its own must come to the folders in it, which are closed to others.
        top.chmod(0o711)
        for folder in room.folders:
            Path(folder).mkdir(mode=0o700)
        yield room
    finally:
        discard(top)


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

    def order(self, job: Job) -> Order:
        """Return what the keeper is told."""
        ...


def own_user() -> int:
    """Return a user for one program that nothing else belongs to; 0 when we are not root."""
    return _FIRST_USER + random.SystemRandom().randrange(_USERS) if os.geteuid() == 0 else 0


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
