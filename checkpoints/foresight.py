"""Says what undoing would come to, without changing anything."""

from collections.abc import Collection, Iterator
from dataclasses import replace

from pydantic import JsonValue

from checkpoints.reversal import (
    CHANGED,
    DOUBT,
    GONE,
    Reverser,
    UndoItem,
    conflict,
    found_out,
    item,
    newest_first,
    standing,
)
from tools.contract import EffectRecord
from tools.versions import Versions


def foresee(
    records: list[EffectRecord], reverser: Reverser, spared: Collection[str]
) -> Iterator[UndoItem]:
    """Yield what would come of each effect, up to the first conflict.

    Args:
        records: The effects.
        reverser: Compares them with the world.
        spared: Keys of those that are to be left alone.

    Raises:
        ToolFault: The world cannot be looked at for now.
    """
    world: dict[str, JsonValue] = {}
    for record in newest_first(records):
        if record.key in spared:
            yield item(record, "left alone")
            continue
        happened = found_out(record, reverser)
        if happened == "no":
            continue
        expected = (
            _expected(record, reverser, world)
            if happened == "yes"
            else item(record, "in doubt", record.error or DOUBT)
        )
        yield expected
        if expected.outcome == "conflict":
            return


def _expected(record: EffectRecord, reverser: Reverser, world: dict[str, JsonValue]) -> UndoItem:
    """Judge one effect in the world as the undoing of the newer ones would leave it."""
    reason = reverser.irreversible(record)
    if reason:
        return item(record, "not reversible", reason)
    found = reverser.compare(record)
    if found is None:
        return item(record, "would undo")
    found = replace(found, now=_present(found, world))
    stands = standing(found)
    if stands == "changed":
        return conflict(record, CHANGED, found)
    world |= _each(found, found.before)
    if stands == "gone" and record.state != "undoing":
        return item(record, "gone already", GONE)
    return item(record, "would undo")


def _present(found: Versions, world: dict[str, JsonValue]) -> JsonValue:
    """Return what there is, as the undoing of the newer effects would leave it."""
    if not found.several or not isinstance(found.now, dict):
        return world.get(found.subject, found.now)
    return {name: world.get(name, value) for name, value in found.now.items()}


def _each(found: Versions, version: JsonValue) -> dict[str, JsonValue]:
    """Return a version by the name of what it is of."""
    return version if found.several and isinstance(version, dict) else {found.subject: version}
