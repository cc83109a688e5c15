"""Where one world is: its store, its files, its database, its part of the counting server."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tests.torture.server import Posts, say

_TARGET = (
    "CREATE TABLE {0}rows (key TEXT NOT NULL, text TEXT NOT NULL)",
    "CREATE TABLE {0}history (key TEXT NOT NULL, text TEXT NOT NULL)",
)
"""What the agent books in, and each booking ever made; neither refuses a second one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One world."""

    name: str
    root: Path
    store: str
    """URL of the store."""
    port: int
    """Where the counting server listens."""

    @property
    def files(self) -> Path:
        """The folder that the agent writes in."""
        return self.root / "files"

    @property
    def log(self) -> Path:
        """The file that the agent appends to."""
        return self.root / "log"

    @property
    def is_file(self) -> bool:
        """Whether the store is a SQLite file."""
        return self.store.startswith("sqlite")

    @contextmanager
    def target(self) -> Iterator[tuple[Any, str, str]]:
        """Lend a connection to the database that the agent books in.

        With the prefix of its tables, and how a parameter is marked. Nothing begins a transaction
        or commits by itself.
        """
        if self.is_file:
            path = self.root / "target.db"
            with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as connection:
                yield connection, "", "?"
            return
        import psycopg  # noqa: PLC0415  # an extra

        with closing(psycopg.connect(self.store, autocommit=True)) as connection:
            yield connection, "target.", "%s"

    def lines(self) -> list[str]:
        """Return the lines of the log."""
        return self.log.read_text().splitlines() if self.log.exists() else []

    def note_answer(self, review: str) -> None:
        """Remember, outside of the store, that the store said that it keeps an answer."""
        handle = os.open(self.root / "answered", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(handle, f"{review}\n".encode())
        os.close(handle)

    def answered(self) -> list[str]:
        """Return the questions of which the store said that it keeps their answer."""
        path = self.root / "answered"
        return path.read_text().split() if path.exists() else []

    def posts(self, key: str = "") -> Posts:
        """Return what the server did, all of it or for one key."""
        found: Posts = say(self.port, "GET", f"/{self.name}", key=key)
        return found

    def bookings(self) -> tuple[list[str], list[str]]:
        """Return the texts that are booked, and each that ever was."""
        with self.target() as (connection, prefix, _):
            return tuple(  # type: ignore[return-value]  # it has two parts
                sorted(text for (text,) in connection.execute(f"SELECT text FROM {prefix}{table}"))
                for table in ("rows", "history")
            )


class House(Protocol):
    """Makes worlds, and copies of them."""

    def fresh(self, name: str) -> Place:
        """Return a new world whose store, if it is there at all, an older version left."""
        ...

    def copy(self, of: Place, name: str) -> Place:
        """Return a world like another one."""
        ...

    def drop(self, place: Place) -> None:
        """Take a world down."""
        ...


@dataclass(frozen=True, slots=True)
class SQLiteHouse:
    """Worlds in folders."""

    folder: Path
    port: int
    old: Path
    """Script of a store of the first version."""
    disk: Path
    """Where the stores are, apart from everything else."""

    def fresh(self, name: str) -> Place:
        """Make a world in which a store of the first version waits to be migrated."""
        place = self._place(name)
        begin(place)
        self._store(name).parent.mkdir(parents=True)
        with closing(sqlite3.connect(self._store(name))) as connection:
            connection.executescript(self.old.read_text())
        furnish(place)
        return place

    def copy(self, of: Place, name: str) -> Place:
        """Copy a world's folder and store."""
        place = self._place(name)
        shutil.copytree(of.root, place.root)
        shutil.copytree(self._store(of.name).parent, self._store(name).parent)
        say(place.port, "PUT", f"/{place.name}", body=of.name)
        return place

    def drop(self, place: Place) -> None:
        """Delete a world's folder and store."""
        shutil.rmtree(place.root)
        shutil.rmtree(self._store(place.name).parent)

    def _place(self, name: str) -> Place:
        store = f"sqlite:///{self._store(name)}"
        return Place(name=name, root=self.folder / name, store=store, port=self.port)

    def _store(self, name: str) -> Path:
        return self.disk / name / "store.db"


def begin(place: Place) -> None:
    """Lay out a world's folders."""
    place.files.mkdir(parents=True)
    (place.files / "b").write_text("b")
    (place.files / "keep").write_text("as it was")


def furnish(place: Place) -> None:
    """Make the database that the agent books in."""
    with place.target() as (connection, prefix, _):
        for statement in _TARGET:
            connection.execute(statement.format(prefix))
