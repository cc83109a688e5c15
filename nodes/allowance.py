"""What models may cost: asked about at the soft limit, before the hard one ends their use.

At the soft limit a person says how to go on: raise the limit, finish cheaply (the playbook goes on
without models), or stop. The hard limit needs nobody: the call is not made.
"""

from nodes.context import Context
from nodes.guards.budget import Budget, soft_limit
from nodes.state import Decision, Goal, Proposal, State
from tools.contract import JsonObject, digest
from tools.records import Answer, Review

STEP = "limit"
"""What stands in the place of the step in a proposal to raise a limit."""
RAISE = 2.0
"""A plain yes multiplies the limit by this."""


def due(context: Context, run: str, goal: Goal, state: State) -> str:
    """Name the soft limit that a person must be asked about; empty when there is none."""
    if state.get("frugal"):
        return ""
    return soft_limit(goal.budget, context.memory.spending.totals(run))


def ask_allowance(context: Context, run: str, goal: Goal, reached: str) -> Proposal:
    """Open the question how to go on; the same limit is asked about once."""
    now, budget = context.clock(), goal.budget
    key = f"{run}/{STEP}/{budget.max_usd:g}-{budget.max_tokens}"
    hashed = digest({"max_usd": budget.max_usd, "max_tokens": budget.max_tokens})
    review = context.memory.reviews.open(
        Review(
            id=f"rv-{digest({'key': key})[:10]}",
            run=run,
            step=STEP,
            key=key,
            kind="limit",
            action_hash=hashed,
            title=f"The models have used much of their allowance ({reached}). How to go on?",
            why=f"The soft limit is {budget.soft_share:.0%} of ${budget.max_usd:g} "
            f"and of {budget.max_tokens:,} tokens.",
            card={
                "objective": goal.objective,
                "approve": f"Raise both limits {RAISE:g} times and go on.",
                "edit": "Raise them to max_usd and max_tokens.",
                "reject": "Finish cheaply: go on without models.",
                "abort": "Stop here.",
            },
            allowed=("approve", "edit", "reject", "abort"),
            created_at=now,
            expires_at=now + context.offer_ttl,
        )
    )
    decision = Decision(kind="done", origin="limit")
    return Proposal(key=key, step=STEP, decision=decision, gate="waiting", review=review.id)


def limits_of(goal: Goal) -> JsonObject:
    """Return what the models may cost in all, for the ledger."""
    return {"max_usd": goal.budget.max_usd, "max_tokens": goal.budget.max_tokens}


def settle_allowance(context: Context, run: str, goal: Goal, answer: Answer) -> Goal:
    """Return the goal with the limits that a person chose.

    Raises:
        ValueError: The edited limits are no numbers (a pydantic ValidationError).
    """
    budget = goal.budget
    limits: JsonObject = {
        "max_usd": budget.max_usd * RAISE,
        "max_tokens": int(budget.max_tokens * RAISE),
    }
    if answer.decision == "reject":
        totals = context.memory.spending.totals(run)
        limits = {"max_usd": totals.usd, "max_tokens": totals.tokens}
    elif answer.decision == "edit":
        wanted = answer.args or {}
        limits = {name: wanted[name] for name in ("max_usd", "max_tokens") if name in wanted}
    return goal.model_copy(update={"budget": Budget.model_validate(budget.model_dump() | limits)})
