"""What the loop guard is to know of an action that ran, or that the gate sent back."""

from collections.abc import Sequence

from nodes.context import Context
from nodes.guards.loops import Trace, comes_again, patience
from nodes.state import Proposal
from tools.contract import Action, Observation, Tool, digest
from tools.errors import ToolFault


def trace_of(
    context: Context,
    trail: Sequence[Trace],
    proposal: Proposal,
    seen: Observation | None,
    came: str,
) -> Trace:
    """Return the trace of an action.

    An effect that leaves the world as the same action left it before is no progress: there and
    back again is a circle, though each way was an effect.

    Args:
        context: Knows the tools.
        trail: What came before.
        proposal: The action.
        seen: What came of it; None when the gate let nothing run.
        came: The same in words; begins with `undone` when it was taken back.
    """
    action = proposal.decision.action or Action(tool="")
    tool = context.tools.get(action.tool)
    moved = seen is not None and seen.status == "ok" and seen.effect != "read"
    trace = Trace(
        tool=action.tool[:200],
        args=action.without(tool.volatile if tool else frozenset()).hash[:16],
        result=seen.result_digest[:16] if seen is not None else proposal.gate,
        progress=False,
        read=seen is not None and seen.effect == "read",
        step=proposal.step,
        world=_left(tool, action) if moved and tool else "",
        shown=f"{action.tool} {str(action.args)[:120]} -> {came[:100]}",
    )
    if moved and not came.startswith("undone"):
        return trace.model_copy(update={"progress": not comes_again(trail, trace)})
    if tool is None or not tool.polls_seconds:
        return trace
    now = context.clock().timestamp()
    until = patience(trail, trace, now=now, seconds=tool.polls_seconds)
    return trace.model_copy(update={"patient_until": until})


def _left(tool: Tool, action: Action) -> str:
    """Return the digest of what an action acts on, as it is now; empty when nobody can tell."""
    try:
        return digest(tool.target(action.args))[:16]
    except ToolFault:
        return ""
