"""How a run really stands: its stored status, put right by its lease and its effects.

Derived whenever it is shown and never stored: a killed run cannot say that it was killed, and an
undo does not change what a run had reached.
"""

from collections.abc import Mapping

from tools.contract import EffectState
from tools.records import RunInfo

Tally = Mapping[EffectState, int]
"""How many effects of a run are in each state."""

INTERRUPTED = "interrupted"
"""How a run stands that nobody advances though it neither ended nor waits."""
LIVING = frozenset({"running", "waiting"})


def standing(info: RunInfo, tally: Tally, *, held: bool) -> str:
    """Return how a run stands: `interrupted`, `verified, undone`, or its status.

    Args:
        info: The run.
        tally: Its effects.
        held: Whether a living process advances it.
    """
    if info.status == "running" and not held:
        return INTERRUPTED
    changes = changes_of(tally)
    if info.status not in LIVING and changes["undone"] and not changes["kept"]:
        return f"{info.status}, undone"
    return info.status


def changes_of(tally: Tally) -> dict[str, int]:
    """Return how many of a run's changes are kept, undone, and not settled."""
    return {
        "kept": tally.get("applied", 0) + tally.get("undoing", 0),
        "undone": tally.get("undone", 0),
        "open": tally.get("intended", 0) + tally.get("in_doubt", 0),
    }


def changes_text(tally: Tally) -> str:
    """Return on one line what became of a run's changes; empty when it made none."""
    return ", ".join(f"{count} {name}" for name, count in changes_of(tally).items() if count)
