"""Taking effects back in the middle of a run: through the journal, and told."""

from collections.abc import Sequence

from langgraph.runtime import Runtime

from nodes.context import Context, tell
from tools.contract import EffectRecord


def take_back(
    context: Context,
    runtime: Runtime[Context],
    records: Sequence[EffectRecord],
    reason: str,
) -> dict[str, str]:
    """Undo effects, newest first.

    Args:
        context: Knows how to undo.
        runtime: Who watches.
        records: The effects.
        reason: Why, for the ledger and for people.

    Returns:
        For each effect key the reason, and what stood in the way when it was not undone.
    """
    told = {}
    for key, came in context.undo(records, reason[:2000]).items():
        tell(runtime, "undo", key=key, came=came, why=reason[:500])
        told[key] = reason if came == "undone" else f"{reason} (not undone: {came})"
    return told
