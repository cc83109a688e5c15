"""Keeps permissions outside the graph's state, so that no state can forge one."""

from sqlalchemy import bindparam, delete, insert, select

from checkpoints.schema import clearances
from checkpoints.writer import Writer
from tools.contract import Clearance, canonical

# Built once: building a statement takes longer than running it.
_FIND = select(clearances.c.record).where(clearances.c.key == bindparam("of"))
_DROP = delete(clearances).where(clearances.c.key == bindparam("of"))
_ADD = insert(clearances)


class ClearanceTable:
    """The `Clearances` of a store."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._vault = writer.vault

    def grant(self, clearance: Clearance) -> None:
        """Keep a clearance; a later one for the same key replaces it."""
        with self._writer.write() as connection:
            connection.execute(_DROP, {"of": clearance.key})
            text = canonical(clearance.to_json())
            record = self._vault.seal(text, "clearances", clearance.key)
            connection.execute(_ADD, {"key": clearance.key, "record": record})

    def find(self, key: str) -> Clearance | None:
        """Return the clearance for an effect key, expired or not."""
        with self._writer.read() as connection:
            found = connection.execute(_FIND, {"of": key}).scalar_one_or_none()
        if found is None:
            return None
        return Clearance.model_validate_json(self._vault.open(found, "clearances", key))
