"""LangGraph's PostgreSQL saver in the store's own transactions; needs the extra `postgres`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata
from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.checkpoint.serde.base import SerializerProtocol
from psycopg import Cursor
from psycopg.rows import DictRow, dict_row

from checkpoints.savers import AnyCallSaver
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


@dataclass(frozen=True, slots=True)
class Boxed:
    """A text on its way to the table of blobs."""

    text: str


class _Unboxing:
    """Serializes a boxed text as the text."""

    def __init__(self, inner: SerializerProtocol) -> None:
        self._inner = inner

    def dumps_typed(self, obj: Any) -> tuple[str, bytes]:  # noqa: ANN401  # LangGraph's own signature
        return self._inner.dumps_typed(obj.text if isinstance(obj, Boxed) else obj)

    def loads_typed(self, data: tuple[str, bytes]) -> Any:  # noqa: ANN401  # LangGraph's own signature
        return self._inner.loads_typed(data)


class PostgreSQLSaver(AnyCallSaver, PostgresSaver):
    """LangGraph's PostgreSQL saver on the store's own connection.

    Texts are kept as blobs: LangGraph would put them into JSON columns, which refuse the character
    NUL that a model may well write, and which no serializer can encrypt.

    Args:
        writer: The store's connection.
        keep: How many of the newest checkpoints of a thread are kept; 0 keeps all. Up to twice as
            many lie there until the next cut.
        serde: What serializes; see `plain_serializer`.
    """

    def __init__(self, writer: Writer, *, keep: int, serde: SerializerProtocol) -> None:
        super().__init__(writer.driver, serde=_Unboxing(serde))
        self.writer = writer
        self._keep = keep
        self._puts = 0
        with writer.outside():
            writer.driver.execute(_LOCK)
            try:
                PostgresSaver(writer.driver).setup()
            finally:
                writer.driver.execute(_UNLOCK)

    def setup(self) -> None:
        """Do nothing: the tables are there."""

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Save a checkpoint, and cut off old ones from time to time; see `AnyCallSaver`."""
        values = checkpoint["channel_values"]
        boxed = {k: Boxed(v) if isinstance(v, str) else v for k, v in values.items()}
        checkpoint = {**checkpoint, "channel_values": boxed}
        with self.writer.write(of=str(config["configurable"]["thread_id"])):
            kept = super().put(config, checkpoint, metadata, new_versions)
            self._puts += 1
            if self._keep and self._puts % self._keep == 0 and _DELTA not in metadata:
                self._cut(config)
        return kept

    def _cut(self, config: RunnableConfig) -> None:
        of = config["configurable"]
        names = {"of": str(of["thread_id"]), "ns": of.get("checkpoint_ns", "")}
        with self._cursor() as cursor:
            last = cursor.execute(_OLDEST, names | {"last": self._keep - 1}).fetchone()
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
