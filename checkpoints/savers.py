"""LangGraph's checkpoints in the store's own transactions, bounded in number and type."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, replace
from itertools import islice
from sqlite3 import Cursor
from typing import Any, cast

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    WRITES_IDX_MAP,
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    DeltaChannelHistory,
)
from langgraph.checkpoint.sqlite import SqliteSaver

from checkpoints.ids import go_on_after
from checkpoints.pruning import check_prune, keep_newest
from checkpoints.sealing import (
    LOOKED_UP,
    Place,
    Placed,
    PlacedCheckpoint,
    SealingSerializer,
    cover,
    matches,
    place_of,
    uncovered,
)
from checkpoints.writer import Writer
from tools.errors import BadInput, RunBusy

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

_NOBODY = "00000000-0000-0000-0000-000000000000"
"""Whose writes LangGraph says those are that come with a `Command`."""

REPEATABLE = "__surefoot_repeatable"
"""Key of a graph's configuration: it runs one node at a time, and each may be run anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Newest:
    """The newest checkpoint of a run, to be written at the next commit."""

    put: Callable[[RunnableConfig, Checkpoint, CheckpointMetadata, ChannelVersions], object]
    config: RunnableConfig
    checkpoint: Checkpoint
    metadata: CheckpointMetadata
    versions: ChannelVersions

    @property
    def name(self) -> str:
        """Its id; ids grow with time."""
        return self.checkpoint["id"]

    def write(self) -> None:
        """Write it."""
        self.put(self.config, self.checkpoint, self.metadata, self.versions)

    def then(self, later: "_Newest") -> "_Newest":
        """Return what takes the place of both: the later one, as if it had followed at once."""
        return replace(later, config=self.config, versions={**self.versions, **later.versions})


