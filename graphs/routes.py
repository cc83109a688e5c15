"""The edges that choose: pure functions from state to the next node."""

from typing import Literal

from nodes.state import MAX_REFUSED, State, batch_of, progress_of, ready_steps

EDGES: dict[str, tuple[str, ...]] = {
    "plan": ("decide", "escalate", "finish"),
    "confidence": ("execute", "escalate", "decide"),
    "escalate": ("confidence", "decide", "plan", "escalate"),
    "verify": ("decide", "plan", "escalate", "finish"),
}
"""Where each node that has a choice may lead."""


def after_plan(state: State) -> Literal["decide", "escalate", "finish"]:
    """A refused plan ends the run; a plan that a person must see waits; else it starts."""
    if state.get("outcome"):
        return "finish"
    return "escalate" if state.get("waiting") else "decide"


def after_confidence(state: State) -> Literal["execute", "escalate", "decide"]:
    """Work that is cleared never waits for a question; a refusal tries another way."""
    batch = batch_of(state)
    if state.get("hold") and not state.get("halted"):
        return "escalate"
    if state.get("halted") or any(proposal.gate == "cleared" for proposal in batch):
        return "execute"
    progress = progress_of(state)
    if any(progress[proposal.step].refused >= MAX_REFUSED for proposal in batch):
        return "execute"
    if batch or ready_steps(state):
        return "decide"
    return "escalate" if state.get("waiting") else "execute"


def after_escalate(state: State) -> Literal["confidence", "decide", "plan", "escalate"]:
    """Approved goes through the gate again; rejected decides anew; the rest goes on waiting."""
    if state.get("halted") or state.get("batch"):
        return "confidence"
    if state.get("hold"):
        return "escalate"
    if state.get("replan"):
        return "plan"
    return "escalate" if state.get("waiting") and not ready_steps(state) else "decide"


def after_verify(state: State) -> Literal["decide", "plan", "escalate", "finish"]:
    """On with the plan, back to the planner, to a person, or to the end."""
    if state.get("outcome"):
        return "finish"
    if state.get("replan"):
        return "plan"
    if ready_steps(state):
        return "decide"
    return "escalate" if state.get("waiting") else "finish"
