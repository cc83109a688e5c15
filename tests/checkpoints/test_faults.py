"""Faults: each known message of SQLite becomes a sentence and a way out."""

import sqlite3

import pytest

from checkpoints.faults import store_fault


@pytest.mark.parametrize(
    ("message", "told", "advice"),
    [
        ("database or disk is full", "disk that holds the store is full", "Free some space"),
        ("file is not a database", "not a SQLite database", "restore this one"),
        ("database disk image is malformed", "is damaged", "backup"),
        ("attempt to write a readonly database", "cannot be written", "permission"),
        ("database is locked", "kept the store locked for 30 s", "Wait"),
        ("unable to open database file", "cannot be opened", "folder exists"),
    ],
)
def test_known_message_is_told_with_advice(message: str, told: str, advice: str) -> None:
    fault = store_fault(sqlite3.OperationalError(message))
    assert (told in fault.what, advice in fault.advice) == (True, True)


def test_unknown_message_is_passed_on() -> None:
    assert "cosmic ray" in store_fault(sqlite3.OperationalError("cosmic ray")).what


def test_first_of_several_errors_is_the_cause() -> None:
    later = sqlite3.OperationalError("no such savepoint")
    later.__context__ = sqlite3.OperationalError("database or disk is full")
    assert "is full" in store_fault(later).what
