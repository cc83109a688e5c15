"""LangGraph's checkpoints in the store's own file, bounded in number and type."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
)
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite import SqliteSaver

from checkpoints.faults import store_fault

BUSY_SECONDS = 30.0
"""How long a connection waits for another one's commit."""

# Within the insert's own transaction, so that growth is bounded at no further commit. Writes are
# dropped only when older than all kept checkpoints: newer ones may have come before their own.
# A thread with delta channels needs all its ancestors, and says so in its metadata.
_BOUND = """
CREATE TEMP TRIGGER keep_the_newest AFTER INSERT ON main.checkpoints
WHEN instr(CAST(NEW.metadata AS TEXT), 'counters_since_delta_snapshot') = 0
BEGIN
    DELETE FROM checkpoints
    WHERE thread_id = NEW.thread_id AND checkpoint_ns = NEW.checkpoint_ns
    AND checkpoint_id NOT IN (
        SELECT checkpoint_id FROM checkpoints
        WHERE thread_id = NEW.thread_id AND checkpoint_ns = NEW.checkpoint_ns
        ORDER BY checkpoint_id DESC LIMIT {keep}
    );
    DELETE FROM writes
    WHERE thread_id = NEW.thread_id AND checkpoint_ns = NEW.checkpoint_ns
    AND checkpoint_id < (
        SELECT min(checkpoint_id) FROM checkpoints
        WHERE thread_id = NEW.thread_id AND checkpoint_ns = NEW.checkpoint_ns
    );
END
"""


class BoundedSaver(SqliteSaver):
    """LangGraph's SQLite saver; also asynchronous, and keeping a bounded number of checkpoints.

    Args:
        connection: A connection of its own, usable from any thread; stays the caller's to close.
        keep: How many of the newest checkpoints of a thread are kept; 0 keeps all.
    """

    def __init__(self, connection: sqlite3.Connection, *, keep: int = 20) -> None:
        # None means: plain values and LangGraph's own types, nothing else is ever revived.
        super().__init__(connection, serde=JsonPlusSerializer(allowed_msgpack_modules=None))
        self._keep = keep

    def setup(self) -> None:
        """Make LangGraph's tables and bound them; called by whatever needs them."""
        if self.is_setup:
            return
        super().setup()
        if self._keep:
            self.conn.executescript(_BOUND.format(keep=int(self._keep)))

    @contextmanager
    def cursor(self, transaction: bool = True) -> Iterator[sqlite3.Cursor]:  # noqa: FBT001, FBT002  # LangGraph's own signature
        """Lend a cursor; commit when `transaction`, take everything back on an error.

        Raises:
            StoreFault: The database cannot be read or written.
        """
        try:
            with self.lock, self._whole(commit=transaction):
                self.setup()
                with closing(self.conn.cursor()) as cursor:
                    yield cursor
        except sqlite3.Error as error:
            raise store_fault(error) from error

    @contextmanager
    def _whole(self, *, commit: bool) -> Iterator[None]:
        try:
            yield
            if commit:
                self.conn.commit()
        finally:
            self.conn.rollback()

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Do `get_tuple` in a thread."""
        return await asyncio.to_thread(self.get_tuple, config)

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002  # LangGraph's own name
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        """Do `list` in a thread."""

        def listed() -> list[CheckpointTuple]:
            return list(self.list(config, filter=filter, before=before, limit=limit))

        for found in await asyncio.to_thread(listed):
            yield found

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Do `put` in a thread."""
        return await asyncio.to_thread(self.put, config, checkpoint, metadata, new_versions)

    async def aput_writes(
        self,
        config: RunnableConfig,
        writes: Sequence[tuple[str, Any]],
        task_id: str,
        task_path: str = "",
    ) -> None:
        """Do `put_writes` in a thread."""
        await asyncio.to_thread(self.put_writes, config, writes, task_id, task_path)

    async def adelete_thread(self, thread_id: str) -> None:
        """Do `delete_thread` in a thread."""
        await asyncio.to_thread(self.delete_thread, thread_id)


def open_saver(path: Path, *, keep: int = 20) -> BoundedSaver:
    """Return a saver with a connection of its own to a store's file.

    Raises:
        StoreFault: The file cannot be opened.
    """
    try:
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, check_same_thread=False)
        connection.execute("PRAGMA synchronous=FULL")
    except sqlite3.Error as error:
        raise store_fault(error) from error
    return BoundedSaver(connection, keep=keep)
