"""Takes effects back, newest first, and stops where the world is no longer as they left it.

Each effect is compared with the world, journaled as `undoing`, undone, compared again, and only
then journaled as `undone`; whatever is killed in between, the next undo goes on with.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from checkpoints.foresight import foresee
from checkpoints.reversal import (
    CHANGED,
    DOUBT,
    GONE,
    UNPROVED,
    Reverser,
    UndoItem,
    UndoReport,
    conflict,
    found_out,
    item,
    newest_first,
    standing,
)
from checkpoints.store import Store
from tools.contract import EffectRecord, JsonObject
from tools.errors import BadInput, SurefootError, ToolFault, UndoConflict


def undo_run(
    store: Store,
    run: str,
    *,
    reverser: Reverser,
    by: str,
    from_step: str | None = None,
    skip: Collection[str] = (),
    dry_run: bool = False,
) -> UndoReport:
    """Undo a run's effects, newest first, and complete an undo that was interrupted.

    Args:
        store: Where the run's effects are kept.
        run: The whole name of the run.
        reverser: Asked about each effect in turn.
        by: Who wants it.
        from_step: A step (`tune`) or one action of it (`tune.2`): undo it and what came after;
            everything when None.
        skip: Steps and actions whose effects are left as they are.
        dry_run: Only say what would come of it.

    Raises:
        BadInput: No effect of the run is of a step that was named.
        ToolFault: A tool could not look or undo for now; what was undone before stays so.
    """
    records = store.journal.of_run(run)
    spared = {record.key for name in skip for record in _of(records, run, name)}
    if from_step is not None:
        first = _of(records, run, from_step)[0]
        records = [record for record in records if record.seq >= first.seq]
    if dry_run:
        return UndoReport(items=tuple(foresee(records, reverser, spared)))
    work = _Work(store, reverser, why=f"taken back by {by}", by=by, spared=frozenset(spared))
    return UndoReport(items=tuple(work.on(records)))


def undo_effects(
    store: Store, records: Iterable[EffectRecord], *, reverser: Reverser, why: str
) -> tuple[UndoItem, ...]:
    """Undo these effects, newest first, up to the first conflict.

    Args:
        store: Where they are kept.
        records: The effects; those with nothing to undo are skipped, those in doubt are told.
        reverser: Asked about each effect in turn.
        why: Kept with each effect, so that an undo cut short can be gone on with.

    Raises:
        ToolFault: A tool could not look or undo for now; what was undone before stays so.
    """
    present = [store.journal.find(record.key) or record for record in records]
    return tuple(_Work(store, reverser, why=why).on(present))


@dataclass(frozen=True, slots=True)
class _Work:
    """One undo, as somebody or the run itself wants it."""

    store: Store
    reverser: Reverser
    why: str
    by: str = ""
    spared: frozenset[str] = frozenset()

    def on(self, records: list[EffectRecord]) -> Iterator[UndoItem]:
        """Undo effects up to the first conflict, and yield what came of each."""
        for record in newest_first(records):
            came = self._one(record)
            if came is None:
                continue
            self._end(record, came)
            yield came
            if came.outcome == "conflict":
                return

    def _one(self, record: EffectRecord) -> UndoItem | None:
        """Return what came of one effect; None when the world says that it never happened."""
        if record.key in self.spared:
            return item(record, "left alone", f"{self.by} wants it to stay.")
        happened = found_out(record, self.reverser)
        if happened == "unknown":
            return item(record, "in doubt", record.error or DOUBT)
        if record.state == "intended":
            settled: Literal["applied", "failed"] = "applied" if happened == "yes" else "failed"
            self.store.journal.settle(record.key, settled, error="found out by the undo")
        if happened == "no":
            return None
        reason = self.reverser.irreversible(record)
        return item(record, "not reversible", reason) if reason else self._take_back(record)

    def _take_back(self, record: EffectRecord) -> UndoItem:
        found = self.reverser.compare(record)
        stands = standing(found)
        if stands == "changed":
            return conflict(record, CHANGED, found)
        if stands == "gone" and record.state != "undoing":
            return item(record, "gone already", GONE)
        if record.state != "undoing":
            self.store.journal.settle(record.key, "undoing", error=self.why)
        try:
            self.reverser.undo(record)
        except UndoConflict as fault:
            return conflict(record, str(fault), self.reverser.compare(record))
        except ToolFault as fault:
            self.store.journal.settle(record.key, "applied", error=fault.what)
            raise
        except SurefootError as fault:
            if type(fault) is not SurefootError:  # only the bare base says: this cannot be undone
                raise
            return item(record, "not reversible", fault.what)
        return self._prove(record)

    def _prove(self, record: EffectRecord) -> UndoItem:
        """Look whether the world now is as it was before the effect."""
        found = self.reverser.compare(record)
        if found is None:
            back = self.reverser.happened(record) != "yes"
        else:
            back = found.now == found.before
        return item(record, "undone") if back else conflict(record, UNPROVED, found)

    def _end(self, record: EffectRecord, came: UndoItem) -> None:
        """Journal what came of an effect, and put it on the ledger with who and why."""
        why = self.why or record.error
        told: JsonObject = {"why": why, "by": self.by, "came": came.outcome, "detail": came.detail}
        with self.store.transaction():
            present = self.store.journal.find(record.key)
            if came.outcome in {"undone", "gone already"}:
                self.store.journal.settle(record.key, "undone", error=why)
            elif present is not None and present.state == "undoing":
                self.store.journal.settle(record.key, "applied", error=came.detail)
            self.store.ledger.append(record.run, "undo", record.key, told)


def _of(records: list[EffectRecord], run: str, name: str) -> list[EffectRecord]:
    """Return the effects of a step, or the one named `step.ordinal`, oldest first."""
    step, _, ordinal = name.rpartition(".")
    key = f"{run}/{step}/{ordinal}"
    found = [record for record in records if record.step == name or key == record.key]
    if not found:
        names = ", ".join(sorted({record.step for record in records}))
        raise BadInput(
            f"Run {run!r} has no effect of a step {name!r}.",
            advice=f"Steps with effects: {names or 'none'}.",
        )
    return found
