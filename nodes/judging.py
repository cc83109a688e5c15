"""Is a proposal within plan, vocabulary, scope, trust and policy?

Nothing that a decider wrote is believed here but the action itself. What comes out is a verdict and
the facts that it stands on; what follows from it, `nodes/confidence.py` decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pydantic import JsonValue

from nodes.calibration.history import Judgement
from nodes.context import Context
from nodes.guards.asked import delegates
from nodes.guards.grounding import Grounds
from nodes.guards.plans import in_scope, outside
from nodes.guards.weighing import Weighed, weigh
from nodes.state import Goal, Progress, Proposal, State, Step, goal_of, plan_of, progress_of
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
    known: Judgement | None = None
    """What was known of it, where somebody had to be asked or answers were looked at."""


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
    facts = _facts(context, state, proposal, resources, weighed)
    verdict = context.policy.judge(facts)
    known = None
    if verdict.decision == "ask":
        known = _judgement(context, state, proposal, tool, resources)
    if known is not None and not verdict.rule.startswith("floor:"):
        facts = facts.model_copy(update=_easing(context, state["run"], proposal, tool, known))
        verdict = context.policy.judge(facts)
    return Judged(
        verdict=verdict,
        effect=tool.effect,
        confidence=certain,
        untrusted=weighed.untrusted,
        entrusted=facts.entrusted,
        risk=facts.risk,
        waived=facts.waived,
        resources=resources,
        known=known,
    )


def _facts(
    context: Context,
    state: State,
    proposal: Proposal,
    resources: tuple[str, ...],
    weighed: Weighed,
) -> Facts:
    """Return all that the verdict depends on; what nobody needs to know is not looked up."""
    action = proposal.decision.action or Action(tool="")
    tool, run = context.tools[action.tool], state["run"]
    facts = Facts(
        action=action,
        effect=tool.effect,
        resources=resources,
        confidence=proposal.decision.confidence,
        tainted=bool(weighed.untrusted),
        entrusted=tool.effect == "irreversible" and _is_entrusted(context, run, tool),
        asked=weighed.asked,
        sourced=weighed.sourced,
        carries=bool(weighed.carried),
        protected=any(in_scope(context.protected, name.casefold()) for name in resources),
        drifts=_drifts(state, proposal, resources),
        unsupported=not all(claim.supported for claim in proposal.claims),
    )
    if tool.effect == "read" or not context.policy.watches:
        return facts
    seen, now = context.usual.compare(run, context.domain, tool.name, resources), context.clock()
    minute = now.hour * 60 + now.minute
    update = {"new_target": seen.new_target, "rate": seen.rate, "cost": seen.cost}
    return facts.model_copy(update=update | {"minute": minute})


def _judgement(
    context: Context, state: State, proposal: Proposal, tool: Tool, resources: Sequence[str]
) -> Judgement:
    """Return what is known of an action before anybody judges it; it teaches once answered."""
    progress, action = progress_of(state), proposal.decision.action
    rated = None
    if context.critic is not None and action is not None and proposal.gate == "new":
        step = plan_of(state).step(proposal.step)
        rated = context.critic.rate(state["run"], goal_of(state), step, tool, action)
    return context.history.judgement(
        state["run"],
        tool.name,
        decision=proposal.decision,
        progress=progress.get(proposal.step, Progress()),
        resources=resources,
        steps=[step for step, seen in progress.items() if seen.result],
        rated=rated,
    )


def _drifts(state: State, proposal: Proposal, resources: Sequence[str]) -> bool:
    """Tell whether an action touches what the plan did not predict for its step."""
    predicted = plan_of(state).step(proposal.step).touches if "plan" in state else ()
    return bool(predicted) and not all(in_scope(predicted, name) for name in resources)


def _easing(
    context: Context, run: str, proposal: Proposal, tool: Tool, known: Judgement
) -> dict[str, JsonValue]:
    """Return what may spare a person the question: what was waived, and what answers prove."""
    alpha = context.policy.learns(tool.name, tool.effect)
    waived = is_waived(
        in_force(context.memory, context.clock()),
        domain=context.domain,
        run=run,
        tool=tool.name,
        resources=known.resources,
    )
    if alpha is None:
        return {"waived": waived}
    risk = context.history.risk(run, tool.name, alpha, known, proposal.key)
    return {"waived": waived, "risk": risk}


def _weighed(
    context: Context, tool: Tool, action: Action, words: Sequence[str], run: str
) -> Weighed:
    """Weigh an action; what the run has read is only looked up when words do not settle it."""
    spoken = tuple(words)
    follows = context.evidence.follows(run) if delegates(spoken) else ()
    said = weigh(tool, action.args, Grounds(words=spoken, follows=follows))
    if not (said.untrusted or said.carried):
        return said
    return weigh(tool, action.args, replace(context.evidence.grounds(run, words), follows=follows))


def _is_entrusted(context: Context, run: str, tool: Tool) -> bool:
    return in_scope(context.evidence.granted(run), tool.name)
