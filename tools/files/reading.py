"""The tool that reads a file, or some lines of it."""

from typing import ClassVar, Final

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tools.contract import EffectClass, JsonObject
from tools.files.filetool import FileTool
from tools.files.space import Name, version
from tools.files.text import decoded, ends_in_crlf, lines_of

MAX_CHARACTERS: Final = 100_000
"""Of text in one result."""
_BEGINNING: Final = 64


class ReadFileArgs(BaseModel):
    """Which file, and which of its lines."""

    model_config = ConfigDict(extra="forbid")

    path: Name
    first_line: int = Field(default=1, ge=1, description="Line to begin at; 1 is the first.")
    lines: int = Field(default=1_000, ge=1, le=10_000, description="How many lines, at most.")


class ReadFile(FileTool):
    """Reads text; of anything else it tells what it is."""

    name = "read_file"
    description = "Read a text file of the workspace, or some lines of it."
    effect: ClassVar[EffectClass] = "read"
    args_schema = ReadFileArgs
    authority: ClassVar[frozenset[str]] = frozenset({"path"})
    content: ClassVar[frozenset[str]] = frozenset({"first_line", "lines"})
    vouches = True

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        """Return the lines, with the version of the file that they are from.

        Raises:
            Refused: It is not there, kept secret, too large, or no regular file.
        """
        del key
        path = self.readable(args)
        found, data = self.space.text_of(path)
        told: JsonObject = {"path": path, "version": version(found.sight.thing), "bytes": len(data)}
        text = decoded(data)
        if text is None:
            summary = f"{path} is not text; it has {len(data)} bytes."
            return {
                "summary": summary,
                **told,
                "binary": True,
                "begins": data[:_BEGINNING].hex(" "),
            }
        return {**_part(path, text.removeprefix("\ufeff"), args), **told}


def _part(path: str, text: str, args: JsonObject) -> JsonObject:
    """Return the lines that are wanted, cut where a result ends."""
    windows = ends_in_crlf(text)
    lines = lines_of(text.replace("\r\n", "\n") if windows else text)
    first, most = int(str(args["first_line"])), int(str(args["lines"]))
    wanted = lines[first - 1 : first - 1 + most]
    shown = "".join(wanted)[:MAX_CHARACTERS]
    last = first + len(wanted) - 1
    cut = len(shown) < sum(map(len, wanted))
    where = (
        f"lines {first} to {last} of {len(lines)}" if wanted else f"no such lines of {len(lines)}"
    )
    return {
        "summary": f"{path}, {where}{', cut' if cut else ''}.",
        "text": shown,
        "first_line": first,
        "last_line": last,
        "line_count": len(lines),
        "line_ends": "CRLF" if windows else "LF",
        "truncated": cut or last < len(lines),
    }
