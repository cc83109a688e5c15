"""Takes effects back, newest first, and stops where the world is no longer as they left it."""

from collections.abc import Callable, Iterable
from typing import Literal

from checkpoints.store import Store
from tools.contract import Action, EffectRecord, Record
from tools.errors import BadInput, SurefootError, ToolFault, UndoConflict

UndoOutcome = Literal["undone", "would undo", "conflict", "not reversible", "in doubt"]


class UndoItem(Record):
    """What came of undoing one effect."""

    key: str
    action: Action
    outcome: UndoOutcome
    detail: str = ""
    """The reason, when it was not undone."""


class UndoReport(Record):
    """What came of undoing a run's effects, newest first; ends at the first conflict."""

    items: tuple[UndoItem, ...] = ()

    @property
    def conflict(self) -> UndoItem | None:
        """The conflict that stopped it, if any; what is older than that still stands."""
        return next((item for item in self.items if item.outcome == "conflict"), None)


Undo = Callable[[EffectRecord], None]
"""Brings back what an effect's snapshot holds, through the tool that made the effect."""

Reversible = Callable[[EffectRecord], bool]
"""Tells whether an effect's tool can undo at all; what it denies is reported, never tried."""


def undo_run(
    store: Store,
    run: str,
    *,
    undo: Undo,
    reversible: Reversible | None = None,
    from_step: str | None = None,
    dry_run: bool = False,
) -> UndoReport:
    """Undo a run's effects, newest first, and complete an undo that was interrupted.

    Args:
        store: Where the run's effects are kept.
        run: The whole name of the run.
        undo: Called with each effect in turn.
        reversible: Asked before; without it `undo` is tried, and a dry run is optimistic.
        from_step: A step (`tune`) or one action of it (`tune.2`): undo it and what came after;
            everything when None.
        dry_run: Only say what would be undone.

    Raises:
        BadInput: No effect of the run is of that step.
        ToolFault: A tool could not undo for now; what was undone before stays so.
    """
    records = store.journal.of_run(run)
    if from_step is not None:
        records = _since(records, run, from_step)
    if dry_run:
        return UndoReport(items=_foreseen(records, reversible))
    return UndoReport(items=undo_effects(store, records, undo=undo, reversible=reversible))


def undo_effects(
    store: Store,
    records: Iterable[EffectRecord],
    *,
    undo: Undo,
    reversible: Reversible | None = None,
    why: str = "",
) -> tuple[UndoItem, ...]:
    """Undo these effects, newest first, up to the first conflict.

    Args:
        store: Where they are kept.
        records: The effects; those with nothing to undo are skipped, those in doubt are told.
        undo: Called with each effect in turn.
        reversible: Asked before; without it `undo` is tried.
        why: Kept with each effect, so that an undo cut short can be gone on with.

    Raises:
        ToolFault: A tool could not undo for now; what was undone before stays so.
    """
    present = [store.journal.find(record.key) or record for record in records]
    items: list[UndoItem] = []
    for record in _newest_first(present):
        item = _untouchable(record, reversible) or _undo(store, record, undo, why)
        items.append(item)
        if item.outcome == "conflict":
            break
    return tuple(items)


def _undo(store: Store, record: EffectRecord, undo: Undo, why: str) -> UndoItem:
    if record.state == "applied":
        store.journal.settle(record.key, "undoing", error=why)
    try:
        undo(record)
    except UndoConflict as conflict:
        store.journal.settle(record.key, "applied", error=conflict.what)
        return _item(record, "conflict", str(conflict))
    except ToolFault as fault:
        store.journal.settle(record.key, "applied", error=fault.what)
        raise
    except SurefootError as refusal:
        if type(refusal) is not SurefootError:  # only the bare base says: this cannot be undone
            raise
        store.journal.settle(record.key, "applied", error=refusal.what)
        return _item(record, "not reversible", refusal.what)
    store.journal.settle(record.key, "undone", error=why or record.error)
    return _item(record, "undone")


def _foreseen(
    records: Iterable[EffectRecord], reversible: Reversible | None
) -> tuple[UndoItem, ...]:
    return tuple(
        _untouchable(record, reversible) or _item(record, "would undo")
        for record in _newest_first(records)
    )


def _untouchable(record: EffectRecord, reversible: Reversible | None) -> UndoItem | None:
    """Return why an effect is left alone, or None when it can be undone."""
    if record.state in {"intended", "in_doubt"}:
        return _item(record, "in doubt", record.error or "It is not known whether it happened.")
    if reversible is not None and not reversible(record):
        return _item(record, "not reversible", f"{record.action.tool!r} cannot be undone.")
    return None


def _newest_first(records: Iterable[EffectRecord]) -> list[EffectRecord]:
    standing = [record for record in records if record.state not in {"failed", "undone"}]
    return sorted(standing, key=lambda record: record.seq, reverse=True)


def _since(records: list[EffectRecord], run: str, step: str) -> list[EffectRecord]:
    """Return the first effect of a step, or one named `step.ordinal`, and all later ones."""
    names = {record.step for record in records}
    key = f"{run}/{step.rpartition('.')[0]}/{step.rpartition('.')[2]}"
    chosen = [record.seq for record in records if record.step == step or record.key == key]
    if not chosen:
        raise BadInput(
            f"Run {run!r} has no effect of a step {step!r}.",
            advice=f"Steps with effects: {', '.join(sorted(names)) or 'none'}.",
        )
    return [record for record in records if record.seq >= min(chosen)]


def _item(record: EffectRecord, outcome: UndoOutcome, detail: str = "") -> UndoItem:
    return UndoItem(key=record.key, action=record.action, outcome=outcome, detail=detail)
