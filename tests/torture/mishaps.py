"""What befalls a process other than death: a cut connection, a full disk, a rival, a wild clock."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from subprocess import CalledProcessError, run
from tempfile import TemporaryDirectory
from typing import Literal, get_args

from sqlalchemy import make_url, text

from checkpoints.store import open_store
from tests.torture.kill import Ended, Trial, begun, ended, gone, lived
from tests.torture.life import now
from tests.torture.place import Place

Mishap = Literal["kill", "cut", "full", "race", "clock", "late"]
MISHAPS: tuple[Mishap, ...] = get_args(Mishap)
POLL_SECONDS = 0.02
BALLAST = "ballast"
WILD_SECONDS = 1800
"""How far a wild clock is off, at most."""


@dataclass(frozen=True, slots=True)
class Befallen:
    """What came of one process, or of two."""

    struck: bool
    faults: tuple[str, ...] = ()
    """Of those that failed otherwise than they should."""


REFUSALS: Mapping[Mishap, str] = {
    "cut": "StoreFault",
    "full": "StoreFault",
    "race": "SurefootError",
    "late": "RunBusy",
}
"""The error with which a process may end, and no other."""


@dataclass(slots=True)
class Fate:
    """Lets something befall processes."""

    disk: Path
    """The file system that stores are on, when it is to be full."""
    refused: int = 0
    """How many processes ended with a refusal, as they may."""

    def befall(self, mishap: Mishap, trial: Trial) -> Befallen:
        """Let a process do something, and something happen to it."""
        if mishap == "race":
            rivals = [begun(trial), begun(replace(trial, kill=""))]
            came = [self._judged(mishap, ended(rival)) for rival in rivals]
            return Befallen(came[0].struck, (*came[0].faults, *came[1].faults))
        if mishap == "late":
            return self._overtaken(trial)
        if mishap == "cut":
            trial = replace(trial, act=lambda: cut(trial.place))
        elif mishap == "full":
            trial = replace(trial, act=lambda: fill(self.disk))
        elif mishap == "clock":
            trial = replace(trial, clock=Wild(Random(trial.kill)))  # noqa: S311  # chance that can be repeated
        judged = self._judged(mishap, lived(trial))
        (self.disk / BALLAST).unlink(missing_ok=True)
        return judged

    def _overtaken(self, trial: Trial) -> Befallen:
        """Let a tool take so long that another takes its run meanwhile, and ends it."""
        place = trial.place
        late = begun(replace(trial, act=lambda: dawdle(place)))
        while not _reached(place).exists() and not gone(late):
            time.sleep(POLL_SECONDS)
        lose_leases(place)
        came = [self._judged("late", lived(replace(trial, kill="")))]
        _reached(place).unlink(missing_ok=True)
        came.append(self._judged("late", ended(late)))
        return Befallen(came[1].struck, (*came[0].faults, *came[1].faults))

    def _judged(self, mishap: Mishap, came: Ended) -> Befallen:
        expected = REFUSALS.get(mishap) in came.kinds
        self.refused += expected
        return Befallen(came.struck, (came.fault,) if came.fault and not expected else ())


class Wild:
    """A clock that tells another time whenever it is asked; that of its machine is off, too."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._off: int | None = None

    def __call__(self) -> datetime:
        if self._off is None:  # the first call comes from the process that has this clock
            self._off = self._rng.randint(-WILD_SECONDS, WILD_SECONDS)
            real, off = time.time_ns, self._off * 10**9
            time.time_ns = lambda: real() + off  # LangGraph makes its ids of this one
        seconds = self._rng.uniform(-WILD_SECONDS, WILD_SECONDS)
        return now() + timedelta(seconds=seconds)


def cut(place: Place) -> None:
    """Cut the connections of a world's store, as its server would."""
    import psycopg  # noqa: PLC0415  # an extra

    url = make_url(place.store)
    server = url.set(database="postgres").render_as_string(hide_password=False)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = %s AND application_name = 'surefoot'",
            (url.database,),
        )


def _reached(place: Place) -> Path:
    return place.root / "reached"


def dawdle(place: Place) -> None:
    """Tell that a tool is at work, and work until that is taken away."""
    _reached(place).touch()
    while _reached(place).exists():
        time.sleep(POLL_SECONDS)


def lose_leases(place: Place) -> None:
    """Let every lease look like one of another machine that gave no sign of life for long."""
    with open_store(place.store) as store, store.saver.writer.write(urgent=True) as connection:
        sign = "UPDATE leases SET host = 'elsewhere pid:[1]', expires_at = '2026' WHERE owner <> ''"
        connection.execute(text(sign))


def fill(disk: Path) -> None:
    """Leave no room on a small file system of our own; any other is left alone."""
    if not disk.is_mount():
        raise RuntimeError(f"{disk} is no file system of its own: --mishaps full makes one.")
    with (disk / BALLAST).open("wb", buffering=0) as ballast:
        try:
            while True:
                ballast.write(b"x" * 4096)
        except OSError:
            return


@contextmanager
def small_disk(folder: Path, *, megabytes: int = 16) -> Iterator[Path]:
    """Lend a small file system of its own; only root can make one."""
    folder.mkdir()
    options = f"size={megabytes}m"
    run(
        ["mount", "-t", "tmpfs", "-o", options, "surefoot-torture", folder],
        check=True,
        capture_output=True,
    )
    try:
        yield folder
    finally:
        run(["umount", "--lazy", folder], check=True)


def can_mount() -> bool:
    """Tell whether `small_disk` can be used here."""
    with TemporaryDirectory() as folder:
        try:
            with small_disk(Path(folder) / "disk"):
                return True
        except (OSError, CalledProcessError):
            return False
