"""Our guard, and the rules of others as far as their source tells, over one pattern."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, Final

from benchmarks.loops.patterns import Did
from nodes.guards.loops import Trace, find_loop
from nodes.state import TRAIL
from nodes.tracks import trace_of, waiting_trace
from tools.contract import Observation

Rule = Callable[[Sequence[Did]], bool]


def ours(done: Sequence[Did]) -> bool:
    """Tell whether Surefoot's guard fires while this is done: as `verify` asks it."""
    trail: list[Trace] = []
    for did in done:
        if did.came == "transient":
            continue
        trail = [*trail, _trace(trail, did)][-TRAIL:]
        if find_loop(trail, now=did.at):
            return True
    return False


def _trace(trail: Sequence[Trace], did: Did) -> Trace:
    seen = Observation(
        key="run/step/1",
        step="step",
        tool=did.tool,
        action_hash=f"{did.tool} {did.args}",
        status="ok" if did.came == "ok" else did.came,
        effect="read" if did.read else "reversible",
        result_digest=did.result,
        likeness="" if did.like is None else f"{did.tool} {did.like}",
        left=did.world,
    )
    trace = trace_of(trail, seen, what=did.args, came=did.came, taken_back=did.undone)
    context: Any = SimpleNamespace(
        tools={did.tool: SimpleNamespace(polls_seconds=did.polls)},
        clock=lambda: datetime.fromtimestamp(did.at, UTC),
    )
    return waiting_trace(context, trail, trace)


def same_call_in_a_row(done: Sequence[Did]) -> bool:
    """Tell whether one call came five times in a row (Gemini CLI)."""
    return _in_a_row([(did.tool, did.args) for did in done], 5)


def same_call_anywhere(done: Sequence[Did]) -> bool:
    """Tell whether one call came five times with one result (CrewAI)."""
    counted = Counter((did.tool, did.args, did.result) for did in done)
    return max(counted.values(), default=0) >= 5  # noqa: PLR2004  # their number


def same_or_alternating(done: Sequence[Did]) -> bool:
    """Tell whether one came 4 times, 3 times failing, or two in turn 3 times (OpenHands)."""
    keys = [(did.tool, did.args, did.result) for did in done]
    failed = [(did.tool, did.args) if did.came != "ok" else None for did in done]
    alternating = any(keys[at : at + 6] == keys[at : at + 2] * 3 for at in range(len(keys) - 5))
    return alternating or _in_a_row(keys, 4) or _in_a_row(failed, 3)


def _in_a_row(keys: Sequence[object], times: int) -> bool:
    windows = (keys[at : at + times] for at in range(len(keys) - times + 1))
    return any(window[0] is not None and len(set(window)) == 1 for window in windows)


def same_result(done: Sequence[Did]) -> bool:
    """Tell whether a tool answered three times in a row with the same (pydantic-deep)."""
    return _in_a_row([(did.tool, did.result) for did in done], 3)


def many_steps(done: Sequence[Did]) -> bool:
    """Tell whether there were more than 20 steps: a bound and nothing else."""
    return len(done) > 20  # noqa: PLR2004  # a usual recursion limit, less the model's turns


RULES: Final[Mapping[str, Rule]] = {
    "Surefoot": ours,
    "same call 5 times in a row (as Gemini CLI)": same_call_in_a_row,
    "same call and result 5 times (as CrewAI)": same_call_anywhere,
    "4 times, 3 failing, or 6 alternating (as OpenHands)": same_or_alternating,
    "same tool, same result 3 times (as pydantic-deep)": same_result,
    "a bound of 20 steps": many_steps,
}
