"""Finds a quote again: where it stands, letter by letter or nearly, or that it does not."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from tools.documents.collection import Collection
from tools.documents.index import Document, Hit
from tools.documents.queries import query, words
from tools.documents.spans import SIMILAR, Folded, Found, How, find_loosely, folded

CANDIDATES: Final = 40
QUERY_WORDS: Final = 24
MAX_PLACES: Final = 5
SCANNED_CHARACTERS: Final = 30_000_000
"""How much text is looked through for a quote whose words are not in the index."""


class Place(NamedTuple):
    """Where a quote stands."""

    document: Document
    start: int
    end: int
    how: How
    similarity: float
    text: str
    page: int
    heading: str


@dataclass(frozen=True, slots=True)
class Located:
    """Where a quote stands, best first; or what is nearest to it."""

    places: Sequence[Place] = ()
    nearest: Place | None = None


def locate(collection: Collection, quote: str, within: str = "") -> Located:
    """Return where a quote stands.

    Args:
        collection: The documents; the caller brought it up to date.
        quote: What is to be found.
        within: A document, or a folder with a `/` at its end; everywhere when it is empty.
    """
    wanted = folded(quote)
    if not wanted.text:
        return Located()
    found = _among(collection, quote, wanted, within)
    exact = [place for place in found if place.how != "near"]
    if not exact:
        exact = [*_scanned(collection, quote, within)]
    near = [place for place in found if place.similarity >= SIMILAR]
    best = sorted(exact or near, key=lambda place: -place.similarity)[:MAX_PLACES]
    nearest = max(found, key=lambda place: place.similarity, default=None)
    return Located(best, None if best else nearest)


def _among(collection: Collection, quote: str, wanted: Folded, within: str) -> list[Place]:
    """Look where the words of a quote stand, each place once."""
    longest = sorted(set(words(quote)), key=lambda word: (-len(word), word))[:QUERY_WORDS]
    found: dict[tuple[str, int], Place] = {}
    for every in (True, False):
        sought = query(" ".join(longest), every=every)
        for hit in collection.index.search(sought, limit=CANDIDATES, within=within):
            place = _in(collection, hit, quote, wanted)
            if place is not None:
                found[place.document.name, place.start] = place
        if any(place.how != "near" for place in found.values()):
            break
    return [*found.values()]


def _in(collection: Collection, hit: Hit, quote: str, wanted: Folded) -> Place | None:
    """Look for a quote in a passage and as much of its neighbours as the quote is long."""
    document, passage = hit
    around = 2 * len(quote)
    near = collection.index.between(document, max(0, passage.start - around), passage.end + around)
    text, offset = "".join(one.text for one in near), near[0].start if near else 0
    start = text.find(quote)
    if start >= 0:
        span: Found | None = Found(start, start + len(quote), "verbatim", 100.0)
    else:
        span = find_loosely(text, wanted)
    if span is None:
        return None
    begin, end, how, similarity = span
    inside = next((one for one in near if one.end > offset + begin), passage)
    return Place(
        document,
        offset + begin,
        offset + end,
        how,
        similarity,
        text[begin:end],
        inside.page,
        inside.heading,
    )


def _scanned(collection: Collection, quote: str, within: str) -> Iterable[Place]:
    """Look for a quote letter by letter in all texts: its words may be written together."""
    left = SCANNED_CHARACTERS
    for document, text in collection.index.texts(within):
        left -= len(text)
        start = text.find(quote)
        if start >= 0:
            (inside, *_) = collection.index.between(document, start, start + 1)
            end = start + len(quote)
            yield Place(document, start, end, "verbatim", 100.0, quote, inside.page, inside.heading)
        if left < 0:
            return
