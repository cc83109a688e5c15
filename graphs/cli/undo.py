"""`undo`: take back what a run did, or say what that would come to."""

from typing import Annotated

import typer

from checkpoints.reversal import UndoItem, UndoReport
from graphs.cli.exits import FAILED, UNDO_CONFLICT
from graphs.cli.opening import command, existing_store, open_run
from graphs.cli.options import JsonOption, ReviewerOption, StoreOption
from graphs.cli.printing import Printer
from graphs.render.text import action_line, label_of, version_texts
from tools.contract import JsonObject

SkipOption = Annotated[
    list[str] | None,
    typer.Option(metavar="STEP", help="Leave this step or action as it is; may be repeated."),
]
_STYLES = {"undone": "green", "would undo": "cyan", "gone already": "green", "conflict": "red"}
_WHOLE = {"undone", "would undo", "gone already", "left alone"}


def undo(
    target: Annotated[
        str, typer.Argument(metavar="RUN[:STEP]", help="A run, or from one of its steps on.")
    ],
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would come of it.")
    ] = False,
    skip: SkipOption = None,
    reviewer: ReviewerOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take back what a run did, newest first.

    Stops where the world no longer is as the run left it, and shows both versions. Settle that by
    hand and undo again, or leave it as it is with --skip. An undo that was cut short is completed
    by the next.
    """
    printer = Printer(as_json)
    run, _, step = target.partition(":")
    spared = skip or []
    with existing_store(store) as memory:
        handle = open_run(memory, run, store)
        report = handle.undo(step or None, skip=spared, reviewer=reviewer or "", dry_run=dry_run)
    code = _code(report)
    document: JsonObject = {"run": handle.id, "dry_run": dry_run, "exit_code": code}
    printer.document(document | {"items": [item.to_json() for item in report.items]})
    if not report.items:
        printer.say(f"There is nothing to undo in {handle.id}.")
    for item in report.items:
        _show(printer, item)
    again = ["undo", target, *(word for name in spared for word in ("--skip", name))]
    if report.conflict is not None:
        _advise(printer, label_of(report.conflict.key), again, store)
    elif dry_run and report.items:
        printer.exact(f"Do it: {command(*again, store=store)}")
    raise typer.Exit(code)


def _show(printer: Printer, item: UndoItem) -> None:
    detail = f": {item.detail}" if item.detail else ""
    text = f"{item.outcome}  {label_of(item.key)}  {action_line(item.action)}{detail}"
    printer.say(text, _STYLES.get(item.outcome, "yellow"))
    if item.outcome == "conflict" and item.left != item.now:
        left, now = version_texts(item.left, item.now)
        printer.say(f"left by the run: {left}", indent=4)
        printer.say(f"there now:       {now}", indent=4)


def _advise(printer: Printer, label: str, again: list[str], store: str | None) -> None:
    printer.say("What is older still stands. Settle this by hand, then go on:", "bold")
    printer.exact(f"  {command(*again, store=store)}")
    printer.say("Or leave it as it is, and undo what is older:", "bold")
    printer.exact(f"  {command(*again, '--skip', label, store=store)}")


def _code(report: UndoReport) -> int:
    if report.conflict is not None:
        return UNDO_CONFLICT
    return 0 if all(item.outcome in _WHOLE for item in report.items) else FAILED
