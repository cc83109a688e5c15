"""decide: one decision for every ready step of the frontier, side by side.

The decider sees a bounded situation: the step, its tools, the results it builds on, what was
already tried, the last few outcomes. The key of a possible effect is minted here.
"""

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from langgraph.runtime import Runtime
from pydantic import JsonValue

from nodes.allowance import ask_allowance, due
from nodes.context import Context, Situation, enter, tell
from nodes.guards.budget import Budget, over, remaining
from nodes.ladder import Ladder, offered
from nodes.state import (
    RECENT,
    Decision,
    Happening,
    Progress,
    Proposal,
    State,
    Step,
    dumps,
    goal_of,
    progress_of,
    ready_steps,
    spent_of,
)
from tools.contract import MAX_ARGUMENT_BYTES, canonical


def decide(state: State, runtime: Runtime[Context]) -> State:
    """Propose the next action of each ready step, or stop at a limit."""
    context, run = enter(runtime)
    goal, spent = goal_of(state), spent_of(state)
    limit = over(goal.budget, spent)
    if limit:
        context.memory.ledger.append(run, "limit", run, {"limit": limit, "spent": spent.to_json()})
        return State(batch=[], observations=[], halted=f"over budget: {limit}")
    reached = due(context, run, goal, state)
    if reached:
        asked = ask_allowance(context, run, goal, reached)
        held = [*state.get("waiting", []), asked.to_json()]
        return State(batch=[], observations=[], waiting=held, hold=reached)
    started = context.timer()
    steps = ready_steps(state)
    progress = progress_of(state)
    for step in steps:
        if not progress[step.id].proposals:
            tell(runtime, "step", step=step.to_json())
    rest = remaining(goal.budget, spent)
    situations = [_situation(context, state, step, progress, rest) for step in steps]
    decisions = [_bounded(made) for made in _side_by_side(context, situations)]
    batch = [
        Proposal(
            key=f"{run}/{step.id}/{progress[step.id].proposals + 1}", step=step.id, decision=made
        )
        for step, made in zip(steps, decisions, strict=True)
    ]
    _record(context, run, runtime, batch)
    for proposal in batch:
        seen = progress[proposal.step]
        progress[proposal.step] = seen.model_copy(update={"proposals": seen.proposals + 1})
    seconds = context.timer() - started
    spent = spent.plus(iterations=1, seconds=seconds)
    return State(
        batch=dumps(batch),
        observations=[],
        progress={step: value.to_json() for step, value in progress.items()},
        spent=spent.to_json(),
    )


def _situation(
    context: Context, state: State, step: Step, progress: dict[str, Progress], rest: Budget
) -> Situation:
    sources = {name: progress[name].result for name in (*step.needs, step.id)}
    ladder = Ladder.of(state)
    inputs: dict[str, JsonValue] = {
        name: context.memory.artifacts.get(ref) for name, ref in sources.items() if ref
    }
    return Situation(
        run=state["run"],
        goal=goal_of(state),
        step=step,
        tools=offered(
            ladder,
            state["run"],
            step,
            context.tools.cards([name for name in step.tools if name in context.tools]),
        ),
        inputs=inputs,
        tried=progress[step.id].tried,
        recent=[Happening.model_validate(item) for item in state.get("recent", [])][-RECENT:],
        summary=state.get("summary", ""),
        messages=state.get("messages", []),
        remaining=rest,
        ordinal=progress[step.id].proposals + 1,
        rung=ladder.rung,
    )


def _side_by_side(context: Context, situations: list[Situation]) -> list[Decision]:
    """Decide in parallel; one thread per step, because models wait for the network."""
    if len(situations) <= 1:
        return [context.decider.decide(situation) for situation in situations]
    with ThreadPoolExecutor(max_workers=len(situations)) as pool:
        futures = [
            pool.submit(copy_context().run, context.decider.decide, situation)
            for situation in situations
        ]
        return [future.result() for future in futures]


def _bounded(made: Decision) -> Decision:
    """Keep oversized arguments out of state and ledger; the gate then refuses what is left."""
    if made.action is None:
        return made
    try:
        size = len(canonical(made.action.args))
    except (ValueError, RecursionError):
        size = MAX_ARGUMENT_BYTES + 1
    if size <= MAX_ARGUMENT_BYTES:
        return made
    action = made.action.model_copy(update={"args": {"oversized_bytes": size}})
    return made.model_copy(update={"action": action})


def _record(context: Context, run: str, runtime: Runtime[Context], batch: list[Proposal]) -> None:
    with context.memory.transaction():
        for proposal in batch:
            context.memory.ledger.append(run, "decision", proposal.key, proposal.decision.to_json())
    for proposal in batch:
        tell(runtime, "decision", key=proposal.key, decision=proposal.decision.to_json())
