"""Keeps checkpoint ids growing where the clock does not.

LangGraph makes the id of a checkpoint from the time and takes the greatest for the newest. Within a
process it sees to it that ids grow. In a process whose clock is behind that of the one before it,
because it was set back or is another machine's, a run would go on from its past.
"""

from uuid import UUID

from langgraph.checkpoint.base import id as langgraph_ids

_NEWEST = "_last_v6_timestamp"
_TIMED = 6
"""The version of UUIDs that begin with the time."""


def go_on_after(checkpoint_id: str) -> None:
    """Let the ids that LangGraph makes in this process be greater than this one."""
    try:
        known = UUID(checkpoint_id)
    except ValueError:  # no id of LangGraph's, which cannot be continued either
        return
    if known.version == _TIMED:
        ticks = (known.int >> 80) << 12 | known.int >> 64 & 0xFFF
        kept = vars(langgraph_ids)  # there is no public way to tell it
        kept[_NEWEST] = max(kept[_NEWEST] or 0, ticks)
