"""Keeps what is too large for state or ledger, once, under the hash of its content."""

import hashlib
import json
import zlib

from pydantic import JsonValue
from sqlalchemy import bindparam, insert, select

from checkpoints.prepared import Prepared
from checkpoints.schema import artifacts
from checkpoints.writer import Writer
from tools.contract import canonical, digest
from tools.errors import StoreFault

_KNOWN = Prepared(select(artifacts.c.ref).where(artifacts.c.ref == bindparam("ref")))
_DATA = Prepared(select(artifacts.c.data).where(artifacts.c.ref == bindparam("ref")))
_ADD = Prepared(insert(artifacts))


class ArtifactTable:
    """The `Artifacts` of a store: compressed canonical JSON, addressed by its SHA-256."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self.vault = writer.vault
        """What opens the store's content."""

    def put(self, value: JsonValue) -> str:
        """Keep a JSON value and return its reference, `sha256:...`."""
        text = canonical(value).encode()
        ref = f"sha256:{hashlib.sha256(text).hexdigest()}"
        with self._writer.write() as connection:
            if _KNOWN.first(connection, {"ref": ref}) is None:
                data = self.vault.seal_bytes(zlib.compress(text), "artifacts", ref)
                _ADD.change(connection, {"ref": ref, "data": data})
        return ref

    def get(self, ref: str) -> JsonValue:
        """Return the value of a reference.

        Raises:
            KeyError: No such artifact.
            StoreFault: What is kept is not what the reference says, or cannot be opened.
        """
        with self._writer.read() as connection:
            found = _DATA.first(connection, {"ref": ref})
        if found is None:
            raise KeyError(ref)
        return _checked(ref, self.vault.open_bytes(found.data, "artifacts", ref))


def _checked(ref: str, data: bytes) -> JsonValue:
    try:
        value: JsonValue = json.loads(zlib.decompress(data))
    except (zlib.error, ValueError) as fault:
        raise _damaged(ref) from fault
    if f"sha256:{digest(value)}" != ref:
        raise _damaged(ref)
    return value


def _damaged(ref: str) -> StoreFault:
    return StoreFault(
        f"The artifact {ref!r} was changed or damaged after it was kept.",
        advice="Restore the store from a backup; do not trust this run's evidence.",
    )
