"""plan: from the goal to a plan that may start.

Runs once at the beginning and again when another way is sought. The plan is checked against
tools, boundaries, policy and budget before anything runs; what is wrong goes back to the planner,
at most `MAX_TRIES` times.
"""

from langgraph.runtime import Runtime

from nodes.context import Context, PlanRequest, enter, tell
from nodes.guards.budget import remaining
from nodes.guards.plans import plan_problems
from nodes.state import (
    Decision,
    Goal,
    Happening,
    Plan,
    Progress,
    Proposal,
    State,
    dumps,
    goal_of,
    plan_of,
    spent_of,
    waiting_of,
)
from tools.contract import JsonObject, digest
from tools.errors import SurefootError
from tools.records import Review, RunInfo

MAX_TRIES = 4
"""Plans that are asked for at most; a planner on models leaves the last one to its playbook."""
MAX_REPLANS = 2


def plan(state: State, runtime: Runtime[Context]) -> State:
    """Make a checked plan, or end the run with the reason why there is none."""
    context, run = enter(runtime)
    if "plan" in state and not state.get("replan"):
        return _decline(context, run, state)
    goal = _bounded(context, state)
    update = _begin(context, run, goal) if "plan" not in state else _again(state)
    before = plan_of(state) if "plan" in state else None
    made, problems = _ask(context, run, goal, state, before)
    unapproved = goal.review_plan and not state.get("approved")
    if made is None and (before is None or unapproved):
        return update | _refuse(context, run, problems)
    if made is None:
        context.memory.ledger.append(run, "no_plan", "plan", {"problems": list(problems)})
        return update | State(replans=MAX_REPLANS)
    context.memory.ledger.append(
        run, "plan", "plan", made.to_json() | {"replans": update["replans"]}
    )
    tell(runtime, "plan", plan=made.to_json())
    update["plan"] = made.to_json()
    update["progress"] = _carry_over(state, made)
    update["waiting"] = dumps(_still_asked(context, state, made))
    update["approved"] = False
    if goal.review_plan:
        update["waiting"].append(
            plan_question(context, run, goal, made, update["replans"]).to_json()
        )
    return update


def _decline(context: Context, run: str, state: State) -> State:
    """Refuse new input on a thread that has a run: the goal stays what it was, nothing is lost."""
    first = next(item for item in context.memory.ledger.entries(run) if item.kind == "goal")
    goal = first.body["goal"]
    if state["goal"] != goal:
        body: JsonObject = {"why": "the thread has a run with another goal", "goal": state["goal"]}
        context.memory.ledger.append(run, "input_refused", run, body)
    return State(goal=goal if isinstance(goal, dict) else state["goal"])


def _still_asked(context: Context, state: State, made: Plan) -> list[Proposal]:
    """Keep the questions of steps that the new plan has; withdraw the others."""
    steps = {step.id for step in made.steps}
    kept = []
    for proposal in waiting_of(state):
        if proposal.step in steps:
            kept.append(proposal)
        else:
            context.memory.reviews.withdraw(proposal.review, "the plan changed")
    return kept


def _bounded(context: Context, state: State) -> Goal:
    """Return the goal; one that names no boundaries gets the domain's."""
    goal = goal_of(state)
    if "boundaries" in state["goal"]:
        return goal
    return goal.model_copy(update={"boundaries": context.boundaries})


def _begin(context: Context, run: str, goal: Goal) -> State:
    """Enter the run into the store and measure the world before anything is done."""
    _enter_run(context, run, goal)
    try:
        baseline = context.memory.artifacts.put(context.checks.baseline())
    except SurefootError as fault:
        context.memory.runs.set_status(run, "failed", f"no baseline: {fault.what}"[:500])
        raise
    context.memory.ledger.append(run, "baseline", run, {"artifact": baseline})
    return State(
        goal=goal.to_json(),
        run=run,
        replans=0,
        replan="",
        batch=[],
        observations=[],
        waiting=[],
        recent=[],
        summary="",
        trail=[],
        messages=[],
        words=[],
        approved=False,
        concluded="",
        spent={},
        baseline=baseline,
        measured=baseline,
        checks=[],
        hold="",
        frugal=False,
        halted="",
        outcome="",
        reason="",
        report={},
    )


