"""Lets go of what ended runs no longer need; the ledger stays whole and tells what went.

One transaction per run: its rows go and its tombstone comes together. Then the artifacts that
nothing needs any more; which these are the tombstones tell, so that the next prune completes one
that was cut short.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from pydantic import Field
from sqlalchemy import ColumnElement, Connection, delete, select

from checkpoints.holdings import Holding, delete_keys, holding_of, remove
from checkpoints.limits import Retention
from checkpoints.references import LIVING, size_of, unneeded
from checkpoints.schema import artifacts, model_cache, runs, stamp
from checkpoints.shrinking import Shrinking, shrink, used_bytes
from checkpoints.store import Store
from checkpoints.tombstones import PRUNED, released, tombstones
from tools.contract import Record
from tools.errors import BadInput, RunBusy
from tools.records import RunInfo

MEGABYTE = 1_000_000


class Candidate(Record):
    """A run that loses something, and what."""

    run: str
    why: str
    ended_at: datetime
    checkpoints: int
    clearances: int
    reviews: int
    effects: int
    standing: int
    """Effects that stay, because they can still be undone."""
    undo_lost: bool
    charges: int
    artifacts: int
    """Those that it no longer needs; others may."""
    size_bytes: int
    """About what its rows take, without artifacts."""


class Pruning(Record):
    """What went, or would."""

    dry_run: bool
    runs: tuple[Candidate, ...]
    skipped: dict[str, str] = Field(default_factory=dict)
    """Runs that were left alone, and why."""
    artifacts: int = 0
    artifact_bytes: int = 0
    artifacts_left: str = ""
    """Why no artifact went; empty when all went that could."""
    answers: int = 0
    """Expired answers of models."""
    used_bytes: int = 0
    """What the store's content takes, before anything goes."""
    still_above: str = ""
    """Why the store takes more than it should all the same; empty when it does not."""
    file: Shrinking | None = None
    """What became of the store's file; None when nothing was done."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing goes."""
        return not (self.runs or self.artifacts or self.answers)

    @property
    def size_bytes(self) -> int:
        """About what all of it takes."""
        return self.artifact_bytes + sum(one.size_bytes for one in self.runs)


def prune(
    store: Store,
    limits: Retention,
    *,
    now: datetime,
    by: str,
    including_undo: bool = False,
    dry_run: bool = True,
) -> Pruning:
    """Let ended runs go that are beyond a limit.

    A run that lives, an effect that can still be undone, the entry of a run in the index, and the
    ledger stay whatever the limits say.

    Args:
        store: Where they are kept.
        limits: What is kept; at least one must be set.
        now: The present.
        by: Who prunes, for the ledger.
        including_undo: Whether effects go, too, that can still be undone.
        dry_run: Only say what would go.

    Raises:
        BadInput: No limit is set.
        StoreFault: The store cannot be read or written; what went before is on the ledger.
    """
    if not limits.model_dump(exclude_none=True):
        raise BadInput(
            "No limit says what may go.",
            advice="Set max_age_days, max_runs or max_mb in [retention] of surefoot.toml, "
            "or give --max-age-days, --max-runs or --max-mb.",
        )
    work = _Prune(store, limits, now=now, by=by, including_undo=including_undo)
    return work.foresee() if dry_run else work.do()


