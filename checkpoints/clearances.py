"""Keeps permissions outside the graph's state, so that no state can forge one."""

from sqlalchemy import delete, insert, select

from checkpoints.schema import clearances
from checkpoints.writer import Writer
from tools.contract import Clearance, canonical


class ClearanceTable:
    """The `Clearances` of a store."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def grant(self, clearance: Clearance) -> None:
        """Keep a clearance; a later one for the same key replaces it."""
        with self._writer.write() as connection:
            connection.execute(delete(clearances).where(clearances.c.key == clearance.key))
            row = {"key": clearance.key, "record": canonical(clearance.to_json())}
            connection.execute(insert(clearances).values(**row))

    def find(self, key: str) -> Clearance | None:
        """Return the clearance for an effect key, expired or not."""
        query = select(clearances.c.record).where(clearances.c.key == key)
        with self._writer.read() as connection:
            found = connection.execute(query).scalar_one_or_none()
        return None if found is None else Clearance.model_validate_json(found)
