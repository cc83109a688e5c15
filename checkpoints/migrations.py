"""Creates the tables of a new store and brings older ones up to date."""

from collections.abc import Callable, Mapping

from sqlalchemy import Connection, insert, inspect, select, update

from checkpoints.schema import SQLITE_TRIGGERS, STORE_VERSION, metadata, store_version
from tools.errors import StoreFault

MIGRATIONS: Mapping[int, Callable[[Connection], None]] = {}
"""For each version, what makes the next one of it."""


def migrate(connection: Connection) -> None:
    """Make the store's tables those of this version, within the caller's transaction.

    Raises:
        StoreFault: The store was made by a newer version, or the database is something else.
    """
    names = inspect(connection).get_table_names()
    if store_version.name in names:
        _advance(connection)
    elif names:
        raise StoreFault(
            f"The database is not a store of Surefoot: it holds the table {names[0]!r}.",
            advice="Name another file for the store; a new one is made when it does not exist.",
        )
    else:
        _create(connection)


def _create(connection: Connection) -> None:
    metadata.create_all(connection, checkfirst=False)
    if connection.dialect.name == "sqlite":
        for trigger in SQLITE_TRIGGERS:
            connection.exec_driver_sql(trigger)
    connection.execute(insert(store_version).values(version=STORE_VERSION))


def _advance(connection: Connection) -> None:
    found = connection.execute(select(store_version.c.version)).scalar_one()
    if found > STORE_VERSION:
        raise StoreFault(
            f"The store was written by a newer Surefoot (its version is {found}, "
            f"this one knows up to {STORE_VERSION}).",
            advice="Install the newer Surefoot, or name another store.",
        )
    for version in range(found, STORE_VERSION):
        MIGRATIONS[version](connection)
    if found < STORE_VERSION:
        connection.execute(update(store_version).values(version=STORE_VERSION))
