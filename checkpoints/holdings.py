"""What a run keeps in the store besides the ledger, how much it takes, and its removal."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, Table, delete, func, select, text

from checkpoints.bodies import large, naming, object_of, refs_in
from checkpoints.references import existing, in_chunks, kept_by_graph, told_by
from checkpoints.schema import begins, clearances, effects, ledger, reviews, spending
from checkpoints.store import Store
from checkpoints.tombstones import Bill, Tombstone
from tools.contract import EffectState
from tools.records import RunInfo

UNDOABLE: frozenset[EffectState] = frozenset({"intended", "in_doubt", "applied", "undoing"})
"""Effects that stand, or may; with their snapshots they can still be undone or settled."""

_LASTING = ("run", "status", "adopted", "goal", "plan", "outcome", "fork", "forked", "pruned")
"""Kinds of entries whose bodies stay, however large: what a run was, and what became of it."""
_CHECKPOINTS = "SELECT count(*), coalesce(sum({size}), 0) FROM checkpoints WHERE thread_id = :run"
_OTHERS = "SELECT 0, coalesce(sum({size}), 0) FROM {table} WHERE thread_id = :run"
_LITE = (
    _CHECKPOINTS.format(size="length(checkpoint) + length(metadata)"),
    _OTHERS.format(size="length(value)", table="writes"),
)
_POSTGRES = (
    _CHECKPOINTS.format(size="pg_column_size(checkpoint) + pg_column_size(metadata)"),
    _OTHERS.format(size="octet_length(blob)", table="checkpoint_blobs"),
    _OTHERS.format(size="octet_length(blob)", table="checkpoint_writes"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What of one run would go."""

    run: str
    checkpoints: int = 0
    clearances: list[str] = field(default_factory=list)
    reviews: list[str] = field(default_factory=list)
    effects: list[str] = field(default_factory=list)
    standing: list[str] = field(default_factory=list)
    """Keys of effects that stay, because they can still be undone."""
    undo_lost: bool = False
    charges: int = 0
    bills: tuple[Bill, ...] = ()
    artifacts: set[str] = field(default_factory=set)
    """What it would no longer need; more than what would go where others need it."""
    size_bytes: int = 0
    """About what the rows take, without artifacts."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing of the run would go."""
        rows = self.checkpoints, self.clearances, self.reviews, self.effects, self.charges
        return not (any(rows) or self.artifacts)

    @property
    def gone(self) -> set[tuple[str, str]]:
        """The records that would go, as `references.unneeded` wants them."""
        return {
            *(("review", one) for one in self.reviews),
            *(("effect", one) for one in self.effects),
        }

    def tombstone(self, *, by: str, why: str, number: int) -> Tombstone:
        """Return what the ledger is told when it goes."""
        return Tombstone(
            by=by,
            why=why,
            number=number,
            checkpoints=self.checkpoints,
            clearances=len(self.clearances),
            charges=self.charges,
            bills=self.bills,
            reviews=tuple(self.reviews),
            effects=tuple(self.effects),
            undo_lost=self.undo_lost,
            artifacts=tuple(sorted(self.artifacts)),
            size_bytes=self.size_bytes,
        )


def holding_of(
    store: Store, connection: Connection, info: RunInfo, *, including_undo: bool, before: set[str]
) -> Holding:
    """Return what of an ended run would go.

    Args:
        store: Where it is kept.
        connection: The store's connection.
        info: The run.
        including_undo: Whether effects go, too, that can still be undone.
        before: Artifacts that the run has released already.
    """
    run = info.run
    rows = connection.execute(select(effects).where(effects.c.run == run)).all()
    leaving = [row for row in rows if including_undo or row.state not in UNDOABLE]
    staying = [row for row in rows if row not in leaving]
    asked = connection.execute(
        select(reviews).where(reviews.c.run == run, reviews.c.state != "waiting")
    ).all()
    cleared = _clearances(connection, run)
    count, size = _checkpoints(store, connection, run)
    charges, bills = _charges(connection, run)
    records = [row.record for row in (*leaving, *asked, *cleared)]
    return Holding(
        run=run,
        checkpoints=count,
        clearances=[row.key for row in cleared],
        reviews=[row.id for row in asked],
        effects=[row.key for row in leaving],
        standing=[row.key for row in staying],
        undo_lost=any(row.state in UNDOABLE for row in leaving),
        charges=charges,
        bills=bills,
        artifacts=_released(store, connection, info, leaving, staying) - before,
        size_bytes=size + sum(map(len, records)),
    )


