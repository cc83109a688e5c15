"""`waivers`: what needs no question for a while, and taking that back."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from graphs.cli.opening import existing_store
from graphs.cli.options import JsonOption, ReviewerOption, StoreOption
from graphs.cli.printing import Printer
from graphs.render.text import line
from graphs.settings import read_settings
from nodes.waivers import in_force
from nodes.waivers import revoke as end_waiver

WaiverArgument = Annotated[str, typer.Argument(metavar="WAIVER", help="Its id, as listed.")]


def overview(
    context: typer.Context, *, store: StoreOption = None, as_json: JsonOption = False
) -> None:
    """List the waivers in force: what needs no question, where, until when, and who said so."""
    if context.invoked_subcommand is not None:
        return
    printer = Printer(as_json)
    with existing_store(store) as memory:
        given = in_force(memory, datetime.now(UTC))
    printer.document([one.to_json() for one in given])
    if not given:
        printer.say("Nothing is waived: every rule that asks, asks.")
        return
    head = ("waiver", "tool", "on", "in", "until (UTC)", "by")
    rows = [
        (
            one.id,
            one.tool,
            line(", ".join(one.resources), 60),
            one.run or f"every run ({one.domain})",
            f"{one.until:%Y-%m-%d %H:%M}",
            line(one.by, 30),
        )
        for one in given
    ]
    printer.table(head, rows)
    printer.say("`surefoot waivers revoke WAIVER` ends one.", "dim")


def revoke(
    waiver: WaiverArgument,
    *,
    reviewer: ReviewerOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """End a waiver at once; such actions are asked about again."""
    printer = Printer(as_json)
    by = reviewer or read_settings().reviewer
    with existing_store(store) as memory:
        end_waiver(memory, waiver, by=by)
    printer.document({"revoked": waiver, "by": by, "exit_code": 0})
    printer.say(f"Revoked: {waiver} by {by}.", "green")
