"""The tool that applies a unified diff to a file."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from tools.contract import JsonObject
from tools.errors import Refused
from tools.files.diffs import Hunk, parse, patched
from tools.files.rewriting import Rewriting
from tools.files.space import Loaded, Name, Text
from tools.files.text import ends_in_crlf


class PatchFileArgs(BaseModel):
    """Which file, and what to change in it."""

    model_config = ConfigDict(extra="forbid")

    path: Name
    diff: Text = Field(
        min_length=1, description="Unified diff of this one file, with `@@ -1,3 +1,4 @@` headers."
    )


class PatchFile(Rewriting):
    """Applies the hunks of a diff, all or none; nothing is guessed.

    One file a call: that each file is replaced by one rename is what makes a crash harmless.
    """

    name = "patch_file"
    description = "Change a file by a unified diff; its context must be exactly what is there."
    args_schema = PatchFileArgs
    authority: ClassVar[frozenset[str]] = frozenset({"path"})
    content: ClassVar[frozenset[str]] = frozenset({"diff"})
    verb = "Patch"
    done = "Patched"

    def rewritten(self, args: JsonObject, name: str, old: Loaded | None) -> bytes:
        """Return the text with the diff applied.

        Raises:
            Refused: There is no such file; the diff is none, is of another, or does not fit.
        """
        text = self.text_in(name, old)
        diff = parse(str(args["diff"]))
        for named in (diff.old_name, diff.new_name):
            _refuse_other(named, name)
        windows = ends_in_crlf(text)
        return patched(text, [_windows(hunk) if windows else hunk for hunk in diff.hunks]).encode()


def _refuse_other(named: str, name: str) -> None:
    if named == "/dev/null":
        raise Refused(
            "The diff makes or deletes a file.", advice="Use write_file or delete_file for that."
        )
    if named and name not in {named, named.removeprefix("a/"), named.removeprefix("b/")}:
        raise Refused(f"The diff is of {named!r:.120}, not of {name!r}.")


def _windows(hunk: Hunk) -> Hunk:
    """Return a hunk with the line ends of Windows, if it has none yet."""
    old, new = (
        [line if line.endswith("\r\n") else line.replace("\n", "\r\n") for line in lines]
        for lines in (hunk.old, hunk.new)
    )
    return hunk._replace(old=old, new=new)
