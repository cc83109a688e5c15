"""`run` and `resume`: advance a run and show it."""

from typing import TYPE_CHECKING

from checkpoints.store import Store
from graphs.cli.ending import end
from graphs.cli.interrupting import resumable
from graphs.cli.opening import can_ask, existing_store, open_run, settings_for
from graphs.cli.options import (
    DatabaseOption,
    DryRunOption,
    EffectsOption,
    FollowOption,
    GoalArgument,
    GrantOption,
    JsonOption,
    NameOption,
    NoInputOption,
    PolicyOption,
    ReviewPlanOption,
    RunArgument,
    RunbookOption,
    SecondsOption,
    StoreOption,
    WaitOption,
    WorkloadOption,
)
from graphs.cli.printing import Printer
from graphs.cli.starting import Job, go, start
from graphs.cli.subjects import subject_of
from graphs.cli.thinking import BaseUrlOption, ModelOption, PriceOption, RecordOption, Thinking

if TYPE_CHECKING:
    from graphs.session import Run


def run(  # noqa: PLR0913  # one parameter for each option of the command
    objective: GoalArgument,
    *,
    database: DatabaseOption = None,
    workload: WorkloadOption = None,
    runbook: RunbookOption = None,
    model: ModelOption = None,
    base_url: BaseUrlOption = None,
    price: PriceOption = None,
    record: RecordOption = None,
    dry_run: DryRunOption = False,
    review_plan: ReviewPlanOption = False,
    grant: GrantOption = None,
    follow: FollowOption = None,
    policy: PolicyOption = None,
    max_seconds: SecondsOption = None,
    max_effects: EffectsOption = None,
    name: NameOption = None,
    store: StoreOption = None,
    no_input: NoInputOption = False,
    as_json: JsonOption = False,
) -> None:
    """Pursue a goal on a database, or with the tools of surefoot.toml.

    Ends when it is reached, or when a person is needed.
    """
    thinking = Thinking(model=model, base_url=base_url, price=price, record=record)
    settings = thinking.over(settings_for(store))
    job = Job(
        objective=objective,
        subject=subject_of(database, workload, runbook, settings),
        policy=policy,
        dry_run=dry_run,
        review_plan=review_plan,
        grants=grant or (),
        follows=follow or (),
        limits={"max_seconds": max_seconds, "max_effects": max_effects},
    )
    asks = can_ask(no_input=no_input, as_json=as_json)
    start(Printer(as_json), settings, job, name=name, store=store, asks=asks)


def resume(
    name: RunArgument,
    *,
    wait: WaitOption = 0.0,
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
            wait=wait,
        )


def advance(
    printer: Printer,
    memory: Store,
    handle: "Run",
    *,
    store: str | None,
    asks: bool,
    wait: float = 0.0,
) -> None:
    """Go on with a run, show it, and leave with its exit code.

    Args:
        printer: Where it is shown.
        memory: The open store.
        handle: The run.
        store: The `--store` option.
        asks: Whether a person may be asked here.
        wait: For how many seconds another that works on the run is waited for.
    """
    printer.say(f"{handle.id}: {handle.info.objective}", "bold")
    with resumable(handle.id, memory, printer, store):
        go(printer, handle, asks=asks, wait=wait)
    end(printer, memory, handle.id, store=store)
