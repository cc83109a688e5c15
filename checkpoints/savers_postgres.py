"""LangGraph's PostgreSQL saver in the store's own transactions; needs the extra `postgres`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata
from langgraph.checkpoint.postgres import PostgresSaver
from psycopg import Cursor
from psycopg.rows import DictRow, dict_row

from checkpoints.savers import AnyCallSaver
from checkpoints.sealing import Place, Placed, SealingSerializer, place_of
from checkpoints.writer import Writer

# The lock of PostgreSQL's own schema changes: of two processes that open a new store, one waits.
_LOCK = "SELECT pg_advisory_lock(1398100549, 2)"
_UNLOCK = "SELECT pg_advisory_unlock(1398100549, 2)"

# Everything of a thread that is older than its newest `keep` checkpoints; see `savers.py`.
_DROP = (
    """DELETE FROM checkpoints WHERE thread_id = %(of)s AND checkpoint_ns = %(ns)s
       AND checkpoint_id < %(oldest)s""",
    """DELETE FROM checkpoint_writes WHERE thread_id = %(of)s AND checkpoint_ns = %(ns)s
       AND checkpoint_id < %(oldest)s""",
    """DELETE FROM checkpoint_blobs b WHERE thread_id = %(of)s AND checkpoint_ns = %(ns)s
       AND NOT EXISTS (
           SELECT FROM checkpoints c WHERE c.thread_id = b.thread_id
           AND c.checkpoint_ns = b.checkpoint_ns
           AND c.checkpoint->'channel_versions'->>b.channel = b.version)""",
)
_OLDEST = """SELECT checkpoint_id FROM checkpoints
    WHERE thread_id = %(of)s AND checkpoint_ns = %(ns)s
    ORDER BY checkpoint_id DESC OFFSET %(last)s LIMIT 1"""
_DELTA = "counters_since_delta_snapshot"


class PostgreSQLSaver(AnyCallSaver, PostgresSaver):
    """LangGraph's PostgreSQL saver on the store's own connection.

    Texts are kept as blobs: LangGraph would put them into JSON columns, which refuse the character
    NUL that a model may well write, and which no serializer can encrypt. In a sealed store numbers
    are, too.

    Args:
        writer: The store's connection.
        keep: How many of the newest checkpoints of a thread are kept; 0 keeps all. Up to twice as
            many lie there until the next cut.
    """

    def __init__(self, writer: Writer, *, keep: int) -> None:
        super().__init__(writer.driver, serde=SealingSerializer(writer.vault))
        self.writer = writer
        self.keep = keep
        self._puts = 0
        with writer.outside():
            writer.driver.execute(_LOCK)
            try:
                PostgresSaver(writer.driver).setup()
            finally:
                writer.driver.execute(_UNLOCK)

    def setup(self) -> None:
        """Do nothing: the tables are there."""

    def _put_now(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Save a checkpoint, and cut off old ones from time to time."""
        with self.writer.write(of=str(config["configurable"]["thread_id"])):
            checkpoint, new_versions = self._boxed(config, checkpoint, new_versions)
            kept = super()._put_now(config, checkpoint, metadata, new_versions)
            self._puts += 1
            if self.keep and self._puts % self.keep == 0 and _DELTA not in metadata:
                self._cut(config)
        return kept

    def _boxed(
        self, config: RunnableConfig, checkpoint: Checkpoint, new_versions: ChannelVersions
    ) -> tuple[Checkpoint, ChannelVersions]:
        """Return a checkpoint whose scalars go to the table of blobs."""
        seals = self.writer.vault.seals
        scalars = (str, int, float, type(None)) if seals else str
        thread, namespace, _ = place_of(config)
        versions = checkpoint["channel_versions"]
        boxed = {
            name: Placed(value, _place(thread, namespace, name, versions[name]))
            for name, value in checkpoint["channel_values"].items()
            if isinstance(value, scalars) and name in versions
        }
        checkpoint = {**checkpoint, "channel_values": {**checkpoint["channel_values"], **boxed}}
        # One that has not changed may lie in the JSON of an older checkpoint only.
        unchanged = {name: versions[name] for name in boxed if seals}
        return checkpoint, unchanged | new_versions

    def _dump_blobs(
        self, thread_id: str, checkpoint_ns: str, values: dict[str, Any], versions: ChannelVersions
    ) -> list[tuple[str, str, str, str, str, bytes | None]]:
        placed = {
            name: value
            if isinstance(value, Placed)
            else Placed(value, _place(thread_id, checkpoint_ns, name, versions[name]))
            for name, value in values.items()
            if name in versions
        }
        return super()._dump_blobs(thread_id, checkpoint_ns, placed, versions)

    def _opened_checkpoint(self, found: Any, where: Place) -> Checkpoint:  # noqa: ANN401  # see `AnyCallSaver`
        thread, namespace, _ = where
        versions = found["channel_versions"]
        values = {
            name: self.serde.opened(value, *_place(thread, namespace, name, versions.get(name)))
            for name, value in found["channel_values"].items()
        }
        return cast("Checkpoint", {**found, "channel_values": values})

    def _cut(self, config: RunnableConfig) -> None:
        of = config["configurable"]
        names = {"of": str(of["thread_id"]), "ns": of.get("checkpoint_ns", "")}
        with self._cursor() as cursor:
            last = cursor.execute(_OLDEST, names | {"last": self.keep - 1}).fetchone()
            if last is not None:
                for statement in _DROP:
                    cursor.execute(statement, names | {"oldest": last["checkpoint_id"]})

    @contextmanager
    def _cursor(self, *, pipeline: bool = False) -> Iterator[Cursor[DictRow]]:
        """Lend a cursor inside the store's transaction.

        Raises:
            StoreFault: The database cannot be read or written.
        """
        with (
            self.writer.write() if pipeline else self.writer.read(),
            self.writer.driver.cursor(binary=True, row_factory=dict_row) as cursor,
        ):
            yield cursor


def _place(thread: str, namespace: str, channel: str, version: object) -> Place:
    """Return where the value of a channel lies."""
    return "channel", str(thread), namespace, channel, str(version)
