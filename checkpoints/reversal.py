"""What undoing is told in, and what it asks of the tools that made the effects."""

from typing import Literal, Protocol

from pydantic import JsonValue

from tools.contract import Action, EffectRecord, Happened, Record
from tools.versions import Versions

UndoOutcome = Literal[
    "undone",
    "would undo",
    "gone already",
    "left alone",
    "conflict",
    "not reversible",
    "in doubt",
]
Standing = Literal["stands", "gone", "changed"]


class UndoItem(Record):
    """What came of undoing one effect."""

    key: str
    action: Action
    outcome: UndoOutcome
    detail: str = ""
    """The reason, when it was not undone."""
    left: JsonValue = None
    """In a conflict, what the effect left; None for nothing, or when its tool cannot tell."""
    now: JsonValue = None
    """In a conflict, what is there now."""


class UndoReport(Record):
    """What came of undoing a run's effects, newest first; ends at the first conflict."""

    items: tuple[UndoItem, ...] = ()

    @property
    def conflict(self) -> UndoItem | None:
        """The conflict that stopped it, if any; what is older than that still stands."""
        return next((item for item in self.items if item.outcome == "conflict"), None)


class Reverser(Protocol):
    """Looks at effects in the world and takes them back, through the tools that made them."""

    def irreversible(self, record: EffectRecord) -> str:
        """Return why an effect cannot be undone; empty when it can."""
        ...

    def compare(self, record: EffectRecord) -> Versions | None:
        """Return what undoing would find; None when only undoing can tell."""
        ...

    def happened(self, record: EffectRecord) -> Happened:
        """Tell by a look at the world whether an effect took place."""
        ...

    def undo(self, record: EffectRecord) -> None:
        """Bring back what the effect's snapshot holds; must be idempotent."""
        ...


CHANGED = "It is no longer as the effect left it."
GONE = "It was taken back before, by somebody else."
UNPROVED = "What was there before did not come back, or was changed at once."
DOUBT = "It is not known whether it happened."


def standing(found: Versions | None) -> Standing:
    """Tell how an effect stands in the world; what cannot be told is taken to stand."""
    if found is None or found.now == found.left:
        return "stands"
    return "gone" if found.now == found.before else "changed"


def newest_first(records: list[EffectRecord]) -> list[EffectRecord]:
    """Return the effects that there may be something to undo of, newest first."""
    open_ = [record for record in records if record.state not in {"failed", "undone"}]
    return sorted(open_, key=lambda record: record.seq, reverse=True)


def found_out(record: EffectRecord, reverser: Reverser) -> Happened:
    """Tell whether an effect happened; of one that a crash cut short the world is asked."""
    if record.state == "in_doubt":
        return "unknown"
    if record.state != "intended":
        return "yes"
    return "unknown" if reverser.irreversible(record) else reverser.happened(record)


def item(record: EffectRecord, outcome: UndoOutcome, detail: str = "") -> UndoItem:
    """Return what came of an effect."""
    return UndoItem(key=record.key, action=record.action, outcome=outcome, detail=detail)


def conflict(record: EffectRecord, detail: str, found: Versions | None) -> UndoItem:
    """Return a conflict with both versions."""
    stopped = item(record, "conflict", detail)
    if found is None:
        return stopped
    return stopped.model_copy(update={"left": found.left, "now": found.now})
