"""Clearances: the last one of a key counts, expired ones are still found."""

from datetime import UTC, datetime

from checkpoints.store import Store
from tools.contract import Clearance

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def clearance(action_hash: str) -> Clearance:
    return Clearance(
        key="run/tune/1",
        action_hash=action_hash,
        by="rule",
        name="allow reads",
        expires_at=LONG_AGO,
    )


def test_unknown_key_has_none(store: Store) -> None:
    assert store.clearances.find("run/tune/1") is None


def test_expired_clearance_is_found_whole(store: Store) -> None:
    store.clearances.grant(clearance("a"))
    assert store.clearances.find("run/tune/1") == clearance("a")


def test_later_clearance_replaces(store: Store) -> None:
    store.clearances.grant(clearance("a"))
    store.clearances.grant(clearance("b"))
    assert store.clearances.find("run/tune/1") == clearance("b")