class _Prune:
    """One prune of one store."""

    def __init__(
        self, store: Store, limits: Retention, *, now: datetime, by: str, including_undo: bool
    ) -> None:
        self._store = store
        self._writer = store.saver.writer
        self._limits = limits
        self._now = now
        self._by = by
        self._including_undo = including_undo

    def foresee(self) -> Pruning:
        """Say what would go."""
        with self._writer.read() as connection:
            chosen = [*self._chosen(connection)]
            gone = released(tombstones(connection, self._store.artifacts))
            for _, holding, _ in chosen:
                gone.setdefault(holding.run, set()).update(holding.artifacts)
            records = set().union(*(holding.gone for _, holding, _ in chosen))
            saver = self._store.saver
            refs = unneeded(connection, self._store.artifacts, saver, gone, records)
            expired = connection.execute(select(model_cache.c.key).where(self._expired)).all()
            return Pruning(
                dry_run=True,
                runs=tuple(_candidate(*one) for one in chosen),
                artifacts=len(refs),
                artifact_bytes=size_of(connection, refs),
                artifacts_left=self._busy(),
                answers=len(expired),
                used_bytes=self._used(connection),
            )

    def do(self) -> Pruning:
        """Let it go."""
        with self._writer.read() as connection:
            chosen = [*self._chosen(connection)]
            used = self._used(connection)
        skipped: dict[str, str] = {}
        went = []
        for info, holding, why in chosen:
            try:
                went += self._one(info.run, why)
            except RunBusy as fault:
                skipped[holding.run] = fault.what
        swept = self._sweep()
        return swept.model_copy(
            update={
                "runs": tuple(went),
                "skipped": skipped,
                "used_bytes": used,
                "still_above": self._still_above(),
                "file": shrink(self._writer, busy=swept.artifacts_left),
            }
        )

    def _still_above(self) -> str:
        with self._writer.read() as connection:
            excess = self._excess(connection)
        most = f"{self._limits.max_mb:g} MB" if excess > 0 else ""
        return most and f"The store still takes more than {most}: ledger and living runs stay."

    def _chosen(self, connection: Connection) -> Iterator[tuple[RunInfo, Holding, str]]:
        """Yield the runs that lose something, those that ended first before others."""
        opened = self._writer.vault.opened
        rows = connection.execute(select(runs))
        infos = [RunInfo.model_validate_json(opened(row, "runs").record) for row in rows]
        ended = [info for info in infos if info.status not in LIVING]
        ended.sort(key=lambda info: (info.updated_at, info.run))
        excess = self._excess(connection)
        for number, info in enumerate(ended):
            why = self._why(info, after=len(ended) - number - 1, excess=excess)
            holding = self._holding(connection, info) if why else None
            if holding is not None and not holding.is_empty:
                excess -= holding.size_bytes + size_of(connection, holding.artifacts)
                yield info, holding, why

    def _why(self, info: RunInfo, *, after: int, excess: float) -> str:
        """Return the limit that a run is beyond; empty when it stays whole.

        Args:
            info: The run.
            after: How many runs ended after it.
            excess: By how many bytes the store is too large.
        """
        limits = self._limits
        if limits.max_age_days is not None:
            age = self._now - info.updated_at
            if age > timedelta(days=limits.max_age_days):
                return f"it ended more than {limits.max_age_days:g} days ago"
        if limits.max_runs is not None and after >= limits.max_runs:
            return f"it is not among the {limits.max_runs} runs that ended last"
        if excess > 0:
            return f"the store takes more than {limits.max_mb:g} MB"
        return ""

    def _excess(self, connection: Connection) -> float:
        if self._limits.max_mb is None:
            return 0.0
        return self._used(connection) - self._limits.max_mb * MEGABYTE

    def _used(self, connection: Connection) -> int:
        return used_bytes(connection, on_server=self._writer.database.path is None)

    def _holding(self, connection: Connection, info: RunInfo) -> Holding:
        earlier = released(tombstones(connection, self._store.artifacts, info.run))
        return holding_of(
            self._store,
            connection,
            info,
            including_undo=self._including_undo,
            before=earlier.get(info.run, set()),
        )

    def _one(self, run: str, why: str) -> list[Candidate]:
        """Let one run go, unless it lives again or lost all meanwhile."""
        with self._store.leases.holding(run), self._writer.write(of=run) as connection:
            info = self._store.runs.get(run)
            holding = self._holding(connection, info)
            if info.status in LIVING or holding.is_empty:
                return []
            earlier = tombstones(connection, self._store.artifacts, run)
            body = holding.tombstone(by=self._by, why=why, number=len(earlier) + 1)
            remove(self._store, connection, holding)
            self._store.ledger.append(run, PRUNED, run, body.to_json())
        return [_candidate(info, holding, why)]

    def _sweep(self) -> Pruning:
        """Delete artifacts that nothing needs any more, and answers that have expired.

        A run that is being advanced may be about to name an artifact that was there already: then
        they stay until the next prune.
        """
        with self._writer.write(urgent=True) as connection:
            answers = connection.execute(delete(model_cache).where(self._expired)).rowcount
            busy = self._busy()
            refs: set[str] = set()
            if not busy:
                gone = released(tombstones(connection, self._store.artifacts))
                refs = unneeded(connection, self._store.artifacts, self._store.saver, gone)
            size = size_of(connection, refs)
            delete_keys(connection, artifacts, refs)
        return Pruning(
            dry_run=False,
            runs=(),
            artifacts=len(refs),
            artifact_bytes=size,
            artifacts_left=busy,
            answers=answers,
        )

    def _busy(self) -> str:
        """Say which run is being advanced; empty when none is."""
        busy = self._store.leases.held_runs()
        return f"Run {busy[0]!r} is being advanced." if busy else ""

    @property
    def _expired(self) -> ColumnElement[bool]:
        return model_cache.c.expires_at <= stamp(self._now)


def _candidate(info: RunInfo, holding: Holding, why: str) -> Candidate:
    return Candidate(
        run=info.run,
        why=why,
        ended_at=info.updated_at,
        checkpoints=holding.checkpoints,
        clearances=len(holding.clearances),
        reviews=len(holding.reviews),
        effects=len(holding.effects),
        standing=len(holding.standing),
        undo_lost=holding.undo_lost,
        charges=holding.charges,
        artifacts=len(holding.artifacts),
        size_bytes=holding.size_bytes,
    )