def _enter_run(context: Context, run: str, goal: Goal) -> None:
    """Write run and goal together: from then on the run can be resumed, whatever happens."""
    now = context.clock()
    info = RunInfo(
        run=run,
        domain=context.domain,
        objective=goal.objective,
        status="running",
        fingerprint=context.fingerprint,
        version=context.version,
        settings=context.settings,
        created_at=now,
        updated_at=now,
    )
    body: JsonObject = {"goal": goal.to_json(), "policy": context.policy.digest}
    with context.memory.transaction():
        context.memory.runs.create(info)
        context.memory.ledger.append(run, "goal", run, body)


def _again(state: State) -> State:
    return State(replans=state["replans"] + 1, replan="", batch=[], observations=[], halted="")


def _ask(
    context: Context, run: str, goal: Goal, state: State, before: Plan | None
) -> tuple[Plan | None, list[str]]:
    """Ask the planner until its plan holds; each refusal is recorded with its reasons."""
    problems: list[str] = []
    last = before
    failed = [Happening.model_validate(item) for item in state.get("recent", [])]
    for attempt in range(1, MAX_TRIES + 1):
        request = PlanRequest(
            run=run,
            goal=goal,
            tools=context.tools.cards(),
            remaining=remaining(goal.budget, spent_of(state)),
            attempt=attempt,
            last=last,
            problems=problems,
            failed=failed if before is not None else (),
            messages=state.get("messages", []),
        )
        made = context.planner.plan(request)
        if made is None:
            return None, problems or ["the planner knows no (other) way"]
        last = made
        problems = plan_problems(
            made, goal=goal, tools=context.tools, policy=context.policy, before=before
        )
        if not problems:
            return made, []
        body: JsonObject = {
            "attempt": attempt,
            "replans": state.get("replans", 0),
            "problems": list(problems),
            "plan": made.to_json(),
        }
        context.memory.ledger.append(run, "plan_refused", "plan", body)
    return None, problems


def _refuse(context: Context, run: str, problems: list[str]) -> State:
    reason = "No plan may start: " + "; ".join(problems)
    context.memory.ledger.append(run, "no_plan", "plan", {"problems": list(problems)})
    return State(halted=reason[:2000], outcome="denied", reason=reason[:2000])


def _carry_over(state: State, made: Plan) -> dict[str, JsonObject]:
    """Keep what is done; steps that failed start again, with what they tried remembered."""
    known = state.get("progress", {})
    # A step that this plan drops keeps its count: keys stay unique when a later plan has it again.
    progress = {
        step: Progress.model_validate(value | {"status": "skipped"}).to_json()
        for step, value in known.items()
    }
    for step in made.steps:
        old = Progress.model_validate(known.get(step.id, {}))
        status = "done" if old.status == "done" else "pending"
        progress[step.id] = old.model_copy(update={"status": status}).to_json()
    return progress


def plan_question(context: Context, run: str, goal: Goal, made: Plan, replans: int) -> Proposal:
    """Open the review of the plan; a plan that comes again is asked about again."""
    now, hashed = context.clock(), digest(made.to_json())
    key = f"{run}/plan/{replans + 1}"
    review = context.memory.reviews.open(
        Review(
            id=f"rv-{digest({'key': key})[:10]}",
            run=run,
            step="plan",
            key=key,
            kind="plan",
            action_hash=hashed,
            title=f"Start this plan of {len(made.steps)} steps?",
            why="The goal says that a person looks at the plan before anything runs.",
            card={"objective": goal.objective, "plan": made.to_json()},
            allowed=("approve", "edit", "reject", "abort", "replan"),
            created_at=now,
            expires_at=now + context.offer_ttl,
        )
    )
    return Proposal(
        key=key,
        step="plan",
        decision=Decision(kind="done", origin=made.origin),
        gate="waiting",
        review=review.id,
    )
