"""Worlds in databases of a PostgreSQL server."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from checkpoints.store import open_store
from tests.postgres import VARIABLE, server
from tests.torture.place import Place, begin, furnish
from tests.torture.server import say

_TO_1 = (
    "DROP TRIGGER ledger_is_never_changed ON ledger",
    "DROP FUNCTION ledger_is_append_only",
    "ALTER TABLE store_version DROP COLUMN forms",
    "DROP TABLE model_cache",
    "DROP TABLE spending",
    "UPDATE store_version SET version = 1",
)
"""What makes a store of the first version of an empty one of this version."""


@dataclass(frozen=True, slots=True)
class PostgresHouse:
    """Worlds in databases of one server, and folders for their files."""

    folder: Path
    port: int
    server: str

    def fresh(self, name: str) -> Place:
        """Make a world in which an empty store of the first version waits to be migrated."""
        place = self._place(name)
        begin(place)
        self._do(f"CREATE DATABASE {name}")
        open_store(place.store).close()
        with psycopg.connect(place.store, autocommit=True) as connection:
            for statement in (*_TO_1, "CREATE SCHEMA target"):
                connection.execute(statement)
        furnish(place)
        return place

    def copy(self, of: Place, name: str) -> Place:
        """Copy a world's folder and database."""
        place = self._place(name)
        shutil.copytree(of.root, place.root)
        self._do(f"CREATE DATABASE {name} TEMPLATE {of.name}")
        say(place.port, "PUT", f"/{place.name}", body=of.name)
        return place

    def drop(self, place: Place) -> None:
        """Delete a world's folder and database."""
        shutil.rmtree(place.root)
        self._do(f"DROP DATABASE {place.name} WITH (FORCE)")

    def _place(self, name: str) -> Place:
        url = make_url(self.server).set(database=name).render_as_string(hide_password=False)
        return Place(name=name, root=self.folder / name, store=url, port=self.port)

    def _do(self, *statements: str) -> None:
        with psycopg.connect(self.server, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())


@contextmanager
def quick_server() -> Iterator[str]:
    """Lend a server; one of our own does without fsync, which matters to power cuts only."""
    with server() as url:
        if VARIABLE not in os.environ:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("ALTER SYSTEM SET fsync = off")
                connection.execute("SELECT pg_reload_conf()")
        yield url
