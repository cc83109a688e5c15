"""`prune`: let go of what ended runs no longer need, or say what would go."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from checkpoints.limits import Retention
from checkpoints.retention import Candidate, Pruning
from checkpoints.retention import prune as let_go
from graphs.cli.opening import command, existing_store, settings_for
from graphs.cli.options import JsonOption, StoreOption
from graphs.cli.printing import Printer
from graphs.render.text import bytes_text, line

DaysOption = Annotated[
    float | None, typer.Option(min=0, metavar="N", help="Runs that ended longer ago lose.")
]
RunsOption = Annotated[
    int | None, typer.Option(min=0, metavar="N", help="All but the N runs that ended last lose.")
]
MegabytesOption = Annotated[
    float | None,
    typer.Option(
        "--max-mb", min=0, metavar="N", help="While the store takes more, the oldest runs lose."
    ),
]
UndoOption = Annotated[
    bool,
    typer.Option("--including-undo", help="Also what undo needs: such runs cannot be undone."),
]
YesOption = Annotated[bool, typer.Option("--yes", help="Do it.")]
DryOption = Annotated[bool, typer.Option("--dry-run", help="Only say what would go. [the default]")]


def prune(
    *,
    max_age_days: DaysOption = None,
    max_runs: RunsOption = None,
    max_mb: MegabytesOption = None,
    including_undo: UndoOption = False,
    yes: YesOption = False,
    dry_run: DryOption = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let go of what ended runs no longer need: checkpoints, answers, books, evidence.

    The limits of [retention] in surefoot.toml hold, unless options say otherwise. Runs that live,
    what can still be undone, and the ledger stay; the ledger tells what went. Says what would go,
    and does it with --yes.
    """
    printer = Printer(as_json)
    settings = settings_for(store)
    given = {"max_age_days": max_age_days, "max_runs": max_runs, "max_mb": max_mb}
    wanted = {name: value for name, value in given.items() if value is not None}
    limits = Retention.model_validate(settings.retention.model_dump() | wanted)
    dry = dry_run or not yes
    with existing_store(store) as memory:
        found = let_go(
            memory,
            limits,
            now=datetime.now(UTC),
            by=settings.reviewer,
            including_undo=including_undo,
            dry_run=dry,
        )
    printer.document(found.to_json() | {"size_bytes": found.size_bytes, "exit_code": 0})
    _show(printer, found)
    if dry and not found.is_empty:
        options = [word for name, value in wanted.items() for word in _option(name, value)]
        lost = ["--including-undo"] if including_undo else []
        again = command("prune", *options, *lost, "--yes", store=store)
        printer.exact(f"Do it: {again}")


def _option(name: str, value: float) -> tuple[str, str]:
    return f"--{name.replace('_', '-')}", f"{value:g}"


def _show(printer: Printer, found: Pruning) -> None:
    if found.is_empty:
        printer.say("There is nothing to prune.")
    head = ("run", "ended (UTC)", "goes", "stays", "size", "because")
    if found.runs:
        printer.table(head, [_row(one) for one in found.runs], right="size")
    for run, why in found.skipped.items():
        printer.say(f"left alone  {run}: {line(why, 300)}", "yellow")
    if found.artifacts:
        size = bytes_text(found.artifact_bytes)
        printer.say(f"{found.artifacts:,} values that no run needs any more, {size}")
    if found.artifacts_left:
        printer.say(f"No values go for now: {found.artifacts_left}", "yellow")
    if found.answers:
        printer.say(f"{found.answers:,} expired answers of models")
    if not found.is_empty:
        what = "would go" if found.dry_run else "went"
        total, used = bytes_text(found.size_bytes), bytes_text(found.used_bytes)
        printer.say(f"About {total} of {used} {what}.", "bold")
    _show_file(printer, found)


def _show_file(printer: Printer, found: Pruning) -> None:
    if found.still_above:
        printer.say(found.still_above, "yellow")
    if found.file is None:
        return
    before, after = bytes_text(found.file.before_bytes), bytes_text(found.file.after_bytes)
    if found.file.skipped:
        printer.say(f"The store takes {before} as before. {found.file.skipped}", "dim")
    else:
        printer.say(f"The store's file shrank from {before} to {after}.", "green")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _row(one: Candidate) -> tuple[str, ...]:
    goes = {
        "checkpoint": one.checkpoints,
        "question": one.reviews,
        "clearance": one.clearances,
        "change": one.effects,
        "charge": one.charges,
        "value": one.artifacts,
    }
    lost = ", and with it the way back" if one.undo_lost else ""
    return (
        one.run,
        f"{one.ended_at:%Y-%m-%d %H:%M}",
        ", ".join(_count(count, name) for name, count in goes.items() if count) + lost,
        f"{one.standing} to undo" if one.standing else "",
        bytes_text(one.size_bytes),
        one.why,
    )
