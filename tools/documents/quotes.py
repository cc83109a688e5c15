"""Finds a quote again: where it stands, letter by letter or nearly, or that it does not."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from tools.documents.collection import Collection
from tools.documents.index import Document, Hit
from tools.documents.queries import query, words

How = Literal["verbatim", "spacing", "near"]
"""Letter by letter; but for white space, case, quotation marks and dashes; or nearly."""
SIMILAR: Final = 92.0
"""Of 100: what counts as nearly the same."""
RESEMBLES: Final = 60.0
"""What is shown as the nearest when nothing is the same."""
CANDIDATES: Final = 40
QUERY_WORDS: Final = 24
MAX_PLACES: Final = 5
SCANNED_CHARACTERS: Final = 30_000_000
"""How much text is looked through for a quote whose words are not in the index."""
_ALIKE: Final = {
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4`", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033", '"'),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
    **dict.fromkeys("\u00ad\u200b\u200c\u200d\ufeff", ""),
}


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


class Folded(NamedTuple):
    """A text without what does not matter, and where each of its letters stood."""

    text: str
    at: Sequence[int]


def folded(text: str) -> Folded:
    """Return a text with single spaces, small letters, plain quotation marks and dashes."""
    kept: list[str] = []
    at: list[int] = []
    blank = True
    for place, sign in enumerate(text):
        if sign.isspace():
            if not blank:
                kept.append(" ")
                at.append(place)
            blank = True
            continue
        for one in _plain(sign):
            if one == "-" and kept and kept[-1] == " ":  # dashes stand free or not
                kept.pop()
                at.pop()
            kept.append(one)
            at.append(place)
            blank = one == "-"
    if kept and kept[-1] == " ":
        kept.pop()
        at.pop()
    return Folded("".join(kept), at)


def _plain(sign: str) -> str:
    if sign.isascii():
        return sign.lower()
    if sign in _ALIKE:
        return _ALIKE[sign]
    return unicodedata.normalize("NFKC", sign).casefold().replace(" ", "")


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
        span: tuple[int, int, How, float] | None = (start, start + len(quote), "verbatim", 100.0)
    else:
        span = _loosely(text, wanted)
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


def _loosely(text: str, wanted: Folded) -> tuple[int, int, How, float] | None:
    here = folded(text)
    start = here.text.find(wanted.text)
    if start >= 0:
        return (here.at[start], here.at[start + len(wanted.text) - 1] + 1, "spacing", 100.0)
    try:
        from rapidfuzz import fuzz  # noqa: PLC0415  # in an extra
    except ModuleNotFoundError:
        return None
    if len(here.text) <= len(wanted.text):  # else the text would be sought in the quote
        score, begin, end = fuzz.ratio(wanted.text, here.text), 0, len(here.text)
    else:
        found = fuzz.partial_ratio_alignment(wanted.text, here.text)
        if found is None:
            return None
        score, begin, end = found.score, found.dest_start, found.dest_end
    if score < RESEMBLES or end <= begin:
        return None
    first, last = _whole_words(text, here.at[begin], here.at[end - 1] + 1)
    return (first, last, "near", round(min(score, 99.9), 1))


def _whole_words(text: str, first: int, last: int) -> tuple[int, int]:
    """Return a span without blanks at its ends, grown to whole words."""
    while first < last and text[first].isspace():
        first += 1
    while last > first and text[last - 1].isspace():
        last -= 1
    while first > 0 and text[first - 1].isalnum() and text[first].isalnum():
        first -= 1
    while last < len(text) and text[last].isalnum() and text[last - 1].isalnum():
        last += 1
    return first, last


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
