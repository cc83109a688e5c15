"""The effect journal: what was meant to happen, what it found, and what came of it."""

from collections.abc import Collection, Mapping
from typing import Any

from pydantic import JsonValue
from sqlalchemy import Connection, bindparam, func, insert, select, update

from checkpoints.ledger import ChainedLedger
from checkpoints.prepared import Prepared
from checkpoints.schema import effects
from checkpoints.writer import Writer
from tools.contract import Action, Clock, EffectRecord, EffectState, JsonObject, canonical
from tools.errors import SurefootError

LEGAL: Mapping[EffectState, frozenset[EffectState]] = {
    "intended": frozenset({"applied", "failed", "in_doubt"}),
    "in_doubt": frozenset({"applied", "failed"}),
    "applied": frozenset({"undoing", "undone"}),
    "undoing": frozenset({"undone", "applied"}),
    "failed": frozenset(),
    "undone": frozenset(),
}
"""The states that may follow each state."""

_BY_KEY = select(effects).where(effects.c.key == bindparam("of"))
_FIND = Prepared(_BY_KEY)
_LOCK = Prepared(_BY_KEY.with_for_update())
_OF_RUN = Prepared(select(effects).where(effects.c.run == bindparam("of")).order_by(effects.c.seq))
_STANDING = Prepared(
    select(effects)
    .where(effects.c.tool == bindparam("of"), effects.c.state == "applied")
    .order_by(effects.c.seq)
)
_TALLY = (
    select(effects.c.run, effects.c.state, func.count())
    .where(effects.c.run.in_(bindparam("of", expanding=True)))
    .group_by(effects.c.run, effects.c.state)
)
_ADD = Prepared(insert(effects).inline())
_CHANGE = Prepared(update(effects).where(effects.c.key == bindparam("of")))


class EffectJournal:
    """The `Journal` of a store; every change is also a ledger entry of the same transaction."""

    def __init__(self, writer: Writer, ledger: ChainedLedger, clock: Clock) -> None:
        self._writer = writer
        self._vault = writer.vault
        self._ledger = ledger
        self._clock = clock

    def find(self, key: str) -> EffectRecord | None:
        """Return the entry of a key."""
        found = self._select(_FIND, key)
        return found[0] if found else None

    def intend(
        self, *, key: str, run: str, step: str, action: Action, snapshot: JsonObject
    ) -> None:
        """Commit the intent and the snapshot.

        Intended again, because it did not happen the first time, it gets the new snapshot; no-op
        when more than that is known of the key.
        """
        record = EffectRecord(
            key=key,
            run=run,
            step=step,
            action=action,
            state="intended",
            snapshot=snapshot,
            at=self._clock(),
        )
        with self._writer.write(of=run, urgent=True) as connection:
            row = _row(connection, key)
            if row is not None:
                self._intend_again(connection, row, snapshot)
                return
            columns = {"key": key, "run": run, "tool": action.tool, "changes": 0}
            _ADD.change(connection, columns | self._kept(record))
            body: JsonObject = {"action": action.to_json(), "action_hash": action.hash}
            self._note(record, 0, body | {"snapshot": snapshot})

    def _intend_again(self, connection: Connection, row: Any, snapshot: JsonObject) -> None:  # noqa: ANN401  # a row
        """Keep what the world is like now: it may have changed, and undo must bring that back."""
        before = self._record(row)
        if before.state != "intended" or before.snapshot == snapshot:
            return
        after, changes = before.model_copy(update={"snapshot": snapshot}), row.changes + 1
        _CHANGE.change(connection, {"of": row.key, "changes": changes, **self._kept(after)})
        self._note(after, changes, {"from": before.state, "snapshot": snapshot})

    def settle(
        self,
        key: str,
        state: EffectState,
        *,
        result: JsonValue = None,
        error: str = "",
        urgent: bool = True,
    ) -> None:
        """Commit what came of an effect; a result that is None leaves the kept one.

        One that is not urgent may be lost in a crash: it can be found out again.

        Raises:
            RunBusy: The run's lease went to another; nothing was written.
            SurefootError: The key is unknown, or the state may not follow the present one.
        """
        with self._writer.write(urgent=urgent) as connection:
            row = _row(connection, key)
            if row is None:
                raise SurefootError(
                    f"The effect {key!r} was never intended, so it cannot be settled."
                )
            before = self._record(row)
            if state not in LEGAL[before.state]:
                with self._writer.write(of=row.run):  # whoever lost the run is told that instead
                    raise _illegal(before, state)
            kept = before.result if result is None else result
            after = before.model_copy(update={"state": state, "result": kept, "error": error})
            changes = row.changes + 1
            _CHANGE.change(connection, {"of": key, "changes": changes, **self._kept(after)})
            self._note(after, changes, {"from": before.state, "result": result, "error": error})

    def of_run(self, run: str) -> list[EffectRecord]:
        """Return the run's entries, oldest first."""
        return self._select(_OF_RUN, run)

    def tally(self, runs: Collection[str]) -> dict[str, dict[EffectState, int]]:
        """Return for each run how many of its effects are in each state."""
        found: dict[str, dict[EffectState, int]] = {run: {} for run in runs}
        with self._writer.read() as connection:
            for run, state, count in connection.execute(_TALLY, {"of": list(runs)}):
                found[run][state] = count
        return found

    def applied(self, tool: str) -> list[EffectRecord]:
        """Return the effects of a tool that stand at present, of all runs, oldest first."""
        return self._select(_STANDING, tool)

    def _select(self, query: Prepared, of: str) -> list[EffectRecord]:
        with self._writer.read() as connection:
            return [self._record(row) for row in query.rows(connection, {"of": of})]

    def _kept(self, record: EffectRecord) -> dict[str, str]:
        text = self._vault.seal(canonical(record.to_json()), "effects", record.key)
        return {"state": record.state, "record": text}

    def _record(self, row: Any) -> EffectRecord:  # noqa: ANN401  # a row
        text = self._vault.open(row.record, "effects", row.key)
        return EffectRecord.model_validate_json(text).model_copy(update={"seq": row.seq})

    def _note(self, record: EffectRecord, change: int, body: JsonObject) -> None:
        # The number of the change keeps a second undo apart from the first in the ledger.
        told: JsonObject = {"state": record.state, "step": record.step, "change": change}
        self._ledger.append(record.run, "effect", record.key, told | body)


def _illegal(record: EffectRecord, state: EffectState) -> SurefootError:
    legal = ", ".join(sorted(LEGAL[record.state])) or "nothing"
    return SurefootError(
        f"The effect {record.key!r} is {record.state} and cannot become {state}; "
        f"after {record.state} comes {legal}."
    )


def _row(connection: Connection, key: str) -> Any:  # noqa: ANN401  # a row, or None
    return _LOCK.first(connection, {"of": key})
