"""Claims: what a model states as a fact, with a quote, is looked up where it was read.

A claim is supported when its quote stands, letter by letter or nearly, in something that this run
has read. How sure it is follows from where it stands: how much of the quote is the same, how
reliable the source is, how many independent sources say so. Nothing that the model says of its own
claim counts.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import Field

from tools.contract import Record, Trust
from tools.documents.spans import SIMILAR, find_in
from tools.records import LedgerEntry

RELIABILITY: dict[Trust, float] = {"trusted": 0.95, "untrusted": 0.6}
"""Probability that a source says what is so, by who may write in it."""
SUREST = 0.99
MAX_CLAIMS = 10
"""Of one decision."""
MAX_STATED = 50
"""Of a whole run."""
MAX_SPANS = 5
QUOTE_CHARACTERS = 15
"""A shorter quote stands anywhere and shows nothing."""
_WEIGHTY = re.compile(r"\d+(?:[.,]\d+)*|\b(?:not?|never|none|nor|without|kein\w*|nicht)\b|n't\b")
_WORD = re.compile(r"\w{4,}")
MOST_WORDS = 0.7
"""Share of a quote's longer words without which it is not nearly there."""


class Stated(Record):
    """A claim as a model states it."""

    statement: str = Field(max_length=500)
    quote: str = Field(default="", max_length=1000)
    """The words of a source that say so."""


class Span(Record):
    """Where a quote stands."""

    key: str
    """The observation."""
    origin: str
    """The place that was read, e.g. `host:example.com`."""
    start: int
    end: int
    """Characters in the observation's text."""
    similarity: float
    """Of 100."""


class Claim(Record):
    """A claim, looked up."""

    statement: str = Field(max_length=500)
    quote: str = Field(default="", max_length=1000)
    supported: bool = False
    spans: tuple[Span, ...] = Field(default=(), max_length=MAX_SPANS)
    origins: int = 0
    """Independent places that say so."""
    confidence: float = Field(default=0.0, ge=0.0, le=1.0)


@dataclass(frozen=True, slots=True)
class Source:
    """A text that was read."""

    key: str
    origin: str
    trust: Trust
    text: str
    own: str = ""
    """What the agent itself said to get it: an echo is no evidence."""
    ours: bool = False
    """Whether the run itself has written there: its own words are none."""


def stated_in(entries: Iterable[LedgerEntry]) -> list[Claim]:
    """Return each statement of a run once, as it was looked up last, newest last."""
    found: dict[str, Claim] = {}
    for entry in entries:
        claims = entry.body.get("claims") if entry.kind == "gate" else None
        for item in claims if isinstance(claims, list) else []:
            claim = Claim.model_validate(item)
            found[claim.statement] = claim
    return [*found.values()][-MAX_STATED:]


def check_claims(stated: Iterable[Stated | Claim], sources: Sequence[Source]) -> tuple[Claim, ...]:
    """Look claims up, whatever anybody said of them before: a child's are checked like one's own.

    Args:
        stated: The claims; `MAX_STATED` of them count.
        sources: What was read, oldest first.
    """
    return tuple(_checked(one, sources) for one in [*stated][:MAX_STATED])


def _checked(stated: Stated | Claim, sources: Sequence[Source]) -> Claim:
    bare = Claim(statement=stated.statement, quote=stated.quote)
    if len(stated.quote.strip()) < QUOTE_CHARACTERS:
        return bare
    found = [(source, span) for source in sources if (span := _located(stated.quote, source))]
    independent = _independent(found)
    doubt = 1.0
    for source, span in independent:
        doubt *= 1.0 - RELIABILITY[source.trust] * span.similarity / 100
    return bare.model_copy(
        update={
            "supported": bool(found),
            "spans": tuple(span for _, span in independent[:MAX_SPANS]),
            "origins": len(independent),
            "confidence": round(min(1.0 - doubt, SUREST), 3),
        }
    )


def _located(quote: str, source: Source) -> Span | None:
    if source.ours or not _could_stand(quote, source.text):
        return None
    found = find_in(source.text, quote)
    if found is None or found.similarity < SIMILAR:
        return None
    echoed = find_in(source.own, quote) if source.own else None
    if echoed is not None and echoed.similarity >= SIMILAR:
        return None
    if _weighty(quote) != _weighty(source.text[found.start : found.end]):
        return None
    return Span(
        key=source.key,
        origin=source.origin,
        start=found.start,
        end=found.end,
        similarity=found.similarity,
    )


def _could_stand(quote: str, text: str) -> bool:
    """Tell quickly whether looking closer has a point: most words of the quote are there."""
    wanted, there = set(_WORD.findall(quote.casefold())), text.casefold()
    return sum(word in there for word in wanted) >= MOST_WORDS * len(wanted)


def _weighty(text: str) -> list[str]:
    """Return the words of which none may differ, however alike the rest is: numbers and noes."""
    return sorted(_WEIGHTY.findall(text.casefold()))


def _independent(found: Sequence[tuple[Source, Span]]) -> list[tuple[Source, Span]]:
    """Keep the best of each place; the same text from two places is one."""
    best: dict[str, tuple[Source, Span]] = {}
    texts: dict[str, str] = {}
    for source, span in sorted(found, key=lambda pair: -pair[1].similarity):
        origin = texts.setdefault(source.text, source.origin)
        best.setdefault(origin, (source, span))
    return [*best.values()]
