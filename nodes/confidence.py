"""confidence: the gate. Every proposal leaves with a clearance, a question, or a refusal.

Nothing that a decider wrote is believed here but the action itself: tool, arguments and scope are
checked, the policy judges, approvals are looked up in the store, never in the state.
"""

from dataclasses import replace

from langgraph.runtime import Runtime

from nodes.alerts import alert
from nodes.claims import check_claims
from nodes.context import Context, enter, tell
from nodes.guards.budget import reserve
from nodes.judging import Judged, in_full, judge
from nodes.ladder import FORBIDDEN, Ladder, stand
from nodes.questions import ask
from nodes.repeats import REJECTED, doubted, repeats
from nodes.state import (
    RECENT,
    Happening,
    Progress,
    Proposal,
    State,
    batch_of,
    dumps,
    goal_of,
    plan_of,
    progress_of,
    remember,
    spent_of,
    waiting_of,
)
from tools.contract import Clearance, JsonObject, digest
from tools.errors import ToolFault, Transient
from tools.records import Review

PASSING = "contract:transient"
"""The rule of a proposal that could not be judged for now; it may be made again."""
RECENT_AND_REFUSED = 4 * RECENT
"""Lines of history at most, until `verify` shortens it."""
DRY_RUN = "dry-run"
"""The rule that holds back every effect of a dry run."""


def confidence(state: State, runtime: Runtime[Context]) -> State:
    """Send each proposal of the round on its way."""
    context, run = enter(runtime)
    progress = progress_of(state)
    asked = {proposal.key: proposal for proposal in waiting_of(state)}
    batch: list[Proposal] = []
    for proposal in batch_of(state):
        gated = _gate(context, state, _looked_up(context, run, proposal))
        _record(context, run, gated, spent_of(state).iterations)
        tell(runtime, "gate", key=gated.key, gate=gated.gate, rule=gated.rule, reason=gated.reason)
        progress[gated.step] = _note(progress[gated.step], gated)
        asked.pop(gated.key, None)
        if gated.gate == "waiting":
            asked[gated.key] = gated
        else:
            batch.append(gated)
    batch, halted = _within_budget(context, state, batch)
    ladder = Ladder.of(state)
    if any(proposal.rule == FORBIDDEN for proposal in batch) and not halted:
        ladder = ladder.insisted()
        question, halted = stand(context, run, state, progress, ladder)
        asked |= {question.key: question} if question else {}
    return State(
        ladder=ladder.to_json(),
        recent=[*state.get("recent", []), *dumps(_refusals(batch))][-RECENT_AND_REFUSED:],
        batch=dumps(batch),
        waiting=dumps(asked.values()),
        progress={step: value.to_json() for step, value in progress.items()},
        halted=halted,
    )


def _looked_up(context: Context, run: str, proposal: Proposal) -> Proposal:
    """Look the decision's claims up in what the run has read."""
    if not proposal.decision.claims:
        return proposal.model_copy(update={"claims": ()})
    claims = check_claims(proposal.decision.claims, context.evidence.sources(run))
    return proposal.model_copy(update={"claims": claims})


def _refusals(batch: list[Proposal]) -> list[Happening]:
    """Return what the next decision is to know of proposals that were refused."""
    return [
        Happening(
            step=proposal.step,
            what=f"{proposal.decision.action.tool} {str(proposal.decision.action.args)[:200]}",
            came=f"{proposal.gate} by {proposal.rule}: {proposal.reason}"[:300],
        )
        for proposal in batch
        if proposal.gate in {"again", "denied"} and proposal.decision.action
    ]


def _gate(context: Context, state: State, proposal: Proposal) -> Proposal:
    """Judge one proposal."""
    goal, step = goal_of(state), plan_of(state).step(proposal.step)
    decision = proposal.decision
    action = decision.action
    if decision.kind != "act" or action is None:
        ended = decision.model_copy(update={"action": None})
        proposal = proposal.model_copy(update={"decision": ended})
        return _turned(proposal, "cleared", "step:ends", "No action: the step ends.")
    try:
        proposal = in_full(context, step, proposal)
        judged = context.runner.patiently(lambda: judge(context, goal, state, proposal))
    except ToolFault as fault:
        return _turned(proposal, "again", _fault_rule(fault), str(fault))
    if judged.verdict.alerts:
        alert(context, state["run"], proposal, judged.verdict)
    verdict = doubted(context, state, proposal, judged.verdict)
    judged = replace(judged, verdict=verdict)
    if verdict.decision == "deny":
        return _turned(proposal, "denied", verdict.rule, verdict.reason)
    rule, reason = repeats(context, state, proposal)
    if rule:
        return _turned(proposal, "again", rule, reason)
    if goal.dry_run and judged.effect != "read":
        reason = f"Dry run; rule {verdict.rule!r} would say {verdict.decision}."
        return _turned(proposal, "denied", DRY_RUN, reason)
    # What a person answered stays that person's decision, though a rule would do by now.
    answered = proposal.gate == "approved" and _approval(context, state["run"], proposal)
    if verdict.decision == "allow" and not answered:
        _clear(context, proposal, judged, by_review=None)
        return _turned(proposal, "cleared", verdict.rule, verdict.reason)
    return _by_person(context, state, proposal, judged)


def _fault_rule(fault: ToolFault) -> str:
    """Tell a fault that may pass, e.g. a lock, from one that another proposal must mend."""
    return PASSING if isinstance(fault, Transient) else "contract"


