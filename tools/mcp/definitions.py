"""What a server says of its tools, made fit to be shown, and known again by its digest."""

import re
from collections.abc import Iterable
from typing import Final

from mcp import types
from pydantic import JsonValue

from tools.closed_schema import closed_schema
from tools.contract import digest
from tools.errors import BadInput
from tools.mcp.pins import Definition, Pinned
from tools.plain_text import plain

DESCRIPTION_CHARACTERS: Final = 1_500
NAME_CHARACTERS: Final = 64
_ODD = re.compile(r"[^A-Za-z0-9_]+")


def digest_of(tool: types.Tool) -> str:
    """Return the digest of all that a server says of a tool, as it says it."""
    told = tool.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"meta", "icons"})
    try:
        return digest(told)
    except (ValueError, RecursionError) as fault:
        raise BadInput("Its definition is no plain JSON.") from fault


def pinned(server: str, tools: Iterable[types.Tool]) -> Pinned:
    """Return the definitions of a server's tools; those that cannot be taken with the reason."""
    found: dict[str, Definition] = {}
    skipped: dict[str, str] = {}
    for tool in tools:
        try:
            one = _definition(server, tool)
        except BadInput as fault:
            skipped[plain(tool.name, NAME_CHARACTERS)] = fault.what
            continue
        if one.called in found:
            skipped[plain(tool.name, NAME_CHARACTERS)] = (
                f"It is called {one.called!r} like another."
            )
        else:
            found[one.called] = one
    return Pinned(server=server, tools=tuple(found.values()), skipped=skipped)


def _definition(server: str, tool: types.Tool) -> Definition:
    schema: dict[str, JsonValue] = tool.inputSchema
    hints = tool.annotations.model_dump(exclude={"title"}) if tool.annotations else {}
    return Definition(
        name=tool.name,
        called=_called(server, tool.name),
        description=plain(tool.description or tool.title or "", DESCRIPTION_CHARACTERS)
        or "(The server does not describe it.)",
        parameters=closed_schema(schema),
        hints={name: value for name, value in hints.items() if isinstance(value, bool)},
        digest=digest_of(tool),
    )


def _called(server: str, name: str) -> str:
    """Return our name of a tool; one that had to be changed ends in a digest, to be its own."""
    called = f"{server}_{_ODD.sub('_', name)}"
    if _ODD.search(name) or len(called) > NAME_CHARACTERS:
        called = f"{called[: NAME_CHARACTERS - 9]}_{digest(name)[:8]}"
    return called
