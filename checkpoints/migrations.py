"""Creates the tables of a new store and brings older ones up to date."""

from collections.abc import Callable, Mapping

from sqlalchemy import Connection, insert, inspect, select, update

from checkpoints.schema import (
    POSTGRES_TRIGGERS,
    SQLITE_TRIGGERS,
    STORE_VERSION,
    metadata,
    store_version,
)
from tools.errors import StoreFault

_VERSION_2 = (
    """CREATE TABLE spending (
        call TEXT NOT NULL PRIMARY KEY, run TEXT NOT NULL, role TEXT NOT NULL,
        model TEXT NOT NULL, state TEXT NOT NULL, tokens INTEGER NOT NULL, usd FLOAT NOT NULL,
        reserved_tokens INTEGER NOT NULL, reserved_usd FLOAT NOT NULL, at TEXT NOT NULL)""",
    "CREATE INDEX spending_by_run ON spending (run, at)",
    """CREATE TABLE model_cache (
        "key" TEXT NOT NULL PRIMARY KEY, answer TEXT NOT NULL, expires_at TEXT NOT NULL)""",
    "CREATE INDEX model_cache_by_expiry ON model_cache (expires_at)",
)
"""The tables as version 2 had them: migrations do not change when the schema does."""

_APPEND_ONLY = (
    """CREATE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$""",
    """CREATE TRIGGER ledger_is_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only()""",
)
"""What refuses changes of the ledger on PostgreSQL, as version 3 had it."""


def _to_2(connection: Connection) -> None:
    for statement in _VERSION_2:
        connection.exec_driver_sql(statement)


def _to_3(connection: Connection) -> None:
    connection.exec_driver_sql(
        "ALTER TABLE store_version ADD COLUMN forms TEXT DEFAULT 'plain' NOT NULL"
    )
    # SQLite's ledgers have had their triggers from the first version on.
    if connection.dialect.name != "sqlite":
        for statement in _APPEND_ONLY:
            connection.exec_driver_sql(statement)


MIGRATIONS: Mapping[int, Callable[[Connection], None]] = {1: _to_2, 2: _to_3}
"""For each version, what makes the next one of it."""


def migrate(connection: Connection) -> bool:
    """Make the store's tables those of this version, within the caller's transaction.

    Returns:
        Whether the store was made just now.

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
    return not names


def _create(connection: Connection) -> None:
    metadata.create_all(connection, checkfirst=False)
    lite = connection.dialect.name == "sqlite"
    for statement in SQLITE_TRIGGERS if lite else POSTGRES_TRIGGERS:
        connection.exec_driver_sql(statement)
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
