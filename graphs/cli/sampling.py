"""`audit sample` and `audit mark`: looking by chance at what rules let through."""

from typing import Annotated

import typer

from graphs.cli.opening import existing_store
from graphs.cli.options import JsonOption, MessageOption, ReviewerOption, StoreOption
from graphs.cli.printing import Printer
from graphs.render.sampling import Rate, draw, rate
from graphs.render.sampling import mark as keep_mark
from graphs.render.text import action_text
from graphs.settings import read_settings
from tools.errors import BadInput

CountOption = Annotated[int, typer.Option(min=1, max=1000, help="How many to draw.")]
SeedOption = Annotated[int, typer.Option(help="Of the draw; the same draws the same.")]
KeyArgument = Annotated[str, typer.Argument(metavar="EFFECT", help="Its whole name, as drawn.")]
OkOption = Annotated[bool, typer.Option("--ok", help="It was as it should be.")]
DefectOption = Annotated[bool, typer.Option("--defect", help="It should not have passed.")]


def sample(
    *,
    count: CountOption = 20,
    seed: SeedOption = 1,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draw effects that rules let through, for a person to look at; and the defect rate so far."""
    printer = Printer(as_json)
    with existing_store(store) as memory:
        drawn, so_far = draw(memory, count, seed=seed), rate(memory)
    printer.document(
        {"drawn": [one.to_json() for one in drawn], "rate": so_far.to_json(), "exit_code": 0}
    )
    rows = [(one.key, one.rule, one.state, action_text(one.tool, one.args)) for one in drawn]
    if rows:
        printer.table(("effect", "let through by", "state", "action"), rows)
        printer.say("`surefoot audit mark EFFECT --ok` or `--defect` keeps what you find.", "dim")
    else:
        printer.say("Nothing that a rule let through is left to look at.")
    _say_rate(printer, so_far)


def mark(
    effect: KeyArgument,
    *,
    ok: OkOption = False,
    defect: DefectOption = False,
    message: MessageOption = "",
    reviewer: ReviewerOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Keep what a person found of one effect."""
    if ok == defect:
        raise BadInput("Say either --ok or --defect.", changed="Nothing was kept.")
    printer, by = Printer(as_json), reviewer or read_settings().reviewer
    with existing_store(store) as memory:
        keep_mark(memory, effect, defect=defect, by=by, message=message[:4000])
        so_far = rate(memory)
    printer.document({"marked": effect, "rate": so_far.to_json(), "exit_code": 0})
    printer.say(f"Kept: {effect} is {'a defect' if defect else 'well'}, says {by}.", "green")
    _say_rate(printer, so_far)


def _say_rate(printer: Printer, so_far: Rate) -> None:
    if not so_far.looked_at:
        printer.say(f"None of {so_far.population:,} effects let through was looked at yet.")
        return
    printer.say(
        f"{so_far.defects:,} defects in {so_far.looked_at:,} of {so_far.population:,}: "
        f"{so_far.share:.1%} (95 %: {so_far.low:.1%} to {so_far.high:.1%})",
        "bold",
    )
