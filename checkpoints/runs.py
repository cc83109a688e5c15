"""The index of runs: what each is after and how it stands."""

from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, insert, select, update

from checkpoints.ledger import ChainedLedger
from checkpoints.schema import begins, runs, stamp
from checkpoints.writer import Writer
from tools.contract import Clock, JsonObject, canonical
from tools.errors import UnknownRun
from tools.records import RunInfo, Status

# Built once: building a statement takes longer than running it.
_FIND = select(runs).where(runs.c.run == bindparam("of"))
_LOCK = _FIND.with_for_update()
_DIGEST = 64
"""Characters of the digest that a fingerprint starts with."""


class RunIndex:
    """The `Runs` of a store; every change is also a ledger entry of the same transaction."""

    def __init__(self, writer: Writer, ledger: ChainedLedger, clock: Clock) -> None:
        self._writer = writer
        self._vault = writer.vault
        self._ledger = ledger
        self._clock = clock
        self._seen: dict[str, tuple[int | None, RunInfo | None]] = {}

    def create(self, info: RunInfo) -> None:
        """Keep a new run; no-op when the same run is there already."""
        with self._writer.write(of=info.run, urgent=True) as connection:
            if _row(connection, info.run) is not None:
                return
            row = {"run": info.run, "created_at": stamp(info.created_at), "changes": 0}
            connection.execute(insert(runs).values(**row, record=self._kept(info)))
            self._ledger.append(info.run, "run", info.run, info.to_json())

    def get(self, run: str) -> RunInfo:
        """Return a run; an unambiguous beginning of its name suffices.

        Raises:
            UnknownRun: No run, or more than one, begins so.
        """
        named = select(runs).where(begins(runs.c.run, run)).order_by(runs.c.run)
        exact = self.find(run)
        found = self._select(named.limit(10)) if run and exact is None else []
        if exact is not None or len(found) == 1:
            return exact or found[0]
        if not found:
            raise UnknownRun(f"There is no run {run!r}.", advice="`surefoot ls` lists the runs.")
        names = ", ".join(info.run for info in found)
        raise UnknownRun(f"{run!r} could be any of {names}.", advice="Write more of its name.")

    def find(self, run: str) -> RunInfo | None:
        """Return a run by its whole name, or None."""
        # Nobody else changes the entry of a run whose lease is ours, so each node need not look.
        fence = self._writer.held.get(run)
        seen, known = self._seen.get(run, (None, None))
        if fence is not None and seen == fence:
            return known
        with self._writer.read() as connection:
            row = connection.execute(_FIND, {"of": run}).first()
        found = None if row is None else self._info(row)
        self._seen = {run: (fence, found)} if fence is not None and found else {}
        return found

    def set_status(self, run: str, status: Status, reason: str = "") -> None:
        """Change a run's status; no-op when status and reason are the present ones.

        Raises:
            UnknownRun: No run has this name.
        """
        change: JsonObject = {"status": status, "reason": reason}
        self._change(run, "status", change, told=change)

    def adopt(self, run: str, *, fingerprint: str, version: str) -> None:
        """Note the graph and version that go on with a run.

        Raises:
            UnknownRun: No run has this name.
        """
        told: JsonObject = {"version": version, "fingerprint": fingerprint[:_DIGEST]}
        self._change(run, "adopted", {"fingerprint": fingerprint, "version": version}, told=told)

    def _change(self, run: str, kind: str, change: JsonObject, *, told: JsonObject) -> None:
        with self._writer.write(of=run) as connection:
            self._seen = {}
            row = _row(connection, run)
            if row is None:
                raise UnknownRun(
                    f"There is no run {run!r}.", advice="`surefoot ls` lists the runs."
                )
            before = self._info(row)
            if all(getattr(before, name) == value for name, value in change.items()):
                return
            record = before.model_copy(update={**change, "updated_at": self._clock()})
            number = row.changes + 1
            values = {"record": self._kept(record), "changes": number}
            connection.execute(update(runs).where(runs.c.run == run).values(**values))
            # The number keeps the second "waiting" of a run apart from the first.
            self._ledger.append(run, kind, run, told | {"change": number})

    def all(self, *, limit: int = 100) -> list[RunInfo]:
        """Return up to `limit` runs, newest first."""
        newest = select(runs).order_by(runs.c.created_at.desc(), runs.c.run.desc())
        return self._select(newest.limit(limit))

    def _select(self, query: Select[Any]) -> list[RunInfo]:
        with self._writer.read() as connection:
            return [self._info(row) for row in connection.execute(query)]

    def _kept(self, info: RunInfo) -> str:
        return self._vault.seal(canonical(info.to_json()), "runs", info.run)

    def _info(self, row: Row[Any]) -> RunInfo:
        return RunInfo.model_validate_json(self._vault.open(row.record, "runs", row.run))


def _row(connection: Connection, run: str) -> Row[Any] | None:
    return connection.execute(_LOCK, {"of": run}).first()
