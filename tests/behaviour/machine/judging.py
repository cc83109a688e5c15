"""What must hold after whatever happened: world, journal, ledger and people agree."""

from collections import Counter
from collections.abc import Iterable

from checkpoints.store import Store
from tests.behaviour.machine.world import Line
from tools.contract import EffectState

Approval = tuple[str, str, str]
"""Key, name and text that a person said yes to."""

STANDS: frozenset[EffectState] = frozenset({"intended", "in_doubt", "applied", "undoing"})
GONE: frozenset[EffectState | None] = frozenset({"undoing", "undone", None})
APPLIES = {"put", "swap", "send"}


def effects_once(lines: Iterable[Line]) -> None:
    """No effect happened twice, none was undone twice."""
    counts = Counter((line.did == "undo", line.key) for line in lines if line.key)
    assert {key: count for key, count in counts.items() if count > 1} == {}


def undone_restored(lines: Iterable[Line]) -> None:
    """Each undo found the world as its effect left it, and brought back what was before."""
    made: dict[str, Line] = {}
    held: dict[str, str | None] = {}
    for line in lines:
        if line.did == "undo":
            effect = made[line.key]
            assert (held.get(line.name), line.text) == (effect.text, effect.was), line
        if line.did in APPLIES:
            made[line.key] = line
        if line.did != "send":
            held[line.name] = line.text


def journal_knows(store: Store, lines: list[Line], runs: Iterable[str]) -> None:
    """What stands in the world is in the journal, and what the journal says happened did."""
    undone = {line.key for line in lines if line.did == "undo"}
    applied = {line.key for line in lines if line.did in APPLIES}
    records = {record.key: record.state for run in runs for record in store.journal.of_run(run)}
    for key in applied - undone:
        assert records.get(key) in STANDS, (key, records.get(key))
    for key in undone:
        assert records.get(key) in GONE, (key, records[key])
    claimed = {key for key, state in records.items() if state == "applied"}
    assert claimed <= applied - undone, claimed - applied | claimed & undone


def approved_only(lines: Iterable[Line], approvals: set[Approval]) -> None:
    """What must be asked happened only as a person approved it."""
    for line in lines:
        if line.did in {"swap", "send"}:
            assert (line.key, line.name, line.text) in approvals, line
