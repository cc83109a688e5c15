"""Keeps what is too large for state or ledger, once, under the hash of its content."""

import json
import zlib

from pydantic import JsonValue
from sqlalchemy import insert, select

from checkpoints.schema import artifacts
from checkpoints.writer import Writer
from tools.contract import canonical, digest
from tools.errors import StoreFault


class ArtifactTable:
    """The `Artifacts` of a store: compressed canonical JSON, addressed by its SHA-256."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def put(self, value: JsonValue) -> str:
        """Keep a JSON value and return its reference, `sha256:...`."""
        ref = f"sha256:{digest(value)}"
        with self._writer.write() as connection:
            known = connection.execute(
                select(artifacts.c.ref).where(artifacts.c.ref == ref)
            ).first()
            if known is None:
                data = zlib.compress(canonical(value).encode())
                connection.execute(insert(artifacts).values(ref=ref, data=data))
        return ref

    def get(self, ref: str) -> JsonValue:
        """Return the value of a reference.

        Raises:
            KeyError: No such artifact.
            StoreFault: What is kept is not what the reference says.
        """
        with self._writer.read() as connection:
            query = select(artifacts.c.data).where(artifacts.c.ref == ref)
            data = connection.execute(query).scalar_one_or_none()
        if data is None:
            raise KeyError(ref)
        return _checked(ref, data)


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
