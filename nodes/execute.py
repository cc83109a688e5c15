"""execute: run the round's cleared actions, through the journal, and nothing else.

The only node with effects on the world. Independent actions run side by side on a pool of the
batch's size; actions whose resources meet run in turn. Running the node again is harmless: the
journal knows what was done.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from langgraph.runtime import Runtime

from nodes.context import Context, enter, tell
from nodes.state import State, batch_of, dumps, spent_of
from tools.contract import Action, Call, Observation
from tools.errors import BadInput, NotCleared, ToolFault


def execute(state: State, runtime: Runtime[Context]) -> State:
    """Run what is cleared; a state that lies about clearances gets a refusal."""
    context, run = enter(runtime)
    calls = [
        Call(key=item.key, run=run, step=item.step, action=item.decision.action)
        for item in batch_of(state)
        if item.gate == "cleared" and item.decision.action is not None
    ]
    for call in calls:
        tell(runtime, "start", key=call.key, tool=call.action.tool, args=call.action.args)
    started = context.timer()
    observations = _run_all(context, calls)
    with context.memory.transaction():
        for observation in observations:
            body = observation.model_copy(update={"seconds": round(observation.seconds, 3)})
            context.memory.ledger.append(run, "observation", observation.key, body.to_json())
    for observation in observations:
        tell(runtime, "observation", observation=observation.to_json())
    effects = sum(item.effect != "read" and item.status == "ok" for item in observations)
    seconds = context.timer() - started
    spent = spent_of(state).plus(calls=len(calls), effects=effects, seconds=seconds)
    return State(observations=dumps(observations), spent=spent.to_json())


def _run_all(context: Context, calls: Sequence[Call]) -> list[Observation]:
    """Run groups of conflicting calls side by side, each group in its own order."""
    groups = _groups(context, calls)
    if len(groups) <= 1:
        return [_run(context, call) for call in calls]
    with ThreadPoolExecutor(max_workers=len(groups)) as pool:
        futures = [
            pool.submit(
                copy_context().run, lambda group: [_run(context, one) for one in group], group
            )
            for group in groups
        ]
        found = {item.key: item for future in futures for item in future.result()}
    return [found[call.key] for call in calls]


def _groups(context: Context, calls: Sequence[Call]) -> list[list[Call]]:
    """Put calls whose resources meet into one group."""
    groups: list[tuple[set[str], list[Call]]] = []
    for call in calls:
        touched, members = set(_resources(context, call.action)), [call]
        apart = []
        for resources, group in groups:
            if resources & touched:
                touched |= resources
                members = group + members
            else:
                apart.append((resources, group))
        groups = [*apart, (touched, members)]
    return [members for _, members in groups]


def _resources(context: Context, action: Action) -> frozenset[str]:
    """Return what an action touches; nothing for one that the runner will refuse anyway."""
    tool = context.tools.get(action.tool)
    try:
        return tool.resources(tool.check(action.args)) if tool else frozenset()
    except (ToolFault, BadInput):
        return frozenset()


def _run(context: Context, call: Call) -> Observation:
    try:
        return context.runner.run(call)
    except (NotCleared, ToolFault, BadInput) as refusal:
        tool = context.tools.get(call.action.tool)
        return Observation(
            key=call.key,
            step=call.step,
            tool=call.action.tool[:200],
            action_hash=call.action.hash,
            status="refused",
            effect=tool.effect if tool else "irreversible",
            summary=str(refusal)[:500],
        )
