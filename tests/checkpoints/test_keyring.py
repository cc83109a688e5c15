"""Who may open a store: with its key, and never half in one form and half in another."""

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import Checkpoint, CheckpointMetadata, empty_checkpoint

from checkpoints.keyring import note
from checkpoints.rotation import rotate
from checkpoints.savers import AnyCallSaver
from checkpoints.store import Store, open_store
from checkpoints.vault import PLAIN
from tools.errors import StoreFault

KEY, OTHER = (base64.b64encode(bytes([fill] * 32)).decode() for fill in (1, 2))

WHERE: RunnableConfig = {"configurable": {"thread_id": "t", "checkpoint_ns": ""}}


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/store.db"


def tick(store: Store, subject: str = "step") -> None:
    store.ledger.append("run", "tick", subject, {"text": f"planted {subject}"})


def made(url: str, key: str = "") -> bytes:
    """Make a store with something in it; return its file."""
    with open_store(url, key=key) as store:
        tick(store)
    return content(url)


def content(url: str) -> bytes:
    return Path(url.removeprefix("sqlite:///")).read_bytes()


def test_new_store_with_a_key_is_sealed_at_once(url: str) -> None:
    assert b"planted" not in made(url, KEY)
    with open_store(url, key=KEY) as store:
        assert store.ledger.entries()[0].body == {"text": "planted step"}


def test_without_a_key_a_store_is_as_ever(url: str) -> None:
    assert b"planted" in made(url)


@pytest.mark.parametrize(
    ("key", "message"),
    [("", "no key is at hand: .*Set SUREFOOT_KEY"), (OTHER, "another key .*Set SUREFOOT_KEY")],
)
def test_sealed_store_is_refused_without_its_key(url: str, key: str, message: str) -> None:
    before = made(url, KEY)
    with pytest.raises(StoreFault, match=message):
        open_store(url, key=key)
    assert content(url) == before


def test_plain_store_is_refused_with_a_key(url: str) -> None:
    before = made(url)
    with pytest.raises(StoreFault, match=r"not encrypted.*`surefoot key rotate` encrypts it"):
        open_store(url, key=KEY)
    assert content(url) == before


def test_key_put_first_seals_from_then_on(url: str) -> None:
    made(url, KEY)
    with open_store(url, key=f"{OTHER},{KEY}") as store:
        tick(store, "second")
        assert len(store.ledger.entries()) == 2
    for alone in (KEY, OTHER):
        with pytest.raises(StoreFault, match="another key"):
            open_store(url, key=alone)


def test_process_that_lacks_the_key_by_now_writes_nothing_more(url: str) -> None:
    with open_store(url, key=KEY) as old:
        tick(old)
        with open_store(url, key=f"{OTHER},{KEY}") as new:
            tick(new, "second")
            with pytest.raises(StoreFault, match="another key"):
                tick(old, "third")
            assert [entry.subject for entry in new.ledger.entries()] == ["step", "second"]


def test_process_that_has_both_keys_goes_on_with_the_new_one(url: str) -> None:
    with open_store(url, key=f"{KEY},{OTHER}") as one, open_store(url, key=f"{OTHER},{KEY}"):
        tick(one)
        assert one._writer.vault.forms[0] == one._writer.vault.names[1]


SCALARS = {"text": "planted a", "number": 77_123, "half": 0.5, "yes": True, "none": None}


def kept_as(saver: AnyCallSaver, number: int, changed: Sequence[str]) -> None:
    """Save a checkpoint of scalars of which some have changed."""
    versions = {name: f"{1 if name not in changed else number:032}" for name in SCALARS}
    found: dict[str, Any] = {**empty_checkpoint(), "id": f"{number:04}"}
    found |= {"channel_values": SCALARS, "channel_versions": versions}
    new: dict[str, str | int | float] = {name: versions[name] for name in changed}
    about: dict[str, Any] = {"source": "loop", "step": number, "about": "planted b"}
    saver.put(WHERE, cast("Checkpoint", found), cast("CheckpointMetadata", about), new)


def test_scalars_leave_the_json_of_postgresql_and_come_back(postgres_url: str) -> None:
    with open_store(postgres_url) as store:
        kept_as(store.saver, 1, [*SCALARS])
    for key, remove in ((KEY, False), (f"{OTHER},{KEY}", False), (OTHER, True)):
        with open_store(postgres_url, key=key, for_sealing=True) as store:
            rotate(store, remove=remove)
            shown = columns(store)
            assert ("planted" in shown, "77123" in shown) == (remove, False)
            found = store.saver.get_tuple(WHERE)
            assert found is not None
            assert found.checkpoint["channel_values"] == SCALARS
            assert found.metadata["about"] == "planted b"  # type: ignore[typeddict-item]  # any metadata


def test_scalars_that_have_not_changed_since_a_store_was_plain_are_kept(postgres_url: str) -> None:
    with open_store(postgres_url) as store:
        kept_as(store.saver, 1, [*SCALARS])
    with open_store(postgres_url, key=KEY, for_sealing=True) as store:
        with store._writer.write(urgent=True) as connection:  # a rotation that only began
            note(connection, store._writer.vault, (store._writer.vault.names[0], PLAIN))
        kept_as(store.saver, 2, ["text"])
        found = store.saver.get_tuple(WHERE)
        assert found is not None
        assert found.checkpoint["channel_values"] == SCALARS


def test_checkpoints_are_found_by_sealed_metadata(url: str) -> None:
    with open_store(url, key=KEY) as store:
        for number in range(1, 5):
            kept_as(store.saver, number, [*SCALARS])
        assert len([*store.saver.list(WHERE, filter={"about": "planted b"}, limit=3)]) == 3
        assert len([*store.saver.list(WHERE, filter={"about": "x"})]) == 0
        assert len([*store.saver.list(WHERE, filter={"step": 2, "about": "planted b"})]) == 1


def columns(store: Store) -> str:
    """Return the JSON that PostgreSQL has of checkpoints."""
    with store._writer.read() as connection:
        query = "SELECT checkpoint::text || metadata::text FROM checkpoints"
        return "".join(connection.exec_driver_sql(query).scalars())
