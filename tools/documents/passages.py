"""A document's text in passages: pieces that lie end to end, each on one page under one heading."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

SHORT: Final = 900
"""A passage this long ends at the next empty line."""
LONG: Final = 1_800
"""A passage this long ends at the next end of a line, or of a word."""
_BREAK = re.compile(r"\n[ \t]*\n\s*")
_END_OF_LINE = re.compile(r"\n|(?<=[.!?])\s|\s")


class Mark(NamedTuple):
    """Where another page or heading begins."""

    start: int
    page: int = 0
    """Counted from 1; 0 when there are no pages."""
    heading: str = ""


class Passage(NamedTuple):
    """A piece of a document."""

    start: int
    end: int
    page: int
    heading: str
    text: str


def passages(text: str, marks: Sequence[Mark]) -> Iterator[Passage]:
    """Yield the passages of a text, which together are the whole text.

    Args:
        text: All of it.
        marks: Where pages and headings begin, in order.
    """
    known = [Mark(0), *(mark for mark in marks if 0 <= mark.start < len(text))]
    for number, mark in enumerate(known):
        end = known[number + 1].start if number + 1 < len(known) else len(text)
        start = mark.start
        while start < end:
            stop = _stop(text, start, end)
            yield Passage(start, stop, mark.page, mark.heading, text[start:stop])
            start = stop


def _stop(text: str, start: int, end: int) -> int:
    if end - start <= LONG:
        return end
    for pattern in (_BREAK, _END_OF_LINE):
        found = pattern.search(text, start + SHORT, min(start + LONG, end))
        if found:
            return found.end()
    return start + LONG
