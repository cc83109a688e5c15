"""Says in our words what went wrong inside SQLite, and what the reader can do about it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.errors import BadInput, Fatal, Refused, SurefootError, Transient

_WAL_ADVICE = (
    "Check that the folder exists and can be written; a database in WAL mode needs that even to be "
    "read: copy it elsewhere, or run `PRAGMA journal_mode=DELETE` on it once."
)


def translate(fault: sqlite3.Error | sqlite3.Warning, path: Path, doing: str) -> SurefootError:
    """Return the typed error for an error of SQLite.

    Args:
        fault: What sqlite3 raised.
        path: The database file, named in the message.
        doing: What was being done, e.g. `reading the schema` or the beginning of a statement.
    """
    code = getattr(fault, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    kind, what, advice = _MEANING.get(code, (Refused, "SQLite refuses it", ""))
    return kind(f"{what}: {str(path)!r}, {doing} ({fault}).", advice=advice)


_MEANING: dict[int, tuple[type[SurefootError], str, str]] = {
    sqlite3.SQLITE_NOTADB: (
        BadInput,
        "The file is not an SQLite database",
        "Give the path of a database file; an encrypted one cannot be used.",
    ),
    sqlite3.SQLITE_CORRUPT: (
        Fatal,
        "The database file is damaged",
        "Run `PRAGMA integrity_check` on a copy and restore a backup.",
    ),
    sqlite3.SQLITE_BUSY: (
        Transient,
        "The database is locked by another process",
        "Try again when it has finished.",
    ),
    sqlite3.SQLITE_LOCKED: (
        Transient,
        "The database is locked by another connection",
        "Try again when it has finished.",
    ),
    sqlite3.SQLITE_READONLY: (
        Fatal,
        "The database file is read-only",
        "Give this user write permission for the file and its folder.",
    ),
    sqlite3.SQLITE_PERM: (Fatal, "The database file may not be opened", "Check its permissions."),
    sqlite3.SQLITE_FULL: (Fatal, "The disk is full", "Free some space, then resume."),
    sqlite3.SQLITE_IOERR: (
        Fatal,
        "The disk failed to read or write the database",
        "Check the disk, its free space and the file's permissions.",
    ),
    sqlite3.SQLITE_CANTOPEN: (Fatal, "The database file cannot be opened", _WAL_ADVICE),
    sqlite3.SQLITE_INTERRUPT: (
        Transient,
        "A statement ran longer than it may and was stopped",
        "Make it cheaper, leave it out, or allow more time.",
    ),
    sqlite3.SQLITE_AUTH: (
        Refused,
        "The engine's authorizer refuses the statement",
        "Only reading ordinary tables is allowed here.",
    ),
    sqlite3.SQLITE_TOOBIG: (
        Fatal,
        "A value is larger than is accepted",
        "Leave that query or table out.",
    ),
    sqlite3.SQLITE_NOMEM: (Fatal, "Memory ran out", "Free some memory, then try again."),
}


@contextmanager
def typed_faults(path: Path, doing: str) -> Iterator[None]:
    """Turn errors of SQLite inside into typed ones.

    Raises:
        SurefootError: As `translate` says.
    """
    try:
        yield
    except (sqlite3.Error, sqlite3.Warning) as fault:
        raise translate(fault, path, doing) from fault
