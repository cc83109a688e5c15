"""Is this proposal one that led nowhere before: tried, rejected, or part of a circle?"""

from nodes.context import Context
from nodes.guards.rejected import likeness
from nodes.ladder import FORBIDDEN, Ladder, advice
from nodes.state import Progress, Proposal, State, plan_of, progress_of
from tools.contract import Action
from tools.policy import Verdict

REJECTED = "guard:rejected"
"""The rule of what a person rejected before."""
TRIED = "guard:tried"
"""The rule of what was tried before and did not work."""


def repeats(context: Context, state: State, proposal: Proposal) -> tuple[str, str]:
    """Return the rule and the reason why a proposal is not made again; empty when it may be.

    What a person has just approved is never a repeat.
    """
    action = proposal.decision.action
    if action is None or proposal.gate == "approved":
        return "", ""
    step, ladder = plan_of(state).step(proposal.step), Ladder.of(state)
    if ladder.forbids(step.id, action, context.tools[action.tool].volatile):
        return FORBIDDEN, advice(ladder, step)
    came = came_of(progress_of(state)[step.id], proposal)
    if came:
        return TRIED, f"This exact action was tried: {came}"
    if _likeness(context, state, action) == "same":
        return REJECTED, "A person rejected this in this run, whatever it is called now."
    return "", ""


def doubted(context: Context, state: State, proposal: Proposal, verdict: Verdict) -> Verdict:
    """Return the verdict, or a question where the action is nearly what a person rejected."""
    action = proposal.decision.action
    if action is None or proposal.gate == "approved" or verdict.decision == "deny":
        return verdict
    if _likeness(context, state, action) != "near":
        return verdict
    reason = f"It is nearly what a person rejected in this run. {verdict.reason}"
    return Verdict(decision="ask", rule=REJECTED, reason=reason[:1000])


def came_of(progress: Progress, proposal: Proposal) -> str:
    """Return what came of the same action before, when that speaks against trying it again."""
    action = proposal.decision.action
    came = progress.tried.get(action.hash[:16], "") if action else ""
    return "" if came.startswith(("ok", "transient")) else came


def _likeness(context: Context, state: State, action: Action) -> str:
    if not state.get("rejections"):  # so that the ledger is not read for nothing
        return ""
    rejected = context.evidence.rejected(state["run"])
    return likeness(action, rejected, context.tools[action.tool].volatile)
