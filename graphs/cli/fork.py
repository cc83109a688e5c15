"""`fork`: try another way from an earlier point of a run, or say what that would begin with."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from graphs.cli.opening import can_ask, check_name, command, existing_store, open_run
from graphs.cli.options import (
    JsonOption,
    MessageOption,
    NameOption,
    NoInputOption,
    ReviewerOption,
    RunArgument,
    StoreOption,
)
from graphs.cli.printing import Printer
from graphs.cli.run import advance
from graphs.render.text import action_line, label_of
from tools.contract import EffectRecord

if TYPE_CHECKING:
    from graphs.forking import Forking

StepArgument = Annotated[
    str, typer.Argument(metavar="STEP", help="A step (`tune`) or one action (`tune.2`).")
]
KeepOption = Annotated[
    bool, typer.Option("--keep-effects", help="Leave what was done after that point as it is.")
]
UndoOption = Annotated[
    bool, typer.Option("--undo", help="First undo what was done after that point, newest first.")
]
DryOption = Annotated[
    bool, typer.Option("--dry-run", help="Only say what the fork would begin with.")
]
NoResumeOption = Annotated[
    bool, typer.Option("--no-resume", help="Only make the fork; `surefoot resume` goes on later.")
]


def fork(  # noqa: PLR0913  # one parameter for each option of the command
    name: RunArgument,
    step: StepArgument,
    *,
    keep_effects: KeepOption = False,
    undo: UndoOption = False,
    dry_run: DryOption = False,
    message: MessageOption = "",
    child: NameOption = None,
    reviewer: ReviewerOption = None,
    no_resume: NoResumeOption = False,
    store: StoreOption = None,
    no_input: NoInputOption = False,
    as_json: JsonOption = False,
) -> None:
    """Try another way from the point before STEP of an earlier run, as a run of its own.

    Approvals and questions are not taken over, what was spent is. Of changes that were made after
    that point and stand, say whether to keep or to undo them.
    """
    printer = Printer(as_json)
    with existing_store(store) as memory:
        handle = open_run(memory, name, store)
        if dry_run:
            return _show(printer, handle.forking(step), [handle.id, step], store)
        made = handle.fork(
            step,
            run_id=check_name(child) if child else "",
            message=message[:4000],
            reviewer=reviewer or "",
            keep_effects=keep_effects,
            undo=undo,
        )
        printer.say(f"{made.id} begins before {step} of {handle.id}.", "bold")
        if not no_resume:
            asks = can_ask(no_input=no_input, as_json=as_json)
            advance(printer, memory, made, store=store, asks=asks)
    printer.document({"run": made.id, "of": handle.id, "exit_code": 0})
    return printer.exact(f"Go on: {command('resume', made.id, store=store)}")


def _show(printer: Printer, found: "Forking", words: list[str], store: str | None) -> None:
    told = found.to_json()
    printer.document(told | {"dry_run": True, "exit_code": 0})
    printer.say(f"A fork would begin before {found.point.before} of {found.point.run}.", "bold")
    if found.point.beside:
        others = ", ".join(found.point.beside)
        printer.say(f"Decided in the same round, so open as well: {others}", indent=2)
    progress = found.prefix.progress
    for title, status in (("Done by then", "done"), ("Still to do", "pending")):
        steps = [step for step, seen in progress.items() if seen.status == status]
        printer.say(f"{title}: {', '.join(steps) or 'nothing'}", indent=2)
    spent = found.prefix.spent
    printer.say(f"Spent by then: {spent.iterations} rounds, {spent.calls} calls", indent=2)
    effects = found.effects
    _list(printer, "Made before that point, and still there", effects.earlier)
    _list(printer, "Made after that point, and still there", effects.later)
    _list(printer, "Made before that point, and undone since: no fork can begin here", effects.lost)
    _list(printer, "Not known for certain; settle this first", effects.unsettled)
    ways = [["--keep-effects"], ["--undo"]] if effects.later else [[]]
    if not effects.lost:
        printer.say("Do it:", "bold")
        for way in ways:
            printer.exact(f"  {command('fork', *words, *way, store=store)}")


def _list(printer: Printer, title: str, records: Sequence[EffectRecord]) -> None:
    if records:
        printer.say(title, "bold", indent=2)
    for record in records:
        printer.say(f"{label_of(record.key)}  {action_line(record.action)}", indent=4)
