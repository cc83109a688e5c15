"""What a server answers, as plain JSON of a bounded size."""

import base64
import binascii
import hashlib
import json
from typing import Any, Final

from mcp import types
from pydantic import JsonValue

from tools.contract import JsonObject, Record, canonical
from tools.plain_text import plain
from tools.results import is_deep, jsonable
from tools.shortened import shortened

SUMMARY_CHARACTERS: Final = 300
MAX_BLOCKS: Final = 200
MAX_DEPTH: Final = 40


class Answer(Record):
    """The answer to one call."""

    text: str
    """All its texts."""
    data: JsonValue = None
    """What it holds as structure; that of its text when the text is JSON."""
    others: tuple[JsonObject, ...] = ()
    """Images, sounds, links: what they are, not what they hold."""
    failed: bool = False

    @property
    def fields(self) -> JsonValue:
        """What settings may refer to: its structure, or its text as the field `text`."""
        if isinstance(self.data, dict | list):
            return self.data
        return {"text": self.text}

    def result(self, name: str, limit: int) -> JsonObject:
        """Return it as the result of a tool."""
        whole: JsonObject = {"text": self.text}
        if self.data is not None:
            whole["data"] = self.data
        if self.others:
            whole["others"] = [*self.others]
        kept = shortened(whole, limit)
        spoken = self.text or (canonical(self.data) if self.data is not None else "")
        shown = plain(spoken, SUMMARY_CHARACTERS) or f"{name} answered without text."
        told: JsonObject = {"summary": shown, "truncated": kept.truncated, "characters": kept.size}
        return told | (kept.value if isinstance(kept.value, dict) else {})


def answer_of(result: types.CallToolResult) -> Answer:
    """Return what a server answered."""
    texts: list[str] = []
    others: list[JsonObject] = []
    for block in result.content[:MAX_BLOCKS]:
        text = _text(block)
        if text is None:
            others.append(_described(block))
        else:
            texts.append(text)
    text = "\n".join(texts)
    structured = _sound(result.structuredContent)
    read = _parsed(text)
    data = _unwrapped(structured) if structured is not None else read
    if read is not None and read in (structured, data):
        text = ""  # servers say the structure again as text, for those that want none
    return Answer(text=text, data=data, others=tuple(others), failed=bool(result.isError))


def _text(block: types.ContentBlock) -> str | None:
    if isinstance(block, types.TextContent):
        return block.text
    held = block.resource if isinstance(block, types.EmbeddedResource) else None
    return held.text if isinstance(held, types.TextResourceContents) else None


def _described(block: types.ContentBlock) -> JsonObject:
    """Tell what something is that is no text."""
    if isinstance(block, types.ImageContent | types.AudioContent):
        return {"kind": block.type, "type": plain(block.mimeType, 100)} | _sized(block.data)
    if isinstance(block, types.ResourceLink):
        return {"kind": "link", "uri": plain(str(block.uri), 1_000)}
    held = block.resource if isinstance(block, types.EmbeddedResource) else None
    blob = held.blob if isinstance(held, types.BlobResourceContents) else ""
    return {"kind": "resource"} | _sized(blob)


def _sized(encoded: str) -> JsonObject:
    try:
        content = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return {"size_bytes": len(encoded), "broken": True}
    return {"size_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _unwrapped(value: JsonValue) -> JsonValue:
    """Return what a server had to wrap, because a structure must be an object."""
    if isinstance(value, dict) and set(value) == {"result"}:
        return value["result"]
    return value


def _parsed(text: str) -> JsonValue:
    """Return the structure of a text that is a JSON object or list."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return _sound(json.loads(text, parse_constant=str))
    except (ValueError, RecursionError):
        return None


def _sound(value: Any) -> JsonValue:  # noqa: ANN401  # whatever a server sends
    """Return a value as JSON that can be kept; None for one that is nested without end."""
    try:
        found = jsonable(value)
    except (ValueError, TypeError, RecursionError):
        return None
    return None if is_deep(found, MAX_DEPTH) else found
