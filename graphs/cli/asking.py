"""Asks the person at the terminal, there and then."""

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import JsonValue

from graphs.cli.answering import check_edit
from graphs.cli.card import show_card, untrusted_inputs
from graphs.cli.printing import Printer
from graphs.render.timeline import unfold
from graphs.waiving import RUN, give_waiver
from nodes.waivers import can_be_waived
from tools.contract import JsonObject
from tools.errors import BadInput, SurefootError
from tools.records import AnswerKind, Review

if TYPE_CHECKING:
    from graphs.session import Run

_KEYS: dict[str, AnswerKind] = {
    "a": "approve",
    "r": "reject",
    "e": "edit",
    "s": "respond",
    "p": "replan",
    "x": "abort",
}
_WORDS: dict[AnswerKind, str] = {
    "approve": "[a]pprove",
    "reject": "[r]eject",
    "edit": "[e]dit",
    "respond": "[s]ay something",
    "replan": "another [p]lan",
    "abort": "abort the run [x]",
}
_WHOLE = "approve for this [w]hole run"


@dataclass(frozen=True, slots=True)
class Said:
    """What a person chose."""

    decision: AnswerKind
    message: str = ""
    args: JsonObject | None = field(default=None)
    waives: bool = False
    """Whether such actions need no further question in this run."""


def ask_all(printer: Printer, run: "Run") -> bool:
    """Ask every question of a run that waits; return whether any was answered."""
    answered = False
    for review in run.pending:
        entries = unfold(run.entries, run.agent.store.artifacts.get)
        show_card(printer, review, untrusted_inputs(review, entries))
        said = ask(printer, run, review)
        if said is None:
            continue
        _keep(printer, run, review, said)
        answered = True
        if said.decision == "abort":
            break
    return answered


def _keep(printer: Printer, run: "Run", review: Review, said: Said) -> None:
    """Keep an answer, and the waiver that goes with it: both or neither."""
    store, context = run.agent.store, run.agent.context
    with store.transaction():
        run.answer(said.decision, review.id, message=said.message, args=said.args, resume=False)
        if said.waives:
            clock, by = context.clock, context.reviewer
            given = give_waiver(store, review, lasting=RUN, by=by, clock=clock)
            printer.say(f"Not asked again in this run ({given.id}).", "green")


def ask(printer: Printer, run: "Run", review: Review) -> Said | None:
    """Ask one question until the answer can be used; None means later."""
    waivable = can_be_waived(review)
    words = [_WORDS[kind] for kind in _WORDS if kind in review.allowed]
    choices = ", ".join([*words, *([_WHOLE] if waivable else [])])
    while True:
        key = _read(printer, f"{choices}, [l]ater: ").lower()
        if key == "w" and waivable:
            return Said("approve", waives=True)
        decision = _KEYS.get(key) or next((kind for kind in _WORDS if kind == key), None)
        if key in {"l", "later", ""}:
            printer.say("Later, then: the question stays in the inbox.", "dim")
            return None
        if decision is None or decision not in review.allowed:
            printer.say(f"{key!r} is no answer here.", "yellow")
            continue
        try:
            return _complete(printer, run, review, decision)
        except SurefootError as refusal:
            printer.say(str(refusal), "yellow")


def _complete(printer: Printer, run: "Run", review: Review, decision: AnswerKind) -> Said:
    """Read what belongs to an answer.

    Raises:
        SurefootError: It cannot be used.
    """
    if decision == "edit":
        printer.exact(json.dumps(_now(review)))
        args = parse_object(_read(printer, "The arguments instead, as JSON: "))
        return Said(decision, args=check_edit(run.agent, review, args))
    if decision in {"reject", "respond"}:
        return Said(decision, message=_read(printer, "In words, for the agent and the record: "))
    return Said(decision)


def _now(review: Review) -> JsonValue:
    return review.action.args if review.action else review.card.get("plan")


def parse_object(text: str) -> JsonObject:
    """Read a JSON object.

    Raises:
        BadInput: It is none.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as fault:
        raise BadInput(f"That is not JSON: {fault}.", advice='Write e.g. {"name": "x"}.') from fault
    if not isinstance(value, dict):
        raise BadInput("That is JSON, but not an object.", advice='Write e.g. {"name": "x"}.')
    return value


def _read(printer: Printer, prompt: str) -> str:
    """Read a line; the end of the input means later."""
    try:
        return printer.console.input(prompt, markup=False).strip()
    except EOFError:
        printer.say()
        return ""
