"""Who may open a store: with its key, and never half in one form and half in another."""

import base64
from pathlib import Path

import pytest

from checkpoints.store import Store, open_store
from tools.errors import StoreFault

KEY, OTHER = (base64.b64encode(bytes([fill] * 32)).decode() for fill in (1, 2))


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
