"""Where do the arguments that matter come from? Positive proof, never a search for bad strings.

An authority argument is grounded when each of its text values stands in people's words or in a
closed set that the tool itself reads from the world. Labels that a model wrote do not count.
"""

import re
from collections.abc import Iterator, Sequence

from pydantic import JsonValue

from tools.contract import JsonObject, Tool

DISTINCTIVE = 4
"""Shorter values, such as `the` and `5`, count as said only in quotes."""


def ungrounded(tool: Tool, args: JsonObject, words: Sequence[str]) -> list[str]:
    """Return the authority values without proof of origin; empty when all are grounded.

    Args:
        tool: Declares the authority arguments and vouches for its closed vocabulary.
        args: Validated arguments.
        words: What people said: the goal's objective and their answers.
    """
    values = [value for name in sorted(tool.authority) for value in _texts(args.get(name))]
    if not values:
        return []
    known = tool.known_values(args)
    return [value for value in values if value not in known and not _said(value, words)]


def _texts(value: JsonValue) -> Iterator[str]:
    """Yield every scalar inside a value as text."""
    if isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _said(value: str, words: Sequence[str]) -> bool:
    """Tell whether people said a value: as a whole word that is no filler, or in quotes."""
    if not value.strip():
        return False
    exact = re.escape(value)
    quoted = rf"[\"'`]{exact}[\"'`]"
    plain = rf"(?<!\w){exact}(?!\w)" if len(value) >= DISTINCTIVE else quoted
    return any(re.search(rf"{plain}|{quoted}", text) for text in words)
