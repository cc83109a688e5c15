"""Sealing: what is sealed opens in its place with its key, and nowhere else."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkpoints.vault import PLAIN, Vault, form_of
from tools.errors import BadInput, StoreFault

KEY, OTHER = (base64.b64encode(bytes([fill] * 32)).decode() for fill in (1, 2))
PLACES = st.lists(st.text() | st.integers(), min_size=1, max_size=4)


def sealing(*keys: str) -> Vault:
    vault = Vault(",".join(keys))
    vault.forms = (vault.names[0],)
    return vault


@given(text=st.text(), place=PLACES)
def test_what_is_sealed_opens_in_its_place(text: str, place: list[str | int]) -> None:
    vault = sealing(KEY)
    assert vault.open(vault.seal(text, *place), *place) == text
    data = text.encode()
    assert vault.open_bytes(vault.seal_bytes(data, *place), *place) == data


@given(place=PLACES, other=PLACES)
def test_it_opens_nowhere_else(place: list[str | int], other: list[str | int]) -> None:
    vault = sealing(KEY)
    if place != other:
        with pytest.raises(StoreFault, match="moved there from elsewhere"):
            vault.open(vault.seal("text", *place), *other)


@given(at=st.integers(min_value=0), bit=st.integers(min_value=0, max_value=7))
def test_no_bit_of_it_can_be_changed(at: int, bit: int) -> None:
    vault = sealing(KEY)
    sealed = bytearray(vault.seal_bytes(b"some text", "effects", "r/1"))
    sealed[at % len(sealed)] ^= 1 << bit
    with pytest.raises(StoreFault):
        vault.open_bytes(bytes(sealed), "effects", "r/1")


def test_no_character_of_it_can_be_changed() -> None:
    vault = sealing(KEY)
    sealed = vault.seal("some text", "effects", "r/1")
    for at in range(len(sealed)):
        with pytest.raises(StoreFault):
            vault.open(f"{sealed[:at]}~{sealed[at + 1 :]}", "effects", "r/1")


def test_nothing_of_it_can_be_read() -> None:
    sealed = sealing(KEY).seal("some text", "effects", "r/1")
    assert b"some" not in base64.b64decode(sealed.removeprefix("sealed:"))


def test_the_same_text_is_never_sealed_the_same() -> None:
    vault = sealing(KEY)
    assert len({vault.seal("text", "t") for _ in range(100)}) == 100


def test_first_key_seals_and_all_open() -> None:
    old, new, both = sealing(KEY), sealing(OTHER), sealing(OTHER, KEY)
    assert both.open(old.seal("text", "t"), "t") == "text"
    assert new.open(both.seal("text", "t"), "t") == "text"


def test_another_key_is_named_but_does_not_open() -> None:
    sealed = sealing(KEY).seal("text", "t")
    with pytest.raises(StoreFault, match=f"the key {Vault(KEY).names[0]!r}, which is not at hand"):
        sealing(OTHER).open(sealed, "t")


def test_without_a_key_nothing_is_sealed_and_nothing_that_is_sealed_opens() -> None:
    assert Vault().seal("text", "t") == Vault().open("text", "t") == "text"
    with pytest.raises(StoreFault, match="Give SUREFOOT_KEY that key"):
        Vault().open(sealing(KEY).seal("text", "t"), "t")


def test_what_is_not_sealed_is_refused_where_all_is() -> None:
    with pytest.raises(StoreFault, match="something else put it there"):
        sealing(KEY).open("text", "t")


def test_form_tells_by_which_key_a_value_is_sealed() -> None:
    vault = sealing(KEY)
    forms = form_of(vault.seal("text", "t")), form_of(vault.seal_bytes(b"text", "t"))
    assert forms == (vault.names[0], vault.names[0])
    assert form_of("text") == form_of(b"text") == PLAIN


@pytest.mark.parametrize(
    "keys", ["c2hvcnQ=", "not base64!", f"{KEY},", f"{KEY},{KEY[:-4]}", "é" * 44]
)
def test_what_is_no_key_is_refused_without_being_told(keys: str) -> None:
    with pytest.raises(BadInput, match="`surefoot key new` prints a key") as refusal:
        Vault(keys)
    assert keys not in str(refusal.value)


def test_keys_are_not_shown() -> None:
    vault = sealing(KEY)
    raw = base64.b64decode(KEY)
    assert KEY not in repr(vars(vault))
    assert repr(raw)[2:-1] not in repr(vars(vault))
