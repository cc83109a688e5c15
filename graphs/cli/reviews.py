"""The inbox and the answers: a person's doors into a run that waits."""

from typing import Annotated, Literal

import typer

from graphs.cli.answering import check_edit, check_open
from graphs.cli.asking import parse_object
from graphs.cli.card import show_card, untrusted_inputs
from graphs.cli.documents import review_document, run_document
from graphs.cli.opening import can_ask, command, existing_store, open_run
from graphs.cli.options import (
    ItemArgument,
    JsonOption,
    MessageOption,
    NoResumeOption,
    ReviewerOption,
    StoreOption,
)
from graphs.cli.printing import Printer
from graphs.cli.run import advance
from graphs.render.story import read_story
from graphs.render.text import line
from tools.contract import JsonObject
from tools.errors import BadInput
from tools.records import AnswerKind

OtherAnswer = Literal["respond", "abort", "replan"]


def inbox(
    item: Annotated[
        str | None, typer.Argument(metavar="[ITEM]", help="Show the card of one question.")
    ] = None,
    *,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the questions that wait for a person."""
    printer = Printer(as_json)
    with existing_store(store) as memory:
        if item is not None:
            review = memory.reviews.get(item)
            printer.document(review_document(review, memory.runs.get(review.run)))
            entries = read_story(memory, review.run).entries
            show_card(printer, review, untrusted_inputs(review, entries))
            return
        waiting = memory.reviews.waiting()
        printer.document([review_document(one, memory.runs.get(one.run)) for one in waiting])
    if not waiting:
        printer.say("Nothing waits for a person.")
        return
    rows = [
        (one.id, one.run, f"{one.expires_at:%Y-%m-%d %H:%M}", line(one.title, 90))
        for one in waiting
    ]
    printer.table(("item", "run", "expires (UTC)", "question"), rows)
    printer.say("Look closer, then answer:", "bold")
    for words in (("inbox", waiting[0].id), ("approve", waiting[0].id), ("reject", waiting[0].id)):
        printer.exact(f"  {command(*words, store=store)}")


def approve(
    item: ItemArgument,
    *,
    message: MessageOption = "",
    reviewer: ReviewerOption = None,
    no_resume: NoResumeOption = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say yes to exactly what a question shows, and go on."""
    _answer(item, "approve", message, reviewer, store, resume=not no_resume, as_json=as_json)


def reject(
    item: ItemArgument,
    *,
    message: MessageOption = "",
    reviewer: ReviewerOption = None,
    no_resume: NoResumeOption = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say no to what a question shows, and go on without it."""
    _answer(item, "reject", message, reviewer, store, resume=not no_resume, as_json=as_json)


def edit(
    item: ItemArgument,
    *,
    args: Annotated[
        str, typer.Option("--args", metavar="JSON", help="The arguments, or the plan, instead.")
    ],
    message: MessageOption = "",
    reviewer: ReviewerOption = None,
    no_resume: NoResumeOption = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say yes to other arguments; the policy judges them again."""
    instead = parse_object(args)
    _answer(item, "edit", message, reviewer, store, instead, resume=not no_resume, as_json=as_json)


def answer(
    item: ItemArgument,
    *,
    decision: Annotated[OtherAnswer, typer.Option("--decision", help="What you say.")],
    message: MessageOption = "",
    reviewer: ReviewerOption = None,
    no_resume: NoResumeOption = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer in words, end the run, or ask for another plan."""
    if decision == "respond" and not message.strip():
        raise BadInput("An answer in words needs words.", advice='Add --message "...".')
    _answer(item, decision, message, reviewer, store, resume=not no_resume, as_json=as_json)


def _answer(
    item: str,
    decision: AnswerKind,
    message: str,
    reviewer: str | None,
    store: str | None,
    args: JsonObject | None = None,
    *,
    resume: bool,
    as_json: bool,
) -> None:
    printer = Printer(as_json)
    with existing_store(store) as memory:
        review = memory.reviews.get(item)
        check_open(review)
        handle = open_run(memory, review.run, store)
        if args is not None:
            args = check_edit(handle.agent, review, args)
        handle.answer(
            decision,
            review.id,
            reviewer=reviewer or "",
            message=message[:4000],
            args=args,
            resume=False,
        )
        who = memory.reviews.get(review.id).answer
        printer.say(f"Kept: {decision} of {review.id} by {who.reviewer if who else '?'}.", "green")
        if resume:
            asks = can_ask(no_input=False, as_json=as_json)
            advance(printer, memory, handle, store=store, asks=asks)
        printer.document(run_document(read_story(memory, review.run), exit_code=0))
        printer.exact(f"Go on: {command('resume', review.run, store=store)}")
