"""Nothing grows without a bound: a long run's working set stays as large as a short one's."""

from pathlib import Path

from checkpoints.store import Store
from nodes.guards.budget import Budget
from nodes.state import State
from tests.behaviour.shelf import act, script, shelf_agent, step
from tools.contract import canonical


def size(state: State) -> int:
    return len(canonical(dict(state)))  # type: ignore[arg-type]  # a TypedDict is JSON


def test_state_at_the_end_is_as_large_as_after_the_windows_are_full(
    store: Store, folder: Path
) -> None:
    numbers = [f"{n:04}" for n in range(170)]
    long = step("write", "put").model_copy(update={"max_actions": 500})
    mind = script(long, write=[act("put", name="a", text=text) for text in numbers])
    agent = shelf_agent(store, folder, mind)
    budget = Budget(max_iterations=500, max_calls=500, max_effects=500)
    goal = agent.goal("Write them all").model_copy(update={"budget": budget})
    run = agent.begin(goal, run_id="long")
    sizes = [size(run.state) for event in run.stream() if event.kind == "decision"]
    assert len(sizes) > len(numbers)
    assert sizes[-2] <= sizes[100] * 1.05