def _by_person(context: Context, state: State, proposal: Proposal, judged: Judged) -> Proposal:
    """Clear what a person approved; put everything else to a person."""
    verdict = judged.verdict
    review = _approval(context, state["run"], proposal)
    review = review or _earlier_approval(context, state["run"], proposal, judged)
    if review is not None:
        _clear(context, proposal, judged, by_review=review)
        who = review.answer.reviewer if review.answer else ""
        return _turned(proposal, "cleared", verdict.rule, f"Approved by {who} ({review.id}).")
    try:
        opened = ask(context, state, proposal, judged)
    except ToolFault as fault:
        return _turned(proposal, "again", _fault_rule(fault), str(fault))
    turned = _turned(proposal, "waiting", verdict.rule, verdict.reason)
    return turned.model_copy(update={"review": opened.id})


def _approval(context: Context, run: str, proposal: Proposal) -> Review | None:
    """Return the answered review that covers exactly this action now, or None."""
    if not proposal.review or proposal.decision.action is None:
        return None
    review = context.memory.reviews.get(proposal.review)
    answer = review.answer
    if answer is None or answer.decision not in {"approve", "edit"} or review.run != run:
        return None
    if review.key != proposal.key or review.expires_at <= context.clock():
        return None
    action = proposal.decision.action
    if approved_hash(context, review) != action.hash:
        return None
    seen = digest(context.tools[action.tool].target(action.args))
    return review if answer.decision == "edit" or seen == review.target else None


def _earlier_approval(
    context: Context, run: str, proposal: Proposal, judged: Judged
) -> Review | None:
    """Return the question at which a person approved the same on the same world in this run.

    What cannot be undone is asked about each time: two letters are not one.
    """
    action = proposal.decision.action
    if action is None or judged.effect == "irreversible" or judged.verdict.rule == REJECTED:
        return None
    target = digest(context.tools[action.tool].target(action.args))
    found = context.evidence.approval(run, action.hash, target)
    review = context.memory.reviews.get(found) if found else None
    return review if review and review.expires_at > context.clock() else None


def approved_hash(context: Context, review: Review) -> str:
    """Return the action hash that the review's answer approves; empty when it approves none.

    Raises:
        Refused: The edited arguments do not fit the tool.
    """
    answer, action = review.answer, review.action
    if answer is None or action is None:
        return ""
    if answer.decision == "edit" and answer.args is not None:
        args = context.tools[action.tool].check(answer.args)
        return action.model_copy(update={"args": args}).hash
    return review.action_hash if answer.decision == "approve" else ""


def _clear(
    context: Context, proposal: Proposal, judged: Judged, *, by_review: Review | None
) -> None:
    """Keep a clearance bound to the exact hash."""
    action = proposal.decision.action
    if action is None:
        return
    answer = by_review.answer if by_review else None
    context.memory.clearances.grant(
        Clearance(
            key=proposal.key,
            action_hash=action.hash,
            by="person" if by_review else "rule",
            name=answer.reviewer if answer else judged.verdict.rule,
            review=by_review.id if by_review else "",
            target=digest(context.tools[action.tool].target(action.args)) if by_review else "",
            confidence=judged.confidence,
            tainted=bool(judged.untrusted),
            entrusted=judged.entrusted,
            risk=judged.risk,
            waived=judged.waived,
            expires_at=by_review.expires_at if by_review else context.clock() + context.offer_ttl,
        )
    )


def _turned(proposal: Proposal, gate: str, rule: str, reason: str) -> Proposal:
    return Proposal.model_validate(
        proposal.model_dump() | {"gate": gate, "rule": rule, "reason": reason[:1000]}
    )


def _note(progress: Progress, gated: Proposal) -> Progress:
    """Remember refusals, so that the same thing is not proposed for ever."""
    action = gated.decision.action
    if action is None or gated.gate not in {"again", "denied"}:
        return progress
    came = progress.tried.get(action.hash[:16], "")
    kind = "transient" if gated.rule == PASSING else gated.gate
    noted = remember(progress, action.hash, came or f"{kind}: {gated.reason}")
    refused = progress.refused + (gated.rule != DRY_RUN)
    return noted.model_copy(update={"refused": refused})


def _within_budget(
    context: Context, state: State, batch: list[Proposal]
) -> tuple[list[Proposal], str]:
    """Reserve calls and effects before anything runs; what does not fit is not run."""
    budget, spent = goal_of(state).budget, spent_of(state)
    kept: list[Proposal] = []
    halted = state.get("halted", "")
    calls = effects = 0
    for proposal in batch:
        action = proposal.decision.action
        if proposal.gate == "cleared" and action is not None:
            acts = int(context.tools[action.tool].effect != "read")
            limit = reserve(budget, spent, calls=calls + 1, effects=effects + acts)
            if limit:
                halted = f"over budget: {limit}"
                continue
            calls, effects = calls + 1, effects + acts
        kept.append(proposal)
    return kept, halted


def _record(context: Context, run: str, gated: Proposal, iteration: int) -> None:
    action = gated.decision.action
    body: JsonObject = {
        "round": iteration,
        "gate": gated.gate,
        "rule": gated.rule,
        "reason": gated.reason,
        "review": gated.review,
        "confidence": gated.decision.confidence,
        "action_hash": action.hash if action else "",
        "tool": action.tool[:60] if action else "",
    }
    if gated.claims:
        body["claims"] = [claim.to_json() for claim in gated.claims]
    context.memory.ledger.append(run, "gate", gated.key, body)
