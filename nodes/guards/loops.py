"""Is the run going in circles? Judged by what was done and what came of it, never by counts alone.

Counters alone kill legitimate work: paging, batch edits, polling something that moves. So two
actions count as the same only when tool, arguments *and result* are the same, and only what
happened since the last progress is looked at. Each circle is sought twice: among all actions, and
among those that are not reads, so that reading something new in between does not hide it.
"""

from collections.abc import Sequence

from tools.contract import Record

REPEATS = 2
"""Full repeats, after the first pass, that make a circle."""
MAX_PERIOD = 4
WINDOW = 8
"""Actions other than reads that are looked at together when they follow no order."""


class Trace(Record):
    """One past action, as far as the guard needs to know it."""

    tool: str
    args: str
    """Hash of the arguments."""
    result: str
    """Digest of the result."""
    progress: bool
    """Whether the world, or what is known of it, came nearer to the goal."""
    read: bool = False
    """Whether the tool only reads."""

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes two actions the same."""
        return (self.tool, self.args, self.result)


class Loop(Record):
    """A circle that was found."""

    period: int
    """Actions in one pass; 0 when a few actions come again in no fixed order."""
    cycle: tuple[Trace, ...]
    """One pass, or the different actions."""
    reason: str
    """One sentence for people."""


def find_loop(trail: Sequence[Trace]) -> Loop | None:
    """Return the circle at the end of a trail, or None.

    Args:
        trail: Past actions, oldest first; the last `MAX_PERIOD * (REPEATS + 1)` and the last
            `WINDOW` that are not reads suffice. Leave out transient faults: those are retried.
    """
    stale = _since_progress(trail)
    acts = [trace for trace in stale if not trace.read]
    return _find_cycle(stale) or _find_cycle(acts) or _find_wandering(acts)


def _since_progress(trail: Sequence[Trace]) -> list[Trace]:
    last = max((place for place, trace in enumerate(trail, 1) if trace.progress), default=0)
    return list(trail[last:])


def _find_cycle(trail: Sequence[Trace]) -> Loop | None:
    """Find the shortest pass that was made and then repeated in full, again and again."""
    keys = [trace.key for trace in trail]
    for period in range(1, MAX_PERIOD + 1):
        length = period * (REPEATS + 1)
        if len(keys) >= length and keys[-length:] == keys[-period:] * (REPEATS + 1):
            cycle = tuple(trail[-period:])
            names = " -> ".join(trace.tool for trace in cycle)
            reason = f"{names} came {REPEATS + 1} times in a row with the same results."
            return Loop(period=period, cycle=cycle, reason=reason)
    return None


def _find_wandering(acts: Sequence[Trace]) -> Loop | None:
    """Find a few actions that come again and again in no fixed order."""
    window = acts[-WINDOW:]
    different = {trace.key: trace for trace in window}
    if len(window) < WINDOW or len(different) > WINDOW // 2:
        return None
    names = ", ".join(sorted({trace.tool for trace in window}))
    reason = (
        f"The last {WINDOW} actions were only {len(different)} different ones, without progress: "
        f"{names}."
    )
    return Loop(period=0, cycle=tuple(different.values()), reason=reason)
