"""Questions to people: the card that a reviewer sees, and the review that waits for the answer.

A card answers six questions: what changes exactly, why, how sure, what if it is wrong, what was
read that is not trusted, and until when the offer stands.
"""

from nodes.context import Context
from nodes.judging import Judged
from nodes.state import Decision, Goal, Progress, Proposal, State, Step, goal_of
from tools.contract import Action, JsonObject, Observation, Preview, Tool, digest
from tools.records import Review


def ask(context: Context, state: State, proposal: Proposal, judged: Judged) -> Review:
    """Open the review of one action; asking again for the same returns the same review.

    Raises:
        ToolFault: The preview shows that the action cannot be done; nobody is asked.
    """
    decision, now, run = proposal.decision, context.clock(), state["run"]
    verdict, untrusted = judged.verdict, judged.untrusted
    if decision.action is None:
        msg = f"{proposal.key!r} has no action to ask about"
        raise ValueError(msg)
    tool = context.tools[decision.action.tool]
    preview = tool.preview(decision.action.args)
    return context.memory.reviews.open(
        Review(
            id=_identity(context, proposal, decision.action),
            run=run,
            step=proposal.step,
            key=proposal.key,
            kind="action",
            action=decision.action,
            action_hash=decision.action.hash,
            target=digest(tool.target(decision.action.args)),
            title=preview.summary,
            why=verdict.reason,
            card=_card(goal_of(state), decision, tool, preview)
            | {"rule": verdict.rule, "untrusted": [*untrusted]}
            | {"origins": {value: context.evidence.origin(run, value) for value in untrusted}}
            | {"claims": [claim.to_json() for claim in proposal.claims]}
            | {"judged": judged.known.to_json() if judged.known else None},
            created_at=now,
            expires_at=now + context.offer_ttl,
        )
    )


def _card(goal: Goal, decision: Decision, tool: Tool, preview: Preview) -> JsonObject:
    """Return everything that the person sees."""
    return {
        "objective": goal.objective,
        "tool": tool.name,
        "description": tool.description,
        "effect": tool.effect,
        "args": decision.action.args if decision.action else {},
        "preview": preview.to_json(),
        "reasoning": decision.reasoning,
        "alternatives": [item.to_json() for item in decision.alternatives],
        "evidence": list(decision.evidence),
        "confidence": decision.confidence,
        "origin": decision.origin,
    }


def _identity(context: Context, proposal: Proposal, action: Action) -> str:
    """Return the id of a question; asked anew, because its offer expired, it gets another."""
    closed = proposal.review if proposal.review and _closed(context, proposal.review) else ""
    return f"rv-{digest({'key': proposal.key, 'hash': action.hash, 'asked': closed})[:10]}"


def _closed(context: Context, review: str) -> bool:
    kept = context.memory.reviews.get(review)
    return kept.state != "waiting" or kept.expires_at <= context.clock()


def ask_stuck(context: Context, run: str, goal: Goal, step: Step, progress: Progress) -> Proposal:
    """Open the question how to go on with a step that failed when no other plan is left."""
    now, key = context.clock(), f"{run}/{step.id}/stuck-{progress.proposals}"
    review = context.memory.reviews.open(
        Review(
            id=f"rv-{digest({'stuck': key})[:10]}",
            run=run,
            step=step.id,
            key=key,
            kind="stuck",
            action_hash=digest({"stuck": key}),
            title=f"The step {step.id!r} ({step.title}) failed. What would help?",
            why=progress.note or "Nothing that was tried worked.",
            card={
                "objective": goal.objective,
                "expected": step.expects,
                "tried": [*progress.tried.values()],
                "respond": "Say what to do; the step is tried again with your words.",
                "reject": "Leave it failed and finish the rest.",
                "abort": "Stop here.",
            },
            allowed=("respond", "reject", "abort"),
            created_at=now,
            expires_at=now + context.offer_ttl,
        )
    )
    decision = Decision(kind="done", origin="stuck")
    return Proposal(key=key, step=step.id, decision=decision, gate="waiting", review=review.id)


def ask_doubt(context: Context, run: str, proposal: Proposal, observation: Observation) -> Review:
    """Open the question whether an effect happened that nobody can tell by looking."""
    now = context.clock()
    action = proposal.decision.action
    record = context.memory.journal.find(proposal.key)
    return context.memory.reviews.open(
        Review(
            id=f"rv-{digest({'doubt': proposal.key})[:10]}",
            run=run,
            step=proposal.step,
            key=proposal.key,
            kind="doubt",
            action=action,
            action_hash=observation.action_hash,
            title=f"Did {observation.tool} ({proposal.key}) happen?",
            why="The process ended while it ran, and looking at the world does not tell.",
            card={
                "tool": observation.tool,
                "args": action.args if action else {},
                "snapshot": record.snapshot if record else {},
                "approve": "It happened: go on from there.",
                "reject": "It did not happen: it may be tried again.",
            },
            allowed=("approve", "reject", "abort"),
            created_at=now,
            expires_at=now + context.offer_ttl,
        )
    )
