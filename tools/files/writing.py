"""The tool that writes a whole file, or adds to its end."""

import base64
import binascii
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from tools.contract import JsonObject
from tools.errors import Refused
from tools.files.rewriting import Rewriting
from tools.files.space import Loaded, Name, Text, version

NEW = "new"
"""What stands for the version of a file that must not be there yet."""


class WriteFileArgs(BaseModel):
    """Which file, and what it is to hold."""

    model_config = ConfigDict(extra="forbid")

    path: Name
    text: Text = Field(description="All that the file is to hold.")
    append: bool = Field(default=False, description="Whether to add the text to the file's end.")
    base64: bool = Field(default=False, description="Whether the text is bytes in base64.")
    expected: str = Field(
        default="",
        max_length=64,
        description="Version that the file must have, as read_file tells it; `new` for no file.",
    )


class WriteFile(Rewriting):
    """Writes a file; missing folders are made."""

    name = "write_file"
    description = "Write a whole file of the workspace: a new one, or in place of what is there."
    args_schema = WriteFileArgs
    authority: ClassVar[frozenset[str]] = frozenset({"path"})
    content: ClassVar[frozenset[str]] = frozenset({"text", "append", "base64", "expected"})
    verb = "Write"
    done = "Wrote"

    def rewritten(self, args: JsonObject, name: str, old: Loaded | None) -> bytes:
        """Return the text, after what is there if it is to be added.

        Raises:
            Refused: The file has another version than expected, or the text is no base64.
        """
        _refuse_version(str(args["expected"]), name, old)
        data = _bytes(args)
        if not args["append"] or old is None:
            return data
        if old.data is None:
            raise Refused(f"{name!r} is too large to add to it.")
        return old.data + data


def _bytes(args: JsonObject) -> bytes:
    text = str(args["text"])
    if not args["base64"]:
        return text.encode()
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as fault:
        raise Refused(
            "The text is not base64.", advice="Leave `base64` false to write the text as it is."
        ) from fault


def _refuse_version(expected: str, name: str, old: Loaded | None) -> None:
    if not expected:
        return
    there = version(old.sight.thing) if old else NEW
    if expected != there and not (old and expected == old.sight.thing.sha256):
        raise Refused(
            f"{name!r} has the version {there!r}, not {expected!r:.80}.",
            advice="Read it again, then write what is to be there now.",
        )
