"""escalate: one question to a person, and what follows from the answers.

Does nothing but one `interrupt()`, and routes. The store is the source of truth for answers:
whoever answers while the run waits is heard at the next resume, in whatever order.
"""

from dataclasses import dataclass, field

from langgraph.config import get_config
from langgraph.runtime import Runtime
from langgraph.types import interrupt
from pydantic import JsonValue, ValidationError

from nodes.allowance import STEP, limits_of, settle_allowance
from nodes.answers import AnyReply, Reply, question, read_reply, to_answer
from nodes.context import Context, enter, tell
from nodes.guards.plans import plan_problems
from nodes.guards.quoted import own_words
from nodes.ladder import Ladder
from nodes.state import (
    MESSAGES,
    Goal,
    Plan,
    Progress,
    Proposal,
    State,
    goal_of,
    plan_of,
    progress_of,
    remember,
    waiting_of,
)
from tools.contract import EffectState, JsonObject
from tools.errors import BadInput, GraphChanged
from tools.records import Answer, Review


@dataclass(slots=True)
class Heard:
    """What the answers so far amount to."""

    batch: list[Proposal] = field(default_factory=list)
    waiting: list[Proposal] = field(default_factory=list)
    progress: dict[str, Progress] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    approved: bool = False
    plan: Plan | None = None
    goal: Goal | None = None
    frugal: bool = False
    replan: str = ""
    halted: str = ""
    ladder: Ladder = field(default_factory=Ladder)
    rejections: int = 0


def escalate(state: State, runtime: Runtime[Context]) -> State:
    """Ask, wait, and turn every answer that the store holds into the next moves."""
    context, run = enter(runtime)
    waits = waiting_of(state)
    if not waits:
        raise GraphChanged(
            f"The state of run {run!r} was changed from outside: its questions are not in it.",
            advice=f"`surefoot fork {run} STEP` goes on from what the ledger tells.",
        )
    shown = context.memory.reviews.get(waits[0].review)
    context.memory.runs.set_status(run, "waiting", f"{shown.title} ({shown.id})")
    context.memory.leases.release(run)
    said = interrupt(question(shown), response_schema=AnyReply)
    context.memory.leases.acquire(run)
    context.memory.runs.set_status(run, "running", f"answer to {shown.id}")
    _keep(context, run, shown, said)
    heard = Heard(
        progress=progress_of(state),
        messages=list(state.get("messages", [])),
        words=list(state.get("words", [])),
        ladder=Ladder.of(state),
        rejections=state.get("rejections", 0),
    )
    asked = [(one, context.memory.reviews.get(one.review)) for one in waiting_of(state)]
    settled = {_question(review): review.id for _, review in asked if review.answer}
    for proposal, review in asked:
        if review.answer is None and _question(review) in settled:
            _answered_with(context, heard, proposal, settled[_question(review)])
        elif review.answer is None:
            _still_open(context, heard, proposal, review)
        else:
            _hear(context, state, heard, proposal, review, review.answer)
    if heard.halted:
        for proposal in heard.waiting:
            context.memory.reviews.withdraw(proposal.review, heard.halted)
    tell(runtime, "answers", approved=len(heard.batch), waiting=len(heard.waiting))
    return _update(state, heard)


def _keep(context: Context, run: str, shown: Review, said: AnyReply) -> None:
    """Keep the answer when it can be kept; a refused one is recorded and changes nothing."""
    try:
        reply = read_reply(said, shown)
        if reply.decision == "wake":
            return
        if not _identified(context, run, reply) and reply.decision in {"approve", "edit"}:
            raise BadInput(  # noqa: TRY301  # one place records every refusal
                "A yes must say what it is for: the review, the action's hash, or the interrupt id."
            )
        if reply.review not in {"", shown.id}:
            raise BadInput(f"The answer is for {reply.review!r}, the question is {shown.id!r}.")  # noqa: TRY301  # one place records every refusal
        context.memory.reviews.answer(shown.id, to_answer(reply, reviewer=context.reviewer))
    except (BadInput, ValidationError) as refusal:
        body: dict[str, JsonValue] = {"why": str(refusal)[:500]}
        context.memory.ledger.append(run, "answer_refused", shown.id, body)


