"""MCP as most agents use it: tools are loaded once, and called as they come."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_mcp_adapters.sessions import create_session
from langchain_mcp_adapters.tools import load_mcp_tools

from tools.contract import JsonObject


@dataclass(kw_only=True)
class Seen:
    """What a naive client took from a server."""

    names: list[str] = field(default_factory=list)
    descriptions: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)


def naive(command: Sequence[str], calls: Sequence[JsonObject] = ()) -> Seen:
    """Load a server's tools and call the first of them."""
    seen = Seen()

    async def use() -> None:
        how: Any = {"transport": "stdio", "command": command[0], "args": [*command[1:]]}
        async with create_session(how) as session:
            await session.initialize()
            tools = await load_mcp_tools(session)
            seen.names = [tool.name for tool in tools]
            seen.descriptions = [tool.description for tool in tools]
            for args in calls:
                await session.list_tools()
                seen.answers.append(str(await tools[0].ainvoke(args)))

    asyncio.run(use())
    return seen