def remove(store: Store, connection: Connection, holding: Holding) -> None:
    """Delete what a holding names, but its artifacts, within the caller's transaction."""
    store.saver.delete_thread(holding.run)
    for table, keys in (
        (clearances, holding.clearances),
        (reviews, holding.reviews),
        (effects, holding.effects),
    ):
        delete_keys(connection, table, keys)
    connection.execute(delete(spending).where(spending.c.run == holding.run))


def delete_keys(connection: Connection, table: Table, keys: Iterable[str]) -> None:
    """Delete the rows with these keys, which are in the table's column `key`, `id` or `ref`."""
    column = next(table.c[name] for name in ("key", "id", "ref") if name in table.c)
    for chunk in in_chunks(keys):
        connection.execute(delete(table).where(column.in_(chunk)))


def _clearances(connection: Connection, run: str) -> list[Row[Any]]:
    """Return the clearances of a run; the keys of a run `r/x` begin with `r/` as well."""
    found = connection.execute(select(clearances).where(begins(clearances.c.key, f"{run}/")))
    return [row for row in found if row.key.rsplit("/", 2)[0] == run]


def _checkpoints(store: Store, connection: Connection, run: str) -> tuple[int, int]:
    """Return how many checkpoints a run has, and their bytes."""
    lite = store.saver.writer.database.path is not None
    found = [
        connection.execute(text(one), {"run": run}).one() for one in (_LITE if lite else _POSTGRES)
    ]
    return sum(row[0] for row in found), int(sum(row[1] for row in found))


def _charges(connection: Connection, run: str) -> tuple[int, tuple[Bill, ...]]:
    """Return how many charges a run has, and their sums as `SpendingTable.totals` counts them."""
    count = select(func.count()).select_from(spending).where(spending.c.run == run)
    query = (
        select(
            spending.c.role,
            spending.c.model,
            func.count().label("calls"),
            func.sum(spending.c.tokens).label("tokens"),
            func.sum(spending.c.usd).label("usd"),
            func.count().filter(spending.c.state == "reserved").label("open"),
        )
        .where(spending.c.run == run, spending.c.state != "released")
        .group_by(spending.c.role, spending.c.model)
        .order_by(spending.c.role, spending.c.model)
    )
    bills = [Bill.model_validate(dict(row._mapping)) for row in connection.execute(query)]  # noqa: SLF001  # SQLAlchemy's public name for a row as a mapping
    return connection.execute(count).scalar_one(), tuple(bills)


def _released(
    store: Store,
    connection: Connection,
    info: RunInfo,
    leaving: list[Row[Any]],
    staying: list[Row[Any]],
) -> set[str]:
    """Return the artifacts that nothing which stays of the run needs."""
    opened = store.artifacts.vault.opened
    kept, named = (
        set().union(*(refs_in(opened(row, "effects").record) for row in rows))
        for rows in (staying, leaving)
    )
    kept |= refs_in(str(info.to_json()))
    named |= kept_by_graph(store.saver, info.run)
    stays = {row.key for row in staying}
    for entry in naming(connection, opened, ledger.c.run == info.run):
        lasting = entry.kind in _LASTING or (entry.kind == "effect" and entry.subject in stays)
        body = large(object_of(entry.body))
        kept |= {body} if lasting and body else set()
        if entry.kind != "pruned":
            named |= told_by(entry.body, store.artifacts)
    return existing(connection, named - kept)
