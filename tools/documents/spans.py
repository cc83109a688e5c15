"""Finds a quote in one text: letter by letter, but for spacing and case, or nearly."""

import unicodedata
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

How = Literal["verbatim", "spacing", "near"]
"""Letter by letter; but for white space, case, quotation marks and dashes; or nearly."""
SIMILAR: Final = 92.0
"""Of 100: what counts as nearly the same."""
RESEMBLES: Final = 60.0
"""What is shown as the nearest when nothing is the same."""
_ALIKE: Final = {
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4`", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033", '"'),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
    **dict.fromkeys("\u00ad\u200b\u200c\u200d\ufeff", ""),
}


class Found(NamedTuple):
    """Where a quote stands in a text, how, and how much of it is the same, of 100."""

    start: int
    end: int
    how: How
    similarity: float


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


def find_in(text: str, quote: str) -> Found | None:
    """Return where a text comes nearest to a quote; None when nothing in it resembles it.

    Args:
        text: What is looked through.
        quote: What is to be found.
    """
    start = text.find(quote) if quote else -1
    if start >= 0:
        return Found(start, start + len(quote), "verbatim", 100.0)
    wanted = folded(quote)
    return find_loosely(text, wanted) if wanted.text else None


def find_loosely(text: str, wanted: Folded) -> Found | None:
    """Return where a text comes nearest to a quote that was folded."""
    here = folded(text)
    start = here.text.find(wanted.text)
    if start >= 0:
        end = here.at[start + len(wanted.text) - 1] + 1
        return Found(here.at[start], end, "spacing", 100.0)
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
    return Found(first, last, "near", round(min(score, 99.9), 1))


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
