"""How the content of each table is sealed anew, row by row: our tables, and LangGraph's."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, TableClause, column, table
from sqlalchemy.dialects.postgresql import JSONB, insert

from checkpoints.schema import CONTENT, metadata
from checkpoints.sealing import (
    CIPHER,
    REST,
    Place,
    Placed,
    SealingSerializer,
    covered,
    uncovered,
)
from checkpoints.vault import PLAIN, Vault, form_of

Columns = dict[str, Any]
Again = Callable[[Connection, Row[Any]], Columns]
"""Returns the columns of a row that change; none when it is in its new form already."""


@dataclass(frozen=True, slots=True)
class Part:
    """A table, by which columns its rows are told apart, and what seals one of them anew."""

    table: TableClause
    key: tuple[str, ...]
    again: Again


class Resealer:
    """Knows every part of a store.

    Args:
        vault: Opens what is kept; its first form is the new one.
        serde: Serializes what moves from JSON to a table of blobs.
    """

    def __init__(self, vault: Vault, serde: SealingSerializer) -> None:
        self._vault = vault
        self._serde = serde

    def parts(self, *, lite: bool) -> list[Part]:
        """Return the tables that hold content.

        Args:
            lite: Whether the store is kept in SQLite.
        """
        ours = [self._ours(name) for name in CONTENT]
        return ours + (self._lite() if lite else self._postgres())

    def _ours(self, name: str) -> Part:
        key, column_name = CONTENT[name]

        def again(_: Connection, row: Row[Any]) -> Columns:
            kept = getattr(row, column_name)
            if form_of(kept) == self._vault.forms[0]:
                return {}
            place = name, getattr(row, key)
            if isinstance(kept, bytes):
                value = self._vault.open_bytes(kept, *place)
                return {column_name: self._vault.seal_bytes(value, *place)}
            return {column_name: self._vault.seal(self._vault.open(kept, *place), *place)}

        return Part(metadata.tables[name], (key,), again)

    def _lite(self) -> list[Part]:
        where = "thread_id", "checkpoint_ns", "checkpoint_id"

        def checkpoint(_: Connection, row: Row[Any]) -> Columns:
            place = tuple(getattr(row, name) for name in where)
            changed = self._metadata(json.loads(row.metadata or b"{}"), place)
            kept = {} if changed is None else {"metadata": json.dumps(changed).encode()}
            return kept | self._typed(row, "checkpoint", "checkpoint", *place)

        return [
            Part(
                _table("checkpoints", *where, "type", "checkpoint", "metadata"), where, checkpoint
            ),
            self._writes("writes", "value"),
        ]

    def _postgres(self) -> list[Part]:
        where = "thread_id", "checkpoint_ns", "checkpoint_id"
        channel = "thread_id", "checkpoint_ns", "channel", "version"
        blobs = _table("checkpoint_blobs", *channel, "type", "blob")

        def checkpoint(connection: Connection, row: Row[Any]) -> Columns:
            place = tuple(getattr(row, name) for name in where)
            changed = self._metadata(row.metadata, place)
            kept = {} if changed is None else {"metadata": changed}
            return kept | self._unfolded(connection, blobs, row)

        def blob(_: Connection, row: Row[Any]) -> Columns:
            place = tuple(getattr(row, name) for name in channel)
            return self._typed(row, "blob", "channel", *place) if row.type != "empty" else {}

        checkpoints = table(
            "checkpoints",
            *(column(name) for name in where),
            column("checkpoint", JSONB),
            column("metadata", JSONB),
        )
        return [
            Part(checkpoints, where, checkpoint),
            Part(blobs, channel, blob),
            self._writes("checkpoint_writes", "blob"),
        ]

    def _writes(self, name: str, data: str) -> Part:
        where = "thread_id", "checkpoint_ns", "checkpoint_id", "task_id"

        def write(_: Connection, row: Row[Any]) -> Columns:
            place = *(getattr(row, part) for part in where), row.channel
            return self._typed(row, data, "write", *place)

        return Part(_table(name, *where, "idx", "channel", "type", data), (*where, "idx"), write)

    def _typed(self, row: Row[Any], data: str, *place: str) -> Columns:
        """Seal a value anew whose type LangGraph keeps beside it."""
        kept = bytes(getattr(row, data))
        sealed = row.type.endswith(CIPHER)
        if (form_of(kept) if sealed else PLAIN) == self._vault.forms[0]:
            return {}
        if not sealed:
            self._vault.check_plain(place)
        value = self._vault.open_bytes(kept, *place) if sealed else kept
        kind = row.type.removesuffix(CIPHER)
        if not self._vault.seals:
            return {"type": kind, data: value}
        return {"type": kind + CIPHER, data: self._vault.seal_bytes(value, *place)}

    def _metadata(self, kept: Columns, where: Place) -> Columns | None:
        if form_of(kept.get(REST, "")) == self._vault.forms[0]:
            return None
        return covered(self._vault, uncovered(self._vault, kept, where), where)

    def _unfolded(self, connection: Connection, blobs: TableClause, row: Row[Any]) -> Columns:
        """Move what PostgreSQL keeps of a checkpoint in JSON to where it can be sealed."""
        values, versions = row.checkpoint["channel_values"], row.checkpoint["channel_versions"]
        moving = [name for name in values if name in versions] if self._vault.seals else []
        for name in moving:
            channel = row.thread_id, row.checkpoint_ns, name, str(versions[name])
            self._vault.check_plain(("channel", *channel))
            kind, data = self._serde.dumps_typed(Placed(values[name], ("channel", *channel)))
            names = "thread_id", "checkpoint_ns", "channel", "version"
            added = dict(zip(names, channel, strict=True)) | {"type": kind, "blob": data}
            connection.execute(insert(blobs).values(added).on_conflict_do_nothing())
        if not moving:
            return {}
        left = {name: value for name, value in values.items() if name not in moving}
        return {"checkpoint": {**row.checkpoint, "channel_values": left}}


def _table(name: str, *columns: str) -> TableClause:
    return table(name, *(column(each) for each in columns))
