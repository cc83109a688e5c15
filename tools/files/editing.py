"""The tool that replaces a piece of text in a file, exactly."""

from difflib import SequenceMatcher
from typing import ClassVar, Final

from pydantic import BaseModel, ConfigDict, Field

from tools.contract import JsonObject
from tools.errors import Refused
from tools.files.rewriting import Rewriting
from tools.files.space import Loaded, Name, Text
from tools.files.text import as_lines_end, revealed

_CLOSE: Final = 0.6
_LOOKED_AT: Final = 5_000
_SHOWN: Final = 300


class EditFileArgs(BaseModel):
    """Which file, what in it, and by what to replace it."""

    model_config = ConfigDict(extra="forbid")

    path: Name
    old_text: Text = Field(min_length=1, description="Text as it stands in the file, exactly.")
    new_text: Text = Field(description="Text to put in its place; empty to remove it.")
    count: int = Field(
        default=1, ge=1, le=1_000, description="How often old_text stands there; all are replaced."
    )


class EditFile(Rewriting):
    """Replaces text that stands in the file exactly as often as is said."""

    name = "edit_file"
    description = "Replace a piece of text in a file by another; it must stand there exactly."
    args_schema = EditFileArgs
    authority: ClassVar[frozenset[str]] = frozenset({"path"})
    content: ClassVar[frozenset[str]] = frozenset({"old_text", "new_text", "count"})
    verb = "Edit"
    done = "Edited"

    def rewritten(self, args: JsonObject, name: str, old: Loaded | None) -> bytes:
        """Return the text with every occurrence replaced.

        Raises:
            Refused: There is no such file, it is no text, or old_text stands there more or less
                often than is said; tells what comes near.
        """
        text = self.text_in(name, old)
        old_text = as_lines_end(str(args["old_text"]), text)
        new_text = as_lines_end(str(args["new_text"]), text)
        found, wanted = text.count(old_text), int(str(args["count"]))
        if not found:
            raise Refused(f"{name!r} does not have that old_text.", advice=_nearest(text, old_text))
        if found != wanted:
            raise Refused(
                f"{name!r} has that old_text {found} times, in lines {_lines(text, old_text)}; "
                f"count says {wanted}.",
                advice=f"Add lines around it until it is one place, or set count to {found}.",
            )
        return text.replace(old_text, new_text).encode()


def _lines(text: str, piece: str) -> str:
    """Return the numbers of the lines in which a piece begins, the first few."""
    numbers, at = list[int](), text.find(piece)
    while at >= 0 and len(numbers) <= 10:  # noqa: PLR2004  # as many as can be read
        numbers.append(text.count("\n", 0, at) + 1)
        at = text.find(piece, at + len(piece))
    return ", ".join(map(str, numbers[:10])) + (", ..." if len(numbers) > 10 else "")  # noqa: PLR2004  # the same


def _nearest(text: str, piece: str) -> str:
    """Return advice that shows the lines that are most like a piece of text."""
    wanted = piece.strip("\r\n").split("\n")
    lines = text.split("\n")[:_LOOKED_AT]
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(max(wanted, key=len).strip()[:_SHOWN])
    best, score = -1, _CLOSE
    for number, line in enumerate(lines):
        matcher.set_seq1(line.strip()[:_SHOWN])
        if matcher.real_quick_ratio() > score and matcher.quick_ratio() > score:
            ratio = matcher.ratio()
            if ratio > score:
                best, score = number, ratio
    if best < 0:
        return "Nothing in it comes near; read the file again and copy the text from it."
    first = max(0, best - wanted.index(max(wanted, key=len)))
    there = "\n".join(lines[first : first + len(wanted)])[:_SHOWN]
    return (
        f"Nearest is line {first + 1}: {revealed(there)!r}. "
        "Copy it exactly, with its spaces and line ends."
    )
