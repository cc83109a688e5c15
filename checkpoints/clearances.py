"""Keeps permissions outside the graph's state, so that no state can forge one."""

from sqlalchemy import bindparam, delete, insert, select

from checkpoints.prepared import Prepared
from checkpoints.schema import clearances
from checkpoints.writer import Writer
from tools.contract import Clearance, canonical

_FIND = Prepared(select(clearances.c.record).where(clearances.c.key == bindparam("of")))
_DROP = Prepared(delete(clearances).where(clearances.c.key == bindparam("of")))
_ADD = Prepared(insert(clearances))


class ClearanceTable:
    """The `Clearances` of a store."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._vault = writer.vault

    def grant(self, clearance: Clearance) -> None:
        """Keep a clearance; a later one for the same key replaces it."""
        with self._writer.write() as connection:
            _DROP.change(connection, {"of": clearance.key})
            text = canonical(clearance.to_json())
            record = self._vault.seal(text, "clearances", clearance.key)
            _ADD.change(connection, {"key": clearance.key, "record": record})

    def find(self, key: str) -> Clearance | None:
        """Return the clearance for an effect key, expired or not."""
        with self._writer.read() as connection:
            found = _FIND.first(connection, {"of": key})
        if found is None:
            return None
        return Clearance.model_validate_json(self._vault.open(found.record, "clearances", key))
