"""The store: everything that outlives the process, in one file or in one database of a server."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Self

from checkpoints.artifacts import ArtifactTable
from checkpoints.clearances import ClearanceTable
from checkpoints.databases import named
from checkpoints.effects import EffectJournal
from checkpoints.keeper import Keeper
from checkpoints.keyring import admit
from checkpoints.leases import TTL, LeaseTable
from checkpoints.ledger import ChainedLedger
from checkpoints.migrations import migrate
from checkpoints.model_cache import AnswerTable
from checkpoints.reviews import ReviewTable
from checkpoints.runs import RunIndex
from checkpoints.spending import SpendingTable
from checkpoints.vault import Vault
from checkpoints.writer import Writer
from tools.contract import Clock
from tools.errors import StoreFault

if TYPE_CHECKING:
    from checkpoints.savers import AnyCallSaver


def _now() -> datetime:
    return datetime.now(UTC)


class Store:
    """All that is remembered; implements `Memory`. Usable from any thread; made by `open_store`.

    As a context manager it closes itself.
    """

    def __init__(self, writer: Writer, *, clock: Clock, owner: str, keep: int) -> None:
        self.artifacts = ArtifactTable(writer)
        """Large values."""
        self.ledger = ChainedLedger(writer, self.artifacts, clock)
        """The record."""
        self.journal = EffectJournal(writer, self.ledger, clock)
        """Effects."""
        self.clearances = ClearanceTable(writer)
        """Permissions."""
        self.reviews = ReviewTable(writer, self.ledger, clock)
        """Questions."""
        self.runs = RunIndex(writer, self.ledger, clock)
        """The index."""
        self.spending = SpendingTable(writer, clock)
        """What models cost."""
        self.leases = LeaseTable(writer, clock, owner, leave=self.spending.leave)
        """Who may advance what."""
        self.model_cache = AnswerTable(writer, clock)
        """What models said."""
        self._writer = writer
        self._keep = keep
        self._saver: AnyCallSaver | None = None
        self._saver_lock = Lock()
        self._with_it = ExitStack()
        self._keeper = Keeper(writer.flush, self.leases.renew, seconds=TTL.total_seconds() / 3)
        writer.when_deferred = self._keeper.wake

    @property
    def path(self) -> Path:
        """The file that it is kept in.

        Raises:
            StoreFault: It is kept in a database server.
        """
        path = self._writer.database.path
        if path is None:
            raise StoreFault("This store is not a file.", advice="Use a tool of its database.")
        return path

    @property
    def saver(self) -> "AnyCallSaver":
        """LangGraph's checkpointer in the same transactions; made when first asked for."""
        from checkpoints.savers import make_saver  # noqa: PLC0415  # loads LangGraph

        with self._saver_lock:
            if self._saver is None:
                self._saver = make_saver(self._writer, keep=self._keep)
            return self._saver

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit everything inside together, or nothing; may be nested.

        Raises:
            StoreFault: The store cannot be written; nothing of the transaction was kept.
        """
        with self._writer.write():
            yield

    @contextmanager
    def reading(self) -> Iterator[None]:
        """See everything inside as it was at one moment.

        Raises:
            StoreFault: The store cannot be read.
        """
        with self._writer.read():
            yield

    def flush(self) -> None:
        """Commit what is deferred, see `Writer`; soon done by itself.

        Raises:
            StoreFault: The store cannot be written.
        """
        self._writer.flush()

    def at_close(self, callback: Callable[[], None]) -> None:
        """Call this when the store is closed: for what was opened to work with it."""
        self._with_it.callback(callback)

    def close(self) -> None:
        """Give back this store's leases and close its connection; may be called twice."""
        self._with_it.close()
        self._keeper.close()
        # A lease that cannot be given back is taken over when this process has gone.
        with suppress(StoreFault):
            self.leases.release_all()
        self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_store(
    url: str = "sqlite:///surefoot.db",
    *,
    clock: Clock = _now,
    owner: str | None = None,
    keep: int = 20,
    key: str = "",
    for_sealing: bool = False,
) -> Store:
    """Open a store; its file (readable by its owner only), or its tables, are made at need.

    Args:
        url: `sqlite:///` and a path, or `postgresql://user@host/database` (extra `postgres`).
        clock: The present.
        owner: Who takes leases; unique to this store when None.
        keep: How many of the newest checkpoints LangGraph keeps of a run; 0 keeps all, also those
            between two commits.
        key: What its content is sealed with, see `Vault`; several separated by commas: the first
            seals, all open. Empty for a store that is not encrypted.
        for_sealing: Whether a plain store may be opened with a key, because it is to be sealed.

    Raises:
        BadInput: The URL names neither a SQLite file nor a PostgreSQL database, or a key is none.
        StoreFault: It cannot be read and written, is not a store, or is a newer one; or it is
            encrypted and this is not its key, or it is not and there is one.
    """
    database, vault = named(url), Vault(key)
    writer = Writer(database, vault)
    with ExitStack() as on_failure:
        on_failure.callback(writer.close)
        with writer.write(urgent=True) as connection:
            admit(connection, vault, is_new=migrate(connection), for_sealing=for_sealing)
        writer.heeds_forms = True
        on_failure.pop_all()
    return Store(writer, clock=clock, owner=owner or uuid.uuid4().hex, keep=keep)
