"""Is a proposal within plan, vocabulary, scope, trust and policy?

Nothing that a decider wrote is believed here but the action itself. What comes out is a verdict and
the facts that it stands on; what follows from it, `nodes/confidence.py` decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from nodes.calibration.history import Judgement
from nodes.context import Context
from nodes.guards.grounding import Grounds
from nodes.guards.plans import in_scope, outside
from nodes.guards.weighing import Weighed, weigh
from nodes.state import Goal, Progress, Proposal, State, Step, progress_of
from nodes.waivers import in_force, is_waived
from tools.contract import Action, EffectClass, Tool
from tools.errors import Refused
from tools.policy import Facts, Verdict


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict with the facts it stands on."""

    verdict: Verdict
    effect: EffectClass
    confidence: float
    untrusted: tuple[str, ...] = ()
    """Authority values without a trusted origin."""
    entrusted: bool = False
    """Whether the goal allows such actions beforehand."""
    risk: float = 1.0
    """Upper bound of the share that people reject of such actions."""
    waived: bool = False
    """Whether a person said that such actions need no question for a while."""
    resources: tuple[str, ...] = ()
    """What it touches."""


def in_full(context: Context, step: Step, proposal: Proposal) -> Proposal:
    """Check plan and vocabulary; return the proposal with its arguments normalised.

    Raises:
        Refused: Outside the plan or the vocabulary; another proposal may be inside.
    """
    action = proposal.decision.action
    tool = context.tools.get(action.tool) if action else None
    if action is None or action.tool not in step.tools:
        name = action.tool[:60] if action else ""
        raise Refused(
            f"The step {step.id!r} may call {', '.join(step.tools)}; {name!r} is not among them."
        )
    if tool is None:
        raise Refused(f"There is no tool {action.tool[:60]!r}.")
    full = action.model_copy(update={"args": tool.check(action.args)})
    decision = proposal.decision.model_copy(update={"action": full})
    return proposal.model_copy(update={"decision": decision})


def judge(context: Context, goal: Goal, state: State, proposal: Proposal) -> Judged:
    """Look at scope and the origin of the arguments, and let the policy judge."""
    action = proposal.decision.action or Action(tool="")
    tool = context.tools[action.tool]
    resources = tuple(sorted(tool.resources(action.args)))
    certain = proposal.decision.confidence
    beyond = outside(goal.boundaries, resources)
    if beyond:
        reason = f"{', '.join(beyond)} is outside the goal's boundaries."
        verdict = Verdict(decision="deny", rule="goal:boundaries", reason=reason[:1000])
        return Judged(verdict, tool.effect, certain)
    words = (goal.objective, *context.words, *state.get("words", []))
    weighed = _weighed(context, tool, action, words, state["run"])
    entrusted = tool.effect == "irreversible" and _is_entrusted(context, state["run"], tool)
    facts = Facts(
        action=action,
        effect=tool.effect,
        resources=resources,
        confidence=certain,
        tainted=bool(weighed.untrusted),
        entrusted=entrusted,
        asked=weighed.asked,
        sourced=weighed.sourced,
        carries=bool(weighed.carried),
    )
    verdict = context.policy.judge(facts)
    if verdict.decision == "ask" and not verdict.rule.startswith("floor:"):
        facts = facts.model_copy(update=_easing(context, state, proposal, tool, resources))
        verdict = context.policy.judge(facts)
    return Judged(
        verdict=verdict,
        effect=tool.effect,
        confidence=certain,
        untrusted=weighed.untrusted,
        entrusted=entrusted,
        risk=facts.risk,
        waived=facts.waived,
        resources=resources,
    )


def judgement(
    context: Context, state: State, proposal: Proposal, tool: Tool, resources: Sequence[str]
) -> Judgement:
    """Return what is known of an action before anybody judges it; it teaches once answered."""
    progress = progress_of(state)
    return context.history.judgement(
        state["run"],
        tool.name,
        proposal.decision,
        progress.get(proposal.step, Progress()),
        resources,
        [step for step, seen in progress.items() if seen.result],
    )


def _easing(
    context: Context, state: State, proposal: Proposal, tool: Tool, resources: Sequence[str]
) -> dict[str, JsonValue]:
    """Return what may spare a person the question: what was waived, and what answers prove."""
    run, alpha = state["run"], context.policy.learns(tool.name, tool.effect)
    waived = is_waived(
        in_force(context.memory, context.clock()),
        domain=context.domain,
        run=run,
        tool=tool.name,
        resources=resources,
    )
    if alpha is None:
        return {"waived": waived}
    known = judgement(context, state, proposal, tool, resources)
    risk = context.history.risk(run, tool.name, alpha, known, proposal.key)
    return {"waived": waived, "risk": risk}


def _weighed(
    context: Context, tool: Tool, action: Action, words: Sequence[str], run: str
) -> Weighed:
    """Weigh an action; what the run has read is only looked up when words do not settle it."""
    said = weigh(tool, action.args, Grounds(words=tuple(words)))
    if not (said.untrusted or said.carried):
        return said
    return weigh(tool, action.args, context.evidence.grounds(run, words))


def _is_entrusted(context: Context, run: str, tool: Tool) -> bool:
    return in_scope(context.evidence.granted(run), tool.name)
