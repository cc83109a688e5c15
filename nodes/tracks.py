"""What the loop guard is to know of an action that ran, or that the gate let not run."""

from collections.abc import Sequence

from nodes.context import Context
from nodes.guards.loops import Trace, comes_again, patience
from nodes.state import Proposal
from tools.contract import Observation


def trace_of(
    trail: Sequence[Trace], seen: Observation, *, what: str, came: str, taken_back: bool = False
) -> Trace:
    """Return the trace of an action that ran.

    An effect that leaves the world as the same action left it before is no progress: there and
    back again is a circle, though each way was an effect.

    Args:
        trail: What came before.
        seen: What came of it.
        what: The action in brief.
        came: What came of it in brief.
        taken_back: Whether the effect was undone since.
    """
    moved = seen.status == "ok" and seen.effect != "read"
    trace = Trace(
        tool=seen.tool,
        args=seen.likeness or seen.action_hash[:16],
        result=seen.result_digest[:16],
        progress=False,
        read=seen.effect == "read",
        step=seen.step,
        world=seen.left,
        shown=f"{what[:160]} -> {came[:120]}",
    )
    progress = moved and not taken_back and not comes_again(trail, trace)
    return trace.model_copy(update={"progress": progress})


def refused_trace(proposal: Proposal, came: str) -> Trace:
    """Return the trace of an action that the gate did not let run."""
    action = proposal.decision.action
    name = action.tool[:200] if action else ""
    return Trace(
        tool=name,
        args=action.hash[:16] if action else "",
        result=proposal.gate,
        progress=False,
        step=proposal.step,
        shown=f"{name} -> {came[:120]}",
    )


def waiting_trace(context: Context, trail: Sequence[Trace], trace: Trace) -> Trace:
    """Return the trace with the patience that its tool declares."""
    tool = context.tools.get(trace.tool)
    if tool is None or not tool.polls_seconds:
        return trace
    now = context.clock().timestamp()
    until = patience(trail, trace, now=now, seconds=tool.polls_seconds)
    return trace.model_copy(update={"patient_until": until})
