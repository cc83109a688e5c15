"""Turns what a database says into what a person can do about it."""

import sqlite3

from sqlalchemy.exc import DBAPIError

from tools.errors import StoreFault

_SERVER_GONE = "The connection to the database server was cut."
_ONCE_IT_RUNS = "See that the server runs: the store connects again when it is next used."

CUT = StoreFault(_SERVER_GONE, advice=_ONCE_IT_RUNS)
"""What is told when nothing more is known."""

_KNOWN: tuple[tuple[str, str, str], ...] = (
    (
        "disk is full",
        "The disk that holds the store is full.",
        "Free some space, then resume the run: it goes on from its last commit.",
    ),
    (
        "disk I/O error",
        "The disk refused to write or to read the store's file.",
        "Look after the disk and its limits, then resume the run: it goes on from its last commit.",
    ),
    (
        "not a database",
        "The store's file is not a SQLite database, or is damaged.",
        "Name another file, or restore this one from a backup; it was left alone.",
    ),
    (
        "malformed",
        "The store's file is damaged.",
        "Keep a copy of it, then restore the newest backup or use `sqlite3 FILE .recover`.",
    ),
    (
        "readonly",
        "The store's file or its folder cannot be written.",
        "Give yourself permission to write both, or name another file.",
    ),
    (
        "locked",
        "Another process kept the store locked for 30 s.",
        "Wait until it has finished, or end it, then try again.",
    ),
    (
        "lock timeout",
        "Another process kept the store locked for 30 s.",
        "Wait until it has finished, or end it, then try again.",
    ),
    (
        "No space left",
        "The disk of the database server is full.",
        "Free some space, then resume the run: it goes on from its last commit.",
    ),
    (
        "read-only transaction",
        "The database server takes no changes at present.",
        "Name its primary server, or wait until it is writable again, then resume.",
    ),
    *(
        (
            part,
            _SERVER_GONE,
            _ONCE_IT_RUNS,
        )
        for part in (
            "connection is lost",
            "connection is closed",
            "terminating connection",
            "server closed the connection",
            "consuming input failed",
        )
    ),
    *(
        (
            part,
            "The database server cannot be reached.",
            "Check that it runs, and host, port and database in the store's URL.",
        )
        for part in (
            "Connection refused",
            "could not translate host",
            "No such file or directory",
            "does not exist",
            "connection timeout",
        )
    ),
    (
        "authentication failed",
        "The database server refused the user or the password.",
        "Check the store's URL; a password may also come from PGPASSWORD or ~/.pgpass.",
    ),
    (
        "permission denied",
        "The user may not work in this database.",
        "Grant it CREATE and USAGE on the schema that the store is kept in.",
    ),
    (
        "unable to open",
        "The store's file cannot be opened.",
        "Check that its folder exists, may be written and has space.",
    ),
)


def store_fault(error: Exception) -> StoreFault:
    """Return the typed fault of a database error.

    Args:
        error: What the driver raised, as it is or wrapped by SQLAlchemy. When it came while an
            earlier error was handled, the earlier one is the cause that is told.
    """
    cause = _first(error)
    message = str(cause.orig if isinstance(cause, DBAPIError) else cause).strip()
    for part, what, advice in _KNOWN:
        if part in message:
            return StoreFault(what, advice=advice)
    return StoreFault(f"The store refused to work: {message}.")


def _first(error: Exception) -> Exception:
    earlier = error.__context__
    while isinstance(earlier, Exception) and _is_drivers(earlier):
        error, earlier = earlier, earlier.__context__
    return error


def _is_drivers(error: Exception) -> bool:
    """Tell whether a driver raised it; psycopg is an extra, and known by name only."""
    known = isinstance(error, sqlite3.Error | DBAPIError)
    return known or type(error).__module__.partition(".")[0] == "psycopg"


def copied(fault: StoreFault) -> StoreFault:
    """Return a fault of the same words: each thread that is told raises one of its own."""
    return StoreFault(fault.what, changed=fault.changed, advice=fault.advice)
