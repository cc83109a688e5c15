"""Turns what SQLite says into what a person can do about it."""

import sqlite3

from sqlalchemy.exc import DBAPIError

from tools.errors import StoreFault

_KNOWN: tuple[tuple[str, str, str], ...] = (
    (
        "disk is full",
        "The disk that holds the store is full.",
        "Free some space, then resume the run: it goes on from its last commit.",
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
        "unable to open",
        "The store's file cannot be opened.",
        "Check that its folder exists, may be written and has space.",
    ),
)


def store_fault(error: sqlite3.Error | DBAPIError) -> StoreFault:
    """Return the typed fault of a database error.

    Args:
        error: What the driver raised, as it is or wrapped by SQLAlchemy. When it came while an
            earlier error was handled, the earlier one is the cause that is told.
    """
    cause = _first(error)
    message = str(cause.orig if isinstance(cause, DBAPIError) else cause)
    for part, what, advice in _KNOWN:
        if part in message:
            return StoreFault(what, advice=advice)
    return StoreFault(f"The store refused to work: {message}.")


def _first(error: sqlite3.Error | DBAPIError) -> sqlite3.Error | DBAPIError:
    earlier = error.__context__
    while isinstance(earlier, sqlite3.Error | DBAPIError):
        error, earlier = earlier, earlier.__context__
    return error
