"""Worlds in databases of a PostgreSQL server."""

import secrets
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from checkpoints.store import open_store
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
    prefix: str = field(default_factory=lambda: f"torture_{secrets.token_hex(3)}")
    """So that the databases of a server that is not ours are told apart."""
    made: dict[str, Place] = field(default_factory=dict)

    def fresh(self, name: str) -> Place:
        """Make a world in which an empty store of the first version waits to be migrated."""
        place = self._place(name)
        begin(place)
        self._do(f"CREATE DATABASE {place.name}")
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
        self._do(f"CREATE DATABASE {place.name} TEMPLATE {of.name}")
        say(place.port, "PUT", f"/{place.name}", body=of.name)
        return place

    def drop(self, place: Place) -> None:
        """Delete a world's folder and database."""
        shutil.rmtree(place.root)
        self._do(f"DROP DATABASE {place.name} WITH (FORCE)")
        del self.made[place.name]

    def clear(self) -> None:
        """Take down all that is left."""
        for place in [*self.made.values()]:
            self.drop(place)

    def _place(self, name: str) -> Place:
        whole = f"{self.prefix}_{name}"
        url = make_url(self.server).set(database=whole).render_as_string(hide_password=False)
        place = Place(name=whole, root=self.folder / name, store=url, port=self.port)
        self.made[whole] = place
        return place

    def _do(self, *statements: str) -> None:
        with psycopg.connect(self.server, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())
