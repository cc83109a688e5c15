"""Which forms the values of a store have, as it notes itself, and who may open it.

The note is read again in every transaction that writes: of two processes, one may seal, rotate or
decrypt the store, and the other then goes on in the new form or stops, and never mixes them. Where
anything is sealed the note is, too, so that nobody without a key can make the store accept what is
not.
"""

from sqlalchemy import Connection, select, update

from checkpoints.schema import store_version
from checkpoints.vault import PLAIN, Vault, form_of
from tools.errors import StoreFault

QUERY = "SELECT forms FROM store_version"
"""The note, for the driver itself."""

_PLACE = "store_version"


def admit(connection: Connection, vault: Vault, *, is_new: bool, for_sealing: bool = False) -> None:
    """Let a vault work for a store, or refuse it before anything is written.

    A new store is sealed at once when there is a key. The first key seals from now on.

    Args:
        connection: In a transaction of the only writer.
        vault: With the keys that were given.
        is_new: Whether the store was made just now.
        for_sealing: Whether it is to be sealed anew: then it may be plain though there is a key,
            and keeps its form for the moment.

    Raises:
        StoreFault: A key is missing, or there is one though the store is plain.
    """
    heed(vault, connection.execute(select(store_version.c.forms)).scalar_one())
    if is_new and vault.names:
        note(connection, vault, vault.names[:1])
    if for_sealing:
        return
    if vault.is_plain and vault.names:
        raise StoreFault(
            "The store is not encrypted, but SUREFOOT_KEY is set.",
            advice="`surefoot key rotate` encrypts it; unset SUREFOOT_KEY to leave it as it is.",
        )
    if vault.seals and vault.names[0] != vault.forms[0]:
        note(connection, vault, (vault.names[0], *vault.forms))


def heed(vault: Vault, noted: str) -> None:
    """Let a vault go by a store's note.

    Raises:
        StoreFault: It lacks a key, or the note was forged.
    """
    if noted == vault.noted:
        return
    forms: tuple[str, ...] = (PLAIN,)
    if noted != PLAIN:
        _check(vault, (form_of(noted),))
        forms = tuple(vault.open(noted, _PLACE).split())
    _check(vault, forms)
    vault.forms, vault.noted = forms, noted


def note(connection: Connection, vault: Vault, forms: tuple[str, ...]) -> None:
    """Note the forms of a store, in its transaction, and let the vault go by them."""
    forms = tuple(dict.fromkeys(forms))
    names = [form for form in forms if form != PLAIN]
    noted = vault.seal_with(names[0], " ".join(forms), _PLACE) if names else PLAIN
    connection.execute(update(store_version).values(forms=noted))
    vault.forms, vault.noted = forms, noted


def _check(vault: Vault, forms: tuple[str, ...]) -> None:
    missing = [form for form in forms if form != PLAIN and form not in vault.names]
    if not missing:
        return
    names = ", ".join(missing)
    if vault.names:
        raise StoreFault(
            f"The store is encrypted with another key than SUREFOOT_KEY holds: {names}.",
            advice="Set SUREFOOT_KEY to that key, or to several separated by commas.",
        )
    raise StoreFault(
        f"The store is encrypted, and no key is at hand: {names}.",
        advice="Set SUREFOOT_KEY to the key that it was encrypted with.",
    )
