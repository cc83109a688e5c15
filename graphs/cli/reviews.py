"""The inbox and the answers: a person's doors into a run that waits."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from checkpoints.store import Store
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
from graphs.waiving import asks_the_same, give_waiver
from nodes.waivers import Waiver
from tools.contract import JsonObject
from tools.errors import BadInput
from tools.records import AnswerKind, Review

if TYPE_CHECKING:
    from graphs.session import Run

OtherAnswer = Literal["respond", "abort", "replan"]
ForOption = Annotated[
    str,
    typer.Option(
        "--for",
        metavar="run|8h|7d",
        help="Do not ask about such actions again: in this run, or for so long.",
        show_default=False,
    ),
]
OnOption = Annotated[
    list[str] | None,
    typer.Option(
        "--on", metavar="GLOB", help="With --for: on these resources, not just the same ones."
    ),
]
AlikeOption = Annotated[
    bool, typer.Option("--alike", help="Answer everybody who asks the same of the same world.")
]


@dataclass(frozen=True, slots=True)
class Said:
    """What a person says at the command line."""

    decision: AnswerKind
    message: str
    reviewer: str
    args: JsonObject | None = None
    lasting: str = ""
    on: tuple[str, ...] = ()
    alike: bool = False


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


def approve(  # noqa: PLR0913  # one option each
    item: ItemArgument,
    *,
    lasting: ForOption = "",
    on: OnOption = None,
    alike: AlikeOption = False,
    message: MessageOption = "",
    reviewer: ReviewerOption = None,
    no_resume: NoResumeOption = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say yes to exactly what a question shows, and go on."""
    if on and not lasting:
        raise BadInput("--on says what --for is about.", advice="Add e.g. --for run.")
    said = Said(
        "approve", message, reviewer or "", lasting=lasting, on=tuple(on or ()), alike=alike
    )
    _answer(item, said, store, resume=not no_resume, as_json=as_json)


def reject(
    item: ItemArgument,
    *,
    alike: AlikeOption = False,
    message: MessageOption = "",
    reviewer: ReviewerOption = None,
    no_resume: NoResumeOption = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say no to what a question shows, and go on without it."""
    said = Said("reject", message, reviewer or "", alike=alike)
    _answer(item, said, store, resume=not no_resume, as_json=as_json)


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
    said = Said("edit", message, reviewer or "", instead)
    _answer(item, said, store, resume=not no_resume, as_json=as_json)


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
    said = Said(decision, message, reviewer or "")
    _answer(item, said, store, resume=not no_resume, as_json=as_json)


def _answer(item: str, said: Said, store: str | None, *, resume: bool, as_json: bool) -> None:
    printer = Printer(as_json)
    with existing_store(store) as memory:
        review = memory.reviews.get(item)
        check_open(review)
        others = asks_the_same(memory, review)
        handle = open_run(memory, review.run, store)
        _keep(printer, memory, handle, review, said)
        for other in others if said.alike else ():
            _keep(printer, memory, open_run(memory, other.run, store), other, said)
            printer.exact(f"Go on: {command('resume', other.run, store=store)}")
        if others and not said.alike:
            printer.say(f"{len(others)} more ask exactly this: --alike answers them too.", "dim")
        if resume:
            asks = can_ask(no_input=False, as_json=as_json)
            advance(printer, memory, handle, store=store, asks=asks)
        printer.document(run_document(read_story(memory, review.run), exit_code=0))
        printer.exact(f"Go on: {command('resume', review.run, store=store)}")


def _keep(printer: Printer, memory: Store, handle: "Run", review: Review, said: Said) -> None:
    """Keep an answer, and the waiver that goes with it: both or neither."""
    args = said.args if said.args is None else check_edit(handle.agent, review, said.args)
    with memory.transaction():
        handle.answer(
            said.decision,
            review.id,
            reviewer=said.reviewer,
            message=said.message[:4000],
            args=args,
            resume=False,
        )
        answer = memory.reviews.get(review.id).answer
        who = answer.reviewer if answer else "?"
        if said.lasting:
            clock = handle.agent.context.clock
            given = give_waiver(
                memory, review, lasting=said.lasting, by=who, clock=clock, on=said.on
            )
            printer.say(f"Not asked again until {_until(given)} ({given.id}).", "green")
    printer.say(f"Kept: {said.decision} of {review.id} by {who}.", "green")


def _until(given: Waiver) -> str:
    return "the run ends" if given.run else f"{given.until:%Y-%m-%d %H:%M} UTC"
