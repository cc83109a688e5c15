"""Answers that go further than one question: a waiver, or everybody who asks the same."""

import re
from collections.abc import Sequence
from datetime import timedelta

from checkpoints.store import Store
from nodes.waivers import Waiver, waive
from tools.contract import Clock
from tools.errors import BadInput
from tools.records import Review

RUN = "run"
_SPANS = {"m": "minutes", "h": "hours", "d": "days"}
_SPAN = re.compile(r"(\d{1,4})([mhd])")
LONGEST = timedelta(days=90)


def give_waiver(
    store: Store, review: Review, *, lasting: str, by: str, clock: Clock, on: Sequence[str] = ()
) -> Waiver:
    """Let actions like the one that a question shows pass without a question for a while.

    Args:
        store: Where it is kept.
        review: The question.
        lasting: `run`, or a span such as `30m`, `8h`, `7d`.
        by: Who waives.
        clock: The present.
        on: Globs over the resources; exactly those of the action when empty.

    Raises:
        BadInput: That is no span, or the question cannot be waived.
    """
    return waive(
        store,
        review,
        domain=store.runs.get(review.run).domain,
        by=by,
        until=clock() + (LONGEST if lasting == RUN else _span(lasting)),
        only_run=lasting == RUN,
        resources=on,
    )


def _span(text: str) -> timedelta:
    found = _SPAN.fullmatch(text)
    span = timedelta(**{_SPANS[found[2]]: int(found[1])}) if found else timedelta()
    if not timedelta() < span <= LONGEST:
        raise BadInput(
            f"{text!r} is no span of time.",
            changed="Nothing was answered.",
            advice=f"Write `run`, or e.g. 30m, 8h, 7d; at most {LONGEST.days}d.",
        )
    return span


def asks_the_same(store: Store, review: Review) -> list[Review]:
    """Return the other waiting questions about the same action on the same world and domain."""
    domain = store.runs.get(review.run).domain
    return [
        other
        for other in store.reviews.waiting()
        if other.id != review.id
        and review.kind == other.kind == "action"
        and (other.action_hash, other.target) == (review.action_hash, review.target)
        and store.runs.get(other.run).domain == domain
    ]
