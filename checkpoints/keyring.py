"""Which forms the values of a store have, as it notes itself, and who may open it.

The note is read again in every transaction that writes: of two processes, one may seal, rotate or
decrypt the store, and the other then goes on in the new form or stops, and never mixes them.
"""

from sqlalchemy import Connection, select, update

from checkpoints.schema import store_version
from checkpoints.vault import PLAIN, Vault
from tools.errors import StoreFault

QUERY = "SELECT forms FROM store_version"
"""The note, for the driver itself."""


def admit(connection: Connection, vault: Vault, *, is_new: bool, for_sealing: bool = False) -> None:
    """Let a vault work for a store, or refuse it before anything is written.

    A new store is sealed at once when there is a key. The first key seals from now on.

    Args:
        connection: In a transaction of the only writer.
        vault: With the keys that were given.
        is_new: Whether the store was made just now.
        for_sealing: Whether a plain store may be opened with a key, because it is to be sealed.

    Raises:
        StoreFault: A key is missing, or there is one though the store is plain.
    """
    forms = split(connection.execute(select(store_version.c.forms)).scalar_one())
    if is_new and vault.names:
        forms = (vault.names[0],)
    check(forms, vault)
    if forms == (PLAIN,) and vault.names and not for_sealing:
        raise StoreFault(
            "The store is not encrypted, but SUREFOOT_KEY is set.",
            advice="`surefoot key rotate` encrypts it; unset SUREFOOT_KEY to leave it as it is.",
        )
    if forms[0] != PLAIN:
        forms = tuple(dict.fromkeys((vault.names[0], *forms)))
    note(connection, vault, forms)


def check(forms: tuple[str, ...], vault: Vault) -> None:
    """Refuse a vault that lacks a key.

    Raises:
        StoreFault: It does.
    """
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


def note(connection: Connection, vault: Vault, forms: tuple[str, ...]) -> None:
    """Note the forms of a store, in its transaction, and let the vault go by them."""
    values = {"forms": " ".join(forms)}
    connection.execute(
        update(store_version).where(store_version.c.forms != values["forms"]), values
    )
    vault.forms = forms


def split(noted: str) -> tuple[str, ...]:
    """Return the forms of a note."""
    return tuple(noted.split())
