"""Seals what a store holds of content with a key that the store never sees.

AES-256 in GCM with a random nonce each time. A sealed value names its key and is bound to its
place, the table and the key of its row: it opens nowhere else, and not when anything was changed.
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Row

from checkpoints.schema import CONTENT
from tools.errors import BadInput, StoreFault

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PLAIN: Final = "plain"
"""The form of what is not sealed; other forms are the names of keys."""

KEY_BYTES: Final = 32
SEALED_TEXT: Final = "sealed:"
SEALED_BYTES: Final = b"\0sealed:"
"""What sealed values begin with, and no JSON, zlib or msgpack of ours does."""
_NAME_BYTES: Final = 8
_NONCE_BYTES: Final = 12
_HEAD_BYTES: Final = _NAME_BYTES + _NONCE_BYTES
_EXTRA: Final = "pip install 'surefoot[encryption]'"


def new_key() -> str:
    """Return a new key as text: base64 of 32 random bytes."""
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


class Vault:
    """Seals under the store's first form and opens whatever its keys open.

    Args:
        keys: Each in base64, separated by commas; the first seals. Empty for none.

    Raises:
        BadInput: One is not base64 of 32 bytes.
        StoreFault: The extra `encryption` is not installed.
    """

    def __init__(self, keys: str = "") -> None:
        given = (
            [decoded(text.strip(), "SUREFOOT_KEY", "surefoot key new") for text in keys.split(",")]
            if keys.strip()
            else []
        )
        self.names = tuple(_name(key) for key in given)
        """The names of the keys, in the order given."""
        self.forms: tuple[str, ...] = (PLAIN,)
        """The forms that values of this store may have; the first is that of new ones."""
        self.noted = PLAIN
        """The store's own note of its forms, see `keyring`."""
        self._ciphers = {name: _cipher(key) for name, key in zip(self.names, given, strict=True)}

    @property
    def seals(self) -> bool:
        """Whether new values are sealed."""
        return self.forms[0] != PLAIN

    @property
    def is_plain(self) -> bool:
        """Whether nothing is sealed."""
        return self.forms == (PLAIN,)

    @property
    def is_strict(self) -> bool:
        """Whether every value has to be sealed: whoever put a plain one there was not the store."""
        return PLAIN not in self.forms

    def seal(self, text: str, *place: str | int) -> str:
        """Return a text for its place, sealed when this store is."""
        return self.seal_with(self.forms[0], text, *place) if self.seals else text

    def seal_with(self, name: str, text: str, *place: str | int) -> str:
        """Return a text for its place, sealed with the key of a name."""
        return SEALED_TEXT + base64.b64encode(self._sealed(name, text.encode(), place)).decode()

    def open(self, text: str, *place: str | int) -> str:
        """Return the text that was put in a place.

        Raises:
            StoreFault: It cannot be opened, or was not put there by a store with the key.
        """
        if not text.startswith(SEALED_TEXT):
            self.check_plain(place)
            return text
        try:
            raw = base64.b64decode(text[len(SEALED_TEXT) :], validate=True)
        except ValueError as fault:
            raise _forged(place) from fault
        return self._opened(raw, place).decode()

    def seal_bytes(self, data: bytes, *place: str | int) -> bytes:
        """Return bytes for their place, sealed when this store is."""
        return SEALED_BYTES + self._sealed(self.forms[0], data, place) if self.seals else data

    def open_bytes(self, data: bytes, *place: str | int) -> bytes:
        """Return the bytes that were put in a place; raises as `open` does."""
        if not data.startswith(SEALED_BYTES):
            self.check_plain(place)
            return data
        return self._opened(data[len(SEALED_BYTES) :], place)

    def opened(self, row: Row[Any], table: str) -> Any:  # noqa: ANN401  # a row, or what reads like one
        """Return a row of a table in `CONTENT` with its content opened; raises as `open` does."""
        key, column = CONTENT[table]
        kept = getattr(row, column)
        value = self.open(kept, table, getattr(row, key))
        if value is kept:
            return row
        return SimpleNamespace(**{**row._mapping, column: value})  # noqa: SLF001  # SQLAlchemy's public name for a row as a mapping

    def check_plain(self, place: Sequence[str | int]) -> None:
        """Refuse a value that is not sealed where all are.

        Raises:
            StoreFault: The store is sealed.
        """
        if self.is_strict:
            raise StoreFault(
                f"{_told(place)} is not sealed, though the store is: something else put it there.",
                advice="Restore a backup; if the store was decrypted just now, open it anew.",
            )

    def _sealed(self, name: str, data: bytes, place: Sequence[str | int]) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return bytes.fromhex(name) + nonce + self._ciphers[name].encrypt(nonce, data, _bound(place))

    def _opened(self, raw: bytes, place: Sequence[str | int]) -> bytes:
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415  # an extra

        name = raw[:_NAME_BYTES].hex()
        cipher = self._ciphers.get(name)
        if cipher is None:
            raise StoreFault(
                f"{_told(place)} is sealed with the key {name!r}, which is not at hand.",
                advice="Give SUREFOOT_KEY that key as well, and open the store anew.",
            )
        try:
            nonce, sealed = raw[_NAME_BYTES:_HEAD_BYTES], raw[_HEAD_BYTES:]
            return cipher.decrypt(nonce, sealed, _bound(place))
        except (InvalidTag, ValueError) as fault:
            raise _forged(place) from fault


def form_of(value: str | bytes) -> str:
    """Return the name of the key that a value is sealed with, or `PLAIN`."""
    if isinstance(value, bytes):
        raw = (
            value.removeprefix(SEALED_BYTES)[:_NAME_BYTES]
            if value.startswith(SEALED_BYTES)
            else b""
        )
        return raw.hex() or PLAIN
    if not value.startswith(SEALED_TEXT):
        return PLAIN
    # Eight bytes of the name are within the first twelve characters.
    return base64.b64decode(value[len(SEALED_TEXT) :][:12])[:_NAME_BYTES].hex()


def decoded(text: str, variable: str, command: str) -> bytes:
    """Return the 32 bytes of a key; what is refused is never shown.

    Args:
        text: The key in base64.
        variable: Where it was found.
        command: What makes one.

    Raises:
        BadInput: It is none.
    """
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise BadInput(
            f"{variable} is not base64 of 32 bytes, or not only.",
            advice=f"`{command}` prints a key.",
        )
    return key


def _name(key: bytes) -> str:
    """Return what a key is called: tells keys apart, and nothing about the key."""
    return hashlib.sha256(b"the name of a surefoot key" + key).digest()[:_NAME_BYTES].hex()


def _cipher(key: bytes) -> "AESGCM":
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415  # an extra
    except ModuleNotFoundError as fault:
        raise StoreFault("The package for encryption is not installed.", advice=_EXTRA) from fault
    return AESGCM(key)


def _bound(place: Sequence[str | int]) -> bytes:
    """Return what binds a value to its place."""
    return json.dumps(place).encode()


def _told(place: Sequence[str | int]) -> str:
    return f"The value of {place[0]} {'/'.join(str(part) for part in place[1:])!r}"


def _forged(place: Sequence[str | int]) -> StoreFault:
    return StoreFault(
        f"{_told(place)} was changed, damaged, or moved there from elsewhere.",
        advice="Restore a backup; do not trust what the store holds now.",
    )
