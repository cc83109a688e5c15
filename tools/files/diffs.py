"""Unified diffs of one file: read strictly, applied strictly.

A hunk's old lines must stand in the file exactly. Where, its line number tells; a number that is
wrong is forgiven when there is only one place. How many lines a hunk has must be as its header
says, because that is how a diff that was cut off is known.
"""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from tools.errors import Refused
from tools.files.text import lines_of

_HUNK: Final = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@.*")
_NO_END: Final = "\\"
_MARKS: Final = " -+"
_COUNT: Final = "Count context lines in both; nothing may be left out."


class Hunk(NamedTuple):
    """One place in a file, before and after."""

    number: int
    """Which hunk of the diff it is, from 1."""
    line: int
    """At which line its old lines begin, from 1; after which line, when it has none."""
    old: list[str]
    """Lines with their ends."""
    new: list[str]


class Diff(NamedTuple):
    """What a diff says of one file."""

    old_name: str
    """Empty when the diff names no file."""
    new_name: str
    hunks: list[Hunk]


def parse(text: str) -> Diff:
    """Read a unified diff of one file.

    Raises:
        Refused: It is none, and in which line that shows.
    """
    lines = lines_of(text if text.endswith("\n") else f"{text}\n")
    at = next((at for at, line in enumerate(lines) if line.startswith("@@")), len(lines))
    old_name, new_name = _names(lines[:at])
    hunks: list[Hunk] = []
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        if hunks and lines[at][0] in _MARKS and not lines[at].startswith("--- "):
            raise Refused(f"Hunk {len(hunks)} has more lines than its header says.", advice=_COUNT)
        hunk, at = _hunk(lines, at, len(hunks) + 1)
        hunks.append(hunk)
    if not hunks:
        raise Refused(
            "The diff has no hunk.", advice="Begin each with a line such as `@@ -3,2 +3,2 @@`."
        )
    return Diff(old_name, new_name, hunks)


def patched(text: str, hunks: Sequence[Hunk]) -> str:
    """Return a text with hunks applied, in order.

    Raises:
        Refused: A hunk's old lines are not where they should be; what is there instead is told.
    """
    lines, made, done = lines_of(text), list[str](), 0
    for hunk in hunks:
        at = _place(lines, hunk, done)
        made += [*lines[done:at], *hunk.new]
        done = at + len(hunk.old)
    made += lines[done:]
    for number, line in enumerate(made[:-1], 1):
        if not line.endswith("\n"):
            raise Refused(f"The diff would leave line {number} without an end, within the file.")
    return "".join(made)


def _names(head: Sequence[str]) -> tuple[str, str]:
    """Return the file that the lines before the first hunk name, before and after."""
    found = {"---": list[str](), "+++": list[str]()}
    for line in head:
        mark, _, rest = line.rstrip("\n").partition(" ")
        if mark in found:
            found[mark].append(rest.split("\t")[0].strip())
    if any(len(names) > 1 for names in found.values()):
        raise _several()
    old, new = (names[0] if names else "" for names in found.values())
    return old, new


def _hunk(lines: Sequence[str], at: int, number: int) -> tuple[Hunk, int]:
    """Read one hunk; return it and where the next begins."""
    header = _HUNK.fullmatch(lines[at].rstrip("\n"))
    if lines[at].startswith(("--- ", "diff ")):
        raise _several()
    if header is None:
        raise Refused(
            f"Line {at + 1} of the diff is neither a hunk's header nor a part of a hunk: "
            f"{lines[at].rstrip()!r:.80}.",
            advice="A header is `@@ -line,count +line,count @@`; check the counts before it too.",
        )
    counts = [1 if count is None else int(count) for count in (header[2], header[4])]
    old, new, at = list[str](), list[str](), at + 1
    while len(old) < counts[0] or len(new) < counts[1]:
        if at == len(lines) or lines[at].startswith("@@"):
            raise _miscounted(number, counts, len(old), len(new))
        at = _take(lines, at, old, new)
    if len(old) > counts[0] or len(new) > counts[1]:
        raise _miscounted(number, counts, len(old), len(new))
    return Hunk(number, int(header[1]), old, new), at


def _take(lines: Sequence[str], at: int, old: list[str], new: list[str]) -> int:
    """Put one line of a hunk where it belongs; return which is next."""
    mark, rest = lines[at][0], lines[at][1:]
    if mark == "\n":  # an empty line of context that lost its space
        mark, rest = " ", "\n"
    if mark not in _MARKS:
        raise Refused(
            f"Line {at + 1} of the diff does not begin with a space, `-` or `+`: {lines[at]!r:.80}."
        )
    at += 1
    if at < len(lines) and lines[at].startswith(_NO_END):
        rest, at = rest.removesuffix("\n"), at + 1
    if mark in " -":
        old.append(rest)
    if mark in " +":
        new.append(rest)
    return at


def _place(lines: Sequence[str], hunk: Hunk, done: int) -> int:
    """Return the index at which a hunk's old lines begin."""
    said = hunk.line - 1 if hunk.old else hunk.line
    if not hunk.old:
        if done <= said <= len(lines):
            return said
        raise Refused(f"Hunk {hunk.number} adds after line {hunk.line}; there are {len(lines)}.")
    if said >= done and _fits(lines, hunk.old, said):
        return said
    places = [at for at in range(done, len(lines) + 1) if _fits(lines, hunk.old, at)]
    if len(places) == 1:
        return places[0]
    if places:
        numbers = ", ".join(str(at + 1) for at in places[:10])
        raise Refused(
            f"The old lines of hunk {hunk.number} are not at line {hunk.line}, but at {numbers}.",
            advice="Correct its line number.",
        )
    raise _absent(lines, hunk, said)


def _fits(lines: Sequence[str], old: Sequence[str], at: int) -> bool:
    return (
        lines[at] == old[0] and [*lines[at : at + len(old)]] == [*old] if at < len(lines) else False
    )


def _absent(lines: Sequence[str], hunk: Hunk, said: int) -> Refused:
    """Say where a hunk differs from the lines at its number."""
    for offset, wanted in enumerate(hunk.old):
        at = said + offset
        there = lines[at] if 0 <= at < len(lines) else "(the file has ended)"
        if there != wanted:
            break
    return Refused(
        f"Hunk {hunk.number} does not fit: line {at + 1} is {there!r:.120}, not {wanted!r:.120}.",
        advice="Read the file again; context and removed lines must be copied exactly.",
    )


def _several() -> Refused:
    return Refused("The diff is of more than one file.", advice="Patch one file at a time.")


def _miscounted(number: int, counts: Sequence[int], old: int, new: int) -> Refused:
    return Refused(
        f"Hunk {number} says {counts[0]} old and {counts[1]} new lines, but has {old} and {new}.",
        advice=_COUNT,
    )
