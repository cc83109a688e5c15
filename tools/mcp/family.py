"""The tools of all servers that the settings name."""

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from tools.contract import Tool
from tools.errors import BadInput
from tools.mcp.pins import Pinned, Pins
from tools.mcp.settings import McpSettings, Override, ServerSettings

if TYPE_CHECKING:
    from tools.mcp.link import Link

AtClose = Callable[[Callable[[], None]], None]
"""Called with what is to be done when the store is closed; `store.at_close`."""


def pin_servers(settings: McpSettings) -> Pins:
    """Ask every server for its tools, once, when a run begins; the run keeps the answer.

    Raises:
        BadInput: The settings name tools that a server does not have.
        ToolFault: A server cannot be started or asked.
    """
    found: dict[str, Pinned] = {}
    for name, server in settings.servers.items():
        link = _link(name, server)
        try:
            found[name] = _taken(server, link.pin())
        finally:
            link.close()
    return Pins(servers=found)


def mcp_tools(settings: McpSettings, *, pins: Pins, at_close: AtClose) -> list[Tool]:
    """Return the tools as they were pinned; a server is started when one of them is first used.

    Args:
        settings: The servers.
        pins: What `pin_servers` returned when the run began.
        at_close: Where the end of the servers is registered.

    Raises:
        BadInput: The settings name what a server does not have.
    """
    tools: list[Tool] = []
    for name, server in settings.servers.items():
        link = _link(name, server)
        at_close(link.close)
        tools += _tools(link, server, pins.servers.get(name, Pinned(server=name)))
    return tools


def _tools(link: "Link", server: ServerSettings, pinned: Pinned) -> list[Tool]:
    from tools.mcp.looking import hand  # noqa: PLC0415  # loads the MCP library for 0.8 s
    from tools.mcp.tool import mcp_tool  # noqa: PLC0415  # the same

    hands = {one.name: hand(link, one) for one in pinned.tools}
    return [
        mcp_tool(one, server.tools.get(own, Override()), hands)
        for own, one in hands.items()
        if _wanted(server, own)
    ]


def _link(name: str, server: ServerSettings) -> "Link":
    try:
        from tools.mcp.link import Link  # noqa: PLC0415  # loads the MCP library for 0.8 s
    except ModuleNotFoundError as fault:
        raise BadInput(
            f"The MCP server {name!r} needs the package {fault.name!r}.",
            advice="pip install 'surefoot[mcp]'",
        ) from fault
    return Link(name, server)


def _taken(server: ServerSettings, pinned: Pinned) -> Pinned:
    """Return what the settings want of a server, and what those tools rely on."""
    relied = {
        ask.tool
        for told in server.tools.values()
        for ask in (told.look, told.probe, told.undo, told.undo_new)
        if ask is not None
    }
    kept = tuple(one for one in pinned.tools if _wanted(server, one.name) or one.name in relied)
    missing = sorted((relied | set(server.tools)) - {one.name for one in kept})
    if missing:
        reasons = "; ".join(f"{name}: {why}" for name, why in pinned.skipped.items())
        raise BadInput(
            f"The MCP server {pinned.server!r} has no tool {', '.join(missing)}.",
            advice=f"Mend its table in surefoot.toml. Left out: {reasons or 'none'}.",
        )
    return pinned.model_copy(update={"tools": kept})


def _wanted(server: ServerSettings, name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in server.only)