def _identified(context: Context, run: str, reply: Reply) -> bool:
    """Tell whether an answer is for this question without doubt.

    LangGraph gives a plain answer to whatever is asked now. That is only certain to be what the
    person saw when the answer names it, came by interrupt id, or nothing else was ever asked.
    """
    by_id = get_config().get("configurable", {}).get("__pregel_resume_map")
    if reply.review or reply.action_hash or by_id:
        return True
    return sum(entry.kind == "review" for entry in context.memory.ledger.entries(run)) <= 1


def _question(review: Review) -> tuple[str, str]:
    """Return what two questions have in common when one answer is enough."""
    return review.action_hash, review.target


def _answered_with(context: Context, heard: Heard, proposal: Proposal, other: str) -> None:
    """Close a question that another answered too; the gate knows what that answer covers."""
    context.memory.reviews.withdraw(proposal.review, f"answered with {other}")
    heard.batch.append(proposal.model_copy(update={"gate": "new"}))


def _still_open(context: Context, heard: Heard, proposal: Proposal, review: Review) -> None:
    """Keep waiting, or send an expired question through the gate again for a fresh one."""
    if review.state == "waiting" and review.expires_at > context.clock():
        heard.waiting.append(proposal)
        return
    context.memory.reviews.withdraw(review.id, "expired")
    if review.kind == "action":
        heard.batch.append(proposal.model_copy(update={"gate": "new"}))
    else:
        heard.halted = f"The question {review.id} expired unanswered."


def _hear(
    context: Context,
    state: State,
    heard: Heard,
    proposal: Proposal,
    review: Review,
    answer: Answer,
) -> None:
    """Turn one answer into the next move of its step."""
    _listen(context, state["run"], heard, review, answer)
    if answer.decision == "abort":
        heard.halted = f"aborted by {answer.reviewer}"
    elif review.kind == "action":
        _hear_action(heard, proposal, review, answer)
    elif review.kind == "plan":
        _hear_plan(context, state, heard, proposal, answer)
    elif review.kind == "stuck":
        _hear_stuck(heard, proposal, answer)
    elif review.kind == "loop":
        _hear_loop(heard, answer)
    elif review.kind == "limit":
        _hear_limit(context, state, heard, proposal, answer)
    else:
        _hear_doubt(context, heard, proposal, answer)


def _hear_action(heard: Heard, proposal: Proposal, review: Review, answer: Answer) -> None:
    """Send an approved action to the gate again; remember what came of another."""
    if answer.decision == "replan":
        heard.replan = f"{answer.reviewer} asked for another plan"
    elif answer.decision in {"approve", "edit"}:
        heard.batch.append(_approved(proposal, answer))
    else:
        heard.rejections += answer.decision == "reject"
        came = f"{answer.decision}ed by {answer.reviewer}: {answer.message}"
        seen = heard.progress[proposal.step]
        heard.progress[proposal.step] = remember(seen, review.action_hash, came)


def _listen(context: Context, run: str, heard: Heard, review: Review, answer: Answer) -> None:
    """Keep what a person said; the words of a no, and what is quoted, speak for nothing."""
    if not answer.message:
        return
    said = f"{answer.reviewer} on {review.title}: {answer.message}"
    heard.messages = [*heard.messages, said][-MESSAGES:]
    if answer.decision != "reject":
        own = own_words(answer.message, _of_others(context, run))
        heard.words = [*heard.words, own][-MESSAGES:]


def _of_others(context: Context, run: str) -> list[str]:
    """Return the texts of outsiders that a person may have seen: read, failed, or of a tool."""
    read = [
        one.text for one in context.evidence.sources(run, whole=True) if one.trust == "untrusted"
    ]
    return [*read, *(tool.description for tool in context.tools.values() if tool.foreign)]


def _approved(proposal: Proposal, answer: Answer) -> Proposal:
    """Return the proposal as approved; an edit becomes the person's own proposal."""
    action, decision = proposal.decision.action, proposal.decision
    if answer.decision == "edit" and action is not None and answer.args is not None:
        edited = action.model_copy(update={"args": answer.args})
        decision = decision.model_copy(update={"action": edited, "origin": answer.reviewer})
    return proposal.model_copy(update={"gate": "approved", "decision": decision})


def _hear_plan(
    context: Context, state: State, heard: Heard, proposal: Proposal, answer: Answer
) -> None:
    review = context.memory.reviews.get(proposal.review)
    if review.expires_at <= context.clock() and answer.decision in {"approve", "edit"}:
        heard.replan = "the approval of the plan expired"
    elif answer.decision == "approve":
        heard.approved = True
    elif answer.decision == "reject":
        heard.halted = f"The plan was rejected by {answer.reviewer}."
    elif answer.decision == "replan":
        heard.replan = f"{answer.reviewer} asked for another plan"
    elif answer.decision == "edit":
        _edit_plan(context, state, heard, proposal, answer)


