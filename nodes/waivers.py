"""Waivers: a person says once that such actions need no question, in one run or for a while.

A waiver covers one tool on stated resources, ends by itself, can be revoked, and is on the ledger.
It eases ask rules and nothing else: floors, cautions, what cannot be undone and what has a value of
unknown origin are asked about as ever (`tools/policy.py`).
"""

from collections.abc import Sequence
from datetime import datetime

from pydantic import Field

from nodes.calibration.history import judgement_of
from nodes.guards.plans import in_scope
from tools.contract import Record, digest
from tools.errors import BadInput
from tools.records import EVERY_ENTRY, Memory, Review

STREAM = "(waivers)"
"""The ledger's entries about waivers stand under this name, which no run has."""
MAX_RESOURCES = 50
"""Further ones are not covered."""


class Waiver(Record):
    """What needs no question, where, and until when."""

    id: str
    domain: str
    tool: str
    resources: tuple[str, ...] = Field(max_length=MAX_RESOURCES)
    """Globs; all that an action touches must resemble one of them."""
    run: str = ""
    """The only run that it is for; every run when empty."""
    until: datetime
    by: str
    review: str
    """The question at which it was given."""


def waive(
    memory: Memory,
    review: Review,
    *,
    domain: str,
    by: str,
    until: datetime,
    only_run: bool,
    resources: Sequence[str] = (),
) -> Waiver:
    """Keep a waiver for actions like the one that a question shows.

    Args:
        memory: The store.
        review: The question.
        domain: Of the run that asks.
        by: Who waives.
        until: When it ends.
        only_run: Whether it is for that run alone.
        resources: Globs over what may be touched; exactly what the action touches when empty.

    Raises:
        BadInput: The question is not one that can be waived.
    """
    tool, touched = _about(review)
    scope = tuple(resources) or tuple(map(_exactly, touched))
    name = f"wv-{digest({'review': review.id, 'scope': [*scope], 'until': str(until)})[:10]}"
    waiver = Waiver(
        id=name,
        domain=domain,
        tool=tool,
        resources=scope[:MAX_RESOURCES],
        run=review.run if only_run else "",
        until=until,
        by=by,
        review=review.id,
    )
    memory.ledger.append(STREAM, "waiver", waiver.id, waiver.to_json())
    return waiver


def can_be_waived(review: Review) -> bool:
    """Tell whether others like this may go without a question."""
    final = review.card.get("effect") == "irreversible"
    return review.action is not None and judgement_of(review) is not None and not final


def _about(review: Review) -> tuple[str, tuple[str, ...]]:
    """Return the tool and the resources of a question that may be waived."""
    judged = judgement_of(review)
    if judged is None or review.action is None or not can_be_waived(review):
        raise BadInput(
            f"The question {review.id!r} cannot be waived for others like it.",
            changed="No waiver was given.",
            advice="What cannot be undone, has a value of unknown origin, or is no action, is "
            "asked about each time.",
        )
    return review.action.tool, judged.resources


def revoke(memory: Memory, waiver: str, *, by: str) -> None:
    """End a waiver; what was cleared by it before stays cleared.

    Raises:
        BadInput: No waiver is called so.
    """
    if waiver not in {entry.subject for entry in memory.ledger.entries(STREAM, limit=EVERY_ENTRY)}:
        raise BadInput(
            f"There is no waiver {waiver!r}.", advice="`surefoot waivers` lists those in force."
        )
    memory.ledger.append(STREAM, "revoked", waiver, {"by": by})


def in_force(memory: Memory, now: datetime) -> list[Waiver]:
    """Return the waivers that have not ended, oldest first."""
    entries = memory.ledger.entries(STREAM, limit=EVERY_ENTRY)
    revoked = {entry.subject for entry in entries if entry.kind == "revoked"}
    given = [Waiver.model_validate(entry.body) for entry in entries if entry.kind == "waiver"]
    return [one for one in given if one.until > now and one.id not in revoked]


def is_waived(
    waivers: Sequence[Waiver], *, domain: str, run: str, tool: str, resources: Sequence[str]
) -> bool:
    """Tell whether a waiver covers an action whole."""
    return bool(resources) and any(
        one.domain == domain
        and one.tool == tool
        and one.run in {"", run}
        and all(in_scope(one.resources, name) for name in resources)
        for one in waivers
    )


def _exactly(name: str) -> str:
    """Return the glob that only a name resembles."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)