class AnyCallSaver(BaseCheckpointSaver[Any]):
    """A synchronous saver's asynchronous half, each call in a thread, and its seal.

    Its writes about a run are deferred while the store holds the run's lease; without the lease,
    as in graphs that are not ours, they are committed before the call returns. Of a graph that is
    `REPEATABLE`, only the newest checkpoint before a commit is written: after a crash nobody could
    see the others. Whoever wants all kept gets all. What it keeps is sealed when the store is, see
    `sealing.py`.
    """

    writer: Writer
    serde: SealingSerializer
    keep: int

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Save a checkpoint.

        Raises:
            StoreFault: The database cannot be written.
            RunBusy: The run's lease went to another, or it was to go on from where it once was.
        """
        of = _thread(config)
        _forwards(config, metadata)
        if not self._may_be_late(config):
            with self.writer.write(of=of):
                self.writer.settle()
                return self._put_now(config, checkpoint, metadata, new_versions)
        late = _Newest(
            put=self._put_now,
            config=config,
            checkpoint=checkpoint,
            metadata=metadata,
            versions=new_versions,
        )
        before = self.writer.late(of)
        self.writer.put_off(of, before.then(late) if isinstance(before, _Newest) else late)
        at = {"thread_id": of, "checkpoint_ns": "", "checkpoint_id": checkpoint["id"]}
        return {"configurable": at}

    def _put_now(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        with self.writer.write(of=_thread(config)):
            if self.writer.vault.seals:
                config, metadata = cover(self.writer.vault, config, metadata, checkpoint["id"])
            return super().put(config, checkpoint, metadata, new_versions)

    def put_writes(
        self,
        config: RunnableConfig,
        writes: Sequence[tuple[str, Any]],
        task_id: str,
        task_path: str = "",
    ) -> None:
        """Save what a node wrote; raises as `put` does.

        What the only node at work wrote is in the checkpoint that follows at once. What somebody
        else wants to write into the state of a run is not kept (`BadInput`), answers apart.
        """
        if task_id == _NOBODY and config["configurable"].get(REPEATABLE):
            _answers_only(writes)
        if self._may_be_late(config) and not any(name in WRITES_IDX_MAP for name, _ in writes):
            return
        with self.writer.write(of=_thread(config)):
            if self.writer.vault.seals:
                where = ("write", *place_of(config), task_id)
                writes = [(name, Placed(value, (*where, name))) for name, value in writes]
            super().put_writes(config, writes, task_id, task_path)

    def delete_thread(self, thread_id: str) -> None:
        """Delete all checkpoints of a thread; raises as `put` does."""
        with self.writer.write(of=str(thread_id)):
            self.writer.settle()
            super().delete_thread(thread_id)

    def prune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """Delete all checkpoints of threads, or all but the newest of each namespace; or none.

        A paused run goes on from its newest, with all that was written to it. The store's other
        tables are left alone; `surefoot prune` is for those.

        Args:
            thread_ids: The threads.
            strategy: `keep_latest` or `delete`.

        Raises:
            TypeError: One name was given for a sequence of names.
            ValueError: There is no such strategy.
            NotImplementedError: A thread has a delta channel, and something of it is to be kept.
            StoreFault: The database cannot be written.
        """
        threads = check_prune(thread_ids, strategy)
        with self.writer.write() as connection:
            self.writer.settle()
            for thread in threads:
                if strategy == "delete":
                    self.delete_thread(thread)
                else:
                    keep_newest(connection, thread)

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Return a checkpoint, the newest one when the config names none; later ones get later ids.

        Raises:
            StoreFault: The database cannot be read, or something cannot be opened.
        """
        self.writer.settle()
        found = super().get_tuple(config)
        named = "checkpoint_id" in config["configurable"]
        newest = super().get_tuple(_latest(config)) if named else found
        if newest is not None:
            go_on_after(str(newest.config["configurable"]["checkpoint_id"]))
        return None if found is None else self._opened(found)

    def list(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002  # LangGraph's own name
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> Iterator[CheckpointTuple]:
        """Iterate over checkpoints, newest first; all are read before the first is given."""
        self.writer.settle()
        sealed = {*(filter or {})} - LOOKED_UP if self.writer.vault.seals else set()
        seen = {name: value for name, value in (filter or {}).items() if name not in sealed}
        most = None if sealed else limit
        found = map(self._opened, [*super().list(config, filter=seen, before=before, limit=most)])
        # What the database cannot see of sealed metadata is compared here.
        yield from islice((one for one in found if matches(one, filter or {})), limit)

    def get_delta_channel_history(
        self, *, config: RunnableConfig, channels: Sequence[str]
    ) -> Mapping[str, DeltaChannelHistory]:
        """Return what delta channels are made from; when sealed, checkpoint by checkpoint."""
        if self.writer.vault.is_plain:
            return super().get_delta_channel_history(config=config, channels=channels)
        return BaseCheckpointSaver.get_delta_channel_history(self, config=config, channels=channels)

    def _opened(self, found: CheckpointTuple) -> CheckpointTuple:
        where = place_of(found.config)
        writes = [
            (task, name, self.serde.opened(value, "write", *where, task, name))
            for task, name, value in found.pending_writes or ()
        ]
        return found._replace(
            checkpoint=self._opened_checkpoint(found.checkpoint, where),
            metadata=self._opened_metadata(found.metadata, where),
            pending_writes=writes,
        )

    def _opened_metadata(self, found: CheckpointMetadata, where: Place) -> CheckpointMetadata:
        kept = uncovered(self.writer.vault, cast("dict[str, Any]", found), where)
        return cast("CheckpointMetadata", kept)

    def _opened_checkpoint(self, found: Any, where: Place) -> Checkpoint:  # noqa: ANN401  # a checkpoint, or what is sealed of it
        raise NotImplementedError

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
            return [*self.list(config, filter=filter, before=before, limit=limit)]

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

    async def aprune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """Do `prune` in a thread."""
        await asyncio.to_thread(self.prune, thread_ids, strategy=strategy)

    def _may_be_late(self, config: RunnableConfig) -> bool:
        at = config["configurable"]
        alone = at.get(REPEATABLE) and not at.get("checkpoint_ns")
        return bool(self.keep and alone) and _thread(config) in self.writer.held


class SQLiteSaver(AnyCallSaver, SqliteSaver):
    """LangGraph's SQLite saver on the store's own connection.

    Args:
        writer: The store's connection.
        keep: How many of the newest checkpoints of a thread are kept; 0 keeps all.
    """

    def __init__(self, writer: Writer, *, keep: int) -> None:
        super().__init__(writer.driver, serde=SealingSerializer(writer.vault))
        self.writer = writer
        self.keep = keep
        with writer.outside():
            self.setup()
            if keep:
                self.conn.executescript(_BOUND.format(keep=int(keep)))

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Save a checkpoint; see `AnyCallSaver`."""
        where = (*place_of(config)[:2], checkpoint["id"])
        placed = cast("Checkpoint", PlacedCheckpoint(checkpoint, ("checkpoint", *where)))
        return super().put(config, placed, metadata, new_versions)

    def _opened_checkpoint(self, found: Any, where: Place) -> Checkpoint:  # noqa: ANN401  # see `AnyCallSaver`
        return cast("Checkpoint", self.serde.opened(found, "checkpoint", *where))

    @contextmanager
    def cursor(self, transaction: bool = True) -> Iterator[Cursor]:  # noqa: FBT001, FBT002  # LangGraph's own signature
        """Lend a cursor inside the store's transaction.

        Raises:
            StoreFault: The database cannot be read or written.
        """
        # What changes anything is inside a `write` already.
        lent = nullcontext() if transaction else self.writer.read()
        with lent, closing(self.conn.cursor()) as cursor:
            yield cursor


def make_saver(writer: Writer, *, keep: int) -> AnyCallSaver:
    """Return the saver for the database that a store is kept in."""
    if writer.database.path is not None:
        return SQLiteSaver(writer, keep=keep)
    from checkpoints.savers_postgres import PostgreSQLSaver  # noqa: PLC0415  # an extra

    return PostgreSQLSaver(writer, keep=keep)


def _latest(config: RunnableConfig) -> RunnableConfig:
    of = config["configurable"]
    names = {"thread_id": of["thread_id"], "checkpoint_ns": of.get("checkpoint_ns", "")}
    return {"configurable": names}


def _thread(config: RunnableConfig) -> str:
    return str(config["configurable"]["thread_id"])


def _forwards(config: RunnableConfig, metadata: CheckpointMetadata) -> None:
    """Raise when a run of ours is to go on from an older checkpoint than its newest."""
    if metadata.get("source") == "fork" and config["configurable"].get(REPEATABLE):
        run = _thread(config)
        raise RunBusy(
            f"Run {run!r} has gone on since that checkpoint, and its effects with it.",
            advice=f"`surefoot fork {run} STEP` tries another way from there.",
        )


def _answers_only(writes: Sequence[tuple[str, Any]]) -> None:
    """Raise when more than an answer comes from outside: it would spoil the run for good."""
    others = sorted({name for name, _ in writes} - {"__resume__"})
    if others:
        raise BadInput(
            f"A run takes answers from outside, and nothing else: not {', '.join(others)}.",
            advice="Answer with `Command(resume=...)`; `surefoot fork` tries another way.",
        )