def _edit_plan(
    context: Context, state: State, heard: Heard, proposal: Proposal, answer: Answer
) -> None:
    """Take a person's plan if it holds; otherwise ask the planner anew, with the reasons."""
    try:
        edited = Plan.model_validate((answer.args or {}) | {"origin": answer.reviewer})
        problems = plan_problems(
            edited,
            goal=goal_of(state),
            tools=context.tools,
            policy=context.policy,
            before=plan_of(state),
        )
    except ValidationError as fault:
        problems = [str(error["msg"]) for error in fault.errors()[:5]]
    if problems:
        reasons = "; ".join(problems)
        heard.replan = f"the plan of {answer.reviewer} does not hold: {reasons}"
        heard.messages = [*heard.messages, heard.replan][-MESSAGES:]
        return
    heard.plan = edited
    heard.approved = True
    heard.progress = {step.id: heard.progress.get(step.id, Progress()) for step in edited.steps}
    context.memory.ledger.append(state["run"], "plan", proposal.key, edited.to_json())


def _hear_stuck(heard: Heard, proposal: Proposal, answer: Answer) -> None:
    """Try a step again with a person's words, or leave it failed."""
    seen = heard.progress[proposal.step]
    helped = {"refused": 0} if answer.decision == "respond" else {"status": "failed"}
    heard.progress[proposal.step] = seen.model_copy(update=helped)


def _hear_loop(heard: Heard, answer: Answer) -> None:
    """Go on as before when it was no loop, another way with a person's words, or stop."""
    if answer.decision == "approve":
        heard.ladder = heard.ladder.excuse()
    elif answer.decision == "respond":
        heard.ladder = heard.ladder.calmed()
    else:
        heard.halted = f"loop: {heard.ladder.reason}"


def _hear_limit(
    context: Context, state: State, heard: Heard, proposal: Proposal, answer: Answer
) -> None:
    """Take the limits that a person chose; limits that are no numbers end the run."""
    goal = goal_of(state)
    try:
        heard.goal = settle_allowance(context, state["run"], goal, answer)
        heard.frugal = answer.decision == "reject"
    except ValidationError as fault:
        heard.halted = f"The limits of {answer.reviewer} are no numbers: {fault.errors()[0]['msg']}"
    body: JsonObject = {
        "by": answer.reviewer,
        "decision": answer.decision,
        "before": limits_of(goal),
        "after": limits_of(heard.goal or goal),
    }
    context.memory.ledger.append(state["run"], "limit", proposal.key, body)


def _hear_doubt(context: Context, heard: Heard, proposal: Proposal, answer: Answer) -> None:
    """Settle an effect that only a person could tell."""
    record = context.memory.journal.find(proposal.key)
    if record is None or record.state != "in_doubt" or proposal.decision.action is None:
        return
    happened = answer.decision == "approve"
    why = f"{answer.reviewer} said that it {'happened' if happened else 'did not happen'}"
    settled: EffectState = "applied" if happened else "failed"
    context.memory.journal.settle(proposal.key, settled, result={"adopted": happened}, error=why)
    seen = heard.progress[proposal.step]
    came = f"ok: {why}" if happened else f"transient: {why}"
    kept = remember(seen, proposal.decision.action.hash, came)
    heard.progress[proposal.step] = kept


def _update(state: State, heard: Heard) -> State:
    update = State(
        batch=[] if heard.halted else [item.to_json() for item in heard.batch],
        waiting=[] if heard.halted else [item.to_json() for item in heard.waiting],
        observations=[],
        messages=heard.messages,
        words=heard.words,
        approved=heard.approved or bool(state.get("approved")),
        progress={step: value.to_json() for step, value in heard.progress.items()},
        replan=heard.replan,
        halted=heard.halted,
        ladder=heard.ladder.to_json(),
        rejections=heard.rejections,
        hold=state.get("hold", "") if any(item.step == STEP for item in heard.waiting) else "",
        frugal=heard.frugal or bool(state.get("frugal")),
    )
    if heard.goal is not None:
        update["goal"] = heard.goal.to_json()
    if heard.plan is not None:
        update["plan"] = heard.plan.to_json()
    return update
