"""The tool that searches the text of files.

Regular expressions are those of RE2, which takes time linear in the text whatever the expression
is, and little memory: an expression that a model wrote can be slow, but not catastrophic. Plain
text is searched without it.
"""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tools.contract import EffectClass, JsonObject
from tools.errors import Refused, ToolFault
from tools.files.filetool import FileTool
from tools.files.globs import matches
from tools.files.space import Folder, Space, Text
from tools.files.text import decoded
from tools.files.walking import Walk

MAX_MATCHES: Final = 500
MAX_LINE_CHARACTERS: Final = 20_000
"""Of a longer line only the beginning is searched."""
SHOWN_CHARACTERS: Final = 300
PATIENCE_SECONDS: Final = 20.0
_MEMORY_BYTES: Final = 8 * 1024 * 1024

Find = Callable[[str], bool]


class SearchFilesArgs(BaseModel):
    """What to search for, and where."""

    model_config = ConfigDict(extra="forbid")

    text: Text = Field(
        min_length=1, max_length=1_000, description="What to search for in each line."
    )
    path: Folder = ""
    pattern: str = Field(
        default="*", min_length=1, max_length=500, description="Which files, such as `*.py`."
    )
    regex: bool = Field(default=False, description="Whether the text is a regular expression.")
    ignore_case: bool = Field(default=False, description="Whether letter case makes no difference.")


class SearchFiles(FileTool):
    """Searches line by line.

    Args:
        space: The workspace.
        seconds: Told, in seconds; injected, so that tests own the time.
    """

    name = "search_files"
    description = "Search the text of files in the workspace, line by line."
    effect: ClassVar[EffectClass] = "read"
    args_schema = SearchFilesArgs
    authority: ClassVar[frozenset[str]] = frozenset({"path"})
    content: ClassVar[frozenset[str]] = frozenset({"text", "pattern", "regex", "ignore_case"})
    vouches = True

    def __init__(self, space: Space, *, seconds: Callable[[], float] = time.monotonic) -> None:
        super().__init__(space)
        self._seconds = seconds

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        """Return the lines that match, file by file.

        Raises:
            Refused: There is no such folder, it is kept secret, or the expression is none.
        """
        del key
        path = self.readable(args)
        search = _Search(self.space, _finder(args), self._seconds() + PATIENCE_SECONDS)
        walk = Walk(self.space)
        for name, entry in walk.through(path):
            if entry.kind != "file" or not matches(str(args["pattern"]), name):
                continue
            if self._seconds() > search.until or len(search.found) >= MAX_MATCHES:
                search.cut = True
                break
            search.look_into(name, entry.seen.st_size)
        cut = search.cut or walk.cut
        return {
            "summary": f"{len(search.found)} lines match in {search.files} files"
            f"{', and there may be more' if cut else ''}.",
            "matches": [*search.found],
            "searched_files": search.searched,
            "not_searched_files": search.skipped,
            "truncated": cut,
            "kept_from_agents": walk.denied,
        }


@dataclass(slots=True)
class _Search:
    space: Space
    find: Find
    until: float
    found: list[JsonObject] = field(default_factory=list)
    files: int = 0
    searched: int = 0
    skipped: int = 0
    cut: bool = False

    def look_into(self, name: str, size: int) -> None:
        """Search one file; what is too large or no text is skipped."""
        most = self.space.settings.max_file_bytes
        try:
            with self.space.root.open(name) as file:
                data = file.read(most + 1) if size <= most else None
        except ToolFault:  # it went away, or may not be read
            data = None
        text = None if data is None or len(data) > most else decoded(data)
        if text is None:
            self.skipped += 1
            return
        self.searched += 1
        before = len(self.found)
        self.found.extend(self._lines(name, text))
        self.files += len(self.found) > before

    def _lines(self, name: str, text: str) -> Iterator[JsonObject]:
        room = MAX_MATCHES - len(self.found)
        for number, line in enumerate(text.split("\n"), 1):
            if self.find(line[:MAX_LINE_CHARACTERS]):
                if not room:
                    self.cut = True
                    return
                room -= 1
                shown = line.removesuffix("\r")[:SHOWN_CHARACTERS]
                yield {"path": name, "line": number, "text": shown}


def _finder(args: JsonObject) -> Find:
    text, fold = str(args["text"]), bool(args["ignore_case"])
    if args["regex"]:
        return _regular(text, fold=fold)
    if not fold:
        return lambda line: text in line
    plain = re.compile(re.escape(text), re.IGNORECASE)
    return lambda line: plain.search(line) is not None


def _regular(expression: str, *, fold: bool) -> Find:
    """Return what finds a regular expression in a line.

    Raises:
        Refused: It is none of RE2's.
    """
    try:
        import re2  # type: ignore[import-untyped]  # noqa: PLC0415  # has no types; an extra
    except ImportError as fault:
        raise Refused(
            "Regular expressions need the package google-re2.",
            advice="Search for plain text, or install surefoot[files].",
        ) from fault
    options: Any = re2.Options()
    options.max_mem, options.log_errors, options.case_sensitive = _MEMORY_BYTES, False, not fold
    try:
        compiled = re2.compile(expression, options)
    except re2.error as fault:
        why = fault.args[0].decode() if fault.args and isinstance(fault.args[0], bytes) else fault
        raise Refused(
            f"That is no regular expression: {why!s:.200}.",
            advice="Look-around and back references are not supported; or search plain text.",
        ) from fault
    return lambda line: compiled.search(line) is not None
