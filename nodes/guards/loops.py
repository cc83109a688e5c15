"""Is the run going in circles? Judged by what was done and what came of it, never by counts alone.

Counters alone kill legitimate work: paging, batch edits, polling something that moves. So two
actions count as the same only when tool, arguments, result *and the world they left* are the same,
and only what happened since the last progress is looked at. Each circle is sought twice: among all
actions, and among those that are not reads, so that reading something new in between does not hide
it. What a tool declares as volatile is left out of arguments and results before they come here.
"""

from collections.abc import Collection, Sequence

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
    """Hash of the arguments, without the volatile ones."""
    result: str
    """Digest of the result, without volatile fields."""
    progress: bool
    """Whether the world, or what is known of it, came nearer to the goal."""
    read: bool = False
    """Whether the tool only reads."""
    step: str = ""
    world: str = ""
    """Digest of what an effect acts on, as it left it."""
    patient_until: float = 0.0
    """Until when (seconds of the epoch) the same reading is waiting, and no circle."""
    shown: str = ""
    """The action in brief, for people."""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What makes two actions the same."""
        return (self.tool, self.args, self.result, self.world)

    @property
    def action(self) -> str:
        """What was done, whatever came of it."""
        return f"{self.tool}:{self.args}"


class Loop(Record):
    """A circle that was found."""

    period: int
    """Actions in one pass; 0 when a few actions come again in no fixed order."""
    cycle: tuple[Trace, ...]
    """One pass, or the different actions."""
    reason: str
    """One sentence for people."""


def find_loop(
    trail: Sequence[Trace], *, now: float = 0.0, excused: Collection[str] = ()
) -> Loop | None:
    """Return the circle at the end of a trail, or None.

    Args:
        trail: Past actions, oldest first; the last `MAX_PERIOD * (REPEATS + 1)` and the last
            `WINDOW` that are not reads suffice. Leave out transient faults: those are retried.
        now: Seconds of the epoch; what still waits is left out.
        excused: Actions (`Trace.action`) of which a person said that they are no circle.
    """
    waiting = [trace for trace in _since_progress(trail) if trace.patient_until <= now]
    stale = [trace for trace in waiting if trace.action not in excused]
    acts = [trace for trace in stale if not trace.read]
    return _find_cycle(stale) or _find_cycle(acts) or _find_wandering(acts)


def comes_again(trail: Sequence[Trace], trace: Trace) -> bool:
    """Tell whether an effect left the world as it, or the same effect, had left it before."""
    return any(past.action == trace.action and past.world == trace.world for past in trail)


def patience(trail: Sequence[Trace], trace: Trace, *, now: float, seconds: float) -> float:
    """Return until when a reading may come again: from the first time that it was the same."""
    same = [past.patient_until for past in trail if past.key == trace.key]
    return same[-1] if same else now + seconds


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
