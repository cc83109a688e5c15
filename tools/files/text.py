"""Text in files: what is text, how its lines end, and how two versions of it differ."""

import re
import unicodedata
from difflib import unified_diff
from typing import Final, NamedTuple

from tools.errors import Refused
from tools.files.names import HIDING

MAX_DIFF_LINES: Final = 1_000
"""Of a change with more, only how it begins is shown."""
MAX_DIFF_CHARACTERS: Final = 40_000
NO_END: Final = "\\ No newline at end of file"
_CONTEXT: Final = 3
_START: Final = re.compile(r"([-+])(\d+)")
_PLAIN: Final = frozenset("\t\n")


class Change(NamedTuple):
    """How one version of a file differs from another."""

    diff: str
    added: int
    """Lines."""
    removed: int


def decoded(data: bytes) -> str | None:
    """Return what is text in UTF-8; None for anything else."""
    if b"\0" in data:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def encodable(text: str) -> str:
    """Return a text that can be written to a file.

    Raises:
        Refused: It has halves of characters.
    """
    try:
        text.encode()
    except UnicodeEncodeError as fault:
        raise Refused(f"The text is broken at character {fault.start}.") from fault
    return text


def ends_in_crlf(text: str) -> bool:
    """Tell whether every line of a text ends as on Windows."""
    return "\r\n" in text and text.count("\r\n") == text.count("\n")


def as_lines_end(piece: str, text: str) -> str:
    """Return a piece of text with the line ends of the file that it is for."""
    if ends_in_crlf(text) and "\r" not in piece:
        return piece.replace("\n", "\r\n")
    return piece


def change_of(name: str, old: bytes | None, new: bytes | None) -> Change:
    """Return how two versions of a file differ, as a unified diff; None stands for no file."""
    before, after = (decoded(data) if data is not None else "" for data in (old, new))
    if before is None or after is None:
        sizes = ("nothing" if data is None else f"{len(data)} bytes" for data in (old, new))
        return Change(f"Binary file {name}: {' -> '.join(sizes)}", 0, 0)
    if ends_in_crlf(before) and ends_in_crlf(after):
        before, after = (text.replace("\r\n", "\n") for text in (before, after))
    names = ["/dev/null" if data is None else name for data in (old, new)]
    return _compared(lines_of(before), lines_of(after), names)


def lines_of(text: str) -> list[str]:
    """Return the lines of a text with their ends; only a line feed ends one."""
    lines = text.split("\n")
    last = lines.pop()
    return [f"{line}\n" for line in lines] + ([last] if last else [])


def revealed(text: str) -> str:
    """Return a text in which nothing hides or turns: such characters are written as their codes."""
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return "".join(
        f"\\u{ord(sign):04x}"
        if sign not in _PLAIN and unicodedata.category(sign) in HIDING
        else sign
        for sign in text
    )


def _compared(before: list[str], after: list[str], names: list[str]) -> Change:
    """Compare lines; only what lies between equal beginnings and ends is looked at closely."""
    shorter = min(len(before), len(after))
    head = next((at for at in range(shorter) if before[at] != after[at]), shorter)
    rest = shorter - head
    tail = next((at for at in range(rest) if before[-1 - at] != after[-1 - at]), rest)
    first, last = max(0, head - _CONTEXT), max(0, tail - _CONTEXT)
    middles = before[first : len(before) - last], after[first : len(after) - last]
    shown = [middle[:MAX_DIFF_LINES] for middle in middles]
    diff = []
    for line in unified_diff(shown[0], shown[1], names[0], names[1], n=_CONTEXT):
        if line.startswith("@@"):
            diff.append(_START.sub(lambda found: f"{found[1]}{int(found[2]) + first}", line))
        else:
            diff.append(line if line.endswith("\n") else f"{line}\n{NO_END}\n")
    text = revealed("".join(diff))
    if [*map(len, shown)] != [*map(len, middles)] or len(text) > MAX_DIFF_CHARACTERS:
        text = f"{text[:MAX_DIFF_CHARACTERS]}\n(and more)\n"
    return Change(text, len(after) - head - tail, len(before) - head - tail)
