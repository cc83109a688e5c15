"""`run` and `resume`: advance a run and show it."""

import uuid
from collections.abc import Callable
from pathlib import Path

from checkpoints.store import Store, open_store
from graphs.cli.asking import ask_all
from graphs.cli.ending import end
from graphs.cli.interrupting import resumable
from graphs.cli.live import watching
from graphs.cli.opening import (
    can_ask,
    check_name,
    existing_store,
    open_run,
    settings_for,
)
from graphs.cli.options import (
    DatabaseOption,
    DryRunOption,
    EffectsOption,
    GoalArgument,
    JsonOption,
    NameOption,
    NoInputOption,
    PolicyOption,
    ReviewPlanOption,
    RunArgument,
    SecondsOption,
    StoreOption,
    WorkloadOption,
)
from graphs.cli.printing import Printer
from graphs.database.graph import database_agent
from graphs.session import Run, Watcher
from graphs.settings import Settings
from nodes.state import Goal
from tools.errors import BadInput
from tools.policy import Policy


def run(  # noqa: PLR0913  # one parameter for each option of the command
    objective: GoalArgument,
    *,
    database: DatabaseOption,
    workload: WorkloadOption,
    dry_run: DryRunOption = False,
    review_plan: ReviewPlanOption = False,
    policy: PolicyOption = None,
    max_seconds: SecondsOption = None,
    max_effects: EffectsOption = None,
    name: NameOption = None,
    store: StoreOption = None,
    no_input: NoInputOption = False,
    as_json: JsonOption = False,
) -> None:
    """Pursue a goal on a database.

    Ends when it is reached, or when a person is needed.
    """
    printer, settings = Printer(as_json), settings_for(store)
    run_name = check_name(name) if name is not None else f"run-{uuid.uuid4().hex[:8]}"
    asks = can_ask(no_input=no_input, as_json=as_json)
    rules = _policy(policy, settings)
    with open_store(settings.store) as memory:
        agent = database_agent(
            database=database, workload=workload, store=memory, policy=rules, settings=settings
        )
        goal = agent.goal(_words(objective), dry_run=dry_run, review_plan=review_plan)
        goal = _limited(goal, {"max_seconds": max_seconds, "max_effects": max_effects})
        with resumable(run_name, memory, printer, store):
            printer.say(f"{run_name}: {goal.objective}", "bold")
            printer.say(f"on {database} with the queries of {workload}", "dim")
            _go(printer, lambda watch: agent.run(goal, run_id=run_name, watch=watch), asks=asks)
        end(printer, memory, run_name, store=store)


def resume(
    name: RunArgument,
    *,
    store: StoreOption = None,
    no_input: NoInputOption = False,
    as_json: JsonOption = False,
) -> None:
    """Go on with a run that waits or was interrupted."""
    with existing_store(store) as memory:
        advance(
            Printer(as_json),
            memory,
            open_run(memory, name, store),
            store=store,
            asks=can_ask(no_input=no_input, as_json=as_json),
        )


def advance(printer: Printer, memory: Store, handle: Run, *, store: str | None, asks: bool) -> None:
    """Go on with a run, show it, and leave with its exit code.

    Args:
        printer: Where it is shown.
        memory: The open store.
        handle: The run.
        store: The `--store` option.
        asks: Whether a person may be asked here.
    """
    printer.say(f"{handle.id}: {handle.info.objective}", "bold")
    with resumable(handle.id, memory, printer, store):
        _go(printer, lambda watch: handle.resume(watch=watch), asks=asks)
    end(printer, memory, handle.id, store=store)


def _go(printer: Printer, start: Callable[[Watcher], Run], *, asks: bool) -> None:
    """Advance a run; ask what it asks when somebody is there; go on."""
    with watching(printer) as live:
        handle = start(live)
    while asks and handle.status == "waiting" and ask_all(printer, handle):
        with watching(printer) as live:
            handle.resume(watch=live)


def _words(objective: str) -> str:
    """Return a goal in words that can be pursued.

    Raises:
        BadInput: It is empty or too long.
    """
    if not 1 <= len(objective.strip()) <= MAX_WORDS:
        raise BadInput(
            f"The goal has {len(objective.strip())} characters; 1 to {MAX_WORDS} are accepted.",
            advice="Say in words what is to be reached.",
        )
    return objective.strip()


MAX_WORDS = 4000
"""Characters of a goal, as in `nodes/state.py`."""


def _policy(path: Path | None, settings: Settings) -> Policy | None:
    chosen = path or (Path(settings.policy) if settings.policy else None)
    return Policy.from_file(chosen) if chosen is not None else None


def _limited(goal: Goal, limits: dict[str, float | int | None]) -> Goal:
    stated = {name: value for name, value in limits.items() if value is not None}
    return goal.model_copy(update={"budget": goal.budget.model_copy(update=stated)})
